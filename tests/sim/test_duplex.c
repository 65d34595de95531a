/*
 * Two-way transfers on a virtual line and clock. The property is always the same: the sender that
 * has heard VERIFIED has sent a file that is equal, within a bounded time and number of bytes.
 */
#include "duplex_kit.h"

Test(duplex, any_line_delivers_the_file_in_bounded_time, .timeout = 200)
{
    uint64_t random = seed();

    for (uint64_t i = 0; i < sim_rounds(12000); i++) {
        struct DuplexOptions o = draw_line(&random);
        uint64_t size = draw_size(&random, o.rate[DUPLEX_THERE]);
        uint8_t *bytes = sim_content(size, i);
        struct DuplexResult r = duplex_run(bytes, size, &o);

        check_whole(&r, i);
        free(bytes);
    }
}

Test(duplex, any_line_carries_streams, .timeout = 200)
{
    uint64_t random = seed() + 1;

    for (uint64_t i = 0; i < sim_rounds(8000); i++) {
        struct DuplexOptions o = draw_line(&random);
        uint64_t size = draw_size(&random, o.rate[DUPLEX_THERE]);
        uint8_t *bytes;
        struct DuplexResult r;

        o.sender.stream = true;
        o.sender.lines = below(&random, 2) == 0 ? 0 : 1 + below(&random, 300);
        if (o.sender.lines > 0 && size > 100 * o.sender.lines)
            size = 100 * o.sender.lines; /* a packet each */
        bytes = sim_content(size, i);
        r = duplex_run(bytes, size, &o);
        check_whole(&r, i);
        free(bytes);
    }
}

/* Of every type the packets at every position, one or several in a row. */
Test(duplex, the_loss_of_any_packet_is_made_good, .timeout = 200)
{
    static const struct {
        enum PacketType type;
        unsigned most;
    } types[] = {{PACKET_OBJECT, 4},
                 {PACKET_SOURCE, 20},
                 {PACKET_END, 4},
                 {PACKET_STATUS, 20},
                 {PACKET_DONE, 2}};
    uint8_t *bytes = sim_content(9000, 1);
    uint64_t number = 0;

    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (unsigned from = 0; from <= types[t].most; from++) {
            for (unsigned count = 1; count <= 8; count++, number++) {
                struct DuplexOptions o = line_of(RATE);
                struct DuplexResult r;

                o.losses[0] = (struct DuplexLoss){types[t].type, from, count};
                if (number % 2 == 1) /* together with the first answers */
                    o.losses[1] = (struct DuplexLoss){PACKET_STATUS, 0, 2};
                o.latency[0] = o.latency[1] = number % 3 * 100 * DUPLEX_MS;
                r = duplex_run(bytes, 9000, &o);
                check_whole(&r, number);
                cr_assert_lt(r.time, 60 * DUPLEX_SECOND, "case %" PRIu64, number);
                if (types[t].type != PACKET_DONE || from + count < SENDER_DONES)
                    cr_assert(r.done, "case %" PRIu64 ": DONE was not heard", number);
            }
        }
    }
    free(bytes);
}

/* It is told that all is here, and asks on until that is verified; no silence is long. */
Test(duplex, a_sender_waits_as_long_as_verifying_takes)
{
    uint8_t *bytes = sim_content(9000, 1);

    for (uint64_t seconds = 1; seconds <= 3600; seconds = 3 * seconds + 1) {
        struct DuplexOptions o = line_of(RATE);
        struct DuplexResult r;

        o.finish_time = seconds * DUPLEX_SECOND;
        o.sender.stream = seconds % 2 == 0;
        r = duplex_run(bytes, 9000, &o);
        check_whole(&r, seconds);
        cr_assert(r.done);
        cr_assert_lt(r.time, (seconds + 4) * DUPLEX_SECOND);
        cr_assert_gt(r.counters.statuses, seconds / 3);
        cr_assert_lt(r.wire[DUPLEX_THERE], 10000 + 400 * seconds);
    }
    free(bytes);
}

Test(duplex, a_small_receiver_is_never_overrun_once_it_has_said_so)
{
    uint64_t random = seed() + 4;

    for (uint64_t i = 0; i < sim_rounds(500); i++) {
        struct DuplexOptions o = line_of(92160);
        uint8_t *bytes = sim_content(20000, i);
        struct DuplexResult r;

        o.window = 512 + below(&random, 1024);
        o.sender.window = i % 2 == 0 ? o.window : 0;
        o.latency[DUPLEX_BACK] = below(&random, 100) * DUPLEX_MS;
        o.damage[DUPLEX_THERE] = draw_damage(&random, 0.2);
        o.damage[DUPLEX_THERE].dup = 0;
        r = duplex_run(bytes, 20000, &o);
        check_whole(&r, i);
        if (i % 2 == 0) /* from the very first byte on */
            cr_assert_leq(r.flight_most, o.window, "case %" PRIu64 ": %" PRIu64, i, r.flight_most);
        free(bytes);
    }
}

