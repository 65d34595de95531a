/* Store, the last part: an object is complete and committed, or what is here of it is kept. */
#include "host/store_slot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Complete ---------------------------------------------------------------------------------*/

static enum ReceiverCheck failed(struct Store *s, unsigned n, const char *doing)
{
    store_fail(s, n, doing);
    return RECEIVER_FAILED;
}

/* kept: "; kept in " and where; both may be empty. */
static void say_differs(struct Store *s, unsigned n, const char *kept, const char *where)
{
    store_report(s, n, STORE_MISMATCH, EXIT_INTEGRITY, "",
                 "what arrived is not what was sent (the digest differs); send it again%s%s", kept,
                 where);
}

static enum ReceiverCheck differs(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    bool stream = store_slot_is_stream(slot);
    slot->mismatch = true;
    if (stream || (s->spool != NULL && s->spool->released > 0)) {
        say_differs(s, n, s->spool != NULL ? "; what was written is wrong" : "", "");
        slot->state = STORE_SLOT_FAILED;
        return RECEIVER_FAILED;
    }
    slot->prefix = 0;
    store_unpack_stop(slot);
    store_rehash(s, slot);
    store_disclaim(s, n);
    return RECEIVER_DIFFERS;
}

static enum ReceiverCheck verified(struct Store *s, unsigned n, enum StoreWhat what,
                                   const char *words)
{
    struct StoreSlot *slot = &s->slots[n];
    s->draining = store_pending(s) > 0;
    s->draining_size = store_slot_is_stream(slot) ? store_here(s, n) : slot->info.size;
    if (!s->draining)
        store_report(s, n, what, EXIT_DELIVERED, "", "%s", words);
    store_remember(s, slot);
    store_settle(s, n);
    return RECEIVER_VERIFIED;
}

/* The sink whose part is to be the file. */
static struct FileSink *ready_sink(struct StoreSlot *slot)
{
    return store_slot_is_packed(slot) ? store_unpacked(slot) : &slot->sink;
}

/* file_sink_commit said no, by errno. */
static enum ReceiverCheck not_committed(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct FileSink *sink = ready_sink(slot);
    if (errno != EEXIST && errno != ESTALE)
        return failed(s, n, "give it its name");
    slot->state = STORE_SLOT_FAILED;
    if (errno == EEXIST)
        store_report(s, n, STORE_FAILED, EXIT_REFUSED, "", "%s",
                     slot->rival ? store_stays(s) : "the name was taken meanwhile");
    else if (sink->wrong)
        store_report(s, n, STORE_FAILED, EXIT_IO, "",
                     "this is not what arrived: another process replaced it meanwhile");
    else
        store_report(s, n, STORE_FAILED, EXIT_IO, "",
                     "cannot give it its name: another process removed or replaced %s",
                     sink->part_name);
    return RECEIVER_FAILED;
}

/* Only what has a name can replace another; and some systems want every file to have one. */
static int give_name(struct Store *s, unsigned n, const struct FileSinkCommit *c, int *odd)
{
    struct FileSink *k = ready_sink(&s->slots[n]);
    if (file_sink_commit(k, c, odd) == 0)
        return 0;
    if (!k->nameless || (errno == EEXIST && !c->replace) || k->part.error != 0)
        return -1;
    if (store_name_part(s, n) == 0)
        return file_sink_commit(k, c, odd);
    errno = errno == EEXIST ? EBUSY : errno; /* the part is another process's, not the target */
    return -1;
}

static enum ReceiverCheck commit(struct Store *s, unsigned n, uint64_t size, struct View digest)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct PacketObject *info = &slot->info;
    bool folder = s->config.target == STORE_FOLDER;
    enum DigestKind kind = digest_kind(info->flags);
    unsigned mode = (info->link & LINK_MODE) != 0 ? info->mode & 0777U : 0666U;
    struct FileSinkCommit c = {
        .size = size,
        .mode = mode & ~s->umask,
        .has_mtime = (info->link & LINK_MTIME) != 0,
        .mtime = info->mtime,
        .replace = !s->config.no_clobber && (!folder || s->config.force),
        .only_files = folder,
        .no_sync = s->config.no_sync,
    };
    int odd;
    if (store_compares(s) &&
        file_sink_target(&slot->sink, size, kind, digest, NULL) == FILE_SINK_SAME) {
        store_unpack_stop(slot);
        if (file_sink_remove(&slot->sink) != 0)
            return failed(s, n, "remove the .part file");
        return verified(s, n, STORE_HAVE, "already here");
    }
    if (give_name(s, n, &c, &odd) != 0)
        return not_committed(s, n);
    if (store_slot_is_packed(slot))
        file_sink_remove(&slot->sink); /* should it stay, the next run finds that it is done */
    if (odd != 0)
        store_report(s, n, STORE_NOTE, EXIT_DELIVERED, "",
                     "verified, but its time or permissions could not be set: %s",
                     store_error(odd));
    return verified(s, n, STORE_VERIFIED, "verified");
}

