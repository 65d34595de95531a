#include "host/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* The programs' side. */
static int open_path(const struct Pty *p)
{
    return open(p->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* Opened and closed, so that from now on poll tells whether somebody has it open. */
static int make_raw(const struct Pty *p)
{
    struct termios settings;
    int fd = open_path(p);
    if (fd < 0)
        return -1;
    bool done = tcgetattr(fd, &settings) == 0;
    if (done) {
        cfmakeraw(&settings);
        done = tcsetattr(fd, TCSANOW, &settings) == 0;
    }
    int error = errno;
    (void)close(fd);
    errno = error;
    return done ? 0 : -1;
}

static int open_master(struct Pty *p)
{
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->master < 0 || grantpt(p->master) < 0 || unlockpt(p->master) < 0)
        return -1;
    int error = ptsname_r(p->master, p->path, sizeof p->path);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

int pty_open(struct Pty *p)
{
    *p = (struct Pty){.master = -1, .opened = -1};
    if (open_master(p) == 0 && make_raw(p) == 0) {
        p->opened = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (p->opened >= 0 && inotify_add_watch(p->opened, p->path, IN_OPEN) >= 0)
            return 0;
    }
    int error = errno;
    pty_close(p);
    errno = error;
    return -1;
}

/* `link` is a symbolic link to the path. */
static bool leads_here(const struct Pty *p, const char *link)
{
    char target[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof target);
    return len >= 0 && (size_t)len == strlen(p->path) && memcmp(target, p->path, (size_t)len) == 0;
}

static bool leads_nowhere(const char *link)
{
    struct stat st;
    return lstat(link, &st) == 0 && S_ISLNK(st.st_mode) && stat(link, &st) < 0 && errno == ENOENT;
}

void pty_close(struct Pty *p)
{
    if (p->link != NULL && leads_here(p, p->link))
        (void)unlink(p->link);
    if (p->opened >= 0)
        (void)close(p->opened);
    if (p->master >= 0)
        (void)close(p->master);
    *p = (struct Pty){.master = -1, .opened = -1};
}

void pty_clear(const struct Pty *p, const char *link)
{
    if (leads_here(p, link) || leads_nowhere(link))
        (void)unlink(link);
}

int pty_link(struct Pty *p, const char *link)
{
    if (symlink(p->path, link) < 0)
        return -1;
    p->link = link;
    return 0;
}

const char *pty_name(const struct Pty *p)
{
    return p->link != NULL ? p->link : p->path;
}

bool pty_in_use(const struct Pty *p)
{
    struct pollfd look = {.fd = p->master};
    return poll(&look, 1, 0) == 0;
}

void pty_heed(const struct Pty *p)
{
    union {
        struct inotify_event event;
        char space[sizeof(struct inotify_event) + NAME_MAX + 1];
    } events;
    while (read(p->opened, &events, sizeof events) > 0)
        continue;
}

/* The bytes lie in two places, and each side reaches one of them. */
void pty_flush(struct Pty *p)
{
    if (!p->dirty)
        return;
    p->dirty = false;
    (void)tcflush(p->master, TCOFLUSH);
    int fd = open_path(p);
    if (fd < 0)
        return;
    (void)tcflush(fd, TCIFLUSH);
    (void)close(fd);
}
