#include "host/outgoing.h"

#include "core/armor.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/hasher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        *digest = view_of(o->digest_value, digest_size(o->options->digest));
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
    *digest = view_of(value, digest_size(o->options->digest));
    return true;
}

static const uint8_t *lend_bytes(void *ctx, uint64_t offset, size_t len)
{
    struct Outgoing *o = ctx;

    return file_source_lend(&o->source, offset, len);
}

const char *outgoing_name(const struct OutgoingItem *item)
{
    if (item->name)
        return item->name;
    return strcmp(item->path, "-") == 0 ? "stdin" : item->path;
}

/* Open the source. An exit code. */
static int open_source(struct Outgoing *o, const struct OutgoingItem *item)
{
    const char *path = item->path;
    bool is_stdin = strcmp(path, "-") == 0;

    o->name = outgoing_name(item);
    diag_escape(o->short_name, sizeof o->short_name - 4, view_of(o->name, strlen(o->name)));
    if (path[0] == '\0') {
        diag("FILE is empty");
        return EXIT_USAGE;
    }
    if ((is_stdin ? file_source_open_fd(&o->source, STDIN_FILENO, o->options->digest)
                  : file_source_open(&o->source, path, o->options->digest)) != 0) {
        if (errno == EISDIR)
            diag("%s: is a folder; use tar", path);
        else
            diag_errno(errno, o->name, NULL);
        return errno == EISDIR ? EXIT_USAGE : EXIT_IO;
    }
    return EXIT_DELIVERED;
}

/* A stream is one, and does not have to be anything else. An exit code. */
static int check_kind(struct Outgoing *o, const struct OutgoingItem *item)
{
    if (outgoing_is_stream(o) && o->options->passes != 1) {
        diag("%s: is a stream and cannot be sent twice: --repeat and --loop need a file", o->name);
        return EXIT_USAGE;
    }
    if (!outgoing_is_stream(o) && item->name) {
        diag("%s: is a file and no stream: %s", item->name, item->path);
        return EXIT_USAGE;
    }
    if (item->name)
        file_source_rename(&o->source, item->name);
    return EXIT_DELIVERED;
}

int outgoing_open(struct Outgoing *o, const struct SendOptions *options,
                  const struct OutgoingItem *item, struct OutgoingLine line)
{
    int code;

    o->options = options;
    o->speaks = options->line.form.wire == WIRE_FTAG ? &outgoing_ftag : &outgoing_dttk;
    o->lender = (struct SenderSource){o, lend_bytes, lend_digest};
    o->source = (struct FileSource){.fd = -1}; /* may be closed whatever happens */
    o->sender = (struct Sender){0};
    o->sender_memory = NULL;
    o->eof = false;
    o->flush_at = CLOCK_NEVER;
    o->wire = o->share = 0;
    o->beside = item->name != NULL;
    o->passed = o->unreadable = false;
    o->error = 0;
    o->begin = clock_now();
    buffer_init(&o->stage, o->stage_memory, sizeof o->stage_memory, 0);
    buffer_init(&o->packet, o->packet_memory, sizeof o->packet_memory, PACKET_HEADROOM);
    digest_init(&o->digest, options->digest);
    code = open_source(o, item);
    if (code == EXIT_DELIVERED)
        code = check_kind(o, item);
    return code == EXIT_DELIVERED ? o->speaks->open(o, line) : code;
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
        hasher_now(&o->digest, space, n);
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

void outgoing_read(struct Outgoing *o)
{
    if (buffer_write_with(&o->stage, read_source, o) >= 0)
        return;
    o->error = errno;
    o->unreadable = true;
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

bool outgoing_put(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes)
{
    bool put;

    errno = 0;
    put = o->speaks->put(o, s, now, bytes);
    if (put)
        o->wire += *bytes;
    else if (outgoing_state(o) == OUTGOING_ENDED && !o->unreadable)
        o->error = errno;
    o->passed = o->sender.pass > 0;
    return put;
}

void outgoing_put_abort(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                        uint64_t now)
{
    o->speaks->put_abort(o, s, reason, copies, now);
}

enum OutgoingState outgoing_state(const struct Outgoing *o)
{
    return o->unreadable ? OUTGOING_ENDED : o->speaks->state(o);
}

bool outgoing_is_confirmed(const struct Outgoing *o)
{
    return o->options->line.two_way &&
           (o->sender.state == SENDER_CONFIRMED || o->sender.state == SENDER_FINISHED);
}

bool outgoing_is_alike(const struct Outgoing *a, const struct Outgoing *b)
{
    const struct FileSource *x = &a->source, *y = &b->source;

    if (x->name_len == y->name_len && x->name_len > 0 && memcmp(x->name, y->name, x->name_len) == 0)
        return true;
    return !outgoing_is_stream(a) && !outgoing_is_stream(b) && x->size == y->size &&
           memcmp(x->id, y->id, sizeof x->id) == 0;
}

bool outgoing_hash_ahead(struct Outgoing *o)
{
    if (!o->options->line.two_way || outgoing_is_stream(o) || file_source_digest(&o->source))
        return false;
    return file_source_hash_more(&o->source) > 0;
}

struct ReportSend outgoing_describe(const struct Outgoing *o)
{
    const struct SendOptions *options = o->options;
    struct ReportSend sent = {.name = o->name,
                              .form = options->line.form,
                              .stream = outgoing_is_stream(o),
                              .two_way = options->line.two_way,
                              .mtu = o->mtu,
                              .line = options->line.form.armor ? armor_size(o->mtu) : o->mtu,
                              .rate = options->rate,
                              .packet_rate = options->packet_rate,
                              .begin = o->begin,
                              .wire = o->wire};

    o->speaks->describe(o, &sent);
    return sent;
}
