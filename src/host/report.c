#include "host/report.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json_util.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void report_open(struct Report *r, const char *command, bool json, bool quiet, bool verbose,
                 uint64_t now)
{
    *r = (struct Report){.quiet = quiet, .verbose = verbose, .begin = now};
    if (!json)
        return;
    r->root = json_object_new_object();
    r->objects = json_object_new_array();
    json_object_object_add(r->root, "command", json_object_new_string(command));
    json_object_object_add(r->root, "objects", r->objects);
}

static void add_number(json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

static void add_text(json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, json_object_new_string(text));
}

/* To the microsecond, written as a person would. */
static void add_seconds(json_object *o, const char *key, double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.6f", value);
    json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static double seconds(uint64_t begin, uint64_t end)
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
    double s = seconds(begin, end);

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

static const char *abort_words(const struct Slot *slot)
{
    static const char *const words[] = {
        [ABORT_CANCELLED] = "cancelled",
        [ABORT_CHANGED] = "its file changed meanwhile",
        [ABORT_READ] = "it cannot read on",
    };
    size_t reason = slot->abort_reason;

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
        snprintf(aborted, sizeof aborted, "the sender aborted: %s; ", abort_words(slot));
    if ((slot->info.flags & OBJECT_STREAM) == 0)
        describe_missing(missing, sizeof missing, slot);
    else
        snprintf(missing, sizeof missing, "%s",
                 slot->failure == SLOT_FAILURE_GAP ? "a gap that repairs could not close"
                                                   : "the end did not come");
    diag("%s: %s%s%s; %s", result->path, word, aborted, missing, kept);
}

static void add_slot(json_object *o, const struct Slot *slot)
{
    const struct SlotCounters *c = &slot->counters;

    add_number(o, "packets", c->packets);
    add_number(o, "packets_lost", c->lost);
    add_number(o, "sources", c->sources);
    add_number(o, "duplicates", c->duplicates);
    add_number(o, "repairs", c->repairs);
    add_number(o, "repairs_useless", c->useless);
    add_number(o, "repairs_foreign", c->foreign);
    add_number(o, "symbols_repaired", c->repaired);
    add_number(o, "packets_contradicting", c->bad);
    add_number(o, "digest_mismatches", c->mismatches);
    add_number(o, "passes", c->passes);
    add_number(o, "redundancy_needed", report_redundancy_needed(slot));
    if (slot->aborted)
        add_text(o, "aborted", abort_words(slot));
    add_seconds(o, "seconds", seconds(slot->first_packet, slot->last_packet));
    if (!(slot->info.flags & OBJECT_STREAM)) {
        add_number(o, "symbols", slot->object.layout.symbols);
        add_number(o, "symbols_missing", slot->object.layout.symbols - slot->object.have);
        add_number(o, "symbol_size", slot->object.layout.symbol_size);
    }
}

static const char *const what_words[] = {
    [STORE_NOTE] = "note",
    [STORE_VERIFIED] = "verified",
    [STORE_HAVE] = "already here",
    [STORE_REFUSED] = "refused",
    [STORE_FAILED] = "failed",
    [STORE_MISMATCH] = "digest differs",
    [STORE_INCOMPLETE] = "incomplete",
};

static void add_received(struct Report *r, const struct StoreResult *result,
                         const struct Slot *slot)
{
    json_object *o = json_object_new_object();

    add_text(o, "path", result->path);
    add_text(o, "result", what_words[result->what]);
    add_text(o, "reason", result->reason);
    add_number(o, "exit", (uint64_t)result->exit_code);
    add_number(o, "size", result->size);
    add_number(o, "bytes", result->here);
    if (slot)
        add_slot(o, slot);
    json_object_array_add(r->objects, o);
}

void report_received(struct Report *r, const struct StoreResult *result, const struct Slot *slot,
                     uint64_t now)
{
    if (r->root && result->what != STORE_NOTE)
        add_received(r, result, slot);
    if (result->exit_code == 0 && r->quiet)
        return;
    if (result->what == STORE_VERIFIED && slot)
        say_verified(result, slot, now);
    else if (result->what == STORE_INCOMPLETE && slot)
        say_incomplete(result, slot);
    else
        diag("%s: %s", result->path, result->reason);
}

static void add_frames(json_object *root, const struct FrameCounters *f)
{
    json_object *o = json_object_new_object();

    add_number(o, "good", f->good);
    add_number(o, "bad_cobs", f->bad_cobs);
    add_number(o, "bad_short", f->bad_short);
    add_number(o, "bad_crc", f->bad_crc);
    add_number(o, "bad_long", f->bad_long);
    add_number(o, "unstuffed", f->unstuffed);
    add_number(o, "good_bytes", f->good_bytes);
    add_number(o, "bad_bytes", f->bad_bytes);
    json_object_object_add(root, "frames", o);
}

static void add_packets(json_object *root, const struct ReceiverCounters *p)
{
    json_object *o = json_object_new_object();

    add_number(o, "good", p->packets);
    add_number(o, "short", p->short_);
    add_number(o, "bad_version", p->bad_version);
    add_number(o, "bad_type", p->bad_type);
    add_number(o, "bad_fields", p->bad_fields);
    add_number(o, "waited", p->waiting);
    add_number(o, "overrun", p->overrun);
    add_number(o, "stale", p->stale);
    add_number(o, "clashes", p->clashes);
    add_number(o, "no_room", p->no_room);
    add_number(o, "too_large", p->too_large);
    add_number(o, "refused", p->refused);
    add_number(o, "not_ours", p->not_ours);
    json_object_object_add(root, "packets", o);
}

void report_link(struct Report *r, const struct FrameCounters *f, const struct ReceiverCounters *p,
                 uint64_t bytes)
{
    uint64_t bad = f->bad_cobs + f->bad_short + f->bad_crc + f->bad_long;

    if (r->root) {
        add_number(r->root, "bytes", bytes);
        add_frames(r->root, f);
        add_packets(r->root, p);
    }
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
    diag("%s: %" PRIu64 " symbol%s of %u bytes, %" PRIu64 " packets in frames of %zu%s", o->name,
         o->sender->layout.symbols, plural(o->sender->layout.symbols), c->plan.symbol_size, packets,
         o->mtu, duration);
}

static uint64_t size_of(const struct Sender *s)
{
    return s->config.object.flags & OBJECT_STREAM ? s->stream.size : s->layout.size;
}

static void add_sent(struct Report *r, const struct ReportSend *sent, uint64_t now, int exit_code)
{
    const struct Sender *s = sent->sender;
    json_object *o = json_object_new_object();

    add_text(o, "path", sent->name);
    add_number(o, "exit", (uint64_t)exit_code);
    add_number(o, "size", size_of(s));
    add_number(o, "wire_bytes", sent->wire);
    add_number(o, "packets", s->counters.packets);
    add_number(o, "sources", s->counters.sources);
    add_number(o, "repairs", s->counters.repairs);
    add_number(o, "symbol_size", s->config.plan.symbol_size);
    add_number(o, "mtu", sent->mtu);
    add_number(o, "passes", s->pass);
    add_seconds(o, "seconds", seconds(sent->begin, now));
    json_object_array_add(r->objects, o);
}

void report_sent(struct Report *r, const struct ReportSend *o, uint64_t now, int exit_code)
{
    const struct SenderCounters *c = &o->sender->counters;
    char flow[96], amount[16];

    if (r->root)
        add_sent(r, o, now, exit_code);
    if (r->quiet || exit_code != 0)
        return;
    describe_flow(flow, sizeof flow, size_of(o->sender), c->packets, o->begin, now);
    diag("%s: sent: %s, %s on the line, %" PRIu64 " repair%s for %" PRIu64 " symbol%s", o->name,
         flow, progress_bytes(amount, o->wire), c->repairs, plural(c->repairs), c->sources,
         plural(c->sources));
}

static double timeval_seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* What this process has cost so far. */
static void add_usage(json_object *root)
{
    struct rusage u;

    if (getrusage(RUSAGE_SELF, &u) != 0)
        return;
    add_seconds(root, "cpu_seconds", timeval_seconds(u.ru_utime) + timeval_seconds(u.ru_stime));
    add_number(root, "peak_memory", (uint64_t)u.ru_maxrss * 1024); /* ru_maxrss is in KiB */
}

int report_close(struct Report *r, const char *path, int exit_code, uint64_t now)
{
    bool to_stdout = path && strcmp(path, "-") == 0;
    int fd, result;

    if (!r->root)
        return 0;
    add_number(r->root, "exit", (uint64_t)exit_code);
    add_seconds(r->root, "elapsed", seconds(r->begin, now));
    add_usage(r->root);
    errno = 0;
    fd = to_stdout ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    result = fd < 0 ? -1 : json_object_to_fd(fd, r->root, JSON_C_TO_STRING_PRETTY);
    if (result == 0 && write(fd, "\n", 1) != 1)
        result = -1;
    if (fd >= 0 && !to_stdout && close(fd) != 0)
        result = -1;
    json_object_put(r->root);
    r->root = NULL;
    if (result != 0 && errno == 0)
        errno = EIO;
    return result;
}
