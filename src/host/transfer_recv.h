/* What transfer_recv.c and transfer_recv_open.c share: nobody else's. */
#ifndef HOST_TRANSFER_RECV_H
#define HOST_TRANSFER_RECV_H

#include "core/receiver.h"
#include "host/patience.h"
#include "host/progress.h"
#include "host/report.h"
#include "host/station.h"
#include "host/store.h"
#include "host/transfer.h"
#include "host/verdict.h"

#define RECV_WAITING ((size_t)4 << 20) /* packets that wait for their OBJECT */

struct Receiving {
    const struct RecvOptions *options;
    struct Loop loop;
    struct Station station;
    bool opened; /* it was, or has failed to be */
    struct Progress progress;
    struct Report report;
    struct Store store;
    struct Receiver receiver;
    struct Slot slots[STORE_SLOTS_MAX];
    unsigned finishing; /* the one that was last seen to be */
    struct Buffer answer;
    uint8_t answer_memory[RECEIVER_PACKET_ROOM];
    uint8_t waiting[RECV_WAITING];
    struct Patience patience;
    struct Verdict verdict;
    bool done; /* the one object of this run has its verdict */
    bool any;  /* some object has one */
    bool gone; /* the folder is not there any more */
    char short_name[48];
};

/* Open what t->options say. An exit code; if it is not 0 there is nothing to receive into. */
int transfer_recv_open(struct Receiving *t);

#endif
