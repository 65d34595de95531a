/* CRC-32C (Castagnoli): RFC 3720, appendix B.4; reflected polynomial 0x82F63B78. */
#ifndef CORE_CRC_H
#define CORE_CRC_H

#include "core/bytes.h"

/*
 * The CRC of len bytes at data, continued from crc; start with 0. Continuing is seamless:
 * f(f(0, a), b) == f(0, ab). "123456789" gives 0xE3069283.
 */
typedef uint32_t (*Crc32c)(uint32_t crc, const uint8_t *data, size_t len);

/* Portable (slice-by-8). A host may hand core a faster function of the same type and value. */
uint32_t crc32c_portable(uint32_t crc, const uint8_t *data, size_t len);

#endif
