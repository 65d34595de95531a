/* The test vectors of dttk(5), read from the page itself, so that page and code cannot drift. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/status.h"
#include "packets.h"
#include "sim/sim.h"

#define PAGE_LINE 256
#define BYTES_MAX 512

/* ---- The page -------------------------------------------------------------------------------- */

struct Page {
    FILE *file;
    char line[PAGE_LINE]; /* without its newline */
    bool inside;          /* of the section that has the vectors */
};

static void page_open(struct Page *p)
{
    const char *path = getenv("DTTK_MAN");
    path = path != NULL ? path : "man/dttk.5";
    *p = (struct Page){.file = fopen(path, "r")};
    cr_assert_not_null(p->file, "%s: cannot be opened", path);
}

/* The next line of the section. False: there is none, and the page is closed. */
static bool page_next(struct Page *p)
{
    while (fgets(p->line, sizeof p->line, p->file) != NULL) {
        p->line[strcspn(p->line, "\n")] = 0;
        if (strncmp(p->line, ".Sh ", 4) == 0)
            p->inside = strcmp(p->line, ".Sh TEST VECTORS") == 0;
        else if (p->inside)
            return true;
    }
    fclose(p->file);
    return false;
}

/* Append the hex digits of text, blanks among them, to b. */
static void take_hex(struct Buffer *b, const char *text, const char *name)
{
    unsigned byte;
    for (text += strspn(text, " "); *text != 0; text += strspn(text, " ")) {
        CHECK(sscanf(text, "%2x", &byte) == 1 && strspn(text, "0123456789abcdef") >= 2,
              "%s: no hex: %s", name, text);
        CHECK(buffer_append_u8(b, (uint8_t)byte), "%s: too long", name);
        text += 2;
    }
}

/* The bytes behind the name, in memory (BYTES_MAX bytes). False: the page has no such vector. */
static bool find_vector(const char *name, uint8_t *memory, struct View *bytes)
{
    struct Buffer b;
    struct Page p;
    size_t len = strlen(name);
    bool ours = false, found = false;
    buffer_init(&b, memory, BYTES_MAX, 0);
    page_open(&p);
    while (page_next(&p)) {
        ours = p.line[0] == ' ' ? ours : strncmp(p.line, name, len) == 0 && p.line[len] == ':';
        if (ours)
            take_hex(&b, p.line[0] == ' ' ? p.line : p.line + len + 1, name);
        found = found || ours;
    }
    *bytes = buffer_view(&b);
    return found;
}

static struct View vector(const char *name, uint8_t *memory)
{
    struct View bytes;
    cr_assert(find_vector(name, memory, &bytes), "the page has no vector %s", name);
    cr_assert_gt(bytes.len, 0, "%s is empty", name);
    return bytes;
}

static struct View vector_of(const char *whose, const char *what, uint8_t *memory)
{
    char name[PAGE_LINE];
    snprintf(name, sizeof name, "%s %s", whose, what);
    return vector(name, memory);
}

static struct Packet parsed(const char *whose, uint8_t *memory)
{
    struct Packet p;
    cr_assert_eq(packet_parse(vector_of(whose, "packet", memory), crc32c_portable, &p), PACKET_OK,
                 "%s is not a packet", whose);
    return p;
}

