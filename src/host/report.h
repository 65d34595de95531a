/*
 * Report: what a run says at its end, to people (one line of verdict per object) and to programs
 * (--json). Counting is done where things happen; here it is only put into words.
 */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include "core/receiver.h"
#include "host/store.h"
#include "host/wire.h"

#include <json-c/json_object.h>

struct WireIn;

struct Report {
    bool quiet;
    bool verbose;
    bool each;            /* what becomes of an object is told at once: see report_begin_lines */
    bool ftag;            /* objects are of blocks, and there are no repairs: set by the owner */
    uint64_t begin;       /* ns */
    json_object *root;    /* NULL: no --json */
    json_object *objects; /* owned by root */
    int lines;            /* where those of --json go then; -1: nowhere */
    int error;            /* errno, if they cannot be written any more; 0 */
    uint64_t verdicts[STORE_RESULTS]; /* how many, by what became of them */
    bool starved;                     /* there was no memory for all of it: report_close says so */
    uint64_t unlisted;     /* objects that are only counted: a line may bring any number */
    uint64_t refusals;     /* lines said of objects that were refused, */
    uint64_t here_already; /* and of those that were here already */
};

/* command: "send" or "recv". json: gather statistics for report_close. */
void report_open(struct Report *r, const char *command, bool json, bool quiet, bool verbose,
                 uint64_t now);

/*
 * recv --keep-going: from now on all that is said of an object is said at once and nothing is kept,
 * however many there are: each has its line, and at path ("-": stdout; NULL: without --json) one
 * line of JSON; what was there stays before it. report_close writes one more, of the run. 0; or -1
 * and errno, which report_close tells, too.
 */
int report_begin_lines(struct Report *r, const char *path);

/* What became of an object at the receiver; slot may be NULL: it never had one. Of very many only
 * the first have an entry of their own and, if refused or here already, a line; but see above. A
 * line of JSON that cannot be written sets r->error. */
void report_received(struct Report *r, const struct StoreResult *result, const struct Slot *slot,
                     uint64_t now);

/* What a link has brought, at the end of recv. */
void report_link(struct Report *r, const struct WireIn *in, const struct ReceiverCounters *packets,
                 uint64_t bytes);

/* An object on its way out, as its owner knows it. */
struct ReportSend {
    const char *name; /* borrowed */
    struct WireForm form;
    bool stream;          /* its size is not known beforehand */
    bool two_way;         /* somebody answers */
    uint64_t size;        /* bytes; of a stream so far */
    uint64_t unpacked;    /* bytes they were before they were packed; 0: they were not */
    uint64_t crossed;     /* of those: sent by this run, each counted once */
    uint32_t symbol_size; /* bytes; of ftag: of a block */
    uint64_t symbols;     /* not of a stream */
    uint64_t copies;      /* ftag: each block goes so often */
    size_t mtu;           /* bytes of its longest frame, and */
    size_t line;          /* what that takes on the line */
    uint64_t plan;        /* packets of a pass, as foretold; 0: nobody knows */
    uint64_t rate;        /* bytes a second it is held to, and */
    uint64_t packet_rate; /* packets a second; 0: unlimited */
    uint64_t begin;       /* ns */
    /* So far: */
    uint64_t wire; /* bytes of its frames, on the line */
    uint64_t packets, sources, repairs, passes;
    /* Two-way: */
    uint64_t confirmed;  /* bytes that the receiver has */
    uint64_t good, lost; /* packets that it has, and that it lacks */
    uint64_t resent;     /* symbols */
    uint64_t answers, questions;
};

/* With verbose: what the sender is about to do. */
void report_plan(const struct Report *r, const struct ReportSend *o);

/* What it has done by now. exit_code: 0, it sent all; above 128, a signal ended it; else the error
 * has had its line. */
void report_sent(struct Report *r, const struct ReportSend *o, uint64_t now, int exit_code);

/* The file or stream of that name is not on the line, and will not be; that was said. */
void report_unsent(struct Report *r, const char *name, int exit_code);

/* Why somebody aborted (enum AbortReason, or any number from the line), in a few words. */
const char *report_abort_words(unsigned reason);

/* What to call the path of --json. */
const char *report_place(const char *path);

/* Write the statistics to path ("-": stdout) and forget them. Never waits for a FIFO's reader. 0,
 * or -1 and errno. */
int report_close(struct Report *r, const char *path, int exit_code, uint64_t now);

/*
 * The redundancy, in percent, that would have been enough for what arrived of this object at the
 * loss it met; 0: more than 1000, or not known.
 */
unsigned report_redundancy_needed(const struct Slot *slot);

#endif
