/* Taking a test module apart: imports, tests, and the helpers that each test needs. */
#include "base/buf.h"
#include "base/str.h"
#include "python/testmodule.h"
#include "python/tree.h"

/* A top-level statement with the comments right above it. */
struct piece {
    const struct mg_node *node;
    uint32_t start, end;
    struct mg_str name; /* of a function or class */
    bool is_test;
    bool wanted; /* scratch: needed by the test at hand */
};
struct pieces {
    MG_VEC(struct piece)
};

static const struct mg_node *definition(const struct mg_node *node) { return node->kind == N_DECORATED ? mg_node_field(node, F_definition) : node; }

static uint32_t end_of_line(struct mg_str text, uint32_t at)
{
    while (at < text.len && text.at[at] != '\n')
        at++;
    return at;
}

/* The start of the block of comment lines that ends right above `node`. */
static uint32_t start_with_comments(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *first = node;
    for (const struct mg_node *child = mg_node_first(node->parent), *run = NULL; child && child != node; child = mg_node_next(child)) {
        if (child->kind != N_COMMENT || (child->start > 0 && module->text.at[child->start - 1] != '\n'))
            run = NULL;
        else if (!run || child[-1].line + 1 != child->line)
            run = child;
        const struct mg_node *next = mg_node_next(child);
        if (next == node)
            first = run && child->line + 1 == node->line ? run : node;
    }
    return first->start;
}

static struct mg_str import_line(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena)
{
    struct mg_buf line = MG_BUF(SIZE_MAX);
    bool names = false;
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child)) {
        if (child->kind == N_COMMENT || mg_node_is(module, child, "(") || mg_node_is(module, child, ")") || mg_node_is(module, child, ","))
            continue;
        bool keyword = !child->named;
        mg_buf_addf(&line, "%s%.*s", line.len == 0 ? "" : names && !keyword ? ", " : " ", MG_FMT(mg_node_text(module, child)));
        names = mg_node_is(module, child, "import") ? false : !keyword;
    }
    mg_buf_addc(&line, '\n');
    return mg_buf_take(&line, arena);
}

static bool is_main_guard(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *condition = node->kind == N_IF ? mg_node_field(node, F_condition) : NULL;
    return condition && mg_str_contains(mg_node_text(module, condition), "__name__");
}

static void add_piece(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct pieces *pieces)
{
    const struct mg_node *inner = definition(node), *value = node->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(node) : NULL;
    if (is_main_guard(module, node) || (value && value->kind != N_ASSIGNMENT))
        return; /* a docstring, or a call for its effect on the whole session */
    struct piece piece = { .node = node, .start = start_with_comments(module, node) };
    piece.end = end_of_line(module->text, mg_node_last_code(inner)->end);
    if (inner->kind == N_FUNCTION || inner->kind == N_CLASS) {
        piece.name = mg_node_text(module, mg_node_field(inner, F_name));
        piece.is_test = mg_str_starts(piece.name, inner->kind == N_FUNCTION ? "test" : "Test");
    }
    *MG_PUSH(arena, pieces) = piece;
}

static bool mentions(const struct mg_module *module, const struct mg_node *user, struct mg_str name)
{
    for (uint32_t i = 0; i < user->size; i++)
        if (user[i].kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, &user[i]), name))
            return true;
    return false;
}

static bool needs(const struct mg_module *module, const struct piece *user, const struct piece *helper)
{
    if (helper->name.len)
        return mentions(module, user->node, helper->name);
    const struct mg_node *value = mg_node_first_named(helper->node);
    const struct mg_node *names = value && value->kind == N_ASSIGNMENT ? mg_node_field(value, F_left) : helper->node;
    for (uint32_t i = 0; names && i < names->size; i++)
        if (names[i].kind == N_IDENTIFIER && mentions(module, user->node, mg_node_text(module, &names[i])))
            return true;
    return false;
}

/* A test stands alone: what it uses of the module, directly or through another helper, goes in front of it. */
static struct mg_str with_helpers(const struct mg_module *module, struct pieces *pieces, struct piece *test, struct mg_arena *arena)
{
    for (size_t i = 0; i < pieces->len; i++)
        pieces->at[i].wanted = false;
    test->wanted = true;
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < pieces->len; i++)
            for (size_t h = 0; pieces->at[i].wanted && h < pieces->len; h++) {
                struct piece *helper = &pieces->at[h];
                if (!helper->is_test && !helper->wanted && needs(module, &pieces->at[i], helper))
                    again = helper->wanted = true;
            }
    }
    struct mg_buf source = MG_BUF(SIZE_MAX);
    for (size_t i = 0; i < pieces->len; i++)
        if (pieces->at[i].wanted && &pieces->at[i] != test)
            mg_buf_addf(&source, "%.*s\n\n\n", MG_FMT(mg_str_sub(module->text, pieces->at[i].start, pieces->at[i].end)));
    mg_buf_add(&source, mg_str_sub(module->text, test->start, test->end));
    mg_buf_addc(&source, '\n');
    return mg_buf_take(&source, arena);
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
    struct pieces pieces = { 0 };
    struct mg_buf imports = MG_BUF(SIZE_MAX);
    for (const struct mg_node *node = mg_node_first_named(module->nodes); node; node = mg_node_next_named(node)) {
        if (node->kind == N_IMPORT || node->kind == N_IMPORT_FROM || node->kind == N_FUTURE_IMPORT)
            mg_buf_add(&imports, import_line(module, node, arena));
        else
            add_piece(module, node, arena, &pieces);
    }
    suite->imports = mg_buf_take(&imports, arena);
    for (size_t i = 0; i < pieces.len; i++)
        if (pieces.at[i].is_test) {
            struct mg_suite_test test = { .name = mg_arena_str(arena, pieces.at[i].name) };
            test.source = with_helpers(module, &pieces, &pieces.at[i], arena);
            *MG_PUSH(arena, &suite->tests) = test;
        }
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
