/*
 * A driver of serial ports for tests: what a pty does not do is done to every ioctl of the program.
 * To be included once.
 */
#ifndef TESTS_UNIT_SERIAL_DRIVER_H
#define TESTS_UNIT_SERIAL_DRIVER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* A driver: what it makes of settings. All zero: what the kernel's ptys do. */
static struct {
    uint32_t slowest;   /* slower speeds become this one */
    uint32_t per_mille; /* by which all speeds come out higher */
    bool no_flow;       /* forgets CRTSCTS */
    int queued;         /* bytes in the output queue, for ever */
    int signals;        /* DTR and RTS, as they are */
    unsigned changes;   /* how often they became something else */
    unsigned flushes;   /* how often the output was thrown away */
    bool has_signals;   /* there is DTR and RTS */
} driver;

/* struct termios2 of the kernel, which does not go with <termios.h>. */
struct Termios2 {
    unsigned flags[4];
    uint8_t chars[20];
    unsigned in_speed;
    unsigned out_speed;
};

static void change(struct Termios2 *t)
{
    if (t->out_speed < driver.slowest)
        t->out_speed = driver.slowest;
    t->out_speed += (unsigned)((uint64_t)t->out_speed * driver.per_mille / 1000);
    if (driver.no_flow)
        t->flags[2] &= ~(unsigned)CRTSCTS;
}

/* Instead of libc's, for everything in this program. */
int ioctl(int fd, unsigned long request, ...)
{
    struct Termios2 t;
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if ((request == TIOCMBIS || request == TIOCMBIC) && driver.has_signals) {
        int before = driver.signals;
        driver.signals |= *(int *)argument;
        driver.signals ^= request == TIOCMBIC ? *(int *)argument : 0;
        driver.changes += driver.signals != before;
        return 0;
    }
    if (request == TIOCMGET && driver.has_signals) {
        *(int *)argument = driver.signals;
        return 0;
    }
    if (request == TCFLSH)
        driver.flushes++;
    if (request == TIOCOUTQ && driver.queued > 0) {
        *(int *)argument = driver.queued;
        return 0;
    }
    if (request == 0x402C542BUL && (driver.slowest | driver.per_mille | driver.no_flow) != 0) {
        memcpy(&t, argument, sizeof t); /* TCSETS2 */
        change(&t);
        argument = &t;
    }
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

#endif
