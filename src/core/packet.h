/*
 * Packet: the typed units of the wire, to bytes and back. Fields only: what a packet means for a
 * transfer is the business of sender and receiver. Layout: dttk(5), section PACKETS.
 */
#ifndef CORE_PACKET_H
#define CORE_PACKET_H

#include "core/buffer.h"
#include "core/crc.h"

#define PACKET_VERSION       1
#define PACKET_HEADER        4             /* type, seq, tag */
#define PACKET_HEADROOM      PACKET_HEADER /* free bytes packet_close needs before the fields */
#define PACKET_HEAD_MAX      (PACKET_HEADER + 4 * VARINT_MAX) /* header and fields before symbols */
#define PACKET_MAX           65530 /* longest packet that a frame can carry */
#define STATUS_FIXED_MAX     (PACKET_HEADER + 4 + 4 * VARINT_MAX) /* STATUS without its list */
#define PACKET_NAME_MAX      255
#define PACKET_STREAM_T      4 /* least T of a stream: a length and some content */
#define PACKET_ID            16
#define PACKET_DIGEST        32
#define PACKET_DIGEST_XXH128 16

/* What 8 bits of seq can tell apart: a packet so many behind the newest is late, any other is so
 * many ahead of it. A sender has no more on their way. */
#define PACKET_LATE_MAX  32
#define PACKET_AHEAD_MAX (255 - PACKET_LATE_MAX)

enum PacketType {
    PACKET_OBJECT = 1,
    PACKET_SOURCE = 2,
    PACKET_REPAIR = 3,
    PACKET_END = 4,
    PACKET_STATUS = 5,
    PACKET_DONE = 6,
    PACKET_ABORT = 7,
};

/* OBJECT, hashed part, flags. */
#define OBJECT_STREAM   0x01 /* size unknown: no size field; symbols are length-led */
#define OBJECT_IDENTITY 0x02 /* id is made from size, time and ends, not from the whole content */
#define OBJECT_NAME_CUT 0x04 /* the middle of the name was cut out to fit the mtu */
#define OBJECT_XXH128   0x08 /* END carries XXH128 (16 bytes), not SHA-256 (32) */
#define OBJECT_ZSTD     0x10 /* the content is a zstd stream of the object */
#define OBJECT_KNOWN    0x1F /* a flag outside these: the object cannot be understood */

/* OBJECT, tail, link flags. */
#define LINK_ANSWERS 0x01 /* the sender listens: STATUS is welcome */
#define LINK_MTIME   0x02 /* mtime follows */
#define LINK_MODE    0x04 /* mode follows (after mtime) */

struct PacketObject {
    uint8_t flags;
    uint8_t salt;         /* raised by the sender until its live tags differ */
    uint8_t block;        /* log2 of the block limit B: 0 to 12 */
    uint64_t symbol_size; /* T in bytes: 1 (a stream: PACKET_STREAM_T) to PACKET_MAX */
    uint64_t size;        /* bytes, < 2^63; 0 for a stream */
    uint8_t id[PACKET_ID];
    struct View name; /* 0 to PACKET_NAME_MAX bytes, as sent: never to be trusted */
    uint16_t run;     /* random per run of the sender */
    uint8_t link;     /* LINK_... */
    int64_t mtime;    /* ns since 1970; 0 without LINK_MTIME */
    uint16_t mode;    /* permission bits; 0 without LINK_MODE */
};

struct PacketSource {
    uint64_t symbol;     /* number of the first */
    struct View symbols; /* one or more whole, consecutive symbols */
};

struct PacketRepair {
    uint64_t first; /* the window of the first repair symbol; the next has first + 1, ... */
    uint32_t count;
    uint32_t stride;
    uint64_t key;
    struct View symbols; /* one or more repair symbols of T bytes */
};

struct PacketEnd {
    uint64_t symbols;   /* in the whole object */
    uint64_t size;      /* bytes in the whole object */
    uint64_t rest;      /* packets of this pass still to come, 0: the pass ends here */
    struct View digest; /* 32 or 16 bytes */
};

enum StatusState {
    STATUS_WANT_OBJECT = 0, /* packets of this tag arrive, but no OBJECT yet */
    STATUS_RECEIVING = 1,
    STATUS_VERIFIED = 2, /* complete, verified and committed */
    STATUS_REFUSED = 3,  /* exists, name, space: this object is not wanted */
};

