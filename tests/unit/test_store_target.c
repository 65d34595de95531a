/* The store, and what bears the name of its target already. */
#include "unit/bench.h"

#include <time.h>

static struct Bench b;
static struct Sample s;

#define LEN 12345 /* of most samples: 124 symbols, 8 windows */

static void check_only(const char *name, const struct Sample *sample)
{
    cr_assert_eq(folder_count(&b.folder), 1);
    cr_assert(folder_equal(&b.folder, name, sample->data, sample->len));
}

struct Existing {
    bool folder, force, no_clobber, same, identity;
    enum StoreWhat what;
    int exit_code;
    bool replaced;
};

static void check_existing(const struct Existing *e)
{
    bench_init(&b, e->folder ? NULL : "name");
    b.config.force = e->force;
    b.config.no_clobber = e->no_clobber;
    sample_init(&s, "name", LEN, 1);
    if (e->identity)
        sample_make_identity(&s);
    s.data[LEN - 1] ^= e->same ? 0 : 1;
    folder_put(&b.folder, "name", s.data, LEN);
    s.data[LEN - 1] ^= e->same ? 0 : 1;
    ino_t before, after;
    struct stat st;
    fstatat(b.folder.dir, "name", &st, 0);
    before = st.st_ino;
    int code = bench_start(&b);
    if (code == 0)
        bench_send(&b, &s);
    cr_assert_eq(code, code == 0 ? 0 : e->exit_code);
    bench_expect(&b, e->what, e->exit_code);
    for (unsigned n = 0; n < BENCH_SLOTS; n++) {
        if (b.slots[n].state == SLOT_FAILED)
            receiver_drop(&b.receiver, n, true, 1);
    }
    bench_stop(&b);
    /* What failed is kept, and that is told. */
    cr_assert_eq(b.result_count, e->what == STORE_FAILED ? 2 : 1);
    fstatat(b.folder.dir, "name", &st, 0);
    after = st.st_ino;
    cr_assert_eq(before != after, e->replaced);
    cr_assert_eq(folder_equal(&b.folder, "name", s.data, LEN), e->same || e->replaced);
    cr_assert_eq(folder_count(&b.folder), e->what == STORE_FAILED ? 3 : 1);
    sample_free(&s);
    bench_done(&b);
}

