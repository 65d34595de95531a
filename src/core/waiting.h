/*
 * Waiting room: packets of tags that nobody knows yet, oldest first, in a ring of bytes. When it
 * is full the oldest make room.
 */
#ifndef CORE_WAITING_H
#define CORE_WAITING_H

#include "core/bytes.h"

#define WAITING_PACKETS 4096 /* most packets that wait */

/* A packet lies as length (u32) and bytes, never across the ring's end. */
struct WaitingRoom {
    uint8_t *memory;
    size_t size;
    size_t head; /* oldest packet */
    size_t tail; /* where the next one goes */
    size_t wrap; /* where the packets above tail end, once tail has come round */
    uint32_t count;
};

/* Empty, over size bytes at memory (kept); size 0: nothing ever waits. */
void waiting_init(struct WaitingRoom *w, uint8_t *memory, size_t size);

/* Keep a copy of packet. The number of older packets that had to go; packet itself, if it is
 * larger than the whole room, is dropped and counts as one. */
uint32_t waiting_add(struct WaitingRoom *w, struct View packet);

/* Take the oldest packet: borrowed until the next waiting_add. False: empty. */
bool waiting_take(struct WaitingRoom *w, struct View *packet);

#endif
