/* Reads a test module into pieces and finds its tests. */
#include "python/testpieces.h"

#include <string.h>

#include "base/str.h"

static const char *const unasked[] = { "setup_module",   "teardown_module",       "setup_function", "teardown_function", "setUpModule",
                                       "tearDownModule", "pytest_generate_tests", "pytest_plugins", "collect_ignore",    "load_tests" };

struct mg_str mg_string_content(const struct mg_module *module, const struct mg_node *node)
{
    if (!node || node->kind != N_STRING || mg_node_contains(node, N_INTERPOLATION))
        return MG_STR("");
    struct mg_str text = mg_node_text(module, node);
    size_t at = 0;
    while (at < text.len && text.at[at] != '"' && text.at[at] != '\'')
        at++;
    size_t quotes = text.len - at >= 6 && text.at[at + 1] == text.at[at] && text.at[at + 2] == text.at[at] ? 3 : 1;
    if (text.len < at + 2 * quotes || memchr(text.at, '\\', text.len))
        return MG_STR("");
    return mg_str_sub(text, at + quotes, text.len - quotes);
}

bool mg_is_variable(const struct mg_node *node)
{
    if (node->kind != N_IDENTIFIER || node->field == F_attribute)
        return false;
    return !(node->field == F_name && node->parent && node->parent->kind == N_KEYWORD_ARGUMENT);
}

/* --- what a statement binds --- */

static void bind(struct mg_arena *arena, struct mg_piece *piece, struct mg_str name)
{
    for (size_t i = 0; i < piece->binds.len; i++)
        if (mg_str_eq(piece->binds.at[i], name))
            return;
    if (name.len > 0)
        *MG_PUSH(arena, &piece->binds) = name;
}

static void change(struct mg_arena *arena, struct mg_piece *piece, struct mg_str name)
{
    for (size_t i = 0; i < piece->changes.len; i++)
        if (mg_str_eq(piece->changes.at[i], name))
            return;
    if (name.len > 0)
        *MG_PUSH(arena, &piece->changes) = name;
}

static struct mg_str root_of(const struct mg_module *module, const struct mg_node *node)
{
    while (node && (node->kind == N_ATTRIBUTE || node->kind == N_SUBSCRIPT || node->kind == N_CALL))
        node = mg_node_first_named(node);
    return node && node->kind == N_IDENTIFIER ? mg_node_text(module, node) : MG_STR("");
}

/* `a`, `a, b`, `a[0]`, `a.b` on the left of something. */
static void bind_pattern(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_piece *piece)
{
    if (!node)
        return;
    if (node->kind == N_IDENTIFIER) {
        bind(arena, piece, mg_node_text(module, node));
        return;
    }
    if (node->kind == N_ATTRIBUTE || node->kind == N_SUBSCRIPT) {
        change(arena, piece, root_of(module, node));
        return;
    }
    for (const struct mg_node *child = mg_node_first_named(node); child; child = mg_node_next_named(child))
        bind_pattern(module, child, arena, piece);
}

static void bind_import(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_piece *piece)
{
    const struct mg_node *child = mg_node_first_named(node);
    if (node->kind == N_IMPORT_FROM)
        child = child ? mg_node_next_named(child) : NULL; /* behind the module */
    for (; child; child = mg_node_next_named(child)) {
        const struct mg_node *alias = mg_node_field(child, F_alias);
        struct mg_str name = mg_node_text(module, alias ? alias : child);
        bind(arena, piece, mg_str_sub(name, 0, mg_str_find(name, '.', 0)));
    }
}

