#include "host/kernels.h"

#ifndef WITH_ISAL
#define WITH_ISAL 0
#endif

#if WITH_ISAL

#include "host/kernels_gfni.h"

#include <isa-l/crc.h>
#include <isa-l/erasure_code.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define TABLE     32   /* bytes of ISA-L's table for one factor: the products of both nibbles */
#define ROWS      24   /* of one call; ISA-L takes them by 6 */
#define COLS      8    /* sources whose tables are laid out together */
#define PIECE     1024 /* bytes of rows that are worked on together */
#define LEN_LEAST 64   /* below it ISA-L falls to scalar code, slower than ours */
#define LEN_MOST  (INT_MAX / 2 + 1)
#define TEST_LEN  (3 * LEN_LEAST + 5)
#define TEST_ROWS 8 /* a full group of 6 and a smaller one */
#define TEST_COLS 4

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

/* The rows dst of at most ROWS, one piece of them at a time that with them stays in a near cache.
 */
static void muladd_rows(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                        uint8_t gathered[COLS][ROWS][TABLE], size_t len)
{
    for (size_t at = 0, n; at < len; at += n) {
        unsigned char *to[ROWS];
        n = len - at < PIECE + LEN_LEAST ? len - at : PIECE;
        for (size_t r = 0; r < rows; r++)
            to[r] = dst[r] + at;
        for (size_t c = 0; c < cols; c++) {
            /* It writes to neither src nor the array: the cast only pleases its prototype. */
            ec_encode_data_update((int)n, 1, (int)rows, 0, gathered[c][0],
                                  (unsigned char *)(uintptr_t)(src[c] + at), to);
        }
    }
}

static void muladd_isal(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                        const uint8_t *coef, size_t len)
{
    if (len < LEN_LEAST) {
        gf256_muladd_portable(dst, rows, src, cols, coef, len);
        return;
    }
    uint8_t gathered[COLS][ROWS][TABLE];
    for (size_t column = 0; column < cols; column += COLS) {
        size_t some = cols - column < COLS ? cols - column : COLS;
        for (size_t row = 0; row < rows; row += ROWS) {
            size_t n = rows - row < ROWS ? rows - row : ROWS;
            for (size_t c = 0; c < some; c++) {
                for (size_t r = 0; r < n; r++)
                    memcpy(gathered[c][r], tables[coef[(column + c) * rows + row + r]], TABLE);
            }
            muladd_rows(dst + row, n, src + column, some, gathered, len);
        }
    }
    leave_simd();
}

static bool crc32c_agrees(const uint8_t *data, size_t len)
{
    return crc32c_isal(0, data, len) == crc32c_portable(0, data, len) &&
           crc32c_isal(1, data, len - 1) == crc32c_portable(1, data, len - 1);
}

/* Every coefficient is tried once, in rows and columns side by side. */
static bool muladd_agrees(Gf256MulAdd muladd, const uint8_t *data)
{
    uint8_t ours[TEST_ROWS][TEST_LEN];
    uint8_t theirs[TEST_ROWS][TEST_LEN];
    uint8_t *to_ours[TEST_ROWS];
    uint8_t *to_theirs[TEST_ROWS];
    const uint8_t *src[TEST_COLS];
    for (size_t r = 0; r < TEST_ROWS; r++) {
        to_ours[r] = ours[r];
        to_theirs[r] = theirs[r];
    }
    for (size_t c = 0; c < TEST_COLS; c++)
        src[c] = data + c;
    memset(ours, 0x5A, sizeof ours);
    memset(theirs, 0x5A, sizeof theirs);
    for (size_t first = 0; first < 256; first += TEST_ROWS * TEST_COLS) {
        uint8_t coef[TEST_COLS * TEST_ROWS];
        for (size_t i = 0; i < sizeof coef; i++)
            coef[i] = (uint8_t)(first + i);
        gf256_muladd_portable(to_ours, TEST_ROWS, src, TEST_COLS, coef, TEST_LEN);
        muladd(to_theirs, TEST_ROWS, src, TEST_COLS, coef, TEST_LEN);
        if (memcmp(ours, theirs, sizeof ours) != 0)
            return false;
    }
    return true;
}

static struct Kernels isal = {crc32c_portable, gf256_muladd_portable, false, "portable"};
static struct Kernels best;

static void choose(void)
{
    prepare_leave_simd();
    uint8_t data[TEST_LEN + TEST_COLS];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 167 + 13); /* 167 is odd: 0 to 255 all but evenly */
    for (unsigned c = 0; c < 256; c++)
        gf_vect_mul_init((unsigned char)c, tables[c]);
    if (crc32c_agrees(data, TEST_LEN))
        isal.crc32c = crc32c_isal;
    if (muladd_agrees(muladd_isal, data)) {
        isal.muladd = muladd_isal;
        isal.simd = true;
        isal.name = "isa-l";
    }
    best = isal;
    if (kernels_gfni_open() && muladd_agrees(kernels_gfni_muladd, data)) {
        best.muladd = kernels_gfni_muladd;
        best.simd = true;
        best.name = "isa-l+gfni";
    }
}

static void choose_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, choose);
}

const struct Kernels *kernels_best(void)
{
    choose_once();
    return &best;
}

const struct Kernels *kernels_isal(void)
{
    choose_once();
    return &isal;
}

#else

const struct Kernels *kernels_isal(void)
{
    return kernels_best();
}

const struct Kernels *kernels_best(void)
{
    static const struct Kernels best = {crc32c_portable, gf256_muladd_portable, false, "portable"};
    return &best;
}

#endif
