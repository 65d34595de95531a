#include "core/object.h"

#include <string.h>

#include "check.h"
#include "random.h"
#include "trap.h"

#define SYMBOLS_MOST 3000

/* An Object beside the plainest thing that could do its work. */
struct Pair {
    struct Object object;
    void *memory;
    bool arrived[SYMBOLS_MOST];
    uint64_t have;
};

static void pair_open(struct Pair *p, uint64_t size, uint32_t symbol_size, uint32_t limit)
{
    struct ObjectLayout l = object_layout(size, symbol_size, limit);
    CHECK(l.symbols <= SYMBOLS_MOST, "the test's own room");
    p->memory = malloc((size_t)object_memory(&l));
    object_init(&p->object, &l, p->memory);
    memset(p->arrived, 0, sizeof p->arrived);
    p->have = 0;
}

static void pair_mark(struct Pair *p, uint64_t s)
{
    bool before = p->arrived[s];
    CHECK(object_has(&p->object, s) == before, "has %llu", (unsigned long long)s);
    CHECK(object_mark(&p->object, s) == !before, "mark %llu", (unsigned long long)s);
    CHECK(object_has(&p->object, s), "has %llu not", (unsigned long long)s);
    p->arrived[s] = true;
    p->have += !before;
}

/* The first symbol in s .. end of which arrived is as wanted. */
static uint64_t pair_next(const struct Pair *p, uint64_t s, uint64_t end, bool wanted)
{
    while (s < end && p->arrived[s] != wanted)
        s++;
    return s < end ? s : end;
}

static void pair_check_between(const struct Pair *p, uint64_t s, uint64_t end)
{
    const struct Object *o = &p->object;
    CHECK(object_next_missing(o, s, end) == pair_next(p, s, end, false), "missing in %llu .. %llu",
          (unsigned long long)s, (unsigned long long)end);
    CHECK(object_next_arrived(o, s, end) == pair_next(p, s, end, true), "arrived in %llu .. %llu",
          (unsigned long long)s, (unsigned long long)end);
}

static void pair_check_at(const struct Pair *p, uint64_t s)
{
    const struct Object *o = &p->object;
    uint64_t symbols = o->layout.symbols, rest = s < symbols ? symbols - s : 0;
    CHECK(o->have == p->have, "have %llu", (unsigned long long)o->have);
    CHECK(object_complete(o) == (p->have == o->layout.symbols), "complete");
    CHECK(o->prefix == pair_next(p, 0, symbols, false), "prefix %llu",
          (unsigned long long)o->prefix);
    pair_check_between(p, s, symbols);
    for (uint64_t n = 0; n <= 130 && n <= rest; n = 2 * n + 1)
        pair_check_between(p, s, symbols - rest + n);
    pair_check_between(p, s, s < symbols / 2 ? 0 : symbols / 2);
}

/* Everything there is to know, symbol by symbol and window by window. */
static void pair_check(const struct Pair *p)
{
    const struct Object *o = &p->object;
    for (uint64_t w = 0; w < object_windows(&o->layout); w++) {
        struct RlcWindow window = object_window(&o->layout, w);
        uint32_t missing = 0;
        for (uint32_t i = 0; i < window.count; i++) {
            uint64_t s = window.first + (uint64_t)i * window.stride;
            missing += s < o->layout.symbols && !p->arrived[s];
        }
        CHECK(o->missing[w] == missing, "window %llu lacks %u", (unsigned long long)w, missing);
    }
    for (uint64_t s = 0; s < o->layout.symbols; s++) {
        CHECK(object_has(o, s) == p->arrived[s], "has %llu", (unsigned long long)s);
        if (s % 61 == 0 || s % 64 == 63)
            pair_check_at(p, s);
    }
    pair_check_at(p, o->layout.symbols);
    pair_check_at(p, o->layout.symbols + 1);
    pair_check_at(p, UINT64_MAX);
}

/* One of the ways in which symbols come: in order, backwards, in bursts or anyhow. */
static uint64_t next_symbol(struct TestRandom *r, unsigned way, unsigned step, uint64_t symbols)
{
    switch (way) {
    case 0:
        return step % symbols;
    case 1:
        return symbols - 1 - step % symbols;
    case 2:
        return (step / 20 * 977 + step % 20) % symbols;
    default:
        return test_random_below(r, symbols);
    }
}

