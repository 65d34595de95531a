/* Store, the first part: may an object come in, where does it go, and what of it is there? */
#include "host/store_slot.h"

#include "host/diag.h"
#include "host/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX 300 /* bytes of a name from the line in a message */

static enum ReceiverOpen refuse(struct Store *s, unsigned n, const char *suffix, const char *why)
{
    store_report(s, n, STORE_REFUSED, EXIT_REFUSED, suffix, "%s", why);
    return RECEIVER_REFUSE;
}

static enum ReceiverOpen refuse_errno(struct Store *s, unsigned n, const char *doing)
{
    store_report(s, n, STORE_REFUSED, EXIT_IO, "", "%s: %s", doing, store_error(errno));
    return RECEIVER_REFUSE;
}

/* True if the file of an object that is done is as it was. */
static bool is_untouched(const struct Store *s, const struct StoreDone *d)
{
    struct stat st;
    return d->is.st_ino != 0 && fstatat(s->dir, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           file_sink_unchanged(&d->is, &st);
}

/* True if this run has received it, or found it, has said so, and it is still there. */
static bool is_done(const struct Store *s, const struct StoreSlot *slot)
{
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        const struct StoreDone *d = &s->done[i];
        if (d->used && d->size == slot->info.size && strcmp(d->name, slot->name) == 0 &&
            memcmp(d->id, slot->info.id, PACKET_ID) == 0)
            return s->config.target != STORE_FOLDER || is_untouched(s, d);
    }
    return false;
}

/* Nothing has to be written. */
static enum ReceiverOpen have(struct Store *s, unsigned n)
{
    store_report(s, n, STORE_HAVE, EXIT_DELIVERED, "", "already here");
    return RECEIVER_HAVE;
}

static bool same_object(const struct PacketObject *a, const struct PacketObject *b)
{
    return a->flags == b->flags && a->size == b->size && memcmp(a->id, b->id, PACKET_ID) == 0;
}

static enum ReceiverOpen set_aside(struct Store *s, unsigned n, struct FileSink *k)
{
    char aside[NAME_MAX + 1];
    if (file_sink_set_aside(k, aside) != 0)
        return refuse_errno(s, n, "cannot set the unfinished file of an earlier run aside");
    store_report(s, n, STORE_NOTE, EXIT_DELIVERED, NAMES_PART,
                 "left by an earlier run, and cannot be gone on with here: set aside as %s", aside);
    return RECEIVER_TAKE;
}

/*
 * The target is taken. By an object that was opened from its journal, of which the line has said
 * nothing: that gives way, set aside unless the new one goes on with it (it came under another
 * name). The slot is dropped later, for here we are inside of the receiver.
 */
static enum ReceiverOpen take_over(struct Store *s, unsigned n, const struct PacketObject *object)
{
    char shown[SHOWN_MAX];
    struct StoreSlot *old = &s->slots[s->holder];
    const struct Slot *of = &s->config.slots[s->holder];
    if (old->state == STORE_SLOT_OPEN && s->holder_idle && !of->finishing &&
        of->counters.packets == s->holder_packets) {
        enum ReceiverOpen answer = RECEIVER_TAKE;
        if (!same_object(&old->info, object))
            answer = set_aside(s, s->holder, &old->sink);
        store_settle(s, s->holder);
        s->drop = (int)s->holder;
        s->taken = false;
        return answer;
    }
    diag_escape(shown, sizeof shown, object->name);
    store_report(s, n, STORE_REFUSED, EXIT_REFUSED, "",
                 "takes one file, -d DIR takes all; refused: %s",
                 object->name.len > 0 ? shown : "one without a name");
    return RECEIVER_REFUSE;
}

/* Give slot n a name in the folder. */
static enum ReceiverOpen choose_name(struct Store *s, unsigned n, const struct PacketObject *object)
{
    struct StoreSlot *slot = &s->slots[n];
    char shown[SHOWN_MAX];
    if (names_sanitise(object->name, object->id, slot->name) == NAMES_REPLACED &&
        object->name.len > 0) {
        diag_escape(shown, sizeof shown, object->name);
        store_report(s, n, STORE_NOTE, EXIT_DELIVERED, "",
                     "named so because the sender's name is not allowed: %s", shown);
    }
    for (unsigned i = 0; i < s->reached; i++) {
        const struct StoreSlot *other = &s->slots[i];
        bool live = other->state == STORE_SLOT_OPEN || other->state == STORE_SLOT_FAILED;
        if (i != n && live && strcmp(other->name, slot->name) == 0)
            return refuse(s, n, "", "two files of this name at once: the second is refused");
    }
    return RECEIVER_TAKE;
}

const char *store_stays(const struct Store *s)
{
    return s->config.no_clobber ? "exists, with other content, and -n forbids to replace it"
                                : "exists, with other content; -f replaces it";
}

