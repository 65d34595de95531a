#include "host/report.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/progress.h"
#include "host/report_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMED_MAX 100 /* lines about objects refused, and as many about those here already */

double report_seconds(uint64_t begin, uint64_t end)
{
    return end > begin ? (double)(end - begin) / (double)CLOCK_SECOND : 1e-9;
}

static double loss_of(const struct SlotCounters *c)
{
    uint64_t sent = c->packets + c->lost;

    return sent > 0 ? (double)c->lost / (double)sent : 0;
}

unsigned report_redundancy_needed(const struct Slot *slot)
{
    const struct ObjectLayout *l = &slot->object.layout;
    double loss = loss_of(&slot->counters), worst = 0;

    if (slot->state == SLOT_FREE || (slot->info.flags & OBJECT_STREAM) || l->symbols == 0)
        return 0;
    for (uint64_t w = 0; w < object_windows(l); w++) {
        uint32_t real = object_window_real(l, w);
        /* What the window lacks beyond the repairs it has must come as further repairs. */
        double lacks = slot->object.missing[w], have = slot->repairs.held[w], rows;

        if (real == 0 || lacks <= have)
            continue;
        rows = lacks / (1 - (loss < 0.9 ? loss : 0.9)) / real;
        worst = rows > worst ? rows : worst;
    }
    return worst > 0 && worst < 10 ? (unsigned)(worst * 100) + 2 : 0;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* "35.0 kB in 3.1 s (11.3 kB/s, 62 packets/s)"; rates only of a time that means something. */
static void describe_flow(char *out, size_t size, uint64_t bytes, uint64_t packets, uint64_t begin,
                          uint64_t end)
{
    char amount[16], rate[16], time[24];
    double s = report_seconds(begin, end);

    if (s < 1e-3) {
        snprintf(out, size, "%s in %" PRIu64 " packet%s", progress_bytes(amount, bytes), packets,
                 plural(packets));
        return;
    }
    snprintf(out, size, "%s in %s (%s/s, %.0f packets/s)", progress_bytes(amount, bytes),
             progress_time(time, end - begin), progress_bytes(rate, (uint64_t)((double)bytes / s)),
             (double)packets / s);
}

static void say_verified(const struct StoreResult *result, const struct Slot *slot, uint64_t now)
{
    char flow[96], repaired[48] = "no repairs needed";
    const struct SlotCounters *c = &slot->counters;

    describe_flow(flow, sizeof flow, result->size, c->packets, slot->first_packet, now);
    if (c->repaired > 0)
        snprintf(repaired, sizeof repaired, "%" PRIu64 " symbol%s repaired", c->repaired,
                 plural(c->repaired));
    diag("%s: verified: %s, loss %.1f %%, %s", result->path, flow, 100 * loss_of(c), repaired);
}

const char *report_abort_words(unsigned reason)
{
    static const char *const words[] = {
        [ABORT_CANCELLED] = "cancelled",
        [ABORT_CHANGED] = "its file changed meanwhile",
        [ABORT_READ] = "it cannot read on",
        [ABORT_WRITE] = "it cannot write on",
        [ABORT_REFUSED] = "it does not want it",
        [ABORT_DIGEST] = "what arrived is not what was sent",
    };

    return reason < sizeof words / sizeof *words && words[reason] ? words[reason] : "no reason";
}

/* What is missing of an object of known size, and what would have helped. */
static void describe_missing(char *out, size_t size, const struct Slot *slot)
{
    const struct ObjectLayout *l = &slot->object.layout;
    /* Without a loss it was something else: an early end, or nobody there. */
    bool lossy = slot->counters.lost > 0 && !slot->aborted;
    unsigned needed = lossy ? report_redundancy_needed(slot) : 0;
    char enough[64] = "", loss[24] = "";

    if (needed > 0)
        snprintf(enough, sizeof enough, "; -r %u would have been enough this time", needed);
    if (slot->counters.lost > 0)
        snprintf(loss, sizeof loss, ", loss %.1f %%", 100 * loss_of(&slot->counters));
    snprintf(out, size, "%" PRIu64 " of %" PRIu64 " symbol%s missing%s%s",
             l->symbols - slot->object.have, l->symbols, plural(l->symbols), loss, enough);
}

static void say_incomplete(const struct StoreResult *result, const struct Slot *slot)
{
    static const char word[] = "incomplete: ";
    const char *kept = result->reason;
    char missing[160], aborted[64] = "";

    if (strncmp(kept, word, sizeof word - 1) == 0)
        kept += sizeof word - 1;
    if (slot->aborted)
        snprintf(aborted, sizeof aborted, "the sender aborted: %s; ",
                 report_abort_words(slot->abort_reason));
    if ((slot->info.flags & OBJECT_STREAM) == 0)
        describe_missing(missing, sizeof missing, slot);
    else if (slot->counters.gaps > 0)
        snprintf(missing, sizeof missing, "%" PRIu64 " symbol%s left out in %" PRIu64 " place%s",
                 slot->counters.skipped, plural(slot->counters.skipped), slot->counters.gaps,
                 plural(slot->counters.gaps));
    else
        snprintf(missing, sizeof missing, "%s",
                 slot->failure == SLOT_FAILURE_GAP ? "a gap that repairs could not close"
                                                   : "the end did not come");
    diag("%s: %s%s%s; %s", result->path, word, aborted, missing, kept);
}

/* True if it is to be named: of the first too many it is said instead that there are more. */
static bool may_name(uint64_t *said, const char *what)
{
    if (*said > NAMED_MAX)
        return false;
    *said += 1;
    if (*said > NAMED_MAX)
        diag("more than %d files %s: the others are not named", NAMED_MAX, what);
    return *said <= NAMED_MAX;
}

void report_received(struct Report *r, const struct StoreResult *result, const struct Slot *slot,
                     uint64_t now)
{
    if (result->what != STORE_NOTE)
        report_json_received(r, result, slot);
    if (result->exit_code == 0 && r->quiet)
        return;
    if (result->what == STORE_REFUSED && !may_name(&r->refusals, "were refused"))
        return;
    if (result->what == STORE_HAVE && !may_name(&r->here_already, "were here already"))
        return;
    if (result->what == STORE_VERIFIED && slot)
        say_verified(result, slot, now);
    else if (result->what == STORE_INCOMPLETE && slot)
        say_incomplete(result, slot);
    else
        diag("%s: %s", result->path, result->reason);
}

void report_link(struct Report *r, const struct FrameCounters *f, const struct ReceiverCounters *p,
                 uint64_t bytes)
{
    uint64_t bad = f->bad_cobs + f->bad_short + f->bad_crc + f->bad_long;

    report_json_link(r, f, p, bytes);
    if (r->verbose)
        diag("link: %" PRIu64 " bytes, %" PRIu64 " frames good, %" PRIu64 " bad (CRC %" PRIu64
             ", COBS %" PRIu64 ", short %" PRIu64 ", long %" PRIu64 "), %" PRIu64 " bytes dropped",
             bytes, f->good, bad, f->bad_crc, f->bad_cobs, f->bad_short, f->bad_long, f->bad_bytes);
}

/* ", about 3.4 s a pass": at the rates it is held to, or nothing if there is none. */
static void describe_duration(char *out, size_t size, const struct ReportSend *o, uint64_t packets)
{
    double by_bytes = o->rate ? (double)(packets * o->mtu) / (double)o->rate : 0;
    double by_packets = o->packet_rate ? (double)packets / (double)o->packet_rate : 0;
    double s = by_bytes > by_packets ? by_bytes : by_packets;
    char time[24];

    out[0] = '\0';
    if (s > 0)
        snprintf(out, size, ", about %s a pass",
                 progress_time(time, (uint64_t)(s * (double)CLOCK_SECOND)));
}

void report_plan(const struct Report *r, const struct ReportSend *o)
{
    const struct SenderConfig *c = &o->sender->config;
    uint64_t packets = sender_pass_packets(o->sender);
    char duration[48];

    if (!r->verbose)
        return;
    if (c->object.flags & OBJECT_STREAM) {
        diag("%s: a stream in symbols of %u bytes, frames of %zu", o->name, c->plan.symbol_size,
             o->mtu);
        return;
    }
    describe_duration(duration, sizeof duration, o, packets);
    if (c->two_way) {
        diag("%s: %" PRIu64 " symbol%s of %u bytes, frames of up to %zu", o->name,
             o->sender->layout.symbols, plural(o->sender->layout.symbols), c->plan.symbol_size,
             o->mtu);
        return;
    }
    diag("%s: %" PRIu64 " symbol%s of %u bytes, %" PRIu64 " packets in frames of %zu%s", o->name,
         o->sender->layout.symbols, plural(o->sender->layout.symbols), c->plan.symbol_size, packets,
         o->mtu, duration);
}

uint64_t report_size(const struct Sender *s)
{
    return s->config.object.flags & OBJECT_STREAM ? s->stream.size : s->layout.size;
}

/* Of the packets that a receiver has told of, in percent. */
static double loss_met(const struct SenderPeer *p)
{
    uint64_t all = p->arrived + p->lost;

    return all > 0 ? 100.0 * (double)p->lost / (double)all : 0;
}

void report_sent(struct Report *r, const struct ReportSend *o, uint64_t now, int exit_code)
{
    const struct SenderCounters *c = &o->sender->counters;
    char flow[96], amount[16];

    report_json_sent(r, o, now, exit_code);
    if (r->quiet || (exit_code != 0 && exit_code <= EXIT_SIGNAL))
        return;
    if (exit_code != 0) {
        describe_flow(flow, sizeof flow, o->wire, c->packets, o->begin, now);
        diag("%s: stopped by a signal: %s on the line, %" PRIu64 " repair%s for %" PRIu64
             " symbol%s",
             o->name, flow, c->repairs, plural(c->repairs), c->sources, plural(c->sources));
        return;
    }
    describe_flow(flow, sizeof flow, report_size(o->sender), c->packets, o->begin, now);
    if (o->sender->config.two_way) {
        diag("%s: delivered: %s, %s on the line, loss %.1f %%, %" PRIu64 " symbol%s sent again",
             o->name, flow, progress_bytes(amount, o->wire), loss_met(&o->sender->peer), c->resent,
             plural(c->resent));
        return;
    }
    diag("%s: sent: %s, %s on the line, %" PRIu64 " repair%s for %" PRIu64 " symbol%s", o->name,
         flow, progress_bytes(amount, o->wire), c->repairs, plural(c->repairs), c->sources,
         plural(c->sources));
}
