/*
 * Both machines in one process, over one buffer: what the sender appends on the right the receiver
 * takes off on the left. All memory is static: this file calls no malloc, and nobody else may.
 */
#include "core/frame.h"
#include "core/receiver.h"
#include "core/sender.h"
#include "host/kernels.h"
#include "sim/sim.h"

#include <string.h>

#include "unit/check.h"
#include "unit/random.h"

#define MIB       ((size_t)1 << 20)
#define SIZE_MOST MIB

/* ---- Whoever calls malloc is counted, where it can be told from a sanitizer's own ---------- */

static uint64_t allocations;

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__ && !__has_feature(address_sanitizer)
#define COUNTS_ALLOCATIONS 1

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

/* ---- A store of static memory ------------------------------------------------------------------
 */

static uint8_t sent[SIZE_MOST], received[SIZE_MOST];
static uint8_t side[4 * MIB], waiting[64 << 10], line[2 * FRAME_MAX];
static uint64_t bookkeeping[32 * MIB / 8], scratch[8 * MIB / 8], sender_space_[4 * MIB / 8];
static uint64_t delivered;
static bool verified;
static uint8_t digest[PACKET_DIGEST];

static enum ReceiverOpen store_open(void *ctx, unsigned slot, const struct PacketObject *object)
{
    (void)ctx;
    (void)slot;
    return object->size <= SIZE_MOST ? RECEIVER_TAKE : RECEIVER_REFUSE;
}

static void *store_memory(void *ctx, unsigned slot, uint64_t size)
{
    (void)ctx;
    (void)slot;
    if (size > sizeof bookkeeping)
        return NULL;
    memset(bookkeeping, 0, (size_t)size);
    return bookkeeping;
}

static void *store_scratch(void *ctx, unsigned slot, uint64_t size)
{
    (void)ctx;
    (void)slot;
    return size <= sizeof scratch ? scratch : NULL;
}

static bool store_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)slot;
    memcpy(received + offset, data, len);
    return true;
}

static bool store_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    (void)ctx;
    (void)slot;
    memcpy(data, received + offset, len);
    return true;
}

static bool side_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)slot;
    if (offset + len > sizeof side)
        return false;
    memcpy(side + offset, data, len);
    return true;
}

static bool side_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    (void)ctx;
    (void)slot;
    memcpy(data, side + offset, len);
    return true;
}

static bool store_advance(void *ctx, unsigned slot, uint64_t prefix)
{
    (void)ctx;
    (void)slot;
    delivered = prefix;
    return true;
}

static bool store_deliver(void *ctx, unsigned slot, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)slot;
    memcpy(received + delivered, data, len);
    delivered += len;
    return true;
}

static enum ReceiverCheck store_finish(void *ctx, unsigned slot, uint64_t size, struct View d)
{
    (void)ctx;
    (void)slot;
    verified = size == delivered && d.len > 0 && memcmp(d.data, digest, d.len) == 0 &&
               memcmp(sent, received, (size_t)size) == 0;
    return verified ? RECEIVER_VERIFIED : RECEIVER_DIFFERS;
}

static void store_close(void *ctx, unsigned slot)
{
    (void)ctx;
    (void)slot;
}

static const uint8_t *source_lend(void *ctx, uint64_t offset, size_t len)
{
    (void)ctx;
    (void)len;
    return sent + offset;
}

static bool source_digest(void *ctx, struct View *d)
{
    (void)ctx;
    *d = view_of(digest, sizeof digest);
    return true;
}

/* ---- The loop ----------------------------------------------------------------------------------
 */

struct Loop {
    struct Sender sender;
    struct Receiver receiver;
    struct Slot slot;
    struct Buffer packet, line;
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    struct FrameWriter writer;
    struct FrameReader reader;
    uint64_t taken, size; /* of a stream */
    uint64_t packets;
};

static struct Loop loop;

