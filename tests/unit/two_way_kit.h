/* A two-way sender, what it says, and what it hears: for tests of one receiver's answers. */
#ifndef TESTS_UNIT_TWO_WAY_KIT_H
#define TESTS_UNIT_TWO_WAY_KIT_H

#include "core/frame.h"
#include "core/sender.h"
#include "core/status.h"

#include "check.h"
#include "packets.h"
#include "sim/sim.h"

#define SECOND UINT64_C(1000000000)
#define SIZE   10000

static struct SimSender s;
static uint8_t bytes[SIZE];
static uint64_t now;

static inline void open(struct SimOptions options)
{
    static bool is_open;

    if (is_open)
        sim_sender_close(&s);
    is_open = true;
    options.two_way = true;
    now = 1;
    sim_sender_open(&s, bytes, SIZE, &options);
}

/* The next packet's type, at `now`; 0: none. */
static inline unsigned next(void)
{
    return sim_sender_frame_at(&s, now) ? s.packet.base[s.packet.head] & 15U : 0;
}

static inline void drain(void)
{
    while (next() != 0) {
    }
}

static inline uint8_t newest(void)
{
    return (uint8_t)(s.sender.seq - 1);
}

static inline void hear(struct Packet p)
{
    uint8_t memory[512];
    struct Buffer b;

    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    CHECK(packets_encode(&b, &p), "it cannot be encoded");
    sender_input(&s.sender, buffer_view(&b), now += SECOND / 100);
}

/* A STATUS whose list has one range, of `length` symbols; 0: an empty list. */
static inline struct Packet status(enum StatusState state, uint64_t first, uint64_t length,
                                   uint64_t upto)
{
    static uint8_t memory[64], seq;
    static struct Buffer list;
    struct StatusWriter w;
    struct Packet p = {.type = PACKET_STATUS, .seq = seq, .tag = s.sender.tag};

    seq++;
    buffer_init(&list, memory, sizeof memory, 0);
    status_writer_init(&w, &list, sizeof memory);
    if (length > 0)
        status_writer_add(&w, (struct StatusRange){first, length});
    p.as.status = (struct PacketStatus){.state = (uint8_t)state,
                                        .run = 5,
                                        .echo = newest(),
                                        .good = s.sender.counters.packets,
                                        .window = 65536,
                                        .upto = upto,
                                        .ranges = buffer_view(&list)};
    return p;
}

static inline uint64_t symbols(void)
{
    return s.sender.layout.symbols;
}

#endif
