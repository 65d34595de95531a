/*
 * What a receiver says of objects that it is done with, and to whom: a verdict only to packets that
 * are surely of the object it is about. Times in ms here.
 */
#include "core/receiver.h"

#include "check.h"
#include "packets.h"
#include "sim/sim.h"

#include <stdio.h>

#define MS   UINT64_C(1000000)
#define RUN  77
#define SIZE 1000
#define T    100

static struct SimReceiver r;
static uint64_t now;
static uint8_t content[SIZE];
static enum ReceiverOpen answer; /* of the store, if told */

static enum ReceiverOpen open_as_told(void *ctx, unsigned slot, const struct PacketObject *object)
{
    (void)ctx;
    (void)slot;
    (void)object;
    r.opened++;
    return answer;
}

static void begin(void)
{
    now = 1000;
    sim_receiver_open(&r);
    r.receiver.config.may_answer = true;
    r.receiver.config.run = 9;
    r.receiver.config.window = 30000;
    r.receiver.config.packet_max = 400;
}

static void begin_as_told(enum ReceiverOpen told)
{
    begin();
    answer = told;
    r.receiver.config.store.open = open_as_told;
}

/* The object of the first size bytes of content under that name, its tag computed. */
static struct Packet object_of(uint64_t size, const char *name)
{
    struct Packet p = {.type = PACKET_OBJECT};
    uint8_t digest[PACKET_DIGEST];

    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 2654435761U >> 13);
    sim_digest(content, size, digest);
    p.as.object = (struct PacketObject){.symbol_size = T,
                                        .size = size,
                                        .block = 12,
                                        .run = RUN,
                                        .link = LINK_ANSWERS,
                                        .name = view_of(name, strlen(name))};
    memcpy(p.as.object.id, digest, PACKET_ID);
    p.tag = packet_object_tag(&p.as.object, crc32c_portable);
    return p;
}

/* The same with a name that gives it this tag by chance. */
static struct Packet clashing(uint64_t size, uint16_t tag, const char *but)
{
    static char name[16];
    struct Packet p;

    for (unsigned i = 0;; i++) {
        snprintf(name, sizeof name, "n%u", i);
        p = object_of(size, name);
        if (p.tag == tag && strcmp(name, but) != 0)
            return p;
    }
}

static struct Packet end_of(const struct Packet *object)
{
    static uint8_t digest[PACKET_DIGEST];
    struct Packet p = {.type = PACKET_END, .tag = object->tag};
    uint64_t size = object->as.object.size;

    sim_digest(content, size, digest);
    p.as.end = (struct PacketEnd){
        .symbols = (size + T - 1) / T, .size = size, .digest = view_of(digest, PACKET_DIGEST)};
    return p;
}

static struct Packet source_of(const struct Packet *object, uint64_t symbol)
{
    struct Packet p = {.type = PACKET_SOURCE, .tag = object->tag};

    p.as.source = (struct PacketSource){symbol, view_of(content + symbol * T, T)};
    return p;
}

static void input(struct Packet p)
{
    static uint8_t seq;
    uint8_t memory[600];
    struct Buffer b;

    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    p.seq = seq++;
    CHECK(packets_encode(&b, &p), "it cannot be encoded");
    now += 300;
    r.now = now * MS;
    sim_receiver_packet(&r, buffer_view(&b));
}

#define NOTHING (-1)

/* The state of the STATUS that is said of that tag within 300 ms. */
static int said(uint16_t tag)
{
    uint8_t memory[RECEIVER_PACKET_ROOM];
    struct Buffer b;
    struct Packet p;

    now += 300;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!receiver_output(&r.receiver, &b, now * MS))
        return NOTHING;
    CHECK(packet_parse(buffer_view(&b), crc32c_portable, &p) == PACKET_OK, "it is no packet");
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_eq(p.tag, tag);
    return p.as.status.state;
}

/* The whole object, verified, and its sender told. */
static void receive(const struct Packet *object)
{
    unsigned before = r.finished;

    input(*object);
    for (uint64_t s = 0; s * T < object->as.object.size; s++)
        input(source_of(object, s));
    cr_assert_eq(r.finished, before + 1);
    cr_assert_eq(said(object->tag), STATUS_VERIFIED);
    cr_assert_eq(said(object->tag), NOTHING);
}

Test(finished, what_surely_is_of_it_is_answered_at_once)
{
    struct Packet object = object_of(SIZE, "a");

    begin();
    receive(&object);
    for (int i = 0; i < 3; i++) {
        input(object);
        cr_assert_eq(said(object.tag), STATUS_VERIFIED);
        input(end_of(&object));
        cr_assert_eq(said(object.tag), STATUS_VERIFIED);
    }
    cr_assert_eq(r.opened, 1);
}