static void loop_open(struct Loop *l, uint64_t size, size_t mtu, bool stream)
{
    const struct Kernels *kernels = kernels_best();
    struct SenderConfig config = {
        .crc32c = kernels->crc32c,
        .muladd = kernels->muladd,
        .simd = kernels->simd,
        .source = {NULL, source_lend, source_digest},
        .object = {.size = stream ? 0 : size, .flags = stream ? OBJECT_STREAM : 0},
        .plan = stream ? sender_plan_stream(frame_capacity(mtu))
                       : sender_plan(size, frame_capacity(mtu), kernels->simd),
        .packet_max = frame_capacity(mtu),
        .redundancy = 300,
        .passes = 1};
    struct ReceiverConfig receiver = {
        .crc32c = kernels->crc32c,
        .muladd = kernels->muladd,
        .store = {NULL, store_open, store_memory, NULL, store_scratch, store_write, store_read,
                  side_write, side_read, store_advance, store_deliver, store_finish, store_close},
        .slots = &l->slot,
        .slot_count = 1,
        .waiting = waiting,
        .waiting_size = sizeof waiting};

    *l = (struct Loop){.size = size, .writer = {.crc32c = kernels->crc32c}};
    sim_digest(sent, size, digest);
    memcpy(config.object.id, digest, PACKET_ID);
    cr_assert(sender_memory(&config) <= sizeof sender_space_);
    cr_assert(sender_init(&l->sender, &config, sender_space_));
    receiver_init(&l->receiver, &receiver);
    frame_reader_init(&l->reader, kernels->crc32c);
    buffer_init(&l->packet, l->packet_memory, sizeof l->packet_memory, PACKET_HEADROOM);
    buffer_init(&l->line, line, sizeof line, 0);
    verified = false;
    delivered = 0;
}

static void take_stream(struct Loop *l)
{
    size_t len;
    uint8_t *space;

    while (l->taken < l->size && (space = sender_space(&l->sender, &len)) != NULL) {
        len = l->size - l->taken < len ? (size_t)(l->size - l->taken) : len;
        memcpy(space, sent + l->taken, len);
        l->taken += len;
        sender_take(&l->sender, len);
    }
    if (l->taken == l->size)
        sender_end(&l->sender);
}

/* Of every eleven frames one is lost, if lossy, and OBJECT never. */
static void loop_run(struct Loop *l, bool lossy)
{
    struct View parts[2], packet;

    for (;;) {
        if (l->sender.state == SENDER_STREAMING)
            take_stream(l);
        if (!sender_output(&l->sender, &l->packet, &parts[1], 0))
            return;
        l->packets++;
        if (lossy && l->packets % 11 == 7)
            continue;
        parts[0] = buffer_view(&l->packet);
        if (buffer_tailroom(&l->line) < FRAME_MAX)
            buffer_rebase(&l->line, 0);
        CHECK(frame_append(&l->writer, &l->line, parts, 2), "no room for a frame");
        while (frame_reader_next(&l->reader, &l->line, &packet))
            receiver_input(&l->receiver, packet, l->packets);
        CHECK(l->line.len == 0, "a frame stayed on the line");
    }
}

static void fill(void)
{
    struct TestRandom random = {test_random_seed()};

    test_random_fill(&random, sent, sizeof sent);
}

Test(loopback, files_of_many_sizes_come_out_equal)
{
    static const size_t mtus[] = {60, 128, 1060, 16384, 65536};

    fill();
    for (uint64_t size = 0; size <= SIZE_MOST; size = size < 70 ? size + 1 : size * 9 / 8) {
        for (size_t m = 0; m < sizeof mtus / sizeof mtus[0]; m++) {
            loop_open(&loop, size, mtus[m], false);
            loop_run(&loop, size % 2 == 0);
            CHECK(verified, "size %" PRIu64 " mtu %zu", size, mtus[m]);
        }
        loop_open(&loop, size, 1060, true);
        loop_run(&loop, size % 2 == 0);
        CHECK(verified, "stream of size %" PRIu64, size);
        if (sim_rounds(10) < 10 && size > 3)
            size += size / 2;
    }
}

static void expect_no_allocation(bool stream)
{
    uint64_t before;

    loop_open(&loop, SIZE_MOST, 128, stream);
    before = allocations;
    loop_run(&loop, true);
    before = allocations - before;
    cr_assert(verified && loop.packets > 10000 && loop.slot.counters.repaired > 500);
    cr_assert_eq(before, 0, "%" PRIu64 " calls of malloc for %" PRIu64 " packets", before,
                 loop.packets);
}

Test(loopback, ten_thousand_packets_of_a_file_allocate_nothing)
{
    fill();
    expect_no_allocation(false);
}

Test(loopback, ten_thousand_packets_of_a_stream_allocate_nothing)
{
    fill();
    expect_no_allocation(true);
}

Test(loopback, an_allocation_would_be_noticed)
{
    uint64_t before = allocations;
    void *volatile memory = malloc(1);

    free(memory);
    cr_assert_eq(allocations - before, COUNTS_ALLOCATIONS);
}
