/* What the receiver does with tags, objects that are done with, and what is not for it. */
#include "core/receiver.h"
#include "sim/tape.h"
#include "unit/packets.h"

#include <inttypes.h>

#include "check.h"

#define ID_BYTE 0x5A

static struct SimReceiver r;
static uint8_t memory[2000];
static struct Buffer buffer;
static enum ReceiverOpen answer = RECEIVER_TAKE;

static enum ReceiverOpen open_as_told(void *ctx, unsigned slot, const struct PacketObject *object)
{
    (void)ctx;
    (void)slot;
    (void)object;
    return answer;
}

static void begin(void)
{
    sim_receiver_open(&r);
    buffer_init(&buffer, memory, sizeof memory, PACKET_HEADROOM);
}

static void input(const struct Packet *p)
{
    CHECK(packets_encode(&buffer, p), "not to be encoded");
    sim_receiver_packet(&r, buffer_view(&buffer));
}

static struct Packet object_packet(uint64_t size, uint64_t symbol_size, uint8_t salt)
{
    struct Packet p = {.type = PACKET_OBJECT};

    p.as.object =
        (struct PacketObject){.symbol_size = symbol_size, .size = size, .block = 12, .salt = salt};
    memset(p.as.object.id, ID_BYTE, PACKET_ID);
    p.tag = packet_object_tag(&p.as.object, crc32c_portable);
    return p;
}

/* A source of zeros. */
static void source(uint16_t tag, uint8_t seq, uint64_t symbol, size_t len)
{
    static const uint8_t zeros[1000];
    struct Packet p = {.type = PACKET_SOURCE, .seq = seq, .tag = tag};

    p.as.source = (struct PacketSource){symbol, view_of(zeros, len)};
    input(&p);
}

Test(receiver, lost_packets_are_counted_by_seq_and_late_ones_taken_off)
{
    static const struct {
        uint8_t seq;
        uint64_t lost;
    } steps[] = {{1, 0},     {2, 0},     {5, 2},   {3, 1},     {5, 1},  {6, 1},
                 {106, 100}, {250, 243}, {4, 252}, {255, 251}, {5, 251}};
    struct Packet object = object_packet(100000, 10, 0);

    begin();
    input(&object);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        source(object.tag, steps[i].seq, i, 10);
        cr_assert_eq(r.slots[0].counters.lost, steps[i].lost, "step %zu: %" PRIu64, i,
                     r.slots[0].counters.lost);
    }
    sim_receiver_close(&r);
}

/* As many as may be in flight can be lost before it, and further questions. */
Test(receiver, an_object_after_silence_is_newest_whatever_its_seq)
{
    struct Packet object = object_packet(100000, 10, 0);
    const struct Slot *slot = &r.slots[0];

    begin();
    input(&object);
    source(object.tag, 10, 0, 10);
    object.seq = 250;
    input(&object);
    cr_assert_eq(slot->seq, 10, "late");
    r.now += 1000000000;
    source(object.tag, 251, 0, 10);
    cr_assert_eq(slot->seq, 10, "late by far");
    r.now += 1000000000;
    input(&object);
    cr_assert_eq(slot->seq, 250);
    source(object.tag, (uint8_t)(250 + PACKET_AHEAD_MAX), 0, 10);
    cr_assert_eq(slot->seq, (uint8_t)(250 + PACKET_AHEAD_MAX), "the last that can be in flight");
    sim_receiver_close(&r);
}

Test(receiver, packets_are_counted_by_what_was_wrong_with_them)
{
    static const struct {
        uint8_t bytes[12];
        size_t len;
    } packets[] = {{{0x41, 0, 1}, 3},       {{0x82, 0, 1, 0, 0}, 5}, {{0x4A, 0, 1, 0, 0}, 5},
                   {{0x43, 0, 1, 0, 0}, 5}, {{0x45, 0, 1, 0}, 4},    {{0x45, 0, 1, 0}, 12},
                   {{0x42, 0, 1, 0, 0}, 5}, {{0x47, 0, 1, 0, 1}, 6}, {{0x46, 0, 1, 0}, 4}};
    const struct ReceiverCounters *c = &r.receiver.counters;

    begin();
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        sim_receiver_packet(&r, view_of(packets[i].bytes, packets[i].len));
    cr_assert_eq(c->short_, 4);
    cr_assert_eq(c->bad_version, 1);
    cr_assert_eq(c->bad_type, 1);
    cr_assert_eq(c->not_ours, 2, "STATUS and ABORT of another receiver");
    cr_assert_eq(c->packets, 3);
    cr_assert_eq(c->waiting, 0, "DONE is for no object that is not known");
    sim_receiver_close(&r);
}