/* What bears the target's name already, and does that hinder? */
static enum ReceiverOpen look_at_target(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    uint8_t flags = slot->info.flags;
    bool folder = s->config.target == STORE_FOLDER;
    bool id_is_digest = (flags & (OBJECT_IDENTITY | OBJECT_STREAM | OBJECT_ZSTD)) == 0 &&
                        slot->info.size <= FILE_SOURCE_HASHED;
    struct View digest = view_of(slot->info.id, id_is_digest ? PACKET_ID : 0);
    enum FileSinkTarget there =
        file_sink_target(&slot->sink, slot->info.size, digest_kind(flags), digest, s->seen);
    /* How long it will be when it is unpacked nobody knows yet. */
    if (store_slot_is_packed(slot) && there == FILE_SINK_OTHER)
        there = FILE_SINK_MAYBE;
    if (there == FILE_SINK_FREE)
        return RECEIVER_TAKE;
    if (is_done(s, slot) && (there == FILE_SINK_SAME || there == FILE_SINK_MAYBE))
        return s->config.recheck ? have(s, n) : RECEIVER_HAVE;
    if (!folder && s->config.no_clobber)
        return refuse(s, n, "", "exists, and -n forbids to replace it");
    if (there == FILE_SINK_SAME) {
        store_remember(s, slot);
        return have(s, n);
    }
    if (!folder)
        return RECEIVER_TAKE;
    if (there == FILE_SINK_UNTOUCHED)
        return refuse(s, n, "", "exists and is no regular file, never replaced");
    if (s->config.force && !s->config.no_clobber)
        return RECEIVER_TAKE;
    /* Only at the end can be told whether it is the same. */
    if (there == FILE_SINK_MAYBE && (flags & OBJECT_STREAM) == 0) {
        slot->rival = true;
        return RECEIVER_TAKE;
    }
    return refuse(s, n, "", store_stays(s));
}

int store_found(struct Store *s, unsigned n, enum FileSinkFound found)
{
    const char *name = n != STORE_NO_SLOT ? s->slots[n].name : s->base;
    if (found == FILE_SINK_ERROR) {
        refuse_errno(s, n, "cannot look at what an earlier run left");
        return EXIT_IO;
    }
    if (found == FILE_SINK_BUSY)
        store_report(s, n, STORE_REFUSED, EXIT_REFUSED, "",
                     "another process is receiving it (%s" NAMES_PART " is locked)", name);
    else if (found == FILE_SINK_FOREIGN)
        refuse(s, n, NAMES_PART, "not from dttk; move it away, or use --no-resume");
    else if (found == FILE_SINK_BROKEN)
        refuse(s, n, NAMES_PART NAMES_JOURNAL,
               "damaged, or not from dttk; move it and the .part away, or use --no-resume");
    else
        return 0;
    return EXIT_REFUSED;
}

/* What did an earlier run leave? TAKE: nothing that hinders; RESUME: part of this object. */
static enum ReceiverOpen look_at_part(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    enum FileSinkFound found = file_sink_look(&slot->sink, &slot->journal, s->config.crc32c);
    slot->untouched = found == FILE_SINK_NOTHING;
    if (s->config.no_resume && found != FILE_SINK_BUSY && found != FILE_SINK_ERROR) {
        journal_close(&slot->journal);
        if (file_sink_remove(&slot->sink) != 0)
            return refuse_errno(s, n, "cannot remove what an earlier run left");
        return RECEIVER_TAKE;
    }
    switch (found) {
    case FILE_SINK_NOTHING:
    case FILE_SINK_STRAY:
    case FILE_SINK_EMPTY:
        journal_close(&slot->journal);
        return RECEIVER_TAKE;
    case FILE_SINK_PART:
        if (same_object(&slot->info, &slot->journal.info))
            return RECEIVER_RESUME;
        journal_close(&slot->journal);
        return set_aside(s, n, &slot->sink);
    case FILE_SINK_ASIDE:
        return set_aside(s, n, &slot->sink);
    case FILE_SINK_BUSY:
    case FILE_SINK_FOREIGN:
    case FILE_SINK_BROKEN:
    case FILE_SINK_ERROR:
        break;
    }
    store_found(s, n, found);
    return RECEIVER_REFUSE;
}

/* Bytes of the disk, of those that it says are free, that other objects under way will take. */
static uint64_t promised(struct Store *s, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < s->reached; i++) {
        const struct StoreSlot *slot = &s->slots[i];
        if (i == n || slot->state != STORE_SLOT_OPEN || slot->sink.part.fd < 0 ||
            store_slot_is_stream(slot))
            continue;
        uint64_t taken = file_sink_taken(&slot->sink);
        sum += slot->info.size > taken ? slot->info.size - taken : 0;
    }
    return sum;
}

