/* Both ends of a stream: bytes to symbols in a ring, and symbols to bytes in order. */
#include "core/stream_in.h"
#include "core/stream_out.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define SYMBOL   20
#define CAPACITY 64
#define BYTES    100000

static uint8_t sent[BYTES], got[BYTES], scratch_memory[16 << 20];
static size_t got_len;
static struct StreamOut out;
static struct StreamIn in;
static uint32_t out_memory[CAPACITY * (SYMBOL + 4) / 4];
static bool deliver_fails, no_scratch;

static bool deliver(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    CHECK(len <= BYTES - got_len, "too much is delivered");
    memcpy(got + got_len, data, len);
    got_len += len;
    return !deliver_fails;
}

static void *scratch(void *ctx, uint64_t size)
{
    (void)ctx;
    return no_scratch || size > sizeof scratch_memory ? NULL : scratch_memory;
}

static const struct StreamStore store = {NULL, deliver, scratch};

static void begin(void)
{
    struct TestRandom random = {test_random_seed()};

    test_random_fill(&random, sent, sizeof sent);
    stream_out_init(&out, SYMBOL, CAPACITY, out_memory);
    stream_in_init(&in, SYMBOL, calloc(1, stream_in_memory(SYMBOL)));
    got_len = 0;
}

static void finish(void)
{
    free(in.rows); /* the first of its memory */
}

/* Take n bytes, in pieces, then flush. */
static void put(size_t n)
{
    size_t len;

    while (n > 0) {
        uint8_t *space = stream_out_space(&out, out.closed > 32 ? out.closed - 32 : 0, &len);

        CHECK(space && len > 0, "no room");
        len = len < n ? len : n;
        memcpy(space, sent + out.size, len);
        stream_out_take(&out, len);
        n -= len;
    }
    stream_out_flush(&out);
}

static enum StreamResult arrive(uint64_t s)
{
    size_t len;
    const uint8_t *symbol = stream_out_symbol(&out, s, &len);

    CHECK(stream_in_symbol_length(&in, view_of(symbol, len)) == len, "no symbol");
    return stream_in_source(&in, s, view_of(symbol, len), &store);
}

static const uint8_t *lend(void *ctx, uint64_t s, size_t *len)
{
    (void)ctx;
    return stream_out_symbol(&out, s, len);
}

static enum StreamResult repair(uint64_t first, uint32_t count, uint64_t key)
{
    uint8_t payload[SYMBOL], *to = payload;
    struct RlcWindow w = {first, count, 1};

    CHECK(rlc_encode(gf256_muladd_portable, w, key, 1, SYMBOL, lend, NULL, &to), "not encoded");
    return stream_in_repair(&in, w, key, view_of(payload, SYMBOL));
}

static uint64_t recover(void)
{
    uint64_t solved;

    CHECK(stream_in_recover(&in, gf256_muladd_portable, &store, &solved) != STREAM_FAILED, "fail");
    return solved;
}

static void expect_bytes(size_t n)
{
    CHECK(got_len == n && memcmp(got, sent, n) == 0, "%zu bytes instead of %zu", got_len, n);
}

Test(stream_out, bytes_are_cut_into_symbols_led_by_their_length)
{
    size_t len;
    const uint8_t *symbol;

    begin();
    put(50);
    cr_assert_eq(out.closed, 3);
    symbol = stream_out_symbol(&out, 0, &len);
    cr_assert(len == SYMBOL && symbol[0] == 19 && memcmp(symbol + 1, sent, 19) == 0);
    symbol = stream_out_symbol(&out, 2, &len);
    cr_assert(len == 13 && symbol[0] == 12 && memcmp(symbol + 1, sent + 38, 12) == 0);
    stream_out_flush(&out);
    cr_assert_eq(out.closed, 3, "an empty symbol was closed");
    stream_out_end(&out);
    cr_assert_null(stream_out_space(&out, 0, &len));
    finish();
}

Test(stream_out, a_full_ring_lends_nothing_until_its_oldest_is_not_wanted)
{
    size_t len;

    begin();
    for (unsigned i = 0; i < CAPACITY; i++) {
        cr_assert_not_null(stream_out_space(&out, 0, &len));
        stream_out_take(&out, len);
    }
    cr_assert_null(stream_out_space(&out, 0, &len));
    cr_assert_not_null(stream_out_space(&out, 1, &len));
    finish();
}

