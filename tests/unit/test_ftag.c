#include "core/ftag.h"

#include <string.h>

#include "check.h"
#include "fixture.h"
#include "random.h"

static const char *const captures[] = {"empty.bin", "one.bin", "fifty.bin", "fifty1.bin",
                                       "notes.txt"};

static const uint8_t digest[FTAG_DIGEST] = {0xD1, 0x6E, 0x57};

/* The sum as the wire has it: 0xFFFF first, a bit at a time, sixteen zero bits at the end. */
static uint16_t slow_crc(const uint8_t *data, size_t len)
{
    unsigned crc = 0xFFFF;
    for (size_t bit = 0; bit < 8 * len + 16; bit++) {
        unsigned in = bit < 8 * len ? (unsigned)data[bit / 8] >> (7 - bit % 8) & 1 : 0;
        unsigned out = crc >> 15 & 1;
        crc = (crc << 1 | in) & 0xFFFF;
        crc ^= out ? 0x1021 : 0;
    }
    return (uint16_t)crc;
}

Test(ftag, the_crc_is_that_of_the_wire)
{
    struct TestRandom r = {test_random_seed()};
    cr_assert_eq(ftag_crc((const uint8_t *)"123456789", 9), 0xE5CC);
    for (size_t len = 0; len < 300; len++) {
        uint8_t bytes[300];
        test_random_fill(&r, bytes, len);
        CHECK(ftag_crc(bytes, len) == slow_crc(bytes, len), "%zu bytes", len);
    }
}

/* ---- META ----------------------------------------------------------------------------------- */

static struct FtagMeta meta_of(const char *name)
{
    return (struct FtagMeta){.full = 258,
                             .size = 50,
                             .last = 7,
                             .digest = {digest, sizeof digest},
                             .name = {(const uint8_t *)name, strlen(name)}};
}

static enum FtagKind kind_of(uint8_t channel, uint16_t block, const void *data, size_t len)
{
    struct FtagPacket p = {.channel = channel, .block = block, .data = view_of(data, len)};
    struct FtagMeta meta;
    return ftag_kind(&p, &meta);
}

Test(ftag, meta_is_written_byte_for_byte_and_read)
{
    static const uint8_t head[] = {0x01, 0x01, 0x02, 50, 7, 0xD1, 0x6E, 0x57, 0x00};
    struct FtagMeta meta = meta_of("a.b"), back;
    uint8_t data[FTAG_DATA_MAX];
    struct FtagPacket p;
    cr_assert_eq(ftag_put_meta(data, &meta), 41);
    cr_assert_arr_eq(data, head, sizeof head);
    cr_assert_arr_eq(data + 37, "a.b\0", 4);
    p = ftag_meta_packet(view_of(data, 41));
    cr_assert_eq(ftag_kind(&p, &back), FTAG_META);
    cr_assert(back.full == 258 && back.size == 50 && back.last == 7);
    cr_assert_eq(back.name.len, 3);
    cr_assert_arr_eq(back.name.data, "a.b", 3);
    cr_assert_arr_eq(back.digest.data, digest, FTAG_DIGEST);
    cr_assert_eq(ftag_meta_bytes(&back), 258 * 50 + 7);
    cr_assert_eq(ftag_meta_blocks(&back), 259);
    cr_assert_eq(ftag_meta_block_bytes(&back, 257), 50);
    cr_assert_eq(ftag_meta_block_bytes(&back, 258), 7);
}

Test(ftag, the_largest_object_has_65536_blocks_and_a_name_211_bytes)
{
    struct FtagMeta meta = {.full = 65535, .size = 249, .last = 248}, back;
    uint8_t name[FTAG_NAME_MAX + 1], data[FTAG_DATA_MAX];
    struct FtagPacket p;
    memset(name, 'n', sizeof name);
    meta.digest = view_of(digest, sizeof digest);
    meta.name = view_of(name, FTAG_NAME_MAX);
    cr_assert_eq(FTAG_NAME_MAX, 211);
    cr_assert_eq(ftag_put_meta(data, &meta), FTAG_DATA_MAX);
    p = ftag_meta_packet(view_of(data, FTAG_DATA_MAX));
    cr_assert_eq(ftag_kind(&p, &back), FTAG_META);
    cr_assert_eq(ftag_meta_bytes(&back), 16318463);
    cr_assert_eq(ftag_meta_blocks(&back), 65536);
    meta.name.len++;
    cr_assert_eq(ftag_put_meta(data, &meta), 0, "a name too long");
}

