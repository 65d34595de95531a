/* Store, before it all: the target as the command line names it. */
#include "host/store_slot.h"

#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int refuse(struct Store *s, int code, const char *reason)
{
    store_report(s, STORE_NO_SLOT, code == 1 ? STORE_FAILED : STORE_REFUSED, code, "", "%s",
                 reason);
    return code;
}

static int refuse_errno(struct Store *s)
{
    return refuse(s, 1, store_error(errno));
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
    return errno == ENOTDIR ? refuse(s, 2, "not a folder") : refuse_errno(s);
}

/* Split s->path and open its folder. */
static int init_place(struct Store *s)
{
    char *slash = strrchr(s->path, '/');
    s->base = slash != NULL ? slash + 1 : s->path;
    if (*s->base == '\0')
        return refuse(s, 2, "names no file; use -d for a folder");
    if (slash == NULL) {
        s->dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else if (slash == s->path) {
        s->dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
        *slash = '\0';
        s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *slash = '/';
    }
    return s->dir >= 0 ? 0 : refuse_errno(s);
}

static int init_file(struct Store *s)
{
    struct stat st;
    const char *path = s->config.path;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return refuse(s, 2, "is a folder; use -d");
        if (!S_ISREG(st.st_mode))
            return init_device(s);
        if (s->config.no_clobber)
            return refuse(s, 7, "exists");
    }
    /* Through a link the file is replaced, and not the link: /dev/stdout is one. */
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        s->path = realpath(path, NULL);
    if (s->path == NULL)
        s->path = strdup(path);
    return s->path != NULL ? init_place(s) : refuse_errno(s);
}

int store_init(struct Store *s, const struct StoreConfig *config)
{
    CORE_ASSERT(config->slot_count <= STORE_SLOTS_MAX);
    *s = (struct Store){.config = *config, .dir = -1, .drop = -1};
    if (s->config.path == NULL)
        s->config.path = "stdout";
    s->umask = umask(0);
    umask((mode_t)s->umask);
    s->slots = calloc(config->slot_count, sizeof *s->slots);
    s->done = calloc(RECEIVER_FINISHED, sizeof *s->done);
    s->packet = malloc(PACKET_MAX);
    if (s->slots == NULL || s->done == NULL || s->packet == NULL)
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
    for (unsigned n = 0; s->slots != NULL && n < s->config.slot_count; n++) {
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
    free(s->packet);
    free(s->scratch);
    *s = (struct Store){.dir = -1, .drop = -1};
}
