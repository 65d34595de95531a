/*
 * Sending, in the order a byte travels: file (read or lent) -> sender (packet) -> frame -> port.
 */
#include "core/frame.h"
#include "core/sender.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/file_source.h"
#include "host/kernels.h"
#include "host/loop.h"
#include "host/pacer.h"
#include "host/port.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BATCH       ((size_t)128 << 10)     /* bytes gathered before they are written */
#define TX_SIZE     (BATCH + 2 * FRAME_MAX) /* a frame more always fits, stuffed or not */
#define STAGE_SIZE  ((size_t)64 << 10)      /* bytes of a stream read at a time */
#define FLUSH_AFTER (20 * CLOCK_MS)         /* what a stream brought waits no longer than this */
#define SILENCE     CLOCK_SECOND            /* a line idle for so long gets a 0x00 first */
#define LAST_WORDS  (CLOCK_SECOND / 2)      /* for an ABORT to get out after a signal */

struct Sending {
    const struct SendOptions *options;
    struct Loop loop;
    struct Port port;
    struct Pacer pacer;
    struct Progress progress;
    struct Report report;
    struct FrameWriter writer;
    struct Buffer tx; /* frames on their way to the port */
    struct Buffer packet;
    uint8_t tx_memory[TX_SIZE];
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    uint64_t last_frame; /* when; 0: none yet */

    /* The object being sent. */
    struct FileSource source;
    struct Sender sender;
    void *sender_memory;
    const char *name;    /* for messages */
    char short_name[32]; /* for the bar */
    size_t mtu;
    uint64_t begin;
    uint64_t wire;       /* bytes of its frames */
    uint64_t first_pass; /* of those, what the first pass took; 0: it is not over */
    struct Buffer stage; /* a stream: read, not yet taken */
    uint8_t stage_memory[STAGE_SIZE];
    struct Digest digest; /* of a stream */
    uint8_t digest_value[PACKET_DIGEST];
    bool source_eof;
    uint64_t flush_at; /* CLOCK_NEVER: nothing to flush */
};

static bool is_stream(const struct Sending *t)
{
    return t->source.kind == FILE_SOURCE_STREAM;
}

/* The digest of the whole content; false if the file is not what it was. */
static bool lend_digest(void *ctx, struct View *digest)
{
    struct Sending *t = ctx;
    const uint8_t *value;

    if (is_stream(t)) {
        digest_value(&t->digest, t->digest_value);
        *digest = view_of(t->digest_value, PACKET_DIGEST);
        return true;
    }
    value = file_source_digest(&t->source);
    if (!value || file_source_changed(&t->source))
        return false;
    *digest = view_of(value, PACKET_DIGEST);
    return true;
}

static const uint8_t *lend_bytes(void *ctx, uint64_t offset, size_t len)
{
    struct Sending *t = ctx;

    return file_source_lend(&t->source, offset, len);
}

/* What the sender is to do with this file: everything it is told at the beginning. */
static struct SenderConfig configure(struct Sending *t)
{
    const struct Kernels *kernels = kernels_best();
    const struct SendOptions *o = t->options;
    size_t mtu = o->mtu;
    struct SenderConfig c = {
        .crc32c = kernels->crc32c,
        .muladd = kernels->muladd,
        .simd = kernels->simd,
        .source = {t, lend_bytes, lend_digest},
        .redundancy = o->redundancy,
        .passes = o->passes,
    };

    (void)!getrandom(&c.object.run, sizeof c.object.run, 0);
    if (is_stream(t)) {
        c.object.flags = OBJECT_STREAM;
        c.object.name = view_of(t->source.name, t->source.name_len);
        (void)!getrandom(c.object.id, sizeof c.object.id, 0);
        t->mtu = mtu ? mtu : SENDER_STREAM_MTU;
        c.packet_max = frame_capacity(t->mtu);
        c.plan = sender_plan_stream(c.packet_max);
        c.passes = 1;
    } else {
        file_source_describe(&t->source, &c.object);
        t->mtu = mtu ? mtu : sender_default_mtu(t->source.size);
        c.packet_max = frame_capacity(t->mtu);
        c.plan = sender_plan(t->source.size, c.packet_max, c.simd);
    }
    return c;
}

static struct ReportSend describe_send(const struct Sending *t)
{
    return (struct ReportSend){.name = t->name,
                               .sender = &t->sender,
                               .mtu = t->mtu,
                               .rate = t->options->rate,
                               .packet_rate = t->options->packet_rate,
                               .wire = t->wire,
                               .begin = t->begin};
}

