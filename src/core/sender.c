#include "core/sender_parts.h"

/* ENDs among the repairs that close a pass: before them, and after each quarter but the last. */
#define ENDS_AMONG_REPAIRS 4

/* OBJECTs that a pass has at least, if there are ENDs enough to follow. */
#define OBJECTS_IN_PASS 4

bool sender_is_stream(const struct Sender *s)
{
    return (s->config.object.flags & OBJECT_STREAM) != 0;
}

static struct ObjectLayout layout_of(const struct SenderConfig *c)
{
    return object_layout(c->object.size, c->plan.symbol_size, UINT32_C(1) << c->plan.block);
}

static uint32_t cache_rows_of(const struct ObjectLayout *l)
{
    return l->count < RLC_ROWS_MAX ? l->count + (l->count == 0) : RLC_ROWS_MAX;
}

size_t sender_memory(const struct SenderConfig *config)
{
    uint32_t size = config->plan.symbol_size;
    size_t peer = config->two_way ? sender_peer_memory(config) : 0;
    struct ObjectLayout l;

    if (config->object.flags & OBJECT_STREAM)
        return peer + stream_out_memory(size, sender_stream_capacity(size)) + size;
    if (config->two_way)
        return peer;
    l = layout_of(config);
    return (size_t)cache_rows_of(&l) * l.blocks * size;
}

void sender_enter(struct Sender *s, enum SenderState state)
{
    s->state = state;
}

/* Repairs for n sources: the redundancy asked for, but never a single one alone. */
uint64_t sender_repairs_for(const struct Sender *s, uint64_t n)
{
    uint64_t repairs = (n * s->config.redundancy + 999) / 1000;

    return s->config.redundancy > 0 && repairs < 2 ? 2 : repairs;
}

/* The rows of repairs that this pass gives the group. */
static void begin_repairs(struct Sender *s)
{
    const struct ObjectLayout *l = &s->layout;
    uint64_t first = s->group * l->group, left = l->symbols - first, real;

    s->row = 0;
    s->block = 0;
    s->ends = 0;
    s->windows = left < l->blocks ? (uint32_t)left : l->blocks;
    real = l->symbols == 0 ? 0 : object_window_real(l, s->group * l->blocks);
    s->rows = real == 0 ? 0 : sender_repairs_for(s, real) + (s->pass > 0 ? real : 0);
    if (s->rows > s->config.plan.key_limit)
        s->rows = s->config.plan.key_limit; /* what one receiver will ever need many times over */
    if (s->group == 0)
        s->pass_rows = s->rows;
    sender_enter(s, SENDER_REPAIRS);
}

/* Two-way: what is known of the receiver takes the front of memory; what is left is returned. */
static uint8_t *begin_two_way(struct Sender *s, void *memory)
{
    if (!s->config.two_way)
        return memory;
    sender_peer_init(s, memory);
    sender_enter(s, SENDER_DELIVERING);
    return (uint8_t *)memory + sender_peer_memory(&s->config);
}

bool sender_init(struct Sender *s, const struct SenderConfig *config, void *memory)
{
    uint32_t size = config->plan.symbol_size;
    uint8_t *rest;

    *s = (struct Sender){.config = *config};
    s->config.object.symbol_size = size;
    s->config.object.block = config->plan.block;
    s->config.object.link |= config->two_way ? LINK_ANSWERS : 0;
    if (!sender_fit_object(&s->config.object, config->packet_max, s->name))
        return false;
    s->tag = packet_object_tag(&s->config.object, config->crc32c);
    if (sender_is_stream(s))
        sender_enter(s, SENDER_STREAMING);
    else
        s->layout = layout_of(config);
    rest = begin_two_way(s, memory);
    if (sender_is_stream(s)) {
        stream_out_init(&s->stream, size, sender_stream_capacity(size), rest);
        s->cache = rest + stream_out_memory(size, sender_stream_capacity(size));
    }
    if (sender_is_stream(s) || config->two_way)
        return true;
    s->cache = rest;
    s->cache_rows = cache_rows_of(&s->layout);
    if (s->layout.symbols == 0)
        begin_repairs(s);
    else
        sender_enter(s, SENDER_SOURCES);
    return true;
}

bool sender_fail(struct Sender *s)
{
    sender_enter(s, SENDER_FAILED);
    return false;
}

bool sender_close(struct Sender *s, struct Buffer *packet, enum PacketType type)
{
    bool fits = packet_close(packet, type, s->seq, s->tag);

    CORE_ASSERT(fits);
    s->after_end = type == PACKET_END;
    s->seq++;
    s->slot++;
    s->counters.packets++;
    return true;
}

bool sender_put_object(struct Sender *s, struct Buffer *packet)
{
    bool fits = packet_append_object(packet, &s->config.object);

    CORE_ASSERT(fits);
    s->object_slot = s->slot;
    s->objects++;
    s->counters.objects++;
    return sender_close(s, packet, PACKET_OBJECT);
}

