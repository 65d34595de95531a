/* Whole transfers over bad lines: the object is finished and equal, or it is not finished. */
#include "sim/sim.h"

#include "unit/check.h"
#include "unit/random.h"

#define MANY_PASSES 40 /* the sender is stopped when the receiver is done */

static struct SimSender sender;
static struct SimReceiver receiver;

static double unit(struct TestRandom *r)
{
    return (double)(test_random_next(r) >> 11) * 0x1p-53;
}

/* One transfer of random bytes; with enough, the sender stops when the receiver is done. */
static enum SimResult transfer(uint64_t size, const struct SimOptions *options,
                               const struct DamageConfig *damage)
{
    uint8_t *bytes = sim_content(size, size + damage->seed);
    enum SimResult result;

    sim_receiver_open(&receiver);
    receiver.enough = options->passes == MANY_PASSES ? 1 : 0;
    sim_sender_open(&sender, bytes, size, options);
    sim_run(&sender, &receiver, damage);
    result = sim_receiver_result(&receiver, bytes, size);
    CHECK(receiver.differed == 0, "a digest differed: size %" PRIu64 " seed %" PRIu64, size,
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
          "result %d: size %" PRIu64 " mtu %zu T %u block %u, redundancy %u passes %" PRIu64
          ", loss %g ber %g seed %" PRIu64,
          result, size, options->mtu, options->symbol_size, options->block, options->redundancy,
          options->passes, damage->loss, damage->ber, damage->seed);
}

/* Mostly small, sometimes a few hundred kB. */
static uint64_t any_size(struct TestRandom *r)
{
    return test_random_below(r, UINT64_C(1) << test_random_below(r, 19));
}

static size_t any_mtu(struct TestRandom *r)
{
    static const size_t mtus[] = {0, 60, 64, 128, 256, 1500, 16384, 65536};

    return mtus[test_random_below(r, sizeof mtus / sizeof mtus[0])];
}

Test(transfer, every_size_to_three_symbols_arrives_on_a_perfect_line)
{
    static const size_t mtus[] = {60, 64, 128, 256, 1500, 16384};
    struct DamageConfig perfect = {0};

    for (size_t m = 0; m < sizeof mtus / sizeof mtus[0]; m++) {
        struct SimOptions options = {.mtu = mtus[m], .redundancy = 250, .name = "a"};
        uint64_t most = 3 * sender_plan(100000, mtus[m], true).symbol_size + 1;
        uint64_t step = sim_rounds(10) < 10 ? 7 : 1;

        for (uint64_t size = 0; size <= most; size += step) {
            options.redundancy = size % 2 == 0 ? 0 : 250;
            expect_equal(size, &options, &perfect);
        }
    }
}

Test(transfer, every_size_to_three_symbols_arrives_in_the_end_when_a_quarter_is_lost)
{
    static const size_t mtus[] = {60, 64, 128, 256, 1500};

    for (size_t m = 0; m < sizeof mtus / sizeof mtus[0]; m++) {
        struct SimOptions options = {.mtu = mtus[m], .redundancy = 250, .passes = MANY_PASSES};
        uint64_t most = 3 * sender_plan(100000, mtus[m], true).symbol_size + 1;
        uint64_t step = sim_rounds(10) < 10 ? 7 : 1;

        for (uint64_t size = 0; size <= most; size += step) {
            struct DamageConfig damage = {.loss = 0.25, .seed = test_random_seed() + size};

            expect_equal(size, &options, &damage);
        }
    }
}

Test(transfer, any_loss_to_sixty_percent_is_overcome_by_redundancy)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(1500); round++) {
        struct DamageConfig damage = {.loss = 0.6 * unit(&random),
                                      .seed = test_random_next(&random)};
        struct SimOptions options = {.mtu = any_mtu(&random), .passes = MANY_PASSES};

        options.redundancy = (uint32_t)(1000 * damage.loss / (1 - damage.loss)) + 100;
        expect_equal(any_size(&random), &options, &damage);
    }
}

Test(transfer, lost_runs_of_frames_are_overcome)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(1000); round++) {
        struct DamageConfig damage = {.loss = 0.05 + 0.3 * unit(&random),
                                      .loss_run = 2 + 30 * unit(&random),
                                      .seed = test_random_next(&random)};
        struct SimOptions options = {
            .mtu = any_mtu(&random), .redundancy = 500, .passes = MANY_PASSES};

        expect_equal(any_size(&random), &options, &damage);
    }
}

/* Damage of every kind, each of them in about every other line. */
static struct DamageConfig any_damage(struct TestRandom *r, size_t mtu)
{
    double bytes = (double)(mtu > 0 ? mtu : 256), rare = 0.2 / bytes;
    struct DamageConfig d = {.seed = test_random_next(r)};

    if (test_random_below(r, 2))
        d.ber = rare / 8 * unit(r);
    if (test_random_below(r, 2))
        d.drop = rare * unit(r);
    if (test_random_below(r, 2))
        d.insert = rare * unit(r);
    if (test_random_below(r, 2)) {
        d.burst_gap = bytes * (10 + 100 * unit(r));
        d.burst_len = 1 + bytes * unit(r);
    }
    if (test_random_below(r, 2))
        d.loss = 0.2 * unit(r);
    if (test_random_below(r, 2))
        d.dup = 0.3 * unit(r);
    if (test_random_below(r, 2))
        d.reorder = (uint32_t)test_random_below(r, 200);
    return d;
}

