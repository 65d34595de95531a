/* Which wire is spoken on a line, and what is heard of it then. */
#include "host/wire_in.h"

#include <stdlib.h>
#include <string.h>

#include "host/wire_out.h"
#include "unit/check.h"
#include "unit/fixture.h"
#include "unit/packets.h"
#include "unit/random.h"

#define LINE  ((size_t)4 << 20)
#define HEARD 4000
#define BARE  ((struct WireForm){WIRE_DTTK, false})
#define FTAG  ((struct WireForm){WIRE_FTAG, false})

/* ---- Something to hear ---------------------------------------------------------------------- */

static uint8_t line_memory[LINE];
static struct Buffer line;
static struct WireOut out;

/* An empty line; what is put on it is in this form. */
static void begin(bool armor)
{
    buffer_init(&line, line_memory, sizeof line_memory, 0);
    wire_out_init(&out, crc32c_portable, false, armor);
}

static void put_bytes(const void *bytes, size_t len)
{
    CHECK(buffer_append(&line, bytes, len), "the line is too short");
}

static void put_text(const char *text)
{
    put_bytes(text, strlen(text));
}

static void put_noise(struct TestRandom *random, size_t len)
{
    uint8_t *to = buffer_extend(&line, len);
    CHECK(to != NULL, "the line is too short");
    test_random_fill(random, to, len);
}

static void put_frame(struct View packet)
{
    wire_out_begin(&out, &line);
    CHECK(wire_out_frame(&out, &line, &packet, 1), "no frame");
}

/* OBJECT of 3,000 bytes in symbols of 1,000. */
static void put_object(char name)
{
    struct Packet p = {.type = PACKET_OBJECT, .seq = 7};
    uint8_t memory[200];
    struct Buffer b;
    p.as.object = (struct PacketObject){
        .symbol_size = 1000, .size = 3000, .name = view_of(&name, 1), .run = 1};
    p.tag = packet_object_tag(&p.as.object, crc32c_portable);
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    CHECK(packets_encode(&b, &p), "no OBJECT");
    put_frame(buffer_view(&b));
}

/* SOURCE of these bytes; its tag is nobody's. */
static void put_source(uint8_t seq, struct View bytes)
{
    struct Packet p = {.type = PACKET_SOURCE, .seq = seq, .tag = 1};
    static uint8_t memory[2000];
    struct Buffer b;
    p.as.source = (struct PacketSource){.symbol = 0, .symbols = bytes};
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    CHECK(packets_encode(&b, &p), "no SOURCE");
    put_frame(buffer_view(&b));
}

static void put_ftag(struct FtagPacket p, uint8_t seq)
{
    p.seq = seq;
    CHECK(wire_out_ftag(&out, &line, &p), "no packet");
}

/* META of 10 blocks of that size. */
static void put_meta(uint8_t size, uint8_t seq)
{
    uint8_t digest[FTAG_DIGEST] = {1}, data[FTAG_DATA_MAX];
    struct FtagMeta meta = {
        .full = 10, .size = size, .digest = view_of(digest, sizeof digest), .name = {digest, 1}};
    size_t len = ftag_put_meta(data, &meta);
    CHECK(len > 0, "no META");
    put_ftag(ftag_meta_packet(view_of(data, len)), seq);
}

static void put_block(uint16_t block, struct View bytes, uint8_t seq)
{
    put_ftag((struct FtagPacket){.block = block, .data = bytes}, seq);
}

/* A short run of either wire: 4 packets, or 5. */
static void put_dttk(void)
{
    put_object('a');
    for (uint8_t i = 0; i < 3; i++)
        put_source(i, view_of("own symbols", 11));
}

static void put_ftag_run(void)
{
    static const uint8_t block[50] = {'f'};
    put_meta(sizeof block, 0);
    for (uint8_t i = 0; i < 3; i++)
        put_block(i, view_of(block, sizeof block), (uint8_t)(8 + i));
    put_ftag(ftag_end_packet(), 12);
}

