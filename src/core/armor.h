/*
 * Armor: frames as lines of printable text, for consoles and links that pass nothing else.
 *
 *     ~ base64 ~        of one frame as it travels, its delimiters included: 0x00 behind a
 *                       frame of ours, 0xFF before and behind an ftag packet
 *
 * Base64 is that of RFC 4648, section 4, with padding. What the lines say, one after the other, is
 * the bare wire; everything else is ignored. Which wire it is, armor does not know.
 */
#ifndef CORE_ARMOR_H
#define CORE_ARMOR_H

#include "core/buffer.h"

/* Bytes of the line that carries a frame of len bytes, its line feed included. */
size_t armor_size(size_t len);

/*
 * Append the line for one frame (1 or more bytes, any memory but out's). False: no room in out,
 * which is unchanged.
 */
bool armor_append(struct Buffer *out, struct View frame);

/* Every byte read is in exactly one of the counts of bytes, or waits. */
struct ArmorCounters {
    uint64_t good;       /* lines handed up */
    uint64_t good_bytes; /* their base64, and ends of lines in it */
    uint64_t bad_char;   /* begun, but then a byte came that has no place there */
    uint64_t bad_base64; /* length, padding, or bits that should be 0 */
    uint64_t bad_long;   /* more than the reader's memory holds */
    uint64_t bad_bytes;  /* bytes of all bad lines */
    uint64_t marks;      /* bytes: every ~ */
    uint64_t text_bytes; /* everything else: prompts, log lines, ends of lines */
};

struct ArmorReader {
    struct Buffer frame; /* of the line begun: what was decoded so far */
    bool inside;         /* behind a ~ */
    uint32_t bits;       /* of the digits since the last whole group, */
    unsigned digits;     /* how many these are, padding included: 0 to 4 */
    unsigned padding;    /* and = among them */
    size_t waiting;      /* bytes of the line begun, not yet counted */
    struct ArmorCounters counters;
};

/* Between lines, counters at zero. Frames of up to size bytes are decoded into memory (kept). */
void armor_reader_init(struct ArmorReader *r, uint8_t *memory, size_t size);

/*
 * The frame of the next line of the bytes, which are taken off the front of *bytes as far as they
 * were looked at, and only read. True: *frame is what the line says: at least one byte, borrowed
 * until the next call. Nothing has proved it: text may look like a line. False: *bytes is empty.
 *
 * A line may begin anywhere in other text, and ends of lines (CR, LF) in its base64 do not matter;
 * any other byte ends it. The ~ that closes one line may be the one that opens the next: so a stray
 * ~ costs no line.
 */
bool armor_reader_next(struct ArmorReader *r, struct View *bytes, struct View *frame);

/* The bytes of a line begun but not closed: counted bad (bad_char), dropped. At EOF. */
void armor_reader_finish(struct ArmorReader *r);

#endif
