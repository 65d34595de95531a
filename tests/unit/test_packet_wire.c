#include "core/packet.h"
#include "core/rlc.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "packets.h"

#define SIZE_MOST  (UINT64_MAX >> 1)
#define GOLDEN_TAG 0x6794

static const uint8_t counting[PACKET_MAX + 1] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static struct View text(const char *string)
{
    return view_of(string, strlen(string));
}

/* ---- Golden packets: fixtures/README.md, section Packets ----------------------------------- */

static struct View read_fixture(const char *name, uint8_t *bytes, size_t size)
{
    char path[4096];
    const char *folder = getenv("DTTK_FIXTURES");
    snprintf(path, sizeof path, "%s/packets/%s", folder != NULL ? folder : "fixtures", name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s: cannot be opened", path);
    size_t len = fread(bytes, 1, size, file);
    fclose(file);
    return view_of(bytes, len);
}

static void check_golden(const char *name, const struct Packet *expected)
{
    uint8_t bytes[256], memory[256], *copy;
    struct Packet got;
    struct Buffer b;
    struct View golden = read_fixture(name, bytes, sizeof bytes);
    cr_assert_eq(packets_parse(golden, crc32c_portable, &got, &copy), PACKET_OK, "%s", name);
    cr_assert(packets_same(expected, &got), "%s: other fields", name);
    free(copy);
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packets_encode(&b, expected), "%s: not encoded", name);
    cr_assert(packets_same_bytes(buffer_view(&b), golden), "%s: other bytes", name);
}

static struct PacketObject golden_object(void)
{
    struct PacketObject o = {.flags = OBJECT_IDENTITY | OBJECT_NAME_CUT,
                             .salt = 3,
                             .block = 10,
                             .symbol_size = 1024,
                             .size = 1234567,
                             .name = text("report-2024.tar.gz"),
                             .run = 0xBEEF,
                             .link = LINK_ANSWERS | LINK_MTIME | LINK_MODE,
                             .mtime = INT64_C(1700000000123456789),
                             .mode = 0644};
    for (uint8_t i = 0; i < PACKET_ID; i++)
        o.id[i] = (uint8_t)(0xA0 + i);
    return o;
}

Test(packet_wire, golden_objects_are_read_and_written_bit_for_bit)
{
    struct Packet p = {.type = PACKET_OBJECT, .seq = 0, .tag = GOLDEN_TAG};
    p.as.object = golden_object();
    check_golden("object.bin", &p);
    p.seq = 255;
    p.tag = 0x74A1;
    p.as.object = (struct PacketObject){.flags = OBJECT_STREAM | OBJECT_XXH128 | OBJECT_ZSTD,
                                        .block = 12,
                                        .symbol_size = PACKET_MAX,
                                        .run = 0x0102,
                                        .link = 0x80 | LINK_MTIME,
                                        .mtime = -1};
    memcpy(p.as.object.id, counting + 16, PACKET_ID);
    check_golden("object-stream.bin", &p);
}

Test(packet_wire, golden_symbols_and_ends_are_read_and_written_bit_for_bit)
{
    const uint8_t falling[] = {255, 254, 253, 252, 251, 250, 249, 248,
                               247, 246, 245, 244, 243, 242, 241, 240};
    const uint8_t short_digest[] = {0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77,
                                    0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F};
    struct Packet p = {.type = PACKET_SOURCE, .seq = 1, .tag = GOLDEN_TAG};
    p.as.source = (struct PacketSource){300, view_of(counting, 24)};
    check_golden("source.bin", &p);
    p = (struct Packet){.type = PACKET_REPAIR, .seq = 2, .tag = GOLDEN_TAG};
    p.as.repair = (struct PacketRepair){16384, 4096, 65535, 251, view_of(falling, sizeof falling)};
    check_golden("repair.bin", &p);
    p = (struct Packet){.type = PACKET_END, .seq = 3, .tag = GOLDEN_TAG};
    p.as.end = (struct PacketEnd){1206, 1234567, 40, view_of(counting, PACKET_DIGEST)};
    check_golden("end.bin", &p);
    p = (struct Packet){.type = PACKET_END, .seq = 4, .tag = 0x74A1};
    p.as.end = (struct PacketEnd){UINT64_MAX, SIZE_MOST, 0, view_of(short_digest, 16)};
    check_golden("end-xxh128.bin", &p);
}

