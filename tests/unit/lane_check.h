/* What core/lane.h must do, by single bytes: for its vectors and for its portable twin. */
#ifndef TESTS_UNIT_LANE_CHECK_H
#define TESTS_UNIT_LANE_CHECK_H

#include "core/lane.h"

#include "unit/check.h"
#include "unit/random.h"

#include <string.h>

#define LANES 4

/* The index of the first byte at p that is from low to high; LANE if there is none. */
static inline size_t lane_naively(const uint8_t *p, uint8_t low, uint8_t high)
{
    size_t i = 0;
    while (i < LANE && (p[i] < low || p[i] > high))
        i++;
    return i;
}

static inline size_t lane_index(LaneSet set)
{
    return set != 0 ? lane_first(set) : LANE;
}

static inline void lane_check(const uint8_t *p)
{
    uint8_t copy[LANE + 2] = {[LANE + 1] = 0xA5};
    bool zero = false;
    CHECK(lane_index(lane_zeros(p)) == lane_naively(p, 0, 0), "zeros");
    CHECK(lane_index(lane_controls(p)) == lane_naively(p, 0x10, 0x13), "controls");
    CHECK(lane_index(lane_copy(copy + 1, p)) == lane_naively(p, 0, 0), "zeros of a copy");
    CHECK(memcmp(copy + 1, p, LANE) == 0 && copy[0] == 0 && copy[LANE + 1] == 0xA5, "copy");
    for (size_t i = 0; i < LANES; i++)
        zero = zero || lane_naively(p + i * LANE, 0, 0) < LANE;
    CHECK(lanes_hold_zero(p) == zero, "zero in four lanes");
}

/* Every byte in every place, between bytes that are near to what is looked for. */
static inline void lane_check_bytes(void)
{
    static const uint8_t around[] = {0x01, 0x80, 0xFF, 0x0F, 0x14, 0x90};
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < LANES * LANE; at++) {
            uint8_t memory[LANES * LANE + 1];
            memset(memory, around[(byte + at) % sizeof around], sizeof memory);
            memory[1 + at] = (uint8_t)byte;
            lane_check(memory + 1); /* at an odd address */
        }
    }
}

/* Several of them side by side: few values, so that pairs of all kinds come. */
static inline void lane_check_pairs(void)
{
    static const uint8_t values[] = {0x00, 0x01, 0x80, 0x81, 0xFF, 0x10, 0x11, 0x12, 0x13, 0x14};
    struct TestRandom r = {test_random_seed()};
    for (int n = 0; n < 50000; n++) {
        uint8_t memory[LANES * LANE];
        for (size_t i = 0; i < sizeof memory; i++)
            memory[i] =
                test_random_below(&r, 8) != 0 ? 0x55 : values[test_random_below(&r, sizeof values)];
        lane_check(memory);
    }
}

#endif
