/*
 * Sending, in the order a byte travels: file (read or lent) -> sender (packet) -> station (wire,
 * link); and what a receiver answers, back to the sender.
 */
#include "host/clock.h"
#include "host/diag.h"
#include "host/outbox.h"
#include "host/pacer.h"
#include "host/profile.h"
#include "host/send_patience.h"
#include "host/station.h"
#include "host/transfer.h"

#include <errno.h>

#define LAST_WORDS CLOCK_SECOND /* for what is put at the end to get out */
#define ABORTS     3            /* copies of it, for a line that loses some */
#define URGENT     4096 /* bytes of a batch so short that it is rather for speed of arrival */

_Static_assert(SEND_AT_ONCE <= LOOP_SOURCES, "each stream on the line is polled");

struct Sending {
    const struct SendOptions *options;
    struct Loop loop;
    struct Station station;
    struct Pacer pacer;
    struct Progress progress;
    struct Report report;
    struct Outbox box;
    struct SendPatience patience;
    bool drained;        /* the box was asked in this turn and had nothing more */
    uint64_t last_words; /* when nobody waits any longer for them to be written; or CLOCK_NEVER */
    int result;          /* the smallest exit code of an object, but 0 */
};

/* Gather frames until the batch is full, the pacer says wait or there is nothing more. What a
 * stream brought, if it is but a few bytes, does not wait until its repair is computed. */
static void fill(struct Sending *t, uint64_t now)
{
    struct ProfileMark mark = profile_enter(PROFILE_PACKETS);
    size_t bytes;

    while (station_room(&t->station, now) > 0 && pacer_allowance(&t->pacer, now) > 0) {
        if (t->station.tx.len > 0 && t->station.tx.len < URGENT && outbox_owes_repair(&t->box))
            break;
        if (!outbox_put(&t->box, &t->station, now, &bytes)) {
            t->drained = true;
            break;
        }
        pacer_spend(&t->pacer, now, bytes, 1);
    }
    profile_leave(mark);
}

/* Of several exit codes the smallest but 0 counts. */
static void count_code(struct Sending *t, int code)
{
    if (code != EXIT_DELIVERED && (t->result == EXIT_DELIVERED || code < t->result))
        t->result = code;
}

/* The object at place i of the box has this exit code, and is done with. */
static void retire(struct Sending *t, size_t i, int code)
{
    struct ReportSend sent = outgoing_describe(t->box.active[i]);

    progress_end(&t->progress);
    report_sent(&t->report, &sent, clock_now(), code);
    outbox_retire(&t->box, i);
    count_code(t, code);
}

/* The link fails, for good: what it cannot do. In a later pass that is how a reader says enough. */
static int explain_port(struct Sending *t, const char *what)
{
    const struct Port *port = &t->station.link.port;

    if (port->error == EPIPE && outbox_passed(&t->box, t->station.tx.len))
        return EXIT_DELIVERED;
    if (outbox_is_confirmed(&t->box))
        return EXIT_IO; /* and that is all */
    if (port->error == EPIPE)
        diag("%s: the reader went away", port->name);
    else
        diag_errno(port->error, port->name, what);
    return EXIT_IO;
}

static void show_progress(struct Sending *t, uint64_t now)
{
    char name[OUTBOX_NAME];
    struct ProgressState state;

    if (!t->progress.on || (t->box.count == 0 && !outbox_is_packing(&t->box)))
        return;
    outbox_progress(&t->box, t->station.tx.len, name, &state);
    progress_show(&t->progress, &state, now);
}

/* A signal ends it: an ABORT for each as last word, if it gets out soon. */
static void say_abort(struct Sending *t)
{
    uint64_t now;

    loop_heed(&t->loop);
    for (int i = 0; i < LOOP_SOURCES; i++)
        loop_watch(&t->loop, (enum LoopSlot)(LOOP_SOURCE + i), -1, 0);
    now = station_last_turn(&t->station);
    for (size_t i = 0; i < t->box.count; i++)
        outgoing_put_abort(t->box.active[i], &t->station, ABORT_CANCELLED, ABORTS, now);
    station_last_words(&t->station);
}

/* Streams that have room for more are polled; two-way, files are hashed while the line is busy.
 * True: there is more of that to be done at once. */
