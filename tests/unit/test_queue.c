/* How much is written ahead, to drivers and lines of many kinds; all time is simulated. */
#include "host/queue.h"
#include "unit/check.h"
#include "unit/random.h"
#include <string.h>

#define STEP     (100 * CLOCK_MS / 1000)
#define BLOCKS   16    /* of a USB modem's driver */
#define NOMINAL  11520 /* bytes a second at 115200 baud */
#define CAPACITY 4096  /* bytes of a usual driver */

/* A driver, and the line behind it. */
struct Line {
    uint64_t rate;     /* bytes a second it passes in truth */
    uint64_t capacity; /* bytes the driver takes */
    uint64_t hidden;   /* bytes that left its queue and are still not sent, at most */
    uint64_t block;    /* it takes writes in blocks, and counts them whole; 0: bytes */
    uint64_t pieces[BLOCKS];
    uint64_t kernel; /* bytes queued */
    uint64_t behind; /* bytes hidden */
    uint64_t sent, written, rest;
};

/* What one run did. */
struct Tally {
    uint64_t sent;
    uint64_t idle;  /* steps in which the line had nothing to send */
    uint64_t most;  /* bytes on their way at most, hidden ones included */
    uint64_t looks; /* while there was no room */
};

static void move_pieces(struct Line *l, uint64_t gone)
{
    while (gone > 0) {
        uint64_t n = gone < l->pieces[0] ? gone : l->pieces[0];
        l->pieces[0] -= n;
        gone -= n;
        if (l->pieces[0] == 0) {
            memmove(l->pieces, l->pieces + 1, sizeof l->pieces - sizeof l->pieces[0]);
            l->pieces[BLOCKS - 1] = 0;
        }
    }
}

/* From the queue to where it is not seen. */
static void fill_hidden(struct Line *l)
{
    uint64_t room = l->hidden - l->behind;
    uint64_t n = l->kernel < room ? l->kernel : room;
    l->kernel -= n;
    l->behind += n;
    if (l->block > 0)
        move_pieces(l, n);
}

static void line_pass(struct Line *l, uint64_t ns)
{
    l->rest += l->rate * ns;
    for (uint64_t n = l->rest / CLOCK_SECOND; n > 0 && l->behind + l->kernel > 0;) {
        fill_hidden(l);
        uint64_t some = n < l->behind ? n : l->behind;
        l->behind -= some;
        l->sent += some;
        n -= some;
    }
    l->rest %= CLOCK_SECOND;
    fill_hidden(l);
}

static uint64_t line_queued(const struct Line *l)
{
    uint64_t blocks = 0;
    if (l->block == 0)
        return l->kernel;
    while (blocks < BLOCKS && l->pieces[blocks] > 0)
        blocks++;
    return blocks * l->block;
}

/* As write(2): what fits. */
static uint64_t line_write(struct Line *l, uint64_t len)
{
    uint64_t begin = l->written;
    uint64_t room = l->capacity - l->kernel;
    if (l->block == 0) {
        l->written += len < room ? len : room;
        l->kernel += len < room ? len : room;
    }
    for (size_t i = 0; l->block > 0 && i < BLOCKS && len > 0; i++) {
        if (l->pieces[i] > 0)
            continue;
        uint64_t n = len < l->block ? len : l->block;
        l->pieces[i] = n;
        l->kernel += n;
        l->written += n;
        len -= n;
    }
    fill_hidden(l);
    return l->written - begin;
}

/* Write as much as there is room for, until it takes no more. */
static void write_all(struct Queue *q, struct Line *l, uint64_t now, struct Tally *t)
{
    for (;;) {
        size_t room = queue_look(q, l->written, line_queued(l), now);
        if (room > 0 && line_write(l, room) == room)
            continue;
        if (room > 0)
            queue_refused(q, l->written, line_queued(l), now);
        t->looks++;
        return;
    }
}

/* For so long a writer with no end of bytes writes, and wakes up to `late` ns too late. */
static struct Tally run(struct Queue *q, struct Line *l, uint64_t *now, uint64_t ns, uint64_t late)
{
    struct TestRandom random = {test_random_seed()};
    struct Tally t = {.sent = l->sent};
    uint64_t at = *now, end = *now + ns;
    for (; *now < end; *now += STEP) {
        if (*now >= at) {
            write_all(q, l, *now, &t);
            at = queue_deadline(q) > *now ? queue_deadline(q) : *now;
            at += late > 0 ? test_random_below(&random, late) : 0;
        }
        t.idle += l->behind + l->kernel == 0;
        t.most = l->behind + l->kernel > t.most ? l->behind + l->kernel : t.most;
        line_pass(l, STEP);
    }
    t.sent = l->sent - t.sent;
    return t;
}

