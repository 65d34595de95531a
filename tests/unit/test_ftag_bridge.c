/* What becomes of one run; and of anything. */
#include "ftag_things.h"

/* ---- One run -------------------------------------------------------------------------------- */

Test(ftag_bridge, a_run_becomes_object_source_and_end)
{
    struct Thing a = thing('a', 2, 3);
    const struct PacketObject *o;
    const struct PacketEnd *e;
    begin();
    meta(&a);
    data(&a, 0);
    data(&a, 2);
    meta(&a);
    end();
    o = &expect(0, PACKET_OBJECT, &a, 0)->as.object;
    cr_assert(o->flags == 0 && o->salt == 0 && o->link == 0 && o->run == RUN);
    cr_assert(o->size == 23 && o->symbol_size == 10 && o->block == 12);
    cr_assert(o->name.len == 1 && o->name.data[0] == 'a');
    cr_assert_arr_eq(o->id, a.digest, PACKET_ID);
    expect_source(1, &a, 0, 1);
    expect_source(2, &a, 2, 2);
    expect(3, PACKET_OBJECT, &a, 3);
    e = &expect(4, PACKET_END, &a, 4)->as.end;
    cr_assert(e->symbols == 3 && e->size == 23 && e->rest == 0 && e->digest.len == FTAG_DIGEST);
    cr_assert_arr_eq(e->digest.data, a.digest, FTAG_DIGEST);
    cr_assert_eq(outs, 5);
}

Test(ftag_bridge, the_largest_of_everything_becomes_packets_that_parse)
{
    struct FtagMeta m = {.full = 65535, .size = 249, .last = 248};
    uint8_t digest[FTAG_DIGEST] = {1}, name[FTAG_NAME_MAX], bytes[FTAG_DATA_MAX];
    uint8_t block[FTAG_DATA_MAX] = {0};
    memset(name, 0xC3, sizeof name);
    m.digest = view_of(digest, sizeof digest);
    m.name = view_of(name, sizeof name);
    begin();
    input((struct FtagPacket){.block = 65534, .data = view_of(block, 249)}, 0);
    input(ftag_meta_packet(view_of(bytes, ftag_put_meta(bytes, &m))), 1);
    input((struct FtagPacket){.block = 65535, .data = view_of(block, 248)}, 2);
    input(ftag_end_packet(), 3);
    cr_assert_eq(outs, 5);
    cr_assert_eq(out[0].as.object.name.len, FTAG_NAME_MAX);
    cr_assert_eq(out[0].as.object.size, 16318463);
    cr_assert(out[3].as.source.symbol == 65535 && out[3].as.source.symbols.len == 248);
    cr_assert_eq(out[4].as.end.symbols, 65536);
}

Test(ftag_bridge, packets_that_are_not_for_us_are_no_loss)
{
    struct Thing a = thing('a', 3, 0);
    struct FtagPacket other = {.channel = 7, .data = {(const uint8_t *)"x", 1}};
    begin();
    meta(&a);
    input(other, next_seq++);
    input(other, next_seq++);
    data(&a, 0);
    next_seq++; /* one is lost */
    data(&a, 1);
    expect_source(1, &a, 0, 1);
    expect_source(2, &a, 1, 3);
    cr_assert_eq(bridge.counters.others, 2);
}

/* ---- META comes late ------------------------------------------------------------------------ */

Test(ftag_bridge, data_before_meta_are_held_and_come_behind_an_object)
{
    struct Thing a = thing('a', 9, 0);
    begin();
    next_seq = 250;
    for (uint16_t block = 3; block < 9; block++) {
        data(&a, block);
        data(&a, block);
    }
    cr_assert_eq(outs, 0);
    meta(&a);
    data(&a, 8);
    expect(0, PACKET_OBJECT, &a, 249);
    for (uint16_t i = 0; i < 12; i++)
        expect_source(1u + i, &a, (uint16_t)(3 + i / 2), (uint8_t)(250 + i));
    expect(13, PACKET_OBJECT, &a, 6);
    expect_source(14, &a, 8, 7);
    cr_assert_eq(bridge.counters.held, 12);
}

Test(ftag_bridge, when_too_much_is_held_the_oldest_goes)
{
    struct Thing a = thing('a', 65535, 0);
    begin();
    for (uint16_t block = 0; block < 1000; block++)
        data(&a, block);
    cr_assert_gt(bridge.held.count, 100);
    meta(&a);
    cr_assert_eq(bridge.counters.overrun + outs, 1002);
    expect_source(1, &a, (uint16_t)(1000 - (outs - 2)), (uint8_t)(1000 - (outs - 2)));
    expect_source(outs - 2, &a, 999, (uint8_t)999);
}

Test(ftag_bridge, without_room_nothing_is_held)
{
    struct Thing a = thing('a', 9, 0);
    begin();
    ftag_bridge_init(&bridge, crc32c_portable, RUN, NULL, 0);
    data(&a, 0);
    meta(&a);
    data(&a, 1);
    cr_assert_eq(bridge.counters.overrun, 1);
    expect(0, PACKET_OBJECT, &a, 1);
    expect_source(1, &a, 1, 2);
}

/* ---- Anything ------------------------------------------------------------------------------- */

Test(ftag_bridge, whatever_comes_every_packet_is_counted_once_and_all_that_comes_out_parses)
{
    struct TestRandom r = {test_random_seed()};
    struct Thing things[] = {thing('a', 0, 1), thing('b', 9, 0), thing('c', 60000, 9)};
    begin();
    for (unsigned i = 0; i < 100000; i++) {
        const struct Thing *t = &things[test_random_below(&r, 3)];
        uint32_t blocks = ftag_meta_blocks(&t->meta);
        outs = used = 0;
        next_seq = test_random_below(&r, 9) == 0 ? (uint8_t)test_random_next(&r) : next_seq;
        switch (test_random_below(&r, 9)) {
        case 0:
            meta(t);
            break;
        case 1:
            end();
            break;
        case 2:
            input((struct FtagPacket){.channel = 9}, next_seq++);
            break;
        default:
            data(t, (uint16_t)test_random_below(&r, blocks));
            break;
        }
    }
    cr_assert_gt(bridge.counters.passed, 10000);
    cr_assert_gt(bridge.counters.orphans, 100);
}
