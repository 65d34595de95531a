/*
 * Fuzz: any packets to a whole receiver, over a store of little memory that checks every call. An
 * input is a byte of modes, then packets, each led by its length (u16, little-endian). An OBJECT is
 * given its right tag; a packet of tag 0 that of the OBJECT before it.
 */
#include "core/receiver.h"
#include "sim/forge.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS        3
#define SIZE_MOST    ((uint64_t)1 << 17)
#define MEMORY_MOST  ((uint64_t)1 << 20)
#define SCRATCH_MOST ((uint64_t)1 << 20)
#define SIDE_MOST    ((uint64_t)1 << 19)
#define WAITING      5000

enum Mode {
    MODE_NO_SCRATCH = 1,
    MODE_DIFFERS = 2, /* the first digest of a slot does not hold */
    MODE_FAILS = 4,   /* every 64th call fails */
    MODE_HAVE = 8,    /* some objects are here, some are refused */
    MODE_SLOWLY = 16, /* minutes between packets */
    MODE_LATER = 32,  /* a slot is asked several times before it knows if all is right */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct Fuzz {
    struct Receiver receiver;
    struct Slot slots[SLOTS];
    unsigned mode;
    unsigned calls;
    uint8_t waiting[WAITING];
    void *scratch;
    struct FuzzFile {
        bool open, differed;
        unsigned asked;
        struct PacketObject info;
        uint8_t *bytes, *side;
        void *memory[2];
        uint64_t prefix, delivered;
    } files[SLOTS];
} fuzz;

static void check(bool condition)
{
    if (!condition)
        abort();
}

static bool works(void)
{
    return (fuzz.mode & MODE_FAILS) == 0 || ++fuzz.calls % 64 != 0;
}

static struct FuzzFile *file_of(unsigned slot)
{
    check(slot < SLOTS && fuzz.files[slot].open);
    return &fuzz.files[slot];
}

static bool is_stream(const struct FuzzFile *f)
{
    return (f->info.flags & OBJECT_STREAM) != 0;
}

static enum ReceiverOpen store_open(void *ctx, unsigned slot, const struct PacketObject *object)
{
    struct FuzzFile *f = &fuzz.files[slot];

    (void)ctx;
    check(slot < SLOTS && !f->open);
    if (object->size > SIZE_MOST || ((fuzz.mode & MODE_HAVE) != 0 && object->salt % 4 == 3))
        return RECEIVER_REFUSE;
    if ((fuzz.mode & MODE_HAVE) != 0 && object->salt % 4 == 2)
        return RECEIVER_HAVE;
    *f = (struct FuzzFile){.open = true, .info = *object};
    f->bytes = malloc(object->size + 1);
    return (fuzz.mode & MODE_HAVE) != 0 ? RECEIVER_RESUME : RECEIVER_TAKE;
}

static void *store_memory(void *ctx, unsigned slot, uint64_t size)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    if (size > MEMORY_MOST || !works())
        return NULL;
    free(f->memory[1]);
    f->memory[1] = f->memory[0];
    f->memory[0] = calloc(1, size);
    return f->memory[0];
}

static bool store_resume(void *ctx, unsigned slot, struct Object *object)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    memset(f->bytes, 0, f->info.size + 1);
    for (uint64_t s = 0; s < object->layout.symbols; s += 3)
        object_mark(object, s);
    return works();
}

static void *store_scratch(void *ctx, unsigned slot, uint64_t size)
{
    (void)ctx;
    file_of(slot);
    if (size > SCRATCH_MOST || (fuzz.mode & MODE_NO_SCRATCH) != 0)
        return NULL;
    free(fuzz.scratch);
    fuzz.scratch = malloc(size);
    return fuzz.scratch;
}

static void check_range(const struct FuzzFile *f, uint64_t offset, size_t len)
{
    check(!is_stream(f) && offset <= f->info.size && len <= f->info.size - offset);
}

static bool store_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    check_range(f, offset, len);
    memcpy(f->bytes + offset, data, len);
    return works();
}

static bool store_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    check_range(f, offset, len);
    memcpy(data, f->bytes + offset, len);
    return works();
}

static bool side_write(void *ctx, unsigned slot, uint64_t offset, const uint8_t *data, size_t len)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    if (offset > SIDE_MOST || len > SIDE_MOST - offset)
        return false;
    if (!f->side)
        f->side = malloc(SIDE_MOST);
    memcpy(f->side + offset, data, len);
    return works();
}

static bool side_read(void *ctx, unsigned slot, uint64_t offset, uint8_t *data, size_t len)
{
    const struct FuzzFile *f = file_of(slot);

    (void)ctx;
    check(f->side && offset <= SIDE_MOST && len <= SIDE_MOST - offset);
    memcpy(data, f->side + offset, len);
    return works();
}

