#include "host/names.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION_MAX 32 /* most bytes of an extension worth keeping whole, its point included */

struct Range {
    uint32_t first, last;
};

/*
 * What a name may not hold: it would move the cursor, turn the text round, or not be seen at all
 * (so that two names look the same). Unicode 15: Cc, the Bidi_Control and most of the
 * Default_Ignorable_Code_Point characters, line and paragraph separators, non-characters.
 */
static const struct Range unfit[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_fit(uint32_t c)
{
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        if (c >= unfit[i].first && c <= unfit[i].last)
            return false;
    }
    return (c & 0xFFFE) != 0xFFFE;
}

/* Bytes of the UTF-8 character at the front of v: its value in *c; 0: there is none that is valid
 * (RFC 3629: shortest form, no surrogates, at most U+10FFFF). */
static size_t take_character(struct View v, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v.len == 0)
        return 0;
    uint8_t lead = v.data[0];
    size_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > v.len)
        return 0;
    *c = n == 1 ? lead : lead & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((v.data[i] & 0xC0) != 0x80)
            return 0;
        *c = *c << 6 | (v.data[i] & 0x3F);
    }
    if (*c < least[n] || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF))
        return 0;
    return n;
}

static bool is_text(struct View v)
{
    uint32_t c;
    while (v.len > 0) {
        size_t n = take_character(v, &c);
        if (n == 0 || !is_fit(c))
            return false;
        v = view_of(v.data + n, v.len - n);
    }
    return true;
}

static struct View base_of(struct View v)
{
    size_t start = v.len;
    while (start > 0 && v.data[start - 1] != '/' && v.data[start - 1] != '\\')
        start--;
    return start > 0 ? view_of(v.data + start, v.len - start) : v;
}

/* True if name could be that of a part, set aside or not, or of what belongs to one. */
static bool is_ours(const char *name)
{
    const char *at = NULL;
    for (const char *p = name; (p = strstr(p, NAMES_PART)) != NULL; p++)
        at = p;
    if (at == NULL)
        return false;
    at += strlen(NAMES_PART);
    if (at[0] == '.' && at[1] >= '0' && at[1] <= '9')
        at += 1 + strspn(at + 1, "0123456789");
    return *at == '\0' || strcmp(at, NAMES_JOURNAL) == 0 ||
           strcmp(at, NAMES_JOURNAL NAMES_NEW) == 0;
}

/* Copy v to out, if it is too long without some whole characters before its extension. */
static void copy_shortened(struct View v, char out[NAMES_MAX + 1])
{
    size_t stem = v.len;
    for (size_t i = v.len; i > 1 && v.len - i < EXTENSION_MAX; i--) {
        if (v.data[i - 1] == '.') {
            stem = i - 1;
            break;
        }
    }
    size_t extension = v.len - stem;
    if (v.len > NAMES_MAX)
        stem = NAMES_MAX - extension;
    while (stem > 0 && stem + extension < v.len && (v.data[stem] & 0xC0) == 0x80)
        stem--;
    memcpy(out, v.data, stem);
    memcpy(out + stem, v.data + v.len - extension, extension);
    out[stem + extension] = '\0';
}

static void put_fallback(const uint8_t id[PACKET_ID], char out[NAMES_MAX + 1])
{
    int n = sprintf(out, "dttk-");
    for (int i = 0; i < 8; i++)
        n += sprintf(out + n, "%02x", id[i]);
    sprintf(out + n, ".bin");
}

enum NamesResult names_sanitise(struct View name, const uint8_t id[PACKET_ID],
                                char out[NAMES_MAX + 1])
{
    struct View base = base_of(name);
    bool fit = base.len > 0 && is_text(base) && strchr(".-~", base.data[0]) == NULL;
    if (fit)
        copy_shortened(base, out);
    if (!fit || is_ours(out)) {
        put_fallback(id, out);
        return NAMES_REPLACED;
    }
    return strlen(out) == name.len ? NAMES_SAME : NAMES_CHANGED;
}
