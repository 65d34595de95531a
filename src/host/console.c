#include "host/console.h"

#include <string.h>

#define INTERRUPTS 3
#define CANCELS    5

void console_init(struct Console *c)
{
    *c = (struct Console){0};
}

/* One byte between frames. */
static bool take(struct Console *c, uint8_t byte)
{
    bool key = byte == CONSOLE_INTERRUPT || byte == CONSOLE_CANCEL;
    c->inside = !key && byte != 0 && !c->text;
    c->count = key && byte == c->key ? c->count + 1 : 1;
    c->key = key ? byte : 0;
    return key && c->count >= (byte == CONSOLE_INTERRUPT ? INTERRUPTS : CANCELS);
}

bool console_feed(struct Console *c, struct View bytes)
{
    size_t i = 0;
    while (i < bytes.len) {
        if (c->inside && !c->text) {
            const uint8_t *zero = memchr(bytes.data + i, 0, bytes.len - i);
            if (zero == NULL)
                return false;
            i = (size_t)(zero - bytes.data);
            c->inside = false;
        }
        if (take(c, bytes.data[i++])) {
            c->count = 0;
            c->key = 0;
            return true;
        }
    }
    return false;
}
