#include "core/slot.h"

#include "core/slot_store.h"

/* An OBJECT after so much silence, in ns, is a question: no sender asks sooner. */
#define SILENCE UINT64_C(200000000)

/* Changes of T or B that an object may have for nothing; later ones want so many packets between.
 */
#define FREE_GRIDS         8
#define SYMBOLS_PER_PACKET 64

void slot_enter(struct Slot *slot, enum SlotState state)
{
    slot->state = state;
}

void slot_fail(struct Slot *slot, enum SlotFailure failure)
{
    slot_enter(slot, SLOT_FAILED);
    slot->finishing = false;
    slot->failure = failure;
}

/* Bookkeeping for that grid. False: no memory; the slot is as it was. */
static bool lay_out(struct Receiver *r, struct Slot *slot, const struct PacketObject *info)
{
    struct SlotStore s = slot_store(r, slot);
    struct ObjectLayout layout =
        object_layout(info->size, (uint32_t)info->symbol_size, UINT32_C(1) << info->block);
    uint64_t object = object_memory(&layout), repairs = repairs_memory(&layout);
    struct RepairsStore side = {NULL, slot_store_repair_write, slot_store_repair_read};
    uint8_t *memory;

    if (object > UINT64_MAX / 2 || repairs > UINT64_MAX / 4)
        return false;
    object = (object + 15) & ~UINT64_C(15);
    memory = s.store->memory(s.store->ctx, s.number, object + repairs);
    if (!memory)
        return false;
    object_init(&slot->object, &layout, memory);
    repairs_init(&slot->repairs, &layout, memory + object, side);
    return true;
}

static bool lay_out_stream(struct Receiver *r, struct Slot *slot, const struct PacketObject *info)
{
    struct SlotStore s = slot_store(r, slot);
    void *memory;

    memory = s.store->memory(s.store->ctx, s.number, stream_in_memory((uint32_t)info->symbol_size));
    if (!memory)
        return false;
    stream_in_init(&slot->stream, (uint32_t)info->symbol_size, memory);
    return true;
}

bool slot_is_stream(const struct Slot *slot)
{
    return (slot->info.flags & OBJECT_STREAM) != 0;
}

void slot_copy_object(struct PacketObject *to, uint8_t *name, const struct PacketObject *info)
{
    if (info->name.len > 0)
        memcpy(name, info->name.data, info->name.len);
    *to = *info;
    to->name = view_of(name, info->name.len);
}

/* Tell the store how far everything has arrived, if that is further than `before`. */
void slot_advance(struct Receiver *r, struct Slot *slot, uint64_t before)
{
    struct SlotStore s = slot_store(r, slot);
    const struct ObjectLayout *l = &slot->object.layout;
    uint64_t prefix = slot->object.prefix;

    if (prefix == before || slot->state != SLOT_COLLECTING)
        return;
    prefix = prefix == l->symbols ? l->size : prefix * l->symbol_size;
    if (!s.store->advance(s.store->ctx, s.number, prefix))
        slot_fail(slot, SLOT_FAILURE_STORE);
}

bool slot_open(struct Receiver *r, struct Slot *slot, const struct Packet *object, bool resume,
               uint64_t now)
{
    const struct PacketObject *info = &object->as.object;
    struct SlotStore s = slot_store(r, slot);

    *slot = (struct Slot){.tag_count = 1, .first_packet = now, .last_packet = now};
    answer_begin(&slot->answer, r);
    slot->heard = r->counters.packets;
    if (!((info->flags & OBJECT_STREAM) ? lay_out_stream(r, slot, info) : lay_out(r, slot, info)))
        return false;
    slot_copy_object(&slot->info, slot->name, info);
    slot->tags[0] = object->tag;
    slot_enter(slot, SLOT_COLLECTING);
    if (resume && !slot_is_stream(slot)) {
        if (!s.store->resume(s.store->ctx, s.number, &slot->object))
            slot_fail(slot, SLOT_FAILURE_STORE);
        slot->earlier = slot_bytes(slot);
        slot_advance(r, slot, 0);
    }
    return true;
}

/* The last of the tags is this one now; the oldest makes room if it is new. */
static void use_tag(struct Slot *slot, uint16_t tag)
{
    unsigned i = 0;

    if (slot->tags[slot->tag_count - 1] == tag)
        return;
    slot->seq_known = false; /* it is another sender's, or another run's */
    while (i < slot->tag_count && slot->tags[i] != tag)
        i++;
    if (i == slot->tag_count && slot->tag_count < RECEIVER_TAGS)
        slot->tag_count++;
    else if (i == slot->tag_count)
        i = 0;
    memmove(slot->tags + i, slot->tags + i + 1, (slot->tag_count - 1 - i) * sizeof slot->tags[0]);
    slot->tags[slot->tag_count - 1] = tag;
}