/* ---- Hearing -------------------------------------------------------------------------------- */

static struct WireIn in;
static uint8_t heard_types[HEARD];
static uint32_t heard; /* packets */
static uint32_t heard_crc;
static uint32_t passed_on; /* of those, before a wire was recognised */

struct Tape {
    size_t at, piece;
};

static ptrdiff_t fill(void *ctx, uint8_t *space, size_t size)
{
    struct Tape *t = ctx;
    size_t n = line.len - t->at;
    n = n < t->piece ? n : t->piece;
    n = n < size ? n : size;
    memcpy(space, line_memory + t->at, n);
    t->at += n;
    return (ptrdiff_t)n;
}

static void take_packets(void)
{
    struct View packet;
    struct Packet p;
    while (wire_in_next(&in, &packet)) {
        CHECK(packet_parse(packet, crc32c_portable, &p) == PACKET_OK, "packet %u is none", heard);
        CHECK(heard < HEARD, "too many packets");
        heard_types[heard++] = p.type;
        heard_crc = crc32c_portable(heard_crc, packet.data, packet.len);
        passed_on += in.form.wire == WIRE_UNKNOWN;
    }
}

/* Read the whole line in pieces of at most so many bytes; random: NULL, of just so many. */
static void hear(struct WireForm form, size_t most, struct TestRandom *random)
{
    struct Tape tape = {0};
    struct View fresh;
    heard = heard_crc = passed_on = 0;
    wire_in_init(&in, crc32c_portable, form, 1);
    for (size_t before = 0; before < line.len; before = tape.at) {
        tape.piece = random ? 1 + test_random_below(random, most) : most;
        CHECK(wire_in_read(&in, fill, &tape, &fresh) > 0, "no room at %zu", before);
        CHECK(fresh.len == tape.at - before &&
                  memcmp(fresh.data, line_memory + before, fresh.len) == 0,
              "other bytes at %zu", before);
        take_packets();
    }
    wire_in_finish(&in);
}

static bool is_form(struct WireForm form)
{
    return in.form.wire == form.wire && in.form.armor == form.armor;
}

/* However the line is read, it is in this form and says so many packets, the same. */
static void expect(struct WireForm form, uint32_t packets)
{
    struct TestRandom random = {test_random_seed()};
    static const size_t pieces[] = {1, 2, 3, 64, 1000, WIRE_IN_READ};
    uint32_t crc = 0;
    hear((struct WireForm){0}, LINE, NULL);
    crc = heard_crc;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        hear((struct WireForm){0}, pieces[i], i < 3 ? NULL : &random);
        CHECK(is_form(form), "pieces of %zu: wire %d, armor %d", pieces[i], (int)in.form.wire,
              (int)in.form.armor);
        CHECK(heard == packets, "pieces of %zu: %u packets", pieces[i], heard);
        CHECK(heard_crc == crc, "pieces of %zu: other packets", pieces[i]);
    }
}

/* ---- Tests ---------------------------------------------------------------------------------- */

Test(wire_in, each_form_is_recognised_and_heard)
{
    for (int armor = 0; armor < 2; armor++) {
        begin(armor);
        put_dttk();
        expect((struct WireForm){WIRE_DTTK, armor}, 4);
        begin(armor);
        put_ftag_run();
        expect((struct WireForm){WIRE_FTAG, armor}, 5);
    }
}

Test(wire_in, every_capture_of_the_ancestor_is_heard_whole)
{
    static const char *const names[] = {"empty.bin", "one.bin", "fifty.bin", "fifty1.bin",
                                        "notes.txt"};
    static const uint32_t packets[] = {9, 13, 13, 17, 217};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[100];
        snprintf(path, sizeof path, "ftag/%s.ftag", names[i]);
        struct Fixture f = fixture_read(path);
        begin(false);
        put_bytes(f.bytes, f.len);
        expect(FTAG, packets[i]);
        free(f.bytes);
    }
}

