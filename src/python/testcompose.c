/* Puts suites together. Helpers come first, so that decorators of a test find them; classes with the same shell become one. */
#include "python/testcompose.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "python/testmodule.h"
#include "python/testpieces.h"
#include "python/testrename.h"

#define MOST_RENAMES 64 /* of one test; each makes a new round */

struct block {
    struct mg_buf text;
    bool plain; /* statements without a body: they may stand on neighbouring lines */
};
struct composer {
    struct mg_arena *arena;
    struct mg_map names;  /* of the module -> struct mg_str: what it means, as text */
    struct mg_map tests;  /* names of test functions and methods */
    struct mg_map shells; /* of classes -> struct block */
    MG_LIST(struct block *) helpers;
    MG_LIST(struct block *) written;
};
struct renames {
    MG_LIST(struct mg_str) from;
    MG_LIST(struct mg_str) to;
};

static struct mg_str meaning(const struct composer *c, struct mg_str name)
{
    const struct mg_str *found = mg_map_get(&c->names, name);
    return found ? *found : MG_NO_STR;
}

static void define(struct composer *c, struct mg_str name, struct mg_str text)
{
    struct mg_str *kept = MG_NEW(c->arena, struct mg_str);
    *kept = mg_arena_str(c->arena, text);
    *mg_map_slot(&c->names, mg_arena_str(c->arena, name)) = kept;
}

/* --- imports --- */

/* `b as c` → what is imported, and by which name it is known. */
static void read_alias(struct mg_str part, struct mg_str *what, struct mg_str *known)
{
    const char *as = part.len > 4 ? memmem(part.at, part.len, " as ", 4) : NULL;
    *what = mg_str_trim(as ? mg_str_sub(part, 0, (size_t)(as - part.at)) : part);
    *known = as ? mg_str_trim(mg_str_sub(part, (size_t)(as - part.at) + 4, part.len)) : *what;
}

/* The name under which the module has it: `known`, or one with a number when that means something else. */
static struct mg_str import_name(struct composer *c, struct mg_str known, struct mg_str origin, struct renames *renames)
{
    struct mg_str name = known;
    for (unsigned number = 2; meaning(c, name).at && !mg_str_eq(meaning(c, name), origin); number++)
        name = mg_arena_printf(c->arena, "%.*s_%u", MG_FMT(known), number);
    define(c, name, origin);
    if (!mg_str_eq(name, known)) {
        *MG_PUSH(c->arena, &renames->from) = known;
        *MG_PUSH(c->arena, &renames->to) = name;
    }
    return name;
}

static void add_plain_import(struct composer *c, struct mg_str part, struct renames *renames, struct mg_buf *imports)
{
    struct mg_str what, known;
    read_alias(part, &what, &known);
    bool alias = !mg_str_eq(what, known);
    struct mg_str top = mg_str_sub(what, 0, mg_str_find(what, '.', 0)), bound = alias ? known : top;
    if (!alias && top.len < what.len) { /* binds the package, which cannot be given another name on this line */
        if (!meaning(c, top).at)
            define(c, top, mg_arena_printf(c->arena, "import %.*s", MG_FMT(top)));
        mg_buf_addf(imports, "import %.*s\n", MG_FMT(what));
        return;
    }
    struct mg_str name = import_name(c, bound, mg_arena_printf(c->arena, "import %.*s", MG_FMT(what)), renames);
    if (mg_str_eq(name, what))
        mg_buf_addf(imports, "import %.*s\n", MG_FMT(what));
    else
        mg_buf_addf(imports, "import %.*s as %.*s\n", MG_FMT(what), MG_FMT(name));
}

static void add_from_import(struct composer *c, struct mg_str module, struct mg_str part, struct renames *renames, struct mg_buf *imports)
{
    struct mg_str what, known;
    read_alias(part, &what, &known);
    struct mg_str name = what;
    if (!mg_str_is(module, "__future__") && !mg_str_is(what, "*"))
        name = import_name(c, known, mg_arena_printf(c->arena, "from %.*s import %.*s", MG_FMT(module), MG_FMT(what)), renames);
    mg_buf_addf(imports, "from %.*s import %.*s", MG_FMT(module), MG_FMT(what));
    if (!mg_str_eq(name, what))
        mg_buf_addf(imports, " as %.*s", MG_FMT(name));
    mg_buf_addc(imports, '\n');
}

