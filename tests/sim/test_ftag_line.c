/* The ftag wire, whole and damaged. Never wrong; equal with enough runs. */
#include "sim/ftag_line.h"

#define MOST ((uint64_t)65535 * 249 + 248)

/* ---- Undamaged ------------------------------------------------------------------------------ */

Test(ftag_line, every_capture_of_the_ancestor_becomes_its_file)
{
    static const char *const names[] = {"empty.bin", "one.bin", "fifty.bin", "fifty1.bin",
                                        "notes.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct Fixture file, capture;
        char path[100];

        snprintf(path, sizeof path, "ftag/%s", names[i]);
        file = fixture_read(path);
        snprintf(path, sizeof path, "ftag/%s.ftag", names[i]);
        capture = fixture_read(path);
        for (size_t chunk = 1; chunk <= capture.len; chunk += 1 + 2 * chunk) {
            begin();
            for (size_t at = 0; at < capture.len; at += chunk)
                take_bytes(NULL, capture.bytes + at,
                           capture.len - at < chunk ? capture.len - at : chunk);
            cr_assert_eq(sim_receiver_result(&receiver, file.bytes, file.len), SIM_EQUAL, "%s",
                         names[i]);
            cr_assert_eq(receiver.counters.lost, 0);
            cr_assert(receiver_pass_ended(&receiver.receiver), "%s: END did not end it", names[i]);
            sim_receiver_close(&receiver);
        }
        free(file.bytes);
        free(capture.bytes);
    }
}

Test(ftag_line, objects_of_every_size_arrive)
{
    static const uint64_t sizes[] = {0, 1, 49, 50, 51, 248, 249, 250, 747, 2100, 12450, 12800};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned copies = 1; copies <= 5; copies += 2) {
            struct Run small = run_of(sizes[i], i, 50, copies);
            struct Run large = run_of(sizes[i], i, 249, copies);

            begin();
            feed(&small, 0, small.count);
            expect_equal(&small, "in blocks of 50");
            cr_assert_eq(receiver.counters.lost, 0);
            sim_receiver_close(&receiver);
            begin();
            feed(&large, 0, large.count);
            expect_equal(&large, "in blocks of 249");
            sim_receiver_close(&receiver);
            run_free(&small);
            run_free(&large);
        }
    }
}

Test(ftag_line, the_largest_object_there_can_be_arrives)
{
    struct Run run = run_of(MOST, 1, 249, 1);

    begin();
    feed(&run, 0, run.count);
    expect_equal(&run, "the largest");
    sim_receiver_close(&receiver);
    run_free(&run);
}

/* ---- Damaged -------------------------------------------------------------------------------- */

static void through(const struct DamageConfig *config, const uint8_t *bytes, size_t len)
{
    static struct Damage d;

    damage_init(&d, config, take_bytes, NULL);
    damage_feed(&d, bytes, len);
    damage_finish(&d);
    damage_reset(&d);
    CHECK(receiver.receiver.counters.bad_fields + receiver.receiver.counters.short_ == 0,
          "a packet that does not parse");
}

/* Runs through that damage until the object is here: at most so many; none is wrong. */
static void check_runs(const struct Run *run, struct DamageConfig damage, unsigned most)
{
    enum SimResult result = SIM_NOTHING;

    for (unsigned i = 0; i < most && result != SIM_EQUAL; i++) {
        damage.seed += 1000003;
        through(&damage, run->line.bytes, run->line.len);
        result = result_of(run);
        CHECK(receiver.differed == 0 && result != SIM_WRONG, "a wrong byte");
        CHECK(receiver.opened <= 1, "it was opened again");
    }
    CHECK(result == SIM_EQUAL, "not here after %u runs", most);
}

static void check_damage(struct DamageConfig damage, unsigned most)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(200); round++) {
        struct Run run = run_of(test_random_below(&random, 20000), round, 50, 4);

        damage.wire = DAMAGE_FTAG;
        damage.seed = test_random_next(&random);
        begin();
        check_runs(&run, damage, most);
        sim_receiver_close(&receiver);
        run_free(&run);
    }
}

Test(ftag_line, with_a_fifth_of_all_packets_lost_a_few_runs_suffice)
{
    check_damage((struct DamageConfig){.loss = 0.2}, 3);
    check_damage((struct DamageConfig){.loss = 0.2, .loss_run = 12}, 12);
}

Test(ftag_line, with_bits_flipped_bytes_lost_and_added_a_few_runs_suffice)
{
    check_damage((struct DamageConfig){.ber = 1e-4}, 3);
    check_damage((struct DamageConfig){.drop = 1e-3, .insert = 1e-3}, 3);
    check_damage((struct DamageConfig){.burst_gap = 3000, .burst_len = 100}, 9);
}

Test(ftag_line, packets_that_come_twice_or_late_do_no_harm)
{
    check_damage((struct DamageConfig){.dup = 0.3}, 1);
    check_damage((struct DamageConfig){.reorder = 3, .dup = 0.1}, 1);
    check_damage((struct DamageConfig){.reorder = 30, .loss = 0.02}, 4);
}

Test(ftag_line, what_is_lost_is_counted)
{
    struct Run run = run_of(20000, 3, 50, 4);
    const struct Slot *slot;

    begin();
    feed(&run, 2, 5);   /* 0 and 1 are nobody's loss: none came before */
    feed(&run, 7, 100); /* 5, 6 */
    feed(&run, 107, 108);
    feed(&run, 200, 250);
    slot = sim_receiver_slot(&receiver, run.content, run.size);
    cr_assert_not_null(slot);
    cr_assert_eq(slot->counters.lost, 2 + 7 + 92, "%" PRIu64, slot->counters.lost);
    sim_receiver_close(&receiver);
    run_free(&run);
}
