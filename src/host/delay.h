/*
 * Delay: a queue of bytes each of which comes out a fixed time after it went in, rounded up to
 * whole milliseconds. It grows as needed: the caller stops appending when delay_len is enough.
 */
#ifndef HOST_DELAY_H
#define HOST_DELAY_H

#include "core/buffer.h"
#include "host/clock.h"

#define DELAY_MAX (60 * CLOCK_SECOND) /* longest latency */

/* The bytes up to a place in the stream have their time at due. */
struct DelayMark {
    uint64_t due;
    uint64_t end;
};

struct Delay {
    struct Buffer bytes;
    uint64_t latency;        /* ns; 0: bytes are ready at once and there are no marks */
    uint64_t appended;       /* places in the stream: all bytes that went in, */
    uint64_t ready;          /* those whose time had come when delay_ready last looked, */
    uint64_t taken;          /* and those that went out */
    struct DelayMark *marks; /* a ring, ascending in both fields */
    size_t mark_room;
    size_t mark_first;
    size_t mark_count;
};

/* Empty. -1 with errno: no memory; nothing to close. */
int delay_open(struct Delay *d, uint64_t latency);
void delay_close(struct Delay *d);

/* Copy len bytes that come in now. False: no memory (errno), nothing changed. */
bool delay_append(struct Delay *d, uint64_t now, const uint8_t *bytes, size_t len);

/* The bytes that may go now. Borrowed until the next call that changes d. */
struct View delay_ready(struct Delay *d, uint64_t now);

/* Drop len of the bytes that delay_ready returned, from the front. */
void delay_take(struct Delay *d, size_t len);

/* When more bytes will be ready than delay_ready last returned; CLOCK_NEVER if there are none. */
uint64_t delay_deadline(const struct Delay *d);

/* Bytes in the queue. */
size_t delay_len(const struct Delay *d);

#endif
