/* What a model would be shown of a target, for people to look at; and the call graph, for tests and measurements.
 *   context_dump [--root DIR] REPO                 files, lines, functions, edges, seconds, memory
 *   context_dump [--root DIR] --index REPO         the same, and retrieval over all tests: documents, seconds
 *   context_dump [--root DIR] --edges REPO         one JSON object per edge
 *   context_dump [--root DIR] REPO pkg.mod.name    everything about that function
 * --root names the folder, relative to REPO, that modules are imported from (as `src`). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "adapters/embed_hashing/embed_hashing.h"
#include "adapters/retrieve_vectors/retrieve_vectors.h"
#include "base/arena.h"
#include "base/str.h"
#include "python/callgraph.h"
#include "python/fixtures.h"
#include "python/outline.h"
#include "python/syntax.h"
#include "python/testdocs.h"

struct files {
    MG_VEC(struct mg_python_file)
};
static struct {
    struct mg_arena *arena;
    const char *repo, *root, *target;
    bool edges, index;
    struct files sources, tests, conftests;
    size_t bytes;
} dump = { .root = "" };

static bool read_file(const char *path, struct mg_str *text)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    bool ok = false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        char *at = mg_arena_alloc(dump.arena, (size_t)size + 1, 1);
        *text = (struct mg_str){ at, fread(at, 1, (size_t)size, file) };
        ok = text->len == (size_t)size;
    }
    fclose(file);
    return ok;
}

/* `pkg/mod.py` below the root as `pkg.mod`; empty for a file that is not below it. */
static struct mg_str module_of(struct mg_str path)
{
    size_t root = strlen(dump.root);
    if (root && (!mg_str_starts(path, dump.root) || path.at[root] != '/'))
        return MG_STR("");
    struct mg_str part = mg_str_sub(path, root ? root + 1 : 0, path.len - 3);
    part = mg_arena_str(dump.arena, part);
    char *at = mg_arena_alloc(dump.arena, part.len + 1, 1);
    for (size_t i = 0; i < part.len; i++)
        at[i] = part.at[i];
    for (size_t i = 0; i < part.len; i++)
        if (at[i] == '/')
            at[i] = '.';
    struct mg_str name = { at, part.len };
    return mg_str_ends(name, ".__init__") ? mg_str_sub(name, 0, name.len - strlen(".__init__")) : name;
}

static void add_file(struct mg_str path, const char *whole)
{
    struct mg_python_file file = { .path = path, .module = module_of(path) };
    size_t slash = mg_str_rfind(path, '/');
    struct mg_str base = slash == path.len ? path : mg_str_sub(path, slash + 1, path.len);
    if (!read_file(whole, &file.text))
        return;
    bool below_tests =
        mg_str_starts(path, "tests/") || mg_str_contains(path, "/tests/") || mg_str_starts(path, "test/") || mg_str_contains(path, "/test/");
    if (mg_str_is(base, "conftest.py"))
        *MG_PUSH(dump.arena, &dump.conftests) = file;
    else if (mg_str_starts(base, "test_") || mg_str_ends(base, "_test.py") || below_tests)
        *MG_PUSH(dump.arena, &dump.tests) = file;
    else if (file.module.len && !mg_str_is(base, "setup.py"))
        *MG_PUSH(dump.arena, &dump.sources) = file;
    dump.bytes += file.text.len;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void walk(struct mg_str folder)
{
    const char *whole = mg_arena_printf(dump.arena, "%s/%.*s", dump.repo, MG_FMT(folder)).at;
    DIR *directory = opendir(whole);
    MG_LIST(const char *) names = { 0 };
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "__pycache__") != 0)
            *MG_PUSH(dump.arena, &names) = mg_arena_cstr(dump.arena, mg_str_from(entry->d_name));
    if (directory)
        closedir(directory);
    if (names.len > 1)
        qsort(names.at, names.len, sizeof *names.at, by_name);
    for (size_t i = 0; i < names.len; i++) {
        struct mg_str path = mg_arena_printf(dump.arena, "%.*s%s%s", MG_FMT(folder), folder.len ? "/" : "", names.at[i]);
        const char *file = mg_arena_printf(dump.arena, "%s/%.*s", dump.repo, MG_FMT(path)).at;
        struct stat about;
        if (lstat(file, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode))
            walk(path);
        else if (S_ISREG(about.st_mode) && mg_str_ends(path, ".py"))
            add_file(path, file);
    }
}

