#include "core/delivery.h"

#define WORD 64
#define ALL  UINT64_MAX

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
    size_t size = (size_t)(d->capacity / WORD * sizeof(uint64_t));

    memset(d->arrived, 0, size);
    memset(d->lost, 0, size);
    d->prefix = d->loss_from = d->low;
    d->end = d->low;
    d->have = d->low;
    d->losses = 0;
    (void)delivery_missing(d, d->low, d->sent);
}

void delivery_release(struct Delivery *d, uint64_t low)
{
    CORE_ASSERT(low <= d->prefix);
    d->low = low > d->low ? low : d->low;
}

/* The word that has the bit of symbol s. */
static uint64_t *word_of(const struct Delivery *d, uint64_t *bits, uint64_t s)
{
    return &bits[s % d->capacity / WORD];
}

/* In that word, the bits of symbols s .. end, as far as they lie in it; s < end. */
static uint64_t mask_of(uint64_t s, uint64_t end)
{
    uint64_t from = ALL << s % WORD;

    return end - s < WORD - s % WORD ? from & ~(ALL << end % WORD) : from;
}

/* The first symbol whose bit is in the next word. */
static uint64_t after_word(uint64_t s)
{
    return s - s % WORD + WORD;
}

/* How many bits are set: pairs, fours and bytes are summed side by side. */
static unsigned count_of(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The first symbol in s .. end whose bit is set once xored with flip, or end; s <= end. */
static uint64_t scan(const struct Delivery *d, uint64_t *bits, uint64_t s, uint64_t end,
                     uint64_t flip)
{
    for (; s < end; s = after_word(s)) {
        uint64_t found = (*word_of(d, bits, s) ^ flip) & mask_of(s, end);

        if (found != 0)
            return s - s % WORD + (uint64_t)__builtin_ctzll(found);
    }
    return end;
}

/* Set the bits of symbols s .. end, or clear them. Returns how many that changed. */
static uint64_t set(const struct Delivery *d, uint64_t *bits, uint64_t s, uint64_t end)
{
    uint64_t n = 0;

    for (; s < end; s = after_word(s)) {
        uint64_t *word = word_of(d, bits, s), mask = mask_of(s, end);

        n += count_of(mask & ~*word);
        *word |= mask;
    }
    return n;
}

static uint64_t clear(const struct Delivery *d, uint64_t *bits, uint64_t s, uint64_t end)
{
    uint64_t n = 0;

    for (; s < end; s = after_word(s)) {
        uint64_t *word = word_of(d, bits, s), mask = mask_of(s, end);

        n += count_of(mask & *word);
        *word &= ~mask;
    }
    return n;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void delivery_arrived(struct Delivery *d, uint64_t first, uint64_t end)
{
    first = greater(first, d->prefix);
    end = lesser(end, greater(d->sent, d->capacity));
    d->losses -= clear(d, d->lost, first, end);
    d->have += set(d, d->arrived, first, end);
    d->end = greater(d->end, end);
    d->prefix = scan(d, d->arrived, d->prefix, d->end, ALL);
}

bool delivery_missing(struct Delivery *d, uint64_t first, uint64_t end)
{
    uint64_t back;

    first = greater(first, d->low);
    end = lesser(end, greater(d->sent, d->end));
    back = clear(d, d->arrived, first, end);
    d->have -= back;
    d->losses += set(d, d->lost, first, lesser(end, d->sent));
    d->loss_from = lesser(d->loss_from, first);
    if (back > 0)
        d->prefix = lesser(d->prefix, first);
    return back > 0;
}

void delivery_flying(struct Delivery *d, uint64_t first, uint64_t end)
{
    d->losses -= clear(d, d->lost, greater(first, d->low), lesser(end, d->sent));
}

/* One more symbol is sent for the first time: in a ring it takes the place of an older one. */
static void extend(struct Delivery *d)
{
    if (d->sent >= d->capacity) {
        delivery_release(d, d->sent - d->capacity + 1);
        clear(d, d->arrived, d->sent, d->sent + 1);
    }
    d->sent++;
}

uint32_t delivery_next(struct Delivery *d, uint64_t limit, uint32_t most, uint64_t *first)
{
    uint64_t known = lesser(limit, d->end), end;

    if (d->losses > 0) {
        *first = scan(d, d->lost, greater(d->loss_from, d->prefix), d->sent, 0);
        end = scan(d, d->lost, *first, lesser(*first + most, d->sent), ALL);
        d->loss_from = end;
        d->losses -= clear(d, d->lost, *first, end);
        return (uint32_t)(end - *first);
    }
    if (d->sent < known)
        d->sent = scan(d, d->arrived, d->sent, known, ALL);
    *first = d->sent;
    end = lesser(limit, d->sent + most);
    if (d->sent < known)
        end = scan(d, d->arrived, d->sent, end, 0);
    while (d->sent < end)
        extend(d);
    return (uint32_t)(d->sent - *first);
}
