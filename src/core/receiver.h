/*
 * Receiver: decides what to keep of the packets that arrive, and (two-way) what to ask for.
 * Sans-I/O: storage, memory and time come from outside; dttk(5) is the protocol.
 *
 * A slot is one object being received. Packets find their slot by tag; those of an unknown tag
 * wait, bounded, for their OBJECT. An object that is done leaves its slot; its tag is remembered
 * for a while, so that stale packets do not open it again.
 *
 * Two-way a sender is answered, and only one whose OBJECT says that it listens: STATUS with what is
 * missing at once for OBJECT and END, soon after a loss, else while packets arrive every 50 ms and
 * for each third of the window; of an object that is done with its verdict, to what is surely of
 * it; WANT_OBJECT to what may be of another one, or is of a tag that is not known. Nothing is said
 * of its own accord: who asks is the sender.
 */
#ifndef CORE_RECEIVER_H
#define CORE_RECEIVER_H

#include "core/answers.h"
#include "core/object.h"
#include "core/packet.h"
#include "core/recover.h"
#include "core/repairs.h"
#include "core/stream_in.h"
#include "core/waiting.h"

#define RECEIVER_TAGS     4  /* tags under which one object may be known at a time */
#define RECEIVER_FINISHED 64 /* tags of finished objects remembered */
#define RECEIVER_IDLE                                                                              \
    2 /* packets of others, for each slot there is, after which one                                \
       * may be taken over */
#define RECEIVER_FINISHED_TIME UINT64_C(600000000000) /* until 10 minutes without any, in ns */

/*
 * States of a slot and what each event does there. Packets of type STATUS and DONE and what a
 * state does not name are counted and ignored in all of them. Two-way, every packet makes an answer
 * due; output gives it.
 */
enum SlotState {
    /* No object. OBJECT: asks `open`; COLLECTING (or VERIFYING, for an empty object), or the tag
     * becomes a finished one (refused, already here). */
    SLOT_FREE,
    /* Symbols are missing, or END is and only it can tell that all is right.
     * OBJECT of the same object: regrid if its T or B differ. SOURCE: written, marked; REPAIR: kept
     * or dropped; either: the window is solved once there are repairs enough. END: digest noted.
     * Complete: VERIFYING, and if the store needs longer, by receiver_finish again. ABORT of the
     * sender: noted. Store failed: FAILED. Stream gap: FAILED. Two-way the digest differed twice:
     * FAILED. */
    SLOT_COLLECTING,
    /* `finish` is being asked; the same call ends in FREE (verified), COLLECTING (the store needs
     * longer; or the digest differs: everything is missing again) or FAILED. No event is taken. */
    SLOT_VERIFYING,
    /* The store failed or a stream has a gap for good. Every packet is ignored; the owner
     * looks, reports and calls receiver_drop. */
    SLOT_FAILED,
};

enum SlotFailure {
    SLOT_FAILURE_NONE,
    SLOT_FAILURE_STORE,  /* the store said no: it knows why */
    SLOT_FAILURE_SIZE,   /* the same; it takes no object that large */
    SLOT_FAILURE_GAP,    /* a stream's symbol is lost for good; or with lossy: it has ended, and
                          * some were */
    SLOT_FAILURE_DIGEST, /* two-way: the digest differed twice */
};

/* What arrived for one object, and what became of it. */
struct SlotCounters {
    uint64_t packets;    /* of its tags */
    uint64_t lost;       /* by gaps in seq, late ones taken off again */
    uint64_t sources;    /* symbols that arrived as themselves and were new */
    uint64_t repaired;   /* symbols solved from repairs */
    uint64_t duplicates; /* source symbols that were here already */
    uint64_t repairs;    /* repair symbols that arrived */
    uint64_t useless;    /* of those: for complete windows, or known already */
    uint64_t foreign;    /* of those: of windows that this grid does not have */
    uint64_t bad;        /* packets that contradict the object: beyond its end, wrong lengths */
    uint64_t no_memory;  /* attempts to solve that found no working memory */
    uint64_t mismatches; /* times the digest differed */
    uint64_t passes;     /* ENDs that closed a pass */
    uint64_t skipped;    /* symbols of a stream that were left out */
    uint64_t gaps;       /* in so many places */
};

