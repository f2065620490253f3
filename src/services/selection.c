/* Which functions are worth the effort: all of them, filtered, ranked by how badly they are tested. */
#include "base/str.h"
#include "python/syntax.h"
#include "services/context.h"
#include "services/events.h"

#include <stdlib.h>
#include <string.h>

#define SHARE_OF_PRIVATE 0.75 /* of the priority: tests of what others may use are worth more, and outlive more changes */

static bool wanted(const struct mg_config *config, struct mg_str qualified_name)
{
    for (size_t i = 0; i < config->targets.len; i++)
        if (mg_str_glob(config->targets.at[i], qualified_name))
            return true;
    return config->targets.len == 0;
}

/* Whether some name in the module may match: the part of the glob before its first wildcard and "module." are compared as far as both go. */
static bool may_hold(const struct mg_config *config, struct mg_str module)
{
    for (size_t i = 0; i < config->targets.len; i++) {
        struct mg_str glob = config->targets.at[i];
        size_t k = 0;
        while (k < glob.len && k < module.len && !strchr("*?[\\", glob.at[k]) && glob.at[k] == module.at[k])
            k++;
        if (k == glob.len || strchr("*?[\\", glob.at[k]) || (k == module.len && glob.at[k] == '.'))
            return true;
    }
    return config->targets.len == 0;
}

void mg_watch_files(struct mg_run_context *run)
{
    bool *watched = MG_NEW_ARRAY(run->arena, bool, run->repo->sources.len + 1), any = false;
    for (size_t i = 0; i < run->repo->sources.len; i++) {
        watched[i] = may_hold(run->config, run->repo->sources.at[i].module);
        any |= watched[i];
    }
    run->watched = any && run->config->targets.len ? watched : NULL;
}

static double coverage_of(const struct mg_run_context *run, size_t file, const struct mg_function *function)
{
    uint32_t covered = 0;
    for (size_t i = 0; i < function->body_lines.len; i++)
        covered += mg_is_covered(run, file, function->body_lines.at[i]);
    return function->body_lines.len ? (double)covered / (double)function->body_lines.len : 1.0;
}

static unsigned occurrence_of(const struct mg_functions *functions, size_t index)
{
    unsigned occurrence = 1;
    for (size_t i = 0; i < index; i++)
        occurrence += mg_str_eq(functions->at[i].qualname, functions->at[index].qualname);
    return occurrence;
}

/* A later definition of the same name hides the earlier one: only the last can be reached by name. */
static bool is_hidden(const struct mg_functions *functions, size_t index)
{
    for (size_t i = index + 1; i < functions->len; i++)
        if (mg_str_eq(functions->at[i].qualname, functions->at[index].qualname) && functions->at[i].scopes.len == functions->at[index].scopes.len)
            return functions->at[index].scopes.len == 0 || functions->at[i].scopes.at[functions->at[i].scopes.len - 1].kind != MG_SCOPE_BLOCK;
    return false;
}

/* Backends with mutants of their own are asked for functions that all tools can mutate. */
static bool takes_all(const struct mg_run_context *run) { return !run->services->generator.ops && !run->services->gate.ops->own_mutants; }

/* `run` writes tests for what can be reached by its name. `score` takes every function: what is hidden from its name may live on in a
 * property, a registry or a table, and if it does not, no test runs it. */
static bool is_chosen(const struct mg_run_context *run, const struct mg_functions *functions, size_t index)
{
    if (takes_all(run))
        return !mg_score_filter(&functions->at[index]);
    return !mg_target_filter(&functions->at[index], &run->config->selection) && !is_hidden(functions, index);
}

/* The getter and the setter of a property have one name: in `score`, where both are targets, the later one is told by its number. */
static struct mg_str numbered(const struct mg_run_context *run, const struct mg_functions *functions, size_t index, struct mg_str name)
{
    unsigned number = 1;
    for (size_t i = 0; i < index && takes_all(run); i++)
        number += mg_str_eq(functions->at[i].qualname, functions->at[index].qualname) && !mg_score_filter(&functions->at[i]);
    return number == 1 ? name : mg_arena_printf(run->arena, "%.*s#%u", MG_FMT(name), number);
}

