#include "core/object.h"

#include "check.h"
#include "random.h"

#define SIZE_MOST (UINT64_MAX >> 1)
#define NOBODY    UINT64_MAX

/* What the header promises of any layout, big or small. */
static void check_promises(const struct ObjectLayout *l, uint32_t limit)
{
    uint64_t bytes = (uint64_t)l->group * l->symbol_size;
    uint64_t slack = (uint64_t)l->blocks * l->symbol_size;
    CHECK(l->count >= 1 && l->count <= limit, "count %u of %u", l->count, limit);
    CHECK(l->blocks >= 1 && l->blocks <= RLC_STRIDE_MAX, "stride %u", l->blocks);
    CHECK(l->group == l->blocks * l->count, "group %u", l->group);
    CHECK(bytes <= OBJECT_GROUP_BYTES + slack, "group of %llu bytes", (unsigned long long)bytes);
    CHECK(l->symbols <= SIZE_MOST / l->symbol_size + 1, "too many symbols");
    CHECK(object_windows(l) == l->groups * l->blocks, "windows");
    if (l->size == 0) {
        CHECK(l->symbols == 0 && l->groups == 0, "an empty object has symbols");
        return;
    }
    CHECK((l->symbols - 1) * l->symbol_size < l->size, "a symbol of no bytes");
    CHECK(l->size - (l->symbols - 1) * l->symbol_size <= l->symbol_size, "bytes left over");
    CHECK((l->groups - 1) * l->group < l->symbols, "an empty group");
    CHECK((l->symbols - 1) / l->group < l->groups, "symbols left over");
}

/* Symbol s is in the window it is said to be in, and that window is found again. */
static void check_symbol(const struct ObjectLayout *l, uint64_t s)
{
    uint64_t w = object_window_of(l, s);
    uint64_t found = NOBODY;
    CHECK(w < object_windows(l), "window %llu", (unsigned long long)w);
    struct RlcWindow window = object_window(l, w);
    CHECK(window.count == l->count && window.stride == l->blocks, "shape of a window");
    CHECK(s >= window.first && (s - window.first) % window.stride == 0 &&
              (s - window.first) / window.stride < window.count,
          "symbol %llu is not in its window", (unsigned long long)s);
    CHECK(object_window_find(l, window, &found) && found == w, "window not found");
    uint32_t real = object_window_real(l, w);
    CHECK(real >= 1 && real <= l->count && (s - window.first) / window.stride < real,
          "symbol %llu is not real", (unsigned long long)s);
}

/* Every window step by step: together they hold every symbol once. */
static void check_windows(const struct ObjectLayout *l, uint64_t *owner)
{
    for (uint64_t s = 0; s < l->symbols; s++)
        owner[s] = NOBODY;
    for (uint64_t w = 0; w < object_windows(l); w++) {
        struct RlcWindow window = object_window(l, w);
        uint32_t real = 0;
        for (uint32_t i = 0; i < window.count; i++) {
            uint64_t s = window.first + (uint64_t)i * window.stride;
            if (s >= l->symbols)
                continue;
            CHECK(owner[s] == NOBODY, "symbol %llu is in two windows", (unsigned long long)s);
            owner[s] = w;
            real++;
        }
        CHECK(object_window_real(l, w) == real, "window %llu: %u", (unsigned long long)w, real);
    }
    for (uint64_t s = 0; s < l->symbols; s++) {
        CHECK(owner[s] == object_window_of(l, s), "symbol %llu", (unsigned long long)s);
        check_symbol(l, s);
    }
}

/* As the header words it, a step at a time; only for what is small enough to count. */
static void check_formula(const struct ObjectLayout *l, uint32_t limit)
{
    uint64_t bytes = 0, symbols = 0, groups = 1, k, blocks = 1, count = 1;
    uint64_t most = OBJECT_GROUP_BYTES / l->symbol_size;
    if (most > (uint64_t)limit * RLC_STRIDE_MAX)
        most = (uint64_t)limit * RLC_STRIDE_MAX;
    for (; bytes < l->size; symbols++)
        bytes += l->symbol_size;
    CHECK(l->symbols == symbols, "%llu symbols", (unsigned long long)l->symbols);
    for (uint64_t s = 0; s < l->symbols; s++)
        CHECK(object_symbol_bytes(l, s) ==
                  (s + 1 < symbols ? l->symbol_size : l->size - (bytes - l->symbol_size)),
              "bytes of symbol %llu", (unsigned long long)s);
    if (symbols == 0)
        return;
    while (groups * most < symbols)
        groups++;
    k = symbols / groups + (symbols % groups != 0);
    while (blocks * limit < k)
        blocks++;
    while (blocks * count < k)
        count++;
    CHECK(l->blocks == blocks && l->count == count, "%u x %u, not %llu x %llu", l->blocks, l->count,
          (unsigned long long)blocks, (unsigned long long)count);
}

static void check_small(uint64_t size, uint32_t symbol_size, uint32_t limit, uint64_t *owner)
{
    struct ObjectLayout l = object_layout(size, symbol_size, limit);
    check_promises(&l, limit);
    check_formula(&l, limit);
    check_windows(&l, owner);
}

static const uint32_t limits[] = {1, 2, 3, 7, 64, 128, 1000, 1024, 4096};
#define LIMITS (sizeof limits / sizeof limits[0])

