/* What a two-way sender of a stream makes of answers. */
#include "unit/two_way_kit.h"

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
