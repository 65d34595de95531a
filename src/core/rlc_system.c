#include "core/rlc.h"

#define OCTET    8          /* columns of coefficients laid out at once */
#define NO_OCTET UINT32_MAX /* coefs hold none */
#define LINE     64         /* bytes of a cache line */
#define TILE     48 /* rows worked on together, so that they stay in a near cache; whole octets */

/*
 * The matrix is as wide as an odd number of cache lines: going down a column of a width that is a
 * power of two would fall on the same few sets of the cache again and again.
 */
static size_t pitch_of(size_t unknowns)
{
    return ((unknowns + LINE - 1) / LINE | 1) * LINE;
}

/* Symbols that are gathered lie on cache lines of their own. */
static size_t line_of(size_t symbol_size)
{
    return (symbol_size + LINE - 1) / LINE * LINE;
}

size_t rlc_system_memory(size_t unknowns, size_t rows, size_t symbol_size)
{
    return rows * (sizeof(uint8_t *) + pitch_of(unknowns) + OCTET) + OCTET * line_of(symbol_size) +
           LINE;
}

/* One source for n rows. */
static void muladd_one(const struct RlcSystem *s, uint8_t *const *target, size_t n,
                       const uint8_t *source, const uint8_t *coefs, size_t len)
{
    s->muladd(target, n, &source, 1, coefs, len);
}

static uint8_t *matrix_row(const struct RlcSystem *s, size_t row)
{
    return s->matrix + row * s->pitch;
}

/* Lay out the coefficients of the unknowns in a row. */
static void load_row(struct RlcSystem *s, size_t row)
{
    const struct RlcRow *from = &s->rows[row];
    uint8_t *to = matrix_row(s, row);
    uint8_t coefs[OCTET];
    uint32_t octet = NO_OCTET;
    for (size_t u = 0; u < s->unknown_count; u++) {
        uint32_t i;
        if (!rlc_window_find(from->window, s->unknowns[u], &i)) {
            to[u] = 0;
            continue;
        }
        if (i / OCTET != octet) {
            octet = i / OCTET;
            rlc_coefficients(from->key, from->window.count, octet, coefs);
        }
        to[u] = coefs[i % OCTET];
    }
}

static void swap_rows(struct RlcSystem *s, size_t a, size_t b)
{
    if (a == b)
        return;
    struct RlcRow row = s->rows[a];
    s->rows[a] = s->rows[b];
    s->rows[b] = row;
    uint8_t *p = matrix_row(s, a);
    uint8_t *q = matrix_row(s, b);
    for (size_t u = 0; u < s->unknown_count; u++) {
        uint8_t byte = p[u];
        p[u] = q[u];
        q[u] = byte;
    }
}

/*
 * Subtract from each of the rows [first, end) the multiple of the pivot row that makes its entry in
 * column 0, and leave that multiple in its place: the L of L * U.
 */
static void eliminate(struct RlcSystem *s, size_t pivot, size_t column, size_t first, size_t end)
{
    const uint8_t *from = matrix_row(s, pivot) + column;
    uint8_t inverse = gf256_inv(*from);
    size_t n = 0;
    for (size_t row = first; row < end; row++) {
        uint8_t *entry = matrix_row(s, row) + column;
        if (*entry == 0)
            continue;
        *entry = gf256_mul(*entry, inverse);
        s->coefs[n] = *entry;
        s->target[n++] = entry + 1;
    }
    muladd_one(s, s->target, n, from + 1, s->coefs, s->unknown_count - column - 1);
}

/* The first row in [s->rank, end) whose entry in column is not 0; end if there is none. */
static size_t find_pivot(const struct RlcSystem *s, size_t column, size_t end)
{
    size_t row = s->rank;
    while (row < end && matrix_row(s, row)[column] == 0)
        row++;
    return row;
}

/* Bring in the next rows, and take them through the steps that were done without them. */
static size_t more_rows(struct RlcSystem *s, size_t steps, size_t first)
{
    size_t end = s->row_count - first < TILE ? s->row_count : first + TILE;
    for (size_t row = first; row < end; row++)
        load_row(s, row);
    for (size_t k = 0; k < steps; k++)
        eliminate(s, k, k, first, end);
    return end;
}

