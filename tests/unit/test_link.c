/* Links of all kinds: pipes, serial ports that go and come (ptys), terminals. */
#include "host/link.h"
#include "unit/check.h"
#include "unit/folder.h"
#include "unit/serial_driver.h"
#include "unit/serial_pair.h"
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

static uint8_t memory[4096];

static struct LinkOptions port_options(const char *path)
{
    return (struct LinkOptions){
        .in = -1, .out = -1, .serial = options_of(path), .patience = CLOCK_NEVER};
}

static void pair_close(struct Pair *p)
{
    close(p->terminal);
    close(p->master);
}

/* What `call` says on stderr while it runs, into words. */
static int words_pipe[2], words_saved;

static void words_begin(void)
{
    cr_assert_eq(pipe(words_pipe), 0);
    words_saved = dup(STDERR_FILENO);
    cr_assert_eq(dup2(words_pipe[1], STDERR_FILENO), STDERR_FILENO);
    close(words_pipe[1]);
}

static const char *words_end(void)
{
    static char words[2048];
    size_t len = 0;
    cr_assert_eq(dup2(words_saved, STDERR_FILENO), STDERR_FILENO);
    close(words_saved);
    for (ssize_t n; (n = read(words_pipe[0], words + len, sizeof words - 1 - len)) > 0;)
        len += (size_t)n;
    close(words_pipe[0]);
    words[len] = '\0';
    return words;
}

static size_t lines_of(const char *words)
{
    size_t lines = 0;
    for (; *words != '\0'; words++)
        lines += *words == '\n';
    return lines;
}

Test(link, descriptors_pass_bytes_and_end_as_a_port_does)
{
    struct Loop loop;
    struct Link l;
    int a[2], b[2];
    cr_assert(pipe(a) == 0 && pipe(b) == 0);
    loop_open(&loop);
    struct LinkOptions o = {.in = a[0], .out = b[1], .name = "pipes"};
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(link_room(&l, clock_now()), SIZE_MAX);
    cr_assert_eq(link_deadline(&l), CLOCK_NEVER);
    cr_assert_eq(link_write(&l, (const uint8_t *)"hello", 5), 5);
    cr_assert_eq(read(b[0], memory, 10), 5);
    cr_assert_eq(write(a[1], "abc", 3), 3);
    link_watch(&l, &loop, true, false);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1);
    cr_assert_eq(link_read(&l, memory, sizeof memory), 3);
    close(a[1]);
    cr_assert_eq(link_read(&l, memory, sizeof memory), 0);
    cr_assert(l.port.eof);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_UP);
    close(b[0]);
    cr_assert_eq(link_write(&l, memory, 1), -1);
    cr_assert_eq(l.port.error, EPIPE);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_UP);
    link_close(&l, &loop);
    cr_assert_eq(fcntl(a[0], F_GETFL) & O_NONBLOCK, 0);
    loop_close(&loop);
}

Test(link, what_cannot_be_opened_is_one_line_and_an_exit_code)
{
    struct Loop loop;
    struct Link l;
    loop_open(&loop);
    struct LinkOptions o = {.in = 999, .out = -1, .name = "stdin"};
    words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_str_eq(words_end(), "dttk: stdin: bad file descriptor\n");
    cr_assert_eq(code, EXIT_IO);
    link_close(&l, &loop);

    o = port_options("/nowhere/port");
    words_begin();
    code = link_open(&l, &o, &loop);
    const char *words = words_end();
    cr_assert(strncmp(words, "dttk: /nowhere/port: there is no such port", 42) == 0, "%s", words);
    cr_assert_eq(lines_of(words), 1);
    cr_assert_eq(code, EXIT_PORT);
    link_close(&l, &loop);

    o.wait = true;
    o.patience = 20 * CLOCK_MS;
    words_begin();
    code = link_open(&l, &o, &loop);
    words = words_end();
    cr_assert_eq(lines_of(words), 2, "%s", words);
    cr_assert_not_null(strstr(words, "; waiting for it\n"));
    cr_assert_eq(code, EXIT_PORT);
    loop_close(&loop);
}

