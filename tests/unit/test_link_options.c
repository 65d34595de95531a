/* The options that say which link it is, taken as send and recv take them. */
#include "cmd/link_options.h"
#include "unit/check.h"
#include "unit/serial_pair.h"
#include <stdio.h>

static struct LinkArguments got;

/* Take a command line, in one string; false: one was refused. */
static bool take(const char *line)
{
    static const struct option longs[] = {LINK_LONG, {NULL, 0, NULL, 0}};
    static char words[512];
    char *argv[32] = {words};
    int argc = 0, option;
    cr_assert_lt(snprintf(words, sizeof words, "dttk %s", line), (int)sizeof words);
    for (char *p = strtok(words, " "); p != NULL; p = strtok(NULL, " "))
        argv[argc++] = p;
    argv[argc] = NULL;
    link_options_init(&got);
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":" LINK_LETTERS, longs, NULL)) != -1) {
        enum LinkOption result = link_option(option, optarg, &got);
        CHECK(result != LINK_OPTION_OTHER, "%s: not known", line);
        if (result == LINK_OPTION_BAD)
            return false;
    }
    return true;
}

/* And settle it. */
static bool settled(const char *line, enum LinkSide side, bool data)
{
    return take(line) && link_options_settle(&got, side, data);
}

/* stdin and stdout are these from now on. */
static void redirect(int in, int out)
{
    cr_assert(dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0);
}

static void redirect_pipes(void)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    redirect(fds[0], fds[1]);
}

static void no_environment(void)
{
    (void)unsetenv("DTTK_PORT");
    (void)unsetenv("DTTK_BAUD");
}

Test(link_options, what_is_not_given_is_the_usual)
{
    no_environment();
    cr_assert(settled("--port /dev/ttyX", LINK_OF_SEND, true));
    const struct SerialOptions *s = &got.link.serial;
    cr_assert_str_eq(s->path, "/dev/ttyX");
    cr_assert_eq(s->line.baud, 115200);
    cr_assert_eq(s->line.parity, TTY_PARITY_NONE);
    cr_assert_eq(s->line.stop_bits, 1);
    cr_assert_eq(s->line.flow, TTY_FLOW_NONE);
    cr_assert(s->dtr == SERIAL_LEAVE && s->rts == SERIAL_LEAVE);
    cr_assert(!got.link.wait && !got.link.reconnect && !got.link.terminal);
    cr_assert_eq(got.link.patience, CLOCK_NEVER);
    cr_assert_eq(got.direction, LINK_TWO_WAY);
    cr_assert(got.timeout == 0 && got.window == 0 && got.turnaround == 0);
}

Test(link_options, all_of_them_are_taken)
{
    no_environment();
    cr_assert(settled("-p auto -b 9600 --parity odd --stopbits 2 --flow soft --dtr off --rts on "
                      "--wait --reconnect -2 -t 2.5 --window 4k --turnaround 30",
                      LINK_OF_RECV, false));
    const struct SerialOptions *s = &got.link.serial;
    cr_assert_str_eq(s->path, SERIAL_AUTO);
    cr_assert_eq(s->line.baud, 9600);
    cr_assert_eq(s->line.parity, TTY_PARITY_ODD);
    cr_assert_eq(s->line.stop_bits, 2);
    cr_assert_eq(s->line.flow, TTY_FLOW_SOFT);
    cr_assert(s->dtr == SERIAL_OFF && s->rts == SERIAL_ON);
    cr_assert(got.link.wait && got.link.reconnect);
    cr_assert_eq(got.timeout, 2500 * CLOCK_MS);
    cr_assert_eq(got.link.patience, 2500 * CLOCK_MS);
    cr_assert_eq(got.window, 4000);
    cr_assert_eq(got.turnaround, 30 * CLOCK_MS);
    cr_assert(take("-t 0"));
    cr_assert_eq(got.timeout, CLOCK_NEVER);
    cr_assert(take("--flow hard --parity mark --port=x --baud=31250"));
    cr_assert(got.link.serial.line.flow == TTY_FLOW_HARD &&
              got.link.serial.line.parity == TTY_PARITY_MARK && got.link.serial.line.baud == 31250);
    cr_assert(settled("-p x -1 -1", LINK_OF_SEND, false));
    cr_assert_eq(got.direction, LINK_ONE_WAY);
    cr_assert(!take("-p x -2 -1"), "neither of them is guessed to be meant");
    cr_assert(!take("-1 --two-way"));
}

Test(link_options, bad_values_are_refused)
{
    static const char *const bad[] = {
        "-b 0",          "-b -1",          "-b 9k6",         "-b 100000001", "--parity 1",
        "--stopbits 0",  "--stopbits 1.5", "--flow xonxoff", "--dtr 1",      "--rts On",
        "-t -1",         "-t x",           "--window 63",    "--window 17M", "--turnaround 60001",
        "--turnaround s"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!take(bad[i]), "%s", bad[i]);
    char empty[] = "";
    link_options_init(&got);
    cr_assert_eq(link_option('p', empty, &got), LINK_OPTION_BAD);
    cr_assert_eq(link_option('q', NULL, &got), LINK_OPTION_OTHER);
}

Test(link_options, without_a_port_the_link_is_one_pipe_with_no_way_back)
{
    no_environment();
    redirect_pipes();
    cr_assert(settled("", LINK_OF_SEND, true));
    cr_assert(got.link.in == -1 && got.link.out == STDOUT_FILENO && got.link.serial.path == NULL);
    cr_assert_str_eq(got.link.name, "stdout");
    cr_assert_eq(got.direction, LINK_ONE_WAY);
    cr_assert(settled("-1 -t 3", LINK_OF_RECV, true));
    cr_assert(got.link.in == STDIN_FILENO && got.link.out == -1);
    cr_assert_str_eq(got.link.name, "stdin");
    cr_assert_eq(got.timeout, 3 * CLOCK_SECOND);
}

