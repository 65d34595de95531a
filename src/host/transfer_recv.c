/*
 * Receiving, in the order a byte travels: station (link, wire) -> packet -> receiver -> store
 * (file); and two-way the receiver's answers, back to the station.
 */
#include "core/receiver.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/kernels.h"
#include "host/patience.h"
#include "host/profile.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/station.h"
#include "host/store.h"
#include "host/transfer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#define WAITING_SIZE ((size_t)4 << 20)    /* packets that wait for their OBJECT */
#define ANSWER_MAX   400                  /* bytes of the longest answer */
#define WINDOW_LINE  ((uint64_t)64 << 10) /* bytes in flight towards us: on a serial line, */
#define WINDOW_PIPE  ((uint64_t)1 << 20)  /* and on a pipe */
#define LAST_WORDS   CLOCK_SECOND         /* for the last answers to get out */
#define ABORTS       3                    /* copies of an ABORT, and of what is said last */

struct Receiving {
    const struct RecvOptions *options;
    struct Loop loop;
    struct Station station;
    bool opened; /* it was, or has failed to be */
    struct Progress progress;
    struct Report report;
    struct Store store;
    struct Receiver receiver;
    struct Slot slots[STORE_SLOTS_MAX];
    struct Buffer answer;
    uint8_t answer_memory[RECEIVER_PACKET_ROOM];
    uint8_t waiting[WAITING_SIZE];
    struct Patience patience;
    int code;  /* the smallest exit code of the results that is not 0 */
    bool done; /* the one object of this run has its verdict */
    bool any;  /* some object has one */
    char short_name[32];
};

/* Of several results the smallest exit code that is not 0. */
static void note_code(struct Receiving *t, int code)
{
    if (code != 0 && (t->code == 0 || code < t->code))
        t->code = code;
}

/* The slot that a result is of; NULL: none. One that is free still has the counters of the object
 * it was verified of, but when an object is refused they are those of another one. */
static const struct Slot *slot_of(const struct Receiving *t, const struct StoreResult *result)
{
    const struct Slot *slot = result->slot < STORE_SLOTS_MAX ? &t->slots[result->slot] : NULL;

    return slot && (slot->state != SLOT_FREE || result->what == STORE_VERIFIED) ? slot : NULL;
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
    note_code(t, said.exit_code);
    if (result->what == STORE_NOTE)
        return;
    if (result->what == STORE_INCOMPLETE && wire_in_good(&t->station.in) == 0)
        return; /* an earlier run's, of which nothing was heard */
    t->any = true;
    if (result->what != STORE_REFUSED && !t->options->folder)
        t->done = true;
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
        .crc32c = kernels_best()->crc32c,
        .slots = t->slots,
        .slot_count = STORE_SLOTS_MAX,
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
        .slot_count = STORE_SLOTS_MAX,
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

/* An exit code; if it is not 0 there is nothing to receive into. */
static int open_receiving(struct Receiving *t)
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
    code = store_init(&t->store, &config);
    if (code != 0)
        return code;
    receiver = receiver_config(t);
    receiver_init(&t->receiver, &receiver);
    t->opened = true;
    code = station_open(&t->station, &o->line.link, o->line.form, o->line.turnaround, &t->loop);
    if (code != 0)
        return code;
    patience_init(&t->patience, o->line.timeout, o->line.timeout_given, o->folder, clock_now());
    return store_begin(&t->store, &t->receiver, now);
}

/*
 * Slots whose object cannot go on give way: the store has said why, or says it now. In a folder one
 * that its sender gave up gives way, too: it may come again.
 */
static void drop_ended(struct Receiving *t, uint64_t now)
{
    for (unsigned i = 0; i < STORE_SLOTS_MAX; i++) {
        const struct Slot *slot = &t->slots[i];

        if (store_failure(&t->store, i) != SLOT_FAILURE_NONE)
            receiver_fail(&t->receiver, i, store_failure(&t->store, i));
        if (slot->state == SLOT_FAILED)
            receiver_drop(&t->receiver, i, true, now);
        else if (slot->state == SLOT_COLLECTING && slot->aborted && t->options->folder)
            receiver_drop(&t->receiver, i, false, now);
    }
}

