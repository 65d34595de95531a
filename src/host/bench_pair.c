/*
 * Bench, the core as a whole: a sender and a receiver in one process, joined by a batch of frames,
 * without files and digests. The content repeats every SPAN bytes, so that like the windows of a
 * transfer it lies in a near cache, whatever the object's size.
 */
#include "core/frame.h"
#include "core/receiver.h"
#include "core/sender.h"
#include "host/bench.h"
#include "host/kernels.h"

#include <stdlib.h>
#include <string.h>

#define SPAN         ((size_t)256 << 10)
#define BATCH        ((size_t)128 << 10)
#define LARGE_FRAME  16384
#define SMALL_FRAME  208 /* a packet of 200 bytes and what frames add */
#define LARGE_OBJECT ((uint64_t)64 << 20)
#define SMALL_OBJECT ((uint64_t)8 << 20)
#define QUICK_SHARE  2 /* of an object */

struct Shape {
    const char *both, *send, *receive; /* names of the stages; the latter may be NULL */
    uint64_t size;
    size_t mtu;
    uint32_t redundancy; /* per thousand */
    unsigned loss;       /* percent of the packets, but OBJECT and END */
};

static const struct Shape shapes[] = {
    {"loop-back, 16 KiB packets", "  of that the sender", "  of that the receiver", LARGE_OBJECT,
     LARGE_FRAME, 0, 0},
    {"loop-back, 200-byte packets", "  of that the sender, 200", "  of that the receiver, 200",
     SMALL_OBJECT, SMALL_FRAME, 0, 0},
    {"loop-back, 25 % repairs", "  of that the sender, 25 %", "  of that the receiver, 25 %",
     LARGE_OBJECT, LARGE_FRAME, 250, 0},
    {"loop-back, 25 % repairs, 10 % lost", "  of that the sender, lossy",
     "  of that the receiver, lossy", LARGE_OBJECT, LARGE_FRAME, 250, 10},
};

struct Pair {
    const struct Shape *shape;
    uint64_t size;
    struct Sender sender;
    struct Receiver receiver;
    struct Slot slot;
    struct FrameWriter writer;
    struct FrameReader reader;
    struct Buffer packet, line;
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    uint8_t line_memory[BATCH + 2 * FRAME_MAX];
    uint8_t waiting[4096];
    uint8_t *content; /* SPAN bytes, and their beginning once more, for what reaches over the end */
    uint8_t *arrived; /* SPAN bytes */
    void *sender_memory;
    void *bookkeeping, *scratch, *side;
    size_t bookkeeping_size, scratch_size, side_size;
    uint64_t state; /* of the losses */
    bool verified;
    uint64_t send_ns, receive_ns, both_ns; /* of the last run */
    uint64_t packets;
};

static struct Pair pair; /* large, and there is one bench per process */

/* ---- The sender's source ---------------------------------------------------------------------*/

static const uint8_t *lend_bytes(void *ctx, uint64_t offset, size_t len)
{
    const struct Pair *p = ctx;
    CORE_ASSERT(len <= FRAME_MAX);
    return p->content + offset % SPAN;
}

static bool lend_digest(void *ctx, struct View *digest)
{
    static const uint8_t any[PACKET_DIGEST];
    (void)ctx;
    *digest = view_of(any, sizeof any);
    return true;
}

/* ---- The receiver's store --------------------------------------------------------------------*/

static enum ReceiverOpen store_open(void *ctx, unsigned slot, const struct PacketObject *object)
{
    (void)ctx;
    (void)slot;
    (void)object;
    return RECEIVER_TAKE;
}

/* Memory that is kept from run to run, so that a run does not pay for it. */
static void *hold(void **memory, size_t *have, uint64_t size)
{
    if (size <= *have)
        return *memory;
    free(*memory);
    *memory = calloc(1, (size_t)size);
    *have = *memory != NULL ? (size_t)size : 0;
    return *memory;
}

