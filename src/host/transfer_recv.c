/*
 * Receiving, in the order a byte travels: station (link, wire) -> packet -> receiver -> store
 * (file); and two-way the receiver's answers, back to the station.
 */
#include "host/transfer_recv.h"

#include "host/clock.h"
#include "host/diag.h"
#include "host/profile.h"

#include <errno.h>
#include <stdio.h>

#define ABORTS 3 /* copies of an ABORT, and of what is said last */

/*
 * Slots whose object cannot go on give way: the store has said why, or says it now. In a folder one
 * that its sender gave up gives way, too: it may come again.
 */
static void drop_ended(struct Receiving *t, uint64_t now)
{
    for (unsigned i = 0; i < t->receiver.reached; i++) {
        const struct Slot *slot = &t->slots[i];

        if (slot->state == SLOT_FREE)
            continue;
        if (store_failure(&t->store, i) != SLOT_FAILURE_NONE)
            receiver_fail(&t->receiver, i, store_failure(&t->store, i));
        if (slot->state == SLOT_FAILED)
            receiver_drop(&t->receiver, i, true, now);
        else if (slot->state == SLOT_COLLECTING && slot->aborted && !slot->finishing &&
                 t->options->folder)
            receiver_drop(&t->receiver, i, false, now);
    }
}

/* True if the store is busy with an object of which every byte is here. */
static bool is_finishing(struct Receiving *t)
{
    unsigned n = t->receiver.reached;

    for (unsigned i = 0; i < n && !t->slots[t->finishing].finishing; i++)
        t->finishing = (t->finishing + 1) % n;
    return t->slots[t->finishing].finishing;
}

/* It is busy with one of them until that has its verdict: each takes memory. */
static void finish(struct Receiving *t, uint64_t now)
{
    if (is_finishing(t))
        receiver_finish(&t->receiver, t->finishing, now);
}

/* Objects of which nothing more comes give way: what they have is kept. */
static void drop_silent(struct Receiving *t, uint64_t now)
{
    for (unsigned i = 0; i < t->receiver.reached; i++) {
        if (patience_slot_end(&t->patience, &t->station, &t->slots[i]) <= now)
            receiver_drop(&t->receiver, i, false, now);
    }
}

/* When the next of them is due. */
static uint64_t silent_at(const struct Receiving *t)
{
    uint64_t at = CLOCK_NEVER;

    for (unsigned i = 0; i < t->receiver.reached; i++)
        at = clock_earlier(at, patience_slot_end(&t->patience, &t->station, &t->slots[i]));
    return at;
}

/* The file cannot be written, or nothing more can be said or kept: no more is taken. */
static bool ends_here(const struct Receiving *t)
{
    return t->gone || t->report.error != 0 || (t->done && verdict_code(&t->verdict) == EXIT_IO);
}

/* The packets that have arrived whole; after a signal, or when it ends, no more of them. */
static void take_packets(struct Receiving *t, uint64_t now)
{
    struct ProfileMark mark = profile_enter(PROFILE_PACKETS);
    struct View packet;

    while (!loop_signal(&t->loop) && !ends_here(t) && station_next(&t->station, &packet, now)) {
        receiver_input(&t->receiver, packet, now);
        if (store_wants_replay(&t->store))
            store_replay(&t->store, &t->receiver, now);
        drop_ended(t, now);
    }
    profile_leave(mark);
}

/* Two-way: the next answer that is due, `copies` times on the line. False: none is. */
static bool put_answer(struct Receiving *t, int copies, uint64_t now)
{
    struct View part;

    t->receiver.bad_frames = wire_in_bad(&t->station.in);
    if (!receiver_output(&t->receiver, &t->answer, now))
        return false;
    part = buffer_view(&t->answer);
    for (int i = 0; i < copies; i++)
        station_put(&t->station, &part, 1, now);
    patience_answered(&t->patience, &t->station, now);
    return true;
}

/* Two-way: say what is due, but not that all is safe before all is written. Nobody reads it: then
 * nothing is said any more. */
static void answer(struct Receiving *t, uint64_t now)
{
    if (!t->options->line.two_way)
        return;
    if (!station_writing(&t->station) && !t->store.draining) {
        while (station_room(&t->station, now) > 0 && put_answer(t, ends_here(t) ? ABORTS : 1, now))
            ;
    }
    if (station_flush(&t->station) < 0) {
        buffer_reset(&t->station.tx, 0);
        t->receiver.config.may_answer = false;
    }
}

