#include "host/report.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/progress.h"
#include "host/report_json.h"
#include "host/wire_in.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMED_MAX  100 /* lines about objects refused, and as many about those here already */
#define FLOW       144 /* characters of a flow, described */
#define RANGES_MAX 8   /* of missing blocks that are named */

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

/* Bytes, how many of them this run had to move, and with what. */
struct Flow {
    uint64_t bytes, moved, packets;
    uint64_t begin, end; /* ns */
    uint64_t unpacked;   /* what the bytes are packed of; 0: they are not */
};

/* "35.0 kB in 3.1 s (11.3 kB/s, 62 packets/s)", or "35.0 kB, 12.1 kB of it in ..."; rates only of a
 * time that means something. */
static void describe_flow(char *out, size_t size, struct Flow f)
{
    char amount[48], bytes[16], whole[16], moved[16], part[32] = "", rate[16], time[24];
    double s = report_seconds(f.begin, f.end);

    progress_bytes(bytes, f.bytes);
    if (f.unpacked > 0)
        snprintf(amount, sizeof amount, "%s packed to %s", progress_bytes(whole, f.unpacked),
                 bytes);
    else
        snprintf(amount, sizeof amount, "%s", bytes);
    if (f.moved < f.bytes)
        snprintf(part, sizeof part, ", %s of it", progress_bytes(moved, f.moved));
    if (s < 1e-3) {
        snprintf(out, size, "%s%s in %" PRIu64 " packet%s", amount, part, f.packets,
                 plural(f.packets));
        return;
    }
    snprintf(out, size, "%s%s in %s (%s/s, %.0f packets/s)", amount, part,
             progress_time(time, f.end - f.begin),
             progress_bytes(rate, (uint64_t)((double)f.moved / s)), (double)f.packets / s);
}

