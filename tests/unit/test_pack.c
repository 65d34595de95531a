#include "host/file_packer.h"

#include "unit/folder.h"
#include "unit/random.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define LEN ((size_t)3 << 20)

static const struct UnpackerLimits any = {.most = UINT64_MAX};

/* Text-like: it becomes a quarter of its size. */
static uint8_t *content(size_t len)
{
    struct TestRandom random = {test_random_seed()};
    uint8_t *data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)("0123"[test_random_below(&random, 4)]);
    return data;
}

/* All of in through p, in pieces of that size, ended; how much came out. */
static size_t pack(struct Packer *p, const uint8_t *in, size_t len, size_t piece, uint8_t *out)
{
    size_t given = 0;
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        struct PackFlow flow = {in + at, n, out + given, piece};
        int more;
        do {
            flow.out_len = piece;
            more = packer_run(p, &flow, at + n == len ? PACK_END : PACK_ON);
            cr_assert_geq(more, 0);
            given += piece - flow.out_len;
        } while (more > 0);
        cr_assert_eq(flow.in_len, 0);
    }
    return given;
}

/* All of in through an unpacker in pieces; how much came out, in `out`. */
static size_t unpack(const uint8_t *in, size_t len, size_t piece, uint8_t *out, bool *ended)
{
    struct Unpacker u;
    size_t given = 0;
    cr_assert_eq(unpacker_open(&u, any), 0);
    for (size_t at = 0; at < len || u.full;) {
        size_t n = len - at < piece ? len - at : piece;
        struct PackFlow flow = {in + at, n, out + given, piece};
        cr_assert_eq(unpacker_run(&u, &flow), 0);
        at += n - flow.in_len;
        given += piece - flow.out_len;
    }
    *ended = u.ended;
    unpacker_close(&u);
    return given;
}

Test(pack, what_is_packed_comes_out_again_in_pieces_of_any_size)
{
    static const size_t pieces[] = {1, 7, 4096, (size_t)1 << 20};
    uint8_t *data = content(LEN), *out = malloc(2 * LEN), *back = malloc(2 * LEN);
    if (!pack_known())
        cr_skip_test();
    for (size_t i = 0; i < 4; i++) {
        size_t len = i == 0 ? 5000 : LEN;
        struct Packer p;
        bool ended;
        cr_assert_eq(packer_open(&p, i % 2 == 0 ? len : PACK_UNKNOWN), 0);
        size_t packed = pack(&p, data, len, pieces[i], out);
        packer_close(&p);
        cr_assert_lt(packed, len / 2);
        cr_assert_eq(unpacker_promise(view_of(out, packed)), i % 2 == 0 ? len : PACK_UNKNOWN);
        cr_assert_eq(unpack(out, packed, pieces[i], back, &ended), len);
        cr_assert(ended);
        cr_assert_eq(memcmp(back, data, len), 0);
        unpack(out, packed - 1, pieces[i], back, &ended);
        cr_assert_not(ended);
    }
    free(data);
    free(out);
    free(back);
}

Test(pack, what_was_flushed_can_be_unpacked_before_more_comes)
{
    uint8_t out[200], back[200];
    struct PackFlow flow = {(const uint8_t *)"a line\n", 7, out, sizeof out};
    struct Packer p;
    bool ended;
    if (!pack_known())
        cr_skip_test();
    cr_assert_eq(packer_open(&p, PACK_UNKNOWN), 0);
    cr_assert_eq(packer_run(&p, &flow, PACK_FLUSH), 0);
    cr_assert_eq(unpack(out, sizeof out - flow.out_len, sizeof back, back, &ended), 7);
    cr_assert_eq(memcmp(back, "a line\n", 7), 0);
    cr_assert_not(ended);
    packer_close(&p);
}

Test(pack, more_or_less_than_was_promised_is_refused)
{
    uint8_t out[200];
    struct PackFlow flow = {(const uint8_t *)"four", 4, out, sizeof out};
    struct Packer p;
    if (!pack_known())
        cr_skip_test();
    cr_assert_eq(packer_open(&p, 5), 0);
    cr_assert_eq(packer_run(&p, &flow, PACK_ON), 0);
    cr_assert_eq(packer_run(&p, &flow, PACK_END), -1);
    cr_assert_eq(errno, EINVAL);
    packer_close(&p);
}

