/*
 * Outgoing: an object on its way out, a file or a stream, and the sender that cuts it into packets.
 * What the sender asks for (bytes, the digest) is answered from here.
 */
#ifndef HOST_OUTGOING_H
#define HOST_OUTGOING_H

#include "core/ftag_sender.h"
#include "host/digest.h"
#include "host/file_packer.h"
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

/* Of what an Outgoing is made. */
struct OutgoingItem {
    const char *path; /* "-": stdin */
    const char *name; /* of a stream that has one of its own; NULL: the file's */
    uint64_t size;    /* of a file, before it is opened; else 0 */
};

/* The line, when an object joins it: tags */
struct OutgoingLine {
    const uint16_t *tags; /* in use there, */
    size_t count;         /* so many */
    uint64_t rate;        /* bytes a second, as it is set; 0: it has no speed */
};

/* How a wire makes packets of an object: outgoing_dttk or outgoing_ftag. */
struct OutgoingWire {
    /* Of an open source make the sender; as outgoing_open. */
    int (*open)(struct Outgoing *o, struct OutgoingLine line);
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
    struct FilePacker file_packer; /* a file that is being packed; else closed */
    struct Packer packer;          /* a stream that is sent packed; else closed */
    uint64_t unpacked;             /* bytes that came to be what is sent; 0: it is sent as it is */
    struct Sender sender;          /* outgoing_dttk; else all zero */
    struct FtagSender ftag;        /* outgoing_ftag */
    void *sender_memory;
    struct Buffer packet;
    uint8_t packet_memory[SENDER_PACKET_ROOM];
    const char *name;    /* for messages */
    char short_name[32]; /* for the bar */
    size_t mtu;
    uint64_t begin;
    uint64_t wire;       /* bytes of its frames */
    uint64_t share;      /* of the line, in bytes, as its owner counts it */
    bool beside;         /* it is a stream beside the files */
    bool passed;         /* its first pass is over */
    bool unreadable;     /* a stream that broke off */
    int error;           /* errno of what ended it */
    struct Buffer stage; /* a stream: read, not yet in symbols */
    uint8_t stage_memory[OUTGOING_STAGE];
    struct Digest digest; /* of a stream */
    uint8_t digest_value[PACKET_DIGEST];
    bool eof;          /* a stream has ended */
    bool flushing;     /* what it brought must go now, as soon as there is room */
    uint64_t flush_at; /* when what it brought must go, full symbol or not; CLOCK_NEVER: nothing */
};

/* What messages call it. */
const char *outgoing_name(const struct OutgoingItem *item);

/*
 * Open the item and make its sender ready; its tag is none of the live ones. An exit code; if it is
 * not 0 the cause has been said. outgoing_close is fine and needed in either case. Keeps options
 * and what item points to. With options->pack a file has to be packed before that.
 */
int outgoing_open(struct Outgoing *o, const struct SendOptions *options,
                  const struct OutgoingItem *item, struct OutgoingLine line);
void outgoing_close(struct Outgoing *o);

/* True if the file is to be packed first; and do a piece of that, with the line as it is now: when
 * it is done the sender is made ready. An exit code, as outgoing_open. */
bool outgoing_is_packing(const struct Outgoing *o);
int outgoing_pack(struct Outgoing *o, struct OutgoingLine line);

bool outgoing_is_stream(const struct Outgoing *o);

/* True if the stream is worth polling: it has not ended, and there is room for more. */
bool outgoing_wants_input(const struct Outgoing *o);

/* Read once, what is there now. If it cannot be read on it has ended. */
void outgoing_read(struct Outgoing *o);

/* Hand what was read over to the sender, as far as the line has caught up, and flush if it is time.
 * Nothing to do for a file. */
void outgoing_take(struct Outgoing *o, uint64_t now);

/* The sender's next packet goes to the station: true, *bytes of it on the line. False: there is
 * none now, or ever. */
bool outgoing_put(struct Outgoing *o, struct Station *s, uint64_t now, size_t *bytes);

/* That it ends here goes to the station, so many times, if the wire has words for it. */
void outgoing_put_abort(struct Outgoing *o, struct Station *s, enum AbortReason reason, int copies,
                        uint64_t now);

/* Two-way: the receiver has said that it has all. */
bool outgoing_is_confirmed(const struct Outgoing *o);

/* Whether the sender gives more packets. */
enum OutgoingState outgoing_state(const struct Outgoing *o);

/* Two-way, of a file whose digest is not known yet: read and hash a piece ahead of the line. True:
 * there is more of that, and the line may be left waiting less than for the whole at its end. */
bool outgoing_hash_ahead(struct Outgoing *o);

/* True if both are one content, as receivers see it, or have one name. */
bool outgoing_is_alike(const struct Outgoing *a, const struct Outgoing *b);

/* How packing it has ended is said, if that is worth a line. An exit code: 0, it is sent, packed or
 * not. */
int outgoing_explain_packing(const struct Outgoing *o, enum FilePackerState state, int error);

/* Why the source failed (o->error) is said; the reason to ABORT with. */
enum AbortReason outgoing_explain(const struct Outgoing *o);

/* Two-way: why it ended is said, if it was the receiver who ended it; an exit code, 0: it was not.
 */
int outgoing_explain_peer(const struct Outgoing *o);

/* Two-way: that nobody answered for `timeout` ns is said. An exit code. */
int outgoing_explain_silence(const struct Outgoing *o, const struct Station *s, uint64_t timeout);

/* What report wants to know. */
struct ReportSend outgoing_describe(const struct Outgoing *o);

#endif
