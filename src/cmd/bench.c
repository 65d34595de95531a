/* bench: what this machine can do, as a table for people or as JSON. */
#include "host/bench.h"
#include "cmd/bench_link.h"
#include "cmd/commands.h"
#include "cmd/options.h"
#include "host/diag.h"
#include "host/kernels.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json_object.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_WIDTH 36
#define MODEL_MAX  128

enum { OPT_JSON = 256, OPT_QUICK, OPT_HELP };

static const char letters[] = ":";

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"quick", no_argument, NULL, OPT_QUICK},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk bench [--quick] [--json] [STAGE...]\n"
    "       dttk bench --link [options] PORT [PORT]\n"
    "       dttk bench --link [options] --through COMMAND\n"
    "Measure what this machine can do: each stage of a transfer, the core, send and recv.\n"
    "STAGE is stage, code, loop-back, pipe, or a part of a line's name.\n"
    "      --quick               in seconds, less exactly\n"
    "      --json                the same, and more, as one JSON object\n"
    "      --help                this text\n"
    "\n" BENCH_LINK_USAGE;

struct Output {
    json_object *root, *stages; /* NULL: a table */
    const char *group;          /* of the last line */
};

/* What the processor calls itself; empty if it does not say. */
static void look_at_machine(char model[MODEL_MAX])
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[MODEL_MAX + 32], *value;
    model[0] = '\0';
    while (f != NULL && model[0] == '\0' && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "model name", 10) != 0 || (value = strchr(line, ':')) == NULL)
            continue;
        value += value[1] == ' ' ? 2 : 1;
        (void)diag_escape(model, MODEL_MAX, view_of(value, strcspn(value, "\n")));
    }
    if (f != NULL)
        (void)fclose(f);
}

/* Millions a second of something, so many in a run of so many ns. */
static double rate(uint64_t count, double ns)
{
    return ns > 0 ? (double)count * 1e3 / ns : 0;
}

static void print_head(void)
{
    char model[MODEL_MAX];
    look_at_machine(model);
    printf("dttk %s, kernels %s, %ld processors%s%s\n\n", DTTK_VERSION, kernels_best()->name,
           sysconf(_SC_NPROCESSORS_ONLN), model[0] != '\0' ? ", " : "", model);
    printf("%-*s %9s %9s %9s %9s %11s %8s\n", NAME_WIDTH, "STAGE", "MB/S", "LEAST", "MOST",
           "NS/BYTE", "PACKETS/S", "CPU NS/B");
}

static void print_result(struct Output *out, const struct BenchResult *r)
{
    if (out->group != NULL && strcmp(out->group, r->group) != 0)
        putchar('\n');
    out->group = r->group;
    printf("%-*s %9.0f %9.0f %9.0f %9.4f", NAME_WIDTH, r->name, rate(r->bytes, r->median),
           rate(r->bytes, r->most), rate(r->bytes, r->least), r->median / (double)r->bytes);
    if (r->packets > 0)
        printf(" %11.0f", rate(r->packets, r->median) * 1e6);
    else if (r->cpu > 0)
        printf(" %11s", "");
    if (r->cpu > 0)
        printf(" %8.3f", r->cpu / (double)r->bytes);
    putchar('\n');
    (void)fflush(stdout);
}

static void add_number(json_object *o, const char *key, double value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.6g", value);
    json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static void add_result(struct Output *out, const struct BenchResult *r)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "group", json_object_new_string(r->group));
    json_object_object_add(o, "name", json_object_new_string(r->name + strspn(r->name, " ")));
    json_object_object_add(o, "bytes", json_object_new_uint64(r->bytes));
    add_number(o, "seconds_least", r->least / 1e9);
    add_number(o, "seconds_median", r->median / 1e9);
    add_number(o, "seconds_most", r->most / 1e9);
    add_number(o, "mb_per_second", rate(r->bytes, r->median));
    add_number(o, "ns_per_byte", r->median / (double)r->bytes);
    if (r->packets > 0) {
        json_object_object_add(o, "packets", json_object_new_uint64(r->packets));
        add_number(o, "packets_per_second", rate(r->packets, r->median) * 1e6);
    }
    if (r->cpu > 0) {
        add_number(o, "cpu_ns_per_byte", r->cpu / (double)r->bytes);
        json_object_object_add(o, "peak_memory_send", json_object_new_uint64(r->peak_send));
        json_object_object_add(o, "peak_memory_recv", json_object_new_uint64(r->peak_recv));
    }
    json_object_array_add(out->stages, o);
}

static void take(void *ctx, const struct BenchResult *r)
{
    struct Output *out = ctx;
    if (out->root != NULL)
        add_result(out, r);
    else
        print_result(out, r);
}

static void begin_json(struct Output *out)
{
    char model[MODEL_MAX];
    look_at_machine(model);
    out->root = json_object_new_object();
    out->stages = json_object_new_array();
    json_object_object_add(out->root, "version", json_object_new_string(DTTK_VERSION));
    json_object_object_add(out->root, "kernels", json_object_new_string(kernels_best()->name));
    json_object_object_add(out->root, "processors",
                           json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_object_add(out->root, "processor", json_object_new_string(model));
    json_object_object_add(out->root, "stages", out->stages);
}

static void end_json(struct Output *out)
{
    int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
    puts(json_object_to_json_string_ext(out->root, flags));
    json_object_put(out->root);
}

/* -1: measure. Otherwise the exit code. */
static int parse(int argc, char **argv, struct BenchOptions *o, bool *json)
{
    int option;
    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        switch (option) {
        case OPT_HELP:
            fputs(usage, stdout);
            return option_printed();
        case OPT_JSON:
            *json = true;
            break;
        case OPT_QUICK:
            o->quick = true;
            break;
        default:
            option_refuse(option, argv, letters);
            return EXIT_USAGE;
        }
    }
    o->names = (const char *const *)argv + optind;
    o->name_count = (size_t)(argc - optind);
    if (o->name_count <= BENCH_NAMES)
        return -1;
    diag("at most %d stages can be named: %s", BENCH_NAMES, o->names[BENCH_NAMES]);
    return EXIT_USAGE;
}

/* This very program, wherever it was started from. */
static const char *find_self(void)
{
    static char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    return len > 0 ? path : program_invocation_name;
}

/* True if it is not this machine but a link that is to be measured. */
static bool is_of_link(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--link") == 0)
            return true;
    }
    return false;
}

int cmd_bench(int argc, char **argv)
{
    if (is_of_link(argc, argv))
        return bench_link_command(argc, argv, find_self(), usage);
    struct Output out = {NULL, NULL, NULL};
    struct BenchOptions o = {.self = find_self(), .take = take, .ctx = &out};
    bool json = false;
    int code = parse(argc, argv, &o, &json);
    if (code >= 0)
        return code;
    if (json)
        begin_json(&out);
    else
        print_head();
    code = bench_all(&o);
    if (json)
        end_json(&out);
    int printed = option_printed();
    return code != EXIT_DELIVERED ? code : printed;
}
