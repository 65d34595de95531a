/* FileSink, what bears the name already: is it the same? */
#include "host/file_sink.h"

#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define PIECE   ((size_t)64 << 10)
#define SETTLED INT64_C(2000000000) /* ns a file has not changed for, to be remembered */

/* The digest of the size bytes of fd; false: they cannot be read. */
static bool take_digest(int fd, uint64_t size, enum DigestKind kind, uint8_t value[PACKET_DIGEST])
{
    uint8_t piece[PIECE];
    struct Digest d;
    digest_init(&d, kind);
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
        if (disk_read(fd, piece, n, at) != 0)
            return false;
        digest_update(&d, piece, n);
        at += n;
    }
    digest_value(&d, value);
    return true;
}

bool file_sink_unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           disk_time(a->st_mtim) == disk_time(b->st_mtim) &&
           disk_time(a->st_ctim) == disk_time(b->st_ctim);
}

/* The digest of the file of which st is known; NULL: not known. */
static const uint8_t *recall(const struct FileSinkSeen *seen, const struct stat *st,
                             enum DigestKind kind)
{
    for (unsigned i = 0; seen != NULL && st->st_ino != 0 && i < FILE_SINK_SEEN; i++) {
        if (seen->kind[i] == kind && file_sink_unchanged(&seen->of[i], st))
            return seen->digest[i];
    }
    return NULL;
}

static void remember(struct FileSinkSeen *seen, int fd, const struct stat *st, enum DigestKind kind,
                     const uint8_t digest[PACKET_DIGEST])
{
    struct stat after;
    struct timespec now;
    /* Times are coarse: of a file changed just now a further change might not be seen. */
    if (seen == NULL || fstat(fd, &after) != 0 || !file_sink_unchanged(&after, st) ||
        clock_gettime(CLOCK_REALTIME, &now) != 0 ||
        disk_time(now) - disk_time(st->st_ctim) < SETTLED)
        return;
    seen->of[seen->next] = *st;
    seen->kind[seen->next] = kind;
    memcpy(seen->digest[seen->next], digest, PACKET_DIGEST);
    seen->next = (seen->next + 1) % FILE_SINK_SEEN;
}

/* The target, a regular file: has it that digest? */
static bool has_digest(const struct FileSink *k, enum DigestKind kind, struct View digest,
                       struct FileSinkSeen *seen)
{
    uint8_t value[PACKET_DIGEST];
    struct stat st;
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = openat(k->dir, k->name, flags);
    if (fd < 0)
        return false;
    bool known = fstat(fd, &st) == 0;
    const uint8_t *digest_before = known ? recall(seen, &st, kind) : NULL;
    if (digest_before != NULL) {
        memcpy(value, digest_before, sizeof value);
    } else {
        known = known && take_digest(fd, (uint64_t)st.st_size, kind, value);
        if (known)
            remember(seen, fd, &st, kind, value);
    }
    close(fd);
    return known && memcmp(value, digest.data, digest.len) == 0;
}

enum FileSinkTarget file_sink_target(const struct FileSink *k, uint64_t size, enum DigestKind kind,
                                     struct View digest, struct FileSinkSeen *seen)
{
    struct stat st;
    if (fstatat(k->dir, k->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? FILE_SINK_FREE : FILE_SINK_UNTOUCHED;
    if (!S_ISREG(st.st_mode))
        return FILE_SINK_UNTOUCHED;
    if ((uint64_t)st.st_size != size)
        return FILE_SINK_OTHER;
    if (digest.len == 0)
        return FILE_SINK_MAYBE;
    return has_digest(k, kind, digest, seen) ? FILE_SINK_SAME : FILE_SINK_OTHER;
}
