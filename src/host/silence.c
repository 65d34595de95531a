#include "host/silence.h"

#include "host/diag.h"
#include "host/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE      0x1B
#define RUN_MIN     4  /* text: runs of so many characters at least, which chance does not make */
#define LINE_GOOD   8  /* characters of a line worth quoting; if there is none, the longest is */
#define QUOTE       72 /* bytes of the quotation */
#define FRAME_LEAST 8  /* bytes of what could be a frame */
#define LINE_PARTS  8  /* a byte in so many is of armoured lines: noise has fewer */
#define NOISE_PARTS                                                                                \
    3 /* one bad frame in so many is well formed but for its CRC: noise. Where the                 \
         bytes are random, one in a hundred is */

void silence_init(struct Silence *s)
{
    s->bytes = 0;
}

void silence_feed(struct Silence *s, struct View bytes)
{
    if (s->bytes < SILENCE_SAMPLE) {
        size_t room = SILENCE_SAMPLE - (size_t)s->bytes;
        memcpy(s->sample + s->bytes, bytes.data, bytes.len < room ? bytes.len : room);
    }
    s->bytes += bytes.len;
}

static struct View sample(const struct Silence *s)
{
    return view_of(s->sample, s->bytes < SILENCE_SAMPLE ? (size_t)s->bytes : SILENCE_SAMPLE);
}

/* Bytes at the front of v that a program writes for people: a character, or what moves a cursor. */
static size_t take_text(struct View v, bool *shown)
{
    uint32_t code = 0;
    size_t len = text_take(v, &code);
    *shown = len > 0 && text_is_shown(code);
    bool moves = len == 1 && (code == '\r' || code == '\n' || code == '\t' || code == '\b' ||
                              code == '\a' || code == ESCAPE);
    return *shown || moves ? len : 0;
}

/* At the front of v: bytes of a run of text; 0: there is none. */
static size_t text_run(struct View v)
{
    size_t len = 0, characters = 0;
    bool shown;
    for (size_t n; (n = take_text(view_of(v.data + len, v.len - len), &shown)) > 0; len += n)
        characters++;
    return characters >= RUN_MIN ? len : 0;
}

/* True if more than half of the bytes are text. */
static bool is_text(struct View v)
{
    size_t text = 0;
    for (size_t i = 0; i < v.len;) {
        size_t n = text_run(view_of(v.data + i, v.len - i));
        text += n;
        i += n > 0 ? n : 1;
    }
    return text > v.len / 2;
}

/* Bytes at the front of v that are an order to a terminal, such as a colour: ESC [ ... letter. */
static size_t terminal_order(struct View v)
{
    size_t len = 2;
    if (v.len < 2 || v.data[0] != ESCAPE || v.data[1] != '[')
        return 0;
    while (len < v.len && v.data[len] >= 0x20 && v.data[len] < 0x40)
        len++;
    return len < v.len ? len + 1 : len;
}

/* The characters at the front of v that are shown, up to the end of the line. */
static struct View line_of(struct View v)
{
    size_t len = 0;
    bool shown = true;
    while (len < v.len) {
        size_t n = take_text(view_of(v.data + len, v.len - len), &shown);
        if (!shown)
            break;
        len += n;
    }
    return view_of(v.data, len);
}

/* The line to quote: the first that is worth it. */
static struct View pick_line(struct View v)
{
    struct View best = {0};
    for (size_t i = 0; i < v.len && best.len < LINE_GOOD;) {
        struct View rest = view_of(v.data + i, v.len - i);
        size_t order = terminal_order(rest);
        struct View line = line_of(rest);
        if (order == 0 && line.len > best.len)
            best = line;
        i += order > 0 ? order : line.len > 0 ? line.len : 1;
    }
    return best;
}

static void quote(struct View v, char *out, size_t size)
{
    char line[QUOTE];
    struct View says = pick_line(v);
    bool python = says.len >= 4 && memcmp(says.data, ">>> ", 4) == 0;
    (void)snprintf(out, size, "nothing there speaks dttk: it says \"%s\"%s",
                   diag_escape(line, sizeof line, says), python ? ", a Python prompt" : "");
}

/*
 * What a slower line looks like: of its bits only edges are seen, each long, so that a byte is
 * zeros and then ones.
 */
