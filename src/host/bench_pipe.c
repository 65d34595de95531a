/* Bench, the whole: dttk send and recv as processes, joined by a pipe, from memory to memory. */
#include "host/bench.h"

#include "host/bench_child.h"
#include "host/clock.h"
#include "host/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE       ((size_t)512 << 20)
#define SIZE_QUICK ((size_t)96 << 20) /* above what send hashes before it begins */
#define PIECE      ((size_t)1 << 20)
#define WORDS      8

struct Whole {
    const char *name;
    const char *source[WORDS], *sink[WORDS]; /* their words; behind those of recv goes the file */
};

static const struct Whole wholes[] = {
    {"cat | cat > out", {"cat"}, {"cat"}},
    {"send -r 0 | recv out", {"dttk", "send", "-q", "-r", "0"}, {"dttk", "recv", "-q"}},
    {"send | recv out", {"dttk", "send", "-q"}, {"dttk", "recv", "-q"}},
    {"send -r 0 --digest xxh128 | recv out",
     {"dttk", "send", "-q", "-r", "0", "--digest", "xxh128"},
     {"dttk", "recv", "-q"}},
};

#define WHOLES (sizeof wholes / sizeof wholes[0])

/* Of these, the last is not for builds without its digest. */
static size_t count_wholes(void)
{
    return digest_known(DIGEST_XXH128) ? WHOLES : WHOLES - 1;
}

struct Pipe {
    const char *self;
    const struct Whole *whole;
    size_t size;
    int in; /* the file that is sent, in memory */
    struct BenchFolder folder;
    uint64_t ns, cpu; /* of the last run */
    uint64_t peaks[2];
};

static struct Pipe the; /* there is one bench per process */

/* True if out has the content of in. */
static bool is_equal(const struct Pipe *p)
{
    int fd = open(p->folder.out, O_RDONLY | O_CLOEXEC);
    uint8_t *a = malloc(2 * PIECE), *b = a + PIECE;
    bool equal = fd >= 0 && a != NULL;
    for (size_t at = 0; equal && at < p->size; at += PIECE) {
        size_t n = p->size - at < PIECE ? p->size - at : PIECE;
        equal = pread(p->in, a, n, (off_t)at) == (ssize_t)n &&
                pread(fd, b, n, (off_t)at) == (ssize_t)n && memcmp(a, b, n) == 0;
    }
    free(a);
    if (fd >= 0)
        close(fd);
    return equal;
}

static pid_t start(const struct Pipe *p, const char *const *words, int in, int out)
{
    const char *all[WORDS + 2] = {NULL};
    size_t n = 0;
    for (; n < WORDS && words[n] != NULL; n++)
        all[n] = words[n];
    if (words[1] != NULL && strcmp(words[1], "recv") == 0)
        all[n] = p->folder.out;
    return bench_child_start(p->self, all, in, out, STDERR_FILENO, false);
}

/* The writer and the reader, from the start of both to the end of both. */
static bool run_between(struct Pipe *p, int in, int out)
{
    struct BenchUsage usage[2] = {{0, 0}, {0, 0}};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    uint64_t begin = clock_now();
    pid_t source = start(p, p->whole->source, in, ends[1]);
    pid_t sink = start(p, p->whole->sink, ends[0], out);
    close(ends[0]);
    close(ends[1]);
    bool good = bench_child_await(source, &usage[0]) == 0;
    good = bench_child_await(sink, &usage[1]) == 0 && good;
    p->ns = clock_now() - begin;
    p->cpu = usage[0].cpu + usage[1].cpu;
    p->peaks[0] = usage[0].peak;
    p->peaks[1] = usage[1].peak;
    return good && !bench_stopped();
}

static bool run(void *ctx)
{
    struct Pipe *p = ctx;
    (void)unlink(p->folder.out);
    bool is_cat = strcmp(p->whole->sink[0], "cat") == 0;
    int in = p->in, out = STDERR_FILENO;
    if (is_cat)
        out = open(p->folder.out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0 || lseek(in, 0, SEEK_SET) != 0)
        return false;
    bool good = run_between(p, in, out) && is_equal(p);
    if (is_cat)
        close(out);
    return good;
}

/* A file of that size that takes no disk. */
static bool make_source(struct Pipe *p)
{
    uint8_t *piece = malloc(PIECE);
    p->in = memfd_create("dttk bench", MFD_CLOEXEC);
    bool good = p->in >= 0 && piece != NULL;
    if (good)
        bench_fill(piece, PIECE);
    for (size_t at = 0; good && at < p->size; at += PIECE) {
        memcpy(piece, &at, sizeof at); /* no two are the same */
        good = write(p->in, piece, PIECE) == (ssize_t)PIECE;
    }
    free(piece);
    return good;
}

static void measure(struct Bench *b, const struct Whole *whole)
{
    struct BenchStage stage = {.name = whole->name,
                               .run = run,
                               .ctx = &the,
                               .bytes = the.size,
                               .ns = &the.ns,
                               .cpu = &the.cpu,
                               .peaks = the.peaks,
                               .long_run = true};
    the.whole = whole;
    bench_stage(b, &stage);
}

static void measure_all(struct Bench *b)
{
    if (!make_source(&the) || !bench_folder_make(&the.folder)) {
        bench_fail(b, "pipe", strerror(errno));
        return;
    }
    for (size_t i = 0; i < count_wholes() && !bench_stopped(); i++)
        measure(b, &wholes[i]);
}

void bench_pipe(struct Bench *b)
{
    bool wanted = false;
    b->group = "pipe";
    for (size_t i = 0; i < count_wholes(); i++)
        wanted = wanted || bench_wants(b, wholes[i].name);
    if (!wanted)
        return;
    the = (struct Pipe){
        .self = b->options->self, .size = b->options->quick ? SIZE_QUICK : SIZE, .in = -1};
    bench_signals_begin();
    measure_all(b);
    bench_folder_remove(&the.folder);
    if (the.in >= 0)
        close(the.in);
    bench_signals_end();
}
