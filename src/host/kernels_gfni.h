/*
 * Kernels with GFNI: the instruction that multiplies bytes by any matrix of 8 x 8 bits, which a
 * factor of GF(2^8) is, whatever the polynomial. With it, and registers that hold a piece of
 * several rows while all sources go by, the code is about twice as fast as with tables.
 */
#ifndef HOST_KERNELS_GFNI_H
#define HOST_KERNELS_GFNI_H

#include "core/gf256.h"

/* True if this machine has it; kernels_gfni_muladd is then a Gf256MulAdd, ready to be called. To be
 * called first, by one thread. */
bool kernels_gfni_open(void);

void kernels_gfni_muladd(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                         const uint8_t *coef, size_t len);

#endif
