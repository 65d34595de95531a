/* Packets whose CRC is right and whose intent is not. */
#include "sim/forge.h"
#include "sim/victim.h"

#include <stdio.h>

/* What packet_append_object lets pass. */
static uint64_t t_of(uint64_t t, bool stream)
{
    return stream && t < PACKET_STREAM_T ? PACKET_STREAM_T : t;
}

Test(hostile, objects_of_absurd_size_leave_room_for_an_honest_one)
{
    static const uint64_t sizes[] = {
        0, 1, 4096, 1 << 24, 1 << 30, UINT64_C(1) << 40, INT64_MAX - 1, INT64_MAX};
    static const uint64_t symbols[] = {1, 2, 3, 4, 5, 255, 4096, PACKET_MAX};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t t = 0; t < sizeof symbols / sizeof symbols[0]; t++) {
            for (uint8_t b = 0; b < 26; b++) {
                struct Packet p =
                    object_of((struct PacketObject){.block = b % 13,
                                                    .flags = b / 13,
                                                    .symbol_size = t_of(symbols[t], b / 13),
                                                    .size = b / 13 ? 0 : sizes[i]});

                begin(1);
                receiver.size_most = UINT64_MAX;
                if (sizes[i] > UINT64_C(1) << 30) /* its bookkeeping, not its bytes */
                    receiver.size_most = UINT64_C(1) << 30;
                forge(&p);
                feed(0, tape.count);
                expect_equal("an absurd object");
                end();
            }
            t += sim_rounds(10) < 10 ? 2 : 0;
        }
    }
}

/* A number that somebody may not have thought of. */
static uint64_t odd_number(struct TestRandom *r)
{
    static const uint64_t numbers[] = {0,       1,          2,         255,       256,
                                       300,     4095,       4096,      4097,      65535,
                                       1 << 16, UINT32_MAX, INT64_MAX, UINT64_MAX};
    uint64_t n = numbers[test_random_below(r, sizeof numbers / sizeof numbers[0])];

    if (test_random_below(r, 4) == 0)
        return test_random_next(r) >> test_random_below(r, 64);
    return n - test_random_below(r, 3);
}

/* A packet of the live object whose numbers are anything. Symbols are of its size, or not. */
static struct Packet odd_packet(struct TestRandom *r, const struct Slot *slot)
{
    static uint8_t bytes[1000];
    size_t size = (size_t)slot->info.symbol_size;
    struct View symbols = view_of(bytes, size * (1 + (size_t)test_random_below(r, 3)));
    struct Packet p = {.tag = live_tag(), .seq = (uint8_t)test_random_next(r)};

    test_random_fill(r, bytes, sizeof bytes);
    if (test_random_below(r, 3) == 0)
        symbols.len = 1 + (size_t)test_random_below(r, 200);
    switch (test_random_below(r, 3)) {
    case 0:
        p.type = PACKET_SOURCE;
        p.as.source = (struct PacketSource){odd_number(r), symbols};
        break;
    case 1:
        p.type = PACKET_REPAIR;
        p.as.repair = (struct PacketRepair){odd_number(r), (uint32_t)odd_number(r),
                                            (uint32_t)odd_number(r), odd_number(r), symbols};
        if (test_random_below(r, 2))
            p.as.repair.count = slot->object.layout.count;
        if (test_random_below(r, 2))
            p.as.repair.stride = slot->object.layout.blocks;
        break;
    default:
        p.type = PACKET_END;
        p.as.end = (struct PacketEnd){odd_number(r), odd_number(r) >> 1, odd_number(r),
                                      view_of(bytes, test_random_below(r, 2) ? 16 : 32)};
        break;
    }
    return p;
}

Test(hostile, absurd_numbers_under_the_live_tag_are_survived)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(40); round++) {
        const struct Slot *slot;

        begin(4);
        feed(0, 10);
        slot = sim_receiver_slot(&receiver, tape.content, tape.size);
        for (unsigned i = 0; i < 2000 && slot->state == SLOT_COLLECTING; i++) {
            struct Packet p = odd_packet(&random, slot);

            if (packets_encode(&forged, &p))
                sim_receiver_packet(&receiver, buffer_view(&forged));
        }
        CHECK(slot->counters.bad > 0 && slot->counters.foreign > 0, "nothing was refused");
        feed(10, tape.count);
        expect_equal("absurd numbers");
        end();
    }
}

/* Under a stream's live tag the stream may break, but what it delivers stays a beginning. */
Test(hostile, absurd_numbers_in_a_stream_never_deliver_wrong_bytes)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(400); round++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250, .stream = true};
        enum SimResult result;

        tape_make(&tape, VICTIM_SIZE, 1, &options);
        buffer_init(&forged, forged_memory, sizeof forged_memory, PACKET_HEADROOM);
        sim_receiver_open(&receiver);
        for (size_t i = 0; i < tape.count; i++) {
            uint64_t first = test_random_below(&random, 2) ? odd_number(&random) : 1000 + i;
            struct PacketRepair repair = {first, (uint32_t)odd_number(&random), 1,
                                          odd_number(&random),
                                          view_of(forged_memory + 500, 1 + (i % 300))};
            struct Packet p = {.type = PACKET_REPAIR, .tag = live_tag(), .as.repair = repair};

            if (i != round % 200 && i % 7 != 1)
                feed(i, i + 1);
            if (i > 100 && receiver.receiver.config.slots[0].state == SLOT_COLLECTING) {
                p.as.repair.symbols.len = receiver.slots[0].stream.symbol_size;
                if (first > receiver.slots[0].stream.high && packets_encode(&forged, &p))
                    sim_receiver_packet(&receiver, buffer_view(&forged));
            }
        }
        result = sim_receiver_result(&receiver, tape.content, tape.size);
        CHECK(result != SIM_WRONG && result != SIM_NOTHING, "result %d", result);
        end();
    }
}

