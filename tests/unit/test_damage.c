/* The bad line: what it does to bytes and frames, how often, and that a seed repeats it. */
#include "host/damage.h"
#include "unit/check.h"
#include "unit/random.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROOM (16 << 20)
#define MIB  ((size_t)1 << 20)

struct Output {
    uint8_t *bytes;
    size_t len;
};

static uint8_t input[4 << 20];
static uint8_t first_room[ROOM];
static uint8_t second_room[ROOM];
static struct Damage damage;

static void collect(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Output *out = ctx;
    CHECK(len > 0 && len <= ROOM - out->len, "an empty or boundless piece: %zu", len);
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

/* All len bytes of input through a line; in pieces of 1 to piece bytes if piece is not 0. */
static struct Output run(const struct DamageConfig *config, size_t len, size_t piece, uint8_t *room)
{
    struct Output out = {.bytes = room};
    struct TestRandom random = {test_random_seed() + piece};
    cr_assert(damage_config_ok(config));
    damage_init(&damage, config, collect, &out);
    for (size_t at = 0; at < len;) {
        size_t n = piece == 0 ? len : 1 + (size_t)test_random_below(&random, piece);
        n = n < len - at ? n : len - at;
        CHECK(damage_feed(&damage, input + at, n), "no memory");
        at += n;
    }
    damage_finish(&damage);
    damage_reset(&damage);
    return out;
}

/* Frames of 8 bytes: a number in 7 digits and the delimiter. Returns how many bytes. */
static size_t numbered_frames(size_t frames, uint8_t delimiter)
{
    for (size_t i = 0; i < frames; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%07zu", i);
        memcpy(input + 8 * i, text, 7);
        input[8 * i + 7] = delimiter;
    }
    return 8 * frames;
}

/* The number of the i-th frame that came out; the frame is whole. */
static uint64_t number_at(struct Output out, size_t i, uint8_t delimiter)
{
    char text[8] = "";
    CHECK(8 * i + 7 < out.len, "frame %zu is cut", i);
    memcpy(text, out.bytes + 8 * i, 7);
    CHECK(out.bytes[8 * i + 7] == delimiter && strspn(text, "0123456789") == 7, "%s", text);
    return strtoull(text, NULL, 10);
}

/* count of n trials of probability p lies within 5 standard deviations (and one). */
static void assert_rate(uint64_t count, double n, double p)
{
    double off = (double)count - n * p;
    CHECK(off * off <= 25 * n * p * (1 - p) + 1, "%" PRIu64 " of %g instead of %g", count, n,
          n * p);
}

static void assert_near(double value, double expected, double tolerance)
{
    CHECK(value >= expected * (1 - tolerance) && value <= expected * (1 + tolerance),
          "%g instead of %g", value, expected);
}

static void assert_balanced(struct Output out, size_t len)
{
    const struct DamageCounters *c = &damage.counters;
    cr_assert_eq(c->bytes_in, len);
    cr_assert_eq(c->bytes_out, out.len);
    cr_assert_eq(c->bytes_in + c->bytes_duplicated + c->inserted,
                 c->bytes_out + c->bytes_lost + c->dropped);
}

static void random_input(void)
{
    struct TestRandom random = {test_random_seed()};
    test_random_fill(&random, input, sizeof input);
}

Test(damage, nothing_asked_nothing_changed)
{
    random_input();
    for (enum DamageWire wire = DAMAGE_DTTK; wire <= DAMAGE_LINES; wire++) {
        struct Output out = run(&(struct DamageConfig){.wire = wire}, sizeof input, 0, first_room);
        cr_assert_eq(out.len, sizeof input);
        cr_assert_eq(memcmp(out.bytes, input, sizeof input), 0);
    }
}

static struct DamageConfig random_config(struct TestRandom *r)
{
    struct DamageConfig c = {.seed = test_random_next(r)};
    static const double odds[] = {0, 0, 1e-4, 0.01, 0.3, 1};
    const double *end = odds + sizeof odds / sizeof odds[0];
    double *fields[] = {&c.ber, &c.drop, &c.insert, &c.loss, &c.dup};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = odds[test_random_below(r, (uint64_t)(end - odds))];
    c.loss_run = (double)test_random_below(r, 6);
    c.burst_gap = test_random_below(r, 2) ? 100 : 0;
    c.burst_len = 1 + (double)test_random_below(r, 30);
    c.reorder = (uint32_t)test_random_below(r, 2) * 7;
    c.wire = (enum DamageWire)test_random_below(r, 3);
    return c;
}

Test(damage, same_seed_same_bytes_however_they_are_cut_and_every_byte_is_counted)
{
    static const size_t pieces[] = {1, 2, 7, 300, 70000};
    struct TestRandom random = {test_random_seed()};
    random_input();
    for (unsigned round = 0; round < 40; round++) {
        struct DamageConfig c = random_config(&random);
        size_t len = test_random_below(&random, 40000);
        struct Output whole = run(&c, len, 0, first_room);
        struct DamageCounters counters = damage.counters;
        assert_balanced(whole, len);
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            struct Output cut = run(&c, len, pieces[i], second_room);
            CHECK(cut.len == whole.len && memcmp(cut.bytes, whole.bytes, cut.len) == 0,
                  "round %u, pieces of %zu", round, pieces[i]);
            cr_assert_eq(memcmp(&counters, &damage.counters, sizeof counters), 0);
        }
    }
}

