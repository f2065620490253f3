/* Parsing: tree-sitter's tree is copied into our flat array in one walk. */
#include "python/syntax.h"

#include <pthread.h>
#include <string.h>
#include <tree_sitter/api.h>

#include "base/str.h"
#include "python/tree.h"

#define MAGIC 0x6d676d6fu
#define LARGEST_TEXT ((size_t)64 << 20)
#define DEEPEST 10000u     /* CPython's own compiler gives up far earlier */
#define WORK_PER_BYTE 100u /* parser steps; error recovery on hostile text may take many, real code needs about one */

extern const TSLanguage *tree_sitter_python(void);

/* The grammar's numbers for our names, looked up once per process. */
static struct {
    uint8_t kind_of[1024]; /* by symbol */
    uint32_t symbols;
    uint8_t field_of[256]; /* by field id */
    const char *missing;   /* a name that the grammar does not know */
} grammar;
static pthread_once_t grammar_once = PTHREAD_ONCE_INIT;

static void resolve_grammar(void)
{
#define KIND_NAME(name, text) text,
#define FIELD_NAME(name) #name,
    static const char *const kinds[] = { MG_NODE_KINDS(KIND_NAME) };
    static const char *const fields[] = { MG_NODE_FIELDS(FIELD_NAME) };
    const TSLanguage *language = tree_sitter_python();
    grammar.symbols = ts_language_symbol_count(language);
    if (grammar.symbols > MG_COUNT(grammar.kind_of))
        grammar.missing = "a smaller symbol table";
    for (size_t k = 0; k < MG_COUNT(kinds); k++) {
        bool found = false;
        /* Aliases give one name several symbols. */
        for (uint32_t s = 0; s < grammar.symbols && s < MG_COUNT(grammar.kind_of); s++)
            if (ts_language_symbol_type(language, (TSSymbol)s) == TSSymbolTypeRegular &&
                !strcmp(ts_language_symbol_name(language, (TSSymbol)s), kinds[k])) {
                grammar.kind_of[s] = (uint8_t)(k + N_ERROR + 1);
                found = true;
            }
        if (!found)
            grammar.missing = kinds[k];
    }
    for (size_t f = 0; f < MG_COUNT(fields); f++) {
        TSFieldId id = ts_language_field_id_for_name(language, fields[f], (uint32_t)strlen(fields[f]));
        if (id == 0 || id >= MG_COUNT(grammar.field_of))
            grammar.missing = fields[f];
        else
            grammar.field_of[id] = (uint8_t)(f + 1);
    }
}

static bool is_pragma(struct mg_str comment) { return mg_str_contains(comment, "pragma: no mutate") || mg_str_contains(comment, "pragma: no cover"); }

static void mark_broken(struct mg_node *nodes, const struct mg_node *node)
{
    while (node && !node->broken) {
        nodes[node - nodes].broken = true;
        node = node->parent;
    }
}

static void fill(struct mg_module *module, struct mg_node *node, TSNode from, const struct mg_node *parent, TSFieldId field)
{
    TSSymbol symbol = ts_node_symbol(from);
    node->parent = parent;
    node->start = ts_node_start_byte(from);
    node->end = ts_node_end_byte(from);
    node->line = ts_node_start_point(from).row + 1;
    TSPoint end = ts_node_end_point(from);
    /* A node that ends behind a newline has its last byte on the line before. */
    node->end_line = end.column == 0 && end.row + 1 > node->line ? end.row : end.row + 1;
    node->named = ts_node_is_named(from);
    node->kind = symbol < grammar.symbols ? grammar.kind_of[symbol] : (uint8_t)N_ERROR;
    node->field = field < MG_COUNT(grammar.field_of) ? grammar.field_of[field] : (uint8_t)F_NONE;
    if (node->kind == N_ERROR || ts_node_is_missing(from))
        mark_broken(module->nodes, node);
    else if (node->kind == N_FUNCTION)
        *MG_PUSH(module->arena, &module->functions) = node;
    else if (node->kind == N_COMMENT && is_pragma(mg_str_sub(module->text, node->start, node->end)))
        *MG_PUSH(module->arena, &module->skipped_lines) = node->line;
}

