#include "cmd/link_options.h"

#include "cmd/options.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/link.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAUD_DEFAULT    115200
#define TIMEOUT_DEFAULT (30 * CLOCK_SECOND)
#define SECONDS_MAX     UINT64_C(1000000)
#define TURNAROUND_MAX  60000 /* ms */

static const char *const parities[] = {"none", "even", "odd", "mark", "space"};
static const char *const flows[] = {"none", "hard", "soft"};
static const char *const stops[] = {"1", "2"};
static const char *const levels[] = {"on", "off"};

void link_options_init(struct LinkArguments *a)
{
    *a = (struct LinkArguments){
        .link = {.in = -1,
                 .out = -1,
                 .serial.line = {.baud = BAUD_DEFAULT, .stop_bits = 1},
                 .patience = CLOCK_NEVER},
    };
}

static bool take_port(const char *text, struct LinkArguments *a)
{
    if (text[0] == '\0') {
        diag("--port: is empty");
        return false;
    }
    a->link.serial.path = text;
    return true;
}

static bool take_baud(const char *name, const char *text, struct LinkArguments *a)
{
    uint64_t baud = 0;
    if (!option_number(name, text, 1, LINK_BAUD_MAX, &baud))
        return false;
    a->link.serial.line.baud = (uint32_t)baud;
    a->baud_given = true;
    return true;
}

static bool take_word(const char *name, const char *text, const char *const *words, size_t count,
                      size_t *out, struct LinkArguments *a)
{
    a->of_ports = name;
    return option_word(name, text, words, count, out);
}

static bool take_level(const char *name, const char *text, enum SerialSignal *out,
                       struct LinkArguments *a)
{
    size_t i = 0;
    bool good = take_word(name, text, levels, 2, &i, a);
    *out = i == 0 ? SERIAL_ON : SERIAL_OFF;
    return good;
}

/* 0: for ever. */
static bool take_timeout(const char *text, struct LinkArguments *a)
{
    uint64_t ns = 0;
    if (!option_seconds("--timeout", text, SECONDS_MAX, &ns))
        return false;
    a->timeout = ns > 0 ? ns : CLOCK_NEVER;
    return true;
}

static enum LinkOption verdict(bool good)
{
    return good ? LINK_OPTION_TAKEN : LINK_OPTION_BAD;
}

/* How bytes travel on a port. */
static enum LinkOption line_option(int option, const char *text, struct LinkArguments *a)
{
    struct TtyLine *line = &a->link.serial.line;
    size_t i = 0;
    bool good;
    switch (option) {
    case 'b':
        a->of_ports = "--baud";
        return verdict(take_baud("--baud", text, a));
    case LINK_OPTION_PARITY:
        good = take_word("--parity", text, parities, 5, &i, a);
        line->parity = (enum TtyParity)i;
        return verdict(good);
    case LINK_OPTION_STOPBITS:
        good = take_word("--stopbits", text, stops, 2, &i, a);
        line->stop_bits = (uint32_t)i + 1;
        return verdict(good);
    case LINK_OPTION_FLOW:
        good = take_word("--flow", text, flows, 3, &i, a);
        line->flow = (enum TtyFlow)i;
        return verdict(good);
    default:
        return LINK_OPTION_OTHER;
    }
}

/* The others that only a port has. */
static enum LinkOption port_option(int option, const char *text, struct LinkArguments *a)
{
    switch (option) {
    case LINK_OPTION_DTR:
        return verdict(take_level("--dtr", text, &a->link.serial.dtr, a));
    case LINK_OPTION_RTS:
        return verdict(take_level("--rts", text, &a->link.serial.rts, a));
    case LINK_OPTION_WAIT:
        a->of_ports = "--wait";
        a->link.wait = true;
        return LINK_OPTION_TAKEN;
    case LINK_OPTION_RECONNECT:
        a->of_ports = "--reconnect";
        a->link.reconnect = true;
        return LINK_OPTION_TAKEN;
    default:
        return line_option(option, text, a);
    }
}

/* Of two that contradict each other neither is guessed to be meant. */
static bool take_direction(enum LinkDirection direction, struct LinkArguments *a)
{
    if (a->direction != LINK_DEFAULT && a->direction != direction) {
        diag("-1 and -2: only one of them");
        return false;
    }
    a->direction = direction;
    return true;
}

enum LinkOption link_option(int option, const char *text, struct LinkArguments *a)
{
    switch (option) {
    case 'p':
        return verdict(take_port(text, a));
    case '1':
        return verdict(take_direction(LINK_ONE_WAY, a));
    case '2':
        return verdict(take_direction(LINK_TWO_WAY, a));
    case 't':
        return verdict(take_timeout(text, a));
    case LINK_OPTION_WINDOW:
        a->of_two_way = "--window";
        return verdict(
            option_bytes("--window", text, LINK_WINDOW_MIN, LINK_WINDOW_MAX, &a->window));
    case LINK_OPTION_TURNAROUND:
        a->of_two_way = "--turnaround";
        return verdict(option_ms("--turnaround", text, TURNAROUND_MAX, &a->turnaround));
    default:
        return port_option(option, text, a);
    }
}