Test(damage, another_seed_is_another_damage)
{
    random_input();
    struct DamageConfig c = {.ber = 0.001, .seed = 1};
    struct Output first = run(&c, sizeof input, 0, first_room);
    c.seed = 2;
    struct Output second = run(&c, sizeof input, 0, second_room);
    cr_assert_eq(first.len, second.len);
    cr_assert_neq(memcmp(first.bytes, second.bytes, first.len), 0);
}

Test(damage, bits_flip_as_often_as_asked_and_all_alike)
{
    static const double rates[] = {1e-5, 1e-3, 0.02, 0.5, 0.9, 1};
    random_input();
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct DamageConfig c = {.ber = rates[i], .seed = i};
        struct Output out = run(&c, MIB, 0, first_room);
        uint64_t flipped[8] = {0};
        uint64_t sum = 0;
        cr_assert_eq(out.len, MIB);
        for (size_t at = 0; at < out.len; at++) {
            for (unsigned bit = 0; bit < 8; bit++)
                flipped[bit] += (unsigned)(out.bytes[at] ^ input[at]) >> bit & 1U;
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            assert_rate(flipped[bit], (double)out.len, rates[i]);
            sum += flipped[bit];
        }
        cr_assert_eq(sum, damage.counters.bits_flipped);
    }
}

Test(damage, gaps_between_flips_are_geometric)
{
    uint64_t short_gaps = 0;
    uint64_t flips = 0;
    memset(input, 0, sizeof input);
    struct Output out =
        run(&(struct DamageConfig){.ber = 0.01, .seed = 3}, sizeof input, 0, first_room);
    for (size_t bit = 0, last = 0; bit < 8 * out.len; bit++) {
        if ((out.bytes[bit / 8] >> bit % 8 & 1) == 0)
            continue;
        short_gaps += flips++ > 0 && bit - last <= 69;
        last = bit;
    }
    assert_rate(short_gaps, (double)flips, 0.500163); /* 1 - 0.99^69 */
}

Test(damage, bytes_are_dropped_and_inserted_as_often_as_asked)
{
    static const double rates[] = {1e-4, 0.01, 0.5, 1};
    random_input();
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct DamageConfig c = {.drop = rates[i], .seed = i};
        struct Output out = run(&c, MIB, 0, first_room);
        assert_rate(damage.counters.dropped, MIB, rates[i]);
        cr_assert_eq(out.len, MIB - damage.counters.dropped);
        c = (struct DamageConfig){.insert = rates[i], .seed = i};
        out = run(&c, MIB, 0, first_room);
        assert_rate(damage.counters.inserted, MIB, rates[i]);
        cr_assert_eq(out.len, MIB + damage.counters.inserted);
    }
}

