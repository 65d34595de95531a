/* A Store under a real Receiver, fed with packets of one object: for the tests of the store. */
#ifndef TESTS_UNIT_BENCH_H
#define TESTS_UNIT_BENCH_H

#include "core/receiver.h"
#include "host/digest.h"
#include "host/store.h"

#include "unit/folder.h"
#include "unit/random.h"

#include <limits.h>

#define BENCH_SLOTS   4
#define BENCH_RESULTS 16
#define BENCH_T       100

/* What was reported, copied. */
struct BenchResult {
    struct StoreResult is;
    char path[PATH_MAX];
    char reason[600];
};

struct Bench {
    struct Folder folder;
    struct StoreConfig config;
    struct Store store;
    struct Receiver receiver;
    struct Slot slots[BENCH_SLOTS];
    uint8_t waiting[4096];
    struct BenchResult results[BENCH_RESULTS];
    unsigned result_count;
    uint64_t now;
};

/* An object to send: its content and its OBJECT. */
struct Sample {
    uint8_t *data;
    size_t len;
    uint8_t digest[PACKET_DIGEST];
    struct PacketObject object;
    uint16_t tag;
};

static inline void bench_report(void *ctx, const struct StoreResult *result)
{
    struct Bench *b = ctx;
    cr_assert_lt(b->result_count, BENCH_RESULTS);
    struct BenchResult *r = &b->results[b->result_count++];
    r->is = *result;
    snprintf(r->path, sizeof r->path, "%s", result->path);
    snprintf(r->reason, sizeof r->reason, "%s", result->reason);
    cr_assert_null(strpbrk(r->reason, "\n\x1B"));
}

/* A folder, and a configuration for path in it (NULL: the folder itself, -d). */
static inline void bench_init(struct Bench *b, const char *name)
{
    memset(b, 0, sizeof *b);
    folder_open(&b->folder);
    b->config.target = name != NULL ? STORE_FILE : STORE_FOLDER;
    b->config.path = name != NULL ? strdup(folder_path(&b->folder, name)) : b->folder.path;
    b->config.crc32c = crc32c_portable;
    b->config.slots = b->slots;
    b->config.slot_count = BENCH_SLOTS;
    b->config.report = bench_report;
    b->config.report_ctx = b;
}

/* A run begins: the exit code of what does not want to. */
static inline int bench_start(struct Bench *b)
{
    struct ReceiverConfig c = {
        .crc32c = crc32c_portable,
        .muladd = gf256_muladd_portable,
        .slots = b->slots,
        .slot_count = BENCH_SLOTS,
        .waiting = b->waiting,
        .waiting_size = sizeof b->waiting,
    };
    b->result_count = 0;
    int code = store_init(&b->store, &b->config);
    if (code != 0)
        return code;
    c.store = store_callbacks(&b->store);
    receiver_init(&b->receiver, &c);
    return store_begin(&b->store, &b->receiver, ++b->now);
}

/* It ends in order; or as if it was killed. */
static inline void bench_stop(struct Bench *b)
{
    store_end(&b->store);
    store_free(&b->store);
}

static inline void bench_kill(struct Bench *b)
{
    store_free(&b->store);
}

static inline void bench_done(struct Bench *b)
{
    if (b->config.target == STORE_FILE)
        free((char *)(uintptr_t)b->config.path);
    folder_close(&b->folder);
}

static inline void bench_input(struct Bench *b, const uint8_t *packet, size_t len)
{
    uint8_t *copy = malloc(len);
    memcpy(copy, packet, len);
    receiver_input(&b->receiver, view_of(copy, len), ++b->now);
    free(copy);
    if (store_wants_replay(&b->store))
        store_replay(&b->store, &b->receiver, b->now);
    cr_assert_not(store_wants_replay(&b->store));
}

/* The newest result, checked to be this; its reason and path to be looked at. */
static inline const struct BenchResult *bench_expect(const struct Bench *b, enum StoreWhat what,
                                                     int exit_code)
{
    cr_assert_gt(b->result_count, 0, "nothing was reported");
    const struct BenchResult *r = &b->results[b->result_count - 1];
    cr_assert_eq(r->is.what, what, "%d: %s: %s", (int)r->is.what, r->path, r->reason);
    cr_assert_eq(r->is.exit_code, exit_code, "%d", r->is.exit_code);
    return r;
}

static inline void sample_seal(struct Sample *s)
{
    s->tag = packet_object_tag(&s->object, crc32c_portable);
}

/* len random bytes under a name; seed tells samples apart. */
static inline void sample_init(struct Sample *s, const char *name, size_t len, uint64_t seed)
{
    struct TestRandom random = {test_random_seed() + seed};
    struct Digest d;
    memset(s, 0, sizeof *s);
    s->data = malloc(len + 1);
    s->len = len;
    test_random_fill(&random, s->data, len);
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, s->data, len);
    digest_value(&d, s->digest);
    s->object.block = 4;
    s->object.symbol_size = BENCH_T;
    s->object.size = len;
    s->object.run = (uint16_t)seed;
    s->object.name = view_of(name, strlen(name));
    memcpy(s->object.id, s->digest, PACKET_ID);
    sample_seal(s);
}

