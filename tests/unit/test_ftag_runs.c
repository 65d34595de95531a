/* Where one run ends and another begins, which the bridge has to find out. */
#include "ftag_things.h"

Test(ftag_runs, a_second_run_has_another_number)
{
    struct Thing a = thing('a', 2, 0);
    begin();
    for (unsigned run = 0; run < 3; run++) {
        next_seq = 0;
        for (unsigned i = 0; i < FTAG_FIRST; i++)
            meta(&a);
        data(&a, 0);
        data(&a, 1);
        end();
    }
    cr_assert_eq(outs, 33);
    for (size_t i = 0; i < FTAG_FIRST; i++) {
        cr_assert_eq(expect(i, PACKET_OBJECT, &a, (uint8_t)i)->as.object.run, RUN);
        cr_assert_eq(expect(11 + i, PACKET_OBJECT, &a, (uint8_t)i)->as.object.run, RUN + 1);
        cr_assert_eq(expect(22 + i, PACKET_OBJECT, &a, (uint8_t)i)->as.object.run, 0);
    }
    cr_assert_eq(bridge.counters.runs, 3);
}

Test(ftag_runs, a_second_run_begins_with_its_first_meta_though_end_was_lost)
{
    struct Thing a = thing('a', 90, 0);
    begin();
    meta(&a);
    for (uint16_t block = 0; block < 90; block++)
        data(&a, block);
    meta_at(&a, 3); /* 0 to 2 were lost */
    meta_at(&a, 6); /* and 4 and 5 */
    cr_assert_eq(expect(91, PACKET_OBJECT, &a, 3)->as.object.run, (uint16_t)(RUN + 1));
    cr_assert_eq(expect(92, PACKET_OBJECT, &a, 6)->as.object.run, (uint16_t)(RUN + 1));
    next_seq = 8;
    data(&a, 0);
    expect_source(93, &a, 0, 8);
}

/* Slot 2050 has META, and seq 2: no run begins there. */
Test(ftag_runs, a_meta_much_later_may_have_a_low_seq)
{
    struct Thing a = thing('a', 9000, 0);
    begin();
    for (unsigned slot = 2040; slot < 2060; slot++) {
        next_seq = (uint8_t)slot;
        if (slot == 2050)
            meta(&a);
        else if (slot != 2049)
            data(&a, (uint16_t)(slot / 4));
    }
    cr_assert_eq(outs, 20, "OBJECT, 9 held, OBJECT, 9 more: %zu", outs);
    cr_assert_eq(bridge.counters.runs, 1);
}

Test(ftag_runs, a_meta_of_another_object_ends_the_run_before)
{
    struct Thing a = thing('a', 90, 0), b = thing('b', 90, 0);
    begin();
    meta(&a);
    data(&a, 80);
    next_seq = 100; /* the end of a's run and the beginning of b's are lost */
    meta(&b);
    data(&b, 81);
    expect_source(1, &a, 80, 1);
    cr_assert_eq(expect(2, PACKET_OBJECT, &b, 100)->as.object.run, (uint16_t)(RUN + 1));
    expect_source(3, &b, 81, 101);
}

Test(ftag_runs, every_field_of_meta_makes_another_object)
{
    struct Thing a = thing('a', 90, 0);
    for (unsigned i = 0; i < 6; i++) {
        struct Thing b = a;
        begin();
        meta(&a);
        b.meta.digest = view_of(b.digest, sizeof b.digest);
        b.meta.full = (uint16_t)(i == 0 ? 91 : 90);
        b.meta.size = i == 1 ? 11 : 10;
        b.meta.last = i == 2 ? 1 : 0;
        b.digest[31] = i == 3 ? 'x' : 'a';
        b.meta.name = i == 4 ? view_of("b", 1) : view_of("ab", i == 5 ? 2 : 1);
        b.len = ftag_put_meta(b.data, &b.meta);
        meta(&b);
        cr_assert_eq(bridge.counters.runs, 2, "field %u", i);
        cr_assert_eq(out[1].as.object.run, (uint16_t)(RUN + 1));
    }
}

/* Two objects one behind the other with one tag: the second's data would be the first's. */
Test(ftag_runs, an_object_never_has_the_tag_of_the_one_before)
{
    struct Thing a = thing('a', 9, 0), b = thing('b', 9, 0);
    uint16_t tag;
    begin();
    meta(&a);
    do {
        struct PacketObject o = {
            .block = FTAG_BRIDGE_B, .symbol_size = 10, .size = 90, .name = {b.digest + 31, 1}};
        for (unsigned i = 0; ++b.digest[i] == 0; i++)
            ;
        memcpy(o.id, b.digest, PACKET_ID);
        tag = packet_object_tag(&o, crc32c_portable);
    } while (tag != out[0].tag);
    memcpy(b.data + 5, b.digest, FTAG_DIGEST);
    for (unsigned i = 0; i < 2; i++) {
        meta(&b);
        data(&b, 0);
        meta(&a);
        data(&a, 0);
    }
    cr_assert_eq(outs, 9);
    for (size_t i = 1; i < 9; i += 4) {
        cr_assert(out[i].tag != tag && out[i].as.object.salt == 1);
        cr_assert(out[i + 1].tag == out[i].tag && out[i].tag == out[1].tag);
        cr_assert(out[i + 2].tag == tag && out[i + 2].as.object.salt == 0);
        cr_assert_eq(out[i + 3].tag, tag);
    }
}

