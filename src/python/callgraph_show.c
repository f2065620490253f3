/* Asking the finished call graph: finding a function, what it reaches, and both as text. */
#include "python/callgraph_parts.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define DEEPEST_TREE 32u

struct mg_callgraph_totals mg_callgraph_totals(const struct mg_callgraph *graph)
{
    return (struct mg_callgraph_totals){
        .files = graph->file_count, .unparsed = graph->unparsed, .functions = graph->functions.len, .edges = graph->edges.len
    };
}

const struct mg_callgraph_function *mg_callgraph_function(const struct mg_callgraph *graph, uint32_t function)
{
    MG_ASSERT(function < graph->functions.len);
    return &graph->functions.at[function].seen;
}

uint32_t mg_callgraph_find(const struct mg_callgraph *graph, struct mg_str path, struct mg_str qualname, uint32_t def_line)
{
    struct mg_arena *scratch = mg_arena_new();
    const struct mg_callees *same = mg_map_get(&graph->by_name, mg_arena_printf(scratch, "%.*s\n%.*s", MG_FMT(path), MG_FMT(qualname)));
    mg_arena_free(scratch);
    for (size_t i = 0; same && i < same->len; i++)
        if (graph->functions.at[same->at[i]].seen.def_line == def_line)
            return same->at[i];
    if (same)
        return same->at[0];
    const struct mg_cg_range *range = mg_map_get(&graph->by_path, path);
    for (uint32_t i = 0; range && i < range->count; i++)
        if (graph->functions.at[range->first + i].seen.def_line == def_line)
            return range->first + i;
    return MG_NO_CALLEE;
}

struct mg_callees mg_callgraph_direct(const struct mg_callgraph *graph, uint32_t function)
{
    MG_ASSERT(function < graph->functions.len);
    const struct mg_cg_function *from = &graph->functions.at[function];
    return (struct mg_callees){ .at = graph->edges.at ? graph->edges.at + from->first_edge : NULL, .len = from->edge_count, .cap = from->edge_count };
}

static void add_new(const struct mg_callgraph *graph, uint32_t function, size_t most, bool *seen, struct mg_arena *arena, struct mg_callees *found)
{
    struct mg_callees direct = mg_callgraph_direct(graph, function);
    for (size_t i = 0; i < direct.len && found->len < most; i++) {
        if (seen[direct.at[i]])
            continue;
        seen[direct.at[i]] = true;
        *MG_PUSH(arena, found) = direct.at[i];
    }
}

struct mg_callees mg_callgraph_reach(const struct mg_callgraph *graph, uint32_t function, uint32_t depth, size_t most, struct mg_arena *arena)
{
    struct mg_callees found = { 0 };
    if (depth == 0)
        return found;
    struct mg_arena *scratch = mg_arena_new();
    bool *seen = MG_NEW_ARRAY(scratch, bool, graph->functions.len + 1);
    seen[function] = true;
    add_new(graph, function, most, seen, arena, &found);
    size_t next = 0; /* `found` is the queue as well */
    for (uint32_t hop = 1; hop < depth && next < found.len; hop++)
        for (size_t level_end = found.len; next < level_end; next++)
            add_new(graph, found.at[next], most, seen, arena, &found);
    mg_arena_free(scratch);
    return found;
}

struct drawing {
    const struct mg_callgraph *graph;
    struct mg_buf text, prefix;
    bool *expanded;
    size_t limit;
    bool full;
};

static void draw(struct drawing *drawing, uint32_t function, uint32_t depth)
{
    struct mg_callees callees = mg_callgraph_direct(drawing->graph, function);
    drawing->expanded[function] = true;
    for (size_t i = 0; i < callees.len && !drawing->full; i++) {
        bool last = i + 1 == callees.len;
        uint32_t callee = callees.at[i];
        struct mg_str name = drawing->graph->functions.at[callee].seen.qualname;
        if (drawing->text.len + drawing->prefix.len + name.len + sizeof "├── \n" > drawing->limit) {
            drawing->full = true;
            return;
        }
        mg_buf_addf(&drawing->text, "%.*s%s%.*s\n", MG_FMT(mg_buf_view(&drawing->prefix)), last ? "└── " : "├── ", MG_FMT(name));
        if (depth <= 1 || drawing->expanded[callee])
            continue;
        size_t before = drawing->prefix.len;
        mg_buf_adds(&drawing->prefix, last ? "    " : "│   ");
        draw(drawing, callee, depth - 1);
        drawing->prefix.len = before;
        drawing->prefix.at[before] = '\0';
    }
}

struct mg_str mg_callgraph_tree(const struct mg_callgraph *graph, uint32_t function, uint32_t depth, size_t limit, struct mg_arena *arena)
{
    if (depth == 0 || mg_callgraph_direct(graph, function).len == 0)
        return MG_STR("");
    struct drawing drawing = { .graph = graph, .text = MG_BUF(limit + 8), .prefix = MG_BUF(1024), .limit = limit };
    struct mg_arena *scratch = mg_arena_new();
    drawing.expanded = MG_NEW_ARRAY(scratch, bool, graph->functions.len + 1);
    mg_buf_addf(&drawing.text, "%.*s\n", MG_FMT(graph->functions.at[function].seen.qualname));
    draw(&drawing, function, depth < DEEPEST_TREE ? depth : DEEPEST_TREE);
    mg_arena_free(scratch);
    mg_buf_free(&drawing.prefix);
    if (drawing.full)
        mg_buf_adds(&drawing.text, "...\n");
    struct mg_str text = mg_buf_take(&drawing.text, arena);
    return mg_str_sub(text, 0, text.len - 1);
}

/* Whole lines from the first decorator to the end. */
static struct mg_str source_of(const struct mg_callgraph *graph, const struct mg_callgraph_function *function)
{
    struct mg_str text = graph->files[function->file].text;
    size_t start = function->start;
    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    return mg_str_sub(text, start, function->end);
}

struct mg_snippets mg_callgraph_snippets(const struct mg_callgraph *graph, const struct mg_callees *callees, size_t limit, struct mg_arena *arena)
{
    struct mg_snippets snippets = { 0 };
    size_t sum = 0;
    for (size_t i = 0; i < callees->len; i++) {
        const struct mg_callgraph_function *function = mg_callgraph_function(graph, callees->at[i]);
        struct mg_str source = source_of(graph, function);
        size_t size = strlen("# \n") + function->qualname.len + source.len;
        if (size > limit - sum)
            break;
        sum += size;
        *MG_PUSH(arena, &snippets) = mg_arena_printf(arena, "# %.*s\n%.*s", MG_FMT(function->qualname), MG_FMT(source));
    }
    return snippets;
}