static bool look_ahead(struct Sending *t, bool idle)
{
    bool more = false;

    for (size_t i = 0; i < LOOP_SOURCES; i++) {
        struct Outgoing *o = i < t->box.count ? t->box.active[i] : NULL;
        bool input = o && outgoing_wants_input(o);

        loop_watch(&t->loop, (enum LoopSlot)(LOOP_SOURCE + i), input ? o->source.fd : -1, POLLIN);
        if (o && idle && !more)
            more = outgoing_hash_ahead(o);
    }
    return more;
}

/* Sleep until something can be done. Returns the time then. */
static uint64_t wait_for_work(struct Sending *t, uint64_t now)
{
    bool two_way = t->options->line.two_way;
    bool room = station_room(&t->station, now) > 0 && !station_writing(&t->station);
    uint64_t deadline = send_patience_deadline(&t->patience, &t->station, &t->box);

    deadline = clock_earlier(deadline, outbox_flush_at(&t->box));
    if (room && pacer_allowance(&t->pacer, now) == 0)
        deadline = clock_earlier(deadline, pacer_deadline(&t->pacer));
    else if (room && !t->drained)
        deadline = 0; /* the box has more */
    else if (room)
        deadline = clock_earlier(deadline, outbox_deadline(&t->box));
    else if (!station_writing(&t->station))
        deadline = clock_earlier(deadline, station_room_at(&t->station));
    deadline = clock_earlier(deadline, station_turn(&t->station, now));
    deadline = clock_earlier(deadline, t->last_words);
    if (look_ahead(t, two_way && deadline > now) || outbox_is_packing(&t->box))
        deadline = 0;
    return station_wait(&t->station, two_way, deadline);
}

/* Two-way: what the receiver says. -1: the link cannot be read. */
static int listen(struct Sending *t, uint64_t now)
{
    struct Station *s = &t->station;
    struct View packet;

    if (station_read(s, now) < 0)
        return -1;
    while (station_next(s, &packet, now))
        outbox_input(&t->box, packet, now);
    send_patience_hear(&t->patience, s, &t->box, now);
    return 0;
}

/* Somebody wants it to end. An exit code; 0: nobody. */
static int check_signals(struct Sending *t)
{
    if (!loop_signal(&t->loop) && !t->station.cancelled)
        return 0;
    outbox_drop(&t->box, station_drop(&t->station));
    say_abort(t);
    return EXIT_SIGNAL + (t->station.cancelled ? SIGINT : loop_signal(&t->loop));
}

/* The port has gone and is not waited for. */
static int explain_lost(struct Sending *t)
{
    if (!outbox_is_confirmed(&t->box))
        diag("%s: the port is gone; what the other side has it keeps: send it again",
             t->station.link.port.name);
    return EXIT_PORT;
}

/* What streams have brought goes to their senders; one that cannot be read ends. */
static void take_streams(struct Sending *t, uint64_t now)
{
    for (size_t i = 0; i < t->box.count; i++) {
        struct Outgoing *o = t->box.active[i];

        if (outgoing_wants_input(o) && loop_ready(&t->loop, (enum LoopSlot)(LOOP_SOURCE + i)))
            outgoing_read(o);
        outgoing_take(o, now);
    }
}

/* Signals, and what comes in: answers, and the content of streams. An exit code; 0: go on. */
static int take_input(struct Sending *t, uint64_t now)
{
    int code = check_signals(t);

    if (code != 0)
        return code;
    if (station_tick(&t->station, now) == LINK_LOST)
        return explain_lost(t);
    if (t->options->line.two_way && listen(t, now) < 0)
        return explain_port(t, "cannot read");
    take_streams(t, now);
    return send_patience_check(&t->patience, &t->station, &t->box, now);
}

/* The object that gives no more packets, and not because all was given: why, and an ABORT if it is
 * us who end it. An exit code. */
static int explain_end(struct Sending *t, struct Outgoing *o, uint64_t now)
{
    int code = outgoing_explain_peer(o);

    if (code != EXIT_DELIVERED)
        return code;
    outgoing_put_abort(o, &t->station, outgoing_explain(o), ABORTS, now);
    return EXIT_IO;
}

/* Those that have ended leave; those that have given all do when it is written. */
static void clear(struct Sending *t, uint64_t now)
{
    for (size_t i = t->box.count; i-- > 0;) {
        struct Outgoing *o = t->box.active[i];
        enum OutgoingState state = outgoing_state(o);

        if (state == OUTGOING_ENDED)
            retire(t, i, explain_end(t, o, now));
        else if (state == OUTGOING_FINISHED && !station_writing(&t->station))
            retire(t, i, EXIT_DELIVERED);
    }
}

