/* Bench, single stages: each on bytes that lie in a near cache, as they do in a transfer. */
#include "core/cobs.h"
#include "core/frame.h"
#include "core/packet.h"
#include "host/bench.h"
#include "host/digest.h"
#include "host/kernels.h"

#include <string.h>

#define BLOCK  ((size_t)16000) /* bytes of a packet of a large file */
#define BLOCKS 8               /* so many are one batch */
#define SMALL  ((size_t)200)   /* bytes of a small packet */
#define BATCH  (BLOCK * BLOCKS)
#define ROOM   (BATCH + BATCH / 8 + FRAME_MAX)

/* A stage works on pieces of the same length, one after the other. */
struct Stages {
    const struct Kernels *kernels;
    size_t piece;
    Crc32c crc32c;
    struct FrameReader reader;
    struct Digest digest;
    enum DigestKind kind; /* of it */
    uint8_t content[BATCH];
    uint8_t out[ROOM];  /* what is made of it, */
    uint8_t kept[ROOM]; /* and the same once more, for stages that work in place */
    size_t kept_len;
    size_t ends[BATCH / SMALL + 1]; /* where the pieces of kept end */
    uint32_t sum;                   /* of results, so that none is left out by the compiler */
};

static struct Stages all; /* large, and there is one bench per process */

static bool run_memory(void *ctx)
{
    struct Stages *s = ctx;
    for (size_t at = 0; at < BATCH; at += s->piece)
        memcpy(s->out + at, s->content + at, s->piece);
    s->sum += s->out[s->sum % BATCH];
    return true;
}

/* What happens to a packet's buffer on its way down and up, the copying of content left out. */
static bool run_buffer(void *ctx)
{
    struct Stages *s = ctx;
    struct Buffer b;
    for (size_t at = 0; at < BATCH; at += s->piece) {
        buffer_init(&b, s->out, ROOM, PACKET_HEADROOM);
        if (!buffer_append_varint(&b, at) || buffer_extend(&b, s->piece) == NULL ||
            buffer_prepend(&b, PACKET_HEADER) == NULL || !buffer_append(&b, &s->sum, FRAME_CRC) ||
            !buffer_rtrunc(&b, FRAME_CRC) || !buffer_ltrunc(&b, PACKET_HEADER))
            return false;
        s->sum += (uint32_t)buffer_view(&b).len;
    }
    return true;
}

static bool run_crc(void *ctx)
{
    struct Stages *s = ctx;
    for (size_t at = 0; at < BATCH; at += s->piece)
        s->sum += s->crc32c(0, s->content + at, s->piece);
    return true;
}

static bool run_cobs_encode(void *ctx)
{
    struct Stages *s = ctx;
    struct CobsEncoder e;
    cobs_encoder_init(&e, s->out, ROOM);
    for (size_t at = 0; at < BATCH; at += s->piece) {
        if (!cobs_encode(&e, view_of(s->content + at, s->piece)))
            return false;
        cobs_finish(&e);
        s->ends[at / s->piece] = (size_t)(e.at - s->out);
    }
    s->kept_len = (size_t)(e.at - s->out);
    return true;
}

static bool run_find_zero(void *ctx)
{
    struct Stages *s = ctx;
    size_t from = 0;
    for (size_t i = 0; i < BATCH / s->piece; from = s->ends[i++])
        s->sum += (uint32_t)cobs_find_zero(s->kept + from, s->ends[i] - from);
    return true;
}

/* Decoding works in place, so what is decoded is copied first: that counts, too. */
static bool run_cobs_decode(void *ctx)
{
    struct Stages *s = ctx;
    size_t from = 0, len;
    memcpy(s->out, s->kept, s->kept_len);
    for (size_t i = 0; i < BATCH / s->piece; from = s->ends[i++]) {
        if (!cobs_decode(s->out + from, s->ends[i] - from, &len) || len != s->piece)
            return false;
    }
    return true;
}

