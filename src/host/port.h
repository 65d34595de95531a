/*
 * Port: the descriptors of a link, in and out, made non-blocking and given back as they were. It
 * does not open or close descriptors: stdin and stdout are nobody's to close, and host/serial
 * opens a device, hands it to port_open as both ends, and closes it after port_close.
 */
#ifndef HOST_PORT_H
#define HOST_PORT_H

#include "host/clock.h"
#include "host/loop.h"
#include <stddef.h>
#include <sys/types.h>

/* One end, as it was found. */
struct PortEnd {
    int fd;        /* -1: the port has no such end */
    int flags;     /* of F_GETFL before O_NONBLOCK was set */
    bool changed;  /* O_NONBLOCK was set here and has to be taken back */
    bool tty;      /* a terminal, a pty or a serial port */
    bool pipe;     /* a pipe or FIFO */
    bool blocking; /* a regular file or the like: never "not now" */
};

struct Port {
    struct PortEnd in;
    struct PortEnd out;
    const char *name;   /* for messages: "stdin", "/dev/ttyUSB0"; kept */
    bool eof;           /* port_read has seen the end of input; clear it to read on */
    int error;          /* errno of the last call that failed */
    uint64_t bytes_in;  /* read so far */
    uint64_t bytes_out; /* written so far */
    uint64_t backoff;   /* ns the next refusal of a tty will keep port_watch away */
    uint64_t write_at;  /* before this a tty that refused bytes is not tried again; or 0 */
    /* Where port_watch watches: LOOP_LINK_IN and LOOP_LINK_OUT, until the owner changes them. */
    enum LoopSlot in_slot;
    enum LoopSlot out_slot;
};

/*
 * Prepare descriptors: in or out may be -1 (no such end), both may be the same. O_NONBLOCK is set
 * on pipes, sockets and terminals only, and pipes are widened to 1 MiB if the system allows it,
 * unless somebody has made them smaller than usual. name is kept. 0, or -1 with errno (also in
 * p->error): a descriptor is not open or not open for that direction; then everything is as before.
 */
int port_open(struct Port *p, int in, int out, const char *name);

/* The same, but pipes keep the size they have: a writer is to be held back soon. */
int port_open_as_is(struct Port *p, int in, int out, const char *name);

/* Descriptors get their flags back (also when both share one open file description). Idempotent. */
void port_close(struct Port *p);

/*
 * A BufferFill: ctx is the struct Port. The bytes read; 0: none now, or the end (then p->eof);
 * -1: failed, p->error is the errno. EIO from a terminal is its end: the other side of a pty
 * closed, or the line hung up.
 */
ptrdiff_t port_read(void *ctx, uint8_t *space, size_t size);

/*
 * A BufferDrain: ctx is the struct Port. The bytes written; 0: none now; -1: failed, p->error is
 * the errno (EPIPE: the reader went away).
 */
ptrdiff_t port_write(void *ctx, const uint8_t *bytes, size_t len);

/*
 * Watch the port's ends in in_slot and out_slot: in if there is room for bytes, out if there are
 * bytes to write. An end that is missing, or an input that has ended, is not watched.
 * Nor is, for some milliseconds, a terminal that refused bytes although poll said it would take
 * them (a full pty): wait no longer than port_deadline then.
 */
void port_watch(struct Port *p, struct Loop *l, bool in, bool out);

/* When port_watch must be called again (of clock_now); CLOCK_NEVER if there is no such need. */
uint64_t port_deadline(const struct Port *p);

#endif
