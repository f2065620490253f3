/* What the static pass sees: JSON lines of functions and mutants for tests, or counts and speed for measurements.
 *   mutants_dump [--level N] [--diff | --functions] FILE…    one JSON object per mutant or function
 *   mutants_dump [--level N] --sweep FILE…                   one JSON object per function with all its mutants, for sweep_stdlib.py
 *   mutants_dump [--level N] --count FILE…                   files, lines, functions, mutants, seconds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "base/str.h"
#include "python/mutate.h"
#include "python/syntax.h"

enum mode { MUTANTS, FUNCTIONS, SWEEP, COUNT };
static struct {
    enum mode mode;
    bool diff;
    int level;
    size_t files, unparsed, lines, functions, broken, mutants;
} totals = { .level = 1 };

static bool read_file(const char *path, struct mg_arena *arena, struct mg_str *text)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    bool ok = false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        char *at = mg_arena_alloc(arena, (size_t)size + 1, 1);
        *text = (struct mg_str){ at, fread(at, 1, (size_t)size, file) };
        ok = text->len == (size_t)size;
    }
    fclose(file);
    return ok;
}

static void print_json(const char *key, struct mg_str text)
{
    printf("\"%s\":\"", key);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_mutant(const char *path, struct mg_str text, const struct mg_function *function, const struct mg_mutant *mutant,
                         struct mg_arena *arena)
{
    struct mg_str name = { path, strlen(path) };
    putchar('{');
    print_json("path", name);
    printf(",");
    print_json("qualname", function->qualname);
    printf(",\"operator\":\"%s\",\"level\":%d,\"start\":%u,\"end\":%u,\"line\":%u,\"end_line\":%u,", mutant->operator_name, mutant->level,
           mutant->start, mutant->end, mutant->line, mutant->end_line);
    printf("\"span\":[%u,%u,%u,%u],", mutant->span_line, mutant->column, mutant->span_end_line, mutant->end_column);
    print_json("id", mutant->id);
    printf(",");
    print_json("original", mutant->original);
    printf(",");
    print_json("replacement", mutant->replacement);
    if (totals.diff) {
        printf(",");
        print_json("diff", mg_mutant_diff(name, text, mutant, arena));
        printf(",");
        print_json("function", mg_mutant_function_text(text, function, mutant, arena));
    }
    puts("}");
}

static void print_function(const char *path, struct mg_str text, const struct mg_function *function, struct mg_arena *arena)
{
    putchar('{');
    print_json("path", (struct mg_str){ path, strlen(path) });
    printf(",");
    print_json("qualname", function->qualname);
    printf(
        ",\"kind\":%d,\"async\":%d,\"generator\":%d,\"nested\":%d,\"first_line\":%u,\"def_line\":%u,\"end_line\":%u,\"indent\":%u,\"body_indent\":%u,"
        "\"statements\":%u,\"broken\":%d,\"body_lines\":[",
        (int)function->kind, function->is_async, function->is_generator, function->is_nested, function->first_line, function->def_line,
        function->end_line, function->indent, function->body_indent, function->statement_count, function->has_error);
    for (size_t i = 0; i < function->body_lines.len; i++)
        printf("%s%u", i ? "," : "", function->body_lines.at[i]);
    printf("],\"scopes\":[");
    for (size_t i = 0; i < function->scopes.len; i++)
        printf("%s[%d,%u]", i ? "," : "", (int)function->scopes.at[i].kind, function->scopes.at[i].indent);
    printf("],");
    print_json("noop", mg_noop_function_text(text, function, arena));
    printf(",");
    print_json("raising", mg_raising_function_text(text, function, arena));
    puts("}");
}

/* Whether the parser understands the function with the mutant in it. */
static bool parses(struct mg_str text, const struct mg_function *function, const struct mg_mutant *mutant, struct mg_arena *arena)
{
    struct mg_module *module = NULL;
    struct mg_functions functions = { 0 };
    struct mg_str inside = mg_mutant_function_text(text, function, mutant, arena);
    struct mg_str shell = mg_arena_printf(arena, "%s%.*s\n", function->indent ? "if 1:\n" : "", MG_FMT(inside));
    if (mg_module_parse(shell, &module, NULL) != MG_OK)
        return false;
    mg_module_functions(module, arena, &functions);
    bool whole = functions.len > 0 && !functions.at[0].has_error && mg_str_eq(functions.at[0].name, function->name);
    mg_module_free(module);
    return whole;
}

