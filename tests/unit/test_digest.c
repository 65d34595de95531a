#include "host/digest.h"

#include "unit/check.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const enum DigestKind kinds[] = {DIGEST_SHA256, DIGEST_XXH128};

static void check_value(enum DigestKind kind, const char *content, const char *wanted)
{
    struct Digest d;
    uint8_t value[PACKET_DIGEST];
    char hex[2 * PACKET_DIGEST + 1] = "";
    digest_init(&d, kind);
    digest_update(&d, (const uint8_t *)content, strlen(content));
    digest_value(&d, value);
    for (size_t i = 0; i < digest_size(kind); i++)
        snprintf(hex + 2 * i, 3, "%02x", value[i]);
    cr_assert_str_eq(hex, wanted);
    for (size_t i = digest_size(kind); i < PACKET_DIGEST; i++)
        cr_assert_eq(value[i], 0);
}

Test(digest, values_are_the_published_ones)
{
    check_value(DIGEST_SHA256, "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_value(DIGEST_SHA256, "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    if (!digest_known(DIGEST_XXH128))
        return;
    check_value(DIGEST_XXH128, "", "99aa06d3014798d86001c324468d497f");
    check_value(DIGEST_XXH128, "abc", "06b05ab6733a618578af5f94892f3950");
}

Test(digest, builds_say_what_they_know)
{
    cr_assert(digest_known(DIGEST_SHA256));
#if defined WITH_XXHASH && WITH_XXHASH
    cr_assert(digest_known(DIGEST_XXH128));
#else
    cr_assert_not(digest_known(DIGEST_XXH128));
#endif
    cr_assert_eq(digest_kind(0), DIGEST_SHA256);
    cr_assert_eq(digest_kind(OBJECT_STREAM | OBJECT_XXH128), DIGEST_XXH128);
}

/* Copies at all alignments go on for themselves, from wherever the first one was by then. */
static void check_copies(enum DigestKind kind)
{
    enum { LEN = 5000 };
    static uint8_t bytes[LEN], places[2][sizeof(struct Digest) + 128];
    struct TestRandom random = {test_random_seed()};
    uint8_t whole[PACKET_DIGEST], value[PACKET_DIGEST];
    struct Digest d;
    test_random_fill(&random, bytes, LEN);
    digest_init(&d, kind);
    digest_update(&d, bytes, LEN);
    digest_value(&d, whole);
    for (unsigned round = 0; round < 300; round++) {
        struct Digest *at = &d;
        digest_init(&d, kind);
        for (size_t done = 0, n; done < LEN; done += n) {
            size_t shift = 8 * (size_t)test_random_below(&random, 16);
            struct Digest *to = (struct Digest *)(void *)(places[at == &d || done % 2] + shift);
            n = 1 + (size_t)test_random_below(&random, LEN / 3);
            n = n < LEN - done ? n : LEN - done;
            memmove(to, at, sizeof *to);
            at = to;
            digest_update(at, bytes + done, n);
        }
        digest_value(at, value);
        CHECK(memcmp(value, whole, sizeof value) == 0, "kind %d, round %u", (int)kind, round);
    }
}

Test(digest, pieces_and_copies_make_no_difference)
{
    for (size_t i = 0; i < 2; i++) {
        if (digest_known(kinds[i]))
            check_copies(kinds[i]);
    }
}

Test(digest, a_value_taken_in_between_changes_nothing)
{
    uint8_t value[PACKET_DIGEST], again[PACKET_DIGEST];
    struct Digest d;
    for (size_t i = 0; i < 2; i++) {
        if (!digest_known(kinds[i]))
            continue;
        digest_init(&d, kinds[i]);
        digest_update(&d, (const uint8_t *)"a", 1);
        digest_value(&d, value);
        digest_value(&d, again);
        cr_assert_eq(memcmp(value, again, sizeof value), 0);
        digest_update(&d, (const uint8_t *)"bc", 2);
        digest_value(&d, value);
        digest_init(&d, kinds[i]);
        digest_update(&d, (const uint8_t *)"abc", 3);
        digest_value(&d, again);
        cr_assert_eq(memcmp(value, again, sizeof value), 0);
    }
}
