#include "host/digest.h"

#ifndef WITH_XXHASH
#define WITH_XXHASH 0
#endif

#if WITH_XXHASH

#define XXH_STATIC_LINKING_ONLY /* its state as data, without an allocation of its own */
#include <xxhash.h>

#define ALIGNED 64 /* what the library wants, and malloc does not promise */

_Static_assert(sizeof(XXH3_state_t) + ALIGNED <= DIGEST_XXH128_STATE, "room for the state");

/* The state; of a copy that lies otherwise it is moved into place. */
static XXH3_state_t *state_of(struct Digest *d)
{
    size_t odd = (uintptr_t)d->as.xxh % ALIGNED;
    uint8_t shift = (uint8_t)((ALIGNED - odd) % ALIGNED);
    if (shift != d->shift)
        memmove(d->as.xxh + shift, d->as.xxh + d->shift, sizeof(XXH3_state_t));
    d->shift = shift;
    return (XXH3_state_t *)(void *)(d->as.xxh + shift);
}

static void xxh_init(struct Digest *d)
{
    (void)XXH3_128bits_reset(state_of(d));
}

static void xxh_update(struct Digest *d, const uint8_t *data, size_t len)
{
    (void)XXH3_128bits_update(state_of(d), data, len);
}

static void xxh_value(const struct Digest *d, uint8_t out[PACKET_DIGEST])
{
    XXH128_canonical_t value;
    struct Digest copy = *d;
    XXH128_canonicalFromHash(&value, XXH3_128bits_digest(state_of(&copy)));
    memcpy(out, value.digest, sizeof value.digest);
}

#else

static void xxh_init(struct Digest *d)
{
    (void)d;
    CORE_ASSERT(false);
}

static void xxh_update(struct Digest *d, const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
    xxh_init(d);
}

static void xxh_value(const struct Digest *d, uint8_t out[PACKET_DIGEST])
{
    (void)d;
    (void)out;
    CORE_ASSERT(false);
}

#endif

static void sha_init(struct Digest *d)
{
    sha256_init(&d->as.sha.state);
    d->as.sha.held_len = 0;
}

static void sha_update(struct Digest *d, const uint8_t *data, size_t len)
{
    uint8_t *held = d->as.sha.held;
    size_t *held_len = &d->as.sha.held_len;
    if (len <= DIGEST_SHA256_HELD - *held_len) {
        memcpy(held + *held_len, data, len);
        *held_len += len;
        return;
    }
    sha256_update(&d->as.sha.state, *held_len, held);
    sha256_update(&d->as.sha.state, len, data);
    *held_len = 0;
}

static void sha_value(const struct Digest *d, uint8_t out[PACKET_DIGEST])
{
    /* Taking the value ends a state: end a copy. */
    struct sha256_ctx copy = d->as.sha.state;
    sha256_update(&copy, d->as.sha.held_len, d->as.sha.held);
    sha256_digest(&copy, PACKET_DIGEST, out);
}

bool digest_known(enum DigestKind kind)
{
    return kind == DIGEST_SHA256 || WITH_XXHASH;
}

enum DigestKind digest_kind(uint8_t object_flags)
{
    return (object_flags & OBJECT_XXH128) != 0 ? DIGEST_XXH128 : DIGEST_SHA256;
}

void digest_init(struct Digest *d, enum DigestKind kind)
{
    d->kind = kind;
    d->shift = 0;
    if (kind == DIGEST_XXH128)
        xxh_init(d);
    else
        sha_init(d);
}

void digest_update(struct Digest *d, const uint8_t *data, size_t len)
{
    if (len == 0)
        return;
    if (d->kind == DIGEST_XXH128)
        xxh_update(d, data, len);
    else
        sha_update(d, data, len);
}

size_t digest_size(enum DigestKind kind)
{
    return kind == DIGEST_XXH128 ? PACKET_DIGEST_XXH128 : PACKET_DIGEST;
}

void digest_value(const struct Digest *d, uint8_t out[PACKET_DIGEST])
{
    memset(out, 0, PACKET_DIGEST);
    if (d->kind == DIGEST_XXH128)
        xxh_value(d, out);
    else
        sha_value(d, out);
}
