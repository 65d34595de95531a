/* One direction of a bad line, between two pipes, on a clock of its own. */
#include "host/line.h"
#include "unit/check.h"
#include "unit/random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define START (77 * CLOCK_SECOND)
#define BAUD  115200
#define RATE  (BAUD / 10)

/* Somebody writes into `in` and reads from `out`. */
struct Bench {
    struct Line line;
    struct Loop loop;
    int in;
    int out;
    uint64_t now;
    uint64_t wakeups;
};

static struct Bench bench;
static uint8_t memory[1 << 16];
static uint8_t frames[1 << 16]; /* of 50 bytes, to be written */
static const struct LineConfig paced = {.baud = BAUD};

static struct Bench *bench_open(const struct LineConfig *config)
{
    struct Bench *b = &bench;
    int in[2], out[2];
    for (size_t i = 0; i < sizeof frames; i++)
        frames[i] = i % 50 == 49 ? 0 : 'x';
    cr_assert(pipe2(in, O_NONBLOCK) == 0 && pipe2(out, O_NONBLOCK) == 0);
    *b = (struct Bench){.in = in[1], .out = out[0], .now = START};
    cr_assert_eq(port_open(&b->line.port, in[0], out[1], "pipe"), 0);
    cr_assert_eq(line_open(&b->line, config, b->now), 0);
    loop_open(&b->loop);
    return b;
}

static void bench_close(struct Bench *b)
{
    loop_close(&b->loop);
    line_close(&b->line);
    port_close(&b->line.port);
}

/* What the line does at this moment, and again at its deadlines up to `until`. */
static void run(struct Bench *b, uint64_t until)
{
    for (;;) {
        line_watch(&b->line, &b->loop, b->now);
        int ready = loop_wait(&b->loop, 0);
        cr_assert_eq(line_feed(&b->line, &b->loop, b->now), 0);
        cr_assert_eq(line_drain(&b->line, &b->loop, b->now), 0);
        b->wakeups++;
        uint64_t due = line_deadline(&b->line, b->now);
        if (ready == 0 && due > until)
            break;
        b->now = due > b->now && due <= until ? due : b->now;
    }
    b->now = until;
}

static size_t write_some(struct Bench *b, size_t len)
{
    ssize_t n = write(b->in, frames, len);
    return n > 0 ? (size_t)n : 0;
}

static size_t read_all(struct Bench *b)
{
    size_t sum = 0;
    for (ssize_t n; (n = read(b->out, memory, sizeof memory)) > 0;)
        sum += (size_t)n;
    return sum;
}

Test(line, without_options_it_passes_all_unchanged_and_at_once)
{
    struct Bench *b = bench_open(&(struct LineConfig){.baud = 0});
    struct TestRandom random = {test_random_seed()};
    static uint8_t sent[10000];
    test_random_fill(&random, sent, sizeof sent);
    cr_assert_eq(write(b->in, sent, sizeof sent), sizeof sent);
    run(b, START);
    cr_assert_eq(read(b->out, memory, sizeof memory), sizeof sent);
    cr_assert_arr_eq(memory, sent, sizeof sent);
    cr_assert(!line_done(&b->line));
    close(b->in);
    run(b, START);
    cr_assert(line_done(&b->line));
    bench_close(b);
}

/* Bytes that come out within some seconds, if there is always something to write. */
static uint64_t bytes_in_seconds(struct Bench *b, uint64_t seconds)
{
    uint64_t sum = 0;
    uint64_t end = b->now + seconds * CLOCK_SECOND;
    while (b->now < end) {
        (void)write_some(b, sizeof frames);
        run(b, b->now + 20 * CLOCK_MS);
        sum += read_all(b);
    }
    return sum;
}

Test(line, keeps_to_its_baud_rate_with_few_wake_ups)
{
    static const uint64_t bauds[] = {300, 9600, BAUD, 921600, 12000000};
    for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; i++) {
        struct Bench *b = bench_open(&(struct LineConfig){.baud = bauds[i]});
        uint64_t due = bauds[i] * 20 / 10;
        uint64_t got = bytes_in_seconds(b, 20);
        uint64_t off = got > due ? got - due : due - got;
        CHECK(off <= due / 200 + 2, "%" PRIu64 " baud: %" PRIu64 " bytes", bauds[i], got);
        /* A few for each 20 ms of this test, and one for each piece of 4 ms. */
        CHECK(b->wakeups <= 20 * 600, "%" PRIu64 " baud: %" PRIu64, bauds[i], b->wakeups);
        bench_close(b);
    }
}

Test(line, lost_bytes_and_second_copies_take_their_time_too)
{
    struct LineConfig half_lost = {.baud = BAUD, .damage = {.drop = 0.5}};
    struct Bench *b = bench_open(&half_lost);
    uint64_t got = bytes_in_seconds(b, 20);
    cr_assert(got > RATE * 9 && got < RATE * 11, "%" PRIu64, got);
    bench_close(b);

    struct LineConfig doubled = {.baud = BAUD, .damage = {.dup = 1}};
    b = bench_open(&doubled);
    got = 0;
    for (unsigned i = 0; i < 100; i++) {
        (void)write_some(b, 50);
        run(b, b->now + CLOCK_MS);
        got += read_all(b);
    }
    cr_assert_gt(got, 50 * 3);
    cr_assert_leq(got, RATE / 10 + RATE / 100); /* in 100 ms */
    cr_assert_leq(bytes_in_seconds(b, 10), RATE * 10 + RATE / 20);
    bench_close(b);
}