Test(link_options, two_way_without_a_port_it_is_both_and_neither_carries_the_file)
{
    no_environment();
    redirect_pipes();
    cr_assert(settled("-2 --window 512", LINK_OF_SEND, false));
    cr_assert(got.link.in == STDIN_FILENO && got.link.out == STDOUT_FILENO);
    cr_assert_eq(got.direction, LINK_TWO_WAY);
    cr_assert(!got.link.terminal);
    cr_assert(!settled("-2", LINK_OF_SEND, true));
    cr_assert(!settled("-2", LINK_OF_RECV, true));
    cr_assert(settled("-2 -p /dev/ttyX", LINK_OF_SEND, true));
    cr_assert(settled("-2 -p /dev/ttyX", LINK_OF_RECV, true));
}

Test(link_options, options_of_ports_need_one_and_options_of_two_way_a_way_back)
{
    static const char *const of_ports[] = {
        "-b 9600",   "--parity none", "--stopbits 1", "--flow none",  "--dtr on",
        "--rts off", "--wait",        "--reconnect",  "-b 9600 -p -", "--wait -2 -p -"};
    static const char *const of_two_way[] = {"--window 512", "--turnaround 5", "-1 --window 512",
                                             "-p x -1 --window 512"};
    no_environment();
    redirect_pipes();
    for (size_t i = 0; i < sizeof of_ports / sizeof of_ports[0]; i++)
        CHECK(!settled(of_ports[i], LINK_OF_SEND, false), "%s", of_ports[i]);
    for (size_t i = 0; i < sizeof of_two_way / sizeof of_two_way[0]; i++)
        CHECK(!settled(of_two_way[i], LINK_OF_RECV, false), "%s", of_two_way[i]);
}

Test(link_options, one_terminal_is_the_link_only_two_way)
{
    struct Pair p, q;
    int pipes[2];
    no_environment();
    pair_open(&p);
    pair_open(&q);
    cr_assert_eq(pipe(pipes), 0);
    redirect(p.terminal, p.terminal);
    cr_assert(!settled("", LINK_OF_SEND, false));
    cr_assert(!settled("", LINK_OF_RECV, false));
    cr_assert(settled("-2", LINK_OF_SEND, false));
    cr_assert(got.link.terminal);
    cr_assert(settled("-2", LINK_OF_RECV, false));
    cr_assert(got.link.terminal);
    cr_assert(take(""));
    got.text = true;
    cr_assert(link_options_settle(&got, LINK_OF_SEND, false), "a terminal may show text");
    cr_assert(!got.link.terminal);
    redirect(p.terminal, q.terminal);
    cr_assert(!settled("-2", LINK_OF_RECV, false));
    redirect(p.terminal, pipes[1]);
    cr_assert(!settled("-2", LINK_OF_RECV, false));
    cr_assert(settled("", LINK_OF_SEND, true));
    redirect(pipes[0], p.terminal);
    cr_assert(!settled("-2", LINK_OF_RECV, false));
    cr_assert(settled("", LINK_OF_RECV, true));
}

Test(link_options, the_port_of_the_environment_counts_where_the_link_would_be_a_terminal)
{
    struct Pair p;
    int pipes[2];
    no_environment();
    pair_open(&p);
    cr_assert_eq(pipe(pipes), 0);
    (void)setenv("DTTK_PORT", "/dev/ttyEnv", 1);
    redirect(pipes[0], p.terminal);
    cr_assert(settled("-b 9600", LINK_OF_SEND, true));
    cr_assert_str_eq(got.link.serial.path, "/dev/ttyEnv");
    cr_assert_eq(got.direction, LINK_TWO_WAY);
    cr_assert(settled("-p /dev/ttyX", LINK_OF_SEND, true));
    cr_assert_str_eq(got.link.serial.path, "/dev/ttyX");
    cr_assert(settled("", LINK_OF_RECV, true), "stdin is a pipe: that is the link");
    cr_assert_null(got.link.serial.path);
    redirect(p.terminal, p.terminal);
    cr_assert(settled("-2", LINK_OF_SEND, false));
    cr_assert_not_null(got.link.serial.path);
    cr_assert(settled("-2 -p -", LINK_OF_SEND, false));
    cr_assert(got.link.serial.path == NULL && got.link.terminal);
    redirect(p.terminal, pipes[1]);
    cr_assert(settled("", LINK_OF_SEND, true));
    cr_assert_null(got.link.serial.path);
    cr_assert(settled("", LINK_OF_RECV, true));
    cr_assert_str_eq(got.link.serial.path, "/dev/ttyEnv");
    (void)setenv("DTTK_PORT", "", 1);
    cr_assert(!settled("", LINK_OF_RECV, true), "empty is not set");
}

Test(link_options, the_speed_of_the_environment_counts_for_ports_if_none_is_given)
{
    no_environment();
    redirect_pipes();
    (void)setenv("DTTK_BAUD", "921600", 1);
    cr_assert(settled("-p x", LINK_OF_SEND, true));
    cr_assert_eq(got.link.serial.line.baud, 921600);
    cr_assert(settled("-p x -b 9600", LINK_OF_SEND, true));
    cr_assert_eq(got.link.serial.line.baud, 9600);
    cr_assert(settled("", LINK_OF_SEND, true), "a pipe has none");
    (void)setenv("DTTK_BAUD", "fast", 1);
    cr_assert(!settled("-p x", LINK_OF_SEND, true));
    cr_assert(settled("-p x -b 9600", LINK_OF_SEND, true));
    cr_assert(settled("", LINK_OF_SEND, true));
}
