/* Links whose port goes away, and returns or does not. */
#include "unit/check.h"
#include "unit/folder.h"
#include "unit/link_kit.h"

Test(link_away, a_port_that_goes_away_is_lost_unless_it_is_to_be_waited_for)
{
    static const bool reads[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        struct Loop loop;
        struct Link l;
        struct Pair p;
        pair_open(&p);
        loop_open(&loop);
        struct LinkOptions o = port_options(p.path);
        cr_assert_eq(link_open(&l, &o, &loop), 0);
        pair_close(&p);
        link_watch(&l, &loop, true, false);
        cr_assert_eq(loop_wait(&loop, CLOCK_NEVER), 1, "a hang-up is noticed");
        cr_assert_eq(reads[i] ? link_read(&l, memory, 10) : link_write(&l, memory, 10), 0);
        cr_assert_leq(link_deadline(&l), clock_now());
        struct Words w = words_begin();
        enum LinkState state = link_tick(&l, clock_now());
        cr_assert_str_eq(words_end(w), "", "what is lost the caller says");
        cr_assert_eq(state, LINK_LOST);
        cr_assert_eq(link_deadline(&l), CLOCK_NEVER);
        cr_assert_eq(link_read(&l, memory, 10), 0);
        cr_assert_eq(link_write(&l, memory, 10), 0);
        link_watch(&l, &loop, true, true);
        cr_assert_eq(loop.slots[LOOP_LINK_IN].fd, -1);
        cr_assert_eq(loop.slots[LOOP_LINK_OUT].fd, -1);
        link_close(&l, &loop);
        loop_close(&loop);
    }
}

/* Sleep and tick until the port is back; the number of wake-ups. */
static unsigned wait_until_up(struct Link *l, struct Loop *loop, uint64_t most)
{
    unsigned ticks = 0;
    for (uint64_t end = clock_now() + most; clock_now() < end; ticks++) {
        if (link_tick(l, clock_now()) != LINK_AWAY)
            break;
        link_watch(l, loop, true, true);
        (void)loop_wait(loop, link_deadline(l) < end ? link_deadline(l) : end);
    }
    return ticks;
}

Test(link_away, a_port_that_returns_is_opened_again_by_its_name)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    struct Folder f;
    folder_open(&f);
    loop_open(&loop);
    const char *link = folder_path(&f, "link");
    pair_open(&p);
    cr_assert_eq(symlink(p.path, link), 0);
    struct LinkOptions o = port_options(link);
    o.reconnect = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    cr_assert_eq(link_write(&l, (const uint8_t *)"ab", 2), 2);
    struct Words w = words_begin();
    for (unsigned round = 1; round <= 2; round++) {
        cr_assert_eq(unlink(link), 0);
        pair_close(&p);
        cr_assert_eq(link_read(&l, memory, 10), 0);
        uint64_t now = clock_now();
        cr_assert_eq(link_tick(&l, now), LINK_AWAY);
        cr_assert_eq(link_write(&l, memory, 10), 0);
        cr_assert_eq(link_room(&l, now), 0);
        cr_assert_geq(link_deadline(&l), now + 100 * CLOCK_MS);
        (void)wait_until_up(&l, &loop, 400 * CLOCK_MS);
        cr_assert_eq(l.state, LINK_AWAY);

        pair_open(&p);
        cr_assert_eq(symlink(p.path, link), 0);
        (void)wait_until_up(&l, &loop, 20 * CLOCK_SECOND);
        cr_assert_eq(l.state, LINK_UP);
        cr_assert_eq(l.returns, round);
        cr_assert_eq(link_write(&l, (const uint8_t *)"cd", 2), 2);
        cr_assert_eq(read(p.master, memory, 10), 2);
        cr_assert_eq(write(p.master, "e", 1), 1);
        cr_assert_eq(link_read(&l, memory, 10), 1);
        cr_assert_eq(l.port.bytes_out, 2 + 2 * round, "they count on");
    }
    const char *words = words_end(w);
    cr_assert_eq(lines_of(words), 4, "%s", words);
    cr_assert_not_null(strstr(words, "link: the port is gone; waiting for it to return\ndttk: "));
    cr_assert_not_null(strstr(words, "link: the port is back\n"));
    link_close(&l, &loop);
    pair_close(&p);
    loop_close(&loop);
    folder_close(&f);
}

