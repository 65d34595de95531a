/*
 * Fuzz: any bytes to an Unpacker, in pieces of any size, and any bytes packed and unpacked, flushed
 * anywhere. The first byte of an input says how it is cut.
 */
#include "host/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MOST ((size_t)1 << 20) /* an input may unpack to thousands of times its size */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct UnpackerLimits any = {.most = UINT64_MAX};

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Each call gets on, by taking or giving or an error; and what gave an error gives it for ever. */
static void unpack_pieces(const uint8_t *data, size_t size, size_t seed)
{
    size_t room = 1 + seed * 31, at = 0, given = 0;
    uint8_t *out = calloc(1, room);
    struct Unpacker u;
    int result = 0;

    check(unpacker_open(&u, any) == 0);
    for (size_t piece = seed; result == 0 && given < OUT_MOST && (at < size || u.full);) {
        size_t n = size - at < 1 + piece % 300 ? size - at : 1 + piece % 300;
        struct PackFlow flow = {data + at, n, out, room};
        bool was_full = u.full;

        result = unpacker_run(&u, &flow);
        check(result != 0 || flow.in_len < n || flow.out_len < room || was_full);
        check(result == 0 || errno == EILSEQ || errno == EOVERFLOW || errno == ENOMEM);
        at += n - flow.in_len;
        given += room - flow.out_len;
        piece = piece * 13 + 7;
    }
    if (result != 0)
        check(unpacker_run(&u, &(struct PackFlow){data, size, out, room}) != 0);
    unpacker_close(&u);
    free(out);
}

struct Back {
    struct Unpacker unpacker;
    struct View expected; /* what has not been unpacked yet */
};

/* What comes out is what went in, in order. */
static void unpack_back(struct Back *back, const uint8_t *packed, size_t len)
{
    uint8_t out[77];
    struct PackFlow flow = {packed, len, out, sizeof out};

    do {
        flow.out = out;
        flow.out_len = sizeof out;
        check(unpacker_run(&back->unpacker, &flow) == 0);
        size_t n = sizeof out - flow.out_len;
        check(n <= back->expected.len && memcmp(out, back->expected.data, n) == 0);
        back->expected = view_of(back->expected.data + n, back->expected.len - n);
    } while (flow.in_len > 0 || back->unpacker.full);
}

/* One piece into p, and what comes out of it into back. */
static void pack_piece(struct Packer *p, struct View piece, enum PackTo to, struct Back *back)
{
    uint8_t out[50];
    struct PackFlow flow = {piece.data, piece.len, out, sizeof out};
    int more;

    do {
        flow.out = out;
        flow.out_len = sizeof out;
        more = packer_run(p, &flow, to);
        check(more >= 0);
        unpack_back(back, out, sizeof out - flow.out_len);
    } while (more > 0);
    check(flow.in_len == 0);
}

static void there_and_back(const uint8_t *data, size_t size, size_t seed)
{
    struct Back back = {.expected = view_of(data, size)};
    struct Packer p;

    check(packer_open(&p, seed % 2 == 0 ? PACK_UNKNOWN : size) == 0);
    check(unpacker_open(&back.unpacker, any) == 0);
    for (size_t at = 0, piece = seed; at < size; piece = piece * 13 + 7) {
        size_t n = size - at < 1 + piece % 3000 ? size - at : 1 + piece % 3000;
        bool flushed = piece % 3 == 0;

        pack_piece(&p, view_of(data + at, n), flushed ? PACK_FLUSH : PACK_ON, &back);
        at += n;
        if (flushed) /* all that went in is there */
            check(back.expected.data == data + at);
    }
    pack_piece(&p, view_of(data + size, 0), PACK_END, &back);
    check(back.expected.len == 0 && back.unpacker.ended);
    packer_close(&p);
    unpacker_close(&back.unpacker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || !pack_known())
        return 0;
    unpack_pieces(data + 1, size - 1, data[0]);
    there_and_back(data + 1, size - 1, data[0]);
    return 0;
}
