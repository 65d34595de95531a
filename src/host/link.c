#include "host/link.h"

#include "host/diag.h"
#include "host/serial_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MIN (100 * CLOCK_MS)
#define RETRY_MAX (5 * CLOCK_SECOND)
#define STEADY    (10 * CLOCK_SECOND) /* a port up for so long starts the intervals anew */
#define REFUSED   (10 * CLOCK_SECOND) /* one that is there, but refused for so long, is lost */
#define QUIET     (250 * CLOCK_MS)    /* a terminal is given back when nothing came for so long, */
#define STRAYS    (3 * CLOCK_SECOND)  /* or at the latest */

/* The terminal to be given back when a signal ends the process; one at a time, as the Loop. */
static struct Link *borrowed;

bool link_is_one_terminal(int in, int out)
{
    struct stat a, b;
    return isatty(in) == 1 && isatty(out) == 1 && fstat(in, &a) == 0 && fstat(out, &b) == 0 &&
           a.st_rdev == b.st_rdev;
}

/* In a signal's handler. */
static void give_terminal_back(void)
{
    if (borrowed == NULL || borrowed->serial.fd < 0)
        return;
    (void)tty_set(borrowed->serial.fd, &borrowed->serial.found);
    port_close(&borrowed->port);
}

static bool is_port(const struct Link *l)
{
    return l->options.serial.path != NULL;
}

uint64_t link_rate(const struct Link *l)
{
    const struct TtyLine *line = is_port(l) ? &l->options.serial.line : &l->serial.line;
    if (!is_port(l) && l->serial.fd < 0)
        return 0;
    uint64_t rate = line->baud / tty_byte_bits(line);
    return rate > 0 ? rate : 1;
}

/* The descriptors are there. 0, or -1 and errno. */
static int start(struct Link *l, int in, int out, const char *name, uint64_t now)
{
    uint64_t bytes_in = l->port.bytes_in, bytes_out = l->port.bytes_out;
    if (port_open(&l->port, in, out, name) < 0)
        return -1;
    l->port.bytes_in = bytes_in;
    l->port.bytes_out = bytes_out;
    l->since = now;
    l->look_at = CLOCK_NEVER;
    l->gone = false;
    l->state = LINK_UP;
    if (l->serial.fd >= 0) {
        queue_init(&l->queue, link_rate(l), now);
        l->queue.written = bytes_out;
    }
    return 0;
}

static int open_descriptors(struct Link *l)
{
    const struct LinkOptions *o = &l->options;
    if (start(l, o->in, o->out, o->name, clock_now()) == 0)
        return EXIT_DELIVERED;
    diag_errno(errno, o->name, NULL);
    return EXIT_IO;
}

static int open_terminal(struct Link *l, struct Loop *loop)
{
    const struct LinkOptions *o = &l->options;
    borrowed = l;
    loop_last_act(loop, give_terminal_back);
    if (link_is_one_terminal(o->in, STDERR_FILENO))
        diag_hold();
    if (serial_borrow(&l->serial, o->in) == 0 && start(l, o->in, o->out, o->name, clock_now()) == 0)
        return EXIT_DELIVERED;
    int error = errno;
    link_close(l, loop);
    diag_errno(error, o->name, "cannot be used as a link");
    return EXIT_IO;
}

/*
 * The name to open the port by when it has gone and come again: the one in the options if that is a
 * link, for then it was chosen; else the link by which the system knows the device; else its name.
 */
static void note_names(struct Link *l)
{
    char device[PATH_MAX];
    struct stat st;
    bool chosen = lstat(l->serial.path, &st) == 0 && S_ISLNK(st.st_mode);
    strcpy(l->name, l->serial.path);
    l->again[0] = '\0';
    if (!chosen && realpath(l->serial.path, device) != NULL)
        serial_list_by_id(device, l->again, sizeof l->again);
    if (l->again[0] == '\0')
        strcpy(l->again, l->name);
}

