/* Recover: solve one window of an object for the symbols it lacks, from the repairs that wait. */
#ifndef CORE_RECOVER_H
#define CORE_RECOVER_H

#include "core/repairs.h"

/* Where the bytes of the object are, and working memory. */
struct RecoverStore {
    void *ctx;
    bool (*write)(void *ctx, uint64_t offset, const uint8_t *data, size_t len);
    bool (*read)(void *ctx, uint64_t offset, uint8_t *data, size_t len);
    void *(*scratch)(void *ctx, uint64_t size); /* aligned, until the next call; NULL: none */
};

enum RecoverResult {
    RECOVER_NOT_YET,   /* too few repairs, or dependent ones: nothing changed */
    RECOVER_SOLVED,    /* the window is complete, its symbols written and marked */
    RECOVER_NO_MEMORY, /* scratch refused: nothing changed */
    RECOVER_FAILED,    /* a store failed */
};

/* True if window w lacks symbols and has repairs enough for an attempt. */
bool recover_ready(const struct Object *o, const struct Repairs *r, uint64_t w);

/* Attempt window w. After RECOVER_SOLVED its repairs are dropped. */
enum RecoverResult recover_window(struct Object *o, struct Repairs *r, uint64_t w,
                                  Gf256MulAdd muladd, const struct RecoverStore *store);

#endif
