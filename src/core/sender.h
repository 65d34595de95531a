/*
 * Sender: decides what is sent next, and when. Sans-I/O: the object's bytes, memory and time come
 * from outside; dttk(5) is the protocol. Two schedules: one-way, with repairs instead of answers,
 * and two-way, for a receiver that answers.
 *
 * A pass over an object of known size goes group by group: in the first pass the sources of a
 * group, then its repairs, row by row over its windows; in later passes fresh repairs only.
 * OBJECT goes at slots 0 and 2, then at least every SENDER_OBJECT_EVERY packets, and after ENDs
 * until a pass has had four. END goes after the last source, three times among the last group's
 * repairs, and last. A stream has one pass: its symbols as they come, repairs of the recent past
 * among them.
 *
 * Two-way nothing waits for an answer: sources go out in order, what a STATUS names as missing goes
 * first, and END asks for the rest. What is in flight is bounded by the receiver's window and by
 * what the path takes (core/flight); packets shrink with loss. A silence is ended by OBJECT, which
 * every receiver answers, with END behind it if all has been sent.
 */
#ifndef CORE_SENDER_H
#define CORE_SENDER_H

#include "core/delivery.h"
#include "core/flight.h"
#include "core/object.h"
#include "core/packet.h"
#include "core/stream_out.h"

#define SENDER_OBJECT_EVERY 64                    /* packets between OBJECTs, at most */
#define SENDER_OBJECT_TIME  UINT64_C(10000000000) /* a stream says it so often at least, ns */
#define SENDER_MTU_MIN      60                    /* least mtu, and */
#define SENDER_PACKET_MIN   54                    /* what a packet may have then */
#define STREAM_WINDOW_BYTES ((uint64_t)1 << 20)   /* most bytes a stream's repair covers */
#define STREAM_UNSENT       64 /* symbols of a stream taken ahead of the line, at most */
#define SENDER_DONES        3  /* DONE is said so often */
#define SENDER_TEXT_MAX     80 /* bytes kept of what an ABORT says */

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

/* Two-way, for an object of known size: symbols small enough that packets can be, and no limit but
 * packet_max to how many a packet has. */
struct SenderPlan sender_plan_two_way(uint64_t size, size_t packet_max, bool simd);
struct SenderPlan sender_plan_stream_two_way(size_t packet_max);

/*
 * What happens in each state. The events are output asking for a packet (which may be OBJECT at any
 * time), for a stream new symbols or its end, and two-way input: STATUS, or a receiver's ABORT. One
 * that is not named under a state changes nothing there; all input is counted.
 */
enum SenderState {
    SENDER_SOURCES, /* output: SOURCE of this group; after its last: REPAIRS, the object's last: END
                     */
    SENDER_REPAIRS, /* output: REPAIR (END among the last group's); after its last: next group's
                     * SOURCES (first pass) or REPAIRS, or CLOSING */
    SENDER_CLOSING, /* output: the END that closes the pass; then REPAIRS of the next or FINISHED */
    SENDER_STREAMING, /* output: SOURCE or REPAIR, or nothing yet, but OBJECT every
                       * SENDER_OBJECT_TIME; ended and all sent: TAIL */
    SENDER_TAIL,      /* output: END, REPAIRs of the last window with END among them; CLOSING */
    /* Two-way. Input STATUS: what has arrived, what is to be sent again; VERIFIED: CONFIRMED;
     * REFUSED: REFUSED. ABORT: ABORTED. A receiver that forgot bytes that the source does not have
     * any more, or that differ by now: FAILED. */
    SENDER_DELIVERING, /* output: SOURCE, or nothing while the line is full or a stream has nothing;
                        * all sent: CONFIRMING. Waited too long: OBJECT */
    SENDER_CONFIRMING, /* output: END, then nothing. Input STATUS with symbols missing: DELIVERING.
                        * Waited too long: OBJECT and END */
    SENDER_CONFIRMED,  /* output: DONE, SENDER_DONES times, then FINISHED. Input: nothing more */
    SENDER_REFUSED,    /* the receiver does not want it. output: nothing, for ever */
    SENDER_ABORTED,    /* the receiver said ABORT. output: nothing, for ever */
    SENDER_FINISHED,   /* output: nothing, for ever */
    SENDER_FAILED,     /* a byte or the digest could not be had. output: nothing, for ever */
};