/* It is all here, and cannot be the file. What will not be so for the next run either is out of its
 * way. */
static enum ReceiverCheck cannot_unpack(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    char aside[NAME_MAX + 1];
    bool bad = errno == EILSEQ || errno == EOVERFLOW;
    if (errno == EEXIST) {
        slot->state = STORE_SLOT_FAILED;
        store_report(s, n, STORE_FAILED, EXIT_REFUSED, "",
                     "cannot unpack it: %s" NAMES_UNPACKED " is in the way: move it away",
                     slot->sink.part_name);
        return RECEIVER_FAILED;
    }
    store_fail(s, n, "unpack it");
    if (bad && file_sink_set_aside(&slot->sink, aside) == 0)
        store_report(s, n, STORE_NOTE, EXIT_DELIVERED, "", "what arrived, packed, is in %s", aside);
    return RECEIVER_FAILED;
}

/* Unpack it, and commit that. */
static enum ReceiverCheck commit_unpacked(struct Store *s, unsigned n, uint64_t size)
{
    struct StoreSlot *slot = &s->slots[n];
    uint8_t value[PACKET_DIGEST];
    int more = store_unpack(s, n, size);
    if (more > 0)
        return RECEIVER_LATER;
    if (more < 0)
        return cannot_unpack(s, n);
    bool digest = store_compares(s);
    if (digest && part_digest(&store_unpacked(slot)->part, slot->unpacked, value) != 0)
        return cannot_unpack(s, n);
    return commit(s, n, slot->unpacked, view_of(value, digest ? sizeof value : 0));
}

enum ReceiverCheck store_finish(void *ctx, unsigned n, uint64_t size, struct View digest)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    struct Part *part = store_part(s, slot);
    bool stream = store_slot_is_stream(slot);
    uint8_t value[PACKET_DIGEST];
    if (slot->state != STORE_SLOT_OPEN)
        return RECEIVER_FAILED;
    if (stream && s->spool != NULL) {
        digest_value(&s->spool->hash, value);
    } else {
        bool later = part_behind(part, size) > STORE_AT_ONCE;
        if (later ? part_hash(part, size, STORE_AT_ONCE) != 0 : part_digest(part, size, value) != 0)
            return failed(s, n, part->error != 0 ? "write" : "read back");
        if (later)
            return RECEIVER_LATER;
    }
    if (digest.len == 0 || digest.len > sizeof value || (stream && part->end != size) ||
        memcmp(value, digest.data, digest.len) != 0)
        return differs(s, n);
    if (s->spool == NULL)
        return store_slot_is_packed(slot) ? commit_unpacked(s, n, size)
                                          : commit(s, n, size, view_of(value, sizeof value));
    if (store_pending(s) == 0 && spool_finish(s->spool, !s->config.no_sync) != 0)
        return failed(s, n, "make it safe");
    return verified(s, n, STORE_VERIFIED, "verified");
}

/* ---- Not complete -----------------------------------------------------------------------------*/

/* Symbols of o that arrived and did not get into the part. */
static uint64_t unsaved_symbols(const struct Object *o, const struct Part *part)
{
    uint64_t from, to, count = 0, t = o->layout.symbol_size;
    if (part->lost || !part_unsaved(part, &from, &to))
        return 0;
    for (uint64_t i = from / t; i < o->layout.symbols && i * t < to; i++)
        count += object_has(o, i) ? 1 : 0;
    return count;
}

/* True if nothing of the object is here that is worth a file. */
static bool is_void(struct Store *s, unsigned n)
{
    const struct StoreSlot *slot = &s->slots[n];
    const struct Slot *of = &s->config.slots[n];
    const struct Part *part = &slot->sink.part;
    if (store_slot_is_stream(slot))
        return (part->error != 0 ? part->at : part->end) == 0;
    return !slot->mismatch && of->repairs.total == 0 &&
           of->object.have == unsaved_symbols(&of->object, part);
}

/* What is kept of an object that misses something. */
static void say_incomplete(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const char *part = slot->sink.part_name;
    uint64_t here = store_here(s, n);
    if (slot->mismatch)
        say_differs(s, n, s->spool == NULL ? "; kept in " : "", s->spool == NULL ? part : "");
    else if (s->spool != NULL)
        store_report(s, n, STORE_INCOMPLETE, EXIT_INCOMPLETE, "",
                     "incomplete: its first %" PRIu64 " bytes were written", s->spool->written);
    else if (store_slot_is_stream(slot))
        store_report(s, n, STORE_INCOMPLETE, EXIT_INCOMPLETE, "",
                     "incomplete: its first %" PRIu64 " bytes are kept%s in %s", here,
                     store_slot_is_packed(slot) ? ", packed by zstd," : "", part);
    else if (is_void(s, n))
        store_report(s, n, STORE_INCOMPLETE, EXIT_INCOMPLETE, "",
                     "incomplete: nothing of it is kept");
    else
        store_report(s, n, STORE_INCOMPLETE, EXIT_INCOMPLETE, "",
                     "incomplete: kept in %s: receive it again to go on", part);
}

