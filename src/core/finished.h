/*
 * Finished: the objects a receiver is done with, by their tags, so that what still comes of them
 * opens nothing, and their senders are told. For core/receiver.c only.
 */
#ifndef CORE_FINISHED_H
#define CORE_FINISHED_H

#include "core/receiver.h"

/* The object done with that has this tag, if that is not too long ago; or NULL. */
struct Finished *finished_find(struct Receiver *r, uint16_t tag, uint64_t now);

/* This object is done with, refused or whole; under a tag that is known already it takes that one's
 * place, else the oldest's. The newest finished object is this one now. */
struct Finished *finished_add(struct Receiver *r, uint16_t tag, const struct PacketObject *info,
                              bool refused, uint64_t now);

/* A packet of len bytes came of it: its sender may not know, and is owed an answer. */
void finished_answer(struct Receiver *r, struct Finished *f, const struct Packet *p, size_t len,
                     uint64_t now);

/* A pass over it has ended, under whichever of its tags. */
void finished_end_pass(struct Receiver *r, const struct Finished *of);

#endif
