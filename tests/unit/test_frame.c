#include "core/frame.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "random.h"

static const struct FrameWriter plain = {crc32c_portable, false};
static const struct FrameWriter xonxoff = {crc32c_portable, true};

static bool append(const struct FrameWriter *w, struct Buffer *out, const uint8_t *p, size_t len)
{
    struct View part = view_of(p, len);
    return frame_append(w, out, &part, 1);
}

/* Read the one good frame that all of b is: packet. */
static void check_read(struct Buffer *b, const uint8_t *packet, size_t len, bool unstuffed)
{
    size_t wire_len = b->len;
    struct FrameReader r;
    struct View v;
    frame_reader_init(&r, crc32c_portable);
    CHECK(frame_reader_next(&r, b, &v), "a packet of %zu bytes does not come back", len);
    CHECK(v.len == len && memcmp(v.data, packet, len) == 0, "a packet of %zu bytes differs", len);
    CHECK(!frame_reader_next(&r, b, &v) && b->len == 0, "something is left");
    CHECK(r.counters.good == 1 && r.counters.good_bytes == wire_len, "counters of good frames");
    CHECK(r.counters.bad_bytes == 0 && r.counters.unstuffed == unstuffed, "other counters");
}

/* ---- Golden frames ---- */

static const struct Golden {
    const char *name;
    const char *bytes; /* NULL: counting bytes, 01 02 ... FF 01 ... */
    size_t len;
    bool xonxoff;
} goldens[] = {
    {"hello", "hello", 5, false},
    {"zero", "\0", 1, false},
    {"zeros", (const char[64]){0}, 64, false},
    {"mixed", "\0\0AB\0C\0\0\0D\0", 11, false},
    {"run-250", NULL, 250, false},
    {"run-254", NULL, 254, false},
    {"run-255", NULL, 255, false},
    {"run-600", NULL, 600, false},
    {"stuffed", "AAAAAAAAAAAAAAAA\0\x10\x11\x12\x13\x14", 22, true},
};

static size_t golden_packet(const struct Golden *g, uint8_t *packet)
{
    for (size_t i = 0; i < g->len; i++)
        packet[i] = g->bytes != NULL ? (uint8_t)g->bytes[i] : (uint8_t)(i % 255 + 1);
    return g->len;
}

static size_t golden_frame(const struct Golden *g, uint8_t *frame, size_t size)
{
    const char *folder = getenv("DTTK_FIXTURES");
    char path[1024];
    snprintf(path, sizeof path, "%s/frames/%s.bin", folder != NULL ? folder : "fixtures", g->name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL, "%s is not there", path);
    size_t len = fread(frame, 1, size, f);
    fclose(f);
    return len;
}

Test(frame, golden_frames_are_written_and_read)
{
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        const struct Golden *g = &goldens[i];
        uint8_t packet[1024];
        uint8_t frame[1024];
        uint8_t memory[1024];
        size_t len = golden_packet(g, packet);
        size_t frame_len = golden_frame(g, frame, sizeof frame);
        struct Buffer b;
        buffer_init(&b, memory, sizeof memory, 0);
        cr_assert(append(g->xonxoff ? &xonxoff : &plain, &b, packet, len), "%s", g->name);
        cr_assert_eq(b.len, frame_len, "%s", g->name);
        cr_assert_eq(memcmp(memory, frame, frame_len), 0, "%s", g->name);
        check_read(&b, packet, len, g->xonxoff);
    }
}

/* ---- Sizes ---- */

/* The bytes of a frame whose packet and CRC are n bytes without a zero, counted run by run. */
static size_t longest_frame(size_t n)
{
    size_t len = 1; /* 0x00 */
    for (size_t rest = n; rest > 0; rest -= rest < 254 ? rest : 254)
        len += 1 + (rest < 254 ? rest : 254);
    return len;
}

Test(frame, bound_and_capacity_are_exact_for_every_size)
{
    for (size_t len = 1; len <= 70000; len++)
        CHECK(frame_bound(len) == longest_frame(len + FRAME_CRC), "%zu bytes", len);
    for (size_t mtu = 0; mtu <= 70000; mtu++) {
        size_t capped = mtu < FRAME_MAX ? mtu : FRAME_MAX;
        size_t capacity = frame_capacity(mtu);
        CHECK(capacity == 0 || frame_bound(capacity) <= capped, "mtu %zu", mtu);
        CHECK(frame_bound(capacity + 1) > capped, "mtu %zu", mtu);
    }
    cr_assert_eq(frame_capacity(SIZE_MAX), frame_capacity(FRAME_MAX));
}