Test(receiver, a_finished_object_is_not_opened_again_for_ten_minutes)
{
    struct Packet object = object_packet(0, 1, 0);

    begin();
    answer = RECEIVER_HAVE;
    r.receiver.config.store.open = open_as_told;
    input(&object);
    input(&object);
    source(object.tag, 1, 0, 10);
    cr_assert_eq(r.receiver.counters.stale, 2);
    cr_assert_eq(r.receiver.counters.waiting, 0);
    r.now += RECEIVER_FINISHED_TIME;
    answer = RECEIVER_REFUSE;
    input(&object);
    cr_assert_eq(r.receiver.counters.refused, 1, "it was not asked for again");
    sim_receiver_close(&r);
}

/* Its copies come when the object has been dropped for the first. */
Test(receiver, an_abort_does_not_wait_for_the_next_run_of_its_object)
{
    struct Packet object = object_packet(100, 10, 0), abort = {.type = PACKET_ABORT};

    begin();
    abort.tag = object.tag;
    abort.as.abort.role = ROLE_SENDER;
    input(&object);
    for (unsigned i = 0; i < 3; i++) {
        input(&abort);
        if (i == 0)
            receiver_drop(&r.receiver, 0, false, r.now);
    }
    cr_assert_eq(r.receiver.counters.waiting, 0);
    object.as.object.run++;
    input(&object);
    cr_assert_eq(r.slots[0].state, SLOT_COLLECTING);
    cr_assert_not(r.slots[0].aborted);
    sim_receiver_close(&r);
}

Test(receiver, a_finished_object_stays_so_while_its_packets_come)
{
    struct Packet object = object_packet(0, 1, 0);

    begin();
    answer = RECEIVER_REFUSE;
    r.receiver.config.store.open = open_as_told;
    for (unsigned i = 0; i < 5; i++) {
        input(&object);
        r.now += RECEIVER_FINISHED_TIME / 2;
    }
    cr_assert_eq(r.receiver.counters.refused, 1, "it was asked for again");
    sim_receiver_close(&r);
}

Test(receiver, an_end_of_a_finished_object_ends_its_pass)
{
    struct SimOptions options = {.mtu = 128, .redundancy = 250};
    struct Tape t;
    size_t i = 0;

    tape_make(&t, 5000, 1, &options);
    begin();
    for (; r.finished == 0; i++) {
        cr_assert_not(receiver_pass_ended(&r.receiver));
        sim_receiver_packet(&r, tape_packet(&t, i));
    }
    for (; i < t.count; i++) {
        cr_assert_not(receiver_pass_ended(&r.receiver), "at %zu of %zu", i, t.count);
        sim_receiver_packet(&r, tape_packet(&t, i));
    }
    cr_assert(receiver_pass_ended(&r.receiver));
    sim_receiver_close(&r);
    tape_free(&t);
}

Test(receiver, one_object_is_known_under_the_last_four_tags)
{
    struct Packet object[6];

    begin();
    for (uint8_t i = 0; i < 6; i++) {
        object[i] = object_packet(100000, 10, i);
        input(&object[i]);
        source(object[i].tag, i, i, 10);
    }
    cr_assert_eq(r.opened, 1);
    cr_assert_eq(r.slots[0].counters.sources, 6);
    cr_assert_eq(r.slots[0].tag_count, RECEIVER_TAGS);
    source(object[2].tag, 6, 6, 10);
    cr_assert_eq(r.slots[0].counters.sources, 7);
    source(object[1].tag, 7, 7, 10);
    cr_assert_eq(r.slots[0].counters.sources, 7, "the oldest tag is forgotten");
    cr_assert_eq(r.receiver.counters.waiting, 1, "its packets wait for OBJECT");
    input(&object[1]);
    cr_assert_eq(r.slots[0].counters.sources, 8);
    sim_receiver_close(&r);
}

Test(receiver, another_grid_keeps_what_is_whole_in_it)
{
    struct Packet a = object_packet(1000, 10, 0), b = object_packet(1000, 25, 0);

    begin();
    input(&a);
    for (uint64_t s = 0; s < 50; s++)
        source(a.tag, (uint8_t)s, s, 10);
    source(a.tag, 60, 97, 30);
    input(&b);
    cr_assert_eq(r.opened, 1);
    cr_assert_eq(r.slots[0].object.have, 21, "%" PRIu64, r.slots[0].object.have);
    cr_assert_eq(slot_bytes(&r.slots[0]), 525);
    sim_receiver_close(&r);
}

