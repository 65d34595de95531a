/*
 * Bench of a link: the highest rate at which it loses nothing. Objects are sent over it at one rate
 * and another, without repairs, so that one arrives whole only if nothing was lost.
 *
 *     bench_link_search decides which rates (it does no I/O), bench_trial.c tries them
 */
#ifndef HOST_BENCH_LINK_H
#define HOST_BENCH_LINK_H

#include "host/exit_code.h"
#include "host/tty.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct LinkTrial {
    uint64_t rate;  /* asked for, bytes a second on the line; 0: unlimited */
    uint64_t bytes; /* of the object */
    /* What came of it: */
    bool whole;       /* all of it arrived */
    uint64_t arrived; /* bytes of it */
    double loss;      /* share of packets, as the receiver counted; 1: nothing arrived */
    double seconds;   /* until the receiver was done; if it is not whole, with its patience */
    double sent;      /* seconds until the sender was done */
    double cpu;       /* seconds of processor time, of sender and receiver */
};

/* Try t->rate with t->bytes and fill in the rest. 0; or an exit code: there is no use in trying
 * anything else. */
typedef int (*LinkTry)(void *ctx, struct LinkTrial *t);

struct LinkSearch {
    double seconds;                   /* a trial should last so long */
    unsigned times;                   /* a rate that loses nothing is tried so often */
    uint64_t bytes_least, bytes_most; /* of an object */
    uint64_t rate_least;              /* to be tried */
};

/*
 * Unlimited first: a link that then loses nothing holds its writer back, and its rate is its own.
 * Otherwise down until nothing is lost, and up again between that and what did lose, until they are
 * 5 % apart. 0: *best is a trial at the rate that was found. EXIT_INCOMPLETE: at every rate
 * something is lost; *best is the last trial. Else what try said.
 */
int bench_link_search(const struct LinkSearch *search, LinkTry try, void *ctx,
                      struct LinkTrial *best);

struct BenchLink {
    const char *self;      /* path of dttk itself */
    const char *from, *to; /* ports; to NULL: with a plug that leads back to from. Both NULL: */
    const char *command;   /* a command of the shell through which bytes go */
    uint64_t mtu;          /* 0: not given */
    struct TtyLine line;   /* of ports */
    bool quick;
    void (*take)(void *ctx, const struct LinkTrial *t); /* after each; borrows it */
    void *ctx;
};

/* Measure. As bench_link_search; for what is not 0 or EXIT_INCOMPLETE the reason has been said. */
int bench_link(const struct BenchLink *link, struct LinkTrial *best);

#endif
