#include "host/outgoing.h"

#include "core/frame.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/kernels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TWO_WAY_MTU 16384 /* packets are as long as the line is good, up to this */

bool outgoing_is_stream(const struct Outgoing *o)
{
    return o->source.kind == FILE_SOURCE_STREAM;
}

/* The digest of the whole content; false if the file is not what it was. */
static bool lend_digest(void *ctx, struct View *digest)
{
    struct Outgoing *o = ctx;
    const uint8_t *value;

    if (outgoing_is_stream(o)) {
        digest_value(&o->digest, o->digest_value);
        *digest = view_of(o->digest_value, PACKET_DIGEST);
        return true;
    }
    /* Of what a receiver had already nothing was lent. */
    while (o->options->line.two_way && !file_source_digest(&o->source)) {
        if (file_source_hash_more(&o->source) < 0)
            return false;
    }
    value = file_source_digest(&o->source);
    if (!value || file_source_changed(&o->source))
        return false;
    *digest = view_of(value, PACKET_DIGEST);
    return true;
}

static const uint8_t *lend_bytes(void *ctx, uint64_t offset, size_t len)
{
    struct Outgoing *o = ctx;

    return file_source_lend(&o->source, offset, len);
}

/* False: there are no random bytes, which was said. */
static bool random_bytes(const struct Outgoing *o, void *out, size_t size)
{
    if (getrandom(out, size, 0) == (ssize_t)size)
        return true;
    diag_errno(errno, o->name, "no random number");
    return false;
}

/* Bytes a second of the line as it is set; 0: it has no speed. */
static uint64_t line_rate(const struct LinkOptions *link)
{
    return link->serial.path || link->terminal ? link->serial.line.baud / 10 : 0;
}

/* How the object is cut, and what a packet may have. */
static void plan(struct Outgoing *o, struct SenderConfig *c)
{
    bool stream = outgoing_is_stream(o);

    o->mtu = o->options->mtu ? o->options->mtu
             : c->two_way    ? TWO_WAY_MTU
             : stream        ? SENDER_STREAM_MTU
                             : sender_default_mtu(o->source.size);
    c->packet_max = frame_capacity(o->mtu);
    if (stream)
        c->plan = c->two_way ? sender_plan_stream_two_way(c->packet_max)
                             : sender_plan_stream(c->packet_max);
    else
        c->plan = c->two_way ? sender_plan_two_way(o->source.size, c->packet_max, c->simd)
                             : sender_plan(o->source.size, c->packet_max, c->simd);
}

/* What the sender is to do with this file: everything it is told at the beginning. */
static bool configure(struct Outgoing *o, struct SenderConfig *config)
{
    const struct Kernels *kernels = kernels_best();
    const struct SendOptions *options = o->options;
    const struct TransferLine *line = &options->line;
    struct SenderConfig c = {
        .crc32c = kernels->crc32c,
        .muladd = kernels->muladd,
        .simd = kernels->simd,
        .source = {o, lend_bytes, lend_digest},
        .redundancy = options->redundancy,
        .passes = options->passes,
        .two_way = line->two_way,
        .half_duplex = line->turnaround > 0,
        .line_rate = line_rate(&line->link),
        .window = line->window,
        .frame_size = frame_bound,
    };

    if (!random_bytes(o, &c.object.run, sizeof c.object.run) ||
        !random_bytes(o, &c.random, sizeof c.random) ||
        !random_bytes(o, c.object.id, sizeof c.object.id))
        return false;
    if (outgoing_is_stream(o)) {
        c.object.flags = OBJECT_STREAM;
        c.object.name = view_of(o->source.name, o->source.name_len);
        c.passes = 1;
    } else {
        file_source_describe(&o->source, &c.object);
    }
    plan(o, &c);
    *config = c;
    return true;
}

/* Open the source. An exit code. */
static int open_source(struct Outgoing *o, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;

    o->name = is_stdin ? "stdin" : path;
    diag_escape(o->short_name, sizeof o->short_name - 4, view_of(o->name, strlen(o->name)));
    if (path[0] == '\0') {
        diag("FILE is empty");
        return EXIT_USAGE;
    }
    if ((is_stdin ? file_source_open_fd(&o->source, STDIN_FILENO)
                  : file_source_open(&o->source, path)) != 0) {
        if (errno == EISDIR)
            diag("%s: is a folder; use tar", path);
        else
            diag_errno(errno, o->name, NULL);
        return errno == EISDIR ? EXIT_USAGE : EXIT_IO;
    }
    if (outgoing_is_stream(o) && o->options->passes != 1) {
        diag("%s: is a stream and cannot be sent twice: --repeat and --loop need a file", o->name);
        return EXIT_USAGE;
    }
    return EXIT_DELIVERED;
}

