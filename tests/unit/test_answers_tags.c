/* What a receiver says under which tag, when there are several, or it does not know one. */
#include "unit/answers_kit.h"

static struct AnswersKit k;

/* What a sender knows of the receiver that it has heard: dttk(5), TWO-WAY, Sender. */
struct Heard {
    bool any;
    uint16_t run;
    uint8_t seq;
};

/* Stops the test if the sender would take that answer for a late one. */
static void hear(struct Heard *h, const struct Packet *p)
{
    CHECK(!h->any || h->run != p->as.status.run || (uint8_t)(h->seq - p->seq) >= 128,
          "seq %u behind %u", p->seq, h->seq);
    *h = (struct Heard){true, p->as.status.run, p->seq};
}

/* What is said next is that state of that tag, and echoes the packet that came last. */
static void expect(struct Heard *h, uint16_t tag, enum StatusState state)
{
    struct Packet p = kit_answer(&k);

    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_eq(p.tag, tag);
    cr_assert_eq(p.as.status.state, state);
    cr_assert_eq(p.as.status.echo, (uint8_t)(k.seq - 1));
    hear(h, &p);
}

/* A first object has been taken: the line has been answered on. */
static void begin(void)
{
    struct Packet first = kit_object(KIT_MAX, "first");

    kit_begin(&k);
    kit_input(&k, first);
    cr_assert_eq(kit_said(&k, first.tag), STATUS_RECEIVING);
}

Test(answers_tags, what_follows_want_object_is_not_late)
{
    char name[8];

    begin();
    for (unsigned i = 0; i < 300; i++) {
        struct Heard heard = {0};
        struct Packet object;

        snprintf(name, sizeof name, "%u", i);
        object = kit_object(500, name);
        kit_input(&k, kit_source(&object, 0));
        expect(&heard, object.tag, STATUS_WANT_OBJECT);
        kit_input(&k, kit_source(&object, 1));
        expect(&heard, object.tag, STATUS_WANT_OBJECT);
        kit_input(&k, object);
        expect(&heard, object.tag, STATUS_RECEIVING);
        for (uint64_t s = 2; s < 5; s++)
            kit_input(&k, kit_source(&object, s));
        expect(&heard, object.tag, STATUS_VERIFIED);
        kit_input(&k, kit_source(&object, 4));
        expect(&heard, object.tag, STATUS_WANT_OBJECT);
    }
}

Test(answers_tags, a_tag_that_was_forgotten_is_heard_when_it_comes_again)
{
    struct Packet object = kit_object(500, "a");
    struct Heard heard = {0};

    begin();
    for (int i = 0; i < 100; i++) {
        kit_input(&k, object);
        expect(&heard, object.tag, STATUS_RECEIVING);
    }
    receiver_drop(&k.r.receiver, k.r.receiver.last_slot, false, k.now * KIT_MS);
    kit_input(&k, kit_source(&object, 0));
    expect(&heard, object.tag, STATUS_WANT_OBJECT);
    kit_input(&k, object);
    expect(&heard, object.tag, STATUS_RECEIVING);
}

Test(answers_tags, of_two_unknown_tags_the_first_is_asked_for_first)
{
    struct Packet a = kit_object(500, "a"), b = kit_object(500, "b"), p;
    struct Heard heard = {0};

    begin();
    kit_input(&k, kit_source(&a, 0));
    kit_input(&k, kit_source(&b, 0));
    p = kit_answer(&k);
    cr_assert_eq(p.as.status.state, STATUS_WANT_OBJECT);
    cr_assert_eq(p.tag, a.tag);
    cr_assert_eq(p.as.status.echo, (uint8_t)(k.seq - 2));
    kit_input(&k, kit_source(&b, 1));
    expect(&heard, b.tag, STATUS_WANT_OBJECT);
}

Test(answers_tags, an_object_that_has_come_is_not_wanted_any_more)
{
    struct Packet object = kit_object(500, "a");
    struct Heard heard = {0};

    begin();
    kit_input(&k, kit_source(&object, 0));
    kit_input(&k, object);
    expect(&heard, object.tag, STATUS_RECEIVING);
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
}

