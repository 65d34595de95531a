#include "host/journal.h"

#include "host/disk.h"
#include "host/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC     "dttk-jrn"
#define MAGIC_LEN 8
#define VERSION   1
#define PIECE     ((size_t)64 << 10)
#define CRC_LEN   4

/* A journal being written. The first failure stays. */
struct Out {
    int fd;
    int error; /* errno; 0: none */
    uint64_t offset;
    Crc32c crc32c;
    uint32_t crc;
    size_t fill;
    uint8_t bytes[PIECE];
};

static void flush(struct Out *o)
{
    o->crc = o->crc32c(o->crc, o->bytes, o->fill);
    if (o->error == 0 && disk_write(o->fd, o->bytes, o->fill, o->offset) != 0)
        o->error = errno;
    o->offset += o->fill;
    o->fill = 0;
}

static void put(struct Out *o, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t n = len < PIECE - o->fill ? len : PIECE - o->fill;
        memcpy(o->bytes + o->fill, bytes, n);
        o->fill += n;
        bytes += n;
        len -= n;
        if (o->fill == PIECE)
            flush(o);
    }
}

/* A packet whose fields are in head (to be closed), and its symbols. */
static void put_packet(struct Out *o, struct Buffer *head, enum PacketType type, uint16_t tag,
                       struct View symbols)
{
    uint8_t length[2];
    if (!packet_close(head, type, 0, tag)) {
        o->error = EINVAL;
        return;
    }
    struct View v = buffer_view(head);
    put_u16(length, (uint16_t)(v.len + symbols.len));
    put(o, length, sizeof length);
    put(o, v.data, v.len);
    put(o, symbols.data, symbols.len);
}

static void put_object(struct Out *o, const struct PacketObject *object, uint16_t tag)
{
    uint8_t memory[JOURNAL_OBJECT_MAX];
    struct Buffer b;
    struct PacketObject mute = *object;
    mute.link &= (uint8_t)~LINK_ANSWERS;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!packet_append_object(&b, &mute))
        o->error = EINVAL;
    put_packet(o, &b, PACKET_OBJECT, tag, view_of(NULL, 0));
}

static void put_end(struct Out *o, const struct PacketEnd *end, uint16_t tag)
{
    uint8_t memory[JOURNAL_END_MAX] = {0, 0};
    struct Buffer b;
    if (end == NULL) {
        put(o, memory, 2);
        return;
    }
    struct PacketEnd inner = *end;
    inner.rest = 1; /* when it is replayed no pass ends */
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!packet_append_end(&b, &inner))
        o->error = EINVAL;
    put_packet(o, &b, PACKET_END, tag, view_of(NULL, 0));
}

static uint64_t arrived_bytes(const struct ObjectLayout *l)
{
    return l->symbols / 8 + (l->symbols % 8 != 0);
}

static void put_arrived(struct Out *o, const struct JournalContent *c)
{
    uint8_t length[8] = {0};
    if (c->arrived == NULL || c->arrived->layout.symbols == 0) {
        put(o, length, sizeof length);
        return;
    }
    const struct ObjectLayout *l = &c->arrived->layout;
    uint64_t first = c->unsaved_from / l->symbol_size;
    uint64_t behind = c->unsaved_to / l->symbol_size + (c->unsaved_to % l->symbol_size != 0);
    put_u64(length, arrived_bytes(l));
    put(o, length, sizeof length);
    for (uint64_t i = 0; i < arrived_bytes(l); i++) {
        uint8_t byte = c->arrived->arrived[i];
        for (unsigned bit = 0; bit < 8 && i * 8 + 7 >= first && i * 8 < behind; bit++) {
            if (i * 8 + bit >= first && i * 8 + bit < behind)
                byte &= (uint8_t) ~(1U << bit);
        }
        put(o, &byte, 1);
    }
}

static void put_repair(struct Out *o, const struct RlcRow *row, size_t symbol_size, uint16_t tag)
{
    uint8_t memory[PACKET_HEAD_MAX];
    struct Buffer b;
    struct PacketRepair repair = {
        .first = row->window.first,
        .count = row->window.count,
        .stride = row->window.stride,
        .key = row->key,
    };
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!packet_append_repair(&b, &repair))
        o->error = EINVAL;
    put_packet(o, &b, PACKET_REPAIR, tag, view_of(row->payload, symbol_size));
}