Test(queue, a_line_is_never_idle_and_holds_fifty_milliseconds)
{
    static const uint64_t rates[] = {960, 11520, 92160, 400000};
    static const uint64_t fifos[] = {0, 16, 64, 128};
    for (size_t i = 0; i < 16; i++) {
        uint64_t now = CLOCK_SECOND, rate = rates[i / 4];
        struct Line l = {.rate = rate, .capacity = 1 << 20, .hidden = fifos[i % 4] + 1};
        struct Queue q;
        queue_init(&q, rate, now);
        struct Tally t = run(&q, &l, &now, 10 * CLOCK_SECOND, 10 * CLOCK_MS);
        CHECK(t.idle == 0, "%zu: idle %llu", i, (unsigned long long)t.idle);
        CHECK(t.most <= rate / 20 + l.hidden + 1, "%zu: %llu", i, (unsigned long long)t.most);
        CHECK(t.looks < 600, "%zu: %llu looks", i, (unsigned long long)t.looks);
        CHECK(q.rate == rate, "%zu: rate %llu", i, (unsigned long long)q.rate);
    }
}

Test(queue, a_driver_that_holds_less_is_filled_again_in_time)
{
    static const uint64_t rates[] = {92160, 300000, 400000};
    for (size_t i = 0; i < 3; i++) {
        uint64_t now = CLOCK_SECOND;
        struct Line l = {.rate = rates[i], .capacity = CAPACITY, .hidden = 64};
        struct Queue q;
        queue_init(&q, rates[i], now);
        struct Tally t = run(&q, &l, &now, 10 * CLOCK_SECOND, 3 * CLOCK_MS);
        CHECK(t.idle == 0, "%zu: idle %llu", i, (unsigned long long)t.idle);
        CHECK(t.looks < 10 * rates[i] / (CAPACITY / 4), "%zu: %llu", i,
              (unsigned long long)t.looks);
        CHECK(q.rate == rates[i], "%zu: rate %llu", i, (unsigned long long)q.rate);
    }
}

Test(queue, a_baud_rate_somewhat_off_changes_nothing)
{
    for (uint64_t rate = NOMINAL * 9 / 10; rate <= NOMINAL * 11 / 10; rate += NOMINAL / 50) {
        uint64_t now = 0;
        struct Line l = {.rate = rate, .capacity = CAPACITY, .hidden = 16};
        struct Queue q;
        queue_init(&q, NOMINAL, now);
        struct Tally t = run(&q, &l, &now, 60 * CLOCK_SECOND, 0);
        CHECK(t.idle == 0 && q.rate == NOMINAL, "%llu", (unsigned long long)rate);
    }
}

Test(queue, what_an_adapter_hides_is_not_taken_for_speed)
{
    static const uint64_t hidden[] = {256, 640, 2048, 4096};
    for (size_t i = 0; i < 4; i++) {
        uint64_t now = 0;
        struct Line l = {.rate = NOMINAL, .capacity = CAPACITY, .hidden = hidden[i]};
        struct Queue q;
        queue_init(&q, NOMINAL, now);
        struct Tally t = run(&q, &l, &now, 10 * CLOCK_SECOND, 5 * CLOCK_MS);
        cr_assert_eq(t.idle, 0);
        cr_assert_leq(t.most, queue_limit(&q) + hidden[i]);
        cr_assert_eq(q.rate, NOMINAL);

        /* Nor if it fills again and again, between pauses. */
        for (unsigned burst = 0; burst < 200; burst++) {
            (void)run(&q, &l, &now, 20 * CLOCK_MS, 0);
            for (unsigned steps = 0; steps < 3000; steps++, now += STEP)
                line_pass(&l, STEP);
            CHECK(q.rate == NOMINAL, "%zu, burst %u", i, burst);
        }
    }
}

/* Lines much faster than they are set to. */
static struct Line fast_line(size_t i)
{
    static const struct Line lines[] = {
        {.rate = 100 * 1000, .capacity = CAPACITY, .hidden = 512},
        {.rate = 1000 * 1000, .capacity = 8192, .hidden = 64},
        {.rate = 1000 * 1000, .hidden = 4096, .block = 1280, .capacity = 1 << 20},
        {.rate = 30 * 1000 * 1000, .hidden = 512, .block = 10240, .capacity = 1 << 20},
    };
    return lines[i];
}