/*
 * LU decomposition with row pivoting. Rows [0, end) take part; more are brought in only when a
 * column has no pivot among those. So the many steps of a tile of rows run while it is in the
 * cache, and rows that are not needed cost nothing. If a column stays without pivot, the system is
 * not solvable; only then its pivots are not on the diagonal, and no rows are left to bring in.
 */
static void decompose(struct RlcSystem *s)
{
    size_t end = 0;
    for (size_t column = 0; column < s->unknown_count; column++) {
        size_t row = find_pivot(s, column, end);
        while (row == end && end < s->row_count) {
            end = more_rows(s, column, end);
            row = find_pivot(s, column, end);
        }
        if (row == end)
            continue;
        swap_rows(s, s->rank, row);
        eliminate(s, s->rank, column, s->rank + 1, end);
        s->rank++;
    }
}

static bool same_window(struct RlcWindow a, struct RlcWindow b)
{
    return a.first == b.first && a.count == b.count && a.stride == b.stride;
}

/* From now on coefs and target serve the payloads of the rows in use. */
static void prepare_known(struct RlcSystem *s)
{
    s->octet = NO_OCTET;
    s->octet_window = (struct RlcWindow){0, 0, 1};
    if (s->unknown_count > 0)
        s->octet_window = s->rows[0].window;
    for (size_t row = 0; row < s->unknown_count; row++) {
        s->target[row] = s->rows[row].payload;
        if (!same_window(s->rows[row].window, s->rows[0].window))
            s->octet_window.count = 0;
    }
}

bool rlc_system_init(struct RlcSystem *s, void *memory, Gf256MulAdd muladd, size_t symbol_size,
                     const uint64_t *unknowns, size_t unknown_count, struct RlcRow *rows,
                     size_t row_count)
{
    CORE_ASSERT(unknown_count <= 2 * RLC_COUNT_MAX && row_count <= 2 * RLC_COUNT_MAX);
    size_t pitch = pitch_of(unknown_count);
    uint8_t **target = memory;
    uint8_t *matrix = (uint8_t *)(target + row_count);
    uint8_t *gathered = matrix + row_count * (pitch + OCTET);
    *s = (struct RlcSystem){
        .muladd = muladd,
        .symbol_size = symbol_size,
        .unknowns = unknowns,
        .unknown_count = unknown_count,
        .rows = rows,
        .row_count = row_count,
        .pitch = pitch,
        .matrix = matrix,
        .coefs = matrix + row_count * pitch,
        .target = target,
        .gathered = gathered + (LINE - (uintptr_t)gathered % LINE) % LINE,
    };
    decompose(s);
    if (s->rank < unknown_count)
        return false;
    prepare_known(s);
    return true;
}

/* Any windows: the rows that hold the symbol, one by one. */
static void known_in_any(struct RlcSystem *s, uint64_t symbol, const uint8_t *data, size_t len)
{
    size_t n = 0;
    for (size_t row = 0; row < s->unknown_count; row++) {
        const struct RlcRow *r = &s->rows[row];
        uint32_t i;
        if (!rlc_window_find(r->window, symbol, &i))
            continue;
        s->coefs[n] = rlc_coefficient(r->key, r->window.count, i);
        s->target[n++] = r->payload;
    }
    muladd_one(s, s->target, n, data, s->coefs, len);
}

/* Account for the symbols that were gathered, all rows at once. */
static void settle_gathered(struct RlcSystem *s)
{
    size_t rows = s->unknown_count;
    const uint8_t *sources[OCTET];
    for (size_t j = 0; j < s->gathered_count; j++)
        sources[j] = s->gathered + j * line_of(s->symbol_size);
    s->muladd(s->target, rows, sources, s->gathered_count, s->coefs + s->gathered_first * rows,
              s->symbol_size);
    s->gathered_count = 0;
}

/* Lay out the coefficients of that octet, column by column. */
static void load_octet(struct RlcSystem *s, uint32_t octet)
{
    size_t rows = s->unknown_count;
    s->octet = octet;
    for (size_t row = 0; row < rows; row++) {
        uint8_t coefs[OCTET];
        rlc_coefficients(s->rows[row].key, s->octet_window.count, octet, coefs);
        for (size_t j = 0; j < OCTET; j++)
            s->coefs[j * rows + row] = coefs[j];
    }
}

