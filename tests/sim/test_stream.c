/* Streams over bad lines: what is delivered is always the beginning of what was sent. */
#include "sim/tape.h"

#include "unit/check.h"
#include "unit/random.h"

static struct SimSender sender;
static struct SimReceiver receiver;

static double unit(struct TestRandom *r)
{
    return (double)(test_random_next(r) >> 11) * 0x1p-53;
}

static enum SimResult transfer(uint64_t size, const struct SimOptions *options,
                               const struct DamageConfig *damage)
{
    uint8_t *bytes = sim_content(size, size);
    enum SimResult result;

    sim_receiver_open(&receiver);
    sim_sender_open(&sender, bytes, size, options);
    sim_run(&sender, &receiver, damage);
    result = sim_receiver_result(&receiver, bytes, size);
    CHECK(receiver.differed == 0 && result != SIM_WRONG,
          "result %d: size %" PRIu64 " loss %g seed %" PRIu64, result, size, damage->loss,
          damage->seed);
    sim_sender_close(&sender);
    sim_receiver_close(&receiver);
    free(bytes);
    return result;
}

static void expect_equal(uint64_t size, const struct SimOptions *options,
                         const struct DamageConfig *damage)
{
    enum SimResult result = transfer(size, options, damage);

    CHECK(result == SIM_EQUAL,
          "result %d: size %" PRIu64 " mtu %zu lines %zu redundancy %u, loss %g seed %" PRIu64,
          result, size, options->mtu, options->lines, options->redundancy, damage->loss,
          damage->seed);
}

Test(stream, every_size_to_three_symbols_arrives_on_a_perfect_line)
{
    static const size_t mtus[] = {60, 64, 128, 256, 1500};
    struct DamageConfig perfect = {0};

    for (size_t m = 0; m < sizeof mtus / sizeof mtus[0]; m++) {
        uint64_t most = 3 * sender_plan_stream(mtus[m]).symbol_size + 1;

        for (uint64_t size = 0; size <= most; size += sim_rounds(10) < 10 ? 11 : 1) {
            struct SimOptions options = {.mtu = mtus[m],
                                         .redundancy = size % 2 == 0 ? 0 : 250,
                                         .lines = (size_t)(size % 5) * 7,
                                         .stream = true};

            expect_equal(size, &options, &perfect);
        }
    }
}

Test(stream, five_megabytes_lose_a_tenth_and_arrive_with_default_redundancy)
{
    for (unsigned round = 0; round < sim_rounds(6); round++) {
        struct SimOptions options = {.redundancy = 250, .stream = true};
        struct DamageConfig damage = {.loss = 0.1, .seed = test_random_seed() + round};

        expect_equal(5000000, &options, &damage);
    }
}

Test(stream, flushed_lines_lose_a_tenth_and_arrive)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(50); round++) {
        struct SimOptions options = {.mtu = 128,
                                     .redundancy = 600,
                                     .lines = 10 + (size_t)test_random_below(&random, 80),
                                     .stream = true};
        struct DamageConfig damage = {.loss = 0.1, .seed = test_random_next(&random)};

        expect_equal(20000 + test_random_below(&random, 20000), &options, &damage);
    }
}

Test(stream, bursts_and_mixed_order_are_overcome)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(50); round++) {
        struct SimOptions options = {.mtu = 256, .redundancy = 700, .stream = true};
        struct DamageConfig damage = {.loss = 0.1,
                                      .loss_run = 1 + 15 * unit(&random),
                                      .dup = 0.1,
                                      .reorder = (uint32_t)test_random_below(&random, 100),
                                      .seed = test_random_next(&random)};

        expect_equal(100000 + test_random_below(&random, 100000), &options, &damage);
    }
}

