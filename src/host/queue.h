/*
 * Queue: how much may be written now so that the kernel's output queue holds about QUEUE_TIME of
 * line time: enough that the line never idles, so little that what is written next is soon sent.
 * Told what was written and what is queued, it never waits or asks; time is an argument (ns of
 * clock_now).
 *
 * The speed a port is set to is a guess: that of a USB gadget means nothing, and adapters hide
 * bytes in buffers of their own. So the rate goes by what leaves the queue: up, if QUEUE_HIDDEN
 * bytes have gone that neither the time that passed nor such a buffer explains; down again, never
 * below the line as it is set, if for QUEUE_SLOW the queue is not empty and passes less than half.
 */
#ifndef HOST_QUEUE_H
#define HOST_QUEUE_H

#include "host/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_TIME     (50 * CLOCK_MS)
#define QUEUE_SLOW     (100 * CLOCK_MS)
#define QUEUE_HIDDEN   4096                  /* bytes */
#define QUEUE_MIN      16                    /* bytes it may always hold */
#define QUEUE_RATE_MAX ((uint64_t)100 << 20) /* bytes a second: further up it does not go */

struct Queue {
    uint64_t nominal;    /* bytes a second of the line as it is set */
    uint64_t rate;       /* bytes a second it is taken to pass */
    uint64_t written;    /* bytes, in all */
    uint64_t held;       /* of these, still queued */
    uint64_t said;       /* queued, as the driver said; it may count whole blocks */
    bool blocks;         /* it does */
    uint64_t looked;     /* when all this was */
    uint64_t ahead;      /* line time of bytes that went sooner than the rate explains, ns */
    uint64_t capacity;   /* bytes the driver holds at most; 0: not known */
    uint64_t slow_since; /* the queue has not been empty since, */
    uint64_t slow_bytes; /* and so many have gone */
    uint64_t deadline;
};

/* Nothing written yet, to a line of so many bytes a second (above 0). */
void queue_init(struct Queue *q, uint64_t bytes_per_s, uint64_t now);

/*
 * Bytes that may be written now: 0, or at least a quarter of what the queue may hold. `written` is
 * the count of all bytes so far, `queued` what the driver says is queued.
 */
size_t queue_look(struct Queue *q, uint64_t written, uint64_t queued, uint64_t now);

/* The same, after the driver took less than there was room for: it holds no more than it has now.
 */
void queue_refused(struct Queue *q, uint64_t written, uint64_t queued, uint64_t now);

/*
 * If the last look gave 0, or it refused: when to look again. The queue is then half of what it may
 * be. (poll(2) calls a serial port writable only when less than 256 bytes are left, which is too
 * late for a fast one.)
 */
uint64_t queue_deadline(const struct Queue *q);

/* Bytes the queue may hold at the rate of now. */
uint64_t queue_limit(const struct Queue *q);

#endif
