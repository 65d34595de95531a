#include "core/frame.h"

#include <string.h>

#include "check.h"
#include "random.h"
#include "trap.h"

static const struct FrameWriter plain = {crc32c_portable, false};
static const struct FrameWriter xonxoff = {crc32c_portable, true};

#define PACKETS 4

/* A few packets and the bytes that carry them: frame i ends at end[i]. */
struct Line {
    uint8_t packet[PACKETS][64];
    size_t packet_len[PACKETS];
    uint8_t bytes[1024];
    size_t end[PACKETS];
    size_t len;
};

/* Packets that differ, with zeros, runs and control bytes in them. */
static void line_make(struct Line *line, struct TestRandom *r, const struct FrameWriter *w)
{
    struct Buffer b;
    buffer_init(&b, line->bytes, sizeof line->bytes, 0);
    for (size_t i = 0; i < PACKETS; i++) {
        uint8_t *p = line->packet[i];
        line->packet_len[i] = 10 + (size_t)test_random_below(r, 20);
        for (size_t k = 0; k < line->packet_len[i]; k++) {
            bool small = test_random_below(r, 2) == 0;
            p[k] = (uint8_t)(small ? 0x11 * test_random_below(r, 2) : test_random_next(r));
        }
        p[0] = (uint8_t)i;
        struct View part = view_of(p, line->packet_len[i]);
        cr_assert(frame_append(w, &b, &part, 1));
        line->end[i] = b.len;
    }
    line->len = b.len;
}

/* A reader at the end of a line, and what it made of it. */
struct End {
    struct FrameReader reader;
    struct Buffer rx;
    const struct Line *line; /* packets of others are forged */
    bool got[PACKETS];       /* which packets came */
    size_t packets;
    size_t fed;
};

static void end_init(struct End *e, const struct Line *line, uint8_t *memory, size_t size)
{
    memset(e, 0, sizeof *e);
    e->line = line;
    frame_reader_init(&e->reader, crc32c_portable);
    buffer_init(&e->rx, memory, size, 0);
}

/* Every byte fed is in exactly one count, or waits. */
static void end_check_account(const struct End *e)
{
    const struct FrameCounters *c = &e->reader.counters;
    CHECK(c->good_bytes + c->bad_bytes + c->delimiters + e->rx.len == e->fed,
          "%" PRIu64 " good, %" PRIu64 " bad, %" PRIu64 " delimiters, %zu wait, of %zu fed",
          c->good_bytes, c->bad_bytes, c->delimiters, e->rx.len, e->fed);
    CHECK(c->good == e->packets, "%" PRIu64 " good of %zu", c->good, e->packets);
}

static void end_take(struct End *e)
{
    struct View v;
    while (frame_reader_next(&e->reader, &e->rx, &v)) {
        e->packets++;
        CHECK(v.len > 0, "an empty packet");
        if (e->line == NULL)
            continue;
        size_t i = v.data[0];
        CHECK(i < PACKETS && v.len == e->line->packet_len[i] &&
                  memcmp(v.data, e->line->packet[i], v.len) == 0,
              "a packet nobody sent");
        e->got[i] = true;
    }
    end_check_account(e);
}

/* Feed n bytes, at most chunk at once, the packets taken in between. */
static void end_feed(struct End *e, const uint8_t *bytes, size_t n, size_t chunk)
{
    while (n > 0) {
        CHECK(buffer_rebase(&e->rx, 0), "rebase");
        size_t take = chunk < n ? chunk : n;
        size_t room = buffer_tailroom(&e->rx);
        CHECK(room > 0, "the buffer has jammed");
        take = take < room ? take : room;
        CHECK(buffer_append(&e->rx, bytes, take), "append");
        bytes += take;
        n -= take;
        e->fed += take;
        end_take(e);
    }
}

/* ---- Resynchronisation ---- */

