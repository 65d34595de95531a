#include "core/rlc.h"

#include <string.h>

#include "check.h"
#include "random.h"

#define SYMBOLS   300
#define SIZE_MOST 100

/* An object of full, short and empty symbols. */
struct World {
    uint64_t first; /* number of symbol 0 here */
    uint32_t symbols;
    size_t symbol_size;
    size_t len[SYMBOLS];
    uint8_t bytes[SYMBOLS][SIZE_MOST]; /* zero behind len */
};

static uint32_t below(struct TestRandom *r, uint32_t bound)
{
    return (uint32_t)test_random_below(r, bound);
}

static void world_make(struct World *w, struct TestRandom *r, uint32_t symbols)
{
    *w = (struct World){.first = below(r, 1000000), .symbols = symbols};
    w->symbol_size = 1 + below(r, SIZE_MOST);
    for (uint32_t i = 0; i < symbols; i++) {
        bool is_short = below(r, 8) == 0;
        w->len[i] = is_short ? below(r, (uint32_t)w->symbol_size) : w->symbol_size;
        test_random_fill(r, w->bytes[i], w->len[i]);
    }
}

static const uint8_t *world_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    const struct World *w = ctx;
    uint64_t i = symbol - w->first;
    if (i >= w->symbols)
        return NULL;
    *len = w->len[i];
    return w->bytes[i];
}

/* Byte b of the repair of every stride-th symbol, by its definition. */
static uint8_t naive_sum(const struct World *w, struct RlcWindow window, uint64_t key, size_t b)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < window.count; i++) {
        uint8_t coef = rlc_coefficient(key, window.count, i);
        sum ^= gf256_mul(coef, w->bytes[i * window.stride][b]);
    }
    return sum;
}

Test(rlc, coefficients_have_their_published_values)
{
    static const struct {
        uint64_t key;
        uint32_t count, i;
        uint8_t value;
    } published[] = {
        {0, 1, 0, 0x01},
        {0, 2, 1, 0xF4},
        {5, 20, 7, 0x4B},
        {100, 155, 154, 0xC4},
        {0, 255, 254, 0x01},
        {254, 1, 0, 0xFD},
        {255, 1, 0, 0x49},
        {0, 256, 0, 0x10},
        {1, 255, 254, 0xC0},
        {101, 155, 154, 0xB0},
        {0, 256, 7, 0x82},
        {0, 256, 8, 0x09},
        {7, 4096, 4095, 0x47},
        {255, 4096, 1234, 0xD2},
        {UINT64_C(1) << 32, 300, 299, 0x24},
        {UINT64_MAX, 1, 0, 0x60},
        {UINT64_MAX, 4096, 77, 0x51},
        {UINT64_MAX - 254, 255, 200, 0x37},
    };
    for (size_t n = 0; n < sizeof published / sizeof published[0]; n++)
        CHECK(rlc_coefficient(published[n].key, published[n].count, published[n].i) ==
                  published[n].value,
              "published value %zu", n);
}

Test(rlc, eight_coefficients_at_once_are_those_one_by_one_and_zero_behind_the_window)
{
    struct TestRandom r = {test_random_seed()};
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t count = 1 + below(&r, below(&r, 2) ? 255 : RLC_COUNT_MAX);
        uint64_t key = below(&r, 2) ? below(&r, 300) : test_random_next(&r);
        uint32_t octet = below(&r, count / 8 + 2);
        uint8_t coefs[8];
        rlc_coefficients(key, count, octet, coefs);
        for (uint32_t i = octet * 8; i < octet * 8 + 8; i++)
            CHECK(coefs[i % 8] == (i < count ? rlc_coefficient(key, count, i) : 0),
                  "key %" PRIu64 " count %u i %u", key, count, i);
    }
}

Test(rlc, a_window_finds_its_own_symbols_and_no_others)
{
    const struct RlcWindow windows[] = {
        {100, 5, 7}, {0, 1, 1}, {0, 50, 1}, {UINT64_MAX - 28, 5, 7}, {UINT64_MAX, 1, 65535}};
    for (size_t n = 0; n < sizeof windows / sizeof windows[0]; n++)
        for (uint64_t d = 0; d < 300; d++) {
            struct RlcWindow w = windows[n];
            uint64_t symbol = w.first - 100 + d; /* beyond either end of the numbers, too */
            uint64_t place = UINT64_MAX;
            for (uint64_t i = 0; i < w.count; i++)
                if (w.first + i * w.stride == symbol)
                    place = i;
            uint32_t index = 77;
            bool found = rlc_window_find(w, symbol, &index);
            CHECK(found == (place != UINT64_MAX), "window %zu, %" PRIu64, n, symbol);
            CHECK(index == (found ? place : 77), "window %zu, %" PRIu64, n, symbol);
            CHECK(rlc_window_find(w, symbol, NULL) == found, "window %zu", n);
        }
}

Test(rlc, a_repair_is_the_sum_of_coefficients_times_symbols)
{
    static struct World w;
    struct TestRandom r = {test_random_seed()};
    for (unsigned round = 0; round < 100; round++) {
        world_make(&w, &r, 1 + below(&r, SYMBOLS));
        uint32_t stride = 1 + below(&r, 5);
        struct RlcWindow window = {w.first, (w.symbols + stride - 1) / stride, stride};
        uint64_t key = below(&r, 3) ? below(&r, 300) : test_random_next(&r);
        size_t rows = below(&r, RLC_ROWS_MAX + 1);
        uint8_t memory[RLC_ROWS_MAX][SIZE_MOST];
        uint8_t *out[RLC_ROWS_MAX];
        memset(memory, 0xA5, sizeof memory);
        for (size_t row = 0; row < RLC_ROWS_MAX; row++)
            out[row] = memory[row];
        cr_assert(rlc_encode(gf256_muladd_portable, window, key, rows, w.symbol_size, world_symbol,
                             &w, out));
        for (size_t row = 0; row < RLC_ROWS_MAX; row++)
            for (size_t b = 0; b < SIZE_MOST; b++) {
                bool written = row < rows && b < w.symbol_size;
                uint8_t expected = written ? naive_sum(&w, window, key + row, b) : 0xA5;
                CHECK(memory[row][b] == expected, "row %zu byte %zu", row, b);
            }
    }
}

Test(rlc, encoding_fails_when_a_symbol_cannot_be_had)
{
    static struct World w;
    struct TestRandom r = {test_random_seed()};
    uint8_t repair[SIZE_MOST];
    uint8_t *out = repair;
    world_make(&w, &r, 10);
    struct RlcWindow window = {w.first, 11, 1};
    cr_assert_not(
        rlc_encode(gf256_muladd_portable, window, 0, 1, w.symbol_size, world_symbol, &w, &out));
}
