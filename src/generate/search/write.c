/* Writes the chosen calls as tests: alike cases as one table, the others one test each; only the facts that kill, and the result. */
#include "base/buf.h"
#include "base/str.h"
#include "generate/search/internal.h"
#include <stdlib.h>
#include <string.h>

#define WIDTH 88
#define TEXT_LIMIT (1u << 18)
#define MAX_FACTS 12
#define MAX_COLUMNS 5 /* of arguments in a table; wider ones are hard to read */
#define NAME_LIMIT 64 /* characters of a test's name */

/* One chosen call on its way to a test. */
struct written_case {
    struct mg_candidate *call;
    const struct mg_fact *facts[MAX_FACTS];
    size_t fact_count;
    struct mg_str expected; /* of the only fact, or the raises(...) arguments */
    struct mg_str shape;    /* equal shapes may share a table; empty = stands alone */
    bool done;
};
struct test_text {
    struct mg_str name, source;
    struct mg_str decorator, after_name; /* what becomes `source` when all names are known */
    struct mg_parts options;             /* for the name, best first */
    bool is_table;
    MG_LIST(const struct mg_candidate *) calls;
};
struct writer {
    struct mg_search *s;
    struct mg_arena *arena;
    struct written_case *cases;
    size_t count;
    MG_LIST(struct test_text) tests;
    struct mg_parts imports; /* lines that may be needed */
};

/* Adds a line "import x" or "from x import y" for later; which ones are needed shows when the text is complete. */
static void offer_import(struct writer *w, struct mg_str line)
{
    struct mg_str whole = mg_str_ends(line, "\n") ? line : mg_arena_printf(w->arena, "%.*s\n", MG_FMT(line));
    for (size_t i = 0; i < w->imports.len; i++)
        if (mg_str_eq(w->imports.at[i], whole))
            return;
    if (line.len)
        *MG_PUSH(w->arena, &w->imports) = whole;
}

/* Writes `module.Name` of the repo's own modules as `Name`, imported as the calls' names are. */
static struct mg_str shorten_names(struct writer *w, struct mg_str source, struct mg_str import_line)
{
    struct mg_str line = mg_str_trim(import_line), module = MG_NO_STR, own = w->s->request->target->module;
    struct mg_str top = mg_str_sub(own, 0, mg_str_find(own, '.', 0));
    if (mg_str_starts(line, "import "))
        module = mg_str_sub(line, 7, line.len);
    if (module.len == 0 || !mg_str_eq(mg_str_sub(module, 0, mg_str_find(module, '.', 0)), top)) {
        offer_import(w, import_line);
        return source;
    }
    struct mg_str prefix = mg_arena_printf(w->arena, "%.*s.", MG_FMT(module));
    struct mg_atoms atoms = { 0 };
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    size_t done = 0;
    mg_expr_atoms(source, w->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        size_t at = (size_t)(atoms.at[i].text.at - source.at);
        if (atoms.at[i].kind != MG_ATOM_NAME || at < done || (i > 0 && mg_str_is(atoms.at[i - 1].text, ".")) ||
            !mg_str_eq(mg_str_sub(source, at, at + prefix.len), prefix))
            continue;
        struct mg_atoms rest = { 0 };
        mg_expr_atoms(mg_str_sub(source, at + prefix.len, source.len), w->arena, &rest);
        if (rest.len == 0 || rest.at[0].kind != MG_ATOM_NAME)
            continue;
        mg_buf_add(&out, mg_str_sub(source, done, at));
        mg_buf_add(&out, mg_search_name(w->s, module, rest.at[0].text));
        done = at + prefix.len + rest.at[0].text.len;
    }
    mg_buf_add(&out, mg_str_sub(source, done, source.len));
    return mg_buf_take(&out, w->arena);
}

static struct mg_str fact_source(struct writer *w, const struct mg_fact *fact)
{
    struct mg_str text = mg_expr_black(w->arena, fact->source);
    for (size_t i = 0; i < fact->imports.len; i++)
        text = shorten_names(w, text, fact->imports.at[i]);
    return text;
}

