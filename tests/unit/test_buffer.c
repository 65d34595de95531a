#include "core/buffer.h"

#include <string.h>

#include "check.h"
#include "random.h"
#include "trap.h"

#define SIZE  40 /* of the buffer; small, so that every bound is met often */
#define GUARD 16
#define STEPS 400000

/* A Buffer between guard bytes, and the same said naively: its bytes and where they begin. */
struct Walk {
    struct TestRandom random;
    struct Buffer buffer;
    uint8_t memory[GUARD + SIZE + GUARD];
    uint8_t before[GUARD + SIZE + GUARD]; /* the memory before this step */
    uint8_t bytes[SIZE];
    size_t len;
    size_t head;
    uint8_t fresh[SIZE * 2]; /* random bytes for this step */
    size_t n;                /* its random length: often too long */
    ptrdiff_t answer;        /* what a callback is to answer */
};

/* Put n bytes into the model at `at`, moving what follows. */
static void model_insert(struct Walk *w, size_t at, const uint8_t *bytes, size_t n)
{
    memmove(w->bytes + at + n, w->bytes + at, w->len - at);
    memcpy(w->bytes + at, bytes, n);
    w->len += n;
}

static void model_remove_front(struct Walk *w, size_t n)
{
    memmove(w->bytes, w->bytes + n, w->len - n);
    w->len -= n;
    w->head += n;
}

/* A step that appends n bytes: done if they fit, and refused otherwise. */
static bool expect_append(struct Walk *w, bool done, const uint8_t *bytes, size_t n)
{
    bool fits = w->head + w->len + n <= SIZE;
    CHECK(done == fits, "append of %zu at %zu+%zu", n, w->head, w->len);
    if (fits)
        model_insert(w, w->len, bytes, n);
    return fits;
}

static bool step_append(struct Walk *w)
{
    return expect_append(w, buffer_append(&w->buffer, w->fresh, w->n), w->fresh, w->n);
}

static bool step_extend(struct Walk *w)
{
    uint8_t *to = buffer_extend(&w->buffer, w->n);
    if (to != NULL)
        memcpy(to, w->fresh, w->n);
    return expect_append(w, to != NULL, w->fresh, w->n);
}

static bool step_prepend(struct Walk *w)
{
    uint8_t *to = buffer_prepend(&w->buffer, w->n);
    CHECK((to != NULL) == (w->n <= w->head), "prepend of %zu at %zu", w->n, w->head);
    if (to == NULL)
        return false;
    memcpy(to, w->fresh, w->n);
    w->head -= w->n;
    model_insert(w, 0, w->fresh, w->n);
    return true;
}

static bool step_ltrunc(struct Walk *w)
{
    bool done = buffer_ltrunc(&w->buffer, w->n);
    CHECK(done == (w->n <= w->len), "ltrunc of %zu of %zu", w->n, w->len);
    if (done)
        model_remove_front(w, w->n);
    return done;
}

static bool step_rtrunc(struct Walk *w)
{
    bool done = buffer_rtrunc(&w->buffer, w->n);
    CHECK(done == (w->n <= w->len), "rtrunc of %zu of %zu", w->n, w->len);
    if (done)
        w->len -= w->n;
    return done;
}

static bool step_integer(struct Walk *w)
{
    struct Buffer *b = &w->buffer;
    uint64_t value = test_random_next(&w->random) >> test_random_below(&w->random, 64);
    uint8_t p[VARINT_MAX];
    switch (test_random_below(&w->random, 4)) {
    case 0:
        p[0] = (uint8_t)value;
        return expect_append(w, buffer_append_u8(b, (uint8_t)value), p, 1);
    case 1:
        put_u16(p, (uint16_t)value);
        return expect_append(w, buffer_append_u16(b, (uint16_t)value), p, 2);
    case 2:
        put_u64(p, value);
        return expect_append(w, buffer_append_u64(b, value), p, 8);
    default:
        return expect_append(w, buffer_append_varint(b, value), p, put_varint(p, value));
    }
}

static ptrdiff_t fill(void *ctx, uint8_t *space, size_t size)
{
    struct Walk *w = ctx;
    CHECK(size == SIZE - w->head - w->len, "lent %zu", size);
    if (w->answer > 0)
        memcpy(space, w->fresh, (size_t)w->answer);
    return w->answer;
}

static ptrdiff_t drain(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Walk *w = ctx;
    CHECK(len == w->len && memcmp(bytes, w->bytes, len) == 0, "lent %zu", len);
    return w->answer;
}

/* An answer from -2 to most. */
static void choose_answer(struct Walk *w, size_t most)
{
    w->answer = (ptrdiff_t)test_random_below(&w->random, most + 3) - 2;
}

static bool step_write_with(struct Walk *w)
{
    choose_answer(w, SIZE - w->head - w->len);
    CHECK(buffer_write_with(&w->buffer, fill, w) == w->answer, "result of fill is lost");
    return w->answer >= 0 && expect_append(w, true, w->fresh, (size_t)w->answer);
}

static bool step_read_with(struct Walk *w)
{
    choose_answer(w, w->len);
    CHECK(buffer_read_with(&w->buffer, drain, w) == w->answer, "result of drain is lost");
    if (w->answer > 0)
        model_remove_front(w, (size_t)w->answer);
    return w->answer > 0;
}

