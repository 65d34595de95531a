#include "core/stream_in.h"

static uint32_t ring_capacity(uint32_t symbol_size)
{
    uint64_t fit = STREAM_RING_BYTES / symbol_size;

    return fit < STREAM_RING_MAX ? (uint32_t)fit : STREAM_RING_MAX;
}

static uint32_t row_capacity(uint32_t symbol_size)
{
    uint32_t ring = ring_capacity(symbol_size);

    return ring < STREAM_REPAIRS_MAX ? ring : STREAM_REPAIRS_MAX;
}

uint64_t stream_in_memory(uint32_t symbol_size)
{
    uint64_t ring = ring_capacity(symbol_size), rows = row_capacity(symbol_size);

    return ring * (sizeof(uint64_t) + sizeof(uint32_t) + symbol_size) +
           rows * (sizeof(struct RlcRow) + symbol_size) + 64;
}

void stream_in_init(struct StreamIn *in, uint32_t symbol_size, void *memory)
{
    uint32_t ring = ring_capacity(symbol_size), rows = row_capacity(symbol_size);

    CORE_ASSERT(symbol_size >= 4);
    *in = (struct StreamIn){.symbol_size = symbol_size, .capacity = ring};
    in->rows = memory;
    in->number = (uint64_t *)(void *)(in->rows + rows);
    in->used = (uint32_t *)(in->number + ring);
    in->slots = (uint8_t *)(in->used + ring);
    in->payloads = in->slots + (uint64_t)ring * symbol_size;
    for (uint32_t i = 0; i < rows; i++)
        in->rows[i].payload = in->payloads + (uint64_t)i * symbol_size;
}

static uint8_t *slot_of(const struct StreamIn *in, uint64_t s)
{
    return in->slots + s % in->capacity * in->symbol_size;
}

static bool has(const struct StreamIn *in, uint64_t s)
{
    return in->number[s % in->capacity] == s + 1;
}

size_t stream_in_symbol_length(const struct StreamIn *in, struct View v)
{
    size_t before = v.len;
    uint64_t length;

    if (!view_take_varint(&v, &length) || length == 0 || length > v.len)
        return 0;
    return before - v.len + length <= in->symbol_size ? before - v.len + (size_t)length : 0;
}

static void keep_symbol(struct StreamIn *in, uint64_t s, struct View symbol)
{
    memcpy(slot_of(in, s), symbol.data, symbol.len);
    in->used[s % in->capacity] = (uint32_t)symbol.len;
    in->number[s % in->capacity] = s + 1;
}

/* Hand on everything up to the first gap. */
static bool hand_on(struct StreamIn *in, const struct StreamStore *store)
{
    while (has(in, in->next)) {
        struct View v = view_of(slot_of(in, in->next), in->used[in->next % in->capacity]);
        uint64_t length;

        /* A solved symbol may be anything: what is no symbol ends the stream as a gap would. */
        if (!view_take_varint(&v, &length) || length > v.len)
            return true;
        if (!store->deliver(store->ctx, v.data, (size_t)length))
            return false;
        in->size += length;
        in->next++;
    }
    return true;
}

enum StreamResult stream_in_source(struct StreamIn *in, uint64_t s, struct View symbol,
                                   const struct StreamStore *store)
{
    if (s < in->next || has(in, s))
        return STREAM_DUPLICATE;
    /* So far ahead cannot be: the sender would have had to forget all that we still wait for. */
    if (s - in->next >= 2 * (uint64_t)in->capacity)
        return STREAM_BAD;
    if (s >= in->high)
        in->high = s + 1;
    if (s - in->next >= in->capacity)
        return STREAM_DUPLICATE; /* the ring still waits for older ones: stream_in_gap tells */
    keep_symbol(in, s, symbol);
    return hand_on(in, store) ? STREAM_KEPT : STREAM_FAILED;
}

/* The first symbol whose bytes the ring still holds, or could. */
static uint64_t ring_low(const struct StreamIn *in)
{
    return in->high > in->capacity ? in->high - in->capacity : 0;
}

/* Lost symbols in the window: those neither in the ring nor handed on. */
static uint32_t lost_in(const struct StreamIn *in, struct RlcWindow w)
{
    uint64_t s = w.first > in->next ? w.first : in->next, end = w.first + w.count;
    uint32_t lost = 0;

    for (; s < end; s++)
        lost += has(in, s) ? 0 : 1;
    return lost;
}