static bool is_slower(struct View v)
{
    size_t stretched = 0;
    for (size_t i = 0; i < v.len; i++) {
        unsigned up = 0xFFU & ~(unsigned)v.data[i]; /* ones, at the lower end */
        stretched += (up & (up + 1)) == 0;
    }
    return stretched >= v.len - v.len / 8;
}

/*
 * True if most of what zeros enclose begins as frames of dttk do: a code byte, then version and
 * type of a packet.
 */
static bool looks_like_frames(struct View v)
{
    size_t frames = 0, alike = 0;
    for (const uint8_t *zero; v.len > 0 && (zero = memchr(v.data, 0, v.len)) != NULL;) {
        size_t len = (size_t)(zero - v.data);
        if (len >= FRAME_LEAST) {
            frames++;
            alike += v.data[1] > 0x40 && v.data[1] < 0x48;
        }
        v = view_of(zero + 1, v.len - len - 1);
    }
    return alike > 0 && alike * 4 >= frames * 3;
}

/* A text of frames that are damaged is no text, so this comes first. */
static bool is_noise(struct View v, const struct FrameCounters *f)
{
    uint64_t bad = f->bad_crc + f->bad_cobs;
    return looks_like_frames(v) || (f->bad_crc > 1 && f->bad_crc >= bad / NOISE_PARTS);
}

/* Packets of ftag that are damaged, how many; 0: it is something else. */
static uint64_t damaged_ftag(const struct FtagCounters *t)
{
    uint64_t bad = t->bad_crc + t->bad_escape + t->bad_length;
    return t->bad_crc > 1 && t->bad_crc >= bad / NOISE_PARTS ? bad + t->bad_short + t->bad_long : 0;
}

/* Something of dttk came, but nothing of it was whole. False: it is something else. */
static bool explain_noise(const struct Silence *s, const struct SilenceFacts *facts, char *out,
                          size_t size)
{
    const struct FrameCounters *f = &facts->frames;
    uint64_t count = f->bad_crc + f->bad_cobs + f->bad_short + f->bad_long;
    const char *what = "frames";
    if (facts->armor.good > 1 && facts->armor.good_bytes >= s->bytes / LINE_PARTS) {
        count = facts->armor.good;
        what = "armoured lines";
    } else if (damaged_ftag(&facts->ftag) > 0) {
        count = damaged_ftag(&facts->ftag);
        what = "packets of ftag";
    } else if (!is_noise(sample(s), f)) {
        return false;
    }
    (void)snprintf(out, size, "%" PRIu64 " %s, every one damaged: noise, or bytes are lost", count,
                   what);
    return true;
}

/* Bytes came, but no frame was whole. */
static void explain_bytes(const struct Silence *s, const struct SilenceFacts *facts, char *out,
                          size_t size)
{
    const struct FrameCounters *f = &facts->frames;
    if (explain_noise(s, facts, out, size))
        return;
    if (is_text(sample(s)))
        quote(sample(s), out, size);
    else if (facts->serial)
        (void)snprintf(out, size, "%" PRIu64 " bytes, but no frame: wrong baud rate?%s", s->bytes,
                       is_slower(sample(s)) ? " the other side's may be lower" : "");
    else
        (void)snprintf(out, size, "%" PRIu64 " bytes, but %s", s->bytes,
                       f->bad_crc + f->bad_cobs > 0
                           ? "not one whole frame: only noise, or not from dttk"
                           : "no frame: not from dttk");
}

char *silence_explain(const struct Silence *s, const struct SilenceFacts *facts, char *out,
                      size_t size)
{
    const char *words = NULL;
    if (s->bytes == 0)
        words = "nothing arrived";
    else if (facts->echoes > 0 && facts->good <= facts->echoes)
        words = facts->serial ? "only our own packets come back: a loop-back plug?"
                              : "only our own packets come back";
    else if (facts->rivals > 0)
        words = "the other side does the same as this one: one has to send, and one to receive";
    else if (facts->waiting > 0)
        words = "packets arrived, but not the one that names their file: send it again";
    else if (facts->good > 0)
        words = "frames arrived, but nothing of a file in them";
    if (words != NULL)
        (void)snprintf(out, size, "%s", words);
    else
        explain_bytes(s, facts, out, size);
    return out;
}
