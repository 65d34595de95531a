#include "core/receiver.h"

#include "core/finished.h"
#include "core/slot.h"

void receiver_init(struct Receiver *r, const struct ReceiverConfig *config)
{
    *r = (struct Receiver){.config = *config, .answer_at = ANSWER_NEVER};
    r->want.answer.due = ANSWER_NEVER;
    waiting_init(&r->waiting, config->waiting, config->waiting_size);
    for (unsigned i = 0; i < config->slot_count; i++)
        config->slots[i] = (struct Slot){0};
}

static bool slot_has_tag(const struct Slot *slot, uint16_t tag)
{
    for (unsigned i = 0; slot->state != SLOT_FREE && i < slot->tag_count; i++) {
        if (slot->tags[i] == tag)
            return true;
    }
    return false;
}

static struct Slot *find_slot(struct Receiver *r, uint16_t tag)
{
    struct Slot *slots = r->config.slots;

    if (slot_has_tag(&slots[r->last_slot], tag))
        return &slots[r->last_slot];
    for (unsigned i = 0; i < r->config.slot_count; i++) {
        if (slot_has_tag(&slots[i], tag)) {
            r->last_slot = i;
            return &slots[i];
        }
    }
    return NULL;
}

/* The slot is free; what its store keeps of the object is the store's. */
static void release(struct Receiver *r, struct Slot *slot)
{
    r->config.store.close(r->config.store.ctx, (unsigned)(slot - r->config.slots));
    slot_enter(slot, SLOT_FREE);
}

static enum AbortReason reason_of(enum SlotFailure failure)
{
    switch (failure) {
    case SLOT_FAILURE_STORE:
        return ABORT_WRITE;
    case SLOT_FAILURE_DIGEST:
        return ABORT_DIGEST;
    case SLOT_FAILURE_SIZE:
        return ABORT_REFUSED;
    case SLOT_FAILURE_NONE:
    case SLOT_FAILURE_GAP:
        break;
    }
    return ABORT_OTHER;
}

/* The object of this slot is done with, one way or the other. Its sender is told so at once. */
static void retire(struct Receiver *r, struct Slot *slot, bool refused, enum AbortReason reason,
                   uint64_t now)
{
    bool ended = slot->end_known && slot->end.rest == 0;

    for (unsigned i = 0; i < slot->tag_count; i++) {
        struct Finished *f = finished_add(r, slot->tags[i], &slot->info, refused, now);

        f->given_up = refused;
        f->reason = (uint8_t)reason;
        f->answer = slot->answer;
        f->answer.due = ANSWER_NEVER;
        if (i + 1 == slot->tag_count)
            answer_at_once(&f->answer, r, now);
    }
    r->newest_finished->ended = ended;
    release(r, slot);
}

void receiver_drop(struct Receiver *r, unsigned slot, bool refused, uint64_t now)
{
    CORE_ASSERT(slot < r->config.slot_count && r->config.slots[slot].state != SLOT_FREE);
    if (refused)
        retire(r, &r->config.slots[slot], true, reason_of(r->config.slots[slot].failure), now);
    else
        release(r, &r->config.slots[slot]);
}

/* After anything that may have completed the slot's object. */
static void settle(struct Receiver *r, struct Slot *slot, uint64_t now)
{
    if (slot->state == SLOT_COLLECTING && slot_finish(r, slot))
        retire(r, slot, false, ABORT_OTHER, now);
}

static bool same_identity(const struct PacketObject *info, uint64_t size, const uint8_t *id)
{
    return (info->flags & OBJECT_STREAM) == 0 && info->size == size &&
           memcmp(info->id, id, PACKET_ID) == 0;
}

/* Two names are of one file if they are equal, or one had to be cut. */
static bool same_name(const struct PacketObject *a, const struct PacketObject *b)
{
    if ((a->flags | b->flags) & OBJECT_NAME_CUT)
        return true;
    return a->name.len == b->name.len && memcmp(a->name.data, b->name.data, a->name.len) == 0;
}

/* A slot that holds the same object under another tag; NULL: none. */
static struct Slot *find_alias(struct Receiver *r, const struct PacketObject *info)
{
    for (unsigned i = 0; i < r->config.slot_count; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state == SLOT_COLLECTING && same_identity(&slot->info, info->size, info->id) &&
            slot_same_kind(&slot->info, info) && same_name(&slot->info, info))
            return slot;
    }
    return NULL;
}