Test(packet_wire, golden_answers_are_read_and_written_bit_for_bit)
{
    /* Missing: 0 and 1, 132, 533 to 660. */
    const uint8_t ranges[] = {0x00, 0x02, 0x82, 0x01, 0x01, 0x90, 0x03, 0x80, 0x01};
    struct Packet p = {.type = PACKET_STATUS, .seq = 9, .tag = GOLDEN_TAG};
    p.as.status = (struct PacketStatus){
        STATUS_RECEIVING, 0xCAFE, 200, 1000, 7, 65536, 900, view_of(ranges, sizeof ranges)};
    check_golden("status.bin", &p);
    p = (struct Packet){.type = PACKET_DONE, .seq = 10, .tag = GOLDEN_TAG};
    check_golden("done.bin", &p);
    p = (struct Packet){.type = PACKET_ABORT, .seq = 11, .tag = GOLDEN_TAG};
    p.as.abort = (struct PacketAbort){ROLE_RECEIVER, ABORT_WRITE, text("No space left on device")};
    check_golden("abort.bin", &p);
}

/* ---- The header ---------------------------------------------------------------------------- */

Test(packet_wire, of_all_first_bytes_only_those_of_version_1_and_known_types_pass)
{
    for (unsigned first = 0; first < 256; first++) {
        /* Fields that no type finds too short; their values are bad for some. */
        uint8_t bytes[PACKET_HEADER + 48] = {(uint8_t)first, 0, 1};
        struct Packet p;
        enum PacketError error = packet_parse(view_of(bytes, sizeof bytes), crc32c_portable, &p);
        bool skipped = error == PACKET_BAD_TYPE || error == PACKET_BAD_VERSION;
        if (first >> 6 != PACKET_VERSION)
            cr_assert_eq(error, PACKET_BAD_VERSION, "first byte %u", first);
        else if ((first & 63) < PACKET_OBJECT || (first & 63) > PACKET_ABORT)
            cr_assert_eq(error, PACKET_BAD_TYPE, "first byte %u", first);
        else
            cr_assert_not(skipped, "first byte %u", first);
    }
}

Test(packet_wire, close_refuses_types_that_are_none)
{
    uint8_t memory[16];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert_not(packet_close(&b, (enum PacketType)0, 0, 1));
    cr_assert_not(packet_close(&b, (enum PacketType)8, 0, 1));
    cr_assert_eq(buffer_view(&b).len, 0);
    cr_assert(packet_close(&b, PACKET_ABORT, 0, 1));
}

Test(packet_wire, nothing_longer_than_a_frame_carries_is_read_or_written)
{
    static uint8_t memory[2 * PACKET_MAX];
    static uint8_t packet[PACKET_MAX + 1] = {0x47, 0, 1};
    struct Buffer b;
    struct Packet p;
    cr_assert_eq(packet_parse(view_of(packet, PACKET_MAX), crc32c_portable, &p), PACKET_OK);
    cr_assert_eq(packet_parse(view_of(packet, PACKET_MAX + 1), crc32c_portable, &p),
                 PACKET_BAD_FIELDS);
    for (size_t over = 0; over <= 1; over++) {
        struct PacketAbort abort = {.text = view_of(counting, PACKET_MAX - 6 + over)};
        struct PacketStatus status = {.ranges =
                                          view_of(counting, PACKET_MAX - STATUS_FIXED_MAX + over)};
        buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
        cr_assert_eq(packet_append_abort(&b, &abort), over == 0);
        cr_assert_eq(buffer_view(&b).len, over == 0 ? PACKET_MAX - PACKET_HEADER : 0);
        buffer_reset(&b, PACKET_HEADROOM);
        cr_assert_eq(packet_append_status(&b, &status), over == 0);
        cr_assert_leq(buffer_view(&b).len, PACKET_MAX - PACKET_HEADER);
        cr_assert_eq(buffer_view(&b).len > 0, over == 0);
    }
}

/* ---- Bounds of fields: the writer and the parser must agree -------------------------------- */

/* Pad a varint: the same value in n bytes. */
static size_t put_padded(uint8_t *p, uint64_t value, size_t n)
{
    size_t len = put_varint(p, value);
    for (; len < n; len++) {
        p[len - 1] |= 0x80;
        p[len] = 0;
    }
    return len;
}

