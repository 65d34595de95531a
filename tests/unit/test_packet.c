#include "core/packet.h"
#include "core/rlc.h"

#include <string.h>

#include "check.h"
#include "packets.h"
#include "random.h"

#define ROOM      2048
#define SIZE_MOST (UINT64_MAX >> 1)

/* Random 64-bit numbers of every length, so that varints of every length come up. */
static uint64_t any_u64(struct TestRandom *r)
{
    return test_random_next(r) >> test_random_below(r, 64);
}

static uint64_t any_upto(struct TestRandom *r, uint64_t most)
{
    uint64_t value = any_u64(r);
    return value <= most ? value : most - value % 3;
}

static struct View any_bytes(struct TestRandom *r, const uint8_t *pool, size_t least, size_t most)
{
    return view_of(pool, least + (size_t)test_random_below(r, most - least + 1));
}

static void any_object(struct TestRandom *r, const uint8_t *pool, struct PacketObject *o)
{
    o->flags = (uint8_t)test_random_below(r, OBJECT_KNOWN + 1);
    o->salt = (uint8_t)any_u64(r);
    o->block = (uint8_t)test_random_below(r, 13);
    o->symbol_size = PACKET_STREAM_T + any_upto(r, PACKET_MAX - PACKET_STREAM_T);
    o->size = (o->flags & OBJECT_STREAM) != 0 ? 0 : any_upto(r, SIZE_MOST);
    memcpy(o->id, pool + test_random_below(r, 100), PACKET_ID);
    o->name = any_bytes(r, pool, 0, test_random_below(r, 2) != 0 ? 12 : PACKET_NAME_MAX);
    o->run = (uint16_t)any_u64(r);
    o->link = (uint8_t)any_u64(r);
    o->mtime = (o->link & LINK_MTIME) != 0 ? (int64_t)test_random_next(r) : 0;
    o->mode = (o->link & LINK_MODE) != 0 ? (uint16_t)any_u64(r) : 0;
}

static void any_repair(struct TestRandom *r, const uint8_t *pool, struct PacketRepair *repair)
{
    repair->count = 1 + (uint32_t)any_upto(r, RLC_COUNT_MAX - 1);
    repair->stride = 1 + (uint32_t)any_upto(r, RLC_STRIDE_MAX - 1);
    repair->first = any_upto(r, UINT64_MAX - (uint64_t)(repair->count - 1) * repair->stride);
    repair->key = any_u64(r);
    repair->symbols = any_bytes(r, pool, 1, 300);
}

static void any_status(struct TestRandom *r, const uint8_t *pool, struct PacketStatus *s)
{
    s->state = (uint8_t)any_u64(r);
    s->run = (uint16_t)any_u64(r);
    s->echo = (uint8_t)any_u64(r);
    s->good = any_u64(r);
    s->bad = any_u64(r);
    s->window = any_u64(r);
    s->upto = any_u64(r);
    s->ranges = any_bytes(r, pool, 0, 200);
}

/* A random packet of that type; its Views borrow pool, ROOM / 2 bytes filled anew. */
static void any_packet(struct TestRandom *r, enum PacketType type, uint8_t *pool, struct Packet *p)
{
    test_random_fill(r, pool, ROOM / 2);
    *p = (struct Packet){
        .type = (uint8_t)type, .seq = (uint8_t)any_u64(r), .tag = (uint16_t)test_random_next(r)};
    switch (type) {
    case PACKET_OBJECT:
        any_object(r, pool, &p->as.object);
        p->tag = packet_object_tag(&p->as.object, crc32c_portable);
        return;
    case PACKET_SOURCE:
        p->as.source = (struct PacketSource){any_u64(r), any_bytes(r, pool, 1, 300)};
        return;
    case PACKET_REPAIR:
        any_repair(r, pool, &p->as.repair);
        return;
    case PACKET_END:
        p->as.end = (struct PacketEnd){any_u64(r), any_upto(r, SIZE_MOST), any_u64(r),
                                       view_of(pool, test_random_below(r, 2) != 0 ? 16 : 32)};
        return;
    case PACKET_STATUS:
        any_status(r, pool, &p->as.status);
        return;
    case PACKET_DONE:
        return;
    case PACKET_ABORT:
        p->as.abort = (struct PacketAbort){(uint8_t)any_u64(r), (uint8_t)any_u64(r),
                                           any_bytes(r, pool, 0, 100)};
        return;
    }
}

static enum PacketType nth_type(unsigned n)
{
    return (enum PacketType)(PACKET_OBJECT + n % PACKET_ABORT);
}

Test(packet, every_type_comes_back_as_it_went)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 100000; n++) {
        struct Packet sent, got;
        uint8_t *copy;
        any_packet(&r, nth_type(n), pool, &sent);
        CHECK(packets_encode(&b, &sent), "case %u: not encoded", n);
        enum PacketError error = packets_parse(buffer_view(&b), crc32c_portable, &got, &copy);
        CHECK(error == PACKET_OK, "case %u, type %d: error %d", n, sent.type, error);
        CHECK(packets_same(&sent, &got), "case %u, type %d: differs", n, sent.type);
        free(copy);
    }
}

