/* Outgoing, on the ancestor's wire: an FtagSender; nothing answers, and every file fits or not. */
#include "host/diag.h"
#include "host/outgoing.h"

#include <inttypes.h>

/* Bytes of a block: what a packet leaves of the mtu. */
static unsigned block_of(size_t mtu)
{
    size_t block = mtu - FTAG_OVERHEAD;

    return (unsigned)(block < FTAG_DATA_MAX ? block : FTAG_DATA_MAX);
}

/* Say that the file is too large. An exit code. */
static int refuse_size(const struct Outgoing *o, unsigned block)
{
    uint64_t size = o->source.size, most = ftag_sender_most(FTAG_DATA_MAX);

    if (size > most)
        diag("%s: more than the %" PRIu64 " bytes that ftag can carry: %" PRIu64, o->name, most,
             size);
    else
        diag("%s: more than the %" PRIu64 " bytes that ftag carries in blocks of %u; --mtu %zu "
             "would do: %" PRIu64,
             o->name, ftag_sender_most(block), block,
             (size_t)(size / (FTAG_BLOCKS_MAX + 1) + 1 + FTAG_OVERHEAD), size);
    return EXIT_USAGE;
}

static int open_sender(struct Outgoing *o, struct OutgoingLine line)
{
    size_t mtu = o->options->mtu;
    struct FtagSenderConfig c = {
        .source = o->lender,
        .size = o->source.size,
        .name = view_of(o->source.name, o->source.name_len),
        .packet_max = mtu ? mtu : FTAG_PACKET,
        .block = mtu ? block_of(mtu) : FTAG_BLOCK,
        .copies = o->options->copies,
    };

    (void)line; /* it has no tags, and one object */
    if (outgoing_is_stream(o)) {
        diag("%s: is a stream, and ftag says the size beforehand: send a file", o->name);
        return EXIT_USAGE;
    }
    o->mtu = c.packet_max;
    if (c.size > ftag_sender_most(c.block))
        return refuse_size(o, c.block);
    if (!ftag_sender_init(&o->ftag, &c)) {
        diag("--mtu: too small for ftag: %zu", o->mtu);
        return EXIT_USAGE;
    }
    return EXIT_DELIVERED;
}

static bool put(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes)
{
    struct FtagPacket p;

    if (!ftag_sender_output(&o->ftag, &p))
        return false;
    *bytes = station_put_ftag(s, &p, now);
    return true;
}

static enum OutgoingState state(const struct Outgoing *o)
{
    switch (o->ftag.state) {
    case FTAG_SENDER_SENDING:
        return OUTGOING_SENDING;
    case FTAG_SENDER_FINISHED:
        return OUTGOING_FINISHED;
    case FTAG_SENDER_FAILED:
        break;
    }
    return OUTGOING_ENDED;
}

/* This wire has no word for it: a run that stops is one that was cut. */
static void put_abort(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                      uint64_t now)
{
    (void)s;
    (void)reason;
    (void)copies;
    (void)now;
    o->ftag.state = FTAG_SENDER_FAILED;
}

static void describe(const struct Outgoing *o, struct ReportSend *sent)
{
    const struct FtagSender *s = &o->ftag;

    sent->size = o->source.size;
    sent->crossed = sent->size;
    sent->symbol_size = s->info.size;
    sent->symbols = ftag_meta_blocks(&s->info);
    sent->copies = s->config.copies;
    sent->plan = ftag_sender_packets(s);
    sent->packets = s->counters.packets;
    sent->sources = s->counters.data;
}

const struct OutgoingWire outgoing_ftag = {open_sender, put, put_abort, state, describe};
