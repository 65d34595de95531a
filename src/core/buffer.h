/*
 * Buffer: one fixed, contiguous piece of the caller's memory with room before and after the bytes
 * in use. Going down the stack prepends and appends, coming up drops from both ends, and no byte
 * in use is moved (buffer_rebase, which says so, excepted).
 *
 *     base                head                    head + len          size
 *     |---- headroom -----|---- bytes in use -----|---- tailroom -----|
 *
 * Every bound is compared by subtraction before anything is touched: a refusal changes nothing.
 */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include "core/bytes.h"

struct Buffer {
    uint8_t *base; /* the caller's memory, kept until the Buffer is dropped */
    size_t size;   /* bytes at base */
    size_t head;   /* offset of the first byte in use */
    size_t len;    /* bytes in use */
};

/*
 * Lent the free tail of a Buffer (space, size bytes; size may be 0): fills its front and returns
 * how many bytes it filled, 0 to size, or a negative value of its own on failure.
 */
typedef ptrdiff_t (*BufferFill)(void *ctx, uint8_t *space, size_t size);

/* Lent the bytes in use: takes some off the front; returns how many, or a negative value. */
typedef ptrdiff_t (*BufferDrain)(void *ctx, const uint8_t *bytes, size_t len);

/* An empty Buffer over size bytes at memory (kept), its first byte to lie headroom bytes in. */
void buffer_init(struct Buffer *b, uint8_t *memory, size_t size, size_t headroom);

/* Empty, with headroom free bytes (at most the buffer's size) before the next byte. */
void buffer_reset(struct Buffer *b, size_t headroom);

/* Free bytes before and after the bytes in use. */
size_t buffer_headroom(const struct Buffer *b);
size_t buffer_tailroom(const struct Buffer *b);

/* The bytes in use. Borrowed: good until the next call that changes b. */
struct View buffer_view(const struct Buffer *b);

/* Copy n bytes behind those in use. False: no room, nothing changed. */
bool buffer_append(struct Buffer *b, const void *bytes, size_t n);

/* Take n more bytes into use, behind or before; where to write them, or NULL: no room, no change.*/
uint8_t *buffer_extend(struct Buffer *b, size_t n);
uint8_t *buffer_prepend(struct Buffer *b, size_t n);

/* Drop n bytes from the left or the right end. False: fewer are in use, nothing changed. */
bool buffer_ltrunc(struct Buffer *b, size_t n);
bool buffer_rtrunc(struct Buffer *b, size_t n);

/* Append an integer (little-endian) or a varint. False: no room, nothing changed. */
bool buffer_append_u8(struct Buffer *b, uint8_t value);
bool buffer_append_u16(struct Buffer *b, uint16_t value);
bool buffer_append_u64(struct Buffer *b, uint64_t value);
bool buffer_append_varint(struct Buffer *b, uint64_t value);

/*
 * Lend the free tail to fill and keep what it filled; its result is returned. A result below 0
 * or a full buffer leaves b unchanged; a result above what was lent is a bug (CORE_ASSERT).
 */
ptrdiff_t buffer_write_with(struct Buffer *b, BufferFill fill, void *ctx);

/* Lend the bytes in use to drain and drop what it took; its result is returned, as above. */
ptrdiff_t buffer_read_with(struct Buffer *b, BufferDrain drain, void *ctx);

/* Move the bytes in use so that they begin headroom bytes in. False: they do not fit there. */
bool buffer_rebase(struct Buffer *b, size_t headroom);

#endif
