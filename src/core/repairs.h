/*
 * Repairs: the repair symbols of an object that wait, raw, until their window can be solved.
 * They live in a side store of the caller's (memory or a sparse file), a fixed table of records
 * per window; only a bit per record and two counts per window are kept here. So memory does not
 * grow with what is waiting.
 */
#ifndef CORE_REPAIRS_H
#define CORE_REPAIRS_H

#include "core/object.h"

#define REPAIRS_KEY 8 /* bytes of the key before the payload */

/*
 * The side store: bytes at an offset. False: it failed, the caller knows why. Record i lies at
 * i * (REPAIRS_KEY + symbol_size); its key is written first, its payload by a call of its own.
 */
struct RepairsStore {
    void *ctx;
    bool (*write)(void *ctx, uint64_t offset, const uint8_t *data, size_t len);
    bool (*read)(void *ctx, uint64_t offset, uint8_t *data, size_t len); /* only what was written */
};

struct Repairs {
    struct RepairsStore store;
    uint64_t windows;
    uint32_t symbol_size;
    uint32_t capacity; /* records of a window */
    uint16_t *held;    /* per window: records in use */
    uint16_t *excess;  /* per window: how many more than `missing` the next attempt wants */
    uint8_t *occupied; /* bit per record */
    uint64_t total;    /* records in use */
};

enum RepairsResult {
    REPAIRS_KEPT,
    REPAIRS_DUPLICATE, /* that key of that window is already here */
    REPAIRS_FULL,      /* the window's table is full; it was dropped */
    REPAIRS_FAILED,    /* the store failed */
};

/* Bytes of memory (aligned for uint64_t, zeroed) repairs_init needs; UINT64_MAX on overflow. */
uint64_t repairs_memory(const struct ObjectLayout *l);

/* Empty. Keeps memory, which is all zeros, and store. */
void repairs_init(struct Repairs *r, const struct ObjectLayout *l, void *memory,
                  struct RepairsStore store);

/* Keep the repair of key over window w: symbol_size bytes at payload (borrowed). */
enum RepairsResult repairs_add(struct Repairs *r, uint64_t w, uint64_t key, const uint8_t *payload);

/*
 * Copy the records of window w into rows[0..held): window and key set, payload i at
 * payloads + i * symbol_size. False: the store failed.
 */
bool repairs_load(const struct Repairs *r, uint64_t w, struct RlcWindow window, struct RlcRow *rows,
                  uint8_t *payloads);

/* The record that lies at that offset: its window and key, and symbol_size bytes into payload.
 * False: none does (any more), or the store failed. */
bool repairs_record(const struct Repairs *r, uint64_t offset, uint64_t *w, uint64_t *key,
                    uint8_t *payload);

/* Forget the records of window w, or all. */
void repairs_drop(struct Repairs *r, uint64_t w);
void repairs_drop_all(struct Repairs *r);

#endif
