/*
 * Patience: how long a run of recv goes on. Silence may end it; when it has what it came for, the
 * end of the sender's pass does, or two-way that the sender has heard of it.
 */
#ifndef HOST_PATIENCE_H
#define HOST_PATIENCE_H

#include "core/receiver.h"
#include "host/station.h"

struct PatienceOptions {
    uint64_t timeout; /* silence that ends the run, ns; CLOCK_NEVER: none does */
    bool from_start;  /* it counts from the beginning, else from the first good frame */
    bool folder;      /* all objects of the line are taken, not one; and */
    bool keep_going;  /* nothing but the end of the link ends the run: silence about an object
                       * ends that alone */
};

struct Patience {
    struct PatienceOptions options;
    uint64_t since;      /* the time-out counts from here, or from the last good frame */
    uint64_t quiet_from; /* when the link last brought anything, or might have */
    uint64_t asked_at;   /* two-way: the first answer; 0: none yet */
    uint64_t asked_in;   /* bytes that had come by then */
    uint64_t round_trip; /* until its effect was seen; 0: not known */
    uint64_t news;       /* packets, but those of finished objects; when the last came, */
    uint64_t news_at;
    uint64_t stale; /* and how many of finished objects had come before it */
};

/* What the run has by now. */
struct PatienceRun {
    bool done; /* the one object of this run has its verdict */
    bool any;  /* some object has one */
};

/* Nothing heard. */
void patience_init(struct Patience *p, struct PatienceOptions options, uint64_t now);

/* The link was read. */
void patience_hear(struct Patience *p, const struct Station *s, uint64_t now);

/* Two-way: an answer was given. */
void patience_answered(struct Patience *p, const struct Station *s, uint64_t now);

/* True if some object is being received, and not given up by its sender. */
bool patience_is_collecting(const struct Receiver *r);

/* When the run ends if nothing further arrives. 0: at once; CLOCK_NEVER: it goes on. */
uint64_t patience_end(struct Patience *p, const struct Station *s, const struct Receiver *r,
                      struct PatienceRun run, uint64_t now);

/* When the object in this slot is given up, should nothing further come of it: its next OBJECT
 * opens it again. CLOCK_NEVER: it stays. */
uint64_t patience_slot_end(const struct Patience *p, const struct Station *s,
                           const struct Slot *slot);

#endif
