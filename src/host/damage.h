/*
 * Damage: a bad line as a pure function from bytes and a seed to bytes. The same bytes and seed
 * give the same damage however the bytes are cut into pieces and whenever they come: what happens
 * to a byte or frame depends on its place in the stream alone.
 *
 *     bytes -> frames: lost, duplicated, reordered -> bytes: dropped, inserted, flipped, burst
 *
 * A frame that needs no keeping passes piece by piece as it comes; one that is to be delayed or
 * duplicated is kept. Memory is bounded: a frame is cut at DAMAGE_FRAME_MAX, and when more than
 * DAMAGE_HELD_MAX bytes are held back the longest delayed go at once.
 */
#ifndef HOST_DAMAGE_H
#define HOST_DAMAGE_H

#include "core/bytes.h"

#define DAMAGE_FRAME_MAX   ((size_t)1 << 20)  /* a longer frame counts as several */
#define DAMAGE_HELD_MAX    ((size_t)16 << 20) /* most bytes of frames held back */
#define DAMAGE_REORDER_MAX 1000               /* most frames a frame may be delayed by */
#define DAMAGE_SCRATCH     16384              /* bytes damaged in one go */

/* What a frame is. Delimiters before the first byte of a frame belong to it (not for lines). */
enum DamageWire {
    DAMAGE_DTTK,  /* up to and including 0x00 */
    DAMAGE_FTAG,  /* up to and including the 0xFF mark that closes its content */
    DAMAGE_LINES, /* up to and including '\n'; an empty line is a frame */
};

/* All zero: a perfect line of dttk frames. Probabilities are 0 to 1. */
struct DamageConfig {
    double ber;       /* of a bit to be flipped */
    double drop;      /* of a byte to vanish */
    double insert;    /* of a random byte to appear before a byte */
    double burst_gap; /* mean bytes from the end of a burst to the next; 0: no bursts */
    double burst_len; /* mean bytes of a burst, replaced by random ones; >= 1 */
    double loss;      /* of a frame to be lost */
    double loss_run;  /* mean frames lost in a row (Gilbert-Elliott), at least P / (1 - P);
                             up to 1: each is lost or not on its own */
    double dup;       /* of a frame to arrive twice, one behind the other */
    uint32_t reorder; /* a frame arrives 0 to this many frames late, evenly drawn */
    enum DamageWire wire;
    uint64_t seed;
};

/* bytes_in + bytes_duplicated + inserted == bytes_out + bytes_lost + dropped, after the finish. */
struct DamageCounters {
    uint64_t frames_in;
    uint64_t lost;
    uint64_t duplicated;
    uint64_t reordered; /* frames that arrived behind one sent after them */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t bytes_lost;       /* bytes of lost frames */
    uint64_t bytes_duplicated; /* bytes of second copies */
    uint64_t dropped;          /* bytes that vanished */
    uint64_t inserted;         /* bytes that appeared */
    uint64_t bits_flipped;
    uint64_t bursts;
    uint64_t burst_bytes;
};

/* Where the damaged bytes go; bytes is borrowed. */
typedef void (*DamageSink)(void *ctx, const uint8_t *bytes, size_t len);

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), and how far it is to its next event. */
struct DamageRandom {
    uint64_t state;
    double log_miss; /* log(1 - p) of the event, below 0; 0: it never happens */
    uint64_t gap;    /* bits, bytes or frames before the next event */
};

struct DamageFrame; /* a frame kept in memory */

struct Damage {
    struct DamageConfig config;
    struct DamageCounters counters;
    DamageSink sink;
    void *ctx;
    /* damage_frames.c: whole frames */
    struct DamageRandom loss;
    struct DamageRandom dup;
    struct DamageRandom delay;
    bool loss_bad;    /* state of the Gilbert-Elliott line */
    uint64_t frame;   /* number of the current frame */
    uint64_t newest;  /* highest number of a frame passed on, plus 1 */
    size_t frame_len; /* its bytes so far; 0: between frames */
    bool frame_begun; /* it has content: the next delimiter closes it */
    bool frame_lost;  /* its fate, drawn at its first byte */
    bool frame_dup;
    uint32_t frame_delay;
    struct DamageFrame *kept; /* the current frame, if it has to be kept */
    struct DamageFrame *held; /* frames held back, the next to go first */
    size_t held_bytes;
    /* damage.c: bytes */
    struct DamageRandom flip; /* in bits */
    struct DamageRandom drop;
    struct DamageRandom insert;
    struct DamageRandom burst;
    double burst_miss;   /* log_miss of the length of a burst; 0: always 1 byte */
    uint64_t burst_left; /* bytes of the current burst still to come */
    uint8_t scratch[DAMAGE_SCRATCH];
};

/* True if every number of config is within its bounds. */
bool damage_config_ok(const struct DamageConfig *config);

/* Begin; config (which is ok) is copied, sink and ctx are kept. */
void damage_init(struct Damage *d, const struct DamageConfig *config, DamageSink sink, void *ctx);

/*
 * Damage len more bytes; the sink gets what comes out of it, in pieces, before this returns.
 * False: no memory to keep a frame (errno ENOMEM); d can only be reset.
 */
bool damage_feed(struct Damage *d, const uint8_t *bytes, size_t len);

/* The end of input: an unfinished frame counts as closed, and the frames held back go. */
void damage_finish(struct Damage *d);

/* Free the frames held back. d is as before damage_init. */
void damage_reset(struct Damage *d);

/* Between the two files of this module: bytes of frames that arrive, on their way to the sink. */
void damage_bytes(struct Damage *d, const uint8_t *bytes, size_t len);

/* Random bits; a number from 0 to 1, 1 included; the units before the next event of r. */
uint64_t damage_random(struct DamageRandom *r);
double damage_random_unit(struct DamageRandom *r);
uint64_t damage_random_gap(struct DamageRandom *r, double log_miss);

#endif
