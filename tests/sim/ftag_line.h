/*
 * Ftag line: whole transfers over the ftag wire: schedule, bytes, reader, bridge, and the receiver
 * that our own wire has. For files that have one receiving end.
 */
#ifndef SIM_FTAG_LINE_H
#define SIM_FTAG_LINE_H

#include "core/ftag_bridge.h"
#include "core/ftag_sender.h"
#include "sim/tape.h"

#include "unit/check.h"
#include "unit/fixture.h"
#include "unit/random.h"

/* The receiving end. */
static struct SimReceiver receiver;
static struct FtagReader reader;
static struct FtagBridge bridge;
static uint8_t held[64 << 10];

static inline void begin(void)
{
    sim_receiver_open(&receiver);
    ftag_reader_init(&reader);
    ftag_bridge_init(&bridge, crc32c_portable, 7, held, sizeof held);
}

static inline void take_packet(const struct FtagPacket *p)
{
    struct View packet;

    ftag_bridge_input(&bridge, p);
    while (ftag_bridge_output(&bridge, &packet))
        sim_receiver_packet(&receiver, packet);
}

static inline void take_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    struct View left = view_of(bytes, len);
    struct FtagPacket p;

    (void)ctx;
    while (ftag_reader_next(&reader, &left, &p))
        take_packet(&p);
}

/* An object, and the bytes of a whole run: packet i ends at ends[i]. */
struct Run {
    uint8_t *content;
    uint64_t size;
    uint8_t digest[PACKET_DIGEST];
    struct SimCapture line;
    size_t *ends;
    size_t count;
};

static inline const uint8_t *lend(void *ctx, uint64_t offset, size_t len)
{
    const struct Run *run = ctx;

    CHECK(offset <= run->size && len <= run->size - offset, "bytes beyond the object");
    return run->content + offset;
}

static inline bool lend_digest(void *ctx, struct View *digest)
{
    const struct Run *run = ctx;

    *digest = view_of(run->digest, PACKET_DIGEST);
    return true;
}

static inline void send(struct Run *run, unsigned block, unsigned copies)
{
    struct FtagSenderConfig config = {.source = {run, lend, lend_digest},
                                      .size = run->size,
                                      .name = view_of("x", 1),
                                      .packet_max = FTAG_PACKET_MAX,
                                      .block = block,
                                      .copies = copies};
    uint8_t memory[FTAG_WIRE_MAX];
    struct FtagSender s;
    struct FtagPacket p;
    struct Buffer b;

    CHECK(ftag_sender_init(&s, &config), "refused");
    run->ends = malloc(ftag_sender_packets(&s) * sizeof *run->ends);
    while (ftag_sender_output(&s, &p)) {
        buffer_init(&b, memory, sizeof memory, 0);
        CHECK(ftag_append(&b, &p), "no room");
        sim_capture(&run->line, memory, b.len);
        run->ends[run->count++] = run->line.len;
    }
}

static inline struct Run run_of(uint64_t size, uint64_t seed, unsigned block, unsigned copies)
{
    struct Run run = {.size = size, .content = sim_content(size, seed)};

    sim_digest(run.content, size, run.digest);
    send(&run, block, copies);
    return run;
}

static inline void run_free(struct Run *run)
{
    free(run->content);
    free(run->ends);
    sim_capture_free(&run->line);
}

/* Packets first to end of the run arrive. */
static inline void feed(const struct Run *run, size_t first, size_t end)
{
    size_t from = first == 0 ? 0 : run->ends[first - 1];

    if (end > first)
        take_bytes(NULL, run->line.bytes + from, run->ends[end - 1] - from);
}

static inline enum SimResult result_of(const struct Run *run)
{
    return sim_receiver_result(&receiver, run->content, run->size);
}

static inline void expect_equal(const struct Run *run, const char *when)
{
    enum SimResult result = result_of(run);

    CHECK(result == SIM_EQUAL && receiver.differed == 0, "result %d %s, size %" PRIu64, result,
          when, run->size);
}

#endif