/* ---- Packets and frames ---------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum PacketType type;
    bool framed;
} packets[] = {
    {"file object", PACKET_OBJECT, true},    {"file source", PACKET_SOURCE, true},
    {"file source 2", PACKET_SOURCE, true},  {"file repair", PACKET_REPAIR, true},
    {"file repair 2", PACKET_REPAIR, true},  {"file end", PACKET_END, true},
    {"stream object", PACKET_OBJECT, true},  {"stream source", PACKET_SOURCE, true},
    {"stream repair", PACKET_REPAIR, true},  {"stream end", PACKET_END, true},
    {"answer status", PACKET_STATUS, false}, {"answer done", PACKET_DONE, false},
    {"answer abort", PACKET_ABORT, false},
};

#define PACKETS (sizeof packets / sizeof packets[0])

Test(vectors, packets_are_parsed_and_written_again)
{
    for (size_t i = 0; i < PACKETS; i++) {
        uint8_t memory[BYTES_MAX], written[BYTES_MAX], again[BYTES_MAX];
        struct Packet p = parsed(packets[i].name, memory);
        struct Buffer b;
        buffer_init(&b, written, sizeof written, PACKET_HEADROOM);
        CHECK(p.type == packets[i].type, "%s: of type %d", packets[i].name, p.type);
        CHECK(packets_encode(&b, &p), "%s: cannot be written", packets[i].name);
        CHECK(packets_same_bytes(buffer_view(&b), vector_of(packets[i].name, "packet", again)),
              "%s: written otherwise", packets[i].name);
    }
}

Test(vectors, every_packet_of_the_page_is_among_these)
{
    struct Page p;
    size_t found = 0;
    page_open(&p);
    while (page_next(&p))
        found += p.line[0] != ' ' && strstr(p.line, " packet:") != NULL;
    cr_assert_eq(found, PACKETS);
}

static void check_frame(struct View packet, struct View frame, bool xonxoff)
{
    struct FrameWriter w = {crc32c_portable, xonxoff};
    struct FrameReader r;
    struct Buffer b;
    struct View v;
    uint8_t memory[BYTES_MAX];
    buffer_init(&b, memory, sizeof memory, 0);
    cr_assert(frame_append(&w, &b, &packet, 1));
    cr_assert(packets_same_bytes(buffer_view(&b), frame), "the code writes another frame");
    frame_reader_init(&r, crc32c_portable);
    cr_assert(frame_reader_next(&r, &b, &v), "the code takes it for a bad frame");
    cr_assert(packets_same_bytes(v, packet), "the code reads another packet");
}

Test(vectors, frames_are_written_and_read)
{
    uint8_t packet[BYTES_MAX], frame[BYTES_MAX];
    for (size_t i = 0; i < PACKETS; i++) {
        if (packets[i].framed)
            check_frame(vector_of(packets[i].name, "packet", packet),
                        vector_of(packets[i].name, "frame", frame), false);
    }
    check_frame(vector("packet", packet), vector("frame", frame), false);
    check_frame(vector("packet", packet), vector("stuffed", frame), true);
}

/* ---- What they say --------------------------------------------------------------------------- */

static void check_digest(const char *whose, const struct PacketEnd *end)
{
    uint8_t content[BYTES_MAX], digest[BYTES_MAX], real[PACKET_DIGEST];
    struct View v = vector_of(whose, "content", content);
    sim_digest(v.data, v.len, real);
    cr_assert_eq(end->size, v.len);
    cr_assert(packets_same_bytes(end->digest, view_of(real, sizeof real)));
    cr_assert(packets_same_bytes(end->digest, vector_of(whose, "digest", digest)));
}

/* Symbols of T bytes that lie side by side, or anyhow: what a repair is made from. */
struct Symbols {
    struct View symbol[3];
    size_t count;
};

static const uint8_t *lend(void *ctx, uint64_t symbol, size_t *len)
{
    const struct Symbols *s = ctx;
    *len = symbol < s->count ? s->symbol[symbol].len : 0;
    return symbol < s->count ? s->symbol[symbol].data : (const uint8_t *)"";
}

/* The repair is what the code makes of these symbols. */
static void check_repair(const struct PacketRepair *r, struct Symbols *symbols, size_t size)
{
    cr_assert_eq(r->symbols.len % size, 0);
    for (size_t j = 0; j < r->symbols.len / size; j++) {
        struct RlcWindow w = {r->first + j, r->count, r->stride};
        uint8_t made[BYTES_MAX], *out = made;
        cr_assert(rlc_encode(gf256_muladd_portable, w, r->key, 1, size, lend, symbols, &out));
        cr_assert_eq(memcmp(made, r->symbols.data + j * size, size), 0, "key %d, window %zu",
                     (int)r->key, j);
    }
}

