/*
 * Two-way transfers on a virtual line and clock. The property is always the same: the sender that
 * has heard VERIFIED has sent a file that is equal, within a bounded time and number of bytes.
 */
#include "duplex.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#define RATE 11520 /* of 115,200 baud */

static uint64_t seed(void)
{
    const char *text = getenv("DTTK_SEED");

    return text ? strtoull(text, NULL, 0) : 1;
}

static struct DuplexOptions line_of(uint64_t rate)
{
    return (struct DuplexOptions){.sender = {.line_rate = rate},
                                  .rate = {rate, rate},
                                  .window = 65536,
                                  .limit = 7200 * DUPLEX_SECOND};
}

/* Stops the test unless the file is equal and both sides know. */
static void check_whole(const struct DuplexResult *r, uint64_t which)
{
    cr_assert_eq(r->sender, SENDER_FINISHED,
                 "case %" PRIu64 ", seed %" PRIu64 ": state %d after %.1f s; %" PRIu64
                 " answers, %" PRIu64 " bad, %" PRIu64 " late, %" PRIu64 " questions",
                 which, seed(), (int)r->sender, (double)r->time / 1e9, r->counters.statuses,
                 r->counters.bad, r->counters.late, r->counters.questions);
    cr_assert_eq(r->file, SIM_EQUAL, "case %" PRIu64 ", seed %" PRIu64 ": the file is %d", which,
                 seed(), (int)r->file);
}

static uint64_t below(uint64_t *random, uint64_t n)
{
    return sim_random(random) % n;
}

/* Loss of frames, bits or bytes, on one way. */
static struct DamageConfig draw_damage(uint64_t *random, double loss_most)
{
    struct DamageConfig c = {.seed = sim_random(random)};
    double share = (double)below(random, 1001) / 1000;

    switch (below(random, 5)) {
    case 0:
        break;
    case 1:
        c.ber = 1e-6 * (double)(1 + below(random, 200));
        break;
    case 2:
        c.drop = 1e-5 * (double)(1 + below(random, 50));
        break;
    case 3:
        c.burst_gap = 2000;
        c.burst_len = 1 + (double)below(random, 100);
        break;
    default:
        c.loss = share * loss_most;
        c.dup = share / 10;
        break;
    }
    return c;
}

static struct DuplexOptions draw_line(uint64_t *random)
{
    static const uint64_t rates[] = {120, 960, 11520, 92160, 1000000};
    static const uint64_t latencies[] = {0, 0, 1, 20, 250, 2000};
    static const uint64_t windows[] = {512, 1024, 4096, 65536, 1 << 20};
    struct DuplexOptions o = line_of(rates[below(random, 5)]);

    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++) {
        o.damage[w] = draw_damage(random, 0.5);
        o.latency[w] = latencies[below(random, 6)] * DUPLEX_MS;
    }
    if (below(random, 3) == 0) /* asymmetric */
        o.rate[DUPLEX_BACK] = rates[below(random, 5)];
    o.window = windows[below(random, 5)];
    if (below(random, 4) == 0)
        o.sender.mtu = 100 + below(random, 2000);
    o.sender.run = (uint16_t)sim_random(random);
    return o;
}

static uint64_t draw_size(uint64_t *random, uint64_t rate)
{
    uint64_t most = rate < 1000 ? 4000 : 60000;

    return below(random, 4) == 0 ? below(random, 600) : below(random, most);
}

Test(duplex, any_line_delivers_the_file_in_bounded_time, .timeout = 200)
{
    uint64_t random = seed();

    for (uint64_t i = 0; i < sim_rounds(20000); i++) {
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

/* So many that the next looks older than the last one heard: the pauses between questions bound it.
 */
Test(duplex, the_loss_of_many_answers_in_a_row_is_made_good)
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
Test(duplex, a_restart_of_either_side_is_survived, .timeout = 200)
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
Test(duplex, a_restart_in_a_stream_is_survived_or_told, .timeout = 200)
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

Test(duplex, a_receiver_that_goes_on_is_not_sent_again_what_it_has)
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
Test(duplex, a_leap_of_the_clock_is_survived)
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
