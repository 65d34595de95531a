#include "host/diag.h"

#include "host/text.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192
#define WAIT_MS        1000 /* longest wait for a stderr that takes nothing */

static void (*before_line)(void);

/* Lines kept back. */
static struct {
    bool on;
    size_t len;
    char bytes[LINE_MAX_BYTES];
} held;

/* The first character of text as it is to be printed, into out; *used is how much of text it is. */
static size_t escape_one(char out[16], struct View text, size_t *used)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t code = 0;
    size_t len = text_take(text, &code);
    if (len > 0 && text_is_shown(code)) {
        memcpy(out, text.data, len);
        *used = len;
        return len;
    }
    *used = len > 0 ? len : 1;
    for (size_t i = 0; i < *used; i++) {
        out[4 * i] = '\\';
        out[4 * i + 1] = 'x';
        out[4 * i + 2] = digits[text.data[i] >> 4];
        out[4 * i + 3] = digits[text.data[i] & 15];
    }
    return 4 * *used;
}

char *diag_escape(char *out, size_t size, struct View text)
{
    size_t len = 0;
    size_t fits = 0; /* the longest prefix that leaves room for the dots */
    for (size_t used = 0; text.len > 0; text.data += used, text.len -= used) {
        char one[16];
        size_t n = escape_one(one, text, &used);
        if (len + 4 <= size)
            fits = len;
        if (n > size - 1 - len) {
            memcpy(out + fits, "...", 4);
            return out;
        }
        memcpy(out + len, one, n);
        len += n;
    }
    out[len] = '\0';
    return out;
}

void diag_raw(const char *bytes, size_t len)
{
    int saved = errno;
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, bytes, len);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) { /* stderr shares its flags with a link */
            struct pollfd slot = {.fd = STDERR_FILENO, .events = POLLOUT};
            if (poll(&slot, 1, WAIT_MS) <= 0)
                break;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    errno = saved;
}

/* Keep a line back; the first ones make room for it. */
static void hold_line(const char *line, size_t len)
{
    while (len > sizeof held.bytes - held.len) {
        const char *end = memchr(held.bytes, '\n', held.len);
        size_t first = end != NULL ? (size_t)(end - held.bytes) + 1 : held.len;
        held.len -= first;
        memmove(held.bytes, held.bytes + first, held.len);
    }
    memcpy(held.bytes + held.len, line, len);
    held.len += len;
}

void diag_hold(void)
{
    held.on = true;
}

void diag_release(void)
{
    diag_raw(held.bytes, held.len);
    held.on = false;
    held.len = 0;
}

/* Print prefix and text as one line. */
static void print_line(const char *prefix, const char *format, va_list arguments)
{
    int saved = errno;
    char text[LINE_MAX_BYTES / 2];
    char line[LINE_MAX_BYTES];
    size_t len = strlen(prefix);
    int n = vsnprintf(text, sizeof text, format, arguments);
    if (n < 0)
        text[0] = '\0';
    memcpy(line, prefix, len);
    (void)diag_escape(line + len, sizeof line - len - 1, view_of(text, strlen(text)));
    len = strlen(line);
    line[len++] = '\n';
    if (held.on) {
        hold_line(line, len);
    } else {
        if (before_line != NULL)
            before_line();
        diag_raw(line, len);
    }
    errno = saved;
}

void diag(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("dttk: ", format, arguments);
    va_end(arguments);
}

void diag_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
}

void diag_errno(int error, const char *path, const char *what)
{
    char reason[256];
    (void)snprintf(reason, sizeof reason, "%s", strerror(error));
    if (reason[0] != '\0' && islower((unsigned char)reason[1]))
        reason[0] = (char)tolower((unsigned char)reason[0]);
    if (what != NULL)
        diag("%s: %s: %s", path, what, reason);
    else
        diag("%s: %s", path, reason);
}

void diag_before(void (*before)(void))
{
    before_line = before;
}
