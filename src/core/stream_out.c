#include "core/stream_out.h"

size_t stream_out_memory(uint32_t symbol_size, uint32_t capacity)
{
    return capacity * (sizeof(uint32_t) + (size_t)symbol_size);
}

void stream_out_init(struct StreamOut *o, uint32_t symbol_size, uint32_t capacity, void *memory)
{
    CORE_ASSERT(symbol_size >= 4 && capacity >= 2);
    *o = (struct StreamOut){
        .symbol_size = symbol_size,
        .width = (uint32_t)varint_size(symbol_size),
        .capacity = capacity,
        .used = memory,
        .slots = (uint8_t *)memory + capacity * sizeof(uint32_t),
    };
}

uint64_t stream_out_first(const struct StreamOut *o)
{
    return o->closed >= o->capacity ? o->closed - o->capacity + 1 : 0;
}

static uint8_t *slot_of(const struct StreamOut *o, uint64_t s)
{
    return o->slots + s % o->capacity * o->symbol_size;
}

uint8_t *stream_out_space(struct StreamOut *o, uint64_t keep, size_t *len)
{
    if (o->ended || o->closed - keep >= o->capacity)
        return NULL;
    *len = o->symbol_size - o->width - o->fill;
    return slot_of(o, o->closed) + o->width + o->fill;
}

/* A length that always takes `width` bytes: LEB128 padded with continuation bits. */
static void put_length(uint8_t *p, uint32_t width, uint32_t length)
{
    for (uint32_t i = 0; i + 1 < width; i++, length >>= 7)
        p[i] = (uint8_t)(length | 0x80);
    p[width - 1] = (uint8_t)length;
}

static void close_symbol(struct StreamOut *o)
{
    put_length(slot_of(o, o->closed), o->width, o->fill);
    o->used[o->closed % o->capacity] = o->width + o->fill;
    o->closed++;
    o->fill = 0;
}

void stream_out_take(struct StreamOut *o, size_t n)
{
    CORE_ASSERT(n <= o->symbol_size - o->width - o->fill);
    o->fill += (uint32_t)n;
    o->size += n;
    if (o->fill == o->symbol_size - o->width)
        close_symbol(o);
}

void stream_out_flush(struct StreamOut *o)
{
    if (o->fill > 0)
        close_symbol(o);
}

void stream_out_end(struct StreamOut *o)
{
    stream_out_flush(o);
    o->ended = true;
}

const uint8_t *stream_out_symbol(const struct StreamOut *o, uint64_t s, size_t *len)
{
    CORE_ASSERT(s < o->closed && o->closed - s <= o->capacity);
    *len = o->used[s % o->capacity];
    return slot_of(o, s);
}
