/* Name: of a file, cut to what a packet has room for. */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include "core/bytes.h"

/*
 * A name of at most `most` bytes at out, which may be where name lies: all of it if it fits; else
 * its extension, if that is no more than half of them, and as much of the front as there is room
 * for, not cut inside a UTF-8 character. Its length.
 */
size_t name_cut(uint8_t *out, struct View name, size_t most);

#endif
