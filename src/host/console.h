/*
 * Console: a person on a terminal that is the link wants out. Keys are bytes among the others; they
 * count only between frames, where three 0x03 (Ctrl-C) or five 0x18 (Ctrl-X) in a row abort. No
 * frame begins so: its second byte is the version and type of a packet. Where frames are lines of
 * text (--armor), they count anywhere.
 */
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include "core/bytes.h"

#define CONSOLE_INTERRUPT 0x03
#define CONSOLE_CANCEL    0x18

struct Console {
    bool text;      /* only text travels: set by the owner */
    bool inside;    /* something else came since the last 0x00: a frame */
    uint8_t key;    /* the one that came last; 0: none since the last 0x00 */
    unsigned count; /* how often in a row */
};

/* Between frames, no key, no text. */
void console_init(struct Console *c);

/* These bytes were read. True: abort (once told, the count begins anew). */
bool console_feed(struct Console *c, struct View bytes);

#endif
