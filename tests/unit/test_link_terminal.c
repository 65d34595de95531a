/* Links that are one terminal, in and out. */
#include "host/diag.h"
#include "unit/link_kit.h"
#include <sys/wait.h>

Test(link_terminal, one_terminal_is_told_from_two_and_from_none)
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

Test(link_terminal, a_terminal_is_raw_while_it_is_the_link_and_lost_when_it_hangs_up)
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
    struct Words w = words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_eq(lines_of(words_end(w)), 1);
    cr_assert_eq(code, EXIT_IO);
    loop_close(&loop);
}

/* What the next program reads after a link that ended when the first 4 of 8 bytes were read. */
static ssize_t left_over(struct Pair *p)
{
    struct Loop loop;
    struct Link l;
    struct LinkOptions o = terminal_options(p->terminal);
    loop_open(&loop);
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(write(p->master, "abc\nxyz\n", 8), 8);
    cr_assert_eq(link_read(&l, memory, 4), 4);
    link_close(&l, &loop);
    loop_close(&loop);
    cr_assert_eq(fcntl(p->terminal, F_SETFL, O_NONBLOCK), 0);
    ssize_t n = read(p->terminal, memory, sizeof memory);
    cr_assert_eq(fcntl(p->terminal, F_SETFL, 0), 0);
    return n;
}

Test(link_terminal, no_shell_gets_to_read_what_came_too_late_but_a_raw_terminal_keeps_it)
{
    struct Pair p;
    pair_open(&p);
    cr_assert_eq(left_over(&p), -1);
    cr_assert_eq(tty_make_raw(p.terminal), 0);
    cr_assert_eq(left_over(&p), 4);
}

Test(link_terminal, words_for_a_terminal_that_is_the_link_are_kept_back_until_it_is_none)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    char line[200] = "";
    pair_open(&p);
    loop_open(&loop);
    int saved = dup(STDERR_FILENO);
    cr_assert_geq(dup2(p.terminal, STDERR_FILENO), 0);
    struct LinkOptions o = terminal_options(p.terminal);
    int code = link_open(&l, &o, &loop);
    diag("too early");
    for (unsigned i = 0; i < 1000; i++)
        diag("line %u, and some more words to make it longer", i);
    ssize_t during = read(p.master, memory, sizeof memory);
    link_close(&l, &loop);
    ssize_t after = read(p.master, memory, sizeof memory);
    ssize_t all = after;
    while (after > 0 && all < (ssize_t)sizeof memory - 1 &&
           (after = read(p.master, memory + all, sizeof memory - 1 - (size_t)all)) > 0)
        all += after;
    diag("and now");
    after = read(p.master, line, sizeof line - 1);
    cr_assert_geq(dup2(saved, STDERR_FILENO), 0);
    cr_assert_eq(code, 0);
    cr_assert_eq(during, -1, "nothing meanwhile");
    cr_assert_gt(all, 1000);
    cr_assert_eq(strncmp((const char *)memory, "dttk: line ", 11), 0, "whole lines");
    cr_assert_gt(after, 0);
    cr_assert_str_eq(line, "dttk: and now\r\n");
    loop_close(&loop);
}

Test(link_terminal, a_terminal_is_given_back_even_by_a_second_signal)
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
