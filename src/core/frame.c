#include "core/frame.h"

#include "core/cobs.h"
#include "core/lane.h"

#define XON    0x11 /* DC1 */
#define ESCAPE 0x12 /* DC2: the one of the three that travels, leading a stuffed byte */
#define XOFF   0x13 /* DC3 */
#define STUFF  0x40 /* flipped in a stuffed byte */

/* What any packet and its CRC behind it have for a CRC. */
#define CRC_RESIDUE 0x48674BC7u

size_t frame_bound(size_t packet_len)
{
    size_t data = packet_len + FRAME_CRC;
    return data + (data + COBS_RUN - 1) / COBS_RUN + 1;
}

size_t frame_capacity(size_t mtu)
{
    if (mtu > FRAME_MAX)
        mtu = FRAME_MAX;
    if (mtu == 0)
        return 0;
    size_t encoded = mtu - 1;
    size_t data = encoded - (encoded + COBS_RUN) / (COBS_RUN + 1);
    return data > FRAME_CRC ? data - FRAME_CRC : 0;
}

static bool is_control(uint8_t byte)
{
    return byte >= XON && byte <= XOFF;
}

/* Stuff the len bytes at p, with room behind them for size in all; their new length, 0: no room. */
static size_t stuff(uint8_t *p, size_t len, size_t size)
{
    size_t stuffed = len;
    for (size_t i = 0; i < len; i++)
        stuffed += is_control(p[i]);
    if (stuffed > size)
        return 0;
    /* From the back: what is written never reaches what is still to be read. */
    for (size_t from = len, to = stuffed; from < to;) {
        uint8_t byte = p[--from];
        if (is_control(byte)) {
            p[--to] = byte ^ STUFF;
            p[--to] = ESCAPE;
        } else {
            p[--to] = byte;
        }
    }
    return stuffed;
}

/* Write the frame's COBS part to size bytes at out; its length, 0: no room. */
static size_t encode(Crc32c crc32c, const struct View *parts, size_t count, uint8_t *out,
                     size_t size)
{
    struct CobsEncoder e;
    cobs_encoder_init(&e, out, size);
    uint32_t crc = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len == 0)
            continue;
        crc = crc32c(crc, parts[i].data, parts[i].len);
        if (!cobs_encode(&e, parts[i]))
            return 0;
    }
    uint8_t trailer[FRAME_CRC];
    put_u32(trailer, crc);
    if (!cobs_encode(&e, view_of(trailer, sizeof trailer)))
        return 0;
    cobs_finish(&e);
    return (size_t)(e.at - out);
}

bool frame_append(const struct FrameWriter *w, struct Buffer *out, const struct View *parts,
                  size_t count)
{
    CORE_ASSERT(count >= 1 && count <= FRAME_PARTS);
    size_t room = buffer_tailroom(out);
    if (room > FRAME_MAX)
        room = FRAME_MAX;
    size_t packet_len = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > room - packet_len)
            return false;
        packet_len += parts[i].len;
    }
    CORE_ASSERT(packet_len > 0);
    struct Buffer tail = *out; /* so that a refusal leaves out as it is */
    uint8_t *frame = buffer_extend(&tail, room);
    size_t len = encode(w->crc32c, parts, count, frame, room - 1);
    if (len > 0 && w->xonxoff)
        len = stuff(frame, len, room - 1);
    if (len == 0)
        return false;
    frame[len] = 0;
    return buffer_extend(out, len + 1) != NULL;
}

bool frame_append_delimiter(struct Buffer *out)
{
    return buffer_append_u8(out, 0);
}

/* True if an encoded frame is good; it stays as it is. */
static bool is_good(Crc32c crc32c, struct View encoded)
{
    static const uint8_t zero_byte = 0;
    uint32_t crc = 0;
    while (encoded.len > 0) {
        struct View run;
        bool zero;
        if (!cobs_take_run(&encoded, &run, &zero))
            return false;
        crc = crc32c(crc, run.data, run.len);
        if (zero)
            crc = crc32c(crc, &zero_byte, 1);
    }
    return crc == CRC_RESIDUE;
}

enum Verdict { GOOD, BAD_COBS, BAD_SHORT, BAD_CRC };

/* Decode the len bytes of an encoded frame in place: *packet is its packet if it is good. */
static enum Verdict decode(Crc32c crc32c, uint8_t *frame, size_t len, struct View *packet)
{
    size_t data_len;
    if (!cobs_decode(frame, len, &data_len))
        return BAD_COBS;
    if (data_len <= FRAME_CRC)
        return BAD_SHORT;
    const uint8_t *data = frame + 1;
    if (crc32c(0, data, data_len) != CRC_RESIDUE)
        return BAD_CRC;
    *packet = view_of(data, data_len - FRAME_CRC);
    return GOOD;
}

