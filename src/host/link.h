/*
 * Link: what a run reads and writes, whatever that is: a pair of descriptors, a serial port, or one
 * terminal that is both stdin and stdout. One Port (l->port) carries the bytes in every case.
 *
 *     code = link_open(&l, &options, &loop);
 *     for (;;) {
 *         link_watch(&l, &loop, want_input, have_output);
 *         loop_wait(&loop, min(..., link_deadline(&l)));
 *         switch (link_tick(&l, now)) { ... }
 *         buffer_write_with(&rx, link_read, &l); buffer_read_with(&tx, link_write, &l);
 *     }
 *     link_close(&l);
 *
 * A port may go away (unplugged, hung up). Then reads and writes give 0 and link_tick tells: with
 * `reconnect` LINK_AWAY, until the same port is there again, which is tried for at growing
 * intervals; else LINK_LOST. On descriptors the end of input is l->port.eof, as ever.
 */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include "host/exit_code.h"
#include "host/link_options.h"
#include "host/loop.h"
#include "host/port.h"
#include "host/queue.h"
#include "host/serial.h"

enum LinkState {
    LINK_UP,
    LINK_AWAY, /* the port has gone and is waited for: nothing is read or written meanwhile */
    LINK_LOST, /* for good; the caller says so and what is kept. exit code EXIT_PORT */
};

struct Link {
    struct LinkOptions options;
    struct Port port;
    struct Serial serial;   /* a port or a terminal; fd -1: descriptors, or it is away */
    struct Queue queue;     /* of one whose queue can be seen */
    enum LinkState state;   /* as of the last link_tick */
    unsigned returns;       /* how often a port has come back: what was on its way then is lost */
    bool gone;              /* a read or write has found it gone; error says why */
    int error;              /* errno of that */
    uint64_t look_at;       /* there is, or may then be, room to write; CLOCK_NEVER: no matter */
    uint64_t since;         /* when it went away, or came back */
    uint64_t retry_at;      /* when it is tried next */
    unsigned tries;         /* how often it was in vain */
    uint64_t refused_since; /* it is there, but cannot be opened; 0: not so */
    char name[PATH_MAX];    /* of a port, for messages */
    char again[PATH_MAX];   /* the name that stays the same when it is plugged in again */
};

/*
 * Open what the options say; of a port both ends. 0, or an exit code: one line has been said, there
 * is nothing to close, and all is as before. Waiting, if asked for, ends with a signal (EXIT_SIGNAL
 * + its number). The options are copied, what they point at is kept.
 */
int link_open(struct Link *l, const struct LinkOptions *o, struct Loop *loop);

/*
 * Descriptors, terminal and port as they were before; what is in a port's queue still goes, but no
 * close waits for ever. Of a terminal that is typed to what still arrives is dropped, until it has
 * been quiet for a moment. Fine to repeat, and if link_open failed.
 */
void link_close(struct Link *l, struct Loop *loop);

/*
 * BufferFill and BufferDrain; ctx is the struct Link. As port_read and port_write, but written is
 * no more than link_room, and a port that has gone gives 0.
 */
ptrdiff_t link_read(void *ctx, uint8_t *space, size_t size);
ptrdiff_t link_write(void *ctx, const uint8_t *bytes, size_t len);

/* Bytes a second of a port or terminal, as it is set, also while it is away; 0: of a pipe. */
uint64_t link_rate(const struct Link *l);

/*
 * Bytes that may be written now so that about 50 ms of line time are queued in the kernel; 0 if
 * that much is queued, or the port is away. SIZE_MAX where the queue cannot be seen.
 */
size_t link_room(struct Link *l, uint64_t now);

/*
 * As port_watch: in if bytes are wanted, out if there are some. Wait no longer than link_deadline,
 * and write then, whether or not poll calls the port writable: it does so late.
 */
void link_watch(struct Link *l, struct Loop *loop, bool in, bool out);

/* When link_watch and link_tick must be called again (of clock_now); CLOCK_NEVER: no such need. */
uint64_t link_deadline(const struct Link *l);

/*
 * What has become of the link; a port that is away is tried for, if it is time. Notes are said once
 * when it goes and once when it returns; before LINK_LOST, why it could not be opened again. When
 * it has returned (l->returns has changed) the last bytes before are lost and a frame may be cut.
 */
enum LinkState link_tick(struct Link *l, uint64_t now);

/* True if errno from a read or write of this link means that the port is not there any more. */
bool link_lost(const struct Link *l, int error);

/* True if both are terminals, and the same. */
bool link_is_one_terminal(int in, int out);

#endif
