/* Captures of a line: cut, joined late, put together, mixed. Never wrong; equal with enough. */
#include "sim/tape.h"

#include "unit/check.h"
#include "unit/random.h"

static struct SimReceiver receiver;
static const struct DamageConfig perfect;

static struct DamageConfig losing(struct TestRandom *r, double loss)
{
    return (struct DamageConfig){.loss = loss, .seed = test_random_next(r)};
}

static void expect(const struct Tape *t, enum SimResult expected, const char *when)
{
    enum SimResult result = sim_receiver_result(&receiver, t->content, t->size);

    CHECK(result == expected && receiver.differed == 0, "result %d instead of %d %s, size %" PRIu64,
          result, expected, when, t->size);
}

static void feed(const struct Tape *t, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        sim_receiver_packet(&receiver, tape_packet(t, i));
}

Test(captures, a_line_cut_anywhere_is_completed_by_a_second_run)
{
    struct SimOptions options = {.mtu = 100, .redundancy = 250, .name = "x"};
    struct SimCapture run;
    uint8_t *bytes = sim_content(1500, 1);

    run = sim_record(bytes, 1500, &options);
    for (size_t cut = 0; cut < run.len; cut += sim_rounds(10) < 10 ? 37 : 1) {
        enum SimResult result;

        sim_receiver_open(&receiver);
        sim_replay(&receiver, run.bytes, cut, &perfect);
        result = sim_receiver_result(&receiver, bytes, 1500);
        CHECK(result == SIM_NOTHING || result == SIM_INCOMPLETE || result == SIM_EQUAL,
              "result %d, cut at %zu", result, cut);
        CHECK((result == SIM_NOTHING) == (receiver.opened == 0), "opened %u", receiver.opened);
        sim_replay(&receiver, run.bytes, run.len, &perfect);
        result = sim_receiver_result(&receiver, bytes, 1500);
        CHECK(result == SIM_EQUAL, "result %d, cut at %zu, and again", result, cut);
        CHECK(receiver.opened == 1 && receiver.finished == 1, "a stale packet opened it again");
        sim_receiver_close(&receiver);
    }
    sim_capture_free(&run);
    free(bytes);
}

Test(captures, who_joins_late_completes_in_the_second_pass)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(300); round++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 2};
        struct Tape t;
        size_t first;

        tape_make(&t, 1 + test_random_below(&random, 60000), round, &options);
        first = (size_t)test_random_below(&random, t.count / 3);
        sim_receiver_open(&receiver);
        feed(&t, first, t.count);
        expect(&t, SIM_EQUAL, "late");
        sim_receiver_close(&receiver);
        tape_free(&t);
    }
}

/* A third is lost of either: more than a quarter of repairs makes up for, but not the same third.*/
Test(captures, two_captures_make_up_for_each_other)
{
    struct TestRandom random = {test_random_seed()};
    unsigned together = 0, rounds = sim_rounds(300);

    for (unsigned round = 0; round < rounds; round++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 1};
        uint64_t size = 20000 + test_random_below(&random, 60000);
        uint8_t *bytes = sim_content(size, round);
        struct SimCapture run = sim_record(bytes, size, &options);
        struct DamageConfig losses[2] = {losing(&random, 0.35), losing(&random, 0.35)};
        enum SimResult result;

        for (unsigned i = 0; i < 2; i++) {
            sim_receiver_open(&receiver);
            sim_replay(&receiver, run.bytes, run.len, &losses[i]);
            result = sim_receiver_result(&receiver, bytes, size);
            CHECK(result == SIM_INCOMPLETE || result == SIM_NOTHING, "one alone: result %d",
                  result);
            if (i == 1) {
                sim_replay(&receiver, run.bytes, run.len, &losses[0]);
                result = sim_receiver_result(&receiver, bytes, size);
                CHECK(result == SIM_INCOMPLETE || result == SIM_EQUAL, "both: result %d", result);
                together += result == SIM_EQUAL ? 1 : 0;
            }
            sim_receiver_close(&receiver);
        }
        sim_capture_free(&run);
        free(bytes);
    }
    CHECK(together == rounds, "%u of %u", together, rounds);
}