static bool step_rebase(struct Walk *w)
{
    bool done = buffer_rebase(&w->buffer, w->n);
    CHECK(done == (w->n + w->len <= SIZE), "rebase of %zu to %zu", w->len, w->n);
    if (done)
        w->head = w->n;
    return done;
}

/* Seldom, for otherwise the buffer is never full. */
static bool step_reset(struct Walk *w)
{
    if (w->n > SIZE || test_random_below(&w->random, 4) != 0)
        return false;
    buffer_reset(&w->buffer, w->n);
    w->head = w->n;
    w->len = 0;
    return true;
}

static void compare(const struct Walk *w, bool changed)
{
    const struct Buffer *b = &w->buffer;
    struct View v = buffer_view(b);
    CHECK(b->base == w->memory + GUARD && b->size == SIZE, "the memory is another");
    CHECK(buffer_headroom(b) == w->head, "headroom");
    CHECK(buffer_tailroom(b) == SIZE - w->head - w->len, "tailroom");
    CHECK(v.data == b->base + w->head && v.len == w->len, "place of the bytes in use");
    CHECK(memcmp(v.data, w->bytes, w->len) == 0, "bytes in use");
    CHECK(memcmp(w->memory, w->before, GUARD) == 0, "written before the memory");
    CHECK(memcmp(w->memory + GUARD + SIZE, w->before + GUARD + SIZE, GUARD) == 0,
          "written behind the memory");
    CHECK(changed || memcmp(w->memory, w->before, sizeof w->memory) == 0,
          "a refusal changed something");
}

Test(buffer, a_random_walk_agrees_with_a_naive_model_and_refusals_change_nothing)
{
    static bool (*const steps[])(struct Walk *) = {
        step_append,  step_extend,     step_prepend,   step_ltrunc, step_rtrunc,
        step_integer, step_write_with, step_read_with, step_rebase, step_reset,
    };
    enum { KINDS = sizeof steps / sizeof *steps };
    static struct Walk w;
    size_t done[KINDS] = {0};
    size_t refused[KINDS] = {0};
    w.random.state = test_random_seed();
    test_random_fill(&w.random, w.memory, sizeof w.memory);
    buffer_init(&w.buffer, w.memory + GUARD, SIZE, 8);
    w.head = 8;
    for (int i = 0; i < STEPS; i++) {
        size_t kind = (size_t)test_random_below(&w.random, KINDS);
        w.n = (size_t)test_random_below(&w.random, i % 3 == 0 ? SIZE + 8 : 12);
        test_random_fill(&w.random, w.fresh, sizeof w.fresh);
        memcpy(w.before, w.memory, sizeof w.memory);
        bool changed = steps[kind](&w);
        compare(&w, changed);
        ++*(changed ? &done[kind] : &refused[kind]);
    }
    for (size_t kind = 0; kind < KINDS; kind++)
        cr_assert(done[kind] > STEPS / 1000 && refused[kind] > STEPS / 1000, "step %zu: %zu, %zu",
                  kind, done[kind], refused[kind]);
}

Test(buffer, lengths_that_would_overflow_are_refused)
{
    uint8_t memory[16];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 4);
    cr_assert(buffer_append(&b, "abc", 3));
    for (size_t n = SIZE_MAX; n > SIZE_MAX - 20; n--) {
        cr_assert_null(buffer_extend(&b, n));
        cr_assert_null(buffer_prepend(&b, n));
        cr_assert_not(buffer_append(&b, memory, n));
        cr_assert_not(buffer_ltrunc(&b, n));
        cr_assert_not(buffer_rtrunc(&b, n));
        cr_assert_not(buffer_rebase(&b, n));
    }
    cr_assert(b.head == 4 && b.len == 3);
}

Test(buffer, dropping_from_the_left_moves_no_byte)
{
    uint8_t memory[8];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    cr_assert(buffer_append(&b, "abcdefgh", 8));
    cr_assert(buffer_ltrunc(&b, 8));
    cr_assert_eq(buffer_headroom(&b), 8);
    cr_assert_eq(memcmp(memory, "abcdefgh", 8), 0);
    cr_assert_null(buffer_extend(&b, 1));
}

Test(buffer, nothing_may_be_appended_from_nowhere)
{
    uint8_t memory[1];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 1);
    cr_assert(buffer_append(&b, NULL, 0));
    cr_assert_eq(b.len, 0);
}

static ptrdiff_t claim_one_more(void *ctx, uint8_t *space, size_t size)
{
    (void)ctx;
    (void)space;
    return (ptrdiff_t)size + 1;
}

static ptrdiff_t take_one_more(void *ctx, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    return (ptrdiff_t)len + 1;
}

Test(buffer, a_fill_that_claims_more_than_it_was_lent_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    uint8_t memory[8];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    (void)buffer_write_with(&b, claim_one_more, NULL);
}

Test(buffer, a_drain_that_claims_more_than_it_was_lent_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    uint8_t memory[8];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 0);
    (void)buffer_read_with(&b, take_one_more, NULL);
}

Test(buffer, headroom_beyond_the_memory_is_a_bug, .signal = SIGNAL_OF_TRAP)
{
    uint8_t memory[8];
    struct Buffer b;
    buffer_init(&b, memory, sizeof memory, 9);
}
