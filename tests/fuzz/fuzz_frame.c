/*
 * Fuzz: any bytes to a FrameReader, in pieces of any size, and any bytes as a packet there and
 * back. The first byte of an input says how it is cut.
 */
#include "core/frame.h"

#include <stdlib.h>
#include <string.h>

#define RX_SIZE (2 * FRAME_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Every byte fed is in exactly one count, or waits. */
static void check_counters(const struct FrameReader *r, const struct Buffer *rx, uint64_t fed)
{
    const struct FrameCounters *c = &r->counters;

    check(c->good_bytes + c->bad_bytes + c->delimiters + rx->len == fed);
    check(c->good_bytes >= 6 * c->good && c->unstuffed <= c->good);
    check(c->bad_cobs + c->bad_short + c->bad_crc + c->bad_long <= c->bad_bytes + 1);
}

static void read_pieces(const uint8_t *data, size_t size, size_t seed)
{
    uint8_t *memory = malloc(RX_SIZE);
    struct FrameReader reader;
    struct Buffer rx;
    struct View packet;
    size_t fed = 0, n;

    frame_reader_init(&reader, crc32c_portable);
    buffer_init(&rx, memory, RX_SIZE, 0);
    for (size_t piece = seed; fed < size; piece = piece * 13 + 7) {
        n = 1 + piece % (seed % 2 == 0 ? 300 : 30000);
        n = n < size - fed ? n : size - fed;
        check(buffer_append(&rx, data + fed, n));
        fed += n;
        while (frame_reader_next(&reader, &rx, &packet))
            check(packet.len > 0 && packet.len <= FRAME_MAX);
        check_counters(&reader, &rx, fed);
        check(buffer_rebase(&rx, 0) && buffer_tailroom(&rx) >= FRAME_MAX);
    }
    frame_reader_finish(&reader, &rx);
    check(rx.len == 0);
    check_counters(&reader, &rx, fed);
    free(memory);
}

static void there_and_back(struct View packet, bool xonxoff)
{
    struct FrameWriter writer = {.crc32c = crc32c_portable, .xonxoff = xonxoff};
    uint8_t *memory = malloc(FRAME_MAX);
    struct View parts[2] = {{packet.data, packet.len / 3}, {NULL, 0}}, back;
    struct FrameReader reader;
    struct Buffer line;

    parts[1] = view_of(packet.data + parts[0].len, packet.len - parts[0].len);
    buffer_init(&line, memory, FRAME_MAX, 0);
    frame_reader_init(&reader, crc32c_portable);
    if (frame_append(&writer, &line, parts, 2)) {
        check(xonxoff || line.len <= frame_bound(packet.len));
        check(frame_reader_next(&reader, &line, &back));
        check(back.len == packet.len && memcmp(back.data, packet.data, back.len) == 0);
        check(line.len == 0 && reader.counters.good == 1);
    } else {
        check(line.len == 0 && (xonxoff || frame_bound(packet.len) > FRAME_MAX));
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    read_pieces(data + 1, size - 1, data[0]);
    there_and_back(view_of(data + 1, size - 1), false);
    there_and_back(view_of(data + 1, size - 1), true);
    return 0;
}
