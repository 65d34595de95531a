/* A gap in a stream: one-way it may be for good, two-way the sender still has what is missing. */
#include "core/receiver.h"
#include "unit/packets.h"

#include "check.h"
#include "sim/sim.h"

#define T 16

static struct SimReceiver r;
static uint8_t memory[2000];
static struct Buffer buffer;
static struct Packet object;

static void input(struct Packet p)
{
    static uint8_t seq;

    p.seq = seq++;
    p.tag = object.tag;
    CHECK(packets_encode(&buffer, &p), "not to be encoded");
    sim_receiver_packet(&r, buffer_view(&buffer));
}

static void begin_packed(bool two_way, bool lossy, bool packed)
{
    object = (struct Packet){.type = PACKET_OBJECT};
    object.as.object.flags = (uint8_t)(OBJECT_STREAM | (packed ? OBJECT_ZSTD : 0));
    object.as.object.symbol_size = T;
    object.as.object.link = two_way ? LINK_ANSWERS : 0;
    object.tag = packet_object_tag(&object.as.object, crc32c_portable);
    sim_receiver_open(&r);
    r.receiver.config.may_answer = true;
    r.receiver.config.window = 1 << 20;
    r.receiver.config.packet_max = 400;
    r.receiver.config.lossy = lossy;
    buffer_init(&buffer, memory, sizeof memory, PACKET_HEADROOM);
    input(object);
}

static void begin(bool two_way, bool lossy)
{
    begin_packed(two_way, lossy, false);
}

/* Symbols first .. end arrive, of a byte each. */
static void sources(uint64_t first, uint64_t end)
{
    struct Packet p = {.type = PACKET_SOURCE};

    for (uint64_t s = first; s < end; s++) {
        p.as.source = (struct PacketSource){s, view_of("\1x", 2)};
        input(p);
    }
}

/* A repair whose window begins there: what lies before gets no more. */
static void repair(uint64_t first)
{
    static const uint8_t payload[T] = {1};
    struct Packet p = {.type = PACKET_REPAIR};

    p.as.repair = (struct PacketRepair){first, 4, 1, 0, view_of(payload, sizeof payload)};
    input(p);
}

static void end(uint64_t symbols)
{
    static const uint8_t digest[PACKET_DIGEST] = {1};
    struct Packet p = {.type = PACKET_END};

    p.as.end = (struct PacketEnd){symbols, symbols, 0, view_of(digest, sizeof digest)};
    input(p);
}

/* Symbol 1 is lost, and a whole ring of others follows. */
static void lose_one(void)
{
    sources(0, 1);
    sources(2, STREAM_RING_MAX + 3);
}

Test(receiver_gaps, one_way_a_ring_full_behind_it_makes_it_final)
{
    begin(false, false);
    lose_one();
    cr_assert_eq(r.slots[0].state, SLOT_FAILED);
    cr_assert_eq(r.slots[0].failure, SLOT_FAILURE_GAP);
    sim_receiver_close(&r);
}

Test(receiver_gaps, one_way_it_is_left_out_if_asked_for)
{
    begin(false, true);
    lose_one();
    cr_assert_eq(r.slots[0].state, SLOT_COLLECTING);
    cr_assert_eq(r.slots[0].counters.skipped, 1);
    sim_receiver_close(&r);
}

Test(receiver_gaps, of_what_is_packed_nothing_is_left_out)
{
    begin_packed(false, true, true);
    lose_one();
    cr_assert_eq(r.slots[0].state, SLOT_FAILED);
    cr_assert_eq(r.slots[0].failure, SLOT_FAILURE_GAP);
    sim_receiver_close(&r);
}

Test(receiver_gaps, two_way_nothing_is_lost_for_good)
{
    for (int lossy = 0; lossy <= 1; lossy++) {
        const struct Slot *slot = &r.slots[0];

        begin(true, lossy == 1);
        lose_one();
        repair(STREAM_RING_MAX - 10);
        end(STREAM_RING_MAX + 3);
        cr_assert_eq(slot->state, SLOT_COLLECTING);
        cr_assert_eq(slot->counters.skipped, 0);
        cr_assert_eq(slot->stream.next, 1);
        sources(1, 2);
        cr_assert_eq(slot->stream.next, STREAM_RING_MAX + 1, "all that the ring had room for");
        sim_receiver_close(&r);
    }
}
