/* The store, and what earlier runs left that is not simply gone on with. */
#include "unit/store_kit.h"

#include <sys/file.h>

static struct Sample other;

Test(store_left, another_object_sets_what_is_here_aside)
{
    for (int folder = 0; folder < 2; folder++) {
        prepare(folder ? NULL : "name", LEN);
        sample_init(&other, "name", LEN + 5, 2);
        folder_put(&b.folder, "name.part.1", "old", 3);
        first_run(50, 1);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &other);
        const struct BenchResult *r = bench_expect(&b, STORE_NOTE, 0);
        cr_assert_not_null(strstr(r->reason, "name.part.2"));
        bench_send(&b, &other);
        bench_expect(&b, STORE_VERIFIED, 0);
        bench_stop(&b);
        cr_assert_eq(folder_count(&b.folder), 4);
        cr_assert(folder_equal(&b.folder, "name", other.data, other.len));
        cr_assert(folder_equal(&b.folder, "name.part.1", "old", 3));
        sample_free(&other);
        done();
    }
}

Test(store_left, what_was_set_aside_is_as_good_as_before_once_it_is_put_back)
{
    prepare("name", LEN);
    sample_init(&other, "name", LEN + 5, 2);
    first_run(50, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &other);
    bench_stop(&b);
    int dir = b.folder.dir;
    cr_assert_eq(renameat(dir, "name.part.1", dir, "name.part"), 0);
    cr_assert_eq(renameat(dir, "name.part.1.journal", dir, "name.part.journal"), 0);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_eq(b.slots[0].object.have, 50);
    some(50, 124);
    bench_stop(&b);
    check_only("name", &s);
    sample_free(&other);
    done();
}

static void refused_or_cleared(const char *why, size_t files)
{
    cr_assert_eq(bench_start(&b), 7, "%s", why);
    cr_assert_eq(b.result_count, 1);
    const struct BenchResult *r = bench_expect(&b, STORE_REFUSED, 7);
    cr_assert_not_null(strstr(r->reason, "--no-resume"));
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), files);
    /* The same for a folder, when the name comes. */
    struct StoreConfig file = b.config;
    b.config.target = STORE_FOLDER;
    b.config.path = b.folder.path;
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_REFUSED, 7);
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), files);
    b.config = file;
    b.config.no_resume = true;
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("name", &s);
    b.config.no_resume = false;
}

Test(store_left, what_is_not_ours_or_broken_is_refused_and_not_touched)
{
    size_t len;
    prepare("name", LEN);
    folder_put(&b.folder, "name.part", "precious", 8);
    refused_or_cleared("a part without journal", 1);
    folder_empty(&b.folder);
    first_run(50, 1);
    uint8_t *journal = folder_get(&b.folder, "name.part.journal", &len);
    journal[40] ^= 4;
    folder_put(&b.folder, "name.part.journal", journal, len);
    refused_or_cleared("a broken journal", 2);
    folder_empty(&b.folder);
    folder_put(&b.folder, "name.part.journal", "dear diary", 10);
    refused_or_cleared("a foreign journal", 1);
    folder_empty(&b.folder);
    folder_put(&b.folder, "passwd", "secret", 6);
    symlinkat("passwd", b.folder.dir, "name.part");
    cr_assert_eq(bench_start(&b), 7);
    bench_stop(&b);
    cr_assert(folder_equal(&b.folder, "passwd", "secret", 6));
    free(journal);
    done();
}

Test(store_left, a_journal_lost_in_a_power_cut_sets_the_part_aside)
{
    prepare("name", LEN);
    first_run(50, 1);
    folder_put(&b.folder, "name.part.journal", "", 0);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    cr_assert(folder_equal(&b.folder, "name", s.data, LEN));
    cr_assert(folder_has(&b.folder, "name.part.1"));
    done();
}

Test(store_left, a_stream_is_kept_and_set_aside)
{
    bench_init(&b, "name");
    sample_init(&s, "", LEN, 1);
    sample_make_stream(&s);
    for (int run = 1; run <= 2; run++) {
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        bench_stream(&b, &s, 0, 5000);
        bench_stop(&b);
        const struct BenchResult *r = bench_expect(&b, STORE_INCOMPLETE, 5);
        cr_assert_eq(r->is.here, 5000);
        cr_assert(folder_equal(&b.folder, "name.part", s.data, 5000));
        cr_assert_eq(folder_count(&b.folder), 2 * (size_t)run);
    }
    cr_assert(folder_equal(&b.folder, "name.part.1", s.data, 5000));
    done();
}

Test(store_left, a_part_another_process_is_at_is_left_alone)
{
    prepare("name", LEN);
    first_run(50, 1);
    int fd = openat(b.folder.dir, "name.part", O_RDWR);
    cr_assert_eq(flock(fd, LOCK_EX), 0);
    cr_assert_eq(bench_start(&b), 7);
    bench_stop(&b);
    b.config.no_resume = true;
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_expect(&b, STORE_REFUSED, 7);
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), 2);
    close(fd);
    done();
}

/* A stream's journal says nothing new at its end: its part is what is kept. */
Test(store_left, a_stream_whose_journal_fails_is_kept_all_the_same)
{
    bench_init(&b, "name");
    sample_init(&s, "", LEN, 1);
    sample_make_stream(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_stream(&b, &s, 0, 5000);
    cr_assert_eq(mkdirat(b.folder.dir, "name.part.journal.new", 0700), 0);
    bench_stop(&b);
    const struct BenchResult *r = bench_expect(&b, STORE_INCOMPLETE, 5);
    cr_assert_not_null(strstr(r->reason, "first 5000 bytes are kept in name.part"), "%s",
                       r->reason);
    unlinkat(b.folder.dir, "name.part.journal.new", AT_REMOVEDIR);
    cr_assert(folder_equal(&b.folder, "name.part", s.data, 5000));
    done();
}

/* Somebody removes the part, or puts another file in its place: that gets no name of ours. */
Test(store_left, a_part_that_another_process_replaces_is_never_named)
{
    for (int way = 0; way < 8; way++) {
        bool replaced = (way & 1) != 0, complete = (way & 2) != 0, old = (way & 4) != 0;
        prepare("name", 20000);
        if (old)
            folder_put(&b.folder, "name", "old", 3);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        bench_source(&b, &s, 0, 9);
        unlinkat(b.folder.dir, "name.part", 0);
        if (replaced)
            folder_put(&b.folder, "name.part", "not ours", 8);
        for (uint64_t n = 9; complete && n < 200; n++)
            bench_source(&b, &s, n, 1);
        bench_end(&b, &s);
        if (complete)
            bench_expect(&b, STORE_FAILED, 1);
        bench_stop(&b);
        const struct BenchResult *r =
            bench_expect(&b, complete ? STORE_NOTE : STORE_FAILED, complete ? 0 : 1);
        cr_assert_not_null(strstr(r->reason, "what arrived is lost"), "%s", r->reason);
        cr_assert_eq(folder_count(&b.folder), (size_t)replaced + (size_t)old);
        cr_assert(!old || folder_equal(&b.folder, "name", "old", 3));
        cr_assert(!replaced || folder_equal(&b.folder, "name.part", "not ours", 8));
        done();
    }
}
