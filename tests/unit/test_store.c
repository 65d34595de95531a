/* The store, receiving: what stands where afterwards. */
#include "unit/bench.h"

#include "core/slot.h"

static struct Bench b;
static struct Sample s, other;

#define LEN 12345 /* of most samples: 124 symbols, 8 windows */

static void check_only(const char *name, const struct Sample *sample)
{
    cr_assert_eq(folder_count(&b.folder), 1);
    cr_assert(folder_equal(&b.folder, name, sample->data, sample->len));
}

Test(store, a_file_is_there_once_it_is_verified)
{
    struct stat st;
    umask(027);
    bench_init(&b, "out");
    sample_init(&s, "name", LEN, 1);
    s.object.link = LINK_MODE | LINK_MTIME;
    s.object.mode = 06775;
    s.object.mtime = 1234567890123456789;
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t first = 0; first < 123; first += 3)
        bench_source(&b, &s, first, 3);
    store_save(&b.store, store_save(&b.store, 1));
    cr_assert_not(folder_has(&b.folder, "out"));
    cr_assert(folder_has(&b.folder, "out.part"));
    cr_assert(folder_has(&b.folder, "out.part.journal"));
    fstatat(b.folder.dir, "out.part", &st, 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
    bench_source(&b, &s, 123, 1);
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert_eq(b.results[0].is.size, LEN);
    cr_assert_str_eq(b.results[0].path, b.config.path);
    bench_stop(&b);
    cr_assert_eq(b.result_count, 1);
    check_only("out", &s);
    fstatat(b.folder.dir, "out", &st, 0);
    cr_assert_eq(st.st_mode & 07777, 0750);
    cr_assert_eq(st.st_mtim.tv_sec, 1234567890);
    cr_assert_eq(st.st_mtim.tv_nsec, 123456789);
    sample_free(&s);
    bench_done(&b);
}

Test(store, any_order_and_any_size_will_do)
{
    static const size_t sizes[] = {0, 1, 99, 100, 101, 5000, 300000, 1500000};
    struct TestRandom random = {test_random_seed()};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench_init(&b, "out");
        sample_init(&s, "name", sizes[i], i);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        uint64_t k = sample_layout(&s).symbols;
        for (uint64_t n = 0; n < k; n++)
            bench_source(&b, &s, test_random_below(&random, k), 1 + n % 5);
        for (uint64_t n = k; n > 0; n--)
            bench_source(&b, &s, n - 1, 1);
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        check_only("out", &s);
        sample_free(&s);
        bench_done(&b);
    }
}

Test(store, lost_symbols_are_solved_from_repairs)
{
    bench_init(&b, "out");
    sample_init(&s, "name", 200000, 1);
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t n = 0; n < 2000; n++) {
        if (n % 10 != 3)
            bench_source(&b, &s, n, 1);
    }
    struct ObjectLayout l = sample_layout(&s);
    for (uint64_t key = 0; key < 20; key++) {
        for (uint64_t w = 0; w < object_windows(&l); w++)
            bench_repair(&b, &s, w, key);
    }
    cr_assert_eq(b.result_count, 0, "without END nobody knows whether it is right");
    bench_end(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("out", &s);
    sample_free(&s);
    bench_done(&b);
}

Test(store, what_differs_is_collected_again_and_then_fits)
{
    bench_init(&b, "out");
    sample_init(&s, "name", LEN, 1);
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    s.data[5000] ^= 1;
    bench_send(&b, &s);
    cr_assert_eq(b.slots[0].counters.mismatches, 1);
    cr_assert_eq(b.result_count, 0);
    cr_assert_not(folder_has(&b.folder, "out"));
    cr_assert_not(store_catch_up(&b.store), "of what is here nothing counts");
    s.data[5000] ^= 1;
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("out", &s);
    sample_free(&s);
    bench_done(&b);
}

