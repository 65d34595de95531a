#include "host/digest.h"

void digest_init(struct Digest *d)
{
    sha256_init(&d->sha);
}

void digest_update(struct Digest *d, const uint8_t *data, size_t len)
{
    if (len > 0)
        sha256_update(&d->sha, len, data);
}

void digest_value(const struct Digest *d, uint8_t out[PACKET_DIGEST])
{
    /* Taking the value ends a state: end a copy. */
    struct sha256_ctx copy = d->sha;
    sha256_digest(&copy, PACKET_DIGEST, out);
}
