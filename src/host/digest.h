/* Digest: SHA-256 of bytes that come in pieces. The state is plain data: a copy goes its own way.
 */
#ifndef HOST_DIGEST_H
#define HOST_DIGEST_H

#include "core/packet.h"

#include <nettle/sha2.h>

struct Digest {
    struct sha256_ctx sha;
};

/* Of no bytes yet. */
void digest_init(struct Digest *d);

void digest_update(struct Digest *d, const uint8_t *data, size_t len);

/* The digest of all bytes so far; d stays as it is and may go on. */
void digest_value(const struct Digest *d, uint8_t out[PACKET_DIGEST]);

#endif
