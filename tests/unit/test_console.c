/* Keys that abort, on a terminal that is the link. */
#include "core/frame.h"
#include "core/packet.h"
#include "host/console.h"
#include "unit/check.h"
#include "unit/random.h"
#include <string.h>

static struct Console console;

static bool feed(const char *bytes, size_t len)
{
    return console_feed(&console, view_of(bytes, len));
}

/* True if the bytes abort, fed at once; fed one by one it is the same. */
static bool aborts(const char *bytes, size_t len)
{
    console_init(&console);
    bool at_once = feed(bytes, len);
    bool piecemeal = false;
    console_init(&console);
    for (size_t i = 0; i < len; i++)
        piecemeal |= feed(bytes + i, 1);
    cr_assert_eq(at_once, piecemeal);
    return at_once;
}

#define ABORTS(bytes) aborts(bytes, sizeof(bytes) - 1)

Test(console, three_ctrl_c_or_five_ctrl_x_between_frames_abort)
{
    cr_assert(ABORTS("\x03\x03\x03"));
    cr_assert(ABORTS("\x18\x18\x18\x18\x18"));
    cr_assert(ABORTS("\x05"
                     "Aabc\0\x03\x03\x03"));
    cr_assert(ABORTS("\0\0\x03\x03\x03\0"));
    cr_assert(ABORTS("text\r\n\0\x18\x18\x18\x18\x18\x18"));
    cr_assert(ABORTS("\x18\x18\x18\x18\x03\x03\x03"));
}

Test(console, fewer_or_mixed_keys_do_not)
{
    cr_assert(!ABORTS("\x03\x03"));
    cr_assert(!ABORTS("\x18\x18\x18\x18"));
    cr_assert(!ABORTS("\x03\x03\x18\x03\x03\x18"));
    cr_assert(!ABORTS("\x03\x03\0\x03\0\x03\x03"));
    cr_assert(!ABORTS("\x18\x18\x18\x18\0\x18\x18\x18\x18"));
}

Test(console, keys_inside_a_frame_are_its_bytes)
{
    cr_assert(!ABORTS("\x05"
                      "A\x03\x03\x03\x03\x03\0"));
    cr_assert(!ABORTS("\x03"
                      "A\x18\x18\x18\x18\x18\x18\0"));
    cr_assert(!ABORTS("\x03\x03"
                      "A\x03\x03\x03\0"));
    console_init(&console);
    cr_assert(!feed("A", 1));
    cr_assert(!feed("\x03\x03\x03", 3));
    cr_assert(!feed("\0\x03", 2));
    cr_assert(feed("\x03\x03", 2));
    cr_assert(!feed("\x03\x03", 2), "the count begins anew");
}

Test(console, where_only_text_travels_keys_count_anywhere)
{
    console_init(&console);
    console.text = true;
    cr_assert(!feed("~QUJD~\r\n$ \x03\x03x\x03", 14));
    cr_assert(feed("~QUJ\x03\x03\x03", 7));
    cr_assert(!feed("D~\x18\x18\x18\x18", 6));
    cr_assert(feed("\x18", 1));
}

/* Frames of every type whose fields are all such keys, and random ones. */
Test(console, no_frame_aborts)
{
    static uint8_t memory[1 << 12], packet[600];
    struct TestRandom random = {test_random_seed()};
    struct FrameWriter writer = {.crc32c = crc32c_portable};
    for (unsigned round = 0; round < 20000; round++) {
        struct Buffer out;
        size_t len = PACKET_HEADER + test_random_below(&random, sizeof packet - PACKET_HEADER);
        buffer_init(&out, memory, sizeof memory, 0);
        test_random_fill(&random, packet, len);
        if (round % 4 != 0)
            memset(packet, round % 2 != 0 ? 0x03 : 0x18, len);
        if (round % 8 == 7)
            packet[1] = 0;
        packet[0] = (uint8_t)(PACKET_VERSION << 6 | (1 + round % 7));
        struct View part = view_of(packet, len);
        writer.xonxoff = round % 3 == 0;
        CHECK(frame_append(&writer, &out, &part, 1), "no room");
        console_init(&console);
        CHECK(!console_feed(&console, buffer_view(&out)), "round %u", round);
    }
}
