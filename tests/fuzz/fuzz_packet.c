/* Fuzz: any bytes as a packet. What parses is encoded and parsed again, to the same fields. */
#include "sim/forge.h"
#include "unit/packets.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void encode_again(struct Packet *p)
{
    uint8_t *memory = malloc(PACKET_MAX + VARINT_MAX);
    struct Packet again;
    struct Buffer b;

    /* The shortest varints are not always those that came. */
    if (p->type == PACKET_OBJECT)
        p->tag = packet_object_tag(&p->as.object, crc32c_portable);
    buffer_init(&b, memory, PACKET_MAX + VARINT_MAX, PACKET_HEADROOM);
    check(packets_encode(&b, p));
    check(packet_parse(buffer_view(&b), crc32c_portable, &again) == PACKET_OK);
    check(packets_same(p, &again));
    free(memory);
}

static void parse(const uint8_t *data, size_t size)
{
    struct Packet p;

    if (packet_parse(view_of(data, size), crc32c_portable, &p) == PACKET_OK)
        encode_again(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size > 0 ? size : 1); /* exact, so that an overread is seen */

    if (size > 0)
        memcpy(copy, data, size);
    parse(copy, size);
    forge_tag(copy, size);
    parse(copy, size);
    free(copy);
    return 0;
}
