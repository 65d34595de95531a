/*
 * Flight: the packets of one tag that were sent and not yet echoed, and what their echoes tell of
 * the path: how fast it is, how long it takes, how much it loses. From that follow how much may be
 * in flight, how large packets should be, and when silence is worth a question.
 *
 * Rate and delay are measured as in Cardwell et al., "BBR: Congestion-Based Congestion Control",
 * ACM Queue 14(5), 2016: a rate is what was echoed between the sending of a packet and its echo,
 * the largest of the recent ones counts; of the delays the smallest. Every 10 s the flight is kept
 * so low for a moment that no queue is left, to see whether the delay is still the same. The
 * waiting time is that of RFC 6298, section 2. All times in ns.
 */
#ifndef CORE_FLIGHT_H
#define CORE_FLIGHT_H

#include "core/packet.h"

#define FLIGHT_MAX   200  /* packets in flight, so that an echoed seq is never ambiguous */
#define FLIGHT_FIRST 6144 /* most bytes in flight before the first echo */

_Static_assert(FLIGHT_MAX <= PACKET_AHEAD_MAX, "no packet in flight looks late where it arrives");

struct FlightPacket {
    uint64_t first; /* symbols that it carries: count from first on; 0: none */
    uint32_t count;
    uint32_t bytes; /* on the line */
    uint64_t sent;
    uint64_t passed; /* as in Flight when it was sent */
    uint64_t passed_at;
};

/* The best value of the last one to two periods. */
struct FlightBest {
    uint64_t now; /* of this period, */
    uint64_t before;
    uint64_t since; /* which began then */
};

struct Flight {
    struct FlightPacket packets[256]; /* by seq */
    uint8_t next;                     /* seq of the next packet */
    unsigned count;                   /* packets in flight: the last so many before next */
    uint64_t bytes;                   /* in flight */
    uint64_t passed;                  /* bytes echoed since the beginning, */
    uint64_t passed_at;               /* and when the last were, or the flight began */
    bool echoed;                      /* there was an echo */
    struct FlightBest rate;           /* bytes a second, largest */
    uint64_t delay;                   /* smallest; UINT64_MAX: none yet */
    uint64_t delay_since;             /* when that was measured */
    bool low;                         /* the flight is kept low, to see the delay alone; */
    uint64_t low_since;               /* it is since then, 0: not yet */
    uint64_t smoothed, deviation;     /* of the delay: SRTT and RTTVAR of RFC 6298 */
    unsigned flat;                    /* rounds in which the rate did not grow any more, */
    uint64_t flat_rate;               /* from this one on; */
    uint64_t round_end;               /* a round ends when so much has passed */
    uint64_t lost;                    /* thousandths of packets, among */
    uint64_t seen;                    /* so many recent bytes */
};

/* Nothing sent; the first packet has seq 0. */
void flight_init(struct Flight *f);

/* Packet next is sent now: bytes on the line, with count symbols from first on. If it is one too
 * many (a question may be) the oldest is given up. */
void flight_send(struct Flight *f, uint64_t first, uint32_t count, uint32_t bytes, uint64_t now);

/* True if a packet may be sent without making seq ambiguous. */
bool flight_has_room(const struct Flight *f);

/* True if the packet of that seq is in flight. */
bool flight_has(const struct Flight *f, uint8_t seq);

/* Packet i < count of those in flight, the oldest first. */
const struct FlightPacket *flight_packet(const struct Flight *f, unsigned i);

/*
 * The other side has seen seq last: it and all before it have passed or were lost. How many packets
 * that is; 0: none that was not echoed before, or seq is not one of ours. *bytes is theirs.
 */
unsigned flight_echo(struct Flight *f, uint8_t seq, uint64_t now, uint64_t *bytes);

/* Of packets (at least 1) that were echoed, of bytes in all, so many have arrived. */
void flight_count_loss(struct Flight *f, unsigned packets, uint64_t bytes, uint64_t arrived);

/* Bytes that should be in flight at most, by what is known of the path; packet: those of one. */
uint64_t flight_limit(const struct Flight *f, uint64_t packet);

/*
 * The payload, in bytes, that carries most at the loss met of late, with about 12 bytes around it:
 * P = (sqrt(144 + 48 / r) - 12) / 2, the loss of a byte being r = (lost + 0.5) / (bytes + 8000)
 * over the last 60 kB, or the last second on a fast line.
 */
uint64_t flight_payload(const struct Flight *f);

/* How long to wait for an echo before asking. */
uint64_t flight_timeout(const struct Flight *f);

#endif
