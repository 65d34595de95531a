/* Store, of what comes packed: its part holds that, and beside it the file is unpacked. */
#include "host/store_slot.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE ((size_t)64 << 10)
#define OUT   ((size_t)128 << 10)

struct StoreUnpacking {
    struct Unpacker unpacker;
    struct FileSink sink; /* of the same target; its part is what was unpacked */
    uint64_t at;          /* bytes of the packed part that were taken */
    int error;            /* errno of what ended it */
    uint8_t out[OUT];
};

/* Bytes of the packed part that have come in order. */
static uint64_t available(const struct StoreSlot *slot)
{
    return store_slot_is_stream(slot) ? slot->sink.part.end : slot->prefix;
}

/* What says how long it will be is not begun if there is no room for that. */
static int check_space(struct StoreSlot *slot, struct View head)
{
    uint64_t size = unpacker_promise(head);
    errno = ENOSPC;
    return size != PACK_UNKNOWN && size > file_sink_space(&slot->sink) ? -1 : 0;
}

/* A piece of the packed part, below `upto`, goes through. 0; or -1 and errno. */
static int step(struct StoreSlot *slot, uint64_t upto)
{
    struct StoreUnpacking *u = slot->unpacking;
    struct Part *to = &u->sink.part;
    uint8_t piece[PIECE];
    uint64_t left = upto - u->at;
    size_t len = left < sizeof piece ? (size_t)left : sizeof piece;
    struct PackFlow flow = {.in = piece, .in_len = len, .out = u->out, .out_len = OUT};
    if (len > 0 && part_read(&slot->sink.part, u->at, piece, len) != 0)
        return -1;
    if (u->at == 0 && check_space(slot, view_of(piece, len)) != 0)
        return -1;
    if (unpacker_run(&u->unpacker, &flow) != 0)
        return -1;
    u->at += len - flow.in_len;
    return part_write(to, to->end, u->out, OUT - flow.out_len);
}

/* True if something below upto has not come out. */
static bool has_more(const struct StoreUnpacking *u, uint64_t upto)
{
    return u->at < upto || u->unpacker.full;
}

/* Some of what lies below upto. 0; or -1 and errno, again and again. */
static int unpack(struct StoreSlot *slot, uint64_t upto)
{
    struct StoreUnpacking *u = slot->unpacking;
    uint64_t end = u->sink.part.end, from = u->at;
    while (u->error == 0 && has_more(u, upto) && u->sink.part.end - end < STORE_AT_ONCE &&
           u->at - from < STORE_AT_ONCE) {
        if (step(slot, upto) != 0)
            u->error = errno;
    }
    errno = u->error;
    return u->error == 0 ? 0 : -1;
}

static int start(struct Store *s, struct StoreSlot *slot)
{
    struct StoreUnpacking *u = malloc(sizeof *u);
    if (u == NULL)
        return -1;
    u->at = 0;
    u->error = 0;
    if (unpacker_open(&u->unpacker, store_unpacker_limits(s, slot)) != 0 ||
        file_sink_unpack(&slot->sink, &u->sink) != 0) {
        int error = errno;
        unpacker_close(&u->unpacker);
        free(u);
        errno = error;
        return -1;
    }
    u->sink.part.eager = !s->config.no_sync;
    u->sink.part.unhashed = !store_compares(s);
    part_rehash(&u->sink.part, digest_kind(slot->info.flags));
    slot->unpacking = u;
    return 0;
}

/* One at a time, for each takes memory: the others are unpacked when they are complete. */
static bool may_start(const struct Store *s)
{
    for (unsigned n = 0; n < s->reached; n++) {
        if (s->slots[n].unpacking != NULL)
            return false;
    }
    return true;
}

bool store_unpack_ahead(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    uint64_t upto = available(slot);
    if (!store_slot_is_packed(slot) || s->spool != NULL || slot->sink.part.fd < 0)
        return false;
    /* If that fails it is tried once more, and said, when it is complete. */
    if (slot->unpacking == NULL && (upto == 0 || !may_start(s) || start(s, slot) != 0))
        return false;
    struct StoreUnpacking *u = slot->unpacking;
    if (u->error != 0 || !has_more(u, upto))
        return false;
    unpack(slot, upto);
    return true;
}

int store_unpack(struct Store *s, unsigned n, uint64_t size)
{
    struct StoreSlot *slot = &s->slots[n];
    if (slot->unpacking == NULL && start(s, slot) != 0)
        return -1;
    struct StoreUnpacking *u = slot->unpacking;
    if (unpack(slot, size) != 0)
        return -1;
    if (has_more(u, size))
        return 1;
    slot->unpacked = u->sink.part.end;
    if (u->unpacker.ended)
        return 0;
    errno = u->error = EILSEQ;
    return -1;
}

uint64_t store_checked(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    if (slot->unpacking != NULL)
        return slot->unpacking->at;
    return store_slot_is_packed(slot) ? 0 : store_part(s, slot)->hashed;
}

struct FileSink *store_unpacked(struct StoreSlot *slot)
{
    return &slot->unpacking->sink;
}

void store_unpack_stop(struct StoreSlot *slot)
{
    struct StoreUnpacking *u = slot->unpacking;
    if (u == NULL)
        return;
    unpacker_close(&u->unpacker);
    if (u->sink.part.fd >= 0)
        file_sink_remove(&u->sink);
    free(u);
    slot->unpacking = NULL;
}
