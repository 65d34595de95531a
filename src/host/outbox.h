/*
 * Outbox: what a run of send has to bring away. Several objects share the line, a few at a time:
 * each packet is of the one that had the fewest bytes of it so far, so that small ones are through
 * first. Streams go ahead of files. The rest waits.
 */
#ifndef HOST_OUTBOX_H
#define HOST_OUTBOX_H

#include "host/outgoing.h"
#include "host/progress.h"

#define OUTBOX_NAME 64

/* Of objects that are done, for the progress of all. */
struct OutboxDone {
    uint64_t objects;
    uint64_t size, confirmed; /* bytes */
    uint64_t wire;            /* bytes of their frames */
    uint64_t repairs, good, lost;
};

struct Outbox {
    const struct SendOptions *options;
    uint64_t rate; /* of the line */
    struct OutgoingItem *items;
    size_t item_count;
    size_t next; /* the first that was not opened yet */
    struct Outgoing *active[SEND_AT_ONCE];
    size_t count;            /* of those */
    struct Outgoing *parked; /* open, but it is packed yet, or its like is on its way; or NULL */
    struct Outgoing *spare;  /* for the next one; or NULL */
    bool heard;              /* two-way: a receiver has spoken, */
    uint64_t heard_at;       /* the last time then, ns, */
    uint64_t window;         /* and has room for so many bytes in flight */
    uint64_t turn[2];    /* of files, of streams: the share of who had the last packet, before it */
    size_t passed;       /* objects whose first pass is over, or of which there is none; */
    uint64_t first_pass; /* when it was of all, `wire` was this; 0: it is not */
    uint64_t wire;       /* bytes of all frames */
    struct OutboxDone done;
    bool spoken;       /* something was on the line; the last object that left it */
    uint16_t last_tag; /* had this tag, */
    uint8_t last_seq;  /* and its next packet this seq */
    uint64_t alive_at; /* when DONE of it is said again while the next is being packed */
};

/* All items in the order in which they are opened, for a line of that rate (as OutgoingLine has
 * it). An exit code. Keeps options. */
int outbox_open(struct Outbox *b, const struct SendOptions *options, uint64_t rate);

/* Everything is closed, whatever state it was in. Fine if outbox_open failed. */
void outbox_close(struct Outbox *b);

/* True if another object may join those on the line. */
bool outbox_has_room(const struct Outbox *b);

/*
 * Open the next object. An exit code, said if it is not 0. *opened: what is on the line now, or
 * NULL: it failed, or waits until it is packed, or its like has been through.
 */
int outbox_add(struct Outbox *b, struct Outgoing **opened);

/* True if the next object is being packed; and a piece of that is done. An exit code, said if it is
 * not 0: then it is gone, and its name is in *name (kept by options), for who wants to tell. */
bool outbox_is_packing(const struct Outbox *b);
int outbox_pack(struct Outbox *b, const char **name);

/* The name of what outbox_add opens next, if that fails, or NULL; and that is left alone. */
const char *outbox_next(const struct Outbox *b);
void outbox_forgo(struct Outbox *b);

/* The object at active[i] is done with, one way or the other. */
void outbox_retire(struct Outbox *b, size_t i);

/* True if nothing is on the line and nothing waits. */
bool outbox_is_empty(const struct Outbox *b);

/* Objects that were never on the line. */
size_t outbox_unsent(const struct Outbox *b);

/*
 * The next packet, of whichever object it is time for, goes to the station: *bytes of it on the
 * line. False: none has any now.
 */
bool outbox_put(struct Outbox *b, struct Station *s, uint64_t now, size_t *bytes);

/* True if a stream's next packet is a repair, which takes its time to be computed. */
bool outbox_owes_repair(const struct Outbox *b);

/* So many bytes of what was put will never be on the line. */
void outbox_drop(struct Outbox *b, size_t bytes);

/* A packet has arrived. */
void outbox_input(struct Outbox *b, struct View packet, uint64_t now);

/* When outbox_put, which had nothing, is to be called again; CLOCK_NEVER: not before there is
 * input. */
uint64_t outbox_deadline(const struct Outbox *b);

/* When a stream is to be flushed; CLOCK_NEVER: none is. */
uint64_t outbox_flush_at(const struct Outbox *b);

/* Two-way: the first object that is not known to be there; NULL: there is none. */
const struct Outgoing *outbox_first_waiting(const struct Outbox *b);

/* Two-way: all objects of the run, but those that are done with, are known to be there. */
bool outbox_is_confirmed(const struct Outbox *b);

/* Packets of ours that came back, at any object. */
uint64_t outbox_echoes(const struct Outbox *b);

/* True if the reader has had all that one pass gives, with `unwritten` bytes of it still here. */
bool outbox_passed(const struct Outbox *b, size_t unwritten);

/* How far all of it is, with something on the line or being packed. Name has OUTBOX_NAME bytes, and
 * state refers to it. */
void outbox_progress(const struct Outbox *b, size_t unwritten, char *name,
                     struct ProgressState *state);

#endif
