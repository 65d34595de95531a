/* What a two-way sender of a stream makes of answers. */
#include "unit/two_way_kit.h"

/* All that has been sent has arrived. */
static struct Packet all_here(void)
{
    return status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent);
}

/* The same receiver, started anew. */
static struct Packet anew(struct Packet p)
{
    p.as.status.run++;
    return p;
}

Test(sender_stream_two_way, a_stream_that_goes_on_cannot_be_verified)
{
    open((struct SimOptions){.stream = true, .lines = 10});
    drain();
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
}

Test(sender_stream_two_way, a_list_of_what_has_not_come_yet_is_not_used)
{
    open((struct SimOptions){.stream = true});
    next();
    hear(status(STATUS_RECEIVING, 0, 1, 1000)); /* of a stream that has not come so far */
    cr_assert_eq(s.sender.counters.bad, 1);
}

/* A ring full has gone by: the place of what came first has been used again. */
Test(sender_stream_two_way, what_it_gave_up_it_does_not_go_back_to)
{
    uint64_t low, sent;

    open((struct SimOptions){.stream = true, .lines = 1});
    while (s.sender.stream.closed < s.sender.stream.capacity + 100) {
        drain();
        hear(all_here());
    }
    low = s.sender.peer.delivery.low;
    cr_assert_gt(low, 0);
    hear(anew(status(STATUS_WANT_OBJECT, 0, 0, 0)));
    sent = s.sender.peer.delivery.sent;
    cr_assert_eq(s.sender.peer.delivery.losses, sent - low, "what it has it sends again");
    drain();
    hear(anew(status(STATUS_RECEIVING, 0, low, sent)));
    cr_assert_eq(s.sender.state, SENDER_FAILED);
    cr_assert_eq(next(), 0);
}

Test(sender_stream_two_way, what_it_still_has_it_sends_to_a_receiver_that_starts_anew)
{
    open((struct SimOptions){.stream = true, .lines = 10});
    while (s.sender.stream.closed < 100) {
        drain();
        hear(all_here());
    }
    hear(anew(status(STATUS_WANT_OBJECT, 0, 0, 0)));
    cr_assert_eq(s.sender.peer.delivery.losses, s.sender.peer.delivery.sent);
    drain();
    hear(anew(status(STATUS_RECEIVING, 0, 3, 5)));
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
}

Test(sender_stream_two_way, it_cannot_be_verified_before_its_end_was_said)
{
    open((struct SimOptions){.stream = true});
    drain();
    while (!s.sender.stream.ended) {
        hear(all_here());
        drain();
    }
    hear(all_here());
    cr_assert_eq(s.sender.counters.ends, 0);
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    cr_assert_eq(s.sender.state, SENDER_DELIVERING);
    hear(all_here());
    drain();
    cr_assert_eq(s.sender.counters.ends, 1);
    hear(status(STATUS_VERIFIED, 0, 0, 0));
    cr_assert_eq(s.sender.state, SENDER_CONFIRMED);
}

/* It says something although no content comes. */
static bool says(void)
{
    return sender_output(&s.sender, &s.packet, &s.body, now);
}

/* What lies behind a list's end is not told of. As long as a stream pauses nothing else will tell
 * that its last line got lost. */
Test(sender_stream_two_way, its_last_line_is_sent_again_though_nothing_follows)
{
    const struct SenderCounters *c = &s.sender.counters;
    struct Packet p;

    open((struct SimOptions){.stream = true, .lines = 10});
    for (int i = 0; i < 5; i++)
        next();
    while (says())
        ;
    p = status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent - 1);
    p.as.status.echo--; /* it may still come */
    hear(p);
    cr_assert(!says());
    hear(status(STATUS_RECEIVING, 0, 0, s.sender.peer.delivery.sent - 1));
    cr_assert(says());
    cr_assert_eq(c->resent, 1);
    cr_assert(!says());
    hear(all_here());
    cr_assert(!says());
}
