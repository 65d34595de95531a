#include "host/file_source.h"

#include "host/disk.h"
#include "host/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_AHEAD ((size_t)16 << 10) /* read at a request that does not go forward */
#define HASH_READ   ((size_t)64 << 10)
#define HASH_READS  16 /* of a step of file_source_hash_more */

static int look(struct FileSource *s, const struct stat *st)
{
    off_t start = s->owned ? 0 : lseek(s->fd, 0, SEEK_CUR);
    if (start < 0)
        return -1;
    s->start = (uint64_t)start;
    s->size = st->st_size > start ? (uint64_t)st->st_size - s->start : 0;
    s->mtime = disk_time(st->st_mtim);
    s->ctime = disk_time(st->st_ctim);
    s->mode = (uint16_t)(st->st_mode & 0777);
    return 0;
}

/* Make sure that the window has room bytes. What it holds is kept. */
static int make_room(struct FileSource *s, size_t room)
{
    if (room <= s->room)
        return 0;
    hasher_wait();
    uint8_t *window = realloc(s->window, room);
    if (window == NULL)
        return -1;
    s->window = window;
    s->room = room;
    return 0;
}

/* Hash what bytes (at offset) go on with; they stay where they are until hasher_wait. */
static void hash(struct FileSource *s, uint64_t offset, const uint8_t *bytes, size_t len)
{
    if (offset > s->hashed || s->hashed - offset >= len)
        return;
    size_t skip = (size_t)(s->hashed - offset);
    hasher_update(&s->hash, bytes + skip, len - skip);
    s->hashed = offset + len;
}

static int read_exactly(struct FileSource *s, uint64_t offset, uint8_t *to, size_t len)
{
    ptrdiff_t n = disk_read_some(s->fd, to, len, s->start + offset);
    if (n < 0)
        return -1;
    if ((size_t)n < len) {
        s->shortened = true;
        errno = EIO;
        return -1;
    }
    hash(s, offset, to, len);
    return 0;
}

int file_source_hash_more(struct FileSource *s)
{
    uint8_t pieces[2][HASH_READ]; /* one is read while the other is hashed */
    int result = 0;
    for (int i = 0; i < HASH_READS && s->hashed < s->size && result == 0; i++) {
        uint64_t left = s->size - s->hashed;
        size_t n = left < HASH_READ ? (size_t)left : HASH_READ;
        result = read_exactly(s, s->hashed, pieces[i % 2], n);
    }
    hasher_wait();
    return result != 0 ? -1 : s->hashed < s->size ? 1 : 0;
}

/* The end is read before the start, so that the window then is where the first packet begins. */
static int make_identity(struct FileSource *s)
{
    struct Digest d;
    uint8_t head[16], end[FILE_SOURCE_ENDS], digest[PACKET_DIGEST];
    if (read_exactly(s, s->size - sizeof end, end, sizeof end) != 0)
        return -1;
    const uint8_t *start = file_source_lend(s, 0, FILE_SOURCE_ENDS);
    if (start == NULL)
        return -1;
    put_u64(head, s->size);
    put_u64(head + 8, (uint64_t)s->mtime);
    digest_init(&d, DIGEST_SHA256); /* an identity is made in one way */
    digest_update(&d, head, sizeof head);
    digest_update(&d, start, FILE_SOURCE_ENDS);
    digest_update(&d, end, sizeof end);
    digest_value(&d, digest);
    memcpy(s->id, digest, PACKET_ID);
    s->identity = true;
    return 0;
}

static int make_id(struct FileSource *s)
{
    int more = 1;
    if (s->size > FILE_SOURCE_HASHED)
        return make_identity(s);
    while (more > 0)
        more = file_source_hash_more(s);
    digest_value(&s->hash, s->digest);
    memcpy(s->id, s->digest, PACKET_ID);
    return more;
}

/* /proc and its like: regular files of size 0 that have content all the same. */
static bool has_content(const struct FileSource *s)
{
    uint8_t byte;
    return s->size == 0 && disk_read_some(s->fd, &byte, 1, s->start) == 1;
}

/* What kind of file it is, and what is told of it. */
static int look_at(struct FileSource *s)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return -1;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    s->kind = FILE_SOURCE_STREAM;
    if (!S_ISREG(st.st_mode))
        return 0;
    if (look(s, &st) != 0)
        return -1;
    s->kind = has_content(s) ? FILE_SOURCE_STREAM : FILE_SOURCE_FILE;
    return 0;
}

static int or_close(struct FileSource *s, int result)
{
    int error = errno;
    if (result != 0)
        file_source_close(s);
    errno = error;
    return result;
}

void file_source_rename(struct FileSource *s, const char *name)
{
    s->name_len = strnlen(name, PACKET_NAME_MAX);
    memcpy(s->name, name, s->name_len);
}

int file_source_look(struct FileSource *s, const char *path, int fd, enum DigestKind kind)
{
    /* O_NONBLOCK: a FIFO without a writer must not hold us here. */
    if (path != NULL)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *s = (struct FileSource){.fd = fd, .owned = path != NULL, .ahead = FIRST_AHEAD};
    digest_init(&s->hash, kind);
    if (fd < 0)
        return -1;
    if (path != NULL) {
        const char *slash = strrchr(path, '/');
        file_source_rename(s, slash != NULL ? slash + 1 : path);
    }
    return or_close(s, look_at(s));
}

