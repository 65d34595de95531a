#include "host/progress.h"

#include "host/clock.h"
#include "host/diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL (CLOCK_SECOND / 5)
#define BAR      20 /* characters between the brackets */

static bool line_drawn; /* there is one terminal, and one line on it */

static void wipe(void)
{
    static const char clear[] = "\r\033[K";

    if (line_drawn)
        diag_raw(clear, sizeof clear - 1);
    line_drawn = false;
}

void progress_init(struct Progress *p, bool on, uint64_t now)
{
    *p = (struct Progress){.on = on, .begin = now, .next = now + INTERVAL, .rate_time = now};
    if (on)
        diag_before(wipe);
}

char *progress_bytes(char *out, uint64_t bytes)
{
    static const char units[] = "kMGTPE";
    double value = (double)bytes / 1000;
    size_t unit = 0;

    if (bytes < 1000) {
        snprintf(out, 16, "%" PRIu64 " B", bytes);
        return out;
    }
    for (; value >= 999.5 && unit + 2 < sizeof units; unit++)
        value /= 1000;
    snprintf(out, 16,
             value < 9.995   ? "%.2f %cB"
             : value < 99.95 ? "%.1f %cB"
                             : "%.0f %cB",
             value, units[unit]);
    return out;
}

char *progress_time(char *out, uint64_t ns)
{
    uint64_t s = (ns + CLOCK_SECOND / 2) / CLOCK_SECOND;

    if (ns < 10 * CLOCK_SECOND)
        snprintf(out, 24, "%.*f s", ns < CLOCK_SECOND ? 3 : 1, (double)ns / (double)CLOCK_SECOND);
    else if (s < 60)
        snprintf(out, 24, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(out, 24, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
    else
        snprintf(out, 24, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
    return out;
}

/* Smoothed over about two seconds. */
static void measure_rate(struct Progress *p, uint64_t done, uint64_t now)
{
    double seconds = (double)(now - p->rate_time) / (double)CLOCK_SECOND, rate;
    double weight = seconds < 2 ? seconds / 2 : 1;

    if (done < p->rate_done) /* a new object, or everything again */
        p->rate_done = 0;
    rate = seconds > 0 ? (double)(done - p->rate_done) / seconds : 0;
    p->rate =
        p->rate == 0 ? (uint64_t)rate : (uint64_t)((double)p->rate * (1 - weight) + rate * weight);
    p->rate_time = now;
    p->rate_done = done;
}

/* A line being put together from parts, the more important first; what does not fit is left out. */
struct Line {
    char text[256];
    size_t len;
    size_t width; /* columns */
};

static void add_part(struct Line *line, const char *part)
{
    size_t n = strlen(part), gap = line->len > 0 ? 2 : 0;

    if (line->len + gap + n > line->width)
        return;
    memset(line->text + line->len, ' ', gap);
    memcpy(line->text + line->len + gap, part, n);
    line->len += gap + n;
}

static size_t terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return 79;
    return size.ws_col - 1u < 200 ? size.ws_col - 1u : 200;
}

static void add_bar(struct Line *line, const struct ProgressState *s)
{
    double share = s->total > 0 ? (double)s->done / (double)s->total : 0;
    size_t full = share < 1 ? (size_t)(share * BAR) : BAR;
    char part[BAR + 16];

    if (s->total == 0)
        return;
    part[0] = '[';
    memset(part + 1, '#', full);
    memset(part + 1 + full, '.', BAR - full);
    /* Never 100 % before the verdict: 99 % of everything is not there yet. */
    snprintf(part + 1 + BAR, sizeof part - 1 - BAR, "] %2u %%",
             share < 1 ? (unsigned)(share * 100) : 99);
    add_part(line, part);
}

static void put_together(struct Line *line, const struct Progress *p, const struct ProgressState *s)
{
    char part[64], number[24];

    add_part(line, s->name);
    add_bar(line, s);
    add_part(line, progress_bytes(number, s->done));
    snprintf(part, sizeof part, "%s/s", progress_bytes(number, p->rate));
    add_part(line, part);
    if (s->total > s->done && p->rate > 0) {
        uint64_t left = (s->total - s->done - 1) / p->rate + 1; /* s, rounded up */

        if (left < 60)
            snprintf(part, sizeof part, "%" PRIu64 " s left", left);
        else
            snprintf(part, sizeof part, "%s left", progress_time(number, left * CLOCK_SECOND));
        add_part(line, part);
    }
    if (s->lost > 0) {
        snprintf(part, sizeof part, "loss %.1f %%",
                 100.0 * (double)s->lost / (double)(s->good + s->lost));
        add_part(line, part);
    }
    if (s->repairs > 0) {
        snprintf(part, sizeof part, "%" PRIu64 " repairs", s->repairs);
        add_part(line, part);
    }
}

void progress_show(struct Progress *p, const struct ProgressState *s, uint64_t now)
{
    struct Line line = {.len = 0};
    char out[sizeof line.text + 8];

    if (!p->on || now < p->next)
        return;
    line.width = terminal_width();
    p->next = now + INTERVAL;
    measure_rate(p, s->done, now);
    put_together(&line, p, s);
    diag_raw(out, (size_t)snprintf(out, sizeof out, "\r%.*s\033[K", (int)line.len, line.text));
    line_drawn = true;
}

void progress_end(struct Progress *p)
{
    wipe();
    if (p->on)
        diag_before(NULL);
    p->on = false;
}
