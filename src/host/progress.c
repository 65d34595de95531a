#include "host/progress.h"

#include "host/clock.h"
#include "host/diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL (CLOCK_SECOND / 5)
#define STANDING (2 * CLOCK_SECOND) /* no bytes for so long: there is no rate to go by */
#define BAR      20 /* characters between the brackets, half of them or none where it is narrow */

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
    *p = (struct Progress){.on = on, .next = now};
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

static void begin(struct Progress *p, uint64_t done, uint64_t now)
{
    p->begun = true;
    p->begin = p->moved = p->rate_time = now;
    p->begin_done = p->rate_done = done;
    p->rate = 0;
}

/* Smoothed over about two seconds. */
static void measure_rate(struct Progress *p, uint64_t done, uint64_t now)
{
    double seconds = (double)(now - p->rate_time) / (double)CLOCK_SECOND, rate;
    double weight = seconds < 2 ? seconds / 2 : 1;

    if (!p->begun || done < p->rate_done) /* a new object, or everything again */
        begin(p, done, now);
    if (now == p->rate_time)
        return;
    if (done > p->rate_done)
        p->moved = now;
    rate = (double)(done - p->rate_done) / seconds;
    p->rate =
        p->rate == 0 ? (uint64_t)rate : (uint64_t)((double)p->rate * (1 - weight) + rate * weight);
    p->rate_time = now;
    p->rate_done = done;
}

/* True if the last seconds say nothing about those to come: only repairs arrive, or nothing. */
static bool is_standing(const struct Progress *p)
{
    double seconds = (double)(p->rate_time - p->begin) / (double)CLOCK_SECOND;
    double mean = seconds > 0 ? (double)(p->rate_done - p->begin_done) / seconds : 0;

    return p->rate == 0 || p->rate_time - p->moved >= STANDING || (double)p->rate < mean / 10;
}

/* A line being put together from parts, the more important first; what does not fit is left out. */
struct Line {
    char text[256];
    size_t len;
    size_t width; /* columns */
    bool cut;     /* something did not fit */
};

static void add_part(struct Line *line, const char *part)
{
    size_t n = strlen(part), gap = line->len > 0 ? 2 : 0;

    if (line->len + gap + n > line->width) {
        line->cut = true;
        return;
    }
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

/* The share that is done; columns: of the bar before it, at most BAR; 0: none. */
static void add_bar(struct Line *line, const struct ProgressState *s, size_t columns)
{
    double share = s->total > 0 ? (double)s->done / (double)s->total : 0;
    size_t full = share < 1 ? (size_t)(share * (double)columns) : columns;
    char part[BAR + 16], bar[BAR + 1];

    if (s->total == 0)
        return;
    memset(bar, '#', full);
    memset(bar + full, '.', columns - full);
    bar[columns] = '\0';
    /* Never 100 % before the verdict: 99 % of everything is not there yet. */
    snprintf(part, sizeof part, columns > 0 ? "[%s] %2u %%" : "%s%2u %%", bar,
             share < 1 ? (unsigned)(share * 100) : 99);
    add_part(line, part);
}

static void add_time_left(struct Line *line, const struct Progress *p,
                          const struct ProgressState *s)
{
    char part[64], number[24];
    uint64_t left;

    if (s->total <= s->done || is_standing(p))
        return;
    left = (s->total - s->done - 1) / p->rate + 1; /* s, rounded up */
    if (left < 60)
        snprintf(part, sizeof part, "%" PRIu64 " s left", left);
    else
        snprintf(part, sizeof part, "%s left", progress_time(number, left * CLOCK_SECOND));
    add_part(line, part);
}

/* What everybody wants to know. */
static void add_first(struct Line *line, const struct Progress *p, const struct ProgressState *s,
                      size_t columns)
{
    char part[64], number[24];

    line->len = 0;
    line->cut = false;
    add_part(line, s->name);
    add_bar(line, s, columns);
    add_part(line, progress_bytes(number, s->done));
    if (p->rate_time > p->begin) {
        snprintf(part, sizeof part, "%s/s", progress_bytes(number, p->rate));
        add_part(line, part);
    }
    add_time_left(line, p, s);
}

/* The bar gives way before anything else does. */
static void put_together(struct Line *line, const struct Progress *p, const struct ProgressState *s)
{
    size_t columns = BAR;
    char part[64];

    add_first(line, p, s, columns);
    while (line->cut && columns > 0) {
        columns = columns == BAR ? BAR / 2 : 0;
        add_first(line, p, s, columns);
    }
    if (s->waiting > 0) {
        snprintf(part, sizeof part, "%" PRIu64 " repair%s waiting", s->waiting,
                 s->waiting == 1 ? "" : "s");
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
