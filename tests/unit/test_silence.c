/* What is said of a link that brought nothing: by what such links bring in life. */
#include "core/packet.h"
#include "host/silence.h"
#include "host/wire_in.h"
#include "host/wire_out.h"
#include "unit/check.h"
#include "unit/random.h"
#include <string.h>

#define ROOM ((size_t)1 << 18)

static uint8_t sent[ROOM], heard[ROOM];
static struct Silence silence;
static struct WireIn in;
static struct FrameCounters frames; /* of what was heard last */

static ptrdiff_t fill(void *ctx, uint8_t *space, size_t size)
{
    struct View *left = ctx;
    struct View piece;
    size_t n = left->len < 1000 ? left->len : 1000;
    CHECK(n <= size && view_take(left, n, &piece), "no room");
    memcpy(space, piece.data, n);
    return (ptrdiff_t)n;
}

/* What is said of these bytes, read in pieces, with further facts. */
static const char *explain(const uint8_t *bytes, size_t len, struct SilenceFacts facts)
{
    static char words[SILENCE_WORDS];
    struct View left = view_of(bytes, len), fresh, packet;
    silence_init(&silence);
    wire_in_init(&in, crc32c_portable, (struct WireForm){0}, 1);
    while (left.len > 0) {
        CHECK(wire_in_read(&in, fill, &left, &fresh) > 0, "nothing read");
        silence_feed(&silence, fresh);
        while (wire_in_next(&in, &packet))
            continue;
    }
    wire_in_finish(&in);
    frames = wire_in_ear(&in)->frames.counters;
    facts.good = wire_in_good(&in);
    facts.frames = frames;
    facts.ftag = wire_in_ear(&in)->ftag.counters;
    facts.armor = in.armor.counters;
    return silence_explain(&silence, &facts, words, sizeof words);
}

static const char *explain_text(const char *text)
{
    return explain((const uint8_t *)text, strlen(text), (struct SilenceFacts){.serial = true});
}

static const char *explain_heard(size_t len)
{
    return explain(heard, len, (struct SilenceFacts){.serial = true});
}

static bool begins(const char *words, const char *with)
{
    return strncmp(words, with, strlen(with)) == 0;
}

#define SAYS(words, with)                                                                          \
    do {                                                                                           \
        const char *said = (words);                                                                \
        CHECK(begins(said, with), "it says: %s", said);                                            \
    } while (0)

/* Frames as a sender makes them, into sent; what they carry is text or random. The bytes. */
static size_t make_frames(struct TestRandom *random, size_t symbols, size_t count, bool text)
{
    static uint8_t packet[2000];
    struct FrameWriter writer = {.crc32c = crc32c_portable};
    struct Buffer out;
    buffer_init(&out, sent, sizeof sent, 0);
    cr_assert(frame_append_delimiter(&out));
    for (size_t i = 0; i < count; i++) {
        static const uint8_t types[] = {PACKET_SOURCE, PACKET_SOURCE, PACKET_REPAIR, PACKET_OBJECT};
        test_random_fill(random, packet, PACKET_HEADER + symbols);
        packet[0] = PACKET_VERSION << 6 | types[i % 4];
        packet[1] = (uint8_t)i;
        for (size_t b = PACKET_HEADER; text && b < PACKET_HEADER + symbols; b++)
            packet[b] = b % 60 == 0 ? '\n' : (uint8_t)('a' + packet[b] % 26);
        struct View part = view_of(packet, PACKET_HEADER + symbols);
        cr_assert(frame_append(&writer, &out, &part, 1));
    }
    return out.len;
}

/* The level of a line, 8N1, on which the bytes of sent follow each other, after so many bits. */
static bool level_at(double bits, size_t len)
{
    if (bits < 0 || bits >= (double)len * 10)
        return true; /* idle */
    size_t bit = (size_t)bits;
    size_t place = bit % 10;
    return place == 9 || (place > 0 && (sent[bit / 10] >> (place - 1) & 1) != 0);
}

/*
 * What a UART makes of the bytes of sent when its bits are `ratio` bits of the sender long, into
 * heard. A stop bit that is none is, depending on the chip, taken for the next start bit or not.
 */
static size_t sample_line(size_t len, double ratio, bool eager)
{
    const double step = ratio < 1 ? ratio / 8 : 1.0 / 8;
    size_t count = 0;
    for (double at = -5; at < (double)len * 10 && count < ROOM;) {
        while (level_at(at, len) && at < (double)len * 10)
            at += step;
        if (at >= (double)len * 10)
            break;
        unsigned byte = 0;
        for (unsigned i = 0; i < 8; i++)
            byte |= (unsigned)level_at(at + ratio * (1.5 + i), len) << i;
        heard[count++] = (uint8_t)byte;
        at += ratio * 9.5;
        while (!eager && !level_at(at, len))
            at += step;
    }
    return count;
}