Test(damage, what_is_not_dropped_keeps_its_order)
{
    size_t len = numbered_frames(1000, '\n');
    struct Output out =
        run(&(struct DamageConfig){.drop = 0.2, .insert = 0.2, .seed = 5}, len, 0, first_room);
    size_t from = 0; /* every byte that was not inserted is found in the input, in order */
    uint64_t found = 0;
    for (size_t at = 0; at < out.len; at++) {
        const uint8_t *next = memchr(input + from, out.bytes[at], len - from);
        if (next != NULL && next - (input + from) < 8) {
            from = (size_t)(next - input) + 1;
            found++;
        }
    }
    cr_assert_geq(found, len / 2);
}

Test(damage, bursts_are_as_long_and_as_far_apart_as_asked)
{
    memset(input, 0, sizeof input);
    struct DamageConfig c = {.burst_gap = 900, .burst_len = 100, .seed = 6};
    struct Output out = run(&c, sizeof input, 0, first_room);
    uint64_t changed = 0;
    for (size_t at = 0; at < out.len; at++)
        changed += out.bytes[at] != 0;
    assert_near((double)damage.counters.bursts, sizeof input / 1000.0, 0.07);
    assert_near((double)damage.counters.burst_bytes, sizeof input / 10.0, 0.1);
    assert_near((double)changed, (double)damage.counters.burst_bytes * 255 / 256, 0.01);
    c = (struct DamageConfig){.burst_gap = 100, .burst_len = 1, .seed = 6};
    out = run(&c, sizeof input, 0, first_room);
    cr_assert_eq(damage.counters.bursts, damage.counters.burst_bytes);
}

/* Loses of n numbered frames; *runs is in how many runs. */
static uint64_t lose(const struct DamageConfig *c, size_t n, uint64_t *runs)
{
    struct Output out = run(c, numbered_frames(n, 0), 0, first_room);
    uint64_t expected = 0;
    *runs = 0;
    for (size_t i = 0; i <= out.len / 8; i++) {
        uint64_t number = i < out.len / 8 ? number_at(out, i, 0) : n;
        CHECK(number >= expected, "frame %" PRIu64 " out of order", number);
        *runs += number > expected;
        expected = number + 1;
    }
    cr_assert_eq(damage.counters.frames_in, n);
    cr_assert_eq(damage.counters.lost, n - out.len / 8);
    return damage.counters.lost;
}

Test(damage, frames_are_lost_whole_as_often_and_in_runs_as_long_as_asked)
{
    size_t n = 500000;
    uint64_t runs = 0;
    uint64_t lost = lose(&(struct DamageConfig){.loss = 0.2, .seed = 1}, n, &runs);
    assert_rate(lost, (double)n, 0.2);
    assert_near((double)lost / (double)runs, 1.25, 0.02); /* independent: 1 / (1 - P) */
    lost = lose(&(struct DamageConfig){.loss = 0.1, .loss_run = 5, .seed = 1}, n, &runs);
    assert_near((double)lost, (double)n * 0.1, 0.05);
    assert_near((double)lost / (double)runs, 5, 0.05);
    lost = lose(&(struct DamageConfig){.loss = 0.9, .loss_run = 2, .seed = 1}, n, &runs);
    assert_near((double)lost, (double)n * 0.9, 0.02); /* only runs of 9 lose that many */
    lost = lose(&(struct DamageConfig){.loss = 1, .loss_run = 3, .seed = 1}, n, &runs);
    cr_assert_eq(lost, n);
}

Test(damage, a_doubled_frame_comes_right_behind_itself)
{
    size_t n = 100000;
    size_t len = numbered_frames(n, '\n');
    struct DamageConfig c = {.dup = 0.1, .wire = DAMAGE_LINES, .seed = 8};
    struct Output out = run(&c, len, 0, first_room);
    uint64_t doubled = 0;
    for (size_t i = 1; i < out.len / 8; i++) {
        uint64_t number = number_at(out, i, '\n');
        uint64_t before = number_at(out, i - 1, '\n');
        CHECK(number == before || number == before + 1, "%" PRIu64, number);
        doubled += number == before;
    }
    assert_rate(doubled, (double)n, 0.1);
    cr_assert_eq(damage.counters.duplicated, doubled);
    cr_assert_eq(out.len, len + 8 * doubled);
}

