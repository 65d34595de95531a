/* Store, the second part: an object that an earlier run left is gone on with. */
#include "host/store_slot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

bool store_same_layout(const struct ObjectLayout *a, const struct ObjectLayout *b)
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
    if (store_same_layout(&l, &object->layout)) {
        mark_arrived(object, &slot->journal, (uint64_t)st.st_size);
    } else if (!mark_regridded(object, &slot->journal, (uint64_t)st.st_size)) {
        store_fail(s, n, "take over what an earlier run left");
        return false;
    }
    journal_forget_arrived(&slot->journal);
    slot->loaded = slot->kept = true;
    store_report(s, n, STORE_NOTE, EXIT_DELIVERED, "",
                 "going on: %" PRIu64 " of %" PRIu64 " bytes are here already", store_here(s, n),
                 slot->info.size);
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
        if (s->taken && s->config.slots[s->holder].state == SLOT_COLLECTING)
            receiver_unheard(r, s->holder);
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
    if (!store_same_layout(&l, &of->object.layout) || !journal_next_repair(j, s->packet, &len) ||
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
        if (len > 0)
            receiver_input(r, view_of(s->packet, len), now);
        else
            slot->replaying = false;
    }
}

bool store_wants_replay(const struct Store *s)
{
    for (unsigned n = 0; n < s->reached; n++) {
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
    for (unsigned n = 0; n < s->reached; n++) {
        if (s->slots[n].replaying)
            replay(s, r, n, now);
    }
}
