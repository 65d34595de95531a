/*
 * Progress: one line on a terminal that says how far a transfer is; at most 5 a second, and gone
 * before any other line is printed.
 */
#ifndef HOST_PROGRESS_H
#define HOST_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* What is known now. Bytes are confirmed ones: received and checked, or (one-way send) written. */
struct ProgressState {
    const char *name; /* of the object; printable; kept for the call */
    uint64_t done;    /* bytes */
    uint64_t total;   /* 0: unknown */
    uint64_t good;    /* packets */
    uint64_t lost;    /* packets, as far as known */
    uint64_t repairs; /* symbols repaired, or repair symbols sent */
    uint64_t waiting; /* repair symbols that arrived and wait for more of them */
};

struct Progress {
    bool on;
    bool begun;          /* something was there to be drawn */
    uint64_t begin;      /* of this object, ns */
    uint64_t begin_done; /* bytes of it that were here then */
    uint64_t moved;      /* when bytes were last seen to have come */
    uint64_t next;       /* when the line may be drawn again */
    uint64_t rate_time;  /* the recent rate is measured from here */
    uint64_t rate_done;
    uint64_t rate; /* bytes a second, smoothed */
};

/* Ready; on: draw at all. One Progress at a time: it hooks itself into diag. Nothing is drawn but
 * in progress_show: a line that stands still says so, and nobody wakes up for it. */
void progress_init(struct Progress *p, bool on, uint64_t now);

/* Draw, if that is due: the first time it is. Cheap if not. */
void progress_show(struct Progress *p, const struct ProgressState *state, uint64_t now);

/* Wipe the line. */
void progress_end(struct Progress *p);

/* "12.3 kB", "1.24 GB": bytes for a person, into out (at least 16 bytes). Returns out. */
char *progress_bytes(char *out, uint64_t bytes);

/* "3.4 s", "2:05", "1:02:05": a duration for a person, into out (at least 24 bytes). */
char *progress_time(char *out, uint64_t ns);

#endif
