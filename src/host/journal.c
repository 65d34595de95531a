#include "host/journal_file.h"

#include "host/clock.h"
#include "host/disk.h"
#include "host/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

uint64_t journal_at_pair(uint64_t p, unsigned copy)
{
    return (2 + 2 * p + copy) * JOURNAL_BLOCK;
}

uint64_t journal_pairs(const struct PacketObject *object)
{
    uint64_t bits = 8 * JOURNAL_BITS, t = object->symbol_size;
    if ((object->flags & OBJECT_STREAM) != 0 || object->size == 0)
        return 0;
    return ((object->size - 1) / t + bits) / bits;
}

uint64_t journal_size(const struct PacketObject *object)
{
    return journal_at_pair(journal_pairs(object), 0);
}

uint32_t journal_crc(const struct Journal *j, uint64_t at, const uint8_t *bytes, size_t len)
{
    uint8_t place[8];
    put_u64(place, at);
    return j->crc32c(j->crc32c(j->seed, place, sizeof place), bytes, len);
}

/* Write a block whose body is there; its CRC is put behind. */
static int write_block(struct Journal *j, uint64_t at, uint8_t block[JOURNAL_BLOCK])
{
    put_u32(block + JOURNAL_BODY, journal_crc(j, at, block, JOURNAL_BODY));
    return disk_write(j->fd, block, JOURNAL_BLOCK, at);
}

/* The packet in b, whose fields are there, led by its length: so many bytes at `to`. 0: it does not
 * fit into `room` bytes. */
static size_t put_packet(uint8_t *to, size_t room, struct Buffer *b, enum PacketType type,
                         uint16_t tag)
{
    if (!packet_close(b, type, 0, tag) || buffer_view(b).len > room - 2)
        return 0;
    struct View v = buffer_view(b);
    put_u16(to, (uint16_t)v.len);
    memcpy(to + 2, v.data, v.len);
    return 2 + v.len;
}

/* The same of OBJECT; a run that finds it does not speak with who sent it. */
static size_t put_object(uint8_t *to, const struct PacketObject *object, Crc32c crc32c)
{
    uint8_t memory[PACKET_HEADROOM + JOURNAL_OBJECT_MAX];
    struct PacketObject mute = *object;
    struct Buffer b;
    mute.link &= (uint8_t)~LINK_ANSWERS;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!packet_append_object(&b, &mute))
        return 0;
    return put_packet(to, 2 + JOURNAL_OBJECT_MAX, &b, PACKET_OBJECT,
                      packet_object_tag(object, crc32c));
}

/* What j has of OBJECT is what is in the file. */
static bool keep_object(struct Journal *j, const uint8_t *led, size_t len)
{
    struct Packet p;
    if (len < 2)
        return false;
    j->object_len = len - 2;
    memcpy(j->object, led + 2, j->object_len);
    if (packet_parse(view_of(j->object, j->object_len), j->crc32c, &p) != PACKET_OK)
        return false;
    j->info = p.as.object;
    return true;
}

/* It only has to be another one each time. */
static uint64_t make_nonce(void)
{
    uint64_t nonce;
    if (getrandom(&nonce, sizeof nonce, GRND_NONBLOCK) != (ssize_t)sizeof nonce)
        nonce = clock_now();
    return nonce;
}

static int write_head(struct Journal *j, const struct PacketObject *object)
{
    uint8_t block[JOURNAL_BLOCK] = {0};
    j->flags = (object->flags & OBJECT_STREAM) != 0 ? JOURNAL_STREAM : 0;
    memcpy(block, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN);
    block[JOURNAL_MAGIC_LEN] = JOURNAL_VERSION;
    block[JOURNAL_MAGIC_LEN + 1] = j->flags;
    put_u64(block + JOURNAL_MAGIC_LEN + 2, make_nonce());
    size_t len = put_object(block + JOURNAL_HEAD, object, j->crc32c);
    if (!keep_object(j, block + JOURNAL_HEAD, len)) {
        errno = EINVAL;
        return -1;
    }
    j->limit = j->next = journal_size(&j->info);
    j->seed = j->crc32c(0, block, JOURNAL_BODY);
    put_u32(block + JOURNAL_BODY, j->seed);
    /* Room for every bit, so that what arrived can be recorded when the part has filled the disk.*/
    int error = posix_fallocate(j->fd, 0, (off_t)j->limit);
    if (error == ENOSPC || error == EDQUOT) {
        errno = error;
        return -1;
    }
    if (error != 0 && ftruncate(j->fd, (off_t)j->limit) != 0)
        return -1;
    return disk_write(j->fd, block, sizeof block, 0);
}

/* Symbols from .. to of o, as far as they have arrived and are of pair p, into its bits. True: one
 * is new there. */
static bool set_bits(uint8_t *bits, const struct Object *o, uint64_t p, uint64_t from, uint64_t to)
{
    uint64_t first = p * 8 * JOURNAL_BITS, behind = first + 8 * JOURNAL_BITS;
    bool changed = false;
    from = from > first ? from : first;
    to = to < behind ? to : behind;
    for (uint64_t s = from; s < to;) {
        uint64_t i = s / 8, next = (i + 1) * 8 < to ? (i + 1) * 8 : to;
        uint8_t mask = (uint8_t)(0xFFU << s % 8 & 0xFFU >> (8 * (i + 1) - next));
        uint8_t *byte = &bits[i - first / 8], is = *byte | (o->arrived[i] & mask);
        changed = changed || is != *byte;
        *byte = is;
        s = next;
    }
    return changed;
}

