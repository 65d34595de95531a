/* Packets in flight, and what their echoes tell of the path. Times in ms here. */
#include "core/flight.h"

#include "check.h"

#include <inttypes.h>

#define MS UINT64_C(1000000)

static struct Flight made(void)
{
    struct Flight f;

    flight_init(&f);
    return f;
}

static unsigned echo(struct Flight *f, unsigned seq, uint64_t ms)
{
    uint64_t bytes;

    return flight_echo(f, (uint8_t)seq, ms * MS, &bytes);
}

/*
 * A line of so many bytes a ms and a delay there and back: packets are sent as flight_limit allows
 * and echoed one by one. Returns the bytes in flight at the end.
 */
static uint64_t drive(struct Flight *f, uint64_t rate, uint64_t delay, uint64_t packet,
                      uint64_t from, uint64_t until)
{
    static uint64_t due[256]; /* when the echo of seq comes */
    uint64_t busy = from;     /* the line is, until then */

    for (uint64_t ms = from; ms < until; ms++) {
        while (f->count > 0 && due[(uint8_t)(f->next - f->count)] <= ms)
            echo(f, (uint8_t)(f->next - f->count), ms);
        while (flight_has_room(f) &&
               (f->count == 0 || f->bytes + packet <= flight_limit(f, packet))) {
            busy = (busy > ms ? busy : ms) + packet / rate;
            due[f->next] = busy + delay;
            flight_send(f, 0, 1, (uint32_t)packet, ms * MS);
        }
    }
    return f->bytes;
}

Test(flight, an_echo_lands_all_packets_up_to_it)
{
    struct Flight f = made();
    uint64_t bytes;

    for (unsigned i = 0; i < 10; i++)
        flight_send(&f, i, 1, 100 + i, MS);
    cr_assert_eq(f.count, 10);
    cr_assert_eq(f.bytes, 1045);
    cr_assert_eq(flight_echo(&f, 3, 2 * MS, &bytes), 4);
    cr_assert_eq(bytes, 406);
    cr_assert_eq(f.count, 6);
    cr_assert_eq(flight_packet(&f, 0)->first, 4);
    cr_assert(flight_has(&f, 4) && flight_has(&f, 9));
    cr_assert(!flight_has(&f, 3) && !flight_has(&f, 10));
}

Test(flight, an_echo_of_what_is_not_in_flight_tells_nothing)
{
    struct Flight f = made();
    uint64_t bytes = 1;

    cr_assert_eq(flight_echo(&f, 0, MS, &bytes), 0, "nothing was sent");
    cr_assert_eq(bytes, 0);
    for (unsigned i = 0; i < 20; i++)
        flight_send(&f, i, 1, 100, MS);
    echo(&f, 9, 2);
    cr_assert_eq(echo(&f, 9, 3), 0, "again");
    cr_assert_eq(echo(&f, 5, 3), 0, "an older one");
    cr_assert_eq(echo(&f, 20, 3), 0, "not sent yet");
    cr_assert_eq(echo(&f, 200, 3), 0, "long ago or never");
    cr_assert_eq(f.count, 10);
}

Test(flight, seq_goes_round_and_is_never_ambiguous)
{
    struct Flight f = made();

    for (unsigned i = 0; i < 1000; i++) {
        cr_assert(flight_has_room(&f));
        flight_send(&f, i, 1, 10, i * MS);
        if (f.count == FLIGHT_MAX) {
            cr_assert(!flight_has_room(&f));
            cr_assert_eq(echo(&f, (uint8_t)(f.next - FLIGHT_MAX), i), 1);
        }
    }
    cr_assert_eq(echo(&f, (uint8_t)(f.next - 1), 1001), FLIGHT_MAX - 1);
    cr_assert_eq(f.bytes, 0);
}

Test(flight, questions_beyond_all_room_push_the_oldest_out)
{
    struct Flight f = made();

    for (unsigned i = 0; i < 600; i++)
        flight_send(&f, i, 1, 10, MS);
    cr_assert_eq(f.count, PACKET_AHEAD_MAX);
    cr_assert_eq(f.bytes, 10 * (uint64_t)f.count);
}

