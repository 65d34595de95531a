/* Ports and the loop that waits for them, on pipes, sockets and ptys. */
#include "host/loop.h"
#include "host/port.h"
#include "unit/check.h"
#include "unit/random.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static uint8_t memory[1 << 16];

static bool is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

/* A pty in raw mode: fds[0] the master, fds[1] the terminal. */
static void open_pty(int fds[2])
{
    struct termios t;
    fds[0] = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(fds[0] >= 0 && grantpt(fds[0]) == 0 && unlockpt(fds[0]) == 0);
    fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY);
    cr_assert(fds[1] >= 0 && tcgetattr(fds[1], &t) == 0);
    cfmakeraw(&t);
    cr_assert_eq(tcsetattr(fds[1], TCSANOW, &t), 0);
}

Test(port, descriptors_are_nonblocking_while_open_and_given_back_as_they_were)
{
    int fds[2];
    struct Port p;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(port_open(&p, fds[0], fds[1], "pipe"), 0);
    cr_assert(is_nonblocking(fds[0]) && is_nonblocking(fds[1]));
    port_close(&p);
    cr_assert(!is_nonblocking(fds[0]) && !is_nonblocking(fds[1]));
    port_close(&p);

    cr_assert_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0); /* somebody else's wish */
    cr_assert_eq(port_open(&p, fds[0], -1, "pipe"), 0);
    port_close(&p);
    cr_assert(is_nonblocking(fds[0]));
}

Test(port, both_ends_may_share_one_open_file_description)
{
    int fds[2];
    struct Port p;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    int same = dup(fds[0]);
    cr_assert_eq(port_open(&p, fds[0], same, "socket"), 0);
    cr_assert(is_nonblocking(fds[0]));
    port_close(&p);
    cr_assert(!is_nonblocking(fds[0]));
}

Test(port, a_closed_descriptor_or_the_wrong_end_is_refused_and_nothing_changed)
{
    int fds[2];
    struct Port p;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(port_open(&p, fds[0], 999, "pipe"), -1);
    cr_assert_eq(p.error, EBADF);
    cr_assert(!is_nonblocking(fds[0]));
    cr_assert_eq(port_open(&p, fds[1], -1, "pipe"), -1);
    cr_assert_eq(p.error, EBADF);
}

Test(port, reading_tells_not_now_from_the_end)
{
    int fds[2];
    struct Port p;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(port_open(&p, fds[0], -1, "pipe"), 0);
    cr_assert_eq(port_read(&p, memory, 10), 0);
    cr_assert(!p.eof);
    cr_assert_eq(write(fds[1], "abc", 3), 3);
    cr_assert_eq(port_read(&p, memory, 0), 0);
    cr_assert(!p.eof);
    cr_assert_eq(port_read(&p, memory, 10), 3);
    close(fds[1]);
    cr_assert_eq(port_read(&p, memory, 10), 0);
    cr_assert(p.eof);
    cr_assert_eq(p.bytes_in, 3);
}

Test(port, a_pipe_takes_what_fits_and_then_nothing_and_then_its_reader_is_gone)
{
    int fds[2];
    struct Port p;
    struct Loop loop;
    uint64_t written = 0;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(port_open(&p, -1, fds[1], "pipe"), 0);
    loop_open(&loop);
    for (ptrdiff_t n = 1; n > 0; written += (uint64_t)n)
        n = port_write(&p, memory, sizeof memory);
    cr_assert_eq(p.bytes_out, written);
    cr_assert_geq(written, 65536);
    port_watch(&p, &loop, true, true);
    cr_assert_eq(loop_wait(&loop, 0), 0);
    cr_assert_eq(port_deadline(&p), CLOCK_NEVER);
    close(fds[0]);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1);
    cr_assert(loop_ready(&loop, LOOP_LINK_OUT));
    cr_assert_eq(port_write(&p, memory, 1), -1);
    cr_assert_eq(p.error, EPIPE);
    loop_close(&loop);
}

Test(port, a_pipe_made_small_stays_small)
{
    int fds[2];
    struct Port p;
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(fcntl(fds[0], F_SETPIPE_SZ, 4096), 4096);
    cr_assert_eq(port_open(&p, fds[0], -1, "pipe"), 0);
    cr_assert_eq(fcntl(fds[0], F_GETPIPE_SZ), 4096);
    port_close(&p);
}

Test(port, a_pty_whose_other_side_closed_is_at_its_end)
{
    int fds[2];
    struct Port p;
    open_pty(fds);
    cr_assert_eq(port_open(&p, fds[0], fds[0], "pty"), 0);
    close(fds[1]);
    cr_assert_eq(port_read(&p, memory, 10), 0);
    cr_assert(p.eof);
}

