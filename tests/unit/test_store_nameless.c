/* The store and small objects: they bear no name before they are complete, or have to last. */
#include "unit/store_kit.h"

/* What arrived must have been saved. */
static void save(void)
{
    store_save(&b.store, store_save(&b.store, 1));
}

Test(store_nameless, nothing_is_seen_of_it_before_it_is_complete)
{
    for (int way = 0; way < 4; way++) {
        begin((way & 1) != 0 ? NULL : "name", (way & 2) != 0 ? 1 : LEN);
        some(1, sample_layout(&s).symbols);
        cr_assert_eq(folder_count(&b.folder), 0);
        some(0, 1);
        verified("name");
    }
}

Test(store_nameless, it_has_its_name_once_it_is_saved_and_no_larger_one_waits_for_that)
{
    begin("name", LEN);
    some(0, 50);
    save();
    cr_assert(folder_has(&b.folder, "name.part"));
    cr_assert(folder_has(&b.folder, "name.part.journal"));
    some(50, 124);
    verified("name");
    begin("name", 16385);
    cr_assert(folder_has(&b.folder, "name.part"));
    bench_stop(&b);
    done();
}

Test(store_nameless, killed_before_it_leaves_nothing_and_ended_in_order_it_is_kept)
{
    for (int folder = 0; folder < 2; folder++) {
        begin(folder ? NULL : "name", LEN);
        some(0, 50);
        bench_kill(&b);
        cr_assert_eq(folder_count(&b.folder), 0);
        first_run(50, 1);
        bench_expect(&b, STORE_INCOMPLETE, 5);
        cr_assert_eq(folder_count(&b.folder), 2);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        cr_assert_eq(b.slots[0].object.have, 50);
        some(50, 124);
        verified("name");
    }
}

/* OUT, or with -f: the old file is there until the new one is. */
Test(store_nameless, it_replaces_what_may_be_replaced)
{
    for (int folder = 0; folder < 2; folder++) {
        bench_init(&b, folder ? NULL : "name");
        sample_init(&s, "name", LEN, 1);
        b.config.force = true;
        folder_put(&b.folder, "name", "old", 3);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        some(0, 123);
        cr_assert(folder_equal(&b.folder, "name", "old", 3));
        some(123, 124);
        verified("name");
    }
}

Test(store_nameless, a_name_taken_meanwhile_stays_and_the_object_is_kept)
{
    begin(NULL, LEN);
    some(0, 123);
    folder_put(&b.folder, "name", "other", 5);
    some(123, 124);
    bench_expect(&b, STORE_FAILED, 7);
    bench_stop(&b);
    cr_assert(folder_equal(&b.folder, "name", "other", 5));
    cr_assert_eq(folder_count(&b.folder), 3);
    cr_assert_eq(unlinkat(b.folder.dir, "name", 0), 0);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("name", &s);
    done();
}

/* Another process has begun with the same meanwhile: what is its own stays. */
Test(store_nameless, the_part_of_another_process_is_never_touched)
{
    for (int complete = 0; complete < 2; complete++) {
        begin("name", LEN);
        some(0, 60);
        folder_put(&b.folder, "name.part", "theirs", 6);
        folder_put(&b.folder, "name.part.journal", "theirs too", 10);
        save();
        if (complete)
            some(60, 124);
        bench_stop(&b);
        bench_expect(&b, complete ? STORE_VERIFIED : STORE_FAILED, complete ? 0 : 1);
        cr_assert(folder_equal(&b.folder, "name.part", "theirs", 6));
        cr_assert(folder_equal(&b.folder, "name.part.journal", "theirs too", 10));
        cr_assert_eq(folder_count(&b.folder), 2 + (size_t)complete);
        done();
    }
}

Test(store_nameless, what_differs_is_kept_as_far_as_said)
{
    begin("name", LEN);
    s.data[5000] ^= 1;
    some(0, 124);
    bench_end(&b, &s);
    bench_stop(&b);
    const struct BenchResult *r = bench_expect(&b, STORE_MISMATCH, 6);
    cr_assert_not_null(strstr(r->reason, "kept in name.part"), "%s", r->reason);
    cr_assert_eq(folder_count(&b.folder), 2);
    done();
}
