/* The pacer against a simulated clock: late wake-ups, stalls, silences. */
#include "host/clock.h"
#include "host/pacer.h"
#include "unit/random.h"

#define START  (123 * CLOCK_SECOND + 456789)
#define EVENTS 200000

struct Event {
    uint64_t at;
    uint64_t line; /* line time in ns */
};

/* A flow that always has the next frame. */
struct Flow {
    struct Pacer pacer;
    struct TestRandom random;
    uint64_t rate;
    uint64_t frame; /* bytes */
    uint64_t late;  /* a wake-up is up to this many ns late */
    uint64_t now;
    uint64_t bytes;
    size_t events;
    size_t wakeups;
};

static struct Event events[EVENTS];

static struct Flow flow_of(uint64_t rate, uint64_t frame, uint64_t late)
{
    struct Flow f = {.rate = rate, .frame = frame, .late = late, .now = START};
    f.random.state = test_random_seed() + rate + late;
    pacer_init(&f.pacer, rate, 0, START);
    return f;
}

/* Hand over what is allowed, in whole frames, at least one. */
static void flow_send(struct Flow *f)
{
    size_t allowed = pacer_allowance(&f->pacer, f->now);
    uint64_t frames = allowed == 0 ? 0 : allowed < f->frame ? 1 : allowed / f->frame;
    uint64_t bytes = frames * f->frame;
    cr_assert(allowed <= 1 || allowed * CLOCK_SECOND / f->rate <= PACER_BURST);
    f->wakeups++;
    if (frames == 0)
        return;
    pacer_spend(&f->pacer, f->now, bytes, frames);
    f->bytes += bytes;
    cr_assert_lt(f->events, EVENTS);
    events[f->events++] = (struct Event){f->now, bytes * CLOCK_SECOND / f->rate};
}

static void flow_run(struct Flow *f, uint64_t until)
{
    while (f->now < until) {
        flow_send(f);
        uint64_t due = pacer_deadline(&f->pacer);
        due = due > f->now ? due : f->now;
        f->now = due + (f->late > 0 ? test_random_below(&f->random, f->late) : 0);
    }
}

/* Most line time in any window of length ns that is closed on its right. */
static uint64_t most_in(const struct Flow *f, uint64_t length)
{
    uint64_t sum = 0;
    uint64_t most = 0;
    for (size_t first = 0, last = 0; last < f->events; last++) {
        sum += events[last].line;
        while (events[last].at - events[first].at >= length)
            sum -= events[first++].line;
        most = sum > most ? sum : most;
    }
    return most;
}

static void assert_mean(const struct Flow *f, uint64_t since, uint64_t tolerance_per_mille)
{
    uint64_t due = (f->now - since) / 1000 * f->rate / (CLOCK_SECOND / 1000);
    uint64_t off = f->bytes > due ? f->bytes - due : due - f->bytes;
    uint64_t frames = f->frame + f->rate / 100; /* 10 ms at the edges */
    cr_assert_leq(off, due / 1000 * tolerance_per_mille + frames,
                  "rate %" PRIu64 " late %" PRIu64 ": %" PRIu64 " bytes instead of %" PRIu64,
                  f->rate, f->late, f->bytes, due);
}

static const uint64_t rates[] = {1000, 11520, 333333, 1000000, 12500000, 100000000};
static const uint64_t lateness[] = {0, 60000, CLOCK_MS, 3 * CLOCK_MS};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Frames of a millisecond of line, at most 1,400 bytes: small against 50 ms. */
static uint64_t small_frame(uint64_t rate)
{
    uint64_t ms = rate / 1000;
    return ms < 1 ? 1 : ms < 1400 ? ms : 1400;
}

Test(pacer, mean_is_exact_and_any_50_ms_within_10_percent_however_late_the_wake_ups)
{
    for (size_t i = 0; i < COUNT(rates) * COUNT(lateness); i++) {
        uint64_t rate = rates[i / COUNT(lateness)];
        struct Flow f = flow_of(rate, small_frame(rate), lateness[i % COUNT(lateness)]);
        flow_run(&f, START + 20 * CLOCK_SECOND);
        assert_mean(&f, START, 5);
        uint64_t most = most_in(&f, 50 * CLOCK_MS);
        cr_assert_leq(most, 55 * CLOCK_MS, "rate %" PRIu64 ": %" PRIu64 " ns in 50 ms", rate, most);
        cr_assert_leq(most_in(&f, 1), PACER_BURST + CLOCK_MS);
        cr_assert_leq(f.wakeups, 20 * 1010); /* a millisecond of line is worth a wake-up */
    }
}

Test(pacer, a_stall_is_made_up_for_at_most_5_percent_faster)
{
    for (size_t i = 0; i < COUNT(rates) * COUNT(lateness); i++) {
        uint64_t rate = rates[i / COUNT(lateness)];
        struct Flow f = flow_of(rate, small_frame(rate), lateness[i % COUNT(lateness)]);
        for (unsigned second = 0; second < 20; second += 5) {
            flow_run(&f, START + second * CLOCK_SECOND);
            f.now += CLOCK_SECOND / 5;
        }
        flow_run(&f, START + 20 * CLOCK_SECOND);
        if (f.late <= CLOCK_MS) /* later ones eat up what 5 % could win back */
            assert_mean(&f, START, 5);
        cr_assert_leq(most_in(&f, 50 * CLOCK_MS), 55 * CLOCK_MS, "rate %" PRIu64, rate);
        cr_assert_leq(most_in(&f, CLOCK_SECOND), 1058 * CLOCK_MS, "rate %" PRIu64, rate);
    }
}

