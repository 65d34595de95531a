/* Packets as bytes of a line, in every form. */
#include "host/wire_out.h"

#include <string.h>

#include "core/armor.h"
#include "unit/check.h"

static uint8_t memory[2 * WIRE_OUT_MAX], line[FRAME_MAX + 2], large[FRAME_MAX];
static struct WireOut out;
static struct Buffer tx;

static void begin(bool xonxoff, bool armor)
{
    buffer_init(&tx, memory, sizeof memory, 0);
    wire_out_init(&out, crc32c_portable, xonxoff, armor);
}

/* What the one line in tx says. */
static struct View says(void)
{
    static struct ArmorReader r;
    struct View bytes = buffer_view(&tx), frame = {0};
    armor_reader_init(&r, line, sizeof line);
    cr_assert(armor_reader_next(&r, &bytes, &frame));
    cr_assert_eq(bytes.len, 1); /* the line feed */
    return frame;
}

/* The frame of a packet that is all one byte, in tx. */
static bool frame_of(uint8_t byte, size_t len)
{
    struct View part = view_of(large, len);
    memset(large, byte, len);
    return wire_out_frame(&out, &tx, &part, 1);
}

Test(wire_out, an_armoured_frame_says_what_the_bare_one_is)
{
    static uint8_t bare[FRAME_MAX];
    size_t lens[] = {1, 2, 3, 300, 3000, frame_capacity(FRAME_MAX)};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        begin(false, false);
        CHECK(frame_of('x', lens[i]), "no frame");
        size_t len = tx.len;
        memcpy(bare, memory, len);
        begin(false, true);
        CHECK(frame_of('x', lens[i]), "no line");
        CHECK(tx.len == armor_size(len) && tx.len <= WIRE_OUT_MAX, "%zu bytes", tx.len);
        CHECK(says().len == len && memcmp(line, bare, len) == 0, "it says something else");
    }
}

Test(wire_out, text_needs_no_stuffing)
{
    begin(true, false);
    cr_assert(frame_of(0x11, 20));
    cr_assert_gt(tx.len, 40);
    begin(true, true);
    cr_assert(frame_of(0x11, 20));
    cr_assert_lt(says().len, 30);
}

Test(wire_out, a_silence_is_ended_by_a_delimiter_but_not_in_text)
{
    begin(false, false);
    wire_out_begin(&out, &tx);
    cr_assert(tx.len == 1 && memory[0] == 0);
    begin(false, true);
    wire_out_begin(&out, &tx);
    cr_assert_eq(tx.len, 0);
}

Test(wire_out, a_packet_of_ftag_has_a_mark_on_either_side)
{
    begin(false, false);
    struct FtagPacket end = ftag_end_packet();
    cr_assert(wire_out_ftag(&out, &tx, &end));
    cr_assert(memory[0] == 0xFF && memory[tx.len - 1] == 0xFF);
    size_t len = tx.len;
    begin(false, true);
    cr_assert(wire_out_ftag(&out, &tx, &end));
    cr_assert_eq(tx.len, armor_size(len));
    cr_assert_eq(says().len, len);
}

Test(wire_out, without_room_nothing_changes)
{
    for (int armor = 0; armor < 2; armor++) {
        struct FtagPacket end = ftag_end_packet();
        begin(false, armor);
        buffer_init(&tx, memory, 9, 0);
        CHECK(!frame_of('x', 20) && !wire_out_ftag(&out, &tx, &end) && tx.len == 0,
              "it took something");
    }
}