Test(stream, any_damage_leaves_a_beginning_of_what_was_sent)
{
    struct TestRandom random = {test_random_seed()};
    unsigned equal = 0, rounds = sim_rounds(400);

    for (unsigned round = 0; round < rounds; round++) {
        struct SimOptions options = {.mtu = 60 + (size_t)test_random_below(&random, 400),
                                     .redundancy = (uint32_t)test_random_below(&random, 1000),
                                     .lines = 20 + (size_t)test_random_below(&random, 100),
                                     .stream = true};
        struct DamageConfig damage = {.loss = 0.5 * unit(&random),
                                      .ber = 1e-4 * unit(&random),
                                      .drop = 1e-4 * unit(&random),
                                      .insert = 1e-4 * unit(&random),
                                      .dup = 0.2 * unit(&random),
                                      .reorder = (uint32_t)test_random_below(&random, 60),
                                      .seed = test_random_next(&random)};

        equal += transfer(test_random_below(&random, 60000), &options, &damage) == SIM_EQUAL;
    }
    CHECK(equal > rounds / 10 && equal < rounds, "%u of %u arrived", equal, rounds);
}

/* Everything but the data among n packets from `first` on. */
static void lose(const struct Tape *t, size_t first, size_t n)
{
    sim_receiver_open(&receiver);
    for (size_t i = 0; i < t->count; i++) {
        bool data = t->packets[i].type == PACKET_SOURCE || t->packets[i].type == PACKET_REPAIR;

        if (i < first || i >= first + n || !data)
            sim_receiver_packet(&receiver, tape_packet(t, i));
    }
}

Test(stream, a_gap_that_nothing_can_repair_fails_the_slot)
{
    static const size_t lost[] = {1200, 1500, 3000, 5000, 7000, 9000, 20000};
    struct SimOptions options = {.mtu = 64, .redundancy = 250, .stream = true};
    struct Tape t;

    tape_make(&t, 1000000, 1, &options);
    sim_check(t.count > 30000, "too short");
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        for (size_t at = 1; at < 8000; at += 3333) {
            const struct Slot *slot;

            lose(&t, at, lost[i]);
            slot = sim_receiver_slot(&receiver, t.content, t.size);
            CHECK(slot && slot->state == SLOT_FAILED && slot->failure == SLOT_FAILURE_GAP,
                  "%zu lost at %zu: state %d", lost[i], at, slot ? (int)slot->state : -1);
            CHECK(sim_receiver_result(&receiver, t.content, t.size) == SIM_FAILED, "wrong bytes");
            sim_receiver_close(&receiver);
        }
    }
    tape_free(&t);
}

Test(stream, who_joins_late_fails_and_delivers_nothing)
{
    struct SimOptions options = {.mtu = 64, .redundancy = 250, .stream = true};
    struct Tape t;

    tape_make(&t, 1000000, 1, &options);
    for (size_t late = 2000; late < t.count / 2; late += 1999) {
        sim_receiver_open(&receiver);
        for (size_t i = late; i < t.count; i++)
            sim_receiver_packet(&receiver, tape_packet(&t, i));
        CHECK(sim_receiver_result(&receiver, t.content, t.size) == SIM_FAILED, "%zu late", late);
        CHECK(receiver.files[0].size == 0, "%zu late", late);
        sim_receiver_close(&receiver);
    }
    tape_free(&t);
}

/* Without repairs nobody can know that a lost symbol will never come, until the ring is full. */
Test(stream, without_repairs_a_gap_is_known_when_the_ring_is_full)
{
    struct SimOptions options = {.mtu = 64, .stream = true};
    struct Tape t;

    tape_make(&t, 500000, 1, &options);
    lose(&t, 100, 1);
    CHECK(sim_receiver_result(&receiver, t.content, t.size) == SIM_FAILED, "no gap");
    sim_receiver_close(&receiver);
    tape_free(&t);
    tape_make(&t, 50000, 1, &options);
    lose(&t, 100, 1);
    CHECK(sim_receiver_result(&receiver, t.content, t.size) == SIM_INCOMPLETE, "it may yet come");
    sim_receiver_close(&receiver);
    tape_free(&t);
}