Test(pacer, no_more_than_a_second_is_made_up_for)
{
    struct Flow f = flow_of(1000000, 1000, 60000);
    flow_run(&f, START + CLOCK_SECOND);
    f.now += 10 * CLOCK_SECOND;
    flow_run(&f, START + 61 * CLOCK_SECOND);
    cr_assert_geq(f.bytes, 51990000); /* 60 s less the 9 that are lost */
    cr_assert_leq(f.bytes, 52010000);
}

Test(pacer, silence_earns_no_more_than_a_burst)
{
    for (size_t i = 0; i < COUNT(rates); i++) {
        struct Flow f = flow_of(rates[i], small_frame(rates[i]), 60000);
        flow_run(&f, START + CLOCK_SECOND);
        for (unsigned silence = 0; silence < 3; silence++) {
            /* It wakes up when it may send again, finds nothing to send, and sleeps. */
            f.now = pacer_deadline(&f.pacer);
            cr_assert_gt(pacer_allowance(&f.pacer, f.now), 0);
            f.now += (silence + 1) * CLOCK_SECOND;
            uint64_t before = f.bytes;
            uint64_t since = f.now;
            flow_run(&f, f.now + CLOCK_SECOND);
            uint64_t line = (f.bytes - before) * CLOCK_SECOND / f.rate;
            cr_assert_leq(line, f.now - since + PACER_BURST + 2 * CLOCK_MS, "rate %" PRIu64,
                          f.rate);
        }
        cr_assert_leq(most_in(&f, 50 * CLOCK_MS), 55 * CLOCK_MS);
    }
}

Test(pacer, a_frame_longer_than_any_burst_goes_whole_and_is_paid_for)
{
    for (size_t i = 0; i < COUNT(lateness); i++) {
        struct Flow f = flow_of(1000, 65536, lateness[i]);
        cr_assert_gt(pacer_allowance(&f.pacer, f.now), 0);
        flow_run(&f, START + 1000 * CLOCK_SECOND);
        cr_assert_eq(f.events, 16); /* at 0, 65.5, ... 983 s */
        f.now += 70 * CLOCK_SECOND;
        f.events = 0;
        flow_run(&f, START + 2000 * CLOCK_SECOND);
        for (size_t e = 1; e < f.events; e++)
            cr_assert_geq(events[e].at - events[e - 1].at, 62 * CLOCK_SECOND);
    }
}

Test(pacer, remainders_are_kept)
{
    struct Flow f = flow_of(7, 1, 0);
    flow_run(&f, START + 3600 * CLOCK_SECOND);
    cr_assert_geq(f.bytes, 7 * 3600 - 1);
    cr_assert_leq(f.bytes, 7 * 3600 + 1);

    struct Pacer p; /* a byte of 1.43 ns */
    pacer_init(&p, 700000000, 0, START);
    for (unsigned n = 0; n < 7000000; n++)
        pacer_spend(&p, START, 1, 0);
    cr_assert_eq(pacer_deadline(&p), START + 10 * CLOCK_MS);
}

Test(pacer, packets_a_second_are_held_to_as_well)
{
    struct Pacer p;
    struct TestRandom random = {test_random_seed()};
    uint64_t sent = 0;
    pacer_init(&p, 1000000, 300, START);
    for (uint64_t now = START; now < START + 10 * CLOCK_SECOND;) {
        while (pacer_allowance(&p, now) > 0) {
            pacer_spend(&p, now, 100, 1);
            sent++;
        }
        cr_assert_gt(pacer_deadline(&p), now);
        now = pacer_deadline(&p) + test_random_below(&random, CLOCK_MS);
    }
    cr_assert_geq(sent, 2997);
    cr_assert_leq(sent, 3003);
}

Test(pacer, without_rates_everything_is_allowed_at_once)
{
    struct Pacer p;
    pacer_init(&p, 0, 0, START);
    pacer_spend(&p, START, 1 << 28, 1000);
    cr_assert_eq(pacer_allowance(&p, START), SIZE_MAX);
    cr_assert_eq(pacer_deadline(&p), 0);
}

Test(pacer, something_is_allowed_at_the_deadline_and_nothing_before_it)
{
    for (size_t i = 0; i < COUNT(rates); i++) {
        struct Flow f = flow_of(rates[i], small_frame(rates[i]), 0);
        for (unsigned n = 0; n < 5000; n++) {
            cr_assert_gt(pacer_allowance(&f.pacer, f.now), 0);
            while (pacer_allowance(&f.pacer, f.now) > 0)
                pacer_spend(&f.pacer, f.now, f.frame, 1);
            uint64_t due = pacer_deadline(&f.pacer);
            cr_assert_gt(due, f.now);
            cr_assert_eq(pacer_allowance(&f.pacer, due - 1), 0);
            f.now = due + (n % 500 == 0 ? CLOCK_SECOND / 5 : 0);
        }
    }
}
