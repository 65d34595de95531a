#include "host/journal_file.h"

#include "unit/folder.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <errno.h>

#define NAME "x.part.journal"

/* An object of 100 symbols and a side store in memory for its repairs. */
struct Fixture {
    struct Folder folder;
    struct PacketObject object;
    struct PacketEnd end;
    uint8_t digest[PACKET_DIGEST];
    struct ObjectLayout layout;
    struct Object arrived;
    struct Repairs repairs;
    uint64_t memory[64], repairs_memory[64];
    uint8_t side[64 << 10];
};

static bool side_write(void *ctx, uint64_t offset, const uint8_t *data, size_t len)
{
    struct Fixture *f = ctx;
    cr_assert_leq(offset + len, sizeof f->side);
    memcpy(f->side + offset, data, len);
    return true;
}

static bool side_read(void *ctx, uint64_t offset, uint8_t *data, size_t len)
{
    struct Fixture *f = ctx;
    memcpy(data, f->side + offset, len);
    return true;
}

static void fixture_open(struct Fixture *f)
{
    *f = (struct Fixture){.object = {.block = 4, .symbol_size = 32, .size = 3190, .run = 77}};
    f->object.id[3] = 9;
    f->object.name = view_of("name", 4);
    f->object.link = LINK_ANSWERS | LINK_MODE | LINK_MTIME;
    f->object.mode = 0640;
    f->object.mtime = -5;
    f->end = (struct PacketEnd){.symbols = 100, .size = 3190, .digest = {f->digest, 32}};
    f->digest[7] = 1;
    f->layout = object_layout(3190, 32, 16);
    cr_assert_leq(object_memory(&f->layout), sizeof f->memory);
    cr_assert_leq(repairs_memory(&f->layout), sizeof f->repairs_memory);
    object_init(&f->arrived, &f->layout, f->memory);
    repairs_init(&f->repairs, &f->layout, f->repairs_memory,
                 (struct RepairsStore){f, side_write, side_read});
    folder_open(&f->folder);
}

static void fill(struct Fixture *f)
{
    uint8_t payload[32];
    for (uint64_t s = 0; s < 100; s += 3)
        object_mark(&f->arrived, s);
    for (uint64_t key = 0; key < 5; key++) {
        memset(payload, (int)key + 1, sizeof payload);
        cr_assert_eq(repairs_add(&f->repairs, key % 2 * 3, key, payload), REPAIRS_KEPT);
    }
}

static int save(struct Fixture *f, bool whole)
{
    struct Journal j;
    struct JournalContent c = {.object = &f->object, .sync = whole};
    if (whole) {
        c.end = &f->end;
        c.arrived = &f->arrived;
        c.repairs = &f->repairs;
    }
    int result = journal_write(&j, f->folder.dir, NAME, &c, crc32c_portable);
    journal_close(&j);
    return result;
}

static int load(struct Fixture *f, struct Journal *j)
{
    return journal_open(j, f->folder.dir, NAME, crc32c_portable);
}

static void check_repairs(struct Journal *j)
{
    uint8_t bytes[PACKET_MAX];
    size_t len, count = 0;
    struct Packet p;
    while (journal_next_repair(j, bytes, &len)) {
        cr_assert_eq(packet_parse(view_of(bytes, len), crc32c_portable, &p), PACKET_OK);
        cr_assert_eq(p.type, PACKET_REPAIR);
        cr_assert_eq(p.tag, packet_object_tag(&j->info, crc32c_portable));
        cr_assert_eq(p.as.repair.symbols.len, 32);
        cr_assert_eq(p.as.repair.symbols.data[31], p.as.repair.key + 1);
        cr_assert_eq(p.as.repair.first, p.as.repair.key % 2 * 3);
        count++;
    }
    cr_assert_eq(count, 5);
}

Test(journal, what_was_written_is_read)
{
    struct Fixture f;
    struct Journal j;
    struct Packet p;
    fixture_open(&f);
    fill(&f);
    cr_assert_eq(save(&f, true), 0);
    cr_assert_eq(folder_count(&f.folder), 1);
    cr_assert_eq(load(&f, &j), 0);
    cr_assert(packet_object_same(&j.info, &f.object));
    cr_assert_eq(j.info.link, LINK_MODE | LINK_MTIME, "who listened then does not listen now");
    cr_assert_eq(j.info.mtime, -5);
    cr_assert_eq(j.info.mode, 0640);
    cr_assert_eq(packet_parse(view_of(j.end, j.end_len), crc32c_portable, &p), PACKET_OK);
    cr_assert_eq(memcmp(p.as.end.digest.data, f.digest, 32), 0);
    cr_assert_gt(p.as.end.rest, 0, "a replayed END ends no pass");
    for (uint64_t s = 0; s < 100; s++)
        cr_assert_eq(j.arrived[s / 8] >> s % 8 & 1, s % 3 == 0);
    cr_assert(journal_has_something(&j));
    check_repairs(&j);
    journal_close(&j);
    journal_close(&j);
    folder_close(&f.folder);
}