struct PacketStatus {
    uint8_t state;      /* enum StatusState; later values are possible */
    uint16_t run;       /* random per run of the receiver */
    uint8_t echo;       /* seq of the sender's packet seen last */
    uint64_t good;      /* packets of this object received by this run */
    uint64_t bad;       /* frames that failed */
    uint64_t window;    /* bytes the receiver can take in flight */
    uint64_t upto;      /* below it everything outside the ranges has arrived */
    struct View ranges; /* varint pairs (gap, length): see core/status.h */
};

enum AbortReason {
    ABORT_OTHER = 0,
    ABORT_CANCELLED = 1, /* a person or a signal ended it */
    ABORT_CHANGED = 2,   /* the file changed while it was sent */
    ABORT_READ = 3,      /* the sender cannot read on */
    ABORT_WRITE = 4,     /* the receiver cannot write on */
    ABORT_REFUSED = 5,   /* exists, name not allowed, no space */
    ABORT_DIGEST = 6,    /* a second mismatch */
};

#define ROLE_SENDER   0
#define ROLE_RECEIVER 1

struct PacketAbort {
    uint8_t role;     /* ROLE_... of who aborts */
    uint8_t reason;   /* enum AbortReason; later values are possible */
    struct View text; /* for a person; never to be trusted */
};

struct Packet {
    uint8_t type; /* enum PacketType: says which member below holds */
    uint8_t seq;
    uint16_t tag;
    union {
        struct PacketObject object;
        struct PacketSource source;
        struct PacketRepair repair;
        struct PacketEnd end;
        struct PacketStatus status;
        struct PacketAbort abort;
    } as;
};

enum PacketError {
    PACKET_OK,
    PACKET_SHORT,       /* ends inside its header or fields */
    PACKET_BAD_VERSION, /* a version this code does not know: skip it */
    PACKET_BAD_TYPE,    /* a type this code does not know: skip it */
    PACKET_BAD_FLAGS,   /* an OBJECT with flags that this code does not know: skip it */
    PACKET_BAD_FIELDS,  /* a field outside the bounds above, or a tag that its OBJECT denies */
};

/*
 * Parse bytes. PACKET_OK: *p is filled, its Views borrow bytes. Otherwise *p is undefined.
 * Checked here: every bound named above, that SOURCE and REPAIR carry at least one byte of symbols,
 * window bounds (RLC limits; first + (count - 1) * stride does not overflow), END's digest length,
 * and that an OBJECT's tag is that of its hashed part. What needs the object's T is not, nor
 * whether numbers of symbols make sense: symbol and upto may be any, up to 2^64 - 1.
 */
enum PacketError packet_parse(struct View bytes, Crc32c crc32c, struct Packet *p);

/*
 * Append the fields of one packet to b, which is empty with PACKET_HEADROOM before it; then
 * packet_close prepends the header. False: no room, or a field is out of bounds; b is unchanged.
 * The symbols of SOURCE and REPAIR are not copied: they follow the packet as a part of its frame.
 */
bool packet_append_object(struct Buffer *b, const struct PacketObject *object);
bool packet_append_source(struct Buffer *b, const struct PacketSource *source);
bool packet_append_repair(struct Buffer *b, const struct PacketRepair *repair);
bool packet_append_end(struct Buffer *b, const struct PacketEnd *end);
bool packet_append_status(struct Buffer *b, const struct PacketStatus *status);
bool packet_append_abort(struct Buffer *b, const struct PacketAbort *abort);
bool packet_close(struct Buffer *b, enum PacketType type, uint8_t seq, uint16_t tag);

/* The bytes the fields take. */
size_t packet_object_size(const struct PacketObject *object);
size_t packet_source_size(uint64_t symbol);
size_t packet_repair_size(const struct PacketRepair *repair);
size_t packet_end_size(const struct PacketEnd *end);
size_t packet_status_size(const struct PacketStatus *status);

/*
 * The tag an OBJECT implies: CRC-32C of its hashed part, high half xor low half, 0 becoming 1. Of
 * one that was parsed use the header's: the peer's varints need not be the shortest, as these are.
 */
uint16_t packet_object_tag(const struct PacketObject *object, Crc32c crc32c);

/* True if a and b agree in their hashed parts: then they have the same tag and are one object. */
bool packet_object_same(const struct PacketObject *a, const struct PacketObject *b);

#endif
