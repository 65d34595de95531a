#include "core/bytes.h"

#include <string.h>

#include "check.h"
#include "random.h"

Test(bytes, integers_lie_little_endian_at_any_alignment)
{
    uint8_t p[16];
    for (size_t at = 0; at < 8; at++) {
        put_u16(p + at, 0x0201);
        cr_assert_eq(memcmp(p + at, "\x01\x02", 2), 0);
        cr_assert_eq(get_u16(p + at), 0x0201);
        put_u32(p + at, 0xF4F3F2F1u);
        cr_assert_eq(memcmp(p + at, "\xF1\xF2\xF3\xF4", 4), 0);
        cr_assert_eq(get_u32(p + at), 0xF4F3F2F1u);
        put_u64(p + at, UINT64_C(0xF8F7F6F5F4F3F2F1));
        cr_assert_eq(memcmp(p + at, "\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8", 8), 0);
        cr_assert_eq(get_u64(p + at), UINT64_C(0xF8F7F6F5F4F3F2F1));
    }
}

Test(bytes, integers_are_taken_off_the_front_in_turn)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFF, 16};
    struct View v = view_of(bytes, sizeof bytes);
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    cr_assert(view_take_u8(&v, &u8) && u8 == 1);
    cr_assert(view_take_u16(&v, &u16) && u16 == 0x0302);
    cr_assert(view_take_u32(&v, &u32) && u32 == 0x07060504);
    cr_assert(view_take_u64(&v, &u64) && u64 == UINT64_C(0xFF0E0D0C0B0A0908));
    cr_assert_eq(v.len, 1);
    cr_assert_eq(v.data, bytes + 15);
}

Test(bytes, an_integer_too_long_for_the_view_is_refused_and_changes_nothing)
{
    static const uint8_t bytes[8] = {0};
    for (size_t len = 0; len < 8; len++) {
        struct View v = view_of(bytes, len);
        uint8_t u8 = 0xAA;
        uint16_t u16 = 0xAAAA;
        uint32_t u32 = 0xAAAAAAAA;
        uint64_t u64 = 0xAAAAAAAAAAAAAAAA;
        cr_assert(len >= 1 || (!view_take_u8(&v, &u8) && u8 == 0xAA));
        cr_assert(len >= 2 || (!view_take_u16(&v, &u16) && u16 == 0xAAAA));
        cr_assert(len >= 4 || (!view_take_u32(&v, &u32) && u32 == 0xAAAAAAAA));
        cr_assert(!view_take_u64(&v, &u64) && u64 == 0xAAAAAAAAAAAAAAAA);
        cr_assert_eq(v.len, len);
        cr_assert_eq(v.data, bytes);
    }
}

Test(bytes, n_bytes_are_taken_or_refused_whole)
{
    static const uint8_t bytes[5] = {1, 2, 3, 4, 5};
    for (size_t n = 0; n < 8; n++) {
        struct View v = view_of(bytes, sizeof bytes);
        struct View out = view_of(NULL, 77);
        bool fits = n <= sizeof bytes;
        cr_assert_eq(view_take(&v, n, &out), fits);
        cr_assert_eq(v.len, fits ? sizeof bytes - n : sizeof bytes);
        cr_assert_eq(v.data, fits ? bytes + n : bytes);
        cr_assert_eq(out.len, fits ? n : 77);
        cr_assert(!fits || out.data == bytes);
    }
    struct View v = view_of(bytes, sizeof bytes);
    struct View out;
    cr_assert(!view_take(&v, SIZE_MAX, &out));
}

Test(bytes, a_view_of_nothing_gives_nothing_but_nothing)
{
    struct View v = view_of(NULL, 0);
    struct View out = view_of("x", 1);
    uint64_t u64;
    cr_assert(view_take(&v, 0, &out));
    cr_assert_eq(out.len, 0);
    cr_assert(!view_take(&v, 1, &out));
    cr_assert(!view_take_varint(&v, &u64));
}

Test(bytes, varints_have_the_published_forms)
{
    /* DWARF 5, table 7.6, and the ends of the range. */
    static const struct {
        uint64_t value;
        const char *bytes;
        size_t len;
    } forms[] = {
        {0, "\x00", 1},
        {2, "\x02", 1},
        {127, "\x7F", 1},
        {128, "\x80\x01", 2},
        {129, "\x81\x01", 2},
        {12857, "\xB9\x64", 2},
        {UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        uint8_t p[VARINT_MAX];
        cr_assert_eq(put_varint(p, forms[i].value), forms[i].len);
        cr_assert_eq(memcmp(p, forms[i].bytes, forms[i].len), 0);
    }
}

/* Put value, take it back, and see every shorter piece refused. */
static void check_varint(uint64_t value)
{
    uint8_t p[VARINT_MAX + 1];
    memset(p, 0x5A, sizeof p);
    size_t n = put_varint(p, value);
    CHECK(n == varint_size(value) && n <= VARINT_MAX, "size of %" PRIu64, value);
    CHECK(p[n] == 0x5A, "%" PRIu64 " wrote too much", value);
    for (size_t len = 0; len < sizeof p; len++) {
        struct View v = view_of(p, len);
        uint64_t out = 42;
        bool taken = view_take_varint(&v, &out);
        CHECK(taken == (len >= n), "%" PRIu64 " from %zu bytes", value, len);
        CHECK(out == (taken ? value : 42), "%" PRIu64 " became %" PRIu64, value, out);
        CHECK(v.len == (taken ? len - n : len) && v.data == p + (taken ? n : 0), "view moved");
    }
}

Test(bytes, every_varint_comes_back_and_a_cut_one_is_refused)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t power = UINT64_C(1) << bit;
        check_varint(power - 1);
        check_varint(power);
        check_varint(power + 1);
    }
    check_varint(UINT64_MAX);
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 100000; i++) {
        uint64_t value = test_random_next(&r);
        check_varint(value >> test_random_below(&r, 64));
    }
}

Test(bytes, a_varint_beyond_64_bits_or_10_bytes_is_refused)
{
    static const char *const forms[] = {
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02",
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7F",
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81",
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        uint8_t p[12] = {0};
        memcpy(p, forms[i], 10);
        struct View v = view_of(p, sizeof p);
        uint64_t out = 42;
        cr_assert(!view_take_varint(&v, &out), "form %zu", i);
        cr_assert_eq(out, 42);
        cr_assert_eq(v.len, sizeof p);
        cr_assert_eq(v.data, p);
    }
}

Test(bytes, a_varint_longer_than_needed_is_taken)
{
    struct View v = view_of("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10);
    uint64_t out;
    cr_assert(view_take_varint(&v, &out));
    cr_assert_eq(out, 1);
    cr_assert_eq(v.len, 0);
}
