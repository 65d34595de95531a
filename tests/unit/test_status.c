#include "core/status.h"

#include <string.h>

#include "check.h"
#include "random.h"
#include "trap.h"

#define RANGES 64

/* Ascending ranges, none touching the next; how many, at most RANGES. */
static size_t any_ranges(struct TestRandom *r, struct StatusRange *ranges)
{
    size_t count = (size_t)test_random_below(r, RANGES + 1);
    uint64_t position = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned shift = 8 + (unsigned)test_random_below(r, 56);
        uint64_t gap = test_random_next(r) >> shift;
        if (gap == 0 && i > 0)
            gap = 1;
        ranges[i].first = position + gap;
        ranges[i].length = 1 + (test_random_next(r) >> (8 + test_random_below(r, 56)));
        position = ranges[i].first + ranges[i].length;
    }
    return count;
}

/* Reads a list from exactly as much heap as it takes; how many ranges of it are those expected. */
static size_t count_equal(struct View list, uint64_t upto, const struct StatusRange *expected,
                          size_t count, bool *broken)
{
    uint8_t *copy = malloc(list.len);
    struct StatusReader reader;
    struct StatusRange range;
    size_t equal = 0;
    if (list.len > 0)
        memcpy(copy, list.data, list.len);
    status_reader_init(&reader, view_of(copy, list.len), upto);
    while (status_reader_next(&reader, &range)) {
        CHECK(equal < count, "more ranges than %zu", count);
        CHECK(range.first == expected[equal].first && range.length == expected[equal].length,
              "range %zu differs", equal);
        equal++;
    }
    *broken = reader.broken;
    CHECK(!status_reader_next(&reader, &range), "a range after the end");
    free(copy);
    return equal;
}

Test(status, a_list_comes_back_as_it_went_up_to_where_it_was_cut)
{
    struct TestRandom r = {test_random_seed()};
    struct StatusRange ranges[RANGES];
    uint8_t memory[RANGES * 2 * VARINT_MAX];
    for (unsigned n = 0; n < 100000; n++) {
        struct StatusWriter writer;
        struct Buffer b;
        size_t count = any_ranges(&r, ranges);
        size_t limit = (size_t)test_random_below(&r, sizeof memory / (1 + n % 8));
        size_t room = (size_t)test_random_below(&r, sizeof memory / (1 + n % 7)), written = 0;
        bool broken;
        buffer_init(&b, memory, room, 0);
        status_writer_init(&writer, &b, limit);
        uint64_t taken = 0;
        for (; written < count; written++) {
            taken = status_writer_add(&writer, ranges[written]);
            if (taken < ranges[written].length)
                break;
            taken = 0;
        }
        struct View list = buffer_view(&b);
        CHECK(list.len <= limit, "case %u: %zu bytes for %zu", n, list.len, limit);
        if (taken > 0) { /* the last one was cut */
            CHECK(written < count && taken < ranges[written].length, "case %u: no cut", n);
            ranges[written].length = taken;
            written++;
        }
        uint64_t upto = written > 0 ? ranges[written - 1].first + ranges[written - 1].length : 0;
        size_t read = count_equal(list, upto, ranges, written, &broken);
        CHECK(read == written && !broken, "case %u: %zu written, %zu read", n, written, read);
    }
}

/* Gap 999 takes 2 bytes; a length 1 up to 127, then 2 up to 16,383. */
Test(status, a_range_is_cut_to_what_fits_and_one_without_room_changes_nothing)
{
    const struct StatusRange first = {0, 1}, second = {1000, 20000};
    static const uint64_t taken[] = {0, 0, 0, 127, 16383, 20000, 20000};
    for (size_t room = 2; room <= 8; room++) {
        for (size_t limit = 2; limit <= 8; limit++) {
            uint8_t *memory = malloc(room);
            struct Buffer b;
            struct StatusWriter w;
            buffer_init(&b, memory, room, 0);
            status_writer_init(&w, &b, limit);
            cr_assert_eq(status_writer_add(&w, first), 1);
            size_t spare = (room < limit ? room : limit) - 2;
            uint64_t expected = taken[spare];
            cr_assert_eq(status_writer_add(&w, second), expected, "room %zu limit %zu", room,
                         limit);
            cr_assert_eq(w.position, expected > 0 ? 1000 + expected : 1);
            cr_assert_eq(buffer_view(&b).len, 2 + (spare > 5 ? 5 : spare > 2 ? spare : 0));
            cr_assert_eq(w.limit, limit - buffer_view(&b).len);
            free(memory);
        }
    }
}

struct Case {
    const char *what;
    uint8_t list[24];
    size_t len;
    uint64_t upto;
    size_t good; /* ranges before the reader stops */
    bool broken;
};