/* Bytes that the line keeps when nobody reads. */
static uint64_t kept(const struct LineConfig *config)
{
    struct Bench *b = bench_open(config);
    cr_assert_eq(fcntl(b->out, F_SETPIPE_SZ, 4096), 4096);
    for (unsigned i = 0; i < 100; i++) {
        (void)write_some(b, sizeof frames);
        run(b, b->now + 20 * CLOCK_MS);
    }
    uint64_t inside = b->line.port.bytes_in - b->line.port.bytes_out;
    cr_assert_leq(b->line.port.bytes_out, 4096);
    bench_close(b);
    return inside;
}

Test(line, holds_the_writer_back_with_little_in_between)
{
    uint64_t short_queue = kept(&paced);
    cr_assert(short_queue >= RATE / 50 && short_queue <= RATE / 20, "%" PRIu64, short_queue);
    /* and what is travelling */
    struct LineConfig far_away = {.baud = BAUD, .latency = 500 * CLOCK_MS};
    uint64_t long_queue = kept(&far_away);
    cr_assert_geq(long_queue, RATE / 2);
    cr_assert_leq(long_queue, RATE / 2 + RATE / 20);
}

Test(line, goes_on_at_full_rate_once_it_is_read_again)
{
    struct Bench *b = bench_open(&paced);
    cr_assert_eq(fcntl(b->out, F_SETPIPE_SZ, 4096), 4096);
    for (unsigned i = 0; i < 100; i++) {
        (void)write_some(b, sizeof frames);
        run(b, b->now + 20 * CLOCK_MS);
    }
    cr_assert_geq(read_all(b), 4000);
    uint64_t got = bytes_in_seconds(b, 10);
    cr_assert_geq(got, RATE * 10);
    cr_assert_leq(got, RATE * 10 + RATE / 20); /* time in which it was held back is lost */
    bench_close(b);
}

Test(line, delays_every_byte_by_its_latency)
{
    struct LineConfig far_away = {.baud = BAUD, .latency = 250 * CLOCK_MS};
    struct Bench *b = bench_open(&far_away);
    (void)write_some(b, 10);
    run(b, START + 249 * CLOCK_MS);
    cr_assert_eq(read_all(b), 0);
    cr_assert_eq(line_arrived(&b->line, b->now), 0);
    run(b, START + 251 * CLOCK_MS);
    cr_assert_eq(read_all(b), 10);
    /* At full rate all the same. */
    (void)bytes_in_seconds(b, 1);
    uint64_t got = bytes_in_seconds(b, 10);
    cr_assert(got >= RATE * 10 * 995 / 1000 && got <= RATE * 10 * 1005 / 1000, "%" PRIu64, got);
    bench_close(b);
}

Test(line, throws_away_and_counts_what_has_arrived_if_nobody_is_there)
{
    struct LineConfig far_away = {.latency = 100 * CLOCK_MS};
    struct Bench *b = bench_open(&far_away);
    (void)write_some(b, 30);
    run(b, START + 50 * CLOCK_MS);
    (void)write_some(b, 70);
    run(b, START + 60 * CLOCK_MS);
    b->now = START + 110 * CLOCK_MS;
    cr_assert_eq(line_arrived(&b->line, b->now), 30);
    line_discard(&b->line, b->now);
    cr_assert_eq(b->line.discarded, 30);
    run(b, START + 200 * CLOCK_MS);
    cr_assert_eq(read_all(b), 70);
    bench_close(b);
}

Test(line, after_the_end_frames_held_back_come_and_it_can_go_on)
{
    struct LineConfig config = {.damage = {.reorder = 1000, .wire = DAMAGE_LINES}};
    struct Bench *b = bench_open(&config);
    int again = dup(b->line.port.in.fd);
    cr_assert_eq(write(b->in, "a\nb\nc\nd\n", 8), 8);
    run(b, START);
    size_t before = read_all(b);
    cr_assert_lt(before, 8);
    b->line.port.eof = true; /* as if the other side of a pty had closed */
    damage_finish(&b->line.damage);
    run(b, START);
    cr_assert_eq(before + read_all(b), 8);
    b->line.port.eof = false;
    cr_assert_eq(write(b->in, "e\n", 2), 2);
    close(b->in);
    run(b, START);
    cr_assert_eq(read_all(b), 2);
    cr_assert(line_done(&b->line));
    close(again);
    bench_close(b);
}

Test(line, tells_what_failed)
{
    struct Bench *b = bench_open(&paced);
    int directory = open("/", O_RDONLY);
    (void)write_some(b, 1);
    line_watch(&b->line, &b->loop, b->now);
    cr_assert_eq(loop_wait(&b->loop, 0), 1);
    int in = b->line.port.in.fd;
    b->line.port.in.fd = directory;
    cr_assert_eq(line_feed(&b->line, &b->loop, b->now), -1);
    cr_assert_eq(errno, EISDIR);
    b->line.port.in.fd = in;
    cr_assert_eq(line_feed(&b->line, &b->loop, b->now), 0);
    close(b->out);
    cr_assert_eq(line_drain(&b->line, &b->loop, b->now), -1);
    cr_assert_eq(errno, EPIPE);
    bench_close(b);
}
