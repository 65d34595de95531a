#include "host/store_slot.h"

#include "host/disk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HASH_AT_ONCE ((uint64_t)256 << 10) /* bytes hashed in one call of advance */
#define PUMP_AT_ONCE ((uint64_t)1 << 20)
#define REASON_MAX   512

const char *store_error(int error)
{
    static char text[128];
    snprintf(text, sizeof text, "%s",
             error == EPIPE       ? "the reader went away"
             : error == EILSEQ    ? "this is no zstd stream, or not a whole one"
             : error == EOVERFLOW ? "it takes more than 8 MiB of memory"
                                  : strerror(error));
    text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

uint64_t store_here(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct Object *o = &s->config.slots[n].object;
    if (store_slot_is_stream(slot))
        return store_part(s, slot)->end;
    bool counted = slot->state == STORE_SLOT_OPEN || slot->state == STORE_SLOT_FAILED;
    if (!counted || !slot->loaded || o->layout.symbols == 0)
        return 0;
    uint64_t bytes = o->have * o->layout.symbol_size;
    if (object_has(o, o->layout.symbols - 1))
        bytes -= o->layout.symbol_size - object_symbol_bytes(&o->layout, o->layout.symbols - 1);
    return bytes;
}

void store_report(struct Store *s, unsigned n, enum StoreWhat what, int code, const char *suffix,
                  const char *format, ...)
{
    char path[PATH_MAX], reason[REASON_MAX];
    struct StoreResult result = {
        .what = what, .exit_code = code, .path = path, .reason = reason, .slot = n};
    const char *name = "", *slash = "";
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (n != STORE_NO_SLOT) {
        struct StoreSlot *slot = &s->slots[n];
        result.id = slot->info.id;
        result.size = slot->info.size;
        result.here = what == STORE_REFUSED ? 0 : store_here(s, n);
        if (what == STORE_VERIFIED || what == STORE_HAVE)
            result.here = result.size = store_slot_is_stream(slot) ? result.here : result.size;
        if (what == STORE_VERIFIED)
            result.unpacked = s->spool == NULL ? slot->unpacked : spool_unpacked(s->spool);
        name = slot->name;
    }
    if (s->draining && n == s->holder && what != STORE_REFUSED)
        result.here = result.size = s->draining_size;
    if (s->config.target != STORE_FOLDER)
        name = "";
    else if (*name != '\0' && s->config.path[strlen(s->config.path) - 1] != '/')
        slash = "/";
    snprintf(path, sizeof path, "%s%s%s%s", s->config.path, slash, name, suffix);
    s->config.report(s->config.report_ctx, &result);
}

static void say_failed(struct Store *s, unsigned n, const char *doing, int error)
{
    if (error == EILSEQ || error == EOVERFLOW) {
        store_report(s, n, STORE_FAILED, EXIT_INTEGRITY, "", "cannot unpack: %s",
                     store_error(error));
        return;
    }
    if (error == EMSGSIZE)
        store_report(s, n, STORE_FAILED, EXIT_REFUSED, "",
                     "too large when it is unpacked: --max-size is %" PRIu64, s->config.max_size);
    else if (error == EPIPE)
        store_report(s, n, STORE_FAILED, EXIT_IO, "", "%s", store_error(error));
    else
        store_report(s, n, STORE_FAILED, EXIT_IO, "", "cannot %s: %s", doing, store_error(error));
}

void store_fail(struct Store *s, unsigned n, const char *doing)
{
    struct StoreSlot *slot = &s->slots[n];
    if (slot->state != STORE_SLOT_OPEN)
        return;
    slot->state = STORE_SLOT_FAILED;
    slot->too_large = errno == EMSGSIZE;
    say_failed(s, n, doing, errno);
}

enum SlotFailure store_failure(const struct Store *s, unsigned n)
{
    if (s->slots[n].state != STORE_SLOT_FAILED)
        return SLOT_FAILURE_NONE;
    return s->slots[n].too_large ? SLOT_FAILURE_SIZE : SLOT_FAILURE_STORE;
}

bool store_is_too_large(const struct Store *s, uint64_t size)
{
    return s->config.max_size > 0 && size > s->config.max_size;
}

struct UnpackerLimits store_unpacker_limits(const struct Store *s, const struct StoreSlot *slot)
{
    return (struct UnpackerLimits){
        .sized = !store_slot_is_stream(slot),
        .most = s->config.max_size > 0 ? s->config.max_size : UINT64_MAX,
    };
}

void store_say_too_large(struct Store *s, unsigned n, enum StoreWhat what, uint64_t size)
{
    s->slots[n].too_large = true;
    store_report(s, n, what, EXIT_REFUSED, "",
                 "too large: %" PRIu64 " bytes%s, and --max-size is %" PRIu64, size,
                 what == STORE_REFUSED ? "" : " so far", s->config.max_size);
}

void store_slot_reset(struct Store *s, struct StoreSlot *slot, const struct PacketObject *object)
{
    bool lean = s->side_used >= STORE_SIDES;
    *slot = (struct StoreSlot){.state = STORE_SLOT_OPEN, .info = *object};
    slot->info.name = view_of(NULL, 0);
    if (s->base != NULL)
        snprintf(slot->name, sizeof slot->name, "%s", s->base);
    part_init(&slot->sink.part, -1);
    slot->journal.fd = -1;
    side_init(&slot->side, s->dir, lean);
    s->side_used += lean ? 0 : SIDE_MEMORY;
}

void store_rehash(struct Store *s, struct StoreSlot *slot)
{
    enum DigestKind kind = digest_kind(slot->info.flags);
    struct UnpackerLimits limits = store_unpacker_limits(s, slot);
    if (s->spool != NULL)
        spool_restart(s->spool, kind, store_slot_is_packed(slot) ? &limits : NULL);
    else
        part_rehash(&slot->sink.part, kind);
}

void store_settle(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    store_unpack_stop(slot);
    file_sink_close(&slot->sink);
    side_close(&slot->side);
    if (slot->state != STORE_SLOT_SETTLED && !slot->side.lean)
        s->side_used -= SIDE_MEMORY;
    journal_close(&slot->journal);
    store_drop_news(slot);
    slot->replaying = false;
    slot->state = STORE_SLOT_SETTLED;
}

void store_remember(struct Store *s, const struct StoreSlot *slot)
{
    struct StoreDone *d = &s->done[s->done_next];
    s->done_next = (s->done_next + 1) % RECEIVER_FINISHED;
    *d = (struct StoreDone){.used = true, .size = slot->info.size};
    memcpy(d->id, slot->info.id, PACKET_ID);
    memcpy(d->name, slot->name, sizeof d->name);
    if (s->config.target == STORE_FOLDER &&
        fstatat(s->dir, slot->name, &d->is, AT_SYMLINK_NOFOLLOW) != 0)
        d->is.st_ino = 0;
}

static void *slot_memory(void *ctx, unsigned n, uint64_t size)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    /* Asked again the object gets another grid, made from the last: no older one is needed. */
    free(slot->memory[1]);
    s->memory_used -= slot->memory_size[1];
    slot->memory[1] = NULL;
    slot->memory_size[1] = 0;
    if (size > STORE_MEMORY_OBJECT || size > STORE_MEMORY_ALL - s->memory_used)
        return NULL;
    void *memory = calloc(1, size > 0 ? (size_t)size : 1);
    slot->starved = memory == NULL;
    if (memory == NULL)
        return NULL;
    slot->memory[1] = slot->memory[0];
    slot->memory_size[1] = slot->memory_size[0];
    slot->memory[0] = memory;
    slot->memory_size[0] = size;
    s->memory_used += size;
    slot->news.repair_count = 0; /* those of another grid are dropped */
    slot->news.all_repairs = false;
    slot->loaded = slot->loaded || !slot->resumed;
    return memory;
}

