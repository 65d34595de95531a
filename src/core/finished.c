#include "core/finished.h"

struct Finished *finished_find(struct Receiver *r, uint16_t tag, uint64_t now)
{
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        struct Finished *f = &r->finished[i];

        if (f->tag == tag && f->used && now - f->when < RECEIVER_FINISHED_TIME)
            return f;
    }
    return NULL;
}

struct Finished *finished_add(struct Receiver *r, uint16_t tag, const struct PacketObject *info,
                              bool refused, uint64_t now)
{
    struct Finished *f = finished_find(r, tag, now);

    if (!f) {
        f = &r->finished[r->finished_next];
        r->finished_next = (r->finished_next + 1) % RECEIVER_FINISHED;
    }
    *f = (struct Finished){.used = true,
                           .tag = tag,
                           .refused = refused,
                           .size = info->size,
                           .run = info->run,
                           .when = now};
    f->answer.due = ANSWER_NEVER;
    memcpy(f->id, info->id, PACKET_ID);
    r->newest_finished = f;
    return f;
}

void finished_answer(struct Receiver *r, struct Finished *f, const struct Packet *p, size_t len,
                     uint64_t now)
{
    bool asks = p->type == PACKET_OBJECT || p->type == PACKET_END;

    if (p->type == PACKET_OBJECT)
        answer_learn(&f->answer, r, &p->as.object);
    f->answer.echo = p->seq;
    f->when = now;
    if (p->type == PACKET_DONE || p->type == PACKET_ABORT) {
        f->done = p->type == PACKET_DONE;
        f->answer.due = ANSWER_NEVER;
        return;
    }
    answer_note(&f->answer, r, len, asks ? ANSWER_SOON : ANSWER_LATER, now);
}

void finished_end_pass(struct Receiver *r, const struct Finished *of)
{
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        struct Finished *f = &r->finished[i];

        if (f->used && f->size == of->size && memcmp(f->id, of->id, PACKET_ID) == 0)
            f->ended = true;
    }
}

bool receiver_pass_ended(const struct Receiver *r)
{
    return r->newest_finished && r->newest_finished->ended;
}
