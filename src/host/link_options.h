/*
 * LinkOptions: which link is wanted, and how; for those who say so and do not themselves read or
 * write it, which is link.h.
 */
#ifndef HOST_LINK_OPTIONS_H
#define HOST_LINK_OPTIONS_H

#include "host/tty.h"

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_AUTO "auto" /* as a path: the only USB serial port there is */

/* What becomes of an output line of the port. */
enum SerialSignal { SERIAL_LEAVE, SERIAL_ON, SERIAL_OFF };

struct SerialOptions {
    const char *path; /* a device, a link to one, or SERIAL_AUTO */
    struct TtyLine line;
    enum SerialSignal dtr;
    enum SerialSignal rts;
};

struct LinkOptions {
    int in, out;                 /* descriptors; -1: no such end. A port needs none */
    const char *name;            /* of these, for messages; kept */
    bool terminal;               /* in and out are one terminal: raw, and words are kept back if it
                                    is stderr as well, until link_close */
    struct SerialOptions serial; /* path NULL: no port but the descriptors */
    bool wait;                   /* for a port that is not there yet, */
    uint64_t patience;           /* for so long: ns, CLOCK_NEVER: until a signal */
    bool reconnect;              /* wait for a port that has gone to return */
    bool quiet;                  /* no notes; errors all the same */
};

#endif