/* ---- which facts are asserted ---- */

static const struct mg_kill *kill_of(const struct mg_candidate *c, uint32_t mutant)
{
    for (size_t i = 0; i < c->kills.len; i++)
        if (c->kills.at[i].mutant == mutant)
            return &c->kills.at[i];
    return NULL;
}

static void need_fact(struct written_case *one, size_t index)
{
    const struct mg_observation *seen = &one->call->seen;
    if (index >= seen->facts.len || one->fact_count >= MAX_FACTS)
        return;
    for (size_t i = 0; i < one->fact_count; i++)
        if (one->facts[i] == &seen->facts.at[index])
            return;
    one->facts[one->fact_count++] = &seen->facts.at[index];
}

/* Each mutant is given to the call that shows it by its most telling fact. */
static void choose_facts(struct writer *w)
{
    for (uint32_t m = 0; m < w->s->request->mutant_count; m++) {
        struct written_case *best = NULL;
        for (size_t i = 0; i < w->count; i++) {
            const struct mg_kill *kill = kill_of(w->cases[i].call, m);
            if (kill && (!best || kill->fact + 1 < kill_of(best->call, m)->fact + 1)) /* + 1: an exception (UINT32_MAX) needs no fact */
                best = &w->cases[i];
        }
        if (best && !best->call->seen.raised)
            need_fact(best, kill_of(best->call, m)->fact);
    }
    for (size_t i = 0; i < w->count; i++)
        if (!w->cases[i].call->seen.raised && (w->cases[i].fact_count == 0 || w->cases[i].call->seen.facts.at[0].form != MG_FACT_IS))
            need_fact(&w->cases[i], 0);
}

/* ---- text of one test ---- */

static bool is_constant(struct mg_str source) { return mg_str_is(source, "None") || mg_str_is(source, "True") || mg_str_is(source, "False"); }

/* `source` is the name in quotes. A built-in type can be named without an import. */
static struct mg_str type_assertion(struct mg_arena *arena, struct mg_str what, struct mg_str source)
{
    static const char *const built_in[] = { "bool",      "int",  "float", "complex", "str", "bytes",
                                            "bytearray", "list", "tuple", "dict",    "set", "frozenset" };
    struct mg_str name = mg_str_sub(source, 1, source.len - 1);
    if (source.len > 2 && MG_STR_IN(name, built_in))
        return mg_arena_printf(arena, "assert type(%.*s) is %.*s", MG_FMT(what), MG_FMT(name));
    return mg_arena_printf(arena, "assert type(%.*s).__name__ == %.*s", MG_FMT(what), MG_FMT(source));
}

/* `call == expected` of a fact, with `what` for what was looked at. */
static struct mg_str assertion(struct writer *w, const struct mg_fact *fact, struct mg_str what, struct mg_str source)
{
    struct mg_arena *a = w->arena;
    switch (fact->form) {
    case MG_FACT_IS:
        return mg_arena_printf(a, "assert %.*s is %.*s", MG_FMT(what), MG_FMT(source));
    case MG_FACT_EQ:
        return mg_arena_printf(a, "assert %.*s == %.*s", MG_FMT(what), MG_FMT(source));
    case MG_FACT_APPROX:
        offer_import(w, MG_STR("import pytest"));
        if (mg_str_contains(source, "pytest.approx("))
            return mg_arena_printf(a, "assert %.*s == %.*s", MG_FMT(what), MG_FMT(source));
        return mg_arena_printf(a, "assert %.*s == pytest.approx(%.*s)", MG_FMT(what), MG_FMT(source));
    case MG_FACT_NAN:
        offer_import(w, MG_STR("import math"));
        return mg_arena_printf(a, "assert math.isnan(%.*s)", MG_FMT(what));
    case MG_FACT_TYPE:
        return type_assertion(a, what, source);
    case MG_FACT_LEN:
        return mg_arena_printf(a, "assert len(%.*s) == %.*s", MG_FMT(what), MG_FMT(source));
    case MG_FACT_ATTR:
        return mg_arena_printf(a, "assert %.*s.%.*s %s %.*s", MG_FMT(what), MG_FMT(fact->attribute),
                               is_constant(source) ? "is" : "==", MG_FMT(source));
    case MG_FACT_STR:
        return mg_arena_printf(a, "assert str(%.*s) == %.*s", MG_FMT(what), MG_FMT(source));
    case MG_FACT_LIST:
        return mg_arena_printf(a, "assert list(%.*s) == %.*s", MG_FMT(what), MG_FMT(source));
    case MG_FACT_OUTPUT:
        return mg_arena_printf(a, "assert capsys.readouterr().out == %.*s", MG_FMT(source));
    }
    return MG_STR("pass");
}