static void bind_all(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_piece *piece)
{
    switch (node->kind) {
    case N_FUNCTION:
    case N_CLASS:
        bind(arena, piece, mg_node_text(module, mg_node_field(node, F_name)));
        return;
    case N_IMPORT:
    case N_IMPORT_FROM:
        bind_import(module, node, arena, piece);
        return;
    case N_AUGMENTED:
        change(arena, piece, root_of(module, mg_node_field(node, F_left)));
        break;
    case N_ASSIGNMENT:
    case N_FOR:
        bind_pattern(module, mg_node_field(node, F_left), arena, piece);
        break;
    case N_EXPRESSION_STATEMENT:
        if (mg_node_first_named(node) && mg_node_first_named(node)->kind == N_CALL)
            change(arena, piece, root_of(module, mg_node_first_named(node)));
        break;
    case N_LAMBDA:
        return;
    default:
        break;
    }
    for (const struct mg_node *child = mg_node_first_named(node); child; child = mg_node_next_named(child))
        bind_all(module, child, arena, piece);
}

/* --- pieces --- */

static size_t end_of_line(struct mg_str text, size_t at) { return mg_str_find(text, '\n', at); }

/* The start of the block of comment lines that ends right above `node`. */
static size_t start_with_comments(const struct mg_module *module, const struct mg_node *node)
{
    size_t start = node->start;
    while (start > 0 && module->text.at[start - 1] == '\n') {
        size_t line = start - 1;
        while (line > 0 && module->text.at[line - 1] != '\n')
            line--;
        if (module->text.at[line] != '#')
            break;
        start = line;
    }
    return start;
}

static bool is_main_guard(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *condition = node->kind == N_IF ? mg_node_field(node, F_condition) : NULL;
    return condition && mg_str_contains(mg_node_text(module, condition), "__name__");
}

static const struct mg_node *decorator_call(const struct mg_module *module, const struct mg_node *node, const char *last)
{
    for (const struct mg_node *child = node->kind == N_DECORATED ? mg_node_first_named(node) : NULL; child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR && mg_str_is(mg_last_component(mg_node_dotted(module, mg_node_first_named(child))), last))
            return mg_node_first_named(child);
    return NULL;
}

/* The value of `key=` in a call, or NULL. */
static const struct mg_node *keyword(const struct mg_module *module, const struct mg_node *call, const char *key)
{
    const struct mg_node *arguments = call && call->kind == N_CALL ? mg_node_field(call, F_arguments) : NULL;
    for (const struct mg_node *child = arguments ? mg_node_first_named(arguments) : NULL; child; child = mg_node_next_named(child))
        if (child->kind == N_KEYWORD_ARGUMENT && mg_node_is(module, mg_node_field(child, F_name), key))
            return mg_node_field(child, F_value);
    return NULL;
}

static bool is_test_class(const struct mg_module *module, const struct mg_node *class, struct mg_str name)
{
    const struct mg_node *bases = mg_node_field(class, F_superclasses);
    return mg_str_starts(name, "Test") || (bases && mg_str_contains(mg_node_text(module, bases), "TestCase"));
}

/* A statement that holds test functions under a condition. */
static bool holds_tests(const struct mg_module *module, const struct mg_node *node)
{
    for (uint32_t i = 0; i < node->size; i++)
        if (node[i].kind == N_FUNCTION && mg_str_starts(mg_node_text(module, mg_node_field(&node[i], F_name)), "test"))
            return true;
    return false;
}

static void describe_definition(const struct mg_module *module, struct mg_arena *arena, struct mg_piece *piece)
{
    const struct mg_node *fixture = decorator_call(module, piece->node, "fixture");
    piece->name = mg_node_text(module, mg_node_field(piece->inner, F_name));
    piece->is_fixture = piece->inner->kind == N_FUNCTION && fixture;
    if (piece->inner->kind == N_CLASS)
        piece->is_test =
            is_test_class(module, piece->inner, piece->name) && (holds_tests(module, piece->inner) || mg_node_field(piece->inner, F_superclasses));
    else
        piece->is_test = !piece->is_fixture && mg_str_starts(piece->name, "test");
    if (!piece->is_fixture)
        return;
    const struct mg_node *autouse = keyword(module, fixture, "autouse");
    piece->is_autouse = autouse && autouse->kind == N_TRUE;
    bind(arena, piece, mg_string_content(module, keyword(module, fixture, "name")));
}