/* Byte `at` of a good META's data is changed to `to`. */
static enum FtagKind meta_with(size_t at, uint8_t to, size_t len)
{
    struct FtagMeta meta = meta_of("a.b");
    uint8_t data[FTAG_DATA_MAX];
    CHECK(ftag_put_meta(data, &meta) == 41, "not written");
    data[at] = to;
    return kind_of(0x80, 0, data, len);
}

Test(ftag, a_meta_with_a_field_out_of_bounds_is_none)
{
    cr_assert_eq(meta_with(0, 1, 41), FTAG_META, "as it is");
    cr_assert_eq(meta_with(0, 2, 41), FTAG_OTHER, "another type");
    cr_assert_eq(meta_with(3, 0, 41), FTAG_OTHER, "blocks of no bytes");
    cr_assert_eq(meta_with(3, 250, 41), FTAG_OTHER, "blocks that no packet holds");
    cr_assert_eq(meta_with(3, 249, 41), FTAG_META);
    cr_assert_eq(meta_with(4, 50, 41), FTAG_OTHER, "a short block that is full");
    cr_assert_eq(meta_with(4, 49, 41), FTAG_META);
    cr_assert_eq(meta_with(40, 'x', 41), FTAG_OTHER, "a name without an end");
    cr_assert_eq(meta_with(38, 0, 41), FTAG_OTHER, "bytes behind the end of the name");
    for (size_t len = 0; len < 41; len++)
        cr_assert_eq(meta_with(0, 1, len), FTAG_OTHER, "cut to %zu bytes", len);
    cr_assert_eq(meta_with(37, 0, 38), FTAG_META, "a name of no bytes");
}

Test(ftag, a_meta_out_of_bounds_is_not_written)
{
    uint8_t data[FTAG_DATA_MAX];
    struct FtagMeta good = meta_of("name"), bad = good;
    bad.size = 0;
    cr_assert_eq(ftag_put_meta(data, &bad), 0);
    bad.size = 250;
    cr_assert_eq(ftag_put_meta(data, &bad), 0);
    bad = good, bad.last = bad.size;
    cr_assert_eq(ftag_put_meta(data, &bad), 0);
    bad = good, bad.digest.len = 16;
    cr_assert_eq(ftag_put_meta(data, &bad), 0);
    bad = good, bad.name = view_of("a\0b", 3);
    cr_assert_eq(ftag_put_meta(data, &bad), 0);
}

Test(ftag, packets_are_told_apart_by_channel_and_type)
{
    struct FtagPacket end = ftag_end_packet();
    struct FtagMeta meta;
    cr_assert_eq(ftag_kind(&end, &meta), FTAG_END);
    cr_assert_eq(kind_of(0x00, 0, "\xFF", 1), FTAG_DATA);
    cr_assert_eq(kind_of(0x00, 65535, "x", 1), FTAG_DATA);
    cr_assert_eq(kind_of(0x00, 0, "", 0), FTAG_OTHER, "no data");
    cr_assert_eq(kind_of(0x80, 0, "", 0), FTAG_OTHER, "no type");
    cr_assert_eq(kind_of(0x80, 1, "\xFF", 1), FTAG_OTHER, "END has block 0");
    cr_assert_eq(kind_of(0x80, 0, "\xFFx", 2), FTAG_OTHER, "END is one byte");
    cr_assert_eq(kind_of(0x80, 0, "\x02", 1), FTAG_OTHER, "another type");
    cr_assert_eq(kind_of(0x01, 0, "\xFF", 1), FTAG_OTHER, "another channel");
    cr_assert_eq(kind_of(0x81, 0, "\xFF", 1), FTAG_OTHER, "another channel");
}

/* ---- Packets -------------------------------------------------------------------------------- */

static bool append(struct Buffer *b, uint8_t seq, uint16_t block, const void *data, size_t len)
{
    struct FtagPacket p = {.seq = seq, .block = block, .data = view_of(data, len)};
    return ftag_append(b, &p);
}

