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
    for (unsigned i = 0; i < r->reached; i++) {
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
        if (slot->end_known)
            finished_learn(f, slot->end.digest);
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

void receiver_retract(struct Receiver *r, enum AbortReason reason, uint64_t now)
{
    struct Finished *f;

    CORE_ASSERT(r->newest_finished && !r->newest_finished->given_up);
    f = r->newest_finished;
    f->refused = f->given_up = true;
    f->reason = (uint8_t)reason;
    answer_at_once(&f->answer, r, now);
}

/* After anything that may have completed the slot's object. */
static void settle(struct Receiver *r, struct Slot *slot, uint64_t now)
{
    if (slot->state == SLOT_COLLECTING && slot_finish(r, slot))
        retire(r, slot, false, ABORT_OTHER, now);
}

void receiver_finish(struct Receiver *r, unsigned slot, uint64_t now)
{
    CORE_ASSERT(slot < r->config.slot_count && r->config.slots[slot].finishing);
    settle(r, &r->config.slots[slot], now);
}

/* A slot that holds the same object under another tag; NULL: none. */
static struct Slot *find_alias(struct Receiver *r, const struct PacketObject *info)
{
    for (unsigned i = 0; i < r->reached; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state == SLOT_COLLECTING && slot_same_file(&slot->info, info) &&
            !slot_is_stream(slot))
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
    struct Slot *oldest = NULL;

    for (unsigned i = 0; i < r->reached; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state == SLOT_FREE)
            return slot;
        if (!slot->finishing && (!oldest || slot->heard < oldest->heard))
            oldest = slot;
    }
    if (r->reached < r->config.slot_count)
        return &r->config.slots[r->reached++];
    r->counters.no_room++;
    if (!oldest ||
        r->counters.packets - oldest->heard < (uint64_t)RECEIVER_IDLE * r->config.slot_count)
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
    slot_count_packet(slot, object, now);
    settle(r, slot, now);
    if (!slot_has_tag(slot, object->tag))
        return;
    answer_note(&slot->answer, r, 0, ANSWER_SOON, now);
}

/* This OBJECT is of one that is not received: whole already, not wanted, or impossible. */
static void finish_unopened(struct Receiver *r, const struct Packet *p, bool refused, uint64_t now)
{
    struct Finished *f = finished_add(r, p->tag, &p->as.object, refused, now);

    finished_object(r, f, p, now);
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

/* An OBJECT whose tag no slot has. */
static void input_new_object(struct Receiver *r, const struct Packet *p, uint64_t now)
{
    const struct PacketObject *info = &p->as.object;
    struct Finished *f = finished_find(r, p->tag, now);
    struct Slot *alias;

    if (f && slot_same_file(&f->info, info)) {
        r->counters.stale++;
        if (f->info.run == info->run) {
            finished_object(r, f, p, now);
            return;
        }
    }
    if (f)
        finished_forget(r, f); /* the store is asked again: the file may be gone, or wanted now */
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

    if (f) {
        r->counters.stale++;
        finished_input(r, f, p, bytes.len, now);
        return;
    }
    if (p->type == PACKET_DONE || p->type == PACKET_ABORT)
        return; /* what it ends is not here; the next OBJECT is of another run */
    r->counters.waiting++;
    r->counters.overrun += waiting_add(&r->waiting, bytes);
    answer_want(r, p, bytes.len, now);
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

/*
 * An OBJECT of a tag that this slot has. False: it is another's; until the slot's own comes again
 * nothing is said, lest that other one's sender believes it.
 */
static bool known_object(struct Receiver *r, struct Slot *slot, const struct Packet *p)
{
    if (!slot_same_object(slot, &p->as.object)) {
        r->counters.clashes++;
        slot->answer.on = false;
        slot->answer.due = ANSWER_NEVER;
        return false;
    }
    slot_add_alias(r, slot, p);
    answer_learn(&slot->answer, r, &p->as.object);
    return true;
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
    if (p->type == PACKET_OBJECT && !known_object(r, slot, p))
        return;
    slot_count_packet(slot, p, now);
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
    if (!slot->finishing)
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
    if (p.type == PACKET_OBJECT)
        answer_wanted(r, &p);
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
    for (unsigned i = 0; i < r->reached; i++) {
        struct Slot *slot = &r->config.slots[i];

        if (slot->state != SLOT_FREE && slot->answer.on)
            retire(r, slot, true, reason, now);
    }
}
