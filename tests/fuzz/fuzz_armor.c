/*
 * Fuzz: any bytes to an ArmorReader, in pieces of any size, and any bytes as a frame there and
 * back, with any bytes before it. The first byte of an input says how it is cut.
 */
#include "core/armor.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Every byte fed is in exactly one count, or waits. */
static void check_counters(const struct ArmorReader *r, uint64_t fed)
{
    const struct ArmorCounters *c = &r->counters;

    check(c->good_bytes + c->bad_bytes + c->marks + c->text_bytes + r->waiting == fed);
    check(c->good_bytes >= 4 * c->good && c->good <= c->marks);
    check(c->bad_char + c->bad_base64 + c->bad_long <= c->bad_bytes);
}

/* What was read is base64 again, as it was: no two lines say the same. */
static void check_frame(struct View frame, size_t most)
{
    size_t size = armor_size(frame.len);
    uint8_t *memory = malloc(size);
    struct Buffer line;

    check(frame.len > 0 && frame.len <= most);
    buffer_init(&line, memory, size, 0);
    check(armor_append(&line, frame) && line.len == size);
    free(memory);
}

static void read_pieces(const uint8_t *data, size_t size, size_t seed)
{
    size_t most = 1 + seed * 7, fed = 0, n;
    uint8_t *memory = malloc(most);
    struct ArmorReader reader;
    struct View bytes, frame;

    armor_reader_init(&reader, memory, most);
    for (size_t piece = seed; fed < size; piece = piece * 13 + 7) {
        n = 1 + piece % (seed % 2 == 0 ? 300 : 30000);
        n = n < size - fed ? n : size - fed;
        bytes = view_of(data + fed, n);
        fed += n;
        while (armor_reader_next(&reader, &bytes, &frame))
            check_frame(frame, most);
        check(bytes.len == 0);
        check_counters(&reader, fed);
    }
    armor_reader_finish(&reader);
    check(reader.waiting == 0);
    check_counters(&reader, fed);
    free(memory);
}

/* The second half as a frame, behind the first half as text. */
static void there_and_back(const uint8_t *data, size_t size)
{
    struct View text = view_of(data, size / 2), frame = view_of(data + text.len, size - text.len);
    size_t room = armor_size(frame.len);
    uint8_t *memory = malloc(room), *decoded = malloc(size);
    struct ArmorReader reader;
    struct View line, back;
    struct Buffer out;

    buffer_init(&out, memory, room, 0);
    check(armor_append(&out, frame));
    line = buffer_view(&out);
    armor_reader_init(&reader, decoded, size);
    while (armor_reader_next(&reader, &text, &back))
        ;
    while (armor_reader_next(&reader, &line, &back)) {
        if (back.len == frame.len && memcmp(back.data, frame.data, frame.len) == 0)
            break;
    }
    check(line.len == 1);
    free(memory);
    free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    read_pieces(data + 1, size - 1, data[0]);
    there_and_back(data + 1, size - 1);
    return 0;
}
