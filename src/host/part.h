/*
 * Part: the bytes of one object as they arrive, in a file: pieces in any order, those that follow
 * each other gathered before they are written, and a digest taken of them in order.
 */
#ifndef HOST_PART_H
#define HOST_PART_H

#include "host/digest.h"

#define PART_BUFFER ((size_t)256 << 10)

struct Part {
    int fd;          /* -1: none */
    int error;       /* errno of the write or sync that failed: final; 0: none */
    bool lost;       /* a sync failed: nothing written since the one before can be trusted */
    bool eager;      /* what is written in order goes to the disk soon: less is left for a sync */
    bool unhashed;   /* nobody will ask for its digest: none is taken of what is gathered */
    uint8_t *buffer; /* bytes at .. at + fill, not in the file yet; memory comes with the first */
    uint8_t *other;  /* bytes that are in the file, but perhaps still being hashed; or NULL */
    uint64_t at;
    size_t fill;
    size_t room;        /* bytes of a buffer; set before the first write to gather fewer */
    uint64_t idle, to;  /* written in order, and not on its way to the disk yet; only if eager */
    uint64_t end;       /* behind the last byte ever written */
    struct Digest hash; /* of bytes 0 .. hashed (part_digest): these are settled, what comes again
                         * is dropped */
    uint64_t hashed;
};

/* Over an open file (consumed: closed by part_close), or -1; nothing of it is hashed, by SHA-256.
 */
void part_init(struct Part *p, int fd);

/* Close the file and give memory back; buffered bytes are dropped. Fine to repeat. */
void part_close(struct Part *p);

/*
 * Bytes at an offset. What lies below `hashed` is left as it is: so the file is always what the
 * digest was taken of. 0; -1 and errno: the file failed, now and for ever, and of what was handed
 * over since the last flush (part_unsaved) nothing may be believed to be in it.
 */
int part_write(struct Part *p, uint64_t offset, const uint8_t *data, size_t len);

/* Bytes that were written before. 0; or -1 and errno. */
int part_read(struct Part *p, uint64_t offset, uint8_t *data, size_t len);

/* Write what is gathered; and make safe what was ever written, even if a write has failed: the
 * bytes, or also time and mode. 0; -1 and errno, as part_write. */
int part_flush(struct Part *p);
int part_sync_data(struct Part *p);
int part_sync(struct Part *p);

/* True if bytes *from to *to were handed over and are not in the file, or not safe there, for it
 * failed. */
bool part_unsaved(const struct Part *p, uint64_t *from, uint64_t *to);

/* Bytes below `upto` (all of which were handed over) that wait for part_hash: what is gathered does
 * not, it is hashed on its way to the file, but what is in the file behind it does. */
uint64_t part_behind(const struct Part *p, uint64_t upto);

/* Hash of those at most `most` bytes. 0; or -1 and errno: they cannot be read. */
int part_hash(struct Part *p, uint64_t upto, uint64_t most);

/* Write what is gathered and take the digest of bytes 0 .. upto, all of which were written and no
 * others. 0; or -1 and errno. */
int part_digest(struct Part *p, uint64_t upto, uint8_t out[PACKET_DIGEST]);

/* Nothing is hashed or settled any more, all may be written anew; digests of that kind from now. */
void part_rehash(struct Part *p, enum DigestKind kind);

#endif
