#include "host/noise.h"
#include "cmd/commands.h"
#include "cmd/options.h"
#include "host/diag.h"
#include "host/exit_code.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

/* One value for each direction. */
struct Both {
    uint64_t values[2];
    bool differ; /* two were given */
};

struct Arguments {
    struct DamageConfig damage;
    struct Both baud;    /* 0: as fast as it goes */
    struct Both latency; /* ns */
    const char *links[2];
    size_t link_count;
    bool pty;
    bool quiet;
    bool help;
};

/* Values of options without a letter. */
enum {
    OPT_BER = 256,
    OPT_DROP,
    OPT_INSERT,
    OPT_BURST,
    OPT_LOSS,
    OPT_DUP,
    OPT_REORDER,
    OPT_WIRE,
    OPT_BAUD,
    OPT_LATENCY,
    OPT_SEED,
    OPT_PTY,
    OPT_LINK,
    OPT_HELP,
};

static const char letters[] = ":q";

static const struct option long_options[] = {
    {"ber", required_argument, NULL, OPT_BER},
    {"drop", required_argument, NULL, OPT_DROP},
    {"insert", required_argument, NULL, OPT_INSERT},
    {"burst", required_argument, NULL, OPT_BURST},
    {"loss", required_argument, NULL, OPT_LOSS},
    {"dup", required_argument, NULL, OPT_DUP},
    {"reorder", required_argument, NULL, OPT_REORDER},
    {"wire", required_argument, NULL, OPT_WIRE},
    {"baud", required_argument, NULL, OPT_BAUD},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"seed", required_argument, NULL, OPT_SEED},
    {"pty", no_argument, NULL, OPT_PTY},
    {"link", required_argument, NULL, OPT_LINK},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk noise [options] <CLEAN >DAMAGED\n"
    "       dttk noise [options] --pty [--link A --link B]\n"
    "Copy stdin to stdout like a bad line: the same seed damages the same bytes.\n"
    "  --ber P          flip each bit with probability P (0.01, 1e-5 or 1%)\n"
    "  --drop P         lose each byte with probability P\n"
    "  --insert P       put a random byte before a byte with probability P\n"
    "  --burst GAP,LEN  every GAP bytes replace LEN bytes by random ones (both on average)\n"
    "  --loss P[,L]     lose frames with probability P, L in a row on average\n"
    "  --dup P          double frames with probability P\n"
    "  --reorder N      delay frames by 0 to N frames\n"
    "  --wire WIRE      what a frame is: dttk (to 0x00), ftag (to 0xff) or lines\n"
    "  --baud N[,N]     pass N/10 bytes a second; with --pty perhaps another N for the way back\n"
    "  --latency M[,M]  pass every byte M milliseconds later, likewise\n"
    "  --seed S         another damage; 1 if not given\n"
    "  --pty            instead of stdin and stdout, two serial ports joined by this line in both\n"
    "                   directions; stdout gets their names. Until a signal comes\n"
    "  --link NAME      twice: the names of the ports, as symbolic links\n"
    "  -q, --quiet      no statistics on stderr at the end\n"
    "  --help           this text\n";

static bool parse_burst(const char *text, struct DamageConfig *c)
{
    char gap[32];
    const char *len = NULL;
    if (!option_pair("--burst", text, gap, sizeof gap, &len))
        return false;
    if (len == NULL) {
        diag("--burst: must be GAP,LEN: %s", text);
        return false;
    }
    return option_real("--burst", gap, 1, 1e12, &c->burst_gap) &&
           option_real("--burst", len, 1, 1e12, &c->burst_len);
}

static bool parse_loss(const char *text, struct DamageConfig *c)
{
    char loss[32];
    const char *run = NULL;
    return option_pair("--loss", text, loss, sizeof loss, &run) &&
           option_probability("--loss", loss, &c->loss) &&
           (run == NULL || option_real("--loss", run, 1, 1e6, &c->loss_run));
}

static bool parse_wire(const char *text, struct DamageConfig *c)
{
    static const char *const words[] = {
        [DAMAGE_DTTK] = "dttk", [DAMAGE_FTAG] = "ftag", [DAMAGE_LINES] = "lines"};
    size_t i = 0;
    if (!option_word("--wire", text, words, sizeof words / sizeof words[0], &i))
        return false;
    c->wire = (enum DamageWire)i;
    return true;
}

static bool parse_reorder(const char *text, struct DamageConfig *c)
{
    uint64_t frames = 0;
    if (!option_number("--reorder", text, 0, DAMAGE_REORDER_MAX, &frames))
        return false;
    c->reorder = (uint32_t)frames;
    return true;
}