/* Its numbers mean other bytes now. */
Test(receiver, no_tag_of_the_former_grid_is_known_any_more)
{
    struct Packet a = object_packet(1000, 10, 0), same = object_packet(1000, 10, 1);
    struct Packet b = object_packet(1000, 25, 0);

    begin();
    input(&a);
    input(&same);
    cr_assert_eq(r.slots[0].tag_count, 2);
    input(&b);
    source(a.tag, 1, 5, 10);
    source(same.tag, 2, 5, 10);
    cr_assert_eq(r.slots[0].counters.sources + r.slots[0].counters.bad, 0);
    cr_assert_eq(r.receiver.counters.waiting, 2);
    sim_receiver_close(&r);
}

Test(receiver, sources_that_contradict_the_object_are_counted_and_dropped)
{
    struct Packet object = object_packet(1005, 10, 0);
    static const struct {
        uint64_t symbol;
        size_t len;
    } bad[] = {{101, 5},  {100, 10}, {100, 6}, {100, 4}, {99, 14},        {99, 16},
               {99, 20},  {0, 9},    {0, 11},  {5, 25},  {98, 30},        {UINT64_MAX, 10},
               {100, 15}, {100, 20}, {99, 25}, {99, 30}, {UINT64_MAX, 1}, {0, 1000}};

    begin();
    input(&object);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        source(object.tag, 1, bad[i].symbol, bad[i].len);
    cr_assert_eq(r.slots[0].counters.bad, sizeof bad / sizeof bad[0] - 1);
    cr_assert_eq(r.slots[0].counters.sources, 100, "1000 bytes from the start are right");
    source(object.tag, 2, 99, 15);
    cr_assert_eq(r.slots[0].counters.sources, 101);
    cr_assert_eq(r.slots[0].counters.duplicates, 1);
    sim_receiver_close(&r);
}

Test(receiver, abort_is_noted_if_the_sender_says_so)
{
    struct Packet object = object_packet(1000, 10, 0);
    struct Packet abort = {.type = PACKET_ABORT, .tag = object.tag};

    begin();
    input(&object);
    abort.as.abort = (struct PacketAbort){ROLE_RECEIVER, ABORT_WRITE, view_of("", 0)};
    input(&abort);
    cr_assert_not(r.slots[0].aborted);
    abort.as.abort = (struct PacketAbort){ROLE_SENDER, ABORT_CHANGED, view_of("", 0)};
    input(&abort);
    cr_assert(r.slots[0].aborted && r.slots[0].abort_reason == ABORT_CHANGED);
    cr_assert_eq(r.slots[0].state, SLOT_COLLECTING);
    sim_receiver_close(&r);
}

Test(receiver, a_dropped_slot_is_free_and_its_tags_are_finished)
{
    struct Packet object = object_packet(1000, 10, 0), other = object_packet(1001, 10, 0);

    begin();
    input(&object);
    receiver_drop(&r.receiver, 0, true, r.now);
    cr_assert_eq(r.slots[0].state, SLOT_FREE);
    input(&object);
    source(object.tag, 1, 0, 10);
    cr_assert_eq(r.receiver.counters.stale, 2);
    input(&other);
    cr_assert_eq(r.opened, 2);
    sim_receiver_close(&r);
}

/* What only END can verify waits for it; and is verified by it alone. */
Test(receiver, an_identity_waits_for_end)
{
    struct SimOptions options = {.mtu = 128, .flags = OBJECT_IDENTITY};
    struct Tape t;

    tape_make(&t, 5000, 1, &options);
    begin();
    for (size_t i = 0; i < t.count; i++) {
        if (t.packets[i].type != PACKET_END)
            sim_receiver_packet(&r, tape_packet(&t, i));
    }
    cr_assert_eq(r.finished, 0);
    cr_assert_eq(slot_bytes(&r.slots[0]), 5000);
    sim_receiver_packet(&r, tape_packet(&t, t.count - 1));
    cr_assert_eq(r.finished, 1);
    sim_receiver_close(&r);
    tape_free(&t);
}

/* It comes several times: the later ones must not end the next run of its sender. */
Test(receiver, an_abort_without_its_object_is_not_kept_for_the_next_run)
{
    struct Packet object = object_packet(1000, 10, 0);
    struct Packet abort = {.type = PACKET_ABORT, .tag = object.tag};

    begin();
    abort.as.abort = (struct PacketAbort){ROLE_SENDER, ABORT_CANCELLED, view_of("", 0)};
    input(&object);
    input(&abort);
    cr_assert(r.slots[0].aborted);
    receiver_drop(&r.receiver, 0, false, r.now);
    input(&abort);
    object.as.object.run++;
    input(&object);
    cr_assert_eq(r.slots[0].state, SLOT_COLLECTING);
    cr_assert_not(r.slots[0].aborted);
    sim_receiver_close(&r);
}
