/*
 * bench_latency messages SIZE COUNT GAP COMMAND: how long a message takes through a pipeline. The
 *     COMMAND of the shell copies its stdin to its stdout; into it go COUNT messages of SIZE bytes,
 *     each when the one before has arrived and GAP microseconds have passed.
 * bench_latency first COUNT COMMAND: from the start of a command to its first byte on stdout.
 * bench_latency whole COUNT COMMAND: from its start to its end, which must be exit status 0.
 *
 * It prints least, median, 99th percentile and most, in microseconds. A COMMAND is one of the
 * shell, but for first: its words are parted by blanks, lest the start of a shell is measured.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS    32
#define WARM_UP  10 /* messages that do not count */
#define PATIENCE 20000

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void sleep_us(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};

    if (us > 0)
        nanosleep(&t, NULL);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_times(double *times, size_t n)
{
    qsort(times, n, sizeof *times, compare);
    printf("%.1f\t%.1f\t%.1f\t%.1f\n", times[0], times[(n - 1) / 2], times[(n * 99 + 99) / 100 - 1],
           times[n - 1]);
}

/* ---- Commands ---------------------------------------------------------------------------- */

struct Child {
    pid_t pid;
    int in, out; /* ours: in leads to its stdin, out from its stdout */
};

static void run_child(char *const *words, int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    signal(SIGPIPE, SIG_DFL);
    execvp(words[0], words);
    perror(words[0]);
    _exit(127);
}

static struct Child start(char *const *words)
{
    struct Child c;
    int in[2], out[2];

    sim_check(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "no pipe");
    c.pid = fork();
    sim_check(c.pid >= 0, "no process");
    if (c.pid == 0)
        run_child(words, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    c.in = in[1];
    c.out = out[0];
    return c;
}

static struct Child start_shell(char *command)
{
    static char shell[] = "sh", option[] = "-c";
    char *words[] = {shell, option, command, NULL};

    return start(words);
}

static void finish(const struct Child *c)
{
    int status;

    sim_check(waitpid(c->pid, &status, 0) == c->pid && status == 0, "the command failed");
}

/* What it has left to say, to the end. */
static void drain(const struct Child *c)
{
    static char rest[65536];

    while (read(c->out, rest, sizeof rest) > 0)
        ;
    close(c->out);
}

/* ---- Messages ---------------------------------------------------------------------------- */

/* Write and read what the pipes take and give, until the whole message has arrived. */
static void pass(const struct Child *c, const char *message, char *copy, size_t size)
{
    struct pollfd fds[2] = {{c->out, POLLIN, 0}, {c->in, POLLOUT, 0}};
    size_t written = 0, got = 0;

    while (got < size) {
        ssize_t n = written < size ? write(c->in, message + written, size - written) : 0;

        sim_check(n >= 0 || errno == EAGAIN, "the command does not read on");
        written += n > 0 ? (size_t)n : 0;
        sim_check(poll(fds, written < size ? 2 : 1, PATIENCE) > 0, "a message does not arrive");
        if (fds[0].revents == 0)
            continue;
        n = read(c->out, copy + got, size - got);
        sim_check(n > 0, "the command has ended");
        got += (size_t)n;
    }
    sim_check(memcmp(message, copy, size) == 0, "something else has arrived");
}

static void messages(size_t size, size_t count, long gap, char *command)
{
    struct Child c = start_shell(command);
    char *message = malloc(size), *copy = malloc(size);
    double *times = malloc(count * sizeof *times);
    uint64_t state = 1;

    sim_check(message != NULL && copy != NULL && times != NULL, "no memory");
    for (size_t i = 0; i < size; i++)
        message[i] = (char)sim_random(&state);
    sim_check(fcntl(c.in, F_SETFL, O_NONBLOCK) == 0, "the pipe blocks");
    for (size_t i = 0; i < count + WARM_UP; i++) {
        double begin;

        memcpy(message, &i, sizeof i < size ? sizeof i : size);
        sleep_us(gap);
        begin = now_us();
        pass(&c, message, copy, size);
        times[i < WARM_UP ? 0 : i - WARM_UP] = now_us() - begin;
    }
    close(c.in);
    drain(&c);
    finish(&c);
    print_times(times, count);
    free(times);
    free(message);
    free(copy);
}

/* ---- Start and end ----------------------------------------------------------------------- */

static void split(char *command, char *words[WORDS])
{
    size_t n = 0;

    for (char *w = strtok(command, " "); w != NULL && n < WORDS - 1; w = strtok(NULL, " "))
        words[n++] = w;
    words[n] = NULL;
}

static void starts(size_t count, char *command, bool whole)
{
    double *times = malloc(count * sizeof *times);
    char *words[WORDS], byte;

    sim_check(times != NULL, "no memory");
    if (!whole)
        split(command, words);
    for (size_t i = 0; i < count; i++) {
        double begin = now_us();
        struct Child c = whole ? start_shell(command) : start(words);

        close(c.in);
        sim_check(whole || read(c.out, &byte, 1) == 1, "not a byte came");
        times[i] = now_us() - begin;
        drain(&c);
        finish(&c);
        times[i] = whole ? now_us() - begin : times[i];
    }
    print_times(times, count);
    free(times);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? strtoul(argv[argc == 6 ? 3 : 2], NULL, 10) : 0;

    signal(SIGPIPE, SIG_IGN);
    if (argc == 6 && strcmp(argv[1], "messages") == 0 && count > 0 && atol(argv[2]) > 0) {
        messages(strtoul(argv[2], NULL, 10), count, atol(argv[4]), argv[5]);
    } else if (argc == 4 && strcmp(argv[1], "first") == 0 && count > 0) {
        starts(count, argv[3], false);
    } else if (argc == 4 && strcmp(argv[1], "whole") == 0 && count > 0) {
        starts(count, argv[3], true);
    } else {
        fputs("see its source for how it is used\n", stderr);
        return 2;
    }
    return 0;
}
