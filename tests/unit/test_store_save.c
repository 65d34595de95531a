/* The store, killed in the middle: what was saved until then is gone on with. */
#include "core/slot.h"
#include "host/clock.h"

#include "unit/store_kit.h" /* last: it has short names */

static struct Sample other;

/* Turns of the loop until what arrived must have been saved. */
static void save(void)
{
    static uint64_t now = 1;
    now += 60 * CLOCK_SECOND;
    uint64_t due = store_save(&b.store, now);
    cr_assert_neq(due, CLOCK_NEVER, "there is nothing to save");
    cr_assert_leq(due, now + CLOCK_SECOND);
    cr_assert_eq(store_save(&b.store, due - 1), due, "not before");
    cr_assert_eq(store_save(&b.store, due), CLOCK_NEVER);
    cr_assert_eq(store_save(&b.store, due + 1), CLOCK_NEVER, "nothing new");
}

Test(store_save, what_was_saved_survives_a_kill_and_what_came_since_does_not_count)
{
    for (int folder = 0; folder < 2; folder++) {
        for (int no_sync = 0; no_sync < 2; no_sync++) {
            bench_init(&b, folder ? NULL : "name");
            b.config.no_sync = no_sync != 0;
            sample_init(&s, "name", LEN, 1);
            cr_assert_eq(bench_start(&b), 0);
            bench_object(&b, &s);
            some(3, 40);
            save();
            some(50, 60);
            save();
            some(70, 80);
            bench_kill(&b);
            cr_assert_eq(folder_count(&b.folder), 2);
            cr_assert_eq(bench_start(&b), 0);
            bench_object(&b, &s);
            cr_assert_eq(b.slots[0].object.have, 47);
            some(0, 124);
            verified("name");
        }
    }
}

/* However often news comes: a maximum delay, not one that begins anew with each. */
Test(store_save, news_that_never_pauses_is_saved_a_second_after_its_first)
{
    begin("name", LEN);
    uint64_t now = clock_now(), due;
    some(0, 1);
    due = store_save(&b.store, now);
    for (uint64_t n = 1; n < 100; n++) {
        some(n, n + 1);
        cr_assert_eq(store_save(&b.store, now + n * CLOCK_SECOND / 100), due);
    }
    cr_assert_eq(store_save(&b.store, now + CLOCK_SECOND), CLOCK_NEVER);
    bench_kill(&b);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_eq(b.slots[0].object.have, 100);
    bench_stop(&b);
    done();
}

Test(store_save, repairs_and_end_are_saved_as_well)
{
    prepare("name", LEN);
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    all_but_of_window_3();
    for (uint64_t key = 0; key < 9; key++) {
        bench_repair(&b, &s, 3, key);
        if (key % 4 == 0)
            save();
    }
    bench_end(&b, &s);
    save();
    bench_kill(&b);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_eq(b.slots[0].repairs.total, 9);
    cr_assert(b.slots[0].end_known);
    cr_assert_eq(b.slots[0].counters.passes, 0);
    bench_kill(&b); /* what comes from a journal is in it */
    cr_assert_eq(bench_start(&b), 0);
    bench_repair(&b, &s, 3, 20); /* window 3 lacks 10 */
    verified("name");
}

/* Repairs that solved their window are of no use any more; the next ones take their place. */
Test(store_save, repairs_of_windows_that_are_complete_are_dropped)
{
    begin("name", LEN);
    for (uint64_t w = 0; w < 7; w++) {
        for (uint64_t n = 2; n < 16; n++) { /* 2 lack: symbols w and w + 8 */
            struct ObjectLayout l = sample_layout(&s);
            struct RlcWindow window = object_window(&l, w);
            uint64_t symbol = window.first + n * window.stride;
            if (n < window.count && symbol < 124)
                bench_source(&b, &s, symbol, 1);
        }
        bench_repair(&b, &s, w, 1);
        save();
        bench_repair(&b, &s, w, 2);
        save();
        cr_assert_eq(b.slots[0].repairs.total, 0);
    }
    bench_kill(&b);
    struct stat st;
    cr_assert_eq(fstatat(b.folder.dir, "name.part.journal", &st, 0), 0);
    cr_assert_eq(st.st_size, 4 * 4096, "head, end, a pair");
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_geq(b.slots[0].object.have, 7 * 15);
    some(0, 124);
    verified("name");
}