static int open_port(struct Link *l, struct Loop *loop)
{
    const struct LinkOptions *o = &l->options;
    struct SerialError e;
    int result = serial_open(&l->serial, &o->serial, &e);
    if (result < 0 && e.absent && o->wait) {
        uint64_t now = clock_now();
        if (!o->quiet)
            diag("%s: not there yet; waiting for it", o->serial.path);
        result =
            serial_await(&l->serial, &o->serial, loop,
                         o->patience < CLOCK_NEVER - now ? now + o->patience : CLOCK_NEVER, &e);
    }
    if (result < 0) {
        diag("%s: %s", o->serial.path, e.reason);
        return e.code;
    }
    note_names(l);
    if (start(l, l->serial.fd, l->serial.fd, l->name, clock_now()) == 0)
        return EXIT_DELIVERED;
    diag_errno(errno, o->serial.path, NULL);
    serial_close(&l->serial);
    return EXIT_PORT;
}

int link_open(struct Link *l, const struct LinkOptions *o, struct Loop *loop)
{
    *l = (struct Link){.options = *o,
                       .serial = {.fd = -1, .lock = -1},
                       .port = {.in = {.fd = -1}, .out = {.fd = -1}},
                       .look_at = CLOCK_NEVER,
                       .retry_at = CLOCK_NEVER,
                       .state = LINK_LOST};
    if (o->serial.path != NULL)
        return open_port(l, loop);
    return o->terminal ? open_terminal(l, loop) : open_descriptors(l);
}

/*
 * What is still on its way to a terminal, such as further copies of the peer's last word, must not
 * be taken for what somebody types to the shell that reads next.
 */
static void drop_strays(struct Link *l, struct Loop *loop)
{
    uint8_t stray[1024];
    uint64_t now = clock_now(), last = now + STRAYS, until = now + QUIET;
    loop_heed(loop);
    loop_watch(loop, LOOP_SOURCE, -1, 0);
    loop_watch(loop, LOOP_SINK, -1, 0);
    while (now < until && !l->port.eof && l->port.error == 0) {
        port_watch(&l->port, loop, true, false);
        loop_wait(loop, until);
        now = clock_now();
        if (loop_ready(loop, l->port.in_slot) && port_read(&l->port, stray, sizeof stray) > 0)
            until = now + QUIET < last ? now + QUIET : last;
    }
}

void link_close(struct Link *l, struct Loop *loop)
{
    if (borrowed == l && l->state == LINK_UP && tty_is_typed_to(&l->serial.found))
        drop_strays(l, loop);
    port_close(&l->port);
    serial_close(&l->serial);
    if (borrowed == l) {
        loop_last_act(loop, NULL);
        borrowed = NULL;
        diag_release();
    }
}

bool link_lost(const struct Link *l, int error)
{
    if (!is_port(l) && !l->options.terminal)
        return false;
    return error == EIO || error == ENXIO || error == ENODEV || error == ESHUTDOWN;
}

ptrdiff_t link_read(void *ctx, uint8_t *space, size_t size)
{
    struct Link *l = ctx;
    if (l->gone || l->state != LINK_UP)
        return 0;
    ptrdiff_t n = port_read(&l->port, space, size);
    if (n > 0 || (n == 0 && !l->port.eof))
        return n;
    int error = n < 0 ? l->port.error : EIO; /* of a port there is no end but this */
    if (!link_lost(l, error))
        return n;
    l->gone = true;
    l->error = error;
    return 0;
}

/* Bytes in the kernel's output queue; -1: it cannot be seen. */
static int64_t queued(const struct Link *l)
{
    return l->serial.fd >= 0 ? serial_queued(&l->serial) : -1;
}

/* The driver took less than there was room for. */
static void note_refused(struct Link *l, uint64_t now)
{
    int64_t there = queued(l);
    if (there < 0)
        return;
    queue_refused(&l->queue, l->port.bytes_out, (uint64_t)there, now);
    l->look_at = queue_deadline(&l->queue);
}

