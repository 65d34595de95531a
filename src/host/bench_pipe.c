/* Bench, the whole: dttk send and recv as processes, joined by a pipe, from memory to memory. */
#include "host/bench.h"
#include "host/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE       ((size_t)512 << 20)
#define SIZE_QUICK ((size_t)96 << 20) /* above what send hashes before it begins */
#define PIECE      ((size_t)1 << 20)
#define WORDS      6

struct Whole {
    const char *name;
    const char *source[WORDS], *sink[WORDS]; /* their words; the file is appended to the sink's */
};

static const struct Whole wholes[] = {
    {"cat | cat > out", {"cat"}, {"cat"}},
    {"send -r 0 | recv out", {"dttk", "send", "-q", "-r", "0"}, {"dttk", "recv", "-q"}},
    {"send | recv out", {"dttk", "send", "-q"}, {"dttk", "recv", "-q"}},
};

struct Pipe {
    const char *self;
    const struct Whole *whole;
    size_t size;
    int in; /* the file that is sent, in memory */
    char folder[64], out[80];
    uint64_t ns, cpu; /* of the last run */
    uint64_t peaks[2];
};

static struct Pipe the; /* there is one bench per process */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define SIGNALS (sizeof signals / sizeof signals[0])

static volatile sig_atomic_t stopped; /* by this signal: what is in memory has to be removed */

static void stop(int number)
{
    stopped = number;
}

/* In the child: become that program, between these descriptors. */
static void become(const struct Pipe *p, const char *const *words, int in, int out)
{
    char *argv[WORDS + 2];
    size_t n = 0;
    for (; n < WORDS && words[n] != NULL; n++)
        argv[n] = (char *)(uintptr_t)words[n]; /* exec changes none of them */
    if (words[1] != NULL && strcmp(words[1], "recv") == 0)
        argv[n++] = (char *)(uintptr_t)p->out;
    argv[n] = NULL;
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(127);
    unsetenv("DTTK_PORT");
    if (strcmp(words[0], "dttk") == 0)
        execvp(p->self, argv);
    else
        execvp(words[0], argv);
    _exit(127);
}

static pid_t start(const struct Pipe *p, const char *const *words, int in, int out)
{
    pid_t pid = fork();
    if (pid == 0)
        become(p, words, in, out);
    return pid;
}

static uint64_t time_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * CLOCK_SECOND + (uint64_t)t->tv_usec * 1000;
}

/* Wait for a child; its processor time is added, *peak is its memory. */
static bool await(struct Pipe *p, pid_t pid, uint64_t *peak)
{
    struct rusage usage;
    int status = -1;
    if (pid < 0)
        return false;
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            return false;
        if (stopped)
            (void)kill(pid, SIGTERM);
    }
    p->cpu += time_of(&usage.ru_utime) + time_of(&usage.ru_stime);
    *peak = (uint64_t)usage.ru_maxrss * 1024;
    return status == 0;
}

/* True if out has the content of in. */
static bool is_equal(const struct Pipe *p)
{
    int fd = open(p->out, O_RDONLY | O_CLOEXEC);
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

/* The writer and the reader, from the start of both to the end of both. */
static bool run_between(struct Pipe *p, int in, int out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    uint64_t begin = clock_now();
    pid_t source = start(p, p->whole->source, in, ends[1]);
    pid_t sink = start(p, p->whole->sink, ends[0], out);
    close(ends[0]);
    close(ends[1]);
    bool good = await(p, source, &p->peaks[0]);
    good = await(p, sink, &p->peaks[1]) && good;
    p->ns = clock_now() - begin;
    return good && !stopped;
}

static bool run(void *ctx)
{
    struct Pipe *p = ctx;
    (void)unlink(p->out);
    p->cpu = 0;
    bool is_cat = strcmp(p->whole->sink[0], "cat") == 0;
    int in = p->in, out = STDERR_FILENO;
    if (is_cat)
        out = open(p->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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

/* A folder in memory, if there is such a place. */
static bool make_folder(struct Pipe *p)
{
    const char *temporary = getenv("TMPDIR");
    snprintf(p->folder, sizeof p->folder, "/dev/shm/dttk-bench.XXXXXX");
    if (mkdtemp(p->folder) == NULL) {
        if (temporary == NULL || strlen(temporary) + 20 > sizeof p->folder)
            temporary = "/tmp";
        snprintf(p->folder, sizeof p->folder, "%s/dttk-bench.XXXXXX", temporary);
        if (mkdtemp(p->folder) == NULL) {
            p->folder[0] = '\0';
            return false;
        }
    }
    snprintf(p->out, sizeof p->out, "%s/out", p->folder);
    return true;
}

/* With what a receiver that was stopped has left. */
static void remove_folder(const struct Pipe *p)
{
    static const char *const suffixes[] = {"", ".part", ".part.journal"};
    char path[sizeof p->out + 16];
    if (p->folder[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(path, sizeof path, "%s%s", p->out, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(p->folder);
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
    if (!make_source(&the) || !make_folder(&the)) {
        bench_fail(b, "pipe", strerror(errno));
        return;
    }
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0] && !stopped; i++)
        measure(b, &wholes[i]);
}

void bench_pipe(struct Bench *b)
{
    struct sigaction before[SIGNALS], action = {.sa_handler = stop};
    bool wanted = false;
    b->group = "pipe";
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
        wanted = wanted || bench_wants(b, wholes[i].name);
    if (!wanted)
        return;
    the = (struct Pipe){
        .self = b->options->self, .size = b->options->quick ? SIZE_QUICK : SIZE, .in = -1};
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &action, &before[i]);
    measure_all(b);
    remove_folder(&the);
    if (the.in >= 0)
        close(the.in);
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &before[i], NULL);
    if (stopped)
        (void)raise(stopped);
}
