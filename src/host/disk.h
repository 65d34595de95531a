/* Disk: the few system calls of files, done to the end: short transfers and EINTR are gone on with.
 * Functions give 0, or -1 and errno. */
#ifndef HOST_DISK_H
#define HOST_DISK_H

#include "core/bytes.h"

#include <sys/stat.h>

/* All len bytes at offset. A file that ends before them is EIO. */
int disk_write(int fd, const uint8_t *data, size_t len, uint64_t offset);
int disk_read(int fd, uint8_t *data, size_t len, uint64_t offset);

/* What is there of len bytes at offset: fewer only at the file's end; -1 and errno. */
ptrdiff_t disk_read_some(int fd, uint8_t *data, size_t len, uint64_t offset);

/* Make safe what was written; _data: but for times and mode. A folder that cannot be synced by its
 * kind of file system is fine. */
int disk_sync(int fd);
int disk_sync_data(int fd);
int disk_sync_folder(int dir);

/* So many bytes at offset may go to the disk now: begin with it, and do not wait. */
void disk_begin_sync(int fd, uint64_t offset, uint64_t len);

/* Rename within dir, never over anything: EEXIST. */
int disk_rename_new(int dir, const char *from, const char *to);

/* A new file for reading and writing in dir that has no name: it is gone when closed. Its
 * descriptor. */
int disk_temp(int dir);

/* The same, but it can get a name yet. ENOTSUP, EISDIR and the like: not with this kind of file
 * system. */
int disk_nameless(int dir);

/* Such a file gets that name in dir, which nothing bears: else EEXIST. Some systems do not allow
 * it, or have no /proc. */
int disk_name(int fd, int dir, const char *name);

/* The folder for such files: $TMPDIR, or /tmp. Its descriptor, to be closed. */
int disk_temp_folder(void);

/* ns since 1970. */
int64_t disk_time(struct timespec t);

#endif