Test(object, whatever_arrives_in_whatever_order_is_known)
{
    struct TestRandom r = {test_random_seed()};
    struct Pair p;
    for (unsigned n = 0; n < 400; n++) {
        uint32_t t = 1 + (uint32_t)test_random_below(&r, 5);
        uint64_t symbols = 1 + test_random_below(&r, n % 3 == 0 ? SYMBOLS_MOST : 200);
        symbols = n % 5 == 0 ? 64 * (1 + symbols % 4) : symbols;
        pair_open(&p, symbols * t - test_random_below(&r, t), t,
                  1 + (uint32_t)test_random_below(&r, n % 2 == 0 ? 10 : 200));
        pair_check(&p);
        unsigned steps = (unsigned)test_random_below(&r, 3 * symbols);
        for (unsigned step = 0; step < steps; step++) {
            pair_mark(&p, next_symbol(&r, n % 4, step, symbols));
            if (step % 16 == 0)
                pair_check_at(&p, test_random_below(&r, symbols + 1));
        }
        pair_check(&p);
        for (uint64_t s = 0; s < symbols; s++)
            pair_mark(&p, s);
        pair_check(&p);
        CHECK(object_complete(&p.object), "case %u: not complete", n);
        free(p.memory);
    }
}

Test(object, what_is_forgotten_is_missing_again)
{
    struct TestRandom r = {test_random_seed()};
    struct Pair p;
    for (unsigned n = 0; n < 200; n++) {
        uint64_t symbols = 1 + test_random_below(&r, 500);
        pair_open(&p, symbols, 1, 1 + (uint32_t)test_random_below(&r, 100));
        for (unsigned step = 0; step < symbols; step++)
            pair_mark(&p, test_random_below(&r, symbols));
        object_forget(&p.object);
        memset(p.arrived, 0, sizeof p.arrived);
        p.have = 0;
        pair_check(&p);
        for (uint64_t s = 0; s < symbols; s++)
            pair_mark(&p, s);
        pair_check(&p);
        free(p.memory);
    }
}

Test(object, in_the_last_of_several_groups_only_real_symbols_are_missing)
{
    struct TestRandom r = {test_random_seed()};
    struct Pair p;
    for (uint64_t symbols = 700; symbols < 800; symbols++) {
        pair_open(&p, (symbols - 1) * 65535 + 1, 65535, 100);
        CHECK(p.object.layout.groups > 2, "the test's own shape");
        for (unsigned step = 0; step < 300; step++)
            pair_mark(&p, test_random_below(&r, symbols));
        pair_check(&p);
        free(p.memory);
    }
}

Test(object, an_empty_object_is_complete_and_needs_no_memory)
{
    struct ObjectLayout l = object_layout(0, 1024, 128);
    struct Object o, other;
    cr_assert_eq(object_memory(&l), 0);
    object_init(&o, &l, NULL);
    object_init(&other, &l, NULL);
    cr_assert(object_complete(&o));
    cr_assert_eq(o.prefix, 0);
    cr_assert_eq(object_next_missing(&o, 0, 0), 0);
    cr_assert_eq(object_next_arrived(&o, 0, 0), 0);
    object_regrid(&o, &other);
    object_forget(&o);
    cr_assert(object_complete(&o));
}

Test(object, memory_that_cannot_be_had_is_told)
{
    struct ObjectLayout l = object_layout(UINT64_MAX >> 1, 1, 1);
    cr_assert_eq(object_memory(&l), UINT64_MAX);
    l = object_layout(UINT64_MAX >> 1, 1, 4096);
    cr_assert_gt(object_memory(&l), (UINT64_MAX >> 1) / 8);
    cr_assert_lt(object_memory(&l), (UINT64_MAX >> 1) / 4);
    l = object_layout(65 * 128, 128, 128);
    cr_assert_eq(object_memory(&l), 16 + 2);
}

/* Marks a random part, in runs, so that a change of grid keeps some of it. */
static void pair_mark_runs(struct Pair *p, struct TestRandom *r)
{
    uint64_t symbols = p->object.layout.symbols;
    unsigned runs = (unsigned)test_random_below(r, 12);
    for (unsigned i = 0; i < runs; i++) {
        uint64_t s = test_random_below(r, symbols), n = test_random_below(r, symbols / 3 + 2);
        for (; n > 0 && s < symbols; n--, s++)
            pair_mark(p, s);
    }
    if (test_random_below(r, 10) == 0)
        for (uint64_t s = 0; s < symbols; s++)
            pair_mark(p, s);
}

