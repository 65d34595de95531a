/*
 * Duplex: a sender and a receiver joined by a line that carries both ways, on a virtual clock. Each
 * way has its rate, latency and damage; a station hands over frames as long as less than 50 ms of
 * line time wait, as the host does. An hour takes milliseconds.
 */
#ifndef SIM_DUPLEX_H
#define SIM_DUPLEX_H

#include "sim.h"

#define DUPLEX_MS     UINT64_C(1000000)
#define DUPLEX_SECOND UINT64_C(1000000000)
#define DUPLEX_LOSSES 4

/* The way from the sender, and the way back. */
enum DuplexWay { DUPLEX_THERE, DUPLEX_BACK, DUPLEX_WAYS };

/* Packets of a type that get lost whatever the damage: number `from` and `count` more, from 0. */
struct DuplexLoss {
    enum PacketType type;
    unsigned from;
    unsigned count; /* 0: no such loss */
};

struct DuplexOptions {
    struct SimOptions sender;
    uint64_t rate[DUPLEX_WAYS];    /* bytes a second */
    uint64_t latency[DUPLEX_WAYS]; /* ns */
    struct DamageConfig damage[DUPLEX_WAYS];
    struct DuplexLoss losses[DUPLEX_LOSSES];
    uint64_t window;      /* of the receiver */
    uint64_t finish_time; /* ns that it takes to verify what it has */
    uint64_t turnaround;  /* ns; not 0: the line is half-duplex, frames that overlap are lost */
    uint64_t receiver_restart; /* ns; not 0: it starts anew then, */
    bool resume;               /* with what it had */
    uint64_t sender_restart;   /* ns; not 0: it starts anew then */
    uint64_t jump;             /* ns; not 0: then the clock goes on by */
    uint64_t jump_by;          /* so much without anybody having run */
    uint64_t limit;            /* ns; more time is failure */
};

struct DuplexResult {
    enum SenderState sender;
    enum SimResult file;
    uint64_t time;              /* ns, until the sender ended */
    uint64_t wire[DUPLEX_WAYS]; /* bytes of frames, of all runs */
    uint64_t flight_most;       /* bytes sent and neither arrived nor lost, at most, after the first
                                 * answer had arrived */
    uint64_t behind; /* ns, the longest time without all that a stream had brought being here */
    struct SenderCounters counters;
    bool done; /* the receiver heard DONE */
};

/* Send size bytes (kept for the call) until the sender has ended, or the limit is reached. */
struct DuplexResult duplex_run(const uint8_t *bytes, uint64_t size, const struct DuplexOptions *o);

#endif