/* True if newer ones came before it. A question is the newest whatever its seq says: of those that
 * got lost before it there may have been more than 8 bits can count. */
static bool is_late(const struct Slot *slot, const struct Packet *p, uint64_t now)
{
    bool question = p->type == PACKET_OBJECT && now - slot->last_packet >= SILENCE;

    return (uint8_t)(slot->seq - p->seq) <= PACKET_LATE_MAX && !question;
}

/* Its seq is the newest, or a late one. */
static void count_gap(struct Slot *slot, const struct Packet *p, uint64_t now)
{
    uint8_t ahead = (uint8_t)(p->seq - slot->seq);

    if (slot->seq_known && ahead == 0)
        return;
    if (slot->seq_known && is_late(slot, p, now)) {
        slot->counters.lost -= slot->counters.lost > 0 ? 1 : 0;
        return;
    }
    if (slot->seq_known)
        slot->counters.lost += ahead - 1u;
    slot->seq = p->seq;
    slot->seq_known = true;
}

void slot_count_packet(struct Slot *slot, const struct Packet *p, uint64_t now)
{
    use_tag(slot, p->tag);
    count_gap(slot, p, now);
    if (slot->counters.packets++ == 0)
        slot->first_packet = now;
    slot->last_packet = now;
    slot->answer.echo = slot->seq;
}

/* Two names are of one file if they are equal, or one had to be cut. */
static bool same_name(const struct PacketObject *a, const struct PacketObject *b)
{
    if ((a->flags | b->flags) & OBJECT_NAME_CUT)
        return true;
    return a->name.len == b->name.len &&
           (a->name.len == 0 || memcmp(a->name.data, b->name.data, a->name.len) == 0);
}

bool slot_same_file(const struct PacketObject *a, const struct PacketObject *b)
{
    return ((a->flags ^ b->flags) & ~OBJECT_NAME_CUT) == 0 && a->size == b->size &&
           memcmp(a->id, b->id, PACKET_ID) == 0 && same_name(a, b);
}

bool slot_same_object(const struct Slot *slot, const struct PacketObject *info)
{
    return slot_same_file(&slot->info, info) && slot->info.block == info->block &&
           slot->info.symbol_size == info->symbol_size;
}

bool slot_id_is_digest(const struct PacketObject *info)
{
    return (info->flags & (OBJECT_STREAM | OBJECT_IDENTITY)) == 0;
}

/* Another grid costs a walk over all symbols: after a few, packets must have paid for it. */
static bool may_regrid(const struct Slot *slot)
{
    uint64_t since = slot->counters.packets - slot->grid_since;

    return slot->grids < FREE_GRIDS || since >= slot->object.layout.symbols / SYMBOLS_PER_PACKET;
}

void slot_add_alias(struct Receiver *r, struct Slot *slot, const struct Packet *object)
{
    const struct PacketObject *info = &object->as.object;
    struct Object before = slot->object;

    if (info->run != slot->info.run) {
        slot->seq_known = false; /* another run counts from anywhere, and may come to its end */
        slot->aborted = false;
        slot->info.run = info->run;
    }
    if (slot->info.symbol_size == info->symbol_size && slot->info.block == info->block) {
        use_tag(slot, object->tag);
        return;
    }
    if (!may_regrid(slot)) {
        r->counters.clashes++;
        return;
    }
    if (!lay_out(r, slot, info)) {
        r->counters.too_large++;
        return;
    }
    slot->grids++;
    slot->grid_since = slot->counters.packets;
    object_regrid(&slot->object, &before);
    slot->info.symbol_size = info->symbol_size;
    slot->info.block = info->block;
    if (slot_bytes(slot) < slot->earlier)
        slot->earlier = slot_bytes(slot);
    /* Packets of the former tags speak of the other grid. */
    slot->tags[0] = object->tag;
    slot->tag_count = 1;
    slot->seq_known = false;
}