static void *slot_scratch(void *ctx, unsigned n, uint64_t size)
{
    struct Store *s = ctx;
    (void)n;
    if (size <= s->scratch_size)
        return s->scratch;
    if (size > STORE_SCRATCH)
        return NULL;
    free(s->scratch);
    s->scratch = malloc((size_t)size);
    s->scratch_size = s->scratch != NULL ? size : 0;
    return s->scratch;
}

static bool slot_write(void *ctx, unsigned n, uint64_t offset, const uint8_t *data, size_t len)
{
    struct Store *s = ctx;
    if (s->slots[n].state != STORE_SLOT_OPEN)
        return false;
    if (part_write(store_part(s, &s->slots[n]), offset, data, len) == 0) {
        store_note_bytes(&s->slots[n], offset, len);
        return true;
    }
    store_fail(s, n, "write");
    return false;
}

static bool slot_read(void *ctx, unsigned n, uint64_t offset, uint8_t *data, size_t len)
{
    struct Store *s = ctx;
    if (s->slots[n].state != STORE_SLOT_OPEN)
        return false;
    if (part_read(store_part(s, &s->slots[n]), offset, data, len) == 0)
        return true;
    store_fail(s, n, "read back");
    return false;
}

static bool repair_write(void *ctx, unsigned n, uint64_t offset, const uint8_t *data, size_t len)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    if (slot->state != STORE_SLOT_OPEN)
        return false;
    if (side_write(&slot->side, offset, data, len) == 0) {
        store_note_repair(s, n, offset);
        return true;
    }
    store_fail(s, n, "keep repairs");
    return false;
}