static void describe(const struct mg_module *module, struct mg_arena *arena, struct mg_piece *piece)
{
    const struct mg_node *node = piece->node, *value = node->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(node) : NULL;
    piece->is_import = node->kind == N_IMPORT || node->kind == N_IMPORT_FROM || node->kind == N_FUTURE_IMPORT;
    bind_all(module, piece->inner, arena, piece);
    if (piece->inner->kind == N_FUNCTION || piece->inner->kind == N_CLASS)
        describe_definition(module, arena, piece);
    else if (!piece->is_import && node->kind != N_EXPRESSION_STATEMENT && !is_main_guard(module, node))
        piece->is_test = holds_tests(module, node);
    for (size_t i = 0; i < MG_COUNT(unasked); i++)
        for (size_t b = 0; b < piece->binds.len; b++)
            piece->always |= mg_str_is(piece->binds.at[b], unasked[i]);
    if (value && value->kind == N_CALL && mg_str_is(mg_last_component(mg_node_dotted(module, value)), "importorskip"))
        piece->always = true;
    piece->is_marks = value && value->kind == N_ASSIGNMENT && mg_node_is(module, mg_node_field(value, F_left), "pytestmark");
    bool assigns = value && (value->kind == N_ASSIGNMENT || value->kind == N_AUGMENTED);
    piece->dropped = is_main_guard(module, node) || (value && !assigns && value->kind != N_CALL);
}

/* A call stays only when it changes something that the module itself has made. */
static void drop_effects(struct mg_pieces *pieces, const struct mg_map *own)
{
    for (size_t i = 0; i < pieces->len; i++) {
        struct mg_piece *piece = &pieces->at[i];
        const struct mg_node *value = piece->node->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(piece->node) : NULL;
        bool effect = value && !piece->always && piece->binds.len == 0 && (piece->changes.len > 0 || value->kind == N_CALL);
        if (effect && (piece->changes.len == 0 || !mg_map_get(own, piece->changes.at[0])))
            piece->dropped = true;
        if (effect && value->kind == N_CALL && mg_node_field(value, F_function)->kind == N_IDENTIFIER)
            piece->dropped = true;
        for (size_t later = i + 1; piece->is_test && piece->name.len && later < pieces->len; later++)
            piece->dropped |= mg_str_eq(pieces->at[later].name, piece->name);
    }
}

/* --- who needs whom --- */

struct binders {
    MG_VEC(size_t)
};

static void note_binder(struct mg_arena *arena, struct mg_map *by_name, struct mg_str name, size_t piece)
{
    void **slot = mg_map_slot(by_name, name);
    if (!*slot)
        *slot = MG_NEW(arena, struct binders);
    *MG_PUSH(arena, (struct binders *)*slot) = piece;
}

static void need(struct mg_pieces *pieces, struct mg_piece *user, const struct mg_map *by_name, struct mg_str name)
{
    const struct binders *binders = mg_map_get(by_name, name);
    for (size_t i = 0; binders && i < binders->len; i++) {
        const struct mg_piece *helper = &pieces->at[binders->at[i]];
        bool known = helper == user || helper->dropped || (helper->is_test && helper->inner->kind != N_CLASS);
        for (size_t n = 0; n < user->needs.len && !known; n++)
            known = user->needs.at[n] == binders->at[i];
        if (!known)
            *MG_PUSH(pieces->arena, &user->needs) = binders->at[i];
    }
}

static void connect(struct mg_pieces *pieces, const struct mg_map *by_name)
{
    for (size_t i = 0; i < pieces->len; i++) {
        struct mg_piece *user = &pieces->at[i];
        for (uint32_t n = 0; n < user->node->size && !user->dropped; n++) {
            const struct mg_node *node = &user->node[n];
            if (mg_is_variable(node))
                need(pieces, user, by_name, mg_node_text(pieces->module, node));
            else if (node->kind == N_STRING && mg_string_content(pieces->module, node).len) /* a fixture may be named by a string */
                need(pieces, user, by_name, mg_string_content(pieces->module, node));
        }
    }
}

