#include "core/cobs.h"

#include "core/lane.h"

#define COBS_FULL 0xFF /* the code of a full run: no zero follows */

size_t cobs_find_zero(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (n - i >= 4 * LANE && !lanes_hold_zero(p + i))
        i += 4 * LANE;
    for (; n - i >= LANE; i += LANE) {
        LaneSet zeros = lane_zeros(p + i);
        if (zeros != 0)
            return i + lane_first(zeros);
    }
    while (i < n && p[i] != 0)
        i++;
    return i;
}

/*
 * Copy bytes up to the first 0x00, at most n; how many. One pass for the search and the copy, so
 * up to n bytes of `to` may be written, whatever is returned.
 */
static size_t copy_run(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t i = 0;
    for (; n - i >= LANE; i += LANE) {
        LaneSet zeros = lane_copy(to + i, from + i);
        if (zeros != 0)
            return i + lane_first(zeros);
    }
    for (; i < n && from[i] != 0; i++)
        to[i] = from[i];
    return i;
}

/* The same, where LANE bytes more may be read and written at either end: no single bytes. */
static size_t copy_run_inside(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i += LANE) {
        LaneSet zeros = lane_copy(to + i, from + i);
        if (zeros != 0)
            return i + lane_first(zeros) < n ? i + lane_first(zeros) : n;
    }
    return n;
}

void cobs_encoder_init(struct CobsEncoder *e, uint8_t *out, size_t size)
{
    *e = (struct CobsEncoder){.at = out, .end = out + size, .code = NULL};
}

/* Begin a run: its code byte is written when its length is known. */
static bool open_run(struct CobsEncoder *e)
{
    if (e->at == e->end)
        return false;
    e->code = e->at++;
    return true;
}

/* Encode the zeros that data begins with, eight at a time, behind a run that is still empty. */
static void encode_zeros(struct CobsEncoder *e, struct View *data)
{
    while (data->len >= 8 && e->end - e->at >= 8 && word_load(data->data) == 0) {
        word_store(e->code, WORD_OF(0x01));
        e->code += 8;
        e->at += 8;
        data->data += 8;
        data->len -= 8;
    }
}

bool cobs_encode(struct CobsEncoder *e, struct View data)
{
    while (data.len > 0) {
        if (e->code == NULL && !open_run(e))
            return false;
        size_t room = (size_t)(e->end - e->at);
        size_t full = COBS_RUN - (size_t)(e->at - e->code - 1);
        size_t most = data.len < full ? data.len : full;
        size_t fits = most < room ? most : room;
        bool inside = data.len - fits >= LANE && room - fits >= LANE;
        size_t n = (inside ? copy_run_inside : copy_run)(e->at, data.data, fits);
        e->at += n;
        data.data += n;
        data.len -= n;
        bool zero = n < most && *data.data == 0;
        if (n == full) {
            *e->code = COBS_FULL;
            e->code = NULL;
        } else if (zero) {
            *e->code = (uint8_t)(e->at - e->code);
            data.data++;
            data.len--;
            if (!open_run(e))
                return false;
            encode_zeros(e, &data);
        } else if (data.len > 0) {
            return false;
        }
    }
    return true;
}

void cobs_finish(struct CobsEncoder *e)
{
    if (e->code != NULL)
        *e->code = (uint8_t)(e->at - e->code);
    e->code = NULL;
}

/*
 * Every code byte but the first becomes the zero of the run before it, so runs stay where they
 * are; only a full run has no zero, and what follows it moves one byte to the left. Moves are put
 * off until the next full run ends: one for all the runs between.
 */
bool cobs_decode(uint8_t *p, size_t n, size_t *len)
{
    size_t at = 0;   /* the code byte */
    size_t from = 1; /* decoded bytes not yet moved begin here, and go to `to` */
    size_t to = 1;
    uint8_t code = p[0];
    while (code != 0 && code < n - at) {
        /* Zeros are codes of 1: eight at a time. */
        if (code == 1 && n - at > 8 && word_load(p + at + 1) == WORD_OF(0x01)) {
            word_store(p + at + 1, 0);
            at += 8;
            continue;
        }
        at += code;
        uint8_t next = p[at];
        if (code == COBS_FULL) {
            if (to != from)
                memmove(p + to, p + from, at - from);
            to += at - from;
            from = at + 1;
        } else {
            p[at] = 0;
        }
        code = next;
    }
    if (code != n - at)
        return false;
    if (to != from)
        memmove(p + to, p + from, n - from);
    *len = to + (n - from) - 1;
    return true;
}

bool cobs_take_run(struct View *encoded, struct View *run, bool *zero)
{
    size_t code = encoded->data[0];
    if (code == 0 || code > encoded->len)
        return false;
    *run = view_of(encoded->data + 1, code - 1);
    encoded->data += code;
    encoded->len -= code;
    *zero = code != COBS_FULL && encoded->len > 0;
    return true;
}