Test(link, a_signal_ends_the_waiting_for_a_port)
{
    struct Loop loop;
    struct Link l;
    loop_open(&loop);
    struct LinkOptions o = port_options("/nowhere/port");
    o.wait = o.quiet = true;
    (void)raise(SIGTERM);
    words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_eq(lines_of(words_end()), 1);
    cr_assert_eq(code, EXIT_SIGNAL + SIGTERM);
    link_close(&l, &loop);
    loop_close(&loop);
}

Test(link, a_port_passes_bytes_and_is_given_back)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct TtySettings before = settings_of(p.terminal);
    struct LinkOptions o = port_options(p.path);
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(link_write(&l, (const uint8_t *)"\n\r\003", 3), 3);
    cr_assert_eq(read(p.master, memory, 10), 3);
    cr_assert_eq(write(p.master, "\n\r\003", 3), 3);
    cr_assert_eq(link_read(&l, memory, 10), 3);
    cr_assert_arr_eq(memory, "\n\r\003", 3);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_UP);
    link_close(&l, &loop);
    link_close(&l, &loop);
    struct TtySettings now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    loop_close(&loop);
}

Test(link, no_more_is_written_than_the_queue_may_hold_and_then_it_is_time_to_wait)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    l.serial.pty = false; /* so that it is looked at */
    cr_assert_eq(link_write(&l, memory, sizeof memory), 576);
    driver.queued = 570; /* for ever */
    link_watch(&l, &loop, true, true);
    cr_assert_eq(loop.slots[LOOP_LINK_OUT].fd, -1, "no room: not watched");
    cr_assert_neq(loop.slots[LOOP_LINK_IN].fd, -1);
    cr_assert_eq(link_write(&l, memory, sizeof memory), 0);
    uint64_t now = clock_now();
    cr_assert_leq(link_deadline(&l), now + 50 * CLOCK_MS);
    link_watch(&l, &loop, true, false);
    cr_assert_eq(link_deadline(&l), CLOCK_NEVER, "nothing to write: nothing to look for");
    l.serial.pty = true;
    link_close(&l, &loop);
    loop_close(&loop);
}

Test(link, a_port_that_goes_away_is_lost_unless_it_is_to_be_waited_for)
{
    static const bool reads[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        struct Loop loop;
        struct Link l;
        struct Pair p;
        pair_open(&p);
        loop_open(&loop);
        struct LinkOptions o = port_options(p.path);
        cr_assert_eq(link_open(&l, &o, &loop), 0);
        pair_close(&p);
        link_watch(&l, &loop, true, false);
        cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1, "a hang-up is noticed");
        cr_assert_eq(reads[i] ? link_read(&l, memory, 10) : link_write(&l, memory, 10), 0);
        cr_assert_leq(link_deadline(&l), clock_now());
        words_begin();
        enum LinkState state = link_tick(&l, clock_now());
        cr_assert_str_eq(words_end(), "", "what is lost the caller says");
        cr_assert_eq(state, LINK_LOST);
        cr_assert_eq(link_deadline(&l), CLOCK_NEVER);
        cr_assert_eq(link_read(&l, memory, 10), 0);
        cr_assert_eq(link_write(&l, memory, 10), 0);
        link_watch(&l, &loop, true, true);
        cr_assert_eq(loop.slots[LOOP_LINK_IN].fd, -1);
        cr_assert_eq(loop.slots[LOOP_LINK_OUT].fd, -1);
        link_close(&l, &loop);
        loop_close(&loop);
    }
}

/* Sleep and tick until the port is back; the number of wake-ups. */
static unsigned wait_until_up(struct Link *l, struct Loop *loop, uint64_t most)
{
    unsigned ticks = 0;
    for (uint64_t end = clock_now() + most; clock_now() < end; ticks++) {
        if (link_tick(l, clock_now()) != LINK_AWAY)
            break;
        link_watch(l, loop, true, true);
        (void)loop_wait(loop, link_deadline(l) < end ? link_deadline(l) : end);
    }
    return ticks;
}

