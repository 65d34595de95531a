/* Words on stderr: what an untrusted name may not do to a terminal. */
#include "host/diag.h"
#include "unit/check.h"
#include "unit/random.h"
#include <string.h>

static const char *escaped(const char *text, size_t len)
{
    static char out[256];
    return diag_escape(out, sizeof out, view_of(text, len));
}

#define ASSERT_ESCAPED(text, expected) cr_assert_str_eq(escaped(text, sizeof(text) - 1), expected)

Test(diag, printable_text_stays_as_it_is)
{
    ASSERT_ESCAPED("", "");
    ASSERT_ESCAPED("a file.txt", "a file.txt");
    ASSERT_ESCAPED("C:\\x", "C:\\x");
    ASSERT_ESCAPED("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
                   "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
}

Test(diag, control_characters_become_hexadecimal)
{
    ASSERT_ESCAPED("\x1b[2J\r\n\t\0\x7f", "\\x1b[2J\\x0d\\x0a\\x09\\x00\\x7f");
    ASSERT_ESCAPED("\xC2\x9B"
                   "31m",
                   "\\xc2\\x9b31m"); /* C1: CSI in one character */
    ASSERT_ESCAPED("\x9B"
                   "31m",
                   "\\x9b31m");
}

Test(diag, hidden_and_direction_changing_characters_become_hexadecimal)
{
    ASSERT_ESCAPED("a\xE2\x80\xAEgpj.exe", "a\\xe2\\x80\\xaegpj.exe"); /* U+202E */
    ASSERT_ESCAPED("a\xE2\x80\x8B", "a\\xe2\\x80\\x8b");               /* U+200B */
    ASSERT_ESCAPED("\xE2\x80\xA8\xE2\x81\xA6", "\\xe2\\x80\\xa8\\xe2\\x81\\xa6");
    ASSERT_ESCAPED("\xEF\xBB\xBF\xC2\xAD", "\\xef\\xbb\\xbf\\xc2\\xad");
    ASSERT_ESCAPED("a\xC2\xA0\xE3\x80\x80\xE2\xA0\x80",
                   "a\\xc2\\xa0\\xe3\\x80\\x80\\xe2\\xa0\\x80");
    ASSERT_ESCAPED("\xEE\x80\x80\xEF\xBF\xBF", "\\xee\\x80\\x80\\xef\\xbf\\xbf");
    ASSERT_ESCAPED("\xF3\xA0\x81\x81", "\\xf3\\xa0\\x81\\x81"); /* a tag */
}

Test(diag, invalid_utf8_becomes_hexadecimal)
{
    ASSERT_ESCAPED("\xC0\xAF", "\\xc0\\xaf");                   /* overlong */
    ASSERT_ESCAPED("\xE0\x80\xAF", "\\xe0\\x80\\xaf");          /* overlong */
    ASSERT_ESCAPED("\xED\xA0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    ASSERT_ESCAPED("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    ASSERT_ESCAPED("\xE2\x82", "\\xe2\\x82");                   /* cut off */
    ASSERT_ESCAPED("\xC3(\xFF\xFE", "\\xc3(\\xff\\xfe");
}

Test(diag, what_does_not_fit_ends_in_dots_and_cuts_nothing_in_two)
{
    char out[DIAG_ESCAPE_MIN];
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("1234567", 7)), "1234567");
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("12345678", 8)), "1234...");
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("123\n", 4)), "123\\x0a");
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("12\n4567", 7)), "12...");
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("123\xE2\x82\xAC 89", 9)), "123...");
    cr_assert_str_eq(diag_escape(out, sizeof out, view_of("\n\n", 2)), "\\x0a...");
}

Test(diag, any_bytes_come_out_printable_and_fit)
{
    struct TestRandom random = {test_random_seed()};
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t text[40];
        char out[DIAG_ESCAPE_MIN + 200];
        char twice[4 * sizeof out];
        size_t len = test_random_below(&random, sizeof text + 1);
        size_t size = DIAG_ESCAPE_MIN + test_random_below(&random, 200);
        test_random_fill(&random, text, len);
        (void)diag_escape(out, size, view_of(text, len));
        CHECK(strlen(out) < size, "%zu bytes", strlen(out));
        for (const char *p = out; *p != '\0'; p++)
            CHECK((uint8_t)*p >= 0x20 && *p != 0x7F, "a control character");
        (void)diag_escape(twice, sizeof twice, view_of(out, strlen(out)));
        CHECK(strcmp(out, twice) == 0, "%s", twice); /* so diag may be given what is escaped */
    }
}
