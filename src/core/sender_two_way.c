/* What a sender says to a receiver that answers: what is missing, and when to ask. */
#include "core/sender_parts.h"

#define SECOND        UINT64_C(1000000000)
#define QUESTION_MAX  (2 * SECOND) /* longest wait for an answer, on a path that is not longer */
#define DOUBLINGS     6            /* of the wait, at most */
#define FLIGHT_LEAST  1024         /* bytes before the first echo, on a slow line */
#define PAYLOAD       512          /* bytes in a packet before anything is known of the loss; */
#define OPENING       128          /* of the first ones, which a port just opening may miss: */
#define OPENING_SLOTS 5            /* those between the first OBJECT and the second */
#define BATCH_MOST    16384        /* half-duplex: bytes sent before it listens */
#define FIELDS        14           /* bytes of a SOURCE around its symbols, at most */

size_t sender_peer_memory(const struct SenderConfig *config)
{
    uint64_t symbols = sender_stream_capacity(config->plan.symbol_size);

    if ((config->object.flags & OBJECT_STREAM) == 0)
        symbols = object_layout(config->object.size, config->plan.symbol_size,
                                UINT32_C(1) << config->plan.block)
                      .symbols;
    return (size_t)delivery_memory(symbols);
}

/* 64 random bits; SplitMix64: Steele, Lea and Flood, OOPSLA 2014. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* How long to wait before the next question: longer each time. */
static uint64_t patience(const struct SenderPeer *p)
{
    uint64_t wait = flight_timeout(&p->flight);
    uint64_t most = wait > QUESTION_MAX ? wait : QUESTION_MAX;

    wait <<= p->asked < DOUBLINGS ? p->asked : DOUBLINGS;
    return wait < most ? wait : most;
}

void sender_draw_jitter(struct SenderPeer *p)
{
    p->jitter = draw(&p->random) % (patience(p) / 4 + 1);
}

void sender_peer_init(struct Sender *s, void *memory)
{
    struct SenderPeer *p = &s->peer;
    uint64_t symbols = sender_is_stream(s) ? sender_stream_capacity(s->config.plan.symbol_size)
                                           : s->layout.symbols;

    flight_init(&p->flight);
    delivery_init(&p->delivery, symbols, memory);
    p->random = s->config.random;
    p->window = UINT64_MAX;
    sender_draw_jitter(p);
}

/* Bytes before anything was heard: about a second of a slow line. */
static uint64_t first_flight(const struct Sender *s)
{
    uint64_t rate = s->config.line_rate;

    if (rate == 0 || rate > FLIGHT_FIRST)
        return FLIGHT_FIRST;
    return rate > FLIGHT_LEAST ? rate : FLIGHT_LEAST;
}

/* What the receiver has room for, by its word or ours. */
static uint64_t window_of(const struct Sender *s)
{
    uint64_t ours = s->config.window, theirs = s->peer.window;

    return ours > 0 && ours < theirs ? ours : theirs;
}

/* Bytes that may be in flight; packet: those of the next. */
static uint64_t flight_most(const struct Sender *s, uint64_t packet)
{
    const struct SenderPeer *p = &s->peer;
    uint64_t most = p->flight.echoed ? flight_limit(&p->flight, packet) : first_flight(s);
    uint64_t window = window_of(s);

    if (s->config.half_duplex && most > BATCH_MOST)
        most = BATCH_MOST;
    window = window > p->others ? window - p->others : 0;
    return most < window ? most : window;
}

/* Bytes of the line a packet of len bytes may take now. One may always go if none is in flight. */
static uint64_t room_for(const struct Sender *s, size_t len)
{
    const struct Flight *f = &s->peer.flight;
    uint64_t most = flight_most(s, s->config.frame_size(len));

    if (f->count == 0 && s->peer.others == 0)
        return UINT64_MAX;
    return flight_has_room(f) && f->bytes < most ? most - f->bytes : 0;
}

/* Symbols that may go now, of n wanted: all of them, or if only some have room at least half. */
static uint32_t symbols_allowed(const struct Sender *s, uint32_t n)
{
    size_t size = s->config.plan.symbol_size;
    uint64_t room = room_for(s, n * size + FIELDS);

    for (uint32_t half = (n + 1) / 2; n >= half && n > 0; n--) {
        if (room >= s->config.frame_size(n * size + FIELDS))
            return n;
    }
    return 0;
}

/* Note the packet that has just been put together. Returns true. */
static bool note_sent(struct Sender *s, const struct Buffer *packet, struct View body,
                      uint64_t first, uint32_t count, uint64_t now)
{
    size_t len = packet->len + body.len;

    flight_send(&s->peer.flight, first, count, (uint32_t)s->config.frame_size(len), now);
    s->peer.sent_at = now;
    return true;
}

/* Bytes of the object in the next packet, if nothing else limits them. */
static uint64_t payload(const struct SenderPeer *p, uint64_t slot)
{
    if (p->flight.echoed)
        return flight_payload(&p->flight);
    return p->heard || slot >= OPENING_SLOTS ? PAYLOAD : OPENING;
}

/* Symbols in the next packet: as the loss of late advises, as the mtu and the window allow. */
static uint32_t symbols_wanted(const struct Sender *s)
{
    const struct SenderPeer *p = &s->peer;
    uint64_t size = s->config.plan.symbol_size, n, most, window = window_of(s);

    n = payload(p, s->slot);
    n = (n + size / 2) / size;
    most = (s->config.packet_max - FIELDS) / size;
    if (window / 2 < s->config.frame_size((size_t)(most * size) + FIELDS))
        most = window / 2 > 2 * FIELDS ? (window / 2 - window / 508 - 2 * FIELDS) / size : 0;
    n = n < most ? n : most;
    return n > 0 ? (uint32_t)n : 1;
}

