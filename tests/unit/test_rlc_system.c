#include "core/rlc.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

#define SYMBOLS   1200
#define SIZE_MOST 300
#define ROWS      700

/* An object, what was lost of it, and the repairs that arrived. Each test is a process: static. */
static struct World {
    uint64_t first; /* number of symbol 0 here */
    uint32_t symbols;
    size_t symbol_size;
    size_t len[SYMBOLS];
    uint8_t bytes[SYMBOLS][SIZE_MOST]; /* zero behind len */
    bool lost[SYMBOLS];
    uint64_t unknowns[SYMBOLS];
    size_t unknown_count;
    struct RlcRow rows[ROWS];
    size_t row_count;
    uint8_t payloads[ROWS][SIZE_MOST];
    uint8_t before[ROWS][SIZE_MOST];
} world;

static uint32_t below(struct TestRandom *r, uint32_t bound)
{
    return (uint32_t)test_random_below(r, bound);
}

/* Full symbols, short ones and empty ones, numbered from anywhere up to the last uint64_t. */
static void world_make(struct TestRandom *r, uint32_t symbols)
{
    world.symbols = symbols;
    world.first = below(r, 4) == 0 ? UINT64_MAX - (symbols - 1) : below(r, 1000000);
    world.symbol_size = 1 + below(r, SIZE_MOST);
    world.unknown_count = 0;
    world.row_count = 0;
    memset(world.lost, 0, sizeof world.lost);
    memset(world.bytes, 0, sizeof world.bytes);
    for (uint32_t i = 0; i < symbols; i++) {
        bool is_short = below(r, 8) == 0;
        world.len[i] = is_short ? below(r, (uint32_t)world.symbol_size) : world.symbol_size;
        test_random_fill(r, world.bytes[i], world.len[i]);
    }
}

static const uint8_t *world_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    (void)ctx;
    uint64_t i = symbol - world.first;
    if (i >= world.symbols)
        return NULL;
    *len = world.len[i];
    return world.bytes[i];
}

static void world_repair(struct RlcWindow window, uint64_t key)
{
    size_t row = world.row_count++;
    uint8_t *payload = world.payloads[row];
    world.rows[row] = (struct RlcRow){window, key, payload};
    cr_assert(rlc_encode(gf256_muladd_portable, window, key, 1, world.symbol_size, world_symbol,
                         NULL, &payload));
    memcpy(world.before[row], payload, world.symbol_size);
}

/* Lose count symbols among first, first + stride, ... (places), limit of them. */
static void world_lose(struct TestRandom *r, uint32_t first, uint32_t stride, uint32_t limit,
                       uint32_t count)
{
    for (uint32_t n = 0; n < count;) {
        uint32_t i = first + stride * below(r, limit);
        n += !world.lost[i];
        world.lost[i] = true;
    }
    world.unknown_count = 0;
    for (uint32_t i = 0; i < world.symbols; i++)
        if (world.lost[i])
            world.unknowns[world.unknown_count++] = world.first + i;
}

/* Coefficient of a symbol in a row, by nothing but the definition. */
static uint8_t entry(const struct RlcRow *row, uint64_t symbol)
{
    for (uint32_t i = 0; i < row->window.count; i++)
        if (row->window.first + (uint64_t)i * row->window.stride == symbol)
            return rlc_coefficient(row->key, row->window.count, i);
    return 0;
}

/* The rank by Gauss as in a schoolbook. */
static size_t naive_rank(void)
{
    static uint8_t m[ROWS][SYMBOLS];
    size_t rank = 0;
    for (size_t r = 0; r < world.row_count; r++)
        for (size_t u = 0; u < world.unknown_count; u++)
            m[r][u] = entry(&world.rows[r], world.unknowns[u]);
    for (size_t column = 0; column < world.unknown_count && rank < world.row_count; column++) {
        size_t pivot = rank;
        while (pivot < world.row_count && m[pivot][column] == 0)
            pivot++;
        if (pivot == world.row_count)
            continue;
        for (size_t u = 0; u < world.unknown_count; u++) {
            uint8_t byte = m[pivot][u];
            m[pivot][u] = m[rank][u];
            m[rank][u] = byte;
        }
        for (size_t r = rank + 1; r < world.row_count; r++) {
            uint8_t factor = gf256_mul(m[r][column], gf256_inv(m[rank][column]));
            for (size_t u = column; u < world.unknown_count; u++)
                m[r][u] ^= gf256_mul(factor, m[rank][u]);
        }
        rank++;
    }
    return rank;
}

