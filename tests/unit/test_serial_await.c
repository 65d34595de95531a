/* Serial ports that come later. */
#include "unit/folder.h"
#include "unit/serial_pair.h"
#include <pthread.h>

/* What somebody else does after a while. */
struct Later {
    const char *target;
    const char *link;
    const char *folder; /* to be made first */
    int signal;
};

static void *do_later(void *ctx)
{
    const struct Later *later = ctx;
    (void)usleep(50000);
    if (later->folder != NULL)
        (void)mkdir(later->folder, 0755);
    (void)usleep(20000);
    if (later->link != NULL)
        (void)symlink(later->target, later->link);
    if (later->signal != 0)
        (void)kill(getpid(), later->signal);
    return NULL;
}

/* The result of waiting for o while that happens. */
static int await(struct Serial *s, const struct SerialOptions *o, struct Later later, uint64_t ns,
                 struct SerialError *e)
{
    struct Loop loop;
    pthread_t thread;
    loop_open(&loop);
    cr_assert_eq(pthread_create(&thread, NULL, do_later, &later), 0);
    int result = serial_await(s, o, &loop, ns == CLOCK_NEVER ? ns : clock_now() + ns, e);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    loop_close(&loop);
    return result;
}

Test(serial_await, a_port_that_is_not_there_is_waited_for)
{
    struct Pair p;
    struct Serial s;
    struct SerialError e;
    struct Folder f;
    pair_open(&p);
    folder_open(&f);
    const char *link = folder_path(&f, "link");
    struct SerialOptions o = options_of(link);
    cr_assert_eq(await(&s, &o, (struct Later){.target = p.path, .link = link}, CLOCK_NEVER, &e), 0);
    serial_close(&s);

    /* The folder comes first, as /dev/serial/by-id does. */
    const char *folder = folder_path(&f, "by-id");
    const char *deep = folder_path(&f, "by-id/link");
    o.path = deep;
    struct Later later = {.target = p.path, .link = deep, .folder = folder};
    cr_assert_eq(await(&s, &o, later, CLOCK_NEVER, &e), 0);
    serial_close(&s);
    cr_assert_eq(unlink(deep), 0);
    folder_close(&f);
}

Test(serial_await, waiting_ends_with_the_deadline_a_signal_or_what_does_not_change)
{
    struct Serial s;
    struct SerialError e;
    struct SerialOptions o = options_of("/nowhere/port");
    uint64_t begin = clock_now();
    cr_assert_eq(await(&s, &o, (struct Later){0}, 100 * CLOCK_MS, &e), -1);
    cr_assert_eq(e.code, EXIT_PORT);
    cr_assert_geq(clock_now() - begin, 100 * CLOCK_MS);
    cr_assert_eq(await(&s, &o, (struct Later){.signal = SIGTERM}, CLOCK_NEVER, &e), -1);
    cr_assert_eq(e.code, EXIT_SIGNAL + SIGTERM);
    o.path = "/dev/null";
    cr_assert_eq(await(&s, &o, (struct Later){0}, CLOCK_NEVER, &e), -1);
    cr_assert_eq(e.code, EXIT_PORT);
}