Test(vectors, the_file_is_its_symbols_and_repairs)
{
    uint8_t o[BYTES_MAX], a[BYTES_MAX], b[BYTES_MAX], c[BYTES_MAX], d[BYTES_MAX], e[BYTES_MAX];
    struct Packet object = parsed("file object", o), end = parsed("file end", e);
    struct Packet source = parsed("file source", a), source_2 = parsed("file source 2", b);
    struct Packet repair = parsed("file repair", c), repair_2 = parsed("file repair 2", d);
    struct View content = vector("file content", (uint8_t[BYTES_MAX]){0});
    struct Symbols s = {{view_of(content.data, 16), view_of(content.data + 16, 16),
                         view_of(content.data + 32, content.len - 32)},
                        3};
    cr_assert_eq(object.as.object.symbol_size, 16);
    cr_assert_eq(object.as.object.size, content.len);
    cr_assert_eq(object.as.object.block, 1);
    cr_assert(packets_same_bytes(source.as.source.symbols, view_of(content.data, 32)));
    cr_assert_eq(source_2.as.source.symbol, 2);
    cr_assert(packets_same_bytes(source_2.as.source.symbols, s.symbol[2]));
    check_repair(&repair.as.repair, &s, 16);
    check_repair(&repair_2.as.repair, &s, 16);
    cr_assert_lt(repair.as.repair.key + repair.as.repair.count, 256);
    cr_assert_geq(repair_2.as.repair.key + repair_2.as.repair.count, 256);
    check_digest("file", &end.as.end);
    cr_assert_eq(memcmp(object.as.object.id, end.as.end.digest.data, PACKET_ID), 0);
    cr_assert_eq(end.as.end.symbols, 3);
}

Test(vectors, the_stream_is_its_symbols_and_repair)
{
    uint8_t o[BYTES_MAX], a[BYTES_MAX], b[BYTES_MAX], e[BYTES_MAX];
    static uint8_t memory[4096];
    struct Packet object = parsed("stream object", o), source = parsed("stream source", a);
    struct Packet repair = parsed("stream repair", b), end = parsed("stream end", e);
    struct View content = vector("stream content", (uint8_t[BYTES_MAX]){0}), rest;
    struct Symbols s = {.count = 2};
    struct StreamOut out;
    cr_assert_eq(object.as.object.flags, OBJECT_STREAM);
    cr_assert_leq(stream_out_memory(128, 4), sizeof memory);
    stream_out_init(&out, (uint32_t)object.as.object.symbol_size, 4, memory);
    for (size_t i = 0; i < content.len; i++) {
        size_t room;
        *stream_out_space(&out, 0, &room) = content.data[i];
        stream_out_take(&out, 1);
        if (content.data[i] == '\n')
            stream_out_flush(&out);
    }
    cr_assert_eq(out.closed, s.count);
    rest = source.as.source.symbols;
    for (size_t i = 0; i < s.count; i++) {
        s.symbol[i].data = stream_out_symbol(&out, i, &s.symbol[i].len);
        struct View sent;
        cr_assert(view_take(&rest, s.symbol[i].len, &sent));
        cr_assert(packets_same_bytes(sent, s.symbol[i]), "symbol %zu", i);
    }
    cr_assert_eq(rest.len, 0);
    check_repair(&repair.as.repair, &s, 128);
    check_digest("stream", &end.as.end);
    cr_assert_eq(end.as.end.symbols, s.count);
}

/* True if these frames, a bit each in the order of `names`, bring the receiver a whole object. */
static bool received(const char *const *names, unsigned which)
{
    static struct SimReceiver r;
    uint8_t memory[BYTES_MAX];
    sim_receiver_open(&r);
    for (; *names != NULL; names++, which >>= 1) {
        struct View frame = vector_of(*names, "frame", memory);
        if ((which & 1) != 0)
            sim_receiver_feed(&r, frame.data, frame.len);
    }
    bool whole = r.finished == 1;
    sim_receiver_close(&r);
    return whole;
}

Test(vectors, any_two_packets_of_the_file_suffice)
{
    static const char *const names[] = {"file object", "file source",   "file source 2",
                                        "file repair", "file repair 2", "file end",
                                        NULL};
    for (unsigned which = 0; which < 16; which++) {
        bool whole = __builtin_popcount(which) >= 2;
        CHECK(received(names, 1 | which << 1 | 32) == whole, "those of bits %x", which);
        CHECK(received(names, 1 | which << 1) == whole, "those of bits %x, without END", which);
    }
}

Test(vectors, the_stream_is_received_and_closed_by_end)
{
    static const char *const names[] = {"stream object", "stream source", "stream end", NULL};
    cr_assert(received(names, 7));
    cr_assert(!received(names, 3));
}

