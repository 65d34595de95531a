/*
 * Hasher: a helper thread that takes SHA-256 while the caller reads, writes and decodes. There is
 * one per process, started when it is first of use, where there are processors for it; elsewhere,
 * and for pieces that are not worth it, the caller waits for the digest as ever.
 */
#ifndef HOST_HASHER_H
#define HOST_HASHER_H

#include "host/digest.h"

#define HASHER_LEAST ((size_t)64 << 10) /* bytes worth handing over */

/* The least processors that it takes, of those this process may run on. Tests lower it. */
extern int hasher_processors;

/* As digest_update. True: it is being done, and until the next hasher_update has returned, or
 * hasher_wait, neither d nor data is to be touched. False: it is done. */
bool hasher_update(struct Digest *d, const uint8_t *data, size_t len);

/* digest_update itself, for what is not worth handing over or will not stay. */
void hasher_now(struct Digest *d, const uint8_t *data, size_t len);

/* Everything handed over has been hashed. */
void hasher_wait(void);

#endif
