/*
 * Loop: the one place where the process waits. Slots name what it waits for; ppoll does the
 * waiting, so a signal can never slip in between looking and sleeping. One Loop at a time.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include "host/clock.h"
#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#define LOOP_SOURCES 8 /* slots from LOOP_SOURCE on */

enum LoopSlot {
    LOOP_LINK_IN,
    LOOP_LINK_OUT,
    LOOP_BACK_IN, /* of a second port, which carries the other direction */
    LOOP_BACK_OUT,
    LOOP_SINK,
    LOOP_SOURCE, /* the first of several */
    LOOP_SLOTS = LOOP_SOURCE + LOOP_SOURCES
};

#define LOOP_CAUGHT  3 /* SIGINT, SIGTERM, SIGHUP */
#define LOOP_SIGNALS 5 /* and SIGPIPE, SIGXFSZ, which are ignored */

struct Loop {
    struct pollfd slots[LOOP_SLOTS]; /* fd is -1 in a slot that is not watched */
    struct sigaction old_actions[LOOP_SIGNALS];
    sigset_t old_mask;
};

/*
 * Take over the signals and watch nothing. SIGINT, SIGTERM and SIGHUP are recorded (see
 * loop_signal) and end a system call that waits (EINTR); the second one to arrive has its default
 * action, at once. A signal that was ignored before (nohup, a job in the background) stays so.
 * SIGPIPE is ignored until loop_close: a write to a gone reader fails with EPIPE.
 */
void loop_open(struct Loop *l);

/* The signals are as they were before loop_open. No descriptor is closed. */
void loop_close(struct Loop *l);

/*
 * Watch fd in slot for events (POLLIN, POLLOUT or both); replaces what the slot watched before.
 * events 0 or fd -1: the slot watches nothing, not even a hang-up, which would else be reported
 * again and again. A regular file is always ready.
 */
void loop_watch(struct Loop *l, enum LoopSlot slot, int fd, short events);

/*
 * Wait until a watched slot is ready, the deadline (of clock_now; CLOCK_NEVER: none) has passed,
 * or a signal has arrived (also one from before the call). Returns how many slots are ready, 0 if
 * none is. A deadline that has passed already only looks. If the system cannot wait, it says so and
 * ends the process with EXIT_IO.
 */
int loop_wait(struct Loop *l, uint64_t deadline);

/*
 * True if the last loop_wait found slot ready: readable or writable as asked, hung up or failed,
 * which the next read or write will tell. False once loop_watch has touched the slot.
 */
bool loop_ready(const struct Loop *l, enum LoopSlot slot);

/* The signal that has arrived is known: it ends no more waits, for what is left to be done. */
void loop_heed(struct Loop *l);

/*
 * What is still to be done when a second signal, or any other (SIGQUIT, SIGSEGV), ends the process,
 * such as giving back a terminal; NULL: nothing. It runs in the signal's handler: async-signal-safe
 * calls only. SIGKILL gives no time for it.
 */
void loop_last_act(struct Loop *l, void (*act)(void));

/* The signal that has arrived since loop_open, or 0. Exit with 128 + its number. */
int loop_signal(const struct Loop *l);

#endif
