/* Senders of different wires, one after the other, at one WireIn. */
#include "host/wire_in.h"

#include <string.h>

#include "host/wire_out.h"
#include "unit/check.h"
#include "unit/fixture.h"
#include "unit/packets.h"
#include "unit/random.h"

#define ROUNDS 600

static uint8_t line_memory[1 << 20];
static struct Buffer line;
static struct WireIn in;
static struct TestRandom random_;
static struct Fixture ancestor;

static void put_noise(size_t len)
{
    uint8_t *to = buffer_extend(&line, len);
    CHECK(to != NULL, "the line is too short");
    test_random_fill(&random_, to, len);
}

/* An OBJECT, several times, as a sender says it. */
static void put_objects(bool armor)
{
    struct Packet p = {.type = PACKET_OBJECT};
    uint8_t memory[200];
    static struct WireOut out;
    struct Buffer b;
    struct View packet;
    p.as.object = (struct PacketObject){.symbol_size = 1000, .size = 3000, .run = 1};
    p.tag = packet_object_tag(&p.as.object, crc32c_portable);
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    CHECK(packets_encode(&b, &p), "no OBJECT");
    packet = buffer_view(&b);
    wire_out_init(&out, crc32c_portable, false, armor);
    for (int i = 0; i < 3; i++) {
        wire_out_begin(&out, &line);
        CHECK(wire_out_frame(&out, &line, &packet, 1), "no frame");
    }
}

static ptrdiff_t fill(void *ctx, uint8_t *space, size_t size)
{
    size_t most = 1 + (size_t)test_random_below(&random_, 500);
    size_t n = line.len < most ? line.len : most;
    (void)ctx;
    n = n < size ? n : size;
    memcpy(space, buffer_view(&line).data, n);
    buffer_ltrunc(&line, n);
    return (ptrdiff_t)n;
}

/* Packets of the line to its end. */
static unsigned hear(void)
{
    struct View fresh, packet;
    unsigned heard = 0;
    while (line.len > 0) {
        CHECK(wire_in_read(&in, fill, NULL, &fresh) > 0, "no room");
        while (wire_in_next(&in, &packet))
            heard++;
    }
    buffer_reset(&line, 0);
    return heard;
}

static void check_round(unsigned round, struct WireForm form)
{
    size_t cut;
    if (form.wire == WIRE_FTAG) {
        CHECK(buffer_append(&line, "\xFF", 1), "full");
        CHECK(buffer_append(&line, ancestor.bytes, ancestor.len), "full");
    } else
        put_objects(form.armor);
    cut = (size_t)test_random_below(&random_, 30);
    unsigned heard = hear();
    CHECK(heard > 0 && in.form.wire == form.wire && in.form.armor == form.armor,
          "round %u: %u packets, wire %d", round, heard, (int)in.form.wire);
    put_noise(cut); /* and something that is never finished */
    hear();
}

Test(wire_in_forget, each_wire_is_recognised_behind_each)
{
    static const struct WireForm forms[] = {
        {WIRE_DTTK, false}, {WIRE_DTTK, true}, {WIRE_FTAG, false}};
    random_ = (struct TestRandom){test_random_seed()};
    ancestor = fixture_read("ftag/fifty.bin.ftag");
    buffer_init(&line, line_memory, sizeof line_memory, 0);
    wire_in_init(&in, crc32c_portable, (struct WireForm){0}, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t good = wire_in_good(&in);
        check_round(round, forms[test_random_below(&random_, 3)]);
        struct WireForm form = in.form;
        wire_in_forget(&in);
        CHECK(in.form.wire == WIRE_UNKNOWN, "round %u", round);
        in.form = form; /* what was counted stays */
        CHECK(wire_in_good(&in) > 0 && (round > 0 || wire_in_good(&in) > good), "round %u", round);
        in.form = (struct WireForm){0};
    }
    free(ancestor.bytes);
}

Test(wire_in_forget, without_it_the_first_wire_stays)
{
    random_ = (struct TestRandom){test_random_seed()};
    buffer_init(&line, line_memory, sizeof line_memory, 0);
    wire_in_init(&in, crc32c_portable, (struct WireForm){0}, 1);
    put_objects(false);
    cr_assert_eq(hear(), 3);
    put_objects(true);
    cr_assert_eq(hear(), 0);
    wire_in_forget(&in);
    put_objects(true);
    cr_assert_eq(hear(), 3);
}
