/*
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D), generator 2: the field of the
 * erasure code. Addition is exclusive or.
 */
#ifndef CORE_GF256_H
#define CORE_GF256_H

#include "core/bytes.h"

/* a * b. */
uint8_t gf256_mul(uint8_t a, uint8_t b);

/* 1 / a; a is not 0 (CORE_ASSERT). */
uint8_t gf256_inv(uint8_t a);

/*
 * The code's one inner loop, for several rows and sources at once, so that neither is read and
 * written more often than need be. For every r < rows, c < cols and i < len:
 *     dst[r][i] += coef[c * rows + r] * src[c][i]
 * Memory may have any alignment; no dst overlaps a src or another dst. Any of the three counts may
 * be 0, any coef may be 0 or 1.
 */
typedef void (*Gf256MulAdd)(uint8_t *const *dst, size_t rows, const uint8_t *const *src,
                            size_t cols, const uint8_t *coef, size_t len);

/* Portable C. A host may hand core a faster function of the same type and value. */
void gf256_muladd_portable(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                           const uint8_t *coef, size_t len);

/* p[i] = factor * p[i] for i < len. */
void gf256_scale(uint8_t *p, uint8_t factor, size_t len);

#endif
