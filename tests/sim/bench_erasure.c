/*
 * bench_erasure [--quick]: how many packets a receiver needs, by the real encoder and decoder.
 * bench_erasure --losses N: the same of N receivers at many losses, as a table for a picture.
 *
 * Every packet carries one symbol and is lost whole, on its own or in bursts (Gilbert-Elliott,
 * everything lost in the bad state). Counted are the SOURCE and REPAIR packets sent up to and
 * including the one with which a receiver that has OBJECT completes. T99 is the 99th percentile of
 * the receivers, and the ratio T99 (1 - p) / K: 1 would be a line that tells its losses beforehand.
 *
 * Which packets complete an object depends on those that arrive and on the coefficients, not on the
 * bytes in a symbol. So most receivers get an object of the same K symbols and windows, but with
 * one byte in each; the first of each row get it in full, too, and must give the same counts.
 *
 * The last row is a line of bit errors: frames as planned for the mtu go through host/damage to a
 * FrameReader, and what counts is the file's bytes by those on the wire.
 */
#include "tape.h"

#include "host/clock.h"
#include "host/kernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS     2
#define REDUNDANCY  1500 /* per thousand: more than anyone will need */
#define QUICK_SHARE 20
#define FULL        50 /* receivers that get full symbols, too */

struct Row {
    const char *name;
    uint64_t size;
    uint32_t symbol_size; /* 0: by sender_plan */
    size_t mtu;
    double loss;  /* of packets */
    double burst; /* mean packets lost in a row; 0: each on its own */
    double ber;   /* of bits, instead */
    unsigned receivers;
    double goal;   /* most T99 (1 - p) / K; with ber least file bytes / wire bytes */
    double theory; /* the former of a code that any K packets complete */
};

static const struct Row rows[] = {
    {"35 kB in 50, loss 10 %", 35000, 50, 80, 0.1, 0, 0, 10000, 1.035, 1.029},
    {"1 MB in 200, loss 10 %", 1000000, 200, 240, 0.1, 0, 0, 10000, 1.022, 1.011},
    {"1 MB in 200, loss 30 %", 1000000, 200, 240, 0.3, 0, 0, 10000, 1.035, 1.018},
    {"10 MB in 200, loss 10 %", 10000000, 200, 240, 0.1, 0, 0, 2000, 1.02, 1.003},
    {"10 MB in 200, 10 % in bursts of 50", 10000000, 200, 240, 0.1, 50, 0, 2000, 1.04, 1.034},
    {"1 MB, mtu 128, bit errors 1e-4", 1000000, 0, 128, 0, 0, 1e-4, 2000, 0.775, 0},
};

/* What one receiver came to. */
struct Outcome {
    uint64_t data;   /* SOURCE and REPAIR packets until complete, OBJECT known beforehand */
    uint64_t ideal;  /* the same, of a code that any K packets complete */
    uint64_t wire;   /* bytes of frames until complete, OBJECT lost like the others */
    uint64_t repeat; /* packets until complete if the sources are sent again and again */
};

struct Setting {
    const struct Row *row;
    struct Tape full, fast;
    unsigned full_receivers;
    struct Outcome *outcomes; /* shared by the workers */
};

/* ---- Arithmetic for symbols of one byte -------------------------------------------------- */

static uint8_t products[256][256];

static void muladd_bytes(uint8_t *const *dst, size_t count, const uint8_t *const *src, size_t cols,
                         const uint8_t *coef, size_t len)
{
    if (len != 1) {
        kernels_best()->muladd(dst, count, src, cols, coef, len);
        return;
    }
    for (size_t c = 0; c < cols; c++) {
        const uint8_t *row = products[*src[c]];

        for (size_t r = 0; r < count; r++)
            *dst[r] ^= row[coef[c * count + r]];
    }
}

static void prepare_products(void)
{
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++)
            products[a][b] = gf256_mul((uint8_t)a, (uint8_t)b);
    }
}

static double random_unit(uint64_t *state)
{
    return (double)(sim_random(state) >> 11) * 0x1p-53;
}

/* ---- Tapes ------------------------------------------------------------------------------- */

/* The row's object in full, and the same grid of single bytes. */
static void make_tapes(struct Setting *s)
{
    const struct Row *row = s->row;
    struct SenderPlan plan = sender_plan(row->size, frame_capacity(row->mtu), kernels_best()->simd);
    struct SimOptions options = {.mtu = row->mtu,
                                 .redundancy = REDUNDANCY,
                                 .symbol_size = row->symbol_size,
                                 .block = plan.block,
                                 .per_packet = 1};

    if (row->symbol_size == 0) {
        sim_check(plan.per_packet == 1, "more than a symbol in a packet is not made for");
        options.symbol_size = plan.symbol_size;
    }
    tape_make(&s->full, row->size, row->size, &options);
    options.symbol_size = 1;
    tape_make(&s->fast, s->full.symbols, row->size, &options);
    sim_check(s->fast.count == s->full.count, "the schedule depends on the symbol's size");
    for (size_t i = 0; i < s->fast.count; i++)
        sim_check(s->fast.packets[i].type == s->full.packets[i].type, "another schedule");
}