/* What is still to be said before the link closes, if it gets out soon. */
static void say_last_words(struct Receiving *t, bool abort)
{
    uint64_t now;

    if (!t->options->line.two_way || t->station.link.port.error != 0)
        return;
    loop_heed(&t->loop);
    loop_watch(&t->loop, LOOP_SINK, -1, 0);
    now = station_last_turn(&t->station);
    if (abort)
        receiver_abort(&t->receiver, ABORT_CANCELLED, now);
    while (t->station.tx.len < STATION_BATCH && put_answer(t, ABORTS, now))
        ;
    station_last_words(&t->station);
}

/* The object that the bar is about: the one that had a packet last. */
static const struct Slot *busiest(const struct Receiving *t)
{
    const struct Slot *slot = &t->slots[t->receiver.last_slot];

    return slot->state == SLOT_COLLECTING ? slot : NULL;
}

static void show_progress(struct Receiving *t, uint64_t now)
{
    const struct Slot *slot = busiest(t);
    struct ProgressState state = {.name = t->short_name};
    char name[32];

    if (!slot || !t->progress.on)
        return;
    diag_escape(name, sizeof name - 4,
                slot->info.name.len > 0 ? slot->info.name : view_of("object", 6));
    snprintf(t->short_name, sizeof t->short_name, "%s%s", slot->finishing ? "verifying " : "",
             name);
    state.done =
        slot->finishing ? store_checked(&t->store, t->receiver.last_slot) : slot_bytes(slot);
    state.total = (slot->info.flags & OBJECT_STREAM) ? 0 : slot->info.size;
    state.good = slot->counters.packets;
    state.lost = slot->counters.lost;
    state.repairs = slot->counters.repaired;
    state.waiting =
        (slot->info.flags & OBJECT_STREAM) ? slot->stream.row_count : slot->repairs.total;
    progress_show(&t->progress, &state, now);
}

/* When the run ends if nothing further arrives. 0: at once; CLOCK_NEVER: it goes on. */
static uint64_t ends_at(struct Receiving *t, uint64_t now)
{
    struct PatienceRun run = {.done = t->done, .any = t->any};

    if (ends_here(t))
        return 0;
    return patience_end(&t->patience, &t->station, &t->receiver, run, now);
}

/* Two-way: when the next answer can be given. */
static uint64_t answer_at(struct Receiving *t, uint64_t now)
{
    uint64_t turn = station_turn(&t->station, now);

    if (turn != CLOCK_NEVER)
        return turn;
    if (station_room(&t->station, now) == 0)
        return station_room_at(&t->station);
    return receiver_deadline(&t->receiver);
}

/* Sleep until something can be done; or only look, if the store has work of its own. Returns the
 * time then. */
static uint64_t wait_for_work(struct Receiving *t, uint64_t deadline, uint64_t now)
{
    bool pumping = store_pending(&t->store) > 0, behind = store_catch_up(&t->store);

    behind = is_finishing(t) || behind;

    loop_watch(&t->loop, LOOP_SINK, store_pump_fd(&t->store), POLLOUT);
    deadline = clock_earlier(deadline, silent_at(t));
    deadline = clock_earlier(pumping ? CLOCK_NEVER : deadline, store_save(&t->store, now));
    if (t->options->line.two_way && !station_writing(&t->station))
        deadline = clock_earlier(deadline, answer_at(t, now));
    return station_wait(&t->station, !pumping, behind ? 0 : deadline);
}

/* True if the end of the link cuts nothing short: what came has its verdict, nothing is unfinished.
 * A run that keeps going expects more at any time. */
static bool has_all(const struct Receiving *t)
{
    return t->done || (t->any && !t->options->keep_going && !patience_is_collecting(&t->receiver));
}

/* The port has gone and is not waited for; what it has brought still counts. An exit code. */
static int explain_lost(const struct Receiving *t)
{
    const char *name = t->station.link.port.name;

    if (!has_all(t)) {
        diag("%s: the port is gone", name);
        return EXIT_PORT;
    }
    if (!t->done && !t->options->words.quiet)
        diag("%s: the port is gone; no file was unfinished", name);
    return 0;
}

