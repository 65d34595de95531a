/* What store.c and store_*.c share: nobody else's. */
#ifndef HOST_STORE_SLOT_H
#define HOST_STORE_SLOT_H

#include "host/file_sink.h"
#include "host/side.h"
#include "host/spool.h"
#include "host/store.h"

enum StoreSlotState {
    STORE_SLOT_FREE,
    STORE_SLOT_OPEN,    /* bytes come; whoever ends it says what became of it */
    STORE_SLOT_FAILED,  /* the same, but that it failed has been said */
    STORE_SLOT_SETTLED, /* all has been said, nothing is open: close gives memory back */
};

/* What came since the journal was last saved, and how it is to be saved. */
struct StoreNews {
    uint64_t from, to; /* bytes of the object that were written; 0, 0: none */
    uint64_t *repairs; /* those that came, by their offset in the side store */
    uint32_t repair_count, repair_room;
    bool all_repairs; /* they were too many for that: save all there are */
    bool rewrite;     /* the journal failed: it is to be written anew, whether there is news */
    bool named;       /* part and journal have their names, power cut or not */
};

struct StoreSlot {
    enum StoreSlotState state;
    struct PacketObject info; /* as opened, without the name */
    char name[NAME_MAX + 1];  /* of the target, in its folder */
    bool resumed;             /* an earlier run left part of it */
    bool loaded;              /* the receiver's Slot says what is here: save that */
    bool starved;             /* the system has no memory for its bookkeeping */
    bool mismatch;            /* the digest has differed once */
    bool too_large;           /* that is why it has failed */
    bool kept;                /* the journal says that something is here, and is right */
    bool untouched;           /* no earlier run left anything */
    bool rival;               /* the target was there: only at the end it shows if it is the same */
    uint64_t prefix;          /* all below has arrived */
    struct FileSink sink;     /* not for a descriptor */
    struct StoreUnpacking *unpacking; /* what is packed, on its way out of that; or NULL */
    uint64_t unpacked;                /* bytes it came to, when it is done; else 0 */
    struct Side side;
    struct Journal journal; /* of what is here; open as long as the sink is */
    struct StoreNews news;
    bool replaying; /* the journal's END and repairs */
    bool end_replayed;
    void *memory[2]; /* bookkeeping: the newest, and the one it may be made from */
    uint64_t memory_size[2];
};

struct StoreDone {
    bool used;
    uint64_t size;
    uint8_t id[PACKET_ID];
    char name[NAME_MAX + 1];
    struct stat is; /* STORE_FOLDER: its file, as it was then; st_ino 0: not known */
};

#define STORE_NO_SLOT UINT_MAX

/* Bytes that are hashed, or unpacked, in a few ms: then it is time to look at the line again. */
#define STORE_AT_ONCE ((uint64_t)4 << 20)

/* Objects up to so many bytes get a name when they are complete, or when they are first saved. */
#define STORE_NAMELESS ((uint64_t)16 << 10)

#define STORE_TOO_MANY "too many symbols for the memory set aside: send it with a larger --mtu"

static inline bool store_slot_is_stream(const struct StoreSlot *slot)
{
    return (slot->info.flags & OBJECT_STREAM) != 0;
}

static inline bool store_slot_is_packed(const struct StoreSlot *slot)
{
    return (slot->info.flags & OBJECT_ZSTD) != 0;
}

static inline struct Part *store_part(struct Store *s, struct StoreSlot *slot)
{
    return s->spool != NULL ? &s->spool->part : &slot->sink.part;
}

/* Tell what became of the object in slot n (or STORE_NO_SLOT); suffix goes behind the path. */
void store_report(struct Store *s, unsigned n, enum StoreWhat what, int code, const char *suffix,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* errno, which must not be 0, in words; good until the next call of strerror. */
const char *store_error(int error);

/* What is asked of a packed object: a file says its size, and nothing is larger than max_size. */
struct UnpackerLimits store_unpacker_limits(const struct Store *s, const struct StoreSlot *slot);

/* Say that the object failed, once, by errno, and what cannot be done ("write"). Its slot is then
 * FAILED. */
void store_fail(struct Store *s, unsigned n, const char *doing);

/* A slot for object, which nothing is known of yet: OPEN. */
void store_slot_reset(struct Store *s, struct StoreSlot *slot, const struct PacketObject *object);

/* True if symbols and windows of both are the same. */
bool store_same_layout(const struct ObjectLayout *a, const struct ObjectLayout *b);

/* True if what is there already under the name is compared with what arrived, by its digest. */
static inline bool store_compares(const struct Store *s)
{
    return s->config.target == STORE_FOLDER;
}

/* Why a file in the folder that has other content stays as it is. */
const char *store_stays(const struct Store *s);

/* Say why what an earlier run left (of slot n, or STORE_NO_SLOT) hinders: an exit code; or 0. */
int store_found(struct Store *s, unsigned n, enum FileSinkFound found);

/* Nothing of the object is hashed yet, or any more: its digest will be of the kind it asks for. */
void store_rehash(struct Store *s, struct StoreSlot *slot);

/* Everything of the slot that is open is closed, nothing on disk is touched: it is SETTLED. */
void store_settle(struct Store *s, unsigned n);

/* True if an object of so many bytes is not to be taken; and say that this one, of slot n, is not.
 */
bool store_is_too_large(const struct Store *s, uint64_t size);
void store_say_too_large(struct Store *s, unsigned n, enum StoreWhat what, uint64_t size);

/* Remember that the object of the slot is done: should it come again, it is here. */
void store_remember(struct Store *s, const struct StoreSlot *slot);

/* Bytes of the object that are here. */
uint64_t store_here(struct Store *s, unsigned n);

/* The functions of ReceiverStore that decide. */
enum ReceiverOpen store_open(void *ctx, unsigned n, const struct PacketObject *object);
bool store_resume(void *ctx, unsigned n, struct Object *object);
enum ReceiverCheck store_finish(void *ctx, unsigned n, uint64_t size, struct View digest);

/* Bytes of the object, or a repair of it by its offset in the side store, have come. */
void store_note_bytes(struct StoreSlot *slot, uint64_t offset, size_t len);
void store_note_repair(struct Store *s, unsigned n, uint64_t offset);

/*
 * Of what comes packed the file is unpacked beside the part, a few ms of it in a call: what is
 * there (true: there was something to do), or at last all `size` bytes, which are right. 1: there
 * is more to do. 0: store_unpacked is a sink to be committed. -1 and errno: EILSEQ, EOVERFLOW,
 * EMSGSIZE as unpacker_run. Whatever was not committed is removed by store_unpack_stop.
 */
bool store_unpack_ahead(struct Store *s, unsigned n);
int store_unpack(struct Store *s, unsigned n, uint64_t size);
struct FileSink *store_unpacked(struct StoreSlot *slot);
void store_unpack_stop(struct StoreSlot *slot);

/* There is no news any more: what it was about counts no longer. */
void store_drop_news(struct StoreSlot *slot);

/* Record in the journal what arrived; the part is safe, but for part_unsaved. 0; or -1 and errno:
 * the journal says what it said before. */
int store_record(struct Store *s, unsigned n);

/* The part of the slot, which is nameless, gets its name and a journal that claims nothing yet. 0;
 * or -1 and errno. */
int store_name_part(struct Store *s, unsigned n);

/* The digest differs: nothing of what the journal claims is believed any more. */
void store_disclaim(struct Store *s, unsigned n);

/* An object that did not get finished: save what is here, and say so; then it is SETTLED. */
void store_keep(struct Store *s, unsigned n);

#endif
