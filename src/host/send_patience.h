/*
 * SendPatience: how long a two-way run of send waits for a receiver that says nothing, and what is
 * said about it. (How long recv goes on: patience.h.)
 */
#ifndef HOST_SEND_PATIENCE_H
#define HOST_SEND_PATIENCE_H

#include "host/outbox.h"
#include "host/station.h"

struct SendPatience {
    uint64_t timeout; /* silence that ends the run, ns; CLOCK_NEVER: none does, or it is one-way */
    bool two_way;
    bool hinted;   /* that perhaps nobody can answer was said, or is not to be */
    uint64_t from; /* silence counts from here */
};

/* Of a run that begins now; quiet: no hints. */
void send_patience_init(struct SendPatience *p, const struct TransferLine *line, bool quiet,
                        uint64_t now);

/* Two-way: the link was read, and the box has what it brought. */
void send_patience_hear(struct SendPatience *p, const struct Station *s, const struct Outbox *box,
                        uint64_t now);

/* When send_patience_check is to be called, whatever else happens; CLOCK_NEVER: it need not be. */
uint64_t send_patience_deadline(const struct SendPatience *p, const struct Station *s,
                                const struct Outbox *box);

/*
 * 0: go on. Else an exit code, and it has been said: nobody listens any more, for what is not known
 * to be there. A while before that it is hinted at once, that perhaps nobody can answer.
 */
int send_patience_check(struct SendPatience *p, const struct Station *s, const struct Outbox *box,
                        uint64_t now);

#endif
