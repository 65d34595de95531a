#include "core/ftag_sender.h"

#include <stdlib.h>
#include <string.h>

#include "host/digest.h"

#include "check.h"
#include "fixture.h"
#include "random.h"

#define MOST ((uint64_t)65535 * 249 + 248) /* the largest object there can be */

/* Who lends the bytes: counts, and fails when told to. */
struct Lender {
    const uint8_t *bytes;
    uint64_t size;
    uint8_t digest[FTAG_DIGEST];
    uint64_t lent, fail_at; /* fail the call of that number, counted from 1; 0: none */
    unsigned asked, unknown_at, other_at; /* the digest: not known, or another one, that time */
};

static struct Lender lender;

static const uint8_t *lend(void *ctx, uint64_t offset, size_t len)
{
    struct Lender *l = ctx;
    CHECK(len > 0 && offset <= l->size && len <= l->size - offset, "bytes beyond the object");
    return ++l->lent == l->fail_at ? NULL : l->bytes + offset;
}

static bool lend_digest(void *ctx, struct View *digest)
{
    struct Lender *l = ctx;
    l->digest[0] ^= ++l->asked == l->other_at;
    *digest = view_of(l->digest, FTAG_DIGEST);
    return l->asked != l->unknown_at;
}

static struct FtagSenderConfig config_of(const uint8_t *bytes, uint64_t size, const char *name)
{
    struct Digest d;
    lender = (struct Lender){.bytes = bytes, .size = size};
    digest_init(&d, DIGEST_SHA256);
    digest_update(&d, bytes, size);
    digest_value(&d, lender.digest);
    return (struct FtagSenderConfig){.source = {&lender, lend, lend_digest},
                                     .size = size,
                                     .name = view_of(name, strlen(name)),
                                     .packet_max = FTAG_PACKET,
                                     .block = FTAG_BLOCK,
                                     .copies = FTAG_COPIES};
}

/* ---- The ancestor's own bytes --------------------------------------------------------------- */

static void check_capture(const char *name)
{
    static uint8_t memory[100000];
    struct Fixture file, capture;
    struct FtagSenderConfig config;
    struct FtagSender s;
    struct FtagPacket p;
    struct Buffer line;
    char path[100];
    uint64_t packets = 0;
    snprintf(path, sizeof path, "ftag/%s", name);
    file = fixture_read(path);
    snprintf(path, sizeof path, "ftag/%s.ftag", name);
    capture = fixture_read(path);
    config = config_of(file.bytes, file.len, name);
    cr_assert(ftag_sender_init(&s, &config));
    buffer_init(&line, memory, sizeof memory, 0);
    while (ftag_sender_output(&s, &p)) {
        CHECK(ftag_append(&line, &p), "no room");
        packets++;
    }
    CHECK(s.state == FTAG_SENDER_FINISHED, "%s: state %d", name, s.state);
    CHECK(packets == ftag_sender_packets(&s), "%s: foretold otherwise", name);
    CHECK(line.len == capture.len, "%s: %zu bytes, not %zu", name, line.len, capture.len);
    CHECK(memcmp(memory, capture.bytes, capture.len) == 0, "%s: other bytes", name);
    free(file.bytes);
    free(capture.bytes);
}

Test(ftag_sender, every_capture_of_the_ancestor_is_sent_byte_for_byte)
{
    check_capture("empty.bin");
    check_capture("one.bin");
    check_capture("fifty.bin");
    check_capture("fifty1.bin");
    check_capture("notes.txt");
}

/* ---- The schedule --------------------------------------------------------------------------- */

