#include "host/kernels.h"

#ifndef WITH_ISAL
#define WITH_ISAL 0
#endif

#if WITH_ISAL

#include <isa-l/crc.h>
#include <isa-l/erasure_code.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define TABLE     32 /* bytes of ISA-L's table for one factor: the products of both nibbles */
#define GATHER    48 /* rows of one call; ISA-L takes them by 6 */
#define LEN_LEAST 64 /* below it ISA-L falls to scalar code, slower than ours */
#define LEN_MOST  (INT_MAX / 2 + 1)
#define TEST_LEN  (3 * LEN_LEAST + 5)
#define TEST_ROWS 8 /* a full group of 6 and a smaller one */

static uint8_t tables[256][TABLE]; /* written once, under the pthread_once below */

#if defined __x86_64__ || defined __i386__

static bool has_avx; /* written once, as tables */

__attribute__((target("avx"))) static void clear_upper_halves(void)
{
    __builtin_ia32_vzeroupper();
}

/*
 * ISA-L's AVX code returns with the upper halves of the vector registers in use. From then on every
 * SSE instruction of the process, in whatever library, takes several times as long: measured, our
 * portable muladd 5 times.
 */
static void leave_simd(void)
{
    if (has_avx)
        clear_upper_halves();
}

static void prepare_leave_simd(void)
{
    has_avx = __builtin_cpu_supports("avx") != 0;
}

#else

static void leave_simd(void)
{
}

static void prepare_leave_simd(void)
{
}

#endif

static uint32_t crc32c_isal(uint32_t crc, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t n = len < LEN_MOST ? len : LEN_MOST;
        /* ISA-L leaves both inversions of CRC-32C to the caller, and does not write to data. */
        crc = ~crc32_iscsi((unsigned char *)data, (int)n, ~crc);
        data += n;
        len -= n;
    }
    leave_simd();
    return crc;
}

static void muladd_isal(uint8_t *const *dst, const uint8_t *coef, size_t rows, const uint8_t *src,
                        size_t len)
{
    if (len < LEN_LEAST || len > LEN_MOST) {
        gf256_muladd_portable(dst, coef, rows, src, len);
        return;
    }
    uint8_t gathered[GATHER][TABLE];
    for (size_t first = 0; first < rows; first += GATHER) {
        size_t n = rows - first < GATHER ? rows - first : GATHER;
        for (size_t r = 0; r < n; r++)
            memcpy(gathered[r], tables[coef[first + r]], TABLE);
        /* Writes to neither src nor the array of pointers: the casts only please its prototype. */
        ec_encode_data_update((int)len, 1, (int)n, 0, gathered[0], (unsigned char *)src,
                              (unsigned char **)dst + first);
    }
    leave_simd();
}

static bool crc32c_agrees(const uint8_t *data, size_t len)
{
    return crc32c_isal(0, data, len) == crc32c_portable(0, data, len) &&
           crc32c_isal(1, data, len - 1) == crc32c_portable(1, data, len - 1);
}

/* Every coefficient is tried once, in rows side by side. */
static bool muladd_agrees(const uint8_t *src, size_t len)
{
    uint8_t ours[TEST_ROWS][TEST_LEN];
    uint8_t theirs[TEST_ROWS][TEST_LEN];
    uint8_t *to_ours[TEST_ROWS];
    uint8_t *to_theirs[TEST_ROWS];
    for (size_t r = 0; r < TEST_ROWS; r++) {
        to_ours[r] = ours[r];
        to_theirs[r] = theirs[r];
    }
    memset(ours, 0x5A, sizeof ours);
    memset(theirs, 0x5A, sizeof theirs);
    for (size_t c = 0; c < 256; c += TEST_ROWS) {
        uint8_t coef[TEST_ROWS];
        for (size_t r = 0; r < TEST_ROWS; r++)
            coef[r] = (uint8_t)(c + r);
        gf256_muladd_portable(to_ours, coef, TEST_ROWS, src, len);
        muladd_isal(to_theirs, coef, TEST_ROWS, src, len);
        if (memcmp(ours, theirs, sizeof ours) != 0)
            return false;
    }
    return true;
}

static struct Kernels best = {crc32c_portable, gf256_muladd_portable, false, "portable"};

static void choose(void)
{
    prepare_leave_simd();
    uint8_t data[TEST_LEN];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 167 + 13); /* 167 is odd: 0 to 255 all but evenly */
    for (unsigned c = 0; c < 256; c++)
        gf_vect_mul_init((unsigned char)c, tables[c]);
    if (crc32c_agrees(data, sizeof data))
        best.crc32c = crc32c_isal;
    if (!muladd_agrees(data, sizeof data))
        return;
    best.muladd = muladd_isal;
    best.simd = true;
    best.name = "isa-l";
}

const struct Kernels *kernels_best(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, choose);
    return &best;
}

#else

const struct Kernels *kernels_best(void)
{
    static const struct Kernels best = {crc32c_portable, gf256_muladd_portable, false, "portable"};
    return &best;
}

#endif
