#include "core/armor.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fixture.h"
#include "random.h"
#include "trap.h"

#define FRAMES 8

static const char *const names[] = {"frames/hello.bin", "frames/zero.bin", "frames/zeros.bin",
                                    "frames/mixed.bin", "frames/run-250.bin"};

/* Text, read in pieces of at most chunk bytes; every frame is handed to take. */
struct Reading {
    struct ArmorReader reader;
    uint8_t memory[1000];
    size_t fed;
    size_t frames;
};

typedef void (*Take)(struct Reading *r, struct View frame);

static void check_account(const struct Reading *r)
{
    const struct ArmorCounters *c = &r->reader.counters;
    CHECK(c->good_bytes + c->bad_bytes + c->marks + c->text_bytes + r->reader.waiting == r->fed,
          "%" PRIu64 " good, %" PRIu64 " bad, %" PRIu64 " marks, %" PRIu64 " text, %zu wait of %zu",
          c->good_bytes, c->bad_bytes, c->marks, c->text_bytes, r->reader.waiting, r->fed);
    CHECK(c->good == r->frames, "%" PRIu64 " good of %zu", c->good, r->frames);
}

static void begin(struct Reading *r)
{
    *r = (struct Reading){0};
    armor_reader_init(&r->reader, r->memory, sizeof r->memory);
}

/* Each piece is in memory of its own size, so that a sanitizer sees an overread. */
static void feed(struct Reading *r, const void *text, size_t len, size_t chunk, Take take)
{
    for (size_t at = 0; at < len; at += chunk) {
        size_t n = len - at < chunk ? len - at : chunk;
        uint8_t *piece = malloc(n);
        struct View bytes = view_of(piece, n), frame;
        memcpy(piece, (const uint8_t *)text + at, n);
        while (armor_reader_next(&r->reader, &bytes, &frame)) {
            r->fed += n - bytes.len;
            n = bytes.len;
            r->frames++;
            check_account(r);
            if (take != NULL)
                take(r, frame);
        }
        r->fed += n;
        CHECK(bytes.len == 0, "%zu bytes were left", bytes.len);
        check_account(r);
        free(piece);
    }
}

/* The base64 between the marks of a line; "" if armor refuses. */
static const char *line_of(const char *bytes, size_t len)
{
    static uint8_t memory[200];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory - 1, 0);
    if (!armor_append(&b, view_of(bytes, len)))
        return "";
    memory[b.len] = '\0';
    CHECK(b.len == armor_size(len), "%zu bytes", b.len);
    return (const char *)memory;
}