/* An OBJECT written without any check, its varints pad bytes long, its tag right. */
static struct View raw_object(uint8_t *bytes, const struct PacketObject *o, size_t pad)
{
    uint8_t *p = bytes + PACKET_HEADER;
    *p++ = o->flags;
    *p++ = o->salt;
    *p++ = o->block;
    p += put_padded(p, o->symbol_size, pad);
    if ((o->flags & OBJECT_STREAM) == 0)
        p += put_padded(p, o->size, pad);
    memcpy(p, o->id, PACKET_ID);
    p += PACKET_ID;
    p += put_padded(p, o->name.len, pad);
    memcpy(p, o->name.data, o->name.len);
    p += o->name.len;
    uint32_t crc = crc32c_portable(0, bytes + 4, (size_t)(p - bytes - 4));
    uint32_t tag = (crc >> 16 ^ crc) & 0xFFFF;
    bytes[0] = 0x41;
    bytes[1] = 0;
    put_u16(bytes + 2, (uint16_t)(tag != 0 ? tag : 1));
    memset(p, 0, 3);
    return view_of(bytes, (size_t)(p + 3 - bytes));
}

/* error: what reading it says; what is not to be read is not to be written. */
static void check_object(const struct PacketObject *o, enum PacketError error, const char *what)
{
    uint8_t bytes[512], memory[512];
    struct Packet got;
    struct Buffer b;
    bool sound = error == PACKET_OK;
    cr_assert_eq(packet_parse(raw_object(bytes, o, 1), crc32c_portable, &got), error, "%s", what);
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert_eq(packet_append_object(&b, o), sound, "written: %s", what);
    cr_assert_eq(buffer_view(&b).len, sound ? packet_object_size(o) : 0, "%s", what);
}

#define CHECK_OBJECT(field, value, sound)                                                          \
    CHECK_OBJECT_IS(field, value, (sound) ? PACKET_OK : PACKET_BAD_FIELDS)

