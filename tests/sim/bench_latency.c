/*
 * bench_latency [--quick] DTTK: how long one message, or one small file, takes from end to end.
 *
 * A message is written to the first process of a pipeline when the one before has come out of the
 * last: nothing waits in between but the message. Each line is NAME, how many, and microseconds:
 * median, 99th percentile, least, most; tab-separated. `cat | cat` beside it is what the bare pipes
 * take, in three hops as well. It works in the current folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LARGE   3000000 /* bytes of the large messages */
#define SMALL   100
#define WARM_UP 20       /* messages that are not counted */
#define GAP     10000000 /* ns between small messages that come 100 in a second */
#define COMMAND 4096

struct Pipeline {
    pid_t pid;
    int in, out; /* ours: to its stdin, from its stdout */
};

static void die(const char *what)
{
    fprintf(stderr, "bench_latency: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Run a command of the shell between two pipes. */
static struct Pipeline start(const char *command)
{
    int in[2], out[2];
    struct Pipeline p;

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        die("pipe");
    p.pid = fork();
    if (p.pid < 0)
        die("fork");
    if (p.pid == 0) {
        if (dup2(in[0], 0) != 0 || dup2(out[1], 1) != 1)
            _exit(127);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    p.in = in[1];
    p.out = out[0];
    return p;
}

/* Its stdin ends; it has to end well. */
static void stop(struct Pipeline *p, const char *command)
{
    char rest[512];
    int status;

    close(p->in);
    while (read(p->out, rest, sizeof rest) > 0) {
    }
    close(p->out);
    if (waitpid(p->pid, &status, 0) != p->pid || status != 0) {
        fprintf(stderr, "bench_latency: status %d of: %s\n", status, command);
        exit(1);
    }
}

/* Write the message and read it again, at the same time, for it may not fit the pipes. */
static void pass(const struct Pipeline *p, const uint8_t *message, uint8_t *back, size_t len)
{
    size_t sent = 0, got = 0;

    while (got < len) {
        struct pollfd fds[2] = {{.fd = p->out, .events = POLLIN},
                                {.fd = sent < len ? p->in : -1, .events = POLLOUT}};
        ssize_t n = 0;

        if (sent == len || poll(fds, 2, -1) < 0 || fds[0].revents != 0)
            n = read(p->out, back + got, len - got);
        if (n < 0 || (n == 0 && (sent == len || fds[0].revents != 0)))
            die("the pipeline has ended");
        got += (size_t)n;
        if (fds[1].revents == 0)
            continue;
        n = write(p->in, message + sent, len - sent < 4096 ? len - sent : 4096);
        if (n < 0)
            die("write");
        sent += (size_t)n;
    }
    if (memcmp(message, back, len) != 0)
        die("another message came out");
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void tell(const char *name, double *times, unsigned n)
{
    qsort(times, n, sizeof *times, compare);
    printf("%s\t%u\t%.1f\t%.1f\t%.1f\t%.1f\n", name, n, times[n / 2], times[n * 99 / 100], times[0],
           times[n - 1]);
}

static void fill(uint8_t *message, size_t len, uint64_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        message[i] = (uint8_t)(seed >> 56);
    }
}

/* gap: ns between one that has come out and the next. */
static void measure_messages(const char *name, const char *command, size_t len, unsigned n,
                             long gap)
{
    struct timespec pause = {.tv_nsec = gap};
    struct Pipeline p = start(command);
    uint8_t *message = malloc(len), *back = malloc(len);
    double *times = calloc(n, sizeof *times);

    if (!message || !back || !times)
        die("memory");
    for (unsigned i = 0; i < n + WARM_UP; i++) {
        double began;

        fill(message, len, i);
        if (gap > 0)
            nanosleep(&pause, NULL);
        began = now();
        pass(&p, message, back, len);
        if (i >= WARM_UP)
            times[i - WARM_UP] = now() - began;
    }
    stop(&p, command);
    tell(name, times, n);
    free(times);
    free(back);
    free(message);
}

/* From before the fork to the first byte, or, `whole`, to the end. The shell is timed with it. */
static void measure_runs(const char *name, const char *command, unsigned n, bool whole)
{
    double *times = calloc(n, sizeof *times);

    if (!times)
        die("memory");
    for (unsigned i = 0; i < n; i++) {
        double began = now();
        struct Pipeline p = start(command);
        uint8_t byte;

        if (!whole && read(p.out, &byte, 1) != 1)
            die("nothing came");
        times[i] = now() - began;
        stop(&p, command);
        times[i] = whole ? now() - began : times[i];
    }
    tell(name, times, n);
    free(times);
}

static void make_file(const char *name, size_t len)
{
    FILE *f = fopen(name, "w");

    while (f && len-- > 0)
        fputc(rand(), f);
    if (!f || fclose(f) != 0)
        die(name);
}

int main(int argc, char **argv)
{
    bool quick = argc > 2 && strcmp(argv[1], "--quick") == 0;
    const char *dttk = argv[argc - 1];
    unsigned small = quick ? 1000 : 20000, large = quick ? 10 : 200, runs = quick ? 20 : 200;
    unsigned paced = quick ? 100 : 1000;
    char pair[COMMAND], first[COMMAND], file[COMMAND];

    if (argc < 2) {
        fprintf(stderr, "usage: bench_latency [--quick] DTTK\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(pair, sizeof pair, "'%s' send -q --flush-ms 0 | '%s' recv -q", dttk, dttk);
    snprintf(first, sizeof first, "exec '%s' send -q 1k", dttk);
    snprintf(file, sizeof file, "'%s' send -q 1k | '%s' recv -q --no-fsync out && rm out", dttk,
             dttk);
    make_file("1k", 1000);
    measure_messages("100 bytes, cat | cat", "cat | cat", SMALL, small, 0);
    measure_messages("100 bytes, send | recv", pair, SMALL, small, 0);
    measure_messages("100 bytes, 100/s, cat | cat", "cat | cat", SMALL, paced, GAP);
    measure_messages("100 bytes, 100/s, send | recv", pair, SMALL, paced, GAP);
    measure_messages("3 MB, cat | cat", "cat | cat", LARGE, large, 0);
    measure_messages("3 MB, send | recv", pair, LARGE, large, 0);
    measure_runs("first byte of a 1 kB file", first, runs, false);
    measure_runs("1 kB file, send | recv", file, runs, true);
    return 0;
}