Test(link_away, tries_become_rare_while_a_port_is_away)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    pair_open(&p);
    loop_open(&loop);
    struct LinkOptions o = port_options(p.path);
    o.reconnect = o.quiet = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    pair_close(&p);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    uint64_t begin = clock_now(), now = begin; /* no need to sleep: time is an argument */
    unsigned tries = 0;
    cr_assert_eq(link_tick(&l, now), LINK_AWAY);
    for (; now < begin + 60 * CLOCK_SECOND; tries++) {
        uint64_t wait = link_deadline(&l) - now;
        CHECK(wait >= 100 * CLOCK_MS && wait <= 5 * CLOCK_SECOND, "try %u: %llu", tries,
              (unsigned long long)wait);
        cr_assert_eq(link_tick(&l, now + wait - 1), LINK_AWAY);
        cr_assert_eq(link_deadline(&l), now + wait, "not before its time");
        now += wait;
        cr_assert_eq(link_tick(&l, now), LINK_AWAY);
    }
    cr_assert_geq(tries, 13);
    cr_assert_leq(tries, 30);
    link_close(&l, &loop);
    loop_close(&loop);
}

Test(link_away, one_that_comes_and_goes_is_tried_for_less_often_until_it_stays)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    struct Folder f;
    folder_open(&f);
    loop_open(&loop);
    const char *link = folder_path(&f, "link");
    pair_open(&p);
    cr_assert_eq(symlink(p.path, link), 0);
    struct LinkOptions o = port_options(link);
    o.reconnect = o.quiet = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    uint64_t now = clock_now(), wait = 0;
    for (unsigned round = 0; round < 9; round++) {
        bool stayed = round == 8;
        now += stayed ? 11 * CLOCK_SECOND : CLOCK_MS;
        pair_close(&p);
        cr_assert_eq(link_read(&l, memory, 10), 0);
        cr_assert_eq(link_tick(&l, now), LINK_AWAY);
        wait = link_deadline(&l) - now;
        CHECK(stayed ? wait <= 200 * CLOCK_MS : wait >= (CLOCK_MS * 100 << (round < 5 ? round : 4)),
              "round %u: %llu", round, (unsigned long long)wait);
        pair_open(&p);
        cr_assert_eq(unlink(link), 0);
        cr_assert_eq(symlink(p.path, link), 0);
        now += wait;
        cr_assert_eq(link_tick(&l, now), LINK_UP);
    }
    link_close(&l, &loop);
    pair_close(&p);
    loop_close(&loop);
    folder_close(&f);
}

Test(link_away, a_port_that_is_back_but_another_program_has_is_given_up_in_the_end)
{
    struct Loop loop;
    struct Link l;
    struct Pair p;
    struct Folder f;
    struct Serial other;
    folder_open(&f);
    loop_open(&loop);
    const char *link = folder_path(&f, "link");
    pair_open(&p);
    cr_assert_eq(symlink(p.path, link), 0);
    struct LinkOptions o = port_options(link);
    o.reconnect = o.quiet = true;
    cr_assert_eq(link_open(&l, &o, &loop), 0);
    pair_close(&p);
    cr_assert_eq(link_read(&l, memory, 10), 0);
    cr_assert_eq(link_tick(&l, clock_now()), LINK_AWAY);
    pair_open(&p);
    cr_assert_eq(unlink(link), 0);
    cr_assert_eq(symlink(p.path, link), 0);
    struct SerialOptions theirs = options_of(p.path);
    opened(&other, &theirs);
    uint64_t begin = clock_now(), now = begin;
    struct Words w = words_begin();
    while (link_tick(&l, now) == LINK_AWAY && now < begin + 60 * CLOCK_SECOND)
        now = link_deadline(&l);
    const char *words = words_end(w);
    cr_assert_eq(l.state, LINK_LOST);
    cr_assert_gt(now - begin, 9 * CLOCK_SECOND);
    cr_assert_not_null(strstr(words, ": the port is back, but: another program holds it\n"));
    cr_assert_eq(lines_of(words), 1);
    serial_close(&other);
    link_close(&l, &loop);
    loop_close(&loop);
    folder_close(&f);
}
