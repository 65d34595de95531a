/*
 * Victim: a receiver that is attacked while an honest sender's packets come to it. Each test is a
 * process of its own, so there is one of each.
 */
#ifndef SIM_VICTIM_H
#define SIM_VICTIM_H

#include "sim/tape.h"
#include "unit/check.h"
#include "unit/packets.h"
#include "unit/random.h"

#define VICTIM_SIZE 30000 /* bytes of the honest object */

static struct SimReceiver receiver;
static struct Tape tape; /* an honest sender's */
static uint8_t forged_memory[PACKET_MAX + PACKET_HEADROOM];
static struct Buffer forged;

/* A sender of a few passes, and its first OBJECT has arrived. */
static inline void begin(uint64_t passes)
{
    struct SimOptions options = {.mtu = 128, .redundancy = 250, .passes = passes, .name = "good"};

    tape_make(&tape, VICTIM_SIZE, 1, &options);
    buffer_init(&forged, forged_memory, sizeof forged_memory, PACKET_HEADROOM);
    sim_receiver_open(&receiver);
}

static inline void feed(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        sim_receiver_packet(&receiver, tape_packet(&tape, i));
}

static inline void end(void)
{
    sim_receiver_close(&receiver);
    tape_free(&tape);
}

static inline void expect_equal(const char *after)
{
    enum SimResult result = sim_receiver_result(&receiver, tape.content, tape.size);

    CHECK(result == SIM_EQUAL, "result %d after %s", result, after);
}

static inline uint16_t live_tag(void)
{
    return get_u16(tape_packet(&tape, 0).data + 2);
}

static inline void forge(const struct Packet *p)
{
    CHECK(packets_encode(&forged, p), "not to be encoded");
    sim_receiver_packet(&receiver, buffer_view(&forged));
}

static inline struct Packet object_of(struct PacketObject object)
{
    struct Packet p = {.type = PACKET_OBJECT, .as.object = object};

    p.tag = packet_object_tag(&object, crc32c_portable);
    return p;
}

#endif
