/* Too much of anything: bytes that are no packets, packets that say nothing, objects that lie. */
#include "sim/victim.h"

Test(flood, bytes_without_a_delimiter_take_no_memory)
{
    static uint8_t bytes[1 << 20];
    uint64_t fed = 0;

    begin(1);
    memset(bytes, 0x55, sizeof bytes);
    for (; fed < sim_rounds(50) * UINT64_C(1000000); fed += sizeof bytes)
        sim_receiver_feed(&receiver, bytes, sizeof bytes);
    cr_assert_eq(receiver.reader.counters.bad_long, 1);
    cr_assert_eq(receiver.reader.counters.bad_bytes + receiver.rx.len, fed);
    sim_receiver_feed(&receiver, (const uint8_t[]){0}, 1);
    for (size_t i = 0; i < tape.count; i++) {
        struct View frame = tape_frame(&tape, i);

        sim_receiver_feed(&receiver, frame.data, frame.len);
    }
    expect_equal("a long silence of delimiters");
    end();
}

Test(flood, twenty_megabytes_of_noise_open_nothing)
{
    static uint8_t bytes[1 << 20];
    struct TestRandom random = {test_random_seed()};

    begin(1);
    for (unsigned i = 0; i < sim_rounds(20); i++) {
        test_random_fill(&random, bytes, sizeof bytes);
        sim_receiver_feed(&receiver, bytes, sizeof bytes);
    }
    CHECK(receiver.opened == 0, "noise opened a slot");
    sim_receiver_feed(&receiver, (const uint8_t[]){0}, 1);
    for (size_t i = 0; i < tape.count; i++) {
        struct View frame = tape_frame(&tape, i);

        sim_receiver_feed(&receiver, frame.data, frame.len);
    }
    expect_equal("noise");
    end();
}

/* Everything but one symbol is here; repairs whose coefficient for it is 0 say nothing. */
Test(flood, repairs_that_say_nothing_cost_few_attempts_and_do_not_block)
{
    uint8_t payload[200] = {0};
    const struct Slot *slot;
    struct RlcWindow w;
    uint64_t attempts;
    struct Packet p = {.type = PACKET_REPAIR};
    uint32_t place = 0;
    size_t lost = 0;

    begin(3);
    for (size_t i = 0; tape.packets[i].type != PACKET_END; i++) {
        if (tape.packets[i].type == PACKET_SOURCE && lost == 0)
            lost = i;
        else
            feed(i, i + 1);
    }
    slot = sim_receiver_slot(&receiver, tape.content, tape.size);
    w = object_window(&slot->object.layout, 0);
    CHECK(!object_has(&slot->object, 0) && slot->object.missing[0] == 1, "not the one symbol");
    p.tag = live_tag();
    attempts = receiver.scratches;
    for (uint64_t key = 0; key < 300000; key++) {
        if (rlc_coefficient(key, w.count, place) != 0)
            continue;
        p.as.repair = (struct PacketRepair){w.first, w.count, w.stride, key,
                                            view_of(payload, (size_t)slot->info.symbol_size)};
        forge(&p);
        forge(&p);
    }
    CHECK(slot->counters.repairs > 1500, "too few");
    attempts = receiver.scratches - attempts;
    CHECK(attempts <= 4 * 12, "%" PRIu64 " attempts", attempts);
    for (size_t i = 0; i < tape.count; i++) {
        if (tape.packets[i].type == PACKET_REPAIR)
            feed(i, i + 1);
    }
    expect_equal("repairs that say nothing");
    end();
}

/* The same equation, but a wrong right side: everything is collected again. */
Test(flood, repairs_of_zeros_cost_a_pass_but_not_the_object)
{
    uint8_t payload[200] = {0};
    struct Packet p = {.type = PACKET_REPAIR};
    const struct Slot *slot;
    struct RlcWindow w;

    begin(3);
    feed(0, 20);
    slot = sim_receiver_slot(&receiver, tape.content, tape.size);
    p.tag = live_tag();
    for (uint64_t i = 0; i < object_windows(&slot->object.layout); i++) {
        w = object_window(&slot->object.layout, i);
        for (uint64_t key = 1000000; key < 1000000 + w.count && slot->state == SLOT_COLLECTING;
             key++) {
            p.as.repair = (struct PacketRepair){w.first, w.count, w.stride, key,
                                                view_of(payload, (size_t)slot->info.symbol_size)};
            forge(&p);
        }
    }
    CHECK(receiver.differed == 1, "%u", receiver.differed);
    feed(20, tape.count);
    expect_equal("repairs of zeros");
    end();
}

Test(flood, packets_of_unknown_tags_push_each_other_out)
{
    uint8_t bytes[1000] = {0};
    struct Packet p = {.type = PACKET_SOURCE, .as.source = {7, view_of(bytes, sizeof bytes)}};
    unsigned packets = 20000;

    begin(1);
    for (unsigned i = 0; i < packets; i++) {
        p.tag = (uint16_t)(live_tag() ^ (1 + i % 100));
        forge(&p);
    }
    CHECK(receiver.receiver.waiting.count <= WAITING_PACKETS, "too many wait");
    cr_assert_eq(receiver.receiver.counters.waiting, packets);
    cr_assert_eq(receiver.receiver.counters.overrun + receiver.receiver.waiting.count, packets);
    feed(1, tape.count); /* those before the second OBJECT wait among them */
    expect_equal("a full waiting room");
    end();
}

/* As it is: silent incomplete objects keep their slots until the owner drops one. */
Test(flood, when_silent_objects_hold_every_slot_the_oldest_gives_way)
{
    begin(1);
    for (uint64_t i = 0; i < SIM_SLOTS; i++) {
        struct Packet p =
            object_of((struct PacketObject){.symbol_size = 100, .size = 1000 + i, .block = 12});

        forge(&p);
    }
    CHECK(receiver.opened == SIM_SLOTS, "%u opened", receiver.opened);
    feed(0, 1);
    CHECK(receiver.opened == SIM_SLOTS && receiver.receiver.counters.no_room == 1, "no room yet");
    for (unsigned round = 0; round <= RECEIVER_IDLE * SIM_SLOTS / tape.count; round++)
        feed(1, tape.count);
    feed(0, tape.count);
    CHECK(receiver.opened == SIM_SLOTS + 1, "%u opened", receiver.opened);
    expect_equal("the oldest gave way");
    end();
}

/* Each of them is a walk over all symbols of the object. */
Test(flood, objects_that_change_their_grid_at_every_packet_are_not_followed)
{
    begin(1);
    for (uint64_t i = 0; i < 1000; i++) {
        struct Packet p = object_of(
            (struct PacketObject){.symbol_size = 100 + i % 2, .size = 1000000, .block = 12});

        forge(&p);
    }
    CHECK(receiver.slots[0].grids >= 8 && receiver.slots[0].grids < 8 + 1000 * 64 / 9000 + 2,
          "%u grids", receiver.slots[0].grids);
    feed(0, tape.count);
    expect_equal("grids");
    end();
}