Test(transfer, damage_of_every_kind_at_once_is_overcome)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(4000); round++) {
        struct SimOptions options = {
            .mtu = any_mtu(&random), .redundancy = 300, .passes = MANY_PASSES};
        struct DamageConfig damage = any_damage(&random, options.mtu);

        expect_equal(any_size(&random), &options, &damage);
    }
}

/* Packets of many symbols in tiny windows reach the edges that large files would. */
Test(transfer, sizes_around_the_edges_of_groups_and_blocks_arrive)
{
    struct TestRandom random = {test_random_seed()};

    for (uint8_t block = 0; block < 3; block++) {
        uint64_t group = (UINT64_C(1) << block) * RLC_STRIDE_MAX;

        for (unsigned i = 0; i < sim_rounds(24); i++) {
            uint64_t size = group * (1 + i % 3) + i / 3 % 4 - 2;
            struct SimOptions options = {.mtu = 1060,
                                         .redundancy = 1000,
                                         .passes = MANY_PASSES,
                                         .symbol_size = 1,
                                         .block = block,
                                         .per_packet = 1000};
            struct DamageConfig damage = {.loss = i % 2 == 0 ? 0 : 0.1,
                                          .seed = test_random_next(&random)};

            expect_equal(size, &options, &damage);
        }
    }
}

Test(transfer, objects_of_several_blocks_lose_a_tenth_and_arrive)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(200); round++) {
        uint32_t size = 1 + (uint32_t)test_random_below(&random, 40);
        struct SimOptions options = {.mtu = 256,
                                     .redundancy = 400,
                                     .passes = MANY_PASSES,
                                     .symbol_size = size,
                                     .block = (uint8_t)test_random_below(&random, 9),
                                     .per_packet = 1 + (uint32_t)test_random_below(&random, 4)};
        struct DamageConfig damage = {.loss = 0.1, .seed = test_random_next(&random)};

        expect_equal(size * (1 + test_random_below(&random, 3000)), &options, &damage);
    }
}

Test(transfer, sixteen_mebibytes_and_a_symbol_more_or_less_arrive)
{
    static const uint64_t sizes[] = {OBJECT_GROUP_BYTES, OBJECT_GROUP_BYTES - 1024,
                                     OBJECT_GROUP_BYTES + 1, 2 * OBJECT_GROUP_BYTES + 1024};

    for (unsigned i = 0; i < sim_rounds(4); i++) {
        struct SimOptions options = {.redundancy = 250, .passes = 1};
        struct DamageConfig damage = {.loss = 0.1, .seed = test_random_seed()};

        expect_equal(sizes[i], &options, &damage);
    }
}

/* P(at least k of n arrive), from all of them downwards. */
static double at_least(unsigned k, unsigned n, double loss)
{
    double p = 1, sum = 0;

    for (unsigned i = 0; i < n; i++)
        p *= 1 - loss;
    for (unsigned i = n; i >= k; i--) {
        sum += p;
        p *= i * loss / ((n - i + 1) * (1 - loss));
    }
    return sum;
}

/* 200 symbols and 50 repairs, all of them of Cauchy rows: any 200 suffice. */
Test(transfer, default_redundancy_succeeds_as_often_as_theory_says)
{
    static const double losses[] = {0.05, 0.15, 0.19, 0.21, 0.25};
    struct SimOptions options = {
        .mtu = 128, .redundancy = 250, .passes = 1, .symbol_size = 8, .block = 12, .per_packet = 1};
    unsigned rounds = sim_rounds(600);

    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        double expected = at_least(200, 250, losses[i]) * rounds, equal = 0, off;

        for (unsigned round = 0; round < rounds; round++) {
            struct DamageConfig damage = {.loss = losses[i],
                                          .seed = test_random_seed() + 1000 * i + round};
            enum SimResult result = transfer(1600, &options, &damage);

            CHECK(result == SIM_EQUAL || result == SIM_INCOMPLETE, "result %d", result);
            equal += result == SIM_EQUAL ? 1 : 0;
        }
        off = equal - expected;
        CHECK(off * off <= 25 * expected * (1 - expected / rounds) + 1,
              "%g of %u succeeded at loss %g, expected %g", equal, rounds, losses[i], expected);
    }
}

Test(transfer, a_write_that_fails_ends_in_a_failed_slot)
{
    struct DamageConfig damage = {.loss = 0.1, .seed = test_random_seed()};
    struct SimOptions options = {.mtu = 256, .redundancy = 500, .passes = 3};
    uint8_t *bytes = sim_content(20000, 1);
    enum SimResult result = SIM_FAILED;

    for (uint64_t at = 1; result == SIM_FAILED; at++) {
        sim_receiver_open(&receiver);
        receiver.fail_write_at = at;
        sim_sender_open(&sender, bytes, 20000, &options);
        sim_run(&sender, &receiver, &damage);
        result = sim_receiver_result(&receiver, bytes, 20000);
        CHECK(result == SIM_FAILED || (result == SIM_EQUAL && at > receiver.writes),
              "write %" PRIu64 " of %" PRIu64 ": result %d", at, receiver.writes, result);
        sim_sender_close(&sender);
        sim_receiver_close(&receiver);
    }
    free(bytes);
}
