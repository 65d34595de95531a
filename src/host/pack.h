/*
 * Pack: content made smaller by zstd (RFC 8878), and made itself again. Bytes flow through: a call
 * takes what it can and gives what there is room for, and knows what is between.
 */
#ifndef HOST_PACK_H
#define HOST_PACK_H

#include "core/bytes.h"

#define PACK_LEVEL    3  /* zstd's own choice: faster than a disk */
#define PACK_WINDOW   23 /* log2 of the most bytes an Unpacker looks back: 8 MiB */
#define PACK_HEAD_MAX 18 /* bytes that tell how much a zstd stream unpacks to, if it does tell */
#define PACK_UNKNOWN  UINT64_MAX

/* True if this build has zstd. Without it nothing is packed (ENOTSUP) or unpacked. */
bool pack_known(void);

/* in is taken from, out is filled; both move on, and how much is left of them is counted down. */
struct PackFlow {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

enum PackTo {
    PACK_ON,    /* more will come: nothing has to come out yet */
    PACK_FLUSH, /* all that was taken so far is to come out, and can be unpacked */
    PACK_END,   /* nothing will follow */
};

struct Packer {
    struct ZSTD_CCtx_s *z; /* NULL: closed */
};

/* For content of so many bytes, or PACK_UNKNOWN. The same content then always gives the same bytes,
 * with the same zstd. 0; or -1 and errno. */
int packer_open(struct Packer *p, uint64_t size);

/* Fine if it is closed, or all zero. */
void packer_close(struct Packer *p);

/*
 * 0: all of in was taken and, if it was to be flushed or ended, has come out. 1: there is more to
 * come, call again when out has room. -1 and errno: ENOMEM; EINVAL: it is not of that size.
 */
int packer_run(struct Packer *p, struct PackFlow *flow, enum PackTo to);

/* What an Unpacker refuses beside what is no zstd stream. */
struct UnpackerLimits {
    bool sized;    /* EILSEQ: it does not say at its head what it unpacks to, or is more */
    uint64_t most; /* EMSGSIZE: it unpacks to more bytes than that */
};

struct Unpacker {
    struct ZSTD_DCtx_s *z; /* NULL: closed */
    struct UnpackerLimits limits;
    uint8_t head[PACK_HEAD_MAX]; /* the first head_len bytes that went in */
    size_t head_len;
    uint64_t given; /* bytes that came out */
    bool ended;     /* a whole stream has come out, and nothing after it went in */
    bool full;      /* out was filled: there may be more, though nothing goes in */
    int error;      /* 0; or the errno of a call that failed, and of all after it */
};

/* 0; or -1 and errno. */
int unpacker_open(struct Unpacker *u, struct UnpackerLimits limits);
void unpacker_close(struct Unpacker *u);

/*
 * 0: it has taken what it could, and given what it could (see `full`). -1 and errno, for ever:
 * EILSEQ, this is no zstd stream; EOVERFLOW, it looks back further than PACK_WINDOW; ENOMEM; and as
 * its limits say. Then nothing that came out in that call counts.
 */
int unpacker_run(struct Unpacker *u, struct PackFlow *flow);

/* The bytes that a stream with this head unpacks to, as it says; or PACK_UNKNOWN. */
uint64_t unpacker_promise(struct View head);

#endif
