#include "host/profile.h"

#include "host/clock.h"
#include "host/diag.h"

#include <inttypes.h>

static const char *const names[PROFILE_STAGES] = {
    "other", "wait", "link read", "link write", "packets",
    "code",  "hash", "file read", "file write", "file sync"};

static struct {
    bool on;
    enum ProfileStage stage; /* the one that is being timed, */
    uint64_t since;          /* up to here its time is in */
    uint64_t spent;          /* ns, in this call */
    struct ProfileTimes of[PROFILE_STAGES];
    Gf256MulAdd muladd;
} profile;

void profile_open(void)
{
    profile.on = true;
    profile.since = clock_now();
}

bool profile_is_on(void)
{
    return profile.on;
}

/* Bring the time of the stage that is being timed up to now. */
static void look_at_clock(void)
{
    uint64_t now = clock_now();
    profile.spent += now - profile.since;
    profile.since = now;
}

static void count(struct ProfileTimes *t, uint64_t spent)
{
    if (t->calls == 0 || spent < t->least)
        t->least = spent;
    if (spent > t->most)
        t->most = spent;
    t->calls++;
    t->total += spent;
}

struct ProfileMark profile_enter(enum ProfileStage stage)
{
    struct ProfileMark mark = {PROFILE_OTHER, 0};
    if (!profile.on)
        return mark;
    look_at_clock();
    mark = (struct ProfileMark){profile.stage, profile.spent};
    profile.stage = stage;
    profile.spent = 0;
    return mark;
}

void profile_leave(struct ProfileMark mark)
{
    if (!profile.on)
        return;
    look_at_clock();
    count(&profile.of[profile.stage], profile.spent);
    profile.stage = mark.stage;
    profile.spent = mark.spent;
}

static void timed_muladd(uint8_t *const *dst, size_t rows, const uint8_t *const *src, size_t cols,
                         const uint8_t *coef, size_t len)
{
    struct ProfileMark mark = profile_enter(PROFILE_CODE);
    profile.muladd(dst, rows, src, cols, coef, len);
    profile_leave(mark);
}

Gf256MulAdd profile_muladd(Gf256MulAdd muladd)
{
    profile.muladd = muladd;
    return profile.on ? timed_muladd : muladd;
}

struct ProfileTimes profile_times(enum ProfileStage stage)
{
    struct ProfileTimes t = profile.of[stage];
    t.name = names[stage];
    if (stage == PROFILE_OTHER && profile.on && profile.stage == PROFILE_OTHER) {
        look_at_clock();
        count(&t, profile.spent);
    }
    return t;
}

void profile_say(void)
{
    struct ProfileTimes t[PROFILE_STAGES];
    uint64_t all = 0;
    if (!profile.on)
        return;
    for (int i = 0; i < PROFILE_STAGES; i++) {
        t[i] = profile_times((enum ProfileStage)i);
        all += t[i].total;
    }
    diag("profile: %-10s %10s %7s %9s %12s %12s", "stage", "s", "share", "calls", "least us",
         "most us");
    for (int i = 0; i < PROFILE_STAGES; i++) {
        if (t[i].calls > 0)
            diag("profile: %-10s %10.6f %5.1f %% %9" PRIu64 " %12.3f %12.3f", t[i].name,
                 (double)t[i].total / 1e9, 100 * (double)t[i].total / (double)(all > 0 ? all : 1),
                 t[i].calls, (double)t[i].least / 1e3, (double)t[i].most / 1e3);
    }
    diag("profile: %-10s %10.6f", "all", (double)all / 1e9);
}
