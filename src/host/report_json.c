/* Report, for programs: the one object of --json; or a line for each that was received. */
#include "host/report_json.h"

#include "host/clock.h"
#include "host/json_out.h"
#include "host/profile.h"
#include "host/wire_in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#define LISTED_MAX 1000 /* objects; 40 bytes on the line make one to be told of */

/* Put value (consumed) into o. Of either there may be none, for want of memory. */
static void add(struct Report *r, json_object *o, const char *key, json_object *value)
{
    if (o && value && json_object_object_add(o, key, value) == 0)
        return;
    json_object_put(value);
    r->starved = true;
}

static void add_number(struct Report *r, json_object *o, const char *key, uint64_t value)
{
    add(r, o, key, json_object_new_uint64(value));
}

static void add_text(struct Report *r, json_object *o, const char *key, const char *text)
{
    add(r, o, key, json_object_new_string(text));
}

/* To the microsecond, written as a person would. */
static void add_seconds(struct Report *r, json_object *o, const char *key, double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.6f", value);
    add(r, o, key, json_object_new_double_s(value, text));
}

/* o (consumed) is one more of the array. */
static void list(struct Report *r, json_object *array, json_object *o)
{
    if (o && array && json_object_array_add(array, o) == 0)
        return;
    json_object_put(o);
    r->starved = true;
}

void report_open(struct Report *r, const char *command, bool json, bool quiet, bool verbose,
                 uint64_t now)
{
    *r = (struct Report){.quiet = quiet, .verbose = verbose, .begin = now, .lines = -1};
    if (!json)
        return;
    r->root = json_object_new_object();
    r->objects = json_object_new_array();
    add_text(r, r->root, "command", command);
    add(r, r->root, "objects", r->objects);
    if (!r->starved)
        return;
    json_object_put(r->root);
    r->root = NULL;
}

static bool may_list(struct Report *r)
{
    if (!r->root)
        return false;
    if (json_object_array_length(r->objects) < LISTED_MAX)
        return true;
    r->unlisted++;
    return false;
}