Test(vectors, the_status_lists_what_the_page_says)
{
    static const struct StatusRange missing[] = {{0, 2}, {132, 1}, {533, 128}};
    uint8_t memory[BYTES_MAX];
    struct Packet p = parsed("answer status", memory);
    struct StatusReader reader;
    struct StatusRange range;
    cr_assert_eq(p.as.status.state, STATUS_RECEIVING);
    cr_assert_eq(p.as.status.upto, 900);
    status_reader_init(&reader, p.as.status.ranges, p.as.status.upto);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(status_reader_next(&reader, &range));
        cr_assert(range.first == missing[i].first && range.length == missing[i].length);
    }
    cr_assert(!status_reader_next(&reader, &range) && !reader.broken);
}

Test(vectors, the_abort_says_what_the_page_says)
{
    uint8_t memory[BYTES_MAX];
    struct Packet p = parsed("answer abort", memory);
    cr_assert_eq(p.as.abort.role, ROLE_RECEIVER);
    cr_assert_eq(p.as.abort.reason, ABORT_WRITE);
    cr_assert(packets_same_bytes(p.as.abort.text, view_of("No space left on device", 23)));
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* The numbers between what a line begins with and its colon; what stands behind that, or NULL. */
static const char *numbers_of(const char *line, const char *begin, uint64_t *numbers, size_t count)
{
    size_t len = strlen(begin);
    if (strncmp(line, begin, len) != 0 || line[len] != ' ')
        return NULL;
    char *at = (char *)(uintptr_t)line + len;
    for (size_t i = 0; i < count; i++)
        numbers[i] = strtoull(at, &at, 10);
    CHECK(*at == ':', "%s: numbers are wanted before the colon", line);
    return at + 1;
}

Test(vectors, coefficients_are_as_the_page_says)
{
    struct Page p;
    size_t found = 0;
    page_open(&p);
    while (page_next(&p)) {
        uint64_t n[3]; /* key, count, i */
        uint8_t memory[BYTES_MAX];
        struct Buffer b;
        const char *hex = numbers_of(p.line, "coef", n, 3);
        if (hex == NULL)
            continue;
        buffer_init(&b, memory, sizeof memory, 0);
        take_hex(&b, hex, p.line);
        for (uint32_t j = 0; j < b.len; j++, found++)
            CHECK(rlc_coefficient(n[0], (uint32_t)n[1], (uint32_t)n[2] + j) == memory[j],
                  "%s: byte %u", p.line, j);
    }
    cr_assert_geq(found, 50);
}

Test(vectors, products_and_inverses_are_as_the_page_says)
{
    struct Page p;
    size_t found = 0;
    page_open(&p);
    while (page_next(&p)) {
        uint64_t n[2];
        const char *hex;
        if ((hex = numbers_of(p.line, "mul", n, 2)) != NULL)
            CHECK(gf256_mul((uint8_t)n[0], (uint8_t)n[1]) == strtoul(hex, NULL, 16), "%s", p.line);
        else if ((hex = numbers_of(p.line, "inv", n, 1)) != NULL)
            CHECK(gf256_inv((uint8_t)n[0]) == strtoul(hex, NULL, 16), "%s", p.line);
        found += hex != NULL;
    }
    cr_assert_geq(found, 6);
}

Test(vectors, windows_are_as_the_page_says)
{
    struct Page p;
    size_t found = 0;
    page_open(&p);
    while (page_next(&p)) {
        uint64_t n[3]; /* size, T, block */
        const char *rest = numbers_of(p.line, "layout", n, 3);
        char real[PAGE_LINE];
        if (rest == NULL)
            continue;
        struct ObjectLayout l = object_layout(n[0], (uint32_t)n[1], UINT32_C(1) << n[2]);
        snprintf(real, sizeof real, " %llu %lu %lu %llu", (unsigned long long)l.symbols,
                 (unsigned long)l.blocks, (unsigned long)l.count, (unsigned long long)l.groups);
        CHECK(strcmp(rest, real) == 0, "%s, but the code has%s", p.line, real);
        found++;
    }
    cr_assert_geq(found, 8);
}
