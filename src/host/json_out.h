/* JsonOut: JSON values on their way to a file or a pipe. */
#ifndef HOST_JSON_OUT_H
#define HOST_JSON_OUT_H

#include <json-c/json_object.h>
#include <stdbool.h>

/* "-"? */
bool json_out_is_stdout(const char *path);

/*
 * Open what a run's statistics go to: stdout, or a file or FIFO, made if it is not there; how:
 * O_TRUNC or O_APPEND. A FIFO without a reader is not waited for (ENXIO). The descriptor, for
 * json_out_close; or -1 and errno.
 */
int json_out_open(const char *path, int how);

/* Close what json_out_open has opened of path; stdout stays open. 0, or -1 and errno. */
int json_out_close(int fd, const char *path);

/*
 * Write o, which stays the caller's, and a newline behind it; style: JSON_C_TO_STRING_... 0; or -1
 * and errno: ENOMEM, nothing was written, or perhaps a part of it. A pipe that is full is waited
 * for; from a signal on for a second at most (EINTR).
 */
int json_out(int fd, json_object *o, int style);

#endif
