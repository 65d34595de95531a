/* What the tests of the store across runs share: a bench with one sample, from begin to done. */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "unit/bench.h"

#include <signal.h>
#include <sys/resource.h>

#define LEN 12345 /* 124 symbols, 8 windows of 16 */

static struct Bench b;
static struct Sample s; /* what is sent; its name is "name" */

/* A bench for path target (NULL: -d) and the sample, len bytes, of which nothing is sent yet. */
static inline void prepare(const char *target, size_t len)
{
    bench_init(&b, target);
    sample_init(&s, "name", len, 1);
}

/* The same, and a run that has had the sample's OBJECT. */
static inline void begin(const char *target, size_t len)
{
    prepare(target, len);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
}

/* Symbols from .. to of the sample, each a packet. */
static inline void some(uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n < to; n++)
        bench_source(&b, &s, n, 1);
}

/* All symbols, but of window 3 only 6 of 16: it lacks 10. */
static inline void all_but_of_window_3(void)
{
    for (uint64_t n = 0; n < 124; n++) {
        if (n % 8 != 3 || n >= 80)
            bench_source(&b, &s, n, 1);
    }
}

/* One run that gets OBJECT, some of the first `upto` symbols, and ends in order. */
static inline void first_run(uint64_t upto, uint64_t step)
{
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t n = 0; n < upto; n += step)
        bench_source(&b, &s, n, 1);
    bench_stop(&b);
}

/* The sample is in the folder, and nothing else. */
static inline void check_only(const char *name, const struct Sample *sample)
{
    cr_assert_eq(folder_count(&b.folder), 1);
    cr_assert(folder_equal(&b.folder, name, sample->data, sample->len));
}

static inline void done(void)
{
    sample_free(&s);
    bench_done(&b);
}

/* The run, which has it all, ends; and so does the test. */
static inline void verified(const char *name)
{
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only(name, &s);
    done();
}

/* Writes behind that many bytes of a file fail, as on a full disk; RLIM_INFINITY: none does. */
static inline void limit_files(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
