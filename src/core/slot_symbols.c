/* What a slot does with symbols: sources, repairs, and solving for what is lost. */
#include "core/slot.h"
#include "core/slot_store.h"

/* Solve window w if that can be done by now. */
static void recover(struct Receiver *r, struct Slot *slot, uint64_t w)
{
    struct SlotStore s = slot_store(r, slot);
    struct RecoverStore store = {&s, slot_store_write, slot_store_read, slot_store_scratch};
    uint64_t have = slot->object.have;

    slot->repairs.store.ctx = &s;
    switch (recover_window(&slot->object, &slot->repairs, w, r->config.muladd, &store)) {
    case RECOVER_NOT_YET:
        break;
    case RECOVER_SOLVED:
        slot->counters.repaired += slot->object.have - have;
        break;
    case RECOVER_NO_MEMORY:
        slot->counters.no_memory++;
        break;
    case RECOVER_FAILED:
        slot_fail(slot, SLOT_FAILURE_STORE);
        break;
    }
}

/* Symbols first..first+n have just been marked: repairs that wait may now be enough, or moot. */
static void look_at_windows(struct Receiver *r, struct Slot *slot, uint64_t first, uint64_t n)
{
    for (uint64_t s = first; slot->repairs.total > 0 && s < first + n; s++) {
        uint64_t w = object_window_of(&slot->object.layout, s);

        if (slot->object.missing[w] == 0)
            repairs_drop(&slot->repairs, w);
        else if (slot->state == SLOT_COLLECTING && recover_ready(&slot->object, &slot->repairs, w))
            recover(r, slot, w);
    }
}

/* The bytes n symbols from first on take in a SOURCE packet. */
static uint64_t symbols_bytes(const struct ObjectLayout *l, uint64_t first, uint64_t n)
{
    return (n - 1) * l->symbol_size + object_symbol_bytes(l, first + n - 1);
}

/* Write and mark those of the n symbols from first on that are missing. False: the store failed. */
static bool take_missing(struct Receiver *r, struct Slot *slot, uint64_t first, uint64_t n,
                         const uint8_t *data)
{
    struct SlotStore store = slot_store(r, slot);
    const struct ObjectLayout *l = &slot->object.layout;
    uint64_t last = first + n, s = object_next_missing(&slot->object, first, last), end;

    for (; s < last; s = object_next_missing(&slot->object, end, last)) {
        end = object_next_arrived(&slot->object, s, last);
        if (!slot_store_write(&store, s * l->symbol_size, data + (s - first) * l->symbol_size,
                              (size_t)symbols_bytes(l, s, end - s)))
            return false;
        for (; s < end; s++)
            object_mark(&slot->object, s);
    }
    return true;
}

static void source_known_size(struct Receiver *r, struct Slot *slot,
                              const struct PacketSource *source)
{
    const struct ObjectLayout *l = &slot->object.layout;
    uint64_t first = source->symbol, prefix = slot->object.prefix, have = slot->object.have;
    uint64_t n = (source->symbols.len + l->symbol_size - 1) / l->symbol_size, fresh;

    if (first >= l->symbols || n > l->symbols - first ||
        symbols_bytes(l, first, n) != source->symbols.len) {
        slot->counters.bad++;
        return;
    }
    if (!take_missing(r, slot, first, n, source->symbols.data)) {
        slot_fail(slot, SLOT_FAILURE_STORE);
        return;
    }
    fresh = slot->object.have - have;
    slot->counters.sources += fresh;
    slot->counters.duplicates += n - fresh;
    look_at_windows(r, slot, first, n);
    slot_advance(r, slot, prefix);
}

/* Two-way the sender of a stream keeps every symbol until it has arrived: what is missing comes. */
static bool is_resent(const struct Slot *slot)
{
    return slot->answer.on;
}

bool slot_may_skip(const struct Receiver *r, const struct Slot *slot)
{
    return r->config.lossy && (slot->info.flags & OBJECT_ZSTD) == 0;
}

/* A gap of the stream that nothing will close any more. */
static void stream_skip(struct Receiver *r, struct Slot *slot, const struct StreamStore *store)
{
    uint64_t skipped;

    if (!slot_may_skip(r, slot)) {
        slot_fail(slot, SLOT_FAILURE_GAP);
        return;
    }
    if (stream_in_skip(&slot->stream, store, &skipped) == STREAM_FAILED)
        slot_fail(slot, SLOT_FAILURE_STORE);
    slot->counters.skipped += skipped;
    slot->counters.gaps++;
}

void slot_skip_rest(struct Receiver *r, struct Slot *slot)
{
    struct SlotStore s = slot_store(r, slot);
    struct StreamStore store = {&s, slot_store_deliver, slot_store_scratch};

    if (is_resent(slot))
        return;
    while (slot->state == SLOT_COLLECTING && slot->stream.next < slot->stream.high)
        stream_skip(r, slot, &store);
    if (slot->state != SLOT_COLLECTING || slot->stream.next >= slot->end.symbols)
        return;
    slot->counters.skipped += slot->end.symbols - slot->stream.next;
    slot->counters.gaps++;
    slot->stream.next = slot->end.symbols;
}