Test(damage, a_frame_is_overtaken_by_no_more_than_asked_and_none_is_missing)
{
    static uint8_t seen[100000];
    static const uint32_t most[] = {1, 3, 50, 1000};
    size_t n = sizeof seen;
    for (size_t k = 0; k < sizeof most / sizeof most[0]; k++) {
        struct DamageConfig c = {.reorder = most[k], .wire = DAMAGE_FTAG, .seed = k};
        struct Output out = run(&c, numbered_frames(n, 0xFF), 0, first_room);
        uint64_t highest = 0;
        uint64_t late = 0;
        memset(seen, 0, sizeof seen);
        cr_assert_eq(out.len, 8 * n);
        for (size_t i = 0; i < n; i++) {
            uint64_t number = number_at(out, i, 0xFF);
            CHECK(number < n && !seen[number]++, "%" PRIu64 " twice", number);
            CHECK(number + most[k] >= highest, "%" PRIu64 " late", number);
            late += number < highest;
            highest = number > highest ? number : highest;
        }
        cr_assert_eq(late, damage.counters.reordered);
        cr_assert_gt(late, n / 10);
    }
}

/* Frames counted in text. */
static uint64_t frames_in(const char *text, size_t len, enum DamageWire wire)
{
    memcpy(input, text, len);
    struct Output out = run(&(struct DamageConfig){.wire = wire}, len, 1, first_room);
    cr_assert_eq(out.len, len);
    cr_assert_eq(damage.counters.bytes_in, len);
    return damage.counters.frames_in;
}

Test(damage, each_wire_has_its_frames)
{
    cr_assert_eq(frames_in("\0abc\0\0d\0", 8, DAMAGE_DTTK), 2);
    cr_assert_eq(frames_in("abc\0de", 6, DAMAGE_DTTK), 2);
    cr_assert_eq(frames_in("abc\0\0\0", 6, DAMAGE_DTTK), 1);
    cr_assert_eq(frames_in("\xff\xff"
                           "abc\xff\xff"
                           "d\xff",
                           9, DAMAGE_FTAG),
                 2);
    cr_assert_eq(frames_in("a\n\nb\n", 5, DAMAGE_LINES), 3);
    cr_assert_eq(frames_in("", 0, DAMAGE_LINES), 0);
}

Test(damage, a_frame_that_need_not_be_kept_passes_before_it_is_complete)
{
    struct Output out = {.bytes = first_room};
    struct DamageConfig c = {
        .loss = 1e-9, .ber = 1e-9, .drop = 1e-9, .burst_gap = 1e9, .burst_len = 2};
    damage_init(&damage, &c, collect, &out);
    cr_assert(damage_feed(&damage, (const uint8_t *)"half", 4));
    cr_assert_eq(out.len, 4);
    damage_reset(&damage);
}

Test(damage, endless_frames_are_cut_and_memory_is_bounded)
{
    random_input();
    for (size_t at = 0; at < sizeof input; at++)
        input[at] |= 1; /* no 0x00 */
    struct Output out = {.bytes = first_room};
    struct DamageConfig c = {.reorder = DAMAGE_REORDER_MAX, .seed = 9};
    damage_init(&damage, &c, collect, &out);
    for (unsigned round = 0; round < 32; round++) {
        out.len = 0;
        cr_assert(damage_feed(&damage, input, sizeof input));
        CHECK(damage.held_bytes <= DAMAGE_HELD_MAX, "%zu held", damage.held_bytes);
    }
    cr_assert_eq(damage.counters.frames_in, 32 * sizeof input / DAMAGE_FRAME_MAX);
    cr_assert_eq(damage.counters.bytes_in - damage.counters.bytes_out, DAMAGE_HELD_MAX);
    damage_reset(&damage);
}

Test(damage, numbers_out_of_bounds_are_not_ok)
{
    static const struct DamageConfig bad[] = {
        {.ber = 1.1},       {.ber = -0.1},
        {.drop = 2},        {.insert = -1},
        {.loss = 1.5},      {.dup = 7},
        {.burst_gap = 0.5}, {.burst_gap = 10, .burst_len = 0},
        {.ber = NAN},       {.reorder = DAMAGE_REORDER_MAX + 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!damage_config_ok(&bad[i]), "number %zu", i);
    cr_assert(damage_config_ok(&(struct DamageConfig){.ber = 1, .drop = 1, .insert = 1}));
}
