/* Journal, read: what an earlier run says is here. */
#include "host/journal_file.h"

#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* What is missing at the file's end counts as zeros: never written. 0; or -1 and errno. */
static int read_piece(const struct Journal *j, uint8_t *bytes, size_t len, uint64_t at)
{
    ptrdiff_t n = disk_read_some(j->fd, bytes, len, at);
    if (n < 0)
        return -1;
    memset(bytes + n, 0, len - (size_t)n);
    return 0;
}

static bool is_valid(const struct Journal *j, uint64_t at, const uint8_t block[JOURNAL_BLOCK])
{
    return get_u32(block + JOURNAL_BODY) == journal_crc(j, at, block, JOURNAL_BODY);
}

int journal_read_pair(const struct Journal *j, uint64_t p, uint8_t block[JOURNAL_BLOCK],
                      unsigned *copy)
{
    uint8_t pair[2 * JOURNAL_BLOCK];
    bool valid[2], empty[2];
    if (read_piece(j, pair, sizeof pair, journal_at_pair(p, 0)) != 0)
        return -1;
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *one = pair + i * JOURNAL_BLOCK;
        valid[i] = is_valid(j, journal_at_pair(p, i), one);
        empty[i] = !valid[i] && is_zero(one, JOURNAL_BLOCK);
    }
    bool second = valid[1] && (!valid[0] || get_u64(pair + JOURNAL_BLOCK) > get_u64(pair));
    if (valid[0] || valid[1]) {
        memcpy(block, second ? pair + JOURNAL_BLOCK : pair, JOURNAL_BLOCK);
        *copy = second ? 0 : 1;
        return 0;
    }
    memset(block, 0, JOURNAL_BLOCK);
    /* The first write was cut short: over it again, so that never both are. */
    *copy = empty[0] && !empty[1] ? 1 : 0;
    errno = EBADMSG;
    return empty[0] || empty[1] ? 0 : -1;
}

/* The packet, led by its length, at bytes, into memory. False: there is none that fits. */
static bool take_packet(struct View bytes, uint8_t *memory, size_t size, size_t *len)
{
    uint16_t n;
    struct View packet;
    if (!view_take_u16(&bytes, &n) || n > size || !view_take(&bytes, n, &packet))
        return false;
    memcpy(memory, packet.data, packet.len);
    *len = packet.len;
    return true;
}

static bool parse(const uint8_t *bytes, size_t len, enum PacketType type, Crc32c crc32c,
                  struct Packet *p)
{
    return packet_parse(view_of(bytes, len), crc32c, p) == PACKET_OK && p->type == type;
}

/* The functions that read the file: false, and errno: EBADMSG, or why it cannot be read. */
static bool broken(int error)
{
    errno = error;
    return false;
}

/* True if bytes begin as `right` does and then, before they are all of it, become zeros. */
static bool is_cut_short(const uint8_t *bytes, const uint8_t *right, size_t len)
{
    size_t n = 0;
    while (n < len && bytes[n] == right[n])
        n++;
    return n < len && is_zero(bytes + n, len - n);
}

/* True if this head, whose CRC should be seed, did not get onto the disk, or not all of it: its
 * name may be there before it. */
static bool is_lost(const uint8_t block[JOURNAL_BLOCK], uint32_t seed)
{
    uint8_t crc[4];
    size_t behind = JOURNAL_BLOCK - JOURNAL_MAGIC_LEN;
    put_u32(crc, seed);
    if (memcmp(block, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) == 0)
        return is_cut_short(block + JOURNAL_BODY, crc, sizeof crc);
    return is_cut_short(block, (const uint8_t *)JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) &&
           is_zero(block + JOURNAL_MAGIC_LEN, behind);
}

static bool take_head(struct Journal *j)
{
    uint8_t block[JOURNAL_BLOCK];
    struct Packet p;
    if (read_piece(j, block, sizeof block, 0) != 0)
        return false;
    j->seed = j->crc32c(0, block, JOURNAL_BODY);
    if (is_lost(block, j->seed))
        return broken(ENODATA);
    j->flags = block[JOURNAL_MAGIC_LEN + 1];
    if (memcmp(block, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) != 0 ||
        block[JOURNAL_MAGIC_LEN] != JOURNAL_VERSION || j->seed != get_u32(block + JOURNAL_BODY) ||
        !take_packet(view_of(block + JOURNAL_HEAD, JOURNAL_BODY - JOURNAL_HEAD), j->object,
                     sizeof j->object, &j->object_len) ||
        !parse(j->object, j->object_len, PACKET_OBJECT, j->crc32c, &p))
        return broken(EBADMSG);
    j->info = p.as.object;
    return ((j->flags & JOURNAL_STREAM) != 0) == ((j->info.flags & OBJECT_STREAM) != 0) ||
           broken(EBADMSG);
}

