#include "core/armor.h"

#define MARK  '~'
#define PAD   '='
#define GROUP 4 /* digits, for three bytes */
#define NONE  0xFF

static uint8_t digit_of(uint32_t bits)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (uint8_t)digits[bits & 0x3F];
}

/* The six bits that a digit stands for; NONE if it is none. */
static uint8_t bits_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    if (c == '+')
        return 62;
    return c == '/' ? 63 : NONE;
}

/* ---- To text -------------------------------------------------------------------------------- */

size_t armor_size(size_t len)
{
    return (len + 2) / 3 * GROUP + 3;
}

/* The group of n bytes, 1 to 3, at p. */
static void put_group(uint8_t *out, const uint8_t *p, size_t n)
{
    uint32_t bits = (uint32_t)p[0] << 16;
    if (n > 1)
        bits |= (uint32_t)p[1] << 8;
    if (n > 2)
        bits |= p[2];
    out[0] = digit_of(bits >> 18);
    out[1] = digit_of(bits >> 12);
    out[2] = n > 1 ? digit_of(bits >> 6) : PAD;
    out[3] = n > 2 ? digit_of(bits) : PAD;
}

bool armor_append(struct Buffer *out, struct View frame)
{
    CORE_ASSERT(frame.len > 0);
    if (frame.len > buffer_tailroom(out)) /* and so armor_size does not overflow */
        return false;
    uint8_t *to = buffer_extend(out, armor_size(frame.len));
    if (to == NULL)
        return false;
    *to++ = MARK;
    for (size_t i = 0; i < frame.len; i += 3, to += GROUP)
        put_group(to, frame.data + i, frame.len - i < 3 ? frame.len - i : 3);
    *to++ = MARK;
    *to = '\n';
    return true;
}

/* ---- From text ------------------------------------------------------------------------------ */

void armor_reader_init(struct ArmorReader *r, uint8_t *memory, size_t size)
{
    *r = (struct ArmorReader){0};
    buffer_init(&r->frame, memory, size, 0);
}

/* Nothing of a line is here. */
static void begin(struct ArmorReader *r, bool inside)
{
    buffer_reset(&r->frame, 0);
    r->inside = inside;
    r->bits = 0;
    r->digits = 0;
    r->padding = 0;
    r->waiting = 0;
}

/* What came behind the ~ is no line, for the fault that is counted there. */
static void give_up(struct ArmorReader *r, uint64_t *fault)
{
    ++*fault;
    r->counters.bad_bytes += r->waiting;
    begin(r, false);
}

/* Four digits are here. False: they are no group. */
static bool take_group(struct ArmorReader *r, uint64_t **fault)
{
    uint8_t bytes[3] = {(uint8_t)(r->bits >> 16), (uint8_t)(r->bits >> 8), (uint8_t)r->bits};
    size_t n = sizeof bytes - r->padding;
    *fault = &r->counters.bad_base64;
    if (r->padding > 2 || (r->padding > 0 && bytes[n] != 0))
        return false;
    *fault = &r->counters.bad_long;
    r->bits = 0;
    r->digits = 0;
    return buffer_append(&r->frame, bytes, n);
}

/* A byte between two ~. */
static void take_inside(struct ArmorReader *r, uint8_t byte)
{
    uint8_t bits = bits_of(byte);
    uint64_t *fault = &r->counters.bad_char;
    r->waiting++;
    if (byte == '\r' || byte == '\n')
        return;
    if (bits == NONE && byte != PAD) {
        give_up(r, fault);
        return;
    }
    if (r->padding > 0 && (byte != PAD || r->digits == 0)) { /* behind the last group */
        give_up(r, &r->counters.bad_base64);
        return;
    }
    r->padding += byte == PAD;
    r->bits = r->bits << 6 | (byte == PAD ? 0 : bits);
    r->digits++;
    if (r->digits == GROUP && !take_group(r, &fault))
        give_up(r, fault);
}

/* True if the bytes between two ~ are a line; otherwise why not is counted. */
static bool check(struct ArmorReader *r)
{
    if (r->waiting == 0)
        return false;
    if (r->digits != 0) {
        give_up(r, &r->counters.bad_base64);
        return false;
    }
    r->counters.good++;
    r->counters.good_bytes += r->waiting;
    return true;
}

bool armor_reader_next(struct ArmorReader *r, struct View *bytes, struct View *frame)
{
    uint8_t byte;
    while (view_take_u8(bytes, &byte)) {
        bool begun = r->waiting > 0;
        if (byte == MARK) {
            bool good = r->inside && check(r);
            *frame = buffer_view(&r->frame);
            r->counters.marks++;
            begin(r, true);
            if (good)
                return true;
        } else if (r->inside && (begun || bits_of(byte) != NONE)) {
            take_inside(r, byte);
        } else { /* not even a first digit: that ~ closed a line, or was text */
            r->counters.text_bytes++;
            r->inside = false;
        }
    }
    return false;
}

void armor_reader_finish(struct ArmorReader *r)
{
    if (r->waiting > 0)
        give_up(r, &r->counters.bad_char);
    begin(r, false);
}