static bool store_advance(void *ctx, unsigned slot, uint64_t prefix)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    check(prefix <= f->info.size);
    f->prefix = prefix;
    return works();
}

static bool store_deliver(void *ctx, unsigned slot, const uint8_t *data, size_t len)
{
    struct FuzzFile *f = file_of(slot);
    uint8_t sum = 0;

    (void)ctx;
    check(is_stream(f));
    for (size_t i = 0; i < len; i++)
        sum ^= data[i]; /* all of them are to be had */
    f->bytes[0] = sum;
    f->delivered += len;
    return works();
}

static enum ReceiverCheck store_finish(void *ctx, unsigned slot, uint64_t size, struct View digest)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    check(size == (is_stream(f) ? f->delivered : f->info.size));
    check(is_stream(f) || f->prefix == size);
    if ((fuzz.mode & MODE_LATER) != 0 && ++f->asked % 4 != 0)
        return RECEIVER_LATER;
    if (digest.len == 0 || ((fuzz.mode & MODE_DIFFERS) != 0 && !f->differed)) {
        f->differed = true;
        f->prefix = 0;
        return RECEIVER_DIFFERS;
    }
    return works() ? RECEIVER_VERIFIED : RECEIVER_FAILED;
}

static void store_close(void *ctx, unsigned slot)
{
    struct FuzzFile *f = file_of(slot);

    (void)ctx;
    free(f->bytes);
    free(f->side);
    free(f->memory[0]);
    free(f->memory[1]);
    *f = (struct FuzzFile){0};
}

static void check_slot(const struct Slot *slot, bool open)
{
    check((slot->state != SLOT_FREE) == open && slot->state != SLOT_VERIFYING);
    check(!slot->finishing || (slot->state == SLOT_COLLECTING && (fuzz.mode & MODE_LATER) != 0));
    if (!open)
        return;
    check(slot->tag_count >= 1 && slot->tag_count <= RECEIVER_TAGS);
    if (slot->info.flags & OBJECT_STREAM)
        check(slot->stream.row_count <= STREAM_REPAIRS_MAX);
    else
        check(slot->object.prefix <= slot->object.have &&
              slot->object.have <= slot->object.layout.symbols &&
              slot_bytes(slot) <= slot->info.size);
}

/* The tag that packets of tag 0 get is that of the OBJECT before them. */
static void fix_tag(uint8_t *packet, size_t len, uint16_t *tag)
{
    if (len < PACKET_HEADER)
        return;
    forge_tag(packet, len);
    if ((packet[0] & FORGE_TYPE_MASK) == PACKET_OBJECT)
        *tag = get_u16(packet + 2);
    else if (get_u16(packet + 2) == 0)
        put_u16(packet + 2, *tag);
}

static void feed(struct View input)
{
    uint64_t now = 1;
    uint16_t len, tag = 1;
    unsigned turn = 0;
    struct View bytes;

    for (; view_take_u16(&input, &len); turn++) {
        uint8_t *packet;

        view_take(&input, len < input.len ? len : input.len, &bytes);
        packet = malloc(bytes.len + 1);
        if (bytes.len > 0)
            memcpy(packet, bytes.data, bytes.len);
        fix_tag(packet, bytes.len, &tag);
        now += (fuzz.mode & MODE_SLOWLY) != 0 ? RECEIVER_FINISHED_TIME / 3 : 1000;
        receiver_input(&fuzz.receiver, view_of(packet, bytes.len), now);
        free(packet);
        if (fuzz.slots[turn % SLOTS].finishing)
            receiver_finish(&fuzz.receiver, turn % SLOTS, now);
        for (unsigned i = 0; i < SLOTS; i++)
            check_slot(&fuzz.slots[i], fuzz.files[i].open);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        if (fuzz.files[i].open)
            receiver_drop(&fuzz.receiver, i, i % 2 == 0, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ReceiverConfig config = {
        .crc32c = crc32c_portable,
        .muladd = gf256_muladd_portable,
        .store = {NULL, store_open, store_memory, store_resume, store_scratch, store_write,
                  store_read, side_write, side_read, store_advance, store_deliver, store_finish,
                  store_close},
        .slots = fuzz.slots,
        .slot_count = SLOTS,
        .waiting = fuzz.waiting,
        .waiting_size = WAITING,
    };

    if (size == 0)
        return 0;
    fuzz.mode = data[0];
    fuzz.calls = 0;
    receiver_init(&fuzz.receiver, &config);
    feed(view_of(data + 1, size - 1));
    free(fuzz.scratch);
    fuzz.scratch = NULL;
    return 0;
}
