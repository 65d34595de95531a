#include "muladd.h"

Test(gf256, every_product_equals_the_bitwise_one)
{
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t product = gf256_mul((uint8_t)a, (uint8_t)b);
            CHECK(product == bitwise_mul((uint8_t)a, (uint8_t)b), "%u * %u = %u", a, b, product);
        }
}

Test(gf256, an_element_times_its_inverse_is_one)
{
    for (unsigned a = 1; a < 256; a++)
        CHECK(bitwise_mul((uint8_t)a, gf256_inv((uint8_t)a)) == 1, "1 / %u", a);
}

Test(gf256, scaling_multiplies_each_byte_and_no_other)
{
    for (unsigned factor = 0; factor < 256; factor++) {
        uint8_t bytes[300];
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)i;
        gf256_scale(bytes + 1, (uint8_t)factor, 256);
        gf256_scale(bytes + 257, (uint8_t)factor, 0);
        for (unsigned i = 0; i < sizeof bytes; i++) {
            bool scaled = i >= 1 && i <= 256;
            uint8_t expected = scaled ? bitwise_mul((uint8_t)i, (uint8_t)factor) : (uint8_t)i;
            CHECK(bytes[i] == expected, "byte %u, factor %u", i, factor);
        }
    }
}

Test(gf256, portable_muladd_equals_bitwise_multiplication_and_writes_nothing_else)
{
    muladd_check_all(gf256_muladd_portable);
}

Test(gf256, muladd_of_no_rows_no_columns_or_no_bytes_touches_nothing)
{
    uint8_t byte = 7;
    uint8_t *dst[] = {&byte};
    const uint8_t *src[] = {&byte};
    const uint8_t *nothing[] = {NULL};
    gf256_muladd_portable(dst, 1, nothing, 1, &byte, 0);
    gf256_muladd_portable(dst, 1, NULL, 0, NULL, 1);
    gf256_muladd_portable(NULL, 0, src, 1, NULL, 1);
    cr_assert_eq(byte, 7);
}