/* When to break the silence. */
static uint64_t question_at(const struct Sender *s)
{
    const struct SenderPeer *p = &s->peer;
    uint64_t since = p->sent_at > p->heard_at ? p->sent_at : p->heard_at;

    if (s->slot == 0)
        return 0;
    if (p->flight.count == 0 && s->state == SENDER_DELIVERING && p->known)
        return since + SENDER_OBJECT_TIME;
    return since + patience(p) + p->jitter;
}

/* OBJECT, if it is due: twice at the beginning, when asked for, and to ask. */
static bool object_due(struct Sender *s, uint64_t now)
{
    struct SenderPeer *p = &s->peer;

    if (s->slot == 0 || (s->slot == OPENING_SLOTS && !p->known) || p->want_object) {
        p->want_object = false;
        return true;
    }
    if (now < question_at(s))
        return false;
    s->counters.questions++;
    if (p->asked++ == 0)
        p->question = s->slot;
    sender_draw_jitter(p);
    p->listening = false;
    p->end_due = s->state == SENDER_CONFIRMING;
    return true;
}

static bool deliver_object(struct Sender *s, struct Buffer *packet, uint64_t now)
{
    sender_put_object(s, packet);
    return note_sent(s, packet, view_of(NULL, 0), 0, 0, now);
}

/* The bytes of *n symbols from first on; of a stream perhaps fewer. NULL: they cannot be had. */
static struct View lend_symbols(struct Sender *s, uint64_t first, uint32_t *n)
{
    const struct ObjectLayout *l = &s->layout;
    struct View body = {0};

    if (sender_is_stream(s))
        return sender_stream_symbols(s, first, n);
    body.len = (*n - 1) * (size_t)l->symbol_size + object_symbol_bytes(l, first + *n - 1);
    body.data = s->config.source.lend(s->config.source.ctx, first * l->symbol_size, body.len);
    return body;
}

static bool deliver_source(struct Sender *s, struct Buffer *packet, struct View *body,
                           uint64_t first, uint32_t n, uint64_t now)
{
    struct PacketSource source = {.symbol = first};
    uint32_t taken = n;

    *body = lend_symbols(s, first, &taken);
    if (!body->data || !packet_append_source(packet, &source))
        return sender_fail(s);
    if (taken < n) /* the others go with the next packet */
        (void)delivery_missing(&s->peer.delivery, first + taken, first + n);
    s->counters.sources += taken;
    s->counters.resent += first + taken <= s->next ? taken : 0;
    s->next = first + taken > s->next ? first + taken : s->next;
    sender_close(s, packet, PACKET_SOURCE);
    return note_sent(s, packet, *body, first, taken, now);
}

/* Nothing more for now: half-duplex it is the receiver's turn. Returns false. */
static bool fall_silent(struct Sender *s)
{
    s->peer.listening = s->config.half_duplex && s->peer.flight.count > 0;
    return false;
}

bool sender_deliver(struct Sender *s, struct Buffer *packet, struct View *body, uint64_t now)
{
    struct SenderPeer *p = &s->peer;
    uint32_t wanted = symbols_allowed(s, symbols_wanted(s)), n;
    uint64_t limit = sender_is_stream(s) ? s->stream.closed : s->layout.symbols, first;

    if (object_due(s, now))
        return deliver_object(s, packet, now);
    if (p->listening)
        return false;
    if (wanted == 0)
        return fall_silent(s);
    n = delivery_next(&p->delivery, limit, wanted, &first);
    if (n > 0)
        return deliver_source(s, packet, body, first, n, now);
    if (sender_is_stream(s) && !s->stream.ended)
        return fall_silent(s);
    p->end_due = true;
    sender_enter(s, SENDER_CONFIRMING);
    return false;
}

bool sender_confirm(struct Sender *s, struct Buffer *packet, uint64_t now)
{
    struct SenderPeer *p = &s->peer;

    if (object_due(s, now))
        return deliver_object(s, packet, now);
    if (!p->end_due || p->listening ||
        room_for(s, SENDER_PACKET_MIN) < s->config.frame_size(SENDER_PACKET_MIN))
        return fall_silent(s);
    if (!sender_put_end(s, packet, 0))
        return false;
    p->end_due = false;
    return note_sent(s, packet, view_of(NULL, 0), 0, 0, now);
}

bool sender_say_done(struct Sender *s, struct Buffer *packet)
{
    sender_close(s, packet, PACKET_DONE);
    if (++s->peer.dones == SENDER_DONES)
        sender_enter(s, SENDER_FINISHED);
    return true;
}

uint64_t sender_deadline(const struct Sender *s)
{
    if (s->state == SENDER_DELIVERING || s->state == SENDER_CONFIRMING)
        return question_at(s);
    return s->state == SENDER_STREAMING ? s->object_time + SENDER_OBJECT_TIME : UINT64_MAX;
}

void sender_share(struct Sender *s, uint64_t others, uint64_t window)
{
    s->peer.others = others;
    if (!s->peer.heard)
        s->peer.window = window;
}

uint64_t sender_in_flight(const struct Sender *s)
{
    return s->peer.flight.bytes;
}

uint64_t sender_confirmed(const struct Sender *s)
{
    uint64_t size = sender_is_stream(s) ? s->stream.size : s->layout.size;
    uint64_t bytes = s->peer.delivery.have * s->config.plan.symbol_size;
    bool verified = s->state == SENDER_CONFIRMED || s->state == SENDER_FINISHED;

    return verified || bytes > size ? size : bytes;
}
