/*
 * Digest: of bytes that come in pieces, SHA-256 or XXH128. The state is plain data: a copy goes its
 * own way.
 */
#ifndef HOST_DIGEST_H
#define HOST_DIGEST_H

#include "core/packet.h"

#include <nettle/sha2.h>

#define DIGEST_XXH128_STATE 640  /* bytes of libxxhash's state, and room to align it */
#define DIGEST_SHA256_HELD  1024 /* bytes */

enum DigestKind {
    DIGEST_SHA256,
    DIGEST_XXH128, /* finds accidents, not forgers; ten times as fast */
};

struct Digest {
    enum DigestKind kind;
    uint8_t shift; /* XXH128: bytes before the state, so that it is aligned */
    union {
        struct {
            struct sha256_ctx state; /* without these: a line of a stream waits for no hash */
            uint8_t held[DIGEST_SHA256_HELD];
            size_t held_len;
        } sha;
        uint8_t xxh[DIGEST_XXH128_STATE];
    } as;
};

/* True if this build knows that kind; the functions below want one that it knows. */
bool digest_known(enum DigestKind kind);

/* Which kind an OBJECT with these flags has. */
enum DigestKind digest_kind(uint8_t object_flags);

/* Bytes of a digest. */
size_t digest_size(enum DigestKind kind);

/* Of no bytes yet. */
void digest_init(struct Digest *d, enum DigestKind kind);

void digest_update(struct Digest *d, const uint8_t *data, size_t len);

/* The digest of all bytes so far, zeros behind it; d stays as it is and may go on. */
void digest_value(const struct Digest *d, uint8_t out[PACKET_DIGEST]);

#endif