Test(armor, the_vectors_of_rfc_4648_are_written)
{
    static const char *const vectors[][2] = {
        {"f", "~Zg==~\n"},        {"fo", "~Zm8=~\n"},        {"foo", "~Zm9v~\n"},
        {"foob", "~Zm9vYg==~\n"}, {"fooba", "~Zm9vYmE=~\n"}, {"foobar", "~Zm9vYmFy~\n"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        cr_assert_str_eq(line_of(vectors[i][0], strlen(vectors[i][0])), vectors[i][1]);
    cr_assert_str_eq(line_of("\xFB\xFF\xBF", 3), "~+/+/~\n");
}

static void expect_golden(struct Reading *r, struct View frame)
{
    size_t i = r->frames - 1;
    if (i >= sizeof names / sizeof *names)
        return; /* the packets of ftag */
    struct Fixture f = fixture_read(names[i]);
    CHECK(frame.len == f.len && memcmp(frame.data, f.bytes, f.len) == 0, "%s", names[i]);
    free(f.bytes);
}

static uint8_t again[2000];
static struct Buffer lines;

static void write_again(struct Reading *r, struct View frame)
{
    (void)r;
    cr_assert(armor_append(&lines, frame));
}

Test(armor, golden_lines_are_read_and_written)
{
    struct Fixture f = fixture_read("armor/lines.txt");
    struct Reading r;
    for (size_t chunk = 1; chunk <= f.len; chunk += 1 + chunk / 3) {
        begin(&r);
        feed(&r, f.bytes, f.len, chunk, expect_golden);
        cr_assert_eq(r.frames, FRAMES);
        cr_assert_eq(r.reader.counters.bad_bytes, 0);
        cr_assert_eq(r.reader.counters.text_bytes, FRAMES, "the ends of the lines");
    }
    begin(&r);
    buffer_init(&lines, again, sizeof again, 0);
    feed(&r, f.bytes, f.len, f.len, write_again);
    cr_assert_eq(lines.len, f.len);
    cr_assert_arr_eq(again, f.bytes, f.len);
    free(f.bytes);
}

/* Prompts, a log, carriage returns, a line in two, two without an end between them, stray marks. */
Test(armor, every_line_is_found_on_a_console)
{
    struct Fixture console = fixture_read("armor/console.txt");
    struct Fixture f = fixture_read("armor/lines.txt");
    for (size_t chunk = 1; chunk <= console.len; chunk += 1 + chunk / 3) {
        struct Reading r;
        begin(&r);
        buffer_init(&lines, again, sizeof again, 0);
        feed(&r, console.bytes, console.len, chunk, write_again);
        cr_assert_eq(r.frames, FRAMES + 1, "and one that only looks like it: %zu", r.frames);
        cr_assert_eq(r.reader.counters.bad_char, 2, "~/src, and one that broke off");
        uint8_t *odd = memmem(again, lines.len, "~AAAA~\n", 7);
        cr_assert_not_null(odd);
        memmove(odd, odd + 7, (size_t)(again + lines.len - (odd + 7)));
        cr_assert_eq(lines.len - 7, f.len);
        cr_assert_arr_eq(again, f.bytes, f.len);
    }
    free(console.bytes);
    free(f.bytes);
}

Test(armor, what_is_no_line_is_counted_by_cause)
{
    static const struct {
        const char *text;
        uint64_t bad_char, bad_base64, bad_long;
    } cases[] = {
        {"~QUJD.~", 1, 0, 0},    {"~QUJD QUJD~", 1, 0, 0},
        {"~QU\x80JD~", 1, 0, 0}, {"~A~", 0, 1, 0},
        {"~AB~", 0, 1, 0},       {"~QUI~", 0, 1, 0},
        {"~QUJDRA~", 0, 1, 0},   {"~Q===~", 0, 1, 0},
        {"~QR==~", 0, 1, 0},     {"~QUJ=~", 0, 1, 0},
        {"~QQ=A~", 0, 1, 0},     {"~QQ==QUJD~", 0, 1, 0},
        {"~QUI==~", 0, 1, 0},    {"~QQ=~", 0, 1, 0},
        {"~====~", 0, 0, 0},     {"~QUJDQUJDQUJDQUJD~", 0, 0, 1},
        {"~~", 0, 0, 0},         {"~\r\n~", 0, 0, 0},
        {"QUJD~", 0, 0, 0},      {"~\nQUJD~", 0, 0, 0},
        {"~QUJD", 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ArmorCounters *c;
        struct Reading r;
        begin(&r);
        armor_reader_init(&r.reader, r.memory, 11);
        feed(&r, cases[i].text, strlen(cases[i].text), 1, NULL);
        armor_reader_finish(&r.reader);
        check_account(&r);
        c = &r.reader.counters;
        CHECK(c->good == 0 && c->bad_char == cases[i].bad_char &&
                  c->bad_base64 == cases[i].bad_base64 && c->bad_long == cases[i].bad_long,
              "%s: %" PRIu64 " good, bad: %" PRIu64 " %" PRIu64 " %" PRIu64, cases[i].text, c->good,
              c->bad_char, c->bad_base64, c->bad_long);
        CHECK(r.reader.waiting == 0, "%s: %zu wait", cases[i].text, r.reader.waiting);
    }
}

Test(armor, a_bad_line_costs_no_other)
{
    static const char *const before[] = {"~QUJD.~", "~A~", "~Q===~",   "~",
                                         "~home~",  "x~y", "~QUJD\r\n"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        static const char good[] = "~Zm9vYmFy~\r\n";
        struct Reading r;
        size_t frames;
        begin(&r);
        feed(&r, before[i], strlen(before[i]), 1, NULL);
        frames = r.frames;
        buffer_init(&lines, again, sizeof again, 0);
        feed(&r, good, strlen(good), 3, write_again);
        cr_assert_geq(r.frames, frames + 1, "%s", before[i]);
        cr_assert_geq(lines.len, 11);
        cr_assert_arr_eq(again + lines.len - 11, "~Zm9vYmFy~\n", 11, "%s", before[i]);
    }
}

static uint8_t content[FRAMES][300];
static size_t lengths[FRAMES];

static void expect_content(struct Reading *r, struct View frame)
{
    size_t i = (r->frames - 1) % FRAMES;
    CHECK(frame.len == lengths[i] && memcmp(frame.data, content[i], frame.len) == 0, "frame %zu",
          i);
}

Test(armor, any_frames_come_back_in_pieces_of_every_size)
{
    struct TestRandom random = {test_random_seed()};
    static uint8_t memory[FRAMES * 500];
    for (unsigned round = 0; round < 20; round++) {
        struct Buffer text;
        buffer_init(&text, memory, sizeof memory, 0);
        for (size_t i = 0; i < FRAMES; i++) {
            lengths[i] = 1 + (size_t)test_random_below(&random, sizeof content[i]);
            test_random_fill(&random, content[i], lengths[i]);
            cr_assert(armor_append(&text, view_of(content[i], lengths[i])));
            if (round % 2 == 1)
                cr_assert(buffer_append(&text, "\r\n$ ", 4));
        }
        for (size_t chunk = 1; chunk <= text.len; chunk += 1 + chunk / 4) {
            struct Reading r;
            begin(&r);
            feed(&r, memory, text.len, chunk, expect_content);
            cr_assert_eq(r.frames, FRAMES);
            cr_assert_eq(r.reader.counters.bad_bytes, 0);
        }
    }
}

Test(armor, noise_is_counted_to_the_last_byte_and_gives_way_to_a_line)
{
    struct TestRandom random = {test_random_seed()};
    static uint8_t noise[4000];
    for (unsigned round = 0; round < 200; round++) {
        struct Reading r;
        begin(&r);
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = round % 2 == 0 ? (uint8_t)test_random_next(&random)
                                      : (uint8_t) "~AQaz09+/=\n "[test_random_below(&random, 12)];
        feed(&r, noise, sizeof noise, 1 + (size_t)test_random_below(&random, 600), NULL);
        buffer_init(&lines, again, sizeof again, 0);
        feed(&r, "~Zm9vYmFy~", 10, 10, write_again);
        cr_assert_arr_eq(again + lines.len - 11, "~Zm9vYmFy~\n", 11);
    }
}

Test(armor, no_room_is_refused_and_changes_nothing)
{
    uint8_t memory[20];
    struct Buffer b;
    for (size_t room = 0; room < armor_size(5); room++) {
        buffer_init(&b, memory, room, 0);
        memset(memory, 0x77, sizeof memory);
        cr_assert_not(armor_append(&b, view_of("fooba", 5)), "%zu", room);
        cr_assert_eq(b.len, 0);
        cr_assert_eq(memory[0], 0x77);
    }
    buffer_init(&b, memory, armor_size(5), 0);
    cr_assert(armor_append(&b, view_of("fooba", 5)));
    buffer_init(&b, memory, 3, 0);
    cr_assert_not(armor_append(&b, (struct View){memory, SIZE_MAX}));
}

Test(armor, a_frame_as_long_as_the_memory_is_read_and_a_longer_one_is_not)
{
    for (size_t size = 1; size < 10; size++) {
        for (size_t len = 1; len < 12; len++) {
            const char *line = line_of("longer-than", len);
            struct Reading r;
            begin(&r);
            armor_reader_init(&r.reader, r.memory, size);
            feed(&r, line, strlen(line), 5, NULL);
            cr_assert_eq(r.frames, len <= size ? 1 : 0, "%zu into %zu", len, size);
            cr_assert_eq(r.reader.counters.bad_long, len <= size ? 0 : 1);
        }
    }
}

Test(armor, an_empty_frame_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    line_of("", 0);
}