static void add_imports(struct composer *c, struct mg_str lines, struct renames *renames, struct mg_buf *imports)
{
    struct mg_str line, part;
    while (mg_str_next_line(&lines, &line)) {
        line = mg_str_trim(line);
        const char *middle = mg_str_starts(line, "from ") ? memmem(line.at, line.len, " import ", 8) : NULL;
        if (mg_str_starts(line, "import ")) {
            for (struct mg_str rest = mg_str_sub(line, 7, line.len); mg_str_next_part(&rest, ',', &part);)
                add_plain_import(c, mg_str_trim(part), renames, imports);
        } else if (middle) {
            struct mg_str module = mg_str_trim(mg_str_sub(line, 5, (size_t)(middle - line.at)));
            struct mg_str rest = mg_str_trim(mg_str_sub(line, (size_t)(middle - line.at) + 8, line.len));
            if (rest.len > 1 && rest.at[0] == '(' && rest.at[rest.len - 1] == ')')
                rest = mg_str_sub(rest, 1, rest.len - 1);
            while (mg_str_next_part(&rest, ',', &part))
                if (mg_str_trim(part).len)
                    add_from_import(c, module, mg_str_trim(part), renames, imports);
        }
    }
}

/* --- one test --- */

/* A test's source, parsed. The last piece is the test. */
struct reading {
    struct mg_module *module;
    struct mg_pieces pieces;
    struct mg_str text;
};

static bool read_source(struct composer *c, struct mg_str text, struct reading *reading)
{
    *reading = (struct reading){ .text = text };
    if (mg_module_parse(text, &reading->module, NULL) != MG_OK)
        return false;
    mg_pieces_read(reading->module, c->arena, &reading->pieces);
    return reading->pieces.len > 0;
}

static struct mg_str piece_text(const struct reading *reading, size_t piece)
{
    return mg_str_sub(reading->text, reading->pieces.at[piece].start, reading->pieces.at[piece].end);
}

/* All that makes and changes the name in this source, as one text. */
static struct mg_str making(const struct composer *c, const struct reading *reading, struct mg_str name)
{
    struct mg_buf text = MG_BUF(SIZE_MAX);
    for (size_t i = 0; i + 1 < reading->pieces.len; i++) {
        const struct mg_piece *piece = &reading->pieces.at[i];
        bool found = false;
        for (size_t b = 0; b < piece->binds.len; b++)
            found |= mg_str_eq(piece->binds.at[b], name);
        for (size_t b = 0; b < piece->changes.len; b++)
            found |= mg_str_eq(piece->changes.at[b], name);
        if (found)
            mg_buf_addf(&text, "%.*s\n", MG_FMT(piece_text(reading, i)));
    }
    return mg_buf_take(&text, c->arena);
}

/* A free name, or one that means just this after the renaming. Fills *renamed with the source under that name. */
static struct mg_str other_name(struct composer *c, const struct reading *reading, struct mg_str name, bool fixture, struct mg_str *renamed)
{
    for (unsigned number = 2;; number++) {
        struct mg_str other = mg_arena_printf(c->arena, "%.*s_%u", MG_FMT(name), number);
        *renamed = mg_renamed(c->arena, reading->text, name, other, fixture);
        if (!meaning(c, other).at)
            return other;
        struct reading again;
        bool same = read_source(c, *renamed, &again) && mg_str_eq(making(c, &again, other), meaning(c, other));
        mg_module_free(again.module);
        if (same)
            return other;
    }
}

