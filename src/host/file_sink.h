/*
 * FileSink: one object's target on disk: NAME.part beside NAME while it is collected, with its
 * journal; then NAME, in one step. A small object need not have a name before that: then the part
 * gets it, and its journal, only if it has to last. All names are those of one folder, by its
 * descriptor, and no symbolic link in it is followed.
 */
#ifndef HOST_FILE_SINK_H
#define HOST_FILE_SINK_H

#include "host/journal.h"
#include "host/names.h"
#include "host/part.h"

#include <limits.h>
#include <sys/stat.h>

struct FileSink {
    int dir;                 /* the caller's, kept */
    char name[NAME_MAX + 1]; /* the target */
    char part_name[NAME_MAX + 1];
    char journal_name[NAME_MAX + 1];
    struct Part part; /* fd -1: not open; open, it is locked against other processes */
    bool nameless;    /* it is open, and bears no name; nor is there a journal */
    bool wrong;       /* commit: a file that is not ours got the target's name in a race */
};

/* What an earlier run left beside a target. */
enum FileSinkFound {
    FILE_SINK_NOTHING, /* nothing */
    FILE_SINK_STRAY,   /* a journal of ours without its part */
    FILE_SINK_EMPTY,   /* part and journal, by which nothing has arrived: the part can be reused */
    FILE_SINK_PART,    /* part and journal: the journal is open */
    FILE_SINK_ASIDE,   /* a part that is ours but cannot be gone on with: a stream, or the journal
                        * was lost in a power cut */
    FILE_SINK_BUSY,    /* another process is at it */
    FILE_SINK_FOREIGN, /* a part without a journal, or no regular file */
    FILE_SINK_BROKEN,  /* a journal that is not one of ours, or damaged */
    FILE_SINK_ERROR,   /* errno */
};

/* For target `name` in folder dir; nothing is touched. 0; or -1 and ENAMETOOLONG. */
int file_sink_init(struct FileSink *k, int dir, const char *name);

/*
 * Look at what is there; what was unpacked of it is removed. The part, if it is ours, is left open;
 * *j is open after FILE_SINK_EMPTY (if there is a journal) and FILE_SINK_PART and is to be closed
 * in any case.
 */
enum FileSinkFound file_sink_look(struct FileSink *k, struct Journal *j, Crc32c crc32c);

/*
 * Begin from nothing: write the journal, then create the part, or empty the one that is open. So a
 * part is never without a journal, whenever the process is killed. 0: both are open; or -1 and
 * errno: neither is.
 */
int file_sink_start(struct FileSink *k, struct Journal *j, const struct PacketObject *object,
                    Crc32c crc32c);

/*
 * Begin from FILE_SINK_NOTHING with a part of so many bytes that bears no name and has no journal:
 * if the process is killed nothing of it is left. 0; or -1 and errno: it has to be file_sink_start,
 * also because there are no such files here.
 */
int file_sink_start_nameless(struct FileSink *k, size_t size);

/*
 * Such a part has to last: its journal, of that content, is written, and it gets its name. 0: as
 * if it had been file_sink_start. -1 and errno, as it was; EEXIST: another process receives it.
 */
int file_sink_name(struct FileSink *k, struct Journal *j, const struct JournalContent *c,
                   Crc32c crc32c);

/*
 * The part of k is packed: *unpacked becomes a sink of the same target, whose part is
 * NAME.part.unpacked, new and empty, without a journal. 0; or -1 and errno (EEXIST: not ours).
 * file_sink_remove takes it back.
 */
int file_sink_unpack(const struct FileSink *k, struct FileSink *unpacked);

/* What a run that was killed left of that is removed: only if its journal, of what was packed, is
 * there, and no other process has locked its part, for then it is ours. */
void file_sink_clear_unpacked(const struct FileSink *k);

/* Rename the part that is open, and its journal, to the first free NAME.part.N (into aside); it is
 * closed. 0; or -1 and errno. */
int file_sink_set_aside(struct FileSink *k, char aside[NAME_MAX + 1]);

/* False if the part, which is open, does not bear its name any more: somebody removed or replaced
 * it. Then nothing can come of it. One that never had a name is fine. */
bool file_sink_has_part(const struct FileSink *k);

/* The same of its journal, j. */
bool file_sink_has_journal(const struct FileSink *k, const struct Journal *j);

/* Such a part is given up; its journal is removed, for of another file it would tell lies. */
void file_sink_forget(struct FileSink *k);

/* Remove part and journal, open or not; another file in place of the part stays. 0 (also if there
 * are none); or -1 and errno. */
int file_sink_remove(struct FileSink *k);

/* Bytes the folder's file system has left for the likes of us; UINT64_MAX: not known. */
uint64_t file_sink_space(const struct FileSink *k);

/* Bytes that the part, which is open, takes up there. */
uint64_t file_sink_taken(const struct FileSink *k);

enum FileSinkTarget {
    FILE_SINK_FREE,      /* no such file */
    FILE_SINK_SAME,      /* a regular file of that size and digest */
    FILE_SINK_OTHER,     /* another regular file */
    FILE_SINK_MAYBE,     /* a regular file of that size, but no digest was given */
    FILE_SINK_UNTOUCHED, /* a folder, a symbolic link, a device: never to be replaced */
};

/* True if both are of one file, and it has not changed in between, as far as times tell. */
bool file_sink_unchanged(const struct stat *a, const struct stat *b);

#define FILE_SINK_SEEN 16

/* Digests of targets, so that packets cannot make us read the same files over and over. */
struct FileSinkSeen {
    struct stat of[FILE_SINK_SEEN]; /* the file, as it was; st_ino 0: none */
    enum DigestKind kind[FILE_SINK_SEEN];
    uint8_t digest[FILE_SINK_SEEN][PACKET_DIGEST];
    unsigned next;
};

/* Look at the target: is it size bytes of that digest (its first 16 bytes or all; or 0)? With
 * `seen` (or NULL) a file that has not changed since is not read again. */
enum FileSinkTarget file_sink_target(const struct FileSink *k, uint64_t size, enum DigestKind kind,
                                     struct View digest, struct FileSinkSeen *seen);

struct FileSinkCommit {
    uint64_t size;
    unsigned mode; /* permission bits, the umask taken off */
    bool has_mtime;
    int64_t mtime;   /* ns since 1970 */
    bool replace;    /* what bears the name may be replaced */
    bool only_files; /* but nothing else than a regular file */
    bool no_sync;    /* safe or not: do not wait for the disk */
};

/*
 * The part, which is open and complete, becomes the target, and safe. 0: done, the journal is gone,
 * the part closed; *odd is 0 or the errno with which time or mode could not be set. -1 and errno
 * (EEXIST: the name is taken, or may be replaced, but not by a part that is nameless; ESTALE: see
 * file_sink_has_part): nothing new bears the name of the target, the part is as it was; but if a
 * file was replaced and then the folder could not be synced, the new one stays there, and the part
 * is closed; and ESTALE with `wrong`: another file was put in place of the part at the very moment,
 * and may bear the name now.
 */
int file_sink_commit(struct FileSink *k, const struct FileSinkCommit *c, int *odd);

/* Close the part, if open. */
void file_sink_close(struct FileSink *k);

#endif
