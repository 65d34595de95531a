/* Store, the last part: an object is complete and committed, or what is here of it is kept. */
#include "host/store_slot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- An earlier run's part --------------------------------------------------------------------*/

/* Mark in o, whose layout is the journal's, what the journal says and the part is long enough
 * for.*/
static void mark_arrived(struct Object *o, const struct Journal *j, uint64_t part_bytes)
{
    const struct ObjectLayout *l = &o->layout;
    for (uint64_t i = 0; j->arrived != NULL && i < l->symbols; i++) {
        if (j->arrived[i / 8] == 0) {
            i |= 7;
            continue;
        }
        bool arrived = (j->arrived[i / 8] >> i % 8 & 1) != 0;
        if (arrived && i * l->symbol_size + object_symbol_bytes(l, i) <= part_bytes)
            object_mark(o, i);
    }
}

/* The same into another grid. */
static bool mark_regridded(struct Object *to, const struct Journal *j, uint64_t part_bytes)
{
    struct ObjectLayout l = journal_layout(j);
    uint64_t size = object_memory(&l);
    struct Object from;
    if (size > STORE_MEMORY_OBJECT)
        return true; /* nobody could have held that: nothing is taken over */
    void *memory = calloc(1, size > 0 ? (size_t)size : 1);
    if (memory == NULL)
        return false;
    object_init(&from, &l, memory);
    mark_arrived(&from, j, part_bytes);
    object_regrid(to, &from);
    free(memory);
    return true;
}

static bool same_layout(const struct ObjectLayout *a, const struct ObjectLayout *b)
{
    return a->size == b->size && a->symbol_size == b->symbol_size && a->blocks == b->blocks &&
           a->count == b->count;
}

bool store_resume(void *ctx, unsigned n, struct Object *object)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    struct ObjectLayout l = journal_layout(&slot->journal);
    struct stat st;
    if (fstat(slot->sink.part.fd, &st) != 0) {
        store_fail(s, n, "read back");
        return false;
    }
    slot->sink.part.end = (uint64_t)st.st_size;
    if (same_layout(&l, &object->layout)) {
        mark_arrived(object, &slot->journal, (uint64_t)st.st_size);
    } else if (!mark_regridded(object, &slot->journal, (uint64_t)st.st_size)) {
        store_fail(s, n, "take over what is here");
        return false;
    }
    slot->loaded = true;
    store_report(s, n, STORE_NOTE, 0, "",
                 "going on: %" PRIu64 " of %" PRIu64 " bytes are here from an earlier run",
                 store_here(s, n), slot->info.size);
    return true;
}

int store_begin(struct Store *s, struct Receiver *r, uint64_t now)
{
    struct FileSink sink;
    struct Journal j;
    if (s->config.target != STORE_FILE || s->config.no_resume)
        return 0;
    if (file_sink_init(&sink, s->dir, s->base) != 0)
        return 0; /* said when an object comes */
    enum FileSinkFound found = file_sink_look(&sink, &j, s->config.crc32c);
    file_sink_close(&sink);
    int code = store_found(s, STORE_NO_SLOT, found);
    if (found == FILE_SINK_PART) {
        memcpy(s->packet, j.object, j.object_len);
        receiver_input(r, view_of(s->packet, j.object_len), now);
        store_replay(s, r, now);
        s->holder_idle = s->taken;
        s->holder_packets = s->config.slots[s->holder].counters.packets;
    }
    journal_close(&j);
    return code;
}

/* The journal's next packet, as one of the object as it is in slot n, into s->packet: its length,
 * or 0: there is no more. */
static size_t next_replayed(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct Slot *of = &s->config.slots[n];
    struct Journal *j = &slot->journal;
    struct ObjectLayout l = journal_layout(j);
    struct Packet p;
    struct Buffer b;
    size_t len = 0;
    if (!slot->end_replayed) {
        slot->end_replayed = true;
        if (packet_parse(view_of(j->end, j->end_len), s->config.crc32c, &p) == PACKET_OK) {
            p.as.end.symbols = of->object.layout.symbols; /* of this grid */
            buffer_init(&b, s->packet, PACKET_MAX, 0);
            buffer_reset(&b, PACKET_HEADROOM);
            if (packet_append_end(&b, &p.as.end) &&
                packet_close(&b, PACKET_END, of->seq, of->tags[0]))
                return buffer_view(&b).len;
        }
    }
    /* Repairs over the symbols of another grid are of no use. */
    if (!same_layout(&l, &of->object.layout) || !journal_next_repair(j, s->packet, &len) ||
        len < PACKET_HEADER)
        return 0;
    s->packet[1] = of->seq;
    put_u16(s->packet + 2, of->tags[0]);
    return len;
}

