/*
 * Two-way transfers whose sides start anew, sleep, or do not hear each other for long. The property
 * is that of test_duplex; where a stream cannot be had again its sender says so.
 */
#include "duplex_kit.h"

/* As many as may be in flight, and more, with the questions that follow: seq has 8 bits. */
Test(duplex_cuts, the_loss_of_all_that_is_in_flight_is_made_good, .timeout = 200)
{
    static const unsigned counts[] = {150, 190, 200, 210, 222, 230, 255, 300, 400};
    uint8_t *bytes = sim_content(2000000, 1);

    for (unsigned i = 0; i < 4 * sizeof counts / sizeof *counts; i++) {
        struct DuplexOptions o = line_of(1000000);
        unsigned questions = i % 4 / 2 * (20 + i);
        struct DuplexResult r;

        o.window = 1 << 20;
        o.sender.mtu = 500;
        o.latency[0] = o.latency[1] = 600 * DUPLEX_MS;
        o.losses[0] = (struct DuplexLoss){PACKET_SOURCE, i % 2 == 0 ? 20 : 1000, counts[i / 4]};
        o.losses[1] = (struct DuplexLoss){PACKET_OBJECT, 2, questions};
        r = duplex_run(bytes, 2000000, &o);
        check_whole(&r, i);
        cr_assert_lt(r.time, (80 + questions * 9) * DUPLEX_SECOND, "case %u: %.1f s", i,
                     (double)r.time / 1e9);
    }
    free(bytes);
}

/* So many that the next looks older than the last one heard: the pauses between questions bound it.
 */
Test(duplex_cuts, the_loss_of_many_answers_in_a_row_is_made_good)
{
    static const unsigned counts[] = {100, 127, 128, 140, 200, 255, 256, 300};
    uint8_t *bytes = sim_content(60000, 1);

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct DuplexOptions o = line_of(RATE);
        struct DuplexResult r;

        o.latency[0] = o.latency[1] = 20 * DUPLEX_MS;
        o.losses[0] = (struct DuplexLoss){PACKET_STATUS, 3, counts[i]};
        r = duplex_run(bytes, 60000, &o);
        check_whole(&r, counts[i]);
        cr_assert_lt(r.time, (20 + counts[i] * 6) * DUPLEX_SECOND, "%u: %" PRIu64 " ns", counts[i],
                     r.time);
    }
    free(bytes);
}

/* Either side may end at any moment and start anew; the receiver with or without what it had. */
Test(duplex_cuts, a_restart_of_either_side_is_survived, .timeout = 200)
{
    uint64_t random = seed() + 2;

    for (uint64_t i = 0; i < sim_rounds(10000); i++) {
        struct DuplexOptions o = draw_line(&random);
        uint64_t size = 1 + draw_size(&random, o.rate[DUPLEX_THERE]);
        uint8_t *bytes = sim_content(size, i);
        uint64_t about =
            (size + 500) * DUPLEX_SECOND / o.rate[DUPLEX_THERE] + o.latency[0] + o.latency[1];
        struct DuplexResult r;

        if (i % 2 == 0)
            o.receiver_restart = 1 + below(&random, about);
        if (i % 3 == 0)
            o.sender_restart = 1 + below(&random, about);
        o.resume = below(&random, 2) == 0;
        r = duplex_run(bytes, size, &o);
        check_whole(&r, i);
        free(bytes);
    }
}

/*
 * A stream cannot be read twice. What its sender still holds it gives to a receiver that starts
 * anew; if that is not all, it says so, and nothing is whole there. A file that was whole before
 * the receiver ended stays so, though nobody is left to confirm it.
 */
Test(duplex_cuts, a_restart_in_a_stream_is_survived_or_told, .timeout = 200)
{
    uint64_t random = seed() + 6;
    unsigned whole = 0, told = 0;

    for (uint64_t i = 0; i < sim_rounds(6000); i++) {
        struct DuplexOptions o = draw_line(&random);
        uint64_t size = 1 + draw_size(&random, o.rate[DUPLEX_THERE]), wire;
        struct DuplexResult r;
        uint8_t *bytes;

        o.sender.stream = true;
        o.sender.lines = below(&random, 2) == 0 ? 0 : 1 + below(&random, 30);
        if (o.sender.lines > 0 && size > 3000 * o.sender.lines)
            size = 3000 * o.sender.lines;
        bytes = sim_content(size, i);
        wire = size + 500 + (o.sender.lines > 0 ? size / o.sender.lines * 20 : 0);
        wire = wire * DUPLEX_SECOND / o.rate[DUPLEX_THERE] + o.latency[0] + o.latency[1];
        if (i % 3 != 0)
            o.receiver_restart = 1 + below(&random, wire);
        if (i % 3 != 1)
            o.sender_restart = 1 + below(&random, wire);
        if (i % 5 == 0) {
            o.jump = 1 + below(&random, wire);
            o.jump_by = (1 + below(&random, 3600)) * DUPLEX_SECOND;
            o.limit += o.jump_by;
        }
        r = duplex_run(bytes, size, &o);
        if (r.sender != SENDER_FAILED) {
            check_whole(&r, i);
            whole++;
        } else {
            cr_assert_neq(o.receiver_restart, 0, "case %" PRIu64, i);
            cr_assert_neq(r.file, SIM_WRONG, "case %" PRIu64, i);
            told++;
        }
        free(bytes);
    }
    cr_assert_gt(whole, 10 * told);
    cr_assert(told > 0 || sim_rounds(6000) < 6000);
}

Test(duplex_cuts, a_receiver_that_goes_on_is_not_sent_again_what_it_has)
{
    uint8_t *bytes = sim_content(100000, 1);
    struct DuplexOptions o = line_of(RATE);
    struct DuplexResult r;

    o.receiver_restart = 5 * DUPLEX_SECOND;
    o.resume = true;
    r = duplex_run(bytes, 100000, &o);
    check_whole(&r, 0);
    cr_assert_lt(r.wire[DUPLEX_THERE], 112000);
    free(bytes);
}

/* The process was stopped, the machine slept: for both sides at once time has leapt. */
Test(duplex_cuts, a_leap_of_the_clock_is_survived)
{
    uint64_t random = seed() + 3;

    for (uint64_t i = 0; i < sim_rounds(3000); i++) {
        struct DuplexOptions o = draw_line(&random);
        uint64_t size = draw_size(&random, o.rate[DUPLEX_THERE]);
        uint8_t *bytes = sim_content(size, i);
        struct DuplexResult r;

        o.jump = 1 + below(&random, 10 * DUPLEX_SECOND);
        o.jump_by = (1 + below(&random, 3600)) * DUPLEX_SECOND;
        o.limit += o.jump_by;
        r = duplex_run(bytes, size, &o);
        check_whole(&r, i);
        free(bytes);
    }
}
