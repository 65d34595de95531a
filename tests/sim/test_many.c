/*
 * Many objects over one two-way line that loses frames: at once, or one after the other. Each
 * sender that has heard VERIFIED has sent a file that is equal, whatever the others do.
 */
#include "sim.h"

#include "unit/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MS      UINT64_C(1000000)
#define SECOND  UINT64_C(1000000000)
#define MOST    80      /* senders at once */
#define RATE    1000000 /* bytes a second */
#define LATENCY (5 * MS)
#define FRAMES  4096

struct Frame {
    uint64_t at; /* when it arrives */
    size_t len;
    uint8_t *bytes;
};

/* One way of the line: a ring. */
struct Way {
    struct Frame frames[FRAMES];
    unsigned first, count;
    uint64_t busy;
};

static struct SimSender senders[MOST];
static unsigned count, turn;
static struct SimReceiver r;
static struct Way there, back;
static uint64_t now, rng;
static double loss;
static uint16_t run_of_all;   /* the senders' */
static unsigned objects_lost; /* so many OBJECTs get lost, whatever loss says */

static void begin(uint64_t seed, double lossy, unsigned slots)
{
    const char *text = getenv("DTTK_SEED");

    rng = seed + (text ? strtoull(text, NULL, 0) : 1);
    loss = lossy;
    objects_lost = 0;
    run_of_all = (uint16_t)sim_random(&rng);
    now = 1;
    count = 0;
    there = back = (struct Way){0};
    sim_receiver_open(&r);
    r.receiver.config.slot_count = slots;
    r.receiver.config.may_answer = true;
    r.receiver.config.run = (uint16_t)sim_random(&rng);
    r.receiver.config.window = 1 << 20;
    r.receiver.config.packet_max = 400;
}

static bool chance(double p)
{
    return (double)(sim_random(&rng) % 1000000) < p * 1e6;
}

static void carry(struct Way *w, const uint8_t *bytes, size_t len, bool lost)
{
    struct Frame *f = &w->frames[(w->first + w->count) % FRAMES];

    w->busy = (w->busy > now ? w->busy : now) + len * SECOND / RATE;
    if (lost)
        return;
    sim_check(w->count++ < FRAMES, "too many frames on their way");
    *f = (struct Frame){w->busy + LATENCY, len, malloc(len)};
    memcpy(f->bytes, bytes, len);
}

/* The frame that has arrived, the caller's to free; bytes NULL: none. */
static struct Frame arrived(struct Way *w)
{
    struct Frame f = w->frames[w->first];

    if (w->count == 0 || f.at > now)
        return (struct Frame){0};
    w->first = (w->first + 1) % FRAMES;
    w->count--;
    return f;
}

static bool loses(uint8_t type)
{
    if (type == PACKET_OBJECT && objects_lost > 0) {
        objects_lost--;
        return true;
    }
    return chance(loss);
}

/* The senders take turns. */
static void speak_there(void)
{
    for (unsigned silent = 0; silent < count && there.busy <= now; turn++) {
        struct SimSender *s = &senders[turn % count];

        if (!sim_sender_frame_at(s, now)) {
            silent++;
            continue;
        }
        silent = 0;
        carry(&there, s->tx.base + s->tx.head, s->tx.len,
              loses(s->packet.base[s->packet.head] & 15));
    }
}

static void speak_back(void)
{
    static uint8_t memory[RECEIVER_PACKET_ROOM];
    struct Buffer b;

    while (back.busy <= now) {
        buffer_init(&b, memory, sizeof memory, PACKET_HEADROOM);
        if (!receiver_output(&r.receiver, &b, now))
            return;
        carry(&back, buffer_view(&b).data, b.len, loses(PACKET_STATUS));
    }
}

static void step(void)
{
    struct Frame f;

    r.now = now;
    while ((f = arrived(&there)).bytes != NULL) {
        sim_receiver_feed(&r, f.bytes, f.len);
        free(f.bytes);
    }
    while ((f = arrived(&back)).bytes != NULL) {
        for (unsigned i = 0; i < count; i++)
            sender_input(&senders[i].sender, view_of(f.bytes, f.len), now);
        free(f.bytes);
    }
    speak_there();
    speak_back();
    now += MS;
}

static bool all_finished(void)
{
    for (unsigned i = 0; i < count; i++) {
        if (senders[i].sender.state != SENDER_FINISHED)
            return false;
    }
    return true;
}

/* Until all senders have ended well, and nothing is on the line any more. */
static void run(uint64_t limit, const char *what)
{
    uint64_t end = now + limit;

    while (now < end && (!all_finished() || there.count + back.count > 0))
        step();
    for (unsigned i = 0; i < count; i++) {
        const struct Sender *s = &senders[i].sender;

        CHECK(s->state == SENDER_FINISHED, "%s: sender %u is in state %d", what, i, (int)s->state);
        CHECK(s->counters.late == 0, "%s: sender %u took %" PRIu64 " answers for late", what, i,
              s->counters.late);
    }
}

static bool is_live(uint16_t tag)
{
    for (unsigned i = 0; i < count; i++) {
        if (senders[i].sender.tag == tag)
            return true;
    }
    return false;
}