int file_source_ready(struct FileSource *s)
{
    if (s->kind == FILE_SOURCE_STREAM)
        return 0;
    if (make_room(s, 2 * FILE_SOURCE_AHEAD) != 0)
        return or_close(s, -1);
    return or_close(s, make_id(s));
}

void file_source_replace(struct FileSource *s, int fd, uint64_t size)
{
    if (s->owned)
        close(s->fd);
    s->fd = fd;
    s->owned = s->packed = true;
    s->start = 0;
    s->unpacked = s->size;
    s->size = size;
}

int file_source_open(struct FileSource *s, const char *path, enum DigestKind kind)
{
    return file_source_look(s, path, -1, kind) != 0 ? -1 : file_source_ready(s);
}

int file_source_open_fd(struct FileSource *s, int fd, enum DigestKind kind)
{
    return file_source_look(s, NULL, fd, kind) != 0 ? -1 : file_source_ready(s);
}

void file_source_close(struct FileSource *s)
{
    if (s->owned && s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    hasher_wait();
    free(s->window);
    s->window = NULL;
    s->room = 0;
    s->held = 0;
}

void file_source_describe(const struct FileSource *s, struct PacketObject *object)
{
    object->flags = (uint8_t)((s->identity ? OBJECT_IDENTITY : 0) |
                              (s->hash.kind == DIGEST_XXH128 ? OBJECT_XXH128 : 0) |
                              (s->packed ? OBJECT_ZSTD : 0));
    object->size = s->size;
    memcpy(object->id, s->id, PACKET_ID);
    object->name = view_of(s->name, s->name_len);
    object->link |= LINK_MTIME | LINK_MODE;
    object->mtime = s->mtime;
    object->mode = s->mode;
}

int file_source_keep(struct FileSource *s, uint64_t group)
{
    uint64_t most = group < s->size ? group : s->size;
    if (group > SIZE_MAX / 2) {
        errno = ENOMEM;
        return -1;
    }
    if (make_room(s, (size_t)most + 2 * FILE_SOURCE_AHEAD) != 0)
        return -1;
    s->group = group;
    if (group > 0 && s->base % group != 0) { /* the window begins where a group does */
        hasher_wait();
        s->held = 0;
    }
    return 0;
}

/* Move the window so that it begins at base, keeping what it holds of that. */
static void move_window(struct FileSource *s, uint64_t base)
{
    if (base < s->base || base > s->base + s->held) {
        s->held = 0;
        hasher_wait();
    } else if (base > s->base) {
        s->held -= (size_t)(base - s->base);
        hasher_wait();
        memmove(s->window, s->window + (base - s->base), s->held);
    }
    s->base = base;
}

/* Read until the window reaches end (which fits), and on ahead as far as is wise. */
static int fill_window(struct FileSource *s, uint64_t end)
{
    uint64_t from = s->base + s->held;
    uint64_t upto = from + s->ahead > end ? from + s->ahead : end;
    if (upto > s->size)
        upto = s->size;
    if (upto - s->base > s->room)
        upto = s->base + s->room;
    if (read_exactly(s, from, s->window + s->held, (size_t)(upto - from)) != 0)
        return -1;
    s->held = (size_t)(upto - s->base);
    return 0;
}

/* True if the window has those bytes, and need not move for others of their group. */
static bool window_holds(const struct FileSource *s, uint64_t offset, size_t len)
{
    uint64_t at = offset - s->base;
    if (offset < s->base || at > s->held || len > s->held - at)
        return false;
    return s->group == 0 || at < s->group;
}

const uint8_t *file_source_lend(void *ctx, uint64_t offset, size_t len)
{
    struct FileSource *s = ctx;
    CORE_ASSERT(len <= FILE_SOURCE_AHEAD && offset <= s->size && len <= s->size - offset);
    if (window_holds(s, offset, len))
        return s->window + (offset - s->base);
    bool forward = offset >= s->base && offset <= s->base + s->held;
    uint64_t base = s->group > 0 ? offset / s->group * s->group : offset;
    /* In small steps forward the whole room is used before anything is moved. */
    if (s->group == 0 && forward && offset + len - s->base <= s->room)
        base = s->base;
    move_window(s, base);
    s->ahead = forward || s->group > 0 ? 2 * s->ahead : FIRST_AHEAD;
    if (s->ahead > FILE_SOURCE_AHEAD)
        s->ahead = FILE_SOURCE_AHEAD;
    if (fill_window(s, offset + len) != 0)
        return NULL;
    return s->window + (offset - s->base);
}

const uint8_t *file_source_digest(struct FileSource *s)
{
    if (s->hashed < s->size)
        return NULL;
    hasher_wait();
    digest_value(&s->hash, s->digest);
    return s->digest;
}

bool file_source_changed(const struct FileSource *s)
{
    struct stat st;
    if (s->packed)
        return false; /* nobody else knows that file */
    if (fstat(s->fd, &st) != 0)
        return true;
    uint64_t size = (uint64_t)st.st_size > s->start ? (uint64_t)st.st_size - s->start : 0;
    return size != s->size || disk_time(st.st_mtim) != s->mtime ||
           disk_time(st.st_ctim) != s->ctime;
}
