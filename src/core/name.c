#include "core/name.h"

/* Where the extension begins, its dot included; name.len: there is none so short. */
static size_t extension(struct View name, size_t longest)
{
    size_t dot = name.len;
    for (size_t i = name.len - longest; i < name.len; i++) {
        if (name.data[i] == '.')
            dot = i;
    }
    return dot;
}

size_t name_cut(uint8_t *out, struct View name, size_t most)
{
    size_t head = name.len, dot = name.len;
    if (name.len > most) {
        dot = extension(name, most / 2);
        head = most - (name.len - dot);
        while (head > 0 && (name.data[head] & 0xC0) == 0x80)
            head--;
    }
    if (name.len > 0) {
        memmove(out, name.data, head);
        memmove(out + head, name.data + dot, name.len - dot);
    }
    return head + name.len - dot;
}
