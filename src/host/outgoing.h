/*
 * Outgoing: an object on its way out, a file or a stream, and the sender that cuts it into packets.
 * What the sender asks for (bytes, the digest) is answered from here.
 */
#ifndef HOST_OUTGOING_H
#define HOST_OUTGOING_H

#include "core/ftag_sender.h"
#include "host/digest.h"
#include "host/file_source.h"
#include "host/report.h"
#include "host/station.h"
#include "host/transfer.h"

#define OUTGOING_STAGE ((size_t)64 << 10) /* bytes of a stream read at a time */

struct Outgoing;

enum OutgoingState {
    OUTGOING_SENDING,
    OUTGOING_FINISHED, /* all was given */
    OUTGOING_ENDED,    /* no more will be: refused, aborted, failed */
};

/* How a wire makes packets of an object: outgoing_dttk or outgoing_ftag. */
struct OutgoingWire {
    /* Of an open source make the sender; as outgoing_open. */
    int (*open)(struct Outgoing *o);
    bool (*put)(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes);
    void (*put_abort)(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                      uint64_t now);
    enum OutgoingState (*state)(const struct Outgoing *o);
    /* Fill in what only the sender knows. */
    void (*describe)(const struct Outgoing *o, struct ReportSend *sent);
};

extern const struct OutgoingWire outgoing_dttk, outgoing_ftag;

struct Outgoing {
    const struct SendOptions *options;
    const struct OutgoingWire *speaks;
    struct SenderSource lender; /* lends what lies in source to the sender */
    struct FileSource source;
    struct Sender sender;   /* outgoing_dttk; else all zero */
    struct FtagSender ftag; /* outgoing_ftag */
    void *sender_memory;
    struct Buffer packet;
    uint8_t packet_memory[SENDER_PACKET_ROOM];
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

/* The sender's next packet goes to the station: true, *bytes of it on the line. False: there is
 * none now, or ever. */
bool outgoing_put(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes);

/* That it ends here goes to the station, so many times, if the wire has words for it. */
void outgoing_put_abort(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                        uint64_t now);

/* Whether the sender gives more packets. */
enum OutgoingState outgoing_state(const struct Outgoing *o);

/* Two-way, of a file whose digest is not known yet: read and hash a piece ahead of the line. True:
 * there is more of that, and the line may be left waiting less than for the whole at its end. */
bool outgoing_hash_ahead(struct Outgoing *o);

/* Say why the source failed (error: its errno); the reason to ABORT with. */
enum AbortReason outgoing_explain(struct Outgoing *o, int error);

/* What report wants to know. */
struct ReportSend outgoing_describe(const struct Outgoing *o);

#endif
