#include "host/wire_in.h"

#define FRAME_END  0x00
#define FTAG_MARK  0xFF
#define ARMOR_MARK '~'

static void ear_init(struct WireEar *e, Crc32c crc32c, uint16_t run, uint8_t *memory, size_t size)
{
    buffer_init(&e->rx, memory, size, 0);
    frame_reader_init(&e->frames, crc32c);
    e->left = (struct View){0};
    ftag_reader_init(&e->ftag);
    ftag_bridge_init(&e->bridge, crc32c, run, e->held, sizeof e->held);
}

void wire_in_init(struct WireIn *w, Crc32c crc32c, struct WireForm form, uint16_t run)
{
    w->form = form;
    w->crc32c = crc32c;
    w->good_before = 0;
    ear_init(&w->bare, crc32c, run, w->memory, sizeof w->memory);
    ear_init(&w->armored, crc32c, run, w->line_memory, sizeof w->line_memory);
    armor_reader_init(&w->armor, w->line, WIRE_IN_LINE);
    w->fresh = w->text = (struct View){0};
}

/* ---- Which wire it is ----------------------------------------------------------------------- */

static bool hears_bare(const struct WireIn *w)
{
    return !w->form.armor;
}

/* Where a frame is whole that is none of text, text is content. */
static bool hears_armor(const struct WireIn *w)
{
    return w->form.wire == WIRE_UNKNOWN ? w->bare.frames.counters.good == w->good_before
                                        : w->form.armor;
}

/* Bytes that were hidden from the frame reader, at the front of fresh, lie where it goes on. */
static void show_frames(struct WireIn *w, size_t len)
{
    const uint8_t *at = w->fresh.data;
    CORE_ASSERT(buffer_extend(&w->bare.rx, len) == at);
}

/* From here on nobody else is asked. */
static void recognise(struct WireIn *w, enum Wire wire, const struct WireEar *e)
{
    w->form = (struct WireForm){wire, e == &w->armored};
    if (w->form.armor) {
        w->bare.left.len = 0;
    } else if (wire == WIRE_DTTK) {
        show_frames(w, w->fresh.len);
        w->fresh.len = 0;
    }
}

static bool is_object(const struct WireIn *w, struct View packet)
{
    struct Packet p;
    return packet_parse(packet, w->crc32c, &p) == PACKET_OK && p.type == PACKET_OBJECT;
}

/* ---- The readers ---------------------------------------------------------------------------- */

static bool next_of_ftag(struct WireIn *w, struct WireEar *e, struct View *packet)
{
    struct FtagPacket p;
    while (!ftag_bridge_output(&e->bridge, packet)) {
        if (!ftag_reader_next(&e->ftag, &e->left, &p))
            return false;
        if (e->ftag.recognised && w->form.wire == WIRE_UNKNOWN)
            recognise(w, WIRE_FTAG, e);
        ftag_bridge_input(&e->bridge, &p);
    }
    return true;
}

static bool next_of_frames(struct WireIn *w, struct WireEar *e, struct View *packet)
{
    if (!frame_reader_next(&e->frames, &e->rx, packet))
        return false;
    if (w->form.wire == WIRE_UNKNOWN && is_object(w, *packet))
        recognise(w, WIRE_DTTK, e);
    return true;
}

/* Frames are decoded where they lie, so ftag reads before. */
static bool ear_next(struct WireIn *w, struct WireEar *e, struct View *packet)
{
    if (w->form.wire != WIRE_DTTK && next_of_ftag(w, e, packet))
        return true;
    return w->form.wire != WIRE_FTAG && next_of_frames(w, e, packet);
}

/* What a line says, with the delimiters behind it that it may lack. */
static void hear_line(struct WireIn *w, struct View says)
{
    struct WireEar *e = &w->armored;
    CORE_ASSERT(says.data == w->line);
    buffer_reset(&e->rx, 0);
    buffer_append(&e->rx, says.data, says.len);
    if (says.data[says.len - 1] != FRAME_END)
        frame_append_delimiter(&e->rx);
    w->line[says.len] = FTAG_MARK;
    e->left = view_of(w->line, says.len + 1);
}

