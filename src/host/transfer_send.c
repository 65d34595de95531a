/*
 * Sending, in the order a byte travels: file (read or lent) -> sender (packet) -> station (wire,
 * link); and what a receiver answers, back to the sender.
 */
#include "host/clock.h"
#include "host/diag.h"
#include "host/outgoing.h"
#include "host/pacer.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/station.h"
#include "host/transfer.h"

#include <errno.h>
#include <string.h>

#define LAST_WORDS CLOCK_SECOND       /* for an ABORT to get out after a signal */
#define ABORTS     3                  /* copies of it, for a line that loses some */
#define HINT_AFTER (5 * CLOCK_SECOND) /* no answer at all for so long: perhaps nobody will */

struct Sending {
    const struct SendOptions *options;
    struct Loop loop;
    struct Station station;
    struct Pacer pacer;
    struct Progress progress;
    struct Report report;
    struct Outgoing out;    /* the object being sent */
    uint64_t patience_from; /* two-way: silence counts from here */
    uint64_t good;          /* two-way: frames heard, of all kinds */
    bool hinted;
    bool drained; /* the sender had nothing more when it was last asked */
};

/* Gather frames until the batch is full, the pacer says wait or there is nothing more. */
static void fill(struct Sending *t, uint64_t now)
{
    size_t bytes;

    t->drained = false;
    while (station_room(&t->station, now) > 0 && pacer_allowance(&t->pacer, now) > 0) {
        if (!outgoing_put(&t->out, &t->station, now, &bytes)) {
            t->drained = true;
            break;
        }
        t->out.wire += bytes;
        pacer_spend(&t->pacer, now, bytes, 1);
        if (t->out.sender.pass > 0 && t->out.first_pass == 0)
            t->out.first_pass = t->out.wire;
        outgoing_take(&t->out, now);
    }
}

/* The link would not take more, for good. In a later pass that is how a reader says enough. */
static int explain_port(struct Sending *t)
{
    const struct Port *port = &t->station.link.port;

    if (port->error == EPIPE && t->out.first_pass > 0 &&
        t->out.wire - t->station.tx.len >= t->out.first_pass)
        return EXIT_DELIVERED;
    if (port->error == EPIPE)
        diag("%s: the reader went away", port->name);
    else
        diag_errno(port->error, port->name, "cannot write");
    return EXIT_IO;
}

static void show_progress(struct Sending *t, uint64_t now)
{
    struct ProgressState state = {.name = t->out.short_name};
    struct ReportSend sent;

    if (!t->progress.on)
        return;
    sent = outgoing_describe(&t->out);
    state.repairs = sent.repairs;
    if (sent.two_way) {
        state.done = sent.confirmed;
        state.total = sent.stream ? 0 : sent.size;
        state.good = sent.good;
        state.lost = sent.lost;
    } else { /* what is written is all that is known: the pass, in bytes of the line */
        state.done = sent.wire - t->station.tx.len;
        state.total = sent.passes > 0 ? 0 : sent.plan * sent.wire / (sent.packets + 1);
    }
    progress_show(&t->progress, &state, now);
}

/* An ABORT as last word, if it gets out soon. */
static void say_abort(struct Sending *t, enum AbortReason reason)
{
    uint64_t now = clock_now(), until = now + LAST_WORDS;

    loop_heed(&t->loop);
    outgoing_put_abort(&t->out, &t->station, reason, ABORTS, now);
    loop_watch(&t->loop, LOOP_SOURCE, -1, 0);
    while (station_writing(&t->station) && now < until && !t->station.link.gone &&
           t->station.link.state == LINK_UP) {
        now = station_wait(&t->station, false, until);
        if (station_flush(&t->station) < 0)
            return;
    }
}

