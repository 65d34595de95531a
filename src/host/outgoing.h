/*
 * Outgoing: an object on its way out, a file or a stream, and the sender that cuts it into packets.
 * What the sender asks for (bytes, the digest) is answered from here.
 */
#ifndef HOST_OUTGOING_H
#define HOST_OUTGOING_H

#include "core/buffer.h"
#include "core/sender.h"
#include "host/digest.h"
#include "host/file_source.h"
#include "host/report.h"
#include "host/transfer.h"

#define OUTGOING_STAGE ((size_t)64 << 10) /* bytes of a stream read at a time */

struct Outgoing {
    const struct SendOptions *options;
    struct FileSource source;
    struct Sender sender;
    void *sender_memory;
    const char *name;    /* for messages */
    char short_name[32]; /* for the bar */
    size_t mtu;
    uint64_t begin;
    uint64_t wire;       /* bytes of its frames */
    uint64_t first_pass; /* of those, what the first pass took; 0: it is not over */
    struct Buffer stage; /* a stream: read, not yet in symbols */
    uint8_t stage_memory[OUTGOING_STAGE];
    struct Digest digest; /* of a stream */
    uint8_t digest_value[PACKET_DIGEST];
    bool eof;          /* a stream has ended */
    uint64_t flush_at; /* when what it brought must go, full symbol or not; CLOCK_NEVER: nothing */
};

/*
 * Open path ("-": stdin) and make its sender ready. An exit code; if it is not 0 the cause has been
 * said. outgoing_close is fine and needed in either case. Keeps options and path.
 */
int outgoing_open(struct Outgoing *o, const struct SendOptions *options, const char *path);
void outgoing_close(struct Outgoing *o);

bool outgoing_is_stream(const struct Outgoing *o);

/* True if the stream is worth polling: it has not ended, and there is room for more. */
bool outgoing_wants_input(const struct Outgoing *o);

/* Read once, what is there now. 0; or -1 and errno: it cannot be read on. */
int outgoing_read(struct Outgoing *o);

/* Hand what was read over to the sender, as far as the line has caught up, and flush if it is time.
 * Nothing to do for a file. */
void outgoing_take(struct Outgoing *o, uint64_t now);

/* True if the sender gives no more packets. */
bool outgoing_has_ended(const struct Outgoing *o);

/* Two-way, of a file whose digest is not known yet: read and hash a piece ahead of the line. True:
 * there is more of that, and the line may be left waiting less than for the whole at its end. */
bool outgoing_hash_ahead(struct Outgoing *o);

/* Say why the source failed (error: its errno); the reason to ABORT with. */
enum AbortReason outgoing_explain(struct Outgoing *o, int error);

/* What report wants to know. */
struct ReportSend outgoing_describe(const struct Outgoing *o);

#endif
