/* JsonOut: JSON values on their way to a file or a pipe. */
#ifndef HOST_JSON_OUT_H
#define HOST_JSON_OUT_H

#include <json-c/json_object.h>

/*
 * Write o, which stays the caller's, and a newline behind it; style: JSON_C_TO_STRING_... 0; or -1
 * and errno: ENOMEM, nothing was written, or perhaps a part of it. A pipe that is full is waited
 * for; from a signal on for a second at most (EINTR).
 */
int json_out(int fd, json_object *o, int style);

#endif
