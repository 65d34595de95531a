#include "host/spool.h"

#include "core/object.h"
#include "host/disk.h"
#include "host/hasher.h"
#include "host/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE      ((size_t)64 << 10)
#define UNPACKED   ((size_t)128 << 10)
#define PUNCH_STEP ((uint64_t)4 << 20)
#define QUEUE_MIN  ((size_t)64 << 10)

/* A group that lacks a symbol begins no more than this before it, in whatever grid. */
#define STILL_NEEDED (2 * OBJECT_GROUP_BYTES)

/* How to write to fd without ever waiting in write. O_NONBLOCK belongs to the open description,
 * which others may share (the shell, the next program): so a description of our own is tried. */
static enum SpoolWay find_way(struct Spool *s)
{
    char path[32];
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return SPOOL_SMALL;
    if (S_ISREG(st.st_mode))
        return SPOOL_FILE;
    if (S_ISSOCK(st.st_mode))
        return SPOOL_SOCKET;
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return SPOOL_SMALL;
    if (s->owned)
        close(s->fd);
    s->fd = own;
    s->owned = true;
    return SPOOL_NONBLOCK;
}

void spool_init(struct Spool *s, int fd, bool owned)
{
    *s = (struct Spool){.fd = fd, .owned = owned};
    part_init(&s->part, -1);
    digest_init(&s->hash, DIGEST_SHA256);
    s->way = find_way(s);
}