Test(link, a_port_that_returns_is_opened_again_by_its_name)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    struct Folder f;
    folder_open(&f);
    loop_open(&loop);
    const char *link = folder_path(&f, "link");
    pair_open(&p);
    cr_assert_eq(symlink(p.path, link), 0);
    struct LinkOptions o = port_options(link);
    o.reconnect = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(link_write(&l, (const uint8_t *)"ab", 2), 2);
    words_begin();
    for (unsigned round = 1; round <= 2; round++) {
        cr_assert_eq(unlink(link), 0);
        pair_close(&p);
        cr_assert_eq(link_read(&l, memory, 10), 0);
        uint64_t now = clock_now();
        cr_assert_eq(link_tick(&l, now), LINK_AWAY);
        cr_assert_eq(link_write(&l, memory, 10), 0);
        cr_assert_eq(link_room(&l, now), 0);
        cr_assert_geq(link_deadline(&l), now + 100 * CLOCK_MS);
        (void)wait_until_up(&l, &loop, 400 * CLOCK_MS);
        cr_assert_eq(l.state, LINK_AWAY);

        pair_open(&p);
        cr_assert_eq(symlink(p.path, link), 0);
        (void)wait_until_up(&l, &loop, 20 * CLOCK_SECOND);
        cr_assert_eq(l.state, LINK_UP);
        cr_assert_eq(l.returns, round);
        cr_assert_eq(link_write(&l, (const uint8_t *)"cd", 2), 2);
        cr_assert_eq(read(p.master, memory, 10), 2);
        cr_assert_eq(write(p.master, "e", 1), 1);
        cr_assert_eq(link_read(&l, memory, 10), 1);
        cr_assert_eq(l.port.bytes_out, 2 + 2 * round, "they count on");
    }
    const char *words = words_end();
    cr_assert_eq(lines_of(words), 4, "%s", words);
    cr_assert_not_null(strstr(words, "link: the port is gone; waiting for it to return\ndttk: "));
    cr_assert_not_null(strstr(words, "link: the port is back\n"));
    link_close(&l, &loop);
    pair_close(&p);
    loop_close(&loop);
    folder_close(&f);
}

Test(link, tries_become_rare_while_a_port_is_away)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    o.reconnect = o.quiet = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    pair_close(&p);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    uint64_t begin = clock_now(), now = begin; /* no need to sleep: time is an argument */
    unsigned tries = 0;
    cr_assert_eq(link_tick(&l, now), LINK_AWAY);
    for (; now < begin + 60 * CLOCK_SECOND; tries++) {
        uint64_t wait = link_deadline(&l) - now;
        CHECK(wait >= 100 * CLOCK_MS && wait <= 5 * CLOCK_SECOND, "try %u: %llu", tries,
              (unsigned long long)wait);
        cr_assert_eq(link_tick(&l, now + wait - 1), LINK_AWAY);
        cr_assert_eq(link_deadline(&l), now + wait, "not before its time");
        now += wait;
        cr_assert_eq(link_tick(&l, now), LINK_AWAY);
    }
    cr_assert_geq(tries, 13);
    cr_assert_leq(tries, 30);
    link_close(&l, &loop);
    loop_close(&loop);
}

Test(link, a_port_that_is_back_but_another_program_has_is_given_up_in_the_end)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    struct Folder f;
    struct Serial other;
    folder_open(&f);
    loop_open(&loop);
    const char *link = folder_path(&f, "link");
    pair_open(&p);
    cr_assert_eq(symlink(p.path, link), 0);
    struct LinkOptions o = port_options(link);
    o.reconnect = o.quiet = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    pair_close(&p);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_AWAY);
    pair_open(&p);
    cr_assert_eq(unlink(link), 0);
    cr_assert_eq(symlink(p.path, link), 0);
    struct SerialOptions theirs = options_of(p.path);
    opened(&other, &theirs);
    uint64_t begin = clock_now(), now = begin;
    words_begin();
    while (link_tick(&l, now) == LINK_AWAY && now < begin + 60 * CLOCK_SECOND)
        now = link_deadline(&l);
    const char *words = words_end();
    cr_assert_eq(l.state, LINK_LOST);
    cr_assert_gt(now - begin, 9 * CLOCK_SECOND);
    cr_assert_not_null(strstr(words, ": the port is back, but: another program holds it\n"));
    cr_assert_eq(lines_of(words), 1);
    serial_close(&other);
    link_close(&l, &loop);
    loop_close(&loop);
    folder_close(&f);
}

