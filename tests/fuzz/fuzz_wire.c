/*
 * Fuzz: any bytes to a WireIn, which finds out what wire they are of, in pieces of any size: the
 * packets and the wire are the same however they are cut. The first byte of an input says how.
 */
#include "host/wire_in.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static struct WireIn in;

/* What was heard: packets, all their bytes, and of what wire. */
struct Heard {
    uint64_t packets;
    uint32_t crc;
    struct WireForm form;
};

struct Pieces {
    struct View left;
    size_t seed; /* 0: as much as there is room for */
    size_t next;
};

static ptrdiff_t fill(void *ctx, uint8_t *space, size_t size)
{
    struct Pieces *p = ctx;
    struct View piece;
    size_t n = p->seed == 0 ? size : 1 + p->next % (p->seed % 2 == 0 ? 50 : 30000);

    n = n < size ? n : size;
    n = n < p->left.len ? n : p->left.len;
    check(n > 0 && view_take(&p->left, n, &piece));
    memcpy(space, piece.data, n);
    p->next = p->next * 13 + 7;
    return (ptrdiff_t)n;
}

static void take_packets(struct Heard *heard)
{
    struct WireForm before = in.form;
    struct View packet;

    while (wire_in_next(&in, &packet)) {
        heard->packets++;
        heard->crc = crc32c_portable(heard->crc, packet.data, packet.len);
        if (before.wire != WIRE_UNKNOWN) /* for good */
            check(in.form.wire == before.wire && in.form.armor == before.armor);
    }
    check(in.form.wire != WIRE_UNKNOWN || !in.form.armor);
}

static struct Heard hear(struct View bytes, size_t seed)
{
    struct Pieces pieces = {bytes, seed, seed};
    struct Heard heard = {0};
    struct View fresh;

    wire_in_init(&in, crc32c_portable, (struct WireForm){0}, 1);
    while (pieces.left.len > 0) {
        check(wire_in_read(&in, fill, &pieces, &fresh) > 0);
        take_packets(&heard);
    }
    wire_in_finish(&in);
    check(wire_in_good(&in) >= (heard.packets > 0 && in.form.wire == WIRE_DTTK));
    heard.form = in.form;
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct Heard whole, cut;

    if (size == 0)
        return 0;
    whole = hear(view_of(data + 1, size - 1), 0);
    cut = hear(view_of(data + 1, size - 1), 1 + data[0]);
    check(whole.packets == cut.packets && whole.crc == cut.crc);
    check(whole.form.wire == cut.form.wire && whole.form.armor == cut.form.armor);
    return 0;
}