static void replay(struct Store *s, struct Receiver *r, unsigned n, uint64_t now)
{
    struct StoreSlot *slot = &s->slots[n];
    /* The object may be finished by one of them: then the slot does not replay any more. */
    while (slot->replaying) {
        size_t len = next_replayed(s, n);
        if (len > 0) {
            receiver_input(r, view_of(s->packet, len), now);
        } else {
            slot->replaying = false;
            journal_close(&slot->journal);
        }
    }
}

bool store_wants_replay(const struct Store *s)
{
    for (unsigned n = 0; n < s->config.slot_count; n++) {
        if (s->slots[n].replaying)
            return true;
    }
    return s->drop >= 0;
}

void store_replay(struct Store *s, struct Receiver *r, uint64_t now)
{
    if (s->drop >= 0) {
        unsigned n = (unsigned)s->drop;
        s->drop = -1;
        receiver_drop(r, n, true, now);
    }
    for (unsigned n = 0; n < s->config.slot_count; n++) {
        if (s->slots[n].replaying)
            replay(s, r, n, now);
    }
}

/* ---- Complete ---------------------------------------------------------------------------------*/

static enum ReceiverCheck failed(struct Store *s, unsigned n, const char *doing)
{
    store_fail(s, n, doing);
    return RECEIVER_FAILED;
}

static enum ReceiverCheck differs(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct JournalContent nothing = {.object = &s->config.slots[n].info};
    bool stream = store_slot_is_stream(slot);
    slot->mismatch = true;
    if (stream || (s->spool != NULL && s->spool->released > 0)) {
        store_report(s, n, STORE_MISMATCH, 6, "", "the digest differs%s",
                     s->spool != NULL ? "; what was written cannot be taken back" : "");
        slot->state = STORE_SLOT_FAILED;
        return RECEIVER_FAILED;
    }
    slot->prefix = 0;
    if (s->spool != NULL)
        spool_restart(s->spool);
    else
        part_rehash(&slot->sink.part);
    /* What an old journal claims is no longer believed. */
    if (slot->resumed)
        journal_write(s->dir, slot->sink.journal_name, &nothing, s->config.crc32c);
    return RECEIVER_DIFFERS;
}

static enum ReceiverCheck verified(struct Store *s, unsigned n, enum StoreWhat what,
                                   const char *words)
{
    struct StoreSlot *slot = &s->slots[n];
    s->draining = store_pending(s) > 0;
    if (!s->draining)
        store_report(s, n, what, 0, "", "%s", words);
    store_remember(s, slot);
    store_settle(s, n);
    return RECEIVER_VERIFIED;
}

static enum ReceiverCheck commit(struct Store *s, unsigned n, uint64_t size, struct View digest)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct PacketObject *info = &slot->info;
    bool folder = s->config.target == STORE_FOLDER;
    unsigned mode = (info->link & LINK_MODE) != 0 ? info->mode & 0777U : 0666U;
    struct FileSinkCommit c = {
        .size = size,
        .mode = mode & ~s->umask,
        .has_mtime = (info->link & LINK_MTIME) != 0,
        .mtime = info->mtime,
        .replace = !s->config.no_clobber && (!folder || s->config.force),
        .only_files = folder,
    };
    int odd;
    if (folder && file_sink_target(&slot->sink, size, digest) == FILE_SINK_SAME) {
        if (file_sink_remove(&slot->sink) != 0)
            return failed(s, n, "remove the .part file");
        return verified(s, n, STORE_HAVE, "already here");
    }
    if (file_sink_commit(&slot->sink, &c, &odd) != 0) {
        if (errno != EEXIST)
            return failed(s, n, "cannot be put in place");
        slot->state = STORE_SLOT_FAILED;
        store_report(s, n, STORE_FAILED, 7, "", "exists");
        return RECEIVER_FAILED;
    }
    if (odd != 0)
        store_report(s, n, STORE_NOTE, 0, "", "time or mode not set: %s", store_error(odd));
    return verified(s, n, STORE_VERIFIED, "verified");
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
        if (part_hash(part, size, UINT64_MAX) != 0)
            return failed(s, n, "read back");
        digest_value(&part->hash, value);
    }
    if (digest.len == 0 || digest.len > sizeof value || (stream && part->end != size) ||
        memcmp(value, digest.data, digest.len) != 0)
        return differs(s, n);
    if (s->spool == NULL)
        return commit(s, n, size, view_of(value, sizeof value));
    return verified(s, n, STORE_VERIFIED, "verified");
}