struct Slot {
    enum SlotState state;
    enum SlotFailure failure;
    uint16_t tags[RECEIVER_TAGS];
    unsigned tag_count;       /* the last of them is that of the packet that came last */
    struct PacketObject info; /* as first seen, T and B as of the grid in use; name is `name` */
    uint8_t name[PACKET_NAME_MAX];
    struct Object object;   /* known size */
    struct Repairs repairs; /* known size */
    struct StreamIn stream; /* OBJECT_STREAM */
    bool end_known;
    struct PacketEnd end; /* digest is `digest` */
    uint8_t digest[PACKET_DIGEST];
    bool finishing; /* every byte is here, and the store says RECEIVER_LATER */
    bool aborted;   /* the sender said ABORT */
    uint8_t abort_reason;
    bool seq_known;
    uint8_t seq;                        /* newest seen */
    uint64_t first_packet, last_packet; /* ns */
    uint64_t earlier;                   /* bytes that were here before the first of them */
    uint64_t heard;                     /* packets of the receiver when it last had one */
    unsigned grids;                     /* times T or B have changed */
    uint64_t grid_since;                /* its packets when they last did */
    struct Answer answer;
    struct SlotCounters counters;
};

struct ReceiverCounters {
    uint64_t packets;     /* parsed */
    uint64_t short_;      /* PACKET_SHORT */
    uint64_t bad_version; /* PACKET_BAD_VERSION */
    uint64_t bad_type;    /* PACKET_BAD_TYPE */
    uint64_t bad_flags;   /* PACKET_BAD_FLAGS */
    uint64_t bad_fields;  /* PACKET_BAD_FIELDS */
    uint64_t waiting;     /* packets that waited for their OBJECT */
    uint64_t overrun;     /* of those: pushed out by newer ones */
    uint64_t stale;       /* of objects that are finished */
    uint64_t clashes;     /* OBJECT of another body under a live tag */
    uint64_t no_room;     /* OBJECT with no slot free: all are busy, or the oldest gave way */
    uint64_t too_large;   /* OBJECT whose bookkeeping the owner has no memory for */
    uint64_t refused;     /* OBJECT that `open` refused */
    uint64_t not_ours;    /* STATUS, ABORT of a receiver: another one, or our own echo */
};

enum ReceiverOpen {
    RECEIVER_TAKE,   /* a new object */
    RECEIVER_RESUME, /* part of it is here: `resume` says what */
    RECEIVER_HAVE,   /* it is here already, whole */
    RECEIVER_REFUSE, /* not wanted, or cannot be */
};

enum ReceiverCheck {
    RECEIVER_VERIFIED, /* right, committed, safe */
    RECEIVER_DIFFERS,  /* the digest differs: collect it all again */
    RECEIVER_FAILED,   /* right or not, it cannot be committed */
    RECEIVER_LATER,    /* that takes a while: ask again, by receiver_finish */
};

/* Who keeps the bytes. Every function gets ctx and the slot; a false or NULL is the owner's to
 * explain: it knows the cause. Views are borrowed for the call. */
struct ReceiverStore {
    void *ctx;
    /* An object nobody has seen: shall it be received? */
    enum ReceiverOpen (*open)(void *ctx, unsigned slot, const struct PacketObject *object);
    /* Memory for its bookkeeping: zeroed, aligned, kept until close, or until the second next call
     * for this slot: when the grid changes the old one is still read. NULL: not to be had. */
    void *(*memory)(void *ctx, unsigned slot, uint64_t size);
    /* After RECEIVER_RESUME: mark in object what is here. */
    bool (*resume)(void *ctx, unsigned slot, struct Object *object);
    /* Working memory until the next call. */
    void *(*scratch)(void *ctx, unsigned slot, uint64_t size);
    /* Known size: bytes at an offset of the object; only what was written is read. */
    bool (*write)(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len);
    bool (*read)(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len);
    /* Known size: the side store of repairs (core/repairs.h). */
    bool (*repair_write)(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data,
                         size_t len);
    bool (*repair_read)(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len);
    /* Known size: every byte below prefix has arrived; called when that has grown. */
    bool (*advance)(void *ctx, unsigned slot, uint64_t prefix);
    /* Stream: content, in order. */
    bool (*deliver)(void *ctx, unsigned slot, const uint8_t *data, size_t len);
    /* Every byte is here: is its digest this one (32 or 16 bytes; or the first 16 of 32, when only
     * the id is known yet)? If so, commit. */
    enum ReceiverCheck (*finish)(void *ctx, unsigned slot, uint64_t size, struct View digest);
    /* The slot is free again: verified, refused memory, or dropped. */
    void (*close)(void *ctx, unsigned slot);
};

/* An object that is done with, under one tag. */
struct Finished {
    bool used;
    uint16_t tag;
    struct PacketObject info; /* of the run that was answered last; name is `name` */
    uint8_t name[PACKET_NAME_MAX];
    uint8_t digest[PACKET_DIGEST]; /* of its content, */
    size_t digest_len;             /* as many bytes as are known */
    bool refused;
    bool given_up;  /* of those: it was being received, and ended with */
    uint8_t reason; /* this enum AbortReason */
    bool done;      /* the sender has heard that it is verified */
    struct Answer answer;
    bool unsure;   /* what is owed is WANT_OBJECT: who asks may be of another object */
    bool ended;    /* an END closed a pass since */
    uint64_t when; /* it was finished, or had a packet, last; ns */
};