/* The packets that have arrived whole; after a signal no more of them. */
static void take_packets(struct Receiving *t, uint64_t now)
{
    struct ProfileMark mark = profile_enter(PROFILE_PACKETS);
    struct View packet;

    while (!loop_signal(&t->loop) && station_next(&t->station, &packet, now)) {
        receiver_input(&t->receiver, packet, now);
        if (store_wants_replay(&t->store))
            store_replay(&t->store, &t->receiver, now);
        drop_ended(t, now);
    }
    profile_leave(mark);
}

/* The file cannot be written: no more is taken. */
static bool ends_here(const struct Receiving *t)
{
    return t->done && t->code == EXIT_IO;
}

/* Two-way: the answers that are due; each is `copies` times on the line. */
static void put_answers(struct Receiving *t, int copies, uint64_t now)
{
    struct View part;

    t->receiver.bad_frames = wire_in_bad(&t->station.in);
    while (station_room(&t->station, now) > 0 && receiver_output(&t->receiver, &t->answer, now)) {
        part = buffer_view(&t->answer);
        for (int i = 0; i < copies; i++)
            station_put(&t->station, &part, 1, now);
        patience_answered(&t->patience, &t->station, now);
    }
}

/* Two-way: say what is due. Nobody reads it: then nothing is said any more. */
static void answer(struct Receiving *t, uint64_t now)
{
    if (!t->options->line.two_way)
        return;
    if (!station_writing(&t->station))
        put_answers(t, ends_here(t) ? ABORTS : 1, now);
    if (station_flush(&t->station) < 0) {
        buffer_reset(&t->station.tx, 0);
        t->receiver.config.may_answer = false;
    }
}

/* What is still to be said before the link closes, if it gets out soon. */
static void say_last_words(struct Receiving *t, bool abort)
{
    uint64_t now = clock_now(), until = now + LAST_WORDS;

    if (!t->options->line.two_way || t->station.link.port.error != 0)
        return;
    loop_heed(&t->loop);
    if (abort)
        receiver_abort(&t->receiver, ABORT_CANCELLED, now);
    put_answers(t, ABORTS, now);
    loop_watch(&t->loop, LOOP_SINK, -1, 0);
    while (station_writing(&t->station) && now < until && !t->station.link.gone &&
           t->station.link.state == LINK_UP) {
        now = station_wait(&t->station, false, until);
        if (station_flush(&t->station) < 0)
            return;
    }
}

/* The object that the bar is about: the one that had a packet last. */
static const struct Slot *busiest(const struct Receiving *t)
{
    const struct Slot *slot = &t->slots[t->receiver.last_slot];

    return slot->state == SLOT_COLLECTING ? slot : NULL;
}

