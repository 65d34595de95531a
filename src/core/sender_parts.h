/*
 * The parts of a sender: sender.c is the machine and what files need, sender_stream.c what streams
 * need, sender_two_way.c the schedule for a receiver that answers and sender_heard.c its answers,
 * sender_plan.c how an object is cut. For these only.
 */
#ifndef CORE_SENDER_PARTS_H
#define CORE_SENDER_PARTS_H

#include "core/sender.h"

bool sender_is_stream(const struct Sender *s);

/* The one place where the state changes. */
void sender_enter(struct Sender *s, enum SenderState state);

/* A byte could not be had: FAILED. Returns false. */
bool sender_fail(struct Sender *s);

/* Give the packet its header and count it. Returns true. */
bool sender_close(struct Sender *s, struct Buffer *packet, enum PacketType type);

/* OBJECT; END with `rest` packets of the pass to come. Returns true, or false: FAILED. */
bool sender_put_object(struct Sender *s, struct Buffer *packet);
bool sender_put_end(struct Sender *s, struct Buffer *packet, uint64_t rest);

/* Repairs for n sources: the redundancy asked for, but never a single one alone. */
uint64_t sender_repairs_for(const struct Sender *s, uint64_t n);

/* Symbols that a stream of that T keeps. */
uint32_t sender_stream_capacity(uint32_t symbol_size);

/* Credit, in thousandths, for a repair of a stream. */
#define SENDER_REPAIR_CREDIT 1000

/* The next closed symbols (there is one); a repair of the recent past (there is some). */
bool sender_stream_source(struct Sender *s, struct Buffer *packet, struct View *body);
bool sender_stream_repair(struct Sender *s, struct Buffer *packet, struct View *body);

/* Closed symbols from `first` on, as many as lie side by side, at least 1 and at most *n, which
 * becomes their number. Borrowed. */
struct View sender_stream_symbols(const struct Sender *s, uint64_t first, uint32_t *n);

/* All symbols are out: TAIL. */
void sender_stream_begin_tail(struct Sender *s);

/* Two-way: bytes of memory for what is known of the receiver; begin, with that memory. */
size_t sender_peer_memory(const struct SenderConfig *config);
void sender_peer_init(struct Sender *s, void *memory);

/* The packet of DELIVERING, CONFIRMING and CONFIRMED. False: none now. */
bool sender_deliver(struct Sender *s, struct Buffer *packet, struct View *body, uint64_t now);
bool sender_confirm(struct Sender *s, struct Buffer *packet, uint64_t now);
bool sender_say_done(struct Sender *s, struct Buffer *packet);

/* How much later than planned the next question is asked: drawn anew each time. */
void sender_draw_jitter(struct SenderPeer *p);

#endif
