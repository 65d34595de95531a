/* Damage: what happens to whole frames. */
#include "host/damage.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_ROOM 256 /* bytes a kept frame has room for at first */

struct DamageFrame {
    struct DamageFrame *next; /* in d->held: ascending by release, then by number */
    uint64_t number;
    uint64_t release; /* goes when the frame of this number has passed */
    bool dup;
    size_t len;
    size_t room;
    uint8_t bytes[];
};

static const uint8_t delimiters[] = {
    [DAMAGE_DTTK] = 0x00, [DAMAGE_FTAG] = 0xFF, [DAMAGE_LINES] = '\n'};

/*
 * Gilbert-Elliott: everything is lost in the bad state, nothing in the good one. A bad run ends
 * after each of its frames with probability 1 / L; how often one begins follows from P.
 */
static bool draw_loss(struct Damage *d)
{
    double p = d->config.loss;
    double run = d->config.loss_run;
    double least = p < 1 ? p / (1 - p) : 0; /* in shorter runs not that many would be lost */
    double unit = damage_random_unit(&d->loss);
    bool lost = d->loss_bad;
    if (p <= 0 || p >= 1 || run <= 1)
        return unit <= p;
    run = run > least ? run : least;
    d->loss_bad = lost ? unit > 1 / run : unit <= least / run;
    return lost;
}

/* Append to the frame kept. False: no memory. */
static bool keep(struct DamageFrame **frame, const uint8_t *bytes, size_t len)
{
    struct DamageFrame *f = *frame;
    if (len > f->room - f->len) {
        size_t room = f->room * 2 > f->len + len ? f->room * 2 : f->len + len;
        f = realloc(f, sizeof *f + room);
        if (f == NULL)
            return false;
        f->room = room;
        *frame = f;
    }
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
    return true;
}

/* Draw the fate of the frame that begins. The same number of draws whatever they say. */
static bool frame_begin(struct Damage *d)
{
    bool lost = draw_loss(d);
    bool dup = damage_random_unit(&d->dup) <= d->config.dup;
    uint32_t late = (uint32_t)(damage_random(&d->delay) % (d->config.reorder + UINT64_C(1)));
    d->frame_lost = lost;
    d->frame_dup = dup && !lost;
    d->frame_delay = lost ? 0 : late;
    if (!d->frame_dup && d->frame_delay == 0)
        return true;
    struct DamageFrame *f = malloc(sizeof *f + FRAME_ROOM);
    if (f == NULL)
        return false;
    *f = (struct DamageFrame){.number = d->frame, .dup = d->frame_dup, .room = FRAME_ROOM};
    f->release = d->frame + d->frame_delay;
    d->kept = f;
    return true;
}

/* len (> 0) more bytes of the current frame. False: no memory. */
static bool frame_take(struct Damage *d, const uint8_t *bytes, size_t len)
{
    if (d->frame_len == 0 && !frame_begin(d))
        return false;
    d->frame_len += len;
    if (d->frame_lost) {
        d->counters.bytes_lost += len;
        return true;
    }
    if (d->kept != NULL && !keep(&d->kept, bytes, len))
        return false;
    if (d->frame_delay == 0) {
        d->newest = d->frame + 1;
        damage_bytes(d, bytes, len);
    }
    return true;
}

/* The second copy of a frame that was kept for that. */
static void frame_repeat(struct Damage *d, const struct DamageFrame *f)
{
    d->counters.duplicated++;
    d->counters.bytes_duplicated += f->len;
    damage_bytes(d, f->bytes, f->len);
}

static void held_insert(struct Damage *d, struct DamageFrame *f)
{
    struct DamageFrame **at = &d->held;
    while (*at != NULL && (*at)->release <= f->release)
        at = &(*at)->next;
    f->next = *at;
    *at = f;
    d->held_bytes += f->len;
}

static void held_release(struct Damage *d)
{
    struct DamageFrame *f = d->held;
    d->held = f->next;
    d->held_bytes -= f->len;
    if (f->number + 1 < d->newest)
        d->counters.reordered++;
    else
        d->newest = f->number + 1;
    damage_bytes(d, f->bytes, f->len);
    if (f->dup)
        frame_repeat(d, f);
    free(f);
}

/* The current frame is complete. */
static void frame_close(struct Damage *d)
{
    struct DamageFrame *f = d->kept;
    d->kept = NULL;
    if (d->frame_begun) { /* delimiters alone are no frame */
        d->counters.frames_in++;
        d->counters.lost += d->frame_lost ? 1 : 0;
    }
    if (f != NULL && d->frame_delay > 0) {
        held_insert(d, f);
    } else if (f != NULL) {
        frame_repeat(d, f);
        free(f);
    }
    while (d->held != NULL && (d->held->release <= d->frame || d->held_bytes > DAMAGE_HELD_MAX))
        held_release(d);
    d->frame++;
    d->frame_len = 0;
    d->frame_begun = false;
}

/* The front of len (> 0) bytes that belongs to the current frame; *closed: it ends there. */
static size_t frame_scan(struct Damage *d, const uint8_t *bytes, size_t len, bool *closed)
{
    uint8_t delimiter = delimiters[d->config.wire];
    size_t at = 0;
    if (len > DAMAGE_FRAME_MAX - d->frame_len)
        len = DAMAGE_FRAME_MAX - d->frame_len;
    d->frame_begun = d->frame_begun || d->config.wire == DAMAGE_LINES;
    while (!d->frame_begun && at < len) {
        d->frame_begun = bytes[at] != delimiter;
        at++;
    }
    const uint8_t *end = at < len ? memchr(bytes + at, delimiter, len - at) : NULL;
    if (end != NULL)
        len = (size_t)(end - bytes) + 1;
    *closed = end != NULL || d->frame_len + len == DAMAGE_FRAME_MAX;
    return len;
}

bool damage_feed(struct Damage *d, const uint8_t *bytes, size_t len)
{
    d->counters.bytes_in += len;
    while (len > 0) {
        bool closed = false;
        size_t n = frame_scan(d, bytes, len, &closed);
        if (!frame_take(d, bytes, n)) {
            errno = ENOMEM;
            return false;
        }
        if (closed)
            frame_close(d);
        bytes += n;
        len -= n;
    }
    return true;
}

void damage_finish(struct Damage *d)
{
    if (d->frame_len > 0)
        frame_close(d);
    while (d->held != NULL)
        held_release(d);
}

void damage_reset(struct Damage *d)
{
    while (d->held != NULL) {
        struct DamageFrame *f = d->held;
        d->held = f->next;
        free(f);
    }
    free(d->kept);
    d->kept = NULL;
    d->held_bytes = 0;
}
