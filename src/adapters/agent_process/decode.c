/* One function per answer; see docs/agent-protocol.md for their form. */
#include "adapters/agent_process/decode.h"
#include "base/str.h"
#include <string.h>

#define DEEPEST_TYPE 12 /* the agent nests constructors three deep, generics a little more */

static const char *const outcome_names[] = {
    [MG_TEST_PASSED] = "passed", [MG_TEST_FAILED] = "failed",   [MG_TEST_SKIPPED] = "skipped", [MG_TEST_XFAILED] = "xfailed",
    [MG_TEST_ERROR] = "error",   [MG_TEST_TIMEOUT] = "timeout", [MG_TEST_CRASHED] = "crashed",
};

static enum mg_test_outcome outcome(struct mg_fields *fields, yyjson_val *object)
{
    return (enum mg_test_outcome)mg_field_choice(fields, object, "outcome", outcome_names, MG_COUNT(outcome_names));
}

/* Element `i` of a fixed-size list such as [test, failed, hit, …]. */
static yyjson_val *part(yyjson_val *list, size_t i) { return yyjson_arr_get(list, i); }

static bool has_parts(struct mg_fields *fields, yyjson_val *list, size_t count, const char *key)
{
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) != count)
        mg_fields_bad(fields, key, "has an element of another form");
    return !fields->bad;
}

/* --- collect, load --- */

static void collect_errors(struct mg_fields *fields, yyjson_val *root, struct mg_collect_error **at, size_t *len)
{
    struct {
        MG_VEC(struct mg_collect_error)
    } errors = { NULL, 0, 0 };
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "errors", MG_OPTIONAL), i, max, item)
    {
        struct mg_collect_error error = {
            .where = mg_field_line(fields, item, "where", MG_NEEDED),
            .text = mg_field_line(fields, item, "text", MG_OPTIONAL),
        };
        size_t k, count;
        yyjson_val *name;
        yyjson_arr_foreach(mg_field_list(fields, item, "refused", MG_OPTIONAL), k, count, name) * MG_PUSH(fields->arena, &error.refused) =
            mg_value_line(fields, name, "refused");
        yyjson_arr_foreach(mg_field_list(fields, item, "asked", MG_OPTIONAL), k, count, name) * MG_PUSH(fields->arena, &error.asked) =
            mg_value_line(fields, name, "asked");
        *MG_PUSH(fields->arena, &errors) = error;
    }
    *at = errors.at;
    *len = errors.len;
}

/* Our tests are written there: it must not lead out of the repo. */
static bool stays_inside(struct mg_str path)
{
    struct mg_str rest = path, name;
    if (mg_str_starts(path, "/") || memchr(path.at, '\0', path.len))
        return false;
    while (mg_str_next_part(&rest, '/', &name))
        if (mg_str_is(name, ".."))
            return false;
    return true;
}

