/*
 * Answers: what a receiver says to a sender that listens, and when. Which packet is about which
 * object is core/receiver.c's business; answers.c has receiver_output and what belongs to it. For
 * those files only, but for struct Answer.
 */
#ifndef CORE_ANSWERS_H
#define CORE_ANSWERS_H

#include "core/packet.h"

#define ANSWER_NEVER UINT64_MAX

/* What is owed to the sender of one tag. */
struct Answer {
    bool on;          /* it listens: its OBJECT said so */
    uint16_t run;     /* of our packets */
    uint8_t seq;      /* of our next packet */
    uint8_t echo;     /* seq of its packet seen last */
    uint64_t due;     /* when to speak, ns; ANSWER_NEVER: nothing is owed */
    uint64_t said;    /* when we last spoke, ns; 0: not yet */
    uint64_t bytes;   /* of its packets since then, */
    unsigned packets; /* and how many these were */
};

struct Receiver;
struct Slot;

/*
 * Nothing is known any more of what was said of its tag before, if anything: packets from here on
 * bear a run of their own, so that the sender takes none of them for a late one. Nothing is owed.
 */
void answer_begin(struct Answer *a, struct Receiver *r);

/* An OBJECT came: does its sender listen, and may it be answered? */
void answer_learn(struct Answer *a, const struct Receiver *r, const struct PacketObject *info);

enum AnswerUrgency {
    ANSWER_LATER, /* within some 50 ms, together with what arrives meanwhile */
    ANSWER_SOON,  /* it was asked for, or something is missing */
};

/* A packet of len bytes arrived, of the object that a, one of r's, is about. */
void answer_note(struct Answer *a, struct Receiver *r, size_t len, enum AnswerUrgency urgency,
                 uint64_t now);

/* A packet of len bytes of a tag that is not known: its OBJECT is wanted, if its sender may listen.
 * Of one tag at a time. */
void answer_want(struct Receiver *r, const struct Packet *p, size_t len, uint64_t now);

/* An OBJECT came: it is not wanted any more; and whether senders listen here is what it says. */
void answer_wanted(struct Receiver *r, const struct Packet *object);

/* Something was decided that the sender must know. */
void answer_at_once(struct Answer *a, struct Receiver *r, uint64_t now);

#endif
