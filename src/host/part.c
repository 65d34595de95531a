#include "host/part.h"

#include "host/disk.h"
#include "host/hasher.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BACK ((size_t)64 << 10)
#define EAGER     ((uint64_t)4 << 20) /* bytes in order that are sent to the disk at once */

void part_init(struct Part *p, int fd)
{
    *p = (struct Part){.fd = fd, .room = PART_BUFFER};
    digest_init(&p->hash, DIGEST_SHA256);
}

void part_close(struct Part *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    hasher_wait();
    free(p->buffer);
    free(p->other);
    p->buffer = p->other = NULL;
    p->fill = 0;
}

static int fail(struct Part *p)
{
    p->error = errno;
    return -1;
}

static int refuse(const struct Part *p)
{
    errno = p->error;
    return -1;
}

static void begin_sync(struct Part *p)
{
    if (p->at != p->to)
        p->idle = p->at;
    p->to = p->at + p->fill;
    if (!p->eager || p->to - p->idle < EAGER)
        return;
    disk_begin_sync(p->fd, p->idle, p->to - p->idle);
    p->idle = p->to;
}

/* Hash what is gathered, as far as the digest goes on with it. True: the buffer must stay. */
static bool hash_gathered(struct Part *p)
{
    if (p->unhashed || p->hashed < p->at || p->hashed >= p->at + p->fill)
        return false;
    size_t from = (size_t)(p->hashed - p->at);
    p->hashed = p->at + p->fill;
    return hasher_update(&p->hash, p->buffer + from, p->fill - from);
}

int part_flush(struct Part *p)
{
    if (p->error != 0)
        return refuse(p);
    if (p->fill == 0)
        return 0;
    bool stays = hash_gathered(p);
    if (disk_write(p->fd, p->buffer, p->fill, p->at) != 0)
        return fail(p);
    begin_sync(p);
    p->fill = 0;
    if (stays) {
        uint8_t *buffer = p->buffer;
        p->buffer = p->other;
        p->other = buffer;
    }
    return 0;
}

static int sync_by(struct Part *p, int (*sync)(int))
{
    int flushed = part_flush(p);
    if (p->lost || sync(p->fd) == 0)
        return flushed;
    p->lost = true;
    return p->error == 0 ? fail(p) : refuse(p);
}

int part_sync_data(struct Part *p)
{
    return sync_by(p, disk_sync_data);
}

int part_sync(struct Part *p)
{
    return sync_by(p, disk_sync);
}

/* Put len bytes behind those gathered, or gather anew from them. */
static int gather(struct Part *p, uint64_t offset, const uint8_t *data, size_t len)
{
    if ((offset != p->at + p->fill || len > p->room - p->fill) && part_flush(p) != 0)
        return -1;
    if (p->buffer == NULL && (p->buffer = malloc(p->room)) == NULL)
        return fail(p);
    if (p->fill == 0)
        p->at = offset;
    memcpy(p->buffer + p->fill, data, len);
    p->fill += len;
    return 0;
}

int part_write(struct Part *p, uint64_t offset, const uint8_t *data, size_t len)
{
    if (p->error != 0)
        return refuse(p);
    /* What is gathered settles first. */
    if (p->fill > 0 && offset < p->at + p->fill && p->at < offset + len && part_flush(p) != 0)
        return -1;
    if (offset < p->hashed) {
        uint64_t settled = p->hashed - offset;
        if (settled >= len)
            return 0;
        data += settled;
        len -= (size_t)settled;
        offset = p->hashed;
    }
    while (len > 0) {
        size_t n = len < p->room ? len : p->room;
        if (gather(p, offset, data, n) != 0)
            return -1;
        data += n;
        len -= n;
        offset += n;
        if (offset > p->end)
            p->end = offset;
    }
    return 0;
}

int part_read(struct Part *p, uint64_t offset, uint8_t *data, size_t len)
{
    if (p->fill > 0 && offset < p->at + p->fill && p->at < offset + len) {
        if (offset >= p->at && offset + len <= p->at + p->fill) {
            memcpy(data, p->buffer + (offset - p->at), len);
            return 0;
        }
        if (part_flush(p) != 0)
            return -1;
    }
    return disk_read(p->fd, data, len, offset);
}

bool part_unsaved(const struct Part *p, uint64_t *from, uint64_t *to)
{
    *from = p->lost ? 0 : p->at;
    *to = p->lost ? UINT64_MAX : p->at + p->fill;
    return p->error != 0 && *from < *to;
}

uint64_t part_behind(const struct Part *p, uint64_t upto)
{
    bool next = p->fill > 0 && p->hashed >= p->at; /* the digest goes on with what is gathered, */
    uint64_t end = upto;
    if (next && p->at + p->fill >= upto)
        end = p->hashed; /* and with nothing else */
    else if (!next && p->fill > 0 && p->at < upto)
        end = p->at;
    return end > p->hashed ? end - p->hashed : 0;
}

int part_hash(struct Part *p, uint64_t upto, uint64_t most)
{
    uint8_t piece[READ_BACK];
    uint64_t behind = part_behind(p, upto);
    uint64_t end = p->hashed + (behind < most ? behind : most);
    if (behind == 0)
        return 0;
    if (p->fill > 0 && p->hashed >= p->at && part_flush(p) != 0)
        return -1;
    hasher_wait();
    while (p->hashed < end) {
        uint64_t left = end - p->hashed;
        size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
        if (part_read(p, p->hashed, piece, n) != 0)
            return -1;
        hasher_now(&p->hash, piece, n);
        p->hashed += n;
    }
    return 0;
}

int part_digest(struct Part *p, uint64_t upto, uint8_t out[PACKET_DIGEST])
{
    if (part_flush(p) != 0 || part_hash(p, upto, UINT64_MAX) != 0)
        return -1;
    hasher_wait();
    digest_value(&p->hash, out);
    return 0;
}

void part_rehash(struct Part *p, enum DigestKind kind)
{
    hasher_wait();
    digest_init(&p->hash, kind);
    p->hashed = 0;
}
