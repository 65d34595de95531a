/* Noise: from stdin to stdout. noise_pty.c is about ptys. */
#include "host/noise.h"

#include "host/diag.h"
#include "host/exit_code.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIPE_UART  4096  /* what the driver of a UART buffers; */
#define PIPE_USUAL 65536 /* a pipe */

/* Append a count to line, which has room for it, unless it is 0. */
static void add_count(char *line, uint64_t count, const char *one, const char *more)
{
    if (count > 0)
        sprintf(strchr(line, '\0'), ", %" PRIu64 " %s", count, count == 1 ? one : more);
}

void noise_statistics(const char *words, const struct Line *l)
{
    const struct DamageCounters *c = &l->damage.counters;
    char frames[200] = "", bytes[250] = "";
    add_count(frames, c->frames_in, "frame in", "frames in");
    add_count(frames, c->lost, "lost", "lost");
    add_count(frames, c->duplicated, "duplicated", "duplicated");
    add_count(frames, c->reordered, "reordered", "reordered");
    add_count(bytes, c->bits_flipped, "bit flipped", "bits flipped");
    add_count(bytes, c->dropped, "byte dropped", "bytes dropped");
    add_count(bytes, c->inserted, "byte inserted", "bytes inserted");
    add_count(bytes, c->bursts, "burst", "bursts");
    add_count(bytes, l->discarded, "to nobody", "to nobody");
    diag_line("dttk noise: %s%s%s%" PRIu64 " byte%s in, %" PRIu64 " out%s", words,
              frames[0] != '\0' ? frames + 2 : "", frames[0] != '\0' ? "; " : "", c->bytes_in,
              c->bytes_in == 1 ? "" : "s", c->bytes_out, bytes);
}

static int failed(int error, const char *path, const char *what)
{
    diag_errno(error, path, what);
    return EXIT_IO;
}

static int feed(struct Line *l, const struct Loop *loop, uint64_t now)
{
    if (line_feed(l, loop, now) == 0)
        return EXIT_DELIVERED;
    return errno == ENOMEM ? failed(errno, "noise", NULL) : failed(errno, "stdin", "cannot read");
}

static int drain(struct Line *l, const struct Loop *loop, uint64_t now)
{
    if (line_drain(l, loop, now) == 0)
        return EXIT_DELIVERED;
    if (errno != EPIPE)
        return failed(errno, "stdout", "cannot write");
    diag("stdout: the reader went away");
    return EXIT_IO;
}

static int copy(struct Line *l, struct Loop *loop)
{
    uint64_t now = clock_now();
    while (!line_done(l)) {
        line_watch(l, loop, now);
        (void)loop_wait(loop, line_deadline(l, now));
        now = clock_now();
        if (loop_signal(loop) != 0)
            return EXIT_SIGNAL + loop_signal(loop);
        int code = feed(l, loop, now);
        if (code == EXIT_DELIVERED)
            code = drain(l, loop, now);
        if (code != EXIT_DELIVERED)
            return code;
    }
    return EXIT_DELIVERED;
}

/* A pipe as small as a UART's buffer, or as small as what it holds already lets it be. */
static void narrow(int pipe)
{
    for (int size = PIPE_UART; size <= PIPE_USUAL; size *= 2) {
        if (fcntl(pipe, F_SETPIPE_SZ, size) >= 0)
            break;
    }
}

static int open_port(struct Port *p, bool narrowed)
{
    static const char name[] = "stdin and stdout";
    if (narrowed) {
        narrow(STDIN_FILENO);
        narrow(STDOUT_FILENO);
    }
    return narrowed ? port_open_as_is(p, STDIN_FILENO, STDOUT_FILENO, name)
                    : port_open(p, STDIN_FILENO, STDOUT_FILENO, name);
}

int noise_pipe(const struct NoiseOptions *o)
{
    static struct Line line;
    struct Loop loop;
    const struct LineConfig *config = &o->lines[NOISE_THERE];
    if (open_port(&line.port, config->baud > 0) < 0)
        return failed(line.port.error, line.port.name, NULL);
    if (line_open(&line, config, clock_now()) < 0) {
        port_close(&line.port);
        return failed(ENOMEM, "noise", NULL);
    }
    loop_open(&loop);
    int code = copy(&line, &loop);
    loop_close(&loop);
    if (!o->quiet && code != EXIT_IO)
        noise_statistics("", &line);
    line_close(&line);
    port_close(&line.port);
    return code;
}
