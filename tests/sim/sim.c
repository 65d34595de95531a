#include "sim.h"

#include "core/slot.h"
#include "host/kernels.h"
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_SIZE ((size_t)4 << 20)
#define RX_SIZE      ((size_t)2 * FRAME_MAX)
#define MEMORY_MOST  ((uint64_t)64 << 20)

void sim_check(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "sim: %s\n", what);
        abort();
    }
}

void sim_digest(const uint8_t *bytes, uint64_t size, uint8_t digest[PACKET_DIGEST])
{
    struct sha256_ctx sha;

    sha256_init(&sha);
    sha256_update(&sha, size, bytes);
    sha256_digest(&sha, PACKET_DIGEST, digest);
}

static bool is_stream(const struct SimFile *f)
{
    return (f->info.flags & OBJECT_STREAM) != 0;
}

static enum ReceiverOpen store_open(void *ctx, unsigned slot, const struct PacketObject *object)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];

    sim_check(!f->open, "a slot was opened twice");
    if (object->size > r->size_most)
        return RECEIVER_REFUSE;
    for (unsigned i = 0; i < SIM_DONE; i++) {
        if (r->done[i].info.symbol_size > 0 && slot_same_file(&r->done[i].info, object))
            return RECEIVER_HAVE;
    }
    *f = (struct SimFile){.open = true, .result = SIM_INCOMPLETE};
    slot_copy_object(&f->info, f->name, object);
    f->room = is_stream(f) ? 0 : object->size;
    f->bytes = malloc(f->room + 1);
    r->opened++;
    return packet_object_same(&r->kept.info, object) ? RECEIVER_RESUME : RECEIVER_TAKE;
}

static void *store_memory(void *ctx, unsigned slot, uint64_t size)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];

    sim_check(f->open, "memory for a slot that is not open");
    if (size > MEMORY_MOST)
        return NULL;
    free(f->memory[1]);
    f->memory[1] = f->memory[0];
    f->memory[0] = calloc(1, size);
    r->memory++;
    return f->memory[0];
}

static bool store_resume(void *ctx, unsigned slot, struct Object *object)
{
    struct SimReceiver *r = ctx;

    memcpy(r->files[slot].bytes, r->kept.bytes, r->kept.info.size);
    for (uint64_t s = 0; s < object->layout.symbols; s++) {
        if (r->kept.arrived[s])
            object_mark(object, s);
    }
    return true;
}

static void *store_scratch(void *ctx, unsigned slot, uint64_t size)
{
    struct SimReceiver *r = ctx;

    (void)slot;
    r->scratches++;
    if (size <= r->scratch_size)
        return r->scratch;
    free(r->scratch);
    r->scratch = malloc(size);
    r->scratch_size = size;
    r->memory++;
    return r->scratch;
}

static bool store_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];

    sim_check(f->open && offset <= f->room && len <= f->room - offset, "a write beyond the object");
    if (++r->writes == r->fail_write_at)
        return false;
    memcpy(f->bytes + offset, data, len);
    return true;
}

static bool store_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    const struct SimReceiver *r = ctx;
    const struct SimFile *f = &r->files[slot];

    sim_check(f->open && offset <= f->room && len <= f->room - offset, "a read beyond the object");
    memcpy(data, f->bytes + offset, len);
    return true;
}

/* As large as the table of records can be: as many bytes again as there are symbols, and keys. */
static uint64_t repairs_room(const struct SimReceiver *r, unsigned slot)
{
    const struct Repairs *repairs = &r->slots[slot].repairs;

    return repairs->windows * repairs->capacity * (8 + (uint64_t)repairs->symbol_size);
}

static bool store_repair_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data,
                               size_t len)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];
    uint64_t room = repairs_room(r, slot);

    sim_check(f->open && offset <= room && len <= room - offset, "a repair beyond the table");
    if (room > f->repairs_size) {
        f->repairs = realloc(f->repairs, room);
        f->repairs_size = room;
        r->memory++;
    }
    memcpy(f->repairs + offset, data, len);
    return true;
}

static bool store_repair_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    struct SimReceiver *r = ctx;
    const struct SimFile *f = &r->files[slot];

    sim_check(f->open && f->repairs != NULL, "a repair was read that was never written");
    sim_check(offset <= f->repairs_size && len <= f->repairs_size - offset,
              "a repair was read beyond the table");
    memcpy(data, f->repairs + offset, len);
    return true;
}