/* Where a text that is too long may be broken: behind its last top-level bracket, if that is its end. NULL: nowhere. */
static const char *breakable(struct writer *w, struct mg_str text, struct mg_parts *parts)
{
    struct mg_atoms atoms = { 0 };
    const char *open = NULL;
    int depth = 0;
    mg_expr_atoms(text, w->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        if (atoms.at[i].kind == MG_ATOM_OPEN && depth++ == 0)
            open = atoms.at[i].text.at;
        depth -= atoms.at[i].kind == MG_ATOM_CLOSE;
    }
    if (!open || atoms.at[atoms.len - 1].kind != MG_ATOM_CLOSE)
        return NULL;
    mg_expr_split(mg_str_sub(text, (size_t)(open - text.at) + 1, text.len - 1), w->arena, parts);
    /* A comma behind the one thing between brackets would make a tuple of it. */
    bool bare = *open == '(' && (open == text.at || strchr(" ,:=", open[-1]));
    return parts->len < (bare ? 2 : 1) ? NULL : open;
}

/* `text` and `ending` at an indent; what does not fit is broken open, one element a line, and those again. */
static void add_broken(struct writer *w, struct mg_buf *out, size_t indent, struct mg_str text, const char *ending)
{
    struct mg_parts parts = { 0 };
    const char *open = indent + text.len + strlen(ending) > WIDTH ? breakable(w, text, &parts) : NULL;
    size_t at = open ? (size_t)(open - text.at) + 1 : text.len;
    mg_buf_addf(out, "%*s%.*s%s\n", (int)indent, "", MG_FMT(mg_str_sub(text, 0, at)), open ? "" : ending);
    if (!open)
        return;
    for (size_t i = 0; i < parts.len; i++)
        add_broken(w, out, indent + 4, parts.at[i], ",");
    mg_buf_addf(out, "%*s%c%s\n", (int)indent, "", text.at[text.len - 1], ending);
}

static void add_statement(struct writer *w, struct mg_buf *out, size_t indent, struct mg_str text)
{
    const char *ending = mg_str_ends(text, "):") ? ":" : "";
    text.len -= strlen(ending);
    add_broken(w, out, indent, text, ending);
}

/* The call with everything written in place. */
static struct mg_str inline_call(struct writer *w, const struct mg_candidate *c)
{
    struct mg_str texts[32];
    for (size_t i = 0; i < c->args.len && i < MG_COUNT(texts); i++)
        texts[i] = c->args.at[i].source;
    return mg_call_text(w->s, c, c->receiver, texts);
}

/* `a == b` must not become part of a chained comparison, and an attribute is that of all of `a + b`. */
static struct mg_str operand(struct writer *w, const struct mg_candidate *c, struct mg_str call, enum mg_fact_form form)
{
    bool compares = w->s->shape == MG_CALL_OPERATOR && (strpbrk(w->s->operator, "=<>!") || strstr(w->s->operator, " in "));
    bool apart = (compares || form == MG_FACT_ATTR) && mg_call_is_loose(w->s, c);
    return apart ? mg_arena_printf(w->arena, "(%.*s)", MG_FMT(call)) : call;
}

