#include "core/packet.h"

#include "core/rlc.h"

#define TYPE_BITS       6 /* of the first byte; the version lies above them */
#define BLOCK_MAX       12
#define SIZE_MOST       (UINT64_MAX >> 1)
#define HASHED_HEAD_MAX (3 + 3 * VARINT_MAX + PACKET_ID)

/* Takes fields off the front of rest. The first fault stays; a field at fault reads as 0. */
struct Fields {
    struct View rest;
    enum PacketError error;
};

static void fail(struct Fields *f, enum PacketError error)
{
    if (f->error == PACKET_OK)
        f->error = error;
}

static uint8_t take_u8(struct Fields *f)
{
    uint8_t value = 0;
    if (!view_take_u8(&f->rest, &value))
        fail(f, PACKET_SHORT);
    return value;
}

static uint16_t take_u16(struct Fields *f)
{
    uint16_t value = 0;
    if (!view_take_u16(&f->rest, &value))
        fail(f, PACKET_SHORT);
    return value;
}

static uint64_t take_u64(struct Fields *f)
{
    uint64_t value = 0;
    if (!view_take_u64(&f->rest, &value))
        fail(f, PACKET_SHORT);
    return value;
}

/* A varint that is refused with fewer than VARINT_MAX bytes left lacks its end: nothing worse. */
static uint64_t take_varint(struct Fields *f, uint64_t least, uint64_t most)
{
    uint64_t value = 0;
    if (!view_take_varint(&f->rest, &value)) {
        fail(f, f->rest.len < VARINT_MAX ? PACKET_SHORT : PACKET_BAD_FIELDS);
        return 0;
    }
    if (value < least || value > most) {
        fail(f, PACKET_BAD_FIELDS);
        return 0;
    }
    return value;
}

static struct View take_bytes(struct Fields *f, size_t n)
{
    struct View bytes = {f->rest.data, 0};
    if (!view_take(&f->rest, n, &bytes))
        fail(f, PACKET_SHORT);
    return bytes;
}

static struct View take_rest(struct Fields *f, size_t least)
{
    if (f->rest.len < least)
        fail(f, PACKET_SHORT);
    return take_bytes(f, f->rest.len);
}

static uint16_t tag_of_crc(uint32_t crc)
{
    uint16_t tag = (uint16_t)(crc >> 16 ^ (crc & 0xFFFF));
    return tag != 0 ? tag : 1;
}

static bool window_is_sound(const struct PacketRepair *r)
{
    if (r->count < 1 || r->count > RLC_COUNT_MAX || r->stride < 1 || r->stride > RLC_STRIDE_MAX)
        return false;
    return r->first <= UINT64_MAX - (uint64_t)(r->count - 1) * r->stride;
}

static bool digest_is_sound(struct View digest)
{
    return digest.len == PACKET_DIGEST || digest.len == PACKET_DIGEST_XXH128;
}

/* The least T that an object may have. */
static uint64_t least_t(const struct PacketObject *o)
{
    return (o->flags & OBJECT_STREAM) != 0 ? PACKET_STREAM_T : 1;
}

static void parse_object(struct Fields *f, Crc32c crc32c, uint16_t tag, struct PacketObject *o)
{
    const uint8_t *hashed = f->rest.data;
    o->flags = take_u8(f);
    o->salt = take_u8(f);
    o->block = take_u8(f);
    if (o->block > BLOCK_MAX)
        fail(f, PACKET_BAD_FIELDS);
    o->symbol_size = take_varint(f, least_t(o), PACKET_MAX);
    o->size = (o->flags & OBJECT_STREAM) != 0 ? 0 : take_varint(f, 0, SIZE_MOST);
    struct View id = take_bytes(f, PACKET_ID);
    if (id.len == PACKET_ID)
        memcpy(o->id, id.data, PACKET_ID);
    o->name = take_bytes(f, (size_t)take_varint(f, 0, PACKET_NAME_MAX));
    if (f->error != PACKET_OK)
        return;
    /* Over the bytes as they came: a peer's varints need not be the shortest. */
    if (tag_of_crc(crc32c(0, hashed, (size_t)(f->rest.data - hashed))) != tag)
        fail(f, PACKET_BAD_FIELDS);
    if ((o->flags & ~OBJECT_KNOWN) != 0)
        fail(f, PACKET_BAD_FLAGS);
    o->run = take_u16(f);
    o->link = take_u8(f);
    o->mtime = (o->link & LINK_MTIME) != 0 ? (int64_t)take_u64(f) : 0;
    o->mode = (o->link & LINK_MODE) != 0 ? take_u16(f) : 0;
}

static void parse_source(struct Fields *f, struct PacketSource *s)
{
    s->symbol = take_varint(f, 0, UINT64_MAX);
    s->symbols = take_rest(f, 1);
}

