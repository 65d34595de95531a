/*
 * Stream, sending side: bytes of unknown total length cut into symbols. A symbol is its length
 * (varint), that many bytes, and zeros up to T, which are not sent; so a flushed line is a symbol
 * of its own. The recent past is kept in a ring, for the repairs that cover it.
 */
#ifndef CORE_STREAM_OUT_H
#define CORE_STREAM_OUT_H

#include "core/bytes.h"

struct StreamOut {
    uint32_t symbol_size; /* T */
    uint32_t width;       /* bytes of the length before the content, the same in every symbol */
    uint32_t capacity;    /* symbols in the ring, the open one included */
    uint8_t *slots;       /* symbol s at slots + s % capacity * T */
    uint32_t *used;       /* per slot: bytes of the closed symbol, length included */
    uint64_t closed;      /* symbols below it are closed; it is the open one */
    uint32_t fill;        /* content bytes of the open symbol */
    uint64_t size;        /* content bytes taken so far */
    bool ended;
};

/* Bytes of memory (aligned for uint32_t) stream_out_init needs. T >= 4, capacity >= 2. */
size_t stream_out_memory(uint32_t symbol_size, uint32_t capacity);

/* Nothing taken yet. Keeps memory. */
void stream_out_init(struct StreamOut *o, uint32_t symbol_size, uint32_t capacity, void *memory);

/*
 * Where the next content bytes go, *len of them (at least 1): lent until stream_out_take. NULL: the
 * ring is full of symbols from `keep` on, which are still wanted; or the stream has ended.
 */
uint8_t *stream_out_space(struct StreamOut *o, uint64_t keep, size_t *len);

/* The first symbol in the ring once space has been lent: it is in the place of the one before. */
uint64_t stream_out_first(const struct StreamOut *o);

/* n bytes (at most what was lent) were put there. A full symbol closes itself. */
void stream_out_take(struct StreamOut *o, size_t n);

/* Close the open symbol if it holds anything, so that it can be sent. */
void stream_out_flush(struct StreamOut *o);

/* Flush; there will be no more. */
void stream_out_end(struct StreamOut *o);

/* Closed symbol s, still in the ring: *len bytes, the rest up to T are zeros. Borrowed. */
const uint8_t *stream_out_symbol(const struct StreamOut *o, uint64_t s, size_t *len);

#endif