static void print_end(const char *name, const struct mg_callgraph_function *function)
{
    const struct mg_python_file *file = &dump.sources.at[function->file];
    printf("\"%s\":{\"path\":\"%.*s\",\"module\":\"%.*s\",\"qualname\":\"%.*s\",\"line\":%u,\"def_line\":%u}", name, MG_FMT(file->path),
           MG_FMT(file->module), MG_FMT(function->qualname), function->first_line, function->def_line);
}

static void print_edges(const struct mg_callgraph *graph)
{
    size_t functions = mg_callgraph_totals(graph).functions;
    for (uint32_t i = 0; i < functions; i++) {
        struct mg_callees direct = mg_callgraph_direct(graph, i);
        for (size_t k = 0; k < direct.len; k++) {
            printf("{");
            print_end("caller", mg_callgraph_function(graph, i));
            printf(",");
            print_end("callee", mg_callgraph_function(graph, direct.at[k]));
            printf("}\n");
        }
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t count_lines(const struct files *files)
{
    size_t lines = 0;
    for (size_t i = 0; i < files->len; i++)
        for (size_t k = 0; k < files->at[i].text.len; k++)
            lines += files->at[i].text.at[k] == '\n';
    return lines;
}

static bool print_index(void)
{
    double before = now();
    struct mg_testdocs docs = mg_testdocs_make(dump.tests.at, dump.tests.len, dump.arena);
    double made = now();
    struct mg_document *documents = MG_NEW_ARRAY(dump.arena, struct mg_document, docs.len);
    for (size_t i = 0; i < docs.len; i++)
        documents[i] = (struct mg_document){ .id = docs.at[i].id, .text = docs.at[i].text };
    struct mg_retriever retriever = mg_retrieve_vectors_new(mg_embed_hashing_new(dump.arena, MG_HASHING_DIMENSION));
    struct mg_err err = { .code = MG_OK };
    struct mg_hit *hits = NULL;
    size_t count = 0;
    bool ok = retriever.ops->index(retriever.self, documents, docs.len, NULL, NULL, &err) == MG_OK;
    double indexed = now();
    ok = ok && retriever.ops->nearest(retriever.self, MG_STR("def dumps(obj): return encode(obj)"), 2, NULL, dump.arena, &hits, &count, NULL, &err) ==
                   MG_OK;
    printf("\"test_lines\":%zu,\"documents\":%zu,\"documents_seconds\":%.3f,\"index_seconds\":%.3f,\"query_seconds\":%.5f,", count_lines(&dump.tests),
           docs.len, made - before, indexed - made, now() - indexed);
    retriever.ops->close(retriever.self);
    return ok;
}

static void print_totals(const struct mg_callgraph *graph, double seconds)
{
    printf("{");
    if (dump.index && !print_index())
        fprintf(stderr, "no index\n");
    struct mg_callgraph_totals totals = mg_callgraph_totals(graph);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    printf("\"files\":%zu,\"unparsed\":%zu,\"lines\":%zu,\"bytes\":%zu,\"functions\":%zu,\"edges\":%zu,\"graph_seconds\":%.3f,\"peak_kb\":%ld}\n",
           totals.files, totals.unparsed, count_lines(&dump.sources), dump.bytes, totals.functions, totals.edges, seconds, usage.ru_maxrss);
}

static void print_part(const char *title, struct mg_str text)
{
    if (text.len)
        printf("==== %s (%zu bytes)\n%.*s\n", title, text.len, MG_FMT(text));
}

static void print_graph(const struct mg_callgraph *graph, const struct mg_target *target)
{
    uint32_t at = mg_callgraph_find(graph, target->path, target->function.qualname, target->function.def_line);
    if (at == MG_NO_CALLEE)
        return;
    print_part("what it calls", mg_callgraph_tree(graph, at, 2, 2000, dump.arena));
    struct mg_callees callees = mg_callgraph_reach(graph, at, 2, 6, dump.arena);
    struct mg_snippets snippets = mg_callgraph_snippets(graph, &callees, 3000, dump.arena);
    for (size_t i = 0; i < snippets.len; i++)
        print_part("callee", snippets.at[i]);
}

static void print_tests(const struct mg_target *target)
{
    struct mg_fixtures fixtures = mg_fixtures_for(dump.conftests.at, dump.conftests.len, MG_STR("tests"), dump.arena);
    print_part("fixtures for tests/", mg_fixtures_text(&fixtures, 4000, dump.arena));
    struct mg_testdocs docs = mg_testdocs_make(dump.tests.at, dump.tests.len, dump.arena);
    struct mg_testdocs_found found = mg_testdocs_nearest(&docs, target, 2, 4000, dump.arena);
    for (size_t i = 0; i < found.len; i++)
        print_part(mg_arena_cstr(dump.arena, docs.at[found.at[i]].id), docs.at[found.at[i]].text);
}

static void print_target(const struct mg_callgraph *graph, const struct mg_python_file *file, const struct mg_module *module,
                         const struct mg_function *function)
{
    bool whole = false;
    struct mg_target target = { .module = file->module, .path = file->path, .function = *function };
    print_part("source", mg_outline_source(file->text, function, 16000, dump.arena));
    print_part("class", mg_outline_class(module, function, 4000, dump.arena));
    print_part("imports", mg_outline_imports(module, file, 3000, dump.arena));
    struct mg_str text = mg_outline_module(module, file->text, 16000, dump.arena, &whole);
    print_part(whole ? "module" : "module's outline", text);
    print_graph(graph, &target);
    print_tests(&target);
}

/* 0 when a function of that name was there. */
static int print_context(const struct mg_callgraph *graph, struct mg_str name)
{
    int shown = 0;
    for (size_t i = 0; i < dump.sources.len; i++) {
        const struct mg_python_file *file = &dump.sources.at[i];
        struct mg_module *module = NULL;
        struct mg_functions functions = { 0 };
        if (mg_module_parse(file->text, &module, NULL) != MG_OK)
            continue;
        mg_module_functions(module, dump.arena, &functions);
        for (size_t f = 0; f < functions.len; f++)
            if (mg_str_eq(mg_arena_printf(dump.arena, "%.*s.%.*s", MG_FMT(file->module), MG_FMT(functions.at[f].qualname)), name)) {
                print_target(graph, file, module, &functions.at[f]);
                shown++;
            }
        mg_module_free(module);
    }
    if (shown == 0)
        fprintf(stderr, "no function %.*s\n", MG_FMT(name));
    return shown ? 0 : 1;
}

int main(int argc, char **argv)
{
    dump.arena = mg_arena_new();
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--root") && i + 1 < argc)
            dump.root = argv[++i];
        else if (!strcmp(argv[i], "--edges"))
            dump.edges = true;
        else if (!strcmp(argv[i], "--index"))
            dump.index = true;
        else if (!dump.repo)
            dump.repo = argv[i];
        else
            dump.target = argv[i];
    }
    if (!dump.repo) {
        fprintf(stderr, "usage: context_dump [--root DIR] [--edges | --index] REPO [pkg.mod.name]\n");
        return 64;
    }
    walk(MG_STR(""));
    struct mg_callgraph *graph = NULL;
    struct mg_err err = { .code = MG_OK };
    double before = now();
    if (mg_callgraph_build(dump.arena, dump.sources.at, dump.sources.len, NULL, &graph, &err) != MG_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double seconds = now() - before;
    int code = 0;
    if (dump.target)
        code = print_context(graph, mg_str_from(dump.target));
    else if (dump.edges)
        print_edges(graph);
    else
        print_totals(graph, seconds);
    mg_arena_free(dump.arena);
    return code;
}
