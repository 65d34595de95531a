#include "host/wire_out.h"

#include "core/armor.h"

void wire_out_init(struct WireOut *o, Crc32c crc32c, bool xonxoff, bool armor)
{
    o->frames = (struct FrameWriter){crc32c, xonxoff};
    o->armor = armor;
}

/* Where a frame goes before it becomes a line. */
static struct Buffer line_begin(struct WireOut *o)
{
    struct Buffer b;
    buffer_init(&b, o->memory, sizeof o->memory, 0);
    return b;
}

bool wire_out_frame(struct WireOut *o, struct Buffer *tx, const struct View *parts, size_t count)
{
    struct FrameWriter plain = {o->frames.crc32c, false}; /* text has none of those bytes */
    struct Buffer line = line_begin(o);
    if (!o->armor)
        return frame_append(&o->frames, tx, parts, count);
    return frame_append(&plain, &line, parts, count) && armor_append(tx, buffer_view(&line));
}

bool wire_out_ftag(struct WireOut *o, struct Buffer *tx, const struct FtagPacket *p)
{
    struct Buffer line = line_begin(o);
    if (!o->armor)
        return ftag_append(tx, p);
    return ftag_append(&line, p) && armor_append(tx, buffer_view(&line));
}

void wire_out_begin(struct WireOut *o, struct Buffer *tx)
{
    if (!o->armor)
        frame_append_delimiter(tx);
}