static bool is_needed_by(const struct mg_piece *user, size_t piece)
{
    for (size_t i = 0; i < user->needs.len; i++)
        if (user->needs.at[i] == piece)
            return true;
    return false;
}

/* A name that is defined several times: what took its earlier meaning in between (`Old = C`) belongs to it, or would get another one. */
static void keep_order(struct mg_pieces *pieces, const struct mg_map *by_name)
{
    for (size_t s = 0; s < by_name->cap; s++) {
        const struct binders *binders = by_name->slots[s].value;
        if (!binders || binders->len < 2)
            continue;
        size_t first = binders->at[0], last = binders->at[binders->len - 1];
        for (size_t i = first + 1; i < last; i++) {
            const struct mg_piece *between = &pieces->at[i];
            if (!between->is_test && !between->dropped && between->inner->kind != N_FUNCTION && is_needed_by(between, first) &&
                !is_needed_by(&pieces->at[last], i))
                *MG_PUSH(pieces->arena, &pieces->at[last].needs) = i;
        }
    }
}

void mg_pieces_want(const struct mg_pieces *pieces, size_t piece, bool *wanted)
{
    if (wanted[piece])
        return;
    wanted[piece] = true;
    for (size_t i = 0; i < pieces->at[piece].needs.len; i++)
        mg_pieces_want(pieces, pieces->at[piece].needs.at[i], wanted);
}

/* --- tests --- */

static const struct mg_node *definition(const struct mg_node *node) { return node->kind == N_DECORATED ? mg_node_field(node, F_definition) : node; }

bool mg_is_test_member(const struct mg_module *module, const struct mg_node *member)
{
    const struct mg_node *function = definition(member);
    return function && function->kind == N_FUNCTION && mg_str_starts(mg_node_text(module, mg_node_field(function, F_name)), "test") &&
           !decorator_call(module, member, "fixture");
}

/* Taken method by method, unless classes nest or derive from one another, or its members name its test methods. */
static bool comes_apart(const struct mg_pieces *pieces, const struct mg_piece *piece)
{
    const struct mg_module *module = pieces->module;
    const struct mg_node *bases = mg_node_field(piece->inner, F_superclasses);
    for (size_t i = 0; i < pieces->len; i++) {
        const struct mg_piece *other = &pieces->at[i];
        if (other == piece || other->inner->kind != N_CLASS || other->dropped)
            continue;
        const struct mg_node *its = mg_node_field(other->inner, F_superclasses);
        for (uint32_t n = 0; its && n < its->size; n++)
            if (mg_is_variable(&its[n]) && mg_node_is(module, &its[n], mg_arena_cstr(pieces->arena, piece->name)))
                return false;
        for (uint32_t n = 0; bases && other->is_test && n < bases->size; n++)
            if (mg_is_variable(&bases[n]) && mg_str_eq(mg_node_text(module, &bases[n]), other->name))
                return false;
    }
    const struct mg_node *body = mg_node_field(piece->inner, F_body);
    bool any = false;
    for (const struct mg_node *member = mg_node_first_named(body); member; member = mg_node_next_named(member)) {
        any |= mg_is_test_member(module, member);
        if (definition(member) && definition(member)->kind == N_CLASS && holds_tests(module, member))
            return false;
    }
    if (!any)
        return false; /* its tests are inherited */
    for (uint32_t n = 0; n < body->size; n++)
        if (body[n].kind == N_IDENTIFIER && body[n].field != F_name && mg_str_starts(mg_node_text(module, &body[n]), "test")) {
            for (const struct mg_node *member = mg_node_first_named(body); member; member = mg_node_next_named(member))
                if (mg_is_test_member(module, member) &&
                    mg_str_eq(mg_node_text(module, mg_node_field(definition(member), F_name)), mg_node_text(module, &body[n])))
                    return false;
        }
    return true;
}

