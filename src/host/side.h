/*
 * Side: where the repairs of one object wait (core/repairs.h): the first 8 MiB of their table in
 * memory, of which only what is touched is taken, the rest in a sparse file without a name.
 */
#ifndef HOST_SIDE_H
#define HOST_SIDE_H

#include "core/bytes.h"

#define SIDE_MEMORY ((uint64_t)8 << 20)

struct Side {
    int dir;         /* folder for the file: the caller's, kept */
    bool lean;       /* without memory: all in the file */
    uint8_t *memory; /* SIDE_MEMORY bytes, from the first use on */
    int fd;          /* -1: no file yet */
};

/* Empty. lean: take no memory. */
void side_init(struct Side *s, int dir, bool lean);

/* Fine to repeat. */
void side_close(struct Side *s);

/* Bytes at an offset; only what was written is read. 0; or -1 and errno. */
int side_write(struct Side *s, uint64_t offset, const uint8_t *data, size_t len);
int side_read(const struct Side *s, uint64_t offset, uint8_t *data, size_t len);

#endif