static void parse_repair(struct Fields *f, struct PacketRepair *r)
{
    r->first = take_varint(f, 0, UINT64_MAX);
    r->count = (uint32_t)take_varint(f, 1, RLC_COUNT_MAX);
    r->stride = (uint32_t)take_varint(f, 1, RLC_STRIDE_MAX);
    r->key = take_varint(f, 0, UINT64_MAX);
    r->symbols = take_rest(f, 1);
    if (!window_is_sound(r))
        fail(f, PACKET_BAD_FIELDS);
}

static void parse_end(struct Fields *f, struct PacketEnd *e)
{
    e->symbols = take_varint(f, 0, UINT64_MAX);
    e->size = take_varint(f, 0, SIZE_MOST);
    e->rest = take_varint(f, 0, UINT64_MAX);
    e->digest = take_rest(f, PACKET_DIGEST_XXH128);
    if (!digest_is_sound(e->digest))
        fail(f, PACKET_BAD_FIELDS);
}

static void parse_status(struct Fields *f, struct PacketStatus *s)
{
    s->state = take_u8(f);
    s->run = take_u16(f);
    s->echo = take_u8(f);
    s->good = take_varint(f, 0, UINT64_MAX);
    s->bad = take_varint(f, 0, UINT64_MAX);
    s->window = take_varint(f, 0, UINT64_MAX);
    s->upto = take_varint(f, 0, UINT64_MAX);
    s->ranges = take_rest(f, 0);
}

static void parse_abort(struct Fields *f, struct PacketAbort *a)
{
    a->role = take_u8(f);
    a->reason = take_u8(f);
    a->text = take_rest(f, 0);
}

static void parse_fields(struct Fields *f, Crc32c crc32c, struct Packet *p)
{
    switch ((enum PacketType)p->type) {
    case PACKET_OBJECT:
        parse_object(f, crc32c, p->tag, &p->as.object);
        return;
    case PACKET_SOURCE:
        parse_source(f, &p->as.source);
        return;
    case PACKET_REPAIR:
        parse_repair(f, &p->as.repair);
        return;
    case PACKET_END:
        parse_end(f, &p->as.end);
        return;
    case PACKET_STATUS:
        parse_status(f, &p->as.status);
        return;
    case PACKET_DONE:
        return;
    case PACKET_ABORT:
        parse_abort(f, &p->as.abort);
        return;
    }
    fail(f, PACKET_BAD_TYPE);
}

enum PacketError packet_parse(struct View bytes, Crc32c crc32c, struct Packet *p)
{
    struct Fields f = {bytes, PACKET_OK};
    uint8_t first = take_u8(&f);
    p->type = first & ((1U << TYPE_BITS) - 1);
    p->seq = take_u8(&f);
    p->tag = take_u16(&f);
    if (f.error == PACKET_OK && first >> TYPE_BITS != PACKET_VERSION)
        fail(&f, PACKET_BAD_VERSION);
    if (f.error == PACKET_OK)
        parse_fields(&f, crc32c, p);
    if (bytes.len > PACKET_MAX)
        fail(&f, PACKET_BAD_FIELDS);
    return f.error;
}

/* Stores v at p; the byte behind it. An empty View may have no address, which memcpy forbids. */
static uint8_t *put_bytes(uint8_t *p, struct View v)
{
    if (v.len > 0)
        memcpy(p, v.data, v.len);
    return p + v.len;
}

/* The hashed part up to the name's bytes, at p; how many bytes, at most HASHED_HEAD_MAX. */
static size_t put_hashed_head(uint8_t *p, const struct PacketObject *o)
{
    const uint8_t *start = p;
    *p++ = o->flags;
    *p++ = o->salt;
    *p++ = o->block;
    p += put_varint(p, o->symbol_size);
    if ((o->flags & OBJECT_STREAM) == 0)
        p += put_varint(p, o->size);
    p = put_bytes(p, view_of(o->id, PACKET_ID));
    p += put_varint(p, o->name.len);
    return (size_t)(p - start);
}

static bool object_is_sound(const struct PacketObject *o)
{
    uint64_t size_most = (o->flags & OBJECT_STREAM) != 0 ? 0 : SIZE_MOST;
    return (o->flags & ~OBJECT_KNOWN) == 0 && o->block <= BLOCK_MAX &&
           o->symbol_size >= least_t(o) && o->symbol_size <= PACKET_MAX && o->size <= size_most &&
           o->name.len <= PACKET_NAME_MAX;
}

size_t packet_object_size(const struct PacketObject *object)
{
    size_t hashed = 3 + varint_size(object->symbol_size) + PACKET_ID +
                    varint_size(object->name.len) + object->name.len;
    if ((object->flags & OBJECT_STREAM) == 0)
        hashed += varint_size(object->size);
    size_t mtime = (object->link & LINK_MTIME) != 0 ? 8 : 0;
    size_t mode = (object->link & LINK_MODE) != 0 ? 2 : 0;
    return hashed + 3 + mtime + mode;
}

