/*
 * Kernels: the fastest functions this machine has for core's inner loops, behind core's types.
 * Built with WITH_ISAL=1 they are ISA-L's, or ours where the processor has GFNI; with 0 those of
 * core.
 */
#ifndef HOST_KERNELS_H
#define HOST_KERNELS_H

#include "core/crc.h"
#include "core/gf256.h"

struct Kernels {
    Crc32c crc32c;
    Gf256MulAdd muladd;
    bool simd;        /* muladd is fast enough for large blocks */
    const char *name; /* for a person: "isa-l", "isa-l+gfni" or "portable" */
};

/*
 * The kernels to use. At first use they are compared with the portable ones, each by itself; one
 * that differs (a later ISA-L may lay its tables out in another way) is replaced by the portable
 * one. Never NULL, good for ever, the same at every call, callable from any thread.
 */
const struct Kernels *kernels_best(void);

/* Those of a machine without GFNI: for tests and comparisons. */
const struct Kernels *kernels_isal(void);

#endif