/* Data do not say of which object they are: behind END, of the next one whose META comes. */
Test(ftag_runs, data_behind_an_end_wait_for_the_next_meta)
{
    struct Thing a = thing('a', 9, 0), b = thing('b', 9, 0);
    begin();
    meta(&a);
    data(&a, 8);
    end();
    next_seq = 20;
    data(&b, 3);
    cr_assert_eq(outs, 3);
    meta(&b);
    expect(3, PACKET_OBJECT, &b, 19);
    expect_source(4, &b, 3, 20);
    expect(5, PACKET_OBJECT, &b, 21);
}

/* END and all of the first METAs are lost: nothing of b may become a's. */
Test(ftag_runs, a_block_before_those_that_came_begins_a_run)
{
    struct Thing a = thing('a', 90, 0), b = thing('b', 90, 0);
    begin();
    meta(&a);
    for (uint16_t block = 0; block < 80; block++)
        data(&a, block);
    next_seq = 8;
    data(&b, 0);
    data(&b, 1);
    cr_assert_eq(outs, 81);
    next_seq = 50;
    meta(&b);
    expect(81, PACKET_OBJECT, &b, 7);
    expect_source(82, &b, 0, 8);
    expect_source(83, &b, 1, 9);
}

Test(ftag_runs, a_late_packet_begins_no_run)
{
    struct Thing a = thing('a', 90, 0);
    begin();
    meta_at(&a, 0);
    for (uint8_t i = 0; i < 80; i++)
        data_at(&a, i, (uint8_t)(i + 8));
    data_at(&a, 40, 48);
    data_at(&a, 79, 87);
    data_at(&a, 16, 24);
    cr_assert_eq(outs, 84);
    cr_assert_eq(bridge.counters.runs, 1);
    data_at(&a, 30, 39); /* one packet back, but it would be 49 blocks: another run */
    cr_assert_eq(outs, 84, "a block that cannot be there");
}

Test(ftag_runs, data_that_come_behind_their_end_are_late)
{
    struct Thing a = thing('a', 90, 3);
    begin();
    meta_at(&a, 0);
    input(ftag_end_packet(), 100);
    data_at(&a, 90, 99);
    data_at(&a, 88, 97);
    expect_source(2, &a, 90, 99);
    expect_source(3, &a, 88, 97);
    cr_assert_eq(outs, 4);
    data_at(&a, 88, 98); /* 2 blocks and END cannot be 2 packets */
    data_at(&a, 87, 97); /* and then another run is heard */
    cr_assert_eq(outs, 4);
    begin();
    meta_at(&a, 0);
    input(ftag_end_packet(), 100);
    meta_at(&a, 0);
    data_at(&a, 0, 8);
    cr_assert_eq(outs, 4);
    begin();
    meta_at(&a, 0);
    input(ftag_end_packet(), 100);
    data_at(&a, 89, 101); /* not before END */
    cr_assert_eq(outs, 2);
    begin();
    meta_at(&a, 0);
    input(ftag_end_packet(), 100);
    input((struct FtagPacket){.block = 90, .data = {a.digest, 10}}, 99); /* a's last has 3 bytes */
    cr_assert_eq(outs, 2);
}

Test(ftag_runs, a_block_beyond_the_object_says_nothing_about_the_run)
{
    struct Thing a = thing('a', 9, 0), big = thing('a', 60000, 0);
    begin();
    meta(&a);
    data(&a, 0);
    data(&big, 50000);
    data(&a, 1);
    cr_assert_eq(outs, 4);
    expect_source(3, &a, 1, 3);
}

/* What was held of a run whose META never came is not taken for the next one's. */
Test(ftag_runs, what_has_missed_its_meta_is_dropped)
{
    struct Thing a = thing('a', 90, 0), b = thing('b', 90, 0);
    begin();
    next_seq = 180;
    data(&a, 80);
    data(&a, 81);
    meta_at(&b, 1); /* END is lost: this is among the first of a run */
    cr_assert_eq(outs, 1);
    begin();
    next_seq = 180;
    data(&a, 80);
    data(&a, 81);
    end(); /* of a run that was never named */
    data(&b, 1);
    meta(&b);
    cr_assert_eq(outs, 3);
    expect_source(1, &b, 1, 183);
    cr_assert_eq(bridge.counters.orphans, 3);
    begin();
    next_seq = 180;
    data(&a, 80);
    data_at(&b, 1, 9); /* further back than late */
    meta_at(&b, 50);
    cr_assert_eq(outs, 3);
    cr_assert_eq(bridge.counters.orphans, 1);
}

/* The second run of a file, of which only the end is heard. */
Test(ftag_runs, an_end_that_fits_the_object_named_last_names_its_run)
{
    struct Thing a = thing('a', 90, 3);
    begin();
    meta(&a);
    data(&a, 0);
    end();
    next_seq = 77;
    data(&a, 89);
    data(&a, 90);
    cr_assert_eq(outs, 3);
    end();
    cr_assert_eq(expect(3, PACKET_OBJECT, &a, 76)->as.object.run, (uint16_t)(RUN + 1));
    expect_source(4, &a, 89, 77);
    expect_source(5, &a, 90, 78);
    expect(6, PACKET_END, &a, 79);
    cr_assert_eq(outs, 7);
}

Test(ftag_runs, an_end_that_does_not_fit_names_nothing)
{
    struct Thing a = thing('a', 90, 3), b = thing('b', 90, 4), c = thing('c', 91, 3);
    begin();
    meta(&a);
    end();
    data(&b, 90); /* another length */
    end();
    data(&c, 91); /* another number */
    end();
    data(&a, 90);
    next_seq++; /* something between the two was lost */
    end();
    end();
    cr_assert_eq(outs, 2);
    cr_assert_eq(bridge.counters.orphans, 7);
}
