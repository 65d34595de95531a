/* Word: looking for a byte eight at a time. For the inner loops of core; portable C. */
#ifndef CORE_WORD_H
#define CORE_WORD_H

#include "core/bytes.h"

/* A word of eight times the same byte. */
#define WORD_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * Eight bytes at any alignment, in the machine's order. By the builtin, because a freestanding
 * compiler would call memcpy for them.
 */
static inline uint64_t word_load(const uint8_t *p)
{
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

static inline void word_store(uint8_t *p, uint64_t word)
{
    __builtin_memcpy(p, &word, sizeof word);
}

/* 0 if no byte of word is 0x00. Otherwise not 0, and good for nothing else than that. */
static inline uint64_t word_zeros(uint64_t word)
{
    return (word - WORD_OF(0x01)) & ~word & WORD_OF(0x80);
}

/* The index in memory, 0 to 7, of the first 0x00 of a word that holds one. */
static inline size_t word_first_zero(uint64_t word)
{
    /* A 0x01 above a 0x00 may look like one, by the borrow; the lowest is always right. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return (size_t)__builtin_ctzll(word_zeros(word)) / 8;
}

#endif