/* The id tells nothing of the digest. */
static inline void sample_make_identity(struct Sample *s)
{
    s->object.flags |= OBJECT_IDENTITY;
    s->object.id[0] ^= 1;
    sample_seal(s);
}

static inline void sample_free(struct Sample *s)
{
    free(s->data);
}

static inline struct ObjectLayout sample_layout(const struct Sample *s)
{
    return object_layout(s->len, (uint32_t)s->object.symbol_size, 1U << s->object.block);
}

static inline void bench_object(struct Bench *b, const struct Sample *s)
{
    uint8_t memory[512];
    struct Buffer p;
    buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packet_append_object(&p, &s->object));
    cr_assert(packet_close(&p, PACKET_OBJECT, 0, s->tag));
    bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
}

/* Symbols first .. first + n, fewer if the object ends. */
static inline void bench_source(struct Bench *b, const struct Sample *s, uint64_t first, uint64_t n)
{
    uint8_t memory[PACKET_MAX];
    struct Buffer p;
    struct PacketSource source = {.symbol = first};
    size_t t = (size_t)s->object.symbol_size, at = (size_t)first * t;
    size_t len = s->len - at < n * t ? s->len - at : (size_t)n * t;
    buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packet_append_source(&p, &source));
    cr_assert(packet_close(&p, PACKET_SOURCE, 0, s->tag));
    cr_assert(buffer_append(&p, s->data + at, len));
    bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
}

static inline const uint8_t *sample_symbol(void *ctx, uint64_t symbol, size_t *len)
{
    const struct Sample *s = ctx;
    size_t t = (size_t)s->object.symbol_size, at = (size_t)symbol * t;
    if (at >= s->len) {
        *len = 0;
        return s->data;
    }
    *len = s->len - at < t ? s->len - at : t;
    return s->data + at;
}

static inline void bench_repair(struct Bench *b, struct Sample *s, uint64_t window, uint64_t key)
{
    uint8_t memory[PACKET_MAX], *out[1];
    struct ObjectLayout l = sample_layout(s);
    struct RlcWindow w = object_window(&l, window);
    struct PacketRepair repair = {w.first, w.count, w.stride, key, {NULL, 0}};
    struct Buffer p;
    buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packet_append_repair(&p, &repair));
    cr_assert(packet_close(&p, PACKET_REPAIR, 0, s->tag));
    out[0] = buffer_extend(&p, l.symbol_size);
    cr_assert(rlc_encode(gf256_muladd_portable, w, key, 1, l.symbol_size, sample_symbol, s, out));
    bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
}

static inline void bench_end(struct Bench *b, const struct Sample *s)
{
    uint8_t memory[128];
    struct Buffer p;
    struct PacketEnd end = {
        .symbols = sample_layout(s).symbols, .size = s->len, .digest = {s->digest, PACKET_DIGEST}};
    buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packet_append_end(&p, &end));
    cr_assert(packet_close(&p, PACKET_END, 0, s->tag));
    bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
}

/* OBJECT, every symbol, END. */
static inline void bench_send(struct Bench *b, const struct Sample *s)
{
    bench_object(b, s);
    for (uint64_t first = 0; first < sample_layout(s).symbols; first += 7)
        bench_source(b, s, first, 7);
    bench_end(b, s);
}

/* The stream that a Sample becomes: symbols of 1 to 90 bytes of content. */
static inline void sample_make_stream(struct Sample *s)
{
    s->object.flags = OBJECT_STREAM;
    s->object.size = 0;
    s->object.id[0] ^= 1;
    sample_seal(s);
}

/* Content bytes from..to of a stream as symbols of 50 bytes, `from` at a multiple of that. */
static inline void bench_stream(struct Bench *b, const struct Sample *s, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 50) {
        uint8_t memory[256];
        struct Buffer p;
        struct PacketSource source = {.symbol = at / 50};
        size_t n = to - at < 50 ? to - at : 50;
        buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
        cr_assert(packet_append_source(&p, &source));
        cr_assert(packet_close(&p, PACKET_SOURCE, 0, s->tag));
        cr_assert(buffer_append_varint(&p, n));
        cr_assert(buffer_append(&p, s->data + at, n));
        bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
    }
}

static inline void bench_stream_end(struct Bench *b, const struct Sample *s)
{
    uint8_t memory[128];
    struct Buffer p;
    struct PacketEnd end = {
        .symbols = (s->len + 49) / 50, .size = s->len, .digest = {s->digest, PACKET_DIGEST}};
    buffer_init(&p, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(packet_append_end(&p, &end));
    cr_assert(packet_close(&p, PACKET_END, 0, s->tag));
    bench_input(b, buffer_view(&p).data, buffer_view(&p).len);
}

#endif
