/* What a two-way sender makes of answers, good and bad ones; whole transfers are in tests/sim. */
#include "unit/two_way_kit.h"

/* All has been sent and echoed, and only `first` .. first + length is missing. */
static void send_all(void)
{
    for (int i = 0; i < 20 && s.sender.state == SENDER_DELIVERING; i++) {
        uint64_t sent;

        drain();
        sent = s.sender.peer.delivery.sent;
        hear(status(STATUS_RECEIVING, sent, symbols() - sent, symbols()));
    }
    cr_assert_eq(s.sender.state, SENDER_CONFIRMING);
    cr_assert_eq(s.sender.peer.delivery.have, symbols());
}

Test(sender_two_way, says_at_once_what_fits_the_first_flight)
{
    open((struct SimOptions){0});
    cr_assert_eq(next(), PACKET_OBJECT);
    for (int slot = 1; slot < 5; slot++)
        cr_assert_eq(next(), PACKET_SOURCE);
    cr_assert_leq(s.sender.next * s.sender.layout.symbol_size, 4 * 128,
                  "short ones, as long as a port may be opening");
    cr_assert_eq(next(), PACKET_OBJECT, "once more, until it is known");
    drain();
    cr_assert_leq(s.sender.peer.flight.bytes, FLIGHT_FIRST);
    cr_assert_gt(s.sender.peer.flight.bytes, FLIGHT_FIRST * 4 / 5);
    cr_assert((s.sender.config.object.link & LINK_ANSWERS) != 0);
}

Test(sender_two_way, sends_again_exactly_what_is_missing)
{
    uint64_t before;

    open((struct SimOptions){0});
    send_all();
    before = s.sender.counters.sources;
    hear(status(STATUS_RECEIVING, 7, 3, symbols()));
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
    cr_assert_eq(next(), PACKET_SOURCE);
    cr_assert_eq(s.sender.counters.sources - before, 3);
    cr_assert_eq(next(), PACKET_END);
    cr_assert_eq(next(), 0);
}

Test(sender_two_way, sends_nothing_again_that_is_on_its_way)
{
    struct Packet p;

    open((struct SimOptions){0});
    drain();
    p = status(STATUS_RECEIVING, 0, symbols(), symbols());
    p.as.status.echo = 0; /* only the OBJECT has arrived yet */
    hear(p);
    cr_assert_eq(s.sender.peer.delivery.losses, 0);
}

Test(sender_two_way, only_verified_is_success_and_is_answered_by_three_dones)
{
    open((struct SimOptions){0});
    send_all();
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    for (int i = 0; i < SENDER_DONES; i++)
        cr_assert_eq(next(), PACKET_DONE);
    cr_assert_eq(next(), 0);
    cr_assert_eq(s.sender.state, SENDER_FINISHED);
    cr_assert_eq(sender_deadline(&s.sender), UINT64_MAX);
}

Test(sender_two_way, verified_ends_it_even_before_all_was_sent)
{
    open((struct SimOptions){0});
    next();
    cr_assert_eq(sender_confirmed(&s.sender), 0);
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    cr_assert_eq(sender_confirmed(&s.sender), SIZE, "of which it tells no symbols");
    cr_assert_eq(next(), PACKET_DONE);
    drain();
    cr_assert_eq(sender_confirmed(&s.sender), SIZE);
}

Test(sender_two_way, a_state_that_counts_nothing_is_no_loss)
{
    struct Packet p;
    uint64_t good;

    open((struct SimOptions){0});
    drain();
    p = status(STATUS_WANT_OBJECT, 0, 0, 0);
    p.as.status.good = 0;
    hear(p);
    cr_assert_eq(s.sender.peer.lost, 0);
    cr_assert_eq(s.sender.peer.flight.lost, 0);
    send_all();
    good = s.sender.peer.good;
    drain();
    p = status(STATUS_VERIFIED, 0, 0, 0);
    p.as.status.good = 0;
    hear(p);
    cr_assert_eq(s.sender.state, SENDER_CONFIRMED);
    cr_assert_eq(s.sender.peer.lost, 0);
    cr_assert_eq(s.sender.peer.good, good, "it is what the verdict tells the loss by");
}

