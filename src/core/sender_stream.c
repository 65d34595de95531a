/* What a sender does with a stream: symbols as they come, repairs of the recent past. */
#include "core/sender_parts.h"

/* Most symbols that a repair covers, with fast kernels and without. */
#define WINDOW_MAX      1024
#define WINDOW_PORTABLE 256

/* Most symbols a stream's repair covers when `bytes` have gone by: as far back as kernels bear. */
static uint32_t window_of(const struct Sender *s, uint64_t bytes)
{
    uint32_t window = s->config.simd ? WINDOW_MAX : WINDOW_PORTABLE;
    uint64_t fit = STREAM_WINDOW_BYTES / s->config.plan.symbol_size;

    if (bytes > (uint64_t)16 << 20)
        window /= 2;
    if (bytes > (uint64_t)64 << 20 && s->config.simd)
        window /= 2;
    return fit < window ? (uint32_t)fit : window;
}

uint32_t sender_stream_capacity(uint32_t symbol_size)
{
    uint64_t fit = STREAM_WINDOW_BYTES / symbol_size;

    return (uint32_t)(fit < WINDOW_MAX ? fit : WINDOW_MAX) + STREAM_UNSENT;
}

/* For rlc_encode: symbol s of the stream. */
static const uint8_t *lend_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    const struct Sender *s = ctx;

    return stream_out_symbol(&s->stream, symbol, len);
}

struct View sender_stream_symbols(const struct Sender *s, uint64_t first, uint32_t *n)
{
    size_t len;
    const uint8_t *bytes = stream_out_symbol(&s->stream, first, &len);
    struct View symbols = view_of(bytes, len);
    uint32_t taken = 1;

    /* Full symbols lie side by side: one after the other until one is short or the ring ends. */
    while (taken < *n && first + taken < s->stream.closed && len == s->stream.symbol_size &&
           (first + taken) % s->stream.capacity != 0) {
        stream_out_symbol(&s->stream, first + taken, &len);
        symbols.len += len;
        taken++;
    }
    *n = taken;
    return symbols;
}

bool sender_stream_source(struct Sender *s, struct Buffer *packet, struct View *body)
{
    struct PacketSource source = {.symbol = s->next};
    uint32_t n = s->config.plan.per_packet;

    *body = sender_stream_symbols(s, s->next, &n);
    s->next += n;
    s->counters.sources += n;
    s->credit += (uint64_t)n * s->config.redundancy;
    if (!packet_append_source(packet, &source))
        return sender_fail(s);
    return sender_close(s, packet, PACKET_SOURCE);
}

bool sender_owes_repair(const struct Sender *s)
{
    return s->state == SENDER_STREAMING && s->credit >= SENDER_REPAIR_CREDIT;
}

/* Bytes of the longest symbol in a window: behind them all its repairs are zeros. */
static uint32_t longest_in(const struct Sender *s, struct RlcWindow w)
{
    uint32_t longest = 0;
    size_t len;

    for (uint64_t symbol = w.first; symbol < w.first + w.count; symbol++) {
        stream_out_symbol(&s->stream, symbol, &len);
        longest = len > longest ? (uint32_t)len : longest;
    }
    return longest;
}

/* A repair of the recent past. Every window is another one, so one row of keys serves all. */
bool sender_stream_repair(struct Sender *s, struct Buffer *packet, struct View *body)
{
    uint32_t most = window_of(s, s->stream.size);
    uint32_t count = s->next < most ? (uint32_t)s->next : most;
    struct RlcWindow w = {s->next - count, count, 1};
    struct PacketRepair repair = {
        .first = w.first, .count = w.count, .stride = w.stride, .key = s->key};

    uint32_t longest = longest_in(s, w);

    s->key = (s->key + 1) % s->config.plan.key_limit;
    if (!rlc_encode(s->config.muladd, w, repair.key, 1, longest, lend_symbol, s, &s->cache) ||
        !packet_append_repair(packet, &repair))
        return sender_fail(s);
    *body = view_of(s->cache, longest);
    s->counters.repairs++;
    return sender_close(s, packet, PACKET_REPAIR);
}

/* The last symbols have had fewer repairs than the others: half a window's worth makes up. */
void sender_stream_begin_tail(struct Sender *s)
{
    uint32_t most = window_of(s, s->stream.size);
    uint64_t count = s->next < most ? s->next : most;

    s->row = 0;
    s->rows = count == 0 ? 0 : sender_repairs_for(s, (count + 1) / 2);
    s->ends = 0;
    sender_enter(s, SENDER_TAIL);
}

/* The first symbol that may still be asked for: one-way by a repair, two-way by the receiver. */
static uint64_t oldest_wanted(const struct Sender *s)
{
    uint32_t most = sender_stream_capacity(s->stream.symbol_size) - STREAM_UNSENT;

    if (s->config.two_way)
        return s->peer.delivery.prefix;
    return s->next < most ? 0 : s->next - most;
}

uint8_t *sender_space(struct Sender *s, size_t *len)
{
    uint8_t *space = stream_out_space(&s->stream, oldest_wanted(s), len);

    if (space && s->config.two_way)
        delivery_release(&s->peer.delivery, stream_out_first(&s->stream));
    return space;
}

void sender_take(struct Sender *s, size_t n)
{
    stream_out_take(&s->stream, n);
}

void sender_flush(struct Sender *s)
{
    stream_out_flush(&s->stream);
}

void sender_end(struct Sender *s)
{
    stream_out_end(&s->stream);
}