Test(captures, objects_interleaved_frame_by_frame_all_arrive)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(300); round++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 600, .passes = 3};
        struct Tape t[SIM_SLOTS];
        size_t most = 0;

        for (unsigned i = 0; i < SIM_SLOTS; i++) {
            options.salt = (uint8_t)i;
            tape_make(&t[i], 1000 + test_random_below(&random, 20000), 10 * round + i, &options);
            most = t[i].count > most ? t[i].count : most;
        }
        sim_receiver_open(&receiver);
        for (size_t p = 0; p < most; p++) {
            for (unsigned i = 0; i < SIM_SLOTS; i++) {
                if (p < t[i].count && test_random_below(&random, 10) > 0)
                    feed(&t[i], p, p + 1);
            }
        }
        for (unsigned i = 0; i < SIM_SLOTS; i++) {
            expect(&t[i], SIM_EQUAL, "interleaved");
            tape_free(&t[i]);
        }
        sim_receiver_close(&receiver);
    }
}

Test(captures, stale_packets_of_a_finished_object_do_nothing)
{
    struct TestRandom random = {test_random_seed()};
    struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 2};
    struct Tape old, new;

    tape_make(&old, 30000, 1, &options);
    tape_make(&new, 40000, 2, &options);
    sim_receiver_open(&receiver);
    feed(&old, 0, old.count);
    expect(&old, SIM_EQUAL, "alone");
    for (size_t p = 0; p < new.count; p++) {
        size_t stale = (size_t)test_random_below(&random, old.count);

        feed(&new, p, p + 1);
        feed(&old, stale, stale + 1);
    }
    expect(&old, SIM_EQUAL, "with stale ones");
    expect(&new, SIM_EQUAL, "among stale ones");
    CHECK(receiver.opened == 2 && receiver.finished == 2, "%u opened", receiver.opened);
    CHECK(receiver.receiver.counters.stale > new.count, "stale ones were not counted");
    sim_receiver_close(&receiver);
    tape_free(&old);
    tape_free(&new);
}

Test(captures, packets_wait_for_a_lost_object_and_none_is_counted_as_lost)
{
    for (unsigned objects = 1; objects < 6; objects++) {
        struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = 1};
        unsigned missed = 0, waited = 0;
        struct Tape t;

        tape_make(&t, 60000, objects, &options);
        sim_receiver_open(&receiver);
        for (size_t p = 0; p < t.count / 2; p++) {
            bool object = t.packets[p].type == PACKET_OBJECT;

            if (object && missed < objects)
                missed++;
            else
                feed(&t, p, p + 1);
            waited += missed < objects || receiver.opened == 0 ? 1 : 0;
        }
        const struct Slot *slot = sim_receiver_slot(&receiver, t.content, t.size);

        CHECK(slot && slot->object.have > t.symbols / 3, "what waited was not used");
        CHECK(receiver.receiver.counters.overrun == 0, "there was room");
        CHECK(receiver.receiver.counters.waiting > 0 && waited > 0, "nothing waited");
        CHECK(slot->counters.lost + 1 >= missed && slot->counters.lost <= missed,
              "%" PRIu64 " counted as lost, %u were", slot->counters.lost, missed);
        feed(&t, t.count / 2, t.count);
        expect(&t, SIM_EQUAL, "at the end");
        sim_receiver_close(&receiver);
        tape_free(&t);
    }
}