static void *store_memory(void *ctx, unsigned slot, uint64_t size)
{
    struct Pair *p = ctx;
    void *memory = hold(&p->bookkeeping, &p->bookkeeping_size, size);
    (void)slot;
    if (memory != NULL)
        memset(memory, 0, (size_t)size);
    return memory;
}

static void *store_scratch(void *ctx, unsigned slot, uint64_t size)
{
    struct Pair *p = ctx;
    (void)slot;
    return hold(&p->scratch, &p->scratch_size, size);
}

/* Bytes up to the end of the span, at most len. */
static size_t upto_end(uint64_t offset, size_t len)
{
    size_t left = SPAN - (size_t)(offset % SPAN);
    return len < left ? len : left;
}

static bool store_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    struct Pair *p = ctx;
    size_t n = upto_end(offset, len);
    (void)slot;
    memcpy(p->arrived + offset % SPAN, data, n);
    memcpy(p->arrived, data + n, len - n);
    return true;
}

static bool store_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    const struct Pair *p = ctx;
    size_t n = upto_end(offset, len);
    (void)slot;
    memcpy(data, p->arrived + offset % SPAN, n);
    memcpy(data + n, p->arrived, len - n);
    return true;
}

static bool side_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    struct Pair *p = ctx;
    (void)slot;
    if (offset > p->side_size || len > p->side_size - offset)
        return false;
    memcpy((uint8_t *)p->side + offset, data, len);
    return true;
}

static bool side_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    const struct Pair *p = ctx;
    (void)slot;
    memcpy(data, (const uint8_t *)p->side + offset, len);
    return true;
}

static bool store_advance(void *ctx, unsigned slot, uint64_t prefix)
{
    (void)ctx;
    (void)slot;
    (void)prefix;
    return true;
}

static enum ReceiverCheck store_finish(void *ctx, unsigned slot, uint64_t size, struct View digest)
{
    struct Pair *p = ctx;
    (void)slot;
    (void)digest;
    p->verified = size == p->size && memcmp(p->arrived, p->content, SPAN) == 0;
    return p->verified ? RECEIVER_VERIFIED : RECEIVER_FAILED;
}

static void store_close(void *ctx, unsigned slot)
{
    (void)ctx;
    (void)slot;
}

/* ---- A run -----------------------------------------------------------------------------------*/

static struct SenderConfig sender_config(struct Pair *p)
{
    const struct Kernels *k = kernels_best();
    size_t packet_max = frame_capacity(p->shape->mtu);
    return (struct SenderConfig){.crc32c = k->crc32c,
                                 .muladd = k->muladd,
                                 .simd = k->simd,
                                 .source = {p, lend_bytes, lend_digest},
                                 .object = {.size = p->size, .flags = OBJECT_IDENTITY},
                                 .plan = sender_plan(p->size, packet_max, k->simd),
                                 .packet_max = packet_max,
                                 .redundancy = p->shape->redundancy,
                                 .passes = 1};
}

static bool begin(struct Pair *p)
{
    const struct Kernels *k = kernels_best();
    struct SenderConfig config = sender_config(p);
    struct ReceiverConfig receiver = {.crc32c = k->crc32c,
                                      .muladd = k->muladd,
                                      .store = {.ctx = p,
                                                .open = store_open,
                                                .memory = store_memory,
                                                .scratch = store_scratch,
                                                .write = store_write,
                                                .read = store_read,
                                                .repair_write = side_write,
                                                .repair_read = side_read,
                                                .advance = store_advance,
                                                .finish = store_finish,
                                                .close = store_close},
                                      .slots = &p->slot,
                                      .slot_count = 1,
                                      .waiting = p->waiting,
                                      .waiting_size = sizeof p->waiting};
    receiver_init(&p->receiver, &receiver);
    p->writer = (struct FrameWriter){.crc32c = k->crc32c};
    frame_reader_init(&p->reader, k->crc32c);
    buffer_init(&p->packet, p->packet_memory, sizeof p->packet_memory, PACKET_HEADROOM);
    memset(p->arrived, 0, SPAN);
    p->verified = false;
    p->send_ns = p->receive_ns = 0;
    p->packets = 0;
    p->state = 1;
    return sender_init(&p->sender, &config, p->sender_memory);
}