Test(journal, of_which_nothing_arrived_says_so)
{
    struct Fixture f;
    struct Journal j;
    uint8_t bytes[PACKET_MAX];
    size_t len;
    fixture_open(&f);
    cr_assert_eq(save(&f, false), 0);
    cr_assert_eq(load(&f, &j), 0);
    cr_assert_eq(j.end_len, 0);
    cr_assert_null(j.arrived);
    cr_assert_not(journal_has_something(&j));
    cr_assert_not(journal_next_repair(&j, bytes, &len));
    journal_close(&j);
    f.object.flags = OBJECT_STREAM;
    f.object.size = 0;
    cr_assert_eq(save(&f, false), 0);
    cr_assert_eq(load(&f, &j), 0);
    cr_assert_eq(j.flags, JOURNAL_STREAM);
    journal_close(&j);
    folder_close(&f.folder);
}

Test(journal, symbols_that_were_not_saved_do_not_count)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    for (uint64_t s = 0; s < 100; s++)
        object_mark(&f.arrived, s);
    for (uint64_t from = 0; from < 3190; from += 37) {
        struct JournalContent c = {.object = &f.object, .arrived = &f.arrived};
        c.unsaved_from = from;
        c.unsaved_to = from + from % 200;
        cr_assert_eq(journal_write(&j, f.folder.dir, NAME, &c, crc32c_portable), 0);
        journal_close(&j);
        cr_assert_eq(load(&f, &j), 0);
        for (uint64_t s = 0; s < 100; s++) {
            bool touched = s * 32 < c.unsaved_to && (s + 1) * 32 > from && c.unsaved_to > from;
            cr_assert_eq(j.arrived[s / 8] >> s % 8 & 1, !touched, "%d of %d", (int)s, (int)from);
        }
        journal_close(&j);
    }
    folder_close(&f.folder);
}

/* What it says is nothing but what was written, or less. */
static void check_harmless(struct Fixture *f, struct Journal *j)
{
    uint8_t bytes[PACKET_MAX];
    size_t len;
    struct Packet p;
    cr_assert(packet_object_same(&j->info, &f->object));
    for (uint64_t s = 0; s < 100; s++) {
        bool claimed = j->arrived != NULL && (j->arrived[s / 8] >> s % 8 & 1) != 0;
        cr_assert(!claimed || object_has(&f->arrived, s));
    }
    if (j->end_len > 0) {
        cr_assert_eq(packet_parse(view_of(j->end, j->end_len), crc32c_portable, &p), PACKET_OK);
        cr_assert_eq(memcmp(p.as.end.digest.data, f->digest, 32), 0);
    }
    while (journal_next_repair(j, bytes, &len)) {
        cr_assert_eq(packet_parse(view_of(bytes, len), crc32c_portable, &p), PACKET_OK);
        cr_assert_lt(p.as.repair.key, 5);
        cr_assert_eq(p.as.repair.symbols.data[31], p.as.repair.key + 1);
    }
}

/* Of what is on the disk now byte i is wrong (or it ends there): in the head, of which that cuts
 * off more than zeros, it cannot be opened. */
static void check_damaged(struct Fixture *f, size_t i, const char *what, bool zeros)
{
    struct Journal j;
    bool open = load(f, &j) == 0;
    cr_assert_eq(open, i >= JOURNAL_BLOCK || zeros, "byte %d %s", (int)i, what);
    cr_assert(open || errno == ENODATA || (errno == EBADMSG && *what == 'c'), "%d %s", (int)i,
              what);
    if (open)
        check_harmless(f, &j);
    journal_close(&j);
}

