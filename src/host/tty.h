/*
 * Tty: the settings of a terminal or serial port, at any speed (Linux: termios2; what termios has
 * knows a few dozen speeds only). Nothing here opens, closes or waits.
 */
#ifndef HOST_TTY_H
#define HOST_TTY_H

#include <stdbool.h>
#include <stdint.h>

/* Settings as the system gave them, to be given back. */
struct TtySettings {
    uint32_t input;
    uint32_t output;
    uint32_t control;
    uint32_t local;
    uint32_t in_speed;
    uint32_t out_speed; /* bits a second */
    uint8_t discipline;
    uint8_t chars[32];
};

enum TtyParity {
    TTY_PARITY_NONE,
    TTY_PARITY_EVEN,
    TTY_PARITY_ODD,
    TTY_PARITY_MARK,
    TTY_PARITY_SPACE,
};

enum TtyFlow {
    TTY_FLOW_NONE,
    TTY_FLOW_HARD, /* RTS and CTS */
    TTY_FLOW_SOFT, /* bytes 0x11 and 0x13 */
};

/* How bytes travel: 8 data bits always. */
struct TtyLine {
    uint32_t baud; /* above 0 */
    enum TtyParity parity;
    enum TtyFlow flow;
    uint32_t stop_bits; /* 1 or 2 */
};

/* What became of tty_configure. */
enum TtyVerdict {
    TTY_OK,
    TTY_FAILED, /* errno: the call itself failed */
    TTY_NO_BAUD,
    TTY_NO_BITS,
    TTY_NO_PARITY,
    TTY_NO_STOP_BITS,
    TTY_NO_FLOW,
};

/* The settings of fd. 0; or -1 and errno: ENOTTY: no terminal; EIO: there is nothing behind it. */
int tty_get(int fd, struct TtySettings *out);

/* Set all, at once. 0, or -1 and errno. */
int tty_set(int fd, const struct TtySettings *settings);

/*
 * Make fd raw, reading as soon as there is a byte, so that closing it leaves DTR alone (no HUPCL),
 * with this line; then look what the driver made of it, into *now (also if it is not TTY_OK, but
 * TTY_FAILED). A speed within 2 % of what was asked for is TTY_OK: drivers tell what their divisor
 * gives. What was set stays set.
 */
enum TtyVerdict tty_configure(int fd, const struct TtyLine *line, struct TtySettings *now);

/*
 * Make fd raw with 8 data bits, no parity and no XON/XOFF, and leave the rest as it is, RTS/CTS
 * too: for a terminal that is in use. 0, or -1 and errno.
 */
int tty_make_raw(int fd);

/* True if what arrives is gathered to lines, as somebody types them, to a shell perhaps. */
bool tty_is_typed_to(const struct TtySettings *settings);

/* True if a byte on its way would not notice the change from a to b. */
bool tty_same_line(const struct TtySettings *a, const struct TtySettings *b);

/* The settings, but closing the last descriptor leaves DTR and RTS alone. */
struct TtySettings tty_without_hangup(struct TtySettings settings);

/* Bits of a byte on the line: start, data, parity, stop. */
uint32_t tty_byte_bits(const struct TtyLine *line);

#endif