static struct mg_str raises_text(struct writer *w, const struct mg_candidate *c)
{
    struct mg_str exception = c->seen.exception_import.len ? shorten_names(w, c->seen.exception, c->seen.exception_import) : c->seen.exception;
    offer_import(w, MG_STR("import pytest"));
    if (c->seen.match.len == 0)
        return mg_arena_printf(w->arena, "%.*s", MG_FMT(exception));
    return mg_arena_printf(w->arena, "%.*s, match=%.*s", MG_FMT(exception), MG_FMT(mg_expr_quote_regex(w->arena, c->seen.match)));
}

static bool watches(const struct written_case *one)
{
    for (size_t i = 0; i < one->fact_count; i++)
        if (!mg_str_is(one->facts[i]->of, "result"))
            return true;
    return false;
}

static void add_setup(struct writer *w, struct mg_buf *out, const struct mg_candidate *c)
{
    struct mg_str rest = c->call.setup, line;
    while (mg_str_next_line(&rest, &line))
        if (line.len)
            add_statement(w, out, 4, line);
}

static void body_of_result(struct writer *w, struct mg_buf *out, const struct written_case *one)
{
    const struct mg_candidate *c = one->call;
    struct mg_str call = inline_call(w, c);
    bool state = watches(one), whole = one->fact_count == 1 && !state && one->facts[0]->form != MG_FACT_OUTPUT;
    struct mg_str single = whole ? assertion(w, one->facts[0], operand(w, c, call, one->facts[0]->form), fact_source(w, one->facts[0])) : MG_NO_STR;
    if (whole && single.len + 4 <= WIDTH) {
        add_statement(w, out, 4, single);
        return;
    }
    bool uses_result = false;
    for (size_t i = 0; i < one->fact_count; i++)
        uses_result |= mg_str_is(one->facts[i]->of, "result") && one->facts[i]->form != MG_FACT_OUTPUT;
    if (state || (c->receiver.len && call.len + 13 > WIDTH)) {
        add_setup(w, out, c);
        if (c->call.setup.len)
            mg_buf_addc(out, '\n');
        call = c->call.call;
    }
    add_statement(w, out, 4, uses_result ? mg_arena_printf(w->arena, "result = %.*s", MG_FMT(call)) : call);
    mg_buf_addc(out, '\n');
    for (size_t i = 0; i < one->fact_count; i++)
        add_statement(w, out, 4, assertion(w, one->facts[i], one->facts[i]->of, fact_source(w, one->facts[i])));
}

static void add_test(struct writer *w, const struct mg_parts *options, struct mg_str after_name, struct mg_str decorator, struct written_case **cases,
                     size_t count)
{
    struct test_text *test = MG_PUSH(w->arena, &w->tests);
    *test = (struct test_text){ .after_name = after_name, .decorator = decorator, .options = *options, .is_table = decorator.len > 0 };
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(w->arena, &test->calls) = cases[i]->call;
}

static bool is_shorter(const struct test_text *one, const struct test_text *other)
{
    return one->is_table ? !other->is_table : !other->is_table && one->calls.at[0]->args.len < other->calls.at[0]->args.len;
}

/* Whether a test is called so, or wants to be in the first place. */
static bool is_claimed(const struct writer *w, size_t self, struct mg_str words, struct mg_str name)
{
    for (size_t i = 0; i < w->tests.len; i++) {
        const struct test_text *other = &w->tests.at[i];
        if (i == self)
            continue;
        bool wants = other->options.len && mg_str_eq(other->options.at[0], words); /* the shortest call of all may have it */
        if (mg_str_eq(other->name, name) || (wants && !is_shorter(&w->tests.at[self], other)))
            return true;
    }
    return false;
}

static struct mg_str test_name(struct writer *w, struct mg_str base, struct mg_str words)
{
    base = mg_str_sub(base, 0, 36);
    while (base.len && base.at[base.len - 1] == '_')
        base.len--;
    struct mg_str name = mg_arena_printf(w->arena, "test_%.*s%s%.*s", MG_FMT(base), words.len ? "_" : "", MG_FMT(words));
    if (name.len > NAME_LIMIT) { /* cut to whole words */
        size_t end = NAME_LIMIT;
        while (end > NAME_LIMIT / 2 && name.at[end] != '_')
            end--;
        name = mg_str_sub(name, 0, end);
    }
    while (name.len && name.at[name.len - 1] == '_')
        name.len--;
    return name;
}

