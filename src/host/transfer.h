/*
 * Transfer: one run of send or recv: where files, sender or receiver, and a station come together.
 * transfer_send.c and transfer_recv.c read in the order a byte travels.
 */
#ifndef HOST_TRANSFER_H
#define HOST_TRANSFER_H

#include "host/digest.h"
#include "host/exit_code.h"
#include "host/link_options.h"
#include "host/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the words of a run are: common to send and recv. */
struct TransferWords {
    bool quiet;          /* no verdict, no notes; errors all the same */
    bool verbose;        /* say beforehand what will be sent; counters at the end */
    bool progress;       /* a bar on stderr, */
    bool progress_given; /* by an option, this way or the other */
    const char *json;    /* statistics to this path, "-" is stdout; NULL: none */
};

/* The line, and what is expected of the other side: common to send and recv. */
struct TransferLine {
    struct LinkOptions link;
    struct WireForm form; /* what is spoken; recv: WIRE_UNKNOWN, whatever the sender speaks */
    bool two_way;         /* send: answers are wanted; recv: they may be given */
    uint64_t timeout;     /* silence that ends the run, ns; CLOCK_NEVER: none does */
    bool timeout_given;   /* recv: then it counts from the beginning, else from the first frame */
    uint64_t window;      /* bytes in flight towards the receiver; 0: not given */
    uint64_t turnaround;  /* half-duplex: ns from hearing to speaking; 0: full duplex */
};

#define SEND_AT_ONCE 8 /* objects that share the line, at most: so many can go round in a loop */

/* A stream to be sent beside the files. */
struct SendStream {
    const char *name; /* what the receiver is told */
    const char *path; /* of a FIFO or a device; "-" is stdin */
};

struct SendOptions {
    const char *const *files;         /* paths; "-" is stdin */
    size_t file_count;                /* no file and no stream: stdin */
    const struct SendStream *streams; /* so many: */
    size_t stream_count;
    bool in_order; /* files one after the other */
    struct TransferLine line;
    uint32_t redundancy;  /* repairs per thousand sources */
    uint64_t passes;      /* 0: until the reader goes away or a signal comes */
    unsigned copies;      /* ftag: each block goes so often */
    uint64_t rate;        /* bytes a second on the line; 0: unlimited */
    uint64_t packet_rate; /* packets a second; 0: unlimited */
    size_t mtu;           /* bytes of a frame, before armor; 0: by the size of the file */
    enum DigestKind digest;
    bool pack;      /* what becomes smaller by that */
    uint64_t flush; /* what a stream brought waits no longer than this, ns */
    struct TransferWords words;
};

/* Send the files and streams. An exit code; everything has been said. */
int transfer_send(const struct SendOptions *options);

struct RecvOptions {
    const char *target; /* path of a file or, with `folder`, a folder; NULL: the descriptor */
    bool folder;
    int out; /* descriptor, if target is NULL */
    struct TransferLine line;
    bool force, no_clobber, no_resume, no_sync;
    bool lossy;      /* what is lost of a stream for good is left out */
    bool keep_going; /* with `folder`: until the link ends or a signal, whatever becomes of objects;
                      * line.timeout then is the silence that ends one of them */
    uint64_t max_size;    /* bytes of the largest object that is taken; 0: any */
    unsigned max_objects; /* so many are received at a time, 1 to STORE_SLOTS_MAX */
    struct TransferWords words;
};

/* Receive one object (or, into a folder, all) until the link ends. An exit code, as above: of
 * several results the smallest that is not 0. */
int transfer_recv(const struct RecvOptions *options);

#endif