void mg_decode_found(struct mg_fields *fields, yyjson_val *root, uint32_t test_count, struct mg_found *found)
{
    size_t i, max;
    yyjson_val *item;
    found->functions = mg_field_u32(fields, root, "functions", MG_NEEDED, UINT32_MAX);
    found->has_imported = mg_field_bool(fields, root, "has_imported", MG_OPTIONAL);
    yyjson_arr_foreach(mg_field_list(fields, root, "imported", MG_OPTIONAL), i, max, item)
    {
        if (!has_parts(fields, item, 2, "imported"))
            return;
        *MG_PUSH(fields->arena, &found->imported) = (struct mg_line_range){
            .first = mg_value_u32(fields, part(item, 0), "imported", UINT32_MAX),
            .last = mg_value_u32(fields, part(item, 1), "imported", UINT32_MAX),
        };
    }
    yyjson_arr_foreach(mg_field_list(fields, root, "importers", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &found->importers) =
        mg_value_u32(fields, item, "importers", test_count);
}

/* {path: [[first, last], …]} */
static void imported_lines(struct mg_fields *fields, yyjson_val *object, struct mg_collected *collected)
{
    size_t i, max, k, count;
    yyjson_val *key, *ranges, *range;
    yyjson_obj_foreach(object, i, max, key, ranges)
    {
        struct mg_str path = mg_arena_str(fields->arena, (struct mg_str){ yyjson_get_str(key), yyjson_get_len(key) });
        yyjson_arr_foreach(ranges, k, count, range)
        {
            if (!has_parts(fields, range, 2, "imported"))
                return;
            *MG_PUSH(fields->arena, &collected->imported) = (struct mg_import_line){
                .path = path,
                .first = mg_value_u32(fields, part(range, 0), "imported", UINT32_MAX),
                .last = mg_value_u32(fields, part(range, 1), "imported", UINT32_MAX),
            };
        }
    }
}

void mg_decode_collected(struct mg_fields *fields, yyjson_val *root, struct mg_collected *collected)
{
    size_t i, max;
    yyjson_val *item, *tests = mg_field_list(fields, root, "tests", MG_NEEDED);
    if (yyjson_arr_size(tests) > MG_MOST_TESTS)
        mg_fields_bad(fields, "tests", "is too long");
    yyjson_arr_foreach(tests, i, max, item)
    {
        *MG_PUSH(fields->arena, &collected->tests) = (struct mg_test_case){
            .id = mg_field_str(fields, item, "id", MG_NEEDED),
            .file = mg_field_str(fields, item, "file", MG_NEEDED),
        };
        if (fields->bad)
            return;
    }
    collect_errors(fields, root, &collected->errors.at, &collected->errors.len);
    collected->errors.cap = collected->errors.len;
    yyjson_arr_foreach(mg_field_list(fields, root, "notes", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &collected->notes) =
        mg_value_line(fields, item, "notes");
    yyjson_arr_foreach(mg_field_list(fields, root, "opened", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &collected->opened) =
        mg_value_line(fields, item, "opened");
    yyjson_arr_foreach(mg_field_list(fields, root, "asked", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &collected->asked) =
        mg_value_line(fields, item, "asked");
    imported_lines(fields, yyjson_obj_get(root, "imported"), collected);
    collected->tests_dir = mg_field_str(fields, root, "tests_dir", MG_OPTIONAL);
    if (!stays_inside(collected->tests_dir))
        mg_fields_bad(fields, "tests_dir", "leads out of the repo");
}

/* --- baseline --- */

/* The agent may name a file by its index or by the path we gave it. */
static uint32_t file_index(struct mg_fields *fields, yyjson_val *value, const struct mg_str *files, size_t file_count)
{
    if (!yyjson_is_str(value))
        return mg_value_u32(fields, value, "lines", (uint32_t)file_count);
    struct mg_str name = { yyjson_get_str(value), yyjson_get_len(value) };
    for (size_t i = 0; i < file_count; i++)
        if (mg_str_eq(files[i], name))
            return (uint32_t)i;
    mg_fields_bad(fields, "lines", "names an unknown file");
    return 0;
}

void mg_decode_baseline(struct mg_fields *fields, yyjson_val *root, const struct mg_str *files, size_t file_count, uint32_t test_count,
                        struct mg_baseline_result *result)
{
    result->test = mg_field_u32(fields, root, "test", MG_NEEDED, test_count);
    result->outcome = outcome(fields, root);
    result->can_fail = mg_field_bool(fields, root, "can_fail", MG_OPTIONAL);
    result->special = mg_field_bool(fields, root, "special", MG_OPTIONAL);
    result->seconds = mg_field_seconds(fields, root, "seconds", MG_NEEDED);
    result->text = mg_field_line(fields, root, "text", MG_OPTIONAL);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "lines", MG_OPTIONAL), i, max, item)
    {
        if (!has_parts(fields, item, 3, "lines"))
            return;
        struct mg_line_range range = {
            .file = file_index(fields, part(item, 0), files, file_count),
            .first = mg_value_u32(fields, part(item, 1), "lines", UINT32_MAX),
            .last = mg_value_u32(fields, part(item, 2), "lines", UINT32_MAX),
        };
        if (range.last < range.first)
            mg_fields_bad(fields, "lines", "has a range that ends before it begins");
        *MG_PUSH(fields->arena, &result->lines) = range;
    }
    yyjson_arr_foreach(mg_field_list(fields, root, "opened", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &result->opened) =
        mg_value_line(fields, item, "opened");
    result->wide = mg_field_bool(fields, root, "wide", MG_OPTIONAL);
    yyjson_arr_foreach(mg_field_list(fields, root, "refused", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &result->refused) =
        mg_value_line(fields, item, "refused");
    yyjson_arr_foreach(mg_field_list(fields, root, "asked", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &result->asked) =
        mg_value_line(fields, item, "asked");
}

bool mg_decode_baseline_end(struct mg_fields *fields, yyjson_val *root, struct mg_baseline_result *result)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "notes", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &result->notes) =
        mg_value_line(fields, item, "notes");
    return mg_field_bool(fields, root, "workers", MG_OPTIONAL);
}

/* --- describe --- */

static const char *const type_names[] = {
    [MG_TYPE_ANY] = "any",         [MG_TYPE_NONE] = "none",           [MG_TYPE_BOOL] = "bool",         [MG_TYPE_INT] = "int",
    [MG_TYPE_FLOAT] = "float",     [MG_TYPE_COMPLEX] = "complex",     [MG_TYPE_STR] = "str",           [MG_TYPE_BYTES] = "bytes",
    [MG_TYPE_LITERAL] = "literal", [MG_TYPE_ENUM] = "enum",           [MG_TYPE_UNION] = "union",       [MG_TYPE_LIST] = "list",
    [MG_TYPE_SET] = "set",         [MG_TYPE_FROZENSET] = "frozenset", [MG_TYPE_ITERABLE] = "iterable", [MG_TYPE_DICT] = "dict",
    [MG_TYPE_TUPLE] = "tuple",     [MG_TYPE_CLASS] = "class",         [MG_TYPE_CALLABLE] = "callable", [MG_TYPE_SAMPLE] = "sample",
};
static const char *const param_names[] = {
    [MG_PARAM_POSITIONAL_ONLY] = "positional_only",
    [MG_PARAM_POSITIONAL] = "positional",
    [MG_PARAM_KEYWORD] = "keyword",
    [MG_PARAM_ARGS] = "args",
    [MG_PARAM_KWARGS] = "kwargs",
};

static struct mg_type *decode_type(struct mg_fields *fields, yyjson_val *object, unsigned depth);

static struct mg_param *decode_param(struct mg_fields *fields, yyjson_val *object, unsigned depth)
{
    struct mg_param *param = MG_NEW(fields->arena, struct mg_param);
    param->name = mg_field_str(fields, object, "name", MG_NEEDED);
    param->kind = (enum mg_param_kind)mg_field_choice(fields, object, "kind", param_names, MG_COUNT(param_names));
    param->has_default = mg_field_bool(fields, object, "has_default", MG_OPTIONAL);
    param->default_source = mg_field_str(fields, object, "default", MG_OPTIONAL);
    param->type = decode_type(fields, mg_field_object(fields, object, "type", MG_OPTIONAL), depth + 1);
    return param;
}

/* How many elements a type needs so that the generator may use of[0] and of[1] without looking. */
static size_t least_elements(enum mg_type_kind kind, bool variadic)
{
    switch ((int)kind) {
    case MG_TYPE_LIST:
    case MG_TYPE_SET:
    case MG_TYPE_FROZENSET:
    case MG_TYPE_ITERABLE:
    case MG_TYPE_UNION:
        return 1;
    case MG_TYPE_DICT:
        return 2;
    case MG_TYPE_TUPLE:
        return variadic ? 1 : 0;
    default:
        return 0;
    }
}

/* A missing type is ANY: nobody has to look for NULL. */
static struct mg_type *decode_type(struct mg_fields *fields, yyjson_val *object, unsigned depth)
{
    struct mg_type *type = MG_NEW(fields->arena, struct mg_type);
    if (!object || fields->bad)
        return type;
    if (depth > DEEPEST_TYPE) {
        mg_fields_bad(fields, "type", "is nested too deep");
        return type;
    }
    type->kind = (enum mg_type_kind)mg_field_choice(fields, object, "kind", type_names, MG_COUNT(type_names));
    type->name = mg_field_str(fields, object, "name", MG_OPTIONAL);
    type->module = mg_field_str(fields, object, "module", MG_OPTIONAL);
    type->variadic = mg_field_bool(fields, object, "variadic", MG_OPTIONAL);
    MG_FIELD_STRS(fields, object, "values", &type->values);
    MG_FIELD_STRS(fields, object, "imports", &type->imports);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, object, "of", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &type->of) =
        decode_type(fields, item, depth + 1);
    while (type->of.len < least_elements(type->kind, type->variadic)) /* a bare `list` or `dict` */
        *MG_PUSH(fields->arena, &type->of) = MG_NEW(fields->arena, struct mg_type);
    yyjson_arr_foreach(mg_field_list(fields, object, "params", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &type->params) =
        decode_param(fields, item, depth + 1);
    return type;
}

void mg_decode_description(struct mg_fields *fields, yyjson_val *root, struct mg_description *description)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "params", MG_NEEDED), i, max, item) * MG_PUSH(fields->arena, &description->params) =
        decode_param(fields, item, 0);
    description->returns = decode_type(fields, mg_field_object(fields, root, "returns", MG_OPTIONAL), 0);
    yyjson_val *receiver = mg_field_object(fields, root, "receiver", MG_OPTIONAL);
    description->receiver = receiver ? decode_type(fields, receiver, 0) : NULL;
    MG_FIELD_STRS(fields, root, "receiver_values", &description->receiver_values);
    yyjson_arr_foreach(mg_field_list(fields, root, "doctests", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &description->doctests) =
        (struct mg_doctest){
            .source = mg_field_str(fields, item, "source", MG_NEEDED),
            .want = mg_field_str(fields, item, "want", MG_OPTIONAL),
        };
    description->is_async = mg_field_bool(fields, root, "is_async", MG_OPTIONAL);
    description->is_generator = mg_field_bool(fields, root, "is_generator", MG_OPTIONAL);
    description->is_abstract = mg_field_bool(fields, root, "is_abstract", MG_OPTIONAL);
    description->unreachable = mg_field_line(fields, root, "unreachable", MG_OPTIONAL);
}

/* --- probe --- */

static const char *const form_names[] = {
    [MG_FACT_IS] = "is",   [MG_FACT_EQ] = "eq",     [MG_FACT_APPROX] = "approx", [MG_FACT_NAN] = "nan",   [MG_FACT_TYPE] = "type",
    [MG_FACT_LEN] = "len", [MG_FACT_ATTR] = "attr", [MG_FACT_STR] = "str",       [MG_FACT_LIST] = "list", [MG_FACT_OUTPUT] = "output",
};
static const char *const difference_names[] = { [MG_DIFFERS] = "fact", [MG_DIFFERS_BY_CRASH] = "crash", [MG_DIFFERS_BY_TIMEOUT] = "timeout" };

static void decode_observation(struct mg_fields *fields, yyjson_val *object, struct mg_observation *seen)
{
    seen->stable = mg_field_bool(fields, object, "stable", MG_NEEDED);
    seen->trouble = mg_field_str(fields, object, "trouble", MG_OPTIONAL);
    seen->raised = mg_field_bool(fields, object, "raised", MG_OPTIONAL);
    seen->exception = mg_field_str(fields, object, "exception", MG_OPTIONAL);
    seen->exception_import = mg_field_str(fields, object, "exception_import", MG_OPTIONAL);
    seen->match = mg_field_str(fields, object, "match", MG_OPTIONAL);
    seen->raised_by_arguments = mg_field_bool(fields, object, "raised_by_arguments", MG_OPTIONAL);
    seen->seconds = mg_field_seconds(fields, object, "seconds", MG_OPTIONAL);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, object, "facts", MG_OPTIONAL), i, max, item)
    {
        struct mg_fact *fact = MG_PUSH(fields->arena, &seen->facts);
        *fact = (struct mg_fact){ .form = (enum mg_fact_form)mg_field_choice(fields, item, "form", form_names, MG_COUNT(form_names)) };
        fact->of = mg_field_str(fields, item, "of", MG_NEEDED);
        fact->attribute = mg_field_str(fields, item, "attribute", MG_OPTIONAL);
        fact->source = mg_field_str(fields, item, "source", MG_OPTIONAL);
        MG_FIELD_STRS(fields, item, "imports", &fact->imports);
    }
    yyjson_arr_foreach(mg_field_list(fields, object, "lines", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &seen->lines) =
        mg_value_u32(fields, item, "lines", UINT32_MAX);
}