/* Who has the object's bytes. */
struct SenderSource {
    void *ctx;
    /* Known size: len bytes at offset, borrowed until the next call; if repairs are to be sent,
     * until the next for another group. NULL: they cannot be had. */
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
    bool two_way;        /* the rest is for it alone */
    bool half_duplex;    /* fall silent after each batch, until an answer comes */
    uint64_t line_rate;  /* bytes a second the line is thought to carry; 0: not known */
    uint64_t window;     /* most bytes in flight, whatever the receiver says; 0: no such limit */
    uint64_t random;     /* any number, another one each time: for jitter */
    size_t (*frame_size)(size_t packet_len); /* bytes on the line of a packet of that length */
};

struct SenderCounters {
    uint64_t packets;
    uint64_t objects, ends;
    uint64_t sources; /* symbols */
    uint64_t repairs; /* symbols */
    /* two-way */
    uint64_t resent;    /* symbols that were sent again; counted in sources, too */
    uint64_t questions; /* OBJECTs because nothing was heard for too long */
    uint64_t heard;     /* packets that were parsed, those below included */
    uint64_t statuses;  /* STATUS of this tag that counted */
    uint64_t late;      /* STATUS older than one heard before */
    uint64_t foreign;   /* packets of other tags */
    uint64_t echoes;    /* packets of a sender: our own voice coming back */
    uint64_t bad;       /* no packet, or STATUS that contradicts the object or itself */
};

/* What a sender knows of the receiver that answers it. */
struct SenderPeer {
    struct Flight flight;
    struct Delivery delivery;
    bool heard;        /* by a STATUS */
    bool known;        /* the OBJECT has arrived there */
    bool want_object;  /* it asked for it */
    bool end_due;      /* END is to be sent */
    bool listening;    /* half-duplex: it is the receiver's turn */
    uint16_t run;      /* of the receiver, and */
    uint8_t seq;       /* seq of its newest STATUS */
    uint64_t good;     /* packets it had then, as it counts them */
    uint64_t arrived;  /* packets of this run that are known to have arrived, */
    uint64_t lost;     /* and those known to be lost */
    uint64_t window;   /* bytes it can take, as it said, */
    uint64_t others;   /* and those of other objects that are on their way to it */
    uint64_t heard_at; /* ns, the last STATUS or ABORT that counted; 0: none */
    uint64_t sent_at;  /* ns, the last packet of ours */
    unsigned asked;    /* questions since it was last heard, */
    uint64_t question; /* and the slot of the first of them */
    uint64_t random;
    uint64_t jitter;  /* ns, of the next question */
    unsigned dones;   /* DONEs so far */
    uint8_t reason;   /* ABORTED: enum AbortReason */
    struct View text; /* ABORTED: what it said, in text_bytes; never to be trusted */
    uint8_t text_bytes[SENDER_TEXT_MAX];
};

struct Sender {
    struct SenderConfig config;
    uint8_t name[PACKET_NAME_MAX];
    struct ObjectLayout layout;
    struct StreamOut stream;
    struct SenderPeer peer; /* two-way */
    enum SenderState state;
    uint16_t tag;
    uint8_t seq;
    uint64_t slot;        /* packets so far */
    uint64_t object_slot; /* slot of the last OBJECT */
    uint64_t object_time; /* one-way: when it was, ns */
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
 * next call. False: nothing to send now (STREAMING, DELIVERING, CONFIRMING), or ever (FINISHED,
 * FAILED, REFUSED, ABORTED).
 */
bool sender_output(struct Sender *s, struct Buffer *packet, struct View *body, uint64_t now);

/*
 * Two-way: a packet arrived (from a frame that checked). Borrows packet; now in ns, monotonic. What
 * is not for this sender is counted and ignored. One-way every packet is.
 */
void sender_input(struct Sender *s, struct View packet, uint64_t now);

/* When sender_output, which has just had nothing, is to be called again; UINT64_MAX: not before
 * there is input or, for a stream, content. */
uint64_t sender_deadline(const struct Sender *s);

/*
 * Two-way, of several objects for one receiver: they share its window. others: bytes in flight of
 * all the others; window: what the receiver said last to any of them, UINT64_MAX if nothing yet,
 * which holds until it speaks to this one.
 */
void sender_share(struct Sender *s, uint64_t others, uint64_t window);

/* True if the next packet is a repair of a stream: it takes its time to be computed. */
bool sender_owes_repair(const struct Sender *s);

/* Two-way: bytes in flight. */
uint64_t sender_in_flight(const struct Sender *s);

/* Two-way: bytes that the receiver is known to have. */
uint64_t sender_confirmed(const struct Sender *s);

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
