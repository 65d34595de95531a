/* Exit codes, of all commands; of several results the smallest that is not 0. dttk(1) has them. */
#ifndef HOST_EXIT_CODE_H
#define HOST_EXIT_CODE_H

enum ExitCode {
    EXIT_DELIVERED = 0,  /* recv: every byte is there and verified; else: all was written */
    EXIT_IO = 1,         /* a file or descriptor could not be opened, read or written */
    EXIT_USAGE = 2,      /* the command line, or what it names, is not what is wanted */
    EXIT_PORT = 3,       /* a serial port is missing, busy, not permitted or lost */
    EXIT_SILENCE = 4,    /* nothing, or nothing intelligible, arrived */
    EXIT_INCOMPLETE = 5, /* something is missing */
    EXIT_INTEGRITY = 6,  /* the digest differs */
    EXIT_REFUSED = 7,    /* something is in the way, or it is one file too many */
    EXIT_ABORTED = 8,    /* the sender gave up */
    EXIT_SIGNAL = 128,   /* + the signal's number */
};

#endif
