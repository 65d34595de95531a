/* The journal, written in place, and its last write cut short: what it says then. */
#include "host/journal_file.h"

#include "unit/folder.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <errno.h>

#define NAME    "x.part.journal"
#define SYMBOLS UINT64_C(70000) /* 3 pairs, the last not full */
#define T       32
#define SECTOR  512

struct Fixture {
    struct Folder folder;
    struct TestRandom random;
    struct PacketObject object;
    struct ObjectLayout layout;
    struct Object arrived;
    uint8_t digest[PACKET_DIGEST];
    void *memory;
    uint8_t *before, *after, *torn; /* the file */
    size_t before_len, after_len;
    uint8_t *was, *is; /* a byte for each symbol: claimed */
};

static void fixture_open(struct Fixture *f)
{
    *f = (struct Fixture){.object = {.block = 4, .symbol_size = T, .size = SYMBOLS * T - 5}};
    f->random.state = test_random_seed();
    f->object.name = view_of("name", 4);
    f->object.id[3] = 9;
    f->layout = object_layout(f->object.size, T, 16);
    f->memory = calloc(1, (size_t)object_memory(&f->layout));
    object_init(&f->arrived, &f->layout, f->memory);
    f->was = calloc(2, SYMBOLS);
    f->is = f->was + SYMBOLS;
    f->torn = malloc(1 << 20);
    folder_open(&f->folder);
}

static void fixture_close(struct Fixture *f)
{
    free(f->before);
    free(f->after);
    free(f->torn);
    free(f->was);
    free(f->memory);
    folder_close(&f->folder);
}

static void fresh(struct Fixture *f, struct Journal *j)
{
    struct JournalContent c = {.object = &f->object};
    cr_assert_eq(journal_write(j, f->folder.dir, NAME, &c, crc32c_portable), 0);
}

static void look_before(struct Fixture *f)
{
    free(f->before);
    f->before = folder_get(&f->folder, NAME, &f->before_len);
}

static void look_after(struct Fixture *f)
{
    free(f->after);
    f->after = folder_get(&f->folder, NAME, &f->after_len);
    cr_assert_leq(f->after_len, 1 << 20);
}

/* Of the new file byte i; or as the old one had it. */
static uint8_t byte_of(const struct Fixture *f, size_t i, bool new)
{
    if (new)
        return f->after[i];
    return i < f->before_len ? f->before[i] : 0;
}

/* Only so many bytes were written; or, sectors picked at random. The least length counts. */
static size_t tear(struct Fixture *f, size_t upto, bool sectors)
{
    size_t len = 0;
    for (size_t i = 0; i < f->after_len; i += SECTOR) {
        bool new = sectors &&test_random_below(&f->random, 2) == 0;
        for (size_t k = i; k < i + SECTOR && k < f->after_len; k++) {
            f->torn[k] = byte_of(f, k, sectors ? new : k < upto);
            len = (sectors ? new : k < upto) ? k + 1 : len;
        }
    }
    return len > f->before_len ? len : f->before_len;
}

