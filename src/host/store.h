/*
 * Store: where received objects go: a file (OUT), a folder (-d), or a descriptor (stdout). It is
 * the ReceiverStore of a Receiver, with everything that outlives a run: NAME.part while an object
 * is collected, NAME.part.journal that says what of it is there.
 *
 * It prints nothing: what becomes of each object is told to `report`, once and in one line; if it
 * failed, a note behind that says whether what arrived could be kept.
 *
 *     store_init, receiver_init(store_callbacks), store_begin
 *     each packet:  receiver_input, store_replay if store_wants_replay, store_pump
 *     each turn:    store_save
 *     a slot FAILED: receiver_drop
 *     at the end:   store_end, store_free
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include "core/receiver.h"
#include "host/exit_code.h"

#define STORE_SLOTS_MAX     64
#define STORE_MEMORY_OBJECT ((uint64_t)24 << 20) /* most bookkeeping of one object */
#define STORE_MEMORY_ALL    ((uint64_t)96 << 20) /* of all objects together */
#define STORE_SIDES         ((uint64_t)64 << 20) /* memory for repairs of all objects */
#define STORE_SCRATCH       ((uint64_t)48 << 20) /* most working memory */

enum StoreTarget {
    STORE_FILE,       /* path: takes one object; replaced after verification */
    STORE_FOLDER,     /* path is a folder: the sender's names, made safe */
    STORE_DESCRIPTOR, /* fd (path is what to call it): takes one object, released in order */
};

/* With the exit code that goes with it, EXIT_... */
enum StoreWhat {
    STORE_NOTE,     /* DELIVERED: worth a line, decides nothing (what was set aside, resumed) */
    STORE_VERIFIED, /* DELIVERED: there, equal, safe; on a descriptor: every byte was written */
    STORE_HAVE,     /* DELIVERED: was there already */
    STORE_REFUSED,  /* REFUSED; IO for want of space, USAGE: the target; nothing taken */
    STORE_FAILED, /* IO: write, fsync, rename ... said no; REFUSED: the name was taken meanwhile */
    STORE_MISMATCH,   /* INTEGRITY: the digest differs, and it ends with that */
    STORE_INCOMPLETE, /* INCOMPLETE: what arrived is kept (but on a descriptor) */
};

#define STORE_RESULTS (STORE_INCOMPLETE + 1)

/* Everything is borrowed for the call of report. */
struct StoreResult {
    enum StoreWhat what;
    int exit_code;
    const char *path; /* of the target, or of the file that is in the way; for the line before : */
    const char *reason; /* one line, printable, with errno's text where there is one; never NULL */
    uint64_t size;      /* of the object; 0 for a stream that is not finished */
    uint64_t unpacked;  /* bytes of the file, if the object was that, packed; else 0 */
    uint64_t here;      /* bytes of it that are kept or delivered */
    const uint8_t *id;  /* of the object, PACKET_ID bytes; NULL: of none */
    unsigned slot;      /* of the receiver; UINT_MAX: none (from store_init, store_begin) */
};

struct StoreConfig {
    enum StoreTarget target;
    const char *path;  /* kept */
    int fd;            /* STORE_DESCRIPTOR: kept, not closed */
    bool force;        /* STORE_FOLDER: replace what is there (regular files only) */
    bool no_clobber;   /* never replace; goes before force */
    bool no_resume;    /* what an earlier run left is thrown away */
    bool no_sync;      /* never wait for the disk: what is verified may not survive a power cut */
    bool recheck;      /* STORE_FOLDER: what this run has finished, and is here, is reported when it
                        * is sent again */
    uint64_t max_size; /* bytes of the largest object that is taken; 0: any */
    Crc32c crc32c;
    const struct Slot *slots; /* the receiver's, kept: looked at when something is to be kept */
    unsigned slot_count;      /* at most STORE_SLOTS_MAX */
    void (*report)(void *ctx, const struct StoreResult *result);
    void *report_ctx;
};

struct StoreSlot; /* one object on its way: store_slot.h */
struct StoreDone; /* an object this run has finished: store_slot.h */
struct Spool;
struct FileSinkSeen;