/* Renames the first helper whose name means something else in the module. False when there is none. */
static bool rename_one(struct composer *c, struct mg_str *source)
{
    struct reading reading;
    bool renamed = false;
    if (read_source(c, *source, &reading)) {
        for (size_t i = 0; i + 1 < reading.pieces.len && !renamed; i++) {
            const struct mg_piece *piece = &reading.pieces.at[i];
            for (size_t b = 0; b < piece->binds.len && !piece->always && !renamed; b++) {
                struct mg_str name = piece->binds.at[b], known = meaning(c, name);
                if (!known.at || mg_str_eq(known, making(c, &reading, name)))
                    continue;
                struct mg_str text = *source;
                (void)other_name(c, &reading, name, piece->is_fixture, &text);
                renamed = !mg_str_eq(text, *source);
                *source = text;
            }
        }
    }
    mg_module_free(reading.module);
    return renamed;
}

static struct block *new_block(struct composer *c, struct mg_str text, bool plain)
{
    struct block *block = MG_NEW(c->arena, struct block);
    block->text = (struct mg_buf)MG_BUF(SIZE_MAX);
    block->plain = plain;
    mg_buf_add(&block->text, text);
    return block;
}

/* Helpers that are not there yet. */
static void write_helpers(struct composer *c, const struct reading *reading)
{
    bool *known = MG_NEW_ARRAY(c->arena, bool, reading->pieces.len);
    for (size_t i = 0; i + 1 < reading->pieces.len; i++) {
        const struct mg_piece *piece = &reading->pieces.at[i];
        known[i] = true;
        for (size_t b = 0; b < piece->binds.len; b++)
            known[i] &= meaning(c, piece->binds.at[b]).at != NULL;
        if (piece->binds.len == 0)
            known[i] = meaning(c, piece_text(reading, i)).at != NULL;
    }
    for (size_t i = 0; i + 1 < reading->pieces.len; i++) {
        const struct mg_piece *piece = &reading->pieces.at[i];
        struct mg_str text = piece_text(reading, i);
        if (known[i])
            continue;
        *MG_PUSH(c->arena, &c->helpers) = new_block(c, text, piece->inner->kind != N_FUNCTION && piece->inner->kind != N_CLASS);
        for (size_t b = 0; b < piece->binds.len; b++)
            define(c, piece->binds.at[b], making(c, reading, piece->binds.at[b]));
        if (piece->binds.len == 0)
            define(c, text, text);
    }
}

static const struct mg_node *method_of(const struct reading *reading, struct mg_str name)
{
    const struct mg_piece *last = &reading->pieces.at[reading->pieces.len - 1];
    const struct mg_node *body = last->inner->kind == N_CLASS ? mg_node_field(last->inner, F_body) : NULL;
    const struct mg_node *member = body ? mg_node_last_named(body) : NULL;
    const struct mg_node *function = member && member->kind == N_DECORATED ? mg_node_field(member, F_definition) : member;
    bool is_it = function && function->kind == N_FUNCTION && mg_str_eq(mg_node_text(reading->module, mg_node_field(function, F_name)), name);
    return is_it ? member : NULL;
}

/* Where the method's own text begins: its line, or the comments above it. */
static size_t method_start(struct mg_str text, const struct mg_node *method)
{
    size_t start = method->start;
    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    for (size_t line = start; line > 0; start = line) {
        line--;
        while (line > 0 && text.at[line - 1] != '\n')
            line--;
        if (!mg_str_starts(mg_str_trim(mg_str_sub(text, line, start)), "#") || text.at[line] == '#')
            break;
    }
    return start;
}

