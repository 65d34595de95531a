/*
 * Slot store: the receiver's store as seen from one slot. ReceiverStore's functions take the slot's
 * number; what core/repairs, recover and stream_in call has no such argument: their ctx is this.
 */
#ifndef CORE_SLOT_STORE_H
#define CORE_SLOT_STORE_H

#include "core/receiver.h"

struct SlotStore {
    const struct ReceiverStore *store;
    unsigned number;
};

/* Of a slot of r. Borrows r. */
struct SlotStore slot_store(const struct Receiver *r, const struct Slot *slot);

/* The functions of ReceiverStore by the same name; ctx is a SlotStore. */
bool slot_store_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len);
bool slot_store_read(void *ctx, uint64_t offset, uint8_t *data, size_t len);
bool slot_store_repair_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len);
bool slot_store_repair_read(void *ctx, uint64_t offset, uint8_t *data, size_t len);
bool slot_store_deliver(void *ctx, const uint8_t *data, size_t len);
void *slot_store_scratch(void *ctx, uint64_t size);

#endif