/* Read bytes, in which only frame 1 of the line is damaged: 0 and 3 arrive in every chunking. */
static void check_resync(const struct Line *line, const uint8_t *bytes, size_t len, bool all_sizes)
{
    uint8_t memory[1024];
    for (size_t chunk = 1; chunk <= len; chunk += all_sizes ? 1 : 1 + chunk / 2) {
        struct End e;
        end_init(&e, line, memory, sizeof memory);
        end_feed(&e, bytes, len, chunk);
        CHECK(e.got[0] && e.got[3], "chunks of %zu: %d%d%d%d", chunk, e.got[0], e.got[1], e.got[2],
              e.got[3]);
        CHECK(!e.got[1] || e.packets == PACKETS, "frame 1 is whole, but another is not");
        CHECK(e.rx.len == 0, "%zu bytes wait", e.rx.len);
    }
}

Test(frame_reader, an_undamaged_line_gives_every_packet_in_chunks_of_every_size)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[1024];
    for (int i = 0; i < 60; i++) {
        struct Line line;
        line_make(&line, &r, i % 2 == 0 ? &plain : &xonxoff);
        for (size_t chunk = 1; chunk <= line.len; chunk++) {
            struct End e;
            end_init(&e, &line, memory, sizeof memory);
            end_feed(&e, line.bytes, line.len, chunk);
            CHECK(e.packets == PACKETS && e.reader.counters.bad_bytes == 0, "chunk %zu", chunk);
        }
    }
}

Test(frame_reader, it_resynchronises_after_every_single_bit_flip)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 20; i++) {
        struct Line line;
        line_make(&line, &r, i % 2 == 0 ? &plain : &xonxoff);
        for (size_t bit = 8 * line.end[0]; bit < 8 * line.end[1]; bit++) {
            uint8_t bytes[sizeof line.bytes];
            memcpy(bytes, line.bytes, line.len);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            check_resync(&line, bytes, line.len, i < 4);
        }
    }
}

Test(frame_reader, it_resynchronises_after_every_truncation_and_every_lost_byte)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 40; i++) {
        struct Line line;
        line_make(&line, &r, i % 2 == 0 ? &plain : &xonxoff);
        uint8_t bytes[sizeof line.bytes];
        for (size_t cut = line.end[0]; cut < line.end[1]; cut++) {
            size_t gaps[] = {1, line.end[1] - cut};
            for (size_t k = 0; k < 2; k++) {
                memcpy(bytes, line.bytes, cut);
                memcpy(bytes + cut, line.bytes + cut + gaps[k], line.len - cut - gaps[k]);
                check_resync(&line, bytes, line.len - gaps[k], i < 4);
            }
        }
    }
}

/* ---- Any bytes ---- */

/* Append to out: a good frame, one damaged, garbage, delimiters or a long frame. */
static void append_anything(struct TestRandom *r, struct Buffer *out, size_t longest)
{
    size_t before = out->len;
    size_t len = 1 + (size_t)test_random_below(r, 1 + test_random_below(r, longest));
    uint8_t *bytes = malloc(len);
    uint64_t most = 1 + test_random_below(r, 256);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)test_random_below(r, most);
    struct View part = view_of(bytes, len);
    switch (test_random_below(r, 6)) {
    case 0:
    case 1:
        frame_append(&plain, out, &part, 1);
        break;
    case 2:
        frame_append(&xonxoff, out, &part, 1);
        break;
    case 3:
        if (frame_append(&plain, out, &part, 1))
            out->base[before + test_random_below(r, out->len - before)] ^= (uint8_t)most;
        break;
    case 4:
        buffer_append(out, bytes, len);
        break;
    default:
        while (test_random_below(r, 3) != 0)
            frame_append_delimiter(out);
        break;
    }
    free(bytes);
}

/* One stretch of anything to a reader with rx of `size` bytes, in random chunks. */
static void check_anything(struct TestRandom *r, size_t size, size_t longest, size_t total)
{
    struct Buffer out;
    struct End e;
    uint8_t *bytes = malloc(total);
    uint8_t *memory = malloc(size);
    buffer_init(&out, bytes, total, 0);
    for (size_t before = 0; out.len < total && out.len - before < total; before += total / 64)
        append_anything(r, &out, longest);
    end_init(&e, NULL, memory, size);
    for (size_t at = 0; at < out.len;) {
        size_t n = 1 + (size_t)test_random_below(r, 1 + test_random_below(r, 2 * longest));
        n = n < out.len - at ? n : out.len - at;
        end_feed(&e, bytes + at, n, n);
        at += n;
    }
    frame_reader_finish(&e.reader, &e.rx);
    CHECK(e.rx.len == 0, "bytes wait after the end");
    end_check_account(&e);
    CHECK(!e.reader.skipping && e.reader.searched == 0, "not between frames");
    free(bytes);
    free(memory);
}

