/* Serial: waiting for a port that is not there yet. */
#include "host/exit_code.h"
#include "host/serial.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SETTLE      (3 * CLOCK_SECOND) /* after it has come others may hold it for so long */
#define SETTLE_LOOK (200 * CLOCK_MS)   /* how often to look then: nothing tells */
#define BLIND_LOOK  (1 * CLOCK_SECOND) /* the same where folders cannot be watched */

/*
 * Watch the folder the path is to appear in; if that is not there either (as /dev/serial/by-id,
 * while nothing is plugged in), the nearest above it that is. A descriptor, or -1.
 */
static int watch_folder(const char *path)
{
    static const uint32_t events =
        IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    char folder[PATH_MAX];
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    int watch = -1;
    (void)snprintf(folder, sizeof folder, "%s",
                   strcmp(path, SERIAL_AUTO) == 0 ? "/dev/" SERIAL_AUTO : path);
    while (fd >= 0 && watch < 0 && strcmp(folder, "/") != 0 && strcmp(folder, ".") != 0) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            strcpy(folder, ".");
        else if (slash == folder)
            strcpy(folder, "/");
        else
            *slash = '\0';
        watch = inotify_add_watch(fd, folder, events);
    }
    if (watch < 0 && fd >= 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* Until something changes in the folder that is watched, a signal comes, or it is time to look. */
static void wait_for_change(struct Loop *l, int watch, uint64_t deadline)
{
    loop_watch(l, LOOP_LINK_IN, watch, POLLIN);
    (void)loop_wait(l, deadline);
    loop_watch(l, LOOP_LINK_IN, -1, 0);
}

int serial_await(struct Serial *s, const struct SerialOptions *o, struct Loop *l, uint64_t deadline,
                 struct SerialError *e)
{
    bool was_absent = false;
    uint64_t settled = 0; /* it has come: until then refusals do not count */
    for (;;) {
        /* Watched before it is tried: what comes in between is not missed. */
        int watch = watch_folder(o->path);
        int result = serial_open(s, o, e);
        uint64_t now = clock_now();
        uint64_t look = watch < 0 ? now + BLIND_LOOK : CLOCK_NEVER;
        if (result < 0 && e->absent) {
            was_absent = true;
            settled = 0;
        } else if (result < 0 && was_absent) {
            settled = settled == 0 ? now + SETTLE : settled;
            look = now + SETTLE_LOOK;
        }
        bool over = result == 0 || now >= deadline || e->code == EXIT_USAGE ||
                    (!e->absent && now >= settled);
        if (!over)
            wait_for_change(l, watch, clock_earlier(look, deadline));
        if (watch >= 0)
            (void)close(watch);
        if (over)
            return result;
        if (loop_signal(l) != 0) {
            *e = (struct SerialError){.code = EXIT_SIGNAL + loop_signal(l),
                                      .reason = "stopped by a signal"};
            return -1;
        }
    }
}
