/* What the sender sends, and in which order. */
#include "core/sender.h"
#include "sim/tape.h"

#include "check.h"
#include "random.h"

static struct SimSender sender;

static void make(struct Tape *t, uint64_t size, struct SimOptions options)
{
    tape_make(t, size, test_random_seed(), &options);
}

static struct Packet parsed(const struct Tape *t, size_t i)
{
    struct Packet p;

    CHECK(packet_parse(tape_packet(t, i), crc32c_portable, &p) == PACKET_OK, "packet %zu", i);
    return p;
}

Test(sender, object_goes_first_third_and_at_least_every_64_packets)
{
    struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 3};
    size_t last = 0;
    struct Tape t;

    make(&t, 60000, options);
    cr_assert_eq(t.packets[0].type, PACKET_OBJECT);
    cr_assert_eq(t.packets[1].type, PACKET_SOURCE);
    cr_assert_eq(t.packets[2].type, PACKET_OBJECT);
    for (size_t i = 0; i < t.count; i++) {
        cr_assert_eq(parsed(&t, i).seq, i % 256, "seq of packet %zu", i);
        last = t.packets[i].type == PACKET_OBJECT ? i : last;
        CHECK(i - last <= SENDER_OBJECT_EVERY, "packet %zu, OBJECT was %zu", i, last);
    }
    tape_free(&t);
}

Test(sender, a_pass_of_a_small_object_has_four_objects_if_it_has_repairs)
{
    for (uint64_t size = 0; size < 2000; size += 199) {
        for (uint32_t redundancy = 0; redundancy <= 250; redundancy += 250) {
            struct SimOptions options = {.mtu = 128, .redundancy = redundancy, .passes = 2};
            uint64_t objects = 0;
            struct Tape t;

            make(&t, size, options);
            for (size_t i = 0; i < t.count; i++)
                objects += t.packets[i].type == PACKET_OBJECT ? 1 : 0;
            CHECK(redundancy == 0 || size == 0 || objects == 8, "%" PRIu64 " of size %" PRIu64,
                  objects, size);
            tape_free(&t);
        }
    }
}

Test(sender, sources_come_once_in_order_then_repairs_with_ends_among_them_and_last)
{
    struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 1};
    uint64_t next = 0;
    size_t ends[6] = {0}, count = 0;
    struct Tape t;

    make(&t, 60000, options);
    for (size_t i = 0; i < t.count; i++) {
        struct Packet p = parsed(&t, i);

        CHECK(p.type != PACKET_SOURCE || p.as.source.symbol == next, "not in order");
        next += p.type == PACKET_SOURCE ? 1 : 0;
        CHECK(p.type != PACKET_REPAIR || next == t.symbols, "a repair before the last source");
        if (p.type != PACKET_END)
            continue;
        CHECK(count < 5 && next == t.symbols, "END %zu", count);
        ends[count++] = i;
        CHECK((p.as.end.rest == 0) == (i == t.count - 1), "rest %" PRIu64, p.as.end.rest);
    }
    cr_assert(next == t.symbols && count == 5 && ends[4] == t.count - 1);
    for (unsigned i = 0; i < 4; i++) {
        size_t part = (t.count - ends[0]) / 4;

        CHECK(ends[i + 1] - ends[i] >= part - 3 && ends[i + 1] - ends[i] <= part + 3,
              "ENDs are not spread: %zu to %zu", ends[i], ends[i + 1]);
    }
    tape_free(&t);
}

Test(sender, a_pass_has_the_redundancy_asked_for_and_repairs_are_never_alone)
{
    for (uint32_t redundancy = 0; redundancy <= 2000; redundancy += 125) {
        for (uint64_t size = 1; size < 50000; size = size * 3 + 1) {
            struct SimOptions options = {.mtu = 128, .redundancy = redundancy, .passes = 1};
            uint64_t repairs = 0, most;
            struct Tape t;

            make(&t, size, options);
            for (size_t i = 0; i < t.count; i++)
                repairs += t.packets[i].type == PACKET_REPAIR ? 1 : 0;
            most = (t.symbols * redundancy + 999) / 1000;
            most = redundancy > 0 && most < 2 ? 2 : most;
            CHECK(repairs == most, "%" PRIu64 " for %" PRIu64 " symbols at %u", repairs, t.symbols,
                  redundancy);
            tape_free(&t);
        }
    }
}

