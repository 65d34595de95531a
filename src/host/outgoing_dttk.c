/* Outgoing, on our own wire: a Sender, for one-way and two-way. */
#include "core/armor.h"
#include "host/diag.h"
#include "host/kernels.h"
#include "host/outgoing.h"
#include "host/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define TWO_WAY_MTU 16384 /* packets are as long as the line is good, up to this */
#define ARMOR_MTU   3000  /* a line of it is one that a terminal takes, which is 4095 bytes */

/* False: there are no random bytes, which was said. */
static bool random_bytes(const struct Outgoing *o, void *out, size_t size)
{
    if (getrandom(out, size, 0) == (ssize_t)size)
        return true;
    diag_errno(errno, o->name, "no random number");
    return false;
}

/* The mtu if nobody says another. */
static size_t default_mtu(const struct Outgoing *o)
{
    size_t mtu = o->options->line.two_way ? TWO_WAY_MTU
                 : outgoing_is_stream(o)  ? SENDER_STREAM_MTU
                                          : sender_default_mtu(o->source.size);

    return o->options->line.form.armor && mtu > ARMOR_MTU ? ARMOR_MTU : mtu;
}

/* How the object is cut, and what a packet may have. */
static void plan(struct Outgoing *o, struct SenderConfig *c)
{
    o->mtu = o->options->mtu ? o->options->mtu : default_mtu(o);
    c->packet_max = frame_capacity(o->mtu);
    if (outgoing_is_stream(o))
        c->plan = c->two_way ? sender_plan_stream_two_way(c->packet_max)
                             : sender_plan_stream(c->packet_max);
    else
        c->plan = c->two_way ? sender_plan_two_way(o->source.size, c->packet_max, c->simd)
                             : sender_plan(o->source.size, c->packet_max, c->simd);
}

/* Bytes on the line of a packet as an armoured line. */
static size_t line_size(size_t packet_len)
{
    return armor_size(frame_bound(packet_len));
}

/* What the sender is to do with this file: everything it is told at the beginning. */
static bool configure(struct Outgoing *o, uint64_t rate, struct SenderConfig *config)
{
    const struct Kernels *kernels = kernels_best();
    const struct SendOptions *options = o->options;
    const struct TransferLine *line = &options->line;
    struct SenderConfig c = {
        .crc32c = kernels->crc32c,
        .muladd = profile_muladd(kernels->muladd),
        .simd = kernels->simd,
        .source = o->lender,
        .redundancy = options->redundancy,
        .passes = options->passes,
        .two_way = line->two_way,
        .half_duplex = line->turnaround > 0,
        .line_rate = rate,
        .window = line->window,
        .frame_size = line->form.armor ? line_size : frame_bound,
    };

    if (!random_bytes(o, &c.object.run, sizeof c.object.run) ||
        !random_bytes(o, &c.random, sizeof c.random) ||
        !random_bytes(o, c.object.id, sizeof c.object.id))
        return false;
    if (outgoing_is_stream(o)) {
        c.object.flags =
            (uint8_t)(OBJECT_STREAM | (options->digest == DIGEST_XXH128 ? OBJECT_XXH128 : 0) |
                      (o->packer.z ? OBJECT_ZSTD : 0));
        c.object.name = view_of(o->source.name, o->source.name_len);
        c.passes = 1;
    } else {
        file_source_describe(&o->source, &c.object);
    }
    plan(o, &c);
    *config = c;
    return true;
}

static bool is_live(uint16_t tag, const struct OutgoingLine *line)
{
    for (size_t i = 0; i < line->count; i++) {
        if (line->tags[i] == tag)
            return true;
    }
    return false;
}

/* With the first salt whose tag is free. False: the mtu is too small. */
static bool begin(struct Outgoing *o, struct SenderConfig *c, const struct OutgoingLine *line)
{
    bool fits;

    do
        fits = sender_init(&o->sender, c, o->sender_memory);
    while (fits && is_live(o->sender.tag, line) && ++c->object.salt != 0);
    return fits;
}

static int open_sender(struct Outgoing *o, struct OutgoingLine line)
{
    struct SenderConfig c;
    uint64_t group;

    if (!configure(o, line.rate, &c))
        return EXIT_IO;
    o->sender_memory = malloc(sender_memory(&c) + 1);
    if (!o->sender_memory) {
        diag("%s: out of memory", o->name);
        return EXIT_IO;
    }
    if (!begin(o, &c, &line)) {
        diag("%s: --mtu is too small for this file: %zu", o->name, o->mtu);
        return EXIT_USAGE;
    }
    group = (uint64_t)o->sender.layout.group * c.plan.symbol_size;
    if (!outgoing_is_stream(o) && !c.two_way && (c.redundancy > 0 || c.passes != 1) &&
        file_source_keep(&o->source, group) != 0) {
        diag_errno(errno, o->name, NULL);
        return EXIT_IO;
    }
    return EXIT_DELIVERED;
}

static bool put(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes)
{
    struct View parts[2];

    if (!sender_output(&o->sender, &o->packet, &parts[1], now))
        return false;
    parts[0] = buffer_view(&o->packet);
    *bytes = station_put(s, parts, 2, now);
    return true;
}

static enum OutgoingState state(const struct Outgoing *o)
{
    switch (o->sender.state) {
    case SENDER_SOURCES:
    case SENDER_REPAIRS:
    case SENDER_CLOSING:
    case SENDER_STREAMING:
    case SENDER_TAIL:
    case SENDER_DELIVERING:
    case SENDER_CONFIRMING:
    case SENDER_CONFIRMED:
        return OUTGOING_SENDING;
    case SENDER_FINISHED:
        return OUTGOING_FINISHED;
    case SENDER_REFUSED:
    case SENDER_ABORTED:
    case SENDER_FAILED:
        break;
    }
    return OUTGOING_ENDED;
}

static void put_abort(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                      uint64_t now)
{
    struct View part;

    sender_abort(&o->sender, &o->packet, reason);
    part = buffer_view(&o->packet);
    for (int i = 0; i < copies; i++)
        station_put(s, &part, 1, now);
}

/* Two-way the receiver may have had a part from an earlier run, which is not sent then. */
static uint64_t crossed(const struct Sender *s, const struct ReportSend *sent)
{
    const struct SenderCounters *c = &s->counters;
    uint64_t bytes = (c->sources - c->resent) * s->config.plan.symbol_size;

    return sent->two_way && !sent->stream && bytes < sent->size ? bytes : sent->size;
}

static void describe(const struct Outgoing *o, struct ReportSend *sent)
{
    const struct Sender *s = &o->sender;
    const struct SenderCounters *c = &s->counters;

    sent->size = sent->stream ? s->stream.size : s->layout.size;
    sent->crossed = crossed(s, sent);
    sent->symbol_size = s->config.plan.symbol_size;
    sent->symbols = s->layout.symbols;
    sent->plan = sent->stream ? 0 : sender_pass_packets(s);
    sent->packets = c->packets;
    sent->sources = c->sources;
    sent->repairs = c->repairs;
    sent->passes = s->pass;
    sent->confirmed = sender_confirmed(s);
    sent->good = s->peer.arrived;
    sent->lost = s->peer.lost;
    sent->resent = c->resent;
    sent->answers = c->statuses;
    sent->questions = c->questions;
}

const struct OutgoingWire outgoing_dttk = {open_sender, put, put_abort, state, describe};
