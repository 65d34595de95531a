/* Bench, the erasure code: a window encoded, and the symbols that it lost solved for. */
#include "core/rlc.h"
#include "host/bench.h"
#include "host/kernels.h"

#include <stdlib.h>
#include <string.h>

struct Shape {
    const char *encode, *decode; /* names of the stages */
    uint32_t count;
    size_t symbol_size;
    unsigned loss; /* percent: symbols lost, and repairs made */
    bool portable; /* with the portable kernels */
    bool slow;     /* not for a quick bench */
};

static const struct Shape shapes[] = {
    {"encode  128 x 1024, 10 %", "decode  128 x 1024, 10 %", 128, 1024, 10, false, false},
    {"encode  128 x 1024, 25 %", "decode  128 x 1024, 25 %", 128, 1024, 25, false, false},
    {"encode 1024 x 1024,  1 %", "decode 1024 x 1024,  1 %", 1024, 1024, 1, false, false},
    {"encode 1024 x 1024, 10 %", "decode 1024 x 1024, 10 %", 1024, 1024, 10, false, false},
    {"encode 1024 x 1024, 30 %", "decode 1024 x 1024, 30 %", 1024, 1024, 30, false, false},
    {"encode 1024 x  200, 10 %", "decode 1024 x  200, 10 %", 1024, 200, 10, false, false},
    {"encode 4096 x 1024, 10 %", "decode 4096 x 1024, 10 %", 4096, 1024, 10, false, true},
    {"encode  128 x 1024, 10 %, portable", "decode  128 x 1024, 10 %, portable", 128, 1024, 10,
     true, false},
    {"encode 1024 x 1024, 10 %, portable", "decode 1024 x 1024, 10 %, portable", 1024, 1024, 10,
     true, true},
};

struct Code {
    struct Shape shape;
    Gf256MulAdd muladd;
    struct RlcWindow window;
    size_t lost;
    uint8_t *content;   /* count symbols */
    uint8_t *repairs;   /* lost symbols */
    uint8_t *solutions; /* a copy of them, which solving consumes */
    uint64_t *unknowns;
    struct RlcRow *rows;
    void *memory; /* of the system */
};

static const uint8_t *lend_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    const struct Code *c = ctx;
    *len = c->shape.symbol_size;
    return c->content + symbol * c->shape.symbol_size;
}

static bool run_encode(void *ctx)
{
    struct Code *c = ctx;
    size_t t = c->shape.symbol_size;
    for (size_t key = 0; key < c->lost; key += RLC_ROWS_MAX) {
        size_t rows = c->lost - key < RLC_ROWS_MAX ? c->lost - key : RLC_ROWS_MAX;
        uint8_t *out[RLC_ROWS_MAX];
        for (size_t r = 0; r < rows; r++)
            out[r] = c->repairs + (key + r) * t;
        if (!rlc_encode(c->muladd, c->window, key, rows, t, lend_symbol, c, out))
            return false;
    }
    return true;
}

/* The lost symbols are spread evenly, the first among them. */
static bool run_decode(void *ctx)
{
    struct Code *c = ctx;
    size_t t = c->shape.symbol_size, next = 0;
    struct RlcSystem system;
    memcpy(c->solutions, c->repairs, c->lost * t);
    for (size_t i = 0; i < c->lost; i++) {
        c->unknowns[i] = i * c->shape.count / c->lost;
        c->rows[i] =
            (struct RlcRow){.window = c->window, .key = i, .payload = c->solutions + i * t};
    }
    if (!rlc_system_init(&system, c->memory, c->muladd, t, c->unknowns, c->lost, c->rows, c->lost))
        return false;
    for (size_t i = 0; i < c->shape.count; i++) {
        if (next < c->lost && c->unknowns[next] == i)
            next++;
        else
            rlc_system_known(&system, i, c->content + i * t, t);
    }
    rlc_system_solve(&system);
    for (size_t i = 0; i < c->lost; i++) {
        const uint8_t *right = c->content + c->unknowns[i] * t;
        if (memcmp(rlc_system_solution(&system, i), right, t) != 0)
            return false;
    }
    return true;
}

static bool code_open(struct Code *c, const struct Shape *shape)
{
    size_t t = shape->symbol_size, lost = shape->count * shape->loss / 100;
    *c = (struct Code){.shape = *shape,
                       .muladd = shape->portable ? gf256_muladd_portable : kernels_best()->muladd,
                       .window = {.first = 0, .count = shape->count, .stride = 1},
                       .lost = lost,
                       .content = malloc(shape->count * t),
                       .repairs = malloc(lost * t),
                       .solutions = malloc(lost * t),
                       .unknowns = malloc(lost * sizeof *c->unknowns),
                       .rows = malloc(lost * sizeof *c->rows),
                       .memory = malloc(rlc_system_memory(lost, lost, t))};
    if (c->content == NULL || c->repairs == NULL || c->solutions == NULL || c->unknowns == NULL ||
        c->rows == NULL || c->memory == NULL)
        return false;
    bench_fill(c->content, shape->count * t);
    return run_encode(c);
}

static void code_close(struct Code *c)
{
    free(c->content);
    free(c->repairs);
    free(c->solutions);
    free(c->unknowns);
    free(c->rows);
    free(c->memory);
}

static void measure(struct Bench *b, const struct Shape *shape)
{
    struct Code c;
    struct BenchStage stage = {.name = shape->encode,
                               .run = run_encode,
                               .ctx = &c,
                               .bytes = shape->count * shape->symbol_size};
    if (!bench_wants(b, shape->encode) && !bench_wants(b, shape->decode))
        return;
    if (code_open(&c, shape)) {
        bench_stage(b, &stage);
        stage.name = shape->decode;
        stage.run = run_decode;
        bench_stage(b, &stage);
    } else {
        bench_fail(b, shape->encode, "out of memory");
    }
    code_close(&c);
}

void bench_code(struct Bench *b)
{
    b->group = "code";
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (!shapes[i].slow || !b->options->quick || b->options->name_count > 0)
            measure(b, &shapes[i]);
    }
}
