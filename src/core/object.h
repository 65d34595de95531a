/*
 * Object: which symbols a file has, how they are grouped into windows, and which have arrived.
 * Streams (size unknown) are core/stream's. Layout: dttk(5), section ERASURE CODE.
 */
#ifndef CORE_OBJECT_H
#define CORE_OBJECT_H

#include "core/bytes.h"
#include "core/rlc.h"

#define OBJECT_GROUP_BYTES ((uint64_t)16 << 20) /* most bytes of a group */

/*
 * The windows of an object of known size: a function of size, T and B alone.
 *   K symbols; at most G = min(OBJECT_GROUP_BYTES / T, B * RLC_STRIDE_MAX) of them in a group
 *   groups of equal size: with g = ceil(K / G) and k = ceil(K / g),
 *   blocks  N = ceil(k / B), count = ceil(k / N), group = N * count symbols
 *   groups = ceil(K / group), which is g or, by that rounding up, less: none is empty
 * Window w of the object is block w % N of group w / N: first = group * (w / N) + w % N,
 * stride N, count symbols, those past the object's end counting as zeros.
 */
struct ObjectLayout {
    uint64_t size;        /* bytes of the object, < 2^63 */
    uint64_t symbols;     /* K; 0 for an empty object */
    uint32_t symbol_size; /* T */
    uint32_t blocks;      /* N: blocks of a group, the stride of its windows */
    uint32_t count;       /* symbols of a window */
    uint32_t group;       /* symbols of a group: blocks * count */
    uint64_t groups;      /* 0 for an empty object; blocks, count and group are then 1 */
};

/* T 1 to 65,535, block_limit (B) 1 to RLC_COUNT_MAX, size < 2^63. */
struct ObjectLayout object_layout(uint64_t size, uint32_t symbol_size, uint32_t block_limit);

/* Bytes of symbol s < symbols: T, or less for the last. */
uint32_t object_symbol_bytes(const struct ObjectLayout *l, uint64_t s);

/* Windows with at least one real symbol are those that may be repaired: see object_window_real. */
uint64_t object_windows(const struct ObjectLayout *l);
struct RlcWindow object_window(const struct ObjectLayout *l, uint64_t w);
uint64_t object_window_of(const struct ObjectLayout *l, uint64_t s);

/* Symbols of window w below the object's end: 0 to count. */
uint32_t object_window_real(const struct ObjectLayout *l, uint64_t w);

/* True if the object has that very window; *w is then its number. */
bool object_window_find(const struct ObjectLayout *l, struct RlcWindow window, uint64_t *w);

/* What has arrived of an object: a bit per symbol, a count of missing ones per window. */
struct Object {
    struct ObjectLayout layout;
    uint8_t *arrived;  /* bit s % 8 of byte s / 8 */
    uint16_t *missing; /* per window */
    uint64_t have;     /* symbols that have arrived */
    uint64_t prefix;   /* all symbols below it have arrived, itself not (or it is the end) */
};

/* Bytes of memory (aligned for uint64_t) object_init needs; UINT64_MAX if that overflows. */
uint64_t object_memory(const struct ObjectLayout *l);

/* Nothing has arrived. Keeps memory. */
void object_init(struct Object *o, const struct ObjectLayout *l, void *memory);

bool object_has(const struct Object *o, uint64_t s);
bool object_complete(const struct Object *o);

/* Symbol s (below the end) has arrived. False: it had before; nothing changes. */
bool object_mark(struct Object *o, uint64_t s);

/* Everything is missing again. */
void object_forget(struct Object *o);

/*
 * The first missing symbol in s .. end (end excluded, at most layout.symbols), or the first present
 * one; end if there is none. No more is looked at than that.
 */
uint64_t object_next_missing(const struct Object *o, uint64_t s, uint64_t end);
uint64_t object_next_arrived(const struct Object *o, uint64_t s, uint64_t end);

/*
 * Take over what another grid of the same object (same size, other T or B) says has arrived: a
 * symbol counts as arrived if all its bytes had. to is fresh from object_init.
 */
void object_regrid(struct Object *to, const struct Object *from);

#endif
