#include "core/delivery.h"

#define WORD 64

uint64_t delivery_memory(uint64_t symbols)
{
    return ((symbols + WORD - 1) / WORD + (symbols == 0)) * 2 * sizeof(uint64_t);
}

void delivery_init(struct Delivery *d, uint64_t symbols, void *memory)
{
    uint64_t words = delivery_memory(symbols) / (2 * sizeof(uint64_t));

    *d = (struct Delivery){.arrived = memory, .capacity = words * WORD};
    d->lost = d->arrived + words;
    delivery_forget(d);
}

void delivery_forget(struct Delivery *d)
{
    size_t bytes = (size_t)(d->capacity / WORD * sizeof(uint64_t));

    memset(d->arrived, 0, bytes);
    memset(d->lost, 0, bytes);
    d->prefix = d->loss_from = delivery_first(d);
    d->end = d->prefix;
    d->have = d->prefix;
    d->losses = 0;
    (void)delivery_missing(d, d->prefix, d->sent);
}

uint64_t delivery_first(const struct Delivery *d)
{
    return d->sent > d->capacity ? d->sent - d->capacity : 0;
}

static bool get(const struct Delivery *d, const uint64_t *bits, uint64_t s)
{
    s %= d->capacity;
    return (bits[s / WORD] >> s % WORD & 1) != 0;
}

static void set(const struct Delivery *d, uint64_t *bits, uint64_t s, bool value)
{
    s %= d->capacity;
    bits[s / WORD] &= ~(UINT64_C(1) << s % WORD);
    bits[s / WORD] |= (uint64_t)value << s % WORD;
}

static void set_lost(struct Delivery *d, uint64_t s, bool value)
{
    if (get(d, d->lost, s) == value)
        return;
    set(d, d->lost, s, value);
    d->losses = value ? d->losses + 1 : d->losses - 1;
    if (value && s < d->loss_from)
        d->loss_from = s;
}

void delivery_arrived(struct Delivery *d, uint64_t first, uint64_t end)
{
    uint64_t room = delivery_first(d) + d->capacity;

    first = first > d->prefix ? first : d->prefix;
    end = end < room ? end : room;
    for (uint64_t s = first; s < end; s++) {
        if (get(d, d->arrived, s))
            continue;
        set_lost(d, s, false);
        set(d, d->arrived, s, true);
        d->have++;
    }
    if (end > d->end)
        d->end = end;
    while (d->prefix < d->end && get(d, d->arrived, d->prefix))
        d->prefix++;
}

bool delivery_missing(struct Delivery *d, uint64_t first, uint64_t end)
{
    uint64_t known = d->sent > d->end ? d->sent : d->end;
    bool back = false;

    first = first > delivery_first(d) ? first : delivery_first(d);
    end = end < known ? end : known;
    for (uint64_t s = first; s < end; s++) {
        if (get(d, d->arrived, s)) {
            set(d, d->arrived, s, false);
            d->have--;
            back = true;
        }
        if (s < d->sent)
            set_lost(d, s, true);
    }
    if (back && first < d->prefix)
        d->prefix = first;
    return back;
}

void delivery_flying(struct Delivery *d, uint64_t first, uint64_t end)
{
    first = first > delivery_first(d) ? first : delivery_first(d);
    end = end < d->sent ? end : d->sent;
    for (uint64_t s = first; s < end; s++)
        set_lost(d, s, false);
}

/* The first lost symbol; there is one. */
static uint64_t first_lost(struct Delivery *d)
{
    uint64_t s = d->loss_from > d->prefix ? d->loss_from : d->prefix;

    while (!get(d, d->lost, s)) {
        bool whole = s % WORD == 0 && s + WORD <= d->sent && d->lost[s % d->capacity / WORD] == 0;

        s += whole ? WORD : 1;
    }
    d->loss_from = s;
    return s;
}

/* One more symbol is sent for the first time: in a ring it takes the place of an older one. */
static void extend(struct Delivery *d)
{
    if (d->sent >= d->capacity) {
        set(d, d->arrived, d->sent, false);
        set(d, d->lost, d->sent, false);
    }
    d->sent++;
}

uint32_t delivery_next(struct Delivery *d, uint64_t limit, uint32_t most, uint64_t *first)
{
    uint32_t n = 0;
    uint64_t s;

    if (d->losses > 0) {
        *first = s = first_lost(d);
        for (; n < most && s < d->sent && get(d, d->lost, s); n++, s++)
            set_lost(d, s, false);
        return n;
    }
    while (d->sent < limit && d->sent < d->end && get(d, d->arrived, d->sent))
        d->sent++;
    *first = d->sent;
    for (; n < most && d->sent < limit; n++) {
        if (d->sent < d->end && get(d, d->arrived, d->sent))
            break;
        extend(d);
    }
    return n;
}