/* Give up, and tell who listens. An exit code. */
static int give_up(struct Sending *t, int error)
{
    say_abort(t, outgoing_explain(&t->out, error));
    return EXIT_IO;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Two-way: when nobody is waited for any longer, and when something is said about that. */
static uint64_t patience_end(const struct Sending *t)
{
    uint64_t timeout = t->options->line.timeout;

    return timeout == CLOCK_NEVER ? CLOCK_NEVER : t->patience_from + timeout;
}

static uint64_t patience_deadline(const struct Sending *t)
{
    if (!t->options->line.two_way || t->station.link.state != LINK_UP)
        return CLOCK_NEVER;
    return t->out.sender.peer.heard || t->hinted
               ? patience_end(t)
               : earlier(patience_end(t), t->patience_from + HINT_AFTER);
}

/* Sleep until something can be done. Returns the time then. */
static uint64_t wait_for_work(struct Sending *t, uint64_t now)
{
    bool input = outgoing_wants_input(&t->out), two_way = t->options->line.two_way;
    bool room = station_room(&t->station, now) > 0 && !station_writing(&t->station);
    uint64_t deadline = earlier(t->out.flush_at, patience_deadline(t));

    loop_watch(&t->loop, LOOP_SOURCE, input ? t->out.source.fd : -1, POLLIN);
    if (room && pacer_allowance(&t->pacer, now) == 0)
        deadline = earlier(deadline, pacer_deadline(&t->pacer));
    else if (room && !t->drained)
        deadline = 0; /* the sender has more */
    else if (room)
        deadline = earlier(deadline, sender_deadline(&t->out.sender));
    deadline = earlier(deadline, station_turn(&t->station, now));
    if (two_way && deadline > now && outgoing_hash_ahead(&t->out))
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
    while (station_next(s, &packet, now)) {
        sender_input(&t->out.sender, packet, now);
        t->good++;
    }
    if (t->out.sender.peer.heard_at > t->patience_from)
        t->patience_from = t->out.sender.peer.heard_at;
    if (s->slept > 0)
        t->patience_from = now; /* nobody could be heard meanwhile */
    return 0;
}

/* Nobody answers. An exit code. */
static int explain_silence(struct Sending *t)
{
    const struct Sender *s = &t->out.sender;
    char words[SILENCE_WORDS], time[24];

    progress_time(time, t->options->line.timeout);
    if (s->state == SENDER_CONFIRMING && s->peer.heard)
        diag("%s: unconfirmed: all was sent, but for %s no answer came; the other side may have it",
             t->out.name, time);
    else if (s->peer.heard)
        diag("%s: no answer for %s; what the other side has it keeps: send it again", t->out.name,
             time);
    else
        diag("%s: no answer for %s: %s", t->station.link.port.name, time,
             station_silence(&t->station, s->counters.echoes, 0, 0, words, sizeof words));
    return EXIT_SILENCE;
}

/* Two-way: 0: go on; else nobody listens any more, an exit code. */
static int check_patience(struct Sending *t, uint64_t now)
{
    const struct Port *port = &t->station.link.port;
    char words[SILENCE_WORDS];

    if (!t->options->line.two_way)
        return 0;
    if (station_ended(&t->station) && t->out.sender.state != SENDER_CONFIRMED) {
        diag("%s: the other side went away%s", port->name,
             t->out.sender.state == SENDER_CONFIRMING ? "; unconfirmed: it may have it" : "");
        return EXIT_SILENCE;
    }
    if (t->station.link.state != LINK_UP)
        return 0;
    if (now >= patience_end(t))
        return explain_silence(t);
    if (t->out.sender.peer.heard || t->hinted || now < t->patience_from + HINT_AFTER)
        return 0;
    t->hinted = true;
    if (!t->options->words.quiet)
        diag(
            "%s: no answer yet: %s; if nobody there can answer, use --one-way", port->name,
            station_silence(&t->station, t->out.sender.counters.echoes, 0, 0, words, sizeof words));
    return 0;
}

/* The sender gives no more packets, and not because all was given. An exit code. */
static int explain_end(struct Sending *t, int error)
{
    const struct Sender *s = &t->out.sender;
    char text[4 * SENDER_TEXT_MAX];

    if (s->state == SENDER_REFUSED) {
        diag("%s: the receiver refused it: it is there, or not wanted", t->out.name);
        return EXIT_REFUSED;
    }
    if (s->state != SENDER_ABORTED)
        return give_up(t, error);
    diag_escape(text, sizeof text, s->peer.text);
    diag("%s: the receiver aborted: %s%s%s", t->out.name, report_abort_words(s->peer.reason),
         text[0] ? ": " : "", text);
    return s->peer.reason == ABORT_DIGEST ? EXIT_INTEGRITY : EXIT_ABORTED;
}

/* Somebody wants it to end. An exit code; 0: nobody. */
static int check_signals(struct Sending *t)
{
    size_t dropped;

    if (!loop_signal(&t->loop) && !t->station.cancelled)
        return 0;
    dropped = station_drop(&t->station);
    t->out.wire -= earlier(dropped, t->out.wire);
    say_abort(t, ABORT_CANCELLED);
    return EXIT_SIGNAL + (t->station.cancelled ? SIGINT : loop_signal(&t->loop));
}

/* The port has gone and is not waited for. */
static int explain_lost(struct Sending *t)
{
    diag("%s: the port is gone; what the other side has it keeps: send it again",
         t->station.link.port.name);
    return EXIT_PORT;
}

/* What comes in: answers, and the content of a stream. An exit code; 0: go on. */
static int take_input(struct Sending *t, uint64_t now)
{
    struct Outgoing *o = &t->out;

    if (station_tick(&t->station, now) == LINK_LOST)
        return explain_lost(t);
    if (t->options->line.two_way && listen(t, now) < 0)
        return explain_port(t);
    if (outgoing_wants_input(o) && loop_ready(&t->loop, LOOP_SOURCE) && outgoing_read(o) != 0)
        return give_up(t, errno);
    outgoing_take(o, now);
    return check_patience(t, now);
}

/* Everything the sender has goes out. An exit code. */
static int send_object(struct Sending *t)
{
    struct Outgoing *o = &t->out;
    uint64_t now = clock_now();

    while (outgoing_state(o) == OUTGOING_SENDING || station_writing(&t->station)) {
        int code = check_signals(t);

        if (code == 0)
            code = take_input(t, now);
        if (code != 0)
            return code;
        errno = 0;
        if (!station_writing(&t->station))
            fill(t, now);
        if (outgoing_state(o) == OUTGOING_ENDED)
            return explain_end(t, errno);
        if (station_flush(&t->station) < 0)
            return explain_port(t);
        show_progress(t, now);
        if (outgoing_state(o) == OUTGOING_SENDING || station_writing(&t->station))
            now = wait_for_work(t, now);
    }
    return EXIT_DELIVERED;
}

static int send_file(struct Sending *t, const char *path)
{
    int code = outgoing_open(&t->out, t->options, path);
    struct ReportSend sent = outgoing_describe(&t->out);

    if (code == EXIT_DELIVERED) {
        progress_init(&t->progress, t->options->words.progress, t->out.begin);
        report_plan(&t->report, &sent);
        t->patience_from = clock_now();
        code = send_object(t);
        progress_end(&t->progress);
        sent = outgoing_describe(&t->out);
        report_sent(&t->report, &sent, clock_now(), code);
    }
    outgoing_close(&t->out);
    return code;
}

/* True if after this code there is no use in sending another file over the same link. */
static bool ends_all(const struct Sending *t, int code)
{
    return loop_signal(&t->loop) || t->station.cancelled || t->station.link.port.error != 0 ||
           station_ended(&t->station) || code == EXIT_SILENCE || code == EXIT_PORT;
}

/* One after the other; a file that cannot be read keeps no other back. The smallest exit code but
 * 0, unless a signal ended it. */
static int send_files(struct Sending *t, const char *const *files, size_t count)
{
    int result = EXIT_DELIVERED;

    for (size_t i = 0; i < count; i++) {
        int code = send_file(t, files[i]);

        if (code > EXIT_SIGNAL)
            return code;
        if (code != EXIT_DELIVERED && (result == EXIT_DELIVERED || code < result))
            result = code;
        if (ends_all(t, code))
            break;
    }
    return result;
}

static int open_sending(struct Sending *t)
{
    const struct SendOptions *o = t->options;
    uint64_t now = clock_now();

    pacer_init(&t->pacer, o->rate, o->packet_rate, now);
    report_open(&t->report, "send", o->words.json != NULL, o->words.quiet, o->words.verbose, now);
    loop_open(&t->loop);
    return station_open(&t->station, &o->line.link, o->line.form, o->line.turnaround, &t->loop);
}

int transfer_send(const struct SendOptions *options)
{
    static const char *const standard_input[] = {"-"};
    static struct Sending t; /* large, and there is one transfer per process */
    size_t count = options->file_count ? options->file_count : 1;
    const char *const *files = options->file_count ? options->files : standard_input;
    int code;

    t.options = options;
    code = open_sending(&t);
    if (code == EXIT_DELIVERED)
        code = send_files(&t, files, count);
    if (report_close(&t.report, options->words.json, code, clock_now()) != 0) {
        diag_errno(errno, options->words.json, NULL);
        code = code ? code : EXIT_IO;
    }
    station_close(&t.station);
    loop_close(&t.loop);
    return code;
}