static void show_progress(struct Receiving *t, uint64_t now)
{
    const struct Slot *slot = busiest(t);
    struct ProgressState state = {.name = t->short_name};

    if (!slot || !t->progress.on)
        return;
    diag_escape(t->short_name, sizeof t->short_name - 4,
                slot->info.name.len > 0 ? slot->info.name : view_of("object", 6));
    state.done = slot_bytes(slot);
    state.total = (slot->info.flags & OBJECT_STREAM) ? 0 : slot->info.size;
    state.good = slot->counters.packets;
    state.lost = slot->counters.lost;
    state.repairs = slot->counters.repaired;
    state.waiting =
        (slot->info.flags & OBJECT_STREAM) ? slot->stream.row_count : slot->repairs.total;
    progress_show(&t->progress, &state, now);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the run ends if nothing further arrives. 0: at once; CLOCK_NEVER: it goes on. */
static uint64_t ends_at(struct Receiving *t, uint64_t now)
{
    struct PatienceRun run = {.done = t->done, .any = t->any};

    if (ends_here(t))
        return 0;
    return patience_end(&t->patience, &t->station, &t->receiver, run, now);
}

/* Two-way: when the next answer can be given. */
static uint64_t answer_at(struct Receiving *t, uint64_t now)
{
    uint64_t turn = station_turn(&t->station, now);

    if (turn != CLOCK_NEVER)
        return turn;
    if (station_room(&t->station, now) == 0)
        return station_room_at(&t->station);
    return receiver_deadline(&t->receiver);
}

/* Sleep until something can be done; or only look, if the store has work of its own. Returns the
 * time then. */
static uint64_t wait_for_work(struct Receiving *t, uint64_t deadline, uint64_t now)
{
    bool pumping = store_pending(&t->store) > 0, behind = store_catch_up(&t->store);

    loop_watch(&t->loop, LOOP_SINK, store_pump_fd(&t->store), POLLOUT);
    deadline = earlier(pumping ? CLOCK_NEVER : deadline, store_save(&t->store, now));
    if (t->options->line.two_way && !station_writing(&t->station))
        deadline = earlier(deadline, answer_at(t, now));
    return station_wait(&t->station, !pumping, behind ? 0 : deadline);
}

/* Read what the link has. 0, or an exit code. */
static int read_link(struct Receiving *t, uint64_t now)
{
    struct Station *s = &t->station;

    if (station_read(s, now) < 0) {
        if (!t->done) {
            diag_errno(s->link.port.error, s->link.port.name, "cannot read");
            return EXIT_IO;
        }
        s->link.port.eof = true; /* the verdict is said, and about the file alone */
    }
    if (station_tick(s, now) == LINK_LOST) {
        if (!t->done)
            diag("%s: the port is gone", s->link.port.name);
        return EXIT_PORT;
    }
    patience_hear(&t->patience, s, now);
    return 0;
}

/* Somebody wants it to end; but a verdict that was said stands. -1: nobody does. */
static int check_signals(const struct Receiving *t)
{
    if (!loop_signal(&t->loop) && !t->station.cancelled)
        return -1;
    if (t->done && store_pending(&t->store) == 0)
        return 0;
    return EXIT_SIGNAL + (t->station.cancelled ? SIGINT : loop_signal(&t->loop));
}

/* Until the link ends, or the run has what it came for, or a signal. */
static int receive(struct Receiving *t)
{
    uint64_t now = clock_now(), until;

    while ((until = ends_at(t, now)) > now || store_pending(&t->store) > 0) {
        int code;

        now = wait_for_work(t, until, now);
        code = check_signals(t);
        if (code >= 0)
            return code;
        code = read_link(t, now);
        if (code != 0)
            return t->done ? 0 : code;
        store_pump(&t->store);
        take_packets(t, now);
        drop_ended(t, now);
        if (station_ended(&t->station) && store_pending(&t->store) == 0)
            station_finish(&t->station);
        answer(t, now);
        store_pump(&t->store);
        show_progress(t, now);
    }
    return 0;
}

/* Nothing had a verdict, or none that was heard today: say what was heard instead. */
static void explain_silence(struct Receiving *t)
{
    const struct ReceiverCounters *c = &t->receiver.counters;
    char words[SILENCE_WORDS];

    if (c->bad_flags > 0) {
        diag("%s: sent in a way this version does not know: get a newer dttk",
             t->station.link.port.name);
        note_code(t, EXIT_REFUSED);
        return;
    }
    diag("%s: %s", t->station.link.port.name,
         station_silence(&t->station, 0, c->not_ours, c->waiting, words, sizeof words));
    note_code(t, EXIT_SILENCE);
}

int transfer_recv(const struct RecvOptions *options)
{
    static struct Receiving t; /* large, and there is one transfer per process */
    int code;

    t.options = options;
    code = open_receiving(&t);
    if (code != 0 && loop_signal(&t.loop))
        code = EXIT_SIGNAL + loop_signal(&t.loop);
    if (code == 0) {
        code = receive(&t);
        progress_end(&t.progress);
        store_end(&t.store);
        say_last_words(&t, code > EXIT_SIGNAL);
        if (code == 0 && !t.any)
            explain_silence(&t);
        report_link(&t.report, &t.station.in, &t.receiver.counters, t.station.link.port.bytes_in);
    }
    code = code ? code : t.code;
    if (report_close(&t.report, options->words.json, code, clock_now()) != 0) {
        diag_errno(errno, options->words.json, NULL);
        code = code ? code : EXIT_IO;
    }
    store_free(&t.store);
    if (t.opened)
        station_close(&t.station);
    loop_close(&t.loop);
    return code;
}