int journal_claim(struct Journal *j, const struct Object *o, uint64_t from, uint64_t to)
{
    uint8_t block[JOURNAL_BLOCK];
    unsigned copy;
    to = to < o->layout.symbols ? to : o->layout.symbols;
    for (uint64_t p = from / (8 * JOURNAL_BITS); p * 8 * JOURNAL_BITS < to && from < to; p++) {
        if (journal_read_pair(j, p, block, &copy) != 0)
            return -1;
        if (!set_bits(block + 8, o, p, from, to))
            continue;
        put_u64(block, get_u64(block) + 1);
        if (write_block(j, journal_at_pair(p, copy), block) != 0)
            return -1;
    }
    return 0;
}

int journal_add_end(struct Journal *j, const struct PacketEnd *end)
{
    uint8_t memory[PACKET_HEADROOM + JOURNAL_END_MAX], block[JOURNAL_BLOCK] = {0};
    struct PacketEnd inner = *end;
    struct Buffer b;
    inner.rest = 1; /* when it is replayed no pass ends */
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    size_t len = 0;
    if (packet_append_end(&b, &inner))
        len = put_packet(block, 2 + JOURNAL_END_MAX, &b, PACKET_END,
                         packet_object_tag(&j->info, j->crc32c));
    if (len < 2) {
        errno = EINVAL;
        return -1;
    }
    if (write_block(j, JOURNAL_AT_END, block) != 0)
        return -1;
    j->end_len = len - 2;
    memcpy(j->end, block + 2, j->end_len);
    return 0;
}

int journal_add_repair(struct Journal *j, uint64_t w, uint64_t key, uint8_t *record)
{
    size_t len = JOURNAL_RECORD + (size_t)j->info.symbol_size;
    put_u64(record, w);
    put_u64(record + 8, key);
    put_u32(record + len, journal_crc(j, j->limit, record, len));
    if (disk_write(j->fd, record, len + JOURNAL_RECORD_END, j->limit) != 0)
        return -1;
    j->limit += len + JOURNAL_RECORD_END;
    return 0;
}

int journal_drop_repairs(struct Journal *j)
{
    if (j->limit == journal_size(&j->info))
        return 0;
    if (ftruncate(j->fd, (off_t)journal_size(&j->info)) != 0)
        return -1;
    j->limit = journal_size(&j->info);
    return 0;
}

int journal_sync(struct Journal *j)
{
    return disk_sync_data(j->fd);
}

/* Symbols with bytes in from .. to have not got into the part. */
static int claim_saved(struct Journal *j, const struct Object *o, uint64_t from, uint64_t to)
{
    uint64_t t = o->layout.symbol_size, symbols = o->layout.symbols;
    if (from >= to)
        return journal_claim(j, o, 0, symbols);
    if (journal_claim(j, o, 0, from / t) != 0)
        return -1;
    return journal_claim(j, o, to / t + (to % t != 0), symbols);
}

static int add_window(struct Journal *j, const struct Repairs *r, uint64_t w, uint8_t *record)
{
    struct RlcWindow none = {0, 0, 0}; /* a record has its number */
    struct RlcRow *rows = malloc(r->held[w] * sizeof *rows);
    uint8_t *payloads = malloc((size_t)r->held[w] * r->symbol_size);
    int result = 0;
    errno = ENOMEM;
    if (rows == NULL || payloads == NULL) {
        result = -1;
    } else if (!repairs_load(r, w, none, rows, payloads)) {
        result = -1;
        errno = EIO;
    }
    for (uint32_t i = 0; result == 0 && i < r->held[w]; i++) {
        memcpy(record + JOURNAL_RECORD, rows[i].payload, r->symbol_size);
        result = journal_add_repair(j, w, rows[i].key, record);
    }
    int error = errno;
    free(rows);
    free(payloads);
    errno = error;
    return result;
}

int journal_add_repairs(struct Journal *j, const struct Repairs *r)
{
    int result = 0;
    uint8_t *record = malloc(JOURNAL_RECORD + r->symbol_size + JOURNAL_RECORD_END);
    if (record == NULL)
        return -1;
    for (uint64_t w = 0; w < r->windows && result == 0; w++) {
        if (r->held[w] > 0)
            result = add_window(j, r, w, record);
    }
    int error = errno;
    free(record);
    errno = error;
    return result;
}

static int write_all(struct Journal *j, const struct JournalContent *c)
{
    if (write_head(j, c->object) != 0 || (c->end != NULL && journal_add_end(j, c->end) != 0))
        return -1;
    if (c->arrived != NULL && claim_saved(j, c->arrived, c->unsaved_from, c->unsaved_to) != 0)
        return -1;
    if (c->repairs != NULL && journal_add_repairs(j, c->repairs) != 0)
        return -1;
    return c->sync ? disk_sync(j->fd) : 0;
}

int journal_write(struct Journal *j, int dir, const char *name, const struct JournalContent *c,
                  Crc32c crc32c)
{
    char temp[NAME_MAX + 1];
    *j = (struct Journal){.fd = -1, .crc32c = crc32c};
    if (snprintf(temp, sizeof temp, "%s" NAMES_NEW, name) >= (int)sizeof temp) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (unlinkat(dir, temp, 0) != 0 && errno != ENOENT)
        return -1;
    j->fd = openat(dir, temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return -1;
    int error = 0;
    if (write_all(j, c) != 0 || renameat(dir, temp, dir, name) != 0) {
        error = errno;
        unlinkat(dir, temp, 0);
    } else if (c->sync && disk_sync_folder(dir) != 0) {
        error = errno;
    }
    if (error == 0)
        return 0;
    journal_close(j);
    errno = error;
    return -1;
}