static bool is_lost(struct Pair *p)
{
    bool content = p->packet.base[p->packet.head] % 16 == PACKET_SOURCE ||
                   p->packet.base[p->packet.head] % 16 == PACKET_REPAIR;
    p->state = p->state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return content && (p->state >> 33) % 100 < p->shape->loss;
}

/* A batch of frames; false: there are no more. */
static bool send_batch(struct Pair *p)
{
    struct View parts[2];
    buffer_init(&p->line, p->line_memory, sizeof p->line_memory, 0);
    while (p->line.len < BATCH) {
        if (!sender_output(&p->sender, &p->packet, &parts[1], 0))
            return false;
        p->packets++;
        parts[0] = buffer_view(&p->packet);
        if (!is_lost(p))
            frame_append(&p->writer, &p->line, parts, 2);
    }
    return true;
}

static void receive_batch(struct Pair *p)
{
    struct View packet;
    while (frame_reader_next(&p->reader, &p->line, &packet))
        receiver_input(&p->receiver, packet, 0);
}

static bool run(void *ctx)
{
    struct Pair *p = ctx;
    bool more = begin(p);
    while (more) {
        uint64_t start = bench_time(), middle;
        more = send_batch(p);
        middle = bench_time();
        receive_batch(p);
        p->send_ns += middle - start;
        p->receive_ns += bench_time() - middle;
    }
    p->both_ns = p->send_ns + p->receive_ns;
    return p->sender.state == SENDER_FINISHED && p->verified;
}

static void stage(struct Bench *b, const char *name, const uint64_t *ns)
{
    struct BenchStage s = {.name = name,
                           .run = run,
                           .ctx = &pair,
                           .bytes = pair.size,
                           .packets = pair.packets,
                           .ns = ns};
    bench_stage(b, &s);
}

static void measure(struct Bench *b, const struct Shape *shape)
{
    if (!bench_wants(b, shape->both) && !bench_wants(b, shape->send) &&
        !bench_wants(b, shape->receive))
        return;
    pair.shape = shape;
    pair.size = shape->size / (b->options->quick ? QUICK_SHARE : 1);
    pair.side_size = (size_t)pair.size / 4 * 5; /* a sparse table */
    struct SenderConfig config = sender_config(&pair);
    pair.sender_memory = malloc(sender_memory(&config) + 1);
    pair.side = shape->loss > 0 ? malloc(pair.side_size) : NULL;
    if (pair.sender_memory == NULL || (shape->loss > 0 && pair.side == NULL)) {
        bench_fail(b, shape->both, "out of memory");
    } else {
        (void)run(&pair); /* how many packets it takes */
        stage(b, shape->both, &pair.both_ns);
        stage(b, shape->send, &pair.send_ns);
        stage(b, shape->receive, &pair.receive_ns);
    }
    free(pair.sender_memory);
    free(pair.side);
}

void bench_pair(struct Bench *b)
{
    b->group = "loop-back";
    pair.content = malloc(SPAN + FRAME_MAX);
    pair.arrived = malloc(SPAN);
    if (pair.content == NULL || pair.arrived == NULL) {
        bench_fail(b, "loop-back", "out of memory");
    } else {
        bench_fill(pair.content, SPAN);
        memcpy(pair.content + SPAN, pair.content, FRAME_MAX);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            measure(b, &shapes[i]);
    }
    free(pair.content);
    free(pair.arrived);
    free(pair.bookkeeping);
    free(pair.scratch);
}
