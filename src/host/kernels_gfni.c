#include "host/kernels_gfni.h"

#if defined __x86_64__

#include <immintrin.h>

#define TARGET __attribute__((target("gfni,avx512f,avx512bw,avx512vl")))
#define LANES  64 /* bytes of a vector */
#define ROWS   6  /* rows of which registers hold two vectors each */
#define COLS   8  /* sources whose matrices are laid out together */

static uint64_t matrices[256]; /* written once, by kernels_gfni_open */

/* Bit b of row i, counted from the last one, tells if bit b of a byte goes into bit i. */
static uint64_t matrix_of(uint8_t factor)
{
    uint64_t matrix = 0;
    for (unsigned b = 0; b < 8; b++) {
        uint8_t product = gf256_mul(factor, (uint8_t)(1U << b));
        for (unsigned i = 0; i < 8; i++) {
            if ((product >> i & 1) != 0)
                matrix |= UINT64_C(1) << (8 * (7 - i) + b);
        }
    }
    return matrix;
}

bool kernels_gfni_open(void)
{
    if (!__builtin_cpu_supports("gfni") || !__builtin_cpu_supports("avx512f") ||
        !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
        return false;
    for (unsigned factor = 0; factor < 256; factor++)
        matrices[factor] = matrix_of((uint8_t)factor);
    return true;
}

/* Sources and their matrices for the rows that are worked on. */
struct Columns {
    const uint8_t *const *src;
    size_t count;
    uint64_t matrix[COLS][ROWS];
};

/* Two vectors at offset at of `rows` rows, a constant to the compiler; low and high: which bytes.
 */
__attribute__((always_inline)) TARGET static inline void add_two(uint8_t *const *dst, size_t rows,
                                                                 const struct Columns *m, size_t at,
                                                                 __mmask64 low, __mmask64 high)
{
    __m512i a[ROWS], b[ROWS];
    for (size_t r = 0; r < rows; r++) {
        a[r] = _mm512_maskz_loadu_epi8(low, dst[r] + at);
        b[r] = _mm512_maskz_loadu_epi8(high, dst[r] + at + LANES);
    }
    for (size_t c = 0; c < m->count; c++) {
        __m512i x = _mm512_maskz_loadu_epi8(low, m->src[c] + at);
        __m512i y = _mm512_maskz_loadu_epi8(high, m->src[c] + at + LANES);
        for (size_t r = 0; r < rows; r++) {
            __m512i matrix = _mm512_set1_epi64((long long)m->matrix[c][r]);
            a[r] = _mm512_xor_si512(a[r], _mm512_gf2p8affine_epi64_epi8(x, matrix, 0));
            b[r] = _mm512_xor_si512(b[r], _mm512_gf2p8affine_epi64_epi8(y, matrix, 0));
        }
    }
    for (size_t r = 0; r < rows; r++) {
        _mm512_mask_storeu_epi8(dst[r] + at, low, a[r]);
        _mm512_mask_storeu_epi8(dst[r] + at + LANES, high, b[r]);
    }
}

static inline uint64_t first_bits(size_t n)
{
    return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

__attribute__((always_inline)) TARGET static inline void
add_rows(uint8_t *const *dst, size_t rows, const struct Columns *m, size_t len)
{
    size_t at = 0;
    for (; len - at >= 2 * LANES; at += 2 * LANES)
        add_two(dst, rows, m, at, UINT64_MAX, UINT64_MAX);
    if (at < len)
        add_two(dst, rows, m, at, first_bits(len - at),
                len - at > LANES ? first_bits(len - at - LANES) : 0);
}

TARGET static void add_all(uint8_t *const *dst, size_t rows, const struct Columns *m, size_t len)
{
    switch (rows) {
    case 6:
        add_rows(dst, 6, m, len);
        break;
    case 5:
        add_rows(dst, 5, m, len);
        break;
    case 4:
        add_rows(dst, 4, m, len);
        break;
    case 3:
        add_rows(dst, 3, m, len);
        break;
    case 2:
        add_rows(dst, 2, m, len);
        break;
    default:
        add_rows(dst, 1, m, len);
        break;
    }
}

TARGET void kernels_gfni_muladd(uint8_t *const *dst, size_t rows, const uint8_t *const *src,
                                size_t cols, const uint8_t *coef, size_t len)
{
    struct Columns m;
    for (size_t column = 0; column < cols; column += COLS) {
        m.src = src + column;
        m.count = cols - column < COLS ? cols - column : COLS;
        for (size_t row = 0; row < rows; row += ROWS) {
            size_t n = rows - row < ROWS ? rows - row : ROWS;
            for (size_t c = 0; c < m.count; c++) {
                for (size_t r = 0; r < n; r++)
                    m.matrix[c][r] = matrices[coef[(column + c) * rows + row + r]];
            }
            add_all(dst + row, n, &m, len);
        }
    }
    _mm256_zeroupper();
}

#else

bool kernels_gfni_open(void)
{
    return false;
}

void kernels_gfni_muladd(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                         const uint8_t *coef, size_t len)
{
    gf256_muladd_portable(dst, rows, src, cols, coef, len);
}

#endif
