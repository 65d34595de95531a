#include "host/delay.h"
#include <stdlib.h>

#define ROOM_MIN ((size_t)1 << 17)

int delay_open(struct Delay *d, uint64_t latency)
{
    *d = (struct Delay){.latency = latency};
    /* Marks are a millisecond apart and those in the ring lie between now and now + latency. */
    d->mark_room = (size_t)(latency / CLOCK_MS) + 4;
    uint8_t *memory = malloc(ROOM_MIN);
    d->marks = calloc(d->mark_room, sizeof *d->marks);
    if (memory == NULL || d->marks == NULL) {
        free(memory);
        free(d->marks);
        return -1;
    }
    buffer_init(&d->bytes, memory, ROOM_MIN, 0);
    return 0;
}

void delay_close(struct Delay *d)
{
    free(d->bytes.base);
    free(d->marks);
    *d = (struct Delay){0};
}

/* Room for len more bytes. Moves no more bytes than have gone since the last move, or doubles. */
static bool make_room(struct Delay *d, size_t len)
{
    struct Buffer *b = &d->bytes;
    if (b->len == 0)
        buffer_reset(b, 0);
    if (buffer_tailroom(b) >= len)
        return true;
    if (buffer_headroom(b) >= b->len && buffer_headroom(b) + buffer_tailroom(b) >= len)
        return buffer_rebase(b, 0);
    size_t size = b->size * 2;
    while (size - b->head - b->len < len)
        size *= 2;
    uint8_t *memory = realloc(b->base, size);
    if (memory == NULL)
        return false;
    b->base = memory;
    b->size = size;
    return true;
}

static struct DelayMark *mark_at(const struct Delay *d, size_t i)
{
    return &d->marks[(d->mark_first + i) % d->mark_room];
}

static void mark(struct Delay *d, uint64_t now)
{
    uint64_t due = (now + d->latency + CLOCK_MS - 1) / CLOCK_MS * CLOCK_MS;
    bool same = d->mark_count > 0 && mark_at(d, d->mark_count - 1)->due == due;
    if (!same && d->mark_count < d->mark_room)
        d->mark_count++;
    *mark_at(d, d->mark_count - 1) = (struct DelayMark){.due = due, .end = d->appended};
}

bool delay_append(struct Delay *d, uint64_t now, const uint8_t *bytes, size_t len)
{
    if (!make_room(d, len))
        return false;
    (void)buffer_append(&d->bytes, bytes, len);
    d->appended += len;
    if (d->latency == 0)
        d->ready = d->appended;
    else
        mark(d, now);
    return true;
}

struct View delay_ready(struct Delay *d, uint64_t now)
{
    while (d->mark_count > 0 && mark_at(d, 0)->due <= now) {
        d->ready = mark_at(d, 0)->end;
        d->mark_first = (d->mark_first + 1) % d->mark_room;
        d->mark_count--;
    }
    struct View all = buffer_view(&d->bytes);
    return view_of(all.data, (size_t)(d->ready - d->taken));
}

void delay_take(struct Delay *d, size_t len)
{
    (void)buffer_ltrunc(&d->bytes, len);
    d->taken += len;
}

uint64_t delay_deadline(const struct Delay *d)
{
    return d->mark_count > 0 ? mark_at(d, 0)->due : CLOCK_NEVER;
}

size_t delay_len(const struct Delay *d)
{
    return d->bytes.len;
}