/* Send everything; the slots are what the rules say, worked out anew for each. */
static void check_run(const struct FtagSenderConfig *config)
{
    struct FtagSender s;
    struct FtagPacket p;
    struct FtagMeta meta;
    uint64_t slot = 0, data = 0, block = config->block;
    uint64_t blocks = (config->size + block - 1) / block;
    CHECK(ftag_sender_init(&s, config), "refused");
    for (; ftag_sender_output(&s, &p); slot++) {
        enum FtagKind kind = ftag_kind(&p, &meta);
        bool free_slot = slot >= 8 && slot % 50 != 0;
        uint64_t at = data / config->copies;
        CHECK(p.seq == slot % 256, "seq %u in slot %" PRIu64, p.seq, slot);
        CHECK((kind == FTAG_META) == !free_slot, "kind %d in slot %" PRIu64, kind, slot);
        CHECK(FTAG_OVERHEAD + p.data.len <= config->packet_max, "a packet too long");
        CHECK(kind != FTAG_META || ftag_meta_bytes(&meta) == config->size, "size in META");
        CHECK(kind != FTAG_END || data == blocks * config->copies, "END in slot %" PRIu64, slot);
        if (kind != FTAG_DATA)
            continue;
        data++;
        CHECK(p.block == at, "block %u, not %" PRIu64, p.block, at);
        CHECK(p.data.data == lender.bytes + at * block, "other bytes");
        CHECK(p.data.len == (at + 1 < blocks ? block : config->size - at * block), "length");
    }
    CHECK(s.state == FTAG_SENDER_FINISHED && data == blocks * config->copies, "unfinished");
    CHECK(slot == ftag_sender_packets(&s) && slot == s.counters.packets, "foretold otherwise");
    CHECK(s.counters.metas + s.counters.data + 1 == slot, "counted otherwise");
}

Test(ftag_sender, objects_of_every_size_keep_the_schedule)
{
    static uint8_t bytes[4000];
    for (uint64_t size = 0; size <= 4000; size += size < 300 ? 1 : 49) {
        struct FtagSenderConfig config = config_of(bytes, size, "n");
        check_run(&config);
    }
    for (unsigned copies = 1; copies < 9; copies++) {
        static const uint64_t sizes[] = {0, 1, 49, 50, 51, 249, 747, 2100, 2101};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct FtagSenderConfig config = config_of(bytes, sizes[i], "n");
            config.copies = copies;
            check_run(&config);
            config.block = 249;
            config.packet_max = FTAG_PACKET_MAX;
            check_run(&config);
        }
    }
}

/* 35 blocks four times over fill slots 8 to 149: slot 150 is META's, and END waits for 151. */
Test(ftag_sender, end_leaves_metas_slot_to_meta)
{
    static uint8_t bytes[35 * 50];
    struct FtagSenderConfig config = config_of(bytes, sizeof bytes, "n");
    struct FtagSender s;
    check_run(&config);
    cr_assert(ftag_sender_init(&s, &config));
    cr_assert_eq(ftag_sender_packets(&s), 152);
    config.size -= 50;
    cr_assert(ftag_sender_init(&s, &config));
    cr_assert_eq(ftag_sender_packets(&s), 147);
}

Test(ftag_sender, the_largest_object_is_sent_and_one_byte_more_is_refused)
{
    struct FtagSender s;
    uint8_t *bytes = calloc(1, MOST);
    struct FtagSenderConfig config = config_of(bytes, MOST, "n");
    cr_assert_eq(ftag_sender_most(249), MOST);
    cr_assert_eq(ftag_sender_most(50), 65535 * 50 + 49);
    config.block = 249;
    config.packet_max = FTAG_PACKET_MAX;
    config.copies = 1;
    check_run(&config);
    config.size++;
    cr_assert_not(ftag_sender_init(&s, &config));
    config.size = ftag_sender_most(1);
    config.block = 1;
    cr_assert(ftag_sender_init(&s, &config));
    config.size++;
    cr_assert_not(ftag_sender_init(&s, &config));
    config.size = UINT64_MAX;
    cr_assert_not(ftag_sender_init(&s, &config));
    free(bytes);
}

