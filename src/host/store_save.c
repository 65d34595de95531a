/* Store, all along: what arrived is recorded in the journal, so that even a kill loses little. */
#include "host/store_slot.h"

#include "host/clock.h"
#include "host/disk.h"

#include <errno.h>
#include <stdlib.h>

#define SAVE_AFTER   CLOCK_SECOND        /* the first news waits so long */
#define SAVE_REST    3                   /* times what a save took: so long until the next */
#define REPAIRS_SOON UINT32_C(16384)     /* so many repairs are saved at once; */
#define REPAIRS_MOST (2 * REPAIRS_SOON)  /* of more than these no list is kept */
#define RECORDS_IDLE ((uint64_t)8 << 20) /* bytes of records the journal may have for nothing */

void store_note_bytes(struct StoreSlot *slot, uint64_t offset, size_t len)
{
    struct StoreNews *news = &slot->news;
    bool none = news->from == news->to;
    if (none || offset < news->from)
        news->from = offset;
    if (none || offset + len > news->to)
        news->to = offset + len;
}

static bool has_room(struct StoreNews *news)
{
    uint32_t room = news->repair_room == 0 ? 64 : 2 * news->repair_room;
    if (news->repair_count < news->repair_room)
        return true;
    if (room > REPAIRS_MOST)
        return false;
    uint64_t *repairs = realloc(news->repairs, room * sizeof *repairs);
    if (repairs == NULL)
        return false;
    news->repairs = repairs;
    news->repair_room = room;
    return true;
}

void store_note_repair(struct Store *s, unsigned n, uint64_t offset)
{
    struct StoreSlot *slot = &s->slots[n];
    uint64_t record = REPAIRS_KEY + (uint64_t)s->config.slots[n].repairs.symbol_size;
    /* Those that come out of the journal are in it; and behind its key a payload is written. */
    if (slot->sink.part.fd < 0 || slot->replaying || offset % record != 0)
        return;
    if (!slot->news.all_repairs && has_room(&slot->news))
        slot->news.repairs[slot->news.repair_count++] = offset;
    else
        slot->news.all_repairs = true;
}

void store_drop_news(struct StoreSlot *slot)
{
    free(slot->news.repairs);
    slot->news = (struct StoreNews){.named = slot->news.named};
}

/* True if something arrived that is not recorded; of a stream, that is not safe. */
static bool has_news(const struct Store *s, unsigned n)
{
    const struct StoreSlot *slot = &s->slots[n];
    const struct StoreNews *news = &slot->news;
    return news->from < news->to || news->repair_count > 0 || news->all_repairs ||
           (s->config.slots[n].end_known && slot->journal.fd >= 0 && slot->journal.end_len == 0 &&
            !store_slot_is_stream(slot));
}

static bool side_of_slot(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    return side_read(ctx, offset, data, len) == 0;
}

/* The receiver's way into the side store is only there while it works. */
static struct Repairs repairs_of(struct Store *s, unsigned n)
{
    struct Repairs repairs = s->config.slots[n].repairs;
    repairs.store = (struct RepairsStore){.ctx = &s->slots[n].side, .read = side_of_slot};
    return repairs;
}

/* OBJECT as it came last. */
static struct PacketObject object_of(const struct Store *s, unsigned n)
{
    const struct Slot *of = &s->config.slots[n];
    struct PacketObject object = of->info;
    object.name = view_of(of->name, of->info.name.len);
    return object;
}

/* A journal of that content; a part without a name gets it with its first. */
static int write_journal(struct Store *s, struct StoreSlot *slot, const struct JournalContent *c)
{
    journal_close(&slot->journal);
    if (slot->sink.nameless)
        return file_sink_name(&slot->sink, &slot->journal, c, s->config.crc32c);
    return journal_write(&slot->journal, s->dir, slot->sink.journal_name, c, s->config.crc32c);
}

/* A whole new journal: the first, of another grid, or because that which is there has failed. */
static int write_anew(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct Slot *of = &s->config.slots[n];
    struct PacketObject object = object_of(s, n);
    struct Repairs repairs = repairs_of(s, n);
    struct JournalContent c = {
        .object = &object,
        .end = of->end_known ? &of->end : NULL,
        .arrived = &of->object,
        .repairs = &repairs,
        .sync = !s->config.no_sync,
    };
    if (!part_unsaved(&slot->sink.part, &c.unsaved_from, &c.unsaved_to))
        c.unsaved_from = c.unsaved_to = 0;
    int result = write_journal(s, slot, &c);
    if (result == 0 || (errno != ENOSPC && errno != EDQUOT))
        return result;
    c.repairs = NULL; /* there is room for the rest */
    return write_journal(s, slot, &c);
}

int store_name_part(struct Store *s, unsigned n)
{
    struct PacketObject object = object_of(s, n);
    struct JournalContent nothing = {.object = &object};
    return write_journal(s, &s->slots[n], &nothing);
}

/* Claim the symbols that the news is about, but for what has not got into the part: then in two
 * steps, of which the first is made safe before the second may overwrite what was there before. */
static int claim_news(const struct Store *s, struct StoreSlot *slot, const struct Object *o)
{
    uint64_t t = o->layout.symbol_size, from, to;
    uint64_t first = slot->news.from / t, behind = slot->news.to / t + (slot->news.to % t != 0);
    if (!part_unsaved(&slot->sink.part, &from, &to))
        return journal_claim(&slot->journal, o, first, behind);
    from /= t;
    to = to / t + (to % t != 0);
    if (journal_claim(&slot->journal, o, first, behind < from ? behind : from) != 0 ||
        (!s->config.no_sync && journal_sync(&slot->journal) != 0))
        return -1;
    return journal_claim(&slot->journal, o, first > to ? first : to, behind);
}

