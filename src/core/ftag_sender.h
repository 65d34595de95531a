/*
 * Ftag sender: the schedule of the ftag wire. Sans-I/O, and a function of the object alone: two
 * runs are the same bytes. Nothing answers; a second run fills the holes of the first.
 *
 * Packets are numbered by slots. Slots 0 to FTAG_FIRST - 1 and every multiple of FTAG_META_EVERY
 * are META, the others the next data: the blocks in order, each `copies` times in a row. The first
 * of them that no data needs is END, and the last.
 */
#ifndef CORE_FTAG_SENDER_H
#define CORE_FTAG_SENDER_H

#include "core/ftag.h"
#include "core/sender.h"

#define FTAG_BLOCK    50 /* bytes of a block, and copies of each, if nobody says others */
#define FTAG_COPIES   4
#define FTAG_PACKET   64 /* bytes of a packet, before escaping, that the boards in the field hold */
#define FTAG_META_MIN (FTAG_OVERHEAD + FTAG_META_HEAD + 1) /* a META without a name */

/* What happens in each state; the only event is output asking for a packet. */
enum FtagSenderState {
    FTAG_SENDER_SENDING,  /* output: META or data; END, and FINISHED; no byte: FAILED */
    FTAG_SENDER_FINISHED, /* output: nothing, for ever */
    FTAG_SENDER_FAILED,   /* a byte or the digest could not be had. output: nothing, for ever */
};

struct FtagSenderConfig {
    /* As of a Sender, but the digest (SHA-256) is asked twice: before the first packet, and again
     * before END, in place of which the sender fails if it is not to be had any more. */
    struct SenderSource source;
    uint64_t size;     /* of the object: at most ftag_sender_most(block) */
    struct View name;  /* none of its bytes is 0x00; copied, the middle cut out if need be */
    size_t packet_max; /* no packet is longer, before escaping: META decides about the name */
    unsigned block;    /* bytes of a block: 1 to packet_max - FTAG_OVERHEAD, FTAG_DATA_MAX */
    unsigned copies;   /* of each block, at least 1 */
};

struct FtagSenderCounters {
    uint64_t packets;
    uint64_t metas;
    uint64_t data; /* packets */
};

struct FtagSender {
    struct FtagSenderConfig config;
    uint8_t name[FTAG_NAME_MAX];
    uint8_t meta[FTAG_DATA_MAX];
    struct FtagMeta info; /* what META says; name is `name`; no digest before the first packet */
    enum FtagSenderState state;
    uint64_t slot; /* of the next packet */
    uint64_t data; /* packets of data so far */
    struct FtagSenderCounters counters;
};

/* The largest object in blocks of so many bytes. */
uint64_t ftag_sender_most(unsigned block);

/*
 * Ready for the first packet. Keeps what config.source points to. False: the object is too large,
 * or no META or no such block fits packet_max.
 */
bool ftag_sender_init(struct FtagSender *s, const struct FtagSenderConfig *config);

/*
 * The next packet, for ftag_append. True: *p is filled; its data are borrowed until the next call.
 * False: nothing more to send, ever.
 */
bool ftag_sender_output(struct FtagSender *s, struct FtagPacket *p);

/* Packets of the whole run, END included: exact. */
uint64_t ftag_sender_packets(const struct FtagSender *s);

#endif
