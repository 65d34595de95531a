#include "host/names.h"

#include "unit/random.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t id[PACKET_ID] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFF};

#define FALLBACK "dttk-0123456789abcdef.bin"

static void expect(const char *name, size_t len, const char *wanted, enum NamesResult result)
{
    char out[NAMES_MAX + 1];
    enum NamesResult got = names_sanitise(view_of(name, len), id, out);
    cr_assert_str_eq(out, wanted);
    cr_assert_eq(got, result, "%s: %d", wanted, (int)got);
}

static void kept(const char *name)
{
    expect(name, strlen(name), name, NAMES_SAME);
}

static void changed(const char *name, const char *wanted)
{
    expect(name, strlen(name), wanted, NAMES_CHANGED);
}

static void replaced(const char *name)
{
    expect(name, strlen(name), FALLBACK, NAMES_REPLACED);
}

Test(names, ordinary_names_stay_as_they_are)
{
    kept("a");
    kept("picture of us.jpeg");
    kept("archive.tar.gz");
    kept("x.part1.rar");
    kept("partial");
    kept("x.partly");
    kept("na\xC3\xAFve \xE6\x96\x87\xE5\xAD\x97 \xF0\x9F\x98\x80.txt");
    kept("quote'\"$(rm)`*?.txt");
    kept("trailing.");
}

Test(names, folders_before_a_name_are_dropped)
{
    changed("/etc/passwd", "passwd");
    changed("../../x", "x");
    changed("a/b\\c", "c");
    changed("C:\\dir\\file.txt", "file.txt");
    changed("..\\..\\x", "x");
}

Test(names, names_that_are_not_fit_are_replaced)
{
    replaced("");
    replaced(".");
    replaced("..");
    replaced("a/..");
    replaced("a/");
    replaced("a\\");
    replaced(".bashrc");
    replaced("-rf");
    replaced("~");
    replaced("~root");
    replaced("dir/.ssh");
    replaced(" a");
    replaced("a ");
    replaced("dir/ ");
    expect("a\0b", 3, FALLBACK, NAMES_REPLACED);
    expect("\0", 1, FALLBACK, NAMES_REPLACED);
}

Test(names, control_bidi_and_invisible_characters_are_not_fit)
{
    static const char *const names[] = {
        "a\nb",
        "a\tb",
        "\x1B[31mred",
        "a\x7F",
        "a\xC2\x85",
        "a\xC2\x9Bz",
        "a\xC2\xAD",
        "a\xE2\x80\x8B",
        "a\xE2\x80\x8D",
        "a\xE2\x80\x8E",
        "a\xE2\x80\xA8",
        "a\xE2\x80\xAEtxt.exe",
        "a\xE2\x81\xA0",
        "a\xE2\x81\xA6",
        "a\xEF\xBB\xBF",
        "a\xD8\x9C",
        "a\xEF\xBF\xBF",
        "a\xF3\xA0\x80\x81",
        "a\xF0\x9F\xBF\xBE",
        "a\xE3\x85\xA4",
        "a\xEF\xB8\x80",
        "a\xEF\xB8\x8F",
        "a\xE2\xA0\x80",
        "a\xE3\x80\x80z",
        "a\xC2\xA0z",
        "a\xEE\x80\x80",
        "a\xEF\xA3\xBF",
        "a\xF3\xB0\x80\x80",
        "a\xF4\x8F\xBF\xBD",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        replaced(names[i]);
}

Test(names, what_is_no_utf8_is_not_fit)
{
    static const char *const names[] = {
        "a\xFF",
        "a\x80",
        "a\xC3",
        "a\xC0\xAFz",
        "a\xE0\x80\xAF",
        "a\xED\xA0\x80",
        "a\xF4\x90\x80\x80",
        "a\xF8\x88\x80\x80\x80",
        "a\xE6\x96",
        "a\xC3(",
        "a\xF0\x80\x80\xAF",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        replaced(names[i]);
}

Test(names, names_of_files_of_our_own_are_not_taken)
{
    replaced("x.part");
    replaced(".part");
    replaced("x.part.journal");
    replaced("x.part.journal.new");
    replaced("x.part.17");
    replaced("x.part.17.journal");
    replaced("x.part.part");
    kept("x.part.txt");
    kept("x.part.17.txt");
    kept("x.part.");
    kept("x.journal");
}

Test(names, long_names_are_cut_before_their_extension_at_a_character)
{
    char name[256], wanted[NAMES_MAX + 1];
    memset(name, 'a', sizeof name);
    memcpy(name + 251, ".txt", 4);
    memset(wanted, 'a', sizeof wanted);
    memcpy(wanted + NAMES_MAX - 4, ".txt", 5);
    expect(name, 255, wanted, NAMES_CHANGED);
    for (size_t i = 1; i < 249; i += 2)
        memcpy(name + i, "\xC3\xA9", 2);
    /* 195 bytes of a stem of 'a' and pairs: byte 196 is the second of a pair. */
    memcpy(wanted, name, 195);
    memcpy(wanted + 195, ".txt", 5);
    expect(name, 255, wanted, NAMES_CHANGED);
    memset(name, 'b', sizeof name);
    memset(wanted, 'b', NAMES_MAX);
    wanted[NAMES_MAX] = '\0';
    expect(name, NAMES_MAX, wanted, NAMES_SAME);
    expect(name, NAMES_MAX + 1, wanted, NAMES_CHANGED);
    name[100] = '.'; /* not an extension any more */
    wanted[100] = '.';
    expect(name, 255, wanted, NAMES_CHANGED);
    name[100] = 'b';
    name[NAMES_MAX - 1] = ' '; /* what would be its end */
    expect(name, 255, FALLBACK, NAMES_REPLACED);
    memset(name, 'c', sizeof name);
    memcpy(name + 250, ".part", 5);
    expect(name, 255, FALLBACK, NAMES_REPLACED);
}

static void check_safe(const char *out)
{
    size_t len = strlen(out);
    cr_assert(len >= 1 && len <= NAMES_MAX);
    cr_assert_null(strpbrk(out, "/\\\n\r\t\x1B\x7F"));
    cr_assert_null(strchr(" .-~", out[0]));
    cr_assert_neq(out[len - 1], ' ');
}

Test(names, whatever_comes_a_safe_name_comes_out)
{
    struct TestRandom random = {test_random_seed()};
    static const char pieces[] = " ./\\-~\x1B\n\xE2\x80\xAE\xC3\xA9part.journal";
    char out[NAMES_MAX + 1];
    uint8_t name[PACKET_NAME_MAX];
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)test_random_below(&random, sizeof name + 1);
        test_random_fill(&random, name, len);
        for (size_t i = 0; round % 2 == 0 && i < len; i++)
            name[i] = (uint8_t)pieces[test_random_below(&random, sizeof pieces - 1)];
        for (size_t i = 0; round % 4 == 1 && i < len; i++)
            name[i] &= 0x7F;
        uint8_t *copy = malloc(len);
        if (len > 0)
            memcpy(copy, name, len);
        names_sanitise(view_of(copy, len), id, out);
        free(copy);
        check_safe(out);
        char again[NAMES_MAX + 1];
        cr_assert_eq(names_sanitise(view_of(out, strlen(out)), id, again), NAMES_SAME);
        cr_assert_str_eq(again, out);
    }
}