/* The same bytes under another mtu: another T, another tag. What arrived goes on counting. */
Test(captures, another_run_with_another_mtu_goes_on_with_what_is_here)
{
    struct TestRandom random = {test_random_seed()};
    static const size_t mtus[] = {60, 64, 128, 256, 1500};

    for (unsigned round = 0; round < sim_rounds(300); round++) {
        uint64_t size = 1 + test_random_below(&random, 60000);
        struct DamageConfig damage = losing(&random, 0.4);
        uint8_t *bytes = sim_content(size, round);
        enum SimResult result;

        sim_receiver_open(&receiver);
        for (unsigned run = 0; run < 12 && receiver.finished == 0; run++) {
            struct SimOptions options = {.mtu = mtus[test_random_below(&random, 5)],
                                         .redundancy = 100,
                                         .passes = 1,
                                         .run = (uint16_t)run};
            struct SimCapture c = sim_record(bytes, size, &options);

            damage.seed++;
            sim_replay(&receiver, c.bytes, c.len, &damage);
            sim_capture_free(&c);
            CHECK(receiver.opened <= 1, "the same object was opened again");
        }
        result = sim_receiver_result(&receiver, bytes, size);
        CHECK(result == SIM_EQUAL, "result %d, size %" PRIu64, result, size);
        sim_receiver_close(&receiver);
        free(bytes);
    }
}

Test(captures, two_runs_with_different_mtus_interleaved_complete)
{
    struct TestRandom random = {test_random_seed()};

    for (unsigned round = 0; round < sim_rounds(200); round++) {
        struct SimOptions a = {.mtu = 128, .redundancy = 250, .passes = 3};
        struct SimOptions b = {.mtu = 256, .redundancy = 250, .passes = 3, .run = 1};
        uint64_t size = 1 + test_random_below(&random, 60000);
        struct Tape t, u;

        tape_make(&t, size, round, &a);
        tape_make(&u, size, round, &b);
        sim_receiver_open(&receiver);
        for (size_t p = 0; p < t.count || p < u.count; p++) {
            feed(&t, p, p < t.count ? p + 1 : p);
            feed(&u, p, p < u.count ? p + 1 : p);
        }
        expect(&t, SIM_EQUAL, "interleaved with itself");
        sim_receiver_close(&receiver);
        tape_free(&t);
        tape_free(&u);
    }
}

/* Another name is another file; a cut one may be the same. */
Test(captures, the_same_bytes_under_another_name_are_another_file)
{
    struct SimOptions a = {.mtu = 128, .redundancy = 250, .passes = 1, .name = "a"};
    struct SimOptions b = {.mtu = 128, .redundancy = 250, .passes = 1, .name = "b"};
    struct Tape t, u;

    tape_make(&t, 30000, 1, &a);
    tape_make(&u, 30000, 1, &b);
    sim_receiver_open(&receiver);
    for (size_t p = 0; p < t.count; p++) {
        feed(&t, p, p + 1);
        feed(&u, p, p + 1);
    }
    expect(&t, SIM_EQUAL, "with its twin");
    CHECK(receiver.finished == 2, "%u finished", receiver.finished);
    sim_receiver_close(&receiver);
    tape_free(&t);
    tape_free(&u);
}

Test(captures, a_name_that_had_to_be_cut_does_not_make_another_file)
{
    static const char name[] = "a-name-that-is-much-too-long-for-the-smallest-of-all-frames.tar.gz";
    struct SimOptions a = {.mtu = 60, .redundancy = 250, .passes = 1, .name = name};
    struct SimOptions b = {.mtu = 256, .redundancy = 250, .passes = 1, .name = name};
    struct Tape t, u;

    tape_make(&t, 10000, 1, &a);
    tape_make(&u, 10000, 1, &b);
    sim_receiver_open(&receiver);
    feed(&t, 0, t.count / 3);
    feed(&u, 0, u.count);
    expect(&t, SIM_EQUAL, "under both names");
    CHECK(receiver.opened == 1, "%u opened", receiver.opened);
    CHECK(receiver.receiver.counters.clashes == 0, "%" PRIu64 " clashes",
          receiver.receiver.counters.clashes);
    sim_receiver_close(&receiver);
    tape_free(&t);
    tape_free(&u);
}