Test(frame_reader, every_byte_is_counted_once_whatever_comes_and_however_small_rx_is)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 6000; i++)
        check_anything(&r, 1 + (size_t)test_random_below(&r, i % 2 == 0 ? 12 : 300), 80, 2000);
    for (int i = 0; i < 40; i++)
        check_anything(&r, FRAME_MAX + (size_t)test_random_below(&r, FRAME_MAX), 80000, 600000);
}

/* ---- Length ---- */

Test(frame_reader, a_frame_of_FRAME_MAX_bytes_is_read_and_one_byte_more_is_too_long)
{
    static uint8_t packet[FRAME_MAX];
    static uint8_t bytes[3 * FRAME_MAX];
    static uint8_t memory[3 * FRAME_MAX];
    static const size_t sizes[] = {FRAME_MAX, FRAME_MAX + 1, 3 * FRAME_MAX};
    static const size_t chunks[] = {1, 4096, FRAME_MAX - 1, FRAME_MAX, FRAME_MAX + 1, SIZE_MAX};
    struct Buffer out;
    struct View part = view_of(packet, FRAME_MAX - 2 - FRAME_CRC);
    memset(packet, 'x', sizeof packet);
    for (size_t i = 0; i < sizeof packet; i += 200)
        packet[i] = 0;
    buffer_init(&out, bytes, sizeof bytes, 0);
    cr_assert(frame_append(&plain, &out, &part, 1));
    cr_assert_eq(out.len, FRAME_MAX);
    cr_assert(buffer_append(&out, "y", 1)); /* the same, one byte longer at its front */
    cr_assert(frame_append(&plain, &out, &part, 1));
    part.len = 5;
    cr_assert(frame_append(&plain, &out, &part, 1));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
            struct End e;
            end_init(&e, NULL, memory, sizes[i]);
            end_feed(&e, bytes, out.len, chunks[k]);
            const struct FrameCounters *c = &e.reader.counters;
            cr_assert_eq(c->good, 2, "%zu %zu", i, k);
            cr_assert_eq(c->bad_long, 1, "%zu %zu", i, k);
        }
    }
}

Test(frame_reader, a_frame_that_never_ends_is_counted_once_and_all_its_bytes_are)
{
    static uint8_t memory[2 * FRAME_MAX];
    static const size_t sizes[] = {1, 100, FRAME_MAX, 2 * FRAME_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct End e;
        uint8_t bytes[1000];
        end_init(&e, NULL, memory, sizes[i]);
        memset(bytes, 'x', sizeof bytes);
        for (int k = 0; k < 200; k++) {
            end_feed(&e, bytes, sizeof bytes, 77);
            cr_assert(e.rx.len < FRAME_MAX, "a frame that is too long is kept");
        }
        end_feed(&e, (const uint8_t *)"", 1, 1);
        end_feed(&e, (const uint8_t *)"", 1, 1);
        cr_assert_eq(e.reader.counters.bad_long, 1);
        cr_assert_eq(e.reader.counters.bad_bytes, 200001);
        cr_assert_eq(e.reader.counters.delimiters, 1);
        cr_assert_not(e.reader.skipping);
    }
}

/* ---- Causes ---- */

/* The counters after these bytes. */
static struct FrameCounters read_bytes(const void *bytes, size_t n)
{
    static uint8_t memory[FRAME_MAX];
    struct End e;
    end_init(&e, NULL, memory, sizeof memory);
    end_feed(&e, bytes, n, n);
    return e.reader.counters;
}

Test(frame_reader, a_frame_is_given_up_when_FRAME_MAX_bytes_hold_no_end)
{
    static uint8_t memory[2 * FRAME_MAX];
    struct End e;
    end_init(&e, NULL, memory, sizeof memory);
    for (size_t i = 1; i < FRAME_MAX; i++)
        end_feed(&e, (const uint8_t *)"x", 1, 1);
    cr_assert(e.rx.len == FRAME_MAX - 1 && e.reader.counters.bad_long == 0);
    end_feed(&e, (const uint8_t *)"x", 1, 1);
    cr_assert(e.rx.len == 0 && e.reader.counters.bad_long == 1);
}

