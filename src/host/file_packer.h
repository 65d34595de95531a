/*
 * FilePacker: a file is packed before it is sent, into a file without a name, for OBJECT says how
 * long it is and what it is. Step by step, so that a line goes on meanwhile.
 */
#ifndef HOST_FILE_PACKER_H
#define HOST_FILE_PACKER_H

#include "host/file_source.h"
#include "host/pack.h"

#define FILE_PACKER_STEP  ((size_t)1 << 20)   /* bytes of the file that a step takes, at most */
#define FILE_PACKER_TRIAL ((uint64_t)8 << 20) /* that are not smaller by then: it never will be */

enum FilePackerState {
    FILE_PACKER_CLOSED,
    FILE_PACKER_MORE,   /* to be done: file_packer_step */
    FILE_PACKER_PACKED, /* the source reads what was packed now */
    FILE_PACKER_PLAIN,  /* it does not shrink, or `error`: the source is as it was */
    FILE_PACKER_FAILED, /* the file cannot be read, or has changed (ESTALE): `error` */
};

struct FilePacker {
    enum FilePackerState state;
    struct Packer packer;
    int fd;        /* of what is packed */
    uint64_t at;   /* bytes of the file taken */
    uint64_t size; /* bytes they have come to */
    uint8_t *memory;
    int error; /* errno; 0: none */
};

/* A FILE_SOURCE_FILE that was looked at and is not ready yet is to be packed. PLAIN at once: it is
 * empty, or there is no room for it. */
void file_packer_open(struct FilePacker *p, const struct FileSource *s);

/* Go on, while it is MORE: the state then. */
enum FilePackerState file_packer_step(struct FilePacker *p, struct FileSource *s);

/* Give all back, in any state; all zero is fine. */
void file_packer_close(struct FilePacker *p);

#endif
