#include "host/pack.h"

#include <errno.h>

#ifndef WITH_ZSTD
#define WITH_ZSTD 0
#endif

bool pack_known(void)
{
    return WITH_ZSTD;
}

#if WITH_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

int packer_open(struct Packer *p, uint64_t size)
{
    p->z = ZSTD_createCCtx();
    if (!p->z) {
        errno = ENOMEM;
        return -1;
    }
    ZSTD_CCtx_setParameter(p->z, ZSTD_c_compressionLevel, PACK_LEVEL);
    ZSTD_CCtx_setParameter(p->z, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setPledgedSrcSize(p->z, size == PACK_UNKNOWN ? ZSTD_CONTENTSIZE_UNKNOWN : size);
    return 0;
}

void packer_close(struct Packer *p)
{
    ZSTD_freeCCtx(p->z);
    p->z = NULL;
}

static ZSTD_EndDirective directive(enum PackTo to)
{
    switch (to) {
    case PACK_ON:
        return ZSTD_e_continue;
    case PACK_FLUSH:
        return ZSTD_e_flush;
    case PACK_END:
        break;
    }
    return ZSTD_e_end;
}

/* What was taken and given. */
static void move(struct PackFlow *flow, size_t taken, size_t given)
{
    flow->in += taken;
    flow->in_len -= taken;
    flow->out += given;
    flow->out_len -= given;
}

int packer_run(struct Packer *p, struct PackFlow *flow, enum PackTo to)
{
    ZSTD_inBuffer in = {flow->in, flow->in_len, 0};
    ZSTD_outBuffer out = {flow->out, flow->out_len, 0};
    size_t left;

    if (to == PACK_ON && in.size == 0)
        return 0;
    if (out.size == 0)
        return 1;
    left = ZSTD_compressStream2(p->z, &out, &in, directive(to));
    if (ZSTD_isError(left)) {
        errno = ZSTD_getErrorCode(left) == ZSTD_error_srcSize_wrong ? EINVAL : ENOMEM;
        return -1;
    }
    move(flow, in.pos, out.pos);
    return to == PACK_ON ? flow->in_len > 0 : left > 0;
}

int unpacker_open(struct Unpacker *u, struct UnpackerLimits limits)
{
    *u = (struct Unpacker){.z = ZSTD_createDCtx(), .limits = limits};
    if (!u->z) {
        errno = ENOMEM;
        return -1;
    }
    ZSTD_DCtx_setParameter(u->z, ZSTD_d_windowLogMax, PACK_WINDOW);
    return 0;
}

void unpacker_close(struct Unpacker *u)
{
    ZSTD_freeDCtx(u->z);
    u->z = NULL;
}

static int error_of(size_t code)
{
    ZSTD_ErrorCode error = ZSTD_getErrorCode(code);

    if (error == ZSTD_error_memory_allocation)
        return ENOMEM;
    return error == ZSTD_error_frameParameter_windowTooLarge ? EOVERFLOW : EILSEQ;
}

static void note_head(struct Unpacker *u, const uint8_t *in, size_t len)
{
    for (; len > 0 && u->head_len < sizeof u->head; len--)
        u->head[u->head_len++] = *in++;
}

/* Of what has come so far: 0; or the errno. What has given something has a whole head. */
static int check_limits(const struct Unpacker *u)
{
    uint64_t promise = unpacker_promise(view_of(u->head, u->head_len));

    if (u->given > u->limits.most || (promise != PACK_UNKNOWN && promise > u->limits.most))
        return EMSGSIZE;
    if (u->limits.sized && u->given > 0 && (promise == PACK_UNKNOWN || u->given > promise))
        return EILSEQ;
    return 0;
}

/* zstd's own turn. 0; or the errno. */
static int decompress(struct Unpacker *u, ZSTD_inBuffer *in, ZSTD_outBuffer *out)
{
    size_t left = ZSTD_decompressStream(u->z, out, in);

    if (ZSTD_isError(left))
        return error_of(left);
    u->full = left > 0 && out->pos == out->size;
    u->ended = left == 0;
    u->given += out->pos;
    note_head(u, in->src, in->pos);
    return check_limits(u);
}

int unpacker_run(struct Unpacker *u, struct PackFlow *flow)
{
    ZSTD_inBuffer in = {flow->in, flow->in_len, 0};
    ZSTD_outBuffer out = {flow->out, flow->out_len, 0};

    if (u->error == 0 && in.size == 0 && !u->full)
        return 0;
    /* zstd itself forgets: after an error it may take what follows for a new frame. */
    if (u->error == 0)
        u->error = decompress(u, &in, &out);
    if (u->error != 0) {
        errno = u->error;
        return -1;
    }
    move(flow, in.pos, out.pos);
    return 0;
}

uint64_t unpacker_promise(struct View head)
{
    unsigned long long size = ZSTD_getFrameContentSize(head.data, head.len);

    return size >= ZSTD_CONTENTSIZE_ERROR ? PACK_UNKNOWN : size;
}

#else

static int refuse(void)
{
    errno = ENOTSUP;
    return -1;
}

int packer_open(struct Packer *p, uint64_t size)
{
    (void)size;
    p->z = NULL;
    return refuse();
}

void packer_close(struct Packer *p)
{
    p->z = NULL;
}

int packer_run(struct Packer *p, struct PackFlow *flow, enum PackTo to)
{
    (void)p;
    (void)flow;
    (void)to;
    return refuse();
}

int unpacker_open(struct Unpacker *u, struct UnpackerLimits limits)
{
    (void)limits;
    *u = (struct Unpacker){.z = NULL};
    return refuse();
}

void unpacker_close(struct Unpacker *u)
{
    u->z = NULL;
}

int unpacker_run(struct Unpacker *u, struct PackFlow *flow)
{
    (void)u;
    (void)flow;
    return refuse();
}

uint64_t unpacker_promise(struct View head)
{
    (void)head;
    return PACK_UNKNOWN;
}

#endif