static void put_window(struct Out *o, const struct JournalContent *c, uint64_t w, uint16_t tag)
{
    const struct Repairs *r = c->repairs;
    struct RlcRow *rows = malloc(r->held[w] * sizeof *rows);
    uint8_t *payloads = malloc((size_t)r->held[w] * r->symbol_size);
    if (rows == NULL || payloads == NULL)
        o->error = ENOMEM;
    else if (!repairs_load(r, w, object_window(&c->arrived->layout, w), rows, payloads))
        o->error = EIO;
    for (uint32_t i = 0; o->error == 0 && i < r->held[w]; i++)
        put_repair(o, &rows[i], r->symbol_size, tag);
    free(rows);
    free(payloads);
}

static void put_repairs(struct Out *o, const struct JournalContent *c, uint16_t tag)
{
    uint8_t end[2] = {0, 0};
    const struct Repairs *r = c->repairs;
    /* No packet of ours could carry symbols larger than that. */
    if (c->arrived != NULL && r != NULL && r->symbol_size <= PACKET_MAX - PACKET_HEAD_MAX) {
        for (uint64_t w = 0; w < r->windows && o->error == 0; w++) {
            if (r->held[w] > 0)
                put_window(o, c, w, tag);
        }
    }
    put(o, end, sizeof end);
}

static void put_all(struct Out *o, const struct JournalContent *c)
{
    uint8_t crc[CRC_LEN];
    uint8_t head[2] = {VERSION, (c->object->flags & OBJECT_STREAM) != 0 ? JOURNAL_STREAM : 0};
    uint16_t tag = packet_object_tag(c->object, o->crc32c);
    put(o, (const uint8_t *)MAGIC, MAGIC_LEN);
    put(o, head, sizeof head);
    put_object(o, c->object, tag);
    put_end(o, c->end, tag);
    put_arrived(o, c);
    put_repairs(o, c, tag);
    flush(o);
    put_u32(crc, o->crc);
    put(o, crc, sizeof crc);
    flush(o);
    if (o->error == 0 && c->sync && disk_sync(o->fd) != 0)
        o->error = errno;
}

int journal_write(int dir, const char *name, const struct JournalContent *c, Crc32c crc32c)
{
    char temp[NAME_MAX + 1];
    if (snprintf(temp, sizeof temp, "%s" NAMES_NEW, name) >= (int)sizeof temp) {
        errno = ENAMETOOLONG;
        return -1;
    }
    struct Out *o = malloc(sizeof *o);
    if (o == NULL)
        return -1;
    *o = (struct Out){.crc32c = crc32c};
    if (unlinkat(dir, temp, 0) != 0 && errno != ENOENT)
        o->error = errno;
    o->fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (o->fd >= 0) {
        put_all(o, c);
        close(o->fd);
        if (o->error == 0 && renameat(dir, temp, dir, name) != 0)
            o->error = errno;
        if (o->error == 0 && c->sync && disk_sync_folder(dir) != 0)
            o->error = errno;
        else if (o->error != 0)
            unlinkat(dir, temp, 0);
    } else {
        o->error = errno;
    }
    int error = o->error;
    free(o);
    errno = error;
    return error == 0 ? 0 : -1;
}

/* A journal being read, front to back. */
struct In {
    int fd;
    uint64_t offset, limit;
};

static bool take(struct In *in, void *to, size_t len)
{
    if (in->limit - in->offset < len || disk_read(in->fd, to, len, in->offset) != 0)
        return false;
    in->offset += len;
    return true;
}

/* A packet, led by its length, into memory. False: there is none that fits. */
static bool take_packet(struct In *in, uint8_t *memory, size_t size, size_t *len)
{
    uint8_t length[2];
    if (!take(in, length, sizeof length) || get_u16(length) > size)
        return false;
    *len = get_u16(length);
    return take(in, memory, *len);
}

static bool parse(const uint8_t *bytes, size_t len, enum PacketType type, Crc32c crc32c,
                  struct Packet *p)
{
    return packet_parse(view_of(bytes, len), crc32c, p) == PACKET_OK && p->type == type;
}

