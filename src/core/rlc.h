/*
 * RLC: the systematic random linear code. A repair symbol is a linear combination over GF(2^8) of
 * the symbols of a window; the receiver solves for the symbols it lacks and for nothing else.
 * Sliding windows and zero padding as in RFC 8681 (RLC FEC schemes for FECFRAME); Cauchy
 * coefficients as in Bloemer et al., "An XOR-based erasure-resilient coding scheme", 1995.
 */
#ifndef CORE_RLC_H
#define CORE_RLC_H

#include "core/gf256.h"

#define RLC_COUNT_MAX  4096  /* most symbols of a window */
#define RLC_STRIDE_MAX 65535 /* widest step between them */

/* The symbols first, first + stride, ..., count of them. count 1 to RLC_COUNT_MAX, stride >= 1. */
struct RlcWindow {
    uint64_t first;
    uint32_t count;
    uint32_t stride;
};

/* True if symbol is in w; *index (may be NULL) is then its place, 0 to count - 1. */
bool rlc_window_find(struct RlcWindow w, uint64_t symbol, uint32_t *index);

/*
 * The coefficient of the i-th symbol (i < count) in the repair of this key.
 *   count + key < 256:  1 / (x ^ i) in GF(2^8) with x = count + key   (Cauchy: any square system
 *                       of such rows is solvable)
 *   otherwise:          byte i % 8 (least significant first) of
 *                         z = key * 0x9E3779B97F4A7C15 + (i / 8 + 1) * 0xD1B54A32D192ED03
 *                         z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
 *                         z = (z ^ z >> 27) * 0x94D049BB133111EB
 *                         z =  z ^ z >> 31                            (all modulo 2^64)
 *                       the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)
 */
uint8_t rlc_coefficient(uint64_t key, uint32_t count, uint32_t i);

/* The eight coefficients of i = 8 * octet, ... into out; those past count - 1 are 0. */
void rlc_coefficients(uint64_t key, uint32_t count, uint32_t octet, uint8_t out[8]);

/*
 * Where the encoder finds symbol s: *len bytes (at most the symbol size; the rest counts as
 * zeros). Borrowed until rlc_encode returns. NULL: it could not be had, the encoding fails.
 */
typedef const uint8_t *(*RlcSymbol)(void *ctx, uint64_t symbol, size_t *len);

#define RLC_ROWS_MAX 16 /* most repairs encoded in one go */

/*
 * Encode the repairs of keys key, key + 1, ..., key + rows - 1 (rows <= RLC_ROWS_MAX) of window w,
 * each symbol_size bytes, into out[0..rows). One pass over the window's symbols. False: symbol
 * returned NULL; out is undefined.
 */
bool rlc_encode(Gf256MulAdd muladd, struct RlcWindow w, uint64_t key, size_t rows,
                size_t symbol_size, RlcSymbol symbol, void *ctx, uint8_t *const *out);

/* One equation: a repair as it arrived. Solving turns its payload into a solved symbol. */
struct RlcRow {
    struct RlcWindow window;
    uint64_t key;
    uint8_t *payload; /* symbol_size bytes, the caller's, kept until the system is dropped */
};

/*
 * A system of repairs (rows) for lost symbols (unknowns). Use in this order:
 *   rlc_system_init    lays the coefficients out and finds out whether it is solvable; no payload
 *                      is read or changed, so giving up here costs nothing
 *   rlc_system_known   once for every symbol that is not lost and lies in a row's window
 *   rlc_system_solve   then rlc_system_solution(u) is unknown u
 * The time is e^3 / 3 coefficient steps for init, rows * symbol bytes per known symbol and
 * e^2 * symbol bytes for solve, e the number of unknowns: never the size of a whole block cubed.
 */
struct RlcSystem {
    Gf256MulAdd muladd;
    size_t symbol_size;
    const uint64_t *unknowns; /* ascending; the caller's, kept */
    size_t unknown_count;
    struct RlcRow *rows; /* the caller's, kept; put in another order by init */
    size_t row_count;
    size_t rank;
    size_t pitch;                  /* bytes from one row of the matrix to the next */
    uint8_t *matrix;               /* rows x unknowns: L below the diagonal, U on and above it */
    uint8_t *coefs;                /* 8 per row, of the octet below; scratch otherwise */
    uint8_t **target;              /* per row: where muladd writes */
    struct RlcWindow octet_window; /* of all rows in use; count 0: their windows differ */
    uint32_t octet;                /* that coefs belong to */
    uint8_t *gathered;             /* known symbols of that octet, not yet accounted for: */
    size_t gathered_count;
    size_t gathered_first; /* the first's place in the octet; they follow each other */
};

/* Bytes of working memory (aligned for a pointer) a system of that shape needs. */
size_t rlc_system_memory(size_t unknowns, size_t rows, size_t symbol_size);

/*
 * Begin: memory is rlc_system_memory(unknown_count, row_count, symbol_size) bytes, kept; rows and
 * unknowns as above, row_count and unknown_count at most 2 * RLC_COUNT_MAX. True: solvable; the
 * first unknown_count rows are those that will be used and the others are left alone. False: not
 * solvable with these rows; s->rank says how many of them are independent, every payload is as it
 * was, and s is of no further use.
 */
bool rlc_system_init(struct RlcSystem *s, void *memory, Gf256MulAdd muladd, size_t symbol_size,
                     const uint64_t *unknowns, size_t unknown_count, struct RlcRow *rows,
                     size_t row_count);

/* Account for a symbol that is not lost: len bytes at data (len <= symbol_size, rest zeros). */
void rlc_system_known(struct RlcSystem *s, uint64_t symbol, const uint8_t *data, size_t len);

/* Solve. Afterwards solution(u), u < unknown_count, is the symbol unknowns[u]: symbol_size bytes.*/
void rlc_system_solve(struct RlcSystem *s);
const uint8_t *rlc_system_solution(const struct RlcSystem *s, size_t u);

#endif