Test(duplex, half_duplex_stations_take_turns, .timeout = 200)
{
    uint64_t random = seed() + 5;

    for (uint64_t i = 0; i < sim_rounds(3000); i++) {
        struct DuplexOptions o = line_of(i % 2 == 0 ? 960 : RATE);
        uint64_t size = below(&random, 20000);
        uint8_t *bytes = sim_content(size, i);
        struct DuplexResult r;

        o.turnaround = (1 + below(&random, 200)) * DUPLEX_MS;
        if (i % 3 == 0)
            o.damage[DUPLEX_THERE] = draw_damage(&random, 0.3);
        if (i % 5 == 0)
            o.damage[DUPLEX_BACK] = draw_damage(&random, 0.3);
        r = duplex_run(bytes, size, &o);
        check_whole(&r, i);
        free(bytes);
    }
}

/* Bytes sent, headers included, for each byte of the object that had to be sent at this loss. */
Test(duplex, no_more_is_sent_than_the_loss_demands)
{
    static const double losses[] = {0, 0.05, 0.1, 0.2, 0.3, 0.5};
    uint8_t *bytes = sim_content(200000, 1);

    for (uint64_t i = 0; i < sizeof losses / sizeof *losses * 4; i++) {
        double loss = losses[i / 4];
        struct DuplexOptions o = line_of(RATE);
        struct DuplexResult r;

        o.damage[DUPLEX_THERE] = (struct DamageConfig){.loss = loss, .seed = i};
        o.damage[DUPLEX_BACK] =
            (struct DamageConfig){.loss = i % 2 == 0 ? 0 : loss, .seed = i + 99};
        o.latency[0] = o.latency[1] = i % 4 / 2 * 250 * DUPLEX_MS;
        r = duplex_run(bytes, 200000, &o);
        check_whole(&r, i);
        cr_assert_lt((double)r.wire[DUPLEX_THERE] * (1 - loss) / 200000, 1.2,
                     "loss %.2f: %" PRIu64 " bytes", loss, r.wire[DUPLEX_THERE]);
        cr_assert_lt(r.wire[DUPLEX_BACK] * 8, r.wire[DUPLEX_THERE],
                     "loss %.2f: %" PRIu64 " of %" PRIu64 " bytes", loss, r.wire[DUPLEX_BACK],
                     r.wire[DUPLEX_THERE]);
    }
    free(bytes);
}

/* On a line of 115,200 baud; the goals are what ZMODEM, Kermit and UUCP do at best, and more. */
Test(duplex, goodput_is_close_to_what_the_line_carries)
{
    static const struct {
        double ber, drop, burst_gap;
        uint64_t latency;
        double least;
    } columns[] = {
        {0, 0, 0, 0, 0.98},    {1e-6, 0, 0, 0, 0.965},   {1e-5, 0, 0, 0, 0.925},
        {1e-4, 0, 0, 0, 0.80}, {0, 0, 20000, 0, 0.93},   {0, 1e-4, 0, 0, 0.91},
        {0, 0, 0, 250, 0.97},  {1e-5, 0, 0, 250, 0.905},
    };
    uint8_t *bytes = sim_content(1 << 20, 1);

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct DuplexOptions o = line_of(RATE);
        struct DuplexResult r;
        double goodput;

        for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++) {
            o.damage[w] = (struct DamageConfig){.ber = columns[i].ber,
                                                .drop = columns[i].drop,
                                                .burst_gap = columns[i].burst_gap,
                                                .burst_len = 16,
                                                .seed = seed() + w};
            o.latency[w] = columns[i].latency * DUPLEX_MS;
        }
        r = duplex_run(bytes, 1 << 20, &o);
        check_whole(&r, i);
        goodput = (double)(1 << 20) / RATE / ((double)r.time / 1e9);
        cr_assert_gt(goodput, columns[i].least, "column %zu: %.4f", i, goodput);
    }
    free(bytes);
}

/* Whatever is lost: nothing waits for the next line to come. */
Test(duplex, a_line_of_a_stream_is_there_long_before_the_next)
{
    uint64_t random = seed() + 7;

    for (uint64_t i = 0; i < sim_rounds(500); i++) {
        struct DuplexOptions o = line_of(RATE);
        uint8_t *bytes = sim_content(200, i);
        struct DuplexResult r;

        o.sender.stream = true;
        o.sender.lines = 1 + below(&random, 40);
        o.sender.pause = (100 + below(&random, 1000)) * DUPLEX_SECOND;
        o.limit = 3600 * 200 * DUPLEX_SECOND;
        for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++) {
            o.damage[w] = (struct DamageConfig){.loss = 0.1, .seed = sim_random(&random)};
            o.latency[w] = below(&random, 1000) * DUPLEX_MS;
        }
        r = duplex_run(bytes, 200, &o);
        check_whole(&r, i);
        cr_assert_lt(r.behind, 60 * DUPLEX_SECOND, "case %" PRIu64 ": %.1f s", i,
                     (double)r.behind / 1e9);
        free(bytes);
    }
}