/* Each test takes the shortest description that no other one has; a number only where words are all the same. */
static void name_tests(struct writer *w)
{
    struct mg_search *s = w->s;
    struct mg_str base = mg_snake_case(w->arena, s->request->target->function.name);
    if (s->class_name.len)
        base = mg_arena_printf(w->arena, "%.*s_%.*s", MG_FMT(mg_snake_case(w->arena, s->class_name)), MG_FMT(base));
    for (size_t i = 0; i < w->tests.len; i++) {
        struct test_text *test = &w->tests.at[i];
        struct mg_str name = MG_NO_STR;
        for (size_t n = 0; n < test->options.len; n++) {
            name = test_name(w, base, test->options.at[n]);
            if (!is_claimed(w, i, test->options.at[n], name))
                break;
            name = MG_NO_STR;
        }
        for (int number = 2; name.len == 0; number++) {
            struct mg_str first = test_name(w, base, test->options.len ? test->options.at[0] : MG_NO_STR);
            name = mg_arena_printf(w->arena, "%.*s_%d", MG_FMT(first), number);
            if (is_claimed(w, i, name, name))
                name = MG_NO_STR;
        }
        test->name = mg_arena_str(w->arena, name);
        test->source = mg_arena_printf(w->arena, "%.*sdef %.*s%.*s", MG_FMT(test->decorator), MG_FMT(name), MG_FMT(test->after_name));
    }
}

static void write_alone(struct writer *w, struct written_case *one)
{
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    bool output = false;
    for (size_t i = 0; i < one->fact_count; i++)
        output |= one->facts[i]->form == MG_FACT_OUTPUT;
    mg_buf_addf(&out, "(%s):\n", output ? "capsys" : "");
    if (one->call->seen.raised) {
        struct mg_str call = inline_call(w, one->call);
        if (one->call->receiver.len) { /* only the call itself may raise */
            add_setup(w, &out, one->call);
            if (one->call->call.setup.len)
                mg_buf_addc(&out, '\n');
            call = one->call->call.call;
        }
        add_statement(w, &out, 4, mg_arena_printf(w->arena, "with pytest.raises(%.*s):", MG_FMT(raises_text(w, one->call))));
        add_statement(w, &out, 8, call);
    } else {
        body_of_result(w, &out, one);
    }
    struct mg_parts options = { 0 };
    mg_describe_options(w->s, one->call, &options);
    add_test(w, &options, mg_buf_take(&out, w->arena), MG_NO_STR, &one, 1);
    one->done = true;
}

/* ---- tables ---- */

/* Cases of one shape differ only in values: same arguments, same kind of assertion, nothing to look at but the result. */
static void find_shape(struct writer *w, struct written_case *one)
{
    const struct mg_candidate *c = one->call;
    struct mg_str shape;
    if (c->raw.len || c->args.len > MAX_COLUMNS)
        return;
    if (c->seen.raised) {
        one->expected = raises_text(w, c);
        shape = mg_arena_printf(w->arena, "raises %.*s|", MG_FMT(one->expected));
    } else {
        if (one->fact_count != 1 || watches(one) || one->facts[0]->form == MG_FACT_OUTPUT || one->facts[0]->form == MG_FACT_NAN)
            return;
        one->expected = fact_source(w, one->facts[0]);
        bool inner = one->facts[0]->form == MG_FACT_APPROX && mg_str_contains(one->expected, "pytest.approx(");
        bool is = one->facts[0]->form == MG_FACT_ATTR && is_constant(one->expected);
        shape = mg_arena_printf(w->arena, "%d %d %d %.*s|", (int)one->facts[0]->form, inner, is, MG_FMT(one->facts[0]->attribute));
    }
    for (size_t i = 0; i < c->args.len; i++)
        shape = mg_arena_printf(w->arena, "%.*s%.*s%s,", MG_FMT(shape), MG_FMT(c->args.at[i].param->name), c->args.at[i].keyword.len ? "=" : "");
    one->shape = mg_arena_printf(w->arena, "%.*s%s%s", MG_FMT(shape), c->receiver.len ? "self" : "", c->as_text ? " text" : "");
}

