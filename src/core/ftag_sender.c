#include "core/ftag_sender.h"

#include "core/name.h"

uint64_t ftag_sender_most(unsigned block)
{
    return (uint64_t)FTAG_BLOCKS_MAX * block + (block - 1);
}

bool ftag_sender_init(struct FtagSender *s, const struct FtagSenderConfig *config)
{
    const struct FtagSenderConfig *c = config;
    size_t most = c->packet_max < FTAG_PACKET_MAX ? c->packet_max : FTAG_PACKET_MAX;
    *s = (struct FtagSender){.config = *c};
    CORE_ASSERT(c->copies >= 1);
    if (most < FTAG_META_MIN || c->block < 1 || c->block > most - FTAG_OVERHEAD ||
        c->size > ftag_sender_most(c->block))
        return false;
    s->info = (struct FtagMeta){.full = (uint16_t)(c->size / c->block),
                                .size = (uint8_t)c->block,
                                .last = (uint8_t)(c->size % c->block)};
    s->info.name = view_of(s->name, name_cut(s->name, c->name, most - FTAG_META_MIN));
    return true;
}

static bool fail(struct FtagSender *s)
{
    s->state = FTAG_SENDER_FAILED;
    return false;
}

static bool ask_digest(struct FtagSender *s, struct View *digest)
{
    const struct SenderSource *source = &s->config.source;
    return source->digest(source->ctx, digest) && digest->len == FTAG_DIGEST;
}

static bool output_meta(struct FtagSender *s, struct FtagPacket *p)
{
    size_t len = FTAG_META_HEAD + s->info.name.len + 1;
    if (s->slot == 0) {
        size_t put = ask_digest(s, &s->info.digest) ? ftag_put_meta(s->meta, &s->info) : 0;
        if (put == 0)
            return fail(s);
        s->info.digest = view_of(s->meta + FTAG_META_HEAD - FTAG_DIGEST, FTAG_DIGEST);
        CORE_ASSERT(put == len);
    }
    *p = ftag_meta_packet(view_of(s->meta, len));
    s->counters.metas++;
    return true;
}

static uint64_t data_packets(const struct FtagSender *s)
{
    return (uint64_t)ftag_meta_blocks(&s->info) * s->config.copies;
}

static bool output_data(struct FtagSender *s, struct FtagPacket *p)
{
    const struct SenderSource *source = &s->config.source;
    uint32_t block = (uint32_t)(s->data / s->config.copies);
    size_t len = ftag_meta_block_bytes(&s->info, block);
    const uint8_t *bytes = source->lend(source->ctx, (uint64_t)block * s->info.size, len);
    if (bytes == NULL)
        return fail(s);
    *p = (struct FtagPacket){.block = (uint16_t)block, .data = view_of(bytes, len)};
    s->data++;
    s->counters.data++;
    return true;
}

static bool output_end(struct FtagSender *s, struct FtagPacket *p)
{
    struct View digest;
    if (!ask_digest(s, &digest) || memcmp(digest.data, s->info.digest.data, FTAG_DIGEST) != 0)
        return fail(s);
    *p = ftag_end_packet();
    s->state = FTAG_SENDER_FINISHED;
    return true;
}

bool ftag_sender_output(struct FtagSender *s, struct FtagPacket *p)
{
    bool more = false;
    switch (s->state) {
    case FTAG_SENDER_SENDING:
        if (s->slot < FTAG_FIRST || s->slot % FTAG_META_EVERY == 0)
            more = output_meta(s, p);
        else if (s->data < data_packets(s))
            more = output_data(s, p);
        else
            more = output_end(s, p);
        break;
    case FTAG_SENDER_FINISHED:
    case FTAG_SENDER_FAILED:
        break;
    }
    if (!more)
        return false;
    p->seq = (uint8_t)s->slot++;
    s->counters.packets++;
    return true;
}

uint64_t ftag_sender_packets(const struct FtagSender *s)
{
    uint64_t before = FTAG_META_EVERY - FTAG_FIRST; /* free slots before the first multiple */
    uint64_t rest = data_packets(s);                /* so many free slots precede that of END */
    if (rest < before)
        return FTAG_FIRST + rest + 1;
    rest -= before;
    return FTAG_META_EVERY + rest / (FTAG_META_EVERY - 1) * FTAG_META_EVERY +
           rest % (FTAG_META_EVERY - 1) + 2;
}
