#include "host/loop.h"

#include "host/profile.h"

#include <string.h>
#include <time.h>

/* Those from SIGPIPE on are ignored: write(2) tells what they would. The others are caught. */
static const int signals[LOOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

static volatile sig_atomic_t arrived;
static bool heeded; /* it does not end a wait any more */

static void (*last_act)(void);

/* Not the first signal: its default action, as soon as this returns. */
static void end(int number)
{
    if (last_act != NULL)
        last_act();
    (void)sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    (void)raise(number);
}

/* The first signal is recorded; from now on each ends the process, at once. */
static void record(int number)
{
    struct sigaction action = {.sa_handler = end};
    arrived = number;
    for (size_t i = 0; i < LOOP_CAUGHT; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == record)
            (void)sigaction(signals[i], &action, NULL);
    }
}

static void caught_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    for (size_t i = 0; i < LOOP_CAUGHT; i++)
        (void)sigaddset(set, signals[i]);
}

void loop_open(struct Loop *l)
{
    sigset_t caught;
    arrived = 0;
    heeded = false;
    last_act = NULL;
    caught_signals(&caught);
    for (size_t i = 0; i < LOOP_SLOTS; i++)
        l->slots[i] = (struct pollfd){.fd = -1};
    for (size_t i = 0; i < LOOP_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = record, .sa_mask = caught};
        if (i >= LOOP_CAUGHT)
            action.sa_handler = SIG_IGN;
        (void)sigaction(signals[i], NULL, &l->old_actions[i]);
        if (l->old_actions[i].sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
    }
    (void)sigprocmask(SIG_UNBLOCK, &caught, &l->old_mask);
}

void loop_close(struct Loop *l)
{
    for (size_t i = 0; i < LOOP_SIGNALS; i++)
        (void)sigaction(signals[i], &l->old_actions[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
}

void loop_watch(struct Loop *l, enum LoopSlot slot, int fd, short events)
{
    l->slots[slot] = (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

static struct timespec time_until(uint64_t deadline)
{
    uint64_t now = clock_now();
    uint64_t left = deadline > now ? deadline - now : 0;
    return (struct timespec){.tv_sec = (time_t)(left / CLOCK_SECOND),
                             .tv_nsec = (long)(left % CLOCK_SECOND)};
}

/* As ppoll. Signals are blocked from here to there, so that none slips in between the look at what
 * has arrived and the sleep. */
static int sleep_until(struct Loop *l, uint64_t deadline)
{
    sigset_t caught, open;
    caught_signals(&caught);
    (void)sigprocmask(SIG_BLOCK, &caught, &open);
    bool called = arrived != 0 && !heeded;
    struct timespec left = time_until(called ? 0 : deadline);
    int ready =
        ppoll(l->slots, LOOP_SLOTS, deadline == CLOCK_NEVER && !called ? NULL : &left, &open);
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
    return ready;
}

int loop_wait(struct Loop *l, uint64_t deadline)
{
    struct ProfileMark mark = profile_enter(PROFILE_WAIT);
    int ready = deadline == 0 ? poll(l->slots, LOOP_SLOTS, 0) : sleep_until(l, deadline);
    profile_leave(mark);
    if (ready > 0)
        return ready;
    for (size_t i = 0; i < LOOP_SLOTS; i++) /* after EINTR they are what they were before */
        l->slots[i].revents = 0;
    return 0;
}

bool loop_ready(const struct Loop *l, enum LoopSlot slot)
{
    return l->slots[slot].revents != 0;
}

void loop_heed(struct Loop *l)
{
    (void)l;
    heeded = true;
}

void loop_last_act(struct Loop *l, void (*act)(void))
{
    sigset_t caught, open;
    (void)l;
    caught_signals(&caught);
    (void)sigprocmask(SIG_BLOCK, &caught, &open);
    last_act = act;
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
}

int loop_signal(const struct Loop *l)
{
    (void)l;
    return (int)arrived;
}
