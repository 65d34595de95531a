/*
 * Frame: a packet and its CRC-32C (little-endian), COBS-encoded, closed by 0x00.
 * COBS: Cheshire and Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on
 * Networking 7(2), 1999. The encoder is the canonical one: no code byte follows a full run of 254
 * bytes that ends the data. Nothing here knows what a packet means.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include "core/buffer.h"
#include "core/crc.h"

#define FRAME_MAX   65536 /* most bytes of one encoded frame, its 0x00 included */
#define FRAME_CRC   4     /* bytes of CRC behind the packet */
#define FRAME_PARTS 4     /* most pieces a packet may be handed over in */

/* Most bytes frame_append writes for a packet of len bytes, on a line without XON/XOFF. */
size_t frame_bound(size_t packet_len);

/*
 * The largest packet whose frame is never longer than mtu bytes; 0 if there is none. An mtu above
 * FRAME_MAX counts as FRAME_MAX.
 */
size_t frame_capacity(size_t mtu);

struct FrameWriter {
    Crc32c crc32c;
    bool xonxoff; /* after COBS send 0x11, 0x12, 0x13 as 0x12 and byte ^ 0x40 */
};

/*
 * Append one frame to out: the packet is parts[0..count) one after the other, read where they lie
 * (count 1 to FRAME_PARTS; empty parts are fine; the packet has at least one byte). A part may be
 * any memory but out's. False: no room in out or longer than FRAME_MAX; out is unchanged.
 */
bool frame_append(const struct FrameWriter *w, struct Buffer *out, const struct View *parts,
                  size_t count);

/* Append the lone 0x00 that opens a stream and ends a silence. False: no room. */
bool frame_append_delimiter(struct Buffer *out);

/* Every byte read is in exactly one frame of these counts, or among the bytes waiting. */
struct FrameCounters {
    uint64_t good;       /* frames handed up */
    uint64_t good_bytes; /* wire bytes of those, their 0x00 included */
    uint64_t bad_cobs;   /* a run that points past the frame's end */
    uint64_t bad_short;  /* too short to hold a packet and a CRC */
    uint64_t bad_crc;    /* CRC differs */
    uint64_t bad_long;   /* no 0x00 within FRAME_MAX bytes (counted once each) */
    uint64_t bad_bytes;  /* wire bytes of all bad frames and of those skipped, 0x00 included */
    uint64_t delimiters; /* 0x00 with nothing before it: no frame, no fault */
    uint64_t unstuffed;  /* good frames that needed the XON/XOFF stuffing undone */
};

struct FrameReader {
    Crc32c crc32c;
    size_t searched; /* bytes at the front of the buffer known to hold no 0x00 */
    bool skipping;   /* in the rest of a frame that was too long: drop up to the next 0x00 */
    struct FrameCounters counters;
};

/* Between frames, counters at zero. Keeps crc32c. */
void frame_reader_init(struct FrameReader *r, Crc32c crc32c);

/*
 * The next good frame of the bytes in rx. True: *packet is the packet, decoded in place, its CRC
 * checked and off; borrowed until rx is next filled or rebased. False: rx holds no complete good
 * frame; read more (after buffer_rebase, which the reader does not mind; any other change of rx
 * between calls is a bug). Bytes taken are dropped from the left of rx; bad frames are counted and
 * passed over. A frame that fails its CRC and holds 0x12 but neither 0x11 nor 0x13 is tried again
 * with the XON/XOFF stuffing undone, if every 0x12 leads a stuffed byte. rx should hold at least
 * FRAME_MAX bytes: a frame that fills a smaller rx whole is given up as too long, so a buffer never
 * jams.
 */
bool frame_reader_next(struct FrameReader *r, struct Buffer *rx, struct View *packet);

/* The bytes of a frame begun but not closed: those waiting in rx, counted bad, dropped. At EOF. */
void frame_reader_finish(struct FrameReader *r, struct Buffer *rx);

#endif
