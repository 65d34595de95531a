/*
 * Sender: decides what is sent next, and when. Sans-I/O: the object's bytes, memory and time come
 * from outside; dttk(5) is the protocol, this machine its one-way schedule.
 *
 * A pass over an object of known size goes group by group: in the first pass the sources of a
 * group, then its repairs, row by row over its windows; in later passes fresh repairs only.
 * OBJECT goes at slots 0 and 2, then at least every SENDER_OBJECT_EVERY packets, and after ENDs
 * until a pass has had four. END goes after the last source, three times among the last group's
 * repairs, and last. A stream has one pass: its symbols as they come, repairs of the recent past
 * among them.
 */
#ifndef CORE_SENDER_H
#define CORE_SENDER_H

#include "core/object.h"
#include "core/packet.h"
#include "core/stream_out.h"

#define SENDER_OBJECT_EVERY 64                  /* packets between OBJECTs, at most */
#define SENDER_MTU_MIN      60                  /* least mtu, and */
#define SENDER_PACKET_MIN   54                  /* what a packet may have then */
#define STREAM_WINDOW_BYTES ((uint64_t)1 << 20) /* most bytes a stream's repair covers */
#define STREAM_UNSENT       64 /* symbols of a stream taken ahead of the line, at most */

/*
 * How an object is cut: symbols of T bytes, `per_packet` of them in a packet, blocks of at most
 * 2^block symbols. Sizes and mtu decide, never the speed of the line. A block is never so large
 * that a packet's symbols fall into one window twice: then repairs fill packets, too.
 */
struct SenderPlan {
    uint32_t symbol_size;
    uint32_t per_packet;
    uint8_t block;
    uint64_t key_limit; /* keys from here on would make a REPAIR longer than the mtu */
};

/*
 * The mtu, bytes of an encoded frame, that is used if nobody says another: size / 2048, from 256
 * bytes to 16 KiB. What a packet may have then (frame_capacity) is packet_max below.
 */
size_t sender_default_mtu(uint64_t size);
#define SENDER_STREAM_MTU 1060

/* The plan for an object of known size. simd: kernels are fast, blocks may be large. */
struct SenderPlan sender_plan(uint64_t size, size_t packet_max, bool simd);

/* The plan for a stream. */
struct SenderPlan sender_plan_stream(size_t packet_max);

/*
 * What happens in each state. Nothing arrives one-way: the events are output asking for a packet
 * (which may be OBJECT at any time) and, for a stream, new symbols or its end.
 */
enum SenderState {
    SENDER_SOURCES, /* output: SOURCE of this group; after its last: REPAIRS, the object's last: END
                     */
    SENDER_REPAIRS, /* output: REPAIR (END among the last group's); after its last: next group's
                     * SOURCES (first pass) or REPAIRS, or CLOSING */
    SENDER_CLOSING, /* output: the END that closes the pass; then REPAIRS of the next or FINISHED */
    SENDER_STREAMING, /* output: SOURCE or REPAIR, or nothing yet; ended and all sent: TAIL */
    SENDER_TAIL,      /* output: END, REPAIRs of the last window with END among them; CLOSING */
    SENDER_FINISHED,  /* output: nothing, for ever */
    SENDER_FAILED,    /* a byte or the digest could not be had. output: nothing, for ever */
};

/* Who has the object's bytes. */
struct SenderSource {
    void *ctx;
    /* Known size: len bytes at offset, borrowed until the next call. NULL: they cannot be had. */
    const uint8_t *(*lend)(void *ctx, uint64_t offset, size_t len);
    /* The digest of the whole content, borrowed; asked when every byte has been lent or taken.
     * False: not to be had, for it changed or could not be read. */
    bool (*digest)(void *ctx, struct View *digest);
};

struct SenderConfig {
    Crc32c crc32c;
    Gf256MulAdd muladd;
    bool simd; /* muladd is fast: a stream's windows may be large */
    struct SenderSource source;
    struct PacketObject object; /* symbol_size and block are taken from plan; name is kept */
    struct SenderPlan plan;
    size_t packet_max;   /* bytes of a packet whose frame fits the mtu */
    uint32_t redundancy; /* repairs per thousand sources */
    uint64_t passes;     /* 0: for ever; a stream has 1 */
};

struct SenderCounters {
    uint64_t packets;
    uint64_t objects, ends;
    uint64_t sources; /* symbols */
    uint64_t repairs; /* symbols */
};

struct Sender {
    struct SenderConfig config;
    uint8_t name[PACKET_NAME_MAX];
    struct ObjectLayout layout;
    struct StreamOut stream;
    enum SenderState state;
    uint16_t tag;
    uint8_t seq;
    uint64_t slot;        /* packets so far */
    uint64_t object_slot; /* slot of the last OBJECT */
    unsigned objects;     /* OBJECTs of this pass */
    bool after_end;       /* the last packet was an END */
    uint64_t pass;        /* from 0 */
    uint64_t next;        /* symbol to send next as a source */
    uint64_t group;
    uint64_t row, rows;  /* next repair row of this group and pass, and how many there are;
                          * a stream's tail: repairs */
    uint64_t pass_rows;  /* rows of the first group of this pass: no other has more */
    uint32_t windows;    /* windows of the group that have real symbols */
    uint32_t block;      /* next window of the row */
    uint64_t key;        /* of row 0 of this pass; a stream: of the next repair */
    uint32_t cache_rows; /* rows that are encoded in one go */
    uint8_t *cache;      /* repair of (row, block) at ((row % cache_rows) * blocks + block) * T */
    unsigned ends;       /* ENDs so far among the repairs that close this pass */
    uint64_t credit;     /* stream: thousandths of a repair owed */
    struct SenderCounters counters;
};

/* Most bytes of memory (aligned for a pointer) sender_init needs. */
size_t sender_memory(const struct SenderConfig *config);

/* Ready for the first packet. Keeps memory and what config points to. False: OBJECT does not fit
 * the mtu even without time, mode and most of its name, or the plan does not fit it. */
bool sender_init(struct Sender *s, const struct SenderConfig *config, void *memory);

/*
 * The next packet: packet, emptied first, gets its bytes (PACKET_HEADROOM + PACKET_HEAD_MAX + 320
 * bytes of room suffice), and *body the symbols that follow them, not copied: borrowed until the
 * next call. False: nothing to send now (STREAMING), or ever (FINISHED, FAILED).
 */
bool sender_output(struct Sender *s, struct Buffer *packet, struct View *body, uint64_t now);

/* Bytes that suffice for sender_output's packet. */
#define SENDER_PACKET_ROOM (PACKET_HEADROOM + PACKET_HEAD_MAX + 320)

/*
 * An ABORT in place of all further packets: the state becomes FAILED. Packet as above, no body.
 */
void sender_abort(struct Sender *s, struct Buffer *packet, enum AbortReason reason);

/* Stream: room for content, *len bytes of it, or NULL if the line must catch up first. */
uint8_t *sender_space(struct Sender *s, size_t *len);
/* n bytes were put there; flush: send them without waiting for a full symbol. */
void sender_take(struct Sender *s, size_t n);
void sender_flush(struct Sender *s);
void sender_end(struct Sender *s);

/* Packets of the first pass, OBJECT and END included: for foretelling, right within a few. */
uint64_t sender_pass_packets(const struct Sender *s);

/*
 * Make object fit a packet of packet_max bytes: drop mtime and mode, then cut the middle out of its
 * name, which then lies in `name` (PACKET_NAME_MAX bytes). False: not even that helps.
 */
bool sender_fit_object(struct PacketObject *object, size_t packet_max, uint8_t *name);

#endif
