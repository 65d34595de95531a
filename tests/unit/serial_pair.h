/* Serial ports for tests: ptys, and how serial_open is called on them. */
#ifndef TESTS_UNIT_SERIAL_PAIR_H
#define TESTS_UNIT_SERIAL_PAIR_H

#include "host/serial.h"
#include "host/transfer.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Pair {
    int master;
    int terminal; /* kept open, as somebody else's */
    char path[64];
};

static inline void pair_open(struct Pair *p)
{
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    cr_assert(p->master >= 0 && grantpt(p->master) == 0 && unlockpt(p->master) == 0);
    cr_assert_eq(ptsname_r(p->master, p->path, sizeof p->path), 0);
    p->terminal = open(p->path, O_RDWR | O_NOCTTY);
    cr_assert_geq(p->terminal, 0);
}

static inline struct TtySettings settings_of(int fd)
{
    struct TtySettings s = {0};
    cr_assert_eq(tty_get(fd, &s), 0);
    return s;
}

static inline struct SerialOptions options_of(const char *path)
{
    return (struct SerialOptions){.path = path, .line = {.baud = 115200, .stop_bits = 1}};
}

/* It is refused with these words, and with code 3. */
static inline void refused(const struct SerialOptions *o, const char *reason)
{
    struct Serial s;
    struct SerialError e;
    cr_assert_eq(serial_open(&s, o, &e), -1, "%s", o->path);
    cr_assert_eq(e.code, EXIT_PORT);
    cr_assert(strstr(e.reason, reason) != NULL, "%s: %s", o->path, e.reason);
    cr_assert_eq(s.fd, -1);
    serial_close(&s);
}

static inline void opened(struct Serial *s, const struct SerialOptions *o)
{
    struct SerialError e;
    cr_assert_eq(serial_open(s, o, &e), 0, "%s: %s", o->path, e.reason);
}

#endif