Test(frame_reader, each_fault_is_counted_by_its_cause)
{
    cr_assert_eq(read_bytes("\x09hello\x00", 7).bad_cobs, 1);
    cr_assert_eq(read_bytes("\x01\x00", 2).bad_short, 1);
    cr_assert_eq(read_bytes("\x05\xAA\xBB\xCC\xDD\x00", 6).bad_short, 1);
    cr_assert_eq(read_bytes("\x01\x01\x01\x01\x01\x00", 6).bad_short, 1); /* an empty packet */
    cr_assert_eq(read_bytes("\x0Ahello\x4C\xBB\x71\x9B\x00", 11).bad_crc, 1);
    cr_assert_eq(read_bytes("\x0Ahello\x4C\xBB\x71\x9A\x00", 11).good, 1);
    cr_assert_eq(read_bytes("\x00\x00\x00", 3).delimiters, 3);
}

Test(frame_reader, a_needless_code_behind_a_full_run_is_understood)
{
    uint8_t packet[250];
    uint8_t bytes[258] = {0xFF};
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i + 1);
    memcpy(bytes + 1, packet, sizeof packet);
    put_u32(bytes + 251, crc32c_portable(0, packet, sizeof packet));
    bytes[255] = 0x01; /* an encoder that is not canonical ends so */
    bytes[256] = 0x00;
    cr_assert_eq(read_bytes(bytes, 257).good, 1);
}

Test(frame_reader, bytes_of_a_frame_begun_are_counted_at_the_end)
{
    uint8_t memory[100];
    struct End e;
    end_init(&e, NULL, memory, sizeof memory);
    end_feed(&e, (const uint8_t *)"hello", 5, 2);
    cr_assert_eq(e.rx.len, 5);
    frame_reader_finish(&e.reader, &e.rx);
    end_check_account(&e);
    cr_assert_eq(e.reader.counters.bad_bytes, 5);
    end_feed(&e, (const uint8_t *)"\x0Ahello\x4C\xBB\x71\x9A\x00", 11, 3);
    cr_assert_eq(e.packets, 1);
}

/* ---- XON/XOFF ---- */

Test(frame_reader, a_frame_that_looks_stuffed_but_is_not_is_taken_as_it_came)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 50000; i++) {
        uint8_t packet[40];
        uint8_t bytes[60];
        struct Buffer b;
        size_t len = 2 + (size_t)test_random_below(&r, sizeof packet - 1);
        for (size_t k = 0; k < len; k++)
            packet[k] = (uint8_t)(k % 2 == 0 ? 0x12 : 0x51 + test_random_below(&r, 3));
        struct View part = view_of(packet, len - len % 2);
        buffer_init(&b, bytes, sizeof bytes, 0);
        CHECK(frame_append(&plain, &b, &part, 1), "refused");
        struct FrameCounters c = read_bytes(bytes, b.len);
        CHECK(c.good == 1 && c.unstuffed == 0, "not taken as it is");
    }
}

Test(frame_reader, an_escape_that_no_writer_makes_is_not_undone)
{
    /* "hello" with an escape put in before the l: a frame that is neither. */
    cr_assert_eq(read_bytes("\x0Ahe\x12llo\x4C\xBB\x71\x9A\x00", 12).good, 0);
    cr_assert_eq(read_bytes("\x0Ahello\x4C\xBB\x71\x9A\x12\x00", 12).good, 0);
    /* An h as it would be stuffed if it had to be. */
    cr_assert_eq(read_bytes("\x0A\x12\x28"
                            "ello\x4C\xBB\x71\x9A\x00",
                            12)
                     .good,
                 0);
    cr_assert_eq(read_bytes("\x12\x00", 2).bad_cobs, 1);
    cr_assert_eq(read_bytes("\x12\x52\x00", 3).bad_cobs, 1);
}

Test(frame_reader, a_change_of_rx_behind_its_back_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    uint8_t memory[100];
    struct End e;
    end_init(&e, NULL, memory, sizeof memory);
    end_feed(&e, (const uint8_t *)"hello", 5, 5);
    buffer_reset(&e.rx, 0);
    end_take(&e);
}
