/* A name that is too long: what is kept of it. */
#include "core/name.h"

#include <stdlib.h>
#include <string.h>

#include "unit/check.h"

/* In memory of exactly its size, so that a sanitizer sees what is read beside it. */
static void check(const char *name, size_t most, const char *wanted)
{
    size_t len = strlen(name);
    uint8_t *exact = malloc(len + !len), out[300];
    memcpy(exact, name, len);
    size_t n = name_cut(out, view_of(exact, len), most);
    CHECK(n == strlen(wanted) && memcmp(out, wanted, n) == 0, "%s in %zu: %.*s", name, most, (int)n,
          (const char *)out);
    /* And where it lies. */
    n = name_cut(exact, view_of(exact, len), most);
    CHECK(n == strlen(wanted) && memcmp(exact, wanted, n) == 0, "%s in its place", name);
    free(exact);
}

Test(name, one_that_fits_stays)
{
    check("", 0, "");
    check("", 9, "");
    check("photo.jpg", 9, "photo.jpg");
    check(".", 1, ".");
}

Test(name, the_middle_goes_and_a_short_extension_stays)
{
    check("photograph.jpg", 10, "photog.jpg");
    check("photograph.jpeg", 10, "photo.jpeg"); /* half of them, dot included */
    check("photograph.jpegs", 10, "photograph");
    check("two.dots.in-a-long-one.tar.gz", 19, "two.dots.in-a-lo.gz");
    check("photograph.", 10, "photograp.");
    check("x.y", 1, "x");
    check("x.y", 0, "");
}

Test(name, no_half_of_a_letter_stays)
{
    check("na\xC3\xAFvely.gz", 6, "na.gz");
    check("na\xC3\xAFvely.gz", 7, "na\xC3\xAF.gz");
    check("\xC3\xAF\xC3\xAF", 3, "\xC3\xAF");
    check("\x80\x80\x80", 2, ""); /* no letter at all */
}