static size_t size_told(const struct Packet *p)
{
    if (p->type == PACKET_OBJECT)
        return packet_object_size(&p->as.object);
    if (p->type == PACKET_SOURCE)
        return packet_source_size(p->as.source.symbol);
    if (p->type == PACKET_REPAIR)
        return packet_repair_size(&p->as.repair);
    return packet_end_size(&p->as.end);
}

Test(packet, sizes_told_beforehand_are_those_written_and_heads_fit_their_bound)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 20000; n++) {
        struct Packet p;
        any_packet(&r, (enum PacketType)(PACKET_OBJECT + n % PACKET_END), pool, &p);
        buffer_reset(&b, PACKET_HEADROOM);
        CHECK(packets_append_fields(&b, &p), "case %u", n);
        size_t len = buffer_view(&b).len;
        CHECK(len == size_told(&p), "case %u: %zu told, %zu written", n, size_told(&p), len);
        CHECK(packets_symbols(&p).len == 0 || len <= PACKET_HEAD_MAX - PACKET_HEADER, "case %u", n);
    }
}

/* What may become of a packet whose end is cut off: nothing, or one whose last field is shorter. */
static bool cut_is_right(const struct Packet *whole, size_t cut_off, enum PacketError error)
{
    if (whole->type == PACKET_END) {
        size_t left = whole->as.end.digest.len - cut_off;
        if (cut_off > whole->as.end.digest.len || left < 16)
            return error == PACKET_SHORT;
        return error == (left == 16 ? PACKET_OK : PACKET_BAD_FIELDS);
    }
    size_t spare = 0;
    if (whole->type == PACKET_STATUS)
        spare = whole->as.status.ranges.len;
    else if (whole->type == PACKET_ABORT)
        spare = whole->as.abort.text.len;
    else if (packets_symbols(whole).len > 0)
        spare = packets_symbols(whole).len - 1;
    return error == (cut_off <= spare ? PACKET_OK : PACKET_SHORT);
}

Test(packet, every_truncation_is_legal_or_refused)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], again_memory[ROOM], pool[ROOM / 2];
    struct Buffer b, again;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    buffer_init(&again, again_memory, sizeof again_memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 2000; n++) {
        struct Packet whole, part;
        any_packet(&r, nth_type(n), pool, &whole);
        CHECK(packets_encode(&b, &whole), "case %u", n);
        struct View v = buffer_view(&b);
        for (size_t cut_off = 1; cut_off <= v.len; cut_off++) {
            struct View cut = view_of(v.data, v.len - cut_off);
            uint8_t *copy;
            enum PacketError error = packets_parse(cut, crc32c_portable, &part, &copy);
            CHECK(cut_is_right(&whole, cut_off, error), "case %u, type %d, %zu of %zu: error %d", n,
                  whole.type, cut.len, v.len, error);
            CHECK(error != PACKET_OK || (packets_encode(&again, &part) &&
                                         packets_same_bytes(buffer_view(&again), cut)),
                  "case %u: the shorter packet is not what it says", n);
            free(copy);
        }
    }
}

/* Bytes of an encoded OBJECT that its tag covers. */
static size_t hashed_bytes(const struct PacketObject *o)
{
    size_t mtime = (o->link & LINK_MTIME) != 0 ? 8 : 0;
    size_t mode = (o->link & LINK_MODE) != 0 ? 2 : 0;
    return packet_object_size(o) - 3 - mtime - mode;
}

Test(packet, every_flipped_bit_of_a_hashed_part_is_refused)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2];
    struct Buffer b;
    unsigned collisions = 0;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 300; n++) {
        struct Packet whole, got;
        any_packet(&r, PACKET_OBJECT, pool, &whole);
        CHECK(packets_encode(&b, &whole), "case %u", n);
        size_t hashed = hashed_bytes(&whole.as.object);
        for (size_t bit = 0; bit < 8 * hashed; bit++) {
            uint8_t *copy, *byte = memory + PACKET_HEADROOM + bit / 8;
            *byte ^= (uint8_t)(1U << bit % 8);
            if (packets_parse(buffer_view(&b), crc32c_portable, &got, &copy) == PACKET_OK) {
                /* 16 bits see every flip, but not every shift of where the hashed part ends. */
                struct View name = got.as.object.name;
                CHECK(name.data + name.len != copy + PACKET_HEADER + hashed, "case %u, bit %zu", n,
                      bit);
                collisions++;
            }
            *byte ^= (uint8_t)(1U << bit % 8);
            free(copy);
        }
    }
    cr_assert_leq(collisions, 3);
}

Test(packet, without_room_nothing_is_written_and_with_just_enough_all_is)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2];
    struct Buffer b;
    for (unsigned n = 0; n < 1400; n++) {
        struct Packet p;
        any_packet(&r, nth_type(n), pool, &p);
        buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
        CHECK(packets_append_fields(&b, &p), "case %u", n);
        size_t need = buffer_view(&b).len;
        for (size_t room = 0; room <= need; room++) {
            uint8_t *exact = malloc(PACKET_HEADROOM + room);
            buffer_init(&b, exact, PACKET_HEADROOM + room, PACKET_HEADROOM);
            CHECK(packets_append_fields(&b, &p) == (room == need), "case %u, room %zu", n, room);
            CHECK(buffer_view(&b).len == (room == need ? need : 0), "case %u", n);
            free(exact);
        }
    }
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM - 1);
    cr_assert_not(packet_close(&b, PACKET_DONE, 0, 1), "closed without headroom");
    cr_assert_eq(buffer_view(&b).len, 0);
}

