/*
 * Lane: sixteen bytes at a time, for the inner loops of core. Where the compiler may use SSE2 it is
 * one vector, elsewhere, or with CORE_PORTABLE, two words of portable C; a test holds them equal.
 */
#ifndef CORE_LANE_H
#define CORE_LANE_H

#include "core/word.h"

#define LANE 16

#if defined __SSE2__ && !defined CORE_PORTABLE

/* Vectors of the compiler and its own names: the headers of intrinsics want a C library. */
typedef char LaneVector __attribute__((vector_size(LANE)));

static inline LaneVector lane_load(const uint8_t *p)
{
    LaneVector v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

/* Which of 16 bytes; 0: none. For nothing but lane_first. */
typedef unsigned LaneSet;

/* The index of the first byte of a set that is not empty. */
static inline size_t lane_first(LaneSet set)
{
    return (size_t)__builtin_ctz(set);
}

static inline LaneSet lane_zeros_of(LaneVector v)
{
    return (LaneSet)__builtin_ia32_pmovmskb128((LaneVector)(v == 0));
}

/* Those of the 16 bytes at p that are 0x00. */
static inline LaneSet lane_zeros(const uint8_t *p)
{
    return lane_zeros_of(lane_load(p));
}

/* Copy 16 bytes; the result is lane_zeros of them. */
static inline LaneSet lane_copy(uint8_t *to, const uint8_t *from)
{
    LaneVector v = lane_load(from);
    __builtin_memcpy(to, &v, sizeof v);
    return lane_zeros_of(v);
}

/* Those of the 16 bytes at p that are 0x10 to 0x13. */
static inline LaneSet lane_controls(const uint8_t *p)
{
    return lane_zeros_of((lane_load(p) ^ 0x10) & (char)0xFC);
}

/* True if one of the 64 bytes at p is 0x00. */
static inline bool lanes_hold_zero(const uint8_t *p)
{
    LaneVector a = (LaneVector)(lane_load(p) == 0) | (LaneVector)(lane_load(p + 16) == 0);
    LaneVector b = (LaneVector)(lane_load(p + 32) == 0) | (LaneVector)(lane_load(p + 48) == 0);
    return __builtin_ia32_pmovmskb128(a | b) != 0;
}

#else

/* The index of the first of the set, and 1. */
typedef size_t LaneSet;

static inline size_t lane_first(LaneSet set)
{
    return set - 1;
}

/* Those of the eight bytes of a, then of b, that are 0x00. */
static inline LaneSet lane_zeros_of(uint64_t a, uint64_t b)
{
    if (word_zeros(a) != 0)
        return word_first_zero(a) + 1;
    return word_zeros(b) != 0 ? 8 + word_first_zero(b) + 1 : 0;
}

static inline LaneSet lane_zeros(const uint8_t *p)
{
    return lane_zeros_of(word_load(p), word_load(p + 8));
}

static inline LaneSet lane_copy(uint8_t *to, const uint8_t *from)
{
    uint64_t a = word_load(from);
    uint64_t b = word_load(from + 8);
    word_store(to, a);
    word_store(to + 8, b);
    return lane_zeros_of(a, b);
}

static inline LaneSet lane_controls(const uint8_t *p)
{
    return lane_zeros_of((word_load(p) ^ WORD_OF(0x10)) & WORD_OF(0xFC),
                         (word_load(p + 8) ^ WORD_OF(0x10)) & WORD_OF(0xFC));
}

static inline bool lanes_hold_zero(const uint8_t *p)
{
    uint64_t zeros = 0;
    for (size_t i = 0; i < 64; i += 8)
        zeros |= word_zeros(word_load(p + i));
    return zeros != 0;
}

#endif

#endif
