/* Taking a test module apart: imports, tests, and the helpers that each test needs. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "python/testmodule.h"
#include "python/testpieces.h"

/* A replacement within the module's text. */
struct edit {
    size_t from, to;
    struct mg_str by;
};
struct edits {
    MG_VEC(struct edit)
};
struct splitter {
    const struct mg_module *module;
    struct mg_pieces pieces;
    struct mg_arena *arena;
    bool knows_pytest; /* `pytest` is the name of pytest in the module */
    bool needs_pytest;
};

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* text[from, to) with the edits that lie in it. */
static void add_edited(struct mg_buf *out, struct mg_str text, size_t from, size_t to, struct edits *edits)
{
    if (edits->len > 0)
        qsort(edits->at, edits->len, sizeof *edits->at, by_place);
    for (size_t i = 0; i < edits->len; i++)
        if (edits->at[i].from >= from && edits->at[i].to <= to) {
            mg_buf_add(out, mg_str_sub(text, from, edits->at[i].from));
            mg_buf_add(out, edits->at[i].by);
            from = edits->at[i].to;
        }
    mg_buf_add(out, mg_str_sub(text, from, to));
}

/* --- imports --- */

static struct mg_str import_line(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena)
{
    struct mg_buf line = MG_BUF(SIZE_MAX);
    bool names = false;
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child)) {
        if (child->kind == N_COMMENT || mg_node_is(module, child, "(") || mg_node_is(module, child, ")") || mg_node_is(module, child, ",") ||
            child->kind == N_LINE_CONTINUATION)
            continue;
        bool keyword = !child->named;
        mg_buf_addf(&line, "%s%.*s", line.len == 0 ? "" : names && !keyword ? ", " : " ", MG_FMT(mg_node_text(module, child)));
        names = mg_node_is(module, child, "import") ? false : !keyword;
    }
    mg_buf_addc(&line, '\n');
    return mg_buf_take(&line, arena);
}

/* --- what pytest does unasked becomes something that the test asks for --- */

/* The expression of a `pytestmark = …`, or its elements; false when one of them cannot be a decorator everywhere. */
static bool add_marks(const struct splitter *s, const struct mg_piece *piece, struct mg_buf *decorators)
{
    const struct mg_node *value = mg_node_unwrapped(mg_node_last_named(mg_node_first_named(piece->node)));
    bool several = value && (value->kind == N_LIST || value->kind == N_TUPLE);
    struct mg_buf own = MG_BUF(SIZE_MAX);
    bool fits = value != NULL;
    for (const struct mg_node *mark = several ? mg_node_first_named(value) : value; mark; mark = several ? mg_node_next_named(mark) : NULL) {
        fits = fits && mg_node_dotted(s->module, mark).len > 0;
        mg_buf_addf(&own, "@%.*s\n", MG_FMT(mg_node_text(s->module, mark)));
    }
    if (fits)
        mg_buf_add(decorators, mg_buf_view(&own));
    mg_buf_free(&own);
    return fits;
}

/* Takes `autouse=True` out of a fixture's decorator. */
static void tame(const struct splitter *s, const struct mg_piece *piece, struct edits *edits)
{
    for (uint32_t n = 0; n < piece->node->size; n++) {
        const struct mg_node *node = &piece->node[n];
        if (node->kind != N_KEYWORD_ARGUMENT || !mg_node_is(s->module, mg_node_field(node, F_name), "autouse") ||
            node->parent->parent->parent == NULL || node->parent->parent->parent->kind != N_DECORATOR)
            continue;
        size_t from = node->start, to = node->end;
        const struct mg_node *before = NULL, *next = mg_node_next_named(node);
        for (const struct mg_node *child = mg_node_first_named(node->parent); child != node; child = mg_node_next_named(child))
            before = child;
        if (before)
            from = before->end;
        else if (next)
            to = next->start;
        *MG_PUSH(s->arena, edits) = (struct edit){ from, to, MG_STR("") };
        return;
    }
}

