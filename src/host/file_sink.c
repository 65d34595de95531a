#include "host/file_sink.h"

#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ASIDE_MAX 9999

/* out = name + suffix. */
static int join(char out[NAME_MAX + 1], const char *name, const char *suffix)
{
    if (snprintf(out, NAME_MAX + 1, "%s%s", name, suffix) <= NAME_MAX)
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

int file_sink_init(struct FileSink *k, int dir, const char *name)
{
    char longest[NAME_MAX + 1];
    k->dir = dir;
    k->wrong = k->nameless = false;
    part_init(&k->part, -1);
    if (join(k->name, name, "") != 0 || join(k->part_name, name, NAMES_PART) != 0 ||
        join(k->journal_name, k->part_name, NAMES_JOURNAL) != 0)
        return -1;
    return join(longest, k->journal_name, NAMES_NEW);
}

void file_sink_close(struct FileSink *k)
{
    part_close(&k->part);
    k->nameless = false;
}

/* 1: name is that of the open file fd; 0: it is another's, or nobody's; -1 and errno. */
static int bears(int dir, const char *name, int fd)
{
    struct stat there, here;
    if (fstat(fd, &here) != 0)
        return -1;
    if (fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : -1;
    return here.st_ino == there.st_ino && here.st_dev == there.st_dev ? 1 : 0;
}

/* Lock the part, open as fd: FILE_SINK_PART, BUSY, ERROR. */
static enum FileSinkFound lock_part(const struct FileSink *k, int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return FILE_SINK_BUSY;
    /* Between open and lock another process may have made the target of it. */
    int ours = bears(k->dir, k->part_name, fd);
    return ours > 0 ? FILE_SINK_PART : ours == 0 ? FILE_SINK_BUSY : FILE_SINK_ERROR;
}

bool file_sink_has_part(const struct FileSink *k)
{
    /* Not to be seen is not gone. */
    return k->nameless || bears(k->dir, k->part_name, k->part.fd) != 0;
}

bool file_sink_has_journal(const struct FileSink *k, const struct Journal *j)
{
    return bears(k->dir, k->journal_name, j->fd) != 0;
}

/* A run that ended just before it could give the part its name may have left it with the mode of
 * the target, which even its owner may not be allowed to write. */
static int open_read_only(const struct FileSink *k, int flags)
{
    char path[32];
#ifdef O_PATH
    int fd = openat(k->dir, k->part_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int changed = chmod(path, 0600);
    close(fd);
    if (changed == 0)
        return openat(k->dir, k->part_name, flags);
#endif
    errno = EACCES;
    return -1;
}

/* Open and lock the part: FILE_SINK_PART, NOTHING, FOREIGN, BUSY, ERROR. */
static enum FileSinkFound open_part(struct FileSink *k)
{
    struct stat st;
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    if (fstatat(k->dir, k->part_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? FILE_SINK_NOTHING : FILE_SINK_ERROR;
    if (!S_ISREG(st.st_mode))
        return FILE_SINK_FOREIGN;
    int fd = openat(k->dir, k->part_name, flags);
    if (fd < 0 && errno == EACCES)
        fd = open_read_only(k, flags);
    if (fd < 0)
        return FILE_SINK_ERROR;
    enum FileSinkFound found = lock_part(k, fd);
    if (found == FILE_SINK_PART) {
        part_init(&k->part, fd);
        return found;
    }
    int error = errno;
    close(fd);
    errno = error;
    return found;
}

static enum FileSinkFound judge(const struct FileSink *k, int opened, const struct Journal *j)
{
    struct stat st;
    if (opened == 0 && (j->flags & JOURNAL_STREAM) == 0)
        return journal_has_something(j) ? FILE_SINK_PART : FILE_SINK_EMPTY;
    if (opened != 0 && errno == ENOENT)
        return FILE_SINK_FOREIGN;
    if (opened != 0 && errno == EBADMSG)
        return FILE_SINK_BROKEN;
    if (opened != 0 && errno != ENODATA)
        return FILE_SINK_ERROR;
    if (fstat(k->part.fd, &st) != 0)
        return FILE_SINK_ERROR;
    return st.st_size > 0 ? FILE_SINK_ASIDE : FILE_SINK_EMPTY;
}

enum FileSinkFound file_sink_look(struct FileSink *k, struct Journal *j, Crc32c crc32c)
{
    *j = (struct Journal){.fd = -1};
    enum FileSinkFound found = open_part(k);
    if (found != FILE_SINK_PART && found != FILE_SINK_NOTHING)
        return found;
    int opened = journal_open(j, k->dir, k->journal_name, crc32c), error = errno;
    if (opened == 0 && (j->info.flags & OBJECT_ZSTD) != 0)
        file_sink_clear_unpacked(k);
    errno = error;
    if (found == FILE_SINK_PART) {
        found = judge(k, opened, j);
    } else {
        if (opened == 0)
            found = FILE_SINK_STRAY;
        else if (errno == EBADMSG)
            found = FILE_SINK_BROKEN;
        else if (errno == ENODATA)
            found = FILE_SINK_STRAY;
        journal_close(j);
    }
    if (found != FILE_SINK_PART && found != FILE_SINK_EMPTY && found != FILE_SINK_ASIDE)
        file_sink_close(k);
    if (found != FILE_SINK_PART && found != FILE_SINK_EMPTY)
        journal_close(j);
    return found;
}

int file_sink_set_aside(struct FileSink *k, char aside[NAME_MAX + 1])
{
    char journal[NAME_MAX + 1], number[16];
    struct stat st;
    int result = -1;
    errno = EEXIST;
    for (unsigned i = 1; result != 0 && errno == EEXIST && i <= ASIDE_MAX; i++) {
        snprintf(number, sizeof number, ".%u", i);
        if (join(aside, k->part_name, number) != 0 || join(journal, aside, NAMES_JOURNAL) != 0)
            break;
        errno = EEXIST;
        if (fstatat(k->dir, journal, &st, AT_SYMLINK_NOFOLLOW) != 0)
            result = disk_rename_new(k->dir, k->part_name, aside);
    }
    if (result == 0 && disk_rename_new(k->dir, k->journal_name, journal) != 0 && errno != ENOENT)
        result = -1;
    int error = errno;
    file_sink_close(k);
    errno = error;
    return result;
}

void file_sink_forget(struct FileSink *k)
{
    file_sink_close(k);
    /* Locked, it is another dttk's, and so is the journal. */
    if (open_part(k) != FILE_SINK_BUSY)
        unlinkat(k->dir, k->journal_name, 0);
    file_sink_close(k);
}

int file_sink_remove(struct FileSink *k)
{
    int error = 0;
    if (k->nameless) {
        file_sink_close(k);
        return 0;
    }
    if (k->part.fd >= 0 && !file_sink_has_part(k)) {
        file_sink_forget(k);
        return 0;
    }
    /* The journal last: a part without one would be taken for somebody else's. */
    if (unlinkat(k->dir, k->part_name, 0) != 0 && errno != ENOENT)
        error = errno;
    if (error == 0 && unlinkat(k->dir, k->journal_name, 0) != 0 && errno != ENOENT)
        error = errno;
    file_sink_close(k);
    errno = error;
    return error == 0 ? 0 : -1;
}

uint64_t file_sink_space(const struct FileSink *k)
{
    struct statvfs v;
    uint64_t bytes;
    if (fstatvfs(k->dir, &v) != 0 || __builtin_mul_overflow(v.f_bavail, v.f_frsize, &bytes))
        return UINT64_MAX;
    return bytes;
}

uint64_t file_sink_taken(const struct FileSink *k)
{
    struct stat st;
    if (k->nameless)
        return 0; /* it is small, and just begun */
    return fstat(k->part.fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

/* Everything but the name: length, mode, time, and that it is safe. */
static int make_ready(struct FileSink *k, const struct FileSinkCommit *c, int *odd)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
    struct stat st;
    *odd = 0;
    if (part_flush(&k->part) != 0 || fstat(k->part.fd, &st) != 0)
        return -1;
    if ((uint64_t)st.st_size < c->size) {
        errno = EIO;
        return -1;
    }
    if ((uint64_t)st.st_size > c->size && ftruncate(k->part.fd, (off_t)c->size) != 0)
        return -1;
    /* FAT and its like know neither: the content is right all the same. */
    if (fchmod(k->part.fd, c->mode) != 0)
        *odd = errno;
    if (c->has_mtime) {
        times[1].tv_sec = (time_t)(c->mtime / 1000000000);
        times[1].tv_nsec = (long)(c->mtime % 1000000000);
        if (times[1].tv_nsec < 0) {
            times[1].tv_nsec += 1000000000;
            times[1].tv_sec--;
        }
        if (futimens(k->part.fd, times) != 0)
            *odd = errno;
    }
    return c->no_sync ? 0 : part_sync(&k->part);
}

/* What has no name yet gets one as it is; else only a name can be renamed, not an open file: so
 * look before that it is ours, and behind. */
static int give_name(struct FileSink *k, const struct FileSinkCommit *c, enum FileSinkTarget before)
{
    int result;
    if (k->nameless)
        return disk_name(k->part.fd, k->dir, k->name);
    if (c->replace && before == FILE_SINK_UNTOUCHED && c->only_files) {
        errno = EEXIST;
        return -1;
    }
    if (!file_sink_has_part(k)) {
        errno = ESTALE;
        return -1;
    }
    if (c->replace)
        result = renameat(k->dir, k->part_name, k->dir, k->name);
    else
        result = disk_rename_new(k->dir, k->part_name, k->name);
    if (result != 0)
        return -1;
    k->wrong = bears(k->dir, k->name, k->part.fd) == 0;
    errno = ESTALE;
    return k->wrong ? -1 : 0;
}

/* The name stays as it is now: there is no part any more. */
static void finish(struct FileSink *k, bool journal)
{
    if (journal)
        unlinkat(k->dir, k->journal_name, 0);
    file_sink_close(k);
}

int file_sink_commit(struct FileSink *k, const struct FileSinkCommit *c, int *odd)
{
    enum FileSinkTarget before = FILE_SINK_FREE;
    bool journal = !k->nameless;
    if (make_ready(k, c, odd) != 0)
        return -1;
    if (!k->nameless)
        before = file_sink_target(k, 0, DIGEST_SHA256, view_of(NULL, 0), NULL);
    if (give_name(k, c, before) != 0)
        return -1;
    k->nameless = false;
    if (!c->no_sync && disk_sync_folder(k->dir) != 0) {
        int error = errno;
        if (before == FILE_SINK_FREE && disk_rename_new(k->dir, k->name, k->part_name) == 0) {
            errno = error;
            return -1;
        }
        finish(k, journal);
        errno = error;
        return -1;
    }
    finish(k, journal);
    return 0;
}
