#include "host/bench.h"

#include "host/clock.h"
#include "host/diag.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES_MOST 9

/* How thorough: for long runs fewer samples do. */
struct Thoroughness {
    unsigned samples, long_samples;
    uint64_t sample_ns;
};

static const struct Thoroughness thorough = {SAMPLES_MOST, 5, 20 * CLOCK_MS};
static const struct Thoroughness quick = {5, 3, 4 * CLOCK_MS};

struct Sample {
    double ns, cpu;
};

uint64_t bench_time(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* cannot fail with this clock */
    return (uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec;
}

void bench_fill(uint8_t *bytes, size_t len)
{
    uint64_t z = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 8 == 0) {
            z = (i / 8 + 1) * UINT64_C(0x9E3779B97F4A7C15);
            z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
            z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        }
        bytes[i] = (uint8_t)(z >> (i % 8 * 8));
    }
}

bool bench_wants(struct Bench *b, const char *name)
{
    const struct BenchOptions *o = b->options;
    uint64_t matched = 0;
    for (size_t i = 0; i < o->name_count; i++) {
        if (strstr(name, o->names[i]) != NULL || strcmp(b->group, o->names[i]) == 0)
            matched |= UINT64_C(1) << i;
    }
    b->matched |= matched;
    return o->name_count == 0 || matched != 0;
}

void bench_fail(struct Bench *b, const char *name, const char *why)
{
    diag("%s: %s", name, why);
    b->code = EXIT_IO;
}

/* n runs. False: one came out wrong. */
static bool take_sample(const struct BenchStage *stage, uint64_t n, struct Sample *sample)
{
    uint64_t begin = bench_time(), counted = 0, cpu = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (!stage->run(stage->ctx))
            return false;
        counted += stage->ns != NULL ? *stage->ns : 0;
        cpu += stage->cpu != NULL ? *stage->cpu : 0;
    }
    counted = stage->ns != NULL ? counted : bench_time() - begin;
    *sample = (struct Sample){(double)counted / (double)n, (double)cpu / (double)n};
    return true;
}

/* How many runs are long enough; they also warm up. 0: one came out wrong. */
static uint64_t runs_of_sample(const struct BenchStage *stage, uint64_t sample_ns)
{
    struct Sample sample = {0, 0};
    uint64_t n = 1;
    while (take_sample(stage, n, &sample)) {
        if (stage->long_run || sample.ns * (double)n >= (double)sample_ns)
            return n;
        n *= 2;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct Sample *x = a, *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

void bench_stage(struct Bench *b, const struct BenchStage *stage)
{
    const struct Thoroughness *how = b->options->quick ? &quick : &thorough;
    unsigned count = stage->long_run ? how->long_samples : how->samples;
    struct Sample samples[SAMPLES_MOST];
    if (!bench_wants(b, stage->name))
        return;
    uint64_t n = runs_of_sample(stage, how->sample_ns);
    for (unsigned i = 0; n > 0 && i < count; i++) {
        if (!take_sample(stage, n, &samples[i]))
            n = 0;
    }
    if (n == 0) {
        bench_fail(b, stage->name, "it came out wrong");
        return;
    }
    qsort(samples, count, sizeof samples[0], compare);
    struct BenchResult result = {.group = b->group,
                                 .name = stage->name,
                                 .bytes = stage->bytes,
                                 .packets = stage->packets,
                                 .least = samples[0].ns,
                                 .median = samples[count / 2].ns,
                                 .most = samples[count - 1].ns,
                                 .cpu = samples[count / 2].cpu};
    if (stage->peaks != NULL) {
        result.peak_send = stage->peaks[0];
        result.peak_recv = stage->peaks[1];
    }
    b->options->take(b->options->ctx, &result);
}

int bench_all(const struct BenchOptions *options)
{
    struct Bench b = {.options = options, .group = "", .code = EXIT_DELIVERED};
    bench_stages(&b);
    bench_code(&b);
    bench_pair(&b);
    bench_pipe(&b);
    for (size_t i = 0; i < options->name_count; i++) {
        if ((b.matched >> i & 1) == 0) {
            diag("no such stage: %s", options->names[i]);
            b.code = EXIT_USAGE;
        }
    }
    return b.code;
}
