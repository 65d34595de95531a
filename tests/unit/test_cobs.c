#include "core/cobs.h"

#include <string.h>

#include "check.h"
#include "random.h"

#define MOST  2000 /* longest data here */
#define GUARD 8

/* COBS byte by byte, as the paper writes it, with the canonical end. The length. */
static size_t encode_naively(const uint8_t *data, size_t len, uint8_t *out)
{
    size_t code = 0;
    size_t n = 1;
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0)
            out[n++] = data[i];
        bool full = n - code == 255;
        if (data[i] == 0 || (full && i + 1 < len)) {
            out[code] = (uint8_t)(n - code);
            code = n++;
        }
    }
    out[code] = (uint8_t)(n - code);
    return n;
}

/* As long as the naive decoder likes it: SIZE_MAX for a code that points past the end. */
static size_t decode_naively(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n;) {
        uint8_t code = p[i++];
        for (uint8_t k = 1; k < code; k++) {
            if (i == n)
                return SIZE_MAX;
            out[len++] = p[i++];
        }
        if (code != 0xFF && i < n)
            out[len++] = 0;
    }
    return len;
}

/* Encode into size bytes at out; the length, 0 if refused. */
static size_t encode(const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    struct CobsEncoder e;
    cobs_encoder_init(&e, out, size);
    if (!cobs_encode(&e, view_of(data, len)))
        return 0;
    cobs_finish(&e);
    return (size_t)(e.at - out);
}

/* Encode and decode: the bytes are those expected, and the data come back where they should. */
static void check_both_ways(const uint8_t *data, size_t len, const uint8_t *expected, size_t n)
{
    uint8_t out[MOST + MOST / 254 + 2];
    CHECK(encode(data, len, out, n) == n, "length of %zu bytes encoded", len);
    CHECK(memcmp(out, expected, n) == 0, "encoding of %zu bytes", len);
    size_t decoded;
    CHECK(cobs_decode(out, n, &decoded), "%zu bytes encoded are not decoded", len);
    CHECK(decoded == len && memcmp(out + 1, data, len) == 0, "%zu bytes decoded", len);
}

Test(cobs, the_published_short_examples_hold)
{
    /* The figure of the paper's section III, then the examples that go round. */
    static const struct {
        const char *data;
        size_t len;
        const char *encoded;
    } examples[] = {
        {"\x45\x00\x00\x2C\x4C\x79\x00\x00\x40\x06\x4F\x37", 12,
         "\x02\x45\x01\x04\x2C\x4C\x79\x01\x05\x40\x06\x4F\x37"},
        {"\x00", 1, "\x01\x01"},
        {"\x00\x00", 2, "\x01\x01\x01"},
        {"\x00\x11\x00", 3, "\x01\x02\x11\x01"},
        {"\x11\x22\x00\x33", 4, "\x03\x11\x22\x02\x33"},
        {"\x11\x22\x33\x44", 4, "\x05\x11\x22\x33\x44"},
        {"\x11\x00\x00\x00", 4, "\x02\x11\x01\x01\x01"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        check_both_ways((const uint8_t *)examples[i].data, examples[i].len,
                        (const uint8_t *)examples[i].encoded, strlen(examples[i].encoded));
}

Test(cobs, the_published_examples_of_254_and_255_bytes_hold)
{
    uint8_t count[256]; /* 00 01 02 ... FF */
    for (size_t i = 0; i < sizeof count; i++)
        count[i] = (uint8_t)i;
    uint8_t encoded[260] = {0xFF};
    memcpy(encoded + 1, count + 1, 254); /* 01 ... FE: one full run and no more */
    check_both_ways(count + 1, 254, encoded, 255);
    memcpy(encoded + 255, "\x02\xFF", 2); /* 01 ... FF */
    check_both_ways(count + 1, 255, encoded, 257);
    memcpy(encoded, "\x01\xFF", 2); /* 00 01 ... FE */
    memcpy(encoded + 2, count + 1, 254);
    check_both_ways(count, 255, encoded, 256);

    uint8_t data[256]; /* 02 ... FF 00 */
    memcpy(data, count + 2, 254);
    data[254] = 0;
    encoded[0] = 0xFF;
    memcpy(encoded + 1, data, 254);
    memcpy(encoded + 255, "\x01\x01", 2);
    check_both_ways(data, 255, encoded, 257);
    memcpy(data, count + 3, 253); /* 03 ... FF 00 01 */
    memcpy(data + 253, "\x00\x01", 2);
    encoded[0] = 0xFE;
    memcpy(encoded + 1, data, 253);
    memcpy(encoded + 254, "\x02\x01", 2);
    check_both_ways(data, 255, encoded, 256);
}

/* Random data where a byte is 0 once in `rarity`; 0: never. */
static void fill_data(struct TestRandom *r, uint8_t *data, size_t len, uint64_t rarity)
{
    for (size_t i = 0; i < len; i++) {
        bool zero = rarity > 0 && test_random_below(r, rarity) == 0;
        data[i] = zero ? 0 : (uint8_t)(1 + test_random_below(r, 255));
    }
}

static const uint64_t rarities[] = {0, 1, 2, 20, 200, 500};
#define RARITIES (sizeof rarities / sizeof *rarities)

Test(cobs, every_length_is_encoded_as_the_naive_encoder_does_and_comes_back)
{
    struct TestRandom r = {test_random_seed()};
    for (size_t len = 1; len <= MOST; len = len < 800 ? len + 1 : len + 61) {
        for (size_t k = 0; k < RARITIES; k++) {
            uint8_t data[MOST];
            uint8_t expected[MOST + MOST / 254 + 2];
            fill_data(&r, data, len, rarities[k]);
            check_both_ways(data, len, expected, encode_naively(data, len, expected));
        }
    }
}

Test(cobs, pieces_of_any_length_give_the_same_encoding)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 20000; i++) {
        uint8_t data[MOST];
        uint8_t expected[MOST + MOST / 254 + 2];
        uint8_t out[sizeof expected];
        size_t len = 1 + (size_t)test_random_below(&r, 700);
        fill_data(&r, data, len, rarities[test_random_below(&r, RARITIES)]);
        size_t n = encode_naively(data, len, expected);
        struct CobsEncoder e;
        cobs_encoder_init(&e, out, n);
        for (size_t at = 0, piece; at < len; at += piece) {
            piece = (size_t)test_random_below(&r, 1 + test_random_below(&r, len - at + 1));
            CHECK(cobs_encode(&e, view_of(data + at, piece)), "%zu bytes refused", len);
        }
        cobs_finish(&e);
        CHECK((size_t)(e.at - out) == n && memcmp(out, expected, n) == 0, "%zu bytes", len);
    }
}