static void drop_row(struct StreamIn *in, uint32_t i)
{
    struct RlcRow row = in->rows[i];

    in->row_count--;
    memmove(in->rows + i, in->rows + i + 1, (in->row_count - i) * sizeof *in->rows);
    in->rows[in->row_count] = row; /* its payload's memory is free again */
}

enum StreamResult stream_in_repair(struct StreamIn *in, struct RlcWindow w, uint64_t key,
                                   const uint8_t *payload)
{
    uint64_t end = w.first + w.count;

    if (w.stride != 1 || w.count > in->capacity || w.first > in->next + in->capacity)
        return STREAM_BAD;
    if (end > in->high)
        in->high = end;
    if (w.first > in->newest_first)
        in->newest_first = w.first;
    if (w.first < ring_low(in) || lost_in(in, w) == 0)
        return STREAM_DUPLICATE;
    for (uint32_t i = 0; i < in->row_count; i++) {
        if (in->rows[i].window.first == w.first && in->rows[i].window.count == w.count &&
            in->rows[i].key == key)
            return STREAM_DUPLICATE;
    }
    if (in->row_count == row_capacity(in->symbol_size))
        drop_row(in, 0);
    in->rows[in->row_count].window = w;
    in->rows[in->row_count].key = key;
    memcpy(in->rows[in->row_count].payload, payload, in->symbol_size);
    in->row_count++;
    return STREAM_KEPT;
}

/* Repairs that can tell nothing any more: nothing lost in them, or their symbols are gone. */
static void purge(struct StreamIn *in)
{
    for (uint32_t i = 0; i < in->row_count;) {
        struct RlcWindow w = in->rows[i].window;

        if (w.first < ring_low(in) || lost_in(in, w) == 0)
            drop_row(in, i);
        else
            i++;
    }
}

/* The span of symbols that the waiting repairs talk about, from `next` on. */
static void span(const struct StreamIn *in, uint64_t *low, uint64_t *end)
{
    *low = UINT64_MAX;
    *end = 0;
    for (uint32_t i = 0; i < in->row_count; i++) {
        struct RlcWindow w = in->rows[i].window;

        *low = w.first < *low ? w.first : *low;
        *end = w.first + w.count > *end ? w.first + w.count : *end;
    }
}

static bool solve(struct StreamIn *in, struct RlcSystem *system, uint64_t low, uint64_t end)
{
    for (uint64_t s = low; s < end; s++) {
        if (has(in, s))
            rlc_system_known(system, s, slot_of(in, s), in->used[s % in->capacity]);
    }
    rlc_system_solve(system);
    for (size_t u = 0; u < system->unknown_count; u++)
        keep_symbol(in, system->unknowns[u],
                    view_of(rlc_system_solution(system, u), in->symbol_size));
    return true;
}

enum StreamResult stream_in_recover(struct StreamIn *in, Gf256MulAdd muladd,
                                    const struct StreamStore *store, uint64_t *solved)
{
    struct RlcSystem system;
    uint64_t low, end, system_size, *unknowns;
    size_t count = 0, lost;
    uint8_t *memory;

    *solved = 0;
    purge(in);
    if (in->row_count == 0)
        return STREAM_DUPLICATE;
    span(in, &low, &end);
    lost = lost_in(in, (struct RlcWindow){low, (uint32_t)(end - low), 1});
    if (in->row_count < lost + in->excess)
        return STREAM_DUPLICATE;
    system_size = (rlc_system_memory(lost, in->row_count) + 15) & ~UINT64_C(15);
    memory = store->scratch(store->ctx, system_size + lost * sizeof *unknowns);
    if (!memory)
        return STREAM_DUPLICATE;
    unknowns = (uint64_t *)(void *)(memory + system_size);
    for (uint64_t s = low > in->next ? low : in->next; s < end; s++) {
        if (!has(in, s))
            unknowns[count++] = s;
    }
    if (!rlc_system_init(&system, memory, muladd, in->symbol_size, unknowns, lost, in->rows,
                         in->row_count)) {
        in->excess = in->excess * 2 + 1;
        return STREAM_DUPLICATE;
    }
    solve(in, &system, low, end);
    *solved = lost;
    in->excess = 0;
    in->row_count = 0;
    return hand_on(in, store) ? STREAM_KEPT : STREAM_FAILED;
}

bool stream_in_gap(const struct StreamIn *in)
{
    if (in->next >= in->high || has(in, in->next))
        return false;
    if (in->next < ring_low(in))
        return true;
    if (in->newest_first <= in->next)
        return false;
    for (uint32_t i = 0; i < in->row_count; i++) {
        if (in->rows[i].window.first <= in->next)
            return false;
    }
    return true;
}
