#include "core/ftag.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

#define PACKETS 6

/* A few packets and the bytes that carry them: packet i ends, its mark included, at end[i]. */
struct Line {
    struct FtagPacket packet[PACKETS];
    uint8_t data[PACKETS][FTAG_DATA_MAX];
    uint8_t bytes[PACKETS * FTAG_WIRE_MAX];
    size_t end[PACKETS];
    size_t len;
};

/* Packets that differ by their block, with marks and escapes in them. */
static void line_make(struct Line *line, struct TestRandom *r, size_t most)
{
    struct Buffer b;
    buffer_init(&b, line->bytes, sizeof line->bytes, 0);
    for (size_t i = 0; i < PACKETS; i++) {
        size_t len = 1 + (size_t)test_random_below(r, most);
        for (size_t k = 0; k < len; k++) {
            bool small = test_random_below(r, 2) == 0;
            line->data[i][k] =
                (uint8_t)(small ? test_random_next(r) : 0xFD + test_random_below(r, 3));
        }
        line->packet[i] = (struct FtagPacket){.seq = (uint8_t)test_random_next(r),
                                              .block = (uint16_t)i,
                                              .data = view_of(line->data[i], len)};
        cr_assert(ftag_append(&b, &line->packet[i]));
        line->end[i] = b.len;
    }
    line->len = b.len;
}

/* A reader at the end of a line, and what it made of it. */
struct End {
    struct FtagReader reader;
    const struct Line *line; /* NULL: any packet is fine */
    bool got[PACKETS];
    size_t packets;
    size_t fed;
};

static void end_init(struct End *e, const struct Line *line)
{
    *e = (struct End){.line = line};
    ftag_reader_init(&e->reader);
}

/* Every byte fed is in exactly one count, or waits. */
static void end_check_account(const struct End *e)
{
    const struct FtagCounters *c = &e->reader.counters;
    CHECK(c->good_bytes + c->bad_bytes + c->marks + e->reader.waiting == e->fed,
          "%" PRIu64 " good, %" PRIu64 " bad, %" PRIu64 " marks, %zu wait, of %zu fed",
          c->good_bytes, c->bad_bytes, c->marks, e->reader.waiting, e->fed);
    CHECK(c->good == e->packets, "%" PRIu64 " good of %zu", c->good, e->packets);
}

static void end_take(struct End *e, const struct FtagPacket *p)
{
    const struct FtagPacket *sent;
    e->packets++;
    end_check_account(e);
    if (e->line == NULL)
        return;
    CHECK(p->block < PACKETS, "a packet nobody sent");
    sent = &e->line->packet[p->block];
    CHECK(p->seq == sent->seq && p->channel == 0 && p->data.len == sent->data.len &&
              memcmp(p->data.data, sent->data.data, p->data.len) == 0,
          "a packet nobody sent");
    e->got[p->block] = true;
}

/* Feed n bytes, at most chunk at once, each piece in memory of its own size. */
static void end_feed(struct End *e, const uint8_t *bytes, size_t n, size_t chunk)
{
    for (size_t at = 0; at < n; at += chunk) {
        size_t take = n - at < chunk ? n - at : chunk;
        uint8_t *piece = malloc(take);
        struct View left = view_of(piece, take);
        struct FtagPacket p;
        memcpy(piece, bytes + at, take);
        while (ftag_reader_next(&e->reader, &left, &p)) {
            e->fed += take - left.len;
            take = left.len;
            end_take(e, &p);
        }
        CHECK(left.len == 0, "bytes were left");
        e->fed += take;
        end_check_account(e);
        free(piece);
    }
}

/* Read bytes, in which only packet 1 of the line is damaged: all others arrive. */
static void check_resync(const struct Line *line, const uint8_t *bytes, size_t len)
{
    for (size_t chunk = 1; chunk <= len; chunk += 1 + chunk / 2) {
        struct End e;
        end_init(&e, line);
        end_feed(&e, bytes, len, chunk);
        for (size_t i = 0; i < PACKETS; i++)
            CHECK(e.got[i] || i == 1, "packet %zu, chunks of %zu", i, chunk);
    }
}

/* ---- Whole lines ---------------------------------------------------------------------------- */

Test(ftag_reader, an_undamaged_line_gives_every_packet_in_chunks_of_every_size)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 20; i++) {
        struct Line line;
        line_make(&line, &r, i % 2 == 0 ? 30 : FTAG_DATA_MAX);
        for (size_t chunk = 1; chunk <= line.len; chunk += 1 + chunk / 10) {
            struct End e;
            end_init(&e, &line);
            end_feed(&e, line.bytes, line.len, chunk);
            CHECK(e.packets == PACKETS && e.reader.counters.bad_bytes == 0, "chunk %zu", chunk);
            CHECK(e.reader.counters.marks == 2 * PACKETS, "%" PRIu64, e.reader.counters.marks);
        }
    }
}