static struct mg_str trimmed_end(struct mg_str text)
{
    while (text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\r'))
        text.len--;
    return text;
}

/* The class but for its test, and the test. False when the piece is no class with that method as its last member. */
static bool take_apart(const struct reading *reading, struct mg_str name, struct mg_str *shell, struct mg_str *method)
{
    const struct mg_node *member = method_of(reading, name);
    if (!member)
        return false;
    const struct mg_piece *last = &reading->pieces.at[reading->pieces.len - 1];
    size_t start = method_start(reading->text, member);
    *shell = trimmed_end(mg_str_sub(reading->text, last->start, start));
    *method = trimmed_end(mg_str_sub(reading->text, start, last->end));
    return true;
}

/* Into the class that is there, when it is alike; else under a name of its own. */
static void write_method(struct composer *c, struct reading *reading, struct mg_str name)
{
    struct mg_str shell = MG_STR(""), method = MG_STR(""), source = reading->text;
    struct mg_str class = reading->pieces.at[reading->pieces.len - 1].name, own = class;
    for (unsigned number = 2; take_apart(reading, name, &shell, &method); number++) {
        if (!meaning(c, own).at || mg_str_eq(meaning(c, own), shell))
            break;
        own = mg_arena_printf(c->arena, "%.*s_%u", MG_FMT(class), number);
        mg_module_free(reading->module);
        if (!read_source(c, mg_renamed(c->arena, source, class, own, false), reading))
            return;
    }
    struct block *block = meaning(c, own).at ? mg_map_get(&c->shells, shell) : NULL;
    if (block) {
        mg_buf_addf(&block->text, "\n\n%.*s", MG_FMT(method));
        return;
    }
    const struct mg_piece *last = &reading->pieces.at[reading->pieces.len - 1];
    block = new_block(c, mg_str_sub(reading->text, last->start, last->end), false);
    define(c, own, shell);
    *mg_map_slot(&c->shells, mg_arena_str(c->arena, shell)) = block;
    *MG_PUSH(c->arena, &c->written) = block;
}

static void write_function(struct composer *c, const struct reading *reading)
{
    size_t last = reading->pieces.len - 1;
    const struct mg_piece *piece = &reading->pieces.at[last];
    struct mg_str text = trimmed_end(piece_text(reading, last));
    if (piece->inner->kind == N_CLASS) { /* as a whole: another test may have brought it as its base */
        struct mg_str known = meaning(c, piece->name);
        if (known.at && mg_str_eq(trimmed_end(known), text))
            return;
        define(c, piece->name, mg_arena_printf(c->arena, "%.*s\n", MG_FMT(text)));
    } else if (piece->name.len) {
        define(c, piece->name, text);
    }
    *MG_PUSH(c->arena, &c->written) = new_block(c, text, false);
}

/* A name that no test and nothing else in the module has. */
static struct mg_str free_name(struct composer *c, struct mg_str wanted, bool method)
{
    struct mg_str name = wanted;
    for (unsigned number = 2; mg_map_get(&c->tests, name) || (!method && meaning(c, name).at); number++)
        name = mg_arena_printf(c->arena, "%.*s_%u", MG_FMT(wanted), number);
    *mg_map_slot(&c->tests, mg_arena_str(c->arena, name)) = c;
    return name;
}

static void write_test(struct composer *c, const struct mg_suite_test *test, const struct renames *renames)
{
    struct mg_str source = test->source;
    while (source.len && source.at[0] == '\n')
        source = mg_str_sub(source, 1, source.len);
    source = trimmed_end(source);
    for (size_t i = 0; i < renames->from.len; i++)
        source = mg_renamed(c->arena, source, renames->from.at[i], renames->to.at[i], false);
    for (unsigned n = 0; n < MOST_RENAMES && rename_one(c, &source); n++)
        continue;
    struct reading reading;
    if (read_source(c, source, &reading)) {
        bool whole_class = reading.pieces.at[reading.pieces.len - 1].inner->kind == N_CLASS && !method_of(&reading, test->name);
        write_helpers(c, &reading);
        struct mg_str name = whole_class ? test->name : free_name(c, test->name, method_of(&reading, test->name) != NULL);
        if (!mg_str_eq(name, test->name)) {
            mg_module_free(reading.module);
            if (!read_source(c, mg_definition_renamed(c->arena, source, test->name, name), &reading))
                return;
        }
        if (method_of(&reading, name))
            write_method(c, &reading, name);
        else
            write_function(c, &reading);
    } else {
        *MG_PUSH(c->arena, &c->written) = new_block(c, source, false); /* not ours to mend; pytest will say what is wrong with it */
    }
    mg_module_free(reading.module);
}

static void write_blocks(struct block **blocks, size_t count, struct mg_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        bool beside = i > 0 && blocks[i]->plain && blocks[i - 1]->plain;
        mg_buf_addf(out, "%s%.*s\n", beside ? "" : "\n\n", MG_FMT(mg_buf_view(&blocks[i]->text)));
        mg_buf_free(&blocks[i]->text);
    }
}