/* A piece of what has to be packed before it can join. */
static void pack(struct Sending *t)
{
    const char *name;
    int code;

    if (!outbox_is_packing(&t->box))
        return;
    code = outbox_pack(&t->box, &name);
    count_code(t, code);
    if (code != EXIT_DELIVERED)
        report_unsent(&t->report, name, code);
}

/* Others join those on the line. */
static void join(struct Sending *t)
{
    while (outbox_has_room(&t->box)) {
        struct Outgoing *o;

        const char *name = outbox_next(&t->box);
        int code = outbox_add(&t->box, &o);

        count_code(t, code);
        if (code != EXIT_DELIVERED)
            report_unsent(&t->report, name, code);
        if (o) {
            struct ReportSend sent = outgoing_describe(o);

            report_plan(&t->report, &sent);
            t->drained = false;
        }
    }
}

/* True when all is done and written; what cannot be written is not waited for long. */
static bool is_over(struct Sending *t, uint64_t now)
{
    if (!outbox_is_empty(&t->box))
        return false;
    if (t->last_words == CLOCK_NEVER)
        t->last_words = now + LAST_WORDS;
    return !station_writing(&t->station) || now >= t->last_words;
}

/* Everything goes out. An exit code: of what ended it before its time, or 0. */
static int send_all(struct Sending *t)
{
    uint64_t now = clock_now();

    for (;;) {
        int code = take_input(t, now);

        if (code != 0)
            return code;
        t->drained = false; /* what came in may have brought more, also if it cannot be put yet */
        if (!station_writing(&t->station))
            fill(t, now);
        if (station_flush(&t->station) < 0)
            return explain_port(t, "cannot write");
        clear(t, now);
        pack(t);
        join(t);
        if (is_over(t, now))
            return 0;
        show_progress(t, now);
        now = wait_for_work(t, now);
    }
}

static int open_sending(struct Sending *t)
{
    const struct SendOptions *o = t->options;
    uint64_t now = clock_now();

    pacer_init(&t->pacer, o->rate, o->packet_rate, now);
    report_open(&t->report, "send", o->words.json != NULL, o->words.quiet, o->words.verbose, now);
    progress_init(&t->progress, o->words.progress, now);
    loop_open(&t->loop);
    t->result = EXIT_DELIVERED;
    t->last_words = CLOCK_NEVER;
    return station_open(&t->station, &o->line.link, o->line.form, o->line.turnaround, &t->loop);
}

/* What was never on the line, and will not be. */
static void leave_unsent(struct Sending *t, int code)
{
    size_t n = outbox_unsent(&t->box);

    if (n == 1)
        diag("%s: not sent", outbox_next(&t->box));
    else if (n > 1)
        diag("not sent: %zu files", n);
    for (; outbox_unsent(&t->box) > 0; outbox_forgo(&t->box))
        report_unsent(&t->report, outbox_next(&t->box), code);
}

/* All of it, over an open link. An exit code. */
static int run(struct Sending *t)
{
    int code = outbox_open(&t->box, t->options, link_rate(&t->station.link));

    if (code != EXIT_DELIVERED)
        return code;
    join(t);
    send_patience_init(&t->patience, &t->options->line, t->options->words.quiet, clock_now());
    code = send_all(t);
    if (code < EXIT_SIGNAL && outbox_is_confirmed(&t->box))
        code = EXIT_DELIVERED; /* however its last words fared */
    while (t->box.count > 0)
        retire(t, 0, outgoing_is_confirmed(t->box.active[0]) ? EXIT_DELIVERED : code);
    if (code != 0)
        leave_unsent(t, code);
    count_code(t, code);
    return code > EXIT_SIGNAL ? code : t->result;
}

int transfer_send(const struct SendOptions *options)
{
    static struct Sending t; /* large, and there is one transfer per process */
    int code;

    t.options = options;
    code = open_sending(&t);
    if (code == EXIT_DELIVERED)
        code = run(&t);
    if (report_close(&t.report, options->words.json, code, clock_now()) != 0) {
        diag_errno(errno, report_place(options->words.json), NULL);
        code = code ? code : EXIT_IO;
    }
    outbox_close(&t.box);
    station_close(&t.station);
    loop_close(&t.loop);
    return code;
}
