/* The store and what comes packed: the part holds that, and the target is what it unpacks to. */
#include "unit/store_kit.h"

#include "host/pack.h"

#define FULL ((size_t)300000)

static uint8_t *full; /* what the sample unpacks to */

/* The sample is this content now. */
static void become(const uint8_t *content, size_t len)
{
    struct Digest d;
    free(s.data);
    s.data = malloc(len);
    memcpy(s.data, content, len);
    s.len = len;
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, s.data, len);
    digest_value(&d, s.digest);
    memcpy(s.object.id, s.digest, PACKET_ID);
    s.object.size = len;
    s.object.flags |= OBJECT_ZSTD;
    sample_seal(&s);
}

/* A bench and a sample that is FULL bytes, packed, for which `size` is promised; or, if that is 0,
 * not a zstd stream at all. */
static void prepare_promised(const char *target, uint64_t size)
{
    struct TestRandom random = {test_random_seed()};
    uint8_t *packed = malloc(FULL);
    struct Packer p;
    prepare(target, LEN);
    full = malloc(FULL);
    for (size_t i = 0; i < FULL; i++)
        full[i] = (uint8_t)(test_random_below(&random, 50) == 0 ? 'a' + i % 26 : 'x');
    struct PackFlow flow = {full, FULL, packed, FULL};
    cr_assert_eq(packer_open(&p, size > 0 ? size : FULL), 0);
    cr_assert_geq(packer_run(&p, &flow, PACK_ON), 0);
    cr_assert_eq(packer_run(&p, &flow, PACK_END), 0);
    packer_close(&p);
    become(size > 0 ? packed : full, size > 0 ? FULL - flow.out_len : LEN);
    free(packed);
}

static void prepare_packed(const char *target, bool good)
{
    prepare_promised(target, good ? FULL : 0);
}

static void run_all(void)
{
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    some(0, sample_layout(&s).symbols);
}

static void finish(void)
{
    free(full);
    done();
}

static void check_unpacked(const char *name)
{
    cr_assert_eq(folder_count(&b.folder), 1);
    cr_assert(folder_equal(&b.folder, name, full, FULL));
}

Test(store_unpack, the_target_is_what_it_unpacks_to)
{
    if (!pack_known())
        cr_skip_test();
    for (int folder = 0; folder < 2; folder++) {
        prepare_packed(folder ? NULL : "name", true);
        run_all();
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        check_unpacked("name");
        /* Once more: that is only known when it is unpacked. */
        run_all();
        bench_expect(&b, folder ? STORE_HAVE : STORE_VERIFIED, 0);
        bench_stop(&b);
        check_unpacked("name");
        finish();
    }
}

Test(store_unpack, it_is_unpacked_ahead_and_gone_on_with_after_a_kill)
{
    if (!pack_known())
        cr_skip_test();
    for (int killed = 0; killed < 3; killed++) {
        prepare_packed("name", true);
        uint64_t symbols = sample_layout(&s).symbols;
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        some(0, symbols - 2);
        if (killed < 2) /* else it was too soon for anything to be kept */
            store_save(&b.store, store_save(&b.store, 1));
        while (store_catch_up(&b.store)) {
        }
        cr_assert(folder_has(&b.folder, "name.part.unpacked"));
        if (killed)
            bench_kill(&b);
        else
            bench_stop(&b);
        cr_assert_not(folder_has(&b.folder, "name.part.unpacked"));
        if (killed) /* a real one leaves it */
            folder_put(&b.folder, "name.part.unpacked", "half", 4);
        run_all();
        cr_assert_eq(b.slots[0].earlier > 0, killed < 2);
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        check_unpacked("name");
        finish();
    }
}

Test(store_unpack, what_is_no_zstd_stream_gets_no_name_and_is_set_aside)
{
    if (!pack_known())
        cr_skip_test();
    for (int unsized = 0; unsized < 2; unsized++) { /* nor what does not say how large it is */
        prepare_promised("name", unsized ? PACK_UNKNOWN : 0);
        run_all();
        bench_expect(&b, STORE_NOTE, 0);
        b.result_count--;
        bench_expect(&b, STORE_FAILED, 6);
        bench_stop(&b);
        cr_assert_not(folder_has(&b.folder, "name"));
        cr_assert(folder_equal(&b.folder, "name.part.1", s.data, s.len));
        cr_assert_not(folder_has(&b.folder, "name.part.unpacked"));
        finish();
    }
}

Test(store_unpack, one_that_would_be_too_large_is_refused_and_kept)
{
    if (!pack_known())
        cr_skip_test();
    prepare_packed("name", true);
    b.config.max_size = FULL - 1;
    run_all();
    bench_expect(&b, STORE_FAILED, 7);
    bench_stop(&b);
    cr_assert_not(folder_has(&b.folder, "name"));
    cr_assert(folder_has(&b.folder, "name.part"));
    b.config.max_size = FULL;
    run_all();
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_unpacked("name");
    finish();
}

Test(store_unpack, a_disk_that_is_full_then_keeps_what_arrived_packed)
{
    if (!pack_known())
        cr_skip_test();
    prepare_packed("name", true);
    limit_files(FULL - 100000);
    run_all();
    bench_expect(&b, STORE_FAILED, 1);
    bench_stop(&b);
    limit_files(RLIM_INFINITY);
    cr_assert_not(folder_has(&b.folder, "name"));
    cr_assert_not(folder_has(&b.folder, "name.part.unpacked"));
    run_all();
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_unpacked("name");
    finish();
}

Test(store_unpack, a_file_that_has_the_name_of_ours_is_left_alone)
{
    if (!pack_known())
        cr_skip_test();
    prepare_packed("name", true);
    folder_put(&b.folder, "name.part.unpacked", "mine", 4);
    run_all();
    bench_expect(&b, STORE_FAILED, 7);
    bench_stop(&b);
    cr_assert_not(folder_has(&b.folder, "name"));
    cr_assert(folder_equal(&b.folder, "name.part.unpacked", (const uint8_t *)"mine", 4));
    finish();
}