Test(wire_in, noise_and_text_before_and_between_change_nothing)
{
    struct TestRandom random = {test_random_seed()};
    for (int round = 0; round < 20; round++) {
        begin(false);
        put_noise(&random, test_random_below(&random, 2000));
        put_text("\r\nlogin: ~user~ $ ");
        put_dttk();
        expect(BARE, 4);
        begin(false);
        put_noise(&random, test_random_below(&random, 2000));
        put_text("login: ~user~ $ ");
        put_ftag_run();
        expect(FTAG, 5);
        begin(true);
        put_noise(&random, test_random_below(&random, 2000));
        put_text("~/bin$ ");
        put_dttk();
        put_text("[  12.345678] eth0: ~ link is up\r\n");
        put_dttk();
        expect((struct WireForm){WIRE_DTTK, true}, 8);
    }
}

Test(wire_in, the_first_that_is_recognised_is_the_only_one_however_the_bytes_come)
{
    begin(false);
    put_dttk();
    put_ftag_run();
    put_dttk();
    expect(BARE, 8);
    begin(false);
    put_ftag_run();
    put_dttk();
    put_ftag_run();
    expect(FTAG, 10);
    begin(true);
    put_ftag_run();
    out.armor = false;
    put_ftag_run();
    put_dttk();
    expect((struct WireForm){WIRE_FTAG, true}, 5);
    begin(false);
    put_dttk();
    out.armor = true;
    put_dttk();
    expect(BARE, 4);
}

Test(wire_in, a_frame_in_a_block_of_ftag_is_content)
{
    uint8_t block[FTAG_DATA_MAX] = {0};
    begin(false);
    put_object('x');
    memcpy(block, line_memory, line.len);
    begin(false);
    put_meta(FTAG_DATA_MAX, 0);
    put_block(0, view_of(block, sizeof block), 8);
    put_block(1, view_of(block, sizeof block), 9);
    expect(FTAG, 3);
    CHECK(heard_types[0] == PACKET_OBJECT && heard_types[2] == PACKET_SOURCE, "something else");
}

Test(wire_in, an_armoured_line_in_a_symbol_is_content)
{
    static uint8_t text[1500];
    size_t len;
    begin(true);
    put_object('x');
    len = line.len;
    memcpy(text, line_memory, len);
    begin(false);
    put_source(0, view_of("joined late", 11));
    put_source(1, view_of(text, len));
    put_object('a');
    put_source(2, view_of(text, len));
    expect(BARE, 4);
}

Test(wire_in, chance_decides_nothing)
{
    static const uint8_t block[50] = {'f'};
    /* Two packets of ftag, but not in a row with a third. */
    begin(false);
    put_block(0, view_of(block, sizeof block), 8);
    put_block(1, view_of(block, sizeof block), 9);
    put_text("noise\xFF");
    put_block(2, view_of(block, sizeof block), 10);
    put_text("noise\xFF");
    expect((struct WireForm){0}, 0);
    put_dttk();
    expect(BARE, 4);
    /* Three are not by chance; data without META wait. */
    begin(false);
    for (uint8_t i = 0; i < 5; i++)
        put_block(i, view_of(block, sizeof block), i);
    expect(FTAG, 0);
    CHECK(wire_in_good(&in) == 5 && in.bare.bridge.counters.held == 5, "not held");
    /* Frames that are no OBJECT are passed on, and decide nothing. */
    begin(false);
    put_source(0, view_of(block, sizeof block));
    put_source(1, view_of(block, sizeof block));
    expect((struct WireForm){0}, 2);
    CHECK(passed_on == 2 && wire_in_good(&in) == 2, "not passed on");
    put_ftag_run();
    expect(FTAG, 7);
}

