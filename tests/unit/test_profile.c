#include "host/profile.h"

#include "host/clock.h"

#include <criterion/criterion.h>

static void pass(uint64_t ns)
{
    for (uint64_t until = clock_now() + ns; clock_now() < until;)
        ;
}

static void stage(enum ProfileStage stage, uint64_t ns)
{
    struct ProfileMark mark = profile_enter(stage);
    pass(ns);
    profile_leave(mark);
}

Test(profile, unless_opened_nothing_is_counted)
{
    stage(PROFILE_HASH, 1000);
    cr_assert_not(profile_is_on());
    cr_assert_eq(profile_times(PROFILE_HASH).calls, 0);
    cr_assert_eq(profile_times(PROFILE_OTHER).calls, 0);
    cr_assert_eq(profile_muladd(gf256_muladd_portable), gf256_muladd_portable);
}

Test(profile, a_stage_has_its_calls_and_least_most_and_total_time)
{
    profile_open();
    stage(PROFILE_HASH, CLOCK_MS);
    stage(PROFILE_HASH, 3 * CLOCK_MS);
    stage(PROFILE_HASH, 2 * CLOCK_MS);
    struct ProfileTimes t = profile_times(PROFILE_HASH);
    cr_assert_str_eq(t.name, "hash");
    cr_assert_eq(t.calls, 3);
    cr_assert_geq(t.least, CLOCK_MS);
    cr_assert_geq(t.most, 3 * CLOCK_MS);
    cr_assert_leq(t.least, t.most);
    cr_assert_geq(t.total, t.least + t.most + t.least);
    cr_assert_leq(t.total, t.least + 2 * t.most);
    cr_assert_eq(profile_times(PROFILE_WAIT).calls, 0);
}

Test(profile, a_stage_within_another_stops_its_clock)
{
    uint64_t begin = clock_now(), all = 0;
    profile_open();
    struct ProfileMark outer = profile_enter(PROFILE_PACKETS);
    pass(CLOCK_MS);
    stage(PROFILE_FILE_READ, 20 * CLOCK_MS);
    pass(CLOCK_MS);
    stage(PROFILE_FILE_READ, 20 * CLOCK_MS);
    profile_leave(outer);
    uint64_t end = clock_now();
    for (int i = 0; i < PROFILE_STAGES; i++)
        all += profile_times((enum ProfileStage)i).total;
    cr_assert_eq(profile_times(PROFILE_PACKETS).calls, 1);
    cr_assert_geq(profile_times(PROFILE_PACKETS).total, 2 * CLOCK_MS);
    cr_assert_leq(profile_times(PROFILE_PACKETS).total, end - begin - 40 * CLOCK_MS);
    cr_assert_eq(profile_times(PROFILE_FILE_READ).calls, 2);
    cr_assert_geq(all, 42 * CLOCK_MS, "all stages together are the whole");
    cr_assert_leq(all, clock_now() - begin);
}

Test(profile, arithmetic_is_timed_and_right)
{
    uint8_t byte = 1, source = 7, coef = 3;
    uint8_t *to = &byte;
    const uint8_t *from = &source;
    profile_open();
    profile_muladd(gf256_muladd_portable)(&to, 1, &from, 1, &coef, 1);
    cr_assert_eq(byte, 1 ^ gf256_mul(3, 7));
    cr_assert_eq(profile_times(PROFILE_CODE).calls, 1);
}
