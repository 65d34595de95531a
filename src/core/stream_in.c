#include "core/stream_in.h"

/*
 * After an attempt that failed, so many more repairs must come before the next, and twice as many
 * after that: neither hostile ones can buy an elimination each, nor do bad ones block for ever.
 */
#define PAUSE_MAX 63

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

    CORE_ASSERT(symbol_size >= STREAM_T_MIN);
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

/*
 * True if a packet about symbol s is not to be believed: so far ahead the sender would have had to
 * forget all that we still wait for. If it really has, many such packets come, and nothing else.
 */
static bool is_far(struct StreamIn *in, uint64_t s)
{
    bool far = s >= in->next && s - in->next >= 2 * (uint64_t)in->capacity;

    in->far = far ? in->far + (in->far < STREAM_FAR_MAX) : 0;
    return far && in->far < STREAM_FAR_MAX;
}

enum StreamResult stream_in_source(struct StreamIn *in, uint64_t s, struct View symbol,
                                   const struct StreamStore *store)
{
    if (s < in->next || has(in, s)) {
        in->far = 0;
        return STREAM_DUPLICATE;
    }
    if (is_far(in, s))
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

/* Forget n rows from row i on; the memory of their payloads is free again. */
static void drop_rows(struct StreamIn *in, uint32_t i, uint32_t n)
{
    in->row_count -= n;
    for (; i < in->row_count; i++) {
        struct RlcRow row = in->rows[i];

        in->rows[i] = in->rows[i + n];
        in->rows[i + n] = row;
    }
}

static uint64_t window_end(struct RlcWindow w)
{
    return w.first + w.count;
}

static bool is_waiting(const struct StreamIn *in, struct RlcWindow w, uint64_t key)
{
    for (uint32_t i = 0; i < in->row_count; i++) {
        const struct RlcRow *row = &in->rows[i];

        if (row->key == key && row->window.first == w.first && row->window.count == w.count)
            return true;
    }
    return false;
}

/* Rows are kept in the order of their windows' ends. */
static void insert_row(struct StreamIn *in, struct RlcWindow w, uint64_t key, struct View payload)
{
    struct RlcRow row = in->rows[in->row_count];
    uint32_t i = in->row_count++;

    memcpy(row.payload, payload.data, payload.len);
    memset(row.payload + payload.len, 0, in->symbol_size - payload.len);
    row.window = w;
    row.key = key;
    for (; i > 0 && window_end(in->rows[i - 1].window) > window_end(w); i--)
        in->rows[i] = in->rows[i - 1];
    in->rows[i] = row;
}

enum StreamResult stream_in_repair(struct StreamIn *in, struct RlcWindow w, uint64_t key,
                                   struct View payload)
{
    if (w.stride != 1 || w.count > in->capacity || w.first > UINT64_MAX - w.count ||
        is_far(in, w.first))
        return STREAM_BAD;
    if (window_end(w) > in->high)
        in->high = window_end(w);
    if (w.first > in->newest_first)
        in->newest_first = w.first;
    /* High may be anywhere now: as far as there is a gap for good nothing is kept. */
    if (w.first < ring_low(in) || in->next < ring_low(in) || lost_in(in, w) == 0 ||
        is_waiting(in, w, key))
        return STREAM_DUPLICATE;
    if (in->row_count == row_capacity(in->symbol_size))
        drop_rows(in, 0, 1);
    insert_row(in, w, key, payload);
    in->wait -= in->wait > 0 ? 1 : 0;
    return STREAM_KEPT;
}

/* Repairs that can tell nothing any more: nothing lost in them, or their symbols are gone. */
static void purge(struct StreamIn *in)
{
    for (uint32_t i = 0; i < in->row_count;) {
        struct RlcWindow w = in->rows[i].window;

        if (w.first < ring_low(in) || lost_in(in, w) == 0)
            drop_rows(in, i, 1);
        else
            i++;
    }
}

/* The first so many rows, and what is lost before the end of their windows. */
struct Part {
    uint32_t rows;
    uint32_t lost;
    uint64_t end;
};

/*
 * The largest part that ought to be solvable, of 0 rows if none is. Windows reach back further than
 * the losses, as a rule; so it is their ends that decide: however many of a part's losses are taken
 * from its end, as many of its rows must have their end among them. Which is so if rows less losses
 * is nowhere greater than at the part's end.
 */
static struct Part solvable(const struct StreamIn *in)
{
    struct Part best = {0}, part = {0, 0, in->next};
    uint32_t at = (uint32_t)(in->next % in->capacity);

    for (uint32_t i = 0; i < in->row_count; i++) {
        uint64_t end = window_end(in->rows[i].window);

        for (; part.end < end; part.end++) {
            part.lost += in->number[at] == part.end + 1 ? 0 : 1;
            at = at + 1 == in->capacity ? 0 : at + 1;
        }
        part.rows = i + 1;
        if (part.rows + best.lost >= part.lost + best.rows)
            best = part;
    }
    return best.lost > 0 ? best : (struct Part){0};
}

static void solve(struct StreamIn *in, struct RlcSystem *system, struct Part part)
{
    uint64_t low = part.end;

    for (uint32_t i = 0; i < part.rows; i++)
        low = in->rows[i].window.first < low ? in->rows[i].window.first : low;
    for (uint64_t s = low; s < part.end; s++) {
        if (has(in, s))
            rlc_system_known(system, s, slot_of(in, s), in->used[s % in->capacity]);
    }
    rlc_system_solve(system);
    for (size_t u = 0; u < system->unknown_count; u++)
        keep_symbol(in, system->unknowns[u],
                    view_of(rlc_system_solution(system, u), in->symbol_size));
}

/* Solve that part. False: no memory, or its rows are not independent. */
static bool attempt(struct StreamIn *in, Gf256MulAdd muladd, const struct StreamStore *store,
                    struct Part part)
{
    uint64_t size = (rlc_system_memory(part.lost, part.rows, in->symbol_size) + 15) & ~UINT64_C(15);
    struct RlcSystem system;
    uint8_t *memory = store->scratch(store->ctx, size + part.lost * sizeof(uint64_t));
    uint64_t *unknowns;
    uint32_t count = 0;

    if (!memory)
        return false;
    unknowns = (uint64_t *)(void *)(memory + size);
    for (uint64_t s = in->next; s < part.end; s++) {
        if (!has(in, s))
            unknowns[count++] = s;
    }
    if (!rlc_system_init(&system, memory, muladd, in->symbol_size, unknowns, count, in->rows,
                         part.rows))
        return false;
    solve(in, &system, part);
    return true;
}

enum StreamResult stream_in_recover(struct StreamIn *in, Gf256MulAdd muladd,
                                    const struct StreamStore *store, uint64_t *solved)
{
    struct Part part;

    *solved = 0;
    if (in->wait > 0 || in->next < ring_low(in) || solvable(in).rows == 0)
        return STREAM_DUPLICATE;
    purge(in);
    part = solvable(in);
    if (part.rows == 0)
        return STREAM_DUPLICATE;
    if (!attempt(in, muladd, store, part)) {
        in->pause = in->pause < PAUSE_MAX ? 2 * in->pause + 1 : PAUSE_MAX;
        in->wait = in->pause;
        return STREAM_DUPLICATE;
    }
    *solved = part.lost;
    in->pause = 0;
    drop_rows(in, 0, part.rows);
    return hand_on(in, store) ? STREAM_KEPT : STREAM_FAILED;
}

bool stream_in_gap(const struct StreamIn *in, bool resent)
{
    if (in->next >= in->high)
        return false;
    /* The next is here and was not handed on: solved, but no symbol. */
    if (has(in, in->next))
        return true;
    if (resent)
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

/* No symbol at or behind it is in the ring. */
static uint64_t ring_end(const struct StreamIn *in)
{
    uint64_t end = in->next + in->capacity;

    return in->high < end ? in->high : end;
}

uint64_t stream_in_next_missing(const struct StreamIn *in, uint64_t s, uint64_t end)
{
    s = s > in->next ? s : in->next;
    while (s < end && s < ring_end(in) && has(in, s))
        s++;
    return s < end ? s : end;
}

uint64_t stream_in_next_arrived(const struct StreamIn *in, uint64_t s, uint64_t end)
{
    while (s < end && s < ring_end(in) && s >= in->next && !has(in, s))
        s++;
    return s < end && s < ring_end(in) ? s : end;
}

enum StreamResult stream_in_skip(struct StreamIn *in, const struct StreamStore *store,
                                 uint64_t *skipped)
{
    uint64_t before = in->next, low = ring_low(in);

    if (in->next < low)
        in->next = low;
    else if (has(in, in->next))
        in->next++; /* solved, but no symbol */
    while (in->next < in->high && !has(in, in->next))
        in->next++;
    *skipped = in->next - before;
    return hand_on(in, store) ? STREAM_KEPT : STREAM_FAILED;
}
