#include "host/serial.h"

#include "host/exit_code.h"
#include "host/serial_list.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libserialport.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PTY_MAJOR_FIRST 136 /* of the other ends of ptys */
#define PTY_MAJOR_LAST  143
#define BAUD_UNKNOWN    38400 /* what a terminal is taken to do that does not tell */
#define FIFO_BYTES      128   /* most bytes of a UART that its driver does not count */
#define CLOSE_SPARE     (100 * CLOCK_MS)
#define CLOSE_MAX       (2 * CLOCK_SECOND)

__attribute__((format(printf, 2, 3))) static int refuse(struct SerialError *e, const char *format,
                                                        ...)
{
    va_list arguments;
    va_start(arguments, format);
    *e = (struct SerialError){.code = EXIT_PORT};
    (void)vsnprintf(e->reason, sizeof e->reason, format, arguments);
    va_end(arguments);
    return -1;
}

static int refuse_absent(struct SerialError *e, const char *reason)
{
    (void)refuse(e, "%s", reason);
    e->absent = true;
    return -1;
}

/* Append a name to a list of names; one that does not fit is left out. */
static void add_name(char *names, size_t size, const char *name)
{
    size_t len = strlen(names);
    if ((size_t)snprintf(names + len, size - len, "%s%s", len > 0 ? ", " : "", name) >= size - len)
        names[len] = '\0';
}

/* The only USB serial port, into s->path. */
static int find_usb(struct Serial *s, struct SerialError *e)
{
    struct SerialList list;
    size_t found = 0;
    char usb[128] = "";
    char others[128] = "";
    if (serial_list_open(&list) < 0)
        return refuse(e, "cannot list serial ports: %s", strerror(errno));
    for (size_t i = 0; i < list.count; i++) {
        const char *path = list.entries[i].path;
        bool is_usb = list.entries[i].usb;
        add_name(is_usb ? usb : others, is_usb ? sizeof usb : sizeof others, path);
        if (is_usb && found++ == 0)
            (void)snprintf(s->path, sizeof s->path, "%s", path);
    }
    serial_list_close(&list);
    if (found == 1)
        return 0;
    if (found > 1)
        return refuse(e, "%zu USB serial ports, name one: %s", found, usb);
    (void)refuse(e, "no USB serial port%s%s", others[0] != '\0' ? ", only: " : "", others);
    e->absent = true;
    return -1;
}

