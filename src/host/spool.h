/*
 * Spool: an object on its way to a descriptor (stdout), which takes bytes in order and when it
 * likes. What is of known size lies in a file without a name until it can go, since it comes out of
 * order and repairs need it; a stream comes in order and waits in memory. What is packed is
 * unpacked on its way from there to the descriptor.
 */
#ifndef HOST_SPOOL_H
#define HOST_SPOOL_H

#include "host/pack.h"
#include "host/part.h"

#define SPOOL_QUEUE_MAX ((size_t)32 << 20) /* most bytes of a stream that wait */

enum SpoolWay {
    SPOOL_FILE,     /* a regular file: writes do not wait */
    SPOOL_NONBLOCK, /* a description of our own: O_NONBLOCK */
    SPOOL_SOCKET,   /* MSG_DONTWAIT */
    SPOOL_SMALL,    /* shared, may block: poll, then no more than PIPE_BUF at a time */
};

struct Spool {
    int fd;     /* -1 once it has failed */
    bool owned; /* fd is closed by spool_close */
    enum SpoolWay way;
    int error; /* errno of the failure; 0: none */

    struct Part part;  /* known size: fd -1 before spool_begin */
    uint64_t ready;    /* bytes that may go */
    uint64_t released; /* of them gone (to the descriptor, or into the unpacker) */
    uint64_t punched;  /* of them given back to the disk */

    struct Digest hash; /* stream: of everything delivered */
    uint8_t *queue;     /* stream: bytes that wait: queue_len at queue + queue_head */
    size_t queue_size, queue_head, queue_len;

    bool packed;                  /* it is, so: */
    struct UnpackerLimits limits; /* of */
    struct Unpacker unpacker;     /* takes what may go, */
    uint8_t *unpacked; /* and gives this: unpacked_len bytes at unpacked + unpacked_head */
    size_t unpacked_head, unpacked_len;
    uint64_t written; /* bytes that the descriptor took */
};

/* For descriptor fd (kept; closed by spool_close if owned). */
void spool_init(struct Spool *s, int fd, bool owned);

void spool_close(struct Spool *s);

/* An object of known size will come: make its file, in folder dir. 0; or -1 and errno. */
int spool_begin(struct Spool *s, int dir);

/* Known size: all below upto may go. Gives back disk space behind. 0; or -1 and errno. */
int spool_advance(struct Spool *s, uint64_t upto);

/* It is all to come (again), with a digest of that kind; nothing has been released yet. packed:
 * what limits it, copied; NULL: it is not packed. */
void spool_restart(struct Spool *s, enum DigestKind kind, const struct UnpackerLimits *packed);

/* Stream: the next bytes. What the descriptor does not take now waits. 0; or -1 and errno. */
int spool_deliver(struct Spool *s, const uint8_t *data, size_t len);

/* Bytes that may go and have not; what waits to be unpacked counts as it is. */
uint64_t spool_pending(const struct Spool *s);

/* Bytes of what was packed that have come out so far; 0: it is not packed. */
uint64_t spool_unpacked(const struct Spool *s);

/* Write what goes without waiting, up to `most` bytes. 0; or -1 and errno: nothing waits any more;
 * EILSEQ, EOVERFLOW, EMSGSIZE: it cannot be unpacked (unpacker_run). */
int spool_pump(struct Spool *s, uint64_t most);

/* All is written: make it safe, if the descriptor is a regular file and it is to be. 0; or -1 and
 * errno: EILSEQ, what was unpacked is not all. */
int spool_finish(struct Spool *s, bool sync);

#endif