/* One mark between packets suffices, none is needed first, and many are as good as one. */
Test(ftag_reader, marks_may_be_shared_and_come_in_runs)
{
    struct TestRandom r = {test_random_seed()};
    static uint8_t bytes[PACKETS * (FTAG_WIRE_MAX + 20)];
    for (size_t marks = 1; marks < 20; marks++) {
        struct Line line;
        struct End e;
        size_t len = 0, start = 0;
        line_make(&line, &r, 60);
        for (size_t i = 0; i < PACKETS; i++) {
            size_t n = line.end[i] - start - 2;
            memcpy(bytes + len, line.bytes + start + 1, n);
            memset(bytes + len + n, 0xFF, marks);
            len += n + marks;
            start = line.end[i];
        }
        end_init(&e, &line);
        end_feed(&e, bytes, len, 7);
        CHECK(e.packets == PACKETS && e.reader.counters.bad_bytes == 0, "%zu marks", marks);
    }
}

Test(ftag_reader, needless_escapes_stand_for_the_byte_behind_them)
{
    struct TestRandom r = {test_random_seed()};
    struct Line line;
    for (int i = 0; i < 50; i++) {
        uint8_t bytes[2 * sizeof line.bytes];
        size_t len = 0;
        struct End e;
        line_make(&line, &r, 60);
        for (size_t k = 0; k < line.len; k++) {
            bool plain = line.bytes[k] < 0xFD; /* 0xFD behind an escape is a mark */
            if (plain && test_random_below(&r, 3) == 0)
                bytes[len++] = 0xFE;
            bytes[len++] = line.bytes[k];
            if (line.bytes[k] == 0xFE)
                bytes[len++] = line.bytes[++k];
        }
        end_init(&e, &line);
        end_feed(&e, bytes, len, 13);
        CHECK(e.packets == PACKETS, "%zu packets", e.packets);
    }
}

/* ---- Resynchronisation ---------------------------------------------------------------------- */

Test(ftag_reader, it_resynchronises_after_every_single_bit_flip)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 10; i++) {
        struct Line line;
        line_make(&line, &r, 30);
        /* Not the marks: without one its neighbour is lost, too, if they share it. */
        for (size_t bit = 8 * (line.end[0] + 1); bit < 8 * (line.end[1] - 1); bit++) {
            uint8_t bytes[sizeof line.bytes];
            memcpy(bytes, line.bytes, line.len);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            check_resync(&line, bytes, line.len);
        }
    }
}

Test(ftag_reader, it_resynchronises_after_every_byte_lost_or_added)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 10; i++) {
        struct Line line;
        line_make(&line, &r, 30);
        for (size_t at = line.end[0]; at < line.end[1]; at++) {
            uint8_t bytes[sizeof line.bytes + 1];
            memcpy(bytes, line.bytes, at);
            memcpy(bytes + at, line.bytes + at + 1, line.len - at - 1);
            check_resync(&line, bytes, line.len - 1);
            memcpy(bytes + at + 1, line.bytes + at, line.len - at);
            bytes[at] = (uint8_t)test_random_next(&r);
            check_resync(&line, bytes, line.len + 1);
        }
    }
}

/* Garbage of any length, between two packets. Whatever it is, the packets behind it arrive. */
Test(ftag_reader, garbage_between_packets_costs_none_of_them)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 300; i++) {
        uint8_t garbage[1000];
        struct Line line;
        struct End e;
        size_t n = (size_t)test_random_below(&r, sizeof garbage);
        line_make(&line, &r, 60);
        test_random_fill(&r, garbage, n);
        end_init(&e, &line);
        end_feed(&e, garbage, n, 1 + (size_t)test_random_below(&r, 99));
        end_feed(&e, line.bytes, line.end[2], 50);
        end_feed(&e, garbage, n, 100);
        end_feed(&e, line.bytes + line.end[2], line.len - line.end[2], 1);
        CHECK(e.packets == PACKETS, "%zu packets behind %zu bytes", e.packets, n);
    }
}

/* ---- Counters ------------------------------------------------------------------------------- */

Test(ftag_reader, what_is_no_packet_is_counted_by_cause)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint64_t escape, short_, length, crc, bad_bytes;
    } cases[] = {
        {"\xFF", 1, 0, 0, 0, 0, 0},
        {"\xFF\xFF\xFF", 3, 0, 0, 0, 0, 0},
        {"\xFE\xFF", 2, 1, 0, 0, 0, 1},
        {"123456\xFE\xFF", 8, 1, 0, 0, 0, 7},
        {"\x05_____\xFF", 7, 0, 1, 0, 0, 6},
        {"\x05______\xFF", 8, 0, 0, 1, 0, 7},
        {"\x07______\xFF", 8, 0, 0, 1, 0, 7},
        {"\x06______\xFF", 8, 0, 0, 0, 1, 7},
        {"\x06\xFE______\xFF", 9, 0, 0, 0, 1, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct FtagCounters *c;
        struct End e;
        end_init(&e, NULL);
        end_feed(&e, (const uint8_t *)cases[i].bytes, cases[i].len, 1);
        c = &e.reader.counters;
        CHECK(c->bad_escape == cases[i].escape && c->bad_short == cases[i].short_ &&
                  c->bad_length == cases[i].length && c->bad_crc == cases[i].crc,
              "case %zu", i);
        CHECK(c->bad_bytes == cases[i].bad_bytes && c->good == 0, "case %zu: %" PRIu64 " bytes", i,
              c->bad_bytes);
    }
}