Test(silence, a_line_sampled_at_its_own_speed_is_heard_right)
{
    struct TestRandom random = {test_random_seed()};
    size_t len = make_frames(&random, 100, 20, false);
    cr_assert_eq(sample_line(len, 1, false), len);
    cr_assert_arr_eq(heard, sent, len);
    SAYS(explain_heard(len), "frames arrived, but nothing of a file in them");
    cr_assert_eq(frames.good, 20);
}

Test(silence, nothing_is_nothing)
{
    SAYS(explain_text(""), "nothing arrived");
}

Test(silence, a_wrong_baud_rate_is_guessed)
{
    /* What is read at, what is sent at. */
    static const double speeds[][2] = {{9600, 115200},   {19200, 115200}, {57600, 115200},
                                       {115200, 921600}, {115200, 57600}, {115200, 38400},
                                       {115200, 230400}};
    struct TestRandom random = {test_random_seed()};
    for (unsigned i = 0; i < 28; i++) {
        size_t len = make_frames(&random, (size_t)64 << i % 5, (size_t)300 >> i % 5, i % 2 != 0);
        bool eager = i / 14 != 0;
        len = sample_line(len, speeds[i % 7][1] / speeds[i % 7][0], eager);
        const char *words = explain_heard(len);
        CHECK(frames.good == 0, "%u: good frames", i);
        CHECK(strstr(words, " bytes, but no frame: wrong baud rate?") != NULL, "%u: %s", i, words);
    }
}

Test(silence, a_sender_far_slower_is_told_by_its_long_bits)
{
    static const double speeds[][2] = {
        {115200, 9600}, {115200, 4800}, {921600, 57600}, {115200, 1200}};
    struct TestRandom random = {test_random_seed()};
    for (unsigned i = 0; i < 16; i++) {
        size_t len = make_frames(&random, 128, 40, i % 2 != 0);
        len = sample_line(len, speeds[i % 4][1] / speeds[i % 4][0], i / 8 != 0);
        const char *words = explain_heard(len);
        CHECK(strstr(words, "wrong baud rate? the other side's may be lower") != NULL, "%u: %s", i,
              words);
    }
    /* But of one that is faster it is not said. */
    size_t len = make_frames(&random, 128, 100, false);
    len = sample_line(len, 115200.0 / 9600, false);
    cr_assert_null(strstr(explain_heard(len), "lower"));
}

Test(silence, on_a_pipe_there_is_no_baud_rate)
{
    static uint8_t zeros[10000];
    struct TestRandom random = {test_random_seed()};
    test_random_fill(&random, heard, 100000);
    struct SilenceFacts pipe = {0};
    SAYS(explain(heard, 100000, pipe),
         "100000 bytes, but not one whole frame: only noise, or not from dttk");
    memcpy(heard + 1000, "~AAAA~ and ~BBBB~", 17); /* as noise has them now and then */
    SAYS(explain(heard, 100000, pipe), "100000 bytes, but not one whole frame");
    SAYS(explain(zeros, sizeof zeros, pipe), "10000 bytes, but no frame: not from dttk");
}

Test(silence, who_talks_there_instead_is_quoted)
{
    SAYS(explain_text("\r\nMicroPython v1.22.1 on 2024-01-05; Raspberry Pi Pico with RP2040\r\n"
                      "Type \"help()\" for more information.\r\n>>> "),
         "nothing there speaks dttk: it says \"MicroPython v1.22.1 on 2024-01-05; Raspberry Pi "
         "Pico with RP2040\"");
    SAYS(explain_text("\r\n>>> "), "nothing there speaks dttk: it says \">>> \", a Python prompt");
    SAYS(explain_text("\r\n>>> \r\n>>> \r\n>>> "), "nothing there speaks dttk: it says \">>> \"");
    SAYS(explain_text("\r\n\r\nDebian GNU/Linux 12 board ttyS0\r\n\r\nboard login: "),
         "nothing there speaks dttk: it says \"Debian GNU/Linux 12 board ttyS0\"");
    SAYS(explain_text("login: "), "nothing there speaks dttk: it says \"login: \"");
    SAYS(explain_text("[    0.000000] Booting Linux on physical CPU 0x0\r\n[    0.000000] Linux "
                      "version 6.1.0 (gcc 12.2.0) #1 SMP\r\n"),
         "nothing there speaks dttk: it says \"[    0.000000] Booting Linux on physical CPU 0x0\"");
    SAYS(explain_text("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"),
         "nothing there speaks dttk: it says \"$GPGGA,123519,4807.038,N,");
    SAYS(explain_text("\x1b[0;32mI (324) cpu_start: Starting scheduler.\x1b[0m\r\n"),
         "nothing there speaks dttk: it says \"I (324) cpu_start: Starting scheduler.\"");
    SAYS(explain_text("\x1b[01;34mroot@board\x1b[0m:~# "),
         "nothing there speaks dttk: it says \"root@board\"");
    SAYS(explain_text("OK\r\n"), "nothing there speaks dttk: it says \"OK\"");
    SAYS(explain_text("Temp\xC3\xA9rature: 21 \xC2\xB0"
                      "C\r\n"),
         "nothing there speaks dttk: it says \"Temp\xC3\xA9rature: 21 \xC2\xB0"
         "C\"");
}