/* True if the user, but not yet this process, belongs to the group. */
static bool newly_member(gid_t group)
{
    const struct passwd *user = getpwuid(geteuid());
    gid_t groups[128];
    int count = (int)(sizeof groups / sizeof groups[0]);
    if (user == NULL || getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
        return false;
    for (int i = 0; i < count; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

static int refuse_access(struct SerialError *e, const struct stat *st)
{
    char owner[SERIAL_NAME], group[SERIAL_NAME];
    serial_list_owner(st, owner, group);
    if ((st->st_mode & 060) != 060 || st->st_gid == 0)
        return refuse(e, "permission denied, it is open to %s only", owner);
    if (newly_member(st->st_gid))
        return refuse(e, "permission denied until you log in again: only then you are in group %s",
                      group);
    return refuse(e,
                  "permission denied, it belongs to group %s: sudo usermod -aG %s $USER, then log "
                  "in again",
                  group, group);
}

static int refuse_open(struct SerialError *e, int error, const struct stat *st)
{
    if (error == EACCES || error == EPERM)
        return refuse_access(e, st);
    if (error == EBUSY)
        return refuse(e, "another program holds it");
    if (error == ENOENT || error == ENXIO || error == ENODEV)
        return refuse_absent(e, "there is no device");
    return refuse(e, "cannot open: %s", strerror(error));
}

/* Nobody else may, by any of the customs there are. */
static int lock(struct Serial *s, struct SerialError *e)
{
    int exclusive = 0;
    if (flock(s->lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return refuse(e, "another program holds it");
    /* Root is let in where others are told EBUSY. */
    if (ioctl(s->lock, TIOCGEXCL, &exclusive) == 0 && exclusive != 0)
        return refuse(e, "another program holds it");
    return 0;
}

static bool is_pty(const struct stat *st)
{
    return major(st->st_rdev) >= PTY_MAJOR_FIRST && major(st->st_rdev) <= PTY_MAJOR_LAST;
}

/* Open the device s->path leads to, lock it, and take down its settings. device is its real name */
static int open_device(struct Serial *s, char device[PATH_MAX], struct SerialError *e)
{
    struct stat st;
    if (realpath(s->path, device) == NULL || stat(device, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return refuse_absent(e, "there is no such port; dttk ports lists those there are");
        return refuse(e, "cannot open: %s", strerror(errno));
    }
    if (!S_ISCHR(st.st_mode))
        return refuse(e, "not a serial port");
    s->lock = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->lock < 0)
        return refuse_open(e, errno, &st);
    if (tty_get(s->lock, &s->found) < 0)
        return refuse(e, errno == EIO ? "there is no device behind it" : "not a serial port");
    s->pty = is_pty(&st);
    return lock(s, e);
}

static enum sp_parity library_parity(enum TtyParity parity)
{
    switch (parity) {
    case TTY_PARITY_NONE:
        return SP_PARITY_NONE;
    case TTY_PARITY_EVEN:
        return SP_PARITY_EVEN;
    case TTY_PARITY_ODD:
        return SP_PARITY_ODD;
    case TTY_PARITY_MARK:
        return SP_PARITY_MARK;
    case TTY_PARITY_SPACE:
        return SP_PARITY_SPACE;
    }
    return SP_PARITY_INVALID;
}

/*
 * All five settings, or it keeps what the program before left. What it refuses, and what it takes
 * silently and does not do (speeds; RTS/CTS, which it writes into the wrong flags), tty_configure
 * finds out; so no result counts here.
 */
static void configure_with_library(struct sp_port *port, const struct TtyLine *line)
{
    struct sp_port_config *config;
    if (sp_new_config(&config) != SP_OK)
        return;
    if (line->baud <= INT_MAX)
        (void)sp_set_config_baudrate(config, (int)line->baud);
    (void)sp_set_config_bits(config, 8);
    (void)sp_set_config_parity(config, library_parity(line->parity));
    (void)sp_set_config_stopbits(config, (int)line->stop_bits);
    (void)sp_set_config_flowcontrol(config, line->flow == TTY_FLOW_SOFT ? SP_FLOWCONTROL_XONXOFF
                                                                        : SP_FLOWCONTROL_NONE);
    (void)sp_set_config(port, config);
    sp_free_config(config);
}

/* s->fd: libserialport's if it knows the device, else our own. */
static void open_with_library(struct Serial *s, const char *device, const struct TtyLine *line)
{
    int handle = -1;
    s->fd = s->lock;
    if (sp_get_port_by_name(device, &s->port) != SP_OK) {
        s->port = NULL;
        return;
    }
    if (sp_open(s->port, SP_MODE_READ_WRITE) != SP_OK ||
        sp_get_port_handle(s->port, &handle) != SP_OK) {
        sp_free_port(s->port);
        s->port = NULL;
        return;
    }
    s->fd = handle;
    (void)fcntl(handle, F_SETFD, FD_CLOEXEC);
    configure_with_library(s->port, line);
}

static int refuse_line(struct SerialError *e, enum TtyVerdict verdict, const struct TtyLine *wanted,
                       const struct TtySettings *got)
{
    static const char *const flows[] = {
        [TTY_FLOW_NONE] = "none", [TTY_FLOW_HARD] = "hard", [TTY_FLOW_SOFT] = "soft"};
    static const char *const parities[] = {[TTY_PARITY_NONE] = "none",
                                           [TTY_PARITY_EVEN] = "even",
                                           [TTY_PARITY_ODD] = "odd",
                                           [TTY_PARITY_MARK] = "mark",
                                           [TTY_PARITY_SPACE] = "space"};
    switch (verdict) {
    case TTY_OK:
        return 0;
    case TTY_FAILED:
        return refuse(e, "cannot be configured: %s", strerror(errno));
    case TTY_NO_BAUD:
        return refuse(e, "does not do %u baud, but %u", wanted->baud, got->out_speed);
    case TTY_NO_BITS:
        return refuse(e, "does not do 8 data bits");
    case TTY_NO_PARITY:
        return refuse(e, "does not do this parity: %s", parities[wanted->parity]);
    case TTY_NO_STOP_BITS:
        return refuse(e, "does not do so many stop bits: %u", wanted->stop_bits);
    case TTY_NO_FLOW:
        return refuse(e, "does not do this flow control: %s", flows[wanted->flow]);
    }
    return -1;
}

static int set_signal(int fd, int bit, enum SerialSignal wish)
{
    return wish == SERIAL_LEAVE ? 0 : ioctl(fd, wish == SERIAL_ON ? TIOCMBIS : TIOCMBIC, &bit);
}

static int configure(struct Serial *s, const struct SerialOptions *o, struct SerialError *e)
{
    struct TtySettings now = {0};
    enum TtyVerdict verdict = tty_configure(s->fd, &o->line, &now);
    if (verdict != TTY_OK)
        return refuse_line(e, verdict, &o->line, &now);
    s->line = o->line;
    s->line.baud = now.out_speed;
    if (set_signal(s->fd, TIOCM_DTR, o->dtr) < 0)
        return refuse(e, "has no DTR to set");
    if (set_signal(s->fd, TIOCM_RTS, o->rts) < 0)
        return refuse(e, "has no RTS to set");
    /* Whoever holds the other end of a pty keeps this one open: one killed would leave it so. */
    s->exclusive = !s->pty && ioctl(s->fd, TIOCEXCL) == 0;
    return 0;
}

int serial_open(struct Serial *s, const struct SerialOptions *o, struct SerialError *e)
{
    char device[PATH_MAX];
    *s = (struct Serial){.fd = -1, .lock = -1};
    *e = (struct SerialError){0};
    if (o->rts != SERIAL_LEAVE && o->line.flow == TTY_FLOW_HARD) {
        (void)refuse(e, "with hardware flow control RTS is the driver's to set");
        e->code = EXIT_USAGE;
        return -1;
    }
    if (strcmp(o->path, SERIAL_AUTO) == 0) {
        if (find_usb(s, e) < 0)
            return -1;
    } else if ((size_t)snprintf(s->path, sizeof s->path, "%s", o->path) >= sizeof s->path) {
        return refuse(e, "%s", strerror(ENAMETOOLONG));
    }
    if (open_device(s, device, e) == 0) {
        open_with_library(s, device, &o->line);
        if (configure(s, o, e) == 0)
            return 0;
    }
    serial_close(s);
    return -1;
}

int serial_borrow(struct Serial *s, int fd)
{
    struct stat st;
    *s = (struct Serial){.fd = -1, .lock = -1, .borrowed = true};
    if (fstat(fd, &st) < 0 || tty_get(fd, &s->found) < 0)
        return -1;
    s->pty = is_pty(&st);
    s->fd = fd; /* before it changes: a signal may give it back */
    if (tty_make_raw(fd) < 0) {
        s->fd = -1;
        return -1;
    }
    s->line = (struct TtyLine){.baud = s->found.out_speed > 0 ? s->found.out_speed : BAUD_UNKNOWN,
                               .stop_bits = 1};
    return 0;
}

int64_t serial_queued(const struct Serial *s)
{
    int bytes = 0;
    if (s->pty || ioctl(s->fd, TIOCOUTQ, &bytes) < 0 || bytes < 0)
        return -1;
    return bytes;
}

static size_t queued(const struct Serial *s)
{
    int64_t bytes = serial_queued(s);
    return bytes > 0 ? (size_t)bytes : 0;
}

static void sleep_for(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / CLOCK_SECOND),
                         .tv_nsec = (long)(ns % CLOCK_SECOND)};
    (void)nanosleep(&t, NULL);
}

/* Let the last bytes go before the settings change under them. No drain: that has no bound. */
static void let_go(const struct Serial *s, bool line_changes)
{
    uint64_t now = clock_now();
    uint64_t most = serial_line_time(s, queued(s)) * 2 + CLOSE_SPARE;
    uint64_t deadline = now + (most < CLOSE_MAX ? most : CLOSE_MAX);
    size_t left;
    while ((left = queued(s)) > 0 && (now = clock_now()) < deadline) {
        uint64_t time = serial_line_time(s, left) + CLOCK_MS;
        sleep_for(time < deadline - now ? time : deadline - now);
    }
    if (left > 0)
        (void)ioctl(s->fd, TCFLSH, TCOFLUSH); /* else close(2) waits for it, up to 30 s */
    else if (line_changes && !s->pty)
        sleep_for(serial_line_time(s, FIFO_BYTES) < CLOSE_SPARE ? serial_line_time(s, FIFO_BYTES)
                                                                : CLOSE_SPARE);
}

void serial_close(struct Serial *s)
{
    struct TtySettings now;
    if (s->fd >= 0 && tty_get(s->fd, &now) == 0) { /* not so if it is unplugged */
        bool as_it_was = s->pty || s->borrowed;
        struct TtySettings found = as_it_was ? s->found : tty_without_hangup(s->found);
        if (s->line.baud > 0)
            let_go(s, !tty_same_line(&now, &found));
        if (s->exclusive)
            (void)ioctl(s->fd, TIOCNXCL);
        (void)tty_set(s->fd, &found);
    }
    if (s->port != NULL) {
        (void)sp_close(s->port);
        sp_free_port(s->port);
    }
    if (s->lock >= 0)
        (void)close(s->lock);
    s->fd = -1;
    s->lock = -1;
    s->port = NULL;
}

uint64_t serial_line_time(const struct Serial *s, uint64_t bytes)
{
    return bytes * tty_byte_bits(&s->line) * CLOCK_SECOND / s->line.baud;
}