static const char *next_run(const struct StoreSlot *slot)
{
    return slot->kept ? "goes on from what was safe before" : "begins anew";
}

/* Say what could not be kept; with `nothing` that is all. */
static void say_lost(struct Store *s, unsigned n, bool told, bool recorded, bool nothing, int error)
{
    struct StoreSlot *slot = &s->slots[n];
    enum StoreWhat what = told ? STORE_NOTE : STORE_FAILED;
    int code = told ? EXIT_DELIVERED : EXIT_IO;
    if (!recorded)
        store_report(s, n, what, code, "", "cannot record what arrived: %s; the next run %s",
                     store_error(error), next_run(slot));
    else if (nothing || (slot->sink.part.lost && !store_slot_is_stream(slot)))
        store_report(s, n, what, code, "", "cannot write what arrived: %s; the next run %s",
                     store_error(error), next_run(slot));
    else if (slot->sink.part.lost)
        store_report(s, n, what, code, "",
                     "cannot make safe what arrived: %s; its beginning is in %s, perhaps not right",
                     store_error(error), slot->sink.part_name);
    else if (store_slot_is_stream(slot))
        store_report(s, n, what, code, "",
                     "cannot write all that arrived: %s; its first %" PRIu64
                     " bytes are kept in %s",
                     store_error(error), slot->sink.part.at, slot->sink.part_name);
    else
        store_report(s, n, what, code, "",
                     "cannot write all that arrived: %s; the rest is kept in %s",
                     store_error(error), slot->sink.part_name);
}

/* The part does not bear its name any more: what arrived goes with it. */
static void say_gone(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    bool told = slot->state == STORE_SLOT_FAILED;
    slot->state = STORE_SLOT_FAILED;
    file_sink_forget(&slot->sink);
    store_report(s, n, told ? STORE_NOTE : STORE_FAILED, told ? EXIT_DELIVERED : EXIT_IO, "",
                 "what arrived is lost: another process removed or replaced %s",
                 slot->sink.part_name);
}

/* Save what arrived, and if something has failed, now or before, say what became of it. */
static void keep_part(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct Part *part = &slot->sink.part;
    bool told = slot->state == STORE_SLOT_FAILED, nothing, recorded = true;
    int error = 0;
    if (!file_sink_has_part(&slot->sink)) {
        say_gone(s, n);
        return;
    }
    /* What fails is in part->error, and in part_unsaved. */
    if (s->config.no_sync)
        part_flush(part);
    else
        part_sync_data(part);
    nothing = is_void(s, n);
    if (nothing)
        file_sink_remove(&slot->sink);
    else if (!part->lost && store_record(s, n) != 0 && !store_slot_is_stream(slot)) {
        /* That of a stream says no more than the one from its beginning. */
        recorded = false;
        error = errno;
    }
    if (error == 0 && (!told || part->lost))
        error = part->error;
    if (told ? nothing : error == 0)
        return;
    slot->state = STORE_SLOT_FAILED;
    if (error != 0)
        say_lost(s, n, told, recorded, nothing, error);
    else
        store_report(s, n, STORE_NOTE, EXIT_DELIVERED, "", "what arrived is kept in %s%s",
                     slot->sink.part_name,
                     store_slot_is_stream(slot) ? "" : ": receive it again to go on");
}

void store_keep(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    bool told = slot->state == STORE_SLOT_FAILED;
    if (!slot->loaded) {
        if (!told && slot->starved)
            store_report(s, n, STORE_REFUSED, EXIT_IO, "", "%s", store_error(ENOMEM));
        else if (!told)
            store_report(s, n, STORE_REFUSED, EXIT_REFUSED, "", STORE_TOO_MANY);
        s->taken = false;
        if (s->spool == NULL && !slot->resumed)
            file_sink_remove(&slot->sink);
    } else {
        bool part = slot->sink.part.fd >= 0;
        if (part)
            keep_part(s, n);
        if (slot->state == STORE_SLOT_OPEN)
            say_incomplete(s, n);
    }
    store_settle(s, n);
}

void store_end(struct Store *s)
{
    for (unsigned n = 0; n < s->reached; n++) {
        if (s->slots[n].state == STORE_SLOT_OPEN || s->slots[n].state == STORE_SLOT_FAILED)
            store_keep(s, n);
    }
    if (s->draining)
        store_report(s, s->holder, STORE_INCOMPLETE, EXIT_INCOMPLETE, "",
                     "verified, but its last %" PRIu64 " bytes were not taken", store_pending(s));
    s->draining = false;
}
