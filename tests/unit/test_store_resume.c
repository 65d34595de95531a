/* The store, across runs: what one leaves and what the next makes of it. */
#include "unit/store_kit.h"

#include "core/slot.h"

static struct Sample other;

Test(store_resume, the_next_run_goes_on_from_what_is_here)
{
    for (int folder = 0; folder < 2; folder++) {
        prepare(folder ? NULL : "name", LEN);
        first_run(124, 2);
        const struct BenchResult *r = bench_expect(&b, STORE_INCOMPLETE, 5);
        cr_assert_eq(r->is.here, 6200);
        cr_assert_eq(r->is.size, LEN);
        cr_assert_eq(folder_count(&b.folder), 2);
        cr_assert_eq(bench_start(&b), 0);
        if (folder)
            bench_object(&b, &s);
        bench_expect(&b, STORE_NOTE, 0);
        cr_assert_eq(b.slots[0].object.have, 62, "with OUT, before anything is heard");
        cr_assert_eq(b.slots[0].earlier, 6200);
        cr_assert_eq(b.slots[0].counters.packets, folder ? 1 : 0, "what the line brought");
        for (uint64_t n = 1; n < 124; n += 2)
            bench_source(&b, &s, n, 1);
        verified("name");
    }
}

Test(store_resume, repairs_and_end_are_kept_as_well)
{
    for (int folder = 0; folder < 2; folder++) {
        prepare(folder ? NULL : "name", LEN);
        sample_make_identity(&s);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        all_but_of_window_3();
        for (uint64_t key = 0; key < 9; key++)
            bench_repair(&b, &s, 3, key);
        bench_end(&b, &s);
        bench_stop(&b);
        bench_expect(&b, STORE_INCOMPLETE, 5);
        cr_assert_eq(bench_start(&b), 0);
        if (folder)
            bench_object(&b, &s);
        cr_assert_eq(b.slots[0].repairs.total, 9);
        cr_assert_eq(b.slots[0].earlier, 11345);
        cr_assert(b.slots[0].end_known);
        cr_assert_eq(b.slots[0].counters.passes, 0);
        bench_repair(&b, &s, 3, 20); /* window 3 lacks 10 */
        verified("name");
    }
}

Test(store_resume, interruptions_without_end_lose_nothing)
{
    struct TestRandom random = {test_random_seed()};
    prepare("name", 50000);
    uint64_t have = 0;
    for (int run = 0; run < 200; run++) {
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        cr_assert_geq(b.slots[0].object.have, have);
        for (int i = 0; i < 5; i++)
            bench_source(&b, &s, test_random_below(&random, 500), 1);
        if (run % 3 == 1)
            bench_repair(&b, &s, test_random_below(&random, 32), test_random_below(&random, 99));
        have = b.slots[0].state == SLOT_FREE ? 500 : b.slots[0].object.have;
        bench_stop(&b);
        if (have == 500)
            break;
    }
    if (have < 500) {
        cr_assert_eq(bench_start(&b), 0);
        some(0, 500);
        bench_stop(&b);
    }
    bench_expect(&b, STORE_VERIFIED, 0);
    check_only("name", &s);
    done();
}

Test(store_resume, another_grid_takes_over_what_is_here)
{
    for (int folder = 0; folder < 2; folder++) {
        prepare(folder ? NULL : "name", LEN);
        first_run(100, 1);
        s.object.symbol_size = 64;
        s.object.block = 5;
        sample_seal(&s);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        cr_assert_eq(b.slots[0].object.layout.symbol_size, 64);
        cr_assert_eq(b.slots[0].object.have, 156, "10,000 / 64");
        some(156, 193);
        verified("name");
    }
}

Test(store_resume, after_a_kill_it_begins_again_in_the_same_part)
{
    begin("name", 3000000);
    for (uint64_t n = 0; n < 29000; n += 100)
        bench_source(&b, &s, n, 100);
    bench_kill(&b);
    cr_assert_eq(folder_count(&b.folder), 2);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    cr_assert_eq(b.slots[0].object.have, 0);
    cr_assert_eq(folder_count(&b.folder), 2);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    cr_assert_eq(b.result_count, 1);
    check_only("name", &s);
    done();
}

Test(store_resume, of_which_nothing_arrived_nothing_stays)
{
    prepare("name", LEN);
    first_run(0, 1);
    bench_expect(&b, STORE_INCOMPLETE, 5);
    cr_assert_eq(folder_count(&b.folder), 0);
    done();
}

