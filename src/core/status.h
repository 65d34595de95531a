/*
 * Status: the list of what is missing, as STATUS carries it. Pairs (gap, length), both varints:
 * gap symbols that have arrived since the last range (or 0), then length missing ones (length > 0,
 * gap > 0 but in the first pair). Ranges ascend and lie below `upto`.
 */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include "core/buffer.h"

struct StatusRange {
    uint64_t first;
    uint64_t length;
};

/* Writes ranges into a PacketStatus's list, in ascending order, no more than fit. */
struct StatusWriter {
    struct Buffer *out; /* kept; pairs are appended */
    size_t limit;       /* most bytes of list still to be written */
    uint64_t position;  /* end of the last range written */
};

void status_writer_init(struct StatusWriter *w, struct Buffer *out, size_t limit);

/*
 * Append a range that begins behind the last and does not touch it; anything else, and an empty
 * range, is a bug (CORE_ASSERT). How much of it fits: its length; or less: it was cut, or, if 0,
 * not begun, nothing changed. Then the list is full: `upto` ends behind what was taken.
 */
uint64_t status_writer_add(struct StatusWriter *w, struct StatusRange range);

/* Reads a list back. */
struct StatusReader {
    struct View rest;
    uint64_t position;
    uint64_t upto;
    bool broken; /* the list ended inside a pair, or broke a rule above: trust none of it */
};

void status_reader_init(struct StatusReader *r, struct View ranges, uint64_t upto);

/* The next range. False: no more (or broken). */
bool status_reader_next(struct StatusReader *r, struct StatusRange *range);

#endif
