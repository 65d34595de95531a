/*
 * Fuzz: any bytes to an FtagReader, in pieces of any size, its packets to an FtagBridge; and any
 * bytes as packets: with their fields, and led by their length, one after the other. The first byte
 * of an input says how it is cut.
 */
#include "core/ftag_bridge.h"

#include <stdlib.h>
#include <string.h>

#define HELD 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Every byte fed is in exactly one count, or waits. */
static void check_counters(const struct FtagReader *r, uint64_t fed)
{
    const struct FtagCounters *c = &r->counters;

    check(c->good_bytes + c->bad_bytes + c->marks + r->waiting == fed);
    check(c->good_bytes >= FTAG_OVERHEAD * c->good && c->good <= c->marks);
    check(c->bad_escape + c->bad_short + c->bad_length + c->bad_crc + c->bad_long <= c->bad_bytes);
}

static void read_back(const struct FtagPacket *p)
{
    uint8_t memory[FTAG_WIRE_MAX];
    struct FtagPacket back;
    struct FtagReader reader;
    struct FtagMeta meta;
    struct Buffer line;
    struct View bytes;

    buffer_init(&line, memory, sizeof memory, 0);
    check(ftag_append(&line, p));
    bytes = buffer_view(&line);
    ftag_reader_init(&reader);
    check(ftag_reader_next(&reader, &bytes, &back) && bytes.len == 0);
    check(back.seq == p->seq && back.channel == p->channel && back.block == p->block);
    check(back.data.len == p->data.len);
    check(p->data.len == 0 || memcmp(back.data.data, p->data.data, p->data.len) == 0);
    check(reader.recognised == (ftag_kind(p, &meta) == FTAG_META));
}

/* What META says is within bounds, and is META again. */
static void check_meta(const struct FtagPacket *p)
{
    uint8_t data[FTAG_DATA_MAX];
    struct FtagMeta meta;

    if (ftag_kind(p, &meta) != FTAG_META)
        return;
    check(ftag_meta_bytes(&meta) <= (uint64_t)65535 * 249 + 248);
    check(ftag_put_meta(data, &meta) == p->data.len);
    check(memcmp(data, p->data.data, p->data.len) == 0);
}

/* Everything that comes out of the bridge is a packet of the sender's role. */
static void to_bridge(struct FtagBridge *b, const struct FtagPacket *p)
{
    const struct FtagBridgeCounters *c = &b->counters;
    struct Packet packet;
    struct View v;

    ftag_bridge_input(b, p);
    while (ftag_bridge_output(b, &v)) {
        check(packet_parse(v, crc32c_portable, &packet) == PACKET_OK);
        check(packet.type == PACKET_OBJECT || packet.type == PACKET_SOURCE ||
              packet.type == PACKET_END);
    }
    check(c->passed + c->others + c->overrun + c->orphans + b->held.count == c->packets);
}

static void read_pieces(const uint8_t *data, size_t size, size_t seed)
{
    static uint8_t held[HELD];
    struct FtagReader reader;
    struct FtagBridge bridge;
    struct FtagPacket p;
    struct View bytes;
    size_t fed = 0, n;

    ftag_reader_init(&reader);
    ftag_bridge_init(&bridge, crc32c_portable, (uint16_t)seed, held, seed % 3 == 0 ? 0 : HELD);
    for (size_t piece = seed; fed < size; piece = piece * 13 + 7) {
        n = 1 + piece % (seed % 2 == 0 ? 300 : 30000);
        n = n < size - fed ? n : size - fed;
        bytes = view_of(data + fed, n);
        fed += n;
        while (ftag_reader_next(&reader, &bytes, &p)) {
            check_meta(&p);
            read_back(&p);
            to_bridge(&bridge, &p);
        }
        check(bytes.len == 0);
        check_counters(&reader, fed);
    }
    ftag_reader_finish(&reader);
    check(reader.waiting == 0);
    check_counters(&reader, fed);
}

/* Packets led by the length of their data, straight to the bridge: no CRC is in the way. */
static void bridge_packets(struct View v, size_t seed)
{
    static const uint8_t channels[] = {0x00, 0x00, 0x00, 0x80, 0x80, 0x80, 0x80, 0x01};
    static uint8_t held[HELD];
    struct FtagBridge bridge;
    struct FtagPacket p;
    uint8_t len, channel;

    ftag_bridge_init(&bridge, crc32c_portable, (uint16_t)seed, held, HELD);
    while (view_take_u8(&v, &len) && view_take_u8(&v, &p.seq) && view_take_u8(&v, &channel)) {
        p.channel = channels[channel % sizeof channels];
        p.block = p.channel == 0 ? channel : 0;
        if (!view_take(&v, len < v.len ? len : v.len, &p.data) || p.data.len > FTAG_DATA_MAX)
            return;
        check_meta(&p);
        read_back(&p);
        to_bridge(&bridge, &p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    read_pieces(data + 1, size - 1, data[0]);
    bridge_packets(view_of(data + 1, size - 1), data[0]);
    return 0;
}