void rlc_system_known(struct RlcSystem *s, uint64_t symbol, const uint8_t *data, size_t len)
{
    CORE_ASSERT(len <= s->symbol_size);
    if (s->octet_window.count == 0) {
        known_in_any(s, symbol, data, len);
        return;
    }
    uint32_t i;
    if (!rlc_window_find(s->octet_window, symbol, &i))
        return;
    if (i / OCTET != s->octet || i % OCTET != s->gathered_first + s->gathered_count) {
        settle_gathered(s);
        s->gathered_first = i % OCTET;
    }
    if (i / OCTET != s->octet)
        load_octet(s, i / OCTET);
    uint8_t *to = s->gathered + s->gathered_count++ * line_of(s->symbol_size);
    memcpy(to, data, len);
    memset(to + len, 0, s->symbol_size - len);
}

/* Column k of rows [first, end) of the matrix; read eight columns at a time. Borrowed from coefs.*/
static const uint8_t *matrix_column(struct RlcSystem *s, size_t k, size_t first, size_t end)
{
    size_t n = end - first;
    if (k / OCTET != s->octet) {
        s->octet = (uint32_t)(k / OCTET);
        for (size_t row = 0; row < n; row++) {
            const uint8_t *from = matrix_row(s, first + row) + k / OCTET * OCTET;
            for (size_t j = 0; j < OCTET; j++)
                s->coefs[j * n + row] = from[j];
        }
    }
    return s->coefs + k % OCTET * n;
}

/* Subtract from rows [first, end) what columns [k, k + cols) of one octet say; these are done. */
static void subtract_done(struct RlcSystem *s, size_t first, size_t end, size_t k, size_t cols)
{
    const uint8_t *columns = matrix_column(s, k, first, end);
    s->muladd(s->target + first, end - first, (const uint8_t *const *)(s->target + k), cols,
              columns, s->symbol_size);
}

/* Rows [first, end) of L * y = payload, those before done: y takes the payload's place. */
static void solve_lower(struct RlcSystem *s, size_t first, size_t end)
{
    s->octet = NO_OCTET;
    for (size_t k = 0; k < first; k += OCTET)
        subtract_done(s, first, end, k, OCTET);
    for (size_t k = first; k + 1 < end; k++) {
        size_t skip = k + 1 - first;
        const uint8_t *column = matrix_column(s, k, first, end);
        muladd_one(s, s->target + first + skip, end - first - skip, s->target[k], column + skip,
                   s->symbol_size);
    }
}

/* Rows [first, end) of U * x = y, those behind done: x takes the place of y. */
static void solve_upper(struct RlcSystem *s, size_t first, size_t end)
{
    size_t all = s->unknown_count;
    s->octet = NO_OCTET;
    for (size_t k = end; k < all; k += OCTET)
        subtract_done(s, first, end, k, all - k < OCTET ? all - k : OCTET);
    for (size_t k = end; k-- > first;) {
        const uint8_t *column = matrix_column(s, k, first, end);
        gf256_scale(s->target[k], gf256_inv(column[k - first]), s->symbol_size);
        muladd_one(s, s->target + first, k - first, s->target[k], column, s->symbol_size);
    }
}

void rlc_system_solve(struct RlcSystem *s)
{
    size_t n = s->unknown_count;
    settle_gathered(s);
    for (size_t row = 0; row < n; row++)
        s->target[row] = s->rows[row].payload;
    for (size_t first = 0; first < n; first += TILE)
        solve_lower(s, first, n - first < TILE ? n : first + TILE);
    for (size_t tiles = (n + TILE - 1) / TILE; tiles-- > 0;) {
        size_t first = tiles * TILE;
        solve_upper(s, first, n - first < TILE ? n : first + TILE);
    }
}

const uint8_t *rlc_system_solution(const struct RlcSystem *s, size_t u)
{
    CORE_ASSERT(u < s->unknown_count);
    return s->rows[u].payload;
}