/* Is there room for the object, or for what is missing of it? */
static bool has_space(struct Store *s, unsigned n, bool resumed)
{
    struct StoreSlot *slot = &s->slots[n];
    uint64_t space = file_sink_space(&slot->sink), others = promised(s, n);
    uint64_t taken = resumed ? file_sink_taken(&slot->sink) : 0, needed = slot->info.size;
    needed = needed > taken ? needed - taken : 0;
    needed += resumed ? 0 : journal_size(&slot->info);
    space = space > others ? space - others : 0;
    if (needed <= space)
        return true;
    file_sink_close(&slot->sink);
    store_report(s, n, STORE_REFUSED, EXIT_IO, "",
                 "no space: %" PRIu64 " bytes are needed, %" PRIu64 " are free%s", needed, space,
                 others > 0 ? " beside what is under way" : "");
    return false;
}

/* True if the object will most likely be complete before anything of it has to last: then it is
 * there with a third of the system calls. */
static bool may_be_nameless(const struct StoreSlot *slot)
{
    return slot->untouched && !store_slot_is_stream(slot) && !store_slot_is_packed(slot) &&
           slot->info.size <= STORE_NAMELESS;
}

static enum ReceiverOpen begin_part(struct Store *s, unsigned n, const struct PacketObject *object)
{
    struct StoreSlot *slot = &s->slots[n];
    if (!has_space(s, n, false))
        return RECEIVER_REFUSE;
    if (slot->info.size / slot->info.symbol_size / 8 > STORE_MEMORY_OBJECT) {
        file_sink_close(&slot->sink);
        return refuse(s, n, "", STORE_TOO_MANY);
    }
    if (may_be_nameless(slot) &&
        file_sink_start_nameless(&slot->sink, (size_t)slot->info.size) == 0)
        return RECEIVER_TAKE;
    if (file_sink_start(&slot->sink, &slot->journal, object, s->config.crc32c) != 0)
        return refuse_errno(s, n, "cannot create the .part file");
    return RECEIVER_TAKE;
}

static enum ReceiverOpen open_file(struct Store *s, unsigned n, const struct PacketObject *object)
{
    struct StoreSlot *slot = &s->slots[n];
    enum ReceiverOpen answer;
    if (file_sink_init(&slot->sink, s->dir, slot->name) != 0)
        return refuse_errno(s, n, "cannot name the .part file");
    answer = look_at_target(s, n);
    if (answer == RECEIVER_TAKE)
        answer = look_at_part(s, n);
    if (answer == RECEIVER_TAKE)
        answer = begin_part(s, n, object);
    else if (answer == RECEIVER_RESUME && !has_space(s, n, true))
        return RECEIVER_REFUSE;
    slot->resumed = answer == RECEIVER_RESUME;
    slot->replaying = slot->resumed;
    slot->sink.part.eager = !s->config.no_sync;
    return answer;
}

static enum ReceiverOpen open_spool(struct Store *s, unsigned n)
{
    if (store_slot_is_stream(&s->slots[n]) || spool_begin(s->spool, s->dir) == 0)
        return RECEIVER_TAKE;
    return refuse_errno(s, n, "cannot create a temporary file");
}

static enum ReceiverOpen decide(struct Store *s, unsigned n, const struct PacketObject *object)
{
    bool single = s->config.target != STORE_FOLDER;
    enum ReceiverOpen answer = single ? RECEIVER_TAKE : choose_name(s, n, object);
    if (answer != RECEIVER_TAKE)
        return answer;
    if (!digest_known(digest_kind(object->flags)))
        return refuse(s, n, "",
                      "its digest is XXH128, which this dttk is built without; send it with "
                      "--digest sha256");
    if (store_slot_is_packed(&s->slots[n]) && !pack_known())
        return refuse(s, n, "",
                      "is packed by zstd, which this dttk is built without; send it without -z");
    if (store_is_too_large(s, object->size)) {
        store_say_too_large(s, n, STORE_REFUSED, object->size);
        return RECEIVER_REFUSE;
    }
    if (single && is_done(s, &s->slots[n]))
        return RECEIVER_HAVE;
    if (single && s->taken && take_over(s, n, object) != RECEIVER_TAKE)
        return RECEIVER_REFUSE;
    return s->spool != NULL ? open_spool(s, n) : open_file(s, n, object);
}

enum ReceiverOpen store_open(void *ctx, unsigned n, const struct PacketObject *object)
{
    struct Store *s = ctx;
    struct StoreSlot *slot = &s->slots[n];
    s->reached = n < s->reached ? s->reached : n + 1;
    store_slot_reset(s, slot, object);
    enum ReceiverOpen answer = decide(s, n, object);
    if (answer == RECEIVER_TAKE || answer == RECEIVER_RESUME) {
        s->taken = true;
        s->holder = n;
        s->holder_idle = false;
        store_rehash(s, slot);
    } else {
        store_settle(s, n);
        slot->state = STORE_SLOT_FREE;
    }
    return answer;
}
