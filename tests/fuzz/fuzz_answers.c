/*
 * Fuzz: any packets as answers to a two-way sender, and whatever it says goes on. The first byte
 * chooses the object, then each piece is led by a byte: its length, or (0) a second goes by.
 */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define SIZE  5000
#define STEPS 64 /* packets taken from the sender at a time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void speak(struct SimSender *s, uint64_t now)
{
    for (int i = 0; i < STEPS && sim_sender_frame_at(s, now); i++) {
    }
    check(s->sender.peer.flight.count < 256);
    check(s->sender.peer.delivery.sent <= SIZE);
}

/* As a packet of its tag and a sound header: else little would come of it. */
static void hear(struct SimSender *s, const uint8_t *data, size_t len, uint64_t now)
{
    uint8_t *packet = malloc(len + PACKET_HEADER); /* exact, so that an overread is seen */

    packet[0] = (uint8_t)(PACKET_VERSION << 6 | (len > 0 ? data[0] % 8 : PACKET_STATUS));
    packet[1] = len > 1 ? data[1] : 0;
    put_u16(packet + 2, s->sender.tag);
    memcpy(packet + PACKET_HEADER, data, len);
    sender_input(&s->sender, view_of(packet, len + PACKET_HEADER), now);
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct SimSender s;
    static uint8_t bytes[SIZE];
    struct SimOptions options = {.two_way = true};
    uint64_t now = 1;

    if (size == 0)
        return 0;
    options.stream = data[0] & 1;
    options.half_duplex = data[0] & 2;
    options.window = data[0] & 4 ? 512 : 0;
    sim_sender_open(&s, bytes, data[0] & 8 ? 1 : SIZE, &options);
    for (size_t i = 1; i < size;) {
        size_t len = data[i++];

        speak(&s, now);
        len = len < size - i ? len : size - i;
        now += len == 0 ? UINT64_C(1000000000) : 1000000;
        if (len > 0)
            hear(&s, data + i, len, now);
        i += len;
    }
    speak(&s, now);
    sim_sender_close(&s);
    return 0;
}
