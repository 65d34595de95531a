/*
 * Sending, in the order a byte travels: file (read or lent) -> sender (packet) -> frame -> port.
 */
#include "core/frame.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/kernels.h"
#include "host/loop.h"
#include "host/outgoing.h"
#include "host/pacer.h"
#include "host/port.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/transfer.h"

#include <errno.h>
#include <string.h>

#define BATCH      ((size_t)128 << 10)     /* bytes gathered before they are written */
#define TX_SIZE    (BATCH + 2 * FRAME_MAX) /* a frame more always fits, stuffed or not */
#define SILENCE    CLOCK_SECOND            /* a line idle for so long gets a 0x00 first */
#define LAST_WORDS CLOCK_SECOND            /* for an ABORT to get out after a signal */
#define ABORTS     3                       /* copies of it, for a line that loses some */

struct Sending {
    const struct SendOptions *options;
    struct Loop loop;
    struct Port port;
    struct Pacer pacer;
    struct Progress progress;
    struct Report report;
    struct FrameWriter writer;
    struct Buffer packet;
    struct Buffer tx; /* frames on their way to the port */
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    uint8_t tx_memory[TX_SIZE];
    uint64_t last_frame; /* when; 0: none yet */
    struct Outgoing out; /* the object being sent */
};

static void append_frame(struct Sending *t, const struct View parts[2], uint64_t now)
{
    size_t before = t->tx.len;

    if (t->last_frame == 0 || now - t->last_frame >= SILENCE)
        frame_append_delimiter(&t->tx);
    frame_append(&t->writer, &t->tx, parts, 2); /* TX_SIZE leaves room for any frame */
    t->last_frame = now;
    t->out.wire += t->tx.len - before;
    pacer_spend(&t->pacer, now, t->tx.len - before, 1);
}

/* Gather frames until the batch is full, the pacer says wait or there is nothing more. */
static void fill(struct Sending *t, uint64_t now)
{
    struct View parts[2];

    buffer_reset(&t->tx, 0);
    while (t->tx.len < BATCH && pacer_allowance(&t->pacer, now) > 0) {
        if (!sender_output(&t->out.sender, &t->packet, &parts[1], now))
            break;
        parts[0] = buffer_view(&t->packet);
        append_frame(t, parts, now);
        if (t->out.sender.pass > 0 && t->out.first_pass == 0)
            t->out.first_pass = t->out.wire;
        outgoing_take(&t->out, now);
    }
}

/* The port would not take more, for good. In a later pass that is how a reader says enough. */
static int explain_port(struct Sending *t)
{
    if (t->port.error == EPIPE && t->out.first_pass > 0 &&
        t->out.wire - t->tx.len >= t->out.first_pass)
        return EXIT_DELIVERED;
    if (t->port.error == EPIPE)
        diag("%s: the reader went away", t->port.name);
    else
        diag_errno(t->port.error, t->port.name, "cannot write");
    return EXIT_IO;
}

static void show_progress(struct Sending *t, uint64_t now)
{
    const struct Sender *s = &t->out.sender;
    uint64_t packets = outgoing_is_stream(&t->out) ? 0 : sender_pass_packets(s);
    struct ProgressState state = {.name = t->out.short_name, .repairs = s->counters.repairs};

    /* One-way, what is written is all that is known: the pass, in bytes of the line. */
    state.done = t->out.wire - t->tx.len;
    state.total =
        packets == 0 || s->pass > 0 ? 0 : packets * t->out.wire / (s->counters.packets + 1);
    progress_show(&t->progress, &state, now);
}

