#include "core/ftag_bridge.h"

void ftag_bridge_init(struct FtagBridge *b, Crc32c crc32c, uint16_t run, uint8_t *memory,
                      size_t size)
{
    *b = (struct FtagBridge){.crc32c = crc32c, .run = run};
    waiting_init(&b->held, memory, size);
    buffer_init(&b->packet, b->memory, sizeof b->memory, PACKET_HEADROOM);
}

static void enter(struct FtagBridge *b, enum FtagBridgeState state)
{
    b->state = state;
}

/* What comes now is of another run; what is held has missed its META. */
static void begin_run(struct FtagBridge *b)
{
    struct View packet;
    while (waiting_take(&b->held, &packet))
        b->counters.orphans++;
    b->run++;
    b->heard = false;
    b->ended = false;
    b->blocks = 0;
    b->tail_bytes = 0;
    enter(b, FTAG_BRIDGE_NAMELESS);
}

/* ---- Runs ----------------------------------------------------------------------------------- */

/* seq as the receiver shall see it. */
static uint8_t seq_out(const struct FtagBridge *b, uint8_t seq)
{
    return (uint8_t)(seq - b->skipped);
}

/* Blocks go in order. One that fell behind, being late, did so by no more than the packets that
 * were sent in between. */
static bool data_begins_run(const struct FtagBridge *b, const struct FtagPacket *p)
{
    uint8_t behind = (uint8_t)(b->newest - p->seq);
    uint32_t next = (uint32_t)p->block + 1;
    if (next >= b->blocks)
        return false;
    return behind > FTAG_BRIDGE_LATE || b->blocks - next > behind;
}

/* True if these data were sent a little before the END of the run that has just ended. */
static bool is_of_ended(const struct FtagBridge *b, const struct FtagPacket *p)
{
    uint8_t behind = (uint8_t)(b->newest - p->seq);
    uint32_t blocks = ftag_meta_blocks(&b->meta);
    return b->ended && behind <= FTAG_BRIDGE_LATE && p->block < blocks &&
           blocks - p->block <= behind && p->data.len == ftag_meta_block_bytes(&b->meta, p->block);
}

/* A seq below FTAG_FIRST is of the first slots of a run, before which no data are sent; or, rarely,
 * of much later ones: then it goes on from what came before. */
static bool meta_begins_run(const struct FtagBridge *b, const struct FtagPacket *p)
{
    return b->heard && p->seq < FTAG_FIRST && (uint8_t)(p->seq - b->newest) > FTAG_FIRST;
}

/* A packet of this run came. */
static void note(struct FtagBridge *b, uint8_t seq)
{
    b->counters.runs += b->heard ? 0 : 1;
    if (!b->heard || (uint8_t)(b->newest - seq) > FTAG_BRIDGE_LATE)
        b->newest = seq;
    b->heard = true;
    b->ended = false;
    b->tail_bytes = 0;
}

static void note_data(struct FtagBridge *b, const struct FtagPacket *p)
{
    note(b, p->seq);
    b->tail_bytes = p->data.len;
    b->tail_seq = p->seq;
    b->tail_block = p->block;
    if (b->state == FTAG_BRIDGE_NAMED && p->block >= ftag_meta_blocks(&b->meta))
        return; /* no block of this object: it says nothing about where the run is */
    if (p->block >= b->blocks)
        b->blocks = (uint32_t)p->block + 1;
}

/*
 * An END whose run had no META. True: the data just before it are the last block of the object
 * named last, in number and length, so the run was one of that object; or of another of its size,
 * whose digest then differs.
 */
static bool is_of_known(const struct FtagBridge *b, const struct FtagPacket *end)
{
    uint32_t blocks = ftag_meta_blocks(&b->meta);
    return b->known && b->tail_bytes > 0 && (uint8_t)(b->tail_seq + 1) == end->seq &&
           (uint32_t)b->tail_block + 1 == blocks &&
           b->tail_bytes == ftag_meta_block_bytes(&b->meta, b->tail_block);
}

/* ---- Our own packets ------------------------------------------------------------------------ */

static struct View close_packet(struct FtagBridge *b, enum PacketType type, uint8_t seq)
{
    bool fits = packet_close(&b->packet, type, seq, b->tag);
    CORE_ASSERT(fits);
    return buffer_view(&b->packet);
}

static struct PacketObject object_of(const struct FtagBridge *b)
{
    struct PacketObject object = {.salt = b->salt,
                                  .block = FTAG_BRIDGE_B,
                                  .symbol_size = b->meta.size,
                                  .size = ftag_meta_bytes(&b->meta),
                                  .name = b->meta.name,
                                  .run = b->run};
    memcpy(object.id, b->digest, PACKET_ID);
    return object;
}

static struct View make_object(struct FtagBridge *b, uint8_t seq)
{
    struct PacketObject object = object_of(b);
    buffer_reset(&b->packet, PACKET_HEADROOM);
    bool fits = packet_append_object(&b->packet, &object);
    CORE_ASSERT(fits);
    return close_packet(b, PACKET_OBJECT, seq);
}

static struct View make_source(struct FtagBridge *b, const struct FtagPacket *p)
{
    struct PacketSource source = {.symbol = p->block};
    buffer_reset(&b->packet, PACKET_HEADROOM);
    bool fits = packet_append_source(&b->packet, &source) &&
                buffer_append(&b->packet, p->data.data, p->data.len);
    CORE_ASSERT(fits);
    return close_packet(b, PACKET_SOURCE, seq_out(b, p->seq));
}