size_t packet_source_size(uint64_t symbol)
{
    return varint_size(symbol);
}

size_t packet_repair_size(const struct PacketRepair *repair)
{
    return varint_size(repair->first) + varint_size(repair->count) + varint_size(repair->stride) +
           varint_size(repair->key);
}

size_t packet_end_size(const struct PacketEnd *end)
{
    return varint_size(end->symbols) + varint_size(end->size) + varint_size(end->rest) +
           end->digest.len;
}

size_t packet_status_size(const struct PacketStatus *status)
{
    return 4 + varint_size(status->good) + varint_size(status->bad) + varint_size(status->window) +
           varint_size(status->upto) + status->ranges.len;
}

bool packet_append_object(struct Buffer *b, const struct PacketObject *object)
{
    if (!object_is_sound(object))
        return false;
    uint8_t *p = buffer_extend(b, packet_object_size(object));
    if (p == NULL)
        return false;
    p += put_hashed_head(p, object);
    p = put_bytes(p, object->name);
    put_u16(p, object->run);
    p[2] = object->link;
    p += 3;
    if ((object->link & LINK_MTIME) != 0) {
        put_u64(p, (uint64_t)object->mtime);
        p += 8;
    }
    if ((object->link & LINK_MODE) != 0)
        put_u16(p, object->mode);
    return true;
}

bool packet_append_source(struct Buffer *b, const struct PacketSource *source)
{
    return buffer_append_varint(b, source->symbol);
}

bool packet_append_repair(struct Buffer *b, const struct PacketRepair *repair)
{
    if (!window_is_sound(repair))
        return false;
    uint8_t *p = buffer_extend(b, packet_repair_size(repair));
    if (p == NULL)
        return false;
    p += put_varint(p, repair->first);
    p += put_varint(p, repair->count);
    p += put_varint(p, repair->stride);
    put_varint(p, repair->key);
    return true;
}

bool packet_append_end(struct Buffer *b, const struct PacketEnd *end)
{
    if (end->size > SIZE_MOST || !digest_is_sound(end->digest))
        return false;
    uint8_t *p = buffer_extend(b, packet_end_size(end));
    if (p == NULL)
        return false;
    p += put_varint(p, end->symbols);
    p += put_varint(p, end->size);
    p += put_varint(p, end->rest);
    put_bytes(p, end->digest);
    return true;
}

bool packet_append_status(struct Buffer *b, const struct PacketStatus *status)
{
    if (status->ranges.len > PACKET_MAX - STATUS_FIXED_MAX)
        return false;
    uint8_t *p = buffer_extend(b, packet_status_size(status));
    if (p == NULL)
        return false;
    *p++ = status->state;
    put_u16(p, status->run);
    p += 2;
    *p++ = status->echo;
    p += put_varint(p, status->good);
    p += put_varint(p, status->bad);
    p += put_varint(p, status->window);
    p += put_varint(p, status->upto);
    put_bytes(p, status->ranges);
    return true;
}

bool packet_append_abort(struct Buffer *b, const struct PacketAbort *abort)
{
    if (abort->text.len > PACKET_MAX - PACKET_HEADER - 2)
        return false;
    uint8_t *p = buffer_extend(b, 2 + abort->text.len);
    if (p == NULL)
        return false;
    p[0] = abort->role;
    p[1] = abort->reason;
    put_bytes(p + 2, abort->text);
    return true;
}

bool packet_close(struct Buffer *b, enum PacketType type, uint8_t seq, uint16_t tag)
{
    if (type < PACKET_OBJECT || type > PACKET_ABORT)
        return false;
    uint8_t *p = buffer_prepend(b, PACKET_HEADER);
    if (p == NULL)
        return false;
    p[0] = (uint8_t)(PACKET_VERSION << TYPE_BITS | type);
    p[1] = seq;
    put_u16(p + 2, tag);
    return true;
}

uint16_t packet_object_tag(const struct PacketObject *object, Crc32c crc32c)
{
    uint8_t head[HASHED_HEAD_MAX];
    uint32_t crc = crc32c(0, head, put_hashed_head(head, object));
    if (object->name.len > 0)
        crc = crc32c(crc, object->name.data, object->name.len);
    return tag_of_crc(crc);
}

bool packet_object_same(const struct PacketObject *a, const struct PacketObject *b)
{
    return a->flags == b->flags && a->salt == b->salt && a->block == b->block &&
           a->symbol_size == b->symbol_size && a->size == b->size &&
           memcmp(a->id, b->id, PACKET_ID) == 0 && a->name.len == b->name.len &&
           (a->name.len == 0 || memcmp(a->name.data, b->name.data, a->name.len) == 0);
}