/* Keys may come again only when all that fit the mtu have been used. */
Test(sender, later_passes_are_fresh_repairs_that_alone_suffice)
{
    struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 10};
    static bool used[100000];
    uint64_t pass = 0, repairs = 0;
    struct Tape t;

    make(&t, 20000, options);
    for (size_t i = 0; i < t.count; i++) {
        struct Packet p = parsed(&t, i);

        CHECK(p.type != PACKET_SOURCE || pass == 0, "a source in a later pass");
        if (p.type == PACKET_REPAIR) {
            CHECK(p.as.repair.key < 100000 && !used[p.as.repair.key], "a key came again");
            used[p.as.repair.key] = true;
            repairs++;
        }
        if (p.type == PACKET_END && p.as.end.rest == 0) {
            CHECK(pass == 0 || repairs >= t.symbols * 5 / 4, "too few repairs in a pass");
            repairs = 0;
            pass++;
        }
    }
    cr_assert_eq(pass, 10);
    tape_free(&t);
}

/* Sizes of all magnitudes and every kind of mtu: sim_sender_frame checks each frame. */
Test(sender, no_frame_is_ever_longer_than_the_mtu)
{
    struct TestRandom random = {test_random_seed()};
    uint8_t *bytes = sim_content(3000000, 1);

    for (unsigned round = 0; round < sim_rounds(600); round++) {
        uint64_t size = test_random_below(&random, UINT64_C(1) << test_random_below(&random, 20));
        struct SimOptions options = {
            .mtu = 60 + (size_t)test_random_below(&random, round % 2 ? 300 : 65476),
            .redundancy = (uint32_t)test_random_below(&random, 3000),
            .passes = 1 + test_random_below(&random, 3),
            .name = "a-name-that-may-or-may-not-have-to-be-cut-for-the-least-mtu.txt"};

        sim_sender_open(&sender, bytes, size, &options);
        while (sim_sender_frame(&sender))
            ;
        sim_sender_close(&sender);
    }
    free(bytes);
}

Test(sender, redundancy_beyond_all_reason_does_not_make_frames_too_long)
{
    uint8_t *bytes = sim_content(3000, 1);

    for (uint64_t size = 1; size < 3000; size += 197) {
        struct SimOptions options = {.mtu = 60 + size % 50, .redundancy = 200000, .passes = 2};

        sim_sender_open(&sender, bytes, size, &options);
        while (sim_sender_frame(&sender))
            ;
        sim_sender_close(&sender);
    }
    free(bytes);
}

/* Not the packets themselves, but the longest that each plan can come to. */
Test(sender, plans_leave_room_for_every_header)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < 200000; round++) {
        uint64_t size = test_random_next(&random) >> (1 + test_random_below(&random, 62));
        size_t mtu = 60 + (size_t)test_random_below(&random, round % 2 ? 300 : 65476);
        struct SenderPlan plan = sender_plan(size, frame_capacity(mtu), round % 4 < 2);
        struct ObjectLayout l = object_layout(size, plan.symbol_size, UINT32_C(1) << plan.block);
        struct PacketRepair repair = {.first = l.symbols > l.blocks ? l.symbols - 1 : 0,
                                      .count = l.count,
                                      .stride = l.blocks,
                                      .key = plan.key_limit - 1};
        size_t symbols = (size_t)plan.per_packet * plan.symbol_size;
        size_t room = frame_capacity(mtu);

        if (size > (uint64_t)1 << 50)
            continue; /* of no interest, and its blocks exceed a stride */
        CHECK(PACKET_HEADER + packet_repair_size(&repair) + symbols <= room &&
                  PACKET_HEADER + packet_source_size(l.symbols) + symbols <= room,
              "size %" PRIu64 " mtu %zu: T %u, %u in a packet", size, mtu, plan.symbol_size,
              plan.per_packet);
        CHECK(l.blocks >= plan.per_packet || l.count == 1 || plan.block == 0,
              "size %" PRIu64 " mtu %zu: a repair would not fill a packet", size, mtu);
    }
}

Test(sender, the_number_of_packets_is_foretold)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(200); round++) {
        uint64_t size = test_random_below(&random, UINT64_C(1) << test_random_below(&random, 22));
        struct SimOptions options = {.redundancy = (uint32_t)test_random_below(&random, 1000)};
        uint8_t *bytes = sim_content(size, 1);
        uint64_t told, real = 0;

        sim_sender_open(&sender, bytes, size, &options);
        told = sender_pass_packets(&sender.sender);
        while (sim_sender_packet(&sender))
            real++;
        CHECK(told + 4 >= real && told <= real + 4, "%" PRIu64 " instead of %" PRIu64, told, real);
        sim_sender_close(&sender);
        free(bytes);
    }
}

static const uint8_t *lend_nothing(void *ctx, uint64_t offset, size_t len)
{
    (void)ctx;
    (void)offset;
    (void)len;
    return NULL;
}

static bool no_digest(void *ctx, struct View *digest)
{
    (void)ctx;
    (void)digest;
    return false;
}