ptrdiff_t link_write(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Link *l = ctx;
    uint64_t now = clock_now();
    size_t room = link_room(l, now);
    size_t most = len < room ? len : room;
    ptrdiff_t n = port_write(&l->port, bytes, most);
    if (n < 0 && link_lost(l, l->port.error)) {
        l->gone = true;
        l->error = l->port.error;
        return 0;
    }
    if (n >= 0 && (size_t)n < most)
        note_refused(l, now);
    return n;
}

size_t link_room(struct Link *l, uint64_t now)
{
    if (l->gone || l->state != LINK_UP)
        return 0;
    int64_t there = queued(l);
    if (there < 0)
        return SIZE_MAX;
    size_t room = queue_look(&l->queue, l->port.bytes_out, (uint64_t)there, now);
    if (now < l->port.write_at)
        room = 0; /* it has just refused */
    uint64_t look_at = queue_deadline(&l->queue);
    look_at = look_at > l->port.write_at ? look_at : l->port.write_at;
    l->look_at = room > 0 ? CLOCK_NEVER : look_at;
    return room;
}

void link_watch(struct Link *l, struct Loop *loop, bool in, bool out)
{
    bool up = !l->gone && l->state == LINK_UP;
    l->look_at = CLOCK_NEVER;
    size_t room = up && out ? link_room(l, clock_now()) : 0;
    port_watch(&l->port, loop, up && in, room > 0);
    if (room > 0 && room < SIZE_MAX)
        l->look_at = 0; /* poll would call it writable later only */
}

uint64_t link_deadline(const struct Link *l)
{
    if (l->gone)
        return 0; /* link_tick has to know */
    if (l->state != LINK_UP)
        return l->state == LINK_AWAY ? l->retry_at : CLOCK_NEVER;
    uint64_t port = port_deadline(&l->port);
    return port < l->look_at ? port : l->look_at;
}

/* The interval before the next try, in the upper half of what the tries so far make it. */
static uint64_t interval(const struct Link *l, uint64_t now)
{
    uint64_t most = 2 * RETRY_MIN;
    for (unsigned i = 0; i < l->tries && most < RETRY_MAX; i++)
        most *= 2;
    most = most < RETRY_MAX ? most : RETRY_MAX;
    uint64_t mixed = (now ^ now >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return most / 2 + (mixed >> 16) % (most / 2 + 1);
}

/* The port has gone. */
static void go_away(struct Link *l, uint64_t now)
{
    port_close(&l->port);
    l->port.in.fd = l->port.out.fd = -1;
    serial_close(&l->serial);
    l->gone = false;
    if (!l->options.reconnect || !is_port(l)) {
        l->state = LINK_LOST;
        return;
    }
    if (!l->options.quiet)
        diag("%s: the port is gone; waiting for it to return", l->name);
    if (now - l->since >= STEADY)
        l->tries = 0;
    l->state = LINK_AWAY;
    l->since = now;
    l->refused_since = 0;
    l->retry_at = now + interval(l, now);
}

/* It is time to try. */
static void come_back(struct Link *l, uint64_t now)
{
    struct SerialOptions o = l->options.serial;
    struct SerialError e = {.absent = true};
    o.path = l->again;
    if (serial_open(&l->serial, &o, &e) == 0) {
        if (start(l, l->serial.fd, l->serial.fd, l->name, now) == 0) {
            l->returns++;
            l->tries++; /* one that comes and goes is tried for less and less often */
            if (!l->options.quiet)
                diag("%s: the port is back", l->name);
            return;
        }
        serial_close(&l->serial);
    }
    if (e.absent)
        l->refused_since = 0;
    else if (l->refused_since == 0)
        l->refused_since = now;
    else if (now - l->refused_since >= REFUSED) {
        diag("%s: the port is back, but: %s", l->name, e.reason);
        l->state = LINK_LOST;
    }
    l->tries++;
    l->retry_at = now + interval(l, now);
}

enum LinkState link_tick(struct Link *l, uint64_t now)
{
    if (l->gone && l->state == LINK_UP)
        go_away(l, now);
    else if (l->state == LINK_AWAY && now >= l->retry_at)
        come_back(l, now);
    return l->state;
}
