/*
 * Finished: the objects a receiver is done with, by their tags, so that what still comes of them
 * opens nothing, and their senders are told. A tag has 16 bits and may be another object's by
 * chance: so only an OBJECT or END that is of the object by its fields gets its verdict; whoever
 * else asks, WANT_OBJECT. For core/receiver.c only.
 */
#ifndef CORE_FINISHED_H
#define CORE_FINISHED_H

#include "core/receiver.h"

/* The object done with that has this tag, if that is not too long ago; or NULL. */
struct Finished *finished_find(struct Receiver *r, uint16_t tag, uint64_t now);

/*
 * This object is done with, refused or whole; under a tag that is known already it takes that one's
 * place, else the oldest's. Nobody is owed an answer. The newest finished object is this one now.
 */
struct Finished *finished_add(struct Receiver *r, uint16_t tag, const struct PacketObject *info,
                              bool refused, uint64_t now);

/* The digest of its content, which END has told. */
void finished_learn(struct Finished *f, struct View digest);

/* The tag is another object's, or is asked for anew: this one gives way. */
void finished_forget(struct Receiver *r, struct Finished *f);

/* An OBJECT came that is of it, and of the same run: its sender does not know, and is told. */
void finished_object(struct Receiver *r, struct Finished *f, const struct Packet *p, uint64_t now);

/* Another packet of len bytes came with its tag. */
void finished_input(struct Receiver *r, struct Finished *f, const struct Packet *p, size_t len,
                    uint64_t now);

#endif
