#include "host/pacer.h"
#include "host/clock.h"
#include <string.h>

#define QUANTUM (2 * CLOCK_MS) /* how far ahead of its time a unit may go: spares wake-ups */
#define LATE    (PACER_BURST - QUANTUM) /* what may be added to it after a late wake-up */
#define SLOT    CLOCK_MS
#define WINDOW  (PACER_SLOTS * SLOT * 21 / 20)

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t less_at_least_0(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void account_init(struct PacerAccount *a, uint64_t rate, uint64_t now)
{
    memset(a, 0, sizeof *a);
    a->rate = rate <= PACER_RATE_MAX ? rate : 0;
    a->mean_due = now;
    a->peak_due = now;
    a->slot = now / SLOT;
}

/* Move the window on to now. */
static void account_advance(struct PacerAccount *a, uint64_t now)
{
    uint64_t slot = now / SLOT;
    if (slot <= a->slot)
        return;
    for (uint64_t n = min_u64(slot - a->slot, PACER_SLOTS); n > 0; n--) {
        uint64_t *oldest = &a->slots[(slot - n + 1) % PACER_SLOTS];
        a->window -= *oldest;
        *oldest = 0;
    }
    a->slot = slot;
}

/* Line time that may be spent now. */
static uint64_t account_time(const struct PacerAccount *a, uint64_t now)
{
    if (now < a->mean_due || now < a->peak_due || a->window >= WINDOW)
        return 0;
    uint64_t mean = now - a->mean_due + QUANTUM;
    uint64_t peak = (now - a->peak_due) * 21 / 20 + QUANTUM;
    return min_u64(min_u64(mean, peak), min_u64(WINDOW - a->window, PACER_BURST));
}

/* Units that may be spent now; never 0 while the line time is not. */
static uint64_t account_allowance(struct PacerAccount *a, uint64_t now)
{
    if (a->rate == 0)
        return UINT64_MAX;
    account_advance(a, now);
    /* Who was allowed to and did not spend was silent; who had to wait may have woken up late. */
    uint64_t forgiven = a->granted > 0 ? LATE : PACER_DEBT;
    a->mean_due = max_u64(a->mean_due, less_at_least_0(now, forgiven));
    a->peak_due = max_u64(a->peak_due, less_at_least_0(now, LATE));
    uint64_t time = account_time(a, now);
    uint64_t units = time / CLOCK_SECOND * a->rate + time % CLOCK_SECOND * a->rate / CLOCK_SECOND;
    a->granted = time > 0 ? max_u64(units, 1) : 0;
    return a->granted;
}

/* parts / whole added to *due, with what is left of the division kept in *rest. */
static void due_add(uint64_t *due, uint64_t *rest, uint64_t parts, uint64_t whole)
{
    *rest += parts;
    *due += *rest / whole;
    *rest %= whole;
}

static void account_spend(struct PacerAccount *a, uint64_t now, uint64_t units, uint64_t smallest)
{
    if (a->rate == 0 || units == 0)
        return;
    account_advance(a, now);
    uint64_t before = a->mean_due;
    due_add(&a->mean_due, &a->mean_rest, units * CLOCK_SECOND, a->rate);
    uint64_t line = a->mean_due - before;
    a->peak_due = max_u64(a->peak_due, less_at_least_0(now, LATE));
    due_add(&a->peak_due, &a->peak_rest, line * 20, 21);
    a->slots[a->slot % PACER_SLOTS] += line;
    a->window += line;
    /* What is left may be too little for another frame: then it is used up as well. */
    a->granted = less_at_least_0(a->granted, units);
    if (a->granted < smallest)
        a->granted = 0;
}

static uint64_t account_deadline(const struct PacerAccount *a)
{
    if (a->rate == 0)
        return 0;
    uint64_t due = max_u64(a->mean_due, a->peak_due);
    uint64_t window = a->window;
    for (uint64_t i = 1; i <= PACER_SLOTS && window >= WINDOW; i++) {
        window -= a->slots[(a->slot + i) % PACER_SLOTS]; /* the oldest first */
        due = max_u64(due, (a->slot + i) * SLOT);
    }
    return due;
}

void pacer_init(struct Pacer *p, uint64_t bytes_per_s, uint64_t packets_per_s, uint64_t now)
{
    account_init(&p->bytes, bytes_per_s, now);
    account_init(&p->packets, packets_per_s, now);
}

size_t pacer_allowance(struct Pacer *p, uint64_t now)
{
    uint64_t bytes = account_allowance(&p->bytes, now);
    if (account_allowance(&p->packets, now) == 0)
        return 0;
    return bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
}

void pacer_spend(struct Pacer *p, uint64_t now, uint64_t bytes, uint64_t packets)
{
    account_spend(&p->bytes, now, bytes, packets > 0 ? bytes / packets : 1);
    account_spend(&p->packets, now, packets, 1);
}

uint64_t pacer_deadline(const struct Pacer *p)
{
    return max_u64(account_deadline(&p->bytes), account_deadline(&p->packets));
}
