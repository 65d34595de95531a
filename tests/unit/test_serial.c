/* Serial ports, on ptys; what a pty does not do serial_driver.h adds. */
#include "host/port.h"
#include "unit/serial_driver.h"
#include "unit/serial_pair.h"
#include <termios.h>

Test(serial, a_port_is_raw_while_open_and_its_settings_are_given_back)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct TtySettings before = settings_of(p.terminal);
    before.control |= HUPCL;
    cr_assert_eq(tty_set(p.terminal, &before), 0);
    struct SerialOptions o = options_of(p.path);
    opened(&s, &o);
    struct TtySettings now = settings_of(s.fd);
    cr_assert_eq(now.input, 0);
    cr_assert_eq(now.output, 0);
    cr_assert_eq(now.local, 0);
    cr_assert_eq(now.control & (CSIZE | PARENB | CSTOPB | CREAD | CLOCAL | HUPCL | CRTSCTS),
                 CS8 | CREAD | CLOCAL);
    cr_assert_eq(now.chars[VMIN], 1);
    cr_assert_eq(now.chars[VTIME], 0);
    cr_assert_eq(now.out_speed, 115200);
    cr_assert_eq(s.line.baud, 115200);
    cr_assert_neq(fcntl(s.fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_neq(fcntl(s.fd, F_GETFL) & O_NONBLOCK, 0);
    serial_close(&s);
    serial_close(&s);
    now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    cr_assert_eq(driver.changes, 0);
}

Test(serial, a_speed_without_a_name_is_given_back_too)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct TtySettings before, now;
    cr_assert_eq(
        tty_configure(p.terminal, &(struct TtyLine){.baud = 31250, .stop_bits = 2}, &before),
        TTY_OK);
    struct SerialOptions o = options_of(p.path);
    opened(&s, &o);
    cr_assert_eq(settings_of(p.terminal).out_speed, 115200);
    serial_close(&s);
    now = settings_of(p.terminal);
    cr_assert_eq(now.out_speed, 31250);
    cr_assert_arr_eq(&now, &before, sizeof now);
}

Test(serial, any_speed_is_set_that_the_driver_takes)
{
    static const uint32_t speeds[] = {50,     300,    9600,    31250,  115200,
                                      250000, 921600, 1234567, 4000000};
    struct Pair p;
    pair_open(&p);
    struct SerialOptions o = options_of(p.path);
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        struct Serial s;
        o.line.baud = speeds[i];
        opened(&s, &o);
        cr_assert_eq(settings_of(s.fd).out_speed, speeds[i]);
        cr_assert_eq(settings_of(s.fd).in_speed, speeds[i]);
        serial_close(&s);
    }
}

Test(serial, a_speed_that_comes_out_otherwise_is_refused_but_not_what_a_divisor_makes_of_it)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct TtySettings before = settings_of(p.terminal);
    struct SerialOptions o = options_of(p.path);
    driver.slowest = 9600;
    o.line.baud = 300;
    refused(&o, "does not do 300 baud, but 9600");
    driver.slowest = 0;
    driver.per_mille = 30;
    refused(&o, "does not do 300 baud, but 309");
    driver.per_mille = 2;
    o.line.baud = 115200;
    opened(&s, &o);
    cr_assert_eq(s.line.baud, 115430);
    driver.per_mille = 0;
    serial_close(&s);
    struct TtySettings now = settings_of(p.terminal);
    cr_assert_eq(now.input, before.input);
    cr_assert_eq(now.local, before.local);
}

Test(serial, flow_control_is_set_in_truth_or_refused)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct SerialOptions o = options_of(p.path);
    o.line.flow = TTY_FLOW_HARD;
    opened(&s, &o);
    cr_assert_neq(settings_of(s.fd).control & (uint32_t)CRTSCTS, 0);
    cr_assert_eq(settings_of(s.fd).input, 0);
    serial_close(&s);
    driver.no_flow = true;
    refused(&o, "does not do this flow control: hard");
    o.line.flow = TTY_FLOW_SOFT;
    opened(&s, &o);
    struct TtySettings now = settings_of(s.fd);
    cr_assert_eq(now.input, IXON | IXOFF);
    cr_assert_eq(now.control & (uint32_t)CRTSCTS, 0);
    cr_assert_eq(now.chars[VSTART], 0x11);
    cr_assert_eq(now.chars[VSTOP], 0x13);
    serial_close(&s);
}

Test(serial, parity_that_a_port_does_not_do_is_refused_and_all_is_as_before)
{
    struct Pair p;
    pair_open(&p);
    struct TtySettings before = settings_of(p.terminal);
    struct SerialOptions o = options_of(p.path);
    o.line.parity = TTY_PARITY_EVEN; /* ptys never do */
    refused(&o, "does not do this parity: even");
    struct TtySettings now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
}