static void decode_difference(struct mg_fields *fields, yyjson_val *item, size_t mutant_count, struct mg_probed *probed)
{
    bool told = yyjson_arr_size(item) == 5;
    if (!has_parts(fields, item, told ? 5 : 4, "differences"))
        return;
    struct mg_difference difference = {
        .mutant = mg_value_u32(fields, part(item, 0), "differences", (uint32_t)mutant_count),
        .call = mg_value_u32(fields, part(item, 1), "differences", (uint32_t)probed->observations.len),
        .kind = MG_DIFFERS,
        .fact = UINT32_MAX,
        .told = told ? mg_value_line(fields, part(item, 4), "differences") : MG_NO_STR,
    };
    size_t kind = 0;
    while (kind < MG_COUNT(difference_names) && !yyjson_equals_str(part(item, 2), difference_names[kind]))
        kind++;
    if (kind == MG_COUNT(difference_names))
        mg_fields_bad(fields, "differences", "has an unknown kind");
    if (fields->bad)
        return;
    difference.kind = (enum mg_difference_kind)kind;
    if (yyjson_get_sint(part(item, 3)) != -1)
        difference.fact = mg_value_u32(fields, part(item, 3), "differences", (uint32_t)probed->observations.at[difference.call].facts.len);
    *MG_PUSH(fields->arena, &probed->differences) = difference;
}

