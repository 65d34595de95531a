/*
 * Line: one direction of a bad line. What its port reads is damaged, takes its time on the line
 * (baud), travels for a while (latency), and is what its port writes. All waiting is the caller's:
 *
 *     port_open(&l->port, in, out, name), line_open(l, &config, now)
 *     while (!line_done(l)):
 *         line_watch(l, &loop, now), loop_wait(&loop, line_deadline(l, now)), now = clock_now()
 *         line_feed(l, &loop, now), line_drain(l, &loop, now)
 *     line_close(l), port_close(&l->port)
 *
 * A writer is held back as by a serial port: beyond what is travelling, LINE_QUEUE of line time
 * waits here, and no more.
 */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include "host/damage.h"
#include "host/delay.h"
#include "host/loop.h"
#include "host/pacer.h"
#include "host/port.h"

#define LINE_BAUD_MAX UINT64_C(1000000000)
#define LINE_PIECE    ((size_t)65536)   /* bytes read in one go */
#define LINE_QUEUE    (30 * CLOCK_MS)   /* of line time; */
#define LINE_UNPACED  ((size_t)1 << 18) /* bytes, where bytes take no time */
#define LINE_MOST     ((size_t)8 << 20) /* bytes, whatever the baud rate and the latency */

struct LineConfig {
    struct DamageConfig damage;
    uint64_t baud;    /* a byte takes 10 bit times; 0: none; up to LINE_BAUD_MAX */
    uint64_t latency; /* ns, up to DELAY_MAX */
};

struct Line {
    struct Port port; /* the caller's to open, before line_open, and to close */
    struct Damage damage;
    struct Delay queue;
    struct Pacer pacer; /* in bits */
    size_t queue_max;   /* waiting bytes that hold the writer back */
    size_t piece_min;   /* bytes worth a wake-up at this baud rate */
    uint64_t now;       /* of the last call */
    uint64_t discarded; /* bytes that came out where nobody was */
    bool refused;       /* out took less than it was offered: wait until it is writable */
    bool no_memory;     /* the queue could not take what the damage made */
    uint8_t piece[LINE_PIECE];
};

/* Empty; config (within bounds) is copied. 0; or -1 and errno, with nothing to close. */
int line_open(struct Line *l, const struct LineConfig *config, uint64_t now);
void line_close(struct Line *l);

/* Watch the port for what can be done now. */
void line_watch(struct Line *l, struct Loop *loop, uint64_t now);

/* When there is something to do even if nothing becomes ready; CLOCK_NEVER: nothing. */
uint64_t line_deadline(struct Line *l, uint64_t now);

/*
 * Read what has come, as far as the line is free for it and there is room. At the end of input
 * (port.eof) the frames that the damage held back follow; port.eof may be cleared, and it goes on.
 * 0; or -1 and errno (ENOMEM: the memory; all else: port_read).
 */
int line_feed(struct Line *l, const struct Loop *loop, uint64_t now);

/* Bytes that have arrived at the far end. */
size_t line_arrived(struct Line *l, uint64_t now);

/* Write those. 0; or -1 and errno, of port_write. */
int line_drain(struct Line *l, const struct Loop *loop, uint64_t now);

/* Nobody is there: throw them away instead, and count them. */
void line_discard(struct Line *l, uint64_t now);

/* The input has ended, and everything is out. */
bool line_done(const struct Line *l);

#endif
