/*
 * Station: one end of a line. Packets go in and leave as bytes of the wire that is spoken, gathered
 * and written when the link has room; bytes that come in leave as packets. What they mean is the
 * business of sender and receiver; the waiting is the caller's loop:
 *
 *     send  packet -> wire_out -> tx -> link          recv  packet <- wire_in <- link
 */
#ifndef HOST_STATION_H
#define HOST_STATION_H

#include "host/console.h"
#include "host/link.h"
#include "host/silence.h"
#include "host/wire_in.h"
#include "host/wire_out.h"

#define STATION_BATCH ((size_t)128 << 10) /* bytes gathered before they are written */
/* A packet more always fits, and a last word about every object. */
#define STATION_TX (STATION_BATCH + WIRE_OUT_MAX + 4096)

struct Station {
    struct Link link;
    struct Loop *loop;
    struct WireIn in;
    struct WireOut out;
    struct Buffer tx; /* on its way to the link */
    struct Silence silence;
    struct Console console;
    bool relearn;   /* set by the owner while nothing is under way: behind a silence another wire
                     * may be spoken */
    bool cancelled; /* on a terminal that is the link somebody pressed the keys for it */
    uint64_t turnaround; /* half-duplex: quiet for so long before it is our turn, ns; or 0 */
    uint64_t sent_at;    /* last frame; 0: none yet */
    uint64_t heard_at;   /* last byte; 0: none yet */
    uint64_t good_at;    /* last good frame; 0: none yet */
    uint64_t read_at;    /* a terminal is not looked at before: bytes gather meanwhile */
    uint64_t slept;      /* nobody could be heard since the turn before: the process was stopped
                          * for so long, ns, or the port was away; 0: not so */
    unsigned returns;    /* of the link, as of then */
    uint8_t tx_memory[STATION_TX];
};

/*
 * Open the link. form: what is spoken there; WIRE_UNKNOWN: what the other side does, and until that
 * is known nothing can be said. 0, or an exit code; then it has been said why and there is nothing
 * to close. Loop is kept.
 */
int station_open(struct Station *s, const struct LinkOptions *o, struct WireForm form,
                 uint64_t turnaround, struct Loop *loop);

/* As link_close. */
void station_close(struct Station *s);

/* As link_tick, to be called in every turn; what waited for a port that was away is given up. */
enum LinkState station_tick(struct Station *s, uint64_t now);

/*
 * Bytes of frames that may be gathered now: as many as the batch and the link's queue have room
 * for; one whole frame may exceed it. 0 also while it is the other side's turn.
 */
size_t station_room(struct Station *s, uint64_t now);

/* When there may be room again, after station_room, just now, found none in the link's queue;
 * CLOCK_NEVER: not before the link, or the other side's turn, is over. */
uint64_t station_room_at(const struct Station *s);

/* A packet, in `count` parts (FRAME_PARTS - 1 at most), or one of ftag, is said: it is in tx then.
 * Returns its bytes on the line. */
size_t station_put(struct Station *s, const struct View *parts, size_t count, uint64_t now);
size_t station_put_ftag(struct Station *s, const struct FtagPacket *p, uint64_t now);

/* What waits to be written is given up, a frame perhaps cut: the next begins anew. Returns its
 * bytes. */
size_t station_drop(struct Station *s);

/* Write what the link takes now. -1: it failed for good, s->link.port.error is the errno. */
int station_flush(struct Station *s);

/* Read once, what is there. -1 as above. */
int station_read(struct Station *s, uint64_t now);

/* The next packet that has arrived whole, of our own wire, whichever it came by; borrowed until the
 * next call or read. False: none. */
bool station_next(struct Station *s, struct View *packet, uint64_t now);

/* The input has ended and station_next has no more: what was begun is bad. */
void station_finish(struct Station *s);

/* True if the input has ended: the other side of a pipe is gone. A port is lost instead. */
bool station_ended(const struct Station *s);

/* True if bytes wait to be written. */
bool station_writing(const struct Station *s);

/*
 * Wait until the link, another slot that the caller has told the loop to watch, or the deadline
 * wants something done; in: bytes of the link are wanted. Returns the time then.
 */
uint64_t station_wait(struct Station *s, bool in, uint64_t deadline);

/* Half-duplex, while it is the other side's turn: when it may be ours; else CLOCK_NEVER. */
uint64_t station_turn(const struct Station *s, uint64_t now);

/*
 * Before the last words of a run, of which only a signal was heeded: half-duplex it waits until the
 * other side is quiet; to one that does not become so in a second the line is ours all the same.
 * What still comes is dropped, and there is no other turn. Returns the time then.
 */
uint64_t station_last_turn(struct Station *s);

/* The last words have been put: they are written, within a second or not at all. */
void station_last_words(struct Station *s);

/* Why nothing that counts was heard: one phrase, into out (SILENCE_WORDS bytes); returns out. */
char *station_silence(const struct Station *s, uint64_t echoes, uint64_t rivals, uint64_t waiting,
                      char *out, size_t size);

#endif