struct columns {
    struct mg_str names[36];
    struct mg_str texts[32]; /* of the arguments in the call: a column's name, or the value that all rows share */
    struct mg_str receiver;
    size_t count;
};

/* The value of a row in the `index`-th place: arguments first, then the receiver. */
static struct mg_str place(const struct written_case *one, size_t index)
{
    return index < one->call->args.len ? one->call->args.at[index].source : one->call->receiver;
}

static bool is_shared(struct written_case *const *rows, size_t count, size_t index)
{
    for (size_t i = 1; i < count; i++)
        if (!mg_str_eq(place(rows[i], index), place(rows[0], index)))
            return false;
    return true;
}

static void find_columns(struct writer *w, struct written_case *const *rows, size_t count, struct columns *columns)
{
    const struct mg_candidate *c = rows[0]->call;
    columns->receiver = c->receiver;
    if (c->receiver.len && !is_shared(rows, count, c->args.len))
        columns->receiver = columns->names[columns->count++] = mg_receiver_name(w->s);
    for (size_t i = 0; i < c->args.len; i++) {
        columns->texts[i] = place(rows[0], i);
        if (!is_shared(rows, count, i))
            columns->texts[i] = columns->names[columns->count++] = mg_arg_name(w->s, c, i);
    }
    if (!c->seen.raised)
        columns->names[columns->count++] = MG_STR("expected");
}

static void add_row(struct writer *w, struct mg_buf *out, struct written_case *const *rows, size_t count, size_t row, size_t columns)
{
    const struct mg_candidate *c = rows[row]->call;
    struct mg_str text = MG_STR("");
    if (c->receiver.len && !is_shared(rows, count, c->args.len))
        text = c->receiver;
    for (size_t i = 0; i < c->args.len; i++)
        if (!is_shared(rows, count, i))
            text = mg_arena_printf(w->arena, "%.*s%s%.*s", MG_FMT(text), text.len ? ", " : "", MG_FMT(c->args.at[i].source));
    if (!c->seen.raised)
        text = mg_arena_printf(w->arena, "%.*s%s%.*s", MG_FMT(text), text.len ? ", " : "", MG_FMT(rows[row]->expected));
    if (columns > 1)
        text = mg_arena_printf(w->arena, "(%.*s)", MG_FMT(text));
    add_broken(w, out, 8, text, ",");
}

