#include "core/bytes.h"

struct View view_of(const void *data, size_t len)
{
    return (struct View){.data = data, .len = len};
}

bool view_take(struct View *v, size_t n, struct View *out)
{
    if (n > v->len)
        return false;
    const uint8_t *taken = v->data;
    if (n > 0) /* an empty View may look at NULL, to which not even 0 may be added */
        v->data += n;
    v->len -= n;
    *out = view_of(taken, n);
    return true;
}

bool view_take_u8(struct View *v, uint8_t *out)
{
    struct View field;
    if (!view_take(v, 1, &field))
        return false;
    *out = field.data[0];
    return true;
}

bool view_take_u16(struct View *v, uint16_t *out)
{
    struct View field;
    if (!view_take(v, 2, &field))
        return false;
    *out = get_u16(field.data);
    return true;
}

bool view_take_u32(struct View *v, uint32_t *out)
{
    struct View field;
    if (!view_take(v, 4, &field))
        return false;
    *out = get_u32(field.data);
    return true;
}

bool view_take_u64(struct View *v, uint64_t *out)
{
    struct View field;
    if (!view_take(v, 8, &field))
        return false;
    *out = get_u64(field.data);
    return true;
}

bool view_take_varint(struct View *v, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < VARINT_MAX && i < v->len; i++) {
        uint8_t byte = v->data[i];
        if (i == VARINT_MAX - 1 && byte > 1) /* only bit 63 is left */
            return false;
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            v->data += i + 1;
            v->len -= i + 1;
            *out = value;
            return true;
        }
    }
    return false;
}

void put_u16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, (uint16_t)value);
    put_u16(p + 2, (uint16_t)(value >> 16));
}

void put_u64(uint8_t *p, uint64_t value)
{
    put_u32(p, (uint32_t)value);
    put_u32(p + 4, (uint32_t)(value >> 32));
}

uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t get_u32(const uint8_t *p)
{
    return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

size_t put_varint(uint8_t *p, uint64_t value)
{
    size_t n = 0;
    while (value > 0x7F) {
        p[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    p[n++] = (uint8_t)value;
    return n;
}

size_t varint_size(uint64_t value)
{
    size_t n = 1;
    while (value > 0x7F) {
        value >>= 7;
        n++;
    }
    return n;
}
