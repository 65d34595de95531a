/*
 * What a receiver says of objects that it is done with, and to whom: a verdict only to packets that
 * are surely of the object it is about.
 */
#include "unit/answers_kit.h"

#define SIZE KIT_MAX

static struct AnswersKit k;

static enum ReceiverOpen open_as_told(void *ctx, unsigned slot, const struct PacketObject *object)
{
    (void)ctx;
    (void)slot;
    (void)object;
    k.r.opened++;
    return k.answer;
}

static void begin_as_told(enum ReceiverOpen told)
{
    kit_begin(&k);
    k.answer = told;
    k.r.receiver.config.store.open = open_as_told;
}

Test(finished, what_surely_is_of_it_is_answered_at_once)
{
    struct Packet object = kit_object(SIZE, "a");

    kit_begin(&k);
    kit_receive(&k, &object);
    for (int i = 0; i < 3; i++) {
        kit_input(&k, object);
        cr_assert_eq(kit_said(&k, object.tag), STATUS_VERIFIED);
        kit_input(&k, kit_end(&object));
        cr_assert_eq(kit_said(&k, object.tag), STATUS_VERIFIED);
    }
    cr_assert_eq(k.r.opened, 1);
}

/* Symbols bear no mark of their object; an END does. */
Test(finished, what_may_be_of_another_gets_no_verdict)
{
    struct Packet object = kit_object(SIZE, "a"), other = kit_clash(SIZE - KIT_T, object.tag, "");

    kit_begin(&k);
    kit_receive(&k, &object);
    kit_input(&k, kit_source(&object, 3));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT);
    kit_input(&k, kit_end(&other));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT);
    kit_input(&k, object);
    cr_assert_eq(kit_said(&k, object.tag), STATUS_VERIFIED);
}

Test(finished, an_object_of_its_tag_is_received_though_its_first_packets_were_taken_for_the_others)
{
    struct Packet object = kit_object(SIZE, "a"), other = kit_clash(SIZE - KIT_T, object.tag, "");

    kit_begin(&k);
    kit_receive(&k, &object);
    for (uint64_t s = 0; s < 5; s++) /* its OBJECT was lost */
        kit_input(&k, kit_source(&other, s));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT);
    kit_receive(&k, &other);
    cr_assert_eq(k.r.opened, 2);
    kit_input(&k, kit_end(&object));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT, "the tag is the other's now");
}

/* Two empty files, or any two with the same content. */
Test(finished, another_name_is_another_object)
{
    struct Packet object = kit_object(0, "a"), other = kit_clash(0, object.tag, "a");

    kit_begin(&k);
    kit_receive(&k, &object);
    kit_receive(&k, &other);
    cr_assert_eq(k.r.opened, 2);
}

/* Its user may have removed the file, or made room on the disk. */
Test(finished, another_run_of_the_sender_asks_the_store_again)
{
    static const enum ReceiverOpen first[] = {RECEIVER_HAVE, RECEIVER_REFUSE};
    static const int states[] = {STATUS_VERIFIED, STATUS_REFUSED};
    struct Packet object = kit_object(SIZE, "a");

    for (int i = 0; i < 2; i++) {
        begin_as_told(first[i]);
        object.as.object.run = KIT_RUN;
        kit_input(&k, object);
        cr_assert_eq(kit_said(&k, object.tag), states[i]);
        k.answer = first[1 - i];
        kit_input(&k, object);
        cr_assert_eq(kit_said(&k, object.tag), states[i], "the same run");
        cr_assert_eq(k.r.opened, 1);
        object.as.object.run++;
        kit_input(&k, object);
        cr_assert_eq(kit_said(&k, object.tag), states[1 - i]);
        cr_assert_eq(k.r.opened, 2);
        kit_input(&k, object);
        cr_assert_eq(kit_said(&k, object.tag), states[1 - i]);
        cr_assert_eq(k.r.opened, 2);
        cr_assert_eq(k.r.receiver.counters.stale, 3);
        sim_receiver_close(&k.r);
    }
}

/* An id that is no digest says nothing about END's; but that its pass has ended is no verdict. */
Test(finished, an_end_whose_digest_is_not_known_gets_no_verdict)
{
    struct Packet object = kit_object(SIZE, "a");

    begin_as_told(RECEIVER_HAVE);
    object.as.object.flags = OBJECT_IDENTITY;
    object.tag = packet_object_tag(&object.as.object, crc32c_portable);
    kit_input(&k, object);
    cr_assert_eq(kit_said(&k, object.tag), STATUS_VERIFIED);
    kit_input(&k, kit_end(&object));
    cr_assert_eq(kit_said(&k, object.tag), STATUS_WANT_OBJECT);
    cr_assert(receiver_pass_ended(&k.r.receiver));
}

Test(finished, the_end_of_another_object_does_not_end_its_pass)
{
    struct Packet object = kit_object(SIZE, "a"), other = kit_clash(SIZE - KIT_T, object.tag, "");

    kit_begin(&k);
    kit_receive(&k, &object);
    kit_input(&k, kit_end(&other));
    cr_assert_not(receiver_pass_ended(&k.r.receiver));
    kit_input(&k, kit_end(&object));
    cr_assert(receiver_pass_ended(&k.r.receiver));
}

Test(finished, nothing_is_said_to_a_sender_that_does_not_listen)
{
    struct Packet object = kit_object(SIZE, "a");

    kit_begin(&k);
    object.as.object.link = 0;
    kit_input(&k, object);
    for (uint64_t s = 0; s * KIT_T < SIZE; s++)
        kit_input(&k, kit_source(&object, s));
    cr_assert_eq(k.r.finished, 1);
    kit_input(&k, kit_source(&object, 3));
    kit_input(&k, kit_end(&object));
    kit_input(&k, object);
    cr_assert_eq(kit_said(&k, object.tag), KIT_NOTHING);
}

Test(finished, a_tag_that_has_gone_to_another_object_has_not_heard_done)
{
    struct Packet object = kit_object(SIZE, "a"), other = kit_clash(SIZE - KIT_T, object.tag, "");

    kit_begin(&k);
    kit_receive(&k, &object);
    kit_input(&k, (struct Packet){.type = PACKET_DONE, .tag = object.tag});
    cr_assert(receiver_done(&k.r.receiver));
    kit_input(&k, other);
    cr_assert_not(receiver_done(&k.r.receiver));
    cr_assert_not(receiver_pass_ended(&k.r.receiver));
}
