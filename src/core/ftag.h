/*
 * Ftag: the wire of dttk's ancestor, to bytes and back. Layout: dttk(5), section FTAG. What the
 * packets mean for a transfer is the business of ftag_sender and ftag_bridge.
 *
 *     0xFF | len | seq | channel | block | data ... | crc | 0xFF       0xFE escapes in between
 */
#ifndef CORE_FTAG_H
#define CORE_FTAG_H

#include "core/buffer.h"

#define FTAG_DATA_MAX   249                             /* most bytes of data in a packet */
#define FTAG_OVERHEAD   7                               /* len, seq, channel, block, crc */
#define FTAG_PACKET_MAX (FTAG_OVERHEAD + FTAG_DATA_MAX) /* before escaping */
#define FTAG_WIRE_MAX   (2 * FTAG_PACKET_MAX + 2)       /* most bytes ftag_append writes */
#define FTAG_DIGEST     32
#define FTAG_META_HEAD  37 /* bytes of META's data before the name; a 0x00 follows that */
#define FTAG_NAME_MAX   (FTAG_DATA_MAX - FTAG_META_HEAD - 1)
#define FTAG_BLOCKS_MAX 65535 /* most full blocks of an object; a short one may follow */
#define FTAG_FIRST      8     /* the slots of a run before which no data comes: all META */
#define FTAG_META_EVERY 50    /* later slots that are a multiple of this are META, too */
#define FTAG_IN_ROW     3     /* so many packets in a row are no chance */

struct FtagPacket {
    uint8_t seq;
    uint8_t channel;
    uint16_t block;
    struct View data; /* 0 to FTAG_DATA_MAX bytes */
};

enum FtagKind {
    FTAG_DATA,  /* at least one byte of a block */
    FTAG_META,  /* what the object is: all its fields check */
    FTAG_END,   /* the run is over */
    FTAG_OTHER, /* another channel or type, or fields that do not check: not for us */
};

struct FtagMeta {
    uint16_t full;      /* full blocks */
    uint8_t size;       /* bytes of a full block: 1 to FTAG_DATA_MAX */
    uint8_t last;       /* bytes of the short block behind them, 0: there is none; below size */
    struct View digest; /* SHA-256 of the content */
    struct View name;   /* 0 to FTAG_NAME_MAX bytes, none of them 0x00; never to be trusted */
};

/* CRC-16/SPI-FUJITSU: "123456789" gives 0xE5CC. */
uint16_t ftag_crc(const uint8_t *data, size_t len);

/* What a packet is. FTAG_META: *meta is filled, its Views borrow those of p. */
enum FtagKind ftag_kind(const struct FtagPacket *p, struct FtagMeta *meta);

/* META's data to out; how many bytes, or 0: a field is out of bounds. */
size_t ftag_put_meta(uint8_t out[FTAG_DATA_MAX], const struct FtagMeta *meta);

/* Data packets for control, without seq: META around what ftag_put_meta made, and END. */
struct FtagPacket ftag_meta_packet(struct View data);
struct FtagPacket ftag_end_packet(void);

/* Of the object that META describes: bytes, blocks, and bytes of a block below that. */
uint64_t ftag_meta_bytes(const struct FtagMeta *meta);
uint32_t ftag_meta_blocks(const struct FtagMeta *meta);
size_t ftag_meta_block_bytes(const struct FtagMeta *meta, uint32_t block);

/*
 * Append one packet to out, a mark before it and one behind. False: no room (FTAG_WIRE_MAX
 * suffices) or more than FTAG_DATA_MAX bytes of data; out is unchanged. p->data may be any memory
 * but out's.
 */
bool ftag_append(struct Buffer *out, const struct FtagPacket *p);

/* Every byte read is in exactly one of marks, good_bytes, bad_bytes, or waits. */
struct FtagCounters {
    uint64_t good;       /* packets handed up */
    uint64_t good_bytes; /* wire bytes of those, escapes included, marks not */
    uint64_t bad_escape; /* a mark behind an escape */
    uint64_t bad_short;  /* too short for a packet */
    uint64_t bad_length; /* len says something else */
    uint64_t bad_crc;    /* CRC differs */
    uint64_t bad_long;   /* no mark behind FTAG_PACKET_MAX bytes (counted once each) */
    uint64_t bad_bytes;  /* wire bytes of all bad packets, marks not included */
    uint64_t marks;      /* 0xFF */
};

struct FtagReader {
    uint8_t packet[FTAG_PACKET_MAX]; /* the packet begun, escapes undone */
    size_t len;                      /* bytes of it */
    bool escaped;                    /* the byte before was an escape */
    bool skipping;                   /* it was too long: drop up to the next mark */
    size_t waiting;                  /* wire bytes of it, not yet counted */
    unsigned in_row;                 /* good packets since the last bad one */
    bool recognised; /* a META that checks, or FTAG_IN_ROW packets in a row: it is this wire */
    struct FtagCounters counters;
};

/* Between packets, counters at zero. */
void ftag_reader_init(struct FtagReader *r);

/*
 * The next good packet of the bytes, which are taken off the front of *bytes as far as they were
 * looked at, and only read: other readers may be given the same. True: *p is the packet, its CRC
 * checked; it borrows the reader's memory until the next call. False: *bytes is empty; read more.
 * Bad packets are counted and passed over. One good CRC proves little: see `recognised`.
 */
bool ftag_reader_next(struct FtagReader *r, struct View *bytes, struct FtagPacket *p);

/* The bytes of a packet begun but not closed: counted bad, dropped. At EOF. */
void ftag_reader_finish(struct FtagReader *r);

#endif
