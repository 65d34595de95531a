/* Link options: which link it is, and how to talk over it; the same for send and recv. */
#ifndef CMD_LINK_OPTIONS_H
#define CMD_LINK_OPTIONS_H

#include "host/transfer.h"

#include <getopt.h>

#define LINK_BAUD_MAX   UINT64_C(100000000)
#define LINK_WINDOW_MIN 64
#define LINK_WINDOW_MAX ((uint64_t)16 << 20)

enum {
    LINK_OPTION_PARITY = 1100,
    LINK_OPTION_STOPBITS,
    LINK_OPTION_FLOW,
    LINK_OPTION_DTR,
    LINK_OPTION_RTS,
    LINK_OPTION_WAIT,
    LINK_OPTION_RECONNECT,
    LINK_OPTION_WINDOW,
    LINK_OPTION_TURNAROUND,
};

#define LINK_LETTERS "p:b:12t:"
#define LINK_LONG                                                                                  \
    {"port", required_argument, NULL, 'p'}, {"baud", required_argument, NULL, 'b'},                \
        {"parity", required_argument, NULL, LINK_OPTION_PARITY},                                   \
        {"stopbits", required_argument, NULL, LINK_OPTION_STOPBITS},                               \
        {"flow", required_argument, NULL, LINK_OPTION_FLOW},                                       \
        {"dtr", required_argument, NULL, LINK_OPTION_DTR},                                         \
        {"rts", required_argument, NULL, LINK_OPTION_RTS},                                         \
        {"wait", no_argument, NULL, LINK_OPTION_WAIT},                                             \
        {"reconnect", no_argument, NULL, LINK_OPTION_RECONNECT},                                   \
        {"one-way", no_argument, NULL, '1'}, {"two-way", no_argument, NULL, '2'},                  \
        {"timeout", required_argument, NULL, 't'},                                                 \
        {"window", required_argument, NULL, LINK_OPTION_WINDOW},                                   \
    {                                                                                              \
        "turnaround", required_argument, NULL, LINK_OPTION_TURNAROUND                              \
    }
#define LINK_USAGE                                                                                 \
    "  -p, --port PATH           the link is this serial port; auto: the only USB one\n"           \
    "  -b, --baud N              its speed (115200)\n"                                             \
    "      --parity WORD         none, even, odd, mark or space (none)\n"                          \
    "      --stopbits N          1 or 2 (1)\n"                                                     \
    "      --flow WORD           none, hard (RTS and CTS) or soft (XON and XOFF) (none)\n"         \
    "      --dtr on|off          set this signal (left as it is)\n"                                \
    "      --rts on|off          the same\n"                                                       \
    "      --wait                wait for a port that is not there yet\n"                          \
    "      --reconnect           wait for a port that goes away to return\n"                       \
    "  -1, --one-way             nothing travels back (as on a pipe)\n"                            \
    "  -2, --two-way             the receiver asks for what it lacks (as on a port)\n"             \
    "  -t, --timeout SEC         give up after so much silence; 0: never (30)\n"                   \
    "      --window BYTES        so much may be on its way to a receiver at most\n"                \
    "      --turnaround MS       a radio takes so long from hearing to sending\n"

/* Whose options: of send the link is stdout if it is no port, of recv stdin. */
enum LinkSide { LINK_OF_SEND, LINK_OF_RECV };

enum LinkDirection { LINK_DEFAULT, LINK_ONE_WAY, LINK_TWO_WAY };

struct LinkArguments {
    struct LinkOptions link;      /* complete after link_options_settle; quiet is the caller's */
    enum LinkDirection direction; /* after it no more LINK_DEFAULT */
    uint64_t timeout;             /* ns; 0: not given; CLOCK_NEVER: none */
    uint64_t window;              /* bytes; 0: not given */
    uint64_t turnaround;          /* ns; 0: not given */
    bool baud_given;
    bool keep_going;        /* set by the caller: the link is waited for, whenever it is away, and
                               silence ends no run */
    bool text;              /* set by the caller: only text goes out, which a terminal may show */
    const char *of_ports;   /* an option that was given and needs a port; or NULL */
    const char *of_two_way; /* one that needs a way back; or NULL */
};

enum LinkOption {
    LINK_OPTION_OTHER, /* it is none of these, nothing changed */
    LINK_OPTION_TAKEN,
    LINK_OPTION_BAD, /* it has been said what is wrong: exit with 2 */
};

/* Nothing given. */
void link_options_init(struct LinkArguments *a);

/* Take an option that getopt_long returned, and its text, which is kept. */
enum LinkOption link_option(int option, const char *text, struct LinkArguments *a);

/*
 * When all are taken: what is not given comes from the environment (DTTK_PORT, DTTK_BAUD) or is the
 * default, and what does not go together is said: false, exit with 2. `data` is true if the other
 * of stdin and stdout carries the file: send reads it, recv writes it. Afterwards a->link can be
 * opened. DTTK_PORT counts where the link would be a terminal; --port - is stdin and stdout in any
 * case.
 */
bool link_options_settle(struct LinkArguments *a, enum LinkSide side, bool data);

/* What of them a transfer wants to know, after link_options_settle. */
struct TransferLine link_options_line(const struct LinkArguments *a, bool quiet);

#endif
