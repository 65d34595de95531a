#include "core/flight.h"

#define SECOND     UINT64_C(1000000000)
#define MS         UINT64_C(1000000)
#define DELAY_KEPT (10 * SECOND) /* how long a smallest delay is believed, */
#define RATE_KEPT  (3 * SECOND)  /* and a largest rate, but at least some delays */
#define SLACK      (200 * MS)    /* line time in flight beyond the delay: answers come in steps */
#define LATE       (100 * MS)    /* an answer may be late by so much without a reason */
#define FLAT       3             /* rounds without growth after which the rate is known */
#define SEEN_LEAST 60000         /* bytes over which loss is counted */
#define SEEN_MOST  (UINT64_C(1) << 30)
#define PRIOR      8000 /* bytes with half a loss that are taken for granted */
#define OVERHEAD   12   /* bytes of a packet that are not payload */
#define FIRST_WAIT SECOND
#define WAIT_LEAST (250 * MS)
#define WAIT_MOST  (60 * SECOND)
#define QUEUE_MOST (3 * SECOND) /* what waits in queues that nobody sees is not thought longer */

void flight_init(struct Flight *f)
{
    *f = (struct Flight){.delay = UINT64_MAX};
}

bool flight_has_room(const struct Flight *f)
{
    return f->count < FLIGHT_MAX;
}

bool flight_has(const struct Flight *f, uint8_t seq)
{
    return (uint8_t)(f->next - 1 - seq) < f->count;
}

static uint8_t oldest(const struct Flight *f)
{
    return (uint8_t)(f->next - f->count);
}

const struct FlightPacket *flight_packet(const struct Flight *f, unsigned i)
{
    CORE_ASSERT(i < f->count);
    return &f->packets[(uint8_t)(oldest(f) + i)];
}

/* The oldest has passed, or is given up. */
static const struct FlightPacket *land(struct Flight *f)
{
    const struct FlightPacket *p = &f->packets[oldest(f)];

    f->bytes -= p->bytes;
    f->count--;
    return p;
}

void flight_send(struct Flight *f, uint64_t first, uint32_t count, uint32_t bytes, uint64_t now)
{
    /* Questions may exceed FLIGHT_MAX: the oldest packets are then beyond all hope. */
    if (f->count == PACKET_AHEAD_MAX)
        land(f);
    if (f->count == 0)
        f->passed_at = now;
    f->packets[f->next] = (struct FlightPacket){.first = first,
                                                .count = count,
                                                .bytes = bytes,
                                                .sent = now,
                                                .passed = f->passed,
                                                .passed_at = f->passed_at};
    f->next++;
    f->count++;
    f->bytes += bytes;
    if (f->low && f->low_since == 0 && f->bytes <= flight_limit(f, bytes))
        f->low_since = now;
}

/* Periods go by: what is older than two is forgotten, as if it had been `nothing`. */
static void best_advance(struct FlightBest *b, uint64_t period, uint64_t nothing, uint64_t now)
{
    if (now - b->since < period)
        return;
    b->before = now - b->since < 2 * period ? b->now : nothing;
    b->now = nothing;
    b->since = now;
}

static uint64_t largest(const struct FlightBest *b)
{
    return b->now > b->before ? b->now : b->before;
}

/* What was learnt while somebody slept is outweighed by a single answer that came quickly. */
uint64_t flight_timeout(const struct Flight *f)
{
    uint64_t wait = f->smoothed + 4 * f->deviation + LATE;
    uint64_t most = f->delay < WAIT_MOST ? 4 * f->delay + QUEUE_MOST : WAIT_MOST;

    if (f->smoothed == 0)
        return FIRST_WAIT;
    if (wait < WAIT_LEAST)
        return WAIT_LEAST;
    most = most < WAIT_MOST ? most : WAIT_MOST;
    return wait < most ? wait : most;
}

/*
 * A smaller delay counts at once, a larger one only if it was measured without a queue. Lowering
 * the flight costs nothing: the line is still full by what is known of it.
 */
static void take_smallest(struct Flight *f, const struct FlightPacket *p, uint64_t delay,
                          uint64_t now)
{
    bool alone = f->low && f->low_since > 0 && p->sent >= f->low_since;

    if (delay <= f->delay || alone) {
        f->delay = delay;
        f->delay_since = now;
        f->low = false;
    } else if (!f->low && now - f->delay_since >= DELAY_KEPT) {
        f->low = true;
        f->low_since = 0;
    }
}

