/* Tape: what a sender sends of an object, kept packet by packet beside its frames. */
#ifndef SIM_TAPE_H
#define SIM_TAPE_H

#include "sim.h"

struct TapePacket {
    size_t offset; /* on the tape: the packet, and behind it its frame */
    size_t len, frame;
    enum PacketType type;
    uint64_t data; /* SOURCE and REPAIR packets up to and including this one */
    uint64_t wire; /* bytes of frames up to and including its own */
};

struct Tape {
    uint8_t *content;
    uint64_t size;
    uint64_t symbols; /* K; 0 for a stream */
    struct SimCapture bytes;
    struct TapePacket *packets;
    size_t count, room;
};

/* Everything that a sender with these options sends of size random bytes. */
void tape_make(struct Tape *t, uint64_t size, uint64_t seed, const struct SimOptions *options);
void tape_free(struct Tape *t);

/* Packet i, or its frame. Borrowed. */
struct View tape_packet(const struct Tape *t, size_t i);
struct View tape_frame(const struct Tape *t, size_t i);

#endif