static bool repair_read(void *ctx, unsigned n, uint64_t offset, uint8_t *data, size_t len)
{
    struct Store *s = ctx;
    if (s->slots[n].state != STORE_SLOT_OPEN)
        return false;
    if (side_read(&s->slots[n].side, offset, data, len) == 0)
        return true;
    store_fail(s, n, "read repairs");
    return false;
}

static bool slot_advance(void *ctx, unsigned n, uint64_t prefix)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    if (slot->state != STORE_SLOT_OPEN)
        return false;
    slot->prefix = prefix;
    if (part_hash(store_part(s, slot), prefix, HASH_AT_ONCE) < 0) {
        store_fail(s, n, "read back");
        return false;
    }
    if (s->spool == NULL || spool_advance(s->spool, prefix) == 0)
        return true;
    store_fail(s, n, "write");
    return false;
}

static bool slot_deliver(void *ctx, unsigned n, const uint8_t *data, size_t len)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    if (slot->state != STORE_SLOT_OPEN)
        return false;
    struct Part *part = &slot->sink.part;
    uint64_t at = part->end, size = store_part(s, slot)->end + len;
    if (store_is_too_large(s, size)) {
        slot->state = STORE_SLOT_FAILED;
        store_say_too_large(s, n, STORE_FAILED, size);
        return false;
    }
    int result =
        s->spool != NULL ? spool_deliver(s->spool, data, len) : part_write(part, at, data, len);
    if (result == 0) {
        store_note_bytes(slot, at, len);
        return true;
    }
    store_fail(s, n, "write");
    return false;
}

static void slot_close(void *ctx, unsigned n)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    if (slot->state == STORE_SLOT_OPEN || slot->state == STORE_SLOT_FAILED)
        store_keep(s, n);
    for (int i = 0; i < 2; i++) {
        s->memory_used -= slot->memory_size[i];
        free(slot->memory[i]);
        slot->memory[i] = NULL;
        slot->memory_size[i] = 0;
    }
    slot->state = STORE_SLOT_FREE;
}

struct ReceiverStore store_callbacks(struct Store *s)
{
    return (struct ReceiverStore){
        .ctx = s,
        .open = store_open,
        .memory = slot_memory,
        .resume = store_resume,
        .scratch = slot_scratch,
        .write = slot_write,
        .read = slot_read,
        .repair_write = repair_write,
        .repair_read = repair_read,
        .advance = slot_advance,
        .deliver = slot_deliver,
        .finish = store_finish,
        .close = slot_close,
    };
}

uint64_t store_pending(const struct Store *s)
{
    return s->spool != NULL ? spool_pending(s->spool) : 0;
}

int store_pump_fd(const struct Store *s)
{
    return store_pending(s) > 0 ? s->spool->fd : -1;
}

int store_pump(struct Store *s)
{
    if (store_pending(s) == 0)
        return 0;
    const char *doing = "write";
    int result = spool_pump(s->spool, PUMP_AT_ONCE);
    if (result == 0 && (!s->draining || spool_pending(s->spool) > 0))
        return 0;
    if (result == 0) {
        doing = "make it safe";
        result = spool_finish(s->spool, !s->config.no_sync);
    }
    if (result == 0) {
        store_report(s, s->holder, STORE_VERIFIED, EXIT_DELIVERED, "", "verified");
        s->draining = false;
        return 0;
    }
    errno = s->spool->error;
    if (s->draining)
        say_failed(s, s->holder, doing, errno);
    else
        store_fail(s, s->holder, doing);
    s->draining = false;
    errno = s->spool->error;
    return -1;
}

bool store_catch_up(struct Store *s)
{
    for (unsigned n = 0; n < s->reached; n++) {
        struct StoreSlot *slot = &s->slots[n];
        struct Part *part = store_part(s, slot);
        if (slot->state != STORE_SLOT_OPEN)
            continue;
        if (store_slot_is_stream(slot) || part_behind(part, slot->prefix) == 0) {
            if (store_unpack_ahead(s, n))
                return true;
            continue;
        }
        if (part_hash(part, slot->prefix, STORE_AT_ONCE) < 0)
            store_fail(s, n, "read back");
        return true;
    }
    return false;
}
