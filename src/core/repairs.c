#include "core/repairs.h"

static uint32_t capacity_of(const struct ObjectLayout *l)
{
    /* A few more than a window can lack, so that dependent repairs do not block it. */
    return l->count + (l->count < 8 ? l->count : 8);
}

static uint64_t record_offset(const struct Repairs *r, uint64_t w, uint32_t index)
{
    return (w * r->capacity + index) * (REPAIRS_KEY + (uint64_t)r->symbol_size);
}

static bool is_occupied(const struct Repairs *r, uint64_t w, uint32_t index)
{
    uint64_t bit = w * r->capacity + index;

    return (r->occupied[bit / 8] >> (bit % 8) & 1) != 0;
}

static void set_occupied(struct Repairs *r, uint64_t w, uint32_t index, bool on)
{
    uint64_t bit = w * r->capacity + index;
    uint8_t mask = (uint8_t)(1u << (bit % 8));

    if (on)
        r->occupied[bit / 8] |= mask;
    else
        r->occupied[bit / 8] &= (uint8_t)~mask;
}

uint64_t repairs_memory(const struct ObjectLayout *l)
{
    uint64_t windows = object_windows(l);
    uint64_t per_window = 2 * sizeof(uint16_t) + capacity_of(l) / 8 + 1;

    if (windows > (UINT64_MAX - 16) / per_window)
        return UINT64_MAX;
    return windows * per_window + 16;
}

void repairs_init(struct Repairs *r, const struct ObjectLayout *l, void *memory,
                  struct RepairsStore store)
{
    uint64_t windows = object_windows(l);

    r->store = store;
    r->windows = windows;
    r->symbol_size = l->symbol_size;
    r->capacity = capacity_of(l);
    r->held = memory;
    r->excess = r->held + windows;
    r->occupied = (uint8_t *)(r->excess + windows);
    r->total = 0;
}

enum RepairsResult repairs_add(struct Repairs *r, uint64_t w, uint64_t key, const uint8_t *payload)
{
    /* Keys count up: spread them, so that several runs of them do not pile up in one place. */
    uint32_t index = (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15) >> 32) % r->capacity);
    uint8_t stored[REPAIRS_KEY];
    uint64_t offset;

    CORE_ASSERT(w < r->windows);
    for (uint32_t probes = 0; is_occupied(r, w, index); probes++) {
        if (probes == r->capacity)
            return REPAIRS_FULL;
        if (!r->store.read(r->store.ctx, record_offset(r, w, index), stored, REPAIRS_KEY))
            return REPAIRS_FAILED;
        if (get_u64(stored) == key)
            return REPAIRS_DUPLICATE;
        index = index + 1 == r->capacity ? 0 : index + 1;
    }
    offset = record_offset(r, w, index);
    put_u64(stored, key);
    if (!r->store.write(r->store.ctx, offset, stored, REPAIRS_KEY) ||
        !r->store.write(r->store.ctx, offset + REPAIRS_KEY, payload, r->symbol_size))
        return REPAIRS_FAILED;
    set_occupied(r, w, index, true);
    r->held[w]++;
    r->total++;
    return REPAIRS_KEPT;
}

bool repairs_load(const struct Repairs *r, uint64_t w, struct RlcWindow window, struct RlcRow *rows,
                  uint8_t *payloads)
{
    uint8_t key[REPAIRS_KEY];
    size_t n = 0;

    for (uint32_t i = 0; i < r->capacity; i++) {
        uint8_t *payload = payloads + n * r->symbol_size;
        uint64_t offset = record_offset(r, w, i);

        if (!is_occupied(r, w, i))
            continue;
        if (!r->store.read(r->store.ctx, offset, key, REPAIRS_KEY) ||
            !r->store.read(r->store.ctx, offset + REPAIRS_KEY, payload, r->symbol_size))
            return false;
        rows[n++] = (struct RlcRow){.window = window, .key = get_u64(key), .payload = payload};
    }
    CORE_ASSERT(n == r->held[w]);
    return true;
}

bool repairs_record(const struct Repairs *r, uint64_t offset, uint64_t *w, uint64_t *key,
                    uint8_t *payload)
{
    uint64_t size = REPAIRS_KEY + (uint64_t)r->symbol_size, index = offset / size;
    uint8_t stored[REPAIRS_KEY];

    *w = index / r->capacity;
    if (offset % size != 0 || *w >= r->windows ||
        !is_occupied(r, *w, (uint32_t)(index % r->capacity)) ||
        !r->store.read(r->store.ctx, offset, stored, REPAIRS_KEY))
        return false;
    *key = get_u64(stored);
    return r->store.read(r->store.ctx, offset + REPAIRS_KEY, payload, r->symbol_size);
}

void repairs_drop(struct Repairs *r, uint64_t w)
{
    r->total -= r->held[w];
    for (uint32_t i = 0; r->held[w] > 0; i++) {
        if (is_occupied(r, w, i)) {
            set_occupied(r, w, i, false);
            r->held[w]--;
        }
    }
    r->excess[w] = 0;
}

void repairs_drop_all(struct Repairs *r)
{
    for (uint64_t w = 0; w < r->windows; w++)
        repairs_drop(r, w);
}
