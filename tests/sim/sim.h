/*
 * Sim: senders and a receiver joined by a virtual line, everything in memory. A sender's packets
 * become frames, the frames pass host/damage, what arrives goes through a FrameReader to the
 * Receiver, whose store is memory. No descriptor, no clock: thousands of transfers a second.
 *
 * The store checks every call it gets and stops the process at one that breaks core/receiver.h.
 */
#ifndef SIM_H
#define SIM_H

#include "core/frame.h"
#include "core/receiver.h"
#include "core/sender.h"
#include "host/damage.h"

#define SIM_SLOTS     4 /* of a receiver, unless its config says other */
#define SIM_SLOTS_MAX 64
#define SIM_DONE      64 /* finished objects whose bytes are kept: the first ones */

/* What became of an object at the receiver. */
enum SimResult {
    SIM_NOTHING,    /* no OBJECT was ever seen */
    SIM_INCOMPLETE, /* symbols are missing */
    SIM_EQUAL,      /* finished, and byte for byte what was sent */
    SIM_WRONG,      /* finished, and it is not; or a stream's bytes are no prefix: must never be */
    SIM_DIFFERED,   /* the digest differed, and it is still open */
    SIM_FAILED,     /* the slot is in SLOT_FAILED */
};

/* One object being received, in memory. */
struct SimFile {
    bool open;
    struct PacketObject info; /* its name is `name` */
    uint8_t name[PACKET_NAME_MAX];
    uint8_t *bytes; /* known size: info.size; a stream: as much as delivered */
    uint64_t size, room;
    uint8_t *repairs;
    uint64_t repairs_size;
    void *memory[2];
    enum SimResult result;
    uint64_t prefix;
    uint64_t complete_at; /* when every byte was here, and `finish` was asked; 0: not yet */
};

/* What a receiver that starts anew finds of the object it was receiving. */
struct SimKept {
    struct PacketObject info; /* symbol_size 0: nothing */
    uint8_t *bytes;
    uint8_t *arrived; /* a byte per symbol */
};

struct SimReceiver {
    struct Receiver receiver;
    struct Slot slots[SIM_SLOTS_MAX];
    struct SimFile files[SIM_SLOTS_MAX];
    struct SimFile done[SIM_DONE];
    unsigned finished;  /* objects that were; only so many of `done` hold */
    unsigned opened;    /* objects that `open` took */
    unsigned differed;  /* times a digest differed */
    uint64_t memory;    /* calls for memory so far: bookkeeping, working memory, side store */
    uint64_t size_most; /* a larger object is refused */
    struct SlotCounters counters; /* of the object closed last */
    struct SimKept kept;
    uint8_t *waiting;
    void *scratch;
    uint64_t scratch_size;
    uint64_t scratches; /* calls for working memory: attempts to solve */
    struct FrameReader reader;
    struct Buffer rx;
    uint8_t *rx_memory;
    uint64_t now;
    unsigned enough;        /* sim_run stops when so many objects have finished; 0: never */
    uint64_t finish_time;   /* ns that `finish` takes, saying RECEIVER_LATER meanwhile */
    uint64_t fail_write_at; /* fail this write, counted from 1; 0: none */
    uint64_t writes;
};

/* Nothing received. r must stay where it is until sim_receiver_close. */
void sim_receiver_open(struct SimReceiver *r);
void sim_receiver_close(struct SimReceiver *r);

/* What has finished is taken away: the store has it no more. */
void sim_receiver_forget(struct SimReceiver *r);

/* The same with another muladd, of the same values. */
void sim_receiver_open_with(struct SimReceiver *r, Gf256MulAdd muladd);

/* The process ends and another one starts: with resume it goes on with what was here of the object
 * that was open, as of the grid it had. What has finished stays among `done`. */
void sim_receiver_restart(struct SimReceiver *r, bool resume);

/* Bytes arrive from the line. ctx is a struct SimReceiver (a DamageSink). */
void sim_receiver_feed(void *ctx, const uint8_t *bytes, size_t len);

/* What `finish` said RECEIVER_LATER of is asked for if it is due; when the next of it is.
 * UINT64_MAX: there is none. */
uint64_t sim_receiver_finish(struct SimReceiver *r, uint64_t now);