Test(store_target, what_exists_is_replaced_kept_or_recognised)
{
    static const struct Existing cases[] = {
        /* folder, force, no_clobber, same, identity */
        {false, false, false, false, false, STORE_VERIFIED, 0, true},
        {false, false, false, true, false, STORE_HAVE, 0, false},
        {false, false, false, false, true, STORE_VERIFIED, 0, true},
        {false, false, true, false, false, STORE_REFUSED, 7, false},
        {false, false, true, true, false, STORE_REFUSED, 7, false},
        {true, false, false, false, false, STORE_REFUSED, 7, false},
        {true, false, false, true, false, STORE_HAVE, 0, false},
        {true, false, false, true, true, STORE_HAVE, 0, false},
        {true, false, false, false, true, STORE_FAILED, 7, false},
        {true, true, false, false, false, STORE_VERIFIED, 0, true},
        {true, true, false, false, true, STORE_VERIFIED, 0, true},
        {true, true, false, true, false, STORE_HAVE, 0, false},
        {true, true, true, false, false, STORE_REFUSED, 7, false},
        {true, false, true, true, false, STORE_HAVE, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_existing(&cases[i]);
}

Test(store_target, a_name_taken_meanwhile_is_not_replaced_with_no_clobber)
{
    bench_init(&b, "out");
    b.config.no_clobber = true;
    sample_init(&s, "name", LEN, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    folder_put(&b.folder, "out", "mine", 4);
    for (uint64_t n = 0; n < 124; n++)
        bench_source(&b, &s, n, 1);
    bench_expect(&b, STORE_FAILED, 7);
    cr_assert_eq(b.slots[0].state, SLOT_FAILED);
    bench_stop(&b);
    bench_expect(&b, STORE_NOTE, 0);
    cr_assert_eq(b.result_count, 2);
    cr_assert(folder_equal(&b.folder, "out", "mine", 4));
    /* What was received is not lost: once the name is free, the next run has nothing to wait for.*/
    unlinkat(b.folder.dir, "out", 0);
    cr_assert_eq(bench_start(&b), 0);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    check_only("out", &s);
    sample_free(&s);
    bench_done(&b);
}

Test(store_target, links_and_folders_in_a_folder_are_neither_followed_nor_replaced)
{
    struct Folder outside;
    folder_open(&outside);
    for (int kind = 0; kind < 3; kind++) {
        bench_init(&b, NULL);
        b.config.force = true;
        sample_init(&s, "a/../name", LEN, 1);
        if (kind == 0)
            symlinkat(folder_path(&outside, "x"), b.folder.dir, "name");
        else if (kind == 1)
            mkdirat(b.folder.dir, "name", 0700);
        else
            symlinkat(folder_path(&outside, "x"), b.folder.dir, "name.part");
        cr_assert_eq(bench_start(&b), 0);
        bench_send(&b, &s);
        bench_expect(&b, STORE_REFUSED, 7);
        bench_stop(&b);
        cr_assert_eq(folder_count(&outside), 0);
        cr_assert_eq(folder_count(&b.folder), 1);
        sample_free(&s);
        bench_done(&b);
    }
    folder_close(&outside);
}

Test(store_target, a_link_that_comes_meanwhile_is_not_replaced_in_a_folder)
{
    bench_init(&b, NULL);
    b.config.force = true;
    sample_init(&s, "name", LEN, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    symlinkat("elsewhere", b.folder.dir, "name");
    bench_send(&b, &s);
    bench_expect(&b, STORE_FAILED, 7);
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), 3);
    cr_assert_not(folder_has(&b.folder, "elsewhere"));
    sample_free(&s);
    bench_done(&b);
}

Test(store_target, bad_names_lose_no_data)
{
    char wanted[64];
    bench_init(&b, NULL);
    sample_init(&s, "\x1B[2J..", LEN, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert_eq(b.results[0].is.what, STORE_NOTE);
    cr_assert_not_null(strstr(b.results[0].reason, "\\x1b[2J.."));
    bench_stop(&b);
    strcpy(wanted, "dttk-");
    for (int i = 0; i < 8; i++)
        sprintf(wanted + 5 + 2 * i, "%02x", s.object.id[i]);
    strcat(wanted, ".bin");
    check_only(wanted, &s);
    sample_free(&s);
    bench_done(&b);
}

Test(store_target, targets_that_cannot_be_are_refused_before_anything)
{
    static const struct {
        const char *path;
        enum StoreTarget target;
        int exit_code;
    } cases[] = {
        {"/tmp", STORE_FILE, 2},        {"/tmp/", STORE_FILE, 2},
        {"/dev/null", STORE_FOLDER, 2}, {"/nowhere/x", STORE_FILE, 1},
        {"/nowhere", STORE_FOLDER, 1},  {"/tmp/dttk-none/", STORE_FILE, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_init(&b, NULL);
        b.config.path = cases[i].path;
        b.config.target = cases[i].target;
        cr_assert_eq(bench_start(&b), cases[i].exit_code, "%s", cases[i].path);
        cr_assert_eq(b.result_count, 1);
        cr_assert_eq(b.results[0].is.slot, UINT_MAX);
        store_free(&b.store);
        b.config.target = STORE_FOLDER;
        folder_close(&b.folder);
    }
}

Test(store_target, through_a_link_its_file_is_replaced)
{
    bench_init(&b, "link");
    folder_put(&b.folder, "file", "old", 3);
    symlinkat("file", b.folder.dir, "link");
    sample_init(&s, "name", LEN, 1);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_stop(&b);
    struct stat st;
    fstatat(b.folder.dir, "link", &st, AT_SYMLINK_NOFOLLOW);
    cr_assert(S_ISLNK(st.st_mode));
    cr_assert(folder_equal(&b.folder, "file", s.data, LEN));
    sample_free(&s);
    bench_done(&b);
}

/* Bytes this process has read so far. */
static unsigned long long bytes_read(void)
{
    unsigned long long count = 0;
    FILE *f = fopen("/proc/self/io", "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "rchar: %llu", &count), 1);
    fclose(f);
    return count;
}

/* Small packets must not make us read a large file over and over. */
Test(store_target, a_file_in_the_way_is_read_once)
{
    static char zeros[4 << 20], ones[4 << 20];
    memset(ones, 1, sizeof ones);
    bench_init(&b, NULL);
    folder_put(&b.folder, "name", zeros, sizeof zeros);
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 50000000}, NULL);
    cr_assert_eq(bench_start(&b), 0);
    unsigned long long before = bytes_read();
    for (uint64_t i = 0; i < 10; i++) {
        sample_init(&s, "name", sizeof zeros, i);
        bench_object(&b, &s);
        bench_expect(&b, STORE_REFUSED, 7);
        sample_free(&s);
    }
    cr_assert_lt(bytes_read() - before, sizeof zeros + sizeof zeros / 2);
    folder_put(&b.folder, "name", ones, sizeof ones); /* it is another one now */
    sample_init(&s, "name", sizeof ones, 1);
    memset(s.data, 1, s.len);
    struct Digest d;
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, s.data, s.len);
    digest_value(&d, s.digest);
    memcpy(s.object.id, s.digest, PACKET_ID);
    sample_seal(&s);
    bench_object(&b, &s);
    bench_expect(&b, STORE_HAVE, 0);
    bench_stop(&b);
    sample_free(&s);
    bench_done(&b);
}

/* Here already is what is on the disk, not what this run remembers. */
Test(store_target, a_file_that_was_taken_away_is_received_again)
{
    for (int identity = 0; identity < 2; identity++) {
        bench_init(&b, NULL);
        sample_init(&s, "name", LEN, 1);
        if (identity)
            sample_make_identity(&s);
        sample_seal(&s);
        cr_assert_eq(bench_start(&b), 0);
        bench_send(&b, &s);
        s.object.run++;
        bench_send(&b, &s);
        cr_assert_eq(b.result_count, 1, "that it is here was said");
        unlinkat(b.folder.dir, "name", 0);
        s.object.run++;
        bench_send(&b, &s);
        bench_expect(&b, STORE_VERIFIED, 0);
        cr_assert_eq(b.result_count, 2);
        check_only("name", &s);
        bench_stop(&b);
        sample_free(&s);
        bench_done(&b);
    }
}

Test(store_target, what_is_larger_than_allowed_is_refused_before_anything_is_written)
{
    for (int folder = 0; folder < 2; folder++) {
        for (int over = 0; over < 2; over++) {
            bench_init(&b, folder ? NULL : "name");
            b.config.max_size = over ? LEN - 1 : LEN;
            sample_init(&s, "name", LEN, 1);
            cr_assert_eq(bench_start(&b), 0);
            bench_send(&b, &s);
            const struct BenchResult *r = bench_expect(&b, over ? STORE_REFUSED : STORE_VERIFIED,
                                                       over ? EXIT_REFUSED : EXIT_DELIVERED);
            cr_assert_str_eq(r->path, folder_path(&b.folder, "name"));
            cr_assert(!over ||
                          strcmp(r->reason, "too large: 12345 bytes, and --max-size is 12344") == 0,
                      "%s", r->reason);
            cr_assert_eq(folder_count(&b.folder), over ? 0 : 1);
            bench_stop(&b);
            cr_assert_eq(b.result_count, 1);
            sample_free(&s);
            bench_done(&b);
        }
    }
}

Test(store_target, a_stream_ends_where_it_outgrows_what_is_allowed)
{
    bench_init(&b, NULL);
    b.config.max_size = 1000;
    sample_init(&s, "name", LEN, 1);
    sample_make_stream(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_stream(&b, &s, 0, 1000);
    cr_assert_eq(b.result_count, 0);
    cr_assert_eq(store_failure(&b.store, 0), SLOT_FAILURE_NONE);
    bench_stream(&b, &s, 1000, 1050);
    cr_assert_str_eq(bench_expect(&b, STORE_FAILED, EXIT_REFUSED)->reason,
                     "too large: 1050 bytes so far, and --max-size is 1000");
    cr_assert_eq(store_failure(&b.store, 0), SLOT_FAILURE_SIZE);
    receiver_drop(&b.receiver, 0, true, 1);
    bench_expect(&b, STORE_NOTE, EXIT_DELIVERED);
    cr_assert(folder_equal(&b.folder, "name.part", s.data, 1000));
    sample_free(&s);
    bench_stop(&b);
    bench_done(&b);
}

/* Sent again, in the same run, under another tag; perhaps after the file was moved away. */
static void check_again(bool recheck, bool identity, bool moved)
{
    bench_init(&b, NULL);
    b.config.recheck = recheck;
    sample_init(&s, "name", LEN, 1);
    if (identity)
        sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_expect(&b, STORE_VERIFIED, EXIT_DELIVERED);
    if (moved)
        cr_assert_eq(unlinkat(b.folder.dir, "name", 0), 0);
    s.object.salt++;
    sample_seal(&s);
    bench_send(&b, &s);
    cr_assert_eq(b.result_count, recheck || moved ? 2 : 1);
    bench_expect(&b, recheck && !moved ? STORE_HAVE : STORE_VERIFIED, EXIT_DELIVERED);
    cr_assert_eq(folder_count(&b.folder), 1);
    sample_free(&s);
    bench_stop(&b);
    bench_done(&b);
}

Test(store_target, what_is_done_is_looked_at_again_if_it_may_have_been_moved_away)
{
    for (int i = 0; i < 8; i++)
        check_again(i & 1, i & 2, i & 4);
}

Test(store_target, a_folder_that_was_removed_or_replaced_is_gone)
{
    char other[80];
    bench_init(&b, NULL);
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_not(store_folder_is_gone(&b.store));
    snprintf(other, sizeof other, "%s.other", b.folder.path);
    cr_assert_eq(rename(b.folder.path, other), 0);
    cr_assert(store_folder_is_gone(&b.store));
    cr_assert_eq(mkdir(b.folder.path, 0700), 0);
    cr_assert(store_folder_is_gone(&b.store), "it is another one");
    cr_assert_eq(rmdir(b.folder.path), 0);
    cr_assert_eq(rename(other, b.folder.path), 0);
    cr_assert_not(store_folder_is_gone(&b.store));
    bench_stop(&b);
    bench_done(&b);
}