bool sender_put_end(struct Sender *s, struct Buffer *packet, uint64_t rest)
{
    struct PacketEnd end = {.symbols = s->layout.symbols, .size = s->layout.size, .rest = rest};

    if (sender_is_stream(s)) {
        end.symbols = s->stream.closed;
        end.size = s->stream.size;
    }
    if (!s->config.source.digest(s->config.source.ctx, &end.digest) ||
        !packet_append_end(packet, &end))
        return sender_fail(s);
    s->counters.ends++;
    return sender_close(s, packet, PACKET_END);
}

static bool output_source(struct Sender *s, struct Buffer *packet, struct View *body)
{
    const struct ObjectLayout *l = &s->layout;
    uint64_t end = (s->group + 1) * l->group, n;
    struct PacketSource source = {.symbol = s->next};
    uint64_t offset = s->next * l->symbol_size;

    end = end < l->symbols ? end : l->symbols;
    n = end - s->next < s->config.plan.per_packet ? end - s->next : s->config.plan.per_packet;
    body->len = (size_t)((n - 1) * l->symbol_size + object_symbol_bytes(l, s->next + n - 1));
    body->data = s->config.source.lend(s->config.source.ctx, offset, body->len);
    if (!body->data || !packet_append_source(packet, &source))
        return sender_fail(s);
    s->next += n;
    s->counters.sources += n;
    if (s->next == end)
        begin_repairs(s);
    return sender_close(s, packet, PACKET_SOURCE);
}

/* For rlc_encode: symbol s of the object, empty past its end. */
static const uint8_t *lend_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    struct Sender *s = ctx;
    const struct ObjectLayout *l = &s->layout;

    *len = symbol < l->symbols ? object_symbol_bytes(l, symbol) : 0;
    if (*len == 0)
        return s->cache;
    return s->config.source.lend(s->config.source.ctx, symbol * l->symbol_size, *len);
}

static uint8_t *cached(const struct Sender *s, uint64_t row, uint32_t block)
{
    return s->cache +
           ((row % s->cache_rows) * s->layout.blocks + block) * (size_t)s->layout.symbol_size;
}

/* At the first of every cache_rows rows, encode those of n windows in one go. */
static bool encode_rows(struct Sender *s, uint32_t n)
{
    uint64_t rows = s->rows - s->row;
    uint8_t *out[RLC_ROWS_MAX];

    if (s->row % s->cache_rows != 0)
        return true;
    rows = rows < s->cache_rows ? rows : s->cache_rows;
    for (uint32_t block = s->block; block < s->block + n; block++) {
        struct RlcWindow w = object_window(&s->layout, s->group * s->layout.blocks + block);

        for (uint64_t row = 0; row < rows; row++)
            out[row] = cached(s, row, block);
        if (!rlc_encode(s->config.muladd, w, s->key + s->row, (size_t)rows, s->layout.symbol_size,
                        lend_symbol, s, out))
            return false;
    }
    return true;
}

/* The pass is closed. */
static void next_pass(struct Sender *s)
{
    s->pass++;
    if (s->config.passes != 0 && s->pass == s->config.passes) {
        sender_enter(s, SENDER_FINISHED);
        return;
    }
    s->key += s->pass_rows;
    s->group = 0;
    s->objects = 0;
    begin_repairs(s);
    /* Keys that would make a REPAIR outgrow the mtu: begin again. */
    if (s->key + s->rows > s->config.plan.key_limit)
        s->key = 0;
    s->object_slot = s->slot - SENDER_OBJECT_EVERY; /* for those who join now */
}

/* The last row of this group is out. */
static void end_group(struct Sender *s)
{
    if (s->group + 1 >= s->layout.groups)
        sender_enter(s, SENDER_CLOSING);
    else if (s->group++, s->pass == 0)
        sender_enter(s, SENDER_SOURCES);
    else
        begin_repairs(s);
}

/*
 * True if an END is due among the repairs, of which `done` of `total` are out. Where there are none
 * one will do, but not for an object without a single symbol: there it is all that comes.
 */
static bool end_due(const struct Sender *s, uint64_t done, uint64_t total)
{
    bool alone = total == 0 && (s->counters.sources > 0 || s->config.redundancy == 0);

    if (s->ends >= ENDS_AMONG_REPAIRS || (alone && s->ends > 0))
        return false;
    return done * ENDS_AMONG_REPAIRS >= total * s->ends;
}

static bool output_repair(struct Sender *s, struct Buffer *packet, struct View *body)
{
    uint32_t n = s->windows - s->block;
    struct RlcWindow w = object_window(&s->layout, s->group * s->layout.blocks + s->block);
    struct PacketRepair repair = {
        .first = w.first, .count = w.count, .stride = w.stride, .key = s->key + s->row};

    n = n < s->config.plan.per_packet ? n : s->config.plan.per_packet;
    if (!encode_rows(s, n) || !packet_append_repair(packet, &repair))
        return sender_fail(s);
    *body = view_of(cached(s, s->row, s->block), (size_t)n * s->layout.symbol_size);
    s->counters.repairs += n;
    s->block += n;
    if (s->block == s->windows) {
        s->block = 0;
        s->row++;
    }
    return sender_close(s, packet, PACKET_REPAIR);
}

