#include "host/side.h"

#include "host/disk.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

void side_init(struct Side *s, int dir, bool lean)
{
    *s = (struct Side){.dir = dir, .lean = lean, .fd = -1};
}

void side_close(struct Side *s)
{
    if (s->memory != NULL)
        munmap(s->memory, SIDE_MEMORY);
    s->memory = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* How many of the len bytes at offset are in memory. */
static size_t in_memory(const struct Side *s, uint64_t offset, size_t len)
{
    if (s->lean || offset >= SIDE_MEMORY)
        return 0;
    return len < SIDE_MEMORY - offset ? len : (size_t)(SIDE_MEMORY - offset);
}

static int need_memory(struct Side *s)
{
    void *memory;
    if (s->memory != NULL)
        return 0;
    memory = mmap(NULL, SIDE_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    s->memory = memory;
    return 0;
}

int side_write(struct Side *s, uint64_t offset, const uint8_t *data, size_t len)
{
    size_t n = in_memory(s, offset, len);
    if (n > 0) {
        if (need_memory(s) != 0)
            return -1;
        memcpy(s->memory + offset, data, n);
    }
    if (n == len)
        return 0;
    if (s->fd < 0 && (s->fd = disk_temp(s->dir)) < 0)
        return -1;
    return disk_write(s->fd, data + n, len - n, offset + n);
}

int side_read(const struct Side *s, uint64_t offset, uint8_t *data, size_t len)
{
    size_t n = in_memory(s, offset, len);
    if ((n > 0 && s->memory == NULL) || (n < len && s->fd < 0)) {
        errno = EIO;
        return -1;
    }
    if (n > 0)
        memcpy(data, s->memory + offset, n);
    return n < len ? disk_read(s->fd, data + n, len - n, offset + n) : 0;
}
