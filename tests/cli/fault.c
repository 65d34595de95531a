/*
 * Fault: preloaded into dttk (LD_PRELOAD), it makes one call of the C library fail, or has the
 * power fail just before it. Settings are in the environment:
 *
 *   FAULT_CALLS  names, each between commas: ",malloc,calloc,": what counts
 *   FAULT_AT     the number of the call that it is about, from 1 on
 *   FAULT_ERRNO  it fails, with this errno
 *   FAULT_POWER  or: the ext4 that is mounted there is shut down, and the process ends
 *   FAULT_FLUSH  of that: 1: ext4's own journal still gets onto the disk; 2: it does not
 *   FAULT_CLOCK  ms by which the clock goes on each time it is looked at: then it is not the true
 * one FAULT_READ   the most bytes that read gives at once: so a run has many turns FAULT_LOG    a
 * file that gets the name of the call, if it came to that
 *
 * So every n can be tried, much faster than with a tracer, memory as well, and with a clock by
 * which a run of some ms has seconds, the same ones each time. Only what dttk and its libraries
 * call through the linker is seen: not what the C library calls within itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXT4_IOC_SHUTDOWN 0x8004587dUL
#define POWER_EXIT        99

/* glibc's own, which can be had without a call that takes memory itself. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static const char *calls, *power;
static long at, flush, error, clock_step, read_most;
static long count;
static bool on;

static long number(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
    calls = getenv("FAULT_CALLS");
    power = getenv("FAULT_POWER");
    at = number("FAULT_AT");
    flush = number("FAULT_FLUSH");
    error = number("FAULT_ERRNO");
    clock_step = number("FAULT_CLOCK");
    read_most = number("FAULT_READ");
    on = calls != NULL;
    unsetenv("LD_PRELOAD"); /* not in its children */
}

static bool counts(const char *name)
{
    size_t len = strlen(name);
    for (const char *p = strstr(calls, name); p != NULL; p = strstr(p + 1, name)) {
        if (p > calls && p[-1] == ',' && p[len] == ',')
            return true;
    }
    return false;
}

/* All by system calls: none of these is to be counted, or to fail. */
static void tell(const char *name)
{
    const char *log = getenv("FAULT_LOG");
    if (log == NULL)
        return;
    long fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || syscall(SYS_write, fd, name, strlen(name)) < 0)
        _exit(POWER_EXIT + 1);
    syscall(SYS_close, fd);
}

static void fail_power(void)
{
    unsigned flags = (unsigned)flush;
    long fd = syscall(SYS_openat, AT_FDCWD, power, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || syscall(SYS_ioctl, fd, EXT4_IOC_SHUTDOWN, &flags) != 0)
        _exit(POWER_EXIT + 1);
    _exit(POWER_EXIT);
}

/* True if this call is to fail: errno is set. */
static bool fails(const char *name)
{
    if (!on || !counts(name) || ++count != at)
        return false;
    tell(name);
    if (power != NULL)
        fail_power();
    errno = (int)error;
    return true;
}

void *malloc(size_t size)
{
    return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails("calloc") ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails("realloc") ? NULL : __libc_realloc(old, size);
}

void *mmap(void *where, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (fails("mmap"))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, where, len, prot, flags, fd, offset);
}

/* A call that is handed on as it is. */
#define CALL(type, name, params, number, ...)                                                      \
    type name params                                                                               \
    {                                                                                              \
        return fails(#name) ? -1 : (type)syscall(number, __VA_ARGS__);                             \
    }

CALL(ssize_t, write, (int fd, const void *from, size_t len), SYS_write, fd, from, len)
CALL(ssize_t, pread, (int fd, void *to, size_t len, off_t at_), SYS_pread64, fd, to, len, at_)
CALL(ssize_t, pwrite, (int fd, const void *from, size_t len, off_t at_), SYS_pwrite64, fd, from,
     len, at_)
CALL(int, fsync, (int fd), SYS_fsync, fd)
CALL(int, fdatasync, (int fd), SYS_fdatasync, fd)
CALL(int, ftruncate, (int fd, off_t len), SYS_ftruncate, fd, len)
CALL(int, fallocate, (int fd, int mode, off_t from, off_t len), SYS_fallocate, fd, mode, from, len)
CALL(int, fchmod, (int fd, mode_t mode), SYS_fchmod, fd, mode)
CALL(int, flock, (int fd, int how), SYS_flock, fd, how)
CALL(int, futimens, (int fd, const struct timespec t[2]), SYS_utimensat, fd, NULL, t, 0)
CALL(int, unlinkat, (int dir, const char *name, int flags), SYS_unlinkat, dir, name, flags)
CALL(int, renameat, (int a, const char *from, int b, const char *to), SYS_renameat2, a, from, b, to,
     0)
CALL(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     SYS_renameat2, a, from, b, to, flags)
CALL(int, linkat, (int a, const char *from, int b, const char *to, int flags), SYS_linkat, a, from,
     b, to, flags)

/* No more than FAULT_READ at once. */
ssize_t read(int fd, void *to, size_t len)
{
    size_t n = read_most > 0 && len > (size_t)read_most ? (size_t)read_most : len;
    return fails("read") ? -1 : syscall(SYS_read, fd, to, n);
}

/* What it returns is an errno. */
int posix_fallocate(int fd, off_t from, off_t len)
{
    if (fails("posix_fallocate"))
        return errno;
    return syscall(SYS_fallocate, fd, 0, from, len) == 0 ? 0 : errno;
}

/* As on Linux, the descriptor is closed all the same. */
int close(int fd)
{
    bool failed = fails("close");
    int result = (int)syscall(SYS_close, fd);
    if (failed)
        errno = (int)error;
    return failed ? -1 : result;
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails("openat") ? -1 : (int)syscall(SYS_openat, dir, path, flags, mode);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    static long long ms = 1000000;
    if (clock_step == 0 || id != CLOCK_MONOTONIC)
        return (int)syscall(SYS_clock_gettime, id, t);
    ms += clock_step;
    t->tv_sec = (time_t)(ms / 1000);
    t->tv_nsec = (long)(ms % 1000 * 1000000);
    return 0;
}
