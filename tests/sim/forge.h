/* Forge: packets as somebody would make them who wants to do harm; every tag is right. */
#ifndef SIM_FORGE_H
#define SIM_FORGE_H

#include "core/packet.h"

#define FORGE_TYPE_MASK 63

/* The bytes of an OBJECT's hashed part behind its header; 0 if they end before it does. */
static inline size_t forge_hashed_len(struct View rest)
{
    size_t all = rest.len;
    uint64_t number;
    uint8_t flags, byte;
    struct View bytes;

    if (!view_take_u8(&rest, &flags) || !view_take_u8(&rest, &byte) || !view_take_u8(&rest, &byte))
        return 0;
    if (!view_take_varint(&rest, &number))
        return 0;
    if ((flags & OBJECT_STREAM) == 0 && !view_take_varint(&rest, &number))
        return 0;
    if (!view_take(&rest, PACKET_ID, &bytes) || !view_take_varint(&rest, &number) ||
        number > rest.len)
        return 0;
    return all - (rest.len - (size_t)number);
}

/* If it is an OBJECT, give it the tag of its body, which was changed. */
static inline void forge_tag(uint8_t *packet, size_t len)
{
    size_t hashed;
    uint32_t crc;
    uint16_t tag;

    if (len < PACKET_HEADER || (packet[0] & FORGE_TYPE_MASK) != PACKET_OBJECT)
        return;
    hashed = forge_hashed_len(view_of(packet + PACKET_HEADER, len - PACKET_HEADER));
    if (hashed == 0)
        return;
    crc = crc32c_portable(0, packet + PACKET_HEADER, hashed);
    tag = (uint16_t)(crc >> 16 ^ (crc & 0xFFFF));
    put_u16(packet + 2, tag != 0 ? tag : 1);
}

#endif