/* One that is cut off lacks what was behind; of one with a wrong byte nothing wrong is believed. */
Test(journal, any_byte_changed_or_cut_off_makes_it_refused_or_say_less)
{
    struct Fixture f;
    struct Journal j;
    size_t len;
    fixture_open(&f);
    fill(&f);
    cr_assert_eq(save(&f, true), 0);
    uint8_t *whole = folder_get(&f.folder, NAME, &len);
    int fd = openat(f.folder.dir, NAME, O_WRONLY);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(whole[i] ^ 1U << i % 8);
        cr_assert_eq(pwrite(fd, &byte, 1, (off_t)i), 1);
        check_damaged(&f, i, "changed", false);
        cr_assert_eq(pwrite(fd, whole + i, 1, (off_t)i), 1);
    }
    cr_assert_eq(load(&f, &j), 0);
    check_repairs(&j);
    journal_close(&j);
    bool zeros = true; /* as the last of its CRC may be: what is missing counts as zeros */
    for (size_t i = len; i-- > 0;) {
        zeros = i >= JOURNAL_BLOCK || (zeros && whole[i] == 0);
        cr_assert_eq(ftruncate(fd, (off_t)i), 0);
        check_damaged(&f, i, "missing", zeros);
    }
    close(fd);
    free(whole);
    folder_close(&f.folder);
}

Test(journal, a_claim_that_no_block_of_the_pair_stands_for_is_refused)
{
    struct Fixture f;
    struct Journal j;
    size_t len;
    fixture_open(&f);
    fill(&f);
    cr_assert_eq(save(&f, true), 0);
    uint8_t *whole = folder_get(&f.folder, NAME, &len);
    whole[2 * JOURNAL_BLOCK + 20] ^= 1;
    whole[3 * JOURNAL_BLOCK + 20] ^= 1;
    folder_put(&f.folder, NAME, whole, len);
    cr_assert_eq(load(&f, &j), -1);
    cr_assert_eq(errno, EBADMSG);
    free(whole);
    folder_close(&f.folder);
}

/* The CRC of the block (or record, T = 32) with byte i of a file, made right again. */
static void seal(struct Journal *j, uint8_t *file, size_t len, size_t i)
{
    size_t first = (size_t)journal_size(&j->info), size = JOURNAL_BLOCK, at = i / size * size;
    if (i >= first) {
        size = JOURNAL_RECORD + 32 + JOURNAL_RECORD_END;
        at = first + (i - first) / size * size;
    }
    if (at + size > len)
        return;
    if (at == 0)
        j->seed = crc32c_portable(0, file, size - 4);
    put_u32(file + at + size - 4, at == 0 ? j->seed : journal_crc(j, at, file + at, size - 4));
}

/* Bytes changed by somebody who knows how to make the CRCs right again. */
Test(journal, a_forged_one_is_refused_or_harmless)
{
    struct TestRandom random = {test_random_seed()};
    struct Fixture f;
    struct Journal j, k;
    uint8_t packet[PACKET_MAX];
    size_t len, n, size, opened = 0;
    fixture_open(&f);
    fill(&f);
    cr_assert_eq(save(&f, true), 0);
    cr_assert_eq(load(&f, &k), 0);
    uint8_t *whole = folder_get(&f.folder, NAME, &len);
    uint8_t *forged = malloc(len);
    for (int round = 0; round < 6000; round++) {
        /* Every second time the head, up to the end of its OBJECT. */
        uint64_t below = round % 2 == 0 ? JOURNAL_HEAD + 80 : len;
        size_t i = (size_t)test_random_below(&random, below);
        memcpy(forged, whole, len);
        forged[i] = (uint8_t)test_random_next(&random);
        for (size_t at = i < JOURNAL_BLOCK ? 0 : i; at < len; at += JOURNAL_BLOCK)
            seal(&k, forged, len, at);
        folder_put(&f.folder, NAME, forged, len);
        if (load(&f, &j) != 0) {
            cr_assert_eq(errno, EBADMSG);
            continue;
        }
        opened++;
        journal_has_something(&j);
        for (n = 0; n < 1000 && journal_next_repair(&j, packet, &size); n++)
            cr_assert_leq(size, PACKET_MAX);
        cr_assert_lt(n, 1000);
        journal_close(&j);
    }
    cr_assert_gt(opened, 1000);
    journal_close(&k);
    free(forged);
    free(whole);
    folder_close(&f.folder);
}

Test(journal, none_and_no_file_of_ours)
{
    struct Fixture f;
    struct Journal j;
    fixture_open(&f);
    cr_assert_eq(load(&f, &j), -1);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(symlinkat("/etc/passwd", f.folder.dir, NAME), 0);
    cr_assert_eq(load(&f, &j), -1);
    cr_assert_eq(errno, EBADMSG);
    folder_empty(&f.folder);
    cr_assert_eq(mkfifoat(f.folder.dir, NAME, 0600), 0);
    cr_assert_eq(load(&f, &j), -1);
    cr_assert_eq(errno, EBADMSG);
    folder_close(&f.folder);
}