Test(cobs, too_little_room_is_refused_and_nothing_is_written_past_it)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 3000; i++) {
        uint8_t data[300];
        uint8_t expected[310];
        uint8_t out[310 + GUARD];
        size_t len = 1 + (size_t)test_random_below(&r, sizeof data);
        fill_data(&r, data, len, rarities[test_random_below(&r, RARITIES)]);
        size_t n = encode_naively(data, len, expected);
        size_t room = (size_t)test_random_below(&r, n + 1);
        if (i % 3 == 0)
            room = n - 1;
        memset(out, 0xA5, sizeof out);
        CHECK(encode(data, len, out, room) == (room < n ? 0 : n), "%zu of %zu", room, n);
        for (size_t k = room; k < room + GUARD; k++)
            CHECK(out[k] == 0xA5, "written %zu past the room", k - room);
    }
}

/* Decode by cobs_take_run alone; the length, SIZE_MAX if refused. */
static size_t decode_by_runs(const uint8_t *p, size_t n, uint8_t *out)
{
    struct View rest = view_of(p, n);
    size_t len = 0;
    while (rest.len > 0) {
        struct View run;
        bool zero;
        if (!cobs_take_run(&rest, &run, &zero))
            return SIZE_MAX;
        memcpy(out + len, run.data, run.len);
        len += run.len;
        if (zero)
            out[len++] = 0;
    }
    return len;
}

/* Any bytes but 0x00: both decoders, and the one that only looks, say the same of them. */
static void check_decoders(const uint8_t *p, size_t n)
{
    uint8_t expected[MOST];
    uint8_t by_runs[MOST];
    uint8_t *copy = calloc(n, 1); /* exactly: a sanitizer sees a step too far */
    size_t expected_len = decode_naively(p, n, expected);
    bool good = expected_len != SIZE_MAX;
    memcpy(copy, p, n);
    CHECK(decode_by_runs(copy, n, by_runs) == expected_len, "%zu bytes by runs", n);
    CHECK(!good || memcmp(by_runs, expected, expected_len) == 0, "%zu bytes by runs", n);
    CHECK(memcmp(copy, p, n) == 0, "looking has changed %zu bytes", n);
    size_t len = SIZE_MAX;
    CHECK(cobs_decode(copy, n, &len) == good && len == expected_len, "%zu bytes", n);
    CHECK(!good || memcmp(copy + 1, expected, len) == 0, "%zu bytes", n);
    free(copy);
}

Test(cobs, any_bytes_are_decoded_or_refused_as_the_naive_decoder_does)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t p[MOST];
    for (int i = 0; i < 100000; i++) {
        size_t n = 1 + (size_t)test_random_below(&r, i % 10 == 0 ? 1500 : 40);
        uint64_t most = i % 3 == 0 ? 255 : 1 + test_random_below(&r, n < 255 ? n : 255);
        for (size_t k = 0; k < n; k++)
            p[k] = (uint8_t)(1 + test_random_below(&r, most));
        check_decoders(p, n);
    }
    /* Codes that end exactly, so that many are good; full runs among them. */
    for (int i = 0; i < 20000; i++) {
        memset(p, 0x55, sizeof p);
        size_t n = 0;
        while (n < 1 + test_random_below(&r, 1500)) {
            uint64_t kind = test_random_below(&r, 4);
            p[n] = (uint8_t)(kind == 0 ? 255 : 1 + test_random_below(&r, kind == 1 ? 254 : 4));
            n += p[n];
        }
        check_decoders(p, n);
        check_decoders(p, n - 1 + (n == 1));
    }
}

Test(cobs, the_first_zero_is_found_wherever_it_lies)
{
    /* Bytes on which a careless word-wise search stumbles. */
    static const uint8_t others[] = {0x01, 0x7F, 0x80, 0x81, 0xFF};
    uint8_t p[100];
    for (size_t k = 0; k < sizeof others; k++) {
        for (size_t len = 0; len <= 80; len++) {
            for (size_t zero = 0; zero <= len; zero++) {
                memset(p, others[k], sizeof p);
                p[zero + 3] = 0; /* at `len`: just outside */
                CHECK(cobs_find_zero(p + 3, len) == zero, "%zu of %zu", zero, len);
                p[len + 2] = zero < len ? 0 : p[len + 2]; /* a second one */
                CHECK(cobs_find_zero(p + 3, len) == zero, "%zu of %zu", zero, len);
            }
        }
    }
}
