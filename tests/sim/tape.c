#include "tape.h"

#include <stdlib.h>

#define TYPE_MASK 15

static void add(struct Tape *t, const struct SimSender *s)
{
    struct View packet = buffer_view(&s->packet);
    uint64_t data = t->count == 0 ? 0 : t->packets[t->count - 1].data;
    struct TapePacket *p;

    if (t->count == t->room) {
        t->room = 2 * t->room + 1024;
        t->packets = realloc(t->packets, t->room * sizeof *t->packets);
    }
    p = &t->packets[t->count++];
    *p = (struct TapePacket){.offset = t->bytes.len,
                             .len = packet.len + s->body.len,
                             .frame = s->tx.len,
                             .type = (enum PacketType)(packet.data[0] & TYPE_MASK),
                             .wire = s->wire};
    p->data = data + (p->type == PACKET_SOURCE || p->type == PACKET_REPAIR ? 1 : 0);
    sim_capture(&t->bytes, packet.data, packet.len);
    sim_capture(&t->bytes, s->body.data, s->body.len);
    sim_capture(&t->bytes, s->tx.base + s->tx.head, s->tx.len);
}

void tape_make(struct Tape *t, uint64_t size, uint64_t seed, const struct SimOptions *options)
{
    static struct SimSender s;

    *t = (struct Tape){.size = size, .content = sim_content(size, seed)};
    sim_sender_open(&s, t->content, size, options);
    t->symbols = options->stream ? 0 : s.sender.layout.symbols;
    while (sim_sender_frame(&s))
        add(t, &s);
    sim_sender_close(&s);
}

void tape_free(struct Tape *t)
{
    free(t->content);
    free(t->packets);
    sim_capture_free(&t->bytes);
}

struct View tape_packet(const struct Tape *t, size_t i)
{
    return view_of(t->bytes.bytes + t->packets[i].offset, t->packets[i].len);
}

struct View tape_frame(const struct Tape *t, size_t i)
{
    const struct TapePacket *p = &t->packets[i];

    return view_of(t->bytes.bytes + p->offset + p->len, p->frame);
}
