/*
 * A receiver that answers, small objects made by hand, and what it says of them. Times in ms.
 */
#ifndef TESTS_UNIT_ANSWERS_KIT_H
#define TESTS_UNIT_ANSWERS_KIT_H

#include "core/receiver.h"

#include "check.h"
#include "packets.h"
#include "sim/sim.h"

#include <stdio.h>

#define KIT_MS  UINT64_C(1000000)
#define KIT_RUN 77   /* of the sender */
#define KIT_MAX 1000 /* bytes of an object */
#define KIT_T   100

struct AnswersKit {
    struct SimReceiver r;
    uint64_t now;
    enum ReceiverOpen answer; /* of the store, if told */
    uint8_t seq;
};

static inline void kit_begin(struct AnswersKit *k)
{
    k->now = 1000;
    k->seq = 0;
    sim_receiver_open(&k->r);
    k->r.receiver.config.may_answer = true;
    k->r.receiver.config.run = 9;
    k->r.receiver.config.window = 30000;
    k->r.receiver.config.packet_max = 400;
}

/* Byte i of every object. */
static inline const uint8_t *kit_content(void)
{
    static uint8_t content[KIT_MAX];

    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 2654435761U >> 13);
    return content;
}

/* The object of the first size bytes of the content under that name, its tag computed. */
static inline struct Packet kit_object(uint64_t size, const char *name)
{
    struct Packet p = {.type = PACKET_OBJECT};
    uint8_t digest[PACKET_DIGEST];

    sim_digest(kit_content(), size, digest);
    p.as.object = (struct PacketObject){.symbol_size = KIT_T,
                                        .size = size,
                                        .block = 12,
                                        .run = KIT_RUN,
                                        .link = LINK_ANSWERS,
                                        .name = view_of(name, strlen(name))};
    memcpy(p.as.object.id, digest, PACKET_ID);
    p.tag = packet_object_tag(&p.as.object, crc32c_portable);
    return p;
}

/* The same with a name, other than `but`, that gives it this tag by chance. */
static inline struct Packet kit_clash(uint64_t size, uint16_t tag, const char *but)
{
    static char name[16];
    struct Packet p;

    for (unsigned i = 0;; i++) {
        snprintf(name, sizeof name, "n%u", i);
        p = kit_object(size, name);
        if (p.tag == tag && strcmp(name, but) != 0)
            return p;
    }
}

static inline struct Packet kit_end(const struct Packet *object)
{
    static uint8_t digest[PACKET_DIGEST];
    struct Packet p = {.type = PACKET_END, .tag = object->tag};
    uint64_t size = object->as.object.size;

    sim_digest(kit_content(), size, digest);
    p.as.end = (struct PacketEnd){.symbols = (size + KIT_T - 1) / KIT_T,
                                  .size = size,
                                  .digest = view_of(digest, PACKET_DIGEST)};
    return p;
}

static inline struct Packet kit_source(const struct Packet *object, uint64_t symbol)
{
    struct Packet p = {.type = PACKET_SOURCE, .tag = object->tag};

    p.as.source = (struct PacketSource){symbol, view_of(kit_content() + symbol * KIT_T, KIT_T)};
    return p;
}

/* It arrives 300 ms after the one before. */
static inline void kit_input(struct AnswersKit *k, struct Packet p)
{
    uint8_t memory[600];
    struct Buffer b;

    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    p.seq = k->seq++;
    CHECK(packets_encode(&b, &p), "it cannot be encoded");
    k->now += 300;
    k->r.now = k->now * KIT_MS;
    sim_receiver_packet(&k->r, buffer_view(&b));
}

/* What is said within 300 ms; type 0: nothing. Valid until the next call. */
static inline struct Packet kit_answer(struct AnswersKit *k)
{
    static uint8_t memory[RECEIVER_PACKET_ROOM];
    struct Buffer b;
    struct Packet p;

    k->now += 300;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!receiver_output(&k->r.receiver, &b, k->now * KIT_MS))
        return (struct Packet){0};
    CHECK(packet_parse(buffer_view(&b), crc32c_portable, &p) == PACKET_OK, "it is no packet");
    return p;
}

#define KIT_NOTHING (-1)

/* The state of the STATUS that is said of that tag. */
static inline int kit_said(struct AnswersKit *k, uint16_t tag)
{
    struct Packet p = kit_answer(k);

    if (p.type == 0)
        return KIT_NOTHING;
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_eq(p.tag, tag);
    return p.as.status.state;
}

/* The whole object, verified, and its sender told. */
static inline void kit_receive(struct AnswersKit *k, const struct Packet *object)
{
    unsigned before = k->r.finished;

    kit_input(k, *object);
    for (uint64_t s = 0; s * KIT_T < object->as.object.size; s++)
        kit_input(k, kit_source(object, s));
    cr_assert_eq(k->r.finished, before + 1);
    cr_assert_eq(kit_said(k, object->tag), STATUS_VERIFIED);
    cr_assert_eq(kit_said(k, object->tag), KIT_NOTHING);
}

#endif
