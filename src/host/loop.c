#include "host/loop.h"

#include "host/diag.h"
#include "host/exit_code.h"
#include "host/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Those from SIGPIPE on are ignored: write(2) tells what they would. The others are caught. */
static const int signals[LOOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

static volatile sig_atomic_t arrived;
static bool heeded; /* it does not end a wait any more */

static void (*last_act)(void);

/* Not the first signal, or one that nobody waits for: its default action, as this returns. */
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
static int sleep_until(struct pollfd *watched, nfds_t count, uint64_t deadline)
{
    sigset_t caught, open;
    caught_signals(&caught);
    (void)sigprocmask(SIG_BLOCK, &caught, &open);
    bool called = arrived != 0 && !heeded;
    struct timespec left = time_until(called ? 0 : deadline);
    int ready = ppoll(watched, count, deadline == CLOCK_NEVER && !called ? NULL : &left, &open);
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
    errno = error;
    return ready;
}

/* The slots that watch something, side by side: ppoll takes no more of them, watched or not, than
 * the process may have open files. How many; slot_of says which they are. */
static nfds_t gather(const struct Loop *l, struct pollfd *watched, size_t *slot_of)
{
    nfds_t count = 0;
    for (size_t i = 0; i < LOOP_SLOTS; i++) {
        if (l->slots[i].fd < 0)
            continue;
        watched[count] = l->slots[i];
        slot_of[count++] = i;
    }
    return count;
}

/* The system cannot wait (it has no memory for that): there is nothing to go on with. */
static void give_up(int error)
{
    if (last_act != NULL)
        last_act();
    diag_errno(error, "cannot wait for input", NULL);
    exit(EXIT_IO);
}

int loop_wait(struct Loop *l, uint64_t deadline)
{
    struct ProfileMark mark = profile_enter(PROFILE_WAIT);
    struct pollfd watched[LOOP_SLOTS];
    size_t slot_of[LOOP_SLOTS];
    nfds_t count = gather(l, watched, slot_of);
    int ready = deadline == 0 ? poll(watched, count, 0) : sleep_until(watched, count, deadline);
    int error = errno;
    profile_leave(mark);
    if (ready < 0 && error != EINTR)
        give_up(error);
    for (size_t i = 0; i < LOOP_SLOTS; i++)
        l->slots[i].revents = 0;
    for (nfds_t i = 0; i < count && ready > 0; i++)
        l->slots[slot_of[i]].revents = watched[i].revents;
    return ready > 0 ? ready : 0;
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

/* Signals that end a process that does not handle them: they have the last act first, or not. */
static void guard(bool on)
{
    static const int fatal[] = {SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGABRT,
                                SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGSYS};
    struct sigaction action = {.sa_handler = on ? end : SIG_DFL};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction now;
        if (sigaction(fatal[i], NULL, &now) == 0 && now.sa_handler == (on ? SIG_DFL : end))
            (void)sigaction(fatal[i], &action, NULL);
    }
}

void loop_last_act(struct Loop *l, void (*act)(void))
{
    sigset_t caught, open;
    (void)l;
    guard(act != NULL);
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
