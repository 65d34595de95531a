#include "host/kernels.h"

#include "muladd.h"

#define CRC_BYTES 300

Test(kernels, muladd_equals_bitwise_multiplication_and_writes_nothing_else)
{
    muladd_check_all(kernels_best()->muladd);
    muladd_check_all(kernels_isal()->muladd);
}

static void check_many(Gf256MulAdd muladd)
{
    enum { ROWS = 300, COLS = 21, LEN = 2300 };
    static uint8_t ours[ROWS][LEN], theirs[ROWS][LEN];
    static uint8_t coef[COLS * ROWS], bytes[COLS][LEN];
    struct TestRandom random = {test_random_seed()};
    uint8_t *to_ours[ROWS], *to_theirs[ROWS];
    const uint8_t *src[COLS];
    memcpy(theirs, ours, sizeof ours);
    test_random_fill(&random, bytes, sizeof bytes);
    test_random_fill(&random, coef, sizeof coef);
    for (size_t c = 0; c < COLS; c++)
        src[c] = bytes[c];
    for (size_t r = 0; r < ROWS; r++) {
        to_ours[r] = ours[r];
        to_theirs[r] = theirs[r];
    }
    gf256_muladd_portable(to_ours, ROWS, src, COLS, coef, LEN);
    muladd(to_theirs, ROWS, src, COLS, coef, LEN);
    cr_assert_eq(memcmp(ours, theirs, sizeof ours), 0);
}

Test(kernels, muladd_equals_the_portable_one_over_many_rows_and_columns)
{
    check_many(kernels_best()->muladd);
    check_many(kernels_isal()->muladd);
}

Test(kernels, crc_has_the_published_value)
{
    const uint8_t digits[] = "123456789";
    cr_assert_eq(kernels_best()->crc32c(0, digits, 9), 0xE3069283U);
    cr_assert_eq(kernels_best()->crc32c(0x12345678, digits, 0), 0x12345678U);
}

Test(kernels, crc_equals_the_portable_one_at_every_alignment_and_length)
{
    Crc32c crc32c = kernels_best()->crc32c;
    struct TestRandom random = {test_random_seed()};
    uint8_t bytes[CRC_BYTES];
    test_random_fill(&random, bytes, sizeof bytes);
    for (size_t from = 0; from < 16; from++)
        for (size_t len = 0; len <= sizeof bytes - from; len++)
            CHECK(crc32c(0, bytes + from, len) == crc32c_portable(0, bytes + from, len),
                  "%zu bytes from %zu", len, from);
}

Test(kernels, crc_continues_seamlessly_at_every_split)
{
    Crc32c crc32c = kernels_best()->crc32c;
    struct TestRandom random = {test_random_seed()};
    uint8_t bytes[CRC_BYTES];
    test_random_fill(&random, bytes, sizeof bytes);
    uint32_t whole = crc32c_portable(0, bytes, sizeof bytes);
    for (size_t split = 0; split <= sizeof bytes; split++) {
        uint32_t crc = crc32c(0, bytes, split);
        CHECK(crc32c(crc, bytes + split, sizeof bytes - split) == whole, "split at %zu", split);
    }
}

Test(kernels, built_with_isal_are_not_replaced_by_the_portable_ones)
{
#if defined WITH_ISAL && WITH_ISAL
    cr_assert(kernels_best()->simd);
    cr_assert_neq(kernels_best()->muladd, gf256_muladd_portable);
    cr_assert_neq(kernels_best()->crc32c, crc32c_portable);
    cr_assert_str_eq(kernels_isal()->name, "isa-l");
    cr_assert_eq(strncmp(kernels_best()->name, "isa-l", 5), 0);
#else
    cr_assert_not(kernels_best()->simd);
    cr_assert_eq(kernels_best()->muladd, gf256_muladd_portable);
    cr_assert_str_eq(kernels_best()->name, "portable");
#endif
    cr_assert_eq(kernels_best(), kernels_best());
}
