#include "sim.h"

#include "host/kernels.h"
#include <stdlib.h>
#include <string.h>

#define SANITIZED_SHARE 10 /* one round of so many is left in a build with sanitizers */

static const uint8_t *source_lend(void *ctx, uint64_t offset, size_t len)
{
    const struct SimSender *s = ctx;

    sim_check(offset <= s->size && len <= s->size - offset, "more was asked for than there is");
    return s->bytes + offset;
}

static bool source_digest(void *ctx, struct View *digest)
{
    const struct SimSender *s = ctx;

    *digest = view_of(s->digest, PACKET_DIGEST);
    return !s->changed;
}

static void plan(struct SenderConfig *config, const struct SimOptions *options)
{
    if (options->stream) {
        config->object.flags |= OBJECT_STREAM;
        config->object.size = 0;
        config->plan = config->two_way ? sender_plan_stream_two_way(config->packet_max)
                                       : sender_plan_stream(config->packet_max);
    } else if (config->two_way) {
        config->plan = sender_plan_two_way(config->object.size, config->packet_max, config->simd);
    } else {
        config->plan = sender_plan(config->object.size, config->packet_max, config->simd);
    }
    if (options->symbol_size > 0) {
        config->plan.symbol_size = options->symbol_size;
        config->plan.block = options->block;
        config->plan.per_packet = options->per_packet;
        config->plan.key_limit = UINT32_MAX; /* the test leaves room for its keys */
    }
}

void sim_sender_open(struct SimSender *s, const uint8_t *bytes, uint64_t size,
                     const struct SimOptions *options)
{
    struct SenderConfig config = {
        .crc32c = kernels_best()->crc32c,
        .muladd = kernels_best()->muladd,
        .simd = kernels_best()->simd,
        .source = {s, source_lend, source_digest},
        .object = {.size = size,
                   .run = options->run,
                   .flags = options->flags,
                   .salt = options->salt},
        .redundancy = options->redundancy,
        .passes = options->passes > 0 ? options->passes : 1,
        .two_way = options->two_way,
        .half_duplex = options->half_duplex,
        .line_rate = options->line_rate,
        .window = options->window,
        .random = options->run,
        .frame_size = frame_bound,
    };

    *s = (struct SimSender){.bytes = bytes, .size = size, .mtu = options->mtu};
    if (s->mtu == 0 && options->two_way)
        s->mtu = 16384;
    if (s->mtu == 0)
        s->mtu = options->stream ? SENDER_STREAM_MTU : sender_default_mtu(size);
    config.packet_max = frame_capacity(s->mtu);
    sim_digest(bytes, size, s->digest);
    memcpy(config.object.id, s->digest, PACKET_ID);
    if (options->stream) /* each time it is another: the last byte stands for a random id */
        config.object.id[PACKET_ID - 1] ^= options->salt;
    if (options->name)
        config.object.name = view_of(options->name, strlen(options->name));
    plan(&config, options);
    s->memory = malloc(sender_memory(&config) + 1);
    sim_check(sender_init(&s->sender, &config, s->memory), "the sender refused its options");
    buffer_init(&s->packet, s->packet_memory, sizeof s->packet_memory, PACKET_HEADROOM);
    s->tx_memory = malloc(FRAME_MAX);
    buffer_init(&s->tx, s->tx_memory, FRAME_MAX, 0);
    s->writer = (struct FrameWriter){.crc32c = config.crc32c};
    s->lines = options->lines;
    s->pause = options->pause;
}

void sim_sender_close(struct SimSender *s)
{
    free(s->memory);
    free(s->tx_memory);
}