struct Store {
    struct StoreConfig config;
    char *path;       /* STORE_FILE: config.path, or what that points to if it is a symbolic link */
    const char *base; /* STORE_FILE: its name, in path */
    int dir;          /* the folder of the target, or of files without a name; -1: none */
    unsigned umask;
    struct StoreSlot *slots;
    unsigned reached;       /* slots from this one on have never been taken */
    struct StoreDone *done; /* RECEIVER_FINISHED of them */
    unsigned done_next;
    struct FileSinkSeen *seen; /* targets that were looked at */
    struct Spool *spool;       /* STORE_DESCRIPTOR */
    bool draining;             /* its object is verified, and told of once all was written: */
    uint64_t draining_size;    /* of this size; its slot may have another object by then */
    bool taken;                /* STORE_FILE, STORE_DESCRIPTOR: by the object of slot holder */
    unsigned holder;
    bool holder_idle;        /* it comes from a journal, and nothing of it had been heard */
    uint64_t holder_packets; /* when the slot had counted that many packets */
    int drop;                /* slot whose object had to give way; -1: none */
    uint64_t save_at;        /* when news is to be saved; CLOCK_NEVER: there was none */
    uint64_t save_not_before;
    void *scratch;
    uint64_t scratch_size;
    uint64_t memory_used; /* bookkeeping of all slots */
    uint64_t side_used;   /* memory for repairs of all slots */
    uint8_t *packet;      /* PACKET_MAX bytes: what is replayed */
};

/*
 * Look at the target. An explicit OUT that is a FIFO or a device (symbolic links followed) becomes
 * STORE_DESCRIPTOR here: opened, and s->config says so afterwards. 0; or an exit code (reported):
 * EXIT_REFUSED for no_clobber and a target that exists, EXIT_USAGE for a folder as OUT or no folder
 * as DIR, EXIT_IO otherwise. store_free is fine and needed in either case.
 */
int store_init(struct Store *s, const struct StoreConfig *config);

/* What a ReceiverConfig wants; its ctx is s. */
struct ReceiverStore store_callbacks(struct Store *s);

/*
 * STORE_FILE: an object that an earlier run left there is opened again in r: its OBJECT, END and
 * REPAIR packets go through receiver_input. They never have LINK_ANSWERS: whether somebody listens
 * must come from the line. 0; or EXIT_REFUSED, EXIT_IO (reported): what is there is not ours,
 * broken or not to be read; it was not touched. The other targets: 0.
 */
int store_begin(struct Store *s, struct Receiver *r, uint64_t now);

/*
 * After receiver_input: something is left to be done that cannot be done inside of a callback:
 * repairs of a journal to be replayed, a slot to be dropped whose object had to give way.
 */
bool store_wants_replay(const struct Store *s);
void store_replay(struct Store *s, struct Receiver *r, uint64_t now);

/*
 * STORE_DESCRIPTOR: bytes that wait to be written; while there are any, do not read the link.
 * store_pump_fd is what to poll for POLLOUT: -1 if nothing waits (or the target is no descriptor).
 * store_pump writes what goes without waiting, at most 1 MiB. 0; or -1: the descriptor failed, this
 * was reported (EPIPE: "the reader went away"), nothing waits any more, and the next callback of
 * that object fails. A descriptor shared with others is never made O_NONBLOCK.
 */
uint64_t store_pending(const struct Store *s);
int store_pump_fd(const struct Store *s);
int store_pump(struct Store *s);

/*
 * Digests are taken as bytes come in order; when a hole was closed that freed much at once (a
 * resumed object), a packet catches up only a little of it: the rest is caught up here, in steps of
 * a few ms, or else in finish at one go. True: there was something to do, and may be more: call it
 * once in each turn of the loop, and do not wait while it says so. Need not be called.
 */
bool store_catch_up(struct Store *s);

/* Bytes of the object in the slot, all of which are here, that were hashed and, if it comes packed,
 * unpacked. */
uint64_t store_checked(struct Store *s, unsigned n);

/*
 * Save what arrived, so that it is not lost should the process be killed or the power be cut: it is
 * made safe, and then recorded in the journal. That happens a second after the first of it came,
 * but on a slow disk not so often that it takes more than a quarter of the time. To be called in
 * each turn of the loop. Returns when it has something to do; CLOCK_NEVER: not before something
 * arrives.
 */
uint64_t store_save(struct Store *s, uint64_t now);

/* Why the object of slot n has failed, NONE if it has not. The receiver may not know it, for it
 * failed when it was saved, caught up or pumped: what it is to be told is receiver_fail. */
enum SlotFailure store_failure(const struct Store *s, unsigned n);

/* STORE_FOLDER: true if the folder is not there any more, or another one bears its name. */
bool store_folder_is_gone(const struct Store *s);

/*
 * Orderly end: for every object that is being collected or has failed, what arrived is saved in
 * its journal, and reported (INCOMPLETE, or MISMATCH); of which nothing arrived, nothing stays.
 * Nothing is taken afterwards. Bytes that wait for a descriptor are given up: pump first.
 */
void store_end(struct Store *s);

/* Give all memory and descriptors back. Without store_end it is as if the process was killed. */
void store_free(struct Store *s);

#endif
