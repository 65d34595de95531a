#include "host/names.h"

#include "host/text.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION_MAX 32 /* most bytes of an extension worth keeping whole, its point included */

static bool is_text(struct View v)
{
    uint32_t c;
    while (v.len > 0) {
        size_t n = text_take(v, &c);
        if (n == 0 || !text_is_shown(c))
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
    bool fit = base.len > 0 && is_text(base) && strchr(" .-~", base.data[0]) == NULL;
    if (fit)
        copy_shortened(base, out);
    if (!fit || is_ours(out) || out[strlen(out) - 1] == ' ') {
        put_fallback(id, out);
        return NAMES_REPLACED;
    }
    return strlen(out) == name.len ? NAMES_SAME : NAMES_CHANGED;
}