static bool parse_baud(const char *name, const char *text, uint64_t *out)
{
    return option_number(name, text, 1, LINE_BAUD_MAX, out);
}

static bool parse_latency(const char *name, const char *text, uint64_t *out)
{
    return option_ms(name, text, DELAY_MAX / CLOCK_MS, out);
}

/* "THERE,BACK", or one value for both. */
static bool parse_both(const char *name, const char *text,
                       bool (*parse_one)(const char *, const char *, uint64_t *), struct Both *out)
{
    char there[32];
    const char *back = NULL;
    if (!option_pair(name, text, there, sizeof there, &back) ||
        !parse_one(name, there, &out->values[NOISE_THERE]))
        return false;
    out->differ = back != NULL;
    return parse_one(name, back != NULL ? back : there, &out->values[NOISE_BACK]);
}

static bool parse_link(const char *text, struct Arguments *a)
{
    if (text[0] == '\0' || a->link_count == 2) {
        diag("--link: must be two names, one for each pty: %s", text);
        return false;
    }
    a->links[a->link_count++] = text;
    return true;
}

/* One option that takes a value. */
static bool parse_value(int option, const char *text, struct Arguments *a)
{
    switch (option) {
    case OPT_BER:
        return option_probability("--ber", text, &a->damage.ber);
    case OPT_DROP:
        return option_probability("--drop", text, &a->damage.drop);
    case OPT_INSERT:
        return option_probability("--insert", text, &a->damage.insert);
    case OPT_BURST:
        return parse_burst(text, &a->damage);
    case OPT_LOSS:
        return parse_loss(text, &a->damage);
    case OPT_DUP:
        return option_probability("--dup", text, &a->damage.dup);
    case OPT_REORDER:
        return parse_reorder(text, &a->damage);
    case OPT_WIRE:
        return parse_wire(text, &a->damage);
    case OPT_BAUD:
        return parse_both("--baud", text, parse_baud, &a->baud);
    case OPT_LATENCY:
        return parse_both("--latency", text, parse_latency, &a->latency);
    case OPT_SEED:
        return option_number("--seed", text, 0, UINT64_MAX, &a->damage.seed);
    case OPT_LINK:
        return parse_link(text, a);
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct Arguments *a)
{
    int c;
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (c == '?' || c == ':') {
            option_refuse(c, argv, letters);
            return false;
        }
        if (c == 'q')
            a->quiet = true;
        else if (c == OPT_HELP)
            a->help = true;
        else if (c == OPT_PTY)
            a->pty = true;
        else if (!parse_value(c, optarg, a))
            return false;
    }
    if (optind < argc) {
        diag("noise takes no file: %s", argv[optind]);
        return false;
    }
    return true;
}

/* What goes only with something else. */
static bool check(const struct Arguments *a)
{
    if (a->help)
        return true;
    if (!a->pty && (a->baud.differ || a->latency.differ)) {
        diag("only with --pty there is a way back, and a second value for it: %s",
             a->baud.differ ? "--baud" : "--latency");
        return false;
    }
    if (!a->pty && a->link_count > 0) {
        diag("only with --pty there is something to link to: %s", a->links[0]);
        return false;
    }
    if (a->link_count == 1) {
        diag("--link: must be given twice, once for each pty: %s", a->links[0]);
        return false;
    }
    if (!a->pty && (isatty(STDIN_FILENO) == 1 || isatty(STDOUT_FILENO) == 1)) {
        diag("noise copies stdin to stdout: neither may be a terminal: redirect %s",
             isatty(STDIN_FILENO) == 1 ? "stdin" : "stdout");
        return false;
    }
    return true;
}

/* The way back has a seed of its own: the complement is none that people use. */
static struct NoiseOptions options_of(const struct Arguments *a)
{
    struct NoiseOptions o = {.links = {a->links[0], a->links[1]}, .quiet = a->quiet};
    for (size_t i = 0; i < 2; i++) {
        o.lines[i] = (struct LineConfig){
            .damage = a->damage, .baud = a->baud.values[i], .latency = a->latency.values[i]};
    }
    o.lines[NOISE_BACK].damage.seed = ~a->damage.seed;
    return o;
}

int cmd_noise(int argc, char **argv)
{
    struct Arguments arguments = {.damage = {.seed = 1}};
    if (!parse(argc, argv, &arguments) || !check(&arguments))
        return EXIT_USAGE;
    if (arguments.help) {
        fputs(usage, stdout);
        return option_printed();
    }
    struct NoiseOptions options = options_of(&arguments);
    return arguments.pty ? noise_pty(&options) : noise_pipe(&options);
}