static int begin_object(struct Sending *t, const char *path)
{
    struct ReportSend sent;
    bool is_stdin = strcmp(path, "-") == 0;
    struct SenderConfig c;
    int result;

    t->name = is_stdin ? "stdin" : path;
    diag_escape(t->short_name, sizeof t->short_name - 4, view_of(t->name, strlen(t->name)));
    result = is_stdin ? file_source_open_fd(&t->source, STDIN_FILENO)
                      : file_source_open(&t->source, path);
    if (result != 0) {
        if (errno == EISDIR)
            diag("%s: is a directory, use tar", path);
        else
            diag_errno(errno, t->name, NULL);
        return errno == EISDIR ? EXIT_USAGE : EXIT_IO;
    }
    if (is_stream(t) && t->options->passes != 1) {
        diag("%s: a stream cannot be sent again: --repeat and --loop want a file", t->name);
        return EXIT_USAGE;
    }
    c = configure(t);
    t->sender_memory = malloc(sender_memory(&c) + 1);
    if (!t->sender_memory || !sender_init(&t->sender, &c, t->sender_memory)) {
        diag("%s: %s", t->name,
             t->sender_memory ? "mtu too small for its OBJECT" : "out of memory");
        return t->sender_memory ? EXIT_USAGE : EXIT_IO;
    }
    if (!is_stream(t) && (c.redundancy > 0 || c.passes != 1) &&
        file_source_keep(&t->source, (uint64_t)t->sender.layout.group * c.plan.symbol_size) != 0) {
        diag_errno(errno, t->name, NULL);
        return EXIT_IO;
    }
    digest_init(&t->digest);
    buffer_reset(&t->stage, 0);
    t->source_eof = false;
    t->flush_at = CLOCK_NEVER;
    t->wire = t->first_pass = 0;
    t->begin = clock_now();
    sent = describe_send(t);
    report_plan(&t->report, &sent);
    return EXIT_DELIVERED;
}

static void end_object(struct Sending *t)
{
    file_source_close(&t->source);
    free(t->sender_memory);
    t->sender_memory = NULL;
}

/* ---- stream: read, and hand over to the sender ---- */

static ptrdiff_t read_source(void *ctx, uint8_t *space, size_t size)
{
    struct Sending *t = ctx;
    ssize_t n = read(t->source.fd, space, size);

    if (n == 0)
        t->source_eof = true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n;
}

/* Move what was read into symbols, as far as the line has caught up. */
static void take_stage(struct Sending *t, uint64_t now)
{
    while (t->stage.len > 0) {
        size_t len, n;
        uint8_t *space = sender_space(&t->sender, &len);

        if (!space)
            return;
        n = t->stage.len < len ? t->stage.len : len;
        memcpy(space, t->stage.base + t->stage.head, n);
        digest_update(&t->digest, space, n);
        buffer_ltrunc(&t->stage, n);
        sender_take(&t->sender, n);
        if (t->flush_at == CLOCK_NEVER)
            t->flush_at = now + FLUSH_AFTER;
    }
    buffer_reset(&t->stage, 0);
    if (t->source_eof && !t->sender.stream.ended)
        sender_end(&t->sender);
}

/* 0, or -1 and errno: the source cannot be read on. */
static int read_stream(struct Sending *t, uint64_t now)
{
    if (loop_ready(&t->loop, LOOP_SOURCE) && t->stage.len == 0 && !t->source_eof &&
        buffer_write_with(&t->stage, read_source, t) < 0)
        return -1;
    take_stage(t, now);
    if (now >= t->flush_at) {
        sender_flush(&t->sender);
        t->flush_at = CLOCK_NEVER;
    }
    return 0;
}

/* ---- packets -> frames -> port ---- */

static void append_frame(struct Sending *t, const struct View parts[2], uint64_t now)
{
    size_t before = t->tx.len;

    if (t->last_frame == 0 || now - t->last_frame >= SILENCE)
        frame_append_delimiter(&t->tx);
    frame_append(&t->writer, &t->tx, parts, 2); /* TX_SIZE leaves room for any frame */
    t->last_frame = now;
    t->wire += t->tx.len - before;
    pacer_spend(&t->pacer, now, t->tx.len - before, 1);
}

/* Gather frames until the batch is full, the pacer says wait or there is nothing more. */
static void fill(struct Sending *t, uint64_t now)
{
    struct View parts[2];

    while (t->tx.len < BATCH && pacer_allowance(&t->pacer, now) > 0) {
        if (!sender_output(&t->sender, &t->packet, &parts[1], now))
            break;
        parts[0] = buffer_view(&t->packet);
        append_frame(t, parts, now);
        if (t->sender.pass > 0 && t->first_pass == 0)
            t->first_pass = t->wire;
        if (is_stream(t))
            take_stage(t, now);
    }
}

