/* Outgoing, of a stream: what it brings goes to its sender as it comes, packed or as it is. */
#include "host/clock.h"
#include "host/hasher.h"
#include "host/outgoing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static ptrdiff_t read_source(void *ctx, uint8_t *space, size_t size)
{
    struct Outgoing *o = ctx;
    ssize_t n = read(o->source.fd, space, size);

    if (n == 0)
        o->eof = true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n;
}

bool outgoing_wants_input(const struct Outgoing *o)
{
    return outgoing_is_stream(o) && !o->eof && o->stage.len == 0;
}

void outgoing_read(struct Outgoing *o)
{
    if (buffer_write_with(&o->stage, read_source, o) >= 0)
        return;
    o->error = errno;
    o->unreadable = true;
}

/* As packer_run, of bytes that go as they are. */
static int copy(struct PackFlow *flow)
{
    size_t n = flow->in_len < flow->out_len ? flow->in_len : flow->out_len;

    memcpy(flow->out, flow->in, n);
    flow->in += n;
    flow->in_len -= n;
    flow->out += n;
    flow->out_len -= n;
    return flow->in_len > 0;
}

/* Move what was read into symbols, as far as the line has caught up. True: all of it went. */
static bool pour(struct Outgoing *o, enum PackTo to)
{
    int more = 1;

    while (more > 0) {
        struct PackFlow flow = {.in = o->stage.base + o->stage.head, .in_len = o->stage.len};
        size_t room;
        uint8_t *space = sender_space(&o->sender, &room);

        if (!space)
            return false;
        flow.out = space;
        flow.out_len = room;
        more = o->packer.z ? packer_run(&o->packer, &flow, to) : copy(&flow);
        o->unpacked += o->packer.z ? o->stage.len - flow.in_len : 0;
        buffer_ltrunc(&o->stage, o->stage.len - flow.in_len);
        if (flow.out_len < room) {
            hasher_now(&o->digest, space, room - flow.out_len);
            sender_take(&o->sender, room - flow.out_len);
        }
    }
    if (more < 0) {
        o->error = errno;
        o->unreadable = true;
    }
    buffer_reset(&o->stage, 0);
    return more == 0;
}

void outgoing_take(struct Outgoing *o, uint64_t now)
{
    enum PackTo to;

    if (!outgoing_is_stream(o) || o->sender.stream.ended || o->unreadable)
        return;
    if (o->stage.len > 0 && !o->flushing && o->flush_at == CLOCK_NEVER)
        o->flush_at = now + o->options->flush;
    if (now >= o->flush_at) {
        o->flushing = true;
        o->flush_at = CLOCK_NEVER;
    }
    to = o->eof ? PACK_END : o->flushing ? PACK_FLUSH : PACK_ON;
    if (!pour(o, to))
        return;
    if (to == PACK_END)
        sender_end(&o->sender);
    if (to == PACK_FLUSH) {
        sender_flush(&o->sender);
        o->flushing = false;
        o->flush_at = CLOCK_NEVER;
    }
}