/* ---- Lines: which packets arrive ---------------------------------------------------------- */

static void draw_losses(const struct Row *row, uint64_t state, bool *arrived, size_t count)
{
    bool bad = random_unit(&state) < row->loss;

    for (size_t i = 0; i < count; i++) {
        double u = random_unit(&state);

        if (row->burst == 0)
            bad = u < row->loss;
        else if (bad)
            bad = u >= 1 / row->burst;
        else
            bad = u < row->loss / (1 - row->loss) / row->burst;
        arrived[i] = !bad;
    }
}

struct Line {
    const struct Tape *tape;
    struct FrameReader reader;
    struct Buffer rx;
    bool *arrived;
    size_t next; /* packet that may come next */
};

static void line_feed(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Line *line = ctx;
    struct View v;

    sim_check(buffer_append(&line->rx, bytes, len), "no room");
    while (frame_reader_next(&line->reader, &line->rx, &v)) {
        struct View sent = tape_packet(line->tape, line->next);

        while (sent.len != v.len || memcmp(sent.data, v.data, v.len) != 0)
            sent = tape_packet(line->tape, ++line->next);
        line->arrived[line->next++] = true;
    }
    buffer_rebase(&line->rx, 0);
}

static void flip_bits(const struct Row *row, uint64_t seed, const struct Tape *tape, bool *arrived)
{
    static struct Damage damage;
    static uint8_t memory[2 * FRAME_MAX];
    struct DamageConfig config = {.ber = row->ber, .seed = seed};
    struct Line line = {.tape = tape, .arrived = arrived};

    memset(arrived, 0, tape->count * sizeof *arrived);
    frame_reader_init(&line.reader, kernels_best()->crc32c);
    buffer_init(&line.rx, memory, sizeof memory, 0);
    damage_init(&damage, &config, line_feed, &line);
    for (size_t i = 0; i < tape->count; i++) {
        struct View frame = tape_frame(tape, i);

        sim_check(damage_feed(&damage, frame.data, frame.len), "no memory for damage");
    }
    damage_reset(&damage);
}

/* ---- Receivers ---------------------------------------------------------------------------- */

/* The index of the packet that completed it; if told, OBJECT is known before the first. */
static size_t complete(const struct Tape *t, Gf256MulAdd muladd, const bool *arrived, bool told)
{
    static struct SimReceiver r;
    size_t i;

    sim_receiver_open_with(&r, muladd);
    for (i = 0; i < t->count && r.finished == 0; i++) {
        if (arrived[i] || (told && i == 0))
            sim_receiver_packet(&r, tape_packet(t, i));
    }
    sim_check(r.finished == 1, "a receiver did not complete");
    sim_check(r.differed == 0 && memcmp(r.done[0].bytes, t->content, t->size) == 0,
              "a receiver completed something else");
    sim_receiver_close(&r);
    return i - 1;
}

static size_t first_object(const struct Tape *t, const bool *arrived)
{
    size_t i = 0;

    while (!arrived[i] || t->packets[i].type != PACKET_OBJECT)
        i++;
    return i;
}

/* SOURCE and REPAIR packets until K of them have arrived. */
static uint64_t ideal(const struct Tape *t, const bool *arrived)
{
    uint64_t before = 0, got = 0;
    size_t i;

    for (i = 0; got < t->symbols; i++) {
        got += arrived[i] ? t->packets[i].data - before : 0;
        before = t->packets[i].data;
    }
    return before;
}

/* Sources again and again, without a code: the packets until each has arrived. */
static uint64_t repeated(const struct Row *row, uint64_t seed, uint64_t symbols)
{
    bool *has = calloc(symbols, sizeof *has), *arrived = malloc(symbols * sizeof *arrived);
    uint64_t missing = symbols, sent = 0;

    while (missing > 0) {
        draw_losses(row, seed + sent, arrived, symbols);
        for (uint64_t i = 0; i < symbols && missing > 0; i++, sent++) {
            missing -= arrived[i] && !has[i] ? 1 : 0;
            has[i] = has[i] || arrived[i];
        }
    }
    free(has);
    free(arrived);
    return sent;
}

static void receive(const struct Setting *s, unsigned receiver)
{
    uint64_t seed = (receiver + 1) * UINT64_C(0x5851F42D4C957F2D) + s->row->size;
    bool *arrived = malloc(s->fast.count * sizeof *arrived);
    Gf256MulAdd fastest = kernels_best()->muladd;
    size_t done, both;

    if (s->row->ber > 0)
        flip_bits(s->row, seed, &s->full, arrived);
    else
        draw_losses(s->row, seed, arrived, s->fast.count);
    done = complete(&s->fast, muladd_bytes, arrived, true);
    both = first_object(&s->fast, arrived);
    both = done > both ? done : both;
    if (receiver < s->full_receivers) {
        sim_check(complete(&s->full, fastest, arrived, true) == done,
                  "full symbols complete elsewhere");
        sim_check(complete(&s->full, fastest, arrived, false) == both,
                  "OBJECT late completes elsewhere");
    }
    s->outcomes[receiver] = (struct Outcome){
        .data = s->fast.packets[done].data,
        .ideal = ideal(&s->fast, arrived),
        .wire = s->full.packets[both].wire,
        .repeat = s->row->ber > 0 ? 0 : repeated(s->row, seed, s->fast.symbols),
    };
    free(arrived);
}

