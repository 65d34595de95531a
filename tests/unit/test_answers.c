/* What a receiver answers, and to whom; whole transfers are in tests/sim. Times in ms here. */
#include "core/receiver.h"
#include "core/status.h"

#include "check.h"
#include "packets.h"
#include "sim/sim.h"

#define MS UINT64_C(1000000)

static struct SimReceiver r;
static struct SimSender s;
static uint8_t bytes[60000];
static uint64_t now;

static void open(uint64_t size, bool two_way)
{
    struct SimOptions options = {.two_way = two_way, .mtu = 400};

    now = 1000;
    sim_receiver_open(&r);
    r.receiver.config.may_answer = true;
    r.receiver.config.run = 9;
    r.receiver.config.window = 30000;
    r.receiver.config.packet_max = 400;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 2654435761U >> 13);
    sim_sender_open(&s, bytes, size, &options);
}

/* The sender's next packet arrives, unless it is lost. False: it has none. */
static bool pass(bool lost)
{
    uint8_t packet[512];
    size_t n;

    if (!sim_sender_frame_at(&s, now * MS))
        return false;
    n = s.packet.len;
    memcpy(packet, s.packet.base + s.packet.head, n);
    memcpy(packet + n, s.body.data, s.body.len);
    r.now = now * MS;
    if (!lost)
        sim_receiver_packet(&r, view_of(packet, n + s.body.len));
    return true;
}

/* What the receiver says now; type 0: nothing. Valid until the next call. */
static struct Packet said(void)
{
    static uint8_t memory[RECEIVER_PACKET_ROOM];
    struct Buffer b;
    struct Packet p = {0};

    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    if (!receiver_output(&r.receiver, &b, now * MS + 2000))
        return (struct Packet){0};
    CHECK(packet_parse(buffer_view(&b), crc32c_portable, &p) == PACKET_OK, "it is no packet");
    cr_assert_eq(p.tag, s.sender.tag);
    return p;
}

Test(answers, never_to_a_sender_that_does_not_listen)
{
    open(20000, false);
    while (pass(false)) {
        now += 100;
        cr_assert_eq(said().type, 0);
        cr_assert_eq(receiver_deadline(&r.receiver), ANSWER_NEVER);
        if (s.sender.state == SENDER_FINISHED)
            break;
    }
    cr_assert_eq(r.finished, 1);
    cr_assert(!receiver_answers(&r.receiver));
}

Test(answers, never_if_the_link_cannot_be_written_to)
{
    open(20000, true);
    r.receiver.config.may_answer = false;
    for (int i = 0; i < 10; i++)
        pass(false);
    now += 1000;
    cr_assert_eq(said().type, 0);
}

Test(answers, nothing_before_the_object)
{
    open(20000, true);
    pass(true);
    pass(false);
    now += 1000;
    cr_assert_eq(said().type, 0, "a SOURCE of an unknown tag");
}

Test(answers, to_object_at_once_with_all_that_is_missing)
{
    struct StatusReader reader;
    struct StatusRange range;
    struct Packet p;

    open(20000, true);
    pass(false);
    p = said();
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_eq(p.as.status.state, STATUS_RECEIVING);
    cr_assert_eq(p.as.status.run, 9);
    cr_assert_eq(p.as.status.echo, 0);
    cr_assert_eq(p.as.status.good, 1);
    cr_assert_eq(p.as.status.window, 30000);
    cr_assert_eq(p.as.status.upto, s.sender.layout.symbols);
    status_reader_init(&reader, p.as.status.ranges, p.as.status.upto);
    cr_assert(status_reader_next(&reader, &range));
    cr_assert_eq(range.first, 0);
    cr_assert_eq(range.length, s.sender.layout.symbols);
    cr_assert_eq(said().type, 0, "once is enough");
}

Test(answers, while_packets_arrive_every_50_ms)
{
    open(60000, true);
    pass(false);
    cr_assert_eq(said().type, PACKET_STATUS);
    for (int answers = 0; answers < 5; answers++) {
        uint64_t since = now;

        do {
            now += 10;
            cr_assert(pass(false));
            cr_assert_lt(now - since, 300);
        } while (said().type == 0);
        if (answers > 0)
            cr_assert_geq(now - since, 50);
    }
}

Test(answers, a_gap_is_told_without_delay)
{
    struct Packet p;

    open(60000, true);
    for (int i = 0; i < 4; i++)
        pass(false);
    now += 300;
    cr_assert_eq(said().type, PACKET_STATUS);
    now += 21;
    pass(true);
    pass(false);
    p = said();
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_eq(p.as.status.good, 5);
    cr_assert_eq(p.as.status.echo, 5);
}

Test(answers, a_third_of_the_window_is_not_kept_waiting)
{
    uint64_t without = 0;

    open(60000, true);
    r.receiver.config.window = 3000;
    for (int i = 0; i < 12; i++) {
        pass(false);
        without += s.packet.len + s.body.len;
        if (said().type != 0)
            without = 0;
        CHECK(without < 1000 + 400, "%zu bytes without an answer", (size_t)without);
    }
}

