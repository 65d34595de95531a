#include "host/clock.h"
#include "host/progress.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *words; /* what stderr is: no terminal, so lines have 79 columns */
static struct Progress progress;

static void begin(void)
{
    words = tmpfile();
    cr_assert(words && dup2(fileno(words), STDERR_FILENO) == STDERR_FILENO);
    progress_init(&progress, true, 0);
}

/* What is drawn of that state at that time, in 5ths of a second; "" if nothing. */
static const char *drawn(const struct ProgressState *s, unsigned fifths)
{
    static char text[512];
    ssize_t n;

    cr_assert(ftruncate(fileno(words), 0) == 0 && lseek(fileno(words), 0, SEEK_SET) == 0);
    progress_show(&progress, s, fifths * (CLOCK_SECOND / 5));
    n = pread(fileno(words), text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

Test(progress, draws_the_first_packets_at_once_and_then_five_times_a_second)
{
    struct ProgressState s = {.name = "f", .total = 100000, .done = 1000};
    const char *text;

    begin();
    text = drawn(&s, 7);
    cr_assert(has(text, "f  [") && has(text, "1.00 kB") && !has(text, "/s"), "%s", text);
    cr_assert_str_empty(drawn(&s, 7));
    s.done = 2000;
    text = drawn(&s, 8);
    cr_assert(has(text, "5.00 kB/s  20 s left"), "%s", text);
}

Test(progress, tells_what_waits_instead_of_a_time_that_grows)
{
    struct ProgressState s = {.name = "f", .total = 100000};

    begin();
    for (unsigned i = 0; i < 50; i++, s.done += 1000)
        (void)drawn(&s, i);
    s.waiting = 1;
    cr_assert(has(drawn(&s, 50), " s left  1 repair waiting"));
    for (unsigned i = 51; i < 62; i++, s.waiting++)
        (void)drawn(&s, i);
    cr_assert(has(drawn(&s, 62), "12 repairs waiting"));
    cr_assert(!has(drawn(&s, 63), "left"));
}

Test(progress, gives_up_the_bar_before_the_time_left)
{
    struct ProgressState s = {.name = "a-name-of-forty-characters-which-is-long", .total = 1 << 20};
    const char *text;

    begin();
    (void)drawn(&s, 0);
    s.done = 1 << 19;
    text = drawn(&s, 1);
    cr_assert(has(text, "long  50 %  524 kB  2.62 MB/s  1 s left"), "%s", text);
    s.name = "a-name-of-24-characters-";
    text = drawn(&s, 2);
    cr_assert(has(text, "-  [#####.....] 50 %  524 kB") && has(text, " left"), "%s", text);
}