static void write_table(struct writer *w, struct written_case **rows, size_t count)
{
    struct columns columns = { .count = 0 };
    struct mg_buf decorator = MG_BUF(TEXT_LIMIT), body = MG_BUF(TEXT_LIMIT);
    const struct mg_candidate *c = rows[0]->call;
    find_columns(w, rows, count, &columns);
    struct mg_str call = mg_call_text(w->s, c, columns.receiver, columns.texts), names = MG_STR(""), parameters = MG_STR("");
    for (size_t i = 0; i < columns.count; i++) {
        names = mg_arena_printf(w->arena, "%.*s%s\"%.*s\"", MG_FMT(names), i ? ", " : "", MG_FMT(columns.names[i]));
        parameters = mg_arena_printf(w->arena, "%.*s%s%.*s", MG_FMT(parameters), i ? ", " : "", MG_FMT(columns.names[i]));
    }
    mg_buf_addf(&decorator, columns.count > 1 ? "@pytest.mark.parametrize(\n    (%.*s),\n    [\n" : "@pytest.mark.parametrize(\n    %.*s,\n    [\n",
                MG_FMT(names));
    for (size_t i = 0; i < count; i++)
        add_row(w, &decorator, rows, count, i, columns.count);
    mg_buf_adds(&decorator, "    ],\n)\n");
    mg_buf_addf(&body, "(%.*s):\n", MG_FMT(parameters));
    if (c->seen.raised) {
        add_statement(w, &body, 4, mg_arena_printf(w->arena, "with pytest.raises(%.*s):", MG_FMT(rows[0]->expected)));
        add_statement(w, &body, 8, call);
    } else {
        struct mg_fact fact = *rows[0]->facts[0];
        if (fact.form == MG_FACT_APPROX && mg_str_contains(rows[0]->expected, "pytest.approx("))
            fact.form = MG_FACT_EQ;
        /* an attribute that is None, True or False everywhere is compared by `is`, as in a test of its own */
        bool is = fact.form == MG_FACT_ATTR && is_constant(rows[0]->expected);
        struct mg_str subject = operand(w, c, call, is ? MG_FACT_ATTR : fact.form);
        struct mg_str what = is ? mg_arena_printf(w->arena, "%.*s.%.*s", MG_FMT(subject), MG_FMT(fact.attribute)) : subject;
        if (is)
            fact.form = MG_FACT_IS;
        struct mg_str text = assertion(w, &fact, what, MG_STR("expected"));
        if (text.len + 4 > WIDTH && !is) {
            add_statement(w, &body, 4, mg_arena_printf(w->arena, "result = %.*s", MG_FMT(call)));
            mg_buf_addc(&body, '\n');
            text = assertion(w, &fact, MG_STR("result"), MG_STR("expected"));
        }
        add_statement(w, &body, 4, text);
    }
    offer_import(w, MG_STR("import pytest"));
    struct mg_str words = c->seen.raised || mg_has_choice(c) ? mg_describe_call(w->s, c) : MG_NO_STR;
    struct mg_parts options = { 0 };
    *MG_PUSH(w->arena, &options) = words;
    if (!c->seen.raised && rows[0]->facts[0]->attribute.len)
        *MG_PUSH(w->arena, &options) = mg_snake_case(w->arena, rows[0]->facts[0]->attribute);
    struct mg_str by = c->as_text ? MG_STR("as_text") : MG_STR("by");
    for (size_t i = 0; i < c->args.len && i < 2 && !c->as_text; i++)
        by = mg_arena_printf(w->arena, "%.*s%s_%.*s", MG_FMT(by), i ? "_and" : "", MG_FMT(mg_snake_case(w->arena, c->args.at[i].param->name)));
    *MG_PUSH(w->arena, &options) = mg_arena_printf(w->arena, "%.*s%s%.*s", MG_FMT(words), words.len ? "_" : "", MG_FMT(by));
    add_test(w, &options, mg_buf_take(&body, w->arena), mg_buf_take(&decorator, w->arena), rows, count);
    for (size_t i = 0; i < count; i++)
        rows[i]->done = true;
}

static size_t rows_like(struct writer *w, size_t first, struct written_case **rows)
{
    size_t count = 0;
    for (size_t i = first; i < w->count; i++)
        if (!w->cases[i].done && w->cases[i].shape.len && mg_str_eq(w->cases[i].shape, w->cases[first].shape))
            rows[count++] = &w->cases[i];
    return count;
}

static void write_all(struct writer *w, size_t table_from)
{
    struct written_case **rows = MG_NEW_ARRAY(w->arena, struct written_case *, w->count + 1);
    w->tests.len = 0;
    for (size_t i = 0; i < w->count; i++)
        w->cases[i].done = false;
    for (size_t i = 0; i < w->count; i++) {
        if (w->cases[i].done)
            continue;
        size_t count = w->cases[i].shape.len ? rows_like(w, i, rows) : 1;
        if (count >= table_from)
            write_table(w, rows, count);
        else
            write_alone(w, &w->cases[i]);
    }
}