/* Fill packet so that neither it nor its CRC holds a zero: nothing makes a longer frame. */
static void fill_worst(struct TestRandom *r, uint8_t *packet, size_t len)
{
    for (;;) {
        for (size_t i = 0; i < len; i++)
            packet[i] = (uint8_t)(1 + test_random_next(r) % 255);
        uint8_t crc[4];
        put_u32(crc, crc32c_portable(0, packet, len));
        if (crc[0] != 0 && crc[1] != 0 && crc[2] != 0 && crc[3] != 0)
            return;
    }
}

/* The worst packet reaches the bound; one full of zeros comes back too. */
static void check_size(struct TestRandom *r, struct Buffer *b, uint8_t *packet, size_t len)
{
    buffer_reset(b, 0);
    fill_worst(r, packet, len);
    CHECK(append(&plain, b, packet, len), "%zu bytes are refused", len);
    CHECK(b->len == frame_bound(len), "%zu bytes give %zu", len, b->len);
    CHECK(memchr(b->base, 0, b->len) == b->base + b->len - 1, "a 0x00 inside");
    check_read(b, packet, len, false);
    buffer_reset(b, 0);
    for (size_t i = 0; i < len; i++)
        packet[i] = (uint8_t)(test_random_below(r, 3) == 0 ? test_random_next(r) : 0);
    CHECK(append(&plain, b, packet, len), "%zu bytes are refused", len);
    CHECK(b->len <= frame_bound(len), "%zu bytes give %zu", len, b->len);
    CHECK(memchr(b->base, 0, b->len) == b->base + b->len - 1, "a 0x00 inside");
    check_read(b, packet, len, false);
}

Test(frame, packets_of_every_size_reach_the_bound_and_come_back)
{
    static uint8_t packet[FRAME_MAX];
    static uint8_t memory[FRAME_MAX];
    struct TestRandom r = {test_random_seed()};
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    for (size_t len = 1; len <= 600; len++)
        check_size(&r, &b, packet, len);
    size_t most = frame_capacity(FRAME_MAX);
    for (size_t runs = 3; runs * 254 < most; runs = runs < 12 ? runs + 1 : runs + 31)
        for (size_t len = runs * 254 - 7; len <= runs * 254 + 3; len++)
            check_size(&r, &b, packet, len);
    for (size_t len = most - 8; len <= most; len++)
        check_size(&r, &b, packet, len);
}

Test(frame, no_frame_is_longer_than_FRAME_MAX)
{
    static uint8_t packet[FRAME_MAX];
    static uint8_t memory[2 * FRAME_MAX];
    struct TestRandom r = {test_random_seed()};
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    size_t most = frame_capacity(FRAME_MAX);
    fill_worst(&r, packet, most + 1);
    cr_assert_not(append(&plain, &b, packet, most + 1));
    /* Zeros every 254 bytes: no full run, so the longest packet of all. */
    size_t longest = FRAME_MAX - 2 - FRAME_CRC;
    for (size_t i = 253; i < sizeof packet; i += 254)
        packet[i] = 0;
    cr_assert_not(append(&plain, &b, packet, longest + 1));
    cr_assert_eq(b.len, 0);
    cr_assert(append(&plain, &b, packet, longest));
    cr_assert_eq(b.len, FRAME_MAX);
    check_read(&b, packet, longest, false);
}

/* ---- Writing ---- */

/* A packet of len bytes with a zero here and there, and XON, XOFF and the escape. */
static void fill_mixed(struct TestRandom *r, uint8_t *packet, size_t len)
{
    uint64_t kinds = 1 + test_random_below(r, 40);
    for (size_t i = 0; i < len; i++) {
        uint64_t kind = test_random_below(r, kinds);
        uint8_t byte = (uint8_t)test_random_next(r);
        packet[i] = kind > 3 ? byte : (uint8_t)(kind == 0 ? 0 : 0x10 + kind);
    }
}

Test(frame, a_packet_in_parts_gives_the_same_frame)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 20000; i++) {
        uint8_t packet[700];
        uint8_t memory[2][1600];
        struct Buffer whole;
        struct Buffer pieced;
        size_t len = 1 + (size_t)test_random_below(&r, sizeof packet);
        size_t count = 1 + (size_t)test_random_below(&r, FRAME_PARTS);
        const struct FrameWriter *w = i % 2 == 0 ? &plain : &xonxoff;
        struct View parts[FRAME_PARTS];
        fill_mixed(&r, packet, len);
        for (size_t k = 0, at = 0; k < count; k++) {
            size_t n = (size_t)test_random_below(&r, len - at + 1);
            n = k + 1 == count ? len - at : n;
            parts[k] = n == 0 ? view_of(NULL, 0) : view_of(packet + at, n);
            at += n;
        }
        buffer_init(&whole, memory[0], sizeof memory[0], 0);
        buffer_init(&pieced, memory[1], sizeof memory[1], 0);
        CHECK(append(w, &whole, packet, len), "%zu bytes are refused", len);
        CHECK(frame_append(w, &pieced, parts, count), "%zu parts are refused", count);
        CHECK(whole.len == pieced.len && memcmp(memory[0], memory[1], whole.len) == 0,
              "%zu bytes in %zu parts", len, count);
    }
}