static int add_news_repairs(struct StoreSlot *slot, const struct Repairs *r)
{
    uint64_t w, key;
    uint8_t *record;
    int result = 0;
    if (slot->news.all_repairs)
        return journal_add_repairs(&slot->journal, r);
    if (r->total == 0 || slot->news.repair_count == 0)
        return 0;
    record = malloc(JOURNAL_RECORD + r->symbol_size + JOURNAL_RECORD_END);
    if (record == NULL)
        return -1;
    for (uint32_t i = 0; i < slot->news.repair_count && result == 0; i++) {
        uint64_t offset = slot->news.repairs[i];
        if (repairs_record(r, offset, &w, &key, record + JOURNAL_RECORD))
            result = journal_add_repair(&slot->journal, w, key, record);
    }
    int error = errno;
    free(record);
    errno = error;
    return result;
}

/* The same in place. Repairs for which there is no room are done without. */
static int write_news(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    const struct Slot *of = &s->config.slots[n];
    struct Repairs repairs = repairs_of(s, n);
    struct Journal *j = &slot->journal;
    if (claim_news(s, slot, &of->object) != 0)
        return -1;
    if (of->end_known && j->end_len == 0 && journal_add_end(j, &of->end) != 0)
        return -1;
    if (add_news_repairs(slot, &repairs) != 0 && errno != ENOSPC && errno != EDQUOT)
        return -1;
    if (!s->config.no_sync && journal_sync(j) != 0)
        return -1;
    return repairs.total == 0 ? journal_drop_repairs(j) : 0;
}

/* True if the journal can be gone on with: it is of this grid, and has not failed. */
static bool is_current(const struct Store *s, unsigned n)
{
    const struct StoreSlot *slot = &s->slots[n];
    const struct Journal *j = &slot->journal;
    const struct Repairs *r = &s->config.slots[n].repairs;
    if (j->fd < 0 || slot->news.rewrite || !file_sink_has_journal(&slot->sink, j))
        return false;
    struct ObjectLayout l = journal_layout(j);
    uint64_t records = j->limit - journal_size(&j->info);
    return store_same_layout(&l, &s->config.slots[n].object.layout) &&
           records / 2 <= r->total * (JOURNAL_RECORD + r->symbol_size) + RECORDS_IDLE;
}

int store_record(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    int result = 0;
    if (!has_news(s, n) && !slot->news.rewrite && !slot->sink.nameless)
        return 0;
    if (store_slot_is_stream(slot))
        result = slot->news.named || s->config.no_sync ? 0 : journal_sync(&slot->journal);
    else
        result = is_current(s, n) ? write_news(s, n) : write_anew(s, n);
    if (result == 0 && !slot->news.named && !s->config.no_sync)
        result = disk_sync_folder(s->dir);
    int error = errno;
    store_drop_news(slot);
    slot->news.named = slot->news.named || result == 0;
    slot->news.rewrite = result != 0;
    slot->kept = slot->kept || (result == 0 && !store_slot_is_stream(slot));
    errno = error;
    return result;
}

void store_disclaim(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct JournalContent nothing = {.object = &s->config.slots[n].info};
    nothing.sync = slot->kept && !s->config.no_sync;
    store_drop_news(slot);
    if (slot->sink.part.fd < 0 || slot->sink.nameless)
        return;
    /* Should that fail, the old claims are found out by the digest once more. */
    write_journal(s, slot, &nothing);
    slot->kept = false;
}

/* Make safe and record what is new of an object that is being collected. */
static void save(struct Store *s, unsigned n)
{
    struct StoreSlot *slot = &s->slots[n];
    struct Part *part = &slot->sink.part;
    if (!file_sink_has_part(&slot->sink)) {
        store_drop_news(slot); /* said in the end */
        return;
    }
    if ((s->config.no_sync ? part_flush(part) : part_sync_data(part)) != 0)
        store_fail(s, n, part->lost ? "make it safe" : "write");
    else
        store_record(s, n); /* if that fails the file itself may yet be completed */
}

static bool wants_saving(const struct Store *s, unsigned n)
{
    const struct StoreSlot *slot = &s->slots[n];
    return slot->state == STORE_SLOT_OPEN && slot->loaded && slot->sink.part.fd >= 0 &&
           has_news(s, n);
}

uint64_t store_save(struct Store *s, uint64_t now)
{
    bool any = false, soon = false;
    for (unsigned n = 0; n < s->reached; n++) {
        any = any || wants_saving(s, n);
        soon = soon || s->slots[n].news.repair_count >= REPAIRS_SOON;
    }
    if (!any)
        return s->save_at = CLOCK_NEVER;
    if (s->save_at == CLOCK_NEVER)
        s->save_at = now + SAVE_AFTER > s->save_not_before ? now + SAVE_AFTER : s->save_not_before;
    if (now < s->save_at && !soon)
        return s->save_at;
    uint64_t began = clock_now();
    for (unsigned n = 0; n < s->reached; n++) {
        if (wants_saving(s, n))
            save(s, n);
    }
    s->save_not_before = now + (1 + SAVE_REST) * (clock_now() - began);
    return s->save_at = CLOCK_NEVER;
}