Test(sender, a_source_that_fails_ends_in_failed_and_stays_there)
{
    uint8_t bytes[1000] = {0};

    for (unsigned i = 0; i < 2; i++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250};
        unsigned packets = 0;

        sim_sender_open(&sender, bytes, sizeof bytes, &options);
        if (i == 0)
            sender.sender.config.source.lend = lend_nothing;
        else
            sender.sender.config.source.digest = no_digest;
        while (sender_output(&sender.sender, &sender.packet, &sender.body, 0))
            packets++;
        cr_assert_eq(sender.sender.state, SENDER_FAILED);
        cr_assert_eq(packets, i == 0 ? 1 : sender.sender.counters.packets);
        cr_assert_eq(sender.sender.counters.ends, 0);
        cr_assert_not(sender_output(&sender.sender, &sender.packet, &sender.body, 0));
        sim_sender_close(&sender);
    }
}

Test(sender, abort_is_the_last_packet)
{
    uint8_t bytes[1000] = {0};
    struct SimOptions options = {.mtu = 128};
    struct Packet p;

    sim_sender_open(&sender, bytes, sizeof bytes, &options);
    cr_assert(sim_sender_packet(&sender));
    sender_abort(&sender.sender, &sender.packet, ABORT_CANCELLED);
    cr_assert_eq(packet_parse(buffer_view(&sender.packet), crc32c_portable, &p), PACKET_OK);
    cr_assert(p.type == PACKET_ABORT && p.seq == 1 && p.as.abort.reason == ABORT_CANCELLED);
    cr_assert_not(sender_output(&sender.sender, &sender.packet, &sender.body, 0));
    sim_sender_close(&sender);
}

static struct PacketObject fitted(const char *text, size_t mtu, uint8_t *name)
{
    struct PacketObject o = {.symbol_size = 35,
                             .size = 100000,
                             .block = 12,
                             .link = LINK_MTIME | LINK_MODE,
                             .mtime = 1,
                             .mode = 0644,
                             .name = view_of(text, strlen(text))};

    CHECK(sender_fit_object(&o, frame_capacity(mtu), name), "it does not fit");
    return o;
}

Test(sender, an_object_that_does_not_fit_loses_time_and_mode_and_then_the_middle_of_its_name)
{
    static const char name[] = "a-name-of-many-letters-for-a-photograph.jpeg";
    uint8_t memory[PACKET_NAME_MAX];
    struct PacketObject o = fitted(name, 128, memory);

    cr_assert(o.link == (LINK_MTIME | LINK_MODE) && o.name.len == sizeof name - 1 && o.flags == 0);
    o = fitted(name, 90, memory);
    cr_assert(o.link == 0 && o.mtime == 0 && o.mode == 0 && o.name.len == sizeof name - 1);
    o = fitted(name, 60, memory);
    cr_assert(o.name.len < sizeof name - 1 && o.name.len > 15 && o.flags == OBJECT_NAME_CUT);
    cr_assert_eq(memcmp(o.name.data, name, 10), 0);
    cr_assert_eq(memcmp(o.name.data + o.name.len - 5, ".jpeg", 5), 0);
}

Test(sender, a_name_is_never_cut_inside_a_character)
{
    static const char name[] = "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6"
                               "\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC";
    uint8_t memory[PACKET_NAME_MAX];

    for (size_t mtu = SENDER_MTU_MIN; mtu < 70; mtu++) {
        struct PacketObject o = fitted(name, mtu, memory);

        cr_assert_eq(o.name.len % 2, 0);
    }
}

Test(sender, a_stream_that_has_nothing_to_send_says_object_every_ten_seconds)
{
    struct SimOptions options = {.stream = true, .lines = 10};
    static const uint8_t bytes[10];

    sim_sender_open(&sender, bytes, sizeof bytes + 1, &options); /* one byte is yet to come */
    sender.size = sizeof bytes;
    sender.sender.stream.ended = false;
    for (uint64_t now = 0, objects = 0; now < 100 * SENDER_OBJECT_TIME / 10; now += 1000000) {
        uint64_t before = sender.sender.counters.objects;

        if (sender.sender.slot > 2 && sender.sender.next == sender.sender.stream.closed)
            cr_assert_eq(sender_deadline(&sender.sender),
                         sender.sender.object_time + SENDER_OBJECT_TIME);
        while (sender_output(&sender.sender, &sender.packet, &sender.body, now))
            ;
        objects += sender.sender.counters.objects - before;
        CHECK(objects <= 2 + now / SENDER_OBJECT_TIME, "%" PRIu64 " OBJECTs", objects);
        CHECK(objects + 1 >= now / SENDER_OBJECT_TIME, "%" PRIu64 " OBJECTs", objects);
    }
    sim_sender_close(&sender);
}