Test(store_resume, the_same_object_under_another_name_goes_on)
{
    prepare("out", LEN);
    first_run(50, 1);
    s.object.name = view_of("new name", 8);
    sample_seal(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    cr_assert_eq(b.slots[1].object.have, 50);
    some(50, 124);
    verified("out");
}

Test(store_resume, once_heard_of_the_object_from_the_journal_stays)
{
    prepare("out", LEN);
    sample_init(&other, "other", LEN, 2);
    first_run(50, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_source(&b, &s, 50, 1);
    bench_object(&b, &other);
    bench_expect(&b, STORE_REFUSED, 7);
    bench_stop(&b);
    const struct BenchResult *r = bench_expect(&b, STORE_INCOMPLETE, 5);
    cr_assert_eq(r->is.here, 5100);
    sample_free(&other);
    done();
}

/* Past a limit on the size of files every write fails: as on a full disk. */
Test(store_resume, a_failed_write_is_final_and_what_was_written_is_kept)
{
    begin("name", 1500000);
    limit_files(1000000);
    for (uint64_t n = 0; n < 15000; n += 50)
        bench_source(&b, &s, n, 50);
    const struct BenchResult *r = bench_expect(&b, STORE_FAILED, 1);
    cr_assert_not_null(strstr(r->reason, "cannot write: "), "%s", r->reason);
    cr_assert_eq(b.slots[0].state, SLOT_FAILED);
    receiver_drop(&b.receiver, 0, true, 1);
    r = bench_expect(&b, STORE_NOTE, 0);
    cr_assert_not_null(strstr(r->reason, "what arrived is kept in name.part"), "%s", r->reason);
    cr_assert_eq(b.result_count, 2);
    bench_stop(&b);
    cr_assert_eq(b.result_count, 2);
    cr_assert_not(folder_has(&b.folder, "name"));
    limit_files(RLIM_INFINITY);
    cr_assert_eq(bench_start(&b), 0);
    uint64_t have = b.slots[0].object.have;
    cr_assert(have > 5000 && have <= 10000, "%d", (int)have);
    some(0, 15000);
    verified("name");
}

/* The digest of what was there already is taken in steps, or at the end. */
Test(store_resume, the_digest_catches_up)
{
    for (int idle = 0; idle < 2; idle++) {
        prepare("name", (size_t)40 << 20);
        s.object.symbol_size = 4096;
        s.object.block = 7;
        sample_make_identity(&s);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        for (uint64_t n = 1; n < 10240; n += 13)
            bench_source(&b, &s, n, 13);
        bench_stop(&b);
        cr_assert_eq(bench_start(&b), 0);
        bench_source(&b, &s, 0, 1);
        int steps = 0;
        while (idle && store_catch_up(&b.store))
            steps++;
        cr_assert_eq(steps, idle ? 10 : 0, "%d: nearly 40 MiB are left, 4 at a time", steps);
        bench_end(&b, &s);
        for (steps = 0; b.slots[0].finishing; steps++)
            receiver_finish(&b.receiver, 0, ++b.now);
        cr_assert_eq(steps, idle ? 0 : 9, "%d: or else then", steps);
        verified("name");
    }
}

/* The end of the part is on the disk, and a write in its middle fails. */
Test(store_resume, what_was_not_written_is_not_claimed)
{
    begin("name", 1500000);
    bench_source(&b, &s, 14999, 1);
    bench_source(&b, &s, 11000, 1); /* makes the last be written */
    limit_files(1000000);
    bench_source(&b, &s, 0, 1);
    bench_expect(&b, STORE_FAILED, 1);
    bench_stop(&b);
    limit_files(RLIM_INFINITY);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert(object_has(&b.slots[0].object, 14999));
    cr_assert_not(object_has(&b.slots[0].object, 11000));
    cr_assert_eq(b.slots[0].object.have, 1);
    bench_stop(&b);
    done();
}

Test(store_resume, without_memory_for_it_what_is_here_stays)
{
    prepare(NULL, LEN);
    first_run(50, 1);
    cr_assert_eq(bench_start(&b), 0);
    b.store.memory_used = STORE_MEMORY_ALL;
    bench_object(&b, &s);
    bench_expect(&b, STORE_REFUSED, 7);
    b.store.memory_used = 0;
    bench_stop(&b);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    cr_assert_eq(b.slots[0].object.have, 50);
    bench_stop(&b);
    done();
}
