/*
 * COBS: Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking
 * 7(2), 1999). Makes any bytes free of 0x00: runs of non-zero bytes, each led by a code byte. Code
 * n is n - 1 bytes and the zero that followed them; 0xFF is 254 bytes and no zero. The zero after
 * the last run is not part of the data. Works run by run, not byte by byte.
 */
#ifndef CORE_COBS_H
#define CORE_COBS_H

#include "core/bytes.h"

#define COBS_RUN 254 /* most bytes behind a code byte */

/* The index of the first 0x00 among the n bytes at p; n if there is none. */
size_t cobs_find_zero(const uint8_t *p, size_t n);

/* Encodes data handed over in pieces. */
struct CobsEncoder {
    uint8_t *at;   /* where the next byte goes */
    uint8_t *end;  /* end of the room */
    uint8_t *code; /* code byte of the open run; NULL: none is open */
};

/* Begin: the encoding goes to size bytes at out (kept until the last call). */
void cobs_encoder_init(struct CobsEncoder *e, uint8_t *out, size_t size);

/*
 * Encode the next piece of the data: it may be empty, and lies outside of out. False: no room;
 * what out holds is then of no use and e must be begun again.
 */
bool cobs_encode(struct CobsEncoder *e, struct View data);

/*
 * Close the last run; e->at is then the end of the encoding. Canonical: no code byte follows a full
 * run that ends the data. Data must not have been empty in all.
 */
void cobs_finish(struct CobsEncoder *e);

/*
 * Decode n >= 1 bytes at p in place, none of them 0x00. True: the data are *len bytes at p + 1.
 * False: a code points past the end; the n bytes are undefined.
 */
bool cobs_decode(uint8_t *p, size_t n, size_t *len);

/*
 * Take the next run off the front of *encoded, which is not empty and holds no 0x00, changing
 * nothing: for a decoder that only looks. True: *run is its bytes, *zero says that a zero follows
 * them. False: the code points past the end; *encoded is unchanged.
 */
bool cobs_take_run(struct View *encoded, struct View *run, bool *zero);

#endif
