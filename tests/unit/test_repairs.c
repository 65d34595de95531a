/* Repairs that wait, and windows solved from them. */
#include "core/recover.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define SIZE_MOST 20000
#define SIDE_MOST 100000

/* An object, what has arrived of it, and its side store. Each test is a process: static. */
static struct World {
    uint8_t sent[SIZE_MOST], here[SIZE_MOST], side[SIDE_MOST];
    bool written[SIDE_MOST];
    uint64_t memory[20000];
    uint64_t scratch[400000];
    uint64_t scratch_most;
    unsigned calls, fail_at; /* of the stores; 0: never */
    struct ObjectLayout layout;
    struct Object object;
    struct Repairs repairs;
} world;

static bool works(void)
{
    return ++world.calls != world.fail_at;
}

static bool side_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)ctx;
    CHECK(offset <= SIDE_MOST && len <= SIDE_MOST - offset, "beyond the side store");
    memcpy(world.side + offset, data, len);
    memset(world.written + offset, 1, len);
    return works();
}

static bool side_read(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    (void)ctx;
    CHECK(offset <= SIDE_MOST && len <= SIDE_MOST - offset, "beyond the side store");
    for (size_t i = 0; i < len; i++)
        CHECK(world.written[offset + i], "read what was never written");
    memcpy(data, world.side + offset, len);
    return works();
}

static bool here_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)ctx;
    CHECK(offset <= world.layout.size && len <= world.layout.size - offset, "beyond the end");
    memcpy(world.here + offset, data, len);
    return works();
}

static bool here_read(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    (void)ctx;
    CHECK(offset <= world.layout.size && len <= world.layout.size - offset, "beyond the end");
    memcpy(data, world.here + offset, len);
    return works();
}

static void *scratch(void *ctx, uint64_t size)
{
    (void)ctx;
    return size <= world.scratch_most ? world.scratch : NULL;
}

static const struct RecoverStore store = {NULL, here_write, here_read, scratch};

static const uint8_t *symbol_of(void *ctx, uint64_t s, size_t *len)
{
    (void)ctx;
    *len = s < world.layout.symbols ? object_symbol_bytes(&world.layout, s) : 0;
    return world.sent + (*len > 0 ? s * world.layout.symbol_size : 0);
}

static void make(uint64_t size, uint32_t symbol_size, uint32_t block)
{
    struct RepairsStore side = {NULL, side_write, side_read};
    struct TestRandom random = {test_random_seed()};
    uint64_t object, repairs;

    memset(&world, 0, sizeof world);
    test_random_fill(&random, world.sent, size);
    world.scratch_most = sizeof world.scratch;
    world.layout = object_layout(size, symbol_size, block);
    object = (object_memory(&world.layout) + 15) / 16 * 2;
    repairs = repairs_memory(&world.layout);
    CHECK(object * 8 + repairs <= sizeof world.memory, "too little memory");
    object_init(&world.object, &world.layout, world.memory);
    repairs_init(&world.repairs, &world.layout, world.memory + object, side);
}

static enum RepairsResult add(uint64_t w, uint64_t key)
{
    uint8_t payload[2000], *out = payload;

    CHECK(rlc_encode(gf256_muladd_portable, object_window(&world.layout, w), key, 1,
                     world.layout.symbol_size, symbol_of, NULL, &out),
          "not encoded");
    return repairs_add(&world.repairs, w, key, payload);
}

/* A source arrives. */
static void arrive(uint64_t s)
{
    uint64_t offset = s * world.layout.symbol_size;

    memcpy(world.here + offset, world.sent + offset, object_symbol_bytes(&world.layout, s));
    object_mark(&world.object, s);
}

static enum RecoverResult attempt(uint64_t w)
{
    return recover_window(&world.object, &world.repairs, w, gf256_muladd_portable, &store);
}

Test(repairs, a_window_keeps_its_count_and_eight_more_and_knows_what_it_has)
{
    make(1000, 10, 32); /* 4 windows of 25 */
    for (uint64_t w = 0; w < 4; w++) {
        for (uint64_t key = 0; key < 33; key++)
            cr_assert_eq(add(w, key * key * 1000), REPAIRS_KEPT);
        cr_assert_eq(add(w, 4000), REPAIRS_DUPLICATE);
        cr_assert_eq(add(w, 4001), REPAIRS_FULL);
        cr_assert_eq(world.repairs.held[w], 33);
    }
    cr_assert_eq(world.repairs.total, 4 * 33);
    repairs_drop(&world.repairs, 2);
    cr_assert_eq(world.repairs.total, 3 * 33);
    cr_assert_eq(world.repairs.held[2], 0);
    cr_assert_eq(add(2, 4000), REPAIRS_KEPT);
    repairs_drop_all(&world.repairs);
    cr_assert_eq(world.repairs.total, 0);
}

Test(repairs, what_was_added_is_loaded)
{
    struct RlcRow rows[40];
    uint8_t payloads[40 * 10], payload[10], *out = payload;
    bool seen[20] = {false};

    make(1000, 10, 32);
    for (uint64_t key = 0; key < 20; key++)
        cr_assert_eq(add(3, key + UINT64_MAX / 2), REPAIRS_KEPT);
    cr_assert(repairs_load(&world.repairs, 3, object_window(&world.layout, 3), rows, payloads));
    for (size_t i = 0; i < 20; i++) {
        uint64_t key = rows[i].key - UINT64_MAX / 2;

        cr_assert(key < 20 && !seen[key]);
        seen[key] = true;
        rlc_encode(gf256_muladd_portable, rows[i].window, rows[i].key, 1, 10, symbol_of, NULL,
                   &out);
        cr_assert_eq(memcmp(rows[i].payload, payload, 10), 0);
    }
}

