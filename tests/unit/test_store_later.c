/* The store and what takes long to verify: it says so, and does it in steps of a few ms. */
#include "unit/store_kit.h"

#include "host/pack.h"

#define MIB       ((size_t)1 << 20)
#define LARGE     (20 * MIB) /* 5 steps */
#define STEPS_MAX 50

/* Asked again until there is a verdict: how many times that took. */
static unsigned finish(void)
{
    unsigned n = 0;
    for (; b.slots[0].finishing; n++) {
        cr_assert_lt(n, STEPS_MAX);
        cr_assert_eq(b.result_count, 0);
        cr_assert_eq(b.slots[0].state, SLOT_COLLECTING);
        receiver_finish(&b.receiver, 0, ++b.now);
    }
    return n;
}

/* The first symbol comes last, so that nothing can be hashed before. */
static void backwards(void)
{
    some(1, sample_layout(&s).symbols);
    cr_assert_not(b.slots[0].finishing);
    some(0, 1);
}

Test(store_later, what_could_not_be_hashed_before_is_in_steps)
{
    begin("name", LARGE);
    backwards();
    cr_assert(b.slots[0].finishing);
    some(5, 9); /* packets that come meanwhile do not ask */
    cr_assert(b.slots[0].finishing);
    uint64_t checked = store_checked(&b.store, 0);
    receiver_finish(&b.receiver, 0, ++b.now);
    cr_assert_gt(store_checked(&b.store, 0), checked);
    cr_assert_leq(store_checked(&b.store, 0), checked + 4 * MIB);
    cr_assert_gt(finish(), 2);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("name", &s);
    done();
}

Test(store_later, what_differs_then_is_collected_again)
{
    begin("name", LARGE);
    backwards();
    cr_assert_gt(b.slots[0].object.have, 0);
    /* As if the disk had changed it. */
    int fd = open(folder_path(&b.folder, "name.part"), O_WRONLY);
    cr_assert_eq(pwrite(fd, "other", 5, LARGE / 2), 5);
    close(fd);
    cr_assert_gt(finish(), 2);
    cr_assert_eq(b.slots[0].counters.mismatches, 1);
    cr_assert_eq(b.slots[0].object.have, 0);
    backwards();
    cr_assert_gt(finish(), 2);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("name", &s);
    done();
}

Test(store_later, a_run_that_ends_before_is_gone_on_with)
{
    for (int killed = 0; killed < 2; killed++) {
        begin("name", LARGE);
        backwards();
        receiver_finish(&b.receiver, 0, ++b.now);
        cr_assert(b.slots[0].finishing);
        store_save(&b.store, store_save(&b.store, ++b.now));
        if (killed) {
            bench_kill(&b);
        } else {
            bench_stop(&b);
            bench_expect(&b, STORE_INCOMPLETE, 5);
        }
        cr_assert_not(folder_has(&b.folder, "name"));
        cr_assert_eq(bench_start(&b), 0);
        cr_assert(b.slots[0].finishing, "all of it is here");
        b.result_count = 0; /* "going on" */
        finish();
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        check_only("name", &s);
        done();
    }
}

/* The sample is now a frame that unpacks to size times 'x'. */
static void become_packed(size_t size)
{
    struct Packer p;
    struct Digest d;
    uint8_t *full = malloc(size), *packed = malloc(size);
    memset(full, 'x', size);
    struct PackFlow flow = {full, size, packed, size};
    cr_assert_eq(packer_open(&p, size), 0);
    cr_assert_eq(packer_run(&p, &flow, PACK_END), 0);
    packer_close(&p);
    free(s.data);
    free(full);
    s.data = packed;
    s.len = s.object.size = size - flow.out_len;
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, s.data, s.len);
    digest_value(&d, s.digest);
    memcpy(s.object.id, s.digest, PACKET_ID);
    s.object.flags |= OBJECT_ZSTD;
    sample_seal(&s);
}

/* However little it was: what it unpacks to counts. */
Test(store_later, what_becomes_large_is_unpacked_in_steps)
{
    if (!pack_known())
        cr_skip_test();
    prepare("name", 1);
    become_packed(LARGE);
    cr_assert_lt(s.len, 10000);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    some(0, sample_layout(&s).symbols);
    cr_assert(b.slots[0].finishing);
    cr_assert_gt(finish(), 2);
    cr_assert_eq(bench_expect(&b, STORE_VERIFIED, 0)->is.unpacked, LARGE);
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), 1);
    done();
}