Test(port, a_full_pty_costs_a_few_wake_ups_and_goes_on_when_it_is_read)
{
    int fds[2];
    struct Port p;
    struct Loop loop;
    unsigned wakeups = 0;
    open_pty(fds);
    cr_assert_eq(port_open(&p, -1, fds[1], "pty"), 0);
    loop_open(&loop);
    uint64_t end = clock_now() + 300 * CLOCK_MS;
    for (; clock_now() < end; wakeups++) {
        port_watch(&p, &loop, false, true);
        uint64_t deadline = port_deadline(&p) < end ? port_deadline(&p) : end;
        if (loop_wait(&loop, deadline) > 0)
            cr_assert_geq(port_write(&p, memory, sizeof memory), 0);
    }
    cr_assert_gt(p.bytes_out, 1000);
    cr_assert_leq(wakeups, 60);

    /* Kernels differ in whether poll then says writable; this is how one that does looks. */
    uint64_t patience = p.backoff;
    cr_assert_eq(port_write(&p, memory, 100), 0);
    cr_assert_gt(port_deadline(&p), clock_now());
    cr_assert(p.backoff > patience || patience == 50 * CLOCK_MS);
    port_watch(&p, &loop, false, true);
    cr_assert_eq(loop.slots[LOOP_LINK_OUT].fd, -1);

    uint64_t full = p.bytes_out;
    cr_assert_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    for (end = clock_now() + 5 * CLOCK_SECOND; p.bytes_out == full && clock_now() < end;) {
        while (read(fds[0], memory, sizeof memory) > 0)
            continue;
        port_watch(&p, &loop, false, true);
        uint64_t deadline = port_deadline(&p) < end ? port_deadline(&p) : end;
        if (loop_wait(&loop, deadline) > 0)
            cr_assert_geq(port_write(&p, memory, 100), 0);
    }
    cr_assert_gt(p.bytes_out, full);
    loop_close(&loop);
    port_close(&p);
}

Test(loop, a_deadline_passes_not_early)
{
    struct Loop loop;
    loop_open(&loop);
    uint64_t deadline = clock_now() + 20 * CLOCK_MS;
    cr_assert_eq(loop_wait(&loop, deadline), 0);
    cr_assert_geq(clock_now(), deadline);
    cr_assert_eq(loop_wait(&loop, 0), 0);
    loop_close(&loop);
}

Test(loop, slots_are_ready_one_by_one_and_a_hang_up_is_not_told_unasked)
{
    int fds[2];
    struct Loop loop;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    loop_open(&loop);
    loop_watch(&loop, LOOP_SOURCE, fds[0], POLLIN);
    loop_watch(&loop, LOOP_SINK, fds[1], POLLOUT);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1);
    cr_assert(loop_ready(&loop, LOOP_SINK) && !loop_ready(&loop, LOOP_SOURCE));
    cr_assert_eq(write(fds[1], "x", 1), 1);
    loop_watch(&loop, LOOP_SINK, fds[1], 0);
    cr_assert(!loop_ready(&loop, LOOP_SINK));
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1);
    cr_assert(loop_ready(&loop, LOOP_SOURCE));
    loop_watch(&loop, LOOP_SOURCE, fds[0], 0);
    close(fds[1]);
    cr_assert_eq(loop_wait(&loop, clock_now() + CLOCK_MS), 0);
    loop_close(&loop);
}

Test(loop, a_signal_ends_the_wait_also_one_from_before_it)
{
    struct Loop loop;
    sigset_t blocked;
    loop_open(&loop);
    cr_assert_eq(loop_signal(&loop), 0);
    cr_assert_eq(raise(SIGTERM), 0);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 0);
    cr_assert_eq(loop_signal(&loop), SIGTERM);
    loop_close(&loop);

    /* One that was blocked and pending is delivered. */
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    cr_assert_eq(raise(SIGHUP), 0);
    loop_open(&loop);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 0);
    cr_assert_eq(loop_signal(&loop), SIGHUP);
    loop_close(&loop);
}

/* How a process ends that gets signal twice between loop_open and loop_close. */
static int end_of_two(int signal, bool ignored)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct Loop loop;
        (void)sigaction(signal, &(struct sigaction){.sa_handler = ignored ? SIG_IGN : SIG_DFL},
                        NULL);
        loop_open(&loop);
        (void)raise(signal);
        (void)raise(signal);
        _exit(loop_signal(&loop) == 0 ? 0 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return status;
}

Test(loop, the_second_signal_has_its_default_action_and_an_ignored_one_stays_ignored)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int status = end_of_two(numbers[i], false);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        status = end_of_two(numbers[i], true);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static int last_words[2];

static void say_last_words(void)
{
    (void)!write(last_words[1], "x", 1);
}

Test(loop, what_is_left_to_be_done_is_done_before_the_second_signal_ends_the_process)
{
    char byte;
    int status = 0;
    cr_assert_eq(pipe(last_words), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct Loop loop;
        loop_open(&loop);
        (void)raise(SIGTERM);
        loop_last_act(&loop, say_last_words); /* also after the first */
        (void)raise(SIGINT);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    cr_assert_eq(read(last_words[0], &byte, 1), 1);
}

Test(loop, closing_gives_the_signals_back)
{
    struct Loop loop;
    struct sigaction now;
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    loop_open(&loop);
    cr_assert_eq(sigaction(SIGPIPE, NULL, &now), 0);
    cr_assert(now.sa_handler == SIG_IGN);
    cr_assert_eq(raise(SIGINT), 0);
    loop_close(&loop);
    cr_assert_eq(sigaction(SIGPIPE, NULL, &now), 0);
    cr_assert(now.sa_handler == SIG_DFL);
}
