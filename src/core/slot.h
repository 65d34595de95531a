/*
 * Slot: what receiver does with one object's packets. slot.c has the object from OBJECT to the
 * verdict, slot_symbols.c its symbols, slot_store.c the way to the bytes. For core/receiver.c only.
 */
#ifndef CORE_SLOT_H
#define CORE_SLOT_H

#include "core/receiver.h"

/*
 * The slot, free so far, collects the object of this OBJECT packet; with resume, what the store
 * says is here counts as arrived. The packet is not yet counted: those that waited for it came
 * before. False: no memory for its bookkeeping; the slot stays free.
 */
bool slot_open(struct Receiver *r, struct Slot *slot, const struct Packet *object, bool resume,
               uint64_t now);

/* A packet of this slot came: times, and the gap in seq. What is answered echoes it, under its tag.
 */
void slot_count_packet(struct Slot *slot, const struct Packet *p, uint64_t now);

/* True if both are of one file, or one stream: size, id, flags and name agree; but a name that had
 * to be cut may be any. */
bool slot_same_file(const struct PacketObject *a, const struct PacketObject *b);

/* True if the id is the first bytes of the content's digest. */
bool slot_id_is_digest(const struct PacketObject *info);

/* *to becomes what info is; its name lies in name, of PACKET_NAME_MAX bytes. */
void slot_copy_object(struct PacketObject *to, uint8_t *name, const struct PacketObject *info);

/* True if that OBJECT, under one of the slot's tags, is of the slot's object and grid. */
bool slot_same_object(const struct Slot *slot, const struct PacketObject *info);

/* The slot's object under this OBJECT's tag, T and B from now on. */
void slot_add_alias(struct Receiver *r, struct Slot *slot, const struct Packet *object);

/* Symbols, repairs and END: taken, or counted by why not. May set SLOT_FAILED. */
void slot_source(struct Receiver *r, struct Slot *slot, const struct PacketSource *source);
void slot_repair(struct Receiver *r, struct Slot *slot, const struct PacketRepair *repair);
void slot_end(struct Slot *slot, const struct PacketEnd *end);

/* If every byte is here and can be verified now, asks the store to. True: verified. */
bool slot_finish(struct Receiver *r, struct Slot *slot);

/* True if what a stream lacks for good is left out: behind a gap nothing could be unpacked. */
bool slot_may_skip(const struct Receiver *r, const struct Slot *slot);

/* A stream whose END has come for the last time: what is missing up to there is left out, unless
 * its sender still has it. */
void slot_skip_rest(struct Receiver *r, struct Slot *slot);

/* Between slot.c and slot_symbols.c: */
bool slot_is_stream(const struct Slot *slot);
void slot_enter(struct Slot *slot, enum SlotState state); /* the one place where it changes */
void slot_fail(struct Slot *slot, enum SlotFailure failure);
/* Tell the store how far everything has arrived, if that is no longer `before` symbols. */
void slot_advance(struct Receiver *r, struct Slot *slot, uint64_t before);

#endif
