/*
 * Noise: a bad line for tests and demos. noise_pipe is one line from stdin to stdout, noise_pty two
 * lines between two ptys, one in each direction. Both return an exit code, and have said in one
 * line on stderr what failed.
 */
#ifndef HOST_NOISE_H
#define HOST_NOISE_H

#include "host/line.h"

#define NOISE_THERE 0 /* from stdin to stdout, from the first pty to the second */
#define NOISE_BACK  1

struct NoiseOptions {
    struct LineConfig lines[2]; /* of NOISE_THERE and NOISE_BACK; noise_pipe has no way back */
    const char *links[2];       /* names for the ptys, or NULL both; kept */
    bool quiet;                 /* no statistics on stderr at the end */
};

/* Until the input ends or a signal comes. */
int noise_pipe(const struct NoiseOptions *o);

/*
 * Until a signal comes. When the ptys can be opened their names (the links, if asked for) go to
 * stdout, one a line, and stdout is /dev/null from then on, so that who reads it sees its end. What
 * arrives where no program has the pty open is thrown away.
 */
int noise_pty(const struct NoiseOptions *o);

/* Between the two files of this module: the line of statistics, after these words. */
void noise_statistics(const char *words, const struct Line *l);

#endif