static struct View make_end(struct FtagBridge *b, uint8_t seq)
{
    struct PacketEnd end = {.symbols = ftag_meta_blocks(&b->meta),
                            .size = ftag_meta_bytes(&b->meta),
                            .digest = b->meta.digest};
    buffer_reset(&b->packet, PACKET_HEADROOM);
    bool fits = packet_append_end(&b->packet, &end);
    CORE_ASSERT(fits);
    return close_packet(b, PACKET_END, seq);
}

/* One of those held, which learns its tag now. */
static struct View make_held(struct FtagBridge *b, struct View held)
{
    buffer_reset(&b->packet, 0);
    bool fits = buffer_append(&b->packet, held.data, held.len);
    CORE_ASSERT(fits);
    put_u16(b->memory + PACKET_HEADER - sizeof b->tag, b->tag);
    return buffer_view(&b->packet);
}

/* ---- In ------------------------------------------------------------------------------------- */

/* Output shall give p, and before it what is held, which came before it. */
static void pass(struct FtagBridge *b, const struct FtagPacket *p, enum FtagKind kind)
{
    b->last = *p;
    b->last_kind = kind;
    b->step = waiting_take(&b->held, &b->front) ? FTAG_BRIDGE_ANNOUNCE : FTAG_BRIDGE_LAST;
}

static void input_data(struct FtagBridge *b, const struct FtagPacket *p)
{
    if (is_of_ended(b, p)) {
        pass(b, p, FTAG_DATA);
        return;
    }
    if (data_begins_run(b, p))
        begin_run(b);
    note_data(b, p);
    switch (b->state) {
    case FTAG_BRIDGE_NAMELESS:
        b->counters.held++;
        b->counters.overrun += waiting_add(&b->held, make_source(b, p));
        return;
    case FTAG_BRIDGE_NAMED:
        pass(b, p, FTAG_DATA);
        return;
    }
}

static bool same_object(const struct FtagMeta *a, const struct FtagMeta *b)
{
    return a->full == b->full && a->size == b->size && a->last == b->last &&
           memcmp(a->digest.data, b->digest.data, FTAG_DIGEST) == 0 && a->name.len == b->name.len &&
           (a->name.len == 0 || memcmp(a->name.data, b->name.data, a->name.len) == 0);
}

/* From now on this is the object named last. Its tag is not that of the one before. */
static void know(struct FtagBridge *b, const struct FtagMeta *meta)
{
    uint16_t before = b->known ? b->tag : 0; /* no object's */
    if (b->known && same_object(&b->meta, meta))
        return;
    memcpy(b->digest, meta->digest.data, FTAG_DIGEST);
    if (meta->name.len > 0)
        memcpy(b->name, meta->name.data, meta->name.len);
    b->meta = *meta;
    b->meta.digest = view_of(b->digest, FTAG_DIGEST);
    b->meta.name = view_of(b->name, meta->name.len);
    b->known = true;
    b->salt = 0;
    for (;; b->salt++) {
        struct PacketObject object = object_of(b);
        b->tag = packet_object_tag(&object, b->crc32c);
        if (b->tag != before)
            return;
    }
}

static void input_meta(struct FtagBridge *b, const struct FtagPacket *p,
                       const struct FtagMeta *meta)
{
    bool other = b->state == FTAG_BRIDGE_NAMED && !same_object(&b->meta, meta);
    if (other || meta_begins_run(b, p))
        begin_run(b);
    note(b, p->seq);
    if (b->state == FTAG_BRIDGE_NAMELESS) {
        know(b, meta);
        enter(b, FTAG_BRIDGE_NAMED);
    }
    pass(b, p, FTAG_META);
}

static void input_end(struct FtagBridge *b, const struct FtagPacket *p)
{
    if (b->state == FTAG_BRIDGE_NAMED || is_of_known(b, p)) {
        note(b, p->seq);
        pass(b, p, FTAG_END);
        return;
    }
    b->counters.orphans++;
    begin_run(b);
}

void ftag_bridge_input(struct FtagBridge *b, const struct FtagPacket *p)
{
    struct FtagMeta meta;
    CORE_ASSERT(b->step == FTAG_BRIDGE_IDLE);
    b->counters.packets++;
    switch (ftag_kind(p, &meta)) {
    case FTAG_DATA:
        input_data(b, p);
        return;
    case FTAG_META:
        input_meta(b, p, &meta);
        return;
    case FTAG_END:
        input_end(b, p);
        return;
    case FTAG_OTHER:
        b->counters.others++;
        b->skipped++;
        return;
    }
}

/* ---- Out ------------------------------------------------------------------------------------ */

static struct View make_last(struct FtagBridge *b)
{
    struct View packet = {0};
    uint8_t seq = seq_out(b, b->last.seq);
    switch (b->last_kind) {
    case FTAG_DATA:
        packet = make_source(b, &b->last);
        break;
    case FTAG_META:
        packet = make_object(b, seq);
        break;
    case FTAG_END:
        packet = make_end(b, seq);
        begin_run(b);
        b->ended = true;
        break;
    case FTAG_OTHER: /* never passed */
        break;
    }
    return packet;
}

bool ftag_bridge_output(struct FtagBridge *b, struct View *packet)
{
    switch (b->step) {
    case FTAG_BRIDGE_IDLE:
        return false;
    case FTAG_BRIDGE_ANNOUNCE: /* it has no seq of its own: nothing is lost before the first */
        *packet = make_object(b, (uint8_t)(b->front.data[1] - 1));
        b->step = FTAG_BRIDGE_RELEASE;
        return true;
    case FTAG_BRIDGE_RELEASE:
        *packet = make_held(b, b->front);
        if (!waiting_take(&b->held, &b->front))
            b->step = FTAG_BRIDGE_LAST;
        break;
    case FTAG_BRIDGE_LAST:
        *packet = make_last(b);
        b->step = FTAG_BRIDGE_IDLE;
        break;
    }
    b->counters.passed++;
    return true;
}
