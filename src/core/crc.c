#include "core/crc.h"

/*
 * Slice-by-8 (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC
 * Generation", IEEE Transactions on Computers 57(11), 2008): table[k][b] is the register after byte
 * b and k zero bytes. A CRC is linear, so an entry is the sum of those of its bits: the compiler
 * expands each table from eight numbers. Read row by row, each from right to left, they are the 64
 * states that follow a single bit: the polynomial, then that shifted again and again.
 */
#define SUM1(x, a)                   (x), (x) ^ (a)
#define SUM2(x, a, b)                SUM1(x, a), SUM1((x) ^ (b), a)
#define SUM3(x, a, b, c)             SUM2(x, a, b), SUM2((x) ^ (c), a, b)
#define SUM4(x, a, b, c, d)          SUM3(x, a, b, c), SUM3((x) ^ (d), a, b, c)
#define SUM5(x, a, b, c, d, e)       SUM4(x, a, b, c, d), SUM4((x) ^ (e), a, b, c, d)
#define SUM6(x, a, b, c, d, e, f)    SUM5(x, a, b, c, d, e), SUM5((x) ^ (f), a, b, c, d, e)
#define SUM7(x, a, b, c, d, e, f, g) SUM6(x, a, b, c, d, e, f), SUM6((x) ^ (g), a, b, c, d, e, f)
#define BYTE_TABLE(a, b, c, d, e, f, g, h)                                                         \
    {                                                                                              \
        SUM7(0, a, b, c, d, e, f, g), SUM7(h, a, b, c, d, e, f, g)                                 \
    }

static const uint32_t table[8][256] = {
    BYTE_TABLE(0xF26B8303, 0xE13B70F7, 0xC79A971F, 0x8AD958CF, 0x105EC76F, 0x20BD8EDE, 0x417B1DBC,
               0x82F63B78),
    BYTE_TABLE(0x13A29877, 0x274530EE, 0x4E8A61DC, 0x9D14C3B8, 0x3FC5F181, 0x7F8BE302, 0xFF17C604,
               0xFBC3FAF9),
    BYTE_TABLE(0xA541927E, 0x4F6F520D, 0x9EDEA41A, 0x38513EC5, 0x70A27D8A, 0xE144FB14, 0xC76580D9,
               0x8B277743),
    BYTE_TABLE(0xDD45AAB8, 0xBF672381, 0x7B2231F3, 0xF64463E6, 0xE964B13D, 0xD725148B, 0xABA65FE7,
               0x52A0C93F),
    BYTE_TABLE(0x38116FAC, 0x7022DF58, 0xE045BEB0, 0xC5670B91, 0x8F2261D3, 0x1BA8B557, 0x37516AAE,
               0x6EA2D55C),
    BYTE_TABLE(0xEF306B19, 0xDB8CA0C3, 0xB2F53777, 0x6006181F, 0xC00C303E, 0x85F4168D, 0x0E045BEB,
               0x1C08B7D6),
    BYTE_TABLE(0x68032CC8, 0xD0065990, 0xA5E0C5D1, 0x4E2DFD53, 0x9C5BFAA6, 0x3D5B83BD, 0x7AB7077A,
               0xF56E0EF4),
    BYTE_TABLE(0x493C7D27, 0x9278FA4E, 0x211D826D, 0x423B04DA, 0x847609B4, 0x0D006599, 0x1A00CB32,
               0x34019664),
};

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t crc32c_portable(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (; len >= 8; data += 8, len -= 8) {
        uint32_t low = crc ^ load(data);
        uint32_t high = load(data + 4);
        crc = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^
              table[4][low >> 24] ^ table[3][high & 0xFF] ^ table[2][high >> 8 & 0xFF] ^
              table[1][high >> 16 & 0xFF] ^ table[0][high >> 24];
    }
    for (; len > 0; data++, len--)
        crc = crc >> 8 ^ table[0][(crc ^ *data) & 0xFF];
    return ~crc;
}