void mg_decode_probed(struct mg_fields *fields, yyjson_val *root, size_t call_count, size_t mutant_count, struct mg_probed *probed)
{
    yyjson_val *item, *list = mg_field_list(fields, root, "observations", MG_NEEDED);
    if (yyjson_arr_size(list) != call_count)
        mg_fields_bad(fields, "observations", "are not one for each call");
    if (fields->bad)
        return;
    size_t i, max;
    yyjson_arr_foreach(list, i, max, item)
    {
        struct mg_observation *seen = MG_PUSH(fields->arena, &probed->observations);
        *seen = (struct mg_observation){ 0 };
        decode_observation(fields, item, seen);
    }
    yyjson_arr_foreach(mg_field_list(fields, root, "differences", MG_OPTIONAL), i, max, item) decode_difference(fields, item, mutant_count, probed);
}

/* --- examine --- */

#define REPORT_LIMIT 4000u

static struct mg_str cut(struct mg_str text, size_t limit)
{
    if (text.len <= limit)
        return text;
    while (limit > 0 && ((unsigned char)text.at[limit] & 0xC0) == 0x80)
        limit--;
    return mg_str_sub(text, 0, limit);
}

static struct mg_text_patch patch(struct mg_fields *fields, yyjson_val *item)
{
    struct mg_text_patch made = {
        .line = mg_field_u32(fields, item, "line", MG_NEEDED, UINT32_MAX),
        .column = mg_field_u32(fields, item, "column", MG_NEEDED, UINT32_MAX),
        .end_line = mg_field_u32(fields, item, "end_line", MG_NEEDED, UINT32_MAX),
        .end_column = mg_field_u32(fields, item, "end_column", MG_NEEDED, UINT32_MAX),
        .replacement = mg_field_str(fields, item, "replacement", MG_NEEDED),
    };
    if (made.line == 0 || made.end_line < made.line || (made.end_line == made.line && made.end_column < made.column))
        mg_fields_bad(fields, "patches", "has an empty or turned range");
    return made;
}