static void say_verified(const struct Report *r, const struct StoreResult *result,
                         const struct Slot *slot, uint64_t now)
{
    char flow[FLOW], repaired[48] = ", no repairs needed";
    const struct SlotCounters *c = &slot->counters;

    describe_flow(flow, sizeof flow,
                  (struct Flow){.bytes = result->size,
                                .moved = result->size - slot->earlier,
                                .packets = c->packets,
                                .begin = slot->first_packet,
                                .end = now,
                                .unpacked = result->unpacked});
    if (c->repaired > 0)
        snprintf(repaired, sizeof repaired, ", %" PRIu64 " symbol%s repaired", c->repaired,
                 plural(c->repaired));
    diag("%s: verified: %s, loss %.1f %%%s", result->path, flow, 100 * loss_of(c),
         r->ftag ? "" : repaired);
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

/* " (0-3, 7, and 12 more)": the blocks themselves, the first of them. */
static void name_missing(char *out, size_t size, const struct Object *o)
{
    uint64_t named = 0, all = o->layout.symbols, missing = all - o->have;
    uint64_t first = object_next_missing(o, 0, all);
    size_t len = 0;

    for (int i = 0; i < RANGES_MAX && first < all; i++) {
        uint64_t end = object_next_arrived(o, first, all);

        len += (size_t)snprintf(out + len, size - len, "%s%" PRIu64, i == 0 ? " (" : ", ", first);
        if (end - first > 1)
            len += (size_t)snprintf(out + len, size - len, "-%" PRIu64, end - 1);
        named += end - first;
        first = object_next_missing(o, end, all);
    }
    if (named < missing)
        len += (size_t)snprintf(out + len, size - len, ", and %" PRIu64 " more", missing - named);
    if (named > 0)
        snprintf(out + len, size - len, ")");
}

/* What is missing of an object of known size, and what would have helped. */
static void describe_missing(const struct Report *r, char *out, size_t size,
                             const struct Slot *slot)
{
    const struct ObjectLayout *l = &slot->object.layout;
    if (object_complete(&slot->object)) {
        snprintf(out, size, "all of it is here, but %s",
                 slot->finishing ? "not verified yet" : "not its end, which tells if it is right");
        return;
    }
    /* Without a loss it was something else: an early end, or nobody there; and who hears answers
     * sends what is missing, not repairs. */
    bool lossy = slot->counters.lost > 0 && !slot->aborted && !r->ftag &&
                 (slot->info.link & LINK_ANSWERS) == 0;
    unsigned needed = lossy ? report_redundancy_needed(slot) : 0;
    char enough[64] = "", loss[24] = "", which[RANGES_MAX * 24 + 40] = "";

    if (needed > 0)
        snprintf(enough, sizeof enough, "; -r %u would have been enough this time", needed);
    if (slot->counters.lost > 0)
        snprintf(loss, sizeof loss, ", loss %.1f %%", 100 * loss_of(&slot->counters));
    if (r->ftag)
        name_missing(which, sizeof which, &slot->object);
    snprintf(out, size, "%" PRIu64 " of %" PRIu64 " %s%s missing%s%s%s",
             l->symbols - slot->object.have, l->symbols, r->ftag ? "block" : "symbol",
             plural(l->symbols), which, loss, enough);
}

/* Why a stream of which nothing was left out is not complete. */
static const char *broken_off(const struct Slot *slot)
{
    if (slot->finishing)
        return "all of it is here, but not verified yet";
    return slot->failure == SLOT_FAILURE_GAP || slot->end_known
               ? "a gap that repairs could not close"
               : "the end did not come";
}

static void say_incomplete(const struct Report *r, const struct StoreResult *result,
                           const struct Slot *slot)
{
    static const char word[] = "incomplete: ";
    const char *kept = result->reason;
    char missing[384], aborted[64] = "";

    if (strncmp(kept, word, sizeof word - 1) == 0)
        kept += sizeof word - 1;
    if (slot->aborted)
        snprintf(aborted, sizeof aborted, "the sender aborted: %s; ",
                 report_abort_words(slot->abort_reason));
    if ((slot->info.flags & OBJECT_STREAM) == 0)
        describe_missing(r, missing, sizeof missing, slot);
    else if (slot->counters.gaps > 0)
        snprintf(missing, sizeof missing, "%" PRIu64 " symbol%s left out in %" PRIu64 " place%s",
                 slot->counters.skipped, plural(slot->counters.skipped), slot->counters.gaps,
                 plural(slot->counters.gaps));
    else
        snprintf(missing, sizeof missing, "%s", broken_off(slot));
    diag("%s: %s%s%s; %s", result->path, word, aborted, missing, kept);
}

/* True if it is to be named: of the first too many it is said instead that there are more. */
static bool may_name(const struct Report *r, uint64_t *said, const char *what)
{
    if (r->each)
        return true;
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
    if (result->what == STORE_REFUSED && !may_name(r, &r->refusals, "were refused"))
        return;
    if (result->what == STORE_HAVE && !may_name(r, &r->here_already, "were here already"))
        return;
    if (result->what == STORE_VERIFIED && slot)
        say_verified(r, result, slot, now);
    else if (result->what == STORE_INCOMPLETE && slot)
        say_incomplete(r, result, slot);
    else
        diag("%s: %s", result->path, result->reason);
}

/* "CRC 3, COBS 0, ...": why frames were bad. Returns the bytes of them. */
static uint64_t describe_bad(char *out, size_t size, const struct WireIn *in)
{
    const struct FrameCounters *f = &wire_in_ear(in)->frames.counters;
    const struct FtagCounters *t = &wire_in_ear(in)->ftag.counters;

    if (in->form.wire == WIRE_FTAG) {
        snprintf(out, size,
                 "CRC %" PRIu64 ", escape %" PRIu64 ", length %" PRIu64 ", short %" PRIu64
                 ", long %" PRIu64,
                 t->bad_crc, t->bad_escape, t->bad_length, t->bad_short, t->bad_long);
        return t->bad_bytes;
    }
    snprintf(out, size, "CRC %" PRIu64 ", COBS %" PRIu64 ", short %" PRIu64 ", long %" PRIu64,
             f->bad_crc, f->bad_cobs, f->bad_short, f->bad_long);
    return f->bad_bytes;
}

void report_link(struct Report *r, const struct WireIn *in, const struct ReceiverCounters *p,
                 uint64_t bytes)
{
    const struct ArmorCounters *a = &in->armor.counters;
    uint64_t dropped;
    char causes[160];

    report_json_link(r, in, p, bytes);
    if (!r->verbose)
        return;
    dropped = describe_bad(causes, sizeof causes, in);
    diag("link: %" PRIu64 " bytes, %" PRIu64 " %s good, %" PRIu64 " bad (%s), %" PRIu64
         " bytes dropped",
         bytes, wire_in_good(in), in->form.wire == WIRE_FTAG ? "packets of ftag" : "frames",
         wire_in_bad(in), causes, dropped);
    if (in->form.armor)
        diag("armor: %" PRIu64 " lines good, %" PRIu64 " bad, %" PRIu64 " bytes of other text",
             a->good, a->bad_char + a->bad_base64 + a->bad_long, a->text_bytes);
}

/* ", about 3.4 s a pass": at the rates it is held to, or nothing if there is none. */
static void describe_duration(char *out, size_t size, const struct ReportSend *o)
{
    double by_bytes = o->rate ? (double)(o->plan * o->line) / (double)o->rate : 0;
    double by_packets = o->packet_rate ? (double)o->plan / (double)o->packet_rate : 0;
    double s = by_bytes > by_packets ? by_bytes : by_packets;
    char time[24];

    out[0] = '\0';
    if (s > 0)
        snprintf(out, size, ", about %s%s",
                 progress_time(time, (uint64_t)(s * (double)CLOCK_SECOND)),
                 o->form.wire == WIRE_FTAG ? "" : " a pass");
}

void report_plan(const struct Report *r, const struct ReportSend *o)
{
    char duration[48];

    if (!r->verbose)
        return;
    describe_duration(duration, sizeof duration, o);
    if (o->stream)
        diag("%s: a stream in symbols of %u bytes, frames of %zu", o->name, o->symbol_size, o->mtu);
    else if (o->form.wire == WIRE_FTAG)
        diag("%s: %" PRIu64 " block%s of %u bytes, %" PRIu64 " time%s each, %" PRIu64
             " packets of ftag of up to %zu%s",
             o->name, o->symbols, plural(o->symbols), o->symbol_size, o->copies, plural(o->copies),
             o->plan, o->mtu, duration);
    else if (o->two_way)
        diag("%s: %" PRIu64 " symbol%s of %u bytes, frames of up to %zu", o->name, o->symbols,
             plural(o->symbols), o->symbol_size, o->mtu);
    else
        diag("%s: %" PRIu64 " symbol%s of %u bytes, %" PRIu64 " packets in frames of %zu%s",
             o->name, o->symbols, plural(o->symbols), o->symbol_size, o->plan, o->mtu, duration);
}

/* Of the packets that a receiver has told of, in percent. */
static double loss_met(const struct ReportSend *o)
{
    return o->good + o->lost > 0 ? 100.0 * (double)o->lost / (double)(o->good + o->lost) : 0;
}

/* "3 repairs for 12 symbols", or "12 blocks 4 times": what went out, beyond bytes. */
static void describe_sent(char *out, size_t size, const struct ReportSend *o)
{
    if (o->form.wire == WIRE_FTAG)
        snprintf(out, size, "%" PRIu64 " packet%s of data for %" PRIu64 " block%s", o->sources,
                 plural(o->sources), o->symbols, plural(o->symbols));
    else
        snprintf(out, size, "%" PRIu64 " repair%s for %" PRIu64 " symbol%s", o->repairs,
                 plural(o->repairs), o->sources, plural(o->sources));
}

void report_unsent(struct Report *r, const char *name, int exit_code)
{
    report_json_unsent(r, name, exit_code);
}

void report_sent(struct Report *r, const struct ReportSend *o, uint64_t now, int exit_code)
{
    struct Flow f = {o->size, o->crossed, o->packets, o->begin, now, o->unpacked};
    char flow[FLOW], amount[16], sent[96];

    report_json_sent(r, o, now, exit_code);
    if (r->quiet || (exit_code != 0 && exit_code <= EXIT_SIGNAL))
        return;
    describe_sent(sent, sizeof sent, o);
    if (exit_code != 0) {
        f.bytes = f.moved = o->wire;
        f.unpacked = 0;
        describe_flow(flow, sizeof flow, f);
        diag("%s: stopped by a signal: %s on the line, %s", o->name, flow, sent);
        return;
    }
    describe_flow(flow, sizeof flow, f);
    progress_bytes(amount, o->wire);
    if (o->two_way)
        diag("%s: delivered: %s, %s on the line, loss %.1f %%, %" PRIu64 " symbol%s sent again",
             o->name, flow, amount, loss_met(o), o->resent, plural(o->resent));
    else
        diag("%s: sent: %s, %s on the line, %s", o->name, flow, amount, sent);
}