/* ---- Not complete -----------------------------------------------------------------------------*/

static bool side_of_slot(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    return side_read(ctx, offset, data, len) == 0;
}

static int save_journal(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct Slot *of = &s->config.slots[n];
    struct PacketObject object = of->info;
    struct Repairs repairs = of->repairs;
    struct JournalContent c = {.object = &object, .sync = true};
    object.name = view_of(of->name, of->info.name.len);
    if (store_slot_is_stream(slot))
        return journal_write(s->dir, slot->sink.journal_name, &c, s->config.crc32c);
    /* The receiver's way into the side store is only there while it works. */
    repairs.store = (struct RepairsStore){.ctx = &slot->side, .read = side_of_slot};
    c.end = of->end_known ? &of->end : NULL;
    c.arrived = &of->object;
    c.repairs = &repairs;
    if (!part_unsaved(&slot->sink.part, &c.unsaved_from, &c.unsaved_to))
        c.unsaved_from = c.unsaved_to = 0;
    return journal_write(s->dir, slot->sink.journal_name, &c, s->config.crc32c);
}

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

static void say_incomplete(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    uint64_t here = store_here(s, n);
    if (slot->mismatch)
        store_report(s, n, STORE_MISMATCH, 6, "", "the digest differs%s%s",
                     s->spool == NULL ? "; what came is in " : "",
                     s->spool == NULL ? slot->sink.part_name : "");
    else if (s->spool != NULL)
        store_report(s, n, STORE_INCOMPLETE, 5, "", "incomplete: %" PRIu64 " bytes arrived", here);
    else if (store_slot_is_stream(slot))
        store_report(s, n, STORE_INCOMPLETE, 5, "",
                     "incomplete: the first %" PRIu64 " bytes of a stream are in %s", here,
                     slot->sink.part_name);
    else if (is_void(s, n))
        store_report(s, n, STORE_INCOMPLETE, 5, "", "incomplete: none of its bytes arrived");
    else
        store_report(s, n, STORE_INCOMPLETE, 5, "",
                     "incomplete: %" PRIu64 " of %" PRIu64
                     " bytes are kept in %s; receive it again to go on from there",
                     here, slot->info.size, slot->sink.part_name);
}

/* Save what arrived, and if something has failed, now or before, say what became of it. */
static void keep_part(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct Part *part = &slot->sink.part;
    bool told = slot->state == STORE_SLOT_FAILED, nothing;
    int error = 0;
    part_sync(part); /* what fails is in part->error, and in part_unsaved */
    nothing = is_void(s, n);
    if (nothing)
        file_sink_remove(&slot->sink);
    else if (save_journal(s, n) != 0)
        error = errno;
    if (error == 0 && (!told || part->lost))
        error = part->error;
    if (told ? nothing : error == 0)
        return;
    slot->state = STORE_SLOT_FAILED;
    if (error != 0)
        store_report(s, n, told ? STORE_NOTE : STORE_FAILED, told ? 0 : 1, "",
                     "what arrived could not be kept: %s", store_error(error));
    else
        store_report(s, n, STORE_NOTE, 0, "", "what arrived is kept in %s%s", slot->sink.part_name,
                     store_slot_is_stream(slot) ? "" : "; receive it again to go on from there");
}

void store_keep(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    bool told = slot->state == STORE_SLOT_FAILED;
    if (!slot->loaded) {
        if (!told)
            store_report(s, n, STORE_REFUSED, 1, "", "no memory for an object of that many parts");
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
    for (unsigned n = 0; n < s->config.slot_count; n++) {
        if (s->slots[n].state == STORE_SLOT_OPEN || s->slots[n].state == STORE_SLOT_FAILED)
            store_keep(s, n);
    }
    if (s->draining)
        store_report(s, s->holder, STORE_INCOMPLETE, 5, "",
                     "verified, but %" PRIu64 " bytes were not written", store_pending(s));
    s->draining = false;
}
