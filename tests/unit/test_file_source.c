#include "host/file_source.h"

#include "host/hasher.h"

#include "unit/check.h"
#include "unit/folder.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <errno.h>

#define MIB ((size_t)1 << 20)

static void digest_of(const uint8_t *data, size_t len, uint8_t out[PACKET_DIGEST])
{
    struct Digest d;
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, data, len);
    digest_value(&d, out);
}

static uint8_t *random_bytes(size_t len)
{
    struct TestRandom random = {test_random_seed()};
    uint8_t *data = malloc(len + 1);
    test_random_fill(&random, data, len);
    return data;
}

/* A file larger than FILE_SOURCE_HASHED: random at its first bytes, a hole, the last byte 1. */
static uint8_t *large(const struct Folder *f, size_t len)
{
    uint8_t *data = calloc(1, len);
    struct TestRandom random = {test_random_seed()};
    test_random_fill(&random, data, MIB);
    data[len - 1] = 1;
    folder_put(f, "large", data, MIB);
    int fd = openat(f->dir, "large", O_WRONLY);
    cr_assert_eq(pwrite(fd, data + len - 1, 1, (off_t)len - 1), 1);
    close(fd);
    return data;
}

Test(file_source, knows_all_that_object_says)
{
    struct Folder f;
    struct FileSource s;
    struct PacketObject o = {.link = LINK_ANSWERS};
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1234567890, .tv_nsec = 987654321}};
    uint8_t digest[PACKET_DIGEST];
    folder_open(&f);
    folder_put(&f, "some name", "hello", 5);
    fchmodat(f.dir, "some name", 04751, 0);
    utimensat(f.dir, "some name", times, 0);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "some name"), DIGEST_SHA256), 0);
    file_source_describe(&s, &o);
    digest_of((const uint8_t *)"hello", 5, digest);
    cr_assert_eq(s.kind, FILE_SOURCE_FILE);
    cr_assert_eq(o.flags, 0);
    cr_assert_eq(o.size, 5);
    cr_assert_eq(memcmp(o.id, digest, PACKET_ID), 0);
    cr_assert_eq(o.name.len, 9);
    cr_assert_eq(memcmp(o.name.data, "some name", 9), 0);
    cr_assert_eq(o.link, LINK_ANSWERS | LINK_MTIME | LINK_MODE);
    cr_assert_eq(o.mtime, 1234567890987654321);
    cr_assert_eq(o.mode, 0751);
    cr_assert_eq(memcmp(file_source_digest(&s), digest, PACKET_DIGEST), 0);
    cr_assert_not(file_source_changed(&s));
    file_source_close(&s);
    folder_close(&f);
}

Test(file_source, empty_missing_and_odd_files)
{
    struct Folder f;
    struct FileSource s;
    uint8_t digest[PACKET_DIGEST];
    folder_open(&f);
    folder_put(&f, "empty", "", 0);
    digest_of(NULL, 0, digest);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "empty"), DIGEST_SHA256), 0);
    cr_assert_eq(s.size, 0);
    cr_assert_eq(memcmp(s.id, digest, PACKET_ID), 0);
    cr_assert_eq(memcmp(file_source_digest(&s), digest, PACKET_DIGEST), 0);
    file_source_close(&s);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "none"), DIGEST_SHA256), -1);
    cr_assert_eq(errno, ENOENT);
    file_source_close(&s);
    cr_assert_eq(file_source_open(&s, f.path, DIGEST_SHA256), -1);
    cr_assert_eq(errno, EISDIR);
    mkfifoat(f.dir, "fifo", 0600);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "fifo"), DIGEST_SHA256), 0);
    cr_assert_eq(s.kind, FILE_SOURCE_STREAM);
    cr_assert_eq(memcmp(s.name, "fifo", 5), 0);
    file_source_close(&s);
    cr_assert_eq(file_source_open(&s, "/proc/self/status", DIGEST_SHA256), 0);
    cr_assert_eq(s.kind, FILE_SOURCE_STREAM, "size 0, but content");
    file_source_close(&s);
    folder_close(&f);
}