Test(store, what_differs_for_good_never_gets_the_name)
{
    bench_init(&b, "out");
    sample_init(&s, "name", LEN, 1);
    folder_put(&b.folder, "out", "old", 3);
    cr_assert_eq(bench_start(&b), 0);
    s.data[5000] ^= 1;
    bench_send(&b, &s);
    bench_stop(&b);
    bench_expect(&b, STORE_MISMATCH, 6);
    cr_assert(folder_equal(&b.folder, "out", "old", 3));
    cr_assert(folder_has(&b.folder, "out.part"), "for a person to look at");
    /* The next run uses nothing of it. */
    s.data[5000] ^= 1;
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    cr_assert_eq(b.slots[0].object.have, 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("out", &s);
    sample_free(&s);
    bench_done(&b);
}

/* A symbol hashed already comes again in another grid with other bytes: they must not get in. */
Test(store, the_file_is_what_the_digest_was_taken_of)
{
    bench_init(&b, "out");
    sample_init(&s, "name", 1000, 1);
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_source(&b, &s, 0, 1);
    other = s;
    other.data = malloc(1000);
    memcpy(other.data, s.data, 1000);
    memset(other.data, 'x', 100);
    other.object.symbol_size = 150;
    sample_seal(&other);
    bench_object(&b, &other);
    cr_assert_eq(b.slots[0].object.have, 0, "one symbol of 100 is none of 150");
    for (uint64_t n = 0; n < 7; n++)
        bench_source(&b, &other, n, 1);
    bench_end(&b, &other);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("out", &s);
    sample_free(&s);
    sample_free(&other);
    bench_done(&b);
}

Test(store, a_folder_takes_all_objects_at_once_a_file_the_first)
{
    struct Sample more[3];
    static const char *const names[] = {"one", "two", "three"};
    for (int folder = 0; folder < 2; folder++) {
        bench_init(&b, folder ? NULL : "one");
        cr_assert_eq(bench_start(&b), 0);
        for (unsigned i = 0; i < 3; i++) {
            sample_init(&more[i], names[i], LEN, i);
            bench_object(&b, &more[i]);
        }
        if (!folder) {
            const struct BenchResult *r = bench_expect(&b, STORE_REFUSED, 7);
            cr_assert_not_null(strstr(r->reason, "three"));
            cr_assert_eq(b.result_count, 2);
        }
        for (uint64_t n = 0; n < 124; n++) {
            for (unsigned i = 0; i < 3; i++)
                bench_source(&b, &more[i], n, 1);
        }
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        cr_assert_eq(folder_count(&b.folder), folder ? 3 : 1);
        for (unsigned i = 0; i < 3; i++) {
            if (folder || i == 0)
                cr_assert(folder_equal(&b.folder, names[i], more[i].data, LEN));
            sample_free(&more[i]);
        }
        bench_done(&b);
    }
}

Test(store, the_same_object_again_is_here_already)
{
    bench_init(&b, "out");
    sample_init(&s, "name", LEN, 1);
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    s.object.symbol_size = 64;
    sample_seal(&s);
    bench_send(&b, &s);
    bench_stop(&b);
    cr_assert_eq(b.result_count, 1);
    check_only("out", &s);
    sample_free(&s);
    bench_done(&b);
}

Test(store, an_object_too_large_for_the_disk_or_memory_is_refused_at_once)
{
    bench_init(&b, "out");
    sample_init(&s, "name", LEN, 1);
    s.object.size = UINT64_MAX >> 1;
    sample_seal(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    const struct BenchResult *r = bench_expect(&b, STORE_REFUSED, 1);
    cr_assert_not_null(strstr(r->reason, "no space"));
    s.object.size = 1 << 28; /* of symbols of a byte: 64 MiB of bookkeeping */
    s.object.symbol_size = 1;
    s.object.block = 12;
    sample_seal(&s);
    bench_object(&b, &s);
    r = bench_expect(&b, STORE_REFUSED, 7);
    cr_assert_not_null(strstr(r->reason, "too many symbols"));
    cr_assert_not_null(strstr(r->reason, "send it with a larger --mtu"));
    cr_assert_eq(folder_count(&b.folder), 0);
    sample_free(&s);
    sample_init(&s, "name", LEN, 1); /* neither has taken the target */
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    sample_free(&s);
    bench_done(&b);
}

Test(store, a_stream_is_a_file_once_it_is_verified)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        bench_init(&b, "out");
        sample_init(&s, "", LEN, 1);
        sample_make_stream(&s);
        s.digest[0] ^= (uint8_t)wrong;
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        bench_stream(&b, &s, 0, LEN);
        cr_assert_not(folder_has(&b.folder, "out"));
        bench_stream_end(&b, &s);
        bench_expect(&b, wrong ? STORE_MISMATCH : STORE_VERIFIED, wrong ? 6 : 0);
        bench_stop(&b);
        /* And where that is which is wrong */
        cr_assert_eq(b.result_count, wrong ? 2 : 1);
        if (wrong)
            cr_assert(folder_equal(&b.folder, "out.part", s.data, LEN));
        else
            check_only("out", &s);
        cr_assert_eq(folder_has(&b.folder, "out"), !wrong);
        sample_free(&s);
        bench_done(&b);
    }
}