void spool_close(struct Spool *s)
{
    part_close(&s->part);
    unpacker_close(&s->unpacker);
    free(s->unpacked);
    free(s->queue);
    s->unpacked = s->queue = NULL;
    s->queue_len = 0;
    if (s->owned && s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

int spool_begin(struct Spool *s, int dir)
{
    int fd = disk_temp(dir);
    if (fd < 0)
        return -1;
    part_init(&s->part, fd);
    return 0;
}

static void give_back(struct Spool *s)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    uint64_t upto = s->released < s->part.hashed ? s->released : s->part.hashed;
    upto = upto < s->ready ? upto : s->ready;
    upto = upto > STILL_NEEDED ? upto - STILL_NEEDED : 0;
    if (upto < s->punched + PUNCH_STEP)
        return;
    upto -= upto % PUNCH_STEP;
    fallocate(s->part.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->punched,
              (off_t)(upto - s->punched));
    s->punched = upto;
#endif
}

static int refuse(const struct Spool *s)
{
    errno = s->error;
    return -1;
}

int spool_advance(struct Spool *s, uint64_t upto)
{
    if (s->error != 0)
        return refuse(s);
    if (upto > s->ready)
        s->ready = upto;
    give_back(s);
    return 0;
}

void spool_restart(struct Spool *s, enum DigestKind kind, const struct UnpackerLimits *packed)
{
    part_rehash(&s->part, kind);
    digest_init(&s->hash, kind);
    s->ready = 0;
    s->packed = packed != NULL;
    s->limits = packed != NULL ? *packed : (struct UnpackerLimits){0};
}

/* Bytes that wait to be unpacked, or to be written if they are not packed. */
static uint64_t waiting(const struct Spool *s)
{
    return s->ready - s->released + s->queue_len;
}

uint64_t spool_pending(const struct Spool *s)
{
    if (s->error != 0)
        return 0;
    return waiting(s) + s->unpacked_len + s->unpacker.full;
}

uint64_t spool_unpacked(const struct Spool *s)
{
    return s->packed ? s->written + s->unpacked_len : 0;
}

/* Like write, but it never waits: -1 and EAGAIN. */
static ssize_t write_some(const struct Spool *s, const uint8_t *data, size_t len)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    switch (s->way) {
    case SPOOL_FILE:
    case SPOOL_NONBLOCK:
        return write(s->fd, data, len);
    case SPOOL_SOCKET:
        return send(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case SPOOL_SMALL:
        if (poll(&p, 1, 0) > 0)
            return write(s->fd, data, len < PIPE_BUF ? len : PIPE_BUF);
        errno = EAGAIN;
        return -1;
    }
    errno = EINVAL;
    return -1;
}

/* How much of the len bytes went: 0 if the descriptor takes nothing now; -1 and errno. */
static ptrdiff_t write_once(struct Spool *s, const uint8_t *data, size_t len)
{
    struct ProfileMark mark = profile_enter(PROFILE_FILE_WRITE);
    ssize_t n;
    do
        n = write_some(s, data, len);
    while (n < 0 && errno == EINTR);
    profile_leave(mark);
    if (n >= 0) {
        s->written += (uint64_t)n;
        return n;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    s->error = errno;
    return -1;
}

static int enqueue(struct Spool *s, const uint8_t *data, size_t len)
{
    if (len > SPOOL_QUEUE_MAX - s->queue_len) {
        errno = s->error = ENOBUFS;
        return -1;
    }
    if (s->queue_head > 0 && len > s->queue_size - s->queue_head - s->queue_len) {
        memmove(s->queue, s->queue + s->queue_head, s->queue_len);
        s->queue_head = 0;
    }
    if (len > s->queue_size - s->queue_head - s->queue_len) {
        size_t size = 2 * (s->queue_len + len) > QUEUE_MIN ? 2 * (s->queue_len + len) : QUEUE_MIN;
        uint8_t *queue = realloc(s->queue, size);
        if (queue == NULL) {
            s->error = ENOMEM;
            return -1;
        }
        s->queue = queue;
        s->queue_size = size;
    }
    memcpy(s->queue + s->queue_head + s->queue_len, data, len);
    s->queue_len += len;
    return 0;
}

int spool_deliver(struct Spool *s, const uint8_t *data, size_t len)
{
    if (s->error != 0)
        return refuse(s);
    hasher_now(&s->hash, data, len);
    s->part.end += len;
    if (s->queue_len == 0 && !s->packed) {
        ptrdiff_t n = write_once(s, data, len);
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return len > 0 ? enqueue(s, data, len) : 0;
}

/* The next bytes that may go, in memory: piece is room for PIECE of them. NULL and errno. */
static const uint8_t *next_bytes(struct Spool *s, uint8_t *piece, size_t *len)
{
    const struct Part *p = &s->part;
    uint64_t at = s->released, n = s->ready - at;
    if (s->queue_len > 0) {
        *len = s->queue_len;
        return s->queue + s->queue_head;
    }
    if (p->fill > 0 && at >= p->at && at < p->at + p->fill) {
        uint64_t gathered = p->at + p->fill - at;
        *len = (size_t)(n < gathered ? n : gathered);
        return p->buffer + (at - p->at);
    }
    *len = n < PIECE ? (size_t)n : PIECE;
    return part_read(&s->part, at, piece, *len) == 0 ? piece : NULL;
}

static void took(struct Spool *s, size_t n)
{
    if (s->queue_len == 0) {
        s->released += n;
        return;
    }
    s->queue_head += n;
    s->queue_len -= n;
    if (s->queue_len == 0)
        s->queue_head = 0;
}

/* What the unpacker has room for goes through it: bytes that it took; -1 and errno. */
static ptrdiff_t unpack(struct Spool *s)
{
    uint8_t piece[PIECE];
    struct PackFlow flow = {.in = piece};
    size_t len = 0;
    if (s->unpacked == NULL &&
        ((s->unpacked = malloc(UNPACKED)) == NULL || unpacker_open(&s->unpacker, s->limits) != 0))
        return -1;
    if (waiting(s) > 0 && (flow.in = next_bytes(s, piece, &len)) == NULL)
        return -1;
    flow.in_len = len;
    flow.out = s->unpacked;
    flow.out_len = UNPACKED;
    if (unpacker_run(&s->unpacker, &flow) != 0)
        return -1;
    if (len > flow.in_len)
        took(s, len - flow.in_len);
    s->unpacked_head = 0;
    s->unpacked_len = UNPACKED - flow.out_len;
    return (ptrdiff_t)(len - flow.in_len);
}

/* Write once of what may go, up to `most` bytes: how many went; -1 and errno. */
static ptrdiff_t pump_plain(struct Spool *s, uint64_t most)
{
    uint8_t piece[PIECE];
    size_t len;
    const uint8_t *bytes = next_bytes(s, piece, &len);
    if (bytes == NULL)
        return -1;
    ptrdiff_t n = write_once(s, bytes, len < most ? len : (size_t)most);
    if (n > 0)
        took(s, (size_t)n);
    return n;
}

/* The same of what was unpacked. */
static ptrdiff_t pump_unpacked(struct Spool *s, uint64_t most)
{
    size_t len = s->unpacked_len < most ? s->unpacked_len : (size_t)most;
    ptrdiff_t n = write_once(s, s->unpacked + s->unpacked_head, len);
    if (n > 0) {
        s->unpacked_head += (size_t)n;
        s->unpacked_len -= (size_t)n;
    }
    return n;
}

int spool_pump(struct Spool *s, uint64_t most)
{
    ptrdiff_t n = 1;
    if (s->error != 0)
        return refuse(s);
    while (n > 0 && most > 0 && spool_pending(s) > 0) {
        if (!s->packed)
            n = pump_plain(s, most);
        else if (s->unpacked_len > 0)
            n = pump_unpacked(s, most);
        else if ((n = unpack(s)) == 0)
            n = 1; /* it gave what it had taken before */
        most -= n > 0 ? (uint64_t)n : 0;
    }
    if (n < 0 && s->error == 0)
        s->error = errno;
    return n < 0 ? -1 : 0;
}

int spool_finish(struct Spool *s, bool sync)
{
    if (s->error != 0)
        return refuse(s);
    if (s->packed && !s->unpacker.ended) {
        errno = s->error = EILSEQ;
        return -1;
    }
    /* Files that are not kept anywhere (of /proc) cannot be synced: EINVAL. */
    if (!sync || s->way != SPOOL_FILE || disk_sync(s->fd) == 0 || errno == EINVAL)
        return 0;
    s->error = errno;
    return -1;
}