Test(file_source, a_descriptor_is_sent_from_where_it_stands)
{
    struct Folder f;
    struct FileSource s;
    uint8_t digest[PACKET_DIGEST];
    folder_open(&f);
    folder_put(&f, "x", "0123456789", 10);
    int fd = openat(f.dir, "x", O_RDONLY);
    lseek(fd, 4, SEEK_SET);
    digest_of((const uint8_t *)"456789", 6, digest);
    cr_assert_eq(file_source_open_fd(&s, fd, DIGEST_SHA256), 0);
    cr_assert_eq(s.size, 6);
    cr_assert_eq(s.name_len, 0);
    cr_assert_eq(memcmp(s.id, digest, PACKET_ID), 0);
    cr_assert_eq(memcmp(file_source_lend(&s, 2, 3), "678", 3), 0);
    cr_assert_eq(lseek(fd, 0, SEEK_CUR), 4);
    file_source_close(&s);
    lseek(fd, 100, SEEK_SET);
    cr_assert_eq(file_source_open_fd(&s, fd, DIGEST_SHA256), 0);
    cr_assert_eq(s.size, 0);
    file_source_close(&s);
    close(fd);
    folder_close(&f);
}

Test(file_source, lends_every_range_whatever_the_order)
{
    struct TestRandom random = {test_random_seed()};
    struct Folder f;
    struct FileSource s;
    size_t len = 3 * MIB + 4567;
    uint8_t *data = random_bytes(len);
    folder_open(&f);
    folder_put(&f, "x", data, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    for (int round = 0; round < 30000; round++) {
        if (round % 5000 == 4999)
            cr_assert_eq(file_source_keep(&s, test_random_below(&random, 3) * 77 * 4096), 0);
        size_t n = 1 + (size_t)test_random_below(&random, round % 10 == 0 ? 256 << 10 : 2000);
        size_t at = (size_t)test_random_below(&random, len - n + 1);
        const uint8_t *p = file_source_lend(&s, at, n);
        cr_assert_not_null(p);
        cr_assert_eq(memcmp(p, data + at, n), 0, "%zu at %zu", n, at);
    }
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

/* Reads the file has seen, from /proc: what a window saves. */
static unsigned long reads(void)
{
    unsigned long n = 0;
    char line[64];
    FILE *io = fopen("/proc/self/io", "r");
    cr_assert_not_null(io);
    while (fgets(line, sizeof line, io) != NULL)
        sscanf(line, "syscr: %lu", &n);
    fclose(io);
    return n;
}

Test(file_source, packets_going_forward_cost_few_reads)
{
    struct Folder f;
    struct FileSource s;
    size_t len = 8 * MIB;
    uint8_t *data = random_bytes(len);
    folder_open(&f);
    folder_put(&f, "x", data, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    unsigned long before = reads(), look = reads() - before;
    for (size_t at = 0; at + 1000 <= len; at += 1000)
        cr_assert_eq(memcmp(file_source_lend(&s, at, 1000), data + at, 1000), 0);
    cr_assert_leq(reads() - before, 40 + 2 * look);
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

Test(file_source, a_kept_group_is_read_once)
{
    struct Folder f;
    struct FileSource s;
    size_t len = 5 * MIB, group = 2 * MIB;
    uint8_t *data = random_bytes(len);
    folder_open(&f);
    folder_put(&f, "x", data, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    cr_assert_eq(file_source_keep(&s, group), 0);
    for (size_t g = 0; g < len; g += group) {
        size_t end = g + group < len ? g + group : len;
        for (size_t at = g; at < end; at += 1024)
            file_source_lend(&s, at, 1024);
        unsigned long before = reads(), look = reads() - before;
        for (size_t stride = 0; stride < 16; stride++) {
            for (size_t at = g + stride * 1024; at < end; at += 16 * 1024)
                cr_assert_eq(memcmp(file_source_lend(&s, at, 1024), data + at, 1024), 0);
        }
        cr_assert_leq(reads() - before, 2 * look, "nothing but looking");
    }
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

Test(file_source, what_was_lent_of_a_kept_group_stays_while_the_group_is_asked_for)
{
    struct Folder f;
    struct FileSource s;
    size_t len = 6 * MIB, group = 2 * MIB, step = 4096;
    uint8_t *data = random_bytes(len);
    folder_open(&f);
    folder_put(&f, "x", data, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    file_source_lend(&s, 100, 1000);
    cr_assert_eq(file_source_keep(&s, group), 0);
    for (size_t round = 0; round < 6; round++) { /* groups 0 1 2 0 1 2 */
        const uint8_t *lent[2 * MIB / 4096];
        size_t first = round % 3 * group;
        for (size_t i = 0; i < group / step; i++)
            lent[i] = file_source_lend(&s, first + i * step, step);
        for (size_t i = 0; i < group / step; i++)
            CHECK(memcmp(lent[i], data + first + i * step, step) == 0, "round %zu, piece %zu",
                  round, i);
    }
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

static void check_identity(const struct FileSource *s, const uint8_t *data, size_t len)
{
    struct Digest d;
    struct PacketObject o = {0};
    uint8_t head[16], digest[PACKET_DIGEST];
    file_source_describe(s, &o);
    cr_assert_eq(o.flags, OBJECT_IDENTITY);
    put_u64(head, len);
    put_u64(head + 8, (uint64_t)s->mtime);
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, head, sizeof head);
    digest_update(&d, data, 65536);
    digest_update(&d, data + len - 65536, 65536);
    digest_value(&d, digest);
    cr_assert_eq(memcmp(o.id, digest, PACKET_ID), 0);
}

static void lend_a_large_file(int processors)
{
    struct Folder f;
    hasher_processors = processors;
    struct FileSource s;
    uint8_t digest[PACKET_DIGEST];
    size_t len = FILE_SOURCE_HASHED + 12345;
    folder_open(&f);
    uint8_t *data = large(&f, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "large"), DIGEST_SHA256), 0);
    check_identity(&s, data, len);
    digest_of(data, len, digest);
    for (size_t at = 0; at < len; at += 60000) {
        cr_assert_null(file_source_digest(&s));
        size_t n = len - at < 60000 ? len - at : 60000;
        cr_assert_eq(memcmp(file_source_lend(&s, at, n), data + at, n), 0);
        if (file_source_digest(&s) != NULL)
            break;                       /* read ahead up to the end */
        file_source_lend(&s, at / 2, n); /* to and fro does not matter */
    }
    cr_assert_not_null(file_source_digest(&s));
    cr_assert_eq(memcmp(file_source_digest(&s), digest, PACKET_DIGEST), 0);
    file_source_close(&s);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "large"), DIGEST_SHA256), 0);
    file_source_lend(&s, len / 2, 1000); /* a hole: the rest is caught up */
    int more = 1, steps = 0;
    for (; more > 0; steps++)
        more = file_source_hash_more(&s);
    cr_assert_eq(more, 0);
    cr_assert_gt(steps, 60);
    cr_assert_eq(memcmp(file_source_digest(&s), digest, PACKET_DIGEST), 0);
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

Test(file_source, a_large_file_has_an_identity_and_its_digest_later)
{
    lend_a_large_file(1 << 20);
}

Test(file_source, a_helper_that_hashes_changes_nothing)
{
    lend_a_large_file(1);
}

Test(file_source, a_file_that_changes_is_noticed)
{
    struct Folder f;
    struct FileSource s;
    size_t len = 2 * MIB;
    uint8_t *data = random_bytes(len);
    folder_open(&f);
    folder_put(&f, "x", data, len);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    cr_assert_not_null(file_source_lend(&s, 0, 1000));
    cr_assert_eq(truncate(folder_path(&f, "x"), (off_t)MIB), 0);
    cr_assert_null(file_source_lend(&s, MIB + 5, 1000));
    cr_assert_eq(errno, EIO);
    cr_assert(s.shortened);
    cr_assert(file_source_changed(&s));
    file_source_close(&s);
    cr_assert_eq(file_source_open(&s, folder_path(&f, "x"), DIGEST_SHA256), 0);
    cr_assert_not(file_source_changed(&s));
    struct stat st;
    stat(folder_path(&f, "x"), &st);
    struct timespec back[2] = {st.st_atim, st.st_mtim};
    usleep(20000);
    folder_put(&f, "x", data + 1, MIB);
    utimensat(f.dir, "x", back, 0); /* same size and mtime, but the ctime tells */
    cr_assert(file_source_changed(&s));
    file_source_close(&s);
    free(data);
    folder_close(&f);
}
