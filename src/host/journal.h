/*
 * Journal: what is here of an object that is not complete, in a file beside its bytes; so that the
 * next run goes on from it. Its layout is fixed and its fields are written in place, so that a
 * change costs a few blocks however large the object is. It is whole wherever a write was cut
 * short: what is overwritten is there a second time, and nothing else is ever overwritten.
 *
 *     block 0     head: "dttk-jrn" | version u8 (2) | flags u8 | nonce u64 | OBJECT | zeros | CRC;
 *                 complete before the file gets its name
 *     block 1     END | zeros | CRC; all zeros, or with a wrong CRC: not known
 *     2+2p, 3+2p  pair p: generation u64 | JOURNAL_BITS bytes | CRC: bit s % 8 of byte s / 8 for
 *                 symbol p * 8 * JOURNAL_BITS + s. Of the two blocks the valid one of the higher
 *                 generation counts, the other one is written next. All zeros: never written
 *     behind      records, each of a repair: window u64 | key u64 | T bytes | CRC; those with a
 *                 wrong CRC do not count
 *
 * Integers are little-endian; blocks have JOURNAL_BLOCK bytes. OBJECT and END are a length u16 and
 * a packet. A CRC is CRC-32C over all before it in its block or record; but of the head it begins
 * with that of the head, and the place in the file as a u64: what is left of other journals, or
 * lies elsewhere than it was written to, does not check. What is missing at the end counts as
 * zeros.
 */
#ifndef HOST_JOURNAL_H
#define HOST_JOURNAL_H

#include "core/packet.h"
#include "core/repairs.h"

#define JOURNAL_STREAM 0x01 /* flags: the part is the beginning of a stream */

#define JOURNAL_BLOCK       ((size_t)4096)
#define JOURNAL_BITS        (JOURNAL_BLOCK - 12) /* bytes of bits in a block */
#define JOURNAL_OBJECT_MAX  512                  /* most bytes of an OBJECT packet in it */
#define JOURNAL_END_MAX     128                  /* and of END */
#define JOURNAL_ARRIVED_MAX ((size_t)32 << 20)   /* most bytes that the bits of an object take */

/* A journal that is open. */
struct Journal {
    int fd; /* -1: none */
    Crc32c crc32c;
    uint32_t seed; /* of the other CRCs: that of the head */
    uint8_t flags;
    uint8_t object[JOURNAL_OBJECT_MAX]; /* an OBJECT packet that parses */
    size_t object_len;
    struct PacketObject info;     /* what it says; the name borrows `object` */
    uint8_t end[JOURNAL_END_MAX]; /* an END packet that parses */
    size_t end_len;               /* 0: not known */
    uint8_t *arrived;             /* the bits as journal_open found them; NULL: none is set */
    bool repairs;                 /* it found at least one record */
    uint64_t next, limit;         /* where the next record to read lies; behind the last */
};

/* Bytes it takes on the disk, but for records. */
uint64_t journal_size(const struct PacketObject *object);

/* ---- Writing: 0; or -1 and errno. What the journal said before still holds then. -------------*/

/* What a new one says; all is borrowed. */
struct JournalContent {
    const struct PacketObject *object; /* T and B those of arrived; LINK_ANSWERS is left out */
    const struct PacketEnd *end;       /* NULL: not known; its rest is not kept */
    const struct Object *arrived;      /* NULL: nothing */
    const struct Repairs *repairs;     /* NULL: none; else of the same layout as arrived */
    uint64_t unsaved_from, unsaved_to; /* symbols with bytes in here do not count as arrived */
    bool sync;                         /* make it safe before it counts */
};

/* Write the journal `name` in folder dir, with room for all bits, in place of one that is there:
 * *j is open then, else not. */
int journal_write(struct Journal *j, int dir, const char *name, const struct JournalContent *c,
                  Crc32c crc32c);

/* Symbols from .. to of o, which has the journal's layout, count as far as they have arrived; what
 * counts already still does. */
int journal_claim(struct Journal *j, const struct Object *o, uint64_t from, uint64_t to);

/* END is known. */
int journal_add_end(struct Journal *j, const struct PacketEnd *end);

/* One more record: a repair of window w, its symbol (T bytes) behind the JOURNAL_RECORD bytes of
 * room that begin at `record`; JOURNAL_RECORD_END more are behind it. */
#define JOURNAL_RECORD     16
#define JOURNAL_RECORD_END 4
int journal_add_repair(struct Journal *j, uint64_t w, uint64_t key, uint8_t *record);

/* The same of all that r has. */
int journal_add_repairs(struct Journal *j, const struct Repairs *r);

/* All records were of windows that are complete. */
int journal_drop_repairs(struct Journal *j);

/* Make it safe. */
int journal_sync(struct Journal *j);

/* ---- Reading ----------------------------------------------------------------------------------*/

/*
 * Open and check the journal `name` in folder dir; it can be written on. 0: *j is to be closed.
 * -1 and errno, nothing is open: ENOENT: there is none; ENODATA: it is empty or cut short, as a
 * power cut may leave it before it is made safe for the first time; EBADMSG: it is not one of ours,
 * or broken; else it cannot be read.
 */
int journal_open(struct Journal *j, int dir, const char *name, Crc32c crc32c);

/* True if it said, when it was opened, that anything but the OBJECT is here. */
bool journal_has_something(const struct Journal *j);

/* The layout that bits count in; not for a stream. */
struct ObjectLayout journal_layout(const struct Journal *j);

/* The next repair as a packet, *len bytes into packet (room for PACKET_MAX). False: no more. */
bool journal_next_repair(struct Journal *j, uint8_t *packet, size_t *len);

/* Give `arrived` back. */
void journal_forget_arrived(struct Journal *j);

/* Fine to repeat, and on one that is {.fd = -1}. */
void journal_close(struct Journal *j);

#endif