Test(sender_two_way, refused_and_aborted_are_the_end)
{
    struct Packet abort = {.type = PACKET_ABORT};

    open((struct SimOptions){0});
    next();
    hear(status(STATUS_REFUSED, 0, 0, 0));
    cr_assert_eq(s.sender.state, SENDER_REFUSED);
    cr_assert_eq(next(), 0);
    open((struct SimOptions){0});
    next();
    abort.tag = s.sender.tag;
    abort.as.abort = (struct PacketAbort){ROLE_RECEIVER, ABORT_WRITE, view_of("no space", 8)};
    hear(abort);
    cr_assert_eq(s.sender.state, SENDER_ABORTED);
    cr_assert_eq(s.sender.peer.reason, ABORT_WRITE);
    cr_assert_eq(s.sender.peer.text.len, 8);
    cr_assert_eq(next(), 0);
}

Test(sender_two_way, want_object_is_answered_at_once)
{
    open((struct SimOptions){0});
    drain();
    hear(status(STATUS_WANT_OBJECT, 0, 0, 0));
    cr_assert_eq(next(), PACKET_OBJECT);
    cr_assert_eq(s.sender.peer.delivery.losses, 0, "it says nothing of symbols");
}

Test(sender_two_way, what_is_not_for_it_changes_nothing)
{
    struct Packet p, echo = {.type = PACKET_END};
    uint8_t digest[PACKET_DIGEST] = {1};

    open((struct SimOptions){0});
    drain();
    p = status(STATUS_VERIFIED, 0, 0, 0);
    p.tag ^= 1;
    hear(p);
    cr_assert_eq(s.sender.counters.foreign, 1);
    echo.tag = s.sender.tag;
    echo.as.end = (struct PacketEnd){1, 1, 1, view_of(digest, sizeof digest)};
    hear(echo);
    echo = (struct Packet){.type = PACKET_ABORT, .tag = s.sender.tag};
    echo.as.abort.role = ROLE_SENDER;
    hear(echo);
    cr_assert_eq(s.sender.counters.echoes, 2);
    sender_input(&s.sender, view_of("?", 1), now);
    cr_assert_eq(s.sender.counters.bad, 1);
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
    cr_assert(!s.sender.peer.heard);
}

Test(sender_two_way, a_list_that_cannot_be_is_not_used_at_all)
{
    struct Packet p;

    open((struct SimOptions){0});
    drain();
    hear(status(STATUS_RECEIVING, 0, 1, symbols() + 1));
    p = status(STATUS_RECEIVING, 0, 5, symbols());
    p.as.status.ranges.len--; /* ends inside of a pair */
    hear(p);
    cr_assert_eq(s.sender.counters.bad, 2);
    cr_assert(!s.sender.peer.heard);
}

Test(sender_two_way, a_late_status_is_dropped)
{
    struct Packet late, newer;

    open((struct SimOptions){0});
    send_all();
    late = status(STATUS_RECEIVING, 0, symbols(), symbols());
    newer = status(STATUS_RECEIVING, 0, 0, symbols());
    hear(newer);
    late.as.status.ranges = view_of("\0\1", 2);
    hear(late);
    hear(newer);
    cr_assert_eq(s.sender.counters.late, 2);
    cr_assert_eq(s.sender.state, SENDER_CONFIRMING);
}

Test(sender_two_way, another_run_of_the_receiver_is_believed_and_the_one_before_forgotten)
{
    struct Packet p;

    open((struct SimOptions){0});
    send_all();
    p = status(STATUS_RECEIVING, 0, symbols(), symbols());
    p.as.status.run = 6;
    p.seq -= 100; /* it counts anew */
    hear(p);
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
    cr_assert_eq(s.sender.peer.delivery.have, 0);
    send_all();
}

Test(sender_two_way, a_file_that_changed_is_not_sent_once_more)
{
    open((struct SimOptions){0});
    send_all();
    drain();
    s.changed = true;
    hear(status(STATUS_RECEIVING, 0, symbols(), symbols()));
    cr_assert_eq(s.sender.state, SENDER_FAILED);
}

/* Before END the digest may be hours of reading away; with END it is asked for anyway. */
Test(sender_two_way, what_is_taken_back_before_the_end_does_not_ask_for_the_digest)
{
    open((struct SimOptions){0});
    drain();
    hear(status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent));
    s.changed = true;
    hear(status(STATUS_RECEIVING, 3, 1, s.sender.peer.delivery.sent));
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
    cr_assert_eq(s.sender.peer.delivery.losses, 1);
    for (int i = 0; i < 20 && s.sender.state == SENDER_DELIVERING; i++) {
        drain();
        hear(status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent));
    }
    cr_assert_eq(s.sender.state, SENDER_FAILED, "END would have said a digest that is not true");
}