static const char *environment(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The link is a serial port. */
static bool settle_port(struct LinkArguments *a)
{
    const char *baud = environment("DTTK_BAUD");
    if (!a->baud_given && baud != NULL && !take_baud("DTTK_BAUD", baud, a))
        return false;
    if (a->direction == LINK_DEFAULT)
        a->direction = LINK_TWO_WAY;
    return true;
}

/* The link is stdin and stdout: of a terminal both, and neither carries the file as well. */
static bool settle_both(struct LinkArguments *a, enum LinkSide side, bool data)
{
    bool in = isatty(STDIN_FILENO) == 1, out = isatty(STDOUT_FILENO) == 1;
    a->link.in = STDIN_FILENO;
    a->link.out = STDOUT_FILENO;
    a->link.name = "stdin and stdout";
    if (data && side == LINK_OF_SEND)
        diag("with -2 stdin is the link: name a FILE, or a --port");
    else if (data)
        diag("with -2 stdout is the link: name an OUT, or a --port");
    else if (in != out)
        diag("with -2 stdin and stdout are the link, but only %s is a terminal",
             in ? "stdin" : "stdout");
    else if (in && !link_is_one_terminal(STDIN_FILENO, STDOUT_FILENO))
        diag("with -2 stdin and stdout are the link, but they are two terminals");
    else {
        a->link.terminal = in;
        return true;
    }
    return false;
}

/* The link is one of them, with no way back. */
static bool settle_pipe(struct LinkArguments *a, enum LinkSide side)
{
    a->direction = LINK_ONE_WAY;
    a->link.name = side == LINK_OF_SEND ? "stdout" : "stdin";
    if (side == LINK_OF_SEND)
        a->link.out = STDOUT_FILENO;
    else
        a->link.in = STDIN_FILENO;
    if (side == LINK_OF_SEND && !a->text && isatty(STDOUT_FILENO) == 1)
        diag("stdout is a terminal: pipe it, redirect it to a file, or name a --port");
    else if (side == LINK_OF_RECV && isatty(STDIN_FILENO) == 1)
        diag("stdin is a terminal: pipe a link into it, or name a --port");
    else
        return true;
    return false;
}

/* No --port, or -: the environment's counts where the link would be a person's terminal. */
static void find_port(struct LinkArguments *a, enum LinkSide side)
{
    const char **path = &a->link.serial.path;
    int line = side == LINK_OF_SEND ? STDOUT_FILENO : STDIN_FILENO;
    if (*path == NULL && isatty(line) == 1)
        *path = environment("DTTK_PORT");
    else if (*path != NULL && strcmp(*path, "-") == 0)
        *path = NULL;
}

bool link_options_settle(struct LinkArguments *a, enum LinkSide side, bool data)
{
    bool good;
    find_port(a, side);
    if (a->link.serial.path == NULL && a->of_ports != NULL) {
        diag("this option needs a --port: %s", a->of_ports);
        return false;
    }
    if (a->link.serial.path != NULL)
        good = settle_port(a);
    else if (a->direction == LINK_TWO_WAY)
        good = settle_both(a, side, data);
    else
        good = settle_pipe(a, side);
    if (good && a->direction == LINK_ONE_WAY && a->of_two_way != NULL) {
        diag("this option needs a way back, -2 or a --port: %s", a->of_two_way);
        return false;
    }
    if (good && side == LINK_OF_SEND && a->direction == LINK_ONE_WAY && a->timeout != 0 &&
        !a->link.wait) {
        diag("one-way nobody is waited for, but a port with --wait: -t");
        return false;
    }
    if (a->keep_going)
        a->link.wait = a->link.reconnect = true;
    else if (a->timeout != 0)
        a->link.patience = a->timeout;
    return good;
}

struct TransferLine link_options_line(const struct LinkArguments *a, bool quiet)
{
    /* By itself. */
    bool ends = a->link.serial.path == NULL && a->direction == LINK_ONE_WAY && !a->keep_going;
    struct TransferLine line = {
        .link = a->link,
        .two_way = a->direction == LINK_TWO_WAY,
        .timeout = a->timeout != 0 ? a->timeout
                   : ends          ? CLOCK_NEVER
                                   : TIMEOUT_DEFAULT,
        .timeout_given = a->timeout != 0,
        .window = a->window,
        .turnaround = a->turnaround,
    };
    line.link.quiet = quiet;
    return line;
}
