#include "core/waiting.h"

#define LENGTH 4

void waiting_init(struct WaitingRoom *w, uint8_t *memory, size_t size)
{
    *w = (struct WaitingRoom){.memory = memory, .size = size, .wrap = size};
}

bool waiting_take(struct WaitingRoom *w, struct View *packet)
{
    uint32_t len;

    if (w->count == 0)
        return false;
    if (w->head == w->wrap) {
        w->head = 0;
        w->wrap = w->size;
    }
    len = get_u32(w->memory + w->head);
    *packet = view_of(w->memory + w->head + LENGTH, len);
    w->head += LENGTH + len;
    w->count--;
    return true;
}

/* True if n bytes are free at tail; may move tail round to the front. */
static bool has_room(struct WaitingRoom *w, size_t n)
{
    if (w->count == 0) {
        w->head = w->tail = 0;
        w->wrap = w->size;
    }
    if (w->count > 0 && w->tail <= w->head)
        return w->head - w->tail >= n;
    if (w->size - w->tail >= n)
        return true;
    if (w->count == 0 || w->head < n)
        return false;
    w->wrap = w->tail;
    w->tail = 0;
    return true;
}

uint32_t waiting_add(struct WaitingRoom *w, struct View packet)
{
    uint32_t gone = 0;
    struct View oldest;

    if (w->size < LENGTH || w->size - LENGTH < packet.len)
        return 1;
    while (w->count == WAITING_PACKETS || !has_room(w, LENGTH + packet.len)) {
        waiting_take(w, &oldest);
        gone++;
    }
    /* A packet just taken may be put back: it may overlap its new place, which is not behind it. */
    memmove(w->memory + w->tail + LENGTH, packet.data, packet.len);
    put_u32(w->memory + w->tail, (uint32_t)packet.len);
    w->tail += LENGTH + packet.len;
    w->count++;
    return gone;
}
