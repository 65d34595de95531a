/* FileSink, its beginning: a part with its name and its journal, or one that gets them later. */
#include "host/file_sink.h"

#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* Lock the part. A file system without locks has to do without. */
static int lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0;
    errno = EEXIST; /* somebody was faster, and it is theirs */
    return -1;
}

/* A new file that bears the part's name, locked. -1 and errno. */
static int create(const struct FileSink *k)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(k->dir, k->part_name, flags, 0600);
    if (fd < 0 || lock(fd) == 0)
        return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

static int create_part(struct FileSink *k)
{
    int fd = create(k);
    if (fd < 0)
        return -1;
    part_init(&k->part, fd);
    return 0;
}

/* The journal is there, but no part: neither stays. If somebody was faster with the part, the
 * journal is theirs. */
static void take_back(const struct FileSink *k, struct Journal *j)
{
    int error = errno;
    if (error != EEXIST)
        unlinkat(k->dir, k->journal_name, 0);
    journal_close(j);
    errno = error;
}

int file_sink_start(struct FileSink *k, struct Journal *j, const struct PacketObject *object,
                    Crc32c crc32c)
{
    struct JournalContent c = {.object = object};
    bool reuse = k->part.fd >= 0;
    if (journal_write(j, k->dir, k->journal_name, &c, crc32c) == 0 &&
        (reuse ? ftruncate(k->part.fd, 0) : create_part(k)) == 0)
        return 0;
    if (k->part.fd < 0)
        take_back(k, j);
    int error = errno;
    journal_close(j);
    file_sink_close(k);
    errno = error;
    return -1;
}

int file_sink_start_nameless(struct FileSink *k, size_t size)
{
    int fd = disk_nameless(k->dir);
    if (fd < 0)
        return -1;
    part_init(&k->part, fd);
    k->part.room = size > 0 ? size : 1;
    k->nameless = true;
    return 0;
}

static int copy(int from, int to)
{
    uint8_t piece[4096];
    ptrdiff_t len = 1;
    for (uint64_t at = 0; len > 0; at += (uint64_t)len) {
        len = disk_read_some(from, piece, sizeof piece, at);
        if (len < 0 || disk_write(to, piece, (size_t)len, at) != 0)
            return -1;
    }
    return 0;
}

/* Where a nameless file can have no name: another one with that name takes its place. */
static int replace_part(struct FileSink *k, bool sync)
{
    int fd = create(k);
    if (fd < 0)
        return -1;
    if (copy(k->part.fd, fd) == 0 && (!sync || disk_sync_data(fd) == 0)) {
        close(k->part.fd);
        k->part.fd = fd;
        return 0;
    }
    int error = errno;
    unlinkat(k->dir, k->part_name, 0);
    close(fd);
    errno = error;
    return -1;
}

static bool is_taken(const struct FileSink *k, const char *name)
{
    struct stat st;
    return fstatat(k->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_sink_name(struct FileSink *k, struct Journal *j, const struct JournalContent *c,
                   Crc32c crc32c)
{
    if (is_taken(k, k->part_name) || is_taken(k, k->journal_name)) {
        errno = EEXIST;
        return -1;
    }
    if (journal_write(j, k->dir, k->journal_name, c, crc32c) != 0 || lock(k->part.fd) != 0 ||
        (disk_name(k->part.fd, k->dir, k->part_name) != 0 && replace_part(k, c->sync) != 0)) {
        take_back(k, j);
        return -1;
    }
    k->nameless = false;
    return 0;
}

/* NAME.part.unpacked; false: too long. */
static bool unpacked_name(const struct FileSink *k, char out[NAME_MAX + 1])
{
    return snprintf(out, NAME_MAX + 1, "%s%s", k->part_name, NAMES_UNPACKED) <= NAME_MAX;
}

int file_sink_unpack(const struct FileSink *k, struct FileSink *unpacked)
{
    *unpacked = (struct FileSink){.dir = k->dir};
    part_init(&unpacked->part, -1);
    memcpy(unpacked->name, k->name, sizeof unpacked->name);
    if (unpacked_name(k, unpacked->part_name))
        return create_part(unpacked);
    errno = ENAMETOOLONG;
    return -1;
}

void file_sink_clear_unpacked(const struct FileSink *k)
{
    char name[NAME_MAX + 1];
    struct stat st;
    if (unpacked_name(k, name) && fstatat(k->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(st.st_mode))
        unlinkat(k->dir, name, 0);
}
