/* Lines at random, and the property that holds on all of them: for the tests of two-way transfers.
 */
#ifndef SIM_DUPLEX_KIT_H
#define SIM_DUPLEX_KIT_H

#include "duplex.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#define RATE 11520 /* of 115,200 baud */

static inline uint64_t seed(void)
{
    const char *text = getenv("DTTK_SEED");

    return text ? strtoull(text, NULL, 0) : 1;
}

static inline struct DuplexOptions line_of(uint64_t rate)
{
    return (struct DuplexOptions){.sender = {.line_rate = rate},
                                  .rate = {rate, rate},
                                  .window = 65536,
                                  .limit = 7200 * DUPLEX_SECOND};
}

/* Stops the test unless the file is equal and both sides know. */
static inline void check_whole(const struct DuplexResult *r, uint64_t which)
{
    cr_assert_eq(r->sender, SENDER_FINISHED,
                 "case %" PRIu64 ", seed %" PRIu64 ": state %d after %.1f s; %" PRIu64
                 " answers, %" PRIu64 " bad, %" PRIu64 " late, %" PRIu64 " questions",
                 which, seed(), (int)r->sender, (double)r->time / 1e9, r->counters.statuses,
                 r->counters.bad, r->counters.late, r->counters.questions);
    cr_assert_eq(r->file, SIM_EQUAL, "case %" PRIu64 ", seed %" PRIu64 ": the file is %d", which,
                 seed(), (int)r->file);
}

static inline uint64_t below(uint64_t *random, uint64_t n)
{
    return sim_random(random) % n;
}

/* Loss of frames, bits or bytes, on one way. */
static inline struct DamageConfig draw_damage(uint64_t *random, double loss_most)
{
    struct DamageConfig c = {.seed = sim_random(random)};
    double share = (double)below(random, 1001) / 1000;

    switch (below(random, 5)) {
    case 0:
        break;
    case 1:
        c.ber = 1e-6 * (double)(1 + below(random, 200));
        break;
    case 2:
        c.drop = 1e-5 * (double)(1 + below(random, 50));
        break;
    case 3:
        c.burst_gap = 2000;
        c.burst_len = 1 + (double)below(random, 100);
        break;
    default:
        c.loss = share * loss_most;
        c.dup = share / 10;
        break;
    }
    return c;
}

static inline struct DuplexOptions draw_line(uint64_t *random)
{
    static const uint64_t rates[] = {120, 960, 11520, 92160, 1000000};
    static const uint64_t latencies[] = {0, 0, 1, 20, 250, 2000};
    static const uint64_t windows[] = {512, 1024, 4096, 65536, 1 << 20};
    struct DuplexOptions o = line_of(rates[below(random, 5)]);

    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++) {
        o.damage[w] = draw_damage(random, 0.5);
        o.latency[w] = latencies[below(random, 6)] * DUPLEX_MS;
    }
    if (below(random, 3) == 0) /* asymmetric */
        o.rate[DUPLEX_BACK] = rates[below(random, 5)];
    o.window = windows[below(random, 5)];
    if (below(random, 4) == 0)
        o.finish_time = below(random, 60) * DUPLEX_SECOND;
    if (below(random, 4) == 0)
        o.sender.mtu = 100 + below(random, 2000);
    o.sender.run = (uint16_t)sim_random(random);
    return o;
}

static inline uint64_t draw_size(uint64_t *random, uint64_t rate)
{
    uint64_t most = rate < 1000 ? 4000 : 60000;

    return below(random, 4) == 0 ? below(random, 600) : below(random, most);
}

#endif
