#include "host/send_patience.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/exit_code.h"

#define HINT_AFTER (5 * CLOCK_SECOND) /* no answer at all for so long: perhaps nobody will */

void send_patience_init(struct SendPatience *p, const struct TransferLine *line, bool quiet,
                        uint64_t now)
{
    *p = (struct SendPatience){
        .timeout = line->timeout, .two_way = line->two_way, .hinted = quiet, .from = now};
}

void send_patience_hear(struct SendPatience *p, const struct Station *s, const struct Outbox *box,
                        uint64_t now)
{
    if (box->heard_at > p->from)
        p->from = box->heard_at;
    if (s->slept > 0)
        p->from = now; /* nobody could be heard meanwhile */
}

static uint64_t timeout_at(const struct SendPatience *p)
{
    return p->timeout == CLOCK_NEVER ? CLOCK_NEVER : p->from + p->timeout;
}

static uint64_t hint_at(const struct SendPatience *p, const struct Outbox *box)
{
    return box->heard || p->hinted ? CLOCK_NEVER : p->from + HINT_AFTER;
}

uint64_t send_patience_deadline(const struct SendPatience *p, const struct Station *s,
                                const struct Outbox *box)
{
    if (!p->two_way || s->link.state != LINK_UP)
        return CLOCK_NEVER;
    return clock_earlier(timeout_at(p), hint_at(p, box));
}

/* Nobody answers any more. An exit code. */
static int explain_silence(const struct SendPatience *p, const struct Station *s,
                           const struct Outbox *box, const struct Outgoing *first)
{
    for (size_t i = 0; i < box->count; i++) {
        const struct Outgoing *o = box->active[i];

        if (o == first || (box->heard && !outgoing_is_confirmed(o)))
            outgoing_explain_silence(o, s, p->timeout);
    }
    return EXIT_SILENCE;
}

/* The input has ended: that is an answer, too. */
static int explain_gone(const struct Station *s, const struct Outgoing *first)
{
    bool unsure = first->sender.state == SENDER_CONFIRMING;

    diag("%s: the other side went away%s", s->link.port.name,
         unsure ? "; unconfirmed: it may have it" : "");
    return EXIT_SILENCE;
}

int send_patience_check(struct SendPatience *p, const struct Station *s, const struct Outbox *box,
                        uint64_t now)
{
    const struct Outgoing *first = outbox_first_waiting(box);
    char words[SILENCE_WORDS];

    if (!first)
        p->from = now; /* nothing is asked of anybody */
    if (!p->two_way || !first)
        return 0;
    if (station_ended(s))
        return explain_gone(s, first);
    if (s->link.state != LINK_UP)
        return 0;
    if (now >= timeout_at(p))
        return explain_silence(p, s, box, first);
    if (now < hint_at(p, box))
        return 0;
    p->hinted = true;
    diag("%s: no answer yet: %s; if nobody there can answer, use --one-way", s->link.port.name,
         station_silence(s, outbox_echoes(box), 0, 0, words, sizeof words));
    return 0;
}
