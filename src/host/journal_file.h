/* What journal.c and journal_open.c share: where what lies in the file. */
#ifndef HOST_JOURNAL_FILE_H
#define HOST_JOURNAL_FILE_H

#include "host/journal.h"

#define JOURNAL_MAGIC     "dttk-jrn"
#define JOURNAL_MAGIC_LEN 8
#define JOURNAL_VERSION   2
#define JOURNAL_HEAD      18                  /* bytes of the head before OBJECT */
#define JOURNAL_BODY      (JOURNAL_BLOCK - 4) /* bytes of a block before its CRC */
#define JOURNAL_AT_END    JOURNAL_BLOCK       /* where the block of END lies */

/* Where copy 0 or 1 of pair p lies. (Records begin at journal_size.) */
uint64_t journal_at_pair(uint64_t p, unsigned copy);

/* How many pairs an object has. */
uint64_t journal_pairs(const struct PacketObject *object);

/* The CRC of a piece of the file that is not the head. */
uint32_t journal_crc(const struct Journal *j, uint64_t at, const uint8_t *bytes, size_t len);

/*
 * Read pair p: the block that counts into block, all zeros if none does; *copy is which of the two
 * the next one is to be written over. 0; or -1 and errno: EBADMSG: both are written, and neither is
 * valid.
 */
int journal_read_pair(const struct Journal *j, uint64_t p, uint8_t block[JOURNAL_BLOCK],
                      unsigned *copy);

#endif
