#include "host/bench_link.h"

#include "unit/check.h"

#include <criterion/criterion.h>

/* A link whose behaviour is known. */
struct Line {
    double carries;     /* bytes a second; faster they are lost, or wait */
    bool holds_back;    /* they wait */
    double fastest;     /* as fast as a sender can be */
    uint64_t forgives;  /* bytes that fit into some buffer, at any rate */
    unsigned lose_each; /* every so manieth trial loses something, whatever its rate; 0: none */
    int code;           /* what the trial after `good` ones says */
    unsigned good, trials;
    uint64_t largest;
};

static int try(void *ctx, struct LinkTrial *t)
{
    struct Line *l = ctx;
    double rate = t->rate > 0 && (double)t->rate < l->fastest ? (double)t->rate : l->fastest;
    if (l->code != 0 && l->trials >= l->good)
        return l->code;
    l->trials++;
    CHECK(t->bytes > 0, "an object of nothing");
    l->largest = t->bytes > l->largest ? t->bytes : l->largest;
    if (l->holds_back && rate > l->carries)
        rate = l->carries;
    t->sent = t->seconds = (double)t->bytes / rate;
    t->whole = rate <= l->carries || t->bytes <= l->forgives;
    if (l->lose_each > 0 && l->trials % l->lose_each == 0)
        t->whole = false;
    t->arrived = t->whole ? t->bytes : t->bytes / 2;
    return 0;
}

static const struct LinkSearch search = {2, 2, 2048, (uint64_t)128 << 20, 100};

Test(bench_search, a_link_that_holds_back_is_measured_at_its_own_rate)
{
    static const double rates[] = {100, 11520, 1e6, 3e9};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct Line l = {.carries = rates[i], .holds_back = true, .fastest = 5e9};
        struct LinkTrial best = {0};
        cr_assert_eq(bench_link_search(&search, try, &l, &best), 0);
        cr_assert_eq(best.rate, 0);
        cr_assert(best.whole);
        CHECK(best.seconds >= 1 || best.bytes == search.bytes_most, "%g: %g s are too short",
              rates[i], best.seconds);
        CHECK(l.trials <= 12, "%u trials", l.trials);
        cr_assert_leq(l.largest, search.bytes_most);
    }
}

Test(bench_search, the_rate_of_a_link_that_loses_what_is_too_fast_is_found_to_5_percent)
{
    static const double rates[] = {200, 960, 11520, 123456, 5e7};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct Line l = {.carries = rates[i], .fastest = 1e9, .forgives = 300};
        struct LinkTrial best = {0};
        cr_assert_eq(bench_link_search(&search, try, &l, &best), 0);
        cr_assert(best.whole);
        CHECK((double)best.rate <= rates[i] && (double)best.rate * 1.06 >= rates[i], "%llu, not %g",
              (unsigned long long)best.rate, rates[i]);
        CHECK(best.seconds >= 1, "%g: %g s are too short", rates[i], best.seconds);
        CHECK(l.trials <= 40, "%u trials", l.trials);
    }
}

Test(bench_search, what_is_lost_now_and_then_is_no_rate_without_loss)
{
    struct Line l = {.carries = 1e9, .fastest = 1e6, .lose_each = 2};
    struct LinkTrial best = {0};
    cr_assert_eq(bench_link_search(&search, try, &l, &best), EXIT_INCOMPLETE);
    cr_assert_not(best.whole);
    cr_assert_leq(best.rate, 100);
}

Test(bench_search, what_a_trial_cannot_go_on_from_ends_it)
{
    for (unsigned good = 0; good < 20; good++) {
        struct Line l = {.carries = 11520, .fastest = 1e8, .code = EXIT_PORT, .good = good};
        struct LinkTrial best = {0};
        int code = bench_link_search(&search, try, &l, &best);
        CHECK(code == EXIT_PORT || (code == 0 && l.trials <= good), "%d after %u", code, good);
    }
}