struct ReceiverConfig {
    Crc32c crc32c;
    Gf256MulAdd muladd;
    struct ReceiverStore store;
    struct Slot *slots; /* slot_count of them, the caller's, kept */
    unsigned slot_count;
    uint8_t *waiting; /* waiting_size bytes for packets of unknown tags, kept; may be 0 */
    size_t waiting_size;
    bool lossy; /* what is lost for good of a stream, one that is not packed, is left out */
    /* Two-way: */
    bool may_answer;   /* the link can be written to */
    uint16_t run;      /* random, new at each start: the first run of an answer */
    uint64_t window;   /* bytes that may be in flight towards us */
    size_t packet_max; /* bytes of a packet of ours; at least SENDER_PACKET_MIN, in which the
                        * first range of a list fits, if cut: numbers below 2^56 take 8 bytes */
};

/* The packet of an unknown tag that made us ask for its OBJECT. */
struct ReceiverWant {
    uint16_t tag;
    struct Answer answer; /* on: the sender whose OBJECT came last listens */
};

struct Receiver {
    struct ReceiverConfig config;
    struct WaitingRoom waiting;
    struct Finished finished[RECEIVER_FINISHED];
    unsigned finished_next;
    struct Finished *newest_finished; /* NULL: none yet */
    unsigned reached;                 /* slots from this one on have never been taken */
    unsigned last_slot;               /* the last packet's: tried first */
    struct ReceiverWant want;
    uint16_t begun;      /* answers begun so far: each has a run of its own */
    uint64_t answer_at;  /* when the next answer is due; ANSWER_NEVER */
    uint64_t answers;    /* packets said so far */
    uint64_t bad_frames; /* the owner's count: STATUS tells it */
    struct ReceiverCounters counters;
};

/* Nothing received. Keeps what config points to. */
void receiver_init(struct Receiver *r, const struct ReceiverConfig *config);

/* A packet arrived (from a frame that checked). Borrows packet; now in ns, monotonic. */
void receiver_input(struct Receiver *r, struct View packet, uint64_t now);

/*
 * Two-way: the next answer that is due, into packet (emptied first; RECEIVER_PACKET_ROOM bytes of
 * room suffice). False: none now; receiver_deadline tells when there may be.
 */
bool receiver_output(struct Receiver *r, struct Buffer *packet, uint64_t now);

/* When receiver_output will have an answer; ANSWER_NEVER: not before there is input. */
uint64_t receiver_deadline(const struct Receiver *r);

/* Bytes that suffice for receiver_output's packet. */
#define RECEIVER_PACKET_ROOM (PACKET_HEADROOM + STATUS_FIXED_MAX + 256)

/* Two-way: every sender that is being listened to gets ABORT with this reason as the next answers;
 * what its object has is the store's. */
void receiver_abort(struct Receiver *r, enum AbortReason reason, uint64_t now);

/* True if the sender of the newest finished object has said DONE. */
bool receiver_done(const struct Receiver *r);

/* True if the sender whose OBJECT came last wants answers, and may have them. */
bool receiver_answers(const struct Receiver *r);

/*
 * Free a slot that is not free, whatever its state. refused: its tags are finished, and what still
 * comes of it is stale; otherwise its next OBJECT opens it again, to go on from what the store
 * kept.
 */
void receiver_drop(struct Receiver *r, unsigned slot, bool refused, uint64_t now);

/* The store said RECEIVER_LATER of the slot, which is finishing: it is asked again. */
void receiver_finish(struct Receiver *r, unsigned slot, uint64_t now);

/* The store has failed (why: STORE or SIZE), perhaps not when it was asked for anything: the slot,
 * COLLECTING or FAILED already, is FAILED. */
void receiver_fail(struct Receiver *r, unsigned slot, enum SlotFailure why);

/* The object that was finished last, VERIFIED, is not safe after all, and its sender has not been
 * told so yet: it is told an ABORT instead. */
void receiver_retract(struct Receiver *r, enum AbortReason reason, uint64_t now);

/* What the slot has had so far came not from the line, but from what an earlier run left: nothing
 * of it is counted. */
void receiver_unheard(struct Receiver *r, unsigned slot);

/* True if the pass in which the newest finished object was completed has come to its end. */
bool receiver_pass_ended(const struct Receiver *r);

/* Bytes of the object in the slot that have arrived, those solved included. */
uint64_t slot_bytes(const struct Slot *slot);

#endif