/* The payloads of rows [from, row_count), wherever they are now, are as they arrived. */
static void check_untouched(size_t from)
{
    for (size_t r = from; r < world.row_count; r++) {
        size_t place = (size_t)(world.rows[r].payload - world.payloads[0]) / SIZE_MOST;
        CHECK(memcmp(world.payloads[place], world.before[place], world.symbol_size) == 0,
              "row %zu was changed", r);
    }
}

/* Init; and if solvable all the rest. Checks every promise; the rank is checked by the caller. */
static bool world_solve(size_t *rank)
{
    struct RlcSystem s;
    size_t size = rlc_system_memory(world.unknown_count, world.row_count, world.symbol_size);
    void *memory = malloc(size + 1); /* 1: never of size 0 */
    memset(memory, 0xA5, size);
    bool solvable =
        rlc_system_init(&s, memory, gf256_muladd_portable, world.symbol_size, world.unknowns,
                        world.unknown_count, world.rows, world.row_count);
    *rank = s.rank;
    check_untouched(0);
    for (uint32_t i = 0; solvable && i < world.symbols; i++)
        if (!world.lost[i])
            rlc_system_known(&s, world.first + i, world.bytes[i], world.len[i]);
    if (solvable)
        rlc_system_solve(&s);
    for (size_t u = 0; solvable && u < world.unknown_count; u++) {
        const uint8_t *expected = world.bytes[world.unknowns[u] - world.first];
        CHECK(memcmp(rlc_system_solution(&s, u), expected, world.symbol_size) == 0,
              "unknown %zu of %zu", u, world.unknown_count);
    }
    check_untouched(solvable ? world.unknown_count : 0);
    free(memory);
    return solvable;
}

Test(rlc_system, nothing_lost_needs_no_rows)
{
    struct TestRandom r = {test_random_seed()};
    size_t rank;
    world_make(&r, 10);
    cr_assert(world_solve(&rank));
    world_repair((struct RlcWindow){world.first, 10, 1}, 3);
    cr_assert(world_solve(&rank));
    cr_assert_eq(rank, 0);
}

Test(rlc_system, losses_of_one_window_are_solved_and_spare_rows_left_alone)
{
    struct TestRandom r = {test_random_seed()};
    for (uint32_t count = 1; count <= 300; count++) {
        uint32_t stride = 1 + below(&r, SYMBOLS / count < 4 ? SYMBOLS / count : 4);
        world_make(&r, count * stride);
        uint32_t first = below(&r, stride);
        uint32_t losses = 1 + below(&r, count);
        world_lose(&r, first, stride, count, losses);
        uint64_t key = below(&r, 2) ? 0 : test_random_next(&r);
        for (uint32_t row = 0; row < losses + 3; row++)
            world_repair((struct RlcWindow){world.first + first, count, stride}, key + row);
        size_t rank;
        CHECK(world_solve(&rank), "count %u, %u lost: rank %zu", count, losses, rank);
        CHECK(rank == losses, "count %u, %u lost: rank %zu", count, losses, rank);
    }
}

/* Some of these systems have a solution and some not: either way the promises hold. */
Test(rlc_system, overlapping_windows_are_solved_together)
{
    struct TestRandom r = {test_random_seed()};
    unsigned solved = 0;
    for (unsigned round = 0; round < 200; round++) {
        world_make(&r, 100 + below(&r, 400));
        world_lose(&r, 0, 1, world.symbols, world.symbols / 3 + 1);
        size_t wanted = world.unknown_count + below(&r, 60);
        uint32_t widest = 20 + below(&r, 80);
        while (world.row_count < wanted) {
            uint32_t count = 1 + below(&r, widest);
            uint32_t first = below(&r, world.symbols - count + 1);
            if (below(&r, 3) == 0) /* the ends are in few windows otherwise */
                first = below(&r, 2) ? 0 : world.symbols - count;
            world_repair((struct RlcWindow){world.first + first, count, 1}, world.row_count);
        }
        size_t naive = naive_rank();
        size_t rank;
        bool solvable = world_solve(&rank);
        CHECK(rank == naive, "rank %zu of %zu, should be %zu", rank, world.unknown_count, naive);
        CHECK(solvable == (naive == world.unknown_count), "rank %zu", rank);
        solved += solvable;
    }
    cr_assert(solved > 20 && solved < 180, "%u of 200", solved);
}

