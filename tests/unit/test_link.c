/* Links: what they are made of. test_link_queue, _away and _terminal are about the rest. */
#include "unit/link_kit.h"
#include <errno.h>

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
    struct Words w = words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_str_eq(words_end(w), "dttk: stdin: bad file descriptor\n");
    cr_assert_eq(code, EXIT_IO);
    link_close(&l, &loop);

    o = port_options("/nowhere/port");
    w = words_begin();
    code = link_open(&l, &o, &loop);
    const char *words = words_end(w);
    cr_assert(strncmp(words, "dttk: /nowhere/port: there is no such port", 42) == 0, "%s", words);
    cr_assert_eq(lines_of(words), 1);
    cr_assert_eq(code, EXIT_PORT);
    link_close(&l, &loop);

    o.wait = true;
    o.patience = 20 * CLOCK_MS;
    w = words_begin();
    code = link_open(&l, &o, &loop);
    words = words_end(w);
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
    struct Words w = words_begin();
    int code = link_open(&l, &o, &loop);
    cr_assert_eq(lines_of(words_end(w)), 1);
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
