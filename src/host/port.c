#include "host/port.h"

#include "host/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_USUAL  65536 /* a smaller pipe was made small on purpose */
#define PIPE_BYTES  (1 << 20)
#define BACKOFF_MIN CLOCK_MS
#define BACKOFF_MAX (50 * CLOCK_MS)

/* Find out what fd is. -1 with errno: not open, or not open for access (O_RDONLY or O_WRONLY). */
static int end_look(struct PortEnd *e, int fd, int access)
{
    struct stat st;
    *e = (struct PortEnd){.fd = fd};
    if (fd < 0)
        return 0;
    e->flags = fcntl(fd, F_GETFL);
    if (e->flags < 0 || fstat(fd, &st) < 0)
        return -1;
    if ((e->flags & O_ACCMODE) != access && (e->flags & O_ACCMODE) != O_RDWR) {
        errno = EBADF;
        return -1;
    }
    e->pipe = S_ISFIFO(st.st_mode);
    e->tty = S_ISCHR(st.st_mode) && isatty(fd) == 1;
    e->blocking = !e->pipe && !e->tty && !S_ISSOCK(st.st_mode);
    return 0;
}

static int end_prepare(struct PortEnd *e)
{
    if (e->fd < 0 || e->blocking || (e->flags & O_NONBLOCK) != 0)
        return 0;
    if (fcntl(e->fd, F_SETFL, e->flags | O_NONBLOCK) < 0)
        return -1;
    e->changed = true;
    return 0;
}

static void end_restore(struct PortEnd *e)
{
    if (e->changed)
        (void)fcntl(e->fd, F_SETFL, e->flags);
    e->changed = false;
}

int port_open_as_is(struct Port *p, int in, int out, const char *name)
{
    *p = (struct Port){
        .in_slot = LOOP_LINK_IN, .out_slot = LOOP_LINK_OUT, .name = name, .backoff = BACKOFF_MIN};
    /* Both are looked at before either is changed: they may share one open file description. */
    if (end_look(&p->in, in, O_RDONLY) == 0 && end_look(&p->out, out, O_WRONLY) == 0 &&
        end_prepare(&p->in) == 0 && end_prepare(&p->out) == 0)
        return 0;
    p->error = errno;
    port_close(p);
    errno = p->error;
    return -1;
}

/* Only for speed: it may fail. */
static void end_widen(const struct PortEnd *e)
{
    if (e->pipe && fcntl(e->fd, F_GETPIPE_SZ) >= PIPE_USUAL)
        (void)fcntl(e->fd, F_SETPIPE_SZ, PIPE_BYTES);
}

int port_open(struct Port *p, int in, int out, const char *name)
{
    if (port_open_as_is(p, in, out, name) < 0)
        return -1;
    end_widen(&p->in);
    end_widen(&p->out);
    return 0;
}

void port_close(struct Port *p)
{
    end_restore(&p->in);
    end_restore(&p->out);
}

ptrdiff_t port_read(void *ctx, uint8_t *space, size_t size)
{
    struct Port *p = ctx;
    if (size == 0 || p->eof)
        return 0;
    struct ProfileMark mark = profile_enter(PROFILE_LINK_READ);
    ssize_t n = read(p->in.fd, space, size);
    profile_leave(mark);
    if (n > 0) {
        p->bytes_in += (uint64_t)n;
        return n;
    }
    if (n == 0 || (errno == EIO && p->in.tty)) {
        p->eof = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    p->error = errno;
    return -1;
}

/* A full pty refuses bytes although poll says it is writable: keep away from it for a while. */
static void back_off(struct Port *p)
{
    p->write_at = clock_now() + p->backoff;
    p->backoff = p->backoff < BACKOFF_MAX / 2 ? p->backoff * 2 : BACKOFF_MAX;
}

ptrdiff_t port_write(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Port *p = ctx;
    if (len == 0)
        return 0;
    struct ProfileMark mark = profile_enter(PROFILE_LINK_WRITE);
    ssize_t n = write(p->out.fd, bytes, len);
    profile_leave(mark);
    if (n > 0) {
        p->bytes_out += (uint64_t)n;
        p->backoff = BACKOFF_MIN;
        p->write_at = 0;
        return n;
    }
    if (n == 0 || errno == EAGAIN || errno == EINTR) {
        if (p->out.tty)
            back_off(p);
        return 0;
    }
    p->error = errno;
    return -1;
}

void port_watch(struct Port *p, struct Loop *l, bool in, bool out)
{
    if (p->write_at != 0 && clock_now() >= p->write_at)
        p->write_at = 0;
    loop_watch(l, p->in_slot, p->in.fd, in && !p->eof ? POLLIN : 0);
    loop_watch(l, p->out_slot, p->out.fd, out && p->write_at == 0 ? POLLOUT : 0);
}

uint64_t port_deadline(const struct Port *p)
{
    return p->write_at != 0 ? p->write_at : CLOCK_NEVER;
}
