/*
 * Delivery: what a sender knows of the symbols at the other side: which have arrived and which are
 * to be sent again. Kept as two bits a symbol, in a ring: an object of known size has room for all
 * of its symbols, a stream for those it still holds. Ranges are walked 64 symbols at a time.
 */
#ifndef CORE_DELIVERY_H
#define CORE_DELIVERY_H

#include "core/bytes.h"

struct Delivery {
    uint64_t *arrived;  /* bit s % capacity */
    uint64_t *lost;     /* sent, not arrived, not in flight: to be sent again */
    uint64_t capacity;  /* symbols; a multiple of 64 */
    uint64_t sent;      /* symbols below it have been sent, or had arrived before */
    uint64_t low;       /* symbols below it cannot be had any more; they have arrived */
    uint64_t prefix;    /* symbols below it have arrived */
    uint64_t end;       /* symbols from it on have not */
    uint64_t have;      /* symbols that have arrived */
    uint64_t losses;    /* symbols that are lost, */
    uint64_t loss_from; /* none below it */
};

/* Bytes of memory (aligned for uint64_t) for `symbols` symbols. */
uint64_t delivery_memory(uint64_t symbols);

/* Nothing sent, nothing arrived. Keeps memory. */
void delivery_init(struct Delivery *d, uint64_t symbols, void *memory);

/* Nothing is known of the other side any more: all that was sent before, and was not given up, is
 * to be sent anew. */
void delivery_forget(struct Delivery *d);

/*
 * Symbols below `low` are given up: they cannot be sent again, whatever becomes of the other side.
 * All of them have arrived (else CORE_ASSERT). A ring gives up by itself what it has no room for.
 */
void delivery_release(struct Delivery *d, uint64_t low);

/* Symbols first .. end have arrived. Those that were given up, or a ring does not hold yet, are
 * passed over. */
void delivery_arrived(struct Delivery *d, uint64_t first, uint64_t end);

/*
 * Symbols first .. end have not arrived: those that were sent are lost. True: some of them had
 * been said to have.
 */
bool delivery_missing(struct Delivery *d, uint64_t first, uint64_t end);

/* Symbols first .. end are (again) on their way. */
void delivery_flying(struct Delivery *d, uint64_t first, uint64_t end);

/*
 * The next symbols to send, below `limit` and at most `most` of them: lost ones first, the lowest
 * first, then those never sent. Returns how many, 0: none; *first is the first of them.
 */
uint32_t delivery_next(struct Delivery *d, uint64_t limit, uint32_t most, uint64_t *first);

#endif