static bool run_frame_write(void *ctx)
{
    struct Stages *s = ctx;
    struct FrameWriter w = {.crc32c = s->crc32c};
    struct Buffer b;
    buffer_init(&b, s->out, ROOM, 0);
    for (size_t at = 0; at < BATCH; at += s->piece) {
        struct View part = view_of(s->content + at, s->piece);
        if (!frame_append(&w, &b, &part, 1))
            return false;
    }
    s->kept_len = b.len;
    return true;
}

static bool run_frame_read(void *ctx)
{
    struct Stages *s = ctx;
    struct Buffer b;
    struct View packet;
    size_t at = 0;
    buffer_init(&b, s->out, ROOM, 0);
    memcpy(buffer_extend(&b, s->kept_len), s->kept, s->kept_len);
    while (frame_reader_next(&s->reader, &b, &packet))
        at += packet.len;
    return at == BATCH && b.len == 0;
}

static bool run_digest(void *ctx)
{
    struct Stages *s = ctx;
    uint8_t value[PACKET_DIGEST];
    digest_init(&s->digest, s->kind);
    for (size_t at = 0; at < BATCH; at += s->piece)
        digest_update(&s->digest, s->content + at, s->piece);
    digest_value(&s->digest, value);
    s->sum += value[0];
    return true;
}

static void stage(struct Bench *b, const char *name, bool (*run)(void *), size_t piece)
{
    struct BenchStage stage = {
        .name = name, .run = run, .ctx = &all, .bytes = BATCH, .packets = BATCH / piece};
    all.piece = piece;
    bench_stage(b, &stage);
}

/* What frames or COBS make of the content becomes what the next stages undo. */
static void keep(bool (*run)(void *), size_t piece)
{
    all.piece = piece;
    (void)run(&all);
    memcpy(all.kept, all.out, ROOM);
}

static void stages_of_cobs(struct Bench *b)
{
    stage(b, "COBS encode, random bytes", run_cobs_encode, BLOCK);
    keep(run_cobs_encode, BLOCK);
    stage(b, "COBS search for the end", run_find_zero, BLOCK);
    stage(b, "COBS decode, random bytes", run_cobs_decode, BLOCK);
    memset(all.content, 'x', BATCH);
    stage(b, "COBS encode, no zeros", run_cobs_encode, BLOCK);
    keep(run_cobs_encode, BLOCK);
    stage(b, "COBS decode, no zeros", run_cobs_decode, BLOCK);
    memset(all.content, 0, BATCH);
    stage(b, "COBS encode, zeros only", run_cobs_encode, BLOCK);
    keep(run_cobs_encode, BLOCK);
    stage(b, "COBS decode, zeros only", run_cobs_decode, BLOCK);
    bench_fill(all.content, BATCH);
}

static void stages_of_frames(struct Bench *b, const char *write, const char *read, size_t piece)
{
    frame_reader_init(&all.reader, all.crc32c);
    stage(b, write, run_frame_write, piece);
    keep(run_frame_write, piece);
    stage(b, read, run_frame_read, piece);
}

void bench_stages(struct Bench *b)
{
    all.kernels = kernels_best();
    all.crc32c = all.kernels->crc32c;
    bench_fill(all.content, BATCH);
    b->group = "stage";
    stage(b, "memory copy", run_memory, BLOCK);
    stage(b, "buffer, a packet down and up", run_buffer, SMALL);
    stage(b, "CRC-32C", run_crc, BLOCK);
    stage(b, "CRC-32C, 200 bytes", run_crc, SMALL);
    all.crc32c = crc32c_portable;
    stage(b, "CRC-32C, portable", run_crc, BLOCK);
    all.crc32c = all.kernels->crc32c;
    stages_of_cobs(b);
    stages_of_frames(b, "frame write, 16 kB", "frame read, 16 kB", BLOCK);
    stages_of_frames(b, "frame write, 200 bytes", "frame read, 200 bytes", SMALL);
    all.kind = DIGEST_SHA256;
    stage(b, "SHA-256", run_digest, BLOCK);
    all.kind = DIGEST_XXH128;
    if (digest_known(all.kind))
        stage(b, "XXH128", run_digest, BLOCK);
}
