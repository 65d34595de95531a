#include "host/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define WAIT_MS 1000 /* for a reader, after a signal */

bool json_out_is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* The end of a run is no time to wait for a FIFO's reader, nor to find a full pipe an error. */
int json_out_open(const char *path, int how)
{
    int fd;

    if (json_out_is_stdout(path))
        return STDOUT_FILENO;
    fd = open(path, O_WRONLY | O_CREAT | how | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, O_WRONLY | (how & O_APPEND));
    return fd;
}

int json_out_close(int fd, const char *path)
{
    return json_out_is_stdout(path) ? 0 : close(fd);
}

/* json-c leaves out what it has no memory for while it writes, and does not say so; but the memory
 * it got once it keeps, so that the next time it writes something else. */
static const char *text_of(json_object *o, int style, size_t *len)
{
    size_t again;

    if (json_object_to_json_string_length(o, style, len)) {
        const char *text = json_object_to_json_string_length(o, style, &again);

        if (text && *len == again)
            return text;
    }
    errno = ENOMEM;
    return NULL;
}

/* Wait until fd takes something; a signal is heeded once. -1: EINTR. */
static int wait_for(int fd, int *patience)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n;

    while ((n = poll(&p, 1, *patience)) < 0 && errno == EINTR)
        *patience = WAIT_MS;
    if (n == 0)
        errno = EINTR;
    return n > 0 ? 0 : -1;
}

int json_out(int fd, json_object *o, int style)
{
    size_t len;
    const char *text = text_of(o, style, &len);
    int patience = -1;

    if (!text)
        return -1;
    for (size_t done = 0; done <= len;) {
        struct iovec parts[2] = {{(char *)(uintptr_t)text + done, len - done},
                                 {(char *)(uintptr_t) "\n", 1}};
        ssize_t n;

        if (wait_for(fd, &patience) != 0)
            return -1;
        n = writev(fd, parts, 2);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return -1;
        if (n < 0 && errno == EINTR)
            patience = WAIT_MS;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}
