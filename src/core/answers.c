#include "core/answers.h"

#include "core/slot.h"
#include "core/status.h"

#define MS         UINT64_C(1000000)
#define GATHER     (50 * MS)  /* between answers, while much arrives; */
#define GATHER_FEW (250 * MS) /* while little does, which is */
#define FEW        400        /* less than so many bytes */
#define APART      (20 * MS)  /* between answers that are wanted sooner */
#define MANY       16         /* packets after which more is due: its sender waits at 200 */
#define FRAME_MORE 8          /* bytes of a frame that are not its packet, about */
#define LIST_MOST  256        /* bytes of a list: what comes first is sent again first */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void answer_begin(struct Answer *a, struct Receiver *r)
{
    a->run = (uint16_t)(r->config.run + r->begun++);
    a->seq = 0;
    a->due = ANSWER_NEVER;
}

void answer_learn(struct Answer *a, const struct Receiver *r, const struct PacketObject *info)
{
    a->on = r->config.may_answer && (info->link & LINK_ANSWERS) != 0;
    a->due = a->on ? a->due : ANSWER_NEVER;
}

void answer_at_once(struct Answer *a, struct Receiver *r, uint64_t now)
{
    if (!a->on)
        return;
    a->due = now;
    r->answer_at = earlier(r->answer_at, now);
}

void answer_note(struct Answer *a, struct Receiver *r, size_t len, enum AnswerUrgency urgency,
                 uint64_t now)
{
    uint64_t apart = a->said > 0 && a->said + APART > now ? a->said + APART : now;

    a->bytes += len + FRAME_MORE;
    a->packets++;
    if (!a->on)
        return;
    if (a->bytes >= r->config.window / 3 || a->packets >= MANY)
        a->due = now;
    switch (urgency) {
    case ANSWER_LATER:
        if (a->bytes < FEW)
            a->due = earlier(a->due, now + GATHER_FEW);
        else
            a->due =
                earlier(a->due, a->said > 0 && a->said + GATHER > now ? a->said + GATHER : now);
        break;
    case ANSWER_SOON:
        a->due = earlier(a->due, apart);
        break;
    }
    r->answer_at = earlier(r->answer_at, a->due);
}

void answer_want(struct Receiver *r, const struct Packet *p, size_t len, uint64_t now)
{
    struct ReceiverWant *w = &r->want;

    /* Repairs are of one-way senders; who says DONE or ABORT wants nothing. */
    if (!w->answer.on || (p->type != PACKET_SOURCE && p->type != PACKET_END))
        return;
    if (w->tag != p->tag) {
        if (w->answer.due != ANSWER_NEVER)
            return;
        answer_begin(&w->answer, r);
        w->tag = p->tag;
    }
    w->answer.echo = p->seq;
    answer_note(&w->answer, r, len, ANSWER_LATER, now);
}

void answer_wanted(struct Receiver *r, const struct Packet *object)
{
    answer_learn(&r->want.answer, r, &object->as.object);
    if (r->want.tag == object->tag)
        r->want.answer.due = ANSWER_NEVER;
}

/* The symbols of what is received that a list is about. */
static uint64_t list_end(const struct Slot *slot)
{
    const struct StreamIn *in = &slot->stream;
    uint64_t end = slot->end_known ? slot->end.symbols : in->high;

    if ((slot->info.flags & OBJECT_STREAM) == 0)
        return slot->object.layout.symbols;
    return end > in->next ? end : in->next; /* before the newest symbol heard of */
}

/* The next range of missing symbols at `from` or behind it. False: there is none before end. */
static bool next_range(const struct Slot *slot, uint64_t from, uint64_t end,
                       struct StatusRange *range)
{
    const struct StreamIn *in = &slot->stream;
    bool stream = (slot->info.flags & OBJECT_STREAM) != 0;
    uint64_t last;

    if (stream && from < in->next)
        from = in->next;
    range->first = stream ? stream_in_next_missing(in, from, end)
                          : object_next_missing(&slot->object, from, end);
    if (range->first >= end)
        return false;
    last = stream ? stream_in_next_arrived(in, range->first, end)
                  : object_next_arrived(&slot->object, range->first, end);
    range->length = last - range->first;
    return true;
}

/* Appends what is missing before end to list, as far as it fits; returns `upto`. */
static uint64_t list_missing(const struct Slot *slot, uint64_t end, struct StatusWriter *list)
{
    struct StatusRange range;

    for (uint64_t s = 0; next_range(slot, s, end, &range); s = range.first + range.length) {
        uint64_t taken = status_writer_add(list, range);

        if (taken < range.length)
            return range.first + taken;
    }
    return end;
}

