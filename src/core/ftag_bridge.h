/*
 * Ftag bridge: ftag packets in, packets of our own wire out, as if a sender of ours had sent the
 * object. So one receiver serves both wires, with its slots, store, journal and verdicts.
 *
 *     META  -> OBJECT  T = the block size, B = FTAG_BRIDGE_B, the id from META's digest
 *     data  -> SOURCE  of one symbol
 *     END   -> END     with META's digest; nothing comes after it
 *
 * A run is what one sender sends from its first META to END. Data say not of which object they
 * are: they are of their run's. So data of a run whose META has not come yet are held, bounded,
 * and passed on behind it. Where a run begins is told by END, by a META of another object, by one
 * that can only be among the first of a run, and by a block before those that came already.
 *
 * What cannot be told from a loss: END and every META before slot 50 of the next run are lost, that
 * is of another object, and its blocks seem to go on from those of the run before. They are then
 * taken for that one's, until META comes; its digest will differ, and it must be sent again.
 *
 * Each run has another `run` in its OBJECT; seq is as it came, less packets that are not for us:
 * so the receiver counts as lost what is.
 */
#ifndef CORE_FTAG_BRIDGE_H
#define CORE_FTAG_BRIDGE_H

#include "core/ftag.h"
#include "core/packet.h"
#include "core/waiting.h"

#define FTAG_BRIDGE_B    12  /* log2 of B: there are no repairs, so as few windows as can be */
#define FTAG_BRIDGE_LATE 64  /* a packet may come so many behind the newest of its run */
#define FTAG_BRIDGE_ROOM 320 /* bytes of the largest packet made here, and some */

/* States and what each kind of packet does there. FTAG_OTHER is counted in both. */
enum FtagBridgeState {
    /* No META of this run yet. Data: held; of an earlier run: what is held is dropped before; but
     * first of all late ones of the run that has just ended: SOURCE.
     * META: OBJECT, and what is held; NAMED; if a run begins with it, what is held is dropped.
     * END: if this can only have been a run of the object named last, OBJECT, what is held, END;
     * otherwise all that is dropped. A run begins. */
    FTAG_BRIDGE_NAMELESS,
    /* The object of this run is known. Data: SOURCE; of an earlier block: a run begins, NAMELESS,
     * held. META: OBJECT; of another run: a run begins, NAMED. END: END; a run begins, NAMELESS. */
    FTAG_BRIDGE_NAMED,
};

/* Every packet that came is in exactly one of passed, others, overrun, orphans; or is held. */
struct FtagBridgeCounters {
    uint64_t packets; /* that came */
    uint64_t passed;  /* to the receiver */
    uint64_t others;  /* not for us: FTAG_OTHER */
    uint64_t overrun; /* held, pushed out by newer ones */
    uint64_t orphans; /* held, or END, of a run whose META never came */
    uint64_t held;    /* all that ever were */
    uint64_t runs;    /* that were told apart, their first packet being here */
};

struct FtagBridge {
    Crc32c crc32c;
    enum FtagBridgeState state;
    uint16_t run;
    uint8_t skipped; /* packets of the line so far that were not for us */
    /* Of this run: */
    bool heard;        /* anything; newest is the seq of what was sent last of that */
    uint8_t newest;    /* as it came */
    bool ended;        /* not even that, and the run before came to its END: newest is that one's */
    uint32_t blocks;   /* 1 + the highest block, 0: none */
    size_t tail_bytes; /* of the data just before, 0: it was none; its seq and block: */
    uint8_t tail_seq;
    uint16_t tail_block;
    /* The object named last; its Views are digest and name below. */
    bool known;
    struct FtagMeta meta;
    uint8_t salt; /* raised until its tag differs from that of the object before */
    uint16_t tag;
    uint8_t digest[FTAG_DIGEST];
    uint8_t name[FTAG_NAME_MAX];
    /* What is to be given: */
    enum FtagBridgeStep {
        FTAG_BRIDGE_IDLE,     /* nothing */
        FTAG_BRIDGE_ANNOUNCE, /* OBJECT, because something is held */
        FTAG_BRIDGE_RELEASE,  /* what is held; then */
        FTAG_BRIDGE_LAST,     /* the packet that came */
    } step;
    struct FtagPacket last; /* borrowed */
    enum FtagKind last_kind;
    struct View front;       /* the first of those held, already taken */
    struct WaitingRoom held; /* SOURCE packets that lack their tag */
    struct Buffer packet;
    uint8_t memory[FTAG_BRIDGE_ROOM];
    struct FtagBridgeCounters counters;
};

/*
 * Nothing heard. run: random, so that it is no earlier process's. Data that are held lie in size
 * bytes at memory (kept): 64 KiB are those between four METAs and more. b must stay where it is.
 */
void ftag_bridge_init(struct FtagBridge *b, Crc32c crc32c, uint16_t run, uint8_t *memory,
                      size_t size);

/*
 * A packet came. Borrows p's data until ftag_bridge_output has said false, which it must before the
 * next call.
 */
void ftag_bridge_input(struct FtagBridge *b, const struct FtagPacket *p);

/*
 * The next packet for receiver_input. True: *packet is its bytes, borrowed until the next call.
 * False: there is none until more comes in.
 */
bool ftag_bridge_output(struct FtagBridge *b, struct View *packet);

#endif
