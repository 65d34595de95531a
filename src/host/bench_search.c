/* Bench of a link: which rates are tried. */
#include "host/bench_link.h"

#define FIRST  4096 /* bytes of the first object */
#define GROWTH 8    /* the next is so much larger, at most */
#define DOWN   4    /* the next rate is so much lower, until one loses nothing */
#define APART  1.05

struct Search {
    const struct LinkSearch *with;
    LinkTry try;
    void *ctx;
};

static uint64_t clamp(double bytes, uint64_t least, uint64_t most)
{
    if (bytes <= (double)least)
        return least;
    return bytes >= (double)most ? most : (uint64_t)bytes;
}

/* At no rate: larger objects until one takes long enough, or loses something. */
static int try_unlimited(const struct Search *s, struct LinkTrial *t)
{
    uint64_t most = s->with->bytes_most;
    *t = (struct LinkTrial){.bytes = FIRST < most ? FIRST : most};
    for (;;) {
        int code = s->try(s->ctx, t);
        if (code != 0 || !t->whole || t->bytes >= most || t->seconds >= s->with->seconds / 2)
            return code;
        uint64_t bytes = t->bytes, next = bytes * GROWTH < most ? bytes * GROWTH : most;
        double wanted = (double)bytes * s->with->seconds / (t->seconds + 1e-6);
        *t = (struct LinkTrial){.bytes = clamp(wanted, 2 * bytes < next ? 2 * bytes : next, next)};
    }
}

/* A rate, as often as it takes: t is whole if it was every time. */
static int try_rate(const struct Search *s, double rate, struct LinkTrial *t)
{
    int code = 0;
    for (unsigned i = 0; code == 0 && i < s->with->times && (i == 0 || t->whole); i++) {
        *t = (struct LinkTrial){
            .rate = clamp(rate, s->with->rate_least, UINT64_MAX / 2),
            .bytes = clamp(rate * s->with->seconds, s->with->bytes_least, s->with->bytes_most),
        };
        code = s->try(s->ctx, t);
    }
    return code;
}

/* The square root, near enough: the middle between rates is where both are as far by factor. */
static double middle(double low, double high)
{
    double root = (low + high) / 2;
    for (int i = 0; i < 20; i++)
        root = (root + low * high / root) / 2;
    return root;
}

/* Down from a rate that loses something to one that does not. */
static int descend(const struct Search *s, double *high, double *low, struct LinkTrial *best)
{
    for (;;) {
        double rate = *high / DOWN;
        int code = try_rate(s, rate, best);
        if (code != 0)
            return code;
        if (best->whole) {
            *low = rate;
            return 0;
        }
        if (rate <= (double)s->with->rate_least)
            return EXIT_INCOMPLETE;
        *high = rate;
    }
}

/* Closer, from both sides. */
static int approach(const struct Search *s, double high, double low, struct LinkTrial *best)
{
    while (high > low * APART) {
        struct LinkTrial t = {0};
        double rate = middle(low, high);
        int code = try_rate(s, rate, &t);
        if (code != 0)
            return code;
        if (t.whole) {
            low = rate;
            *best = t;
        } else {
            high = rate;
        }
    }
    return 0;
}

int bench_link_search(const struct LinkSearch *search, LinkTry try, void *ctx,
                      struct LinkTrial *best)
{
    const struct Search s = {search, try, ctx};
    double low = 0, high;
    int code = try_unlimited(&s, best);
    if (code != 0 || best->whole)
        return code;
    high = (double)best->bytes / (best->sent > 0 ? best->sent : 1);
    code = descend(&s, &high, &low, best);
    return code != 0 ? code : approach(&s, high, low, best);
}