Test(store_save, killed_at_any_symbol_and_saved_at_random_nothing_saved_is_lost)
{
    struct TestRandom random = {test_random_seed()};
    prepare("name", 50000);
    uint64_t saved = 0, runs = 0, now = 1;
    while (!folder_has(&b.folder, "name")) {
        cr_assert_lt(runs++, 1000);
        cr_assert_eq(bench_start(&b), 0);
        /* Sometimes from a sender with other symbols: those that are here are sorted anew. */
        s.object.symbol_size = test_random_below(&random, 4) == 0 ? 50 : 100;
        s.object.block = s.object.symbol_size == 50 ? 6 : 4;
        sample_seal(&s);
        bench_object(&b, &s);
        if (s.object.symbol_size == 100 && runs > 1)
            cr_assert_geq(b.slots[0].object.have * 100, saved > 600 ? saved - 600 : 0);
        for (int i = 0; i < 15 && !folder_has(&b.folder, "name"); i++) {
            bench_source(&b, &s, test_random_below(&random, 50000 / s.object.symbol_size), 1);
            if (test_random_below(&random, 10) == 0)
                bench_repair(&b, &s, test_random_below(&random, 16),
                             test_random_below(&random, 99));
            if (test_random_below(&random, 8) == 0) {
                now += 60 * CLOCK_SECOND;
                store_save(&b.store, now);
                store_save(&b.store, now + CLOCK_SECOND);
                saved = b.slots[0].object.have * s.object.symbol_size;
            }
        }
        if (test_random_below(&random, 10) == 0)
            bench_stop(&b);
        else
            bench_kill(&b);
    }
    check_only("name", &s);
    done();
}

/* As the next run would do after a power cut that left the journal's claims, but not the bytes. */
Test(store_save, claims_that_are_not_true_are_found_out_by_the_digest)
{
    begin("name", LEN);
    some(0, 100);
    save();
    bench_kill(&b);
    int fd = openat(b.folder.dir, "name.part", O_WRONLY);
    cr_assert_eq(pwrite(fd, "not what was sent", 17, 5000), 17);
    close(fd);
    cr_assert_eq(bench_start(&b), 0);
    some(100, 124);
    bench_end(&b, &s);
    cr_assert_not(folder_has(&b.folder, "name"));
    bench_kill(&b);
    cr_assert_eq(bench_start(&b), 0); /* nor does this run believe them */
    cr_assert_not(folder_has(&b.folder, "name"));
    bench_send(&b, &s);
    verified("name");
}

/* Another journal has been put in place of ours: it is not written to, and ours is written anew. */
Test(store_save, a_journal_that_another_process_removes_is_written_anew)
{
    begin("name", LEN);
    some(0, 40);
    save();
    unlinkat(b.folder.dir, "name.part.journal", 0);
    some(40, 60);
    save();
    bench_kill(&b);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_eq(b.slots[0].object.have, 60);
    bench_stop(&b);
    done();
}

/* A disk that is full: claims need no room, which is set aside at the beginning. */
Test(store_save, what_was_saved_before_the_disk_was_full_is_claimed_all_the_same)
{
    begin("name", 1500000);
    limit_files(600000);
    for (uint64_t n = 0; n < 15000; n += 50)
        bench_source(&b, &s, n, 50);
    bench_expect(&b, STORE_FAILED, 1);
    bench_stop(&b);
    limit_files(RLIM_INFINITY);
    cr_assert_eq(bench_start(&b), 0);
    uint64_t have = b.slots[0].object.have;
    cr_assert(have > 2000 && have <= 6000, "%d", (int)have);
    bench_stop(&b);
    done();
}

/* It fails while it is saved: nobody asked for anything, so the receiver has to be told. */
Test(store_save, what_fails_when_it_is_saved_is_told)
{
    begin("name", LEN);
    some(0, 100);
    cr_assert_eq(store_failure(&b.store, 0), SLOT_FAILURE_NONE);
    limit_files(3000);
    save();
    bench_expect(&b, STORE_FAILED, 1);
    cr_assert_eq(b.slots[0].state, SLOT_COLLECTING);
    cr_assert_eq(store_failure(&b.store, 0), SLOT_FAILURE_STORE);
    receiver_fail(&b.receiver, 0, SLOT_FAILURE_STORE);
    cr_assert_eq(b.slots[0].state, SLOT_FAILED);
    receiver_drop(&b.receiver, 0, true, 1);
    cr_assert_eq(store_failure(&b.store, 0), SLOT_FAILURE_NONE);
    bench_stop(&b);
    cr_assert_not(folder_has(&b.folder, "name"));
    limit_files(RLIM_INFINITY);
    done();
}

Test(store_save, objects_of_a_folder_are_saved_together)
{
    bench_init(&b, NULL);
    sample_init(&s, "one", LEN, 1);
    sample_init(&other, "two", LEN, 2);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_object(&b, &other);
    some(0, 20);
    for (uint64_t n = 0; n < 30; n++)
        bench_source(&b, &other, n, 1);
    save();
    bench_kill(&b);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &other);
    bench_object(&b, &s);
    cr_assert_eq(b.slots[0].object.have, 30);
    cr_assert_eq(b.slots[1].object.have, 20);
    bench_stop(&b);
    sample_free(&other);
    done();
}
