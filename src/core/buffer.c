#include "core/buffer.h"

void buffer_init(struct Buffer *b, uint8_t *memory, size_t size, size_t headroom)
{
    b->base = memory;
    b->size = size;
    buffer_reset(b, headroom);
}

void buffer_reset(struct Buffer *b, size_t headroom)
{
    CORE_ASSERT(headroom <= b->size);
    b->head = headroom;
    b->len = 0;
}

size_t buffer_headroom(const struct Buffer *b)
{
    return b->head;
}

size_t buffer_tailroom(const struct Buffer *b)
{
    return b->size - b->head - b->len;
}

struct View buffer_view(const struct Buffer *b)
{
    return view_of(b->base + b->head, b->len);
}

bool buffer_append(struct Buffer *b, const void *bytes, size_t n)
{
    uint8_t *to = buffer_extend(b, n);
    if (to == NULL)
        return false;
    if (n > 0) /* bytes may be NULL, which memcpy never allows */
        memcpy(to, bytes, n);
    return true;
}

uint8_t *buffer_extend(struct Buffer *b, size_t n)
{
    if (n > buffer_tailroom(b))
        return NULL;
    uint8_t *to = b->base + b->head + b->len;
    b->len += n;
    return to;
}

uint8_t *buffer_prepend(struct Buffer *b, size_t n)
{
    if (n > b->head)
        return NULL;
    b->head -= n;
    b->len += n;
    return b->base + b->head;
}

bool buffer_ltrunc(struct Buffer *b, size_t n)
{
    if (n > b->len)
        return false;
    b->head += n;
    b->len -= n;
    return true;
}

bool buffer_rtrunc(struct Buffer *b, size_t n)
{
    if (n > b->len)
        return false;
    b->len -= n;
    return true;
}

bool buffer_append_u8(struct Buffer *b, uint8_t value)
{
    return buffer_append(b, &value, 1);
}

bool buffer_append_u16(struct Buffer *b, uint16_t value)
{
    uint8_t bytes[2];
    put_u16(bytes, value);
    return buffer_append(b, bytes, sizeof bytes);
}

bool buffer_append_u64(struct Buffer *b, uint64_t value)
{
    uint8_t bytes[8];
    put_u64(bytes, value);
    return buffer_append(b, bytes, sizeof bytes);
}

bool buffer_append_varint(struct Buffer *b, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];
    return buffer_append(b, bytes, put_varint(bytes, value));
}

ptrdiff_t buffer_write_with(struct Buffer *b, BufferFill fill, void *ctx)
{
    size_t lent = buffer_tailroom(b);
    ptrdiff_t filled = fill(ctx, b->base + b->head + b->len, lent);
    if (filled < 0)
        return filled;
    CORE_ASSERT((size_t)filled <= lent);
    b->len += (size_t)filled;
    return filled;
}

ptrdiff_t buffer_read_with(struct Buffer *b, BufferDrain drain, void *ctx)
{
    ptrdiff_t taken = drain(ctx, b->base + b->head, b->len);
    if (taken < 0)
        return taken;
    bool were_in_use = buffer_ltrunc(b, (size_t)taken);
    CORE_ASSERT(were_in_use);
    return taken;
}

bool buffer_rebase(struct Buffer *b, size_t headroom)
{
    if (headroom > b->size || b->len > b->size - headroom)
        return false;
    if (headroom != b->head)
        memmove(b->base + headroom, b->base + b->head, b->len);
    b->head = headroom;
    return true;
}
