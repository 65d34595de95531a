/*
 * Wire in: bytes of a line in, packets of our own wire out, whichever wire the line speaks. That is
 * found out: all readers are given the same bytes until one recognises its wire; from then on only
 * that one is asked.
 *
 *     bytes ----------> FrameReader                  recognised by an OBJECT
 *           |---------> FtagReader -> FtagBridge     by FtagReader.recognised
 *           '-> armor -> the same two, of what its lines say
 *
 * So a frame that lies in a block of ftag is that block's content, and an armoured line in a symbol
 * that symbol's. Before a wire is recognised its packets are passed on all the same: they wait at
 * the receiver, or in the bridge, for the one that names their file.
 */
#ifndef HOST_WIRE_IN_H
#define HOST_WIRE_IN_H

#include "core/armor.h"
#include "core/frame.h"
#include "core/ftag_bridge.h"
#include "host/wire.h"

#define WIRE_IN_READ ((size_t)256 << 10) /* bytes read at a time, at most */
#define WIRE_IN_HELD ((size_t)64 << 10)  /* for data of ftag that wait for their META */
#define WIRE_IN_LINE (FRAME_MAX + 2)     /* bytes of what an armoured line says */

/* The readers of either wire, on the same bytes. */
struct WireEar {
    struct Buffer rx; /* bytes of frames that are not complete yet */
    struct FrameReader frames;
    struct View left; /* bytes that ftag has not looked at */
    struct FtagReader ftag;
    struct FtagBridge bridge;
    uint8_t held[WIRE_IN_HELD];
};

struct WireIn {
    struct WireForm form; /* what was recognised */
    Crc32c crc32c;
    struct WireEar bare;
    struct WireEar armored; /* of what the lines say */
    struct ArmorReader armor;
    uint64_t good_before; /* bare frames that were good when the wire was forgotten */
    struct View
        fresh; /* bytes that were read and not yet given to all; in bare.rx, behind its end */
    struct View text; /* bytes that armor has not looked at */
    uint8_t memory[WIRE_IN_READ];
    uint8_t line[WIRE_IN_LINE + 1];
    uint8_t line_memory[WIRE_IN_LINE + 1];
};

/*
 * Nothing heard. form: what is spoken here, if that is known, else WIRE_UNKNOWN. run: random, as
 * for ftag_bridge_init. w must stay where it is.
 */
void wire_in_init(struct WireIn *w, Crc32c crc32c, struct WireForm form, uint16_t run);

/*
 * Lend free memory to fill once (its result is returned); *fresh is what came, borrowed until the
 * next call of wire_in_next. Before wire_in_next has said false: 0, nothing is read.
 */
ptrdiff_t wire_in_read(struct WireIn *w, BufferFill fill, void *ctx, struct View *fresh);

/* The next packet of the bytes read; borrowed until the next call of either. False: read more. */
bool wire_in_next(struct WireIn *w, struct View *packet);

/* Another sender may speak another wire: which it is will be found out anew. Only when wire_in_next
 * has said false; what was begun is bad, what was counted stays. */
void wire_in_forget(struct WireIn *w);

/* At EOF, after wire_in_next: what was begun is bad. */
void wire_in_finish(struct WireIn *w);

/* Whose counters tell what happened on this line: those that recognised it, or else the likelier.
 */
const struct WireEar *wire_in_ear(const struct WireIn *w);

/* Frames, or packets of ftag once that is recognised: whole ones, and bad ones of every cause. */
uint64_t wire_in_good(const struct WireIn *w);
uint64_t wire_in_bad(const struct WireIn *w);

#endif