Test(repairs, a_record_is_found_by_its_place_until_it_is_dropped)
{
    uint8_t payload[10], right[10], *out = right;
    uint64_t w, key, found = 0, size = REPAIRS_KEY + 10;

    make(1000, 10, 32);
    for (uint64_t k = 0; k < 5; k++)
        cr_assert_eq(add(3, k), REPAIRS_KEPT);
    for (uint64_t at = 0; at + size <= SIDE_MOST; at++) {
        if (!repairs_record(&world.repairs, at, &w, &key, payload))
            continue;
        cr_assert_eq(at % size, 0);
        cr_assert(w == 3 && key < 5);
        rlc_encode(gf256_muladd_portable, object_window(&world.layout, w), key, 1, 10, symbol_of,
                   NULL, &out);
        cr_assert_eq(memcmp(payload, right, 10), 0);
        found++;
    }
    cr_assert_eq(found, 5);
    repairs_drop(&world.repairs, 3);
    for (uint64_t at = 0; at + size <= SIDE_MOST; at += size)
        cr_assert_not(repairs_record(&world.repairs, at, &w, &key, payload));
    cr_assert_not(repairs_record(&world.repairs, UINT64_MAX / size * size, &w, &key, payload));
}

Test(repairs, a_store_that_fails_is_told)
{
    make(1000, 10, 32);
    cr_assert_eq(add(0, 1), REPAIRS_KEPT);
    for (unsigned i = 1; i <= 2; i++) {
        world.fail_at = world.calls + i;
        cr_assert_eq(add(0, 2), REPAIRS_FAILED);
        cr_assert_eq(world.repairs.held[0], 1);
    }
    world.fail_at = 0;
    cr_assert_eq(add(0, 2), REPAIRS_KEPT);
}

Test(repairs, a_layout_too_large_for_this_world_needs_too_much_memory)
{
    struct ObjectLayout l = object_layout(INT64_MAX, 1, 1);

    cr_assert_geq(repairs_memory(&l), UINT64_C(1) << 60);
}

Test(recover, any_losses_are_solved_from_as_many_repairs)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < 400; round++) {
        uint32_t symbol_size = 1 + (uint32_t)test_random_below(&random, 50);
        uint32_t block = 1 + (uint32_t)test_random_below(&random, 60);
        uint64_t windows;

        make(1 + test_random_below(&random, 3000), symbol_size, block);
        windows = object_windows(&world.layout);
        for (uint64_t s = 0; s < world.layout.symbols; s++) {
            if (test_random_below(&random, 3) > 0)
                arrive(s);
        }
        for (uint64_t w = 0; w < windows; w++) {
            uint64_t key = test_random_below(&random, 3);

            while (world.object.missing[w] > 0 && world.repairs.held[w] < world.repairs.capacity) {
                CHECK(add(w, key++) == REPAIRS_KEPT, "not kept");
                if (recover_ready(&world.object, &world.repairs, w))
                    attempt(w);
            }
            CHECK(world.repairs.held[w] == 0, "repairs were left");
        }
        CHECK(object_complete(&world.object), "incomplete");
        CHECK(memcmp(world.sent, world.here, world.layout.size) == 0, "wrong");
    }
}

/* Every failure, one after the other, is told; and none leaves a wrong symbol marked. */
Test(recover, a_store_that_fails_is_told)
{
    enum RecoverResult result = RECOVER_FAILED;
    unsigned failures = 0;

    for (unsigned at = 1; result != RECOVER_SOLVED; at++) {
        make(995, 10, 100);
        for (uint64_t s = 0; s < 100; s++) {
            if (s % 9 != 0)
                arrive(s);
        }
        for (uint64_t key = 0; key < 12; key++)
            add(0, key);
        world.fail_at = world.calls + at;
        result = attempt(0);
        failures += result == RECOVER_FAILED ? 1 : 0;
        for (uint64_t s = 0; s < 100; s++)
            CHECK(!object_has(&world.object, s) ||
                      memcmp(world.sent + s * 10, world.here + s * 10,
                             object_symbol_bytes(&world.layout, s)) == 0,
                  "a wrong symbol is marked");
    }
    cr_assert_eq(failures, 2 * 12 + 88 + 12);
}

Test(recover, without_memory_nothing_changes)
{
    make(1000, 10, 100);
    for (uint64_t key = 0; key < 100; key++)
        add(0, key);
    world.scratch_most = 100;
    cr_assert_eq(attempt(0), RECOVER_NO_MEMORY);
    cr_assert_eq(world.repairs.held[0], 100);
    world.scratch_most = sizeof world.scratch;
    cr_assert_eq(attempt(0), RECOVER_SOLVED);
    cr_assert_eq(memcmp(world.sent, world.here, 1000), 0);
    cr_assert_eq(attempt(0), RECOVER_NOT_YET);
}

/* Random rows of 300 symbols with a 0 for symbol 0: each attempt wants twice as many as before. */
Test(recover, dependent_repairs_buy_few_attempts)
{
    unsigned attempts = 0;

    make(300, 1, 300);
    for (uint64_t s = 1; s < 300; s++)
        arrive(s);
    for (uint64_t key = 0; world.repairs.held[0] < 300; key++) {
        if (rlc_coefficient(key, 300, 0) != 0)
            continue;
        cr_assert_eq(add(0, key), REPAIRS_KEPT);
        if (!recover_ready(&world.object, &world.repairs, 0))
            continue;
        cr_assert_eq(attempt(0), RECOVER_NOT_YET);
        attempts++;
    }
    cr_assert(attempts >= 2 && attempts <= 10, "%u attempts", attempts);
}
