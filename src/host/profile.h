/*
 * Profile: where the time of a run goes, by stages. A stage that is entered within another stops
 * the other's clock, so that all stages together are the whole. Off unless profile_open was called;
 * then a stage costs one look at a variable, else two at the clock: so it is entered once for a
 * batch of packets, not for each. For one thread, that of the Loop; one profile per process.
 *
 *     struct ProfileMark mark = profile_enter(PROFILE_FILE_READ);
 *     ...
 *     profile_leave(mark);
 */
#ifndef HOST_PROFILE_H
#define HOST_PROFILE_H

#include "core/gf256.h"

enum ProfileStage {
    PROFILE_OTHER, /* what is in no other */
    PROFILE_WAIT,  /* for the link, for time to pass */
    PROFILE_LINK_READ,
    PROFILE_LINK_WRITE,
    PROFILE_PACKETS, /* frames and packets, a batch of them: made, or taken apart and sorted */
    PROFILE_CODE,    /* arithmetic of repairs */
    PROFILE_HASH,    /* digests, or waiting for the helper that takes them */
    PROFILE_FILE_READ,
    PROFILE_FILE_WRITE, /* and what recv writes to stdout */
    PROFILE_FILE_SYNC,
};

#define PROFILE_STAGES (PROFILE_FILE_SYNC + 1)

struct ProfileTimes {
    const char *name;
    uint64_t calls;
    uint64_t least, most, total; /* ns */
};

struct ProfileMark {
    enum ProfileStage stage;
    uint64_t spent;
};

/* From now on. */
void profile_open(void);
bool profile_is_on(void);

struct ProfileMark profile_enter(enum ProfileStage stage);
void profile_leave(struct ProfileMark mark);

/* The same function, its time taken down as PROFILE_CODE if the profile is on. One at a time. */
Gf256MulAdd profile_muladd(Gf256MulAdd muladd);

/* What has gathered in a stage until now. */
struct ProfileTimes profile_times(enum ProfileStage stage);

/* Say it, a line for each stage that had calls, if the profile is on. */
void profile_say(void);

#endif
