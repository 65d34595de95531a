/*
 * FileSource: the file a sender sends. Bytes are lent from a window of its own memory, so that no
 * packet costs a copy, and within the window no system call. Read with pread, never mapped: a file
 * that is cut short while it is sent must be an error and not a signal.
 */
#ifndef HOST_FILE_SOURCE_H
#define HOST_FILE_SOURCE_H

#include "core/packet.h"
#include "host/digest.h"

#include <limits.h>

#define FILE_SOURCE_HASHED ((uint64_t)64 << 20) /* up to this size the id is the digest */
#define FILE_SOURCE_ENDS   ((size_t)64 << 10)   /* bytes of either end that make an identity */
#define FILE_SOURCE_AHEAD  ((size_t)256 << 10)  /* bytes read at a time when going forward */

enum FileSourceKind {
    FILE_SOURCE_FILE,   /* a regular file: everything below holds */
    FILE_SOURCE_STREAM, /* a pipe, a device: size unknown; only fd and name hold, read fd */
};

struct FileSource {
    enum FileSourceKind kind;
    int fd;          /* a FILE_SOURCE_STREAM that was opened by path is O_NONBLOCK */
    bool owned;      /* fd is closed by file_source_close */
    uint64_t start;  /* where in the file the object begins */
    uint64_t size;   /* bytes of the object */
    int64_t mtime;   /* ns since 1970 */
    int64_t ctime;   /* ns since 1970 */
    uint16_t mode;   /* permission bits */
    size_t name_len; /* bytes of name, the base name; 0: none (a descriptor) */
    char name[PACKET_NAME_MAX + 1];
    uint8_t id[PACKET_ID];
    bool identity;     /* id is made from size, time and ends */
    bool packed;       /* what is read is not the file, but what file_packer made of it */
    uint64_t unpacked; /* bytes of the file then; else 0 */
    bool shortened;    /* a lend failed because the file has become shorter */

    uint8_t *window; /* bytes base .. base + held of the object */
    size_t room;     /* bytes at window */
    uint64_t base;
    size_t held;
    uint64_t group; /* file_source_keep: bytes of a group, or 0 */
    size_t ahead;   /* bytes to read at the next miss: grows as long as requests go forward */

    struct Digest hash; /* of bytes 0 .. hashed, when hasher_wait has returned */
    uint64_t hashed;
    uint8_t digest[PACKET_DIGEST]; /* what file_source_digest told */
};

/*
 * Open the file at path; its id is made (up to FILE_SOURCE_HASHED bytes it is read and hashed
 * whole); its digest will be of that kind. 0: *s is to be closed. -1 and errno: nothing is open; a
 * directory is EISDIR.
 */
int file_source_open(struct FileSource *s, const char *path, enum DigestKind kind);

/*
 * The same of an open descriptor (kept, not closed), from its current offset on, which is not
 * moved; it has no name. Anything but a regular file is a FILE_SOURCE_STREAM.
 */
int file_source_open_fd(struct FileSource *s, int fd, enum DigestKind kind);

/*
 * The same as one of them (path NULL: of fd), but for the id, and nothing is read yet: that is
 * file_source_ready, before anything else but file_source_replace. 0; or -1 and errno: as
 * file_source_open.
 */
int file_source_look(struct FileSource *s, const char *path, int fd, enum DigestKind kind);
int file_source_ready(struct FileSource *s);

/* Before file_source_ready: what is read is to be this file of that size (consumed), which holds
 * the content packed; name, time and mode stay. */
void file_source_replace(struct FileSource *s, int fd, uint64_t size);

/* The object's name is this one, cut if it is longer than PACKET_NAME_MAX. */
void file_source_rename(struct FileSource *s, const char *name);

/* Forget the window, close what was opened here. Fine on a source that failed to open. */
void file_source_close(struct FileSource *s);

/*
 * Everything OBJECT says of a file: flags, size, id, name, link (mtime and mode), mtime, mode; the
 * other fields of object are left alone. The name is borrowed from s.
 */
void file_source_describe(const struct FileSource *s, struct PacketObject *object);

/*
 * From now on keep a whole group in memory: group bytes (a multiple of T), groups beginning at
 * multiples of it; 0: none. Any range of the group of the last request is then had without a
 * system call once it was read, in any order, and stays where it was lent until one of another
 * group is asked for; ranges may reach over the group's end by up to FILE_SOURCE_AHEAD. 0; or -1
 * and errno ENOMEM, and nothing has changed.
 */
int file_source_keep(struct FileSource *s, uint64_t group);

/*
 * Bytes offset .. offset + len (within the size; len 1 to FILE_SOURCE_AHEAD), borrowed until the
 * next call (longer: file_source_keep). ctx is the FileSource. NULL: they cannot be read, errno
 * says why; if the file has become shorter errno is EIO and s->shortened is set.
 */
const uint8_t *file_source_lend(void *ctx, uint64_t offset, size_t len);

/*
 * The digest of the content: known at once for what was hashed to make its id; else when every byte
 * has been lent once, in any steps forward. NULL: not known yet, file_source_hash_more can help.
 */
const uint8_t *file_source_digest(struct FileSource *s);

/*
 * Read and hash the next piece (at most 1 MiB) that has not been. 1: there is more; 0: the digest
 * is known; -1 and errno as file_source_lend.
 */
int file_source_hash_more(struct FileSource *s);

/* True if the file is not what it was when opened: size, mtime or ctime differ, or cannot be had.
 */
bool file_source_changed(const struct FileSource *s);

#endif
