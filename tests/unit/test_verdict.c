/* The exit code of many results. */
#include "host/verdict.h"

#include "unit/check.h"

static struct Verdict v;
static const char *path = "dir/name";

static void take(enum StoreWhat what, int code, uint8_t id)
{
    uint8_t bytes[PACKET_ID] = {id};
    verdict_take(&v,
                 &(struct StoreResult){.what = what, .exit_code = code, .path = path, .id = bytes});
}

Test(verdict, the_smallest_code_that_is_not_0_counts)
{
    cr_assert_eq(verdict_code(&v), EXIT_DELIVERED);
    take(STORE_VERIFIED, EXIT_DELIVERED, 1);
    cr_assert_eq(verdict_code(&v), EXIT_DELIVERED);
    take(STORE_REFUSED, EXIT_REFUSED, 2);
    take(STORE_MISMATCH, EXIT_INTEGRITY, 3);
    take(STORE_NOTE, EXIT_DELIVERED, 3);
    cr_assert_eq(verdict_code(&v), EXIT_INTEGRITY);
    verdict_note(&v, EXIT_SILENCE);
    verdict_note(&v, EXIT_DELIVERED);
    cr_assert_eq(verdict_code(&v), EXIT_SILENCE);
    verdict_take(&v, &(struct StoreResult){.what = STORE_FAILED, .exit_code = EXIT_IO});
    cr_assert_eq(verdict_code(&v), EXIT_IO);
}

Test(verdict, what_is_received_after_all_has_not_failed)
{
    static const enum StoreWhat failures[] = {STORE_INCOMPLETE, STORE_MISMATCH, STORE_FAILED,
                                              STORE_REFUSED};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        take(failures[i], EXIT_IO, 1);
        take(failures[i], EXIT_IO, 2);
        take(STORE_HAVE, EXIT_DELIVERED, 1);
        cr_assert_eq(verdict_code(&v), EXIT_IO);
        take(STORE_VERIFIED, EXIT_DELIVERED, 2);
        cr_assert_eq(verdict_code(&v), EXIT_DELIVERED);
    }
    take(STORE_INCOMPLETE, EXIT_INCOMPLETE, 1);
    take(STORE_INCOMPLETE, EXIT_ABORTED, 1);
    cr_assert_eq(verdict_code(&v), EXIT_ABORTED, "the last word counts");
    path = "dir/other";
    take(STORE_VERIFIED, EXIT_DELIVERED, 1);
    cr_assert_eq(verdict_code(&v), EXIT_ABORTED, "it is there under another name");
}

Test(verdict, what_was_not_wanted_stays_refused)
{
    take(STORE_REFUSED, EXIT_REFUSED, 1);
    take(STORE_VERIFIED, EXIT_DELIVERED, 1);
    cr_assert_eq(verdict_code(&v), EXIT_REFUSED);
}

Test(verdict, of_too_many_the_oldest_has_failed)
{
    for (uint8_t i = 0; i < VERDICT_OPEN_MAX; i++)
        take(STORE_INCOMPLETE, EXIT_INCOMPLETE, i);
    for (uint8_t i = 0; i < VERDICT_OPEN_MAX; i++)
        take(STORE_VERIFIED, EXIT_DELIVERED, i);
    cr_assert_eq(verdict_code(&v), EXIT_DELIVERED);
    for (uint8_t i = 0; i <= VERDICT_OPEN_MAX; i++)
        take(STORE_INCOMPLETE, EXIT_INCOMPLETE, i);
    for (uint8_t i = 0; i <= VERDICT_OPEN_MAX; i++)
        take(STORE_VERIFIED, EXIT_DELIVERED, i);
    cr_assert_eq(verdict_code(&v), EXIT_INCOMPLETE);
}