#define HUGE_VARINT 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 /* 2^64 - 1 */

static const struct Case cases[] = {
    {"nothing", {0}, 0, 10, 0, false},
    {"one at the start", {0, 3}, 2, 10, 1, false},
    {"one that ends at upto", {7, 3}, 2, 10, 1, false},
    {"one that ends behind upto", {7, 4}, 2, 10, 0, true},
    {"one that begins at upto", {10, 1}, 2, 10, 0, true},
    {"one that begins behind upto", {11, 1}, 2, 10, 0, true},
    {"anything below upto 0", {0, 1}, 2, 0, 0, true},
    {"a length of 0", {1, 0}, 2, 10, 0, true},
    {"a second length of 0", {1, 1, 1, 0}, 4, 10, 1, true},
    {"a second gap of 0", {0, 1, 0, 1}, 4, 10, 1, true},
    {"a second behind upto", {0, 1, 1, 9}, 4, 10, 1, true},
    {"a second that ends at upto", {0, 1, 1, 8}, 4, 10, 2, false},
    {"half a pair", {1}, 1, 10, 0, true},
    {"half a second pair", {1, 1, 1}, 3, 10, 1, true},
    {"half a varint", {1, 0x80}, 2, 10, 0, true},
    {"a padded varint", {0x81, 0x00, 0x82, 0x80, 0x00}, 5, 10, 1, false},
    {"all symbols there can be", {0, HUGE_VARINT}, 11, UINT64_MAX, 1, false},
    {"one more than that", {1, HUGE_VARINT}, 11, UINT64_MAX, 0, true},
    {"a gap that overflows", {0, 1, HUGE_VARINT, 1}, 13, UINT64_MAX, 1, true},
    {"a length that overflows", {0, 1, 1, HUGE_VARINT}, 13, UINT64_MAX, 1, true},
    {"the last symbol of all",
     {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1},
     11,
     UINT64_MAX,
     1,
     false},
    {"a varint of 65 bits",
     {0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2},
     11,
     UINT64_MAX,
     0,
     true},
};

Test(status, lists_that_break_a_rule_are_told_from_those_that_do_not)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct Case *c = &cases[i];
        struct StatusReader reader;
        struct StatusRange range;
        size_t good = 0;
        status_reader_init(&reader, view_of(c->list, c->len), c->upto);
        while (status_reader_next(&reader, &range))
            good++;
        cr_assert_eq(good, c->good, "%s: %zu ranges", c->what, good);
        cr_assert_eq(reader.broken, c->broken, "%s: broken %d", c->what, reader.broken);
        cr_assert_not(status_reader_next(&reader, &range), "%s: goes on", c->what);
        cr_assert_eq(reader.broken, c->broken, "%s: no longer so", c->what);
    }
}

Test(status, garbage_ends_soon_and_never_gives_a_range_that_breaks_a_rule)
{
    struct TestRandom r = {test_random_seed()};
    unsigned broken = 0;
    for (unsigned n = 0; n < 200000; n++) {
        size_t len = (size_t)test_random_below(&r, 60), ranges = 0;
        uint64_t upto = test_random_next(&r) >> test_random_below(&r, 64), end = 0;
        uint8_t *list = malloc(len);
        struct StatusReader reader;
        struct StatusRange range;
        test_random_fill(&r, list, len);
        for (size_t i = 0; i < len && n % 2 == 0; i++)
            list[i] &= 0x83;
        status_reader_init(&reader, view_of(list, len), upto);
        while (status_reader_next(&reader, &range)) {
            CHECK(range.length > 0 && range.first <= upto && range.length <= upto - range.first,
                  "case %u: range outside", n);
            CHECK(ranges == 0 || range.first > end, "case %u: not ascending", n);
            end = range.first + range.length;
            ranges++;
        }
        CHECK(ranges <= len / 2, "case %u: %zu ranges of %zu bytes", n, ranges, len);
        broken += reader.broken;
        free(list);
    }
    cr_assert(broken > 1000 && broken < 199000, "%u of 200000 broken", broken);
}

static void add_after_three(uint64_t first, uint64_t length)
{
    static uint8_t memory[64];
    struct StatusWriter w;
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    status_writer_init(&w, &b, sizeof memory);
    cr_assert_eq(status_writer_add(&w, (struct StatusRange){0, 3}), 3);
    status_writer_add(&w, (struct StatusRange){first, length});
}

Test(status, a_range_that_touches_the_last_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    add_after_three(3, 1);
}

Test(status, a_range_before_the_last_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    add_after_three(1, 1);
}

Test(status, a_range_of_nothing_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    add_after_three(9, 0);
}

Test(status, a_range_past_the_last_number_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    add_after_three(9, UINT64_MAX - 8);
}