Test(hostile, an_end_before_all_data_changes_nothing)
{
    begin(1);
    feed(0, 1);
    for (size_t i = tape.count; i-- > 0;) {
        if (tape.packets[i].type == PACKET_END)
            feed(i, i + 1);
    }
    feed(1, tape.count);
    expect_equal("an early END");
    CHECK(receiver.counters.bad == 0, "an END was refused");
    end();
}

/* The id holds half of the digest: the other half of a forged END may be anything. */
Test(hostile, an_end_that_lies_costs_a_pass_but_not_the_object)
{
    struct Packet p;
    uint8_t digest[PACKET_DIGEST];

    begin(3);
    sim_digest(tape.content, tape.size, digest);
    digest[20] ^= 1;
    p = (struct Packet){.type = PACKET_END, .tag = live_tag()};
    p.as.end = (struct PacketEnd){tape.symbols, tape.size, 0, view_of(digest, sizeof digest)};
    feed(0, 1);
    forge(&p);
    feed(1, tape.count);
    expect_equal("a lying END");
    CHECK(receiver.differed == 1, "%u times", receiver.differed);
    end();
}

/* A file with another's tag, by trying names. */
static void make_clash(struct Tape *other, char name[16])
{
    for (unsigned n = 0;; n++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 1, .name = name};
        struct PacketObject object;
        struct Packet p;

        snprintf(name, 16, "%u", n);
        if (n == 0) {
            tape_make(other, VICTIM_SIZE + 1, 2, &options);
            continue;
        }
        packet_parse(tape_packet(other, 0), crc32c_portable, &p);
        object = p.as.object;
        object.name = view_of(name, strlen(name));
        if (packet_object_tag(&object, crc32c_portable) != live_tag())
            continue;
        tape_free(other);
        tape_make(other, VICTIM_SIZE + 1, 2, &options);
        CHECK(get_u16(tape_packet(other, 0).data + 2) == live_tag(), "no clash");
        return;
    }
}

Test(hostile, an_object_under_a_live_tag_waits_until_the_first_is_complete)
{
    struct Tape other;
    char name[16];
    enum SimResult result;

    begin(1);
    make_clash(&other, name);
    for (size_t i = 0; i < tape.count; i++) {
        feed(i, i + 1);
        if (receiver.finished == 0)
            sim_receiver_packet(&receiver, tape_packet(&other, 0));
    }
    expect_equal("a clash");
    CHECK(receiver.receiver.counters.clashes > 100 && receiver.opened == 1, "no clash");
    for (size_t i = 0; i < other.count; i++)
        sim_receiver_packet(&receiver, tape_packet(&other, i));
    result = sim_receiver_result(&receiver, other.content, other.size);
    CHECK(result == SIM_EQUAL, "the complete one made no room: result %d", result);
    tape_free(&other);
    end();
}

Test(hostile, two_objects_under_one_tag_are_never_mixed_into_one)
{
    struct Tape other;
    char name[16];
    enum SimResult result;

    begin(3);
    make_clash(&other, name);
    for (size_t i = 0; i < tape.count; i++) {
        feed(i, i + 1);
        if (i < other.count)
            sim_receiver_packet(&receiver, tape_packet(&other, i));
    }
    result = sim_receiver_result(&receiver, other.content, other.size);
    CHECK(result != SIM_WRONG, "the other: result %d", result);
    result = sim_receiver_result(&receiver, tape.content, tape.size);
    CHECK(result != SIM_WRONG, "the first: result %d", result);
    tape_free(&other);
    end();
}

/* One of the tape's packets with a few bytes changed, cut or longer. */
static struct View mutated(struct TestRandom *r)
{
    struct View v = tape_packet(&tape, (size_t)test_random_below(r, tape.count));
    size_t len = v.len;

    memcpy(forged_memory, v.data, len);
    for (uint64_t n = 1 + test_random_below(r, 3); n > 0; n--)
        forged_memory[test_random_below(r, len)] = (uint8_t)test_random_next(r);
    if (test_random_below(r, 4) == 0)
        len = (size_t)test_random_below(r, 2 * len);
    if (test_random_below(r, 2))
        put_u16(forged_memory + 2, live_tag());
    forge_tag(forged_memory, len);
    return view_of(forged_memory, len);
}

Test(hostile, ten_thousand_mutated_packets_do_not_keep_a_transfer_from_completing)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(20); round++) {
        size_t clean;

        begin(60);
        clean = tape.count - tape.count / 20; /* the last three passes */
        for (size_t i = 0; i < clean && receiver.finished == 0; i++) {
            feed(i, i + 1);
            sim_receiver_packet(&receiver, mutated(&random));
        }
        feed(clean, tape.count);
        expect_equal("mutated packets");
        end();
    }
}