/* Repairs come of one-way senders alone; and once one of these was heard here, all may be. */
Test(answers_tags, a_sender_that_may_be_one_way_is_not_asked)
{
    struct Packet object = kit_object(500, "a"), other = kit_object(600, "b");
    struct Packet repair = {.type = PACKET_REPAIR, .tag = object.tag};

    begin();
    repair.as.repair = (struct PacketRepair){0, 5, 1, 0, view_of(kit_content(), KIT_T)};
    kit_input(&k, repair);
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
    kit_input(&k, kit_source(&object, 0));
    other.as.object.link = 0;
    kit_input(&k, other);
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING, "what was owed is dropped");
    kit_input(&k, kit_source(&object, 0));
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
    cr_assert_not(receiver_answers(&k.r.receiver));
    other.as.object.link = LINK_ANSWERS;
    kit_input(&k, other);
    cr_assert(receiver_answers(&k.r.receiver));
    cr_assert_eq(kit_said(&k, other.tag), STATUS_RECEIVING);
    kit_input(&k, kit_source(&object, 0));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT);
}

/* One file under two tags, of two senders: each hears what it said last. */
Test(answers_tags, an_answer_bears_the_tag_of_what_it_echoes)
{
    struct Packet a = kit_object(500, "a"), b = kit_object(500, "a");
    struct Heard heard = {0};

    begin();
    b.as.object.salt = 1;
    b.as.object.run++;
    b.tag = packet_object_tag(&b.as.object, crc32c_portable);
    for (int i = 0; i < 4; i++) {
        kit_input(&k, i % 2 == 0 ? a : b);
        expect(&heard, i % 2 == 0 ? a.tag : b.tag, STATUS_RECEIVING);
        kit_input(&k, kit_source(&a, 0));
        expect(&heard, a.tag, STATUS_RECEIVING);
    }
    cr_assert_eq(k.r.opened, 2);
    for (uint64_t s = 0; s < 5; s++)
        kit_input(&k, kit_source(s < 4 ? &b : &a, s));
    expect(&heard, a.tag, STATUS_VERIFIED);
    kit_input(&k, (struct Packet){.type = PACKET_DONE, .tag = a.tag});
    cr_assert(receiver_done(&k.r.receiver));
}

/* Whoever has the tag by chance must not take the other's symbols for its own. */
Test(answers_tags, an_object_under_a_live_tag_is_not_told_of_the_other)
{
    struct Packet object = kit_object(500, "a"), other = kit_clash(600, object.tag, "a");
    struct Heard heard = {0};

    begin();
    kit_input(&k, object);
    expect(&heard, object.tag, STATUS_RECEIVING);
    kit_input(&k, other);
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
    kit_input(&k, kit_end(&other));
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
    kit_input(&k, object);
    expect(&heard, object.tag, STATUS_RECEIVING);
}

/* However much of a stream is here: only its END can tell that this is all, and right. */
Test(answers_tags, a_stream_is_verified_once_its_end_has_come)
{
    static const uint8_t symbol[] = {3, 'a', 'b', 'c'};
    struct Packet object = kit_object(0, "s"), source = {.type = PACKET_SOURCE}, end;
    struct Heard heard = {0};
    uint8_t digest[PACKET_DIGEST];

    begin();
    object.as.object.flags = OBJECT_STREAM;
    object.tag = packet_object_tag(&object.as.object, crc32c_portable);
    source.tag = object.tag;
    source.as.source.symbols = view_of(symbol, sizeof symbol);
    kit_input(&k, object);
    expect(&heard, object.tag, STATUS_RECEIVING);
    kit_input(&k, source);
    expect(&heard, object.tag, STATUS_RECEIVING);
    sim_digest(symbol + 1, 3, digest);
    end = (struct Packet){.type = PACKET_END, .tag = object.tag};
    end.as.end = (struct PacketEnd){1, 3, 0, view_of(digest, PACKET_DIGEST)};
    kit_input(&k, end);
    expect(&heard, object.tag, STATUS_VERIFIED);
    kit_input(&k, end);
    expect(&heard, object.tag, STATUS_VERIFIED);
    digest[31] ^= 1;
    kit_input(&k, end);
    expect(&heard, object.tag, STATUS_WANT_OBJECT);
}