static void add_test(struct mg_pieces *pieces, struct mg_map *names, struct mg_test_place test)
{
    struct mg_str wanted = test.name;
    for (unsigned number = 2; mg_map_get(names, test.name); number++)
        test.name = mg_arena_printf(pieces->arena, "%.*s_%u", MG_FMT(wanted), number);
    *mg_map_slot(names, test.name) = names;
    *MG_PUSH(pieces->arena, &pieces->tests) = test;
}

static bool is_defined_again(const struct mg_module *module, const struct mg_node *member)
{
    struct mg_str name = mg_node_text(module, mg_node_field(definition(member), F_name));
    while ((member = mg_node_next_named(member)))
        if (mg_is_test_member(module, member) && mg_str_eq(mg_node_text(module, mg_node_field(definition(member), F_name)), name))
            return true;
    return false;
}

static void find_tests(struct mg_pieces *pieces)
{
    const struct mg_module *module = pieces->module;
    struct mg_map names;
    mg_map_init(&names, pieces->arena);
    for (size_t i = 0; i < pieces->len; i++) {
        const struct mg_piece *piece = &pieces->at[i];
        if (!piece->is_test || piece->dropped)
            continue;
        struct mg_test_place test = { .name = piece->name, .piece = i };
        if (piece->inner->kind == N_FUNCTION) {
            test.function = piece->inner;
            test.member = piece->node;
            add_test(pieces, &names, test);
        } else if (piece->inner->kind == N_CLASS && comes_apart(pieces, piece)) {
            const struct mg_node *body = mg_node_field(piece->inner, F_body);
            for (const struct mg_node *member = mg_node_first_named(body); member; member = mg_node_next_named(member)) {
                if (!mg_is_test_member(module, member) || is_defined_again(module, member))
                    continue;
                test.function = definition(member);
                test.member = member;
                test.class = piece->inner;
                test.name = mg_node_text(module, mg_node_field(test.function, F_name));
                add_test(pieces, &names, test);
            }
        } else {
            for (uint32_t n = 0; test.name.len == 0 && n < piece->node->size; n++)
                if (piece->node[n].kind == N_FUNCTION && mg_str_starts(mg_node_text(module, mg_node_field(&piece->node[n], F_name)), "test"))
                    test.name = mg_node_text(module, mg_node_field(&piece->node[n], F_name));
            add_test(pieces, &names, test);
        }
    }
}

void mg_pieces_read(const struct mg_module *module, struct mg_arena *arena, struct mg_pieces *pieces)
{
    *pieces = (struct mg_pieces){ .module = module, .arena = arena };
    struct mg_map by_name, own;
    mg_map_init(&by_name, arena);
    mg_map_init(&own, arena);
    for (const struct mg_node *node = mg_node_first_named(module->nodes); node; node = mg_node_next_named(node)) {
        struct mg_piece piece = { .node = node, .inner = definition(node) ? definition(node) : node, .start = start_with_comments(module, node) };
        piece.end = end_of_line(module->text, mg_node_last_code(piece.inner)->end);
        describe(module, arena, &piece);
        for (size_t b = 0; b < piece.binds.len && !piece.is_import; b++)
            *mg_map_slot(&own, piece.binds.at[b]) = &own;
        *MG_PUSH(arena, pieces) = piece;
    }
    drop_effects(pieces, &own);
    for (size_t i = 0; i < pieces->len; i++) {
        const struct mg_piece *piece = &pieces->at[i];
        for (size_t b = 0; b < piece->binds.len && !piece->is_import; b++)
            note_binder(arena, &by_name, piece->binds.at[b], i);
        for (size_t b = 0; b < piece->changes.len; b++)
            note_binder(arena, &by_name, piece->changes.at[b], i);
    }
    connect(pieces, &by_name);
    keep_order(pieces, &by_name);
    find_tests(pieces);
}