/* A stream: take as much as there is room for, or one line. */
static void take(struct SimSender *s, uint64_t now)
{
    size_t len, left = s->lines > 0 ? s->lines : SIZE_MAX;
    uint8_t *space;

    if (now < s->more)
        return;
    s->more = now + s->pause;
    while (s->taken < s->size && left > 0 && (space = sender_space(&s->sender, &len)) != NULL) {
        size_t n = s->size - s->taken < len ? (size_t)(s->size - s->taken) : len;

        n = n < left ? n : left;
        memcpy(space, s->bytes + s->taken, n);
        s->taken += n;
        left -= n;
        sender_take(&s->sender, n);
    }
    if (s->lines > 0)
        sender_flush(&s->sender);
    if (s->taken == s->size)
        sender_end(&s->sender);
}

static bool next_packet(struct SimSender *s, uint64_t now)
{
    if ((s->sender.config.object.flags & OBJECT_STREAM) && !s->sender.stream.ended)
        take(s, now);
    return sender_output(&s->sender, &s->packet, &s->body, now);
}

bool sim_sender_packet(struct SimSender *s)
{
    if (next_packet(s, 0))
        return true;
    sim_check(s->sender.state == SENDER_FINISHED, "the sender stopped half-way");
    return false;
}

/* The packet becomes a frame. */
static void put_frame(struct SimSender *s)
{
    struct View parts[2];

    parts[0] = buffer_view(&s->packet);
    parts[1] = s->body;
    buffer_reset(&s->tx, 0);
    sim_check(frame_append(&s->writer, &s->tx, parts, 2), "a frame is too long");
    sim_check(s->tx.len <= s->mtu, "a frame is longer than the mtu");
    s->wire += s->tx.len;
}

bool sim_sender_frame(struct SimSender *s)
{
    if (!sim_sender_packet(s))
        return false;
    put_frame(s);
    return true;
}

bool sim_sender_frame_at(struct SimSender *s, uint64_t now)
{
    if (!next_packet(s, now))
        return false;
    put_frame(s);
    return true;
}

/* One line at a time: its scratch is too large for a stack under sanitizers. */
static struct Damage line;

static void finish_line(struct SimReceiver *r)
{
    damage_finish(&line);
    damage_reset(&line);
    frame_reader_finish(&r->reader, &r->rx);
}

void sim_run(struct SimSender *s, struct SimReceiver *r, const struct DamageConfig *damage)
{
    damage_init(&line, damage, sim_receiver_feed, r);
    while ((r->enough == 0 || r->finished < r->enough) && sim_sender_frame(s))
        sim_check(damage_feed(&line, s->tx.base + s->tx.head, s->tx.len), "no memory for damage");
    finish_line(r);
}

void sim_replay(struct SimReceiver *r, const uint8_t *bytes, size_t len,
                const struct DamageConfig *damage)
{
    damage_init(&line, damage, sim_receiver_feed, r);
    sim_check(damage_feed(&line, bytes, len), "no memory for damage");
    finish_line(r);
}

void sim_capture(void *ctx, const uint8_t *bytes, size_t len)
{
    struct SimCapture *c = ctx;

    if (len > c->room - c->len) {
        c->room = 2 * (c->len + len);
        c->bytes = realloc(c->bytes, c->room);
    }
    memcpy(c->bytes + c->len, bytes, len);
    c->len += len;
}

void sim_capture_free(struct SimCapture *c)
{
    free(c->bytes);
    *c = (struct SimCapture){0};
}

struct SimCapture sim_record(const uint8_t *bytes, uint64_t size, const struct SimOptions *options)
{
    static struct SimSender s;
    struct SimCapture c = {0};

    sim_sender_open(&s, bytes, size, options);
    while (sim_sender_frame(&s))
        sim_capture(&c, s.tx.base + s.tx.head, s.tx.len);
    sim_sender_close(&s);
    return c;
}

uint64_t sim_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint8_t *sim_content(uint64_t size, uint64_t seed)
{
    uint8_t *bytes = malloc(size + 1); /* 1: never of size 0 */

    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(sim_random(&seed) >> 32);
    return bytes;
}

unsigned sim_rounds(unsigned n)
{
    if (getenv("DTTK_BUILD_SANITIZED") == NULL)
        return n;
    return n < SANITIZED_SHARE ? 1 : n / SANITIZED_SHARE;
}