/* A frame that looks back 16 MiB (RFC 8878, 3.1.1.1.2: exponent 14), and bytes that are none. */
Test(pack, unpackers_take_zstd_only_and_no_window_larger_than_theirs)
{
    static const uint8_t wide[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 14 << 3, 1, 0, 0};
    static const uint8_t least[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 1, 0, 0};
    static const uint8_t none[] = "this is no zstd stream";
    uint8_t out[16];
    struct Unpacker u;
    if (!pack_known())
        cr_skip_test();
    struct PackFlow flow = {wide, sizeof wide, out, sizeof out};
    cr_assert_eq(unpacker_open(&u, any), 0);
    cr_assert_eq(unpacker_run(&u, &flow), -1);
    cr_assert_eq(errno, EOVERFLOW);
    unpacker_close(&u);
    flow = (struct PackFlow){none, sizeof none, out, sizeof out};
    cr_assert_eq(unpacker_open(&u, any), 0);
    cr_assert_eq(unpacker_run(&u, &flow), -1);
    cr_assert_eq(errno, EILSEQ);
    unpacker_close(&u);
    flow = (struct PackFlow){least, sizeof least, out, sizeof out};
    cr_assert_eq(unpacker_open(&u, any), 0);
    cr_assert_eq(unpacker_run(&u, &flow), 0);
    cr_assert(u.ended);
    unpacker_close(&u);
}

/* A compressed block of two bytes that are none (RFC 8878, 3.1.1.3.1), and an empty frame. */
Test(pack, what_cannot_be_unpacked_is_never_gone_on_from)
{
    static const uint8_t bad[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0, 0x15, 0, 0, 0xff, 0xff};
    static const uint8_t empty[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0, 1, 0, 0};
    uint8_t out[16];
    struct Unpacker u;
    if (!pack_known())
        cr_skip_test();
    struct PackFlow flow = {bad, sizeof bad, out, sizeof out};
    cr_assert_eq(unpacker_open(&u, any), 0);
    cr_assert_eq(unpacker_run(&u, &flow), -1);
    flow = (struct PackFlow){empty, sizeof empty, out, sizeof out};
    for (int i = 0; i < 3; i++) {
        errno = 0;
        cr_assert_eq(unpacker_run(&u, &flow), -1);
        cr_assert_eq(errno, EILSEQ);
        cr_assert_eq(flow.in_len, sizeof empty);
    }
    unpacker_close(&u);
}

/* "four" as one frame that says its size, or does not; then perhaps once more. How many bytes came
 * out of it, with these limits, in calls of `piece` bytes; or errno, negative. */
static int unpack_limited(bool sized, int times, size_t piece, struct UnpackerLimits limits)
{
    uint8_t packed[100], out[16];
    struct PackFlow flow = {.out = packed, .out_len = sizeof packed};
    struct Packer p;
    struct Unpacker u;
    int given = 0, result = 0;
    for (int i = 0; i < times; i++) {
        flow.in = (const uint8_t *)"four";
        flow.in_len = 4;
        cr_assert_eq(packer_open(&p, sized ? 4 : PACK_UNKNOWN), 0);
        cr_assert_eq(packer_run(&p, &flow, PACK_ON), 0);
        cr_assert_eq(packer_run(&p, &flow, PACK_END), 0);
        packer_close(&p);
    }
    size_t len = sizeof packed - flow.out_len;
    cr_assert_eq(unpacker_open(&u, limits), 0);
    for (size_t at = 0; at < len && result == 0;) {
        flow = (struct PackFlow){packed + at, len - at < piece ? len - at : piece, out, sizeof out};
        size_t n = flow.in_len;
        result = unpacker_run(&u, &flow);
        at += n - flow.in_len;
        given += (int)(sizeof out - flow.out_len);
    }
    unpacker_close(&u);
    return result == 0 ? given : -errno;
}