static void measure_delay(struct Flight *f, const struct FlightPacket *p, uint64_t now)
{
    uint64_t delay = now - p->sent, most = 2 * flight_timeout(f), off;

    /* One that is out of all proportion says that somebody slept, not how long the path is. */
    delay = f->smoothed > 0 && delay > most ? most : delay;
    off = delay > f->smoothed ? delay - f->smoothed : f->smoothed - delay;
    if (f->smoothed == 0) {
        f->smoothed = delay;
        f->deviation = delay / 2;
    } else {
        f->deviation = (3 * f->deviation + off) / 4;
        f->smoothed = (7 * f->smoothed + delay) / 8;
    }
    take_smallest(f, p, delay, now);
    if (delay > 2 * f->delay + LATE)
        f->flat = FLAT; /* a queue builds up: the line is full */
}

/* bytes * SECOND / ns without overflow. */
static uint64_t rate_of(uint64_t bytes, uint64_t ns)
{
    if (bytes > UINT64_MAX / SECOND)
        return bytes / (ns / SECOND + 1);
    return bytes * SECOND / (ns > 0 ? ns : 1);
}

static void measure_rate(struct Flight *f, const struct FlightPacket *p, uint64_t now)
{
    uint64_t kept = 4 * f->delay > RATE_KEPT ? 4 * f->delay : RATE_KEPT;
    uint64_t rate = rate_of(f->passed - p->passed, now - p->passed_at);

    best_advance(&f->rate, kept, 0, now);
    if (rate > f->rate.now)
        f->rate.now = rate;
    if (f->flat >= FLAT || p->passed < f->round_end)
        return;
    f->round_end = f->passed;
    f->flat++;
    if (largest(&f->rate) > f->flat_rate + f->flat_rate / 4) {
        f->flat_rate = largest(&f->rate);
        f->flat = 0;
    }
}

unsigned flight_echo(struct Flight *f, uint8_t seq, uint64_t now, uint64_t *bytes)
{
    unsigned n = f->count - (uint8_t)(f->next - 1 - seq);
    uint64_t before = f->passed;
    const struct FlightPacket *p = NULL;

    *bytes = 0;
    if (!flight_has(f, seq))
        return 0;
    for (unsigned i = 0; i < n; i++) {
        p = land(f);
        f->passed += p->bytes;
    }
    *bytes = f->passed - before;
    measure_delay(f, p, now);
    measure_rate(f, p, now);
    f->passed_at = now;
    f->echoed = true;
    return n;
}

void flight_count_loss(struct Flight *f, unsigned packets, uint64_t bytes, uint64_t arrived)
{
    uint64_t most = largest(&f->rate);

    most = most < SEEN_LEAST ? SEEN_LEAST : most < SEEN_MOST ? most : SEEN_MOST;
    f->lost += arrived < packets ? (packets - arrived) * 1000 : 0;
    f->seen += bytes;
    if (f->seen > most) {
        f->lost = f->lost * most / f->seen;
        f->seen = most;
    }
}

/* What a rate gives in ns. */
static uint64_t bytes_in(uint64_t rate, uint64_t ns)
{
    return rate / 1000 * (ns / MS) + rate % 1000 * (ns / MS) / 1000;
}

uint64_t flight_limit(const struct Flight *f, uint64_t packet)
{
    uint64_t delay = f->delay < WAIT_MOST ? f->delay : WAIT_MOST, rate = largest(&f->rate), limit;

    if (!f->echoed)
        return FLIGHT_FIRST;
    if (f->low) {
        limit = bytes_in(rate, delay);
        return limit > 2 * packet ? limit : 2 * packet;
    }
    /* Until the rate is known twice as much each time, so that it can show; then a quarter more. */
    delay = (f->flat < FLAT ? 2 * delay : delay + delay / 4) + SLACK;
    limit = bytes_in(rate, delay) + 2 * packet;
    if (f->flat < FLAT && limit < FLIGHT_FIRST + f->passed)
        return FLIGHT_FIRST + f->passed;
    return limit;
}

/* The largest integer whose square is not above n (Newton's method). */
static uint64_t square_root(uint64_t n)
{
    uint64_t x = n, y = n / 2 + 1;

    while (y < x) {
        x = y;
        y = (x + n / x) / 2;
    }
    return x;
}

uint64_t flight_payload(const struct Flight *f)
{
    uint64_t bytes_per_loss = (f->seen + PRIOR) * 1000 / (f->lost + 500);
    uint64_t root = square_root(OVERHEAD * OVERHEAD + 4 * OVERHEAD * bytes_per_loss);

    return root > OVERHEAD + 2 ? (root - OVERHEAD) / 2 : 1;
}