Test(answers, verified_is_said_again_for_whatever_comes_until_done)
{
    struct Packet done = {.type = PACKET_DONE};
    uint8_t memory[64];
    struct Buffer b;

    open(1000, true);
    while (r.finished == 0 && pass(false))
        now++;
    cr_assert_eq(r.finished, 1);
    now += 30;
    cr_assert_eq(said().as.status.state, STATUS_VERIFIED);
    for (int i = 0; i < 3; i++) {
        now = sender_deadline(&s.sender) / MS + 1; /* it has not heard it, and asks */
        cr_assert(pass(false));
        now += 30;
        cr_assert_eq(said().as.status.state, STATUS_VERIFIED);
        cr_assert(!receiver_done(&r.receiver));
        while (pass(false))
            ;
        now += 300;
        said();
    }
    done.tag = s.sender.tag;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    packets_encode(&b, &done);
    sim_receiver_packet(&r, buffer_view(&b));
    cr_assert(receiver_done(&r.receiver));
    now += 1000;
    cr_assert_eq(said().type, 0);
}

Test(answers, an_object_that_is_not_wanted_is_refused_at_once)
{
    open(20000, true);
    r.size_most = 1000;
    pass(false);
    cr_assert_eq(said().as.status.state, STATUS_REFUSED);
    now += 400;
    pass(false);
    now += 400;
    cr_assert_eq(said().as.status.state, STATUS_WANT_OBJECT, "a SOURCE may be of another");
    now = sender_deadline(&s.sender) / MS + 1;
    pass(false);
    now += 30;
    cr_assert_eq(said().as.status.state, STATUS_REFUSED, "it has asked");
}

/* One is received, and another, done with, was asked about before it. */
Test(answers, what_is_due_of_one_object_is_not_said_of_another)
{
    static uint8_t memory[RECEIVER_PACKET_ROOM];
    struct Finished *f = &r.receiver.finished[0];
    struct Buffer b;
    struct Packet p;

    open(20000, true);
    pass(false);
    said();
    pass(false);
    cr_assert_gt(r.slots[0].answer.due, now * MS);
    *f = (struct Finished){.used = true, .tag = 77, .refused = true, .when = now * MS};
    f->answer = (struct Answer){.on = true, .seq = 8, .due = now * MS};
    r.receiver.answer_at = now * MS;
    now += 1000;
    buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
    cr_assert(receiver_output(&r.receiver, &b, now * MS));
    cr_assert_eq(packet_parse(buffer_view(&b), crc32c_portable, &p), PACKET_OK);
    cr_assert_eq(p.tag, 77);
    cr_assert_eq(p.seq, 8);
    cr_assert_eq(p.as.status.state, STATUS_REFUSED);
    p = said();
    cr_assert_eq(p.seq, 1);
    cr_assert_eq(p.as.status.state, STATUS_RECEIVING);
}

Test(answers, a_store_that_fails_aborts)
{
    struct Packet p;

    open(20000, true);
    r.fail_write_at = 2;
    for (int i = 0; i < 5; i++)
        pass(false);
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        if (r.slots[i].state == SLOT_FAILED)
            receiver_drop(&r.receiver, i, true, now * MS);
    }
    now += 300;
    p = said();
    cr_assert_eq(p.type, PACKET_ABORT);
    cr_assert_eq(p.as.abort.role, ROLE_RECEIVER);
    cr_assert_eq(p.as.abort.reason, ABORT_WRITE);
}

Test(answers, an_end_that_is_wanted_by_a_signal_is_told_to_all_that_listen)
{
    open(20000, true);
    for (int i = 0; i < 5; i++)
        pass(false);
    said();
    receiver_abort(&r.receiver, ABORT_CANCELLED, now * MS);
    cr_assert_eq(said().as.abort.reason, ABORT_CANCELLED);
    cr_assert_eq(said().type, 0);
}

Test(answers, a_list_that_is_too_long_is_cut_and_says_so)
{
    struct StatusReader reader;
    struct StatusRange range, last = {0};
    struct Packet p;

    open(60000, true);
    r.receiver.config.packet_max = SENDER_PACKET_MIN;
    pass(false);
    for (uint64_t i = 1; i < s.sender.layout.symbols; i += 2)
        object_mark(&r.slots[0].object, i);
    p = said();
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_leq(PACKET_HEADER + packet_status_size(&p.as.status), SENDER_PACKET_MIN);
    status_reader_init(&reader, p.as.status.ranges, p.as.status.upto);
    while (status_reader_next(&reader, &range))
        last = range;
    cr_assert(!reader.broken);
    cr_assert_leq(last.first + last.length, p.as.status.upto);
    cr_assert_lt(p.as.status.upto, s.sender.layout.symbols);
}

/* Numbers that leave a list hardly any room: silence about the first range would be for ever. */
Test(answers, the_first_range_is_always_told_if_only_in_part)
{
    struct StatusReader reader;
    struct StatusRange range;
    struct Packet p;

    open(60000, true);
    r.receiver.config.packet_max = SENDER_PACKET_MIN;
    r.receiver.config.window = ((uint64_t)1 << 56) - 1;
    r.receiver.bad_frames = ((uint64_t)1 << 56) - 1;
    pass(false);
    r.slots[0].counters.packets = ((uint64_t)1 << 56) - 1;
    p = said();
    cr_assert_eq(p.type, PACKET_STATUS);
    cr_assert_leq(PACKET_HEADER + packet_status_size(&p.as.status), SENDER_PACKET_MIN);
    status_reader_init(&reader, p.as.status.ranges, p.as.status.upto);
    cr_assert(status_reader_next(&reader, &range), "nothing is listed");
    cr_assert_eq(range.first, 0);
    cr_assert_eq(p.as.status.upto, range.length);
}