static enum mg_code flatten(struct mg_module *module, TSNode root, struct mg_err *err)
{
    size_t cap = ts_node_descendant_count(root);
    module->nodes = MG_NEW_ARRAY(module->arena, struct mg_node, cap);
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    struct mg_node *node = NULL;
    size_t count = 0, depth = 0;
    enum mg_code code = MG_OK;
    /* `above` is the node whose children are being read. */
    struct mg_node *above = NULL;
    for (;;) {
        if (count == cap) { /* cannot happen: the tree said how many there are */
            code = MG_FAIL(err, MG_E_PARSE, "the parser's tree is inconsistent");
            break;
        }
        node = &module->nodes[count++];
        fill(module, node, ts_tree_cursor_current_node(&cursor), above, ts_tree_cursor_current_field_id(&cursor));
        if (ts_tree_cursor_goto_first_child(&cursor)) {
            if (++depth > DEEPEST) {
                code = MG_FAIL(err, MG_E_LIMIT, "line %u: nested more than %u levels deep", node->line, DEEPEST);
                break;
            }
            above = node;
            continue;
        }
        node->size = 1;
        while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
            node->last = true;
            if (!ts_tree_cursor_goto_parent(&cursor)) {
                node = NULL;
                break;
            }
            depth--;
            node = above;
            node->size = (uint32_t)(&module->nodes[count] - node);
            above = node->parent ? &module->nodes[node->parent - module->nodes] : NULL;
        }
        if (!node)
            break;
    }
    ts_tree_cursor_delete(&cursor);
    module->node_count = count;
    return code;
}

struct reader {
    struct mg_str text;
    uint64_t steps, limit;
};

static const char *read_chunk(void *payload, uint32_t byte, TSPoint point, uint32_t *length)
{
    (void)point;
    const struct reader *reader = payload;
    if (byte >= reader->text.len) {
        *length = 0;
        return "";
    }
    *length = (uint32_t)(reader->text.len - byte);
    return reader->text.at + byte;
}

/* Called every hundred steps or so; true stops the parser. */
static bool out_of_patience(TSParseState *state)
{
    struct reader *reader = state->payload;
    reader->steps += 100;
    return reader->steps > reader->limit;
}

static enum mg_code parse_tree(struct mg_str text, TSTree **tree, struct mg_err *err)
{
    TSParser *parser = ts_parser_new();
    if (!parser || !ts_parser_set_language(parser, tree_sitter_python())) {
        ts_parser_delete(parser);
        return MG_FAIL(err, MG_E_PARSE, "the Python grammar does not fit the parser");
    }
    struct reader reader = { .text = text, .limit = 1000000 + (uint64_t)text.len * WORK_PER_BYTE };
    TSInput input = { .payload = &reader, .read = read_chunk, .encoding = TSInputEncodingUTF8 };
    TSParseOptions options = { .payload = &reader, .progress_callback = out_of_patience };
    *tree = ts_parser_parse_with_options(parser, NULL, input, options);
    ts_parser_delete(parser);
    return *tree ? MG_OK : MG_FAIL(err, MG_E_LIMIT, "the file is too hard to parse");
}

/* The root is an error, or one error holds the whole text. */
static const struct mg_node *find_ruin(const struct mg_module *module)
{
    const struct mg_node *root = module->nodes, *first = mg_node_first_named(root);
    if (root->kind != N_MODULE)
        return root;
    return first && first->kind == N_ERROR && !mg_node_next_named(first) ? first : NULL;
}

static enum mg_code check_text(struct mg_str text, struct mg_err *err)
{
    if (text.len > LARGEST_TEXT)
        return MG_FAIL(err, MG_E_LIMIT, "the file has %zu bytes, more than %zu", text.len, LARGEST_TEXT);
    if (text.len && memchr(text.at, 0, text.len))
        return MG_FAIL(err, MG_E_PARSE, "the file holds a NUL byte");
    if (!mg_str_is_utf8(text))
        return MG_FAIL(err, MG_E_PARSE, "the file is not UTF-8");
    return MG_OK;
}

enum mg_code mg_module_parse(struct mg_str text, struct mg_module **module, struct mg_err *err)
{
    *module = NULL;
    pthread_once(&grammar_once, resolve_grammar);
    if (grammar.missing)
        return MG_FAIL(err, MG_E_PARSE, "the Python grammar lacks '%s'", grammar.missing);
    MG_TRY(check_text(text, err));
    TSTree *tree = NULL;
    MG_TRY(parse_tree(text, &tree, err));

    struct mg_arena *arena = mg_arena_new();
    struct mg_module *made = MG_NEW(arena, struct mg_module);
    made->magic = MAGIC;
    made->arena = arena;
    made->text = text;
    enum mg_code code = flatten(made, ts_tree_root_node(tree), err);
    ts_tree_delete(tree);
    const struct mg_node *ruin = code == MG_OK ? find_ruin(made) : NULL;
    if (ruin)
        code = MG_FAIL(err, MG_E_PARSE, "lines %u to %u are not understood as Python", ruin->line, ruin->end_line);
    if (code != MG_OK) {
        mg_arena_free(arena);
        return code;
    }
    *module = made;
    return MG_OK;
}

void mg_module_free(struct mg_module *module)
{
    if (!module)
        return;
    MG_ASSERT(module->magic == MAGIC);
    module->magic = 0;
    mg_arena_free(module->arena);
}
