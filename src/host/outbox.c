#include "host/outbox.h"

#include "host/diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The size of a file, as a guess for the progress; 0: of a stream, or not known. */
static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

int outbox_open(struct Outbox *b, const struct SendOptions *options, uint64_t rate)
{
    static const char *const standard_input = "-";
    bool none = options->file_count + options->stream_count == 0;
    size_t n = options->file_count + options->stream_count + none, at = 0;

    *b = (struct Outbox){.options = options, .rate = rate, .window = UINT64_MAX};
    b->items = calloc(n, sizeof *b->items);
    if (!b->items) {
        diag("out of memory");
        return EXIT_IO;
    }
    for (size_t i = 0; i < options->stream_count; i++, at++)
        b->items[at] = (struct OutgoingItem){options->streams[i].path, options->streams[i].name, 0};
    for (size_t i = 0; i < options->file_count; i++, at++)
        b->items[at] = (struct OutgoingItem){options->files[i], NULL, size_of(options->files[i])};
    if (none)
        b->items[at] = (struct OutgoingItem){standard_input, NULL, 0};
    b->item_count = n;
    return EXIT_DELIVERED;
}

static void dispose(struct Outgoing *o)
{
    if (o)
        outgoing_close(o);
    free(o);
}

void outbox_close(struct Outbox *b)
{
    for (size_t i = 0; i < b->count; i++)
        dispose(b->active[i]);
    dispose(b->parked);
    free(b->spare);
    free(b->items);
    *b = (struct Outbox){0};
}

/* Streams on the line that take no file's place. */
static size_t beside_files(const struct Outbox *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->count; i++)
        n += b->active[i]->beside;
    return n;
}

/* Objects that may share the line now. */
static size_t active_max(const struct Outbox *b)
{
    if (b->options->line.two_way && !b->heard)
        return 1; /* nobody knows yet what the receiver has room for */
    if (b->options->line.turnaround > 0)
        return 1; /* one voice at a time */
    return b->options->in_order ? beside_files(b) + 1 : SEND_AT_ONCE;
}

static bool has_like(const struct Outbox *b, const struct Outgoing *o)
{
    for (size_t i = 0; i < b->count; i++) {
        if (outgoing_is_alike(b->active[i], o))
            return true;
    }
    return false;
}

bool outbox_has_room(const struct Outbox *b)
{
    if (b->count >= active_max(b))
        return false;
    if (b->parked)
        return !outgoing_is_packing(b->parked) && !has_like(b, b->parked);
    return b->next < b->item_count;
}

static struct Outgoing *take_spare(struct Outbox *b)
{
    struct Outgoing *o = b->spare ? b->spare : malloc(sizeof *o);

    b->spare = NULL;
    return o;
}

static void put_spare(struct Outbox *b, struct Outgoing *o)
{
    if (b->spare)
        free(o);
    else
        b->spare = o;
}

/* It will never be on the line. */
static void skip(struct Outbox *b, struct Outgoing *o)
{
    outgoing_close(o);
    put_spare(b, o);
    b->passed++;
    b->done.objects++;
}

static struct OutgoingLine line_now(const struct Outbox *b, uint16_t tags[SEND_AT_ONCE])
{
    for (size_t i = 0; i < b->count; i++)
        tags[i] = b->active[i]->sender.tag;
    return (struct OutgoingLine){tags, b->count, b->rate};
}

static int open_item(struct Outbox *b, struct Outgoing *o)
{
    const struct OutgoingItem *item = &b->items[b->next++];
    uint16_t tags[SEND_AT_ONCE];
    int code = outgoing_open(o, b->options, item, line_now(b, tags));

    if (code != EXIT_DELIVERED)
        skip(b, o);
    return code;
}

/* Two with one content or one name are not for receivers at once: the second waits. An exit code.
 */
static int park(struct Outbox *b, struct Outgoing *o)
{
    if (b->options->passes != 0) {
        b->parked = o;
        return EXIT_DELIVERED;
    }
    diag("%s: has the content or the name of another, which --loop never ends", o->name);
    skip(b, o);
    return EXIT_USAGE;
}

const char *outbox_next(const struct Outbox *b)
{
    const struct OutgoingItem *item = b->items + b->next;

    if (b->parked)
        return b->parked->name;
    if (b->next == b->item_count)
        return NULL;
    return outgoing_name(item);
}