Test(wire_in, what_was_said_before_all_was_clear_is_not_lost)
{
    static const uint8_t block[50] = {'f'};
    begin(false);
    for (uint8_t i = 5; i < 9; i++)
        put_block(i, view_of(block, sizeof block), i);
    put_meta(sizeof block, 9);
    expect(FTAG, 6); /* OBJECT, the blocks, and OBJECT where META is */
}

Test(wire_in, who_knows_what_is_spoken_hears_nothing_else)
{
    begin(false);
    put_ftag_run();
    out.armor = true;
    put_dttk();
    out.armor = false;
    put_source(0, view_of("answer", 6));
    hear(BARE, 100, NULL);
    CHECK(is_form(BARE) && heard == 1 && heard_types[0] == PACKET_SOURCE, "%u heard", heard);
    hear((struct WireForm){WIRE_DTTK, true}, 100, NULL);
    CHECK(heard == 4 && in.form.armor, "%u of text heard", heard);
}

Test(wire_in, lines_without_delimiters_have_them_all_the_same)
{
    static uint8_t bare[4000];
    size_t ends[16], count = 0;
    begin(false);
    put_dttk();
    for (size_t i = 0; i < line.len; i++) {
        if (line_memory[i] == 0)
            ends[count++] = i;
    }
    memcpy(bare, line_memory, line.len);
    begin(true);
    for (size_t i = 1; i < count; i += 2) /* what lies between a delimiter and the next */
        CHECK(armor_append(&line, view_of(bare + ends[i - 1] + 1, ends[i] - ends[i - 1] - 1)),
              "no line");
    expect((struct WireForm){WIRE_DTTK, true}, 4);
    begin(false);
    put_meta(50, 0);
    memcpy(bare, line_memory, line.len);
    count = line.len;
    begin(true);
    put_text("~AAAA~\n"); /* three zeros: no frame, no packet */
    CHECK(armor_append(&line, view_of(bare + 1, count - 2)), "no line");
    expect((struct WireForm){WIRE_FTAG, true}, 1);
}

Test(wire_in, a_line_that_was_cut_costs_itself_alone)
{
    begin(true);
    put_dttk();
    size_t first = line.len;
    put_dttk();
    memmove(line_memory + first - 5, line_memory + first, line.len - first);
    buffer_rtrunc(&line, 5);
    expect((struct WireForm){WIRE_DTTK, true}, 7);
}

Test(wire_in, no_flood_of_any_byte_jams_it)
{
    static const uint8_t bytes[] = {0x00, 0x01, '~', 'A', 0xFE, 0xFF};
    for (size_t i = 0; i < sizeof bytes; i++) {
        begin(false);
        uint8_t *to = buffer_extend(&line, (size_t)1 << 20);
        memset(to, bytes[i], (size_t)1 << 20);
        put_text("~\xFF");
        put_dttk();
        hear((struct WireForm){0}, WIRE_IN_READ, NULL);
        CHECK(is_form(BARE) && heard == 4, "byte %02X: %u packets", bytes[i], heard);
    }
}

Test(wire_in, every_bad_byte_is_counted_by_the_wire_that_is_spoken)
{
    begin(false);
    put_ftag_run();
    put_text("garbage");
    put_ftag_run();
    hear((struct WireForm){0}, 10, NULL);
    CHECK(wire_in_good(&in) == 10 && wire_in_bad(&in) == 1, "ftag: %u bad",
          (unsigned)wire_in_bad(&in));
    begin(false);
    put_dttk();
    put_bytes("garbage", 8);
    hear((struct WireForm){0}, 10, NULL);
    CHECK(wire_in_good(&in) == 4 && wire_in_bad(&in) == 1, "dttk: %u bad",
          (unsigned)wire_in_bad(&in));
    begin(false);
    put_dttk();
    put_bytes("not closed", 10);
    hear((struct WireForm){0}, 10, NULL);
    CHECK(wire_in_ear(&in)->frames.counters.bad_bytes == 10, "what was begun at the end");
}