Test(ftag, marks_and_escapes_are_escaped_wherever_they_are)
{
    /* len, seq, channel, block, data; and a CRC that has both bytes, found by trying. */
    static const uint8_t wire[] = {0xFF, 10,   0xFE, 0xFD, 0x00, 0xFE, 0xFE, 0xFE, 0xFD,
                                   0xFE, 0xFD, 0xFE, 0xFE, 0xFD, 0x00, 0x00, 0x00, 0xFF};
    uint8_t memory[FTAG_WIRE_MAX], raw[] = {10, 0xFF, 0, 0xFE, 0xFF, 0xFF, 0xFE, 0xFD, 0};
    uint16_t crc = ftag_crc(raw, sizeof raw);
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    cr_assert(append(&b, 0xFF, 0xFEFF, "\xFF\xFE\xFD\0", 4));
    cr_assert_eq(b.len, sizeof wire, "%zu bytes", b.len);
    cr_assert_arr_eq(memory, wire, sizeof wire - 3);
    cr_assert(memory[15] == crc >> 8 && memory[16] == (crc & 0xFF) && memory[17] == 0xFF);
}

Test(ftag, the_longest_packet_takes_the_most_room_and_less_changes_nothing)
{
    uint8_t memory[FTAG_WIRE_MAX], data[FTAG_DATA_MAX + 1];
    struct Buffer b;
    size_t need;
    memset(data, 0xFF, sizeof data);
    buffer_init(&b, memory, sizeof memory, 0);
    cr_assert_not(append(&b, 0xFF, 0xFFFF, data, FTAG_DATA_MAX + 1));
    cr_assert_eq(b.len, 0);
    cr_assert(append(&b, 0xFF, 0xFFFF, data, FTAG_DATA_MAX));
    need = b.len;
    cr_assert_leq(need, FTAG_WIRE_MAX);
    memset(memory, 0x77, sizeof memory);
    buffer_init(&b, memory, need - 1, 0);
    cr_assert_not(append(&b, 0xFF, 0xFFFF, data, FTAG_DATA_MAX));
    cr_assert(b.len == 0 && memory[0] == 0x77);
}

/* ---- The ancestor's own bytes: fixtures/README.md, section ftag ------------------------------ */

static void check_data(const struct FtagPacket *p, const struct FtagMeta *meta,
                       const struct Fixture *file)
{
    size_t at = (size_t)p->block * meta->size;
    CHECK(p->data.len == ftag_meta_block_bytes(meta, p->block), "block %u", p->block);
    CHECK(memcmp(p->data.data, file->bytes + at, p->data.len) == 0, "block %u", p->block);
}

static void check_capture(const char *name)
{
    struct FtagReader reader;
    struct FtagPacket p;
    struct FtagMeta meta = {0};
    char path[100];
    size_t packets = 0;
    static uint8_t memory[100000];
    struct Buffer again;
    struct Fixture file, capture;
    struct View bytes;
    snprintf(path, sizeof path, "ftag/%s", name);
    file = fixture_read(path);
    snprintf(path, sizeof path, "ftag/%s.ftag", name);
    capture = fixture_read(path);
    bytes = view_of(capture.bytes, capture.len);
    buffer_init(&again, memory, sizeof memory, 0);
    ftag_reader_init(&reader);
    while (ftag_reader_next(&reader, &bytes, &p)) {
        enum FtagKind kind = ftag_kind(&p, &meta);
        CHECK(p.seq == (uint8_t)packets++, "%s: seq %u", name, p.seq);
        CHECK(kind != FTAG_OTHER && (kind == FTAG_END) == (bytes.len == 0), "%s: kind", name);
        CHECK(kind != FTAG_META || ftag_meta_bytes(&meta) == file.len, "%s: size", name);
        if (kind == FTAG_META)
            CHECK(meta.name.len == strlen(name) && memcmp(meta.name.data, name, meta.name.len) == 0,
                  "%s: name", name);
        if (kind == FTAG_DATA)
            check_data(&p, &meta, &file);
        CHECK(ftag_append(&again, &p), "%s: not to be written", name);
    }
    CHECK(reader.recognised && reader.counters.bad_bytes == 0, "%s: bad bytes", name);
    CHECK(again.len == capture.len && memcmp(memory, capture.bytes, capture.len) == 0,
          "%s: other bytes when written again", name);
    free(file.bytes);
    free(capture.bytes);
}

Test(ftag, every_capture_is_read_and_written_again_byte_for_byte)
{
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++)
        check_capture(captures[i]);
}
