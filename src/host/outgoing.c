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
    if (file_source_look(&o->source, is_stdin ? NULL : path, STDIN_FILENO, o->options->digest) !=
        0) {
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

/* All zero is not what it begins with. */
static void reset(struct Outgoing *o, const struct SendOptions *options)
{
    o->options = options;
    o->speaks = options->line.form.wire == WIRE_FTAG ? &outgoing_ftag : &outgoing_dttk;
    o->lender = (struct SenderSource){o, lend_bytes, lend_digest};
    o->source = (struct FileSource){.fd = -1}; /* may be closed whatever happens */
    o->file_packer = (struct FilePacker){.state = FILE_PACKER_CLOSED};
    o->packer = (struct Packer){0};
    o->sender = (struct Sender){0};
    o->sender_memory = NULL;
    o->eof = o->flushing = false;
    o->flush_at = CLOCK_NEVER;
    o->wire = o->share = o->unpacked = 0;
    o->passed = o->unreadable = false;
    o->error = 0;
    o->begin = clock_now();
    buffer_init(&o->stage, o->stage_memory, sizeof o->stage_memory, 0);
    buffer_init(&o->packet, o->packet_memory, sizeof o->packet_memory, PACKET_HEADROOM);
    digest_init(&o->digest, options->digest);
}

/* The source is what will be sent: what it is, and its sender. An exit code. */
static int open_sender(struct Outgoing *o, struct OutgoingLine line)
{
    if (file_source_ready(&o->source) != 0) {
        diag_errno(errno, o->name, NULL);
        return EXIT_IO;
    }
    o->unpacked = o->source.unpacked;
    o->begin = clock_now();
    return o->speaks->open(o, line);
}

/* Begin to pack it. An exit code. */
static int open_packer(struct Outgoing *o)
{
    if (!outgoing_is_stream(o)) {
        file_packer_open(&o->file_packer, &o->source);
        return EXIT_DELIVERED;
    }
    if (packer_open(&o->packer, PACK_UNKNOWN) == 0)
        return EXIT_DELIVERED;
    diag_errno(errno, o->name, NULL);
    return EXIT_IO;
}

int outgoing_open(struct Outgoing *o, const struct SendOptions *options,
                  const struct OutgoingItem *item, struct OutgoingLine line)
{
    int code;

    reset(o, options);
    o->beside = item->name != NULL;
    code = open_source(o, item);
    if (code == EXIT_DELIVERED)
        code = check_kind(o, item);
    if (code == EXIT_DELIVERED && options->pack)
        code = open_packer(o);
    if (code != EXIT_DELIVERED || outgoing_is_packing(o))
        return code;
    return open_sender(o, line);
}

bool outgoing_is_packing(const struct Outgoing *o)
{
    return o->file_packer.state != FILE_PACKER_CLOSED;
}

int outgoing_pack(struct Outgoing *o, struct OutgoingLine line)
{
    struct FilePacker *p = &o->file_packer;
    enum FilePackerState state = p->state;
    int error;

    if (state == FILE_PACKER_MORE)
        state = file_packer_step(p, &o->source);
    if (state == FILE_PACKER_MORE)
        return EXIT_DELIVERED;
    error = p->error;
    file_packer_close(p);
    if (outgoing_explain_packing(o, state, error) != EXIT_DELIVERED)
        return EXIT_IO;
    return open_sender(o, line);
}

void outgoing_close(struct Outgoing *o)
{
    file_packer_close(&o->file_packer);
    packer_close(&o->packer);
    file_source_close(&o->source);
    free(o->sender_memory);
    o->sender_memory = NULL;
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
                              .unpacked = o->unpacked,
                              .mtu = o->mtu,
                              .line = options->line.form.armor ? armor_size(o->mtu) : o->mtu,
                              .rate = options->rate,
                              .packet_rate = options->packet_rate,
                              .begin = o->begin,
                              .wire = o->wire};

    o->speaks->describe(o, &sent);
    return sent;
}
