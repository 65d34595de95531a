#include "core/status.h"

void status_writer_init(struct StatusWriter *w, struct Buffer *out, size_t limit)
{
    w->out = out;
    w->limit = limit;
    w->position = 0;
}

bool status_writer_add(struct StatusWriter *w, struct StatusRange range)
{
    /* Only before the first range is position 0: no later one may touch its predecessor. */
    CORE_ASSERT(w->position == 0 || range.first > w->position);
    CORE_ASSERT(range.length > 0 && range.length <= UINT64_MAX - range.first);
    uint8_t pair[2 * VARINT_MAX];
    size_t size = put_varint(pair, range.first - w->position);
    size += put_varint(pair + size, range.length);
    if (size > w->limit || !buffer_append(w->out, pair, size))
        return false;
    w->limit -= size;
    w->position = range.first + range.length;
    return true;
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
