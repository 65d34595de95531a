/*
 * Wire out: packets to bytes of a line, in the form that is spoken there.
 *
 *     packet       -> frame --.
 *     ftag packet  -> bytes --+--> tx, as it is or as an armoured line
 */
#ifndef HOST_WIRE_OUT_H
#define HOST_WIRE_OUT_H

#include "core/frame.h"
#include "core/ftag.h"
#include "host/wire.h"

/* Most bytes one packet takes on any line: XON/XOFF doubles them, armor makes four of three. */
#define WIRE_OUT_MAX (2 * (size_t)FRAME_MAX)

struct WireOut {
    struct FrameWriter frames;
    bool armor;
    uint8_t memory[FRAME_MAX]; /* of the frame that becomes a line */
};

/* xonxoff: the line takes bytes for itself. Keeps crc32c. */
void wire_out_init(struct WireOut *o, Crc32c crc32c, bool xonxoff, bool armor);

/* Append a packet in `count` parts, as for frame_append, or one of ftag, as for ftag_append. False:
 * tx has no room (WIRE_OUT_MAX suffices), or it makes no frame; tx is unchanged. */
bool wire_out_frame(struct WireOut *o, struct Buffer *tx, const struct View *parts, size_t count);
bool wire_out_ftag(struct WireOut *o, struct Buffer *tx, const struct FtagPacket *p);

/* Append what ends a silence before a frame, if anything. */
void wire_out_begin(struct WireOut *o, struct Buffer *tx);

#endif