/* What the file runs on import, as a target of `score`. */
static struct mg_target module_body(const struct mg_run_context *run, const struct mg_source_file *source)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < source->text.len; i++)
        lines += source->text.at[i] == '\n';
    return (struct mg_target){
        .id = mg_target_id(run->arena, source->path, MG_STR(MG_MODULE_BODY), 1),
        .qualified_name = source->module,
        .module = source->module,
        .path = source->path,
        .function = { .qualname = MG_STR(MG_MODULE_BODY),
                      .name = MG_STR(MG_MODULE_BODY),
                      .first_line = 1,
                      .def_line = 1,
                      .end_line = lines,
                      .end = (uint32_t)source->text.len },
        .coverage = 1.0,
    };
}

/* What stands in one file. */
struct mg_read_file {
    bool done;
    struct mg_functions functions;
    struct mg_str refused; /* why it could not be parsed */
};

static struct mg_read_file *read_file(struct mg_run_context *run, size_t file)
{
    if (!run->read)
        run->read = MG_NEW_ARRAY(run->arena, struct mg_read_file, run->repo->sources.len + 1);
    struct mg_read_file *read = &run->read[file];
    struct mg_module *module;
    struct mg_err why;
    if (read->done)
        return read;
    read->done = true;
    if (mg_module_parse(run->repo->sources.at[file].text, &module, &why) != MG_OK) {
        read->refused = mg_arena_str(run->arena, mg_str_from(why.text));
        return read;
    }
    mg_module_functions(module, run->arena, &read->functions);
    mg_module_free(module);
    return read;
}

void mg_read_files(struct mg_run_context *run, double until)
{
    const struct mg_clock *clock = &run->services->clock;
    for (size_t i = 0; i < run->repo->sources.len && !mg_cancelled(run->services->cancel) && clock->ops->monotonic(clock->self) < until; i++)
        read_file(run, i);
}

const struct mg_functions *mg_functions_of(struct mg_run_context *run, size_t file) { return &read_file(run, file)->functions; }

/* A name of it begins with an underscore, and is no special one. */
static bool is_private(struct mg_str qualname)
{
    struct mg_str part;
    while (mg_str_next_part(&qualname, '.', &part))
        if (mg_str_starts(part, "_") && !(mg_str_starts(part, "__") && mg_str_ends(part, "__")))
            return true;
    return false;
}

static void select_in_file(struct mg_run_context *run, size_t file)
{
    const struct mg_source_file *source = &run->repo->sources.at[file];
    const struct mg_read_file *read = read_file(run, file);
    if (read->refused.len) {
        mg_note(run, MG_NOTE_SKIPPED, source->path, read->refused);
        return;
    }
    struct mg_functions functions = read->functions;
    if (run->config->mutation.static_mutants && !run->services->generator.ops && wanted(run->config, source->module))
        *MG_PUSH(run->arena, &run->targets) = module_body(run, source);
    for (size_t i = 0; i < functions.len; i++) {
        const struct mg_function *function = &functions.at[i];
        struct mg_str name = mg_arena_printf(run->arena, "%.*s.%.*s", MG_FMT(source->module), MG_FMT(function->qualname));
        run->report->functions_found++;
        if (!wanted(run->config, name) || !is_chosen(run, &functions, i))
            continue;
        double coverage = coverage_of(run, file, function), share = is_private(function->qualname) ? SHARE_OF_PRIVATE : 1.0;
        unsigned occurrence = occurrence_of(&functions, i);
        *MG_PUSH(run->arena, &run->targets) = (struct mg_target){
            .id = mg_target_id(run->arena, source->path, function->qualname, occurrence),
            .qualified_name = numbered(run, &functions, i, name),
            .module = source->module,
            .path = source->path,
            .function = *function,
            .coverage = coverage,
            .priority = share * mg_priority(coverage, function->statement_count, &run->config->selection),
        };
    }
}

enum mg_code mg_select_targets(struct mg_run_context *run, struct mg_err *err)
{
    for (size_t i = 0; i < run->repo->sources.len; i++) {
        if (mg_cancelled(run->services->cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
        select_in_file(run, i);
    }
    if (run->targets.len)
        qsort(run->targets.at, run->targets.len, sizeof *run->targets.at, mg_target_order);
    run->report->targets_selected = (uint32_t)run->targets.len;
    mg_event_selected(run);
    return MG_OK;
}
