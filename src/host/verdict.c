#include "host/verdict.h"

static int smaller(int a, int b)
{
    return b != EXIT_DELIVERED && (a == EXIT_DELIVERED || b < a) ? b : a;
}

void verdict_note(struct Verdict *v, int code)
{
    v->code = smaller(v->code, code);
}

static void drop(struct Verdict *v, unsigned i)
{
    v->open_count--;
    memmove(v->open + i, v->open + i + 1, (v->open_count - i) * sizeof *v->open);
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xCBF29CE484222325);

    for (; *text != '\0'; text++)
        value = (value ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    return value;
}

/* What was said of this object does not count any more. */
static void forget(struct Verdict *v, const struct StoreResult *result)
{
    uint64_t path = hash(result->path);

    for (unsigned i = 0; i < v->open_count; i++) {
        if (v->open[i].path == path && memcmp(v->open[i].id, result->id, PACKET_ID) == 0) {
            drop(v, i);
            return;
        }
    }
}

static bool is_open(const struct StoreResult *result)
{
    switch (result->what) {
    case STORE_INCOMPLETE:
    case STORE_MISMATCH:
    case STORE_FAILED:
        return true;
    case STORE_REFUSED:
        return result->exit_code == EXIT_IO;
    case STORE_NOTE:
    case STORE_VERIFIED:
    case STORE_HAVE:
        break;
    }
    return false;
}

void verdict_take(struct Verdict *v, const struct StoreResult *result)
{
    struct VerdictOpen *open;

    if (result->id && (result->what == STORE_VERIFIED || result->what == STORE_HAVE))
        forget(v, result);
    if (!result->id || !is_open(result)) {
        verdict_note(v, result->exit_code);
        return;
    }
    forget(v, result);
    if (v->open_count == VERDICT_OPEN_MAX) {
        verdict_note(v, v->open[0].code);
        drop(v, 0);
    }
    open = &v->open[v->open_count++];
    memcpy(open->id, result->id, PACKET_ID);
    open->path = hash(result->path);
    open->code = result->exit_code;
}

int verdict_code(const struct Verdict *v)
{
    int code = v->code;

    for (unsigned i = 0; i < v->open_count; i++)
        code = smaller(code, v->open[i].code);
    return code;
}