Test(pack, unpackers_give_no_more_than_is_allowed)
{
    static const struct UnpackerLimits sized = {true, UINT64_MAX}, four = {false, 4},
                                       three = {false, 3};
    if (!pack_known())
        cr_skip_test();
    for (size_t piece = 1; piece < 40; piece++) {
        cr_assert_eq(unpack_limited(true, 1, piece, sized), 4);
        cr_assert_eq(unpack_limited(false, 1, piece, sized), -EILSEQ);
        cr_assert_eq(unpack_limited(true, 2, piece, sized), -EILSEQ);
        cr_assert_eq(unpack_limited(false, 2, piece, any), 8);
        cr_assert_eq(unpack_limited(false, 1, piece, four), 4);
        cr_assert_eq(unpack_limited(false, 2, piece, four), -EMSGSIZE);
        cr_assert_eq(unpack_limited(true, 1, piece, three), -EMSGSIZE);
    }
}

static enum FilePackerState pack_file(struct FileSource *s, const char *path, int *steps)
{
    struct FilePacker p;
    cr_assert_eq(file_source_look(s, path, -1, DIGEST_SHA256), 0);
    file_packer_open(&p, s);
    for (*steps = 0; p.state == FILE_PACKER_MORE; ++*steps)
        file_packer_step(&p, s);
    enum FilePackerState state = p.state;
    file_packer_close(&p);
    return state;
}

Test(file_packer, files_become_smaller_under_the_same_name_or_stay_as_they_are)
{
    struct Folder f;
    struct FileSource s;
    struct PacketObject o = {.salt = 0};
    struct TestRandom random = {test_random_seed()};
    uint8_t *data = content(LEN), id[PACKET_ID];
    int steps;
    if (!pack_known())
        cr_skip_test();
    folder_open(&f);
    folder_put(&f, "text", data, LEN);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(pack_file(&s, folder_path(&f, "text"), &steps), FILE_PACKER_PACKED);
        cr_assert_eq(steps, (int)(LEN / FILE_PACKER_STEP));
        cr_assert_eq(file_source_ready(&s), 0);
        file_source_describe(&s, &o);
        cr_assert_eq(o.flags, OBJECT_ZSTD);
        cr_assert_lt(o.size, LEN / 3);
        cr_assert_eq(s.unpacked, LEN);
        cr_assert_eq(memcmp(o.name.data, "text", o.name.len), 0);
        cr_assert_not(file_source_changed(&s));
        cr_assert_not_null(file_source_lend(&s, 0, 100));
        if (again > 0)
            cr_assert_eq(memcmp(id, o.id, PACKET_ID), 0);
        memcpy(id, o.id, PACKET_ID);
        file_source_close(&s);
    }
    test_random_fill(&random, data, LEN);
    folder_put(&f, "random", data, LEN);
    folder_put(&f, "empty", "", 0);
    cr_assert_eq(pack_file(&s, folder_path(&f, "random"), &steps), FILE_PACKER_PLAIN);
    cr_assert_eq(file_source_ready(&s), 0);
    cr_assert_eq(s.size, LEN);
    file_source_close(&s);
    cr_assert_eq(pack_file(&s, folder_path(&f, "empty"), &steps), FILE_PACKER_PLAIN);
    cr_assert_eq(file_source_ready(&s), 0);
    file_source_close(&s);
    free(data);
    folder_close(&f);
}

Test(file_packer, a_file_that_changes_meanwhile_is_not_sent)
{
    struct Folder f;
    struct FileSource s;
    struct FilePacker p;
    uint8_t *data = content(LEN);
    if (!pack_known())
        cr_skip_test();
    folder_open(&f);
    for (int shorter = 0; shorter < 2; shorter++) {
        folder_put(&f, "text", data, LEN);
        cr_assert_eq(file_source_look(&s, folder_path(&f, "text"), -1, DIGEST_SHA256), 0);
        file_packer_open(&p, &s);
        cr_assert_eq(file_packer_step(&p, &s), FILE_PACKER_MORE);
        folder_put(&f, "text", data, shorter ? 100 : LEN + 1);
        while (p.state == FILE_PACKER_MORE)
            file_packer_step(&p, &s);
        cr_assert_eq(p.state, FILE_PACKER_FAILED);
        cr_assert_eq(p.error, ESTALE);
        file_packer_close(&p);
        file_source_close(&s);
    }
    free(data);
    folder_close(&f);
}
