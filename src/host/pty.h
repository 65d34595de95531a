/*
 * Pty: a serial port that is emulated. Programs open its path as they would a port's; what they
 * write is read from `master`, and what is written there they read. It is raw, without echo, from
 * the beginning, and keeps the settings that programs give it.
 *
 * While no program has it open it is as a port with nothing plugged in: what is written there
 * waits for the next program, unless pty_in_use is asked first; reading finds the end (EIO), but
 * not before all that the last program wrote has been read. poll reports a hang-up then, again and
 * again: wait for `opened` instead.
 */
#ifndef HOST_PTY_H
#define HOST_PTY_H

#include <stdbool.h>

struct Pty {
    int master; /* non-blocking, close-on-exec; -1: not open */
    int opened; /* readable once a program has opened the path (inotify) */
    bool dirty; /* bytes were written since the last pty_flush: whoever writes sets it */
    char path[64];
    const char *link; /* another name for it, made by pty_link, or NULL; kept */
};

/* 0; or -1 and errno, with nothing open. One that failed may be closed. */
int pty_open(struct Pty *p);

/* Programs that have it open are hung up. The link is removed, if it is still the one made. */
void pty_close(struct Pty *p);

/*
 * Remove a symbolic link at `link` that is left from an earlier run: one that leads nowhere, or to
 * a pty whose number is now that of p. Nothing else is touched.
 */
void pty_clear(const struct Pty *p, const char *link);

/* Make a symbolic link to the path. 0; or -1 and errno: EEXIST: something is in the way. */
int pty_link(struct Pty *p, const char *link);

/* What to call it: the link, or else the path. */
const char *pty_name(const struct Pty *p);

/* A program has it open. */
bool pty_in_use(const struct Pty *p);

/* `opened` is readable: make it not so, until the path is opened once more. */
void pty_heed(const struct Pty *p);

/* Nobody has it open: throw away what the last program has not read. It counts as an opening. */
void pty_flush(struct Pty *p);

#endif