static bool sender_has_ended(const struct Sending *t)
{
    return t->sender.state == SENDER_FINISHED || t->sender.state == SENDER_FAILED;
}

/* Why the sender gave up: its source did. */
static enum AbortReason explain_failure(struct Sending *t, int error)
{
    if (!is_stream(t) && (t->source.shortened || file_source_changed(&t->source))) {
        diag("%s: changed while it was being sent; send it again", t->name);
        return ABORT_CHANGED;
    }
    diag_errno(error, t->name, "read");
    return ABORT_READ;
}

/* The port would not take more, for good. In a later pass that is how a reader says enough. */
static int explain_port(struct Sending *t)
{
    if (t->port.error == EPIPE && t->first_pass > 0 && t->wire - t->tx.len >= t->first_pass)
        return EXIT_DELIVERED;
    if (t->port.error == EPIPE)
        diag("%s: the reader went away", t->port.name);
    else
        diag_errno(t->port.error, t->port.name, "write");
    return EXIT_IO;
}

static void show_progress(struct Sending *t, uint64_t now)
{
    const struct Sender *s = &t->sender;
    uint64_t packets = is_stream(t) ? 0 : sender_pass_packets(s);
    struct ProgressState state = {.name = t->short_name, .repairs = s->counters.repairs};

    /* One-way, what is written is all that is known: the pass, in bytes of the line. */
    state.done = t->wire - t->tx.len;
    state.total = packets == 0 || s->pass > 0 ? 0 : packets * t->wire / (s->counters.packets + 1);
    progress_show(&t->progress, &state, now);
}

/* An ABORT as last word, if it gets out soon. */
static void say_abort(struct Sending *t, enum AbortReason reason)
{
    uint64_t until = clock_now() + LAST_WORDS;
    struct View parts[2] = {{0}};

    sender_abort(&t->sender, &t->packet, reason);
    parts[0] = buffer_view(&t->packet);
    frame_append(&t->writer, &t->tx, parts, 2);
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
    bool writing = t->tx.len > 0;
    bool reading = is_stream(t) && !t->source_eof && t->stage.len == 0;
    uint64_t deadline = earliest(t->flush_at, port_deadline(&t->port));

    port_watch(&t->port, &t->loop, false, writing);
    loop_watch(&t->loop, LOOP_SOURCE, reading ? t->source.fd : -1, POLLIN);
    if (!writing && pacer_allowance(&t->pacer, now) == 0)
        deadline = earliest(deadline, pacer_deadline(&t->pacer));
    else if (!writing && !is_stream(t))
        deadline = 0;
    else if (!writing && (t->stage.len > 0 || t->source_eof))
        deadline = 0;
    loop_wait(&t->loop, deadline);
}

/* Everything the sender has goes out. An exit code. */
static int send_object(struct Sending *t)
{
    while (!sender_has_ended(t) || t->tx.len > 0) {
        uint64_t now = clock_now();
        int error = 0;

        if (loop_signal(&t->loop)) {
            say_abort(t, ABORT_CANCELLED);
            return EXIT_SIGNAL + loop_signal(&t->loop);
        }
        if (is_stream(t) && read_stream(t, now) != 0)
            error = errno;
        if (t->tx.len == 0)
            buffer_reset(&t->tx, 0);
        errno = 0;
        if (error == 0 && t->tx.len == 0)
            fill(t, now);
        if (error != 0 || t->sender.state == SENDER_FAILED) {
            say_abort(t, explain_failure(t, error ? error : errno));
            return EXIT_IO;
        }
        if (t->tx.len > 0 && buffer_read_with(&t->tx, port_write, &t->port) < 0)
            return explain_port(t);
        show_progress(t, now);
        if (!sender_has_ended(t) || t->tx.len > 0)
            wait_for_work(t, now);
    }
    return EXIT_DELIVERED;
}

static int send_file(struct Sending *t, const char *path)
{
    struct ReportSend sent;
    int code = begin_object(t, path);

    if (code == EXIT_DELIVERED) {
        code = send_object(t);
        progress_end(&t->progress);
        sent = describe_send(t);
        report_sent(&t->report, &sent, clock_now(), code);
    }
    end_object(t);
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
    buffer_init(&t->stage, t->stage_memory, sizeof t->stage_memory, 0);
    buffer_init(&t->packet, t->packet_memory, sizeof t->packet_memory, PACKET_HEADROOM);
    t->writer.crc32c = kernels_best()->crc32c;
    pacer_init(&t->pacer, o->rate, o->packet_rate, now);
    progress_init(&t->progress, o->words.progress, now);
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
