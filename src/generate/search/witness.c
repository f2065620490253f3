/* For each mutant the easiest call that tells it from the original, as one line: `discount(-5) → -0.25, mutant → 0.25`. */
#include "base/buf.h"
#include "base/str.h"
#include "generate/search/internal.h"

#include <string.h>

#define SHRINK_ROUNDS 3
#define SHRINK_CALLS 96
#define SHRINK_VARIANTS 12
#define FEWEST_CALLS 20  /* fewer say nothing when they see no difference */
#define MOST_SHOWN 90u   /* bytes of a result; of two that agree so far, what follows */
#define MOST_BYTES 4096u /* of anything put together here */

struct found {
    const struct mg_candidate *call;
    struct mg_str text;
};

/* ---- what the original gave ---- */

/* `pytest.approx(0.5)` is 0.5 to a reader. */
static struct mg_str without_approx(struct mg_arena *arena, struct mg_str source)
{
    static const char word[] = "pytest.approx(";
    struct mg_buf out = MG_BUF(MOST_BYTES);
    size_t at = 0;
    while (at < source.len) {
        const char *next = memmem(source.at + at, source.len - at, word, sizeof word - 1);
        size_t start = next ? (size_t)(next - source.at) : source.len, end = start + sizeof word - 1, depth = 1;
        mg_buf_add(&out, mg_str_sub(source, at, start));
        if (!next)
            break;
        for (at = end; at < source.len && depth > 0; at++)
            depth += source.at[at] == '(' ? 1 : source.at[at] == ')' ? (size_t)-1 : 0;
        struct mg_str inside = mg_str_sub(source, end, at - 1);
        mg_buf_add(&out, mg_str_ends(inside, ", nan_ok=True") ? MG_STR("nan") : inside);
    }
    return mg_buf_take(&out, arena);
}

/* As Python's repr() writes it, from a regular expression for exactly this text. */
static struct mg_str quoted_match(struct mg_arena *arena, struct mg_str match)
{
    struct mg_buf out = MG_BUF(MOST_BYTES);
    if (mg_str_starts(match, "^") && mg_str_ends(match, "$"))
        match = mg_str_sub(match, 1, match.len - 1);
    bool doubled = memchr(match.at, '\'', match.len) && !memchr(match.at, '"', match.len);
    char quote = doubled ? '"' : '\'';
    mg_buf_addc(&out, quote);
    for (size_t i = 0; i < match.len; i++) {
        i += match.at[i] == '\\' && i + 1 < match.len;
        if (match.at[i] == quote || match.at[i] == '\\')
            mg_buf_addc(&out, '\\');
        mg_buf_addc(&out, match.at[i]);
    }
    mg_buf_addc(&out, quote);
    return mg_buf_take(&out, arena);
}

static struct mg_str error_text(struct mg_arena *arena, const struct mg_observation *seen)
{
    if (seen->match.len == 0)
        return mg_arena_printf(arena, "raises %.*s", MG_FMT(seen->exception));
    return mg_arena_printf(arena, "raises %.*s(%.*s)", MG_FMT(seen->exception), MG_FMT(quoted_match(arena, seen->match)));
}

/* The fact that the difference is about; the first one when the mutant raised, or when a stricter one was only needed to assert it. */
static const struct mg_fact *fact_of(const struct mg_candidate *c, const struct mg_kill *kill)
{
    const struct mg_observation *seen = &c->seen;
    if (seen->raised || seen->facts.len == 0)
        return NULL;
    const struct mg_fact *first = &seen->facts.at[0], *fact = kill->fact < seen->facts.len ? &seen->facts.at[kill->fact] : first;
    bool strict = (fact->form == MG_FACT_TYPE || fact->form == MG_FACT_LIST) && (first->form == MG_FACT_EQ || first->form == MG_FACT_APPROX);
    return strict && mg_str_is(fact->of, "result") && mg_str_is(first->of, "result") ? first : fact;
}

/* ---- the line ---- */

