#include "host/tty.h"

#include <asm/termbits.h> /* termios2: no <termios.h> beside it */
#include <string.h>
#include <sys/ioctl.h>

#define CLOSE_ENOUGH 50 /* a speed may differ by a 50th */
#define START_BYTE   0x11
#define STOP_BYTE    0x13
#define FORMAT       ((uint32_t)(CSIZE | PARENB | PARODD | CMSPAR | CSTOPB))

_Static_assert(sizeof((struct termios2){0}.c_cc) <= sizeof((struct TtySettings){0}.chars),
               "the settings hold all control characters");

int tty_get(int fd, struct TtySettings *out)
{
    struct termios2 t;
    if (ioctl(fd, TCGETS2, &t) < 0)
        return -1;
    *out = (struct TtySettings){.input = t.c_iflag,
                                .output = t.c_oflag,
                                .control = t.c_cflag,
                                .local = t.c_lflag,
                                .in_speed = t.c_ispeed,
                                .out_speed = t.c_ospeed,
                                .discipline = t.c_line};
    memcpy(out->chars, t.c_cc, sizeof t.c_cc);
    return 0;
}

int tty_set(int fd, const struct TtySettings *s)
{
    struct termios2 t = {.c_iflag = s->input,
                         .c_oflag = s->output,
                         .c_cflag = s->control,
                         .c_lflag = s->local,
                         .c_ispeed = s->in_speed,
                         .c_ospeed = s->out_speed,
                         .c_line = s->discipline};
    memcpy(t.c_cc, s->chars, sizeof t.c_cc);
    return ioctl(fd, TCSETS2, &t) < 0 ? -1 : 0;
}

static uint32_t parity_bits(enum TtyParity parity)
{
    switch (parity) {
    case TTY_PARITY_NONE:
        return 0;
    case TTY_PARITY_EVEN:
        return PARENB;
    case TTY_PARITY_ODD:
        return PARENB | PARODD;
    case TTY_PARITY_MARK:
        return PARENB | PARODD | CMSPAR;
    case TTY_PARITY_SPACE:
        return PARENB | CMSPAR;
    }
    return 0;
}

static uint32_t format_bits(const struct TtyLine *line)
{
    return CS8 | parity_bits(line->parity) | (line->stop_bits == 2 ? CSTOPB : 0);
}

static uint32_t hard_flow(const struct TtyLine *line)
{
    return line->flow == TTY_FLOW_HARD ? CRTSCTS : 0;
}

static uint32_t soft_flow(const struct TtyLine *line)
{
    return line->flow == TTY_FLOW_SOFT ? IXON | IXOFF : 0;
}

static void make_raw(struct TtySettings *s, const struct TtyLine *line)
{
    s->input = soft_flow(line);
    s->output = 0;
    s->local = 0;
    s->control &= ~(FORMAT | (uint32_t)(CRTSCTS | HUPCL));
    s->control |= format_bits(line) | hard_flow(line) | CREAD | CLOCAL;
    s->chars[VMIN] = 1; /* with 0 a read finds "the end" where there is no byte yet */
    s->chars[VTIME] = 0;
    s->chars[VSTART] = START_BYTE;
    s->chars[VSTOP] = STOP_BYTE;
}

static void set_speed(struct TtySettings *s, uint32_t baud)
{
    uint32_t input_too = (uint32_t)CBAUD << IBSHIFT; /* 0 there: as the output's */
    s->control &= ~input_too;
    if (s->out_speed != baud) /* else the driver may have a name for it, which others understand */
        s->control = (s->control & ~(uint32_t)CBAUD) | BOTHER;
    s->out_speed = baud;
    s->in_speed = baud;
}

static bool close_enough(uint32_t got, uint32_t wanted)
{
    uint32_t off = got > wanted ? got - wanted : wanted - got;
    return off <= wanted / CLOSE_ENOUGH;
}

enum TtyVerdict tty_configure(int fd, const struct TtyLine *line, struct TtySettings *now)
{
    struct TtySettings s;
    if (tty_get(fd, &s) < 0)
        return TTY_FAILED;
    make_raw(&s, line);
    set_speed(&s, line->baud);
    if (tty_set(fd, &s) < 0 || tty_get(fd, now) < 0)
        return TTY_FAILED;
    uint32_t wrong = now->control ^ format_bits(line);
    if (!close_enough(now->out_speed, line->baud))
        return TTY_NO_BAUD;
    if ((wrong & CSIZE) != 0)
        return TTY_NO_BITS;
    if ((wrong & (PARENB | PARODD | CMSPAR)) != 0)
        return TTY_NO_PARITY;
    if ((wrong & CSTOPB) != 0)
        return TTY_NO_STOP_BITS;
    if ((now->control & CRTSCTS) != hard_flow(line) ||
        (now->input & (IXON | IXOFF)) != soft_flow(line))
        return TTY_NO_FLOW;
    return TTY_OK;
}

int tty_make_raw(int fd)
{
    struct TtySettings s;
    if (tty_get(fd, &s) < 0)
        return -1;
    s.input = 0;
    s.output = 0;
    s.local = 0;
    s.control = (s.control & ~(uint32_t)(CSIZE | PARENB | CMSPAR)) | CS8 | CREAD;
    s.chars[VMIN] = 1;
    s.chars[VTIME] = 0;
    return tty_set(fd, &s);
}

bool tty_is_typed_to(const struct TtySettings *settings)
{
    return (settings->local & ICANON) != 0;
}

bool tty_same_line(const struct TtySettings *a, const struct TtySettings *b)
{
    return a->out_speed == b->out_speed && a->in_speed == b->in_speed &&
           ((a->control ^ b->control) & FORMAT) == 0;
}

struct TtySettings tty_without_hangup(struct TtySettings settings)
{
    settings.control &= ~(uint32_t)HUPCL;
    return settings;
}

uint32_t tty_byte_bits(const struct TtyLine *line)
{
    return 9 + line->stop_bits + (line->parity != TTY_PARITY_NONE ? 1 : 0);
}
