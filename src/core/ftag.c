#include "core/ftag.h"

#include "core/word.h"

#define MARK         0xFF /* between packets */
#define ESCAPE       0xFE
#define ESCAPED_MARK 0xFD /* behind an escape: 0xFF */

#define CRC_BYTES 2
#define HEADER    (FTAG_OVERHEAD - CRC_BYTES)

#define CHANNEL_DATA    0x00
#define CHANNEL_CONTROL 0x80

/* The first byte of data on the control channel. */
#define TYPE_META 0x01
#define TYPE_END  0xFF

/* 0xFFFF with sixteen zero bits pushed through: the wire pushes them at its end, to the same. */
#define CRC_START 0x1D0F

static uint16_t get_big(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put_big(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

uint16_t ftag_crc(const uint8_t *data, size_t len)
{
    unsigned crc = CRC_START;
    for (size_t i = 0; i < len; i++) {
        unsigned x = (crc >> 8 ^ data[i]) & 0xFF;
        x ^= x >> 4;
        crc = crc << 8 ^ x << 12 ^ x << 5 ^ x; /* 0x1021, eight steps at once */
    }
    return (uint16_t)crc;
}

/* ---- What packets say ----------------------------------------------------------------------- */

static bool has_zero(struct View v)
{
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] == 0)
            return true;
    }
    return false;
}

static bool meta_is_sound(const struct FtagMeta *m)
{
    return m->size >= 1 && m->size <= FTAG_DATA_MAX && m->last < m->size &&
           m->digest.len == FTAG_DIGEST && m->name.len <= FTAG_NAME_MAX && !has_zero(m->name);
}

static bool parse_meta(struct View data, struct FtagMeta *m)
{
    struct View head, end;
    if (!view_take(&data, FTAG_META_HEAD, &head) || data.len == 0)
        return false;
    m->full = get_big(head.data + 1);
    m->size = head.data[3];
    m->last = head.data[4];
    m->digest = view_of(head.data + 5, FTAG_DIGEST);
    view_take(&data, data.len - 1, &m->name);
    view_take(&data, 1, &end);
    return end.data[0] == 0 && meta_is_sound(m);
}

enum FtagKind ftag_kind(const struct FtagPacket *p, struct FtagMeta *meta)
{
    if (p->data.len == 0)
        return FTAG_OTHER;
    if (p->channel == CHANNEL_DATA)
        return FTAG_DATA;
    if (p->channel != CHANNEL_CONTROL || p->block != 0)
        return FTAG_OTHER;
    if (p->data.data[0] == TYPE_END && p->data.len == 1)
        return FTAG_END;
    if (p->data.data[0] == TYPE_META && parse_meta(p->data, meta))
        return FTAG_META;
    return FTAG_OTHER;
}

size_t ftag_put_meta(uint8_t out[FTAG_DATA_MAX], const struct FtagMeta *meta)
{
    if (!meta_is_sound(meta))
        return 0;
    out[0] = TYPE_META;
    put_big(out + 1, meta->full);
    out[3] = meta->size;
    out[4] = meta->last;
    memcpy(out + 5, meta->digest.data, FTAG_DIGEST);
    if (meta->name.len > 0)
        memcpy(out + FTAG_META_HEAD, meta->name.data, meta->name.len);
    out[FTAG_META_HEAD + meta->name.len] = 0;
    return FTAG_META_HEAD + meta->name.len + 1;
}

struct FtagPacket ftag_meta_packet(struct View data)
{
    return (struct FtagPacket){.channel = CHANNEL_CONTROL, .data = data};
}

struct FtagPacket ftag_end_packet(void)
{
    static const uint8_t end[] = {TYPE_END};
    return (struct FtagPacket){.channel = CHANNEL_CONTROL, .data = {end, sizeof end}};
}

uint64_t ftag_meta_bytes(const struct FtagMeta *meta)
{
    return (uint64_t)meta->full * meta->size + meta->last;
}

uint32_t ftag_meta_blocks(const struct FtagMeta *meta)
{
    return (uint32_t)meta->full + (meta->last > 0);
}

size_t ftag_meta_block_bytes(const struct FtagMeta *meta, uint32_t block)
{
    CORE_ASSERT(block < ftag_meta_blocks(meta));
    return block < meta->full ? meta->size : meta->last;
}

/* ---- To the wire ---------------------------------------------------------------------------- */