Test(link, errors_that_mean_gone_do_so_for_ports_only)
{
    struct Link port = {.options = port_options("/dev/ttyUSB0")};
    struct Link pipes = {.options = {.in = 0, .out = 1}};
    struct Link terminal = {.options = {.in = 0, .out = 1, .terminal = true}};
    static const int gone[] = {EIO, ENXIO, ENODEV};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(link_lost(&port, gone[i]));
        cr_assert(link_lost(&terminal, gone[i]));
        cr_assert(!link_lost(&pipes, gone[i]));
    }
    cr_assert(!link_lost(&port, EINVAL));
    cr_assert(!link_lost(&port, EAGAIN));
}

Test(link, one_terminal_is_told_from_two_and_from_none)
{
    struct Pair p, q;
    int fds[2];
    pair_open(&p);
    pair_open(&q);
    cr_assert_eq(pipe(fds), 0);
    int again = open(p.path, O_RDWR | O_NOCTTY);
    cr_assert(link_is_one_terminal(p.terminal, again));
    cr_assert(link_is_one_terminal(p.terminal, p.terminal));
    cr_assert(!link_is_one_terminal(p.terminal, q.terminal));
    cr_assert(!link_is_one_terminal(p.terminal, fds[1]));
    cr_assert(!link_is_one_terminal(fds[0], fds[1]));
}

static struct LinkOptions terminal_options(int fd)
{
    return (struct LinkOptions){.in = fd, .out = fd, .name = "terminal", .terminal = true};
}

Test(link, a_terminal_is_raw_while_it_is_the_link_and_lost_when_it_hangs_up)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct TtySettings before = settings_of(p.terminal);
    struct LinkOptions o = terminal_options(p.terminal);
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(write(p.master, "\003\021\n\r", 4), 4);
    link_watch(&l, &loop, true, false);
    cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1);
    cr_assert_eq(link_read(&l, memory, 10), 4);
    cr_assert_arr_eq(memory, "\003\021\n\r", 4);
    cr_assert_eq(loop_signal(&loop), 0);
    link_close(&l, &loop);
    struct TtySettings now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    cr_assert_eq(fcntl(p.terminal, F_GETFL) & O_NONBLOCK, 0);

    cr_assert_eq(link_open(&l, &o, &loop), 0);
    close(p.master);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_LOST);
    link_close(&l, &loop);
    loop_close(&loop);

    int fds[2];
    loop_open(&loop);
    cr_assert_eq(pipe(fds), 0);
    o = terminal_options(fds[0]);
    words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_eq(lines_of(words_end()), 1);
    cr_assert_eq(code, EXIT_IO);
    loop_close(&loop);
}

Test(link, a_terminal_is_given_back_even_by_a_second_signal)
{
    struct Pair p;
    int status = 0;
    pair_open(&p);
    struct TtySettings before = settings_of(p.terminal);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct Loop loop;
        struct Link l;
        struct LinkOptions o = terminal_options(p.terminal);
        loop_open(&loop);
        if (link_open(&l, &o, &loop) != 0 || settings_of(p.terminal).local != 0)
            _exit(1);
        (void)raise(SIGTERM);
        (void)raise(SIGTERM);
        _exit(2);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "%d", status);
    struct TtySettings now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    cr_assert_eq(fcntl(p.terminal, F_GETFL) & O_NONBLOCK, 0);
}