Test(flight, the_first_flight_has_6_kib)
{
    struct Flight f = made();

    cr_assert_eq(flight_limit(&f, 500), FLIGHT_FIRST);
}

/* 11.5 bytes a ms are 115,200 baud. */
Test(flight, fills_the_line_and_little_more_whatever_the_delay)
{
    static const uint64_t delays[] = {1, 10, 100, 500, 1000};

    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        struct Flight f = made();
        uint64_t line = 20 * delays[i], flying = drive(&f, 20, delays[i], 200, 1, 20000);

        CHECK(flying >= line, "delay %" PRIu64 ": the line idles: %" PRIu64, delays[i], flying);
        CHECK(flying <= line + line / 2 + 20 * 300 + 3 * 200, "delay %" PRIu64 ": %" PRIu64 " wait",
              delays[i], flying);
    }
}

Test(flight, finds_out_that_a_line_is_fast)
{
    struct Flight f = made();
    uint64_t flying = drive(&f, 1000, 100, 2000, 1, 3000);

    CHECK(flying >= 100000, "after 3 s: %" PRIu64, flying);
}

Test(flight, finds_out_that_a_line_has_become_slower)
{
    struct Flight f = made();
    uint64_t flying;

    drive(&f, 1000, 10, 1000, 1, 5000);
    echo(&f, (uint8_t)(f.next - 1), 5000);
    flying = drive(&f, 10, 10, 1000, 5000, 40000);
    CHECK(flying <= 10 * 400 + 4 * 1000, "%" PRIu64 " are in flight", flying);
}

Test(flight, payload_follows_the_loss)
{
    static const struct {
        unsigned per_mille; /* packets of 400 bytes lost */
        uint64_t least, most;
    } rows[] = {{0, 1200, 1350}, {10, 560, 720}, {40, 280, 360}, {320, 95, 125}, {900, 50, 75}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct Flight f = made();
        uint64_t payload;

        for (unsigned n = 0; n < 400; n++)
            flight_count_loss(&f, 1000, 400000, 1000 - rows[i].per_mille);
        payload = flight_payload(&f);
        CHECK(payload >= rows[i].least && payload <= rows[i].most,
              "%u of 1000 lost: %" PRIu64 " bytes", rows[i].per_mille, payload);
    }
}

Test(flight, the_loss_of_long_ago_is_forgotten)
{
    struct Flight f = made();

    flight_count_loss(&f, 100, 40000, 50);
    cr_assert_lt(flight_payload(&f), 120);
    for (unsigned n = 0; n < 20; n++)
        flight_count_loss(&f, 100, 40000, 100);
    cr_assert_gt(flight_payload(&f), 1000);
}

Test(flight, more_arrivals_than_packets_are_no_loss)
{
    struct Flight f = made();

    flight_count_loss(&f, 1, 400, 1000);
    cr_assert_eq(f.lost, 0);
}

Test(flight, waits_a_second_at_first_and_then_as_long_as_echoes_take)
{
    struct Flight f = made();

    cr_assert_eq(flight_timeout(&f), 1000 * MS);
    drive(&f, 20, 30, 200, 1, 5000);
    cr_assert_leq(flight_timeout(&f), 600 * MS);
    cr_assert_geq(flight_timeout(&f), 100 * MS);
    f = made();
    drive(&f, 20, 2000, 200, 1, 30000);
    cr_assert_geq(flight_timeout(&f), 2000 * MS);
    cr_assert_leq(flight_timeout(&f), 8000 * MS);
}

Test(flight, an_hour_asleep_does_not_make_it_patient)
{
    struct Flight f = made();

    flight_send(&f, 0, 1, 100, MS);
    echo(&f, 0, 3600 * 1000);
    flight_send(&f, 0, 1, 100, 3600 * 1000 * MS);
    echo(&f, 1, 3600 * 1000 + 5);
    cr_assert_leq(flight_timeout(&f), 5000 * MS);
}