/* One more sender; as every program does, it takes care that live tags differ. */
static void join(const uint8_t *bytes, uint64_t size, const char *name)
{
    struct SimOptions o = {.two_way = true, .name = name, .run = run_of_all};
    struct SimSender *s = &senders[count];

    for (sim_sender_open(s, bytes, size, &o); is_live(s->sender.tag);
         sim_sender_open(s, bytes, size, &o)) {
        sim_sender_close(s);
        o.salt++;
    }
    count++;
}

static void leave(void)
{
    for (unsigned i = 0; i < count; i++)
        sim_sender_close(&senders[i]);
    count = 0;
}

static void check_equal(unsigned i, const char *what)
{
    enum SimResult result = sim_receiver_result(&r, senders[i].bytes, senders[i].size);

    CHECK(result == SIM_EQUAL, "%s: object %u: result %d", what, i, (int)result);
}

/* n objects at once. */
static void crowd(unsigned n, double lossy, bool restart, uint64_t seed)
{
    uint8_t *contents[MOST];
    char what[64];

    snprintf(what, sizeof what, "%u at once, loss %.2f, seed %" PRIu64, n, lossy, seed);
    begin(seed, lossy, SIM_SLOTS_MAX);
    for (unsigned i = 0; i < n; i++) {
        uint64_t size = sim_random(&rng) % 9000;

        contents[i] = sim_content(size, seed * 1000 + i);
        join(contents[i], size, "");
    }
    if (restart) {
        uint64_t at = now + sim_random(&rng) % (800 * MS);

        while (now < at)
            step();
        sim_receiver_restart(&r, false);
    }
    run(200 * SECOND, what);
    for (unsigned i = 0; i < n && n <= SIM_DONE; i++)
        check_equal(i, what);
    CHECK(r.finished >= n, "%s: %u finished", what, r.finished);
    CHECK(r.receiver.counters.clashes == 0, "%s: clashes", what);
    leave();
    for (unsigned i = 0; i < n; i++)
        free(contents[i]);
    sim_receiver_close(&r);
}

Test(many, sixty_four_at_once_over_a_line_that_loses, .timeout = 200)
{
    static const double losses[] = {0, 0.05, 0.2, 0.4};

    for (unsigned i = 0; i < sim_rounds(12); i++)
        crowd(64, losses[i % 4], false, i);
}

Test(many, the_receiver_starts_anew_among_sixty_four, .timeout = 200)
{
    for (unsigned i = 0; i < sim_rounds(8); i++)
        crowd(64, i % 2 == 0 ? 0 : 0.2, true, i);
}

Test(many, more_than_there_are_slots_wait_for_one, .timeout = 200)
{
    for (unsigned i = 0; i < sim_rounds(4); i++)
        crowd(MOST, i % 2 == 0 ? 0 : 0.2, false, i);
}

/* A name with which this object has that tag, as by chance. */
static void name_clash(uint16_t tag, char *name, size_t room)
{
    struct PacketObject object = senders[0].sender.config.object;

    for (unsigned i = 0;; i++) {
        snprintf(name, room, "n%u", i);
        object.name = view_of(name, strlen(name));
        if (packet_object_tag(&object, senders[0].sender.config.crc32c) == tag)
            return;
    }
}

Test(many, a_finished_tag_serves_another_object, .timeout = 200)
{
    uint8_t *first = sim_content(3000, 1), *second = sim_content(20000, 2);

    for (unsigned i = 0; i < sim_rounds(60); i++) {
        char name[16];
        uint16_t tag;

        begin(i, i % 3 == 0 ? 0 : 0.2, SIM_SLOTS);
        join(first, 3000, "first");
        tag = senders[0].sender.tag;
        run(30 * SECOND, "the first");
        check_equal(0, "the first");
        leave();
        join(second, 20000, "second");
        name_clash(tag, name, sizeof name);
        leave();
        now += i % 2 == 0 ? 0 : SECOND;
        join(second, 20000, name);
        cr_assert_eq(senders[0].sender.tag, tag);
        objects_lost = i % 5;
        run(30 * SECOND, "the second");
        check_equal(0, "the second");
        cr_assert_eq(r.opened, 2);
        leave();
        sim_receiver_close(&r);
    }
    free(first);
    free(second);
}

/* Among them many of the same content under other names: their tags meet those remembered. */
Test(many, ten_thousand_small_ones_one_after_the_other, .timeout = 200)
{
    unsigned n = sim_rounds(10000);

    begin(0, 0.05, SIM_SLOTS);
    for (unsigned i = 0; i < n; i++) {
        uint64_t size = i % 4 != 0 ? 0 : sim_random(&rng) % 400;
        uint8_t *content = sim_content(size, i);
        char name[17]; /* random: tags of names that differ in a few bits never meet */

        snprintf(name, sizeof name, "%016" PRIx64, sim_random(&rng));
        join(content, size, name);
        run(20 * SECOND, name);
        check_equal(0, name);
        CHECK(r.finished == 1, "object %u: %u finished", i, r.finished);
        CHECK(r.receiver.waiting.count < 256, "%u packets wait",
              (unsigned)r.receiver.waiting.count);
        sim_receiver_forget(&r);
        leave();
        free(content);
    }
    for (unsigned i = 0; i < SIM_SLOTS; i++)
        cr_assert_eq(r.slots[i].state, SLOT_FREE);
    cr_assert_eq(r.opened, n);
    sim_receiver_close(&r);
}
