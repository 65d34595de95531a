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
    uint8_t seq;      /* of our next packet */
    uint8_t echo;     /* seq of its packet seen last */
    uint64_t due;     /* when to speak, ns; ANSWER_NEVER: nothing is owed */
    uint64_t said;    /* when we last spoke, ns; 0: not yet */
    uint64_t bytes;   /* of its packets since then, */
    unsigned packets; /* and how many these were */
};

struct Receiver;
struct Slot;

/* An OBJECT came: does its sender listen, and may it be answered? */
void answer_learn(struct Answer *a, const struct Receiver *r, const struct PacketObject *info);

enum AnswerUrgency {
    ANSWER_LATER, /* within some 50 ms, together with what arrives meanwhile */
    ANSWER_SOON,  /* it was asked for, or something is missing */
};

/* A packet of len bytes arrived, of the object that a, one of r's, is about. */
void answer_note(struct Answer *a, struct Receiver *r, size_t len, enum AnswerUrgency urgency,
                 uint64_t now);

/* Something was decided that the sender must know. */
void answer_at_once(struct Answer *a, struct Receiver *r, uint64_t now);

#endif
