#include "core/recover.h"

/* The pieces of one attempt, laid out in scratch memory. */
struct Attempt {
    struct RlcSystem system;
    struct RlcWindow window;
    uint64_t *unknowns;
    size_t unknown_count;
    struct RlcRow *rows;
    size_t row_count;
    uint8_t *payloads; /* row_count symbols */
    uint8_t *symbol;   /* one symbol, read back */
    void *memory;      /* the system's */
};

static uint64_t align16(uint64_t n)
{
    return (n + 15) & ~UINT64_C(15);
}

bool recover_ready(const struct Object *o, const struct Repairs *r, uint64_t w)
{
    uint32_t missing = o->missing[w];

    return missing > 0 && r->held[w] >= missing && r->held[w] - missing >= r->excess[w];
}

static bool lay_out(struct Attempt *a, const struct Object *o, const struct Repairs *r, uint64_t w,
                    const struct RecoverStore *store)
{
    uint64_t size = o->layout.symbol_size, system, sizes[5], total = 0;
    uint8_t *memory;

    a->window = object_window(&o->layout, w);
    a->unknown_count = o->missing[w];
    a->row_count = r->held[w];
    system = rlc_system_memory(a->unknown_count, a->row_count, (size_t)size);
    sizes[0] = align16(system);
    sizes[1] = align16(a->unknown_count * sizeof *a->unknowns);
    sizes[2] = align16(a->row_count * sizeof *a->rows);
    sizes[3] = align16(a->row_count * size);
    sizes[4] = align16(size);
    for (int i = 0; i < 5; i++)
        total += sizes[i];
    memory = store->scratch(store->ctx, total);
    if (!memory)
        return false;
    a->memory = memory;
    memory += sizes[0];
    a->unknowns = (uint64_t *)(void *)memory;
    memory += sizes[1];
    a->rows = (struct RlcRow *)(void *)memory;
    memory += sizes[2];
    a->payloads = memory;
    a->symbol = memory + sizes[3];
    return true;
}

static void list_unknowns(struct Attempt *a, const struct Object *o)
{
    size_t n = 0;

    for (uint32_t i = 0; i < a->window.count; i++) {
        uint64_t s = a->window.first + (uint64_t)i * a->window.stride;

        if (s < o->layout.symbols && !object_has(o, s))
            a->unknowns[n++] = s;
    }
    CORE_ASSERT(n == a->unknown_count);
}

/*
 * Each failed attempt asks for at least twice as many spare repairs as the last, so that hostile,
 * dependent ones cannot buy an elimination each.
 */
static void ask_for_more(struct Repairs *r, uint64_t w, size_t dependent)
{
    size_t excess = (size_t)r->excess[w] * 2;

    if (excess < dependent)
        excess = dependent;
    if (excess > UINT16_MAX)
        excess = UINT16_MAX;
    r->excess[w] = (uint16_t)excess;
}

static bool read_known(struct Attempt *a, const struct Object *o, const struct RecoverStore *store)
{
    for (uint32_t i = 0; i < a->window.count; i++) {
        uint64_t s = a->window.first + (uint64_t)i * a->window.stride;
        uint32_t len;

        if (s >= o->layout.symbols)
            break;
        if (!object_has(o, s))
            continue;
        len = object_symbol_bytes(&o->layout, s);
        if (!store->read(store->ctx, s * o->layout.symbol_size, a->symbol, len))
            return false;
        rlc_system_known(&a->system, s, a->symbol, len);
    }
    return true;
}

static bool write_solved(const struct Attempt *a, struct Object *o,
                         const struct RecoverStore *store)
{
    for (size_t u = 0; u < a->unknown_count; u++) {
        uint64_t s = a->unknowns[u];

        if (!store->write(store->ctx, s * o->layout.symbol_size, rlc_system_solution(&a->system, u),
                          object_symbol_bytes(&o->layout, s)))
            return false;
        object_mark(o, s);
    }
    return true;
}

enum RecoverResult recover_window(struct Object *o, struct Repairs *r, uint64_t w,
                                  Gf256MulAdd muladd, const struct RecoverStore *store)
{
    struct Attempt a;

    if (!recover_ready(o, r, w))
        return RECOVER_NOT_YET;
    if (!lay_out(&a, o, r, w, store))
        return RECOVER_NO_MEMORY;
    list_unknowns(&a, o);
    if (!repairs_load(r, w, a.window, a.rows, a.payloads))
        return RECOVER_FAILED;
    if (!rlc_system_init(&a.system, a.memory, muladd, o->layout.symbol_size, a.unknowns,
                         a.unknown_count, a.rows, a.row_count)) {
        ask_for_more(r, w, a.row_count - a.system.rank);
        return RECOVER_NOT_YET;
    }
    if (!read_known(&a, o, store))
        return RECOVER_FAILED;
    rlc_system_solve(&a.system);
    if (!write_solved(&a, o, store))
        return RECOVER_FAILED;
    repairs_drop(r, w);
    return RECOVER_SOLVED;
}