Test(serial, dtr_and_rts_are_set_only_if_asked_for)
{
    struct Pair p;
    struct Serial s;
    struct SerialError e;
    pair_open(&p);
    struct SerialOptions o = options_of(p.path);
    o.dtr = SERIAL_OFF;
    refused(&o, "has no DTR to set");
    driver.has_signals = true;
    driver.signals = TIOCM_DTR;
    o.rts = SERIAL_ON;
    opened(&s, &o);
    cr_assert_eq(driver.signals, TIOCM_RTS);
    serial_close(&s);
    cr_assert_eq(driver.changes, 2, "closing leaves them");
    o.dtr = o.rts = SERIAL_LEAVE;
    opened(&s, &o);
    serial_close(&s);
    cr_assert_eq(driver.changes, 2);
    o.rts = SERIAL_ON;
    o.line.flow = TTY_FLOW_HARD;
    cr_assert_eq(serial_open(&s, &o, &e), -1);
    cr_assert_eq(e.code, EXIT_USAGE);
}

Test(serial, all_bytes_pass_both_ways)
{
    struct Pair p;
    struct Serial s;
    struct Port port;
    uint8_t all[256], got[512];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    pair_open(&p);
    struct SerialOptions o = options_of(p.path);
    opened(&s, &o);
    cr_assert_eq(port_open(&port, s.fd, s.fd, s.path), 0);
    cr_assert_eq(port_read(&port, got, sizeof got), 0);
    cr_assert(!port.eof, "nothing there is not the end");
    cr_assert_eq(port_write(&port, all, sizeof all), 256);
    cr_assert_eq(read(p.master, got, sizeof got), 256);
    cr_assert_arr_eq(got, all, 256);
    cr_assert_eq(write(p.master, all, sizeof all), 256);
    cr_assert_eq(port_read(&port, got, sizeof got), 256);
    cr_assert_arr_eq(got, all, 256);
    port_close(&port);
    serial_close(&s);
}

Test(serial, line_time_counts_all_bits_of_a_byte)
{
    struct Serial s = {.fd = -1, .line = {.baud = 115200, .stop_bits = 1}};
    cr_assert_eq(serial_line_time(&s, 11520), CLOCK_SECOND);
    s.line.parity = TTY_PARITY_ODD;
    s.line.stop_bits = 2;
    cr_assert_eq(serial_line_time(&s, 9600), CLOCK_SECOND);
}

Test(serial, the_queue_is_what_the_driver_says_but_a_pty_says_nothing)
{
    struct Serial s = {.fd = -1};
    driver.queued = 100;
    cr_assert_eq(serial_queued(&s), 100);
    s.pty = true;
    cr_assert_eq(serial_queued(&s), -1);
    s.pty = false;
    driver.queued = 0;
    cr_assert_eq(serial_queued(&s), -1, "no descriptor");
}

Test(serial, a_borrowed_terminal_is_raw_and_is_given_back_open_and_as_it_was)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct TtySettings before = settings_of(p.terminal);
    before.control |= HUPCL;
    before.out_speed = before.in_speed = 9600;
    before.control = (before.control & ~(uint32_t)CBAUD) | B9600;
    cr_assert_eq(tty_set(p.terminal, &before), 0);
    before = settings_of(p.terminal);
    cr_assert_neq(before.local, 0);
    cr_assert_eq(serial_borrow(&s, p.terminal), 0);
    cr_assert_eq(s.fd, p.terminal);
    struct TtySettings now = settings_of(p.terminal);
    cr_assert(now.input == 0 && now.output == 0 && now.local == 0);
    cr_assert_eq(now.chars[VMIN], 1);
    cr_assert_eq(now.control, before.control);
    cr_assert_eq(now.out_speed, 9600);
    serial_close(&s);
    now = settings_of(p.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    serial_close(&s);
    int pipe_of[2];
    cr_assert_eq(pipe(pipe_of), 0);
    cr_assert_eq(serial_borrow(&s, pipe_of[0]), -1);
    cr_assert_eq(s.fd, -1);
}

Test(serial, closing_waits_for_the_queue_but_not_for_ever)
{
    struct Pair p;
    struct Serial s;
    pair_open(&p);
    struct SerialOptions o = options_of(p.path);
    opened(&s, &o);
    s.pty = false;        /* so that it looks */
    driver.queued = 1152; /* 100 ms of line time, and they do not move */
    uint64_t begin = clock_now();
    serial_close(&s);
    uint64_t took = clock_now() - begin;
    cr_assert_geq(took, 300 * CLOCK_MS);
    cr_assert_lt(took, 2000 * CLOCK_MS);
    cr_assert_eq(driver.flushes, 1, "else close(2) itself waits for it");
}
