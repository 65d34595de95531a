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

/* A row as it was, coef * src to be added between its guards, and as it is now. */
static inline void muladd_check_row(const uint8_t *was, const uint8_t *is, size_t head, size_t len,
                                    uint8_t coef, const uint8_t *src)
{
    uint8_t product[256];
    for (unsigned b = 0; b < 256; b++)
        product[b] = bitwise_mul(coef, (uint8_t)b);
    CHECK(memcmp(was, is, head) == 0, "written before a row of %zu bytes", len);
    CHECK(memcmp(was + head + len, is + head + len, MULADD_GUARD) == 0,
          "written behind a row of %zu bytes", len);
    for (size_t i = 0; i < len; i++)
        CHECK(is[head + i] == (was[head + i] ^ product[src[i]]),
              "byte %zu of %zu differs, coefficient %u", i, len, coef);
}

/* Random rows at random alignments; src ends where its memory does. */
static inline void muladd_check(Gf256MulAdd muladd, struct TestRandom *random, size_t rows,
                                size_t len)
{
    uint8_t *was[MULADD_ROWS], *is[MULADD_ROWS], *dst[MULADD_ROWS] = {0}, coef[MULADD_ROWS] = {0};
    size_t head[MULADD_ROWS];
    size_t skew = (size_t)test_random_below(random, 64);
    uint8_t *memory = malloc(skew + len + 1); /* 1: never of size 0 */
    uint8_t *src = memory + 1 + skew;
    test_random_fill(random, src, len);
    for (size_t r = 0; r < rows; r++) {
        head[r] = MULADD_GUARD + (size_t)test_random_below(random, 64);
        size_t size = head[r] + len + MULADD_GUARD;
        was[r] = malloc(size);
        is[r] = malloc(size);
        test_random_fill(random, was[r], size);
        memcpy(is[r], was[r], size);
        dst[r] = is[r] + head[r];
        bool special = test_random_below(random, 4) == 0;
        coef[r] = (uint8_t)test_random_below(random, special ? 2 : 256);
    }
    muladd(dst, coef, rows, src, len);
    for (size_t r = 0; r < rows; r++) {
        muladd_check_row(was[r], is[r], head[r], len, coef[r], src);
        free(was[r]);
        free(is[r]);
    }
    free(memory);
}

/* Every length to 200 and a few long ones, from no rows to many. */
static inline void muladd_check_all(Gf256MulAdd muladd)
{
    struct TestRandom random = {test_random_seed()};
    for (size_t len = 0; len <= 200; len++)
        for (unsigned round = 0; round < 4; round++)
            muladd_check(muladd, &random, (size_t)test_random_below(&random, 20), len);
    for (size_t rows = 0; rows <= MULADD_ROWS; rows++)
        muladd_check(muladd, &random, rows, 500 + (size_t)test_random_below(&random, 1000));
    for (unsigned round = 0; round < 4; round++)
        muladd_check(muladd, &random, 7, 60000 + (size_t)test_random_below(&random, 10000));
}

#endif
