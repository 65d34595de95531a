#include "core/rlc.h"

#define OCTET 8 /* coefficients that one step of the generator gives */

bool rlc_window_find(struct RlcWindow w, uint64_t symbol, uint32_t *index)
{
    CORE_ASSERT(w.stride >= 1);
    if (symbol < w.first)
        return false;
    uint64_t place = symbol - w.first;
    if (w.stride > 1) { /* streams have stride 1: spare them the division */
        if (place % w.stride != 0)
            return false;
        place /= w.stride;
    }
    if (place >= w.count)
        return false;
    if (index != NULL)
        *index = (uint32_t)place;
    return true;
}

/* Written so that no sum overflows: keys have 64 bits. */
static bool is_cauchy(uint64_t key, uint32_t count)
{
    return count < 256 && key < 256 - count;
}

static uint64_t random_octet(uint64_t key, uint32_t octet)
{
    uint64_t z = key * UINT64_C(0x9E3779B97F4A7C15);
    z += ((uint64_t)octet + 1) * UINT64_C(0xD1B54A32D192ED03);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint8_t rlc_coefficient(uint64_t key, uint32_t count, uint32_t i)
{
    CORE_ASSERT(i < count);
    if (is_cauchy(key, count))
        return gf256_inv((uint8_t)((count + key) ^ i));
    return (uint8_t)(random_octet(key, i / OCTET) >> (i % OCTET * 8));
}

void rlc_coefficients(uint64_t key, uint32_t count, uint32_t octet, uint8_t out[8])
{
    bool cauchy = is_cauchy(key, count);
    uint64_t random = cauchy ? 0 : random_octet(key, octet);
    for (uint32_t j = 0; j < OCTET; j++, random >>= 8) {
        uint64_t i = (uint64_t)octet * OCTET + j;
        if (i >= count)
            out[j] = 0;
        else
            out[j] = cauchy ? gf256_inv((uint8_t)((count + key) ^ i)) : (uint8_t)random;
    }
}

/* Coefficients of `rows` keys from key on, by place in the octet: place j is at coefs[j * rows]. */
static void octet_of_rows(uint8_t *coefs, uint64_t key, size_t rows, uint32_t count, uint32_t octet)
{
    for (size_t r = 0; r < rows; r++) {
        uint8_t row[OCTET];
        rlc_coefficients(key + r, count, octet, row);
        for (size_t j = 0; j < OCTET; j++)
            coefs[j * rows + r] = row[j];
    }
}

bool rlc_encode(Gf256MulAdd muladd, struct RlcWindow w, uint64_t key, size_t rows,
                size_t symbol_size, RlcSymbol symbol, void *ctx, uint8_t *const *out)
{
    CORE_ASSERT(rows <= RLC_ROWS_MAX);
    CORE_ASSERT(w.count >= 1 && w.count <= RLC_COUNT_MAX && w.stride >= 1);
    uint8_t coefs[OCTET * RLC_ROWS_MAX];
    const uint8_t *gathered[OCTET];      /* symbols of the same length that follow each other, */
    size_t length = 0, first = 0, n = 0; /* this one; the first's place in the octet; how many */
    for (size_t r = 0; r < rows; r++)
        memset(out[r], 0, symbol_size);
    for (uint32_t i = 0; i < w.count; i++) {
        size_t len = 0;
        const uint8_t *bytes = symbol(ctx, w.first + (uint64_t)i * w.stride, &len);
        if (bytes == NULL)
            return false;
        CORE_ASSERT(len <= symbol_size);
        if (i % OCTET == 0 || len != length) {
            muladd(out, rows, gathered, n, coefs + first * rows, length);
            first = i % OCTET;
            length = len;
            n = 0;
        }
        if (i % OCTET == 0)
            octet_of_rows(coefs, key, rows, w.count, i / OCTET);
        gathered[n++] = bytes;
    }
    muladd(out, rows, gathered, n, coefs + first * rows, length);
    return true;
}