static int put_and_open(struct Fixture *f, struct Journal *j, size_t len)
{
    int fd = openat(f->folder.dir, NAME, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(pwrite(fd, f->torn, len, 0), (ssize_t)len);
    cr_assert_eq(ftruncate(fd, (off_t)len), 0);
    close(fd);
    return journal_open(j, f->folder.dir, NAME, crc32c_portable);
}

static bool claims(const struct Journal *j, uint64_t s)
{
    return j->arrived != NULL && (j->arrived[s / 8] >> s % 8 & 1) != 0;
}

/* Everything it said before, and nothing that it was not told. */
static void check_between(const struct Fixture *f, const struct Journal *j)
{
    for (uint64_t s = 0; s < SYMBOLS; s++) {
        cr_assert(claims(j, s) || !f->was[s], "%d is forgotten", (int)s);
        cr_assert(!claims(j, s) || f->is[s], "%d is invented", (int)s);
    }
}

/* Some more symbols come, in one or two ranges, and are claimed. */
static void claim_more(struct Fixture *f, struct Journal *j)
{
    memcpy(f->was, f->is, SYMBOLS);
    for (uint64_t n = 1 + test_random_below(&f->random, 2); n > 0; n--) {
        uint64_t from = test_random_below(&f->random, SYMBOLS), to = from;
        to += 1 + test_random_below(&f->random, SYMBOLS / 3);
        to = to < SYMBOLS ? to : SYMBOLS;
        for (uint64_t s = from; s < to; s += 1 + test_random_below(&f->random, 20)) {
            object_mark(&f->arrived, s);
            f->is[s] = 1;
        }
    }
    cr_assert_eq(journal_claim(j, &f->arrived, 0, SYMBOLS), 0);
}

/* What is open now is all there is: as the next run would see it. */
static void believe(struct Fixture *f, const struct Journal *j)
{
    memset(f->memory, 0, (size_t)object_memory(&f->layout));
    object_init(&f->arrived, &f->layout, f->memory);
    for (uint64_t s = 0; s < SYMBOLS; s++) {
        f->is[s] = claims(j, s);
        if (f->is[s])
            object_mark(&f->arrived, s);
    }
}

Test(journal_torn, bits_at_any_byte_leave_those_before_or_those_after)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    fresh(&f, &j);
    for (int round = 0; round < 3; round++) {
        look_before(&f);
        claim_more(&f, &j);
        journal_close(&j);
        look_after(&f);
        cr_assert_eq(f.after_len, f.before_len, "in place");
        size_t cases = 0;
        for (size_t i = 0; i < f.after_len; i++) {
            if (i > 0 && f.before[i - 1] == f.after[i - 1])
                continue; /* the same as the one before */
            cases++;
            cr_assert_eq(put_and_open(&f, &j, tear(&f, i, false)), 0, "%s", strerror(errno));
            check_between(&f, &j);
            journal_close(&j);
        }
        cr_assert_gt(cases, 400);
        memcpy(f.torn, f.after, f.after_len);
        cr_assert_eq(put_and_open(&f, &j, f.after_len), 0);
        memcpy(f.was, f.is, SYMBOLS);
        check_between(&f, &j);
    }
    journal_close(&j);
    fixture_close(&f);
}

Test(journal_torn, run_after_run_of_which_each_is_cut_short_loses_nothing_that_was_safe)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    fresh(&f, &j);
    for (int run = 0; run < 300; run++) {
        look_before(&f);
        claim_more(&f, &j);
        journal_close(&j);
        look_after(&f);
        size_t upto = (size_t)test_random_below(&f.random, f.after_len);
        size_t len = tear(&f, upto, run % 2 == 0);
        cr_assert_eq(put_and_open(&f, &j, len), 0, "%s", strerror(errno));
        check_between(&f, &j);
        believe(&f, &j);
        if (f.arrived.have > SYMBOLS / 2) { /* all anew */
            journal_close(&j);
            memset(f.is, 0, SYMBOLS);
            memset(f.memory, 0, (size_t)object_memory(&f.layout));
            object_init(&f.arrived, &f.layout, f.memory);
            fresh(&f, &j);
        }
    }
    journal_close(&j);
    fixture_close(&f);
}

Test(journal_torn, end_at_any_byte_is_known_or_not)
{
    struct Fixture f;
    struct Journal j;
    struct Packet p;
    size_t known = 0;
    fixture_open(&f);
    struct PacketEnd end = {.symbols = SYMBOLS, .size = f.object.size, .digest = {f.digest, 32}};
    memset(f.digest, 0xA5, sizeof f.digest);
    fresh(&f, &j);
    look_before(&f);
    cr_assert_eq(journal_add_end(&j, &end), 0);
    journal_close(&j);
    look_after(&f);
    for (size_t i = JOURNAL_AT_END; i <= JOURNAL_AT_END + JOURNAL_BLOCK; i++) {
        cr_assert_eq(put_and_open(&f, &j, tear(&f, i, false)), 0);
        known += j.end_len > 0 ? 1 : 0;
        if (j.end_len > 0) {
            cr_assert_eq(packet_parse(view_of(j.end, j.end_len), crc32c_portable, &p), PACKET_OK);
            cr_assert_eq(memcmp(p.as.end.digest.data, f.digest, 32), 0);
        }
        journal_close(&j);
    }
    cr_assert(known >= 1 && known <= 2, "%d", (int)known); /* the last byte may be 0 */
    fixture_close(&f);
}

