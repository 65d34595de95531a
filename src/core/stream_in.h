/*
 * Stream, receiving side: the recent symbols of a stream in a ring, handed on in order as soon as
 * there is no gap before them; lost ones are solved from the repairs that wait, jointly over
 * everything in the ring.
 */
#ifndef CORE_STREAM_IN_H
#define CORE_STREAM_IN_H

#include "core/rlc.h"

#define STREAM_T_MIN       4                   /* least T: a length and some content */
#define STREAM_RING_BYTES  ((uint64_t)8 << 20) /* most bytes of symbols in the ring */
#define STREAM_RING_MAX    4096                /* most symbols */
#define STREAM_FAR_MAX     64                  /* packets in a row about what is far ahead: a gap */
#define STREAM_REPAIRS_MAX 1024                /* most repairs that wait */

struct StreamIn {
    uint32_t symbol_size;
    uint32_t capacity;   /* symbols in the ring */
    uint8_t *slots;      /* symbol s at slots + s % capacity * T */
    uint32_t *used;      /* per slot: bytes of the symbol, the rest up to T are zeros */
    uint64_t *number;    /* per slot: 1 + the symbol that is in it, 0: none */
    struct RlcRow *rows; /* repairs that wait, by the end of their windows */
    uint8_t *payloads;   /* payload of rows[i], wherever rows[i].payload points among these */
    uint32_t row_count;
    uint32_t wait;         /* repairs that must come before the next attempt */
    uint32_t pause;        /* what wait was set to by the last one, which failed; or 0 */
    uint64_t next;         /* lowest symbol not handed on */
    uint64_t high;         /* 1 + highest symbol heard of */
    uint64_t newest_first; /* start of the newest repair window: older symbols get no new repairs */
    uint64_t size;         /* content bytes handed on */
    unsigned far;          /* packets in a row that spoke of what is far ahead */
};

struct StreamStore {
    void *ctx;
    bool (*deliver)(void *ctx, const uint8_t *data, size_t len); /* content, in order */
    void *(*scratch)(void *ctx, uint64_t size);                  /* as RecoverStore's */
};

enum StreamResult {
    STREAM_KEPT,      /* new; what has become gapless was handed on */
    STREAM_DUPLICATE, /* nothing new */
    STREAM_BAD,       /* not a symbol of this stream: dropped */
    STREAM_FAILED,    /* deliver failed */
};

/* Bytes of memory (aligned for a pointer, zeroed) stream_in_init needs; T 4 to 65,530. */
uint64_t stream_in_memory(uint32_t symbol_size);

/* Nothing heard. Keeps memory, which is all zeros. */
void stream_in_init(struct StreamIn *in, uint32_t symbol_size, void *memory);

/* The length of the symbol at the front of v (which may hold several); 0: none that is valid. */
size_t stream_in_symbol_length(const struct StreamIn *in, struct View v);

/* Symbol s arrived: len bytes as sent, from stream_in_symbol_length. */
enum StreamResult stream_in_source(struct StreamIn *in, uint64_t s, struct View symbol,
                                   const struct StreamStore *store);

/* A repair arrived: payload is 1 to T bytes (borrowed), those up to T are zeros. */
enum StreamResult stream_in_repair(struct StreamIn *in, struct RlcWindow w, uint64_t key,
                                   struct View payload);

/*
 * Solve what can be solved with the repairs that wait, and hand on what has become gapless;
 * *solved is how many symbols that gave. KEPT, DUPLICATE (no attempt was worth it) or FAILED.
 */
enum StreamResult stream_in_recover(struct StreamIn *in, Gf256MulAdd muladd,
                                    const struct StreamStore *store, uint64_t *solved);

/* The first symbol from s on that has not arrived, or has; `end` if there is none before it. */
uint64_t stream_in_next_missing(const struct StreamIn *in, uint64_t s, uint64_t end);
uint64_t stream_in_next_arrived(const struct StreamIn *in, uint64_t s, uint64_t end);

/*
 * True if `next` is lost for good: it was solved and is no symbol; or, unless what is missing is
 * resent, no repair that waits or may still come covers it, or the stream has gone on by more than
 * a ring.
 */
bool stream_in_gap(const struct StreamIn *in, bool resent);

/*
 * Leave out what is missing: hand on from the next symbol that is here, or if none is, wait for
 * what comes after all that was heard of. *skipped is how many were left out. KEPT or FAILED.
 */
enum StreamResult stream_in_skip(struct StreamIn *in, const struct StreamStore *store,
                                 uint64_t *skipped);

#endif