Test(silence, what_is_quoted_puts_nothing_on_a_terminal_and_is_short)
{
    static char words[SILENCE_WORDS];
    struct TestRandom random = {test_random_seed()};
    memset(heard, 'x', 3000);
    (void)explain_heard(3000);
    cr_assert_leq(strlen(silence_explain(&silence, &(struct SilenceFacts){0}, words, sizeof words)),
                  120);
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = test_random_below(&random, 200);
        test_random_fill(&random, heard, len);
        for (size_t i = 0; round % 2 == 0 && i < len; i++) { /* text, escapes, and the rest */
            if (heard[i] > 32)
                heard[i] = (uint8_t) "ab [\x1b\x9b\xc2m\r\n"[heard[i] % 10];
        }
        for (const char *p = explain_heard(len); *p != '\0'; p++)
            CHECK((uint8_t)*p >= 0x20 && *p != 0x7F, "a control character");
    }
}

Test(silence, garbage_before_the_text_does_not_hide_it)
{
    static const uint8_t boot[] = "\xff\0\xfe\x80\0\0\xf8jT\x95\xa2\0\xe3\r\n"
                                  "U-Boot 2023.07 (Jul 10 2023 - 14:13:20 +0000)\r\n\r\n"
                                  "DRAM:  512 MiB\r\n";
    SAYS(explain(boot, sizeof boot - 1, (struct SilenceFacts){.serial = true}),
         "nothing there speaks dttk: it says \"U-Boot 2023.07 (Jul 10 2023 - 14:13:20 +0000)\"");
}

Test(silence, frames_that_are_all_damaged_are_noise)
{
    struct TestRandom random = {test_random_seed()};
    for (unsigned i = 0; i < 40; i++) {
        size_t len = make_frames(&random, i % 4 == 0 ? 60 : 1024, 50, i % 2 != 0);
        size_t count = 0, hit = i % 4 == 0 ? 15 : 100;
        for (size_t b = 0; b < len; b++) {
            bool bad = b % hit == 0;
            if (bad && i % 3 == 0)
                continue; /* lost */
            heard[count++] = (uint8_t)(sent[b] ^ (bad ? 1U << b / hit % 8 : 0));
        }
        const char *words = explain_heard(count);
        CHECK(frames.good == 0, "%u: good frames", i);
        CHECK(strstr(words, " frames, every one damaged: noise, or bytes are lost") != NULL,
              "%u: %s", i, words);
    }
}

/* A run of ftag, each packet damaged where it is no mark; as lines or not. The bytes. */
static size_t make_damaged_ftag(struct TestRandom *random, bool armor)
{
    static struct WireOut out;
    uint8_t block[50];
    struct Buffer line;
    size_t at = 0;
    buffer_init(&line, heard, sizeof heard, 0);
    wire_out_init(&out, crc32c_portable, false, armor);
    for (uint16_t i = 0; i < 40; i++) {
        test_random_fill(random, block, sizeof block);
        struct FtagPacket p = {.seq = (uint8_t)i, .block = i, .data = view_of(block, 50)};
        CHECK(wire_out_ftag(&out, &line, &p), "no packet");
        size_t hit = at + 20 + test_random_below(random, 20);
        heard[hit] = armor ? heard[hit] == 'A' ? 'B' : 'A' : heard[hit] < 0x80 ? 'x' : 0xA5;
        at = line.len;
    }
    return line.len;
}

Test(silence, damaged_packets_of_ftag_and_damaged_lines_are_noise_too)
{
    struct TestRandom random = {test_random_seed()};
    size_t len = make_damaged_ftag(&random, false);
    const char *words = explain_heard(len);
    CHECK(strstr(words, " packets of ftag, every one damaged: noise, or bytes are lost") != NULL,
          "%s", words);
    len = make_damaged_ftag(&random, true);
    SAYS(explain_heard(len), "40 armoured lines, every one damaged: noise, or bytes are lost");
}

Test(silence, our_own_packets_are_told_from_those_of_another)
{
    struct TestRandom random = {test_random_seed()};
    size_t len = make_frames(&random, 100, 20, false);
    struct SilenceFacts facts = {.serial = true, .echoes = 20};
    SAYS(explain(sent, len, facts), "only our own packets come back: a loop-back plug?");
    facts.serial = false;
    cr_assert_str_eq(explain(sent, len, facts), "only our own packets come back");
    facts = (struct SilenceFacts){.serial = true, .rivals = 20};
    SAYS(explain(sent, len, facts), "the other side does the same as this one");
    facts = (struct SilenceFacts){.waiting = 3};
    SAYS(explain(sent, len, facts), "packets arrived, but not the one that names their file");
}