#define CHECK_OBJECT_IS(field, value, error)                                                       \
    do {                                                                                           \
        struct PacketObject changed = golden_object();                                             \
        changed.link = 0;                                                                          \
        changed.field = value;                                                                     \
        check_object(&changed, error, #field " " #value);                                          \
    } while (0)

Test(packet_wire, objects_are_held_to_their_bounds)
{
    CHECK_OBJECT(symbol_size, 0, false);
    CHECK_OBJECT(symbol_size, 1, true);
    CHECK_OBJECT(symbol_size, PACKET_MAX, true);
    CHECK_OBJECT(symbol_size, PACKET_MAX + 1, false);
    CHECK_OBJECT(symbol_size, (UINT64_C(1) << 32) + 1, false);
    CHECK_OBJECT(size, 0, true);
    CHECK_OBJECT(size, SIZE_MOST, true);
    CHECK_OBJECT(size, SIZE_MOST + 1, false);
    CHECK_OBJECT(size, UINT64_MAX, false);
    CHECK_OBJECT(block, 0, true);
    CHECK_OBJECT(block, 12, true);
    CHECK_OBJECT(block, 13, false);
    CHECK_OBJECT(block, 255, false);
    CHECK_OBJECT(name, view_of(counting, 0), true);
    CHECK_OBJECT(name, view_of(counting, PACKET_NAME_MAX), true);
    CHECK_OBJECT(name, view_of(counting, PACKET_NAME_MAX + 1), false);
    CHECK_OBJECT(flags, OBJECT_KNOWN & ~OBJECT_STREAM, true);
    CHECK_OBJECT_IS(flags, 0x20, PACKET_BAD_FLAGS);
    CHECK_OBJECT_IS(flags, 0x80, PACKET_BAD_FLAGS);
}

Test(packet_wire, symbols_of_a_stream_hold_a_length_and_some_content)
{
    for (uint64_t t = 0; t <= PACKET_STREAM_T; t++) {
        struct PacketObject o = golden_object();

        o.link = 0;
        o.flags = OBJECT_STREAM;
        o.size = 0;
        o.symbol_size = t;
        check_object(&o, t == PACKET_STREAM_T ? PACKET_OK : PACKET_BAD_FIELDS, "T of a stream");
    }
}

Test(packet_wire, a_stream_has_no_size_to_write)
{
    uint8_t memory[256];
    struct Buffer b;
    struct PacketObject o = golden_object();
    o.flags = OBJECT_STREAM;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert_not(packet_append_object(&b, &o));
    o.size = 0;
    cr_assert(packet_append_object(&b, &o));
}

Test(packet_wire, a_field_at_fault_is_told_before_the_end_that_is_missing)
{
    const uint8_t absurd_name[] = {0x41, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0,    0,    0,
                                   0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0x03};
    struct Packet p;
    cr_assert_eq(packet_parse(view_of(absurd_name, sizeof absurd_name), crc32c_portable, &p),
                 PACKET_BAD_FIELDS);
}

static void check_window(uint64_t first, uint64_t count, uint64_t stride, bool sound)
{
    uint8_t bytes[64] = {0x43, 0, 1}, memory[64];
    uint8_t *p = bytes + PACKET_HEADER;
    struct Packet got;
    struct Buffer b;
    p += put_varint(p, first);
    p += put_varint(p, count);
    p += put_varint(p, stride);
    p += put_varint(p, 5);
    *p++ = 0;
    enum PacketError error =
        packet_parse(view_of(bytes, (size_t)(p - bytes)), crc32c_portable, &got);
    cr_assert_eq(error, sound ? PACKET_OK : PACKET_BAD_FIELDS, "%llu %llu %llu: %d",
                 (unsigned long long)first, (unsigned long long)count, (unsigned long long)stride,
                 error);
    if (count > UINT32_MAX || stride > UINT32_MAX)
        return;
    struct PacketRepair repair = {first, (uint32_t)count, (uint32_t)stride, 5, view_of(NULL, 0)};
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert_eq(packet_append_repair(&b, &repair), sound);
    cr_assert_eq(buffer_view(&b).len, sound ? packet_repair_size(&repair) : 0);
}

Test(packet_wire, windows_are_held_to_their_bounds)
{
    uint64_t widest = (uint64_t)(RLC_COUNT_MAX - 1) * RLC_STRIDE_MAX;
    check_window(0, 0, 1, false);
    check_window(0, 1, 1, true);
    check_window(0, RLC_COUNT_MAX, 1, true);
    check_window(0, RLC_COUNT_MAX + 1, 1, false);
    check_window(0, UINT64_C(1) << 32 | 1, 1, false);
    check_window(0, 2, 0, false);
    check_window(0, 2, RLC_STRIDE_MAX, true);
    check_window(0, 2, RLC_STRIDE_MAX + 1, false);
    check_window(0, 2, UINT64_C(1) << 32 | 1, false);
    check_window(UINT64_MAX, 1, RLC_STRIDE_MAX, true);
    check_window(UINT64_MAX, 2, 1, false);
    check_window(UINT64_MAX - widest, RLC_COUNT_MAX, RLC_STRIDE_MAX, true);
    check_window(UINT64_MAX - widest + 1, RLC_COUNT_MAX, RLC_STRIDE_MAX, false);
}

Test(packet_wire, ends_are_held_to_their_bounds)
{
    for (size_t digest = 0; digest <= 33; digest++) {
        for (uint64_t over = 0; over <= 1; over++) {
            uint8_t bytes[128] = {0x44, 0, 1}, memory[128];
            uint8_t *p = bytes + PACKET_HEADER;
            struct PacketEnd end = {1, SIZE_MOST + over, 0, view_of(counting, digest)};
            struct Packet got;
            struct Buffer b;
            bool sound = over == 0 && (digest == 16 || digest == 32);
            p += put_varint(p, end.symbols);
            p += put_varint(p, end.size);
            p += put_varint(p, end.rest);
            p += digest;
            enum PacketError error =
                packet_parse(view_of(bytes, (size_t)(p - bytes)), crc32c_portable, &got);
            enum PacketError fault = over == 0 && digest < 16 ? PACKET_SHORT : PACKET_BAD_FIELDS;
            cr_assert_eq(error, sound ? PACKET_OK : fault, "%zu bytes: %d", digest, error);
            buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
            cr_assert_eq(packet_append_end(&b, &end), sound);
            cr_assert_eq(buffer_view(&b).len, sound ? packet_end_size(&end) : 0);
        }
    }
}

Test(packet_wire, varints_may_be_padded_to_ten_bytes_and_the_tag_is_that_of_the_bytes_received)
{
    uint8_t bytes[512];
    struct PacketObject o = golden_object();
    struct Packet got;
    o.link = 0;
    o.run = 0;
    for (size_t pad = 1; pad <= VARINT_MAX + 1; pad++) {
        enum PacketError error = packet_parse(raw_object(bytes, &o, pad), crc32c_portable, &got);
        cr_assert_eq(error, pad <= VARINT_MAX ? PACKET_OK : PACKET_BAD_FIELDS, "%zu", pad);
        cr_assert(error != PACKET_OK || packet_object_same(&got.as.object, &o), "%zu", pad);
    }
}
