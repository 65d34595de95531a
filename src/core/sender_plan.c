#include "core/name.h"
#include "core/sender.h"

#define MTU_LEAST    256
#define MTU_MOST     16384
#define MTU_FRACTION 2048

/* T of a stream that is sent two-way. */
#define STREAM_TWO_WAY_T 256

/* About so many packets an object has at least, whatever the mtu: few large ones are soon lost. */
#define PACKETS_MIN 16

/* Bytes that the number of a SOURCE's first symbol takes at most, for objects up to 2^49 bytes. */
#define SOURCE_FIELDS 8

/* Keys of so many passes fit into the room a plan reserves for them. */
#define KEY_PASSES 64

size_t sender_default_mtu(uint64_t size)
{
    uint64_t mtu = size / MTU_FRACTION;

    if (mtu < MTU_LEAST)
        return MTU_LEAST;
    return mtu < MTU_MOST ? (size_t)mtu : MTU_MOST;
}

/* Symbols about this large: small enough that a loss costs little, large enough to be quick. */
static uint32_t target_size(uint64_t size)
{
    if (size <= (uint64_t)256 << 10)
        return 128;
    if (size <= (uint64_t)1 << 20)
        return 256;
    return size <= (uint64_t)4 << 20 ? 512 : 1024;
}

/* A repair costs one multiply-accumulate of every symbol of its block: what kernels bear. */
static uint8_t largest_block(uint64_t size, bool simd)
{
    if (!simd)
        return size <= (uint64_t)4 << 20 ? 10 : 7;
    if (size <= (uint64_t)16 << 20)
        return 12;
    return size <= (uint64_t)64 << 20 ? 10 : 7;
}

/* Bytes for symbols in a REPAIR of that object and grid. */
static size_t room_for_symbols(size_t packet_max, const struct ObjectLayout *l)
{
    struct PacketRepair repair = {.first = l->symbols,
                                  .count = l->count,
                                  .stride = l->blocks,
                                  .key = (uint64_t)l->count * KEY_PASSES};

    return packet_max - PACKET_HEADER - packet_repair_size(&repair);
}

/* The largest block that leaves at least per_packet blocks in a group. */
static uint8_t choose_block(uint64_t size, const struct SenderPlan *plan, bool simd)
{
    uint8_t block = largest_block(size, simd);

    while (block > 0 &&
           object_layout(size, plan->symbol_size, UINT32_C(1) << block).blocks < plan->per_packet)
        block--;
    return block;
}

struct SenderPlan sender_plan(uint64_t size, size_t packet_max, bool simd)
{
    size_t room = packet_max - PACKET_HEADER - 8;
    uint32_t widest = target_size(size) * 5 / 4;
    struct SenderPlan plan = {0};
    struct ObjectLayout l;

    CORE_ASSERT(packet_max >= SENDER_PACKET_MIN && packet_max <= PACKET_MAX);
    /* The fields' sizes depend on the grid, and the grid on them: the second round is exact. */
    for (int round = 0; round < 3; round++) {
        plan.per_packet = (uint32_t)((room + widest - 1) / widest);
        plan.symbol_size = (uint32_t)(room / plan.per_packet);
        if (plan.symbol_size >= size) {
            plan.symbol_size = size > 0 ? (uint32_t)size : 1;
            plan.per_packet = 1;
        }
        if (plan.per_packet > 1 && plan.per_packet > size / plan.symbol_size / PACKETS_MIN)
            plan.per_packet = (uint32_t)(size / plan.symbol_size / PACKETS_MIN) + 1;
        plan.block = choose_block(size, &plan, simd);
        l = object_layout(size, plan.symbol_size, UINT32_C(1) << plan.block);
        room = room_for_symbols(packet_max, &l);
    }
    while ((uint64_t)plan.per_packet * plan.symbol_size > room)
        plan.symbol_size--;
    plan.key_limit = (uint64_t)l.count * KEY_PASSES;
    return plan;
}

/* Small, for the packets that a bad line wants; larger where symbols would be very many. */
static uint32_t target_size_two_way(uint64_t size)
{
    if (size <= (uint64_t)16 << 20)
        return 128;
    if (size <= (uint64_t)128 << 20)
        return 256;
    return size <= (uint64_t)1 << 30 ? 512 : 1024;
}

struct SenderPlan sender_plan_two_way(uint64_t size, size_t packet_max, bool simd)
{
    uint32_t room = (uint32_t)(packet_max - PACKET_HEADER - SOURCE_FIELDS);
    struct SenderPlan plan = {.symbol_size = target_size_two_way(size), .per_packet = 1};

    CORE_ASSERT(packet_max >= SENDER_PACKET_MIN && packet_max <= PACKET_MAX);
    if (plan.symbol_size > room)
        plan.symbol_size = room;
    if (plan.symbol_size > size)
        plan.symbol_size = size > 0 ? (uint32_t)size : 1;
    plan.block = largest_block(size, simd);
    return plan;
}

struct SenderPlan sender_plan_stream(size_t packet_max)
{
    /* first, count, stride, key of a long-lived stream */
    size_t room = packet_max - PACKET_HEADER - (5 + 2 + 1 + 5);
    struct SenderPlan plan = {.per_packet = (uint32_t)((room + 1279) / 1280),
                              .key_limit = UINT64_C(1) << 35};

    plan.symbol_size = (uint32_t)(room / plan.per_packet);
    return plan;
}

struct SenderPlan sender_plan_stream_two_way(size_t packet_max)
{
    uint32_t room = (uint32_t)(packet_max - PACKET_HEADER - SOURCE_FIELDS);

    return (struct SenderPlan){.symbol_size = room < STREAM_TWO_WAY_T ? room : STREAM_TWO_WAY_T,
                               .per_packet = 1,
                               .key_limit = UINT64_C(1) << 35};
}

/* Keep n bytes of the name; what is kept lies in `name`. */
static void cut_name(struct PacketObject *object, size_t n, uint8_t *name)
{
    object->name = view_of(name, name_cut(name, object->name, n));
    object->flags |= OBJECT_NAME_CUT;
}

bool sender_fit_object(struct PacketObject *object, size_t packet_max, uint8_t *name)
{
    size_t size;

    if (object->name.len > PACKET_NAME_MAX)
        cut_name(object, PACKET_NAME_MAX, name);
    if (PACKET_HEADER + packet_object_size(object) > packet_max) {
        object->link &= (uint8_t) ~(LINK_MTIME | LINK_MODE);
        object->mtime = 0;
        object->mode = 0;
    }
    size = PACKET_HEADER + packet_object_size(object);
    if (size <= packet_max)
        return true;
    if (size - packet_max > object->name.len)
        return false;
    cut_name(object, object->name.len - (size - packet_max), name);
    return true;
}
