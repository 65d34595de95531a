/* Check: an assertion for loops. Criterion reports those that hold, too, which takes its time. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <criterion/criterion.h>

/* Fail the test with a formatted message unless condition holds. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            cr_assert_fail(__VA_ARGS__);                                                           \
    } while (0)

#endif