Test(ftag_reader, a_packet_of_any_length_is_read_and_one_byte_more_is_too_long)
{
    uint8_t data[FTAG_DATA_MAX] = {0}, memory[FTAG_WIRE_MAX], long_[FTAG_PACKET_MAX + 1] = {0};
    struct FtagPacket p = {.data = {data, 0}};
    struct Buffer b;
    struct End e;
    end_init(&e, NULL);
    for (size_t len = 0; len <= FTAG_DATA_MAX; len++) {
        buffer_init(&b, memory, sizeof memory, 0);
        p.data.len = len;
        cr_assert(ftag_append(&b, &p));
        end_feed(&e, memory, b.len, 100);
        CHECK(e.packets == len + 1, "%zu bytes of data", len);
    }
    end_feed(&e, long_, FTAG_PACKET_MAX, FTAG_PACKET_MAX);
    cr_assert_eq(e.reader.counters.bad_long, 0);
    end_feed(&e, long_, 1, 1);
    cr_assert_eq(e.reader.counters.bad_long, 1);
    cr_assert_eq(e.reader.counters.bad_bytes, FTAG_PACKET_MAX + 1);
    for (int i = 0; i < 100; i++)
        end_feed(&e, long_, sizeof long_, 300);
    cr_assert_eq(e.reader.counters.bad_long, 1, "counted once");
    cr_assert_eq(e.reader.waiting, 0);
    end_feed(&e, (const uint8_t[]){0xFF}, 1, 1);
    end_feed(&e, memory + 1, b.len - 1, 9);
    cr_assert_eq(e.packets, FTAG_DATA_MAX + 2, "and then goes on");
}

Test(ftag_reader, what_no_mark_has_closed_is_bad_at_the_end)
{
    struct End e;
    end_init(&e, NULL);
    end_feed(&e, (const uint8_t *)"\xFF\x06__\xFE", 5, 5);
    cr_assert_eq(e.reader.waiting, 4);
    ftag_reader_finish(&e.reader);
    end_check_account(&e);
    cr_assert_eq(e.reader.counters.bad_bytes, 4);
    ftag_reader_finish(&e.reader);
    cr_assert_eq(e.reader.counters.bad_bytes, 4);
}

Test(ftag_reader, noise_is_counted_to_the_last_byte_and_is_no_ftag)
{
    struct TestRandom r = {test_random_seed()};
    static uint8_t noise[1 << 16];
    struct End e;
    end_init(&e, NULL);
    for (int i = 0; i < 200; i++) {
        test_random_fill(&r, noise, sizeof noise);
        for (size_t k = 0; i % 2 == 0 && k < sizeof noise; k++)
            noise[k] = noise[k] < 25 ? 0xFF : noise[k];
        end_feed(&e, noise, sizeof noise, 1 + (size_t)test_random_below(&r, 5000));
    }
    cr_assert(!e.reader.recognised);
}

/* ---- Recognition ---------------------------------------------------------------------------- */

static void feed_packet(struct End *e, const struct FtagPacket *p)
{
    uint8_t memory[FTAG_WIRE_MAX];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    cr_assert(ftag_append(&b, p));
    end_feed(e, memory, b.len, b.len);
}

Test(ftag_reader, three_packets_in_a_row_are_ftag_and_two_are_chance)
{
    struct FtagPacket p = {.data = {(const uint8_t *)"x", 1}};
    struct End e;
    end_init(&e, NULL);
    for (int i = 0; i < 20; i++) {
        feed_packet(&e, &p);
        feed_packet(&e, &p);
        cr_assert(!e.reader.recognised);
        end_feed(&e, (const uint8_t *)"noise\xFF", 6, 6);
    }
    for (int i = 0; i < 3; i++)
        feed_packet(&e, &p);
    cr_assert(e.reader.recognised);
    end_feed(&e, (const uint8_t *)"noise\xFF", 6, 6);
    cr_assert(e.reader.recognised, "for good");
}

Test(ftag_reader, one_meta_that_checks_is_ftag)
{
    static const uint8_t digest[FTAG_DIGEST];
    struct FtagMeta meta = {.full = 1, .size = 50, .digest = {digest, sizeof digest}};
    uint8_t data[FTAG_DATA_MAX];
    struct FtagPacket p = ftag_meta_packet(view_of(data, ftag_put_meta(data, &meta)));
    struct End e;
    end_init(&e, NULL);
    data[4] = 50;
    feed_packet(&e, &p);
    cr_assert(!e.reader.recognised, "a short block that is full");
    data[4] = 49;
    feed_packet(&e, &p);
    cr_assert(e.reader.recognised);
}
