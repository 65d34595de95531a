/*
 * Pacer: holds a flow to a rate, in bytes and in packets a second. As in spead2 there are two
 * absolute deadlines: by the average rate, which makes up for late wake-ups, and by a rate 5 %
 * higher, which bounds how fast. All time is an argument (ns of clock_now).
 *
 * What it holds to, "line time" being bytes divided by the rate:
 *   mean      as asked, without drift: remainders are kept
 *   burst     PACER_BURST of line time at once, but always one frame
 *   peak      over any 50 ms at most 53.55 ms of line time and one frame
 *   catch-up  what late wake-ups cost is made up for at most 5 % faster, up to PACER_DEBT
 *   silence   earns nothing: a caller that was allowed bytes and did not use them is owed a burst
 * Use: while there is a frame and pacer_allowance is not 0, hand over one frame (or up to that many
 * bytes) and pacer_spend it; then sleep until pacer_deadline.
 */
#ifndef HOST_PACER_H
#define HOST_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACER_RATE_MAX  UINT64_C(1000000000000) /* highest rate; above it counts as unlimited */
#define PACER_SPEND_MAX ((uint64_t)1 << 29)     /* most bytes or packets of one pacer_spend */
#define PACER_BURST     UINT64_C(5000000)       /* ns of line time */
#define PACER_DEBT      UINT64_C(1000000000)    /* ns of line time */
#define PACER_SLOTS     51                      /* 1 ms each: they cover any 50 ms */

/* One rate and what has been spent of it; times in ns, line time in ns. */
struct PacerAccount {
    uint64_t rate;               /* units a second; 0 = unlimited */
    uint64_t mean_due;           /* when the average rate allows the next unit */
    uint64_t mean_rest;          /* line time not yet in mean_due, in 1/rate ns */
    uint64_t peak_due;           /* when the catch-up rate does */
    uint64_t peak_rest;          /* in 1/21 ns */
    uint64_t slots[PACER_SLOTS]; /* line time spent per ms, the window that bounds the peak */
    uint64_t window;             /* their sum */
    uint64_t slot;               /* ms since 0 of the newest */
    uint64_t granted;            /* units allowed and not yet used; 0: the caller must wait */
};

struct Pacer {
    struct PacerAccount bytes;
    struct PacerAccount packets;
};

/* Nothing spent, a first frame allowed at once. Rates in units a second, 0 = unlimited. */
void pacer_init(struct Pacer *p, uint64_t bytes_per_s, uint64_t packets_per_s, uint64_t now);

/*
 * Bytes that may be handed over now; SIZE_MAX if unlimited, 0 if none before pacer_deadline.
 * If it is not 0, one whole frame may go even if it is longer: the excess is paid afterwards.
 * With a limit of packets ask again for every frame. now never goes back.
 */
size_t pacer_allowance(struct Pacer *p, uint64_t now);

/* That many bytes in that many packets (0 if the caller knows none) were handed over now. */
void pacer_spend(struct Pacer *p, uint64_t now, uint64_t bytes, uint64_t packets);

/* When the next frame is allowed, as of the last call above; 0 if unlimited. */
uint64_t pacer_deadline(const struct Pacer *p);

#endif