/* The packet as it is before escaping; its length. */
static size_t put_packet(uint8_t out[FTAG_PACKET_MAX], const struct FtagPacket *p)
{
    size_t len = HEADER + p->data.len;
    out[0] = (uint8_t)(len + CRC_BYTES - 1);
    out[1] = p->seq;
    out[2] = p->channel;
    put_big(out + 3, p->block);
    if (p->data.len > 0)
        memcpy(out + HEADER, p->data.data, p->data.len);
    put_big(out + len, ftag_crc(out, len));
    return len + CRC_BYTES;
}

bool ftag_append(struct Buffer *out, const struct FtagPacket *p)
{
    uint8_t packet[FTAG_PACKET_MAX];
    if (p->data.len > FTAG_DATA_MAX)
        return false;
    size_t len = put_packet(packet, p);
    size_t size = len + 2;
    for (size_t i = 0; i < len; i++)
        size += packet[i] >= ESCAPE;
    uint8_t *to = buffer_extend(out, size);
    if (to == NULL)
        return false;
    *to++ = MARK;
    for (size_t i = 0; i < len; i++) {
        if (packet[i] >= ESCAPE)
            *to++ = ESCAPE;
        *to++ = packet[i] == MARK ? ESCAPED_MARK : packet[i];
    }
    *to = MARK;
    return true;
}

/* ---- From the wire -------------------------------------------------------------------------- */

void ftag_reader_init(struct FtagReader *r)
{
    *r = (struct FtagReader){0};
}

/* The index of the first mark among the n bytes at p; n if there is none. */
static size_t find_mark(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (n - i >= 8 && word_zeros(~word_load(p + i)) == 0)
        i += 8;
    while (i < n && p[i] != MARK)
        i++;
    return i;
}

/* The packet begun is none: what came of it is bad. */
static void drop(struct FtagReader *r)
{
    r->counters.bad_bytes += r->waiting;
    r->waiting = 0;
    r->in_row = 0;
}

/* Take bytes between two marks. */
static void collect(struct FtagReader *r, struct View bytes)
{
    r->waiting += bytes.len;
    for (size_t i = 0; i < bytes.len && !r->skipping; i++) {
        uint8_t byte = bytes.data[i];
        if (!r->escaped && byte == ESCAPE) {
            r->escaped = true;
        } else if (r->len == FTAG_PACKET_MAX) {
            r->skipping = true;
            r->counters.bad_long++;
        } else {
            r->packet[r->len++] = r->escaped && byte == ESCAPED_MARK ? MARK : byte;
            r->escaped = false;
        }
    }
    if (r->skipping)
        drop(r);
}

/* True if the bytes between two marks are a packet; otherwise why not is counted. */
static bool check(struct FtagReader *r)
{
    uint64_t *fault = NULL;
    if (r->escaped)
        fault = &r->counters.bad_escape;
    else if (r->len < FTAG_OVERHEAD)
        fault = &r->counters.bad_short;
    else if (r->packet[0] != r->len - 1)
        fault = &r->counters.bad_length;
    else if (get_big(r->packet + r->len - CRC_BYTES) != ftag_crc(r->packet, r->len - CRC_BYTES))
        fault = &r->counters.bad_crc;
    if (fault == NULL)
        return true;
    ++*fault;
    drop(r);
    return false;
}

static void take_packet(struct FtagReader *r, struct FtagPacket *p)
{
    struct FtagMeta meta;
    p->seq = r->packet[1];
    p->channel = r->packet[2];
    p->block = get_big(r->packet + 3);
    p->data = view_of(r->packet + HEADER, r->len - FTAG_OVERHEAD);
    r->counters.good++;
    r->counters.good_bytes += r->waiting;
    r->waiting = 0;
    if (r->in_row < FTAG_IN_ROW)
        r->in_row++;
    if (r->in_row == FTAG_IN_ROW || ftag_kind(p, &meta) == FTAG_META)
        r->recognised = true;
}

/* A mark. True: it closes a packet. */
static bool close_packet(struct FtagReader *r, struct FtagPacket *p)
{
    bool good = r->waiting > 0 && check(r);
    if (good)
        take_packet(r, p);
    r->counters.marks++;
    r->len = 0;
    r->escaped = false;
    r->skipping = false;
    return good;
}

bool ftag_reader_next(struct FtagReader *r, struct View *bytes, struct FtagPacket *p)
{
    while (bytes->len > 0) {
        struct View run;
        uint8_t mark;
        view_take(bytes, find_mark(bytes->data, bytes->len), &run);
        collect(r, run);
        if (view_take_u8(bytes, &mark) && close_packet(r, p))
            return true;
    }
    return false;
}

void ftag_reader_finish(struct FtagReader *r)
{
    drop(r);
    r->len = 0;
    r->escaped = false;
    r->skipping = false;
}
