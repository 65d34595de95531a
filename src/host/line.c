#include "host/line.h"

#include <errno.h>

#define BYTE_BITS 10             /* a byte on the line: start bit, 8 bits, stop bit */
#define PIECE     (4 * CLOCK_MS) /* line time worth a wake-up */
#define QUEUE_MIN 16             /* bytes, however slow the line */

/* A DamageSink. */
static void take_damaged(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Line *l = ctx;
    if (!l->no_memory && !delay_append(&l->queue, l->now, bytes, len))
        l->no_memory = true;
}

/* Bytes that the line carries in a time. */
static uint64_t carried(uint64_t baud, uint64_t time)
{
    return baud * (time / CLOCK_MS) / BYTE_BITS / 1000;
}

static size_t queue_limit(const struct LineConfig *c)
{
    if (c->baud == 0)
        return c->latency > 0 ? LINE_MOST : LINE_UNPACED;
    uint64_t bytes = carried(c->baud, c->latency + LINE_QUEUE) + QUEUE_MIN;
    return bytes < LINE_MOST ? (size_t)bytes : LINE_MOST;
}

int line_open(struct Line *l, const struct LineConfig *c, uint64_t now)
{
    if (delay_open(&l->queue, c->latency) < 0)
        return -1;
    l->queue_max = queue_limit(c);
    l->piece_min = (size_t)carried(c->baud, PIECE) + 1;
    l->now = now;
    l->discarded = 0;
    l->refused = false;
    l->no_memory = false;
    pacer_init(&l->pacer, c->baud, 0, now);
    damage_init(&l->damage, &c->damage, take_damaged, l);
    return 0;
}

void line_close(struct Line *l)
{
    damage_reset(&l->damage);
    delay_close(&l->queue);
}

static bool has_room(const struct Line *l)
{
    return !l->port.eof && delay_len(&l->queue) < l->queue_max;
}

/* Bytes that may be read now; 0: the queue is full, or the line's time has not come. */
static size_t readable(struct Line *l)
{
    size_t bits = pacer_allowance(&l->pacer, l->now);
    if (!has_room(l) || bits == 0)
        return 0;
    size_t bytes = bits / BYTE_BITS;
    bytes = bytes > l->piece_min ? bytes : l->piece_min;
    return bytes < LINE_PIECE ? bytes : LINE_PIECE;
}

void line_watch(struct Line *l, struct Loop *loop, uint64_t now)
{
    l->now = now;
    port_watch(&l->port, loop, readable(l) > 0, line_arrived(l, now) > 0);
}

uint64_t line_deadline(struct Line *l, uint64_t now)
{
    l->now = now;
    uint64_t deadline = clock_earlier(port_deadline(&l->port), delay_deadline(&l->queue));
    if (has_room(l) && readable(l) == 0)
        deadline = clock_earlier(deadline, pacer_deadline(&l->pacer));
    return deadline;
}

int line_feed(struct Line *l, const struct Loop *loop, uint64_t now)
{
    l->now = now;
    size_t most = loop_ready(loop, l->port.in_slot) ? readable(l) : 0;
    if (most == 0)
        return 0;
    uint64_t before = l->damage.counters.bytes_out;
    ptrdiff_t len = port_read(&l->port, l->piece, most);
    if (len < 0) {
        errno = l->port.error;
        return -1;
    }
    bool fed = damage_feed(&l->damage, l->piece, (size_t)len);
    if (l->port.eof)
        damage_finish(&l->damage);
    if (!fed || l->no_memory) {
        errno = ENOMEM;
        return -1;
    }
    /* Lost bytes take their time on the line too, and so do second copies. */
    uint64_t made = l->damage.counters.bytes_out - before;
    uint64_t spent = made > (uint64_t)len ? made : (uint64_t)len;
    pacer_spend(&l->pacer, now, spent * BYTE_BITS, 0);
    return 0;
}

size_t line_arrived(struct Line *l, uint64_t now)
{
    return delay_ready(&l->queue, now).len;
}

int line_drain(struct Line *l, const struct Loop *loop, uint64_t now)
{
    if (loop_ready(loop, l->port.out_slot))
        l->refused = false;
    struct View arrived = delay_ready(&l->queue, now);
    if (arrived.len == 0 || l->refused)
        return 0;
    ptrdiff_t len = port_write(&l->port, arrived.data, arrived.len);
    if (len < 0) {
        errno = l->port.error;
        return -1;
    }
    delay_take(&l->queue, (size_t)len);
    l->refused = (size_t)len < arrived.len;
    return 0;
}

void line_discard(struct Line *l, uint64_t now)
{
    size_t arrived = line_arrived(l, now);
    delay_take(&l->queue, arrived);
    l->discarded += arrived;
    l->refused = false;
}

bool line_done(const struct Line *l)
{
    return l->port.eof && delay_len(&l->queue) == 0;
}