static void close_answer(struct Answer *a, struct Buffer *packet, enum PacketType type,
                         uint16_t tag, uint64_t now)
{
    bool fits = packet_close(packet, type, a->seq++, tag);

    CORE_ASSERT(fits);
    a->due = ANSWER_NEVER;
    a->said = now;
    a->bytes = 0;
    a->packets = 0;
}

static void put_status(struct Answer *a, const struct PacketStatus *status, struct Buffer *packet,
                       uint16_t tag, uint64_t now)
{
    bool fits;

    buffer_reset(packet, PACKET_HEADROOM);
    fits = packet_append_status(packet, status);
    CORE_ASSERT(fits);
    close_answer(a, packet, PACKET_STATUS, tag, now);
}

static struct PacketStatus status_of(const struct Answer *a, const struct Receiver *r,
                                     enum StatusState state)
{
    return (struct PacketStatus){.state = (uint8_t)state,
                                 .run = a->run,
                                 .echo = a->echo,
                                 .bad = r->bad_frames,
                                 .window = r->config.window};
}

/* STATUS about the object of that slot, which is being received. */
static void put_receiving(struct Answer *a, const struct Receiver *r, const struct Slot *slot,
                          struct Buffer *packet, uint16_t tag, uint64_t now)
{
    struct PacketStatus status = status_of(a, r, STATUS_RECEIVING);
    uint8_t memory[LIST_MOST];
    struct Buffer bytes;
    struct StatusWriter list;

    status.good = slot->counters.packets;
    status.upto = list_end(slot);
    buffer_init(&bytes, memory, sizeof memory, 0);
    status_writer_init(&list, &bytes,
                       r->config.packet_max - PACKET_HEADER - packet_status_size(&status));
    status.upto = list_missing(slot, status.upto, &list);
    status.ranges = buffer_view(&bytes);
    put_status(a, &status, packet, tag, now);
}

/* STATUS that is its state and nothing more. */
static void put_state(struct Answer *a, const struct Receiver *r, enum StatusState state,
                      struct Buffer *packet, uint16_t tag, uint64_t now)
{
    struct PacketStatus status = status_of(a, r, state);

    put_status(a, &status, packet, tag, now);
}

static void put_abort(struct Answer *a, enum AbortReason reason, struct Buffer *packet,
                      uint16_t tag, uint64_t now)
{
    struct PacketAbort abort = {.role = ROLE_RECEIVER, .reason = (uint8_t)reason};
    bool fits;

    buffer_reset(packet, PACKET_HEADROOM);
    fits = packet_append_abort(packet, &abort);
    CORE_ASSERT(fits);
    close_answer(a, packet, PACKET_ABORT, tag, now);
}

/* The tag that what we say of a slot's object carries: that of the packet which it echoes. */
static uint16_t tag_of(const struct Slot *slot)
{
    return slot->tags[slot->tag_count - 1];
}

static bool is_due(const struct Answer *a, uint64_t now)
{
    return a->on && a->due <= now;
}

/* The answer that has been due longest is said first. NULL: none is. */
static struct Answer *most_due(struct Receiver *r, struct Slot **slot, struct Finished **finished)
{
    struct Answer *most = &r->want.answer;

    *slot = NULL;
    *finished = NULL;
    for (unsigned i = 0; i < r->reached; i++) {
        struct Slot *s = &r->config.slots[i];

        if (s->state == SLOT_COLLECTING && s->answer.due < most->due) {
            most = &s->answer;
            *slot = s;
        }
    }
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        struct Finished *f = &r->finished[i];

        if (f->used && f->answer.due < most->due) {
            most = &f->answer;
            *finished = f;
            *slot = NULL;
        }
    }
    return most;
}

bool receiver_output(struct Receiver *r, struct Buffer *packet, uint64_t now)
{
    struct Slot *slot;
    struct Finished *f;
    struct Answer *a;

    if (now < r->answer_at)
        return false;
    a = most_due(r, &slot, &f);
    r->answer_at = a->due;
    if (!is_due(a, now))
        return false;
    if (slot)
        put_receiving(a, r, slot, packet, tag_of(slot), now);
    else if (!f || f->unsure)
        put_state(a, r, STATUS_WANT_OBJECT, packet, f ? f->tag : r->want.tag, now);
    else if (f->given_up)
        put_abort(a, (enum AbortReason)f->reason, packet, f->tag, now);
    else
        put_state(a, r, f->refused ? STATUS_REFUSED : STATUS_VERIFIED, packet, f->tag, now);
    r->answer_at = most_due(r, &slot, &f)->due;
    r->answers++;
    return true;
}

uint64_t receiver_deadline(const struct Receiver *r)
{
    return r->answer_at;
}

bool receiver_done(const struct Receiver *r)
{
    return r->newest_finished && r->newest_finished->done;
}

bool receiver_answers(const struct Receiver *r)
{
    return r->want.answer.on;
}
