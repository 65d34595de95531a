#include "duplex.h"

#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE           (50 * DUPLEX_MS) /* line time that may wait */
#define FRAMES_MAX      4096             /* frames on their way */
#define LINGER          DUPLEX_SECOND    /* for DONE to arrive */
#define PACKET_MAX_BACK 400

/* A frame on its way, or what the damage left of it. */
struct Carried {
    uint64_t begin, at; /* when its first byte leaves, and its last arrives */
    uint8_t *bytes;
    size_t len, sent;
    bool collided;
};

struct Way {
    struct Damage line;
    struct Carried frames[FRAMES_MAX]; /* a ring */
    unsigned first, count;
    uint64_t busy; /* the last frame's last byte leaves then */
    uint64_t flight;
    unsigned of_type[16];
    struct SimCapture out; /* what the damage makes of a frame */
};

struct Duplex {
    const struct DuplexOptions *o;
    const uint8_t *bytes;
    uint64_t size, now, jumped;
    struct SimSender sender;
    struct SimReceiver receiver;
    struct Way ways[DUPLEX_WAYS];
    struct FrameReader reader; /* the sender's */
    struct Buffer rx;
    uint8_t rx_memory[2 * FRAME_MAX];
    struct DuplexResult result;
    bool receiver_restarted, sender_restarted;
    uint64_t behind_since; /* 0: it is not */
};

/* With DTTK_TRACE set, every frame that is handed to the line is named on stderr. */
static void trace(const struct Duplex *d, enum DuplexWay w, uint8_t type, const struct Carried *f)
{
    static const char *const names[16] = {"",    "OBJECT", "SOURCE", "REPAIR",
                                          "END", "STATUS", "DONE",   "ABORT"};

    if (getenv("DTTK_TRACE") != NULL)
        fprintf(stderr, "%12.6f %s %-6s %4zu of %4zu bytes arrive at %12.6f\n",
                (double)d->now / 1e9, w == DUPLEX_THERE ? "->" : "<-", names[type], f->len, f->sent,
                (double)f->at / 1e9);
}

static bool is_lost(struct Duplex *d, struct Way *way, uint8_t type)
{
    unsigned number = way->of_type[type]++;

    for (unsigned i = 0; i < DUPLEX_LOSSES; i++) {
        const struct DuplexLoss *l = &d->o->losses[i];

        if (l->count > 0 && l->type == type && number - l->from < l->count)
            return true;
    }
    return false;
}

/* Half-duplex: who speaks while the other does destroys both. */
static void collide(struct Duplex *d, struct Way *other, struct Carried *frame)
{
    for (unsigned i = 0; d->o->turnaround > 0 && i < other->count; i++) {
        struct Carried *f = &other->frames[(other->first + i) % FRAMES_MAX];

        if (f->begin < frame->at && frame->begin < f->at)
            f->collided = frame->collided = true;
    }
}

/* A frame is handed to the line; type is its packet's. */
static void carry(struct Duplex *d, enum DuplexWay w, const uint8_t *bytes, size_t len,
                  uint8_t type)
{
    struct Way *way = &d->ways[w];
    struct Carried *f = &way->frames[(way->first + way->count++) % FRAMES_MAX];
    bool lost = is_lost(d, way, type);

    sim_check(way->count <= FRAMES_MAX, "too many frames on their way");
    *f = (struct Carried){.begin = way->busy > d->now ? way->busy : d->now, .sent = len};
    way->busy = f->begin + len * DUPLEX_SECOND / d->o->rate[w];
    f->at = way->busy + d->o->latency[w];
    way->out = (struct SimCapture){0};
    sim_check(damage_feed(&way->line, bytes, len), "no memory for damage");
    f->bytes = way->out.bytes;
    f->len = lost ? 0 : way->out.len;
    way->flight += len;
    d->result.wire[w] += len;
    collide(d, &d->ways[1 - w], f);
    trace(d, w, type, f);
}

static void capture(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Way *way = ctx;

    sim_capture(&way->out, bytes, len);
}

static void feed_sender(struct Duplex *d, const uint8_t *bytes, size_t len)
{
    struct View packet;

    sim_check(buffer_append(&d->rx, bytes, len), "an answer is too long");
    while (frame_reader_next(&d->reader, &d->rx, &packet))
        sender_input(&d->sender.sender, packet, d->now);
    buffer_rebase(&d->rx, 0);
}

