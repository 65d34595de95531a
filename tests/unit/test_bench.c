/* What bench makes of runs whose times are known. */
#include "host/bench.h"
#include "unit/check.h"

#include <string.h>

#define MS UINT64_C(1000000)

/* A stage that says itself how long it took: 10 ms, 20 ms, 30 ms, ... */
struct Clockwork {
    unsigned runs;
    unsigned wrong_at; /* the run that comes out wrong; 0: none */
    uint64_t ns;
};

struct Taken {
    unsigned count;
    struct BenchResult last;
};

static bool run(void *ctx)
{
    struct Clockwork *c = ctx;
    c->ns = ++c->runs * 10 * MS;
    return c->runs != c->wrong_at;
}

static void take(void *ctx, const struct BenchResult *result)
{
    struct Taken *t = ctx;
    t->count++;
    t->last = *result;
}

static struct BenchStage stage_of(struct Clockwork *c)
{
    return (struct BenchStage){
        .name = "a stage", .run = run, .ctx = c, .bytes = 7, .ns = &c->ns, .long_run = true};
}

Test(bench, least_median_and_most_are_of_all_samples_but_the_first_run)
{
    struct Taken taken = {0};
    struct BenchOptions o = {.quick = true, .take = take, .ctx = &taken};
    struct Bench b = {.options = &o, .group = "group"};
    struct Clockwork c = {0};
    struct BenchStage stage = stage_of(&c);
    bench_stage(&b, &stage);
    cr_assert_eq(taken.count, 1);
    cr_assert_eq(c.runs, 4); /* one to warm up, three samples */
    cr_assert_float_eq(taken.last.least, 20e6, 1);
    cr_assert_float_eq(taken.last.median, 30e6, 1);
    cr_assert_float_eq(taken.last.most, 40e6, 1);
    cr_assert_eq(taken.last.bytes, 7);
    cr_assert_str_eq(taken.last.group, "group");
}

Test(bench, short_runs_are_repeated_until_a_sample_is_long_enough)
{
    struct Taken taken = {0};
    struct BenchOptions o = {.quick = true, .take = take, .ctx = &taken};
    struct Bench b = {.options = &o, .group = "group"};
    struct Clockwork c = {0};
    struct BenchStage stage = stage_of(&c);
    stage.ns = NULL; /* the processor's time counts: next to nothing for each run */
    stage.long_run = false;
    bench_stage(&b, &stage);
    cr_assert_eq(taken.count, 1);
    cr_assert_gt(c.runs, 1000);
    cr_assert_lt(taken.last.median, 4e6);
    cr_assert_leq(taken.last.least, taken.last.median);
    cr_assert_leq(taken.last.median, taken.last.most);
}

Test(bench, a_run_that_comes_out_wrong_is_no_result_and_exit_1)
{
    for (unsigned wrong_at = 1; wrong_at <= 4; wrong_at++) {
        struct Taken taken = {0};
        struct BenchOptions o = {.quick = true, .take = take, .ctx = &taken};
        struct Bench b = {.options = &o, .group = "group"};
        struct Clockwork c = {.wrong_at = wrong_at};
        struct BenchStage stage = stage_of(&c);
        bench_stage(&b, &stage);
        CHECK(taken.count == 0, "run %u was wrong, and there is a result", wrong_at);
        CHECK(b.code == EXIT_IO, "run %u: exit %d", wrong_at, b.code);
    }
}

Test(bench, stages_are_chosen_by_group_or_by_a_part_of_their_name)
{
    const char *names[] = {"CRC", "code"};
    struct BenchOptions o = {.names = names, .name_count = 2};
    struct Bench b = {.options = &o, .group = "stage"};
    cr_assert(bench_wants(&b, "CRC-32C"));
    cr_assert_not(bench_wants(&b, "SHA-256"));
    b.group = "code";
    cr_assert(bench_wants(&b, "SHA-256"));
    o.name_count = 0;
    b.group = "stage";
    cr_assert(bench_wants(&b, "SHA-256"));
}

Test(bench, filling_gives_the_same_bytes_whatever_the_length)
{
    uint8_t a[1000], b[1000];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    bench_fill(a, sizeof a);
    for (size_t len = 0; len < sizeof b; len++) {
        bench_fill(b, len);
        CHECK(memcmp(a, b, len) == 0 && b[len] == 0, "%zu bytes differ", len);
    }
}