static void add(struct Journal *j, uint64_t key)
{
    uint8_t record[JOURNAL_RECORD + T + JOURNAL_RECORD_END];
    memset(record + JOURNAL_RECORD, (int)key + 1, T);
    cr_assert_eq(journal_add_repair(j, key % 7, key, record), 0);
}

/* How many come out, all as they were put in. */
static size_t count_records(struct Journal *j)
{
    uint8_t bytes[PACKET_MAX];
    size_t len, n = 0;
    struct Packet p;
    for (; journal_next_repair(j, bytes, &len); n++) {
        cr_assert_eq(packet_parse(view_of(bytes, len), crc32c_portable, &p), PACKET_OK);
        for (size_t i = 0; i < T; i++)
            cr_assert_eq(p.as.repair.symbols.data[i], p.as.repair.key + 1);
    }
    return n;
}

Test(journal_torn, records_at_any_byte_are_there_or_not_and_others_follow)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    fresh(&f, &j);
    add(&j, 0);
    look_before(&f);
    for (uint64_t key = 1; key < 4; key++)
        add(&j, key);
    journal_close(&j);
    look_after(&f);
    size_t size = JOURNAL_RECORD + T + JOURNAL_RECORD_END, whole = 0;
    for (size_t i = f.before_len; i <= f.after_len; i++) {
        cr_assert_eq(put_and_open(&f, &j, tear(&f, i, false)), 0);
        whole = 1 + (i - f.before_len) / size;
        size_t n = count_records(&j);
        cr_assert(n == whole || n == whole + 1); /* its last bytes may be 0 */
        add(&j, 9);
        journal_close(&j);
        cr_assert_eq(journal_open(&j, f.folder.dir, NAME, crc32c_portable), 0);
        cr_assert_eq(count_records(&j), n + 1);
        journal_close(&j);
    }
    cr_assert_eq(whole, 4);
    fixture_close(&f);
}

/* Records that were dropped, and others in their place, cut short: what is left of the old ones is
 * of the same object, and as right as ever. */
Test(journal_torn, records_over_those_that_were_dropped_are_old_or_new)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    fresh(&f, &j);
    for (uint64_t key = 0; key < 5; key++)
        add(&j, key);
    look_before(&f);
    cr_assert_eq(journal_drop_repairs(&j), 0);
    for (uint64_t key = 50; key < 55; key++)
        add(&j, key);
    journal_close(&j);
    look_after(&f);
    cr_assert_eq(f.after_len, f.before_len);
    for (size_t i = (size_t)journal_size(&f.object); i <= f.after_len; i++) {
        cr_assert_eq(put_and_open(&f, &j, tear(&f, i, false)), 0);
        cr_assert_geq(count_records(&j), 4);
        journal_close(&j);
    }
    fixture_close(&f);
}

/* Before the first sync: the name is there, the head not, or not all of it. */
Test(journal_torn, a_head_at_any_byte_is_as_one_that_was_lost)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    fresh(&f, &j);
    journal_close(&j);
    look_after(&f);
    for (size_t i = 0; i < JOURNAL_BLOCK; i++) {
        int result = put_and_open(&f, &j, tear(&f, i, false));
        if (result != 0)
            cr_assert_eq(errno, ENODATA, "%d: %s", (int)i, strerror(errno));
        else
            cr_assert_eq(i, JOURNAL_BLOCK - 1); /* its last byte is 0 */
        journal_close(&j);
    }
    fixture_close(&f);
}