/* The index of the first control byte at or after i; len if there is none. */
static size_t find_control(const uint8_t *p, size_t i, size_t len)
{
    while (i < len && !is_control(p[i])) {
        /* Past all that are not 0x10 to 0x13: of these is_control knows more. */
        LaneSet controls = len - i > LANE ? lane_controls(p + i + 1) : 1;
        i += 1 + (controls != 0 ? lane_first(controls) : LANE);
    }
    return i;
}

/* True if the frame may have been stuffed: escapes, each before a stuffed byte, no XON, no XOFF. */
static bool may_be_stuffed(const uint8_t *frame, size_t len)
{
    bool escaped = false;
    for (size_t i = 0; (i = find_control(frame, i, len)) < len; i++) {
        if (frame[i] != ESCAPE || i + 1 == len || !is_control(frame[i + 1] ^ STUFF))
            return false;
        escaped = true;
    }
    return escaped;
}

/* Undo the stuffing of a frame that may be stuffed; its new length. */
static size_t unstuff(uint8_t *frame, size_t len)
{
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        if (frame[from] == ESCAPE)
            frame[to++] = frame[++from] ^ STUFF;
        else
            frame[to++] = frame[from];
    }
    return to;
}

/* The verdict on the frame of len bytes and a 0x00, counted; decoded in place into *packet. */
static bool open_frame(struct FrameReader *r, uint8_t *frame, size_t len, struct View *packet)
{
    struct FrameCounters *c = &r->counters;
    size_t wire_len = len + 1;
    /* Decoding destroys the frame, so what could have been stuffed is looked at first. */
    bool stuffed = may_be_stuffed(frame, len) && !is_good(r->crc32c, view_of(frame, len));
    if (stuffed)
        len = unstuff(frame, len);
    switch (decode(r->crc32c, frame, len, packet)) {
    case GOOD:
        c->good++;
        c->good_bytes += wire_len;
        c->unstuffed += stuffed;
        return true;
    case BAD_COBS:
        c->bad_cobs++;
        break;
    case BAD_SHORT:
        c->bad_short++;
        break;
    case BAD_CRC:
        c->bad_crc++;
        break;
    }
    c->bad_bytes += wire_len;
    return false;
}

void frame_reader_init(struct FrameReader *r, Crc32c crc32c)
{
    *r = (struct FrameReader){.crc32c = crc32c};
}

static void drop(struct FrameReader *r, struct Buffer *rx, size_t n)
{
    bool held = buffer_ltrunc(rx, n);
    CORE_ASSERT(held);
    r->searched = 0;
}

/* rx holds no 0x00: give up the frame if it is too long already or cannot grow any more. */
static void wait_or_skip(struct FrameReader *r, struct Buffer *rx)
{
    bool too_long = rx->len >= FRAME_MAX || (rx->len > 0 && rx->len == rx->size);
    if (too_long && !r->skipping) {
        r->skipping = true;
        r->counters.bad_long++;
    }
    if (r->skipping) {
        r->counters.bad_bytes += rx->len;
        drop(r, rx, rx->len);
    }
    r->searched = rx->len;
}

/* Take the bytes up to the first 0x00 of rx, which len bytes precede. True: they gave a packet. */
static bool take_frame(struct FrameReader *r, struct Buffer *rx, size_t len, struct View *packet)
{
    bool good = false;
    if (r->skipping) {
        r->skipping = false;
        r->counters.bad_bytes += len + 1;
    } else if (len == 0) {
        r->counters.delimiters++;
    } else if (len + 1 > FRAME_MAX) {
        r->counters.bad_long++;
        r->counters.bad_bytes += len + 1;
    } else {
        good = open_frame(r, rx->base + rx->head, len, packet);
    }
    drop(r, rx, len + 1);
    return good;
}

bool frame_reader_next(struct FrameReader *r, struct Buffer *rx, struct View *packet)
{
    for (;;) {
        struct View v = buffer_view(rx);
        CORE_ASSERT(r->searched <= v.len);
        size_t len = r->searched + cobs_find_zero(v.data + r->searched, v.len - r->searched);
        if (len == v.len)
            break;
        if (take_frame(r, rx, len, packet))
            return true;
    }
    wait_or_skip(r, rx);
    return false;
}

void frame_reader_finish(struct FrameReader *r, struct Buffer *rx)
{
    r->counters.bad_bytes += rx->len;
    drop(r, rx, rx->len);
    r->skipping = false;
}