Test(ftag_sender, blocks_and_packets_out_of_bounds_are_refused)
{
    struct FtagSenderConfig config = config_of((const uint8_t *)"x", 1, "");
    struct FtagSender s;
    config.packet_max = FTAG_META_MIN;
    config.block = FTAG_META_MIN - FTAG_OVERHEAD;
    cr_assert(ftag_sender_init(&s, &config), "the least there is");
    config.block++;
    cr_assert_not(ftag_sender_init(&s, &config));
    config.block = 0;
    cr_assert_not(ftag_sender_init(&s, &config));
    config.block = 1;
    config.packet_max--;
    cr_assert_not(ftag_sender_init(&s, &config), "no META fits");
    config.packet_max = SIZE_MAX;
    config.block = 249;
    cr_assert(ftag_sender_init(&s, &config));
    config.block = 250;
    cr_assert_not(ftag_sender_init(&s, &config));
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void check_name(const char *name, size_t packet_max, const char *expected)
{
    struct FtagSenderConfig config = config_of((const uint8_t *)"x", 1, name);
    struct FtagSender s;
    struct FtagPacket p;
    struct FtagMeta meta;
    config.packet_max = packet_max;
    config.block = 1;
    cr_assert(ftag_sender_init(&s, &config), "%s", name);
    cr_assert(ftag_sender_output(&s, &p));
    CHECK(FTAG_OVERHEAD + p.data.len <= packet_max, "%s: %zu bytes", name, p.data.len);
    CHECK(ftag_kind(&p, &meta) == FTAG_META, "%s: no META", name);
    CHECK(meta.name.len == strlen(expected) && memcmp(meta.name.data, expected, meta.name.len) == 0,
          "%s: %.*s", name, (int)meta.name.len, (const char *)meta.name.data);
}

Test(ftag_sender, a_name_that_does_not_fit_loses_its_middle)
{
    check_name("exactly-19-bytes.gz", FTAG_PACKET, "exactly-19-bytes.gz");
    check_name("not-quite-20-bytes.c", FTAG_PACKET, "not-quite-20-byte.c");
    check_name("a-name-without-extension", FTAG_PACKET, "a-name-without-exte");
    check_name("with.a-very-long-extension", FTAG_PACKET, "with.a-very-long-ex");
    check_name("two.dots.in-a-long-one.tar.gz", FTAG_PACKET, "two.dots.in-a-lo.gz");
    check_name("x.txt", 46, "x");
    check_name("x.txt", 45, "");
    check_name("na\xC3\xAFvely.gz", 51, "na.gz"); /* no half of a letter */
    check_name("", FTAG_PACKET, "");
}

Test(ftag_sender, the_longest_name_fits_the_longest_packet)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[299] = '\0';
    memcpy(name + 295, ".ext", 4);
    char expected[FTAG_NAME_MAX + 1];
    memset(expected, 'n', FTAG_NAME_MAX);
    memcpy(expected + FTAG_NAME_MAX - 4, ".ext", 5);
    check_name(name, FTAG_PACKET_MAX, expected);
    check_name(name, SIZE_MAX, expected);
}

/* ---- What cannot be had --------------------------------------------------------------------- */

static uint64_t packets_until_failed(const struct FtagSenderConfig *config)
{
    struct FtagSender s;
    struct FtagPacket p;
    uint64_t n = 0;
    lender.lent = 0;
    lender.asked = 0;
    CHECK(ftag_sender_init(&s, config), "refused");
    while (ftag_sender_output(&s, &p)) {
        CHECK(p.channel == 0 || p.data.data[0] != 0xFF, "END, although it has failed");
        n++;
    }
    CHECK(s.state == FTAG_SENDER_FAILED, "state %d", s.state);
    CHECK(!ftag_sender_output(&s, &p) && s.counters.packets == n, "it goes on");
    return n;
}

Test(ftag_sender, bytes_that_cannot_be_had_are_the_end)
{
    static uint8_t bytes[151];
    struct FtagSenderConfig config = config_of(bytes, sizeof bytes, "n");
    for (uint64_t n = 1; n <= 16; n++) {
        lender.fail_at = n;
        cr_assert_eq(packets_until_failed(&config), 8 + n - 1);
    }
}

Test(ftag_sender, an_object_that_changes_gets_no_end)
{
    static uint8_t bytes[151];
    struct FtagSenderConfig config = config_of(bytes, sizeof bytes, "n");
    lender.unknown_at = 1;
    cr_assert_eq(packets_until_failed(&config), 0, "no digest, no META");
    lender.unknown_at = 2;
    cr_assert_eq(packets_until_failed(&config), 8 + 16);
    lender.unknown_at = 0;
    lender.other_at = 2;
    cr_assert_eq(packets_until_failed(&config), 8 + 16);
}