static struct mg_str one_line(struct mg_arena *arena, struct mg_str setup)
{
    struct mg_buf out = MG_BUF(MOST_BYTES);
    struct mg_str line;
    while (mg_str_next_line(&setup, &line))
        if (mg_str_trim(line).len)
            mg_buf_addf(&out, "%.*s; ", MG_FMT(mg_str_trim(line)));
    return mg_buf_take(&out, arena);
}

/* Variables are for results that are looked at behind the call; else every value stands where it is used. */
static struct mg_str expression(struct mg_search *s, const struct mg_candidate *c, const struct mg_fact *fact)
{
    bool variable = fact && !mg_str_is(fact->of, "result");
    struct mg_str *args = MG_NEW_ARRAY(s->arena, struct mg_str, c->args.len + 1), what = MG_NO_STR;
    for (size_t i = 0; i < c->args.len; i++)
        args[i] = c->args.at[i].source;
    struct mg_str call = c->raw.len ? c->call.call : mg_call_text(s, c, c->receiver, args);
    if (variable)
        what = mg_arena_printf(s->arena, "%.*s%.*s; %.*s", MG_FMT(one_line(s->arena, c->call.setup)), MG_FMT(c->call.call), MG_FMT(fact->of));
    else
        what = call;
    if (!fact)
        return what;
    struct mg_str before = variable ? mg_str_sub(what, 0, what.len - fact->of.len) : MG_NO_STR;
    struct mg_str subject = variable ? fact->of : call;
    const char *shape = fact->form == MG_FACT_LEN                                        ? "len"
                        : fact->form == MG_FACT_STR                                      ? "str"
                        : fact->form == MG_FACT_LIST && !mg_str_starts(subject, "list(") ? "list"
                                                                                         : NULL;
    if (shape)
        return mg_arena_printf(s->arena, "%.*s%s(%.*s)", MG_FMT(before), shape, MG_FMT(subject));
    if (fact->form == MG_FACT_TYPE)
        return mg_arena_printf(s->arena, "%.*stype(%.*s).__name__", MG_FMT(before), MG_FMT(subject));
    if (fact->form == MG_FACT_ATTR && !variable && mg_call_is_loose(s, c))
        what = mg_arena_printf(s->arena, "(%.*s)", MG_FMT(what));
    return fact->form == MG_FACT_ATTR ? mg_arena_printf(s->arena, "%.*s.%.*s", MG_FMT(what), MG_FMT(fact->attribute)) : what;
}

static struct mg_str clipped(struct mg_arena *arena, struct mg_str text, size_t from)
{
    while (from > 0 && from < text.len && ((unsigned char)text.at[from] & 0xC0) == 0x80)
        from--;
    struct mg_str rest = mg_str_sub(text, from, text.len), shown = mg_str_fit(rest, MOST_SHOWN);
    return mg_arena_printf(arena, "%s%.*s%s", from ? "…" : "", MG_FMT(shown), shown.len < rest.len ? "…" : "");
}

/* Where two long texts begin to differ, with a little of what is before. */
static size_t start_of_difference(struct mg_str a, struct mg_str b)
{
    size_t same = 0;
    while (same < a.len && same < b.len && a.at[same] == b.at[same])
        same++;
    return same < MOST_SHOWN * 2 / 3 ? 0 : same - MOST_SHOWN / 3;
}

/* Empty when the difference cannot be shown. */
static struct mg_str show(struct mg_search *s, const struct mg_candidate *c, const struct mg_kill *kill)
{
    const struct mg_fact *fact = fact_of(c, kill);
    struct mg_str ours = MG_STR("returns"), theirs = kill->told, call = expression(s, c, fact);
    if (c->seen.raised)
        ours = error_text(s->arena, &c->seen);
    else if (fact)
        ours = fact->form == MG_FACT_NAN ? MG_STR("nan") : without_approx(s->arena, fact->source);
    if (fact && fact->form == MG_FACT_OUTPUT)
        ours = mg_arena_printf(s->arena, "prints %.*s", MG_FMT(ours));
    if (theirs.len == 0)
        theirs = kill->by_timeout ? MG_STR("does not end") : MG_STR("ends the process");
    if (mg_str_eq(ours, theirs) || call.len > 4 * MOST_SHOWN)
        return MG_NO_STR;
    size_t from = ours.len > MOST_SHOWN || theirs.len > MOST_SHOWN ? start_of_difference(ours, theirs) : 0;
    ours = clipped(s->arena, ours, from);
    theirs = clipped(s->arena, theirs, from);
    return mg_arena_printf(s->arena, "%.*s → %.*s, mutant → %.*s", MG_FMT(call), MG_FMT(ours), MG_FMT(theirs));
}