static bool take_head(struct Journal *j, struct In *in, Crc32c crc32c)
{
    uint8_t head[MAGIC_LEN + 2];
    struct Packet p;
    if (!take(in, head, sizeof head) || memcmp(head, MAGIC, MAGIC_LEN) != 0 ||
        head[MAGIC_LEN] != VERSION)
        return false;
    j->flags = head[MAGIC_LEN + 1];
    if (!take_packet(in, j->object, sizeof j->object, &j->object_len) ||
        !parse(j->object, j->object_len, PACKET_OBJECT, crc32c, &p))
        return false;
    j->info = p.as.object;
    if (((j->flags & JOURNAL_STREAM) != 0) != ((j->info.flags & OBJECT_STREAM) != 0))
        return false;
    return take_packet(in, j->end, sizeof j->end, &j->end_len) &&
           (j->end_len == 0 || parse(j->end, j->end_len, PACKET_END, crc32c, &p));
}

static bool take_arrived(struct Journal *j, struct In *in)
{
    uint8_t length[8];
    if (!take(in, length, sizeof length))
        return false;
    uint64_t bytes = get_u64(length);
    if (bytes == 0)
        return true;
    if ((j->flags & JOURNAL_STREAM) != 0 || bytes > JOURNAL_ARRIVED_MAX)
        return false;
    struct ObjectLayout l = journal_layout(j);
    if (bytes != arrived_bytes(&l) || (j->arrived = malloc((size_t)bytes)) == NULL)
        return false;
    return take(in, j->arrived, (size_t)bytes);
}

/* Leaves j->next where the repairs begin. */
static bool take_all(struct Journal *j, Crc32c crc32c)
{
    struct In in = {.fd = j->fd, .limit = j->limit};
    uint8_t length[2];
    if (!take_head(j, &in, crc32c) || !take_arrived(j, &in))
        return false;
    j->next = in.offset;
    if (!take(&in, length, sizeof length))
        return false;
    j->repairs = get_u16(length) > 0;
    return true;
}

/* True if the CRC at limit is that of what lies before it. */
static bool check_crc(int fd, uint64_t limit, Crc32c crc32c)
{
    uint8_t piece[PIECE], stored[CRC_LEN];
    uint32_t crc = 0;
    for (uint64_t at = 0; at < limit;) {
        size_t n = limit - at < sizeof piece ? (size_t)(limit - at) : sizeof piece;
        if (disk_read(fd, piece, n, at) != 0)
            return false;
        crc = crc32c(crc, piece, n);
        at += n;
    }
    return disk_read(fd, stored, sizeof stored, limit) == 0 && get_u32(stored) == crc;
}

static int refuse(struct Journal *j, int error)
{
    journal_close(j);
    errno = error;
    return -1;
}

int journal_open(struct Journal *j, int dir, const char *name, Crc32c crc32c)
{
    struct stat st;
    *j = (struct Journal){.fd = -1};
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) /* a symbolic link is none of ours */
        return refuse(j, errno == ELOOP ? EBADMSG : errno);
    j->fd = fd;
    if (fstat(fd, &st) != 0)
        return refuse(j, errno);
    if (!S_ISREG(st.st_mode))
        return refuse(j, EBADMSG);
    if (st.st_size == 0)
        return refuse(j, ENODATA);
    if (st.st_size < CRC_LEN)
        return refuse(j, EBADMSG);
    j->limit = (uint64_t)st.st_size - CRC_LEN;
    errno = 0; /* what cannot be read, or be held in memory, is not therefore damaged */
    if (!check_crc(fd, j->limit, crc32c) || !take_all(j, crc32c))
        return refuse(j, errno != 0 ? errno : EBADMSG);
    return 0;
}

bool journal_has_something(const struct Journal *j)
{
    if (j->repairs)
        return true;
    if (j->arrived == NULL)
        return false;
    struct ObjectLayout l = journal_layout(j);
    for (uint64_t i = 0; i < arrived_bytes(&l); i++) {
        if (j->arrived[i] != 0)
            return true;
    }
    return false;
}

struct ObjectLayout journal_layout(const struct Journal *j)
{
    return object_layout(j->info.size, (uint32_t)j->info.symbol_size, 1U << j->info.block);
}

bool journal_next_repair(struct Journal *j, uint8_t *packet, size_t *len)
{
    struct In in = {.fd = j->fd, .offset = j->next, .limit = j->limit};
    if (j->fd < 0 || !take_packet(&in, packet, PACKET_MAX, len) || *len == 0)
        return false;
    j->next = in.offset;
    return true;
}

void journal_close(struct Journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
    free(j->arrived);
    j->arrived = NULL;
}
