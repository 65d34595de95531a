/* The ftag wire cut, joined late, put together; several objects; and beside our own wire. */
#include "sim/ftag_line.h"

/* ---- Cut, joined late, put together --------------------------------------------------------- */

/* Cut before any byte, a run is completed by another; mostly it needs none. */
Test(ftag_pieces, a_run_joined_late_is_completed_by_a_second_one)
{
    struct Run run = run_of(1500, 1, 50, 4);

    for (size_t cut = 0; cut <= run.line.len; cut += sim_rounds(10) < 10 ? 97 : 7) {
        enum SimResult result;

        begin();
        take_bytes(NULL, run.line.bytes + cut, run.line.len - cut);
        result = result_of(&run);
        CHECK(result == (cut <= run.ends[7 + 2]   ? SIM_EQUAL
                         : cut > run.ends[99] + 1 ? SIM_NOTHING
                                                  : result),
              "cut at %zu: result %d", cut, result);
        CHECK(result == SIM_EQUAL || result == SIM_INCOMPLETE || result == SIM_NOTHING, "wrong");
        take_bytes(NULL, run.line.bytes, run.line.len);
        expect_equal(&run, "with a second run");
        sim_receiver_close(&receiver);
    }
    run_free(&run);
}

Test(ftag_pieces, a_run_cut_short_is_completed_by_one_joined_late)
{
    struct Run run = run_of(2501, 1, 50, 4);

    for (size_t cut = 8; cut < run.count; cut++) {
        begin();
        feed(&run, 0, cut);
        feed(&run, cut, run.count);
        expect_equal(&run, "in one piece");
        sim_receiver_close(&receiver);
        begin();
        feed(&run, 0, cut + 4 < run.count ? cut + 4 : run.count);
        feed(&run, cut, run.count);
        expect_equal(&run, "overlapping");
        sim_receiver_close(&receiver);
    }
    run_free(&run);
}

/* The half that each capture lacks is in the other; either comes to its END. */
Test(ftag_pieces, two_captures_make_up_for_each_other)
{
    struct Run run = run_of(30000, 1, 50, 4);

    for (size_t hole = 60; hole < 2000; hole += 111) {
        begin();
        feed(&run, 0, hole);
        feed(&run, hole + 300, run.count);
        cr_assert_eq(result_of(&run), SIM_INCOMPLETE);
        feed(&run, hole - 50, run.count);
        expect_equal(&run, "with the other");
        sim_receiver_close(&receiver);
    }
    run_free(&run);
}

Test(ftag_pieces, another_block_size_goes_on_with_what_is_here)
{
    struct Run a = run_of(30000, 1, 50, 4), b = run_of(30000, 1, 120, 4);

    begin();
    feed(&a, 0, a.count / 2);
    feed(&b, b.count / 2 - 60, b.count);
    expect_equal(&a, "in two block sizes");
    CHECK(receiver.opened == 1, "opened %u times", receiver.opened);
    sim_receiver_close(&receiver);
    run_free(&a);
    run_free(&b);
}

/* ---- Several objects, two wires ------------------------------------------------------------- */

Test(ftag_pieces, objects_one_behind_the_other_all_arrive)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(100); round++) {
        struct Run runs[3];

        begin();
        for (unsigned i = 0; i < 3; i++) {
            runs[i] = run_of(test_random_below(&random, 9000), 3 * round + i, 50, 4);
            feed(&runs[i], 0, runs[i].count);
        }
        for (unsigned i = 0; i < 3; i++) {
            expect_equal(&runs[i], "one behind the other");
            run_free(&runs[i]);
        }
        sim_receiver_close(&receiver);
    }
}

/*
 * The line is dead from some slot of a to one of b, which is earlier by more than a packet may be
 * late: no byte of b is taken for a's. (To a later slot it cannot be told from a loss: see the
 * bridge's header.)
 */
Test(ftag_pieces, an_outage_from_one_object_into_the_next_mixes_nothing)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(2000); round++) {
        struct Run a = run_of(2000 + test_random_below(&random, 9000), 2 * round, 50, 4);
        struct Run b = run_of(2000 + test_random_below(&random, 9000), 2 * round + 1, 50, 4);

        begin();
        feed(&a, 0, 112 + (size_t)test_random_below(&random, a.count - 112));
        feed(&b, 1 + (size_t)test_random_below(&random, 46), b.count);
        feed(&a, 0, a.count);
        feed(&b, 0, b.count);
        expect_equal(&a, "before the outage");
        expect_equal(&b, "behind the outage");
        sim_receiver_close(&receiver);
        run_free(&a);
        run_free(&b);
    }
}

static const struct DamageConfig perfect;

Test(ftag_pieces, what_ftag_has_begun_our_own_wire_goes_on_with)
{
    struct SimOptions options = {.mtu = 128, .name = "x", .passes = 1};
    struct Run run = run_of(30000, 1, 50, 4);
    struct SimCapture own = sim_record(run.content, run.size, &options);

    begin();
    feed(&run, 0, run.count / 2);
    sim_replay(&receiver, own.bytes + own.len / 3, own.len - own.len / 3, &perfect);
    expect_equal(&run, "over both wires");
    CHECK(receiver.opened == 1, "opened %u times", receiver.opened);
    sim_capture_free(&own);
    sim_receiver_close(&receiver);
    run_free(&run);
}

/* ---- Which wire it is ----------------------------------------------------------------------- */

Test(ftag_pieces, neither_reader_takes_the_other_wire_for_its_own)
{
    for (uint64_t seed = 0; seed < sim_rounds(20); seed++) {
        struct SimOptions options = {.mtu = 60 + seed * 97, .redundancy = 250, .passes = 1};
        struct Run run = run_of(50000, seed, seed % 2 == 0 ? 50 : 249, 4);
        struct SimCapture own = sim_record(run.content, run.size, &options);

        begin();
        take_bytes(NULL, own.bytes, own.len);
        CHECK(!reader.recognised && reader.counters.good == 0, "ours is no ftag");
        sim_receiver_feed(&receiver, run.line.bytes, run.line.len);
        CHECK(receiver.reader.counters.good == 0, "ftag is none of ours");
        sim_capture_free(&own);
        sim_receiver_close(&receiver);
        run_free(&run);
    }
}
