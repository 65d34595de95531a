/* Packets: whole packets to bytes and back, and compared field by field, for tests. */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include "core/packet.h"

#include <stdlib.h>

static inline bool packets_append_fields(struct Buffer *b, const struct Packet *p)
{
    switch ((enum PacketType)p->type) {
    case PACKET_OBJECT:
        return packet_append_object(b, &p->as.object);
    case PACKET_SOURCE:
        return packet_append_source(b, &p->as.source);
    case PACKET_REPAIR:
        return packet_append_repair(b, &p->as.repair);
    case PACKET_END:
        return packet_append_end(b, &p->as.end);
    case PACKET_STATUS:
        return packet_append_status(b, &p->as.status);
    case PACKET_DONE:
        return true;
    case PACKET_ABORT:
        return packet_append_abort(b, &p->as.abort);
    }
    return false;
}

/* Those of SOURCE and REPAIR, which packet_append_... leaves to the frame. */
static inline struct View packets_symbols(const struct Packet *p)
{
    if (p->type == PACKET_SOURCE)
        return p->as.source.symbols;
    if (p->type == PACKET_REPAIR)
        return p->as.repair.symbols;
    return view_of(NULL, 0);
}

/* The whole packet as its frame would carry it, in b, which is emptied first. */
static inline bool packets_encode(struct Buffer *b, const struct Packet *p)
{
    struct View symbols = packets_symbols(p);
    buffer_reset(b, PACKET_HEADROOM);
    return packets_append_fields(b, p) &&
           packet_close(b, (enum PacketType)p->type, p->seq, p->tag) &&
           buffer_append(b, symbols.data, symbols.len);
}

/*
 * Parse a copy of v (*copy, which the caller frees) that takes exactly as much heap as it needs,
 * so that a sanitizer sees an overread.
 */
static inline enum PacketError packets_parse(struct View v, Crc32c crc32c, struct Packet *p,
                                             uint8_t **copy)
{
    *copy = malloc(v.len);
    if (v.len > 0)
        memcpy(*copy, v.data, v.len);
    return packet_parse(view_of(*copy, v.len), crc32c, p);
}

static inline bool packets_same_bytes(struct View a, struct View b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool packets_same_fields(const struct Packet *a, const struct Packet *b)
{
    const struct PacketObject *oa = &a->as.object, *ob = &b->as.object;
    const struct PacketRepair *ra = &a->as.repair, *rb = &b->as.repair;
    const struct PacketEnd *ea = &a->as.end, *eb = &b->as.end;
    const struct PacketStatus *sa = &a->as.status, *sb = &b->as.status;
    switch ((enum PacketType)a->type) {
    case PACKET_OBJECT:
        return packet_object_same(oa, ob) && oa->run == ob->run && oa->link == ob->link &&
               oa->mtime == ob->mtime && oa->mode == ob->mode;
    case PACKET_SOURCE:
        return a->as.source.symbol == b->as.source.symbol &&
               packets_same_bytes(a->as.source.symbols, b->as.source.symbols);
    case PACKET_REPAIR:
        return ra->first == rb->first && ra->count == rb->count && ra->stride == rb->stride &&
               ra->key == rb->key && packets_same_bytes(ra->symbols, rb->symbols);
    case PACKET_END:
        return ea->symbols == eb->symbols && ea->size == eb->size && ea->rest == eb->rest &&
               packets_same_bytes(ea->digest, eb->digest);
    case PACKET_STATUS:
        return sa->state == sb->state && sa->run == sb->run && sa->echo == sb->echo &&
               sa->good == sb->good && sa->bad == sb->bad && sa->window == sb->window &&
               sa->upto == sb->upto && packets_same_bytes(sa->ranges, sb->ranges);
    case PACKET_DONE:
        return true;
    case PACKET_ABORT:
        return a->as.abort.role == b->as.abort.role && a->as.abort.reason == b->as.abort.reason &&
               packets_same_bytes(a->as.abort.text, b->as.abort.text);
    }
    return false;
}

static inline bool packets_same(const struct Packet *a, const struct Packet *b)
{
    return a->type == b->type && a->seq == b->seq && a->tag == b->tag && packets_same_fields(a, b);
}

#endif