/* An END among `total` repairs that close the pass, `done` of them out. */
static bool output_end_among(struct Sender *s, struct Buffer *packet, uint64_t done, uint64_t total)
{
    uint64_t packets = (total - done) / s->config.plan.per_packet;

    s->ends++;
    return sender_put_end(s, packet, packets + ENDS_AMONG_REPAIRS + 1 - s->ends);
}

static bool output_closing(struct Sender *s, struct Buffer *packet)
{
    if (!sender_put_end(s, packet, 0))
        return false;
    next_pass(s);
    return true;
}

/*
 * OBJECT at slots 0 and 2, and then often enough for those who join late; and after ENDs until the
 * pass has had a few, for without it all packets of a small object are in vain.
 */
static bool object_due(const struct Sender *s, uint64_t now)
{
    if (s->config.two_way || s->state == SENDER_FINISHED || s->state == SENDER_FAILED)
        return false;
    if (s->state == SENDER_STREAMING && s->slot > 0 && now >= s->object_time + SENDER_OBJECT_TIME)
        return true;
    return s->slot == 0 || s->slot == 2 || s->slot - s->object_slot >= SENDER_OBJECT_EVERY ||
           (s->after_end && s->objects < OBJECTS_IN_PASS && s->config.redundancy > 0);
}

/* The machine's one switch: longer than 40 lines, since every state has its place here. */
bool sender_output(struct Sender *s, struct Buffer *packet, struct View *body, uint64_t now)
{
    uint64_t total;

    buffer_reset(packet, PACKET_HEADROOM);
    *body = view_of(packet->base, 0);
    if (object_due(s, now)) {
        s->object_time = now;
        return sender_put_object(s, packet);
    }
    for (;;) {
        switch (s->state) {
        case SENDER_SOURCES:
            return output_source(s, packet, body);
        case SENDER_REPAIRS:
            total = s->rows * s->windows;
            if (s->group + 1 >= s->layout.groups &&
                end_due(s, s->row * s->windows + s->block, total))
                return output_end_among(s, packet, s->row * s->windows + s->block, total);
            if (s->row < s->rows)
                return output_repair(s, packet, body);
            end_group(s);
            break;
        case SENDER_CLOSING:
            return output_closing(s, packet);
        case SENDER_STREAMING:
            if (sender_owes_repair(s)) {
                s->credit -= SENDER_REPAIR_CREDIT;
                return sender_stream_repair(s, packet, body);
            }
            if (s->next < s->stream.closed)
                return sender_stream_source(s, packet, body);
            if (!s->stream.ended)
                return false;
            sender_stream_begin_tail(s);
            break;
        case SENDER_TAIL:
            if (end_due(s, s->row, s->rows))
                return output_end_among(s, packet, s->row, s->rows);
            if (s->row < s->rows) {
                s->row++;
                return sender_stream_repair(s, packet, body);
            }
            sender_enter(s, SENDER_CLOSING);
            break;
        case SENDER_DELIVERING:
            if (sender_deliver(s, packet, body, now))
                return true;
            if (s->state == SENDER_DELIVERING)
                return false;
            break;
        case SENDER_CONFIRMING:
            return sender_confirm(s, packet, now);
        case SENDER_CONFIRMED:
            return sender_say_done(s, packet);
        case SENDER_REFUSED:
        case SENDER_ABORTED:
        case SENDER_FINISHED:
        case SENDER_FAILED:
            return false;
        }
    }
}

void sender_abort(struct Sender *s, struct Buffer *packet, enum AbortReason reason)
{
    struct PacketAbort abort = {.role = ROLE_SENDER, .reason = (uint8_t)reason};
    bool fits;

    buffer_reset(packet, PACKET_HEADROOM);
    fits = packet_append_abort(packet, &abort);
    CORE_ASSERT(fits);
    sender_close(s, packet, PACKET_ABORT);
    sender_enter(s, SENDER_FAILED);
}

uint64_t sender_pass_packets(const struct Sender *s)
{
    const struct ObjectLayout *l = &s->layout;
    uint64_t n = s->config.plan.per_packet, packets = 0, real;

    if (l->symbols > 0) {
        real = object_window_real(l, 0);
        packets = (l->symbols + n - 1) / n +
                  l->groups * sender_repairs_for(s, real) * ((l->blocks + n - 1) / n);
    }
    packets += ENDS_AMONG_REPAIRS + 1;
    return packets + 2 + packets / (SENDER_OBJECT_EVERY - 1);
}