/* What has arrived by now is taken. */
static void arrive(struct Duplex *d, enum DuplexWay w)
{
    struct Way *way = &d->ways[w];

    while (way->count > 0 && way->frames[way->first].at <= d->now) {
        struct Carried *f = &way->frames[way->first];
        size_t len = f->collided ? 0 : f->len;

        d->receiver.now = d->now;
        if (w == DUPLEX_THERE)
            sim_receiver_feed(&d->receiver, f->bytes, len);
        else
            feed_sender(d, f->bytes, len);
        way->flight -= f->sent;
        free(f->bytes);
        way->first = (way->first + 1) % FRAMES_MAX;
        way->count--;
    }
}

/* Half-duplex: when the other side has been silent long enough. */
static uint64_t quiet_at(const struct Duplex *d, enum DuplexWay w)
{
    const struct Way *other = &d->ways[1 - w];

    return other->busy > 0 && d->o->turnaround > 0 ? other->busy + d->o->turnaround : 0;
}

/* When the station at the beginning of this way may hand over a frame. */
static uint64_t room_at(const struct Duplex *d, enum DuplexWay w)
{
    uint64_t room = d->ways[w].busy > QUEUE ? d->ways[w].busy - QUEUE : 0, quiet = quiet_at(d, w);

    return room > quiet ? room : quiet;
}

/* Both stations say what they have; when one of them has more to say. */
static uint64_t speak_there(struct Duplex *d)
{
    struct SimSender *s = &d->sender;

    while (room_at(d, DUPLEX_THERE) <= d->now) {
        if (!sim_sender_frame_at(s, d->now))
            return sender_deadline(&s->sender);
        carry(d, DUPLEX_THERE, s->tx.base + s->tx.head, s->tx.len,
              s->packet.base[s->packet.head] & 15);
        if (s->sender.peer.heard && d->ways[DUPLEX_THERE].flight > d->result.flight_most)
            d->result.flight_most = d->ways[DUPLEX_THERE].flight;
    }
    return room_at(d, DUPLEX_THERE);
}

static uint64_t speak_back(struct Duplex *d)
{
    static uint8_t memory[RECEIVER_PACKET_ROOM], frame[2 * RECEIVER_PACKET_ROOM];
    struct Receiver *r = &d->receiver.receiver;
    struct Buffer packet, tx;
    struct View part;

    while (room_at(d, DUPLEX_BACK) <= d->now) {
        buffer_init(&packet, memory, sizeof memory, PACKET_HEADROOM);
        buffer_init(&tx, frame, sizeof frame, 0);
        r->bad_frames = d->receiver.reader.counters.bad_crc;
        if (!receiver_output(r, &packet, d->now))
            return receiver_deadline(r);
        part = buffer_view(&packet);
        sim_check(frame_append(&d->sender.writer, &tx, &part, 1), "an answer is too long");
        carry(d, DUPLEX_BACK, tx.base + tx.head, tx.len, packet.base[packet.head] & 15);
    }
    return room_at(d, DUPLEX_BACK);
}

static void open_sender(struct Duplex *d)
{
    struct SimOptions options = d->o->sender;

    options.two_way = true;
    options.half_duplex = d->o->turnaround > 0;
    options.run += d->sender_restarted;
    if (d->sender_restarted && options.stream)
        options.salt++; /* for the random id: it is another stream */
    sim_sender_open(&d->sender, d->bytes, d->size, &options);
    frame_reader_init(&d->reader, d->sender.writer.crc32c);
    buffer_init(&d->rx, d->rx_memory, sizeof d->rx_memory, 0);
}

/* What the test has planned for this moment. */
static void interfere(struct Duplex *d)
{
    const struct DuplexOptions *o = d->o;

    if (o->receiver_restart > 0 && d->now >= o->receiver_restart && !d->receiver_restarted) {
        d->receiver_restarted = true;
        sim_receiver_restart(&d->receiver, o->resume);
    }
    if (o->sender_restart > 0 && d->now >= o->sender_restart && !d->sender_restarted) {
        d->sender_restarted = true;
        sim_sender_close(&d->sender);
        open_sender(d);
    }
    if (o->jump > 0 && d->now >= o->jump && d->jumped == 0) {
        d->jumped = o->jump_by;
        d->now += o->jump_by;
    }
}

