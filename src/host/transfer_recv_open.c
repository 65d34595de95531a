/* Receiving, around it all: what the options make of store, receiver and line, and what is said of
 * objects in the end. */
#include "host/transfer_recv.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/kernels.h"
#include "host/profile.h"

#include <errno.h>
#include <sys/random.h>

#define ANSWER_MAX  400                  /* bytes of the longest answer */
#define WINDOW_LINE ((uint64_t)64 << 10) /* bytes in flight towards us: on a serial line, */
#define WINDOW_PIPE ((uint64_t)1 << 20)  /* and on a pipe */

/* The slot that a result is of; NULL: none. One that is free still has the counters of the object
 * it was verified of, but when an object is refused they are those of another one. */
static const struct Slot *slot_of(const struct Receiving *t, const struct StoreResult *result)
{
    const struct Slot *slot = result->slot < STORE_SLOTS_MAX ? &t->slots[result->slot] : NULL;

    return slot && (slot->state != SLOT_FREE || result->what == STORE_VERIFIED) ? slot : NULL;
}

/* Without its folder a run that keeps going would go on for nothing. */
static void look_at_folder(struct Receiving *t)
{
    if (!t->options->keep_going || t->gone || !store_folder_is_gone(&t->store))
        return;
    t->gone = true;
    diag("%s: the folder is gone, or another one bears its name", t->options->target);
    verdict_note(&t->verdict, EXIT_IO);
}

/* The store says what became of an object: one line each. */
static void take_result(void *ctx, const struct StoreResult *result)
{
    struct Receiving *t = ctx;
    const struct Slot *slot = slot_of(t, result);
    struct StoreResult said = *result;

    if (result->what == STORE_INCOMPLETE && slot && slot->aborted)
        said.exit_code = EXIT_ABORTED;
    t->report.ftag = t->station.in.form.wire == WIRE_FTAG;
    report_received(&t->report, &said, slot, clock_now());
    verdict_take(&t->verdict, &said);
    if (result->what == STORE_NOTE)
        return;
    if (result->what == STORE_INCOMPLETE && wire_in_good(&t->station.in) == 0)
        return; /* an earlier run's, of which nothing was heard */
    t->any = true;
    if (result->what != STORE_REFUSED && !t->options->folder)
        t->done = true;
    look_at_folder(t);
}

static struct StoreConfig store_config(struct Receiving *t)
{
    const struct RecvOptions *o = t->options;

    return (struct StoreConfig){
        .target = !o->target  ? STORE_DESCRIPTOR
                  : o->folder ? STORE_FOLDER
                              : STORE_FILE,
        .path = o->target ? o->target : "stdout",
        .fd = o->out,
        .force = o->force,
        .no_clobber = o->no_clobber,
        .no_resume = o->no_resume,
        .no_sync = o->no_sync,
        .recheck = o->keep_going,
        .max_size = o->max_size,
        .crc32c = kernels_best()->crc32c,
        .slots = t->slots,
        .slot_count = o->max_objects,
        .report = take_result,
        .report_ctx = t,
    };
}

static struct ReceiverConfig receiver_config(struct Receiving *t)
{
    const struct Kernels *kernels = kernels_best();
    const struct TransferLine *line = &t->options->line;
    bool serial = line->link.serial.path || line->link.terminal;
    struct ReceiverConfig c = {
        .crc32c = kernels->crc32c,
        .muladd = profile_muladd(kernels->muladd),
        .store = store_callbacks(&t->store),
        .slots = t->slots,
        .slot_count = t->options->max_objects,
        .waiting = t->waiting,
        .waiting_size = sizeof t->waiting,
        .lossy = t->options->lossy,
        .may_answer = line->two_way,
        .window = line->window ? line->window
                  : serial     ? WINDOW_LINE
                               : WINDOW_PIPE,
        .packet_max = ANSWER_MAX,
    };

    /* Without random bytes the time will do: it only has to be another one each time. */
    if (getrandom(&c.run, sizeof c.run, GRND_NONBLOCK) != (ssize_t)sizeof c.run)
        c.run = (uint16_t)(clock_now() >> 10);
    return c;
}

int transfer_recv_open(struct Receiving *t)
{
    const struct RecvOptions *o = t->options;
    uint64_t now = clock_now();
    struct StoreConfig config = store_config(t);
    struct ReceiverConfig receiver;
    int code;

    buffer_init(&t->answer, t->answer_memory, sizeof t->answer_memory, PACKET_HEADROOM);
    progress_init(&t->progress, o->words.progress, now);
    report_open(&t->report, "recv", o->words.json != NULL, o->words.quiet, o->words.verbose, now);
    loop_open(&t->loop);
    if (o->keep_going && report_begin_lines(&t->report, o->words.json) != 0)
        return EXIT_IO; /* said at the end */
    code = store_init(&t->store, &config);
    if (code != 0)
        return code;
    receiver = receiver_config(t);
    receiver_init(&t->receiver, &receiver);
    t->opened = true;
    code = station_open(&t->station, &o->line.link, o->line.form, o->line.turnaround, &t->loop);
    if (code != 0)
        return code;
    patience_init(&t->patience,
                  (struct PatienceOptions){.timeout = o->line.timeout,
                                           .from_start = o->line.timeout_given,
                                           .folder = o->folder,
                                           .keep_going = o->keep_going},
                  clock_now());
    return store_begin(&t->store, &t->receiver, now);
}
