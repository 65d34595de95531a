#include "cmd/bench_link.h"

#include "cmd/link_options.h"
#include "cmd/options.h"
#include "core/frame.h"
#include "core/sender.h"
#include "host/bench_link.h"
#include "host/diag.h"

#include <getopt.h>
#include <json-c/json_object.h>
#include <stdio.h>

enum { OPT_JSON = 256, OPT_QUICK, OPT_LINK, OPT_THROUGH, OPT_MTU, OPT_HELP };

static const char letters[] = ":b:";

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"quick", no_argument, NULL, OPT_QUICK},
    {"link", no_argument, NULL, OPT_LINK},
    {"through", required_argument, NULL, OPT_THROUGH},
    {"mtu", required_argument, NULL, OPT_MTU},
    {"baud", required_argument, NULL, 'b'},
    {"parity", required_argument, NULL, LINK_OPTION_PARITY},
    {"stopbits", required_argument, NULL, LINK_OPTION_STOPBITS},
    {"flow", required_argument, NULL, LINK_OPTION_FLOW},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct Output {
    bool json, help; /* asked for */
    json_object *trials;
};

/* Bytes of content a second. */
static double goodput(const struct LinkTrial *t)
{
    return t->seconds > 0 ? (double)t->arrived / t->seconds : 0;
}

/* ns of processor time for each byte that arrived. */
static double cpu_of_byte(const struct LinkTrial *t)
{
    return t->arrived > 0 ? t->cpu * 1e9 / (double)t->arrived : 0;
}

static void add_number(json_object *o, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static json_object *json_of(const struct LinkTrial *t)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "rate", json_object_new_uint64(t->rate));
    json_object_object_add(o, "bytes", json_object_new_uint64(t->bytes));
    json_object_object_add(o, "arrived", json_object_new_uint64(t->arrived));
    json_object_object_add(o, "whole", json_object_new_boolean(t->whole));
    add_number(o, "loss", t->loss);
    add_number(o, "seconds", t->seconds);
    add_number(o, "bytes_per_second", goodput(t));
    add_number(o, "cpu_ns_per_byte", cpu_of_byte(t));
    return o;
}

static void print_trial(const struct LinkTrial *t)
{
    static bool begun;
    char rate[24] = "unlimited";
    if (!begun)
        printf("%12s %12s %10s %12s %8s %10s\n", "LIMIT B/S", "BYTES", "SECONDS", "CONTENT B/S",
               "LOSS %", "CPU NS/B");
    begun = true;
    if (t->rate > 0)
        snprintf(rate, sizeof rate, "%llu", (unsigned long long)t->rate);
    printf("%12s %12llu %10.3f %12.0f %8.2f %10.3f\n", rate, (unsigned long long)t->bytes,
           t->seconds, goodput(t), 100 * t->loss, cpu_of_byte(t));
    (void)fflush(stdout);
}

static void take(void *ctx, const struct LinkTrial *t)
{
    const struct Output *out = ctx;
    if (out->json)
        json_object_array_add(out->trials, json_of(t));
    else
        print_trial(t);
}

/* One option. False: it has been said what is wrong with it. */
static bool parse_option(int option, char **argv, struct BenchLink *l, struct LinkArguments *a,
                         struct Output *out)
{
    enum LinkOption link = link_option(option, optarg, a);
    if (link != LINK_OPTION_OTHER)
        return link == LINK_OPTION_TAKEN;
    switch (option) {
    case OPT_LINK:
        return true;
    case OPT_HELP:
        return out->help = true;
    case OPT_JSON:
        return out->json = true;
    case OPT_QUICK:
        return l->quick = true;
    case OPT_THROUGH:
        l->command = optarg;
        return true;
    case OPT_MTU:
        return option_number("--mtu", optarg, SENDER_MTU_MIN, FRAME_MAX, &l->mtu);
    default:
        option_refuse(option, argv, letters);
        return false;
    }
}

/* False: it has been said. */
static bool parse(int argc, char **argv, struct BenchLink *l, struct Output *out)
{
    struct LinkArguments a;
    int option, ports;
    link_options_init(&a);
    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (!parse_option(option, argv, l, &a, out))
            return false;
        if (out->help)
            return true;
    }
    l->line = a.link.serial.line;
    ports = argc - optind;
    l->from = ports > 0 ? argv[optind] : NULL;
    l->to = ports > 1 ? argv[optind + 1] : NULL;
    if (l->command != NULL && ports > 0)
        diag("--through has no ports: %s", l->from);
    else if (l->command == NULL && ports == 0)
        diag("name one port or two, or a command with --through");
    else if (ports > 2)
        diag("a link has two ports, this is one more: %s", argv[optind + 2]);
    else if (l->command != NULL && a.of_ports != NULL)
        diag("this option needs a port: %s", a.of_ports);
    else
        return true;
    return false;
}

static void print_result(int code, const struct LinkTrial *best)
{
    if (code == EXIT_INCOMPLETE)
        printf("\nloses something at every rate, down to %llu bytes a second\n",
               (unsigned long long)best->rate);
    else if (best->rate == 0)
        printf("\nholds the sender back and loses nothing: %.0f bytes a second of content\n",
               goodput(best));
    else
        printf("\nloses nothing up to --limit-rate %llu: %.0f bytes a second of content\n",
               (unsigned long long)best->rate, goodput(best));
}

static void print_json(int code, const struct Output *out, const struct LinkTrial *best)
{
    json_object *root = json_object_new_object();
    int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
    json_object_object_add(root, "trials", out->trials);
    json_object_object_add(root, "best", code == 0 ? json_of(best) : NULL);
    puts(json_object_to_json_string_ext(root, flags));
    json_object_put(root);
}

int bench_link_command(int argc, char **argv, const char *self, const char *usage)
{
    struct Output out = {false, false, NULL};
    struct LinkTrial best = {0};
    struct BenchLink l = {.self = self, .take = take, .ctx = &out};
    if (!parse(argc, argv, &l, &out))
        return EXIT_USAGE;
    if (out.help) {
        fputs(usage, stdout);
        return option_printed();
    }
    if (out.json)
        out.trials = json_object_new_array();
    int code = bench_link(&l, &best);
    if (code != 0 && code != EXIT_INCOMPLETE)
        return code;
    if (out.json)
        print_json(code, &out, &best);
    else
        print_result(code, &best);
    int printed = option_printed();
    return code != 0 ? code : printed;
}
