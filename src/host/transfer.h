/*
 * Transfer: the only place where file, sender or receiver, frame, port and loop come together.
 * transfer_send.c and transfer_recv.c read in the order a byte travels.
 */
#ifndef HOST_TRANSFER_H
#define HOST_TRANSFER_H

#include "host/exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the words of a run are: common to send and recv. */
struct TransferWords {
    bool quiet;       /* no verdict, no notes; errors all the same */
    bool verbose;     /* say beforehand what will be sent; counters at the end */
    bool progress;    /* a bar on stderr */
    const char *json; /* statistics to this path, "-" is stdout; NULL: none */
};

struct SendOptions {
    const char *const *files; /* paths; "-" is stdin */
    size_t file_count;        /* 0: stdin */
    int out;                  /* descriptor of the link */
    const char *out_name;     /* to call it in messages */
    uint32_t redundancy;      /* repairs per thousand sources */
    uint64_t passes;          /* 0: until the reader goes away or a signal comes */
    uint64_t rate;            /* bytes a second on the line; 0: unlimited */
    uint64_t packet_rate;     /* packets a second; 0: unlimited */
    size_t mtu;               /* 0: by the size of the file */
    struct TransferWords words;
};

/* Send the files, one after the other. An exit code; everything has been said. */
int transfer_send(const struct SendOptions *options);

struct RecvOptions {
    const char *target; /* path of a file or, with `folder`, a folder; NULL: the descriptor */
    bool folder;
    int out; /* descriptor, if target is NULL */
    int in;  /* descriptor of the link */
    const char *in_name;
    bool force, no_clobber, no_resume;
    struct TransferWords words;
};

/* Receive one object (or, into a folder, all) until the link ends. An exit code, as above. */
int transfer_recv(const struct RecvOptions *options);

#endif