static bool next_of_armor(struct WireIn *w, struct View *packet)
{
    struct View says;
    while (!ear_next(w, &w->armored, packet)) {
        if (!armor_reader_next(&w->armor, &w->text, &says))
            return false;
        hear_line(w, says);
    }
    return true;
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

ptrdiff_t wire_in_read(struct WireIn *w, BufferFill fill, void *ctx, struct View *fresh)
{
    struct Buffer *rx = &w->bare.rx;
    bool frames_only = w->form.wire == WIRE_DTTK && !w->form.armor;
    *fresh = (struct View){0};
    if (w->fresh.len > 0 || w->text.len > 0 || w->bare.left.len > 0)
        return 0;
    if (frames_only || w->form.wire == WIRE_UNKNOWN)
        buffer_rebase(rx, 0);
    else
        buffer_reset(rx, 0);
    ptrdiff_t n = buffer_write_with(rx, fill, ctx);
    if (n <= 0)
        return n;
    *fresh = view_of(rx->base + rx->head + rx->len - n, (size_t)n);
    if (!frames_only) { /* the frame reader has to wait for the others */
        buffer_rtrunc(rx, (size_t)n);
        w->fresh = *fresh;
    }
    return n;
}

static bool ends_something(uint8_t byte)
{
    return byte == FRAME_END || byte == FTAG_MARK || byte == ARMOR_MARK;
}

/* Bytes up to the first that ends something, so that readers tell in the order of the bytes who was
 * first; and those like it that follow, which end nothing more. */
static size_t piece_len(struct View v)
{
    size_t n = 0;
    while (n < v.len && !ends_something(v.data[n]))
        n++;
    for (size_t end = n; n < v.len && v.data[n] == v.data[end];)
        n++;
    return n;
}

/* Give the next bytes to those that are asked. False: there are none. */
static bool take_piece(struct WireIn *w)
{
    bool unknown = w->form.wire == WIRE_UNKNOWN;
    struct View piece;
    size_t len = unknown ? piece_len(w->fresh) : w->fresh.len;
    if (len == 0)
        return false;
    if (unknown)
        show_frames(w, len);
    view_take(&w->fresh, len, &piece);
    if (hears_bare(w))
        w->bare.left = piece;
    if (hears_armor(w))
        w->text = piece;
    return true;
}

bool wire_in_next(struct WireIn *w, struct View *packet)
{
    do {
        if (hears_armor(w) && next_of_armor(w, packet))
            return true;
        if (hears_bare(w) && ear_next(w, &w->bare, packet))
            return true;
    } while (take_piece(w));
    return false;
}

void wire_in_finish(struct WireIn *w)
{
    if (w->form.wire == WIRE_UNKNOWN || (w->form.wire == WIRE_DTTK && !w->form.armor))
        frame_reader_finish(&w->bare.frames, &w->bare.rx);
    ftag_reader_finish(&w->bare.ftag);
    ftag_reader_finish(&w->armored.ftag);
    armor_reader_finish(&w->armor);
}

static void ear_forget(struct WireEar *e)
{
    buffer_reset(&e->rx, 0);
    e->frames.searched = 0;
    e->frames.skipping = false;
    e->ftag.recognised = false;
    e->ftag.in_row = 0;
}

void wire_in_forget(struct WireIn *w)
{
    CORE_ASSERT(w->fresh.len == 0 && w->text.len == 0 && w->bare.left.len == 0);
    wire_in_finish(w);
    ear_forget(&w->bare);
    ear_forget(&w->armored);
    w->good_before = w->bare.frames.counters.good;
    w->form = (struct WireForm){0};
}

/* ---- What was heard ------------------------------------------------------------------------- */

const struct WireEar *wire_in_ear(const struct WireIn *w)
{
    bool armor = w->form.wire == WIRE_UNKNOWN
                     ? hears_armor(w) && w->armored.frames.counters.good > 0
                     : w->form.armor;
    return armor ? &w->armored : &w->bare;
}

uint64_t wire_in_good(const struct WireIn *w)
{
    const struct WireEar *e = wire_in_ear(w);
    return w->form.wire == WIRE_FTAG ? e->ftag.counters.good : e->frames.counters.good;
}

uint64_t wire_in_bad(const struct WireIn *w)
{
    const struct FrameCounters *f = &wire_in_ear(w)->frames.counters;
    const struct FtagCounters *t = &wire_in_ear(w)->ftag.counters;
    if (w->form.wire == WIRE_FTAG)
        return t->bad_escape + t->bad_short + t->bad_length + t->bad_crc + t->bad_long;
    return f->bad_cobs + f->bad_short + f->bad_crc + f->bad_long;
}