/* Seen from the newest before them, what comes after 128 of them looks late. */
Test(sender_two_way, the_loss_of_many_answers_does_not_deafen_it)
{
    struct Packet late, answer;

    open((struct SimOptions){0});
    drain();
    hear(status(STATUS_RECEIVING, 0, 0, 0));
    late = status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent);
    late.seq -= 10;
    for (unsigned i = 0; i < 400; i++) {
        now = sender_deadline(&s.sender);
        drain();
        if (i < 100)
            hear(late);
        cr_assert_eq(s.sender.counters.statuses, 1, "question %u", i);
    }
    answer = status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent);
    answer.seq = (uint8_t)(late.seq - 1);
    hear(answer);
    cr_assert_eq(s.sender.counters.statuses, 2);
    cr_assert_eq(s.sender.peer.asked, 0);
    hear(answer);
    cr_assert_eq(s.sender.counters.statuses, 2, "it counts once");
}

Test(sender_two_way, silence_is_ended_by_questions_that_come_less_and_less_often)
{
    uint64_t waits[6], last;

    open((struct SimOptions){0});
    drain();
    for (int i = 0; i < 6; i++) {
        last = now;
        now = sender_deadline(&s.sender);
        cr_assert_eq(next(), PACKET_OBJECT);
        cr_assert_eq(next(), 0);
        waits[i] = now - last;
    }
    cr_assert_leq(waits[0], SECOND * 5 / 4);
    cr_assert_geq(waits[0], SECOND);
    cr_assert_gt(waits[2], waits[0]);
    cr_assert_leq(waits[5], 2 * SECOND * 5 / 4);
    cr_assert_eq(s.sender.counters.questions, 6);
    hear(status(STATUS_RECEIVING, 0, 0, symbols()));
    drain();
    cr_assert_leq(sender_deadline(&s.sender) - now, 2 * SECOND);
}

Test(sender_two_way, when_all_is_sent_it_asks_by_object_and_end)
{
    open((struct SimOptions){0});
    send_all();
    drain();
    now = sender_deadline(&s.sender);
    cr_assert_eq(next(), PACKET_OBJECT);
    cr_assert_eq(next(), PACKET_END);
    cr_assert_eq(next(), 0);
}

Test(sender_two_way, no_frame_is_longer_than_half_the_window)
{
    struct Packet p;

    open((struct SimOptions){0});
    next();
    p = status(STATUS_RECEIVING, 0, symbols(), symbols());
    p.as.status.window = 700;
    hear(p);
    while (next() != 0) {
        CHECK(s.tx.len <= 350, "a frame of %zu", s.tx.len);
        CHECK(s.sender.peer.flight.bytes <= 700, "%zu in flight",
              (size_t)s.sender.peer.flight.bytes);
    }
    cr_assert_gt(s.sender.counters.sources, 0);
}

Test(sender_two_way, loss_is_that_of_this_run_whatever_the_receiver_had_before)
{
    struct Packet p;

    open((struct SimOptions){0});
    drain();
    p = status(STATUS_RECEIVING, 0, symbols(), symbols());
    p.as.status.good = 500; /* from a sender before this one */
    hear(p);
    cr_assert_eq(s.sender.peer.lost, 0);
    drain();
    p = status(STATUS_RECEIVING, 0, symbols(), symbols());
    p.as.status.good = 500; /* all that was sent since is lost */
    hear(p);
    cr_assert_gt(s.sender.peer.lost, 0);
    cr_assert_eq(s.sender.peer.lost + s.sender.peer.arrived, s.sender.counters.packets);
    drain();
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    cr_assert_lt(s.sender.peer.lost, s.sender.counters.packets, "VERIFIED counts nothing");
}

Test(sender_two_way, objects_for_one_receiver_share_its_window)
{
    open((struct SimOptions){0});
    sender_share(&s.sender, 0, 1000);
    drain();
    cr_assert_leq(sender_in_flight(&s.sender), 1000);
    cr_assert_gt(sender_in_flight(&s.sender), 500);

    open((struct SimOptions){0});
    sender_share(&s.sender, 800, 1000);
    drain();
    cr_assert_leq(sender_in_flight(&s.sender), 200);

    open((struct SimOptions){0});
    sender_share(&s.sender, 1000, 1000);
    cr_assert_eq(next(), PACKET_OBJECT, "it says what it is all the same");
    cr_assert_eq(next(), 0);
    sender_share(&s.sender, 0, 1000);
    cr_assert_eq(next(), PACKET_SOURCE, "room again");

    open((struct SimOptions){0});
    hear(status(STATUS_RECEIVING, 0, 0, 0));
    sender_share(&s.sender, 0, 10);
    cr_assert_eq(s.sender.peer.window, 65536, "what it says itself counts");
}