/* With it the tag of every OBJECT is 1: so garbage gets as far as the fields behind the name. */
static uint32_t no_crc(uint32_t crc, const uint8_t *data, size_t len)
{
    (void)crc;
    (void)data;
    (void)len;
    return 0;
}

Test(packet, garbage_is_refused_or_means_what_it_says)
{
    struct TestRandom r = {test_random_seed()};
    unsigned understood[PACKET_ABORT + 1] = {0};
    uint8_t memory[ROOM], bytes[300], *copy;
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 300000; n++) {
        struct Packet p, again;
        test_random_fill(&r, bytes, sizeof bytes);
        bytes[0] = (uint8_t)(0x40 | test_random_below(&r, 9));
        put_u16(bytes + 2, 1);
        bytes[4] &= OBJECT_KNOWN;
        struct View v = view_of(bytes, (size_t)test_random_below(&r, sizeof bytes + 1));
        enum PacketError error = packets_parse(v, no_crc, &p, &copy);
        if (error == PACKET_OK) {
            understood[p.type]++;
            CHECK(packets_encode(&b, &p), "case %u, type %d: not encoded", n, p.type);
            error = packet_parse(buffer_view(&b), no_crc, &again);
            CHECK(error == PACKET_OK && packets_same(&p, &again), "case %u, type %d: %d", n, p.type,
                  error);
        }
        free(copy);
    }
    for (int type = PACKET_OBJECT; type <= PACKET_ABORT; type++)
        cr_assert_gt(understood[type], 0, "type %d never came up", type);
}

Test(packet, bytes_behind_the_last_field_of_object_and_done_are_ignored)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2], *copy;
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    for (unsigned n = 0; n < 2000; n++) {
        struct Packet sent, got;
        any_packet(&r, n % 2 == 0 ? PACKET_OBJECT : PACKET_DONE, pool, &sent);
        CHECK(packets_encode(&b, &sent), "case %u", n);
        buffer_append(&b, pool, (size_t)test_random_below(&r, 50));
        CHECK(packets_parse(buffer_view(&b), crc32c_portable, &got, &copy) == PACKET_OK &&
                  packets_same(&sent, &got),
              "case %u", n);
        free(copy);
    }
}

Test(packet, an_object_under_any_other_tag_is_refused)
{
    struct TestRandom r = {test_random_seed()};
    uint8_t memory[ROOM], pool[ROOM / 2];
    struct Buffer b;
    struct Packet sent, got;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    any_packet(&r, PACKET_OBJECT, pool, &sent);
    cr_assert(packets_encode(&b, &sent));
    for (unsigned tag = 0; tag <= UINT16_MAX; tag++) {
        put_u16(memory + 2, (uint16_t)tag);
        enum PacketError error = packet_parse(buffer_view(&b), crc32c_portable, &got);
        CHECK(error == (tag == sent.tag ? PACKET_OK : PACKET_BAD_FIELDS), "tag %u", tag);
    }
}

static uint32_t equal_halves(uint32_t crc, const uint8_t *data, size_t len)
{
    return crc + (data != NULL && len > 0 ? 0x12341234 : 0);
}

Test(packet, a_tag_that_would_be_0_is_1)
{
    struct PacketObject o = {.symbol_size = 1};
    cr_assert_eq(packet_object_tag(&o, equal_halves), 1);
}

Test(packet, objects_are_the_same_if_and_only_if_their_hashed_parts_are)
{
    struct PacketObject o = {
        .flags = 2, .salt = 1, .block = 3, .symbol_size = 9, .size = 99, .name = {o.id, 3}};
    const uint8_t other_name[] = {0, 0, 1};
    struct PacketObject changed[8];
    for (size_t i = 0; i < 8; i++)
        changed[i] = o;
    changed[0].flags = 6;
    changed[1].salt = 2;
    changed[2].block = 4;
    changed[3].symbol_size = 10;
    changed[4].size = 100;
    changed[5].id[15] = 1;
    changed[6].name.len = 2;
    changed[7].name.data = other_name;
    for (size_t i = 0; i < 8; i++) {
        cr_assert_not(packet_object_same(&o, &changed[i]), "change %zu", i);
        cr_assert_neq(packet_object_tag(&o, crc32c_portable),
                      packet_object_tag(&changed[i], crc32c_portable), "change %zu", i);
    }
    changed[0] = o;
    changed[0].run = 5;
    changed[0].link = LINK_MTIME;
    changed[0].mtime = 7;
    cr_assert(packet_object_same(&o, &changed[0]));
    cr_assert_eq(packet_object_tag(&o, crc32c_portable),
                 packet_object_tag(&changed[0], crc32c_portable));
}
