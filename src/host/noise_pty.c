/* Noise: between two ptys. */
#include "host/diag.h"
#include "host/exit_code.h"
#include "host/noise.h"
#include "host/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PORTS 2

struct NoisePty {
    struct Pty ptys[PORTS];
    struct Line lines[PORTS]; /* lines[i] begins at ptys[i], and ends at the other */
    struct Loop loop;
    uint64_t now;
};

static int failed(const char *path, const char *what)
{
    diag_errno(errno, path, what);
    return EXIT_IO;
}

static int make_links(struct NoisePty *n, const char *const *links)
{
    for (size_t i = 0; i < PORTS && links[i] != NULL; i++) {
        for (size_t p = 0; p < PORTS; p++)
            pty_clear(&n->ptys[p], links[i]);
    }
    for (size_t i = 0; i < PORTS && links[i] != NULL; i++) {
        if (pty_link(&n->ptys[i], links[i]) == 0)
            continue;
        if (errno != EEXIST)
            return failed(links[i], "cannot make a link");
        diag(
            "%s: in the way: a link is made only where there is nothing, or one that leads nowhere",
            links[i]);
        return EXIT_REFUSED;
    }
    return EXIT_DELIVERED;
}

/* Both names, in one write; then who waits for the end of stdout has it. */
static int tell_names(const struct NoisePty *n)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0)
        return failed("/dev/null", NULL);
    int written = dprintf(STDOUT_FILENO, "%s\n%s\n", pty_name(&n->ptys[0]), pty_name(&n->ptys[1]));
    int code = written < 0 ? failed("stdout", "cannot write") : EXIT_DELIVERED;
    if (code == EXIT_DELIVERED && dup2(null, STDOUT_FILENO) < 0)
        code = failed("stdout", NULL);
    (void)close(null);
    return code;
}

/* What the line brings into the pty that it ends at. */
static int deliver(struct NoisePty *n, struct Line *l, struct Pty *to)
{
    if (line_arrived(l, n->now) == 0)
        return EXIT_DELIVERED;
    if (!pty_in_use(to)) {
        line_discard(l, n->now);
        pty_flush(to);
        return EXIT_DELIVERED;
    }
    to->dirty = true;
    return line_drain(l, &n->loop, n->now) == 0 ? EXIT_DELIVERED
                                                : failed(pty_name(to), "cannot write");
}

/* What there is to do for one direction. */
static int move(struct NoisePty *n, size_t i)
{
    struct Line *l = &n->lines[i];
    struct Pty *from = &n->ptys[i];
    bool absent = l->port.eof;
    if (absent && loop_ready(&n->loop, l->port.in_slot)) {
        pty_heed(from);
        l->port.eof = false; /* a program has come */
    } else if (line_feed(l, &n->loop, n->now) < 0) {
        return errno == ENOMEM ? failed("noise", NULL) : failed(pty_name(from), "cannot read");
    } else if (!absent && l->port.eof) {
        pty_flush(from); /* it has gone */
    }
    return deliver(n, l, &n->ptys[PORTS - 1 - i]);
}

static uint64_t watch(struct NoisePty *n)
{
    uint64_t deadline = CLOCK_NEVER;
    for (size_t i = 0; i < PORTS; i++) {
        struct Line *l = &n->lines[i];
        line_watch(l, &n->loop, n->now);
        if (l->port.eof)
            loop_watch(&n->loop, l->port.in_slot, n->ptys[i].opened, POLLIN);
        uint64_t due = line_deadline(l, n->now);
        deadline = due < deadline ? due : deadline;
    }
    return deadline;
}

static int carry(struct NoisePty *n)
{
    for (;;) {
        (void)loop_wait(&n->loop, watch(n));
        n->now = clock_now();
        if (loop_signal(&n->loop) != 0)
            return EXIT_SIGNAL + loop_signal(&n->loop);
        for (size_t i = 0; i < PORTS; i++) {
            int code = move(n, i);
            if (code != EXIT_DELIVERED)
                return code;
        }
    }
}

static int open_ptys(struct NoisePty *n)
{
    for (size_t i = 0; i < PORTS; i++) {
        if (pty_open(&n->ptys[i]) < 0)
            return failed("noise", "cannot open a pty");
    }
    return EXIT_DELIVERED;
}

static int open_lines(struct NoisePty *n, const struct LineConfig *configs)
{
    for (size_t i = 0; i < PORTS; i++) {
        struct Line *l = &n->lines[i];
        const struct Pty *from = &n->ptys[i];
        if (port_open(&l->port, from->master, n->ptys[PORTS - 1 - i].master, from->path) < 0 ||
            line_open(l, &configs[i], n->now) < 0)
            return failed("noise", NULL);
    }
    n->lines[NOISE_BACK].port.in_slot = LOOP_BACK_IN;
    n->lines[NOISE_BACK].port.out_slot = LOOP_BACK_OUT;
    return EXIT_DELIVERED;
}

static void statistics(const struct NoisePty *n)
{
    for (size_t i = 0; i < PORTS; i++) {
        char words[200];
        (void)snprintf(words, sizeof words, "%s to %s: ", pty_name(&n->ptys[i]),
                       pty_name(&n->ptys[PORTS - 1 - i]));
        noise_statistics(words, &n->lines[i]);
    }
}

int noise_pty(const struct NoiseOptions *o)
{
    static struct NoisePty noise;
    struct NoisePty *n = &noise;
    n->ptys[0] = n->ptys[1] = (struct Pty){.master = -1, .opened = -1};
    loop_open(&n->loop); /* from now on a signal leaves no link behind */
    n->now = clock_now();
    int code = open_ptys(n);
    if (code == EXIT_DELIVERED)
        code = open_lines(n, o->lines);
    if (code == EXIT_DELIVERED)
        code = make_links(n, o->links);
    if (code == EXIT_DELIVERED)
        code = tell_names(n);
    if (code == EXIT_DELIVERED)
        code = carry(n);
    if (!o->quiet && code > EXIT_SIGNAL)
        statistics(n);
    for (size_t i = 0; i < PORTS; i++) {
        line_close(&n->lines[i]);
        port_close(&n->lines[i].port);
        pty_close(&n->ptys[i]);
    }
    loop_close(&n->loop);
    return code;
}