/* The name that tests ask for a fixture by. */
static struct mg_str fixture_name(const struct mg_piece *piece) { return piece->binds.at[piece->binds.len - 1]; }

/* Marks what every test needs, and gathers the decorators that say so. */
static void want_unasked(struct splitter *s, bool whole, bool *wanted, bool *written, struct edits *edits, struct mg_buf *decorators)
{
    struct mg_buf names = MG_BUF(SIZE_MAX);
    for (size_t i = 0; i < s->pieces.len; i++) {
        const struct mg_piece *piece = &s->pieces.at[i];
        if (piece->dropped || !(piece->always || piece->is_autouse || piece->is_marks))
            continue;
        mg_pieces_want(&s->pieces, i, wanted);
        if (whole)
            continue;
        if (piece->is_autouse) {
            tame(s, piece, edits);
            mg_buf_addf(&names, "%s\"%.*s\"", names.len ? ", " : "", MG_FMT(fixture_name(piece)));
        } else if (piece->is_marks) {
            written[i] = add_marks(s, piece, decorators);
        }
    }
    if (names.len > 0) {
        mg_buf_addf(decorators, "@pytest.mark.usefixtures(%.*s)\n", MG_FMT(mg_buf_view(&names)));
        s->needs_pytest = true;
    }
    mg_buf_free(&names);
}

/* --- tests --- */

static size_t line_start(struct mg_str text, size_t at)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* The start of the line of a class's member, or of the comments right above it. */
static size_t member_start(struct mg_str text, const struct mg_node *member, size_t floor)
{
    size_t start = line_start(text, member->start);
    while (start > floor) {
        size_t line = line_start(text, start - 1);
        if (line < floor || !mg_str_starts(mg_str_trim(mg_str_sub(text, line, start)), "#"))
            break;
        start = line;
    }
    return start < floor ? floor : start;
}

static size_t member_end(struct mg_str text, const struct mg_node *member)
{
    const struct mg_node *inner = member->kind == N_DECORATED ? mg_node_field(member, F_definition) : member;
    return mg_str_find(text, '\n', mg_node_last_code(inner ? inner : member)->end);
}

/* The class without its other tests; the test comes last, so that classes that are alike can be written as one. */
static void add_method(const struct splitter *s, const struct mg_test_place *test, struct edits *edits, struct mg_buf *out)
{
    struct mg_str text = s->module->text;
    const struct mg_piece *piece = &s->pieces.at[test->piece];
    const struct mg_node *body = mg_node_field(test->class, F_body), *first = mg_node_first_named(body);
    size_t at = mg_str_find(text, '\n', first->start > 0 ? mg_node_field(test->class, F_name)->end : 0);
    const struct mg_node *bases = mg_node_field(test->class, F_superclasses);
    if (bases)
        at = mg_str_find(text, '\n', bases->end);
    at = at + 1 < first->start ? at + 1 : line_start(text, first->start);
    add_edited(out, text, piece->start, member_start(text, first, at), edits);
    bool any = false;
    for (const struct mg_node *member = first; member; member = mg_node_next_named(member)) {
        size_t start = member_start(text, member, at), end = member_end(text, member);
        if (!mg_is_test_member(s->module, member)) {
            mg_buf_addf(out, "%s%.*s\n", any ? "\n" : "", MG_FMT(mg_str_sub(text, start, end)));
            any = true;
        }
        at = end + 1;
    }
    mg_buf_adds(out, any ? "\n" : "");
    size_t floor = line_start(text, test->member->start), start = floor;
    const struct mg_node *before = NULL;
    for (const struct mg_node *member = first; member != test->member; member = mg_node_next_named(member))
        before = member;
    if (before)
        start = member_start(text, test->member, member_end(text, before) + 1);
    else
        start = member_start(text, test->member, mg_str_find(text, '\n', mg_node_field(test->class, F_name)->end) + 1);
    add_edited(out, text, start < floor ? start : floor, member_end(text, test->member), edits);
}

