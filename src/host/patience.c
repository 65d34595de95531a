#include "host/patience.h"

#include "host/clock.h"

#define QUIET_END    (2 * CLOCK_SECOND) /* silence that ends a run whose object is complete */
#define PASS_END     CLOCK_SECOND /* after the END of its pass: for other objects to show up */
#define PASS_LATE    64           /* packets after that END which are not the next pass yet */
#define LINGER       CLOCK_SECOND /* two-way: for DONE, and 3 round trips more */
#define ROUND_TRIP   CLOCK_SECOND /* as long as it is not known, and */
#define ROUND_MOST   (10 * CLOCK_SECOND) /* at most */
#define FIRST_FLIGHT 8192                /* more than this is sent only after an answer */

void patience_init(struct Patience *p, struct PatienceOptions options, uint64_t now)
{
    *p = (struct Patience){.options = options, .since = now, .quiet_from = now};
}

void patience_hear(struct Patience *p, const struct Station *s, uint64_t now)
{
    if (s->heard_at > p->quiet_from)
        p->quiet_from = s->heard_at;
    if (s->slept > 0) { /* nobody could be heard meanwhile */
        p->quiet_from = now;
        p->since = now;
    }
    if (p->asked_at > 0 && p->round_trip == 0 && s->link.port.bytes_in - p->asked_in > FIRST_FLIGHT)
        p->round_trip = now - p->asked_at;
}

void patience_answered(struct Patience *p, const struct Station *s, uint64_t now)
{
    if (p->asked_at > 0)
        return;
    p->asked_at = now;
    p->asked_in = s->link.port.bytes_in;
}

/*
 * When silence ends the run: on a line that has no end of its own. It counts from the first frame
 * that was whole; before that whoever starts first waits, unless a time-out was asked for.
 */
static uint64_t silence_end(const struct Patience *p, const struct Station *s)
{
    uint64_t heard = s->good_at;

    if (p->options.timeout == CLOCK_NEVER || s->link.state != LINK_UP ||
        (heard == 0 && !p->options.from_start))
        return CLOCK_NEVER;
    return (heard > p->since ? heard : p->since) + p->options.timeout;
}

/* Two-way, when all is done: the sender may not have heard it yet, and asks. */
static uint64_t linger_end(const struct Patience *p)
{
    uint64_t round = p->round_trip == 0           ? ROUND_TRIP
                     : p->round_trip < ROUND_MOST ? p->round_trip
                                                  : ROUND_MOST;

    return p->quiet_from + LINGER + 3 * round;
}

/*
 * One-way, when all is done and the pass has ended: a little longer, so that another object behind
 * it is named; 0: the next pass has begun.
 */
static uint64_t pass_end(struct Patience *p, const struct ReceiverCounters *c, uint64_t now)
{
    if (p->news != c->packets - c->stale) {
        p->news = c->packets - c->stale;
        p->news_at = now;
        p->stale = c->stale;
    }
    return c->stale - p->stale > PASS_LATE ? 0 : p->news_at + PASS_END;
}

bool patience_is_collecting(const struct Receiver *r)
{
    for (unsigned i = 0; i < r->reached; i++) {
        if (r->config.slots[i].state != SLOT_FREE && !r->config.slots[i].aborted)
            return true;
    }
    return false;
}

/*
 * True if the sender was stopped: no other object of it follows, nobody is there who could miss us,
 * and no writer of a pipe who could die of it. (In a folder the slot has given way already.)
 */
static bool is_cancelled(const struct Patience *p, const struct Station *s,
                         const struct Receiver *r)
{
    const struct Slot *slot = &r->config.slots[r->last_slot];

    return slot->aborted && slot->abort_reason == ABORT_CANCELLED && !patience_is_collecting(r) &&
           (receiver_answers(r) || (!p->options.folder && s->link.port.in.tty));
}

/* True if nothing more is to be expected of the one object: its sender has said so. */
static bool is_abandoned(const struct Patience *p, const struct Receiver *r)
{
    const struct Slot *slot = &r->config.slots[r->last_slot];

    return !p->options.folder && slot->state == SLOT_COLLECTING && slot->aborted;
}

/*
 * A run that has what it came for stays on a pipe until the pass has ended, so that no writer
 * before it dies of a broken pipe; two-way until the sender has heard of it, or of a refusal.
 */
uint64_t patience_end(struct Patience *p, const struct Station *s, const struct Receiver *r,
                      struct PatienceRun run, uint64_t now)
{
    bool two_way = receiver_answers(r);
    bool done = run.done || (run.any && two_way && !patience_is_collecting(r));

    if (station_ended(s))
        return 0;
    if (p->options.keep_going)
        return CLOCK_NEVER;
    if (is_cancelled(p, s, r))
        return 0;
    if (!done && !is_abandoned(p, r))
        return silence_end(p, s);
    if (two_way && !p->options.folder && receiver_done(r))
        return 0;
    if (two_way)
        return linger_end(p);
    if (!run.done || !receiver_pass_ended(r))
        return p->quiet_from + QUIET_END;
    return pass_end(p, &r->counters, now);
}

/* While the port is away, or the process stopped, nobody can be heard. */
uint64_t patience_slot_end(const struct Patience *p, const struct Station *s,
                           const struct Slot *slot)
{
    uint64_t heard = slot->last_packet > p->since ? slot->last_packet : p->since;

    if (!p->options.keep_going || p->options.timeout == CLOCK_NEVER || s->link.state != LINK_UP ||
        slot->state != SLOT_COLLECTING || slot->finishing)
        return CLOCK_NEVER;
    return heard + p->options.timeout;
}
