/*
 * Bench: what this machine can do, stage by stage and whole. A stage is run again and again until a
 * sample takes long enough to be timed, and is sampled several times: least, median and most are
 * told, for on a busy machine one number says little. Data are the same at every run.
 */
#ifndef HOST_BENCH_H
#define HOST_BENCH_H

#include "host/exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one stage; times are those of one run. */
struct BenchResult {
    const char *group; /* what kind of stage it is: one word */
    const char *name;
    uint64_t bytes;                /* of content that a run moves; 0: it counts packets only */
    uint64_t packets;              /* of a run; 0: it has none */
    double least, median, most;    /* ns */
    double cpu;                    /* ns of processor time in all processes, median; 0: not known */
    uint64_t peak_send, peak_recv; /* bytes of memory of either end; 0: not known */
};

#define BENCH_NAMES 64

struct BenchOptions {
    bool quick;               /* fewer and shorter samples, less data */
    const char *const *names; /* stages whose group or name contains one of these; kept */
    size_t name_count;        /* 0: all stages; at most BENCH_NAMES */
    const char *self;         /* path of dttk itself, for the stages that run it */
    void (*take)(void *ctx, const struct BenchResult *result); /* borrows the result */
    void *ctx;
};

/*
 * Measure, one stage after the other. An exit code: EXIT_USAGE if no stage has one of the names
 * (said), EXIT_IO if a stage did not come out right (said, and the others are measured).
 */
int bench_all(const struct BenchOptions *options);

/* ---- For bench_*.c ------------------------------------------------------------------------- */

struct Bench {
    const struct BenchOptions *options;
    const char *group; /* of the stages that follow */
    uint64_t matched;  /* bit i: a stage was wanted for options->names[i] */
    int code;          /* the exit code so far */
};

struct BenchStage {
    const char *name;
    bool (*run)(void *ctx); /* once; false: it came out wrong */
    void *ctx;
    uint64_t bytes, packets; /* as in BenchResult */
    const uint64_t *ns;      /* where run tells the time that counts; NULL: all of bench_time */
    const uint64_t *cpu;     /* where run tells processor time, ns; NULL: it does not */
    const uint64_t *peaks;   /* where it tells both peaks of memory; NULL: it does not */
    bool long_run;           /* a run is long enough to be a sample */
};

/* True if the stage is to be measured: ask before what it needs is prepared. */
bool bench_wants(struct Bench *b, const char *name);

/* Measure a stage, if it is wanted, and tell what came of it. */
void bench_stage(struct Bench *b, const struct BenchStage *stage);

/* A stage cannot be measured: say why. */
void bench_fail(struct Bench *b, const char *name, const char *why);

/* ns of processor time of this thread: what others do meanwhile does not count. */
uint64_t bench_time(void);

/* len bytes that look random, the same at every run. */
void bench_fill(uint8_t *bytes, size_t len);

/* The groups, in the order a byte travels. */
void bench_stages(struct Bench *b);
void bench_code(struct Bench *b);
void bench_pair(struct Bench *b);
void bench_pipe(struct Bench *b);

#endif
