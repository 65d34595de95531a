/*
 * Receiving, in the order a byte travels: port -> frame (decoded in place) -> packet ->
 * receiver -> store (file).
 */
#include "core/frame.h"
#include "core/receiver.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/kernels.h"
#include "host/loop.h"
#include "host/port.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/store.h"
#include "host/transfer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define RX_SIZE      ((size_t)256 << 10) /* bytes read at a time: several of the longest frames */
#define WAITING_SIZE ((size_t)4 << 20)   /* packets that wait for their OBJECT */
#define QUIET_END    (2 * CLOCK_SECOND)  /* silence that ends a run whose object is complete */
#define PASS_END     CLOCK_SECOND /* after the END of its pass: for other objects to show up */
#define PASS_LATE    64           /* packets after that END which are not the next pass yet */

struct Receiving {
    const struct RecvOptions *options;
    struct Loop loop;
    struct Port port;
    struct Progress progress;
    struct Report report;
    struct Store store;
    struct FrameReader reader;
    struct Receiver receiver;
    struct Slot slots[STORE_SLOTS_MAX];
    struct Buffer rx;
    uint8_t rx_memory[RX_SIZE];
    uint8_t waiting[WAITING_SIZE];
    uint64_t last_byte; /* when the link last brought anything */
    int code;           /* the smallest exit code of the results that is not 0 */
    bool done;          /* the one object of this run has its verdict */
    bool any;           /* some object has one */
    uint64_t news;      /* packets, but those of finished objects; when the last came, */
    uint64_t news_at;
    uint64_t stale; /* and how many of finished objects had come before it */
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
    report_received(&t->report, &said, slot, clock_now());
    note_code(t, said.exit_code);
    if (result->what == STORE_NOTE)
        return;
    if (result->what == STORE_INCOMPLETE && t->reader.counters.good == 0)
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
        .crc32c = kernels_best()->crc32c,
        .slots = t->slots,
        .slot_count = STORE_SLOTS_MAX,
        .report = take_result,
        .report_ctx = t,
    };
}

/* An exit code; if it is not 0 there is nothing to receive into. */
static int open_receiving(struct Receiving *t)
{
    const struct RecvOptions *o = t->options;
    const struct Kernels *kernels = kernels_best();
    uint64_t now = clock_now();
    struct StoreConfig config = store_config(t);
    struct ReceiverConfig receiver;
    int code;

    buffer_init(&t->rx, t->rx_memory, sizeof t->rx_memory, 0);
    frame_reader_init(&t->reader, kernels->crc32c);
    progress_init(&t->progress, o->words.progress, now);
    report_open(&t->report, "recv", o->words.json != NULL, o->words.quiet, o->words.verbose, now);
    loop_open(&t->loop);
    code = store_init(&t->store, &config);
    if (code != 0)
        return code;
    receiver = (struct ReceiverConfig){.crc32c = kernels->crc32c,
                                       .muladd = kernels->muladd,
                                       .store = store_callbacks(&t->store),
                                       .slots = t->slots,
                                       .slot_count = STORE_SLOTS_MAX,
                                       .waiting = t->waiting,
                                       .waiting_size = sizeof t->waiting};
    receiver_init(&t->receiver, &receiver);
    if (port_open(&t->port, o->in, -1, o->in_name) != 0) {
        diag_errno(t->port.error, o->in_name, NULL);
        return EXIT_IO;
    }
    t->last_byte = now;
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

        if (slot->state == SLOT_FAILED)
            receiver_drop(&t->receiver, i, true, now);
        else if (slot->state == SLOT_COLLECTING && slot->aborted && t->options->folder)
            receiver_drop(&t->receiver, i, false, now);
    }
}

