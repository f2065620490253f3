/* "^" and "~" of Poetry, spelled out. */
#include "adapters/ingest_local/poetry.h"

#include "base/buf.h"
#include "base/str.h"

#define MOST_PARTS 3

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/* Whole numbers of "1.2.3"; 0 when it has anything else at the start. */
static size_t read_parts(struct mg_str version, int64_t *parts)
{
    size_t count = 0;
    struct mg_str part;
    while (count < MOST_PARTS && mg_str_next_part(&version, '.', &part)) {
        size_t end = 0;
        while (end < part.len && is_digit(part.at[end]))
            end++;
        if (end == 0 || !mg_str_to_i64(mg_str_sub(part, 0, end), &parts[count]))
            break;
        count++;
        if (end < part.len) /* 1.0b2 */
            break;
    }
    return count;
}

/* The first version that is too new. "^": the first number that is not 0 may not change; "~": the second may not, when there is one. */
static void add_upper(struct mg_buf *out, const int64_t *parts, size_t count, bool caret)
{
    size_t at = 0;
    if (caret)
        while (at + 1 < count && parts[at] == 0)
            at++;
    else
        at = count > 1 ? 1 : 0;
    mg_buf_adds(out, ",<");
    for (size_t i = 0; i <= at; i++)
        mg_buf_addf(out, "%s%lld", i ? "." : "", (long long)parts[i] + (i == at));
}

static bool add_clause(struct mg_buf *out, struct mg_str clause)
{
    int64_t parts[MOST_PARTS] = { 0 };
    clause = mg_str_trim(clause);
    bool caret = mg_str_starts(clause, "^"), tilde = mg_str_starts(clause, "~") && !mg_str_starts(clause, "~=");
    struct mg_str version = mg_str_trim(mg_str_sub(clause, caret || tilde, clause.len));
    if (mg_str_is(clause, "*") || clause.len == 0)
        return true;
    mg_buf_adds(out, out->len ? "," : "");
    if (caret || tilde) {
        size_t count = read_parts(version, parts);
        mg_buf_addf(out, ">=%.*s", MG_FMT(version));
        if (count)
            add_upper(out, parts, count, caret);
        return count > 0;
    }
    if (is_digit(clause.at[0]))
        mg_buf_adds(out, "==");
    mg_buf_add(out, clause);
    return true;
}

static bool add_version(struct mg_buf *out, struct mg_str text)
{
    struct mg_str clause;
    if (mg_str_contains(text, "|"))
        return false;
    while (mg_str_next_part(&text, ',', &clause))
        if (!add_clause(out, clause))
            return false;
    return true;
}

/* python = "^3.9" becomes python_version >= "3.9" and python_version < "4" */
static void add_python(struct mg_buf *out, struct mg_arena *arena, struct mg_str text)
{
    struct mg_buf versions = MG_BUF(1024);
    bool good = add_version(&versions, text);
    struct mg_str rest = mg_buf_take(&versions, arena), clause;
    for (size_t i = 0; good && mg_str_next_part(&rest, ',', &clause);) {
        size_t end = 0;
        while (end < clause.len && !is_digit(clause.at[end]))
            end++;
        if (end == 0 || end == clause.len)
            continue;
        mg_buf_addf(out, "%s python_version %.*s \"%.*s\"", i++ ? " and" : ";", MG_FMT(mg_str_sub(clause, 0, end)),
                    MG_FMT(mg_str_sub(clause, end, clause.len)));
    }
}

static struct mg_str text_of(const struct mg_toml *table, const char *key)
{
    const struct mg_toml *value = mg_toml_get(table, mg_str_from(key));
    return value && value->kind == MG_TOML_STRING ? value->text : MG_NO_STR;
}

struct mg_str mg_poetry_requirement(struct mg_arena *arena, struct mg_str name, const struct mg_toml *value)
{
    struct mg_buf versions = MG_BUF(1024), out = MG_BUF(4096);
    if (mg_str_is(name, "python") || (value->kind != MG_TOML_STRING && value->kind != MG_TOML_TABLE))
        return MG_NO_STR;
    bool table = value->kind == MG_TOML_TABLE;
    const struct mg_toml *optional = table ? mg_toml_get(value, MG_STR("optional")) : NULL;
    const struct mg_toml *extras = table ? mg_toml_get(value, MG_STR("extras")) : NULL;
    struct mg_str version = table ? text_of(value, "version") : value->text, markers = table ? text_of(value, "markers") : MG_NO_STR;
    bool good = version.len && add_version(&versions, version) && !(optional && optional->boolean);
    struct mg_str range = mg_buf_take(&versions, arena);
    if (!good)
        return MG_NO_STR;
    mg_buf_add(&out, name);
    for (size_t i = 0; extras && extras->kind == MG_TOML_ARRAY && i < extras->items.len; i++)
        mg_buf_addf(&out, "%s%.*s%s", i ? "," : "[", MG_FMT(extras->items.at[i]->text), i + 1 == extras->items.len ? "]" : "");
    mg_buf_add(&out, range);
    if (markers.len)
        mg_buf_addf(&out, "; %.*s", MG_FMT(markers));
    else if (table)
        add_python(&out, arena, text_of(value, "python"));
    return mg_buf_take(&out, arena);
}
