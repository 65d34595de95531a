#include "core/crc.h"

#include <string.h>

#include "check.h"
#include "random.h"

/* Bit by bit, as the polynomial says. */
static uint32_t crc32c_by_bits(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

Test(crc, the_vectors_of_rfc_3720_hold)
{
    static const uint8_t read_command[48] = {
        0x01, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
        0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    uint8_t p[32];
    memset(p, 0x00, sizeof p);
    cr_assert_eq(crc32c_portable(0, p, sizeof p), 0x8A9136AAu);
    memset(p, 0xFF, sizeof p);
    cr_assert_eq(crc32c_portable(0, p, sizeof p), 0x62A8AB43u);
    for (uint8_t i = 0; i < 32; i++)
        p[i] = i;
    cr_assert_eq(crc32c_portable(0, p, sizeof p), 0x46DD794Eu);
    for (uint8_t i = 0; i < 32; i++)
        p[i] = (uint8_t)(31 - i);
    cr_assert_eq(crc32c_portable(0, p, sizeof p), 0x113FDB5Cu);
    cr_assert_eq(crc32c_portable(0, read_command, sizeof read_command), 0xD9963A56u);
    cr_assert_eq(crc32c_portable(0, (const uint8_t *)"123456789", 9), 0xE3069283u);
}

Test(crc, nothing_leaves_the_crc_as_it_is)
{
    cr_assert_eq(crc32c_portable(0, NULL, 0), 0);
    cr_assert_eq(crc32c_portable(0xDEADBEEF, (const uint8_t *)"", 0), 0xDEADBEEF);
}

/* Every entry of the tables counts: byte b at place k of eight, for every b and k. */
Test(crc, every_byte_at_every_place_counts_as_the_polynomial_says)
{
    for (size_t place = 0; place < 24; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t p[24] = {0};
            p[place] = (uint8_t)byte;
            CHECK(crc32c_portable(0, p, sizeof p) == crc32c_by_bits(0, p, sizeof p),
                  "byte %u at %zu", byte, place);
        }
    }
}

Test(crc, every_length_and_alignment_agrees_with_the_bitwise_crc)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t p[320];
    test_random_fill(&r, p, sizeof p);
    for (size_t at = 0; at < 16; at++) {
        for (size_t len = 0; len <= 300; len++) {
            uint32_t start = (uint32_t)test_random_next(&r);
            CHECK(crc32c_portable(start, p + at, len) == crc32c_by_bits(start, p + at, len),
                  "%zu bytes at %zu", len, at);
        }
    }
}

Test(crc, continuing_is_seamless_at_every_cut)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t p[200];
    test_random_fill(&r, p, sizeof p);
    uint32_t whole = crc32c_portable(0, p, sizeof p);
    for (size_t cut = 0; cut <= sizeof p; cut++) {
        uint32_t front = crc32c_portable(0, p, cut);
        CHECK(crc32c_portable(front, p + cut, sizeof p - cut) == whole, "cut at %zu", cut);
    }
}
