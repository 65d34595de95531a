#include "host/bench_child.h"

#include "host/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME 40 /* bytes of a folder's name, at most */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define SIGNALS (sizeof signals / sizeof signals[0])

static struct sigaction before[SIGNALS];
static volatile sig_atomic_t stopped; /* by this signal */

static void stop(int number)
{
    stopped = number;
}

void bench_signals_begin(void)
{
    struct sigaction action = {.sa_handler = stop};
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &action, &before[i]);
}

void bench_signals_end(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &before[i], NULL);
    if (stopped)
        (void)raise(stopped);
}

bool bench_stopped(void)
{
    return stopped != 0;
}

/* In the child. */
static void become(const char *self, const char *const *words, int in, int out, int err)
{
    char *const *argv = (char *const *)(uintptr_t)words; /* exec changes none of them */
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(127);
    unsetenv("DTTK_PORT");
    execvp(strcmp(words[0], "dttk") == 0 ? self : words[0], argv);
    _exit(127);
}

pid_t bench_child_start(const char *self, const char *const *words, int in, int out, int err,
                        bool group)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (group)
            (void)setpgid(0, 0);
        become(self, words, in, out, err);
    }
    if (pid > 0 && group)
        (void)setpgid(pid, pid); /* whoever of both is first */
    return pid;
}

static uint64_t time_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * CLOCK_SECOND + (uint64_t)t->tv_usec * 1000;
}

int bench_child_await(pid_t pid, struct BenchUsage *usage)
{
    struct rusage u;
    int status = 0;
    if (pid < 0)
        return -1;
    while (wait4(pid, &status, 0, &u) < 0) {
        if (errno != EINTR)
            return -1;
        if (stopped)
            (void)kill(pid, SIGTERM);
    }
    if (usage != NULL)
        *usage = (struct BenchUsage){time_of(&u.ru_utime) + time_of(&u.ru_stime),
                                     (uint64_t)u.ru_maxrss * 1024};
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool bench_folder_make(struct BenchFolder *f)
{
    const char *temporary = getenv("TMPDIR");
    long pid = (long)getpid();
    snprintf(f->path, sizeof f->path, "/dev/shm/dttk-bench.%ld.XXXXXX", pid);
    if (mkdtemp(f->path) == NULL) {
        if (temporary == NULL || strlen(temporary) + NAME > sizeof f->path)
            temporary = "/tmp";
        snprintf(f->path, sizeof f->path, "%s/dttk-bench.%ld.XXXXXX", temporary, pid);
        if (mkdtemp(f->path) == NULL) {
            f->path[0] = '\0';
            return false;
        }
    }
    snprintf(f->out, sizeof f->out, "%s/out", f->path);
    return true;
}

void bench_folder_clear(const struct BenchFolder *f)
{
    static const char *const suffixes[] = {"", ".part", ".part.journal", ".sent", ".received"};
    char path[sizeof f->out + 16];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(path, sizeof path, "%s%s", f->out, suffixes[i]);
        (void)unlink(path);
    }
}

void bench_folder_remove(const struct BenchFolder *f)
{
    if (f->path[0] == '\0')
        return;
    bench_folder_clear(f);
    (void)rmdir(f->path);
}