/* Make the sender. An exit code. */
static int open_sender(struct Outgoing *o)
{
    struct SenderConfig c;
    uint64_t group;

    if (!configure(o, &c))
        return EXIT_IO;
    o->sender_memory = malloc(sender_memory(&c) + 1);
    if (!o->sender_memory) {
        diag("%s: out of memory", o->name);
        return EXIT_IO;
    }
    if (!sender_init(&o->sender, &c, o->sender_memory)) {
        diag("%s: --mtu is too small for this file: %zu", o->name, o->mtu);
        return EXIT_USAGE;
    }
    group = (uint64_t)o->sender.layout.group * c.plan.symbol_size;
    if (!outgoing_is_stream(o) && !c.two_way && (c.redundancy > 0 || c.passes != 1) &&
        file_source_keep(&o->source, group) != 0) {
        diag_errno(errno, o->name, NULL);
        return EXIT_IO;
    }
    return EXIT_DELIVERED;
}

int outgoing_open(struct Outgoing *o, const struct SendOptions *options, const char *path)
{
    int code;

    o->options = options;
    o->sender_memory = NULL;
    o->eof = false;
    o->flush_at = CLOCK_NEVER;
    o->wire = o->first_pass = 0;
    o->begin = clock_now();
    buffer_init(&o->stage, o->stage_memory, sizeof o->stage_memory, 0);
    digest_init(&o->digest);
    code = open_source(o, path);
    return code == EXIT_DELIVERED ? open_sender(o) : code;
}

void outgoing_close(struct Outgoing *o)
{
    file_source_close(&o->source);
    free(o->sender_memory);
    o->sender_memory = NULL;
}

static ptrdiff_t read_source(void *ctx, uint8_t *space, size_t size)
{
    struct Outgoing *o = ctx;
    ssize_t n = read(o->source.fd, space, size);

    if (n == 0)
        o->eof = true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n;
}

/* Move what was read into symbols, as far as the line has caught up. */
static void take_stage(struct Outgoing *o, uint64_t now)
{
    while (o->stage.len > 0) {
        size_t len, n;
        uint8_t *space = sender_space(&o->sender, &len);

        if (!space)
            return;
        n = o->stage.len < len ? o->stage.len : len;
        memcpy(space, o->stage.base + o->stage.head, n);
        digest_update(&o->digest, space, n);
        buffer_ltrunc(&o->stage, n);
        sender_take(&o->sender, n);
        if (o->flush_at == CLOCK_NEVER)
            o->flush_at = now + o->options->flush;
    }
    buffer_reset(&o->stage, 0);
    if (o->eof && !o->sender.stream.ended)
        sender_end(&o->sender);
}

bool outgoing_wants_input(const struct Outgoing *o)
{
    return outgoing_is_stream(o) && !o->eof && o->stage.len == 0;
}

int outgoing_read(struct Outgoing *o)
{
    return buffer_write_with(&o->stage, read_source, o) < 0 ? -1 : 0;
}

void outgoing_take(struct Outgoing *o, uint64_t now)
{
    if (!outgoing_is_stream(o))
        return;
    take_stage(o, now);
    if (now >= o->flush_at) {
        sender_flush(&o->sender);
        o->flush_at = CLOCK_NEVER;
    }
}

bool outgoing_has_ended(const struct Outgoing *o)
{
    switch (o->sender.state) {
    case SENDER_SOURCES:
    case SENDER_REPAIRS:
    case SENDER_CLOSING:
    case SENDER_STREAMING:
    case SENDER_TAIL:
    case SENDER_DELIVERING:
    case SENDER_CONFIRMING:
    case SENDER_CONFIRMED:
        return false;
    case SENDER_REFUSED:
    case SENDER_ABORTED:
    case SENDER_FINISHED:
    case SENDER_FAILED:
        break;
    }
    return true;
}

bool outgoing_hash_ahead(struct Outgoing *o)
{
    if (!o->options->line.two_way || outgoing_is_stream(o) || file_source_digest(&o->source))
        return false;
    return file_source_hash_more(&o->source) > 0;
}

enum AbortReason outgoing_explain(struct Outgoing *o, int error)
{
    if (!outgoing_is_stream(o) && (o->source.shortened || file_source_changed(&o->source))) {
        diag("%s: changed while it was being sent; what was received is an older state, or "
             "incomplete: send it again",
             o->name);
        return ABORT_CHANGED;
    }
    if (outgoing_is_stream(o) && error == 0) {
        diag("%s: the receiver has started anew, and a stream cannot be sent twice", o->name);
        return ABORT_OTHER;
    }
    diag_errno(error, o->name, "cannot read");
    return ABORT_READ;
}

struct ReportSend outgoing_describe(const struct Outgoing *o)
{
    return (struct ReportSend){.name = o->name,
                               .sender = &o->sender,
                               .mtu = o->mtu,
                               .rate = o->options->rate,
                               .packet_rate = o->options->packet_rate,
                               .wire = o->wire,
                               .begin = o->begin};
}
