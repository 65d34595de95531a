/* Lane in portable C, and COBS made of it, which must be that of the library bit for bit. */
#define CORE_PORTABLE 1

#include "lane_check.h"

#define cobs_find_zero    portable_find_zero
#define cobs_encoder_init portable_encoder_init
#define cobs_encode       portable_encode
#define cobs_finish       portable_finish
#define cobs_decode       portable_decode
#define cobs_take_run     portable_take_run
#include "core/cobs.c"
#undef cobs_find_zero
#undef cobs_encoder_init
#undef cobs_encode
#undef cobs_finish
#undef cobs_decode
#undef cobs_take_run

/* The header was read above, under the other names. */
size_t cobs_find_zero(const uint8_t *p, size_t n);
void cobs_encoder_init(struct CobsEncoder *e, uint8_t *out, size_t size);
bool cobs_encode(struct CobsEncoder *e, struct View data);
void cobs_finish(struct CobsEncoder *e);
bool cobs_decode(uint8_t *p, size_t n, size_t *len);

#define MOST 1200
#define ROOM (MOST + MOST / COBS_RUN + 2)

Test(lane_portable, every_byte_is_found_in_every_place)
{
    lane_check_bytes();
}

Test(lane_portable, of_several_the_first_is_found)
{
    lane_check_pairs();
}

/* Random bytes with a zero once in `rarity` places; 0: none. */
static void fill(struct TestRandom *r, uint8_t *data, size_t len, uint64_t rarity)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(1 + test_random_below(r, 255));
        if (rarity > 0 && test_random_below(r, rarity) == 0)
            data[i] = 0;
    }
}

/* In two pieces, into room that may be too little. */
static void check_encoding(const uint8_t *data, size_t len, size_t split, size_t room)
{
    uint8_t ours[ROOM], theirs[ROOM];
    struct CobsEncoder a, b;
    cobs_encoder_init(&a, ours, room);
    portable_encoder_init(&b, theirs, room);
    bool fits = cobs_encode(&a, view_of(data, split)) &&
                cobs_encode(&a, view_of(data + split, len - split));
    bool fits_too = portable_encode(&b, view_of(data, split)) &&
                    portable_encode(&b, view_of(data + split, len - split));
    CHECK(fits == fits_too, "%zu bytes, room for %zu: one refuses", len, room);
    if (!fits)
        return;
    cobs_finish(&a);
    portable_finish(&b);
    CHECK(a.at - ours == b.at - theirs, "lengths of %zu bytes", len);
    CHECK(memcmp(ours, theirs, (size_t)(a.at - ours)) == 0, "encodings of %zu bytes", len);
}

static void check_decoding(const uint8_t *frame, size_t n)
{
    uint8_t ours[MOST], theirs[MOST];
    size_t len = 0, len_too = 0;
    memcpy(ours, frame, n);
    memcpy(theirs, frame, n);
    bool good = cobs_decode(ours, n, &len);
    CHECK(good == portable_decode(theirs, n, &len_too), "%zu bytes: one refuses", n);
    CHECK(!good || (len == len_too && memcmp(ours + 1, theirs + 1, len) == 0), "decoded %zu", n);
}

Test(lane_portable, whatever_is_encoded_or_decoded_comes_out_as_with_vectors)
{
    static const uint64_t rarities[] = {0, 2, 10, 100, 300, 1};
    struct TestRandom r = {test_random_seed()};
    for (unsigned n = 0; n < 30000; n++) {
        uint8_t data[MOST];
        size_t len = 1 + (size_t)test_random_below(&r, n % 4 == 0 ? MOST : 70);
        fill(&r, data, len, rarities[n % 6]);
        CHECK(cobs_find_zero(data, len) == portable_find_zero(data, len), "zero in %zu", len);
        check_encoding(data, len, (size_t)test_random_below(&r, len + 1),
                       n % 3 == 0 ? (size_t)test_random_below(&r, len + 2) : ROOM);
        fill(&r, data, len, 0);
        for (size_t i = 0; i < len; i += 1 + test_random_below(&r, 40))
            data[i] = (uint8_t)(n % 5 == 0 ? 255 : 1 + test_random_below(&r, 60));
        check_decoding(data, len);
    }
}
