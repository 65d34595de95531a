/*
 * Ftag things: objects made up for the tests of the bridge, their packets, and what it made of
 * them. For files that have one bridge.
 */
#ifndef TESTS_UNIT_FTAG_THINGS_H
#define TESTS_UNIT_FTAG_THINGS_H

#include "core/ftag_bridge.h"

#include <string.h>

#include "unit/check.h"
#include "unit/random.h"

#define RUN  0xFFFE
#define OUTS 600

/* The bridge under test, and the packets it gave, parsed. */
static struct FtagBridge bridge;
static uint8_t held[4096];
static struct Packet out[OUTS];
static uint8_t memory[OUTS * FTAG_BRIDGE_ROOM]; /* what their Views look at */
static size_t outs, used;
static uint8_t next_seq; /* of the next packet that is sent in order */

static inline void begin(void)
{
    ftag_bridge_init(&bridge, crc32c_portable, RUN, held, sizeof held);
    outs = used = 0;
    next_seq = 0;
}

/* Every packet that came is in exactly one count, or is held. */
static inline void check_account(void)
{
    const struct FtagBridgeCounters *c = &bridge.counters;
    CHECK(c->passed + c->others + c->overrun + c->orphans + bridge.held.count == c->packets,
          "%" PRIu64 " passed, %" PRIu64 " others, %" PRIu64 " overrun, %" PRIu64
          " orphans, %u held of %" PRIu64,
          c->passed, c->others, c->overrun, c->orphans, bridge.held.count, c->packets);
}

static inline void take(void)
{
    struct View v;
    while (ftag_bridge_output(&bridge, &v)) {
        CHECK(outs < OUTS && v.len <= sizeof memory - used, "too many packets");
        memcpy(memory + used, v.data, v.len);
        CHECK(packet_parse(view_of(memory + used, v.len), crc32c_portable, &out[outs]) == PACKET_OK,
              "packet %zu is none", outs);
        used += v.len;
        outs++;
    }
    check_account();
}

static inline void input(struct FtagPacket p, uint8_t seq)
{
    p.seq = seq;
    ftag_bridge_input(&bridge, &p);
    take();
}

/* An object: its blocks have 10 bytes, each that of their number but for the first, the mark. */
struct Thing {
    struct FtagMeta meta;
    uint8_t digest[FTAG_DIGEST];
    uint8_t data[FTAG_DATA_MAX]; /* of META */
    size_t len;
};

static inline struct Thing thing(char mark, uint16_t full, uint8_t last)
{
    struct Thing t = {.meta = {.full = full, .size = 10, .last = last}};
    memset(t.digest, mark, sizeof t.digest);
    t.meta.digest = view_of(t.digest, sizeof t.digest);
    t.meta.name = view_of(&mark, 1);
    t.len = ftag_put_meta(t.data, &t.meta);
    CHECK(t.len == FTAG_META_HEAD + 2, "no META");
    t.meta.digest = t.meta.name = (struct View){0}; /* they would not move with it */
    return t;
}

static inline void meta_at(const struct Thing *t, uint8_t seq)
{
    input(ftag_meta_packet(view_of(t->data, t->len)), seq);
}

static inline void data_at(const struct Thing *t, uint16_t block, uint8_t seq)
{
    uint8_t bytes[10];
    memset(bytes, block, sizeof bytes);
    bytes[0] = t->digest[0];
    input((struct FtagPacket){.block = block,
                              .data = view_of(bytes, ftag_meta_block_bytes(&t->meta, block))},
          seq);
}

static inline void meta(const struct Thing *t)
{
    meta_at(t, next_seq++);
}

static inline void data(const struct Thing *t, uint16_t block)
{
    data_at(t, block, next_seq++);
}

static inline void end(void)
{
    input(ftag_end_packet(), next_seq++);
}

static inline uint16_t tag_of(const struct Thing *t)
{
    struct PacketObject o = {.block = FTAG_BRIDGE_B,
                             .symbol_size = t->meta.size,
                             .size = ftag_meta_bytes(&t->meta),
                             .name = {t->digest, 1}};
    memset(o.id, t->digest[0], sizeof o.id);
    return packet_object_tag(&o, crc32c_portable);
}

/* Output i is of that type, object and seq. */
static inline const struct Packet *expect(size_t i, enum PacketType type, const struct Thing *t,
                                          uint8_t seq)
{
    CHECK(i < outs, "%zu packets came out", outs);
    CHECK(out[i].type == type, "packet %zu: type %u", i, out[i].type);
    CHECK(out[i].seq == seq, "packet %zu: seq %u", i, out[i].seq);
    CHECK(out[i].tag == tag_of(t), "packet %zu: another object", i);
    return &out[i];
}

static inline void expect_source(size_t i, const struct Thing *t, uint16_t block, uint8_t seq)
{
    const struct PacketSource *s = &expect(i, PACKET_SOURCE, t, seq)->as.source;
    CHECK(s->symbol == block && s->symbols.len == ftag_meta_block_bytes(&t->meta, block),
          "packet %zu: symbol %" PRIu64, i, s->symbol);
    CHECK(s->symbols.data[0] == t->digest[0] &&
              s->symbols.data[s->symbols.len - 1] == (uint8_t)block,
          "packet %zu: other bytes", i);
}

#endif