static bool store_advance(void *ctx, unsigned slot, uint64_t prefix)
{
    struct SimReceiver *r = ctx;

    sim_check(prefix <= r->files[slot].info.size, "a prefix beyond the object");
    r->files[slot].prefix = prefix;
    return true;
}

static bool store_deliver(void *ctx, unsigned slot, const uint8_t *data, size_t len)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];

    sim_check(f->open && is_stream(f), "bytes delivered to no stream");
    if (f->size + len > f->room) {
        f->room = 2 * (f->size + len);
        f->bytes = realloc(f->bytes, f->room);
    }
    memcpy(f->bytes + f->size, data, len);
    f->size += len;
    return true;
}

static enum ReceiverCheck store_finish(void *ctx, unsigned slot, uint64_t size, struct View digest)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];
    uint8_t real[PACKET_DIGEST];

    sim_check(f->open && size == (is_stream(f) ? f->size : f->info.size), "finished too small");
    sim_check(is_stream(f) || f->prefix == size, "finished before every byte was there");
    if (r->finish_time > 0 && f->complete_at == 0)
        f->complete_at = r->now;
    if (r->finish_time > 0 && r->now < f->complete_at + r->finish_time)
        return RECEIVER_LATER;
    f->complete_at = 0;
    sim_digest(f->bytes, size, real);
    if (digest.len == 0 || memcmp(real, digest.data, digest.len) != 0) {
        f->result = SIM_DIFFERED;
        f->prefix = 0;
        r->differed++;
        return RECEIVER_DIFFERS;
    }
    f->size = size;
    f->result = SIM_EQUAL;
    return RECEIVER_VERIFIED;
}

uint64_t sim_receiver_finish(struct SimReceiver *r, uint64_t now)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < r->receiver.config.slot_count; i++) {
        uint64_t at = r->files[i].complete_at + r->finish_time;

        if (!r->slots[i].finishing)
            continue;
        if (at <= now) {
            r->now = now;
            receiver_finish(&r->receiver, i, now);
        } else if (at < next) {
            next = at;
        }
    }
    return next;
}

static void free_file(struct SimFile *f)
{
    free(f->bytes);
    free(f->repairs);
    free(f->memory[0]);
    free(f->memory[1]);
    *f = (struct SimFile){0};
}

static void store_close(void *ctx, unsigned slot)
{
    struct SimReceiver *r = ctx;
    struct SimFile *f = &r->files[slot];

    sim_check(f->open, "a slot was closed twice");
    r->counters = r->slots[slot].counters;
    if (f->result == SIM_EQUAL && r->finished++ < SIM_DONE) {
        struct SimFile *done = &r->done[r->finished - 1];

        *done = *f;
        slot_copy_object(&done->info, done->name, &f->info);
        *f = (struct SimFile){0};
    }
    free_file(f);
}

void sim_receiver_open_with(struct SimReceiver *r, Gf256MulAdd muladd)
{
    struct ReceiverConfig config = {
        .crc32c = kernels_best()->crc32c,
        .muladd = muladd,
        .store = {r, store_open, store_memory, store_resume, store_scratch, store_write, store_read,
                  store_repair_write, store_repair_read, store_advance, store_deliver, store_finish,
                  store_close},
        .slots = r->slots,
        .slot_count = SIM_SLOTS,
        .waiting_size = WAITING_SIZE,
    };

    *r = (struct SimReceiver){.size_most = (uint64_t)1 << 30};
    config.waiting = r->waiting = malloc(WAITING_SIZE);
    receiver_init(&r->receiver, &config);
    frame_reader_init(&r->reader, config.crc32c);
    r->rx_memory = malloc(RX_SIZE);
    buffer_init(&r->rx, r->rx_memory, RX_SIZE, 0);
}

void sim_receiver_open(struct SimReceiver *r)
{
    sim_receiver_open_with(r, kernels_best()->muladd);
}

static void forget_kept(struct SimReceiver *r)
{
    free(r->kept.bytes);
    free(r->kept.arrived);
    r->kept = (struct SimKept){0};
}