static bool take_end(struct Journal *j)
{
    uint8_t block[JOURNAL_BLOCK];
    struct Packet p;
    if (read_piece(j, block, sizeof block, JOURNAL_AT_END) != 0)
        return false;
    if (!is_valid(j, JOURNAL_AT_END, block) ||
        !take_packet(view_of(block, JOURNAL_BODY), j->end, sizeof j->end, &j->end_len) ||
        !parse(j->end, j->end_len, PACKET_END, j->crc32c, &p))
        j->end_len = 0;
    return true;
}

/* Memory for the bits comes with the first that is set. */
static bool take_arrived(struct Journal *j)
{
    uint8_t block[JOURNAL_BLOCK];
    uint64_t pairs = journal_pairs(&j->info);
    unsigned copy;
    for (uint64_t p = 0; p < pairs; p++) {
        if (journal_read_pair(j, p, block, &copy) != 0)
            return false;
        if (is_zero(block + 8, JOURNAL_BITS))
            continue;
        if (j->arrived == NULL && (j->arrived = calloc((size_t)pairs, JOURNAL_BITS)) == NULL)
            return false;
        memcpy(j->arrived + p * JOURNAL_BITS, block + 8, JOURNAL_BITS);
    }
    return true;
}

static size_t record_size(const struct Journal *j)
{
    return JOURNAL_RECORD + (size_t)j->info.symbol_size + JOURNAL_RECORD_END;
}

/* Where records begin and end, the last perhaps not whole; and is there one that is valid? */
static void find_records(struct Journal *j, uint64_t file_size)
{
    uint8_t packet[PACKET_MAX];
    uint64_t first = journal_size(&j->info), record = record_size(j);
    uint64_t len = file_size > first ? file_size - first : 0;
    size_t packet_len;
    j->next = first;
    j->limit = first + len / record * record + (len % record != 0 ? record : 0);
    j->repairs = (j->flags & JOURNAL_STREAM) == 0 && journal_next_repair(j, packet, &packet_len);
    if (j->repairs)
        j->next -= record;
}

static bool take_all(struct Journal *j, uint64_t file_size)
{
    if (!take_head(j))
        return false;
    uint64_t most = (j->flags & JOURNAL_STREAM) != 0 ? 0 : journal_layout(j).symbols / 8;
    if (most > JOURNAL_ARRIVED_MAX)
        return broken(EBADMSG);
    if (!take_end(j) || !take_arrived(j))
        return false;
    find_records(j, file_size);
    return true;
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
    *j = (struct Journal){.fd = -1, .crc32c = crc32c};
    int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) /* a symbolic link or a folder is none of ours */
        return refuse(j, errno == ELOOP || errno == EISDIR ? EBADMSG : errno);
    j->fd = fd;
    if (fstat(fd, &st) != 0)
        return refuse(j, errno);
    if (!S_ISREG(st.st_mode))
        return refuse(j, EBADMSG);
    return take_all(j, (uint64_t)st.st_size) ? 0 : refuse(j, errno);
}

bool journal_has_something(const struct Journal *j)
{
    return j->repairs || j->arrived != NULL;
}

struct ObjectLayout journal_layout(const struct Journal *j)
{
    return object_layout(j->info.size, (uint32_t)j->info.symbol_size, 1U << j->info.block);
}

/* The record in memory, whose CRC is right, as a packet. False: of no window of the object. */
static bool make_repair(const struct Journal *j, const uint8_t *record, uint8_t *packet,
                        size_t *len)
{
    struct ObjectLayout l = journal_layout(j);
    struct Buffer b;
    uint64_t w = get_u64(record);
    if (w >= object_windows(&l))
        return false;
    struct RlcWindow window = object_window(&l, w);
    struct PacketRepair repair = {
        .first = window.first,
        .count = window.count,
        .stride = window.stride,
        .key = get_u64(record + 8),
    };
    buffer_init(&b, packet, PACKET_MAX, PACKET_HEADROOM);
    if (!packet_append_repair(&b, &repair) ||
        !packet_close(&b, PACKET_REPAIR, 0, packet_object_tag(&j->info, j->crc32c)) ||
        !buffer_append(&b, record + JOURNAL_RECORD, l.symbol_size))
        return false;
    struct View v = buffer_view(&b);
    memmove(packet, v.data, v.len);
    *len = v.len;
    return true;
}

bool journal_next_repair(struct Journal *j, uint8_t *packet, size_t *len)
{
    uint8_t record[JOURNAL_RECORD + PACKET_MAX + JOURNAL_RECORD_END];
    size_t size = record_size(j), body = size - JOURNAL_RECORD_END;
    while (j->fd >= 0 && j->next < j->limit && size <= sizeof record) {
        uint64_t at = j->next;
        if (read_piece(j, record, size, at) != 0)
            return false;
        j->next += size;
        if (get_u32(record + body) == journal_crc(j, at, record, body) &&
            make_repair(j, record, packet, len))
            return true;
    }
    return false;
}

void journal_forget_arrived(struct Journal *j)
{
    free(j->arrived);
    j->arrived = NULL;
}

void journal_close(struct Journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
    journal_forget_arrived(j);
}
