/* What a sender hears from a receiver that answers: what has arrived, and what became of it. */
#include "core/sender_parts.h"
#include "core/status.h"

/* True if every range of the list is sound, and none of symbols that a stream has no more. */
static bool list_is_sound(const struct Sender *s, const struct PacketStatus *status)
{
    struct StatusReader r;
    struct StatusRange range;
    uint64_t symbols = sender_is_stream(s) ? s->peer.delivery.sent : s->layout.symbols;

    if (status->upto > symbols)
        return false;
    status_reader_init(&r, status->ranges, status->upto);
    while (status_reader_next(&r, &range)) {
    }
    return !r.broken;
}

/*
 * What the list says has arrived or not; of what is in flight only the first is news. False: the
 * receiver has forgotten what it once had.
 */
static bool take_list(struct Sender *s, const struct PacketStatus *status)
{
    struct Delivery *d = &s->peer.delivery;
    struct StatusReader r;
    struct StatusRange range;
    uint64_t position = 0;
    bool back = false;

    status_reader_init(&r, status->ranges, status->upto);
    while (status_reader_next(&r, &range)) {
        delivery_arrived(d, position, range.first);
        position = range.first + range.length;
        if (range.first < d->low) {
            sender_fail(s); /* a stream cannot be had again */
            return true;
        }
        back = delivery_missing(d, range.first, position) || back;
    }
    delivery_arrived(d, position, status->upto);
    for (unsigned i = 0; i < s->peer.flight.count; i++) {
        const struct FlightPacket *p = flight_packet(&s->peer.flight, i);

        delivery_flying(d, p->first, p->first + p->count);
    }
    return !back;
}

/* Another receiver, or the same one started anew: only what it says from now on is believed. */
static void meet(struct SenderPeer *p, const struct PacketStatus *status)
{
    if (p->heard)
        delivery_forget(&p->delivery);
    p->run = status->run;
    p->good = 0;
}

/* What was echoed, and how much of it has arrived. Only RECEIVING counts packets. */
static void take_echo(struct SenderPeer *p, const struct PacketStatus *status, uint64_t now)
{
    uint64_t bytes, arrived = status->good >= p->good ? status->good - p->good : UINT64_MAX;
    unsigned n = flight_echo(&p->flight, status->echo, now, &bytes);

    if (n == 0 || status->state != STATUS_RECEIVING)
        return;
    arrived = arrived < n ? arrived : n; /* it may have had some from a run of ours before */
    flight_count_loss(&p->flight, n, bytes, arrived);
    p->arrived += arrived;
    p->lost += n - arrived;
    p->good = status->good;
}

/*
 * No list has spoken of what lies behind the end of all so far: of a stream it is what the receiver
 * has not heard of. If nothing is in flight that is lost, and nothing that follows may tell for
 * long.
 */
static void take_untold(struct SenderPeer *p)
{
    if (p->flight.count == 0)
        (void)delivery_missing(&p->delivery, p->delivery.end, p->delivery.sent);
}

static void take_state(struct Sender *s, const struct PacketStatus *status)
{
    s->peer.known = status->state != STATUS_WANT_OBJECT;
    switch ((enum StatusState)status->state) {
    case STATUS_WANT_OBJECT:
        s->peer.want_object = true;
        return;
    case STATUS_VERIFIED:
        /* A stream whose END was not said cannot have been verified. */
        if (!sender_is_stream(s) || s->counters.ends > 0)
            sender_enter(s, SENDER_CONFIRMED);
        return;
    case STATUS_REFUSED:
        sender_enter(s, SENDER_REFUSED);
        return;
    case STATUS_RECEIVING:
        break;
    }
    take_untold(&s->peer);
    if (s->state == SENDER_CONFIRMING &&
        (s->peer.delivery.losses > 0 || s->peer.delivery.sent < s->layout.symbols))
        sender_enter(s, SENDER_DELIVERING);
}

/*
 * The receiver has forgotten what it had: is the file still the same? Since END that is known at
 * once; before, the digest may be long to take, and END will ask for it.
 */
static void check_source(struct Sender *s)
{
    struct View digest;

    if (s->counters.ends > 0 && !s->config.source.digest(s->config.source.ctx, &digest))
        sender_fail(s);
}

/* True if packets from the first unanswered question on have been seen: then it is no older answer,
 * however many got lost in between. */
static bool has_seen_question(const struct Sender *s, uint8_t echo)
{
    const struct SenderPeer *p = &s->peer;

    return p->asked > 0 && flight_has(&p->flight, echo) &&
           (uint8_t)(s->seq - 1 - echo) < s->slot - p->question;
}

/* True if it was overtaken by one that has been heard. */
static bool is_late(const struct Sender *s, const struct Packet *packet)
{
    return (uint8_t)(s->peer.seq - packet->seq) < 128 &&
           !has_seen_question(s, packet->as.status.echo);
}

static void take_status(struct Sender *s, const struct Packet *packet, uint64_t now)
{
    const struct PacketStatus *status = &packet->as.status;
    struct SenderPeer *p = &s->peer;
    bool same = p->heard && p->run == status->run;

    if (same && is_late(s, packet)) {
        s->counters.late++;
        return;
    }
    if (!list_is_sound(s, status)) {
        s->counters.bad++;
        return;
    }
    if (!same)
        meet(p, status);
    s->counters.statuses++;
    p->heard = true;
    p->listening = false;
    p->seq = packet->seq;
    p->window = status->window;
    p->heard_at = now;
    p->asked = 0;
    sender_draw_jitter(p);
    take_echo(p, status, now);
    if (status->state != STATUS_WANT_OBJECT && !take_list(s, status) && same)
        check_source(s);
    if (s->state != SENDER_FAILED)
        take_state(s, status);
}

static void take_abort(struct Sender *s, const struct PacketAbort *abort, uint64_t now)
{
    struct SenderPeer *p = &s->peer;
    size_t len = abort->text.len < SENDER_TEXT_MAX ? abort->text.len : SENDER_TEXT_MAX;

    p->reason = abort->reason;
    if (len > 0)
        memcpy(p->text_bytes, abort->text.data, len);
    p->text = view_of(p->text_bytes, len);
    p->heard_at = now;
    sender_enter(s, SENDER_ABORTED);
}

/* A packet of this sender's tag. */
static void take_packet(struct Sender *s, const struct Packet *p, uint64_t now)
{
    switch ((enum PacketType)p->type) {
    case PACKET_STATUS:
        take_status(s, p, now);
        return;
    case PACKET_ABORT:
        if (p->as.abort.role == ROLE_RECEIVER)
            take_abort(s, &p->as.abort, now);
        else
            s->counters.echoes++;
        return;
    case PACKET_OBJECT:
    case PACKET_SOURCE:
    case PACKET_REPAIR:
    case PACKET_END:
    case PACKET_DONE:
        s->counters.echoes++;
        return;
    }
}

void sender_input(struct Sender *s, struct View packet, uint64_t now)
{
    struct Packet p;

    if (packet_parse(packet, s->config.crc32c, &p) != PACKET_OK) {
        s->counters.bad++;
        return;
    }
    s->counters.heard++;
    if (p.tag != s->tag)
        s->counters.foreign++;
    else if (s->state == SENDER_DELIVERING || s->state == SENDER_CONFIRMING)
        take_packet(s, &p, now);
}
