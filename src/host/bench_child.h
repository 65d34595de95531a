/*
 * Bench, the processes it starts: dttk itself and others, with what they cost; and a folder in
 * memory for what they write. A signal that would end the bench is noted instead, so that both can
 * be cleared away first.
 */
#ifndef HOST_BENCH_CHILD_H
#define HOST_BENCH_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* From now on signals are noted; until bench_signals_end, which lets one that came do its work. */
void bench_signals_begin(void);
void bench_signals_end(void);

/* A signal has come: all that was started is to be ended. */
bool bench_stopped(void);

/*
 * Start words[0] with words (NULL-terminated), `self` if it is "dttk", between these descriptors;
 * in a process group of its own if `group`. -1: it could not be.
 */
pid_t bench_child_start(const char *self, const char *const *words, int in, int out, int err,
                        bool group);

struct BenchUsage {
    uint64_t cpu;  /* ns of processor time */
    uint64_t peak; /* bytes of memory */
};

/* Wait for it; its exit code, 128 + n if signal n ended it, -1 if it was never started. usage may
 * be NULL. A signal to the bench is passed on. */
int bench_child_await(pid_t pid, struct BenchUsage *usage);

struct BenchFolder {
    char path[64]; /* empty: none */
    char out[80];  /* a name in it, for a file */
};

/* In memory, if there is such a place; the process id is in its name. False: errno. */
bool bench_folder_make(struct BenchFolder *f);

/* Remove the file, what a receiver that was stopped has left of it, and statistics of both sides,
 * in out.sent and out.received; and the folder, too. */
void bench_folder_clear(const struct BenchFolder *f);
void bench_folder_remove(const struct BenchFolder *f);

#endif
