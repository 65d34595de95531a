#include "core/waiting.h"

#include <stdlib.h>

#include "check.h"
#include "random.h"

#define ROOM 1000

/* What should be in the room: numbers of packets, oldest first. */
static struct Model {
    uint32_t number[100000];
    size_t first, end;
} model;

static uint8_t memory[ROOM], packet[2 * ROOM];

/* Packet n: its bytes tell its number and length. */
static struct View make(uint32_t n, size_t len)
{
    for (size_t i = 0; i < len; i++)
        packet[i] = (uint8_t)(n + i * 7 + len);
    return view_of(packet, len);
}

static size_t length_of(uint32_t n)
{
    return n * 2654435761u % 97;
}

static void expect_packet(struct View v, uint32_t n)
{
    CHECK(v.len == length_of(n), "packet %u: %zu bytes", n, v.len);
    for (size_t i = 0; i < v.len; i++)
        CHECK(v.data[i] == (uint8_t)(n + i * 7 + v.len), "packet %u: byte %zu", n, i);
}

static void take(struct WaitingRoom *w)
{
    struct View v;

    CHECK(waiting_take(w, &v) == (model.first < model.end), "empty, or not");
    if (model.first < model.end)
        expect_packet(v, model.number[model.first++]);
}

static void add(struct WaitingRoom *w, uint32_t n)
{
    uint32_t gone = waiting_add(w, make(n, length_of(n)));

    model.number[model.end++] = n;
    CHECK(gone <= model.end - model.first, "more went than there were");
    model.first += gone;
}

Test(waiting, packets_come_out_in_order_and_the_oldest_make_room)
{
    struct TestRandom random = {test_random_seed()};
    struct WaitingRoom w;

    waiting_init(&w, memory, ROOM);
    for (uint32_t n = 0; n < 10000; n++) {
        add(&w, n);
        for (uint64_t takes = test_random_below(&random, 5) / 2; takes > 0; takes--)
            take(&w);
        CHECK(w.count == model.end - model.first, "%u wait", w.count);
    }
    CHECK(model.first < model.end, "nothing waits");
    while (model.first < model.end)
        take(&w);
    take(&w);
}

/* As replay does: everything is taken once, and what is not wanted is put back. */
Test(waiting, packets_may_be_taken_and_put_back_in_a_room_however_full)
{
    struct TestRandom random = {test_random_seed()};
    struct WaitingRoom w;
    uint32_t next = 0;

    waiting_init(&w, memory, ROOM);
    for (unsigned round = 0; round < 1000; round++) {
        for (uint64_t n = test_random_below(&random, 10); n > 0; n--)
            add(&w, next++);
        for (uint32_t left = w.count; left > 0; left--) {
            struct View v;
            uint32_t n = model.number[model.first++];

            CHECK(waiting_take(&w, &v), "empty");
            expect_packet(v, n);
            if (test_random_below(&random, 10) == 0)
                continue;
            CHECK(waiting_add(&w, v) == 0, "what was taken did not fit any more");
            model.number[model.end++] = n;
        }
    }
    CHECK(next > 4000, "too few");
}

Test(waiting, a_packet_larger_than_the_room_is_dropped_alone)
{
    struct WaitingRoom w;
    struct View v;

    waiting_init(&w, memory, 100);
    cr_assert_eq(waiting_add(&w, make(1, 40)), 0);
    cr_assert_eq(waiting_add(&w, make(2, 97)), 1);
    cr_assert_eq(w.count, 1);
    cr_assert_eq(waiting_add(&w, make(3, 96)), 1);
    cr_assert(waiting_take(&w, &v) && v.len == 96);
    cr_assert_not(waiting_take(&w, &v));
}

Test(waiting, a_room_of_no_bytes_keeps_nothing)
{
    struct WaitingRoom w;
    struct View v;

    waiting_init(&w, NULL, 0);
    cr_assert_eq(waiting_add(&w, make(1, 10)), 1);
    cr_assert_eq(waiting_add(&w, make(1, 0)), 1);
    cr_assert_not(waiting_take(&w, &v));
}

Test(waiting, no_more_than_a_fixed_number_wait)
{
    static uint8_t large[1 << 20];
    struct WaitingRoom w;
    uint32_t gone = 0;

    waiting_init(&w, large, sizeof large);
    for (unsigned i = 0; i < WAITING_PACKETS + 500; i++)
        gone += waiting_add(&w, make(i, 10));
    cr_assert_eq(gone, 500);
    cr_assert_eq(w.count, WAITING_PACKETS);
}
