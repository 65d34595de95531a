#include "core/object.h"

#define SIZE_MOST (UINT64_MAX >> 1)
#define WORD_BITS 64
#define WORD      8 /* bytes of the bitmap scanned at a time */

/* a / b rounded up; a below 2^63 + 2^32, so that the sum stays within 64 bits. */
static uint64_t ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

struct ObjectLayout object_layout(uint64_t size, uint32_t symbol_size, uint32_t block_limit)
{
    CORE_ASSERT(size <= SIZE_MOST && symbol_size >= 1 && symbol_size <= 65535);
    CORE_ASSERT(block_limit >= 1 && block_limit <= RLC_COUNT_MAX);
    struct ObjectLayout l = {
        .size = size,
        .symbols = ceil_div(size, symbol_size),
        .symbol_size = symbol_size,
        .blocks = 1,
        .count = 1,
        .group = 1,
        .groups = 0,
    };
    if (l.symbols == 0)
        return l;
    uint64_t most = OBJECT_GROUP_BYTES / symbol_size;
    if (most > (uint64_t)block_limit * RLC_STRIDE_MAX)
        most = (uint64_t)block_limit * RLC_STRIDE_MAX;
    uint64_t even = ceil_div(l.symbols, ceil_div(l.symbols, most));
    l.blocks = (uint32_t)ceil_div(even, block_limit);
    l.count = (uint32_t)ceil_div(even, l.blocks);
    l.group = l.blocks * l.count;
    l.groups = ceil_div(l.symbols, l.group);
    return l;
}

uint32_t object_symbol_bytes(const struct ObjectLayout *l, uint64_t s)
{
    CORE_ASSERT(s < l->symbols);
    if (s < l->symbols - 1)
        return l->symbol_size;
    return (uint32_t)(l->size - s * l->symbol_size);
}

uint64_t object_windows(const struct ObjectLayout *l)
{
    return l->groups * l->blocks;
}

struct RlcWindow object_window(const struct ObjectLayout *l, uint64_t w)
{
    CORE_ASSERT(w < object_windows(l));
    uint64_t group = w / l->blocks;
    uint64_t block = w % l->blocks;
    struct RlcWindow window = {l->group * group + block, l->count, l->blocks};
    return window;
}

uint64_t object_window_of(const struct ObjectLayout *l, uint64_t s)
{
    CORE_ASSERT(s < l->symbols);
    /* A group is a whole multiple of its blocks, so the group's start does not change the rest. */
    return s / l->group * l->blocks + s % l->blocks;
}

uint32_t object_window_real(const struct ObjectLayout *l, uint64_t w)
{
    uint64_t first = object_window(l, w).first;
    if (first >= l->symbols)
        return 0;
    uint64_t real = (l->symbols - 1 - first) / l->blocks + 1;
    return real < l->count ? (uint32_t)real : l->count;
}

bool object_window_find(const struct ObjectLayout *l, struct RlcWindow window, uint64_t *w)
{
    uint64_t group = window.first / l->group;
    uint64_t block = window.first % l->group;
    if (window.count != l->count || window.stride != l->blocks || block >= l->blocks ||
        group >= l->groups)
        return false;
    *w = group * l->blocks + block;
    return true;
}

/* Whole words, so that a scan never has to look at single bytes. */
static uint64_t bitmap_bytes(const struct ObjectLayout *l)
{
    return ceil_div(l->symbols, WORD_BITS) * WORD;
}

uint64_t object_memory(const struct ObjectLayout *l)
{
    uint64_t windows = object_windows(l);
    uint64_t bitmap = bitmap_bytes(l);
    if (windows > (UINT64_MAX - bitmap) / sizeof(uint16_t))
        return UINT64_MAX;
    return bitmap + windows * sizeof(uint16_t);
}

void object_init(struct Object *o, const struct ObjectLayout *l, void *memory)
{
    o->layout = *l;
    o->arrived = memory;
    o->missing = memory; /* of no bytes and perhaps no address, if the object is empty */
    if (l->symbols > 0)
        o->missing += bitmap_bytes(l) / sizeof(uint16_t);
    object_forget(o);
}

void object_forget(struct Object *o)
{
    const struct ObjectLayout *l = &o->layout;
    uint64_t bitmap = bitmap_bytes(l);
    if (bitmap > 0)
        memset(o->arrived, 0, (size_t)bitmap);
    uint64_t windows = object_windows(l);
    uint64_t last_group = windows > 0 ? windows - l->blocks : 0;
    for (uint64_t w = 0; w < last_group; w++)
        o->missing[w] = (uint16_t)l->count;
    for (uint64_t w = last_group; w < windows; w++)
        o->missing[w] = (uint16_t)object_window_real(l, w);
    o->have = 0;
    o->prefix = 0;
}

bool object_has(const struct Object *o, uint64_t s)
{
    CORE_ASSERT(s < o->layout.symbols);
    return (o->arrived[s / 8] >> (s % 8) & 1) != 0;
}

bool object_complete(const struct Object *o)
{
    return o->have == o->layout.symbols;
}

/* The first bit in s .. end that is set once the bitmap is xored with flip, or end. */
static uint64_t scan(const struct Object *o, uint64_t s, uint64_t end, uint64_t flip)
{
    if (s >= end)
        return end;
    uint64_t offset = s / WORD_BITS;
    uint64_t word = (get_u64(o->arrived + offset * WORD) ^ flip) & UINT64_MAX << s % WORD_BITS;
    while (word == 0) {
        offset++;
        if (offset * WORD_BITS >= end)
            return end;
        word = get_u64(o->arrived + offset * WORD) ^ flip;
    }
    uint64_t found = offset * WORD_BITS + (uint64_t)__builtin_ctzll(word);
    return found < end ? found : end;
}

uint64_t object_next_missing(const struct Object *o, uint64_t s, uint64_t end)
{
    CORE_ASSERT(end <= o->layout.symbols);
    return scan(o, s > o->prefix ? s : o->prefix, end, UINT64_MAX);
}

uint64_t object_next_arrived(const struct Object *o, uint64_t s, uint64_t end)
{
    CORE_ASSERT(end <= o->layout.symbols);
    return scan(o, s, end, 0);
}

bool object_mark(struct Object *o, uint64_t s)
{
    if (object_has(o, s))
        return false;
    o->arrived[s / 8] |= (uint8_t)(1U << s % 8);
    o->missing[object_window_of(&o->layout, s)]--;
    o->have++;
    if (s == o->prefix)
        o->prefix = scan(o, s + 1, o->layout.symbols, UINT64_MAX);
    return true;
}

void object_regrid(struct Object *to, const struct Object *from)
{
    const struct ObjectLayout *a = &from->layout;
    const struct ObjectLayout *b = &to->layout;
    CORE_ASSERT(a->size == b->size);
    uint64_t end;
    for (uint64_t s = object_next_arrived(from, 0, a->symbols); s < a->symbols;
         s = object_next_arrived(from, end, a->symbols)) {
        end = object_next_missing(from, s, a->symbols);
        /* Bytes are missing on either side of a range: a symbol of to is inside one or in none. */
        uint64_t t = ceil_div(s * a->symbol_size, b->symbol_size);
        uint64_t t_end = end == a->symbols ? b->symbols : end * a->symbol_size / b->symbol_size;
        for (; t < t_end; t++)
            object_mark(to, t);
    }
}