static void receive_all(const struct Setting *s, unsigned n)
{
    pid_t workers[WORKERS];
    int status;

    for (unsigned w = 0; w < WORKERS; w++) {
        workers[w] = fork();
        sim_check(workers[w] >= 0, "no process");
        if (workers[w] == 0) {
            for (unsigned i = w; i < n; i += WORKERS)
                receive(s, i);
            _exit(0);
        }
    }
    for (unsigned w = 0; w < WORKERS; w++)
        sim_check(waitpid(workers[w], &status, 0) == workers[w] && status == 0, "a worker failed");
}

/* ---- Rows --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double t99(const struct Outcome *outcomes, unsigned n, size_t member)
{
    uint64_t *values = malloc(n * sizeof *values), value;

    for (unsigned i = 0; i < n; i++)
        memcpy(&values[i], (const uint8_t *)&outcomes[i] + member, sizeof value);
    qsort(values, n, sizeof *values, compare);
    value = values[(n * 99 + 99) / 100 - 1];
    free(values);
    return (double)value;
}

static bool print_row(const struct Setting *s, unsigned n, double seconds)
{
    const struct Row *row = s->row;
    double per_packet = (1 - row->loss) / (double)s->full.symbols;
    double wire = t99(s->outcomes, n, offsetof(struct Outcome, wire)) / (double)row->size;
    double data = t99(s->outcomes, n, offsetof(struct Outcome, data)) * per_packet;
    double best = t99(s->outcomes, n, offsetof(struct Outcome, ideal)) * per_packet;
    double repeat = t99(s->outcomes, n, offsetof(struct Outcome, repeat)) * per_packet;
    bool met = row->ber > 0 ? 1 / wire >= row->goal : data <= row->goal;

    printf("%-35s %6u %6.3f ", row->name, n, row->goal);
    if (row->ber > 0)
        printf("%7s %7s %8.4f %-4s %8.4f %7s", "", "", 1 / wire, met ? "ok" : "MISS", wire, "");
    else
        printf("%7.3f %7.4f %8.4f %-4s %8.4f %7.2f", row->theory, best, data, met ? "ok" : "MISS",
               wire * (1 - row->loss), repeat);
    printf(" %7.1f\n", seconds);
    return met;
}

/* T99 / K, without and with the code. */
static void print_losses(const struct Setting *s, unsigned n)
{
    double k = (double)s->full.symbols;

    printf("%.2f\t%.4f\t%.4f\t%.4f\t%.4f\n", s->row->loss, 1 / (1 - s->row->loss),
           t99(s->outcomes, n, offsetof(struct Outcome, ideal)) / k,
           t99(s->outcomes, n, offsetof(struct Outcome, data)) / k,
           t99(s->outcomes, n, offsetof(struct Outcome, repeat)) / k);
}

/* True: the goal was met. */
static bool measure(const struct Row *row, unsigned share, bool losses)
{
    unsigned n = row->receivers / share;
    struct Setting s = {.row = row, .full_receivers = FULL / share};
    uint64_t began = clock_now();
    bool met = true;

    make_tapes(&s);
    s.outcomes = mmap(NULL, n * sizeof *s.outcomes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sim_check(s.outcomes != MAP_FAILED, "no memory");
    receive_all(&s, n);
    if (losses)
        print_losses(&s, n);
    else
        met = print_row(&s, n, (double)(clock_now() - began) * 1e-9);
    munmap(s.outcomes, n * sizeof *s.outcomes);
    tape_free(&s.full);
    tape_free(&s.fast);
    return met;
}

static void sweep(unsigned receivers)
{
    struct Row row = {"", 200000, 200, 240, 0, 0, 0, receivers, 0, 0};
    printf("loss\tlimit\tideal\tdttk\tagain\n");
    for (unsigned percent = 0; percent <= 50; percent += 5) {
        row.loss = percent / 100.0;
        (void)measure(&row, 1, true);
    }
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0, met = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare_products();
    if (argc > 2 && strcmp(argv[1], "--losses") == 0 && atoi(argv[2]) > 0) {
        sweep((unsigned)atoi(argv[2]));
        return 0;
    }
    printf(
        "theory, ideal (the same losses, any K packets), measured, repeat (no code, the sources\n"
        "again and again): T99 (1 - p) / K. wire: T99 in bytes of frames, OBJECT and END among\n"
        "them and OBJECT lost like the others, (1 - p) / the file's. Bit errors: file / wire.\n\n"
        "%-35s %6s %6s %7s %7s %8s %-4s %8s %7s %7s\n",
        "", "n", "goal", "theory", "ideal", "measured", "", "wire", "repeat", "seconds");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        met = measure(&rows[i], quick ? QUICK_SHARE : 1, false) && met;
    return met ? 0 : 1;
}