/* Leaves the `limit` tests that together kill most, in their order. */
static void keep_best(struct writer *w, size_t limit)
{
    bool *kept = MG_NEW_ARRAY(w->arena, bool, w->tests.len + 1), *covered = MG_NEW_ARRAY(w->arena, bool, w->s->request->mutant_count + 1);
    for (size_t n = 0; n < limit; n++) {
        size_t best = 0, best_gain = 0;
        for (size_t t = 0; t < w->tests.len; t++) {
            size_t gain = 0;
            for (uint32_t m = 0; m < w->s->request->mutant_count && !kept[t]; m++)
                for (size_t c = 0; c < w->tests.at[t].calls.len && !covered[m]; c++)
                    if (kill_of(w->tests.at[t].calls.at[c], m)) {
                        gain++;
                        break;
                    }
            if (gain > best_gain) {
                best = t;
                best_gain = gain;
            }
        }
        if (best_gain == 0)
            break;
        kept[best] = true;
        for (size_t c = 0; c < w->tests.at[best].calls.len; c++)
            for (size_t i = 0; i < w->tests.at[best].calls.at[c]->kills.len; i++)
                covered[w->tests.at[best].calls.at[c]->kills.at[i].mutant] = true;
    }
    size_t left = 0;
    for (size_t t = 0; t < w->tests.len; t++)
        if (kept[t])
            w->tests.at[left++] = w->tests.at[t];
    w->tests.len = left;
}

/* ---- imports ---- */

/* The name that an import line binds. */
static struct mg_str bound_name(struct mg_str line)
{
    struct mg_str text = mg_str_trim(line), word, last = MG_NO_STR;
    bool from = mg_str_starts(text, "from "), alias = mg_str_contains(text, " as ");
    for (struct mg_str rest = text; mg_str_next_part(&rest, ' ', &word);)
        last = word;
    return from || alias ? last : mg_str_sub(last, 0, mg_str_find(last, '.', 0));
}

static int by_text(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

static struct mg_str needed_imports(struct writer *w)
{
    struct mg_buf all = MG_BUF(1u << 22), out = MG_BUF(TEXT_LIMIT);
    for (size_t i = 0; i < w->tests.len; i++)
        mg_buf_add(&all, w->tests.at[i].source);
    struct mg_str text = mg_buf_take(&all, w->arena);
    for (size_t i = 0; i < w->s->imports.len; i++)
        offer_import(w, w->s->imports.at[i].line);
    for (size_t i = 0; i < w->s->import_lines.len; i++)
        offer_import(w, w->s->import_lines.at[i]);
    offer_import(w, MG_STR("import asyncio"));
    if (w->imports.len)
        qsort(w->imports.at, w->imports.len, sizeof(w->imports.at[0]), by_text);
    for (size_t i = 0; i < w->imports.len; i++)
        if (mg_expr_uses(text, bound_name(w->imports.at[i]), w->arena))
            mg_buf_add(&out, w->imports.at[i]);
    return mg_buf_take(&out, w->arena);
}

void mg_write_suite(struct mg_search *s, const struct mg_chosen *chosen, struct mg_suite *suite)
{
    struct writer w = { .s = s, .arena = s->arena, .count = chosen->len };
    size_t limit = s->request->config->generation.max_tests > 0 ? (size_t)s->request->config->generation.max_tests : SIZE_MAX;
    w.cases = MG_NEW_ARRAY(s->arena, struct written_case, chosen->len + 1);
    for (size_t i = 0; i < chosen->len; i++)
        w.cases[i].call = chosen->at[i];
    choose_facts(&w);
    for (size_t i = 0; i < chosen->len; i++)
        find_shape(&w, &w.cases[i]);
    write_all(&w, 3);
    if (w.tests.len > limit)
        write_all(&w, 2);
    if (w.tests.len > limit)
        keep_best(&w, limit);
    name_tests(&w);
    suite->imports = needed_imports(&w);
    for (size_t i = 0; i < w.tests.len; i++)
        *MG_PUSH(s->arena, &suite->tests) = (struct mg_suite_test){ .name = w.tests.at[i].name,
                                                                    .source = w.tests.at[i].source,
                                                                    .expects_error = w.tests.at[i].calls.at[0]->seen.raised };
}
