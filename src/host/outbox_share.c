/* How the objects of an outbox share the line. */
#include "host/clock.h"
#include "host/outbox.h"

#define ALIVE (250 * CLOCK_MS) /* less than receivers linger */

/* The next to be asked: streams first, then who had least. tried: a bit for each that had nothing.
 */
static size_t choose(const struct Outbox *b, unsigned tried)
{
    size_t best = b->count;

    for (size_t i = 0; i < b->count; i++) {
        const struct Outgoing *o = b->active[i], *than = best < b->count ? b->active[best] : NULL;

        if ((tried >> i & 1) != 0)
            continue;
        if (!than || outgoing_is_stream(o) > outgoing_is_stream(than) ||
            (outgoing_is_stream(o) == outgoing_is_stream(than) && o->share < than->share))
            best = i;
    }
    return best;
}

/* What is on its way from all others to the same receiver leaves o less room. */
static void share_window(struct Outbox *b, struct Outgoing *o)
{
    uint64_t others = 0;

    for (size_t i = 0; i < b->count; i++)
        others += b->active[i] != o ? sender_in_flight(&b->active[i]->sender) : 0;
    sender_share(&o->sender, others, b->window);
}

/*
 * Start-time fair queueing: Goyal, Vin and Cheng, "Start-time Fair Queuing", SIGCOMM 1996. Each has
 * had its share, and none saves up what it did not take while it had nothing, or was not here yet.
 */
static void count_share(struct Outbox *b, struct Outgoing *o, size_t bytes)
{
    uint64_t *turn = &b->turn[outgoing_is_stream(o)];

    *turn = o->share > *turn ? o->share : *turn;
    o->share = *turn + bytes;
}

/* Nothing is on the line while the next object is being packed: receivers hear that there will be
 * more, or they would take the silence for the end. */
static bool put_alive(struct Outbox *b, struct Station *s, uint64_t now, size_t *bytes)
{
    uint8_t memory[PACKET_HEADROOM];
    struct Buffer packet;
    struct View part;
    bool fits;

    if (b->count > 0 || !b->spoken || !outbox_is_packing(b) || now < b->alive_at)
        return false;
    buffer_init(&packet, memory, sizeof memory, PACKET_HEADROOM);
    fits = packet_close(&packet, PACKET_DONE, b->last_seq++, b->last_tag);
    CORE_ASSERT(fits);
    part = buffer_view(&packet);
    *bytes = station_put(s, &part, 1, now);
    b->wire += *bytes;
    b->alive_at = now + ALIVE;
    return true;
}

bool outbox_owes_repair(const struct Outbox *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (sender_owes_repair(&b->active[i]->sender))
            return true;
    }
    return false;
}

bool outbox_put(struct Outbox *b, struct Station *s, uint64_t now, size_t *bytes)
{
    unsigned tried = 0;

    for (size_t i = choose(b, tried); i < b->count; i = choose(b, tried)) {
        struct Outgoing *o = b->active[i];
        bool passed = o->passed;

        if (b->options->line.two_way)
            share_window(b, o);
        if (outgoing_put(o, s, now, bytes)) {
            count_share(b, o, *bytes);
            b->wire += *bytes;
            b->passed += o->passed && !passed;
            if (b->passed == b->item_count && b->first_pass == 0)
                b->first_pass = b->wire;
            outgoing_take(o, now);
            return true;
        }
        tried |= 1U << i;
    }
    return put_alive(b, s, now, bytes);
}

void outbox_drop(struct Outbox *b, size_t bytes)
{
    for (size_t i = 0; i < b->count && bytes > 0; i++) {
        struct Outgoing *o = b->active[i];
        size_t n = o->wire < bytes ? (size_t)o->wire : bytes;

        o->wire -= n;
        b->wire -= n;
        bytes -= n;
    }
}

void outbox_input(struct Outbox *b, struct View packet, uint64_t now)
{
    for (size_t i = 0; i < b->count; i++) {
        struct Sender *s = &b->active[i]->sender;

        sender_input(s, packet, now);
        if (s->peer.heard_at > b->heard_at) {
            b->heard_at = s->peer.heard_at;
            b->heard = b->heard || s->peer.heard;
            b->window = s->peer.window;
        }
    }
}

uint64_t outbox_deadline(const struct Outbox *b)
{
    uint64_t first = CLOCK_NEVER;

    for (size_t i = 0; i < b->count; i++) {
        uint64_t at = sender_deadline(&b->active[i]->sender);

        first = at < first ? at : first;
    }
    return first;
}

uint64_t outbox_flush_at(const struct Outbox *b)
{
    uint64_t first = CLOCK_NEVER;

    for (size_t i = 0; i < b->count; i++)
        first = b->active[i]->flush_at < first ? b->active[i]->flush_at : first;
    return first;
}

uint64_t outbox_echoes(const struct Outbox *b)
{
    uint64_t echoes = 0;

    for (size_t i = 0; i < b->count; i++)
        echoes += b->active[i]->sender.counters.echoes;
    return echoes;
}

bool outbox_passed(const struct Outbox *b, size_t unwritten)
{
    return b->first_pass > 0 && b->wire - unwritten >= b->first_pass;
}

const struct Outgoing *outbox_first_waiting(const struct Outbox *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (!outgoing_is_confirmed(b->active[i]))
            return b->active[i];
    }
    return NULL;
}

bool outbox_is_confirmed(const struct Outbox *b)
{
    return b->options->line.two_way && outbox_unsent(b) == 0 && !outbox_first_waiting(b);
}