void mg_decode_examined(struct mg_fields *fields, yyjson_val *root, const uint32_t *tests, size_t count, struct mg_examined *examined)
{
    yyjson_val *list = mg_field_list(fields, root, "tests", MG_NEEDED), *item;
    if (yyjson_arr_size(list) != count)
        mg_fields_bad(fields, "tests", "has not one entry for each test");
    size_t i, max;
    yyjson_arr_foreach(list, i, max, item)
    {
        struct mg_examined_test test = { .test = mg_field_u32(fields, item, "test", MG_NEEDED, UINT32_MAX), .outcome = outcome(fields, item) };
        test.text = cut(mg_field_str(fields, item, "text", MG_OPTIONAL), REPORT_LIMIT);
        test.actual = mg_field_str(fields, item, "actual", MG_OPTIONAL);
        if (!fields->bad && test.test != tests[i])
            mg_fields_bad(fields, "tests", "is in another order");
        size_t p, patches;
        yyjson_val *edit;
        yyjson_arr_foreach(mg_field_list(fields, item, "patches", MG_OPTIONAL), p, patches, edit) * MG_PUSH(fields->arena, &test.patches) =
            patch(fields, edit);
        if (fields->bad)
            return;
        *MG_PUSH(fields->arena, &examined->tests) = test;
    }
}