/* ---- the easiest one ---- */

static void consider(struct mg_search *s, const struct mg_candidate *c, struct found *found)
{
    for (size_t i = 0; c->usable && i < c->kills.len; i++) {
        struct found *best = &found[c->kills.at[i].mutant];
        if (best->call && (best->call->cost < c->cost || (best->call->cost == c->cost && mg_str_cmp(best->call->call.call, c->call.call) <= 0)))
            continue;
        struct mg_str text = show(s, c, &c->kills.at[i]);
        if (text.len)
            *best = (struct found){ c, text };
    }
}

static bool is_first(const struct found *found, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (found[i].call == found[index].call)
            return false;
    return found[index].call != NULL;
}

/* Simpler variants of what was found, as long as that finds simpler ones. */
static enum mg_code shrink(struct mg_search *s, struct found *found, bool *progress, struct mg_err *err)
{
    struct mg_candidate *variants[SHRINK_CALLS] = { NULL };
    size_t count = 0;
    *progress = false;
    for (size_t m = 0; m < s->request->mutant_count; m++)
        if (is_first(found, m) && count < SHRINK_CALLS)
            count +=
                mg_call_simpler(s, found[m].call, variants + count, SHRINK_CALLS - count < SHRINK_VARIANTS ? SHRINK_CALLS - count : SHRINK_VARIANTS);
    MG_TRY(mg_rounds_probe(s, variants, count, MG_PROBE_KILLED, err));
    for (size_t i = 0; i < count; i++) {
        consider(s, variants[i], found);
        for (size_t m = 0; m < s->request->mutant_count; m++)
            *progress |= found[m].call == variants[i];
    }
    return MG_OK;
}

/* Only these could have seen it. */
static uint32_t calls_that_run(const struct mg_search *s, const struct mg_mutant *mutant)
{
    uint32_t count = 0;
    for (size_t i = 0; i < s->calls.len; i++)
        count += s->calls.at[i]->usable && mg_runs_mutant(s->calls.at[i], mutant);
    return count < FEWEST_CALLS ? 0 : count;
}

static enum mg_code look(struct mg_search *s, struct mg_witness *witnesses, struct mg_err *err)
{
    struct mg_str reason;
    bool progress = true;
    struct found *found = MG_NEW_ARRAY(s->arena, struct found, s->request->mutant_count + 1);
    MG_TRY(mg_search_prepare(s, &reason, err));
    if (reason.len)
        return MG_OK;
    MG_TRY(mg_rounds_run(s, err));
    for (size_t i = 0; i < s->calls.len; i++)
        consider(s, s->calls.at[i], found);
    for (int round = 0; round < SHRINK_ROUNDS && progress; round++)
        MG_TRY(shrink(s, found, &progress, err));
    for (size_t m = 0; m < s->request->mutant_count; m++)
        witnesses[m] = (struct mg_witness){ .text = found[m].text, .calls = calls_that_run(s, &s->request->mutants[m]) };
    return MG_OK;
}

enum mg_code mg_search_witness(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_witness *witnesses,
                               struct mg_err *err)
{
    (void)self;
    struct mg_search s;
    for (size_t m = 0; m < request->mutant_count; m++)
        witnesses[m] = (struct mg_witness){ 0 };
    if (request->mutant_count == 0)
        return MG_OK;
    MG_TRY(mg_search_open(&s, request, arena, err));
    s.telling = true;
    s.until = request->deadline;
    enum mg_code code = look(&s, witnesses, err);
    mg_search_close(&s);
    return code;
}