static uint64_t next_interference(const struct Duplex *d)
{
    const struct DuplexOptions *o = d->o;
    uint64_t at = UINT64_MAX;

    if (o->receiver_restart > 0 && !d->receiver_restarted)
        at = clock_earlier(at, o->receiver_restart);
    if (o->sender_restart > 0 && !d->sender_restarted)
        at = clock_earlier(at, o->sender_restart);
    if (o->jump > 0 && d->jumped == 0)
        at = clock_earlier(at, o->jump);
    return at;
}

static uint64_t next_arrival(const struct Way *way)
{
    return way->count > 0 ? way->frames[way->first].at : UINT64_MAX;
}

/* When a stream brings more; UINT64_MAX: never, or without a pause. */
static uint64_t next_line(const struct SimSender *s)
{
    return s->pause > 0 && s->taken < s->size ? s->more : UINT64_MAX;
}

/* Has the receiver of a stream all that it has brought so far? */
static void look_behind(struct Duplex *d)
{
    uint64_t here = 0;

    for (unsigned i = 0; i < SIM_SLOTS; i++)
        here += d->receiver.files[i].open ? d->receiver.files[i].size : 0;
    if (d->receiver.finished > 0 || here == d->sender.taken)
        d->behind_since = 0;
    else if (d->behind_since == 0)
        d->behind_since = d->now;
    if (d->behind_since > 0 && d->now - d->behind_since > d->result.behind)
        d->result.behind = d->now - d->behind_since;
}

static bool has_ended(const struct Sender *s)
{
    return s->state == SENDER_FINISHED || s->state == SENDER_REFUSED ||
           s->state == SENDER_ABORTED || s->state == SENDER_FAILED;
}

/* One step of time. False: nothing will ever happen again. */
static bool step(struct Duplex *d)
{
    uint64_t at = UINT64_MAX;

    interfere(d);
    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++)
        arrive(d, w);
    at = clock_earlier(at, speak_there(d));
    at = clock_earlier(at, speak_back(d));
    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++)
        at = clock_earlier(at, next_arrival(&d->ways[w]));
    at = clock_earlier(at, next_interference(d));
    at = clock_earlier(at, sim_receiver_finish(&d->receiver, d->now));
    at = clock_earlier(at, next_line(&d->sender));
    look_behind(d);
    if (at == UINT64_MAX)
        return false;
    d->now = at > d->now ? at : d->now + 1;
    return true;
}

static void open_receiver(struct Duplex *d)
{
    struct ReceiverConfig *c = &d->receiver.receiver.config;

    sim_receiver_open(&d->receiver);
    d->receiver.finish_time = d->o->finish_time;
    c->may_answer = true;
    c->run = 7;
    c->window = d->o->window;
    c->packet_max = PACKET_MAX_BACK;
}

static void close_all(struct Duplex *d)
{
    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++) {
        struct Way *way = &d->ways[w];

        for (; way->count > 0; way->count--, way->first = (way->first + 1) % FRAMES_MAX)
            free(way->frames[way->first].bytes);
        damage_reset(&way->line);
    }
    sim_sender_close(&d->sender);
    sim_receiver_close(&d->receiver);
}

struct DuplexResult duplex_run(const uint8_t *bytes, uint64_t size, const struct DuplexOptions *o)
{
    static struct Duplex d;
    uint64_t end;

    d = (struct Duplex){.o = o, .bytes = bytes, .size = size, .now = 1};
    open_sender(&d);
    open_receiver(&d);
    for (enum DuplexWay w = 0; w < DUPLEX_WAYS; w++)
        damage_init(&d.ways[w].line, &o->damage[w], capture, &d.ways[w]);
    while (!has_ended(&d.sender.sender) && d.now < o->limit && step(&d)) {
    }
    d.result.time = d.now;
    d.result.sender = d.sender.sender.state;
    for (end = d.now + LINGER; !receiver_done(&d.receiver.receiver) && d.now < end && step(&d);) {
    }
    d.result.done = receiver_done(&d.receiver.receiver);
    d.result.file = sim_receiver_result(&d.receiver, bytes, size);
    d.result.counters = d.sender.sender.counters;
    close_all(&d);
    return d.result;
}
