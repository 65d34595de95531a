#include "core/status.h"

void status_writer_init(struct StatusWriter *w, struct Buffer *out, size_t limit)
{
    w->out = out;
    w->limit = limit;
    w->position = 0;
}

/* The largest number that a varint of at most so many bytes holds. */
static uint64_t varint_most(size_t bytes)
{
    return bytes >= VARINT_MAX ? UINT64_MAX : (UINT64_C(1) << 7 * bytes) - 1;
}

uint64_t status_writer_add(struct StatusWriter *w, struct StatusRange range)
{
    /* Only before the first range is position 0: no later one may touch its predecessor. */
    CORE_ASSERT(w->position == 0 || range.first > w->position);
    CORE_ASSERT(range.length > 0 && range.length <= UINT64_MAX - range.first);
    uint8_t pair[2 * VARINT_MAX];
    size_t size = put_varint(pair, range.first - w->position), room = buffer_tailroom(w->out);
    room = room < w->limit ? room : w->limit;
    if (room <= size)
        return 0;
    uint64_t most = varint_most(room - size);
    uint64_t length = range.length < most ? range.length : most;
    size += put_varint(pair + size, length);
    bool fits = buffer_append(w->out, pair, size);
    CORE_ASSERT(fits);
    w->limit -= size;
    w->position = range.first + length;
    return length;
}

void status_reader_init(struct StatusReader *r, struct View ranges, uint64_t upto)
{
    r->rest = ranges;
    r->position = 0;
    r->upto = upto;
    r->broken = false;
}

/* Takes one pair and holds it against the rules; position <= upto always. */
static bool take_range(struct StatusReader *r, struct StatusRange *range)
{
    uint64_t gap;
    uint64_t length;
    if (!view_take_varint(&r->rest, &gap) || !view_take_varint(&r->rest, &length))
        return false;
    if (length == 0 || (gap == 0 && r->position != 0))
        return false;
    if (gap > r->upto - r->position || length > r->upto - r->position - gap)
        return false;
    range->first = r->position + gap;
    range->length = length;
    return true;
}

bool status_reader_next(struct StatusReader *r, struct StatusRange *range)
{
    if (r->broken || r->rest.len == 0)
        return false;
    struct StatusRange taken;
    if (!take_range(r, &taken)) {
        r->broken = true;
        return false;
    }
    r->position = taken.first + taken.length;
    *range = taken;
    return true;
}