/*
 * A free slot; or, if there is none, that of the object not heard of for longest, if others have
 * had packets enough since, so that those that share a line do not push out each other: what it has
 * is kept by the store, and its next OBJECT opens it again.
 */
static struct Slot *find_free(struct Receiver *r)
{
    struct Slot *oldest = &r->config.slots[0];

    for (unsigned i = 0; i < r->config.slot_count; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state == SLOT_FREE)
            return slot;
        if (slot->heard < oldest->heard)
            oldest = slot;
    }
    r->counters.no_room++;
    if (r->counters.packets - oldest->heard < (uint64_t)RECEIVER_IDLE * r->config.slot_count)
        return NULL;
    release(r, oldest);
    return oldest;
}

static void input_parsed(struct Receiver *r, struct Slot *slot, const struct Packet *p, size_t len,
                         uint64_t now);

/* Packets that waited for this tag's OBJECT are taken now, in their order. */
static void replay_waiting(struct Receiver *r, uint16_t tag, uint64_t now)
{
    for (uint32_t left = r->waiting.count; left > 0; left--) {
        struct View bytes;
        struct Packet p;
        struct Slot *slot;

        waiting_take(&r->waiting, &bytes);
        if (packet_parse(bytes, r->config.crc32c, &p) != PACKET_OK)
            continue;
        slot = p.tag == tag ? find_slot(r, tag) : NULL;
        if (slot)
            input_parsed(r, slot, &p, bytes.len, now);
        else if (p.tag != tag)
            r->counters.overrun += waiting_add(&r->waiting, bytes);
    }
}

/* The slot has just got to know this OBJECT's tag. */
static void take_waiting(struct Receiver *r, struct Slot *slot, const struct Packet *object,
                         uint64_t now)
{
    answer_learn(&slot->answer, r, &object->as.object);
    replay_waiting(r, object->tag, now);
    if (!slot_has_tag(slot, object->tag))
        return;
    slot_count_packet(slot, object->seq, now);
    settle(r, slot, now);
    if (!slot_has_tag(slot, object->tag))
        return;
    answer_note(&slot->answer, r, 0, ANSWER_SOON, now);
}

/* This OBJECT is of one that is not received: whole already, not wanted, or impossible. */
static void finish_unopened(struct Receiver *r, const struct Packet *p, bool refused, uint64_t now)
{
    struct Finished *f = finished_add(r, p->tag, &p->as.object, refused, now);

    finished_answer(r, f, p, 0, now);
}

static void open_slot(struct Receiver *r, const struct Packet *p, uint64_t now)
{
    const struct ReceiverStore *store = &r->config.store;
    const struct PacketObject *info = &p->as.object;
    struct Slot *slot = find_free(r);
    enum ReceiverOpen answer;

    if (!slot)
        return;
    r->last_slot = (unsigned)(slot - r->config.slots);
    answer = store->open(store->ctx, r->last_slot, info);
    if (answer == RECEIVER_REFUSE || answer == RECEIVER_HAVE) {
        r->counters.refused += answer == RECEIVER_REFUSE ? 1 : 0;
        finish_unopened(r, p, answer == RECEIVER_REFUSE, now);
        return;
    }
    if (!slot_open(r, slot, p, answer == RECEIVER_RESUME, now)) {
        r->counters.too_large++;
        finish_unopened(r, p, true, now);
        store->close(store->ctx, r->last_slot);
        return;
    }
    take_waiting(r, slot, p, now);
}

/* True if this OBJECT is of the finished object, and nothing but a repetition. */
static bool is_stale(const struct Receiver *r, const struct Finished *f,
                     const struct PacketObject *info)
{
    return f->size == info->size && memcmp(f->id, info->id, PACKET_ID) == 0 &&
           (!r->config.reopen || f->run == info->run);
}

/* An OBJECT whose tag no slot has. */
static void input_new_object(struct Receiver *r, const struct Packet *p, uint64_t now)
{
    const struct PacketObject *info = &p->as.object;
    struct Finished *f = finished_find(r, p->tag, now);
    struct Slot *alias;

    if (f && is_stale(r, f, info)) {
        r->counters.stale++;
        finished_answer(r, f, p, 0, now);
        return;
    }
    if (f)
        f->used = false; /* another object under an old tag, or run: the finished one makes room */
    alias = find_alias(r, info);
    if (!alias) {
        open_slot(r, p, now);
        return;
    }
    slot_add_alias(r, alias, p);
    take_waiting(r, alias, p, now);
}

