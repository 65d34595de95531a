/* Why an object on its way out did not get there. */
#include "host/diag.h"
#include "host/outgoing.h"
#include "host/progress.h"

#include <errno.h>
#include <string.h>

int outgoing_explain_packing(const struct Outgoing *o, enum FilePackerState state, int error)
{
    const struct TransferWords *words = &o->options->words;

    if (state == FILE_PACKER_FAILED && error == ESTALE) {
        diag("%s: changed while it was being packed: send it again", o->name);
        return EXIT_IO;
    }
    if (state == FILE_PACKER_FAILED) {
        diag_errno(error, o->name, "cannot read");
        return EXIT_IO;
    }
    if (state == FILE_PACKER_PLAIN && error != 0 && !words->quiet)
        diag_errno(error, o->name, "sent as it is, for it cannot be packed");
    else if (state == FILE_PACKER_PLAIN && words->verbose)
        diag("%s: sent as it is, for packing does not make it smaller", o->name);
    return EXIT_DELIVERED;
}

enum AbortReason outgoing_explain(const struct Outgoing *o)
{
    if (!outgoing_is_stream(o) && (o->source.shortened || file_source_changed(&o->source))) {
        diag("%s: changed while it was being sent; what was received is an older state, or "
             "incomplete: send it again",
             o->name);
        return ABORT_CHANGED;
    }
    if (outgoing_is_stream(o) && o->error == 0) {
        diag("%s: the receiver has started anew, and a stream cannot be sent twice", o->name);
        return ABORT_OTHER;
    }
    diag_errno(o->error, o->name, "cannot read");
    return ABORT_READ;
}

int outgoing_explain_peer(const struct Outgoing *o)
{
    const struct Sender *s = &o->sender;
    char text[4 * SENDER_TEXT_MAX];

    if (s->state == SENDER_REFUSED) {
        diag("%s: the receiver refused it: it is there, or not wanted", o->name);
        return EXIT_REFUSED;
    }
    if (s->state != SENDER_ABORTED)
        return EXIT_DELIVERED;
    diag_escape(text, sizeof text, s->peer.text);
    diag("%s: the receiver aborted: %s%s%s", o->name, report_abort_words(s->peer.reason),
         text[0] ? ": " : "", text);
    return s->peer.reason == ABORT_DIGEST ? EXIT_INTEGRITY : EXIT_ABORTED;
}

int outgoing_explain_silence(const struct Outgoing *o, const struct Station *station,
                             uint64_t timeout)
{
    const struct Sender *s = &o->sender;
    char words[SILENCE_WORDS], time[24];

    progress_time(time, timeout);
    if (s->state == SENDER_CONFIRMING && s->peer.heard)
        diag("%s: unconfirmed: all was sent, but for %s no answer came; the other side may have it",
             o->name, time);
    else if (s->peer.heard)
        diag("%s: no answer for %s; what the other side has it keeps: send it again", o->name,
             time);
    else
        diag("%s: no answer for %s: %s", station->link.port.name, time,
             station_silence(station, s->counters.echoes, 0, 0, words, sizeof words));
    return EXIT_SILENCE;
}
