/* Damage: its random numbers, and what happens to bytes. damage_frames.c is about frames. */
#include "host/damage.h"
#include <string.h>

#define LN2     0.69314718055994530942
#define GAP_MAX ((uint64_t)1 << 62) /* further than any stream is long */

uint64_t damage_random(struct DamageRandom *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double damage_random_unit(struct DamageRandom *r)
{
    return (double)((damage_random(r) >> 11) + 1) * 0x1p-53;
}

/* log((1 + s) / (1 - s)), |s| up to 1/3, to about 1e-16. */
static double log_ratio(double s)
{
    double sum = 0;
    for (int i = 33; i > 0; i -= 2)
        sum = sum * s * s + 1.0 / i;
    return 2 * s * sum;
}

/* log x for 0 < x <= 1. Ours, not libm's: the same bits of damage on every machine. */
static double log_unit(double x)
{
    double twos = 0;
    for (; x < 0x1p-16; x *= 0x1p16)
        twos -= 16;
    for (; x < 0.5; x *= 2)
        twos -= 1;
    return twos * LN2 + log_ratio((x - 1) / (x + 1));
}

/* log(1 - p), exact for a small p too; p = 1 gives something further down than any draw. */
static double log_of_miss(double p)
{
    if (p >= 1)
        return -1e300;
    return p < 0.5 ? log_ratio(-p / (2 - p)) : log_unit(1 - p);
}

/* Geometrically distributed: one draw an event instead of one a bit. */
uint64_t damage_random_gap(struct DamageRandom *r, double log_miss)
{
    double gap = log_unit(damage_random_unit(r)) / log_miss;
    return gap < (double)GAP_MAX ? (uint64_t)gap : GAP_MAX;
}

static void random_init(struct DamageRandom *r, uint64_t seed, uint64_t effect, double p)
{
    r->state = seed;
    r->state = damage_random(r) ^ effect * UINT64_C(0xD1B54A32D192ED03);
    r->log_miss = p > 0 ? log_of_miss(p) : 0;
    r->gap = p > 0 ? damage_random_gap(r, r->log_miss) : UINT64_MAX;
}

static bool is_probability(double p)
{
    return p >= 0 && p <= 1;
}

bool damage_config_ok(const struct DamageConfig *c)
{
    return is_probability(c->ber) && is_probability(c->drop) && is_probability(c->insert) &&
           is_probability(c->loss) && is_probability(c->dup) &&
           (c->loss_run >= 0 && c->loss_run <= 1e9) &&
           (c->burst_gap == 0 || (c->burst_gap >= 1 && c->burst_gap <= 1e15)) &&
           (c->burst_gap == 0 || (c->burst_len >= 1 && c->burst_len <= 1e15)) &&
           c->reorder <= DAMAGE_REORDER_MAX && c->wire <= DAMAGE_LINES;
}

void damage_init(struct Damage *d, const struct DamageConfig *config, DamageSink sink, void *ctx)
{
    CORE_ASSERT(damage_config_ok(config));
    memset(d, 0, sizeof *d);
    d->config = *config;
    d->sink = sink;
    d->ctx = ctx;
    random_init(&d->loss, config->seed, 1, 0);
    random_init(&d->dup, config->seed, 2, 0);
    random_init(&d->delay, config->seed, 3, 0);
    random_init(&d->flip, config->seed, 4, config->ber);
    random_init(&d->drop, config->seed, 5, config->drop);
    random_init(&d->insert, config->seed, 6, config->insert);
    /* With a mean gap of g good bytes, the next one begins a burst with probability 1 / (g + 1). */
    random_init(&d->burst, config->seed, 7,
                config->burst_gap > 0 ? 1 / (config->burst_gap + 1) : 0);
    d->burst_miss = config->burst_len > 1 ? log_of_miss(1 / config->burst_len) : 0;
    d->loss_bad = damage_random_unit(&d->loss) <= config->loss;
}

/* Flip bits of the next len bytes of the line, which lie at p. */
static void flip_bits(struct Damage *d, uint8_t *p, size_t len)
{
    uint64_t bits = (uint64_t)len * 8;
    uint64_t at = 0;
    while (d->flip.gap < bits - at) {
        at += d->flip.gap;
        p[at / 8] ^= (uint8_t)(1U << at % 8);
        at++;
        d->flip.gap = damage_random_gap(&d->flip, d->flip.log_miss);
        d->counters.bits_flipped++;
    }
    if (d->flip.log_miss < 0)
        d->flip.gap -= bits - at;
}

/* Replace those of the next len bytes that lie in a burst. */
static void burst_bytes(struct Damage *d, uint8_t *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        if (d->burst_left > 0) {
            p[at++] = (uint8_t)(damage_random(&d->burst) >> 56);
            d->counters.burst_bytes++;
            if (--d->burst_left == 0)
                d->burst.gap = damage_random_gap(&d->burst, d->burst.log_miss);
        } else if (d->burst.gap < len - at) {
            at += (size_t)d->burst.gap;
            d->burst_left = 1;
            if (d->burst_miss < 0)
                d->burst_left += damage_random_gap(&d->burst, d->burst_miss);
            d->counters.bursts++;
        } else {
            d->burst.gap -= len - at;
            at = len;
        }
    }
}

/* Bytes that stay in the stream: what they turn into goes to the sink. */
static void pass(struct Damage *d, const uint8_t *bytes, size_t len)
{
    d->counters.bytes_out += len;
    bool clean = d->flip.log_miss >= 0 && d->burst.log_miss >= 0;
    if (clean && len > 0)
        d->sink(d->ctx, bytes, len);
    while (!clean && len > 0) {
        size_t n = len < DAMAGE_SCRATCH ? len : DAMAGE_SCRATCH;
        memcpy(d->scratch, bytes, n);
        flip_bits(d, d->scratch, n);
        if (d->burst.log_miss < 0)
            burst_bytes(d, d->scratch, n);
        d->sink(d->ctx, d->scratch, n);
        bytes += n;
        len -= n;
    }
}

/* An insertion is due before the next byte. At most one comes before each. */
static void insert_one(struct Damage *d)
{
    uint8_t byte = (uint8_t)(damage_random(&d->insert) >> 56);
    d->counters.inserted++;
    d->insert.gap = damage_random_gap(&d->insert, d->insert.log_miss) + 1;
    pass(d, &byte, 1);
}

static size_t min_size(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

void damage_bytes(struct Damage *d, const uint8_t *bytes, size_t len)
{
    bool inserting = d->insert.log_miss < 0;
    bool dropping = d->drop.log_miss < 0;
    while (len > 0) {
        if (inserting && d->insert.gap == 0)
            insert_one(d);
        size_t run = len;
        if (inserting)
            run = min_size(d->insert.gap, run);
        if (dropping)
            run = min_size(d->drop.gap, run);
        pass(d, bytes, run);
        bool drop = run < len && dropping && d->drop.gap == run &&
                    !(inserting && d->insert.gap == run); /* that comes first */
        size_t taken = run + (drop ? 1 : 0);
        d->insert.gap -= inserting ? taken : 0;
        d->drop.gap -= dropping ? run : 0;
        if (drop) {
            d->drop.gap = damage_random_gap(&d->drop, d->drop.log_miss);
            d->counters.dropped++;
        }
        bytes += taken;
        len -= taken;
    }
}
