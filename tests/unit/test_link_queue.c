/* Links whose port has a queue that can be seen: how much is written, and when. */
#include "unit/link_kit.h"
#include "unit/serial_driver.h"

Test(link_queue, no_more_is_written_than_the_queue_may_hold_and_then_it_is_time_to_wait)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    l.serial.pty = false; /* so that it is looked at */
    cr_assert_eq(link_write(&l, memory, sizeof memory), 576);
    driver.queued = 570; /* for ever */
    link_watch(&l, &loop, true, true);
    cr_assert_eq(loop.slots[LOOP_LINK_OUT].fd, -1, "no room: not watched");
    cr_assert_neq(loop.slots[LOOP_LINK_IN].fd, -1);
    cr_assert_eq(link_write(&l, memory, sizeof memory), 0);
    uint64_t now = clock_now();
    cr_assert_leq(link_deadline(&l), now + 50 * CLOCK_MS);
    link_watch(&l, &loop, true, false);
    cr_assert_eq(link_deadline(&l), CLOCK_NEVER, "nothing to write: nothing to look for");
    l.serial.pty = true;
    link_close(&l, &loop);
    loop_close(&loop);
}

/* Write for so long to a port whose queue is looked at, a reader being at its other end. */
static unsigned write_for(struct Link *l, struct Loop *loop, int master, uint64_t ns)
{
    unsigned wakeups = 0;
    for (uint64_t end = clock_now() + ns; clock_now() < end; wakeups++) {
        link_watch(l, loop, true, true);
        (void)loop_wait(loop, link_deadline(l) < end ? link_deadline(l) : end);
        cr_assert_geq(link_write(l, memory, sizeof memory), 0);
        while (master >= 0 && read(master, memory, sizeof memory) > 0)
            continue;
    }
    return wakeups;
}

Test(link_queue, a_port_that_passes_nothing_costs_few_wake_ups_and_a_fast_one_is_used)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    o.serial.line.baud = 9600;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    l.serial.pty = false; /* so that it is looked at: always empty */
    (void)write_for(&l, &loop, p.master, CLOCK_SECOND);
    cr_assert_gt(l.port.bytes_out, 100 * 960, "%llu", (unsigned long long)l.port.bytes_out);
    unsigned wakeups = write_for(&l, &loop, -1, 500 * CLOCK_MS); /* it fills up, and refuses */
    cr_assert_leq(wakeups, 200, "%u", wakeups);
    driver.queued = 4000; /* for ever */
    (void)write_for(&l, &loop, -1, 200 * CLOCK_MS);
    wakeups = write_for(&l, &loop, -1, 500 * CLOCK_MS);
    cr_assert_leq(wakeups, 500 / 2, "%u", wakeups);
    l.serial.pty = true;
    link_close(&l, &loop);
    loop_close(&loop);
}

Test(link_queue, it_is_time_to_write_when_there_is_room_and_not_when_the_driver_is_full)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    o.serial.line.baud = 100000000;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    l.serial.pty = false;
    link_watch(&l, &loop, true, true);
    cr_assert_leq(link_deadline(&l), clock_now(), "whatever poll says");
    driver.queued = 5000; /* for ever */
    uint64_t begin = clock_now();
    ptrdiff_t n = link_write(&l, memory, sizeof memory);
    cr_assert(n > 0 && n < (ptrdiff_t)sizeof memory, "%td", n);
    cr_assert_gt(l.queue.capacity, 0);
    cr_assert_geq(link_deadline(&l), begin + CLOCK_MS);
    cr_assert_neq(link_deadline(&l), CLOCK_NEVER);
    l.serial.pty = true;
    link_close(&l, &loop);
    loop_close(&loop);
}