Test(stream_in, symbols_of_any_order_are_handed_on_in_order)
{
    begin();
    put(19 * 10);
    for (uint64_t s = 10; s-- > 0;) {
        cr_assert_eq(got_len, 0);
        cr_assert_eq(arrive(s), STREAM_KEPT);
        cr_assert_eq(arrive(s), STREAM_DUPLICATE);
    }
    expect_bytes(190);
    finish();
}

Test(stream_in, what_is_no_symbol_has_no_length)
{
    static const struct {
        uint8_t bytes[4];
        size_t len, expected;
    } cases[] = {{{0}, 0, 0},
                 {{0, 1}, 2, 0},
                 {{1}, 1, 0},
                 {{1, 5}, 2, 2},
                 {{2, 5, 6, 7}, 4, 3},
                 {{3, 5}, 2, 0},
                 {{0x81, 0, 5, 9}, 4, 3},
                 {{0x80}, 1, 0}};
    uint8_t large[30] = {20};

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(stream_in_symbol_length(&in, view_of(cases[i].bytes, cases[i].len)),
                     cases[i].expected, "case %zu", i);
    cr_assert_eq(stream_in_symbol_length(&in, view_of(large, 30)), 0);
    large[0] = 19;
    cr_assert_eq(stream_in_symbol_length(&in, view_of(large, 30)), SYMBOL);
    finish();
}

Test(stream_in, lost_symbols_are_solved_from_overlapping_windows)
{
    begin();
    put(19 * 40 + 5);
    for (uint64_t s = 0; s <= 40; s++) {
        if (s % 10 != 3)
            arrive(s);
    }
    cr_assert_eq(repair(0, 30, 0), STREAM_KEPT);
    cr_assert_eq(repair(0, 30, 0), STREAM_DUPLICATE);
    cr_assert_eq(recover(), 0);
    cr_assert_eq(repair(2, 30, 1), STREAM_KEPT);
    cr_assert_eq(repair(3, 38, 2), STREAM_KEPT);
    cr_assert_eq(recover(), 0);
    expect_bytes(19 * 3);
    cr_assert_eq(repair(1, 38, 3), STREAM_KEPT);
    cr_assert_eq(recover(), 4);
    expect_bytes(19 * 40 + 5);
    cr_assert_eq(in.row_count, 0);
    cr_assert_eq(repair(0, 30, 4), STREAM_DUPLICATE, "nothing is lost in it");
    finish();
}

/* Later losses have too few repairs yet; the earlier ones are solved all the same. */
Test(stream_in, what_has_repairs_enough_does_not_wait_for_what_has_not)
{
    begin();
    put(19 * 40);
    for (uint64_t s = 0; s < 40; s++) {
        if (s != 5 && s < 20)
            arrive(s);
    }
    cr_assert_eq(repair(0, 40, 7), STREAM_KEPT);
    cr_assert_eq(recover(), 0);
    cr_assert_eq(repair(0, 20, 8), STREAM_KEPT);
    cr_assert_eq(recover(), 1);
    expect_bytes(19 * 20);
    cr_assert_eq(in.row_count, 1);
    finish();
}

Test(stream_in, random_losses_and_order_end_in_a_gap_or_in_what_was_sent)
{
    struct TestRandom random = {test_random_seed()};
    unsigned whole = 0;

    for (unsigned round = 0; round < 300; round++) {
        size_t n = 19 * (1 + (size_t)test_random_below(&random, 60));
        uint64_t key = 0;

        begin();
        put(n);
        for (uint64_t i = 0; i < 2 * out.closed; i++) {
            uint64_t s = test_random_below(&random, out.closed);

            if (test_random_below(&random, 2))
                arrive(s);
            else
                repair(0, (uint32_t)(s + 1), key++);
            recover();
            CHECK(got_len <= n && memcmp(got, sent, got_len) == 0, "wrong bytes");
        }
        whole += got_len == n ? 1 : 0;
        finish();
    }
    CHECK(whole > 30, "%u", whole);
}

Test(stream_in, a_symbol_that_no_repair_can_give_any_more_is_a_gap)
{
    begin();
    put(19 * 40);
    for (uint64_t s = 0; s < 40; s++) {
        if (s != 5 && s != 25)
            arrive(s);
    }
    repair(0, 30, 0);
    cr_assert_not(stream_in_gap(&in, false), "more of them may come");
    repair(10, 30, 1);
    cr_assert_not(stream_in_gap(&in, false), "one that covers it waits");
    cr_assert_eq(recover(), 2, "these are enough");
    cr_assert_not(stream_in_gap(&in, false));
    finish();
    begin();
    put(19 * 40);
    for (uint64_t s = 0; s < 40; s++) {
        if (s != 5 && s != 25)
            arrive(s);
    }
    repair(10, 30, 1);
    cr_assert(stream_in_gap(&in, false));
    finish();
}

