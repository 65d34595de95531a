#include "host/disk.h"

#include "host/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TEMP_TRIES 100

static int write_all(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return -1;
        data += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

int disk_write(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
    struct ProfileMark mark = profile_enter(PROFILE_FILE_WRITE);
    int result = write_all(fd, data, len, offset);
    profile_leave(mark);
    return result;
}

static ptrdiff_t read_some(int fd, uint8_t *data, size_t len, uint64_t offset)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, data + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ptrdiff_t)done;
}

ptrdiff_t disk_read_some(int fd, uint8_t *data, size_t len, uint64_t offset)
{
    struct ProfileMark mark = profile_enter(PROFILE_FILE_READ);
    ptrdiff_t n = read_some(fd, data, len, offset);
    profile_leave(mark);
    return n;
}

int disk_read(int fd, uint8_t *data, size_t len, uint64_t offset)
{
    ptrdiff_t n = disk_read_some(fd, data, len, offset);
    if (n < 0)
        return -1;
    if ((size_t)n < len) {
        errno = EIO;
        return -1;
    }
    return 0;
}

int disk_sync(int fd)
{
    struct ProfileMark mark = profile_enter(PROFILE_FILE_SYNC);
    int result;
    do
        result = fsync(fd);
    while (result != 0 && errno == EINTR);
    profile_leave(mark);
    return result;
}

int disk_sync_data(int fd)
{
    int result;
    do
        result = fdatasync(fd);
    while (result != 0 && errno == EINTR);
    return result;
}

void disk_begin_sync(int fd, uint64_t offset, uint64_t len)
{
#ifdef SYNC_FILE_RANGE_WRITE
    /* What cannot be begun now is done in the end. */
    (void)sync_file_range(fd, (off_t)offset, (off_t)len, SYNC_FILE_RANGE_WRITE);
#else
    (void)fd, (void)offset, (void)len;
#endif
}

int disk_sync_folder(int dir)
{
    if (disk_sync(dir) == 0 || errno == EINVAL || errno == ENOTSUP)
        return 0;
    return -1;
}

/* For file systems that know neither RENAME_NOREPLACE nor hard links: all that is left to do. */
static int rename_checked(int dir, const char *from, const char *to)
{
    struct stat st;
    if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    if (errno != ENOENT)
        return -1;
    return renameat(dir, from, dir, to);
}

static int rename_by_link(int dir, const char *from, const char *to)
{
    if (linkat(dir, from, dir, to, 0) != 0) {
        if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK)
            return rename_checked(dir, from, to);
        return -1;
    }
    return unlinkat(dir, from, 0);
}

int disk_rename_new(int dir, const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return -1;
#endif
    return rename_by_link(dir, from, to);
}

#define OPEN_FILES "/proc/self/fd"

int disk_nameless(int dir)
{
#ifdef O_TMPFILE
    return openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#else
    errno = ENOTSUP;
    return -1;
#endif
}

int disk_name(int fd, int dir, const char *name)
{
    char path[sizeof OPEN_FILES + 16];
#ifdef AT_EMPTY_PATH
    if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOENT) /* before Linux 6.10 only root may do that */
        return -1;
#endif
    snprintf(path, sizeof path, OPEN_FILES "/%d", fd);
    return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW);
}

int disk_temp(int dir)
{
    char name[64];
    int fd = disk_nameless(dir);
    if (fd >= 0)
        return fd;
    for (unsigned i = 0; i < TEMP_TRIES; i++) {
        snprintf(name, sizeof name, "dttk-%ld-%u.tmp", (long)getpid(), i);
        fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    if (fd >= 0)
        unlinkat(dir, name, 0);
    return fd;
}

int disk_temp_folder(void)
{
    const char *folder = getenv("TMPDIR");
    int dir = -1;
    if (folder != NULL && *folder != '\0')
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir >= 0 ? dir : open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int64_t disk_time(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