static bool is_class_piece(const struct mg_piece *piece) { return piece->inner->kind == N_CLASS; }

static void add_test(struct splitter *s, const struct mg_test_place *test, struct mg_suite *suite)
{
    const struct mg_piece *own = &s->pieces.at[test->piece];
    bool *wanted = MG_NEW_ARRAY(s->arena, bool, s->pieces.len), *written = MG_NEW_ARRAY(s->arena, bool, s->pieces.len);
    struct edits edits = { 0 };
    struct mg_buf source = MG_BUF(SIZE_MAX), decorators = MG_BUF(SIZE_MAX);
    mg_pieces_want(&s->pieces, test->piece, wanted);
    want_unasked(s, !test->function && !is_class_piece(own), wanted, written, &edits, &decorators);
    written[test->piece] = true;
    for (size_t i = 0; i < s->pieces.len; i++) {
        const struct mg_piece *piece = &s->pieces.at[i];
        if (!wanted[i] || written[i] || piece->is_import || piece->dropped)
            continue;
        add_edited(&source, s->module->text, piece->start, piece->end, &edits);
        mg_buf_adds(&source, "\n\n\n");
    }
    const struct mg_node *name = test->function ? mg_node_field(test->function, F_name) : NULL;
    if (name && !mg_str_eq(mg_node_text(s->module, name), test->name))
        *MG_PUSH(s->arena, &edits) = (struct edit){ name->start, name->end, test->name };
    if (decorators.len > 0)
        *MG_PUSH(s->arena, &edits) = (struct edit){ own->node->start, own->node->start, mg_buf_take(&decorators, s->arena) };
    if (test->class)
        add_method(s, test, &edits, &source);
    else
        add_edited(&source, s->module->text, own->start, own->end, &edits);
    mg_buf_addc(&source, '\n');
    *MG_PUSH(s->arena, &suite->tests) =
        (struct mg_suite_test){ .name = mg_arena_str(s->arena, test->name), .source = mg_buf_take(&source, s->arena) };
}

static enum mg_code find_break(const struct mg_module *module, struct mg_err *err)
{
    for (size_t i = 1; i < module->node_count; i++)
        if (module->nodes[i].broken && (module->nodes[i].kind == N_ERROR || module->nodes[i].size == 1))
            return MG_FAIL(err, MG_E_PARSE, "line %u: not understood as Python", module->nodes[i].line);
    return MG_OK;
}

static void split(const struct mg_module *module, struct mg_arena *arena, struct mg_suite *suite)
{
    struct splitter s = { .module = module, .arena = arena };
    struct mg_buf imports = MG_BUF(SIZE_MAX);
    mg_pieces_read(module, arena, &s.pieces);
    for (size_t i = 0; i < s.pieces.len; i++) {
        if (!s.pieces.at[i].is_import)
            continue;
        struct mg_str line = import_line(module, s.pieces.at[i].node, arena);
        s.knows_pytest |= mg_str_is(line, "import pytest\n");
        mg_buf_add(&imports, line);
    }
    for (size_t i = 0; i < s.pieces.tests.len; i++)
        add_test(&s, &s.pieces.tests.at[i], suite);
    if (s.needs_pytest && !s.knows_pytest)
        mg_buf_adds(&imports, "import pytest\n");
    suite->imports = mg_buf_take(&imports, arena);
}

enum mg_code mg_testmodule_split(struct mg_arena *arena, struct mg_str text, struct mg_suite *suite, struct mg_err *err)
{
    struct mg_module *module = NULL;
    *suite = (struct mg_suite){ 0 };
    MG_TRY(mg_module_parse(text, &module, err));
    enum mg_code code = find_break(module, err);
    if (code == MG_OK)
        split(module, arena, suite);
    mg_module_free(module);
    return code;
}