static void input_unknown(struct Receiver *r, const struct Packet *p, struct View bytes,
                          uint64_t now)
{
    struct Finished *f = finished_find(r, p->tag, now);

    /* Who has said DONE sends no more of it: this is of another run, whose OBJECT was lost. */
    if (f && r->config.reopen && f->done && p->type != PACKET_DONE) {
        f->used = false;
        f = NULL;
    }
    if (f) {
        r->counters.stale++;
        if (p->type == PACKET_END && p->as.end.rest == 0)
            finished_end_pass(r, f);
        finished_answer(r, f, p, bytes.len, now);
        return;
    }
    /* Of an object that nobody knows they mean nothing, nor to its next run. */
    if (p->type == PACKET_DONE || p->type == PACKET_ABORT)
        return;
    r->counters.waiting++;
    r->counters.overrun += waiting_add(&r->waiting, bytes);
    if (r->want.answer.on) {
        r->want.tag = p->tag;
        r->want.answer.echo = p->seq;
        answer_note(&r->want.answer, r, bytes.len, ANSWER_LATER, now);
    }
}

/* True if a receiver said this: another one, or our own voice coming back. */
static bool from_receiver(const struct Packet *p)
{
    return p->type == PACKET_STATUS || (p->type == PACKET_ABORT && p->as.abort.role != ROLE_SENDER);
}

static enum AnswerUrgency urgency_of(const struct Packet *p, bool lost)
{
    bool asks = p->type == PACKET_OBJECT || p->type == PACKET_END;

    return asks || lost ? ANSWER_SOON : ANSWER_LATER;
}

/* A packet of a tag that this slot has. */
static void input_parsed(struct Receiver *r, struct Slot *slot, const struct Packet *p, size_t len,
                         uint64_t now)
{
    uint64_t lost = slot->counters.lost;

    slot->heard = r->counters.packets;
    if (slot->state != SLOT_COLLECTING)
        return;
    /* OBJECT first: another run of the sender counts anew. */
    if (p->type == PACKET_OBJECT && slot_same_object(slot, &p->as.object))
        slot_add_alias(r, slot, p);
    else if (p->type == PACKET_OBJECT)
        r->counters.clashes++;
    if (p->type == PACKET_OBJECT)
        answer_learn(&slot->answer, r, &p->as.object);
    slot_count_packet(slot, p->seq, now);
    slot->answer.echo = slot->seq;
    answer_note(&slot->answer, r, len, urgency_of(p, slot->counters.lost > lost), now);
    switch ((enum PacketType)p->type) {
    case PACKET_OBJECT:
        break;
    case PACKET_SOURCE:
        slot_source(r, slot, &p->as.source);
        break;
    case PACKET_REPAIR:
        slot_repair(r, slot, &p->as.repair);
        break;
    case PACKET_END:
        slot_end(slot, &p->as.end);
        break;
    case PACKET_ABORT:
        slot->aborted = true;
        slot->abort_reason = p->as.abort.reason;
        break;
    case PACKET_STATUS:
    case PACKET_DONE:
        break;
    }
    settle(r, slot, now);
}

/* False: it was not a packet; the cause is counted. */
static bool parse(struct Receiver *r, struct View packet, struct Packet *p)
{
    switch (packet_parse(packet, r->config.crc32c, p)) {
    case PACKET_OK:
        r->counters.packets++;
        return true;
    case PACKET_SHORT:
        r->counters.short_++;
        return false;
    case PACKET_BAD_VERSION:
        r->counters.bad_version++;
        return false;
    case PACKET_BAD_TYPE:
        r->counters.bad_type++;
        return false;
    case PACKET_BAD_FLAGS:
        r->counters.bad_flags++;
        return false;
    case PACKET_BAD_FIELDS:
        r->counters.bad_fields++;
        return false;
    }
    return false;
}

void receiver_input(struct Receiver *r, struct View packet, uint64_t now)
{
    struct Packet p;
    struct Slot *slot;

    if (!parse(r, packet, &p))
        return;
    if (from_receiver(&p)) {
        r->counters.not_ours++;
        return;
    }
    slot = find_slot(r, p.tag);
    if (slot)
        input_parsed(r, slot, &p, packet.len, now);
    else if (p.type == PACKET_OBJECT)
        input_new_object(r, &p, now);
    else
        input_unknown(r, &p, packet, now);
}

void receiver_abort(struct Receiver *r, enum AbortReason reason, uint64_t now)
{
    for (unsigned i = 0; i < r->config.slot_count; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state != SLOT_FREE && slot->answer.on)
            retire(r, slot, true, reason, now);
    }
}
