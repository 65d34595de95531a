#include "host/hasher.h"
#include "host/part.h"

#include "unit/check.h"
#include "unit/folder.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define LEN ((size_t)3 << 20)

static struct Folder folder;
static struct Part part;
static uint8_t *content, wanted[PACKET_DIGEST];

static void begin(int processors)
{
    struct TestRandom random = {test_random_seed()};
    struct Digest d;
    hasher_processors = processors;
    folder_open(&folder);
    part_init(&part, open(folder_path(&folder, "part"), O_RDWR | O_CREAT, 0600));
    content = malloc(LEN);
    test_random_fill(&random, content, LEN);
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, content, LEN);
    digest_value(&d, wanted);
}

/* Everything is there, and has the digest that it should have. */
static void end(void)
{
    uint8_t value[PACKET_DIGEST], *bytes = malloc(LEN);
    cr_assert_eq(part_digest(&part, LEN, value), 0);
    cr_assert_eq(memcmp(value, wanted, sizeof value), 0);
    cr_assert_eq(pread(part.fd, bytes, LEN, 0), LEN);
    cr_assert_eq(memcmp(bytes, content, LEN), 0);
    part_close(&part);
    free(bytes);
    free(content);
    folder_close(&folder);
}

static void write_at(size_t at, size_t len)
{
    cr_assert_eq(part_write(&part, at, content + at, len), 0);
}

/* The helper is there, or not, whatever this machine has. */
#define WITH    1
#define WITHOUT (1 << 20)

static void check(int processors, void (*body)(void))
{
    begin(processors);
    body();
    end();
}

static void pieces_in_order_are_hashed_on_their_way(void)
{
    struct TestRandom random = {test_random_seed()};
    for (size_t at = 0, n; at < LEN; at += n) {
        n = 1 + (size_t)test_random_below(&random, 20000);
        n = n < LEN - at ? n : LEN - at;
        write_at(at, n);
        cr_assert_eq(part_behind(&part, at + n), 0, "nothing is to be read back");
    }
}

Test(part, pieces_in_order_are_hashed_on_their_way_with_a_helper)
{
    check(WITH, pieces_in_order_are_hashed_on_their_way);
}

Test(part, pieces_in_order_are_hashed_on_their_way_without_one)
{
    check(WITHOUT, pieces_in_order_are_hashed_on_their_way);
}

static void pieces_in_any_order_are_read_back_for_the_digest(void)
{
    enum { PIECE = 50000 };
    size_t pieces = (LEN + PIECE - 1) / PIECE;
    for (size_t i = 0; i < pieces; i++) {
        size_t at = i * 11 % pieces * PIECE;
        write_at(at, PIECE < LEN - at ? PIECE : LEN - at);
    }
}

Test(part, pieces_in_any_order_are_read_back_for_the_digest_with_a_helper)
{
    check(WITH, pieces_in_any_order_are_read_back_for_the_digest);
}

Test(part, pieces_in_any_order_are_read_back_for_the_digest_without_one)
{
    check(WITHOUT, pieces_in_any_order_are_read_back_for_the_digest);
}

static void what_is_settled_or_gathered_is_not_replaced(void)
{
    static const uint8_t zeros[1000];
    for (size_t at = 0; at < LEN; at += 4096) {
        write_at(at, 4096);
        cr_assert_eq(part_write(&part, at + 3000, zeros, sizeof zeros), 0);
        if (at % (64 * 4096) == 0)
            cr_assert_eq(part_write(&part, at / 2, zeros, sizeof zeros), 0);
    }
}

Test(part, what_is_settled_or_gathered_is_not_replaced_with_a_helper)
{
    check(WITH, what_is_settled_or_gathered_is_not_replaced);
}

Test(part, what_is_settled_or_gathered_is_not_replaced_without_one)
{
    check(WITHOUT, what_is_settled_or_gathered_is_not_replaced);
}

static void a_gap_that_closes_late_leaves_the_rest_to_be_read_back(void)
{
    uint8_t piece[500];
    write_at(0, 100000);
    write_at(200000, LEN - 200000);
    cr_assert_eq(part_behind(&part, 100000), 0);
    write_at(100000, 100000);
    cr_assert_eq(part_read(&part, 150000, piece, sizeof piece), 0);
    cr_assert_eq(memcmp(piece, content + 150000, sizeof piece), 0);
    cr_assert_gt(part_behind(&part, LEN), LEN - 300000);
    cr_assert_eq(part_hash(&part, LEN, 1000000), 0);
    cr_assert_gt(part_behind(&part, LEN), 0);
}

Test(part, a_gap_that_closes_late_leaves_the_rest_to_be_read_back_with_a_helper)
{
    check(WITH, a_gap_that_closes_late_leaves_the_rest_to_be_read_back);
}

Test(part, a_gap_that_closes_late_leaves_the_rest_to_be_read_back_without_one)
{
    check(WITHOUT, a_gap_that_closes_late_leaves_the_rest_to_be_read_back);
}

static void a_digest_can_begin_anew(void)
{
    static const uint8_t zeros[100000];
    for (size_t at = 0; at < LEN; at += LEN / 4) {
        cr_assert_eq(part_write(&part, at, zeros, sizeof zeros), 0);
        write_at(at + sizeof zeros, LEN / 4 - sizeof zeros);
    }
    part_rehash(&part, DIGEST_SHA256);
    write_at(0, LEN);
}

Test(part, a_digest_can_begin_anew_with_a_helper)
{
    check(WITH, a_digest_can_begin_anew);
}

Test(part, a_digest_can_begin_anew_without_one)
{
    check(WITHOUT, a_digest_can_begin_anew);
}

Test(part, a_failed_write_is_final)
{
    uint8_t value[PACKET_DIGEST];
    uint64_t from, to;
    begin(WITH);
    close(part.fd);
    part.fd = open("/dev/full", O_RDWR);
    cr_assert_geq(part.fd, 0);
    cr_assert_eq(part_write(&part, 0, content, LEN), -1);
    cr_assert_eq(errno, ENOSPC);
    cr_assert(part_unsaved(&part, &from, &to));
    cr_assert_eq(from, 0);
    cr_assert_eq(part_write(&part, LEN, content, 1), -1);
    cr_assert_eq(part_digest(&part, LEN, value), -1);
    part_close(&part);
    free(content);
    folder_close(&folder);
}