void outbox_forgo(struct Outbox *b)
{
    dispose(b->parked);
    if (!b->parked)
        b->next++;
    b->parked = NULL;
}

bool outbox_is_packing(const struct Outbox *b)
{
    return b->parked && outgoing_is_packing(b->parked);
}

int outbox_pack(struct Outbox *b, const char **name)
{
    struct Outgoing *o = b->parked;
    uint16_t tags[SEND_AT_ONCE];
    int code = outgoing_pack(o, line_now(b, tags));

    *name = o->name;
    if (code != EXIT_DELIVERED) {
        b->parked = NULL;
        skip(b, o);
    }
    return code;
}

int outbox_add(struct Outbox *b, struct Outgoing **opened)
{
    struct Outgoing *o = b->parked ? b->parked : take_spare(b);
    int code = EXIT_DELIVERED;

    *opened = NULL;
    if (!o) {
        diag("out of memory");
        return EXIT_IO;
    }
    if (!b->parked)
        code = open_item(b, o);
    b->parked = NULL;
    if (code != EXIT_DELIVERED)
        return code;
    if (outgoing_is_packing(o)) {
        b->parked = o;
        return code;
    }
    if (has_like(b, o))
        return park(b, o);
    b->active[b->count++] = o;
    *opened = o;
    return code;
}

void outbox_retire(struct Outbox *b, size_t i)
{
    struct Outgoing *o = b->active[i];
    struct ReportSend sent = outgoing_describe(o);

    b->done.objects++;
    b->done.size += sent.size;
    b->done.confirmed += sent.confirmed;
    b->done.wire += sent.wire;
    b->done.repairs += sent.repairs;
    b->done.good += sent.good;
    b->done.lost += sent.lost;
    if (!o->passed)
        b->passed++; /* it never will */
    b->spoken = true;
    b->last_tag = o->sender.tag;
    b->last_seq = o->sender.seq;
    outgoing_close(o);
    put_spare(b, o);
    b->active[i] = b->active[--b->count];
}

bool outbox_is_empty(const struct Outbox *b)
{
    return b->count == 0 && outbox_unsent(b) == 0;
}

size_t outbox_unsent(const struct Outbox *b)
{
    return b->item_count - b->next + (b->parked != NULL);
}

/* Bytes on the line that what was not opened yet will take, about. */
static uint64_t wire_to_come(const struct Outbox *b)
{
    uint64_t size = 0;

    for (size_t i = b->next; i < b->item_count; i++)
        size += b->items[i].size;
    return size + size / 1000 * b->options->redundancy;
}

/* The line waits for what is being packed. */
static void packing_progress(const struct Outgoing *o, char *name, struct ProgressState *state)
{
    *state =
        (struct ProgressState){.name = name, .done = o->file_packer.at, .total = o->source.size};
    snprintf(name, OUTBOX_NAME, "packing %s", o->short_name);
}

void outbox_progress(const struct Outbox *b, size_t unwritten, char *name,
                     struct ProgressState *state)
{
    if (b->count == 0) {
        packing_progress(b->parked, name, state);
        return;
    }
    uint64_t size = b->done.size, wire = b->done.wire + wire_to_come(b);
    bool known = true, two_way = b->options->line.two_way;
    size_t more = b->item_count - (size_t)b->done.objects;

    *state = (struct ProgressState){.name = name,
                                    .done = b->done.confirmed,
                                    .repairs = b->done.repairs,
                                    .good = b->done.good,
                                    .lost = b->done.lost};
    for (size_t i = b->next; i < b->item_count; i++)
        size += b->items[i].size;
    for (size_t i = 0; i < b->count; i++) {
        struct ReportSend sent = outgoing_describe(b->active[i]);

        known = known && !sent.stream && (two_way || sent.passes == 0);
        size += sent.size;
        wire += (uint64_t)((double)sent.plan * (double)sent.wire / (double)(sent.packets + 1));
        state->done += sent.confirmed;
        state->repairs += sent.repairs;
        state->good += sent.good;
        state->lost += sent.lost;
    }
    if (!two_way) /* what is written is all that is known: the pass, in bytes of the line */
        state->done = b->wire - unwritten;
    state->total = !known ? 0 : two_way ? size : wire;
    if (more <= 1)
        snprintf(name, OUTBOX_NAME, "%s", b->active[0]->short_name);
    else
        snprintf(name, OUTBOX_NAME, "%s and %zu more", b->active[0]->short_name, more - 1);
}