/* Read what the link has. 0, or an exit code. */
static int read_link(struct Receiving *t, uint64_t now)
{
    struct Station *s = &t->station;

    s->relearn = t->options->keep_going && !patience_is_collecting(&t->receiver);
    if (station_read(s, now) < 0) {
        if (!t->done) {
            diag_errno(s->link.port.error, s->link.port.name, "cannot read");
            return EXIT_IO;
        }
        s->link.port.eof = true; /* the verdict is said, and about the file alone */
    }
    return 0;
}

/* Somebody wants it to end; but a verdict that was said stands. -1: nobody does. */
static int check_signals(const struct Receiving *t)
{
    if (!loop_signal(&t->loop) && !t->station.cancelled)
        return -1;
    if (t->done && store_pending(&t->store) == 0)
        return 0;
    return EXIT_SIGNAL + (t->station.cancelled ? SIGINT : loop_signal(&t->loop));
}

/* What waits for the descriptor goes on. An object that was right and could not be written to the
 * end is none that the sender may take for delivered. */
static void pump(struct Receiving *t, uint64_t now)
{
    bool draining = t->store.draining;

    if (store_pump(&t->store) < 0 && draining)
        receiver_retract(&t->receiver, ABORT_WRITE, now);
}

/* True if there is something to do for what has arrived, whatever the link does. */
static bool is_busy(struct Receiving *t)
{
    return store_pending(&t->store) > 0 || (is_finishing(t) && !ends_here(t));
}

/* Until the link ends, or the run has what it came for, or a signal. */
static int receive(struct Receiving *t)
{
    uint64_t now = clock_now(), until;
    bool lost;

    while ((until = ends_at(t, now)) > now || is_busy(t)) {
        int code;

        now = wait_for_work(t, until, now);
        code = check_signals(t);
        if (code >= 0)
            return code;
        code = read_link(t, now);
        if (code != 0)
            return code;
        lost = station_tick(&t->station, now) == LINK_LOST;
        patience_hear(&t->patience, &t->station, now);
        pump(t, now);
        take_packets(t, now);
        finish(t, now);
        if (lost && !is_finishing(t))
            return explain_lost(t);
        drop_ended(t, now);
        drop_silent(t, now);
        if (station_ended(&t->station) && store_pending(&t->store) == 0)
            station_finish(&t->station);
        answer(t, now);
        pump(t, now);
        show_progress(t, now);
    }
    return 0;
}

/* Nothing had a verdict, or none that was heard today: say what was heard instead. */
static void explain_silence(struct Receiving *t)
{
    const struct ReceiverCounters *c = &t->receiver.counters;
    char words[SILENCE_WORDS];

    if (c->bad_flags > 0) {
        diag("%s: sent in a way this version does not know: get a newer dttk",
             t->station.link.port.name);
        verdict_note(&t->verdict, EXIT_REFUSED);
        return;
    }
    diag("%s: %s", t->station.link.port.name,
         station_silence(&t->station, 0, c->not_ours, c->waiting, words, sizeof words));
    verdict_note(&t->verdict, EXIT_SILENCE);
}

int transfer_recv(const struct RecvOptions *options)
{
    static struct Receiving t; /* large, and there is one transfer per process */
    int code;

    t.options = options;
    code = transfer_recv_open(&t);
    if (code != 0 && loop_signal(&t.loop))
        code = EXIT_SIGNAL + loop_signal(&t.loop);
    if (code == 0) {
        code = receive(&t);
        drop_ended(&t, clock_now()); /* the last thing that was done may have failed */
        progress_end(&t.progress);
        store_end(&t.store);
        say_last_words(&t, code > EXIT_SIGNAL || t.gone || t.report.error != 0);
        if (code == 0 && !t.any && !ends_here(&t))
            explain_silence(&t);
        report_link(&t.report, &t.station.in, &t.receiver.counters, t.station.link.port.bytes_in);
    }
    if (t.report.error != 0)
        verdict_note(&t.verdict, EXIT_IO);
    code = code ? code : verdict_code(&t.verdict);
    if (report_close(&t.report, options->words.json, code, clock_now()) != 0) {
        diag_errno(errno, report_place(options->words.json), NULL);
        code = code ? code : EXIT_IO;
    }
    store_free(&t.store);
    if (t.opened)
        station_close(&t.station);
    loop_close(&t.loop);
    return code;
}