Test(object_layout, small_objects_of_every_size_have_every_symbol_in_one_window)
{
    uint64_t owner[1000];
    for (uint32_t t = 1; t <= 40; t++)
        for (uint64_t size = 0; size <= 3 * t + 1; size++)
            for (size_t i = 0; i < LIMITS; i++)
                check_small(size, t, limits[i], owner);
    for (uint64_t size = 0; size <= 600; size++)
        for (size_t i = 0; i < LIMITS; i++)
            check_small(size, 1 + (uint32_t)(size % 3), limits[i], owner);
}

Test(object_layout, around_the_borders_of_groups_every_symbol_is_in_one_window)
{
    const uint32_t sizes[] = {65535, 65530, 40000, 32768, 16385, 8192};
    uint64_t *owner = malloc(sizeof *owner * 10000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t t = sizes[i], most = OBJECT_GROUP_BYTES / t;
        for (uint64_t groups = 1; groups <= 3; groups++)
            for (uint64_t k = groups * most - 2; k <= groups * most + 2; k++)
                for (size_t j = 0; j < LIMITS; j++)
                    for (uint64_t over = 0; over <= 2; over++)
                        check_small((k - 1) * t + (over == 2 ? t : 1 + over), sizes[i], limits[j],
                                    owner);
    }
    free(owner);
}

Test(object_layout, tiny_symbols_in_tiny_blocks_keep_strides_that_repairs_can_name)
{
    uint64_t *owner = malloc(sizeof *owner * 140000);
    for (uint64_t size = RLC_STRIDE_MAX - 1; size <= RLC_STRIDE_MAX + 1; size++)
        check_small(size, 1, 1, owner);
    check_small(2 * RLC_STRIDE_MAX + 1, 1, 1, owner);
    check_small(2 * RLC_STRIDE_MAX + 1, 1, 2, owner);
    free(owner);
}

Test(object_layout, random_objects_of_any_size_keep_the_promises)
{
    struct TestRandom r = {test_random_seed()};
    for (unsigned n = 0; n < 100000; n++) {
        uint64_t size = test_random_next(&r) >> (1 + test_random_below(&r, 63));
        uint32_t t = 1 + (uint32_t)test_random_below(&r, UINT64_C(2) << test_random_below(&r, 16));
        uint32_t limit = 1 + (uint32_t)test_random_below(&r, RLC_COUNT_MAX);
        size = n % 100 == 0 ? SIZE_MOST : size;
        t = t < 65535 ? t : 65535;
        limit = n % 2 == 0 ? 1U << test_random_below(&r, 13) : limit;
        struct ObjectLayout l = object_layout(size, t, limit);
        check_promises(&l, limit);
        if (l.symbols == 0)
            continue;
        check_symbol(&l, 0);
        check_symbol(&l, l.symbols - 1);
        check_symbol(&l, test_random_below(&r, l.symbols));
        uint64_t last = object_window(&l, object_windows(&l) - 1).first;
        CHECK(last < l.symbols + l.group, "case %u: the last window lies apart", n);
    }
}

Test(object_layout, only_windows_of_the_object_are_found)
{
    struct TestRandom r = {test_random_seed()};
    for (unsigned n = 0; n < 100000; n++) {
        struct ObjectLayout l =
            object_layout(test_random_below(&r, 100000000), 300 + (uint32_t)(n % 60000), 128);
        struct RlcWindow window = {test_random_below(&r, l.symbols + 2 * l.group), l.count,
                                   l.blocks};
        uint64_t w = NOBODY;
        if (n % 4 == 1)
            window.count++;
        if (n % 4 == 2)
            window.stride++;
        if (n % 4 == 3)
            window.first = test_random_next(&r);
        bool expected = window.count == l.count && window.stride == l.blocks &&
                        window.first / l.group < l.groups && window.first % l.group < l.blocks;
        CHECK(object_window_find(&l, window, &w) == expected, "case %u", n);
        CHECK(expected || w == NOBODY, "case %u: set all the same", n);
        struct RlcWindow found = expected ? object_window(&l, w) : window;
        CHECK(found.first == window.first, "case %u: another window", n);
    }
    struct ObjectLayout empty = object_layout(0, 1024, 128);
    uint64_t w = NOBODY;
    cr_assert_not(object_window_find(&empty, (struct RlcWindow){0, 1, 1}, &w));
    cr_assert_eq(object_windows(&empty), 0);
}

struct Known {
    uint64_t size;
    uint32_t t, limit;
    uint64_t symbols, groups;
    uint32_t blocks, count;
};

Test(object_layout, known_layouts_stay_as_they_are)
{
    const struct Known known[] = {
        {1, 128, 1024, 1, 1, 1, 1},
        {100000, 128, 1024, 782, 1, 1, 782},
        {1000000, 484, 4096, 2067, 1, 1, 2067},
        {16777216, 1024, 4096, 16384, 1, 4, 4096},
        {16777217, 1024, 4096, 16385, 2, 3, 2731},
        {500000000, 1000, 128, 500000, 30, 131, 128},
        {UINT64_C(21474836480), 1024, 128, 20971520, 1280, 128, 128},
        {UINT64_C(9223372036854775807), 1, 4096, UINT64_C(9223372036854775807),
         UINT64_C(549755813888), 4096, 4096},
        {UINT64_C(9223372036854775807), 65535, 128, UINT64_C(140739635871745),
         UINT64_C(549764202625), 2, 128},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct Known *k = &known[i];
        struct ObjectLayout l = object_layout(k->size, k->t, k->limit);
        cr_assert_eq(l.symbols, k->symbols, "case %zu", i);
        cr_assert_eq(l.groups, k->groups, "case %zu", i);
        cr_assert_eq(l.blocks, k->blocks, "case %zu", i);
        cr_assert_eq(l.count, k->count, "case %zu", i);
    }
}
