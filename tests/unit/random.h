/*
 * Random numbers for tests: the same in every run, from a fixed seed, unless DTTK_SEED (decimal,
 * 0x... or 0...) in the environment names another. SplitMix64: Steele, Lea and Flood, OOPSLA 2014.
 *
 *     struct TestRandom random = {test_random_seed()};
 */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define TEST_RANDOM_SEED UINT64_C(0xD77C0DE5EED)

struct TestRandom {
    uint64_t state;
};

/* The seed of this run; told once per test process (a seed from outside even without --verbose). */
static inline uint64_t test_random_seed(void)
{
    static bool told = false;
    const char *text = getenv("DTTK_SEED");
    bool given = text != NULL && *text != '\0';
    uint64_t seed = given ? strtoull(text, NULL, 0) : TEST_RANDOM_SEED;
    if (told)
        return seed;
    told = true;
    if (given)
        cr_log_warn("DTTK_SEED=%" PRIu64 "\n", seed);
    else
        cr_log_info("DTTK_SEED=%" PRIu64 "\n", seed);
    return seed;
}

/* 64 random bits. */
static inline uint64_t test_random_next(struct TestRandom *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A number from 0 to bound - 1; bound > 0. Its bias, below bound / 2^64, is no matter here. */
static inline uint64_t test_random_below(struct TestRandom *r, uint64_t bound)
{
    return test_random_next(r) % bound;
}

/* n random bytes at memory. */
static inline void test_random_fill(struct TestRandom *r, void *memory, size_t n)
{
    uint8_t *p = memory;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(test_random_next(r) >> 32);
}

#endif
