/* Bytes: integers in memory, and a read-only view that parses them. The bottom of core. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A broken contract is our own bug: stop at once. A trap, because core knows no stdio. */
#define CORE_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

/* Most bytes an unsigned LEB128 varint takes (DWARF 5, section 7.6): 64 bits in groups of 7. */
#define VARINT_MAX 10

/* The four functions core needs from outside; declared here since string.h is not freestanding. */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/*
 * Bytes somebody else owns, by value. Taking from a View never touches the memory it looks at,
 * so a parser that gives up half-way leaves everything as it was.
 */
struct View {
    const uint8_t *data;
    size_t len;
};

/* A View of len bytes at data. Borrows data. */
struct View view_of(const void *data, size_t len);

/*
 * Take an integer (little-endian), a varint or n bytes off the front of v into *out.
 * True: *out is set and v begins behind what was taken. False: v holds too little, or the varint
 * is longer than VARINT_MAX bytes or exceeds 64 bits; *out and v are unchanged.
 */
bool view_take_u8(struct View *v, uint8_t *out);
bool view_take_u16(struct View *v, uint16_t *out);
bool view_take_u32(struct View *v, uint32_t *out);
bool view_take_u64(struct View *v, uint64_t *out);
bool view_take_varint(struct View *v, uint64_t *out);
bool view_take(struct View *v, size_t n, struct View *out);

/* Store or load an integer at p, little-endian, at any alignment. */
void put_u16(uint8_t *p, uint16_t value);
void put_u32(uint8_t *p, uint32_t value);
void put_u64(uint8_t *p, uint64_t value);
uint16_t get_u16(const uint8_t *p);
uint32_t get_u32(const uint8_t *p);
uint64_t get_u64(const uint8_t *p);

/* Store value as the shortest varint at p (room for VARINT_MAX bytes); the bytes written. */
size_t put_varint(uint8_t *p, uint64_t value);

/* The bytes put_varint would write: 1 to VARINT_MAX. */
size_t varint_size(uint64_t value);

#endif
