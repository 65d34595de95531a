/*
 * Serial: a serial port as a link. It is opened, locked, configured and at the end given back;
 * bytes are the business of host/port, to which its descriptor is handed as both ends:
 *
 *     serial_open(&s, &options, &e), port_open(&p, s.fd, s.fd, s.path), ..., port_close(&p),
 *     serial_close(&s)
 *
 * libserialport opens and configures what it knows; ptys, gadget ports and the like are opened
 * plainly. Either way the settings are set and read back here: they are what was asked for, or the
 * port is refused. Opening a port for the first time raises DTR and RTS, which no program can
 * prevent; nothing else touches them, closing included, unless asked for.
 */
#ifndef HOST_SERIAL_H
#define HOST_SERIAL_H

#include "host/link_options.h"
#include "host/loop.h"
#include <limits.h>
#include <stddef.h>

/* Why not. Nothing has been printed: say `path: reason`. */
struct SerialError {
    int code;         /* EXIT_PORT, EXIT_USAGE, or EXIT_SIGNAL + a signal */
    bool absent;      /* it may come: serial_await would wait */
    char reason[256]; /* one line */
};

struct sp_port;

struct Serial {
    int fd;                   /* non-blocking, raw, close-on-exec; -1: not open */
    int lock;                 /* holds the lock; may be fd */
    struct sp_port *port;     /* libserialport's, if fd is its handle; or NULL */
    struct TtyLine line;      /* as set; baud as the driver says it is */
    struct TtySettings found; /* before us */
    bool pty;                 /* emulated: no line time, no modem lines, no queue to look into */
    bool exclusive;           /* TIOCEXCL was set here */
    bool borrowed;            /* fd is somebody else's */
    char path[PATH_MAX];      /* as in the options, or what SERIAL_AUTO found */
};

/*
 * Open and configure. 0; or -1 and *e, with nothing open and the port as it was. An s that failed
 * may be closed.
 */
int serial_open(struct Serial *s, const struct SerialOptions *o, struct SerialError *e);

/*
 * The same, but a port that is not there is waited for, without a wake-up, until `deadline` (of
 * clock_now; CLOCK_NEVER: none) or a signal. One that has just come and is refused, because its
 * permissions are still being set or a modem manager looks at it, is tried for some seconds. Uses
 * the slot LOOP_LINK_IN of l. -1 also after a signal (code EXIT_SIGNAL + its number) and, with the
 * last error, after the deadline.
 */
int serial_await(struct Serial *s, const struct SerialOptions *o, struct Loop *l, uint64_t deadline,
                 struct SerialError *e);

/*
 * Borrow a terminal that somebody else has opened, as both ends of a link: raw, 8 data bits, its
 * speed as it is. serial_close gives it back just as it was, and leaves it open. -1 and errno:
 * nothing has changed.
 */
int serial_borrow(struct Serial *s, int fd);

/*
 * What is still in the kernel's queue may go, for its line time and some 100 ms at most; the rest
 * is thrown away, so that closing does not hang. Then the settings of before are set, but for
 * HUPCL: closing does not drop DTR, which resets many boards. Fine to repeat.
 */
void serial_close(struct Serial *s);

/* How long the line takes for bytes, in ns. */
uint64_t serial_line_time(const struct Serial *s, uint64_t bytes);

/* Bytes in the kernel's output queue, as the driver counts them. -1: it cannot be seen (a pty). */
int64_t serial_queued(const struct Serial *s);

#endif