/* With room bytes of room behind `before` bytes in use a frame of need bytes is written or not. */
static void check_room(const struct FrameWriter *w, const uint8_t *packet, size_t len, size_t room,
                       size_t need)
{
    enum { BEFORE = 5, GUARD = 16 };
    uint8_t memory[BEFORE + 400 + GUARD];
    struct Buffer b;
    memset(memory, 0xA5, sizeof memory);
    buffer_init(&b, memory, BEFORE + room, 2);
    CHECK(buffer_append(&b, "xyz", 3), "no room for three bytes");
    bool done = append(w, &b, packet, len);
    CHECK(done == (room >= need), "%zu of %zu bytes of room", room, need);
    CHECK(b.head == 2 && b.len == 3 + (done ? need : 0), "out has changed");
    CHECK(memcmp(memory, "\xA5\xA5xyz", BEFORE) == 0, "bytes in use have changed");
    for (size_t i = BEFORE + room; i < BEFORE + room + GUARD; i++)
        CHECK(memory[i] == 0xA5, "written past the memory");
}

Test(frame, a_frame_that_does_not_fit_is_refused_and_changes_nothing)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 300; i++) {
        const struct FrameWriter *w = i % 2 == 0 ? &plain : &xonxoff;
        uint8_t packet[150];
        uint8_t memory[400];
        struct Buffer b;
        size_t len = 1 + (size_t)test_random_below(&r, sizeof packet);
        fill_mixed(&r, packet, len);
        buffer_init(&b, memory, sizeof memory, 0);
        CHECK(append(w, &b, packet, len), "%zu bytes are refused", len);
        for (size_t room = 0; room <= b.len + 9; room++)
            check_room(w, packet, len, room, b.len);
    }
}

Test(frame, a_delimiter_is_one_zero_and_needs_one_byte)
{
    uint8_t memory[1] = {0xFF};
    struct Buffer b;
    buffer_init(&b, memory, 1, 0);
    cr_assert(frame_append_delimiter(&b));
    cr_assert(b.len == 1 && memory[0] == 0);
    cr_assert_not(frame_append_delimiter(&b));
    cr_assert_eq(b.len, 1);
}

/* ---- XON/XOFF ---- */

Test(frame, a_stuffed_frame_holds_no_XON_or_XOFF_and_comes_back)
{
    struct TestRandom r = {test_random_seed()};
    for (int i = 0; i < 20000; i++) {
        uint8_t packet[600];
        uint8_t memory[1400];
        struct Buffer b;
        size_t len = 1 + (size_t)test_random_below(&r, sizeof packet);
        fill_mixed(&r, packet, len);
        buffer_init(&b, memory, sizeof memory, 0);
        CHECK(append(&xonxoff, &b, packet, len), "%zu bytes are refused", len);
        bool escaped = false;
        for (size_t k = 0; k < b.len; k++) {
            CHECK(memory[k] != 0x11 && memory[k] != 0x13, "XON or XOFF at %zu", k);
            CHECK(memory[k] != 0x12 || (memory[k + 1] >= 0x51 && memory[k + 1] <= 0x53),
                  "0x12 before 0x%02x", memory[k + 1]);
            escaped = escaped || memory[k] == 0x12;
        }
        check_read(&b, packet, len, escaped);
    }
}

Test(frame, a_stuffed_frame_of_FRAME_MAX_bytes_is_written_and_a_longer_one_refused)
{
    static uint8_t packet[FRAME_MAX];
    static uint8_t memory[2 * FRAME_MAX];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    size_t len = frame_capacity(FRAME_MAX) - 1000;
    memset(packet, 'x', len);
    cr_assert(append(&xonxoff, &b, packet, len));
    size_t stuffed = FRAME_MAX - b.len - 8; /* each takes one more byte */
    memset(packet + 1, 0x11, stuffed);
    size_t longest = 0;
    bool refused = false;
    for (size_t more = 0; more < 16; more++) {
        packet[1 + stuffed + more] = 0x13;
        buffer_reset(&b, 0);
        bool done = append(&xonxoff, &b, packet, len);
        cr_assert(done ? b.len <= FRAME_MAX : b.len == 0);
        longest = b.len > longest ? b.len : longest;
        refused = refused || !done;
        if (done)
            check_read(&b, packet, len, true);
    }
    cr_assert_eq(longest, FRAME_MAX);
    cr_assert(refused);
}