/* --- mutant --- */

static const char *const end_names[] = {
    [MG_RUN_DONE] = "done", [MG_RUN_TIMEOUT] = "timeout", [MG_RUN_DIED] = "died", [MG_RUN_REFUSED] = "refused", [MG_RUN_ASLEEP] = "asleep"
};

void mg_decode_mutant(struct mg_fields *fields, yyjson_val *root, uint32_t test_count, struct mg_mutant_run *run)
{
    run->end = (enum mg_mutant_end)mg_field_choice(fields, root, "end", end_names, MG_COUNT(end_names));
    run->same_code = mg_field_bool(fields, root, "same_code", MG_OPTIONAL);
    bool during_a_test = run->end == MG_RUN_TIMEOUT || run->end == MG_RUN_DIED;
    /* a job without tests names test 0, also where there is none */
    run->at = mg_field_u32(fields, root, "at", during_a_test ? MG_NEEDED : MG_OPTIONAL, test_count > 0 ? test_count : 1);
    run->at_hit = mg_field_bool(fields, root, "at_hit", MG_OPTIONAL);
    run->nursery = mg_field_bool(fields, root, "nursery", MG_OPTIONAL);
    run->certain = mg_field_bool(fields, root, "certain", MG_OPTIONAL);
    run->proved = mg_field_bool(fields, root, "proved", MG_OPTIONAL);
    run->reason = mg_field_line(fields, root, "reason", MG_OPTIONAL);
    run->seconds = mg_field_seconds(fields, root, "seconds", MG_OPTIONAL);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "runs", run->end == MG_RUN_DONE ? MG_NEEDED : MG_OPTIONAL), i, max, item)
    {
        if (!has_parts(fields, item, 6, "runs"))
            return;
        *MG_PUSH(fields->arena, &run->runs) = (struct mg_test_run){
            .test = mg_value_u32(fields, part(item, 0), "runs", test_count),
            .failed = mg_value_bool(fields, part(item, 1), "runs"),
            .hit = mg_value_bool(fields, part(item, 2), "runs"),
            .crash = mg_value_bool(fields, part(item, 3), "runs"),
            .in_setup = mg_value_bool(fields, part(item, 4), "runs"),
            .text = mg_value_line(fields, part(item, 5), "runs"),
        };
    }
    yyjson_arr_foreach(mg_field_list(fields, root, "took", MG_OPTIONAL), i, max, item)
    {
        if (!has_parts(fields, item, 2, "took"))
            return;
        *MG_PUSH(fields->arena, &run->took) = (struct mg_test_time){
            .test = mg_value_u32(fields, part(item, 0), "took", test_count),
            .seconds = mg_value_seconds(fields, part(item, 1), "took"),
        };
    }
    yyjson_arr_foreach(mg_field_list(fields, root, "missed", MG_OPTIONAL), i, max, item) * MG_PUSH(fields->arena, &run->missed) =
        mg_value_u32(fields, item, "missed", test_count);
}

/* --- confirm --- */

void mg_decode_confirmed(struct mg_fields *fields, yyjson_val *root, struct mg_confirmed *confirmed)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(mg_field_list(fields, root, "tests", MG_NEEDED), i, max, item) * MG_PUSH(fields->arena, &confirmed->tests) =
        (struct mg_confirmed_test){
            .id = mg_field_str(fields, item, "id", MG_NEEDED),
            .outcome = outcome(fields, item),
            .text = mg_field_line(fields, item, "text", MG_OPTIONAL),
        };
    collect_errors(fields, root, &confirmed->errors.at, &confirmed->errors.len);
    confirmed->errors.cap = confirmed->errors.len;
}
