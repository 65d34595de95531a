/* Muladd: one check for every Gf256MulAdd, against bitwise multiplication. */
#ifndef TESTS_UNIT_MULADD_H
#define TESTS_UNIT_MULADD_H

#include "core/gf256.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

#define MULADD_GUARD 64 /* bytes before and behind every row that nobody may write */
#define MULADD_ROWS  64
#define MULADD_COLS  20

/* a * b the slow way: shift, reduce by the polynomial, add. */
static inline uint8_t bitwise_mul(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    for (unsigned factor = a; b != 0; b >>= 1) {
        if (b & 1)
            product ^= factor;
        factor <<= 1;
        if (factor & 0x100)
            factor ^= 0x11D;
    }
    return (uint8_t)product;
}

/* The columns of a check: where they are, and their coefficients, by column. */
struct MuladdColumns {
    size_t count, rows, len;
    const uint8_t *src[MULADD_COLS];
    uint8_t *memory[MULADD_COLS];
    uint8_t coef[MULADD_COLS * MULADD_ROWS];
};

/* Row r as it was, the sum of all columns to be added between its guards, and as it is now. */
static inline void muladd_check_row(const struct MuladdColumns *m, size_t r, const uint8_t *was,
                                    const uint8_t *is, size_t head)
{
    uint8_t product[MULADD_COLS][256];
    for (size_t c = 0; c < m->count; c++)
        for (unsigned b = 0; b < 256; b++)
            product[c][b] = bitwise_mul(m->coef[c * m->rows + r], (uint8_t)b);
    CHECK(memcmp(was, is, head) == 0, "written before a row of %zu bytes", m->len);
    CHECK(memcmp(was + head + m->len, is + head + m->len, MULADD_GUARD) == 0,
          "written behind a row of %zu bytes", m->len);
    for (size_t i = 0; i < m->len; i++) {
        uint8_t sum = was[head + i];
        for (size_t c = 0; c < m->count; c++)
            sum ^= product[c][m->src[c][i]];
        CHECK(is[head + i] == sum, "byte %zu of %zu differs, %zu columns", i, m->len, m->count);
    }
}

/* Random columns at random alignments; each ends where its memory does. */
static inline void muladd_columns(struct MuladdColumns *m, struct TestRandom *random)
{
    for (size_t c = 0; c < m->count; c++) {
        size_t skew = (size_t)test_random_below(random, 64);
        m->memory[c] = malloc(skew + m->len + 1); /* 1: never of size 0 */
        m->src[c] = m->memory[c] + 1 + skew;
        test_random_fill(random, m->memory[c] + 1 + skew, m->len);
    }
    for (size_t i = 0; i < m->count * m->rows; i++) {
        bool special = test_random_below(random, 4) == 0;
        m->coef[i] = (uint8_t)test_random_below(random, special ? 2 : 256);
    }
}

/* Random rows at random alignments. */
static inline void muladd_check(Gf256MulAdd muladd, struct TestRandom *random, size_t rows,
                                size_t cols, size_t len)
{
    struct MuladdColumns m = {.count = cols, .rows = rows, .len = len};
    uint8_t *was[MULADD_ROWS], *is[MULADD_ROWS], *dst[MULADD_ROWS] = {0};
    size_t head[MULADD_ROWS];
    muladd_columns(&m, random);
    for (size_t r = 0; r < rows; r++) {
        head[r] = MULADD_GUARD + (size_t)test_random_below(random, 64);
        size_t size = head[r] + len + MULADD_GUARD;
        was[r] = malloc(size);
        is[r] = malloc(size);
        test_random_fill(random, was[r], size);
        memcpy(is[r], was[r], size);
        dst[r] = is[r] + head[r];
    }
    muladd(dst, rows, m.src, cols, m.coef, len);
    for (size_t r = 0; r < rows; r++) {
        muladd_check_row(&m, r, was[r], is[r], head[r]);
        free(was[r]);
        free(is[r]);
    }
    for (size_t c = 0; c < cols; c++)
        free(m.memory[c]);
}

/* Every length to 200 and a few long ones, from no rows and columns to many. */
static inline void muladd_check_all(Gf256MulAdd muladd)
{
    struct TestRandom random = {test_random_seed()};
    for (size_t len = 0; len <= 200; len++)
        for (size_t cols = 0; cols <= 3; cols++)
            muladd_check(muladd, &random, (size_t)test_random_below(&random, 20), cols, len);
    for (size_t rows = 0; rows <= MULADD_ROWS; rows++)
        muladd_check(muladd, &random, rows, 1 + rows % 2 * 7,
                     500 + (size_t)test_random_below(&random, 1000));
    for (size_t cols = 0; cols <= MULADD_COLS; cols++)
        muladd_check(muladd, &random, 1 + cols % 7, cols, (size_t)test_random_below(&random, 300));
    for (unsigned round = 0; round < 4; round++)
        muladd_check(muladd, &random, 7, 1, 60000 + (size_t)test_random_below(&random, 10000));
}

#endif
