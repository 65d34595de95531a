/* Store, before it all: the target as the command line names it. */
#include "host/store_slot.h"

#include "host/clock.h"
#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* symbolic links one after the other, as Linux has it */

static int refuse(struct Store *s, int code, const char *reason)
{
    enum StoreWhat what = code == EXIT_IO ? STORE_FAILED : STORE_REFUSED;
    store_report(s, STORE_NO_SLOT, what, code, "", "%s", reason);
    return code;
}

static int refuse_errno(struct Store *s)
{
    return refuse(s, EXIT_IO, store_error(errno));
}

static int init_descriptor(struct Store *s, bool owned)
{
    s->config.target = STORE_DESCRIPTOR;
    s->dir = disk_temp_folder();
    if (s->dir < 0)
        return refuse_errno(s);
    s->spool = malloc(sizeof *s->spool);
    if (s->spool == NULL)
        return refuse_errno(s);
    spool_init(s->spool, s->config.fd, owned);
    return 0;
}

/* A FIFO or a device: written like stdout. */
static int init_device(struct Store *s)
{
    int flags = O_WRONLY | O_NOCTTY | O_CLOEXEC;
    int fd = open(s->config.path, flags | O_NONBLOCK);
    /* A FIFO that nobody reads yet: wait for a reader, as the shell does. */
    if (fd < 0 && errno == ENXIO)
        fd = open(s->config.path, flags);
    if (fd < 0 && errno == EINTR)
        return refuse(s, EXIT_IO, "interrupted while waiting for its reader");
    if (fd < 0)
        return refuse_errno(s);
    s->config.fd = fd;
    return init_descriptor(s, true);
}

static int init_folder(struct Store *s)
{
    s->dir = open(s->config.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir >= 0)
        return 0;
    if (errno == ENOTDIR)
        return refuse(s, EXIT_USAGE, "not a folder");
    return errno == ENOENT ? refuse(s, EXIT_IO, "no such folder; create it first")
                           : refuse_errno(s);
}

bool store_folder_is_gone(const struct Store *s)
{
    struct stat was, is;
    if (s->config.target != STORE_FOLDER || fstat(s->dir, &was) != 0)
        return false;
    if (stat(s->config.path, &is) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return is.st_dev != was.st_dev || is.st_ino != was.st_ino;
}

static int open_folder(struct Store *s, const char *path)
{
    s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir >= 0)
        return 0;
    if (errno != ENOENT && errno != ENOTDIR)
        return refuse_errno(s);
    store_report(s, STORE_NO_SLOT, STORE_FAILED, EXIT_IO, "", "%s: %s",
                 errno == ENOENT ? "no such folder" : "not a folder", path);
    return EXIT_IO;
}

/* Split s->path and open its folder. */
static int init_place(struct Store *s)
{
    char *slash = strrchr(s->path, '/');
    s->base = slash != NULL ? slash + 1 : s->path;
    if (*s->base == '\0')
        return refuse(s, EXIT_USAGE, "names no file; use -d for a folder");
    if (slash == NULL)
        return open_folder(s, ".");
    if (slash == s->path)
        return open_folder(s, "/");
    *slash = '\0';
    int result = open_folder(s, s->path);
    *slash = '/';
    return result;
}

/* Put target, to which the symbolic link *path points, in its place. 0; or -1 and errno. */
static int follow_once(char **path, const char *target)
{
    const char *slash = strrchr(*path, '/');
    int folder = *target == '/' || slash == NULL ? 0 : (int)(slash + 1 - *path);
    char *next;
    if (asprintf(&next, "%.*s%s", folder, *path, target) < 0) {
        errno = ENOMEM;
        return -1;
    }
    free(*path);
    *path = next;
    return 0;
}

/* The path of the file itself, which need not exist: as open with O_CREAT finds it. NULL: errno. */
static char *follow_links(const char *from)
{
    char target[PATH_MAX];
    char *path = strdup(from);
    for (int i = 0; path != NULL && i < LINKS_MAX; i++) {
        ssize_t len = readlink(path, target, sizeof target - 1);
        if (len < 0)
            return path;
        target[len] = '\0';
        if (follow_once(&path, target) != 0)
            break;
        errno = ELOOP;
    }
    int error = errno;
    free(path);
    errno = error;
    return NULL;
}

static int init_file(struct Store *s)
{
    struct stat st;
    const char *path = s->config.path;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return refuse(s, EXIT_USAGE, "is a folder; use -d");
        if (!S_ISREG(st.st_mode))
            return init_device(s);
        if (s->config.no_clobber)
            return refuse(s, EXIT_REFUSED, "exists, and -n forbids to replace it");
    }
    /* Through a link the file is replaced, and not the link: /dev/stdout is one. */
    s->path = follow_links(path);
    return s->path != NULL ? init_place(s) : refuse_errno(s);
}

int store_init(struct Store *s, const struct StoreConfig *config)
{
    CORE_ASSERT(config->slot_count <= STORE_SLOTS_MAX);
    *s = (struct Store){.config = *config, .dir = -1, .drop = -1, .save_at = CLOCK_NEVER};
    if (s->config.path == NULL)
        s->config.path = "stdout";
    s->umask = umask(0);
    umask((mode_t)s->umask);
    s->slots = calloc(config->slot_count, sizeof *s->slots);
    s->done = calloc(RECEIVER_FINISHED, sizeof *s->done);
    s->packet = malloc(PACKET_MAX);
    s->seen = calloc(1, sizeof *s->seen);
    if (s->slots == NULL || s->done == NULL || s->packet == NULL || s->seen == NULL)
        return refuse_errno(s);
    switch (config->target) {
    case STORE_FILE:
        return init_file(s);
    case STORE_FOLDER:
        return init_folder(s);
    case STORE_DESCRIPTOR:
        return init_descriptor(s, false);
    }
    return 0;
}

void store_free(struct Store *s)
{
    for (unsigned n = 0; s->slots != NULL && n < s->reached; n++) {
        struct StoreSlot *slot = &s->slots[n];
        if (slot->state == STORE_SLOT_OPEN || slot->state == STORE_SLOT_FAILED)
            store_settle(s, n);
        free(slot->memory[0]);
        free(slot->memory[1]);
    }
    if (s->spool != NULL)
        spool_close(s->spool);
    free(s->spool);
    if (s->dir >= 0)
        close(s->dir);
    free(s->path);
    free(s->slots);
    free(s->done);
    free(s->seen);
    free(s->packet);
    free(s->scratch);
    *s = (struct Store){.dir = -1, .drop = -1};
}