static void add_slot(struct Report *r, json_object *o, const struct Slot *slot)
{
    const struct SlotCounters *c = &slot->counters;

    add_number(r, o, "packets", c->packets);
    add_number(r, o, "packets_lost", c->lost);
    add_number(r, o, "sources", c->sources);
    add_number(r, o, "duplicates", c->duplicates);
    add_number(r, o, "repairs", c->repairs);
    add_number(r, o, "repairs_useless", c->useless);
    add_number(r, o, "repairs_foreign", c->foreign);
    add_number(r, o, "symbols_repaired", c->repaired);
    add_number(r, o, "packets_contradicting", c->bad);
    add_number(r, o, "digest_mismatches", c->mismatches);
    add_number(r, o, "passes", c->passes);
    add_number(r, o, "redundancy_needed", r->ftag ? 0 : report_redundancy_needed(slot));
    add_number(r, o, "bytes_earlier", slot->earlier);
    if (slot->aborted)
        add_text(r, o, "aborted", report_abort_words(slot->abort_reason));
    add_seconds(r, o, "seconds", report_seconds(slot->first_packet, slot->last_packet));
    if (!(slot->info.flags & OBJECT_STREAM)) {
        add_number(r, o, "symbols", slot->object.layout.symbols);
        add_number(r, o, "symbols_missing", slot->object.layout.symbols - slot->object.have);
        add_number(r, o, "symbol_size", slot->object.layout.symbol_size);
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

/* What became of an object: NULL, or the caller's. */
static json_object *received(struct Report *r, const struct StoreResult *result,
                             const struct Slot *slot)
{
    json_object *o = json_object_new_object();

    add_text(r, o, "path", result->path);
    add_text(r, o, "result", what_words[result->what]);
    add_text(r, o, "reason", result->reason);
    add_number(r, o, "exit", (uint64_t)result->exit_code);
    add_number(r, o, "size", result->size);
    add_number(r, o, "size_unpacked", result->unpacked > 0 ? result->unpacked : result->size);
    add_number(r, o, "bytes", result->here);
    if (slot)
        add_slot(r, o, slot);
    return o;
}

/* One line, now; o is consumed. */
static void tell(struct Report *r, json_object *o)
{
    if (r->error == 0 && (r->starved || json_out(r->lines, o, JSON_C_TO_STRING_PLAIN) != 0))
        r->error = r->starved ? ENOMEM : errno;
    json_object_put(o);
}

void report_json_received(struct Report *r, const struct StoreResult *result,
                          const struct Slot *slot)
{
    r->verdicts[result->what]++;
    if (r->lines >= 0)
        tell(r, received(r, result, slot));
    else if (may_list(r))
        list(r, r->objects, received(r, result, slot));
}

static const char *const wire_words[] = {
    [WIRE_UNKNOWN] = "unknown",
    [WIRE_DTTK] = "dttk",
    [WIRE_FTAG] = "ftag",
};

static void add_form(struct Report *r, json_object *root, struct WireForm form)
{
    add_text(r, root, "wire", wire_words[form.wire]);
    add(r, root, "armor", json_object_new_boolean(form.armor));
}

static void add_frames(struct Report *r, json_object *root, const struct FrameCounters *f)
{
    json_object *o = json_object_new_object();

    add_number(r, o, "good", f->good);
    add_number(r, o, "bad_cobs", f->bad_cobs);
    add_number(r, o, "bad_short", f->bad_short);
    add_number(r, o, "bad_crc", f->bad_crc);
    add_number(r, o, "bad_long", f->bad_long);
    add_number(r, o, "unstuffed", f->unstuffed);
    add_number(r, o, "good_bytes", f->good_bytes);
    add_number(r, o, "bad_bytes", f->bad_bytes);
    add(r, root, "frames", o);
}

static void add_ftag(struct Report *r, json_object *root, const struct FtagCounters *t)
{
    json_object *o = json_object_new_object();

    add_number(r, o, "good", t->good);
    add_number(r, o, "bad_escape", t->bad_escape);
    add_number(r, o, "bad_short", t->bad_short);
    add_number(r, o, "bad_length", t->bad_length);
    add_number(r, o, "bad_crc", t->bad_crc);
    add_number(r, o, "bad_long", t->bad_long);
    add_number(r, o, "good_bytes", t->good_bytes);
    add_number(r, o, "bad_bytes", t->bad_bytes);
    add(r, root, "frames", o);
}

static void add_lines(struct Report *r, json_object *root, const struct ArmorCounters *a)
{
    json_object *o = json_object_new_object();

    add_number(r, o, "good", a->good);
    add_number(r, o, "bad_char", a->bad_char);
    add_number(r, o, "bad_base64", a->bad_base64);
    add_number(r, o, "bad_long", a->bad_long);
    add_number(r, o, "good_bytes", a->good_bytes);
    add_number(r, o, "bad_bytes", a->bad_bytes);
    add_number(r, o, "text_bytes", a->text_bytes);
    add(r, root, "lines", o);
}

static void add_packets(struct Report *r, json_object *root, const struct ReceiverCounters *p)
{
    json_object *o = json_object_new_object();

    add_number(r, o, "good", p->packets);
    add_number(r, o, "short", p->short_);
    add_number(r, o, "bad_version", p->bad_version);
    add_number(r, o, "bad_type", p->bad_type);
    add_number(r, o, "bad_flags", p->bad_flags);
    add_number(r, o, "bad_fields", p->bad_fields);
    add_number(r, o, "waited", p->waiting);
    add_number(r, o, "overrun", p->overrun);
    add_number(r, o, "stale", p->stale);
    add_number(r, o, "clashes", p->clashes);
    add_number(r, o, "no_room", p->no_room);
    add_number(r, o, "too_large", p->too_large);
    add_number(r, o, "refused", p->refused);
    add_number(r, o, "not_ours", p->not_ours);
    add(r, root, "packets", o);
}

void report_json_sent(struct Report *r, const struct ReportSend *s, uint64_t now, int exit_code)
{
    json_object *o;

    if (!may_list(r))
        return;
    o = json_object_new_object();

    add_text(r, o, "path", s->name);
    add_number(r, o, "exit", (uint64_t)exit_code);
    add_number(r, o, "size", s->size);
    add_number(r, o, "size_unpacked", s->unpacked > 0 ? s->unpacked : s->size);
    add_form(r, o, s->form);
    add_number(r, o, "wire_bytes", s->wire);
    add_number(r, o, "packets", s->packets);
    add_number(r, o, "sources", s->sources);
    add_number(r, o, "repairs", s->repairs);
    add_number(r, o, "symbol_size", s->symbol_size);
    add_number(r, o, "mtu", s->mtu);
    add_number(r, o, "passes", s->passes);
    if (s->two_way) {
        add_number(r, o, "confirmed", s->confirmed);
        add_number(r, o, "resent", s->resent);
        add_number(r, o, "lost", s->lost);
        add_number(r, o, "answers", s->answers);
        add_number(r, o, "questions", s->questions);
    }
    add_seconds(r, o, "seconds", report_seconds(s->begin, now));
    list(r, r->objects, o);
}

void report_json_unsent(struct Report *r, const char *name, int exit_code)
{
    json_object *o;

    if (!may_list(r))
        return;
    o = json_object_new_object();
    add_text(r, o, "path", name);
    add_number(r, o, "exit", (uint64_t)exit_code);
    list(r, r->objects, o);
}

void report_json_link(struct Report *r, const struct WireIn *in, const struct ReceiverCounters *p,
                      uint64_t bytes)
{
    if (!r->root)
        return;
    add_form(r, r->root, in->form);
    add_number(r, r->root, "bytes", bytes);
    if (in->form.wire == WIRE_FTAG)
        add_ftag(r, r->root, &wire_in_ear(in)->ftag.counters);
    else
        add_frames(r, r->root, &wire_in_ear(in)->frames.counters);
    if (in->form.armor)
        add_lines(r, r->root, &in->armor.counters);
    add_packets(r, r->root, p);
}

static double timeval_seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* What this process has cost so far. */
static void add_usage(struct Report *r, json_object *root)
{
    struct rusage u;

    if (getrusage(RUSAGE_SELF, &u) != 0)
        return;
    add_seconds(r, root, "cpu_seconds", timeval_seconds(u.ru_utime) + timeval_seconds(u.ru_stime));
    add_number(r, root, "peak_memory", (uint64_t)u.ru_maxrss * 1024); /* ru_maxrss is in KiB */
}

/* Where the time went, if that was asked for. */
static void add_profile(struct Report *r, json_object *root)
{
    json_object *stages;

    if (!profile_is_on())
        return;
    stages = json_object_new_array();
    for (int i = 0; i < PROFILE_STAGES; i++) {
        struct ProfileTimes t = profile_times((enum ProfileStage)i);
        json_object *o = json_object_new_object();

        add_text(r, o, "stage", t.name);
        add_number(r, o, "calls", t.calls);
        add_number(r, o, "ns", t.total);
        add_number(r, o, "ns_least", t.least);
        add_number(r, o, "ns_most", t.most);
        list(r, stages, o);
    }
    add(r, root, "profile", stages);
}

const char *report_place(const char *path)
{
    return json_out_is_stdout(path) ? "stdout" : path;
}

int report_begin_lines(struct Report *r, const char *path)
{
    r->each = true;
    if (!r->root)
        return 0;
    json_object_object_del(r->root, "objects");
    r->objects = NULL;
    r->lines = json_out_open(path, O_APPEND);
    if (r->lines >= 0)
        return 0;
    r->error = errno;
    return -1;
}

/* What each object of the run has come to, which nobody has kept. */
static void add_verdicts(struct Report *r)
{
    json_object *o = json_object_new_object();

    for (int what = STORE_VERIFIED; what < STORE_RESULTS; what++)
        add_number(r, o, what_words[what], r->verdicts[what]);
    add(r, r->root, "verdicts", o);
}

/* What is known at the end. */
static void add_end(struct Report *r, int exit_code, uint64_t now)
{
    if (r->each)
        add_verdicts(r);
    else
        add_number(r, r->root, "objects_not_listed", r->unlisted);
    add_number(r, r->root, "exit", (uint64_t)exit_code);
    add_seconds(r, r->root, "elapsed", report_seconds(r->begin, now));
    add_usage(r, r->root);
    add_profile(r, r->root);
}

/* Write root to where it goes. 0, or -1 and errno. */
static int write_root(struct Report *r, const char *path)
{
    int fd = r->lines, style = r->each ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY, result;

    if (r->error != 0 || r->starved) {
        errno = r->error != 0 ? r->error : ENOMEM;
        return -1;
    }
    if (fd < 0)
        fd = json_out_open(path, O_TRUNC);
    result = fd < 0 ? -1 : json_out(fd, r->root, style);
    if (fd >= 0 && json_out_close(fd, path) != 0)
        result = -1;
    return result;
}

int report_close(struct Report *r, const char *path, int exit_code, uint64_t now)
{
    errno = ENOMEM;
    if (!r->root)
        return r->starved ? -1 : 0;
    add_end(r, exit_code, now);
    int result = write_root(r, path), error = errno;
    json_object_put(r->root);
    r->root = NULL;
    errno = error;
    return result;
}