/* An ABORT as last word, if it gets out soon. */
static void say_abort(struct Sending *t, enum AbortReason reason)
{
    uint64_t until = clock_now() + LAST_WORDS;
    struct View parts[2] = {{0}};

    loop_heed(&t->loop);
    sender_abort(&t->out.sender, &t->packet, reason);
    parts[0] = buffer_view(&t->packet);
    buffer_rebase(&t->tx, 0);
    for (int i = 0; i < ABORTS; i++)
        frame_append(&t->writer, &t->tx, parts, 1);
    while (t->tx.len > 0 && clock_now() < until && t->port.error != EPIPE) {
        port_watch(&t->port, &t->loop, false, true);
        loop_watch(&t->loop, LOOP_SOURCE, -1, 0);
        loop_wait(&t->loop, until);
        if (buffer_read_with(&t->tx, port_write, &t->port) < 0)
            return;
    }
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Sleep until something can be done. */
static void wait_for_work(struct Sending *t, uint64_t now)
{
    bool writing = t->tx.len > 0, input = outgoing_wants_input(&t->out);
    uint64_t deadline = earliest(t->out.flush_at, port_deadline(&t->port));

    port_watch(&t->port, &t->loop, false, writing);
    loop_watch(&t->loop, LOOP_SOURCE, input ? t->out.source.fd : -1, POLLIN);
    if (!writing && pacer_allowance(&t->pacer, now) == 0)
        deadline = earliest(deadline, pacer_deadline(&t->pacer));
    else if (!writing && !input)
        deadline = 0; /* the sender has more */
    loop_wait(&t->loop, deadline);
}

/* Give up, and tell who listens. An exit code. */
static int give_up(struct Sending *t, int error)
{
    say_abort(t, outgoing_explain(&t->out, error));
    return EXIT_IO;
}

/* Everything the sender has goes out. An exit code. */
static int send_object(struct Sending *t)
{
    struct Outgoing *o = &t->out;

    while (!outgoing_has_ended(o) || t->tx.len > 0) {
        uint64_t now = clock_now();

        if (loop_signal(&t->loop)) {
            say_abort(t, ABORT_CANCELLED);
            return EXIT_SIGNAL + loop_signal(&t->loop);
        }
        if (outgoing_wants_input(o) && loop_ready(&t->loop, LOOP_SOURCE) && outgoing_read(o) != 0)
            return give_up(t, errno);
        outgoing_take(o, now);
        errno = 0;
        if (t->tx.len == 0)
            fill(t, now);
        if (o->sender.state == SENDER_FAILED)
            return give_up(t, errno);
        if (t->tx.len > 0 && buffer_read_with(&t->tx, port_write, &t->port) < 0)
            return explain_port(t);
        show_progress(t, now);
        if (!outgoing_has_ended(o) || t->tx.len > 0)
            wait_for_work(t, now);
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
        code = send_object(t);
        progress_end(&t->progress);
        sent = outgoing_describe(&t->out);
        report_sent(&t->report, &sent, clock_now(), code);
    }
    outgoing_close(&t->out);
    return code;
}

/* One after the other; a file that cannot be read keeps no other back. The smallest exit code but
 * 0, unless a signal ended it. */
static int send_files(struct Sending *t, const char *const *files, size_t count)
{
    int result = EXIT_DELIVERED;

    for (size_t i = 0; i < count && t->port.error == 0; i++) {
        int code = send_file(t, files[i]);

        if (loop_signal(&t->loop))
            return code;
        if (code != EXIT_DELIVERED && (result == EXIT_DELIVERED || code < result))
            result = code;
    }
    return result;
}

static int open_sending(struct Sending *t)
{
    const struct SendOptions *o = t->options;
    uint64_t now = clock_now();

    buffer_init(&t->tx, t->tx_memory, sizeof t->tx_memory, 0);
    buffer_init(&t->packet, t->packet_memory, sizeof t->packet_memory, PACKET_HEADROOM);
    t->writer.crc32c = kernels_best()->crc32c;
    pacer_init(&t->pacer, o->rate, o->packet_rate, now);
    report_open(&t->report, "send", o->words.json != NULL, o->words.quiet, o->words.verbose, now);
    loop_open(&t->loop);
    if (port_open(&t->port, -1, o->out, o->out_name) != 0) {
        diag_errno(t->port.error, o->out_name, NULL);
        return EXIT_IO;
    }
    return EXIT_DELIVERED;
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
    port_close(&t.port);
    loop_close(&t.loop);
    return code;
}
