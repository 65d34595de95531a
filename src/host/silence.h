/*
 * Silence: what to say when a link brought nothing that counts. It keeps the first bytes and counts
 * the rest, and at the end tells one likely cause from another: nothing at all, a wrong baud rate,
 * something else that talks there, noise, our own packets coming back.
 */
#ifndef HOST_SILENCE_H
#define HOST_SILENCE_H

#include "core/armor.h"
#include "core/frame.h"
#include "core/ftag.h"

#define SILENCE_SAMPLE 4096
#define SILENCE_WORDS  256 /* bytes of the longest phrase, its end included */

struct Silence {
    uint64_t bytes;                 /* read in all */
    uint8_t sample[SILENCE_SAMPLE]; /* the first of them */
};

/* What else is known by then. */
struct SilenceFacts {
    bool serial;                 /* a line that has a speed: a port or a terminal */
    uint64_t good;               /* frames that were whole, or packets of a wire that is known */
    struct FrameCounters frames; /* of all that was read, by those who know our frames, */
    struct FtagCounters ftag;    /* those who know the packets of ftag, */
    struct ArmorCounters armor;  /* and those who know lines */
    uint64_t echoes;             /* packets of this run that came back */
    uint64_t rivals;             /* packets of another that has the same role as this run */
    uint64_t waiting;            /* packets without the one that names their file */
};

void silence_init(struct Silence *s);

/* These bytes were read. */
void silence_feed(struct Silence *s, struct View bytes);

/*
 * One phrase, lower case, to be said after the link's name; what the other side says is escaped in
 * it. Into out (size at least SILENCE_WORDS); returns out.
 */
char *silence_explain(const struct Silence *s, const struct SilenceFacts *facts, char *out,
                      size_t size);

#endif
