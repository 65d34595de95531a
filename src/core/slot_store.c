#include "core/slot_store.h"

bool slot_store_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len)
{
    struct SlotStore *s = ctx;

    return s->store->write(s->store->ctx, s->number, offset, data, len);
}

bool slot_store_read(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    struct SlotStore *s = ctx;

    return s->store->read(s->store->ctx, s->number, offset, data, len);
}

bool slot_store_repair_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len)
{
    struct SlotStore *s = ctx;

    return s->store->repair_write(s->store->ctx, s->number, offset, data, len);
}

bool slot_store_repair_read(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    struct SlotStore *s = ctx;

    return s->store->repair_read(s->store->ctx, s->number, offset, data, len);
}

bool slot_store_deliver(void *ctx, const uint8_t *data, size_t len)
{
    struct SlotStore *s = ctx;

    return s->store->deliver(s->store->ctx, s->number, data, len);
}

void *slot_store_scratch(void *ctx, uint64_t size)
{
    struct SlotStore *s = ctx;

    return s->store->scratch(s->store->ctx, s->number, size);
}

struct SlotStore slot_store(const struct Receiver *r, const struct Slot *slot)
{
    return (struct SlotStore){&r->config.store, (unsigned)(slot - r->config.slots)};
}