static void stream_recover(struct Receiver *r, struct Slot *slot)
{
    struct SlotStore s = slot_store(r, slot);
    struct StreamStore store = {&s, slot_store_deliver, slot_store_scratch};
    uint64_t solved;

    if (stream_in_recover(&slot->stream, r->config.muladd, &store, &solved) == STREAM_FAILED)
        slot_fail(slot, SLOT_FAILURE_STORE);
    slot->counters.repaired += solved;
    while (slot->state == SLOT_COLLECTING && stream_in_gap(&slot->stream, is_resent(slot)))
        stream_skip(r, slot, &store);
}

static void source_stream(struct Receiver *r, struct Slot *slot, const struct PacketSource *source)
{
    struct SlotStore s = slot_store(r, slot);
    struct StreamStore store = {&s, slot_store_deliver, slot_store_scratch};
    struct View rest = source->symbols, symbol;
    uint64_t number = source->symbol;
    size_t len;

    for (; rest.len > 0; number++) {
        len = stream_in_symbol_length(&slot->stream, rest);
        if (len == 0 || number == UINT64_MAX) {
            slot->counters.bad++;
            return;
        }
        view_take(&rest, len, &symbol);
        switch (stream_in_source(&slot->stream, number, symbol, &store)) {
        case STREAM_KEPT:
            slot->counters.sources++;
            break;
        case STREAM_DUPLICATE:
            slot->counters.duplicates++;
            break;
        case STREAM_BAD:
            slot->counters.bad++;
            break;
        case STREAM_FAILED:
            slot_fail(slot, SLOT_FAILURE_STORE);
            return;
        }
    }
    if (slot->stream.next < slot->stream.high)
        stream_recover(r, slot);
}

void slot_source(struct Receiver *r, struct Slot *slot, const struct PacketSource *source)
{
    if (slot_is_stream(slot))
        source_stream(r, slot, source);
    else
        source_known_size(r, slot, source);
}

/* A table that is full and did not solve its window holds repairs that say nothing: begin again. */
static enum RepairsResult add_repair(struct Repairs *repairs, uint64_t w, uint64_t key,
                                     const uint8_t *payload)
{
    enum RepairsResult result = repairs_add(repairs, w, key, payload);

    if (result != REPAIRS_FULL || repairs->excess[w] == 0)
        return result;
    repairs_drop(repairs, w);
    return repairs_add(repairs, w, key, payload);
}

static void repair_known_size(struct Receiver *r, struct Slot *slot, struct RlcWindow window,
                              uint64_t key, const uint8_t *payload)
{
    struct SlotStore s = slot_store(r, slot);
    uint64_t w, before = slot->object.prefix;

    if (!object_window_find(&slot->object.layout, window, &w)) {
        slot->counters.foreign++;
        return;
    }
    if (slot->object.missing[w] == 0) {
        slot->counters.useless++;
        return;
    }
    slot->repairs.store.ctx = &s;
    switch (add_repair(&slot->repairs, w, key, payload)) {
    case REPAIRS_KEPT:
        break;
    case REPAIRS_DUPLICATE:
    case REPAIRS_FULL:
        slot->counters.useless++;
        return;
    case REPAIRS_FAILED:
        slot_fail(slot, SLOT_FAILURE_STORE);
        return;
    }
    if (recover_ready(&slot->object, &slot->repairs, w))
        recover(r, slot, w);
    slot_advance(r, slot, before);
}

static void repair_stream(struct Receiver *r, struct Slot *slot, struct RlcWindow window,
                          uint64_t key, struct View payload)
{
    switch (stream_in_repair(&slot->stream, window, key, payload)) {
    case STREAM_KEPT:
        stream_recover(r, slot);
        break;
    case STREAM_DUPLICATE:
        slot->counters.useless++;
        break;
    case STREAM_BAD:
    case STREAM_FAILED:
        slot->counters.foreign++;
        break;
    }
}

void slot_repair(struct Receiver *r, struct Slot *slot, const struct PacketRepair *repair)
{
    size_t size = (size_t)slot->info.symbol_size;
    struct RlcWindow window = {repair->first, repair->count, repair->stride};
    struct View rest = repair->symbols, payload;

    /* Only a stream leaves out the zeros at the end of the last one. */
    if (!slot_is_stream(slot) && rest.len % size != 0) {
        slot->counters.bad++;
        return;
    }
    for (; rest.len > 0 && slot->state == SLOT_COLLECTING; window.first++) {
        view_take(&rest, rest.len < size ? rest.len : size, &payload);
        slot->counters.repairs++;
        if (slot_is_stream(slot))
            repair_stream(r, slot, window, repair->key, payload);
        else
            repair_known_size(r, slot, window, repair->key, payload.data);
    }
}
