#include "host/file_packer.h"

#include "host/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define IN  ((size_t)128 << 10)
#define OUT ((size_t)128 << 10)

static enum FilePackerState become(struct FilePacker *p, enum FilePackerState state, int error)
{
    p->error = error;
    return p->state = state;
}

/* A file for what is packed. 0; or -1 and errno. */
static int make_file(struct FilePacker *p)
{
    int folder = disk_temp_folder(), error;

    if (folder < 0)
        return -1;
    p->fd = disk_temp(folder);
    error = errno;
    close(folder);
    errno = error;
    return p->fd < 0 ? -1 : 0;
}

void file_packer_open(struct FilePacker *p, const struct FileSource *s)
{
    *p = (struct FilePacker){.state = FILE_PACKER_MORE, .fd = -1};
    if (s->size == 0) {
        become(p, FILE_PACKER_PLAIN, 0);
        return;
    }
    p->memory = malloc(IN + OUT);
    if (!p->memory || make_file(p) != 0 || packer_open(&p->packer, s->size) != 0)
        become(p, FILE_PACKER_PLAIN, errno);
}

void file_packer_close(struct FilePacker *p)
{
    if (p->state == FILE_PACKER_CLOSED)
        return;
    packer_close(&p->packer);
    if (p->fd >= 0)
        close(p->fd);
    free(p->memory);
    *p = (struct FilePacker){.state = FILE_PACKER_CLOSED};
}

/* The next bytes of the file, `len` of them. False: it cannot be read, or is shorter now. */
static bool read_piece(struct FilePacker *p, const struct FileSource *s, size_t len)
{
    ptrdiff_t n = disk_read_some(s->fd, p->memory, len, s->start + p->at);

    if (n == (ptrdiff_t)len)
        return true;
    become(p, FILE_PACKER_FAILED, n < 0 ? errno : ESTALE);
    return false;
}

/* They are packed and written. False: they cannot be. */
static bool pack_piece(struct FilePacker *p, size_t len, enum PackTo to)
{
    struct PackFlow flow = {.in = p->memory, .in_len = len};
    int more = 1;

    while (more > 0) {
        flow.out = p->memory + IN;
        flow.out_len = OUT;
        more = packer_run(&p->packer, &flow, to);
        if (more < 0 || disk_write(p->fd, p->memory + IN, OUT - flow.out_len, p->size) != 0) {
            become(p, FILE_PACKER_PLAIN, errno);
            return false;
        }
        p->size += OUT - flow.out_len;
    }
    return true;
}

/* All was taken. */
static enum FilePackerState finish(struct FilePacker *p, struct FileSource *s)
{
    if (file_source_changed(s))
        return become(p, FILE_PACKER_FAILED, ESTALE);
    if (p->size >= s->size)
        return become(p, FILE_PACKER_PLAIN, 0);
    file_source_replace(s, p->fd, p->size);
    p->fd = -1;
    return become(p, FILE_PACKER_PACKED, 0);
}

enum FilePackerState file_packer_step(struct FilePacker *p, struct FileSource *s)
{
    for (size_t done = 0; done < FILE_PACKER_STEP && p->at < s->size; done += IN) {
        uint64_t left = s->size - p->at;
        size_t len = left < IN ? (size_t)left : IN;

        if (!read_piece(p, s, len) || !pack_piece(p, len, left == len ? PACK_END : PACK_ON))
            return p->state;
        p->at += len;
    }
    if (p->at == s->size)
        return finish(p, s);
    if (p->at >= FILE_PACKER_TRIAL && p->size >= p->at)
        return become(p, FILE_PACKER_PLAIN, 0);
    return p->state;
}