/* Symbols bear no mark of their object; an END does. */
Test(finished, what_may_be_of_another_gets_no_verdict)
{
    struct Packet object = object_of(SIZE, "a"), other = clashing(SIZE - T, object.tag, "");

    begin();
    receive(&object);
    input(source_of(&object, 3));
    cr_assert_eq(said(object.tag), STATUS_WANT_OBJECT);
    input(end_of(&other));
    cr_assert_eq(said(object.tag), STATUS_WANT_OBJECT);
    input(object);
    cr_assert_eq(said(object.tag), STATUS_VERIFIED);
}

Test(finished, an_object_of_its_tag_is_received_though_its_first_packets_were_taken_for_the_others)
{
    struct Packet object = object_of(SIZE, "a"), other = clashing(SIZE - T, object.tag, "");

    begin();
    receive(&object);
    for (uint64_t s = 0; s < 5; s++) /* its OBJECT was lost */
        input(source_of(&other, s));
    cr_assert_eq(said(object.tag), STATUS_WANT_OBJECT);
    receive(&other);
    cr_assert_eq(r.opened, 2);
    input(end_of(&object));
    cr_assert_eq(said(object.tag), STATUS_WANT_OBJECT, "the tag is the other's now");
}

/* Two empty files, or any two with the same content. */
Test(finished, another_name_is_another_object)
{
    struct Packet object = object_of(0, "a"), other = clashing(0, object.tag, "a");

    begin();
    receive(&object);
    receive(&other);
    cr_assert_eq(r.opened, 2);
}

/* Its user may have removed the file, or made room on the disk. */
Test(finished, another_run_of_the_sender_asks_the_store_again)
{
    static const enum ReceiverOpen first[] = {RECEIVER_HAVE, RECEIVER_REFUSE};
    static const enum StatusState states[] = {STATUS_VERIFIED, STATUS_REFUSED};
    struct Packet object = object_of(SIZE, "a");

    for (int i = 0; i < 2; i++) {
        begin_as_told(first[i]);
        object.as.object.run = RUN;
        input(object);
        cr_assert_eq(said(object.tag), states[i]);
        answer = first[1 - i];
        input(object);
        cr_assert_eq(said(object.tag), states[i], "the same run");
        cr_assert_eq(r.opened, 1);
        object.as.object.run++;
        input(object);
        cr_assert_eq(said(object.tag), states[1 - i]);
        cr_assert_eq(r.opened, 2);
        input(object);
        cr_assert_eq(said(object.tag), states[1 - i]);
        cr_assert_eq(r.opened, 2);
        cr_assert_eq(r.receiver.counters.stale, 3);
        sim_receiver_close(&r);
    }
}

/* An id that is no digest says nothing about END's; but that its pass has ended is no verdict. */
Test(finished, an_end_whose_digest_is_not_known_gets_no_verdict)
{
    struct Packet object = object_of(SIZE, "a");

    begin_as_told(RECEIVER_HAVE);
    object.as.object.flags = OBJECT_IDENTITY;
    object.tag = packet_object_tag(&object.as.object, crc32c_portable);
    input(object);
    cr_assert_eq(said(object.tag), STATUS_VERIFIED);
    input(end_of(&object));
    cr_assert_eq(said(object.tag), STATUS_WANT_OBJECT);
    cr_assert(receiver_pass_ended(&r.receiver));
}

Test(finished, the_end_of_another_object_does_not_end_its_pass)
{
    struct Packet object = object_of(SIZE, "a"), other = clashing(SIZE - T, object.tag, "");

    begin();
    receive(&object);
    input(end_of(&other));
    cr_assert_not(receiver_pass_ended(&r.receiver));
    input(end_of(&object));
    cr_assert(receiver_pass_ended(&r.receiver));
}

Test(finished, nothing_is_said_to_a_sender_that_does_not_listen)
{
    struct Packet object = object_of(SIZE, "a");

    begin();
    object.as.object.link = 0;
    input(object);
    for (uint64_t s = 0; s * T < SIZE; s++)
        input(source_of(&object, s));
    cr_assert_eq(r.finished, 1);
    input(source_of(&object, 3));
    input(end_of(&object));
    input(object);
    cr_assert_eq(said(object.tag), NOTHING);
}

Test(finished, a_tag_that_has_gone_to_another_object_has_not_heard_done)
{
    struct Packet object = object_of(SIZE, "a"), other = clashing(SIZE - T, object.tag, "");

    begin();
    receive(&object);
    input((struct Packet){.type = PACKET_DONE, .tag = object.tag});
    cr_assert(receiver_done(&r.receiver));
    input(other);
    cr_assert_not(receiver_done(&r.receiver));
    cr_assert_not(receiver_pass_ended(&r.receiver));
}