void slot_end(struct Slot *slot, const struct PacketEnd *end)
{
    const struct ObjectLayout *l = &slot->object.layout;
    size_t digest = (slot->info.flags & OBJECT_XXH128) != 0 ? PACKET_DIGEST_XXH128 : PACKET_DIGEST;

    if (end->digest.len != digest ||
        (!slot_is_stream(slot) && (end->symbols != l->symbols || end->size != l->size)) ||
        (slot_id_is_digest(&slot->info) &&
         memcmp(end->digest.data, slot->info.id, PACKET_ID) != 0) ||
        (slot->end_known && memcmp(end->digest.data, slot->digest, digest) != 0)) {
        slot->counters.bad++;
        return;
    }
    memcpy(slot->digest, end->digest.data, digest);
    slot->end = *end;
    slot->end.digest = view_of(slot->digest, digest);
    slot->end_known = true;
    slot->counters.passes += end->rest == 0 ? 1 : 0;
}

/* True: everything is here, and *digest tells whether it is right. */
static bool can_finish(const struct Slot *slot, struct View *digest)
{
    *digest = slot->end_known ? slot->end.digest : view_of(slot->info.id, PACKET_ID);
    if (slot_is_stream(slot))
        return slot->end_known && slot->stream.next == slot->end.symbols;
    return object_complete(&slot->object) && (slot->end_known || slot_id_is_digest(&slot->info));
}

/* Every byte is here, and they are not what END or the id says: they are all missing again; or that
 * was the last attempt. */
static void start_over(struct Slot *slot)
{
    slot->counters.mismatches++;
    if (slot_is_stream(slot)) {
        slot_fail(slot, SLOT_FAILURE_STORE);
        return;
    }
    if (slot->answer.on && slot->counters.mismatches > 1) {
        slot_fail(slot, SLOT_FAILURE_DIGEST);
        return;
    }
    slot_enter(slot, SLOT_COLLECTING);
    slot->end_known = false; /* it may be END that lied */
    slot->earlier = 0;
    object_forget(&slot->object);
    repairs_drop_all(&slot->repairs);
}

/* The store verifies the object, all of which is here. True: verified. */
static bool verify(struct Receiver *r, struct Slot *slot, struct View digest)
{
    struct SlotStore s = slot_store(r, slot);
    uint64_t size = slot_is_stream(slot) ? slot->stream.size : slot->object.layout.size;

    if (slot_is_stream(slot) && size != slot->end.size)
        digest.len = 0; /* what no content has */
    slot_enter(slot, SLOT_VERIFYING);
    switch (s.store->finish(s.store->ctx, s.number, size, digest)) {
    case RECEIVER_VERIFIED:
        return true;
    case RECEIVER_DIFFERS:
        start_over(slot);
        return false;
    case RECEIVER_FAILED:
        slot_fail(slot, SLOT_FAILURE_STORE);
        return false;
    case RECEIVER_LATER:
        slot_enter(slot, SLOT_COLLECTING);
        slot->finishing = true;
        return false;
    }
    return false;
}

bool slot_finish(struct Receiver *r, struct Slot *slot)
{
    struct View digest;

    slot->finishing = false; /* unless the store says so again */
    if (slot_is_stream(slot) && slot->end_known && slot->end.rest == 0 && slot_may_skip(r, slot))
        slot_skip_rest(r, slot);
    if (slot->state != SLOT_COLLECTING || !can_finish(slot, &digest))
        return false;
    if (slot->counters.skipped > 0) {
        slot_fail(slot, SLOT_FAILURE_GAP);
        return false;
    }
    return verify(r, slot, digest);
}

void receiver_fail(struct Receiver *r, unsigned slot, enum SlotFailure why)
{
    struct Slot *s = &r->config.slots[slot];

    CORE_ASSERT(slot < r->config.slot_count &&
                (s->state == SLOT_COLLECTING || s->state == SLOT_FAILED));
    slot_fail(s, why);
}

void receiver_unheard(struct Receiver *r, unsigned slot)
{
    struct Slot *s = &r->config.slots[slot];

    CORE_ASSERT(slot < r->config.slot_count && s->state == SLOT_COLLECTING);
    s->counters = (struct SlotCounters){0};
    s->grid_since = 0;
    s->seq_known = false;
    s->earlier = slot_bytes(s);
}

uint64_t slot_bytes(const struct Slot *slot)
{
    const struct ObjectLayout *l = &slot->object.layout;

    if (slot_is_stream(slot))
        return slot->stream.size;
    if (object_complete(&slot->object))
        return l->size;
    /* The last symbol may be short. */
    return slot->object.have * l->symbol_size -
           (l->symbols > 0 && object_has(&slot->object, l->symbols - 1)
                ? l->symbol_size - object_symbol_bytes(l, l->symbols - 1)
                : 0);
}