Test(rlc_system, repeated_keys_and_too_few_rows_are_not_solvable_and_change_no_payload)
{
    struct TestRandom r = {test_random_seed()};
    for (unsigned round = 0; round < 100; round++) {
        uint32_t count = 10 + below(&r, 400);
        world_make(&r, count);
        uint32_t distinct = 1 + below(&r, count < 150 ? count - 1 : 149);
        world_lose(&r, 0, 1, count, distinct + 1);
        for (uint32_t row = 0; row < distinct; row++)
            for (uint32_t copies = 1 + below(&r, 2); copies > 0; copies--)
                world_repair((struct RlcWindow){world.first, count, 1}, row);
        size_t rank;
        CHECK(!world_solve(&rank), "%u keys for %u unknowns", distinct, distinct + 1);
        CHECK(rank <= distinct && rank == naive_rank(), "rank %zu of %u", rank, distinct);
    }
}

/* The system of some rows of keys (bit k: key k) and some unknowns (bit i: symbol i). */
static bool subset_solvable(uint32_t count, uint32_t keys, uint32_t symbols)
{
    world.unknown_count = 0;
    world.row_count = 0;
    world.symbol_size = 0;
    for (uint32_t bit = 0; bit < 32; bit++) {
        if (symbols >> bit & 1)
            world.unknowns[world.unknown_count++] = bit;
        if (keys >> bit & 1)
            world.rows[world.row_count++] = (struct RlcRow){{0, count, 1}, bit, world.payloads[0]};
    }
    size_t rank;
    return world_solve(&rank);
}

Test(rlc_system, every_square_choice_of_cauchy_rows_is_solvable)
{
    for (uint32_t count = 1; count <= 7; count++)
        for (uint32_t keys = 1; keys < 128; keys++)
            for (uint32_t symbols = 1; symbols < 1U << count; symbols++)
                if (__builtin_popcount(keys) == __builtin_popcount(symbols))
                    CHECK(subset_solvable(count, keys, symbols), "count %u keys %x symbols %x",
                          count, keys, symbols);
}

Test(rlc_system, random_square_choices_of_cauchy_rows_are_solvable)
{
    struct TestRandom r = {test_random_seed()};
    for (unsigned round = 0; round < 300; round++) {
        uint32_t count = 1 + below(&r, 200);
        uint32_t keys = 256 - count;
        uint32_t losses = 1 + below(&r, count < keys ? count : keys);
        world_make(&r, count);
        world_lose(&r, 0, 1, count, losses);
        bool used[256] = {false};
        while (world.row_count < losses) {
            uint32_t key = below(&r, keys);
            if (!used[key])
                world_repair((struct RlcWindow){world.first, count, 1}, key);
            used[key] = true;
        }
        size_t rank;
        CHECK(world_solve(&rank), "count %u, %u lost", count, losses);
    }
}

/* A random square matrix over 256 elements is singular with probability 0.39 %. */
Test(rlc_system, four_in_a_thousand_random_square_systems_are_not_solvable)
{
    enum { SYSTEMS = 20000, UNKNOWNS = 20, COUNT = 300 };
    struct TestRandom r = {test_random_seed()};
    unsigned unsolvable = 0;
    world.symbols = COUNT;
    for (unsigned n = 0; n < SYSTEMS; n++) {
        memset(world.lost, 0, sizeof world.lost);
        world_lose(&r, 0, 1, COUNT, UNKNOWNS);
        uint64_t key = below(&r, 2) ? n * UNKNOWNS : test_random_next(&r);
        for (world.row_count = 0; world.row_count < UNKNOWNS; world.row_count++)
            world.rows[world.row_count] =
                (struct RlcRow){{0, COUNT, 1}, key + world.row_count, world.payloads[0]};
        uint8_t memory[8192];
        struct RlcSystem s;
        cr_assert(rlc_system_memory(UNKNOWNS, UNKNOWNS, 0) <= sizeof memory);
        unsolvable += !rlc_system_init(&s, memory, gf256_muladd_portable, 0, world.unknowns,
                                       UNKNOWNS, world.rows, UNKNOWNS);
    }
    cr_assert(unsolvable >= SYSTEMS / 500 && unsolvable <= SYSTEMS / 1000 * 7, "%u of %d",
              unsolvable, SYSTEMS);
}