static uint32_t any_symbol_size(struct TestRandom *r)
{
    return 1 + (uint32_t)test_random_below(r, UINT64_C(1) << test_random_below(r, 10));
}

Test(object, another_grid_takes_over_a_symbol_if_and_only_if_all_its_bytes_have_arrived)
{
    struct TestRandom r = {test_random_seed()};
    struct Pair from, to;
    bool bytes[SYMBOLS_MOST];
    for (unsigned n = 0; n < 3000; n++) {
        uint64_t size = 1 + test_random_below(&r, SYMBOLS_MOST), kept = 0;
        pair_open(&from, size, any_symbol_size(&r), 1 + (uint32_t)test_random_below(&r, 100));
        uint32_t t = n % 10 == 0 ? from.object.layout.symbol_size : any_symbol_size(&r);
        pair_open(&to, size, t, 1 + (uint32_t)test_random_below(&r, 100));
        pair_mark_runs(&from, &r);
        for (uint64_t i = 0; i < size; i++)
            bytes[i] = from.arrived[i / from.object.layout.symbol_size];
        for (uint64_t s = 0; s < to.object.layout.symbols; s++) {
            to.arrived[s] = true;
            for (uint64_t i = s * t; i < size && i < (s + 1) * t; i++)
                to.arrived[s] = to.arrived[s] && bytes[i];
            kept += to.arrived[s];
        }
        to.have = kept;
        object_regrid(&to.object, &from.object);
        pair_check(&to);
        pair_check(&from);
        free(from.memory);
        free(to.memory);
    }
}

Test(object, two_million_symbols_with_a_million_holes_take_no_time)
{
    struct ObjectLayout from_layout = object_layout(4000000, 2, 128);
    struct ObjectLayout to_layout = object_layout(4000000, 1, 128);
    struct Object from, to;
    void *from_memory = malloc((size_t)object_memory(&from_layout));
    void *to_memory = malloc((size_t)object_memory(&to_layout));
    object_init(&from, &from_layout, from_memory);
    object_init(&to, &to_layout, to_memory);
    /* Backwards, with the prefix standing still; then forwards, with the prefix in every step. */
    for (uint64_t s = from_layout.symbols; s > 0; s -= 2)
        object_mark(&from, s - 2);
    cr_assert_eq(from.prefix, 1);
    object_regrid(&to, &from);
    cr_assert_eq(to.have, 2000000);
    cr_assert_eq(to.prefix, 2);
    for (uint64_t s = 1; s < from_layout.symbols; s += 2) {
        object_mark(&from, s);
        CHECK(from.prefix == s + 2 || object_complete(&from), "prefix stands still");
    }
    cr_assert(object_complete(&from));
    cr_assert_eq(from.prefix, from_layout.symbols);
    free(from_memory);
    free(to_memory);
}

Test(object, to_look_at_a_few_symbols_of_eight_million_takes_no_time)
{
    struct ObjectLayout l = object_layout(8000000, 1, 128);
    struct Object o;
    void *memory = malloc((size_t)object_memory(&l));
    object_init(&o, &l, memory);
    /* All are missing but the last; then all have arrived but the first: each time far to look. */
    object_mark(&o, l.symbols - 1);
    for (uint64_t s = 0; s + 16 < l.symbols; s++)
        CHECK(object_next_arrived(&o, s, s + 16) == s + 16, "at %llu", (unsigned long long)s);
    for (uint64_t s = 1; s < l.symbols; s++)
        object_mark(&o, s);
    for (uint64_t s = 1; s + 16 < l.symbols; s++)
        CHECK(object_next_missing(&o, s, s + 16) == s + 16, "at %llu", (unsigned long long)s);
    free(memory);
}

Test(object, to_mark_a_symbol_behind_the_end_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    struct Pair p;
    pair_open(&p, 100, 1, 10);
    object_mark(&p.object, 100);
}

Test(object, to_regrid_an_object_of_another_size_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    struct Pair from, to;
    pair_open(&from, 100, 1, 10);
    pair_open(&to, 101, 1, 10);
    object_regrid(&to.object, &from.object);
}