/* The packets that are complete in rx; after a signal no more of them. */
static void take_packets(struct Receiving *t, uint64_t now)
{
    struct View packet;

    while (!loop_signal(&t->loop) && frame_reader_next(&t->reader, &t->rx, &packet)) {
        receiver_input(&t->receiver, packet, now);
        if (store_wants_replay(&t->store))
            store_replay(&t->store, &t->receiver, now);
        drop_ended(t, now);
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

/* True if nothing more is to be expected of the one object: its sender has said so. */
static bool is_abandoned(const struct Receiving *t)
{
    const struct Slot *slot = busiest(t);

    return !t->options->folder && slot && slot->aborted;
}

/*
 * When a run that has what it came for may go, if nothing further arrives: on a pipe it stays until
 * the pass has ended, so that no writer before it dies of a broken pipe, and a little longer, so
 * that another object behind it is named. 0: at once; CLOCK_NEVER: it goes on.
 */
static uint64_t may_go_at(struct Receiving *t, uint64_t now)
{
    const struct ReceiverCounters *c = &t->receiver.counters;

    if (t->port.eof || (t->done && t->code == EXIT_IO))
        return 0;
    if (!t->done && !is_abandoned(t))
        return CLOCK_NEVER;
    if (!t->done || !receiver_pass_ended(&t->receiver))
        return t->last_byte + QUIET_END;
    if (t->news != c->packets - c->stale) {
        t->news = c->packets - c->stale;
        t->news_at = now;
        t->stale = c->stale;
    }
    return c->stale - t->stale > PASS_LATE ? 0 : t->news_at + PASS_END;
}

/* Sleep until something can be done; or only look, if the store has work of its own. */
static void wait_for_work(struct Receiving *t, uint64_t deadline)
{
    bool pumping = store_pending(&t->store) > 0, behind = store_catch_up(&t->store);

    port_watch(&t->port, &t->loop, !pumping, false);
    loop_watch(&t->loop, LOOP_SINK, store_pump_fd(&t->store), POLLOUT);
    loop_wait(&t->loop, behind ? 0 : pumping ? CLOCK_NEVER : deadline);
}

/* Read what the link has. 0, or an exit code. */
static int read_link(struct Receiving *t, uint64_t now)
{
    ptrdiff_t n;

    if (!loop_ready(&t->loop, LOOP_LINK_IN))
        return 0;
    buffer_rebase(&t->rx, 0);
    n = buffer_write_with(&t->rx, port_read, &t->port);
    if (n < 0 && t->done) {
        t->port.eof = true; /* the verdict is said, and about the file alone */
    } else if (n < 0) {
        diag_errno(t->port.error, t->port.name, "cannot read");
        return EXIT_IO;
    }
    if (n > 0)
        t->last_byte = now;
    return 0;
}

/* Until the link ends, or the run has what it came for, or a signal. */
static int receive(struct Receiving *t)
{
    uint64_t now = clock_now(), until;

    while ((until = may_go_at(t, now)) > now || store_pending(&t->store) > 0) {
        int code;

        wait_for_work(t, until);
        if (loop_signal(&t->loop)) /* a verdict that was said stands */
            return t->done && store_pending(&t->store) == 0 ? 0
                                                            : EXIT_SIGNAL + loop_signal(&t->loop);
        now = clock_now();
        code = read_link(t, now);
        if (code != 0)
            return code;
        store_pump(&t->store);
        take_packets(t, now);
        if (t->port.eof && store_pending(&t->store) == 0)
            frame_reader_finish(&t->reader, &t->rx);
        store_pump(&t->store);
        show_progress(t, now);
    }
    return 0;
}

/* Nothing had a verdict, or none that was heard today: say what was heard instead. */
static void explain_silence(struct Receiving *t)
{
    const struct FrameCounters *f = &t->reader.counters;

    if (t->port.bytes_in == 0)
        diag("%s: nothing arrived", t->port.name);
    else if (t->receiver.counters.waiting > 0)
        diag("%s: packets arrived, but not the one that names their file: send it again",
             t->port.name);
    else if (f->good > 0)
        diag("%s: frames arrived, but nothing of a file in them", t->port.name);
    else if (f->bad_crc + f->bad_cobs > 0)
        diag("%s: %llu bytes, but not one whole frame: only noise, or not from dttk", t->port.name,
             (unsigned long long)t->port.bytes_in);
    else
        diag("%s: %llu bytes, but no frame: not from dttk", t->port.name,
             (unsigned long long)t->port.bytes_in);
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
        if (code == 0 && !t.any)
            explain_silence(&t);
        report_link(&t.report, &t.reader.counters, &t.receiver.counters, t.port.bytes_in);
    }
    code = code ? code : t.code;
    if (report_close(&t.report, options->words.json, code, clock_now()) != 0) {
        diag_errno(errno, options->words.json, NULL);
        code = code ? code : EXIT_IO;
    }
    store_free(&t.store);
    port_close(&t.port);
    loop_close(&t.loop);
    return code;
}
