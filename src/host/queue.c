#include "host/queue.h"
#include <stdbool.h>

#define LOOK_MIN     CLOCK_MS            /* so often at most */
#define EAGER        4                   /* so much sooner while the line seems to be faster */
#define BYTES_MAX    ((uint64_t)1 << 32) /* of one look: no overflow below */
#define PIECES       4 /* of what the queue may hold: the least to be written at once */
#define FASTER_PARTS 5 /* faster: by a quarter at least, as no baud rate is off */
#define FASTER_OF    4

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ns that the line takes for bytes. */
static uint64_t line_time(const struct Queue *q, uint64_t bytes)
{
    return min_u64(bytes, BYTES_MAX) * CLOCK_SECOND / q->rate;
}

void queue_init(struct Queue *q, uint64_t bytes_per_s, uint64_t now)
{
    *q = (struct Queue){.nominal = bytes_per_s, .rate = bytes_per_s, .looked = now};
}

uint64_t queue_limit(const struct Queue *q)
{
    uint64_t limit = max_u64(q->rate * (QUEUE_TIME / CLOCK_MS) / 1000, QUEUE_MIN);
    return q->capacity > 0 ? min_u64(limit, q->capacity) : limit;
}

/*
 * Of `held` bytes those still queued. A driver that says more than were written (as of USB modems)
 * counts blocks, however full they are: the share of blocks is taken for that of bytes.
 */
static uint64_t still_held(const struct Queue *q, uint64_t fresh, uint64_t held, uint64_t queued)
{
    if (fresh == 0 && q->said > q->held)
        return min_u64(held * min_u64(queued, q->said) / q->said, held);
    return min_u64(queued, held);
}

/* Bytes have gone in the time since the last look. */
static void speed_up(struct Queue *q, uint64_t gone, uint64_t time)
{
    uint64_t ahead = q->ahead + line_time(q, gone) * FASTER_OF / FASTER_PARTS;
    q->ahead = ahead > time ? ahead - time : 0;
    if (q->ahead > line_time(q, QUEUE_HIDDEN) && q->rate < QUEUE_RATE_MAX) {
        q->rate = min_u64(q->rate * 2, QUEUE_RATE_MAX);
        q->ahead = 0;
        q->capacity = 0;
    }
}

static void slow_down(struct Queue *q, uint64_t gone, uint64_t now)
{
    uint64_t time = now - q->slow_since;
    q->slow_bytes += gone;
    if (q->held == 0) {
        q->slow_since = now;
        q->slow_bytes = 0;
    } else if (time >= QUEUE_SLOW) {
        if (line_time(q, q->slow_bytes) < time / 2)
            q->rate = max_u64(q->rate / 2, q->nominal);
        q->slow_since = now;
        q->slow_bytes = 0;
    }
}

/* Take down what is told. */
static void note(struct Queue *q, uint64_t written, uint64_t queued, uint64_t now)
{
    uint64_t fresh = written - q->written;
    uint64_t all = min_u64(q->held + fresh, BYTES_MAX);
    uint64_t held = still_held(q, fresh, all, queued);
    bool was_empty = q->held == 0;
    if (was_empty)
        q->slow_since = now; /* the time before says nothing */
    speed_up(q, all - held, now - q->looked);
    q->written = written;
    q->held = held;
    q->said = queued;
    q->blocks = q->blocks || queued > held;
    q->looked = now;
    slow_down(q, was_empty ? 0 : all - held, now);
}

/* The next look is when half of limit is left; sooner while the line seems to be faster. */
static void set_deadline(struct Queue *q, uint64_t limit)
{
    uint64_t time = q->held > limit / 2 ? line_time(q, q->held - limit / 2) : 0;
    q->deadline = q->looked + max_u64(q->ahead > 0 ? time / EAGER : time, LOOK_MIN);
}

size_t queue_look(struct Queue *q, uint64_t written, uint64_t queued, uint64_t now)
{
    note(q, written, queued, now);
    if (q->held == 0)
        q->capacity = 0; /* it may be another by now */
    uint64_t limit = queue_limit(q);
    uint64_t room = q->held < limit ? limit - q->held : 0;
    set_deadline(q, limit);
    if (room < limit / PIECES)
        return 0;
    return (size_t)(q->blocks ? limit / PIECES : room); /* to see blocks go one by one */
}

void queue_refused(struct Queue *q, uint64_t written, uint64_t queued, uint64_t now)
{
    note(q, written, queued, now);
    q->capacity = max_u64(q->held, QUEUE_MIN);
    set_deadline(q, queue_limit(q));
}

uint64_t queue_deadline(const struct Queue *q)
{
    return q->deadline;
}
