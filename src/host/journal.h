/*
 * Journal: what is here of an object that is not complete, in a file beside its bytes; so that the
 * next run goes on from it. Integers are little-endian:
 *
 *     "dttk-jrn" | version u8 (1) | flags u8 | OBJECT | END | arrived | REPAIRs | CRC-32C u32
 *     OBJECT, END, each REPAIR: length u16, a packet; length 0: no END, the last REPAIR was before
 *     arrived: bytes u64 (0: nothing has), then bit s % 8 of byte s / 8 for symbol s
 *
 * A journal is never changed: it is written beside and renamed.
 */
#ifndef HOST_JOURNAL_H
#define HOST_JOURNAL_H

#include "core/packet.h"
#include "core/repairs.h"

#define JOURNAL_STREAM 0x01 /* flags: the part is the beginning of a stream */

#define JOURNAL_OBJECT_MAX  512                /* most bytes of an OBJECT packet in it */
#define JOURNAL_END_MAX     128                /* and of END */
#define JOURNAL_ARRIVED_MAX ((size_t)32 << 20) /* most bytes of `arrived` */

/* What to write; all is borrowed. */
struct JournalContent {
    const struct PacketObject *object; /* T and B those of arrived; LINK_ANSWERS is left out */
    const struct PacketEnd *end;       /* NULL: not known; its rest is not kept */
    const struct Object *arrived;      /* NULL: nothing */
    const struct Repairs *repairs;     /* NULL: none; else of the same layout as arrived */
    uint64_t unsaved_from, unsaved_to; /* symbols with bytes in here do not count as arrived */
    bool sync;                         /* make it safe before it counts */
};

/* Write the journal `name` in folder dir, in place of one that is there. 0; or -1 and errno: the
 * one that was there is as it was. */
int journal_write(int dir, const char *name, const struct JournalContent *c, Crc32c crc32c);

/* A journal that was read: everything but its repairs. */
struct Journal {
    int fd; /* -1: none open */
    uint8_t flags;
    uint8_t object[JOURNAL_OBJECT_MAX]; /* an OBJECT packet that parses */
    size_t object_len;
    struct PacketObject info;     /* what it says; the name borrows `object` */
    uint8_t end[JOURNAL_END_MAX]; /* an END packet that parses */
    size_t end_len;               /* 0: none */
    uint8_t *arrived;             /* NULL: nothing has */
    bool repairs;                 /* there is at least one */
    uint64_t next, limit;         /* where the next REPAIR lies in the file, where they end */
};

/*
 * Open and check the journal `name` in folder dir. 0: *j is to be closed. -1 and errno, nothing is
 * open: ENOENT: there is none; ENODATA: it is empty, as a power cut may leave it; EBADMSG: it is
 * not one of ours, or broken; else it cannot be read.
 */
int journal_open(struct Journal *j, int dir, const char *name, Crc32c crc32c);

/* True if it says that anything but the OBJECT is here. */
bool journal_has_something(const struct Journal *j);

/* The layout that arrived counts in; not for a stream. */
struct ObjectLayout journal_layout(const struct Journal *j);

/* The next REPAIR packet, *len bytes into packet (room for PACKET_MAX). False: no more. */
bool journal_next_repair(struct Journal *j, uint8_t *packet, size_t *len);

/* Fine to repeat, and on one that is {.fd = -1}. */
void journal_close(struct Journal *j);

#endif
