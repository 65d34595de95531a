/*
 * Verdict: the exit code of a run of many results: the smallest of them that is not 0. An object
 * that failed and is received after all, in the same run, counts as received.
 */
#ifndef HOST_VERDICT_H
#define HOST_VERDICT_H

#include "host/store.h"

#define VERDICT_OPEN_MAX 64 /* objects that may yet be received; of more the oldest has failed */

struct VerdictOpen {
    uint8_t id[PACKET_ID];
    uint64_t path; /* a hash of it: the same may come under two names */
    int code;
};

/* Zeroed: no result. */
struct Verdict {
    int code; /* of results that stand */
    struct VerdictOpen open[VERDICT_OPEN_MAX];
    unsigned open_count;
};

/* A result that stands, EXIT_...; EXIT_DELIVERED changes nothing. */
void verdict_note(struct Verdict *v, int code);

/* What became of an object: one that is incomplete, or for which the disk had no room, may yet be
 * received. */
void verdict_take(struct Verdict *v, const struct StoreResult *result);

/* The exit code by what is known now. */
int verdict_code(const struct Verdict *v);

#endif