Test(queue, a_port_faster_than_its_speed_is_soon_used_to_its_limit)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t now = 0;
        struct Line l = fast_line(i);
        struct Queue q;
        queue_init(&q, NOMINAL, now);
        (void)run(&q, &l, &now, CLOCK_SECOND, 0);
        CHECK(q.rate * 5 / 4 >= (l.rate < QUEUE_RATE_MAX ? l.rate : QUEUE_RATE_MAX),
              "%zu: after a second %llu", i, (unsigned long long)q.rate);
        struct Tally t = run(&q, &l, &now, CLOCK_SECOND, 0);
        CHECK(t.sent >= l.rate * 95 / 100, "%zu: %llu", i, (unsigned long long)t.sent);
        CHECK(t.looks <= 1000, "%zu: %llu looks", i, (unsigned long long)t.looks);
    }
}

Test(queue, a_fast_port_whose_reader_sleeps_is_not_buried_and_is_fast_again_later)
{
    uint64_t now = 0;
    struct Line l = {.rate = 1000 * 1000, .capacity = 1 << 20, .hidden = 64};
    struct Queue q;
    queue_init(&q, NOMINAL, now);
    (void)run(&q, &l, &now, CLOCK_SECOND, 0);
    l.rate = NOMINAL;
    (void)run(&q, &l, &now, 12 * CLOCK_SECOND, 0);
    cr_assert_leq(q.rate, 2 * NOMINAL);
    struct Tally t = run(&q, &l, &now, CLOCK_SECOND, 0);
    cr_assert_leq(t.most, 2 * NOMINAL / 20 + 64);
    cr_assert_eq(t.idle, 0);
    l.rate = 0;
    t = run(&q, &l, &now, CLOCK_SECOND, 0);
    cr_assert_eq(t.sent, 0);
    cr_assert_lt(t.looks, 100);
    cr_assert_eq(q.rate, NOMINAL);
    l.rate = 1000 * 1000;
    (void)run(&q, &l, &now, CLOCK_SECOND, 0);
    t = run(&q, &l, &now, CLOCK_SECOND, 0);
    cr_assert_geq(t.sent, l.rate * 95 / 100);
}

Test(queue, a_driver_that_counts_whole_blocks_keeps_its_line_busy)
{
    uint64_t now = 0;
    struct Line l = {.rate = NOMINAL, .capacity = 1 << 20, .hidden = 128, .block = 1280};
    struct Queue q;
    queue_init(&q, NOMINAL, now);
    struct Tally t = run(&q, &l, &now, 10 * CLOCK_SECOND, 0);
    cr_assert_geq(t.sent, 10 * NOMINAL * 98 / 100, "%llu", (unsigned long long)t.sent);
    cr_assert_leq(t.most, 2 * queue_limit(&q));
    cr_assert_eq(q.rate, NOMINAL);
}

Test(queue, a_process_that_was_stopped_goes_on_as_before)
{
    uint64_t now = 0;
    struct Line l = {.rate = NOMINAL, .capacity = CAPACITY, .hidden = 16};
    struct Queue q;
    queue_init(&q, NOMINAL, now);
    for (unsigned i = 0; i < 5; i++) {
        (void)run(&q, &l, &now, CLOCK_SECOND, 0);
        for (unsigned steps = 0; steps < 100000; steps++)
            line_pass(&l, STEP);
        now += 3600 * CLOCK_SECOND;
        struct Tally t = run(&q, &l, &now, CLOCK_SECOND, 0);
        cr_assert_eq(t.idle, 0);
        cr_assert_eq(q.rate, NOMINAL);
    }
}

Test(queue, room_comes_in_pieces_worth_a_wake_up)
{
    struct Queue q;
    queue_init(&q, NOMINAL, 0);
    cr_assert_eq(queue_limit(&q), 576);
    cr_assert_eq(queue_look(&q, 0, 0, 0), 576);
    cr_assert_eq(queue_look(&q, 432, 432, 0), 144);
    cr_assert_eq(queue_look(&q, 433, 433, 0), 0);
    uint64_t at = queue_deadline(&q);
    cr_assert_gt(at, 12 * CLOCK_MS);
    cr_assert_lt(at, 13 * CLOCK_MS);
    queue_init(&q, 3, 0);
    cr_assert_eq(queue_limit(&q), QUEUE_MIN);
}