/* A packet arrives as if its frame had. */
void sim_receiver_packet(struct SimReceiver *r, struct View packet);

/*
 * The result for the object of that content: of the one that finished, else of the one that is
 * open, else SIM_NOTHING. What is open must agree with the content as far as it claims to be
 * there, unless a digest has differed; otherwise it is SIM_WRONG, too.
 */
enum SimResult sim_receiver_result(const struct SimReceiver *r, const uint8_t *bytes,
                                   uint64_t size);

/* The slot that holds the object of that content; NULL: none. */
const struct Slot *sim_receiver_slot(const struct SimReceiver *r, const uint8_t *bytes,
                                     uint64_t size);

struct SimSender {
    struct Sender sender;
    size_t mtu; /* no frame is longer: checked */
    const uint8_t *bytes;
    uint64_t size;
    void *memory;
    uint8_t digest[PACKET_DIGEST];
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    struct Buffer packet;
    struct View body; /* of the last packet */
    uint8_t *tx_memory;
    struct Buffer tx;
    struct FrameWriter writer;
    uint64_t taken; /* of a stream */
    size_t lines;   /* of the options */
    uint64_t pause; /* of the options */
    uint64_t more;  /* when the next line of a stream comes, ns */
    uint64_t wire;  /* bytes of frames so far */
    bool changed;   /* the file is not what it was: no digest any more */
};

struct SimOptions {
    size_t mtu;          /* 0: the default */
    uint32_t redundancy; /* per thousand */
    uint64_t passes;     /* 0: 1 */
    bool stream;
    uint32_t symbol_size; /* 0: as planned */
    uint8_t block;        /* with symbol_size */
    uint32_t per_packet;  /* with symbol_size */
    const char *name;
    uint16_t run;
    uint8_t flags; /* of OBJECT, besides OBJECT_STREAM */
    uint8_t salt;
    size_t lines;   /* a stream: at most so many bytes are taken at a time, then flushed; 0: all */
    uint64_t pause; /* ns between those lines */
    bool two_way;
    bool half_duplex;
    uint64_t line_rate;
    uint64_t window;
};

/* Send size bytes (kept). Stops the process if the options cannot be. */
void sim_sender_open(struct SimSender *s, const uint8_t *bytes, uint64_t size,
                     const struct SimOptions *options);
void sim_sender_close(struct SimSender *s);

/* The next packet into packet and body. False: the sender has finished. */
bool sim_sender_packet(struct SimSender *s);

/* The next frame into tx (emptied first). False: the sender has finished. */
bool sim_sender_frame(struct SimSender *s);

/* The same at a time. False: it has nothing now, or for ever. */
bool sim_sender_frame_at(struct SimSender *s, uint64_t now);

/*
 * Everything the sender has through that line to r, or until r has enough; the damage's finish
 * included, and r's reader is then between frames.
 */
void sim_run(struct SimSender *s, struct SimReceiver *r, const struct DamageConfig *damage);

/* Bytes that are kept: what a line carried, for another time. All zero: nothing. */
struct SimCapture {
    uint8_t *bytes;
    size_t len, room;
};

/* ctx is a struct SimCapture (a DamageSink). */
void sim_capture(void *ctx, const uint8_t *bytes, size_t len);
void sim_capture_free(struct SimCapture *c);

/* Everything that a sender with these options puts on the line. */
struct SimCapture sim_record(const uint8_t *bytes, uint64_t size, const struct SimOptions *options);

/* Captured bytes through that line to r, whose reader is then between frames again. */
void sim_replay(struct SimReceiver *r, const uint8_t *bytes, size_t len,
                const struct DamageConfig *damage);

/* SHA-256, for id and END. */
void sim_digest(const uint8_t *bytes, uint64_t size, uint8_t digest[PACKET_DIGEST]);

/* 64 random bits; SplitMix64: Steele, Lea and Flood, OOPSLA 2014. */
uint64_t sim_random(uint64_t *state);

/* size random bytes, the caller's to free. */
uint8_t *sim_content(uint64_t size, uint64_t seed);

/* n, or much less in a build with sanitizers (DTTK_BUILD_SANITIZED), but at least 1. */
unsigned sim_rounds(unsigned n);

/* Stops the process with that phrase unless condition holds. */
void sim_check(bool condition, const char *what);

#endif