Test(stream_in, a_stream_that_has_gone_on_by_a_ring_has_a_gap)
{
    uint8_t symbol[] = {1, 'x'};

    begin();
    cr_assert_eq(stream_in_source(&in, in.capacity - 1, view_of(symbol, 2), &store), STREAM_KEPT);
    cr_assert_not(stream_in_gap(&in, false));
    cr_assert_eq(stream_in_source(&in, in.capacity, view_of(symbol, 2), &store), STREAM_DUPLICATE);
    cr_assert(stream_in_gap(&in, false));
    cr_assert_eq(recover(), 0);
    expect_bytes(0);
    finish();
}

Test(stream_in, what_is_far_ahead_is_believed_only_if_much_of_it_comes_and_nothing_else)
{
    uint8_t symbol[] = {1, 'x'};
    struct RlcWindow far = {UINT64_MAX / 2, 10, 1};

    begin();
    for (unsigned i = 0; i < 3 * STREAM_FAR_MAX; i++) {
        uint64_t s = UINT64_MAX - 1 - i;

        cr_assert_eq(stream_in_source(&in, s, view_of(symbol, 2), &store), STREAM_BAD);
        cr_assert_eq(stream_in_source(&in, 1, view_of(symbol, 2), &store),
                     i == 0 ? STREAM_KEPT : STREAM_DUPLICATE);
    }
    cr_assert_not(stream_in_gap(&in, false));
    for (unsigned i = 0; i < STREAM_FAR_MAX; i++)
        stream_in_repair(&in, far, i, view_of(symbol, 2));
    cr_assert(stream_in_gap(&in, false));
    expect_bytes(0);
    finish();
}

/* A forged repair: the length it gives is that of no symbol. */
Test(stream_in, a_solved_symbol_that_is_none_is_a_gap)
{
    uint8_t payload[SYMBOL];

    begin();
    put(19 * 2);
    arrive(1);
    memset(payload, 0xFF, sizeof payload);
    cr_assert_eq(stream_in_repair(&in, (struct RlcWindow){0, 1, 1}, 0, view_of(payload, SYMBOL)),
                 STREAM_KEPT);
    recover();
    cr_assert(stream_in_gap(&in, false));
    expect_bytes(0);
    finish();
}

Test(stream_in, windows_that_no_stream_has_are_bad)
{
    uint8_t payload[SYMBOL] = {0};
    struct RlcWindow bad[] = {{0, 10, 2}, {UINT64_MAX, 1, 1}, {UINT64_MAX - 9, 10, 1}};

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(stream_in_repair(&in, bad[i], 0, view_of(payload, SYMBOL)), STREAM_BAD,
                     "case %zu", i);
    cr_assert_eq(in.high, 0);
    finish();
}

Test(stream_in, without_memory_or_a_taker_the_stream_says_so)
{
    uint64_t solved;

    begin();
    put(19 * 4);
    arrive(1);
    repair(0, 2, 0);
    no_scratch = true;
    cr_assert_eq(recover(), 0);
    no_scratch = false;
    repair(0, 2, 1);
    deliver_fails = true;
    cr_assert_eq(stream_in_recover(&in, gf256_muladd_portable, &store, &solved), STREAM_FAILED);
    finish();
}

/* Rows of one unknown and coefficient 0: attempts become rare. */
Test(stream_in, repairs_that_say_nothing_buy_few_attempts)
{
    unsigned attempts = 0;
    uint8_t payload[SYMBOL] = {0};

    begin();
    put(19 * 60);
    for (uint64_t s = 1; s < 60; s++)
        arrive(s);
    for (uint64_t key = 1000, kept = 0; kept < 1000; key++) {
        uint32_t wait = in.wait;

        if (rlc_coefficient(key, 60, 0) != 0)
            continue;
        kept++;
        cr_assert_eq(
            stream_in_repair(&in, (struct RlcWindow){0, 60, 1}, key, view_of(payload, SYMBOL)),
            STREAM_KEPT);
        wait = in.wait;
        cr_assert_eq(recover(), 0);
        attempts += in.wait > wait ? 1 : 0;
    }
    cr_assert(attempts > 5 && attempts < 30, "%u attempts", attempts);
    for (uint64_t key = 0; key < 200 && got_len == 0; key++) {
        repair(0, 60, key);
        recover();
    }
    expect_bytes(19 * 60);
    finish();
}
