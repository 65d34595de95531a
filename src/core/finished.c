#include "core/finished.h"

#include "core/slot.h"

struct Finished *finished_find(struct Receiver *r, uint16_t tag, uint64_t now)
{
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        struct Finished *f = &r->finished[i];

        if (f->tag == tag && f->used && now - f->when < RECEIVER_FINISHED_TIME)
            return f;
    }
    return NULL;
}

void finished_learn(struct Finished *f, struct View digest)
{
    memcpy(f->digest, digest.data, digest.len);
    f->digest_len = digest.len;
}

struct Finished *finished_add(struct Receiver *r, uint16_t tag, const struct PacketObject *info,
                              bool refused, uint64_t now)
{
    struct Finished *f = finished_find(r, tag, now);

    if (!f) {
        f = &r->finished[r->finished_next];
        r->finished_next = (r->finished_next + 1) % RECEIVER_FINISHED;
    }
    *f = (struct Finished){.used = true, .tag = tag, .refused = refused, .when = now};
    answer_begin(&f->answer, r);
    slot_copy_object(&f->info, f->name, info);
    if (slot_id_is_digest(info))
        finished_learn(f, view_of(info->id, PACKET_ID));
    r->newest_finished = f;
    return f;
}

void finished_forget(struct Receiver *r, struct Finished *f)
{
    f->used = false;
    if (r->newest_finished == f)
        r->newest_finished = NULL;
}

/* A pass over it has ended, under whichever of its tags. */
static void end_pass(struct Receiver *r, const struct Finished *of)
{
    for (unsigned i = 0; i < RECEIVER_FINISHED; i++) {
        struct Finished *f = &r->finished[i];

        if (f->used && slot_same_file(&f->info, &of->info))
            f->ended = true;
    }
}

enum Kinship { OF_ANOTHER, OF_IT_PERHAPS, OF_IT };

/* Is this END of the object? Of one that was opened by an id that is no digest nobody knows. */
static enum Kinship kinship(const struct Finished *f, const struct PacketEnd *end)
{
    size_t len = f->digest_len < end->digest.len ? f->digest_len : end->digest.len;

    if ((f->info.flags & OBJECT_STREAM) == 0 && end->size != f->info.size)
        return OF_ANOTHER;
    if (memcmp(f->digest, end->digest.data, len) != 0)
        return OF_ANOTHER;
    return len > 0 ? OF_IT : OF_IT_PERHAPS;
}

static void owe_verdict(struct Receiver *r, struct Finished *f, size_t len, uint64_t now)
{
    f->unsure = false;
    answer_note(&f->answer, r, len, ANSWER_SOON, now);
}

void finished_object(struct Receiver *r, struct Finished *f, const struct Packet *p, uint64_t now)
{
    answer_learn(&f->answer, r, &p->as.object);
    f->answer.echo = p->seq;
    f->when = now;
    owe_verdict(r, f, 0, now);
}

/* A verdict that is owed already is not taken back. */
static void owe_question(struct Receiver *r, struct Finished *f, size_t len,
                         enum AnswerUrgency urgency, uint64_t now)
{
    f->unsure = f->unsure || f->answer.due == ANSWER_NEVER;
    answer_note(&f->answer, r, len, urgency, now);
}

static void take_end(struct Receiver *r, struct Finished *f, const struct PacketEnd *end,
                     size_t len, uint64_t now)
{
    enum Kinship kin = kinship(f, end);

    if (kin != OF_ANOTHER && end->rest == 0)
        end_pass(r, f);
    if (kin == OF_IT)
        owe_verdict(r, f, len, now);
    else
        owe_question(r, f, len, ANSWER_SOON, now);
}

void finished_input(struct Receiver *r, struct Finished *f, const struct Packet *p, size_t len,
                    uint64_t now)
{
    f->answer.echo = p->seq;
    f->when = now;
    switch ((enum PacketType)p->type) {
    case PACKET_END:
        take_end(r, f, &p->as.end, len, now);
        return;
    case PACKET_DONE:
        f->done = true;
        f->answer.due = ANSWER_NEVER;
        return;
    case PACKET_ABORT:
        f->answer.due = ANSWER_NEVER;
        return;
    case PACKET_SOURCE:
    case PACKET_REPAIR:
    case PACKET_OBJECT:
    case PACKET_STATUS:
        break;
    }
    owe_question(r, f, len, ANSWER_LATER, now);
}

bool receiver_pass_ended(const struct Receiver *r)
{
    return r->newest_finished && r->newest_finished->ended;
}
