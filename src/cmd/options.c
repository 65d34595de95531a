#include "cmd/options.h"
#include "host/diag.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NANO    UINT64_C(1000000000)
#define PERCENT UINT64_C(10000) /* millionths in a percent */

/* A run of digits at *text, which moves behind it. False: none there, or above 64 bits. */
static bool take_digits(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    bool any = p != *text;
    *text = p;
    *out = value;
    return any;
}

/* Digits, perhaps a point and up to nine more: whole, and billionths in *nano. */
static bool take_decimal(const char **text, uint64_t *whole, uint64_t *nano)
{
    *nano = 0;
    if (!take_digits(text, whole))
        return false;
    if (**text != '.')
        return true;
    const char *from = ++*text;
    if (!take_digits(text, nano) || *text - from > 9)
        return false;
    for (ptrdiff_t digits = *text - from; digits < 9; digits++)
        *nano *= 10;
    return true;
}

/* (whole + nano / 10^9) * unit, unit up to 2^30, rounded down. False: not within min to max. */
static bool scale(uint64_t whole, uint64_t nano, uint64_t unit, uint64_t min, uint64_t max,
                  uint64_t *out)
{
    uint64_t part = nano * unit / NANO;
    if (whole > (UINT64_MAX - part) / unit)
        return false;
    uint64_t value = whole * unit + part;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool option_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *p = text;
    uint64_t value = 0;
    if (take_digits(&p, &value) && *p == '\0' && value >= min && value <= max) {
        *out = value;
        return true;
    }
    diag("%s: must be a whole number from %" PRIu64 " to %" PRIu64 ": %s", name, min, max, text);
    return false;
}

/* The unit at *text, which moves behind it. */
static uint64_t take_unit(const char **text)
{
    static const char letters[] = "kMG";
    uint64_t unit = 1;
    const char *found = **text == 'K' ? letters : strchr(letters, **text);
    if (**text != '\0' && found != NULL) {
        ++*text;
        uint64_t step = **text == 'i' ? 1024 : 1000;
        *text += step == 1024;
        for (ptrdiff_t i = found - letters; i >= 0; i--)
            unit *= step;
    }
    *text += **text == 'B';
    return unit;
}

/* A decimal number from min to max, with a unit. */
static bool bytes_of(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *p = text;
    uint64_t whole = 0;
    uint64_t nano = 0;
    if (!take_decimal(&p, &whole, &nano))
        return false;
    uint64_t unit = take_unit(&p);
    return *p == '\0' && scale(whole, nano, unit, min, max, out);
}

bool option_rate(const char *name, const char *text, uint64_t max, uint64_t *out)
{
    if (bytes_of(text, 0, max, out) && (*out > 0 || strspn(text, "0.") == strlen(text)))
        return true;
    diag("%s: must be bytes a second, such as 64k or 1.5M: %s", name, text);
    return false;
}

bool option_bytes(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    if (bytes_of(text, min, max, out))
        return true;
    diag("%s: must be bytes, such as 4000 or 64k, from %" PRIu64 " to %" PRIu64 ": %s", name, min,
         max, text);
    return false;
}

/* A decimal number of unit, up to most, perhaps followed by the byte mark. */
static bool decimal(const char *text, uint64_t unit, uint64_t most, char mark, uint64_t *out)
{
    const char *p = text;
    uint64_t whole = 0;
    uint64_t nano = 0;
    if (!take_decimal(&p, &whole, &nano) || most > UINT64_MAX / unit)
        return false;
    if (*p != '\0' && *p == mark)
        p++;
    return *p == '\0' && scale(whole, nano, unit, 0, most * unit, out);
}

bool option_seconds(const char *name, const char *text, uint64_t max_s, uint64_t *out)
{
    if (decimal(text, NANO, max_s, '\0', out))
        return true;
    diag("%s: must be seconds, from 0 to %" PRIu64 ": %s", name, max_s, text);
    return false;
}

bool option_ms(const char *name, const char *text, uint64_t max_ms, uint64_t *out)
{
    if (decimal(text, NANO / 1000, max_ms, '\0', out))
        return true;
    diag("%s: must be milliseconds, from 0 to %" PRIu64 ": %s", name, max_ms, text);
    return false;
}

bool option_percent(const char *name, const char *text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    if (max <= UINT32_MAX / PERCENT && decimal(text, PERCENT, max, '%', &value)) {
        *out = (uint32_t)value;
        return true;
    }
    diag("%s: must be a percentage from 0 to %" PRIu32 ": %s", name, max, text);
    return false;
}

/* strtod without what it takes too much: signs, spaces, nan, inf, hexadecimal. */
static bool real(const char *text, double *out, const char **end)
{
    size_t len = strspn(text, "0123456789.eE+-");
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    char *stop = NULL;
    *out = strtod(text, &stop);
    *end = text + len;
    return stop == text + len;
}

bool option_real(const char *name, const char *text, double min, double max, double *out)
{
    double value = 0;
    const char *end = NULL;
    bool good = real(text, &value, &end);
    if (good)
        value *= (double)take_unit(&end);
    if (good && *end == '\0' && value >= min && value <= max) {
        *out = value;
        return true;
    }
    diag("%s: must be a number from %g to %g: %s", name, min, max, text);
    return false;
}

bool option_probability(const char *name, const char *text, double *out)
{
    double value = 0;
    const char *end = NULL;
    bool good = real(text, &value, &end);
    if (good && end[0] == '%') {
        value /= 100;
        end++;
    }
    if (good && *end == '\0' && value >= 0 && value <= 1) {
        *out = value;
        return true;
    }
    diag("%s: must be a probability from 0 to 1: %s", name, text);
    return false;
}

bool option_word(const char *name, const char *text, const char *const *words, size_t count,
                 size_t *out)
{
    char list[256] = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return true;
        }
        const char *link = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        if (strlen(list) + strlen(link) + strlen(words[i]) < sizeof list)
            strcat(strcat(list, link), words[i]);
    }
    diag("%s: must be %s: %s", name, list, text);
    return false;
}

bool option_pair(const char *name, const char *text, char *first, size_t size, const char **second)
{
    const char *comma = strchr(text, ',');
    size_t len = comma != NULL ? (size_t)(comma - text) : strlen(text);
    if (len >= size || (comma != NULL && strchr(comma + 1, ',') != NULL)) {
        diag("%s: must be one value, or two with a comma between: %s", name, text);
        return false;
    }
    memcpy(first, text, len);
    first[len] = '\0';
    *second = comma != NULL ? comma + 1 : NULL;
    return true;
}

void option_refuse(int result, char *const *argv, const char *letters)
{
    char letter[] = {'-', (char)optopt, '\0'};
    bool has_letter = optopt > 0 && optopt <= UINT8_MAX;
    bool known = optopt > UINT8_MAX || (has_letter && strchr(letters, optopt) != NULL);
    if (result == ':')
        diag("this option needs a value: %s", has_letter ? letter : argv[optind - 1]);
    else if (known) /* getopt_long complains of these only if a value was given with = */
        diag("this option takes no value: %s", argv[optind - 1]);
    else
        diag("no such option: %s", has_letter ? letter : argv[optind - 1]);
}

int option_printed(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DELIVERED;
    diag_errno(errno != 0 ? errno : EIO, "stdout", "cannot write");
    return EXIT_IO;
}
