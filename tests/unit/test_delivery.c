/* What a sender knows of the symbols at the other side, against a plain table of them. */
#include "core/delivery.h"

#include <time.h>

#include "check.h"
#include "random.h"
#include "trap.h"

#define MOST 3000
#define MANY ((uint64_t)20 << 20) /* symbols of 20 GiB */

/* The same, a byte a symbol, and no cleverness. */
struct Model {
    bool arrived[MOST], lost[MOST];
    uint64_t sent;
};

static struct Delivery made(uint64_t symbols)
{
    struct Delivery d;

    delivery_init(&d, symbols, calloc(1, delivery_memory(symbols)));
    return d;
}

/* Takes the next ones from d, as a sender does that has `limit` symbols. */
static uint32_t next(struct Delivery *d, struct Model *m, uint64_t limit, uint32_t most)
{
    uint64_t first;
    uint32_t n = delivery_next(d, limit, most, &first);

    for (uint64_t s = first; s < first + n; s++) {
        CHECK(!m->arrived[s], "symbol %" PRIu64 " has arrived", s);
        CHECK(s >= m->sent || m->lost[s], "symbol %" PRIu64 " is on its way", s);
        m->lost[s] = false;
    }
    if (n > 0 && first + n > m->sent)
        m->sent = first + n;
    return n;
}

static void arrived(struct Delivery *d, struct Model *m, uint64_t first, uint64_t end)
{
    delivery_arrived(d, first, end);
    for (uint64_t s = first; s < end; s++) {
        m->arrived[s] = true;
        m->lost[s] = false;
    }
}

static void missing(struct Delivery *d, struct Model *m, uint64_t first, uint64_t end)
{
    bool back = false;

    for (uint64_t s = first; s < end; s++) {
        back = back || m->arrived[s];
        m->arrived[s] = false;
        m->lost[s] = s < d->sent;
    }
    cr_assert_eq(delivery_missing(d, first, end), back);
}

static void compare(const struct Delivery *d, const struct Model *m, uint64_t symbols)
{
    uint64_t have = 0, losses = 0, prefix = 0;

    for (uint64_t s = 0; s < symbols; s++) {
        have += m->arrived[s];
        losses += m->lost[s];
    }
    while (prefix < symbols && m->arrived[prefix])
        prefix++;
    cr_assert_eq(d->have, have);
    cr_assert_eq(d->losses, losses);
    cr_assert_eq(d->prefix, prefix);
}

Test(delivery, sends_in_order_what_was_never_sent)
{
    struct Delivery d = made(100);
    uint64_t first;

    cr_assert_eq(delivery_next(&d, 100, 30, &first), 30);
    cr_assert_eq(first, 0);
    cr_assert_eq(delivery_next(&d, 100, 100, &first), 70);
    cr_assert_eq(first, 30);
    cr_assert_eq(delivery_next(&d, 100, 100, &first), 0);
    free(d.arrived);
}

Test(delivery, sends_lost_ones_first_and_the_lowest_first)
{
    struct Delivery d = made(100);
    uint64_t first;

    delivery_next(&d, 100, 50, &first);
    delivery_missing(&d, 20, 23);
    delivery_missing(&d, 40, 41);
    delivery_missing(&d, 7, 8);
    cr_assert_eq(delivery_next(&d, 100, 9, &first), 1);
    cr_assert_eq(first, 7);
    cr_assert_eq(delivery_next(&d, 100, 9, &first), 3);
    cr_assert_eq(first, 20);
    cr_assert_eq(delivery_next(&d, 100, 9, &first), 1);
    cr_assert_eq(first, 40);
    cr_assert_eq(delivery_next(&d, 100, 9, &first), 9);
    cr_assert_eq(first, 50);
    free(d.arrived);
}

Test(delivery, what_had_arrived_before_is_not_sent)
{
    struct Delivery d = made(100);
    uint64_t first;

    delivery_arrived(&d, 10, 90);
    cr_assert_eq(delivery_next(&d, 100, 99, &first), 10);
    cr_assert_eq(delivery_next(&d, 100, 99, &first), 10);
    cr_assert_eq(first, 90);
    cr_assert_eq(delivery_next(&d, 100, 99, &first), 0);
    free(d.arrived);
}