static void print_sweep(const char *path, struct mg_str text, const struct mg_function *function, const struct mg_mutants *mutants)
{
    printf("{");
    print_json("path", (struct mg_str){ path, strlen(path) });
    printf(",");
    print_json("qualname", function->qualname);
    printf(",");
    print_json("name", function->name);
    printf(",\"first_line\":%u,\"start\":%u,\"end\":%u,\"indent\":%u,\"body_indent\":%u,\"scopes\":[", function->first_line, function->start,
           function->end, function->indent, function->body_indent);
    static const char *const kinds[] = { "class", "def", "block" };
    for (size_t i = 0; i < function->scopes.len; i++) {
        printf("%s{\"kind\":\"%s\",\"indent\":%u,", i ? "," : "", kinds[function->scopes.at[i].kind], function->scopes.at[i].indent);
        print_json("name", function->scopes.at[i].name);
        putchar('}');
    }
    printf("],\"mutants\":[");
    for (size_t i = 0; i < mutants->len; i++) {
        struct mg_arena *arena = mg_arena_new();
        const struct mg_mutant *mutant = &mutants->at[i];
        printf("%s{\"operator\":\"%s\",\"start\":%u,\"end\":%u,\"parses\":%s,", i ? "," : "", mutant->operator_name, mutant->start, mutant->end,
               parses(text, function, mutant, arena) ? "true" : "false");
        print_json("replacement", mutant->replacement);
        putchar('}');
        mg_arena_free(arena);
    }
    puts("]}");
}

static void handle(const char *path)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = NULL;
    struct mg_err err = { .code = MG_OK };
    struct mg_str text;
    totals.files++;
    if (!read_file(path, arena, &text) || mg_module_parse(text, &module, &err) != MG_OK) {
        totals.unparsed++;
        fprintf(stderr, "%s: %s\n", path, err.code ? err.text : "cannot be read");
        mg_arena_free(arena);
        return;
    }
    struct mg_functions functions = { 0 };
    mg_module_functions(module, arena, &functions);
    totals.functions += functions.len;
    for (size_t i = 0; i < text.len; i++)
        totals.lines += text.at[i] == '\n';
    for (size_t i = 0; i < functions.len; i++) {
        const struct mg_function *function = &functions.at[i];
        totals.broken += function->has_error;
        if (totals.mode == FUNCTIONS && !function->has_error)
            print_function(path, text, function, arena);
        if (totals.mode == FUNCTIONS || function->is_nested)
            continue;
        struct mg_mutants mutants = { 0 };
        mg_function_mutants(module, function, MG_STR("module"), function->qualname, totals.level, arena, &mutants);
        totals.mutants += mutants.len;
        for (size_t m = 0; totals.mode == MUTANTS && m < mutants.len; m++)
            print_mutant(path, text, function, &mutants.at[m], arena);
        if (totals.mode == SWEEP && mutants.len)
            print_sweep(path, text, function, &mutants);
    }
    mg_module_free(module);
    mg_arena_free(arena);
}

int main(int argc, char **argv)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--level") && i + 1 < argc)
            totals.level = (int)strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--count"))
            totals.mode = COUNT;
        else if (!strcmp(argv[i], "--sweep"))
            totals.mode = SWEEP;
        else if (!strcmp(argv[i], "--functions"))
            totals.mode = FUNCTIONS;
        else if (!strcmp(argv[i], "--diff"))
            totals.diff = true;
        else
            handle(argv[i]);
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    struct rusage usage;
    if (totals.mode == COUNT && getrusage(RUSAGE_SELF, &usage) == 0) {
        double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        printf("%zu files (%zu not parsed), %zu lines, %zu functions (%zu with errors), %zu mutants\n", totals.files, totals.unparsed, totals.lines,
               totals.functions, totals.broken, totals.mutants);
        printf("%.2f s (%.2f s of processor time: %.0f lines/s), at most %ld KiB\n", seconds, cpu, (double)totals.lines / cpu, usage.ru_maxrss);
    }
    return 0;
}