static struct composer new_composer(struct mg_arena *arena)
{
    struct composer c = { .arena = arena };
    mg_map_init(&c.names, arena);
    mg_map_init(&c.tests, arena);
    mg_map_init(&c.shells, arena);
    return c;
}

void mg_compose_tests(struct mg_arena *arena, const struct mg_suite *suites, size_t count, struct mg_buf *imports, struct mg_buf *tests)
{
    struct composer c = new_composer(arena);
    struct renames *renames = MG_NEW_ARRAY(arena, struct renames, count + 1);
    for (size_t i = 0; i < count; i++)
        add_imports(&c, suites[i].imports, &renames[i], imports);
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < suites[i].tests.len; t++)
            write_test(&c, &suites[i].tests.at[t], &renames[i]);
    write_blocks(c.helpers.at, c.helpers.len, tests);
    write_blocks(c.written.at, c.written.len, tests);
}

/* --- imports of a suite by themselves --- */

void mg_suite_reconcile(struct mg_arena *arena, struct mg_str imports, struct mg_suite *suite)
{
    struct composer c = new_composer(arena);
    struct renames none = { 0 }, renames = { 0 };
    struct mg_buf before = MG_BUF(SIZE_MAX), own = MG_BUF(SIZE_MAX);
    add_imports(&c, imports, &none, &before);
    add_imports(&c, suite->imports, &renames, &own);
    mg_buf_free(&before);
    suite->imports = mg_buf_take(&own, arena);
    for (size_t t = 0; t < suite->tests.len; t++)
        for (size_t i = 0; i < renames.from.len; i++)
            suite->tests.at[t].source = mg_renamed(arena, suite->tests.at[t].source, renames.from.at[i], renames.to.at[i], false);
}

static void note_names(struct mg_arena *arena, struct mg_str source, struct mg_map *names)
{
    struct mg_module *module = NULL;
    if (mg_module_parse(source, &module, NULL) != MG_OK)
        return;
    for (uint32_t n = 0; n < module->nodes->size; n++)
        if (mg_is_variable(&module->nodes[n]))
            *mg_map_slot(names, mg_arena_str(arena, mg_node_text(module, &module->nodes[n]))) = names;
    mg_module_free(module);
}

void mg_suite_trim_imports(struct mg_arena *arena, struct mg_suite *suite)
{
    struct composer c = new_composer(arena);
    struct renames none = { 0 };
    struct mg_map names;
    struct mg_buf single = MG_BUF(SIZE_MAX), kept = MG_BUF(SIZE_MAX);
    mg_map_init(&names, arena);
    for (size_t t = 0; t < suite->tests.len; t++)
        note_names(arena, suite->tests.at[t].source, &names);
    add_imports(&c, suite->imports, &none, &single); /* one name a line */
    struct mg_str rest = mg_buf_view(&single), line;
    while (mg_str_next_line(&rest, &line)) {
        bool from = mg_str_starts(line, "from ");
        struct mg_str what, known, list = line;
        if (from) {
            const char *middle = memmem(line.at, line.len, " import ", 8);
            list = middle ? mg_str_sub(line, (size_t)(middle - line.at) + 1, line.len) : line;
        }
        read_alias(mg_str_sub(list, 7, list.len), &what, &known);
        struct mg_str bound = from ? known : mg_str_sub(known, 0, mg_str_find(known, '.', 0));
        if (mg_str_starts(line, "from __future__ ") || mg_str_is(known, "*") || mg_map_get(&names, bound))
            mg_buf_addf(&kept, "%.*s\n", MG_FMT(line));
    }
    mg_buf_free(&single);
    suite->imports = mg_buf_take(&kept, arena);
}