/* The name is not kept: packet_object_same would compare it, so objects under test have none. */
static void keep(struct SimReceiver *r, const struct Slot *slot, struct SimFile *f)
{
    const struct Object *o = &slot->object;

    forget_kept(r);
    if (slot->state != SLOT_COLLECTING || is_stream(f))
        return;
    r->kept.info = slot->info;
    r->kept.bytes = f->bytes;
    f->bytes = NULL;
    r->kept.arrived = calloc(o->layout.symbols + 1, 1);
    for (uint64_t s = 0; s < o->layout.symbols; s++)
        r->kept.arrived[s] = object_has(o, s);
}

void sim_receiver_restart(struct SimReceiver *r, bool resume)
{
    struct SimReceiver old = *r;
    struct ReceiverConfig config = r->receiver.config;

    forget_kept(r);
    for (unsigned i = 0; resume && i < SIM_SLOTS_MAX && r->kept.info.symbol_size == 0; i++)
        keep(r, &r->slots[i], &r->files[i]);
    for (unsigned i = 0; i < SIM_SLOTS_MAX; i++) {
        free_file(&r->files[i]);
        r->files[i] = (struct SimFile){0};
    }
    config.run = (uint16_t)(config.run + 1000); /* random: not one of the runs so far */
    receiver_init(&r->receiver, &config);
    frame_reader_init(&r->reader, config.crc32c);
    buffer_reset(&r->rx, 0);
    r->now = old.now;
}

void sim_receiver_forget(struct SimReceiver *r)
{
    for (unsigned i = 0; i < SIM_DONE; i++)
        free_file(&r->done[i]);
    r->finished = 0;
}

void sim_receiver_close(struct SimReceiver *r)
{
    forget_kept(r);
    for (unsigned i = 0; i < SIM_SLOTS_MAX; i++)
        free_file(&r->files[i]);
    sim_receiver_forget(r);
    free(r->waiting);
    free(r->scratch);
    free(r->rx_memory);
}

void sim_receiver_packet(struct SimReceiver *r, struct View packet)
{
    receiver_input(&r->receiver, packet, r->now += 1000);
}

void sim_receiver_feed(void *ctx, const uint8_t *bytes, size_t len)
{
    struct SimReceiver *r = ctx;
    struct View packet;

    while (len > 0) {
        size_t n = buffer_tailroom(&r->rx);

        n = n < len ? n : len;
        sim_check(n > 0, "the reader jammed");
        buffer_append(&r->rx, bytes, n);
        bytes += n;
        len -= n;
        while (frame_reader_next(&r->reader, &r->rx, &packet))
            sim_receiver_packet(r, packet);
        buffer_rebase(&r->rx, 0);
    }
}

static bool is_of(const struct SimFile *f, const uint8_t *digest)
{
    return f->info.symbol_size > 0 && memcmp(f->info.id, digest, PACKET_ID - 1) == 0;
}

/* What an open file claims to have: a stream all that was delivered, others their prefix. */
static bool agrees(const struct SimFile *f, const uint8_t *bytes, uint64_t size)
{
    uint64_t n = is_stream(f) ? f->size : f->prefix;

    return n <= size && memcmp(f->bytes, bytes, n) == 0;
}

enum SimResult sim_receiver_result(const struct SimReceiver *r, const uint8_t *bytes, uint64_t size)
{
    uint8_t digest[PACKET_DIGEST];

    sim_digest(bytes, size, digest);
    for (unsigned i = 0; i < SIM_DONE; i++) {
        const struct SimFile *f = &r->done[i];

        if (is_of(f, digest))
            return f->size == size && memcmp(f->bytes, bytes, size) == 0 ? SIM_EQUAL : SIM_WRONG;
    }
    for (unsigned i = 0; i < SIM_SLOTS_MAX; i++) {
        const struct SimFile *f = &r->files[i];

        if (!f->open || !is_of(f, digest))
            continue;
        if (!agrees(f, bytes, size) && r->differed == 0)
            return SIM_WRONG;
        return r->slots[i].state == SLOT_FAILED ? SIM_FAILED : f->result;
    }
    return SIM_NOTHING;
}

const struct Slot *sim_receiver_slot(const struct SimReceiver *r, const uint8_t *bytes,
                                     uint64_t size)
{
    uint8_t digest[PACKET_DIGEST];

    sim_digest(bytes, size, digest);
    for (unsigned i = 0; i < SIM_SLOTS_MAX; i++) {
        if (r->files[i].open && is_of(&r->files[i], digest))
            return &r->slots[i];
    }
    return NULL;
}