Test(delivery, forgetting_sends_everything_again)
{
    struct Delivery d = made(100);
    uint64_t first, n = 0;

    delivery_next(&d, 100, 60, &first);
    delivery_arrived(&d, 0, 40);
    delivery_forget(&d);
    cr_assert_eq(d.have, 0);
    for (uint32_t got; (got = delivery_next(&d, 100, 7, &first)) > 0; n += got)
        cr_assert_eq(first, n);
    cr_assert_eq(n, 100);
    free(d.arrived);
}

Test(delivery, a_ring_speaks_of_what_it_holds_only)
{
    struct Delivery d = made(64);
    uint64_t first;

    for (uint64_t s = 0; s < 1000; s++) {
        cr_assert_eq(delivery_next(&d, 1000, 1, &first), 1);
        cr_assert_eq(first, s);
        if (s % 3 == 0 && s > 0) { /* the one before is lost once */
            delivery_missing(&d, s - 1, s);
            cr_assert_eq(delivery_next(&d, 1000, 5, &first), 1);
            cr_assert_eq(first, s - 1);
        }
        delivery_arrived(&d, 0, s + 1);
        cr_assert_eq(d.prefix, s + 1);
    }
    cr_assert_eq(d.low, 1000 - 64);
    free(d.arrived);
}

Test(delivery, what_is_given_up_is_not_gone_back_to)
{
    struct Delivery d = made(100);
    uint64_t first;

    delivery_next(&d, 100, 60, &first);
    delivery_arrived(&d, 0, 40);
    delivery_release(&d, 30);
    delivery_release(&d, 20); /* is given up already */
    delivery_forget(&d);
    cr_assert_eq(d.losses, 30);
    cr_assert_eq(delivery_next(&d, 100, 100, &first), 30);
    cr_assert_eq(first, 30);
    cr_assert(!delivery_missing(&d, 0, 30));
    cr_assert_eq(d.losses, 0);
    delivery_arrived(&d, 0, 60);
    cr_assert_eq(d.prefix, 60);
    cr_assert_eq(d.have, 60);
    free(d.arrived);
}

Test(delivery, what_has_not_arrived_is_not_given_up, .signal = SIGNAL_OF_TRAP)
{
    struct Delivery d = made(100);

    delivery_arrived(&d, 0, 40);
    delivery_release(&d, 41);
}

/* One hole at the front of a large object: each STATUS speaks of all of it. */
Test(delivery, a_long_list_is_walked_in_no_time)
{
    struct Delivery d = made(MANY);
    uint64_t first;
    clock_t begin;

    delivery_next(&d, MANY, 16, &first);
    delivery_arrived(&d, 1, MANY - 20);
    begin = clock();
    for (unsigned i = 0; i < 100; i++) {
        delivery_missing(&d, 0, 1);
        delivery_arrived(&d, 1, MANY - 20);
    }
    delivery_missing(&d, 0, MANY);
    delivery_arrived(&d, 0, MANY);
    cr_assert_eq(d.have, MANY);
    cr_assert_lt(clock() - begin, 2 * CLOCKS_PER_SEC);
    free(d.arrived);
}

Test(delivery, is_as_the_table_says_whatever_happens)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < 200; round++) {
        uint64_t symbols = 1 + test_random_below(&random, MOST);
        struct Delivery d = made(symbols);
        struct Model m = {.sent = 0};

        for (unsigned i = 0; i < 100; i++) {
            uint64_t a = test_random_below(&random, symbols + 1),
                     b = test_random_below(&random, symbols + 1);

            switch (test_random_below(&random, 4)) {
            case 0:
                arrived(&d, &m, a < b ? a : b, a < b ? b : a);
                break;
            case 1:
                missing(&d, &m, a < b ? a : b, a < b ? b : a);
                break;
            default:
                next(&d, &m, symbols, 1 + (uint32_t)test_random_below(&random, 100));
                break;
            }
            compare(&d, &m, symbols);
        }
        free(d.arrived);
    }
}
