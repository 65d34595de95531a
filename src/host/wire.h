/* Wire: what packets look like on a line. */
#ifndef HOST_WIRE_H
#define HOST_WIRE_H

#include <stdbool.h>

enum Wire {
    WIRE_UNKNOWN, /* nothing has told yet */
    WIRE_DTTK,    /* our own: frames */
    WIRE_FTAG,    /* the ancestor's */
};

struct WireForm {
    enum Wire wire;
    bool armor; /* each frame is a line of printable text; false if the wire is unknown */
};

#endif
