/* Groups what went wrong with the existing tests by its cause. */
#include "services/causes.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define LONG_NUMBER 5 /* digits of one that says nothing: a port that the system chose, a time, a process */
#define KEY_LIMIT 4096
#define MOST_NAMES 12 /* variables in one sentence */

struct cause {
    enum mg_cause_kind kind;
    struct mg_str subject, text, refused; /* of the first test */
    uint32_t count;
};
struct mg_causes {
    struct mg_map by_key, asked;
    MG_LIST(struct cause *) all;
    MG_LIST(struct mg_str) names;
    bool copied; /* the whole environment was read, too */
};

/* "%s" of one test, and of several. */
static const struct {
    const char *one, *many;
} words[] = {
    [MG_CAUSE_COLLECTION] = { "cannot be collected", "cannot be collected" },
    [MG_CAUSE_FAILS] = { "fails", "fail" },
    [MG_CAUSE_ERROR] = { "stops with an error in its set-up or teardown", "stop with an error in their set-up or teardown" },
    [MG_CAUSE_HANGS] = { "hangs: it passed its deadline", "hang: they passed their deadline" },
    [MG_CAUSE_CRASHES] = { "ends the test process", "end the test process" },
    [MG_CAUSE_FLAKY] = { "is flaky", "are flaky" },
};

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
static bool is_hex(char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'); }

/* The text without what differs from one test to the next: addresses of objects, long numbers. */
static struct mg_str key_of(struct mg_arena *arena, enum mg_cause_kind kind, struct mg_str text)
{
    struct mg_buf key = MG_BUF(KEY_LIMIT);
    mg_buf_addf(&key, "%d ", (int)kind);
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        if (i + 2 < text.len && text.at[i] == '0' && text.at[i + 1] == 'x')
            for (end = i + 2; end < text.len && is_hex(text.at[end]);)
                end++;
        else
            while (end < text.len && is_digit(text.at[end]))
                end++;
        if (end - i >= LONG_NUMBER)
            mg_buf_addc(&key, '#');
        else
            mg_buf_add(&key, mg_str_sub(text, i, end > i ? end : end + 1));
        i = end > i ? end : end + 1;
    }
    return mg_buf_take(&key, arena);
}

static struct mg_causes *causes_of(struct mg_run_context *run)
{
    if (!run->causes) {
        run->causes = MG_NEW(run->arena, struct mg_causes);
        *run->causes = (struct mg_causes){ .all = { 0 } };
        mg_map_init(&run->causes->by_key, run->arena);
        mg_map_init(&run->causes->asked, run->arena);
    }
    return run->causes;
}

void mg_cause_add(struct mg_run_context *run, const struct mg_mishap *mishap)
{
    struct mg_causes *causes = causes_of(run);
    struct mg_str refused = mishap->refused_count ? mishap->refused[0] : MG_NO_STR;
    struct mg_str key = refused.len ? mg_arena_printf(run->arena, "refused %.*s", MG_FMT(refused)) : key_of(run->arena, mishap->kind, mishap->text);
    struct mg_str text = mg_arena_printf(run->arena, "%s%s%.*s", words[mishap->kind].one, mishap->text.len ? ": " : "", MG_FMT(mishap->text));
    mg_note(run, MG_NOTE_LEFT_OUT, mishap->subject, text);
    void **slot = mg_map_slot(&causes->by_key, key);
    struct cause *cause = *slot;
    if (!cause) {
        cause = *slot = MG_NEW(run->arena, struct cause);
        *cause = (struct cause){ mishap->kind, mishap->subject, mishap->text, refused, 0 };
        *MG_PUSH(run->arena, &causes->all) = cause;
    }
    cause->count++;
}

static bool is_withheld(const struct mg_run_context *run, struct mg_str name)
{
    for (size_t i = 0; i < run->services->withheld.len; i++)
        if (mg_str_eq(run->services->withheld.at[i], name))
            return true;
    return false;
}

void mg_cause_asked(struct mg_run_context *run, const struct mg_str *names, size_t count)
{
    struct mg_causes *causes = causes_of(run);
    for (size_t i = 0; i < count; i++) {
        causes->copied |= mg_str_is(names[i], "*");
        void **slot = is_withheld(run, names[i]) ? mg_map_slot(&causes->asked, names[i]) : NULL;
        if (!slot || *slot)
            continue;
        *slot = causes;
        *MG_PUSH(run->arena, &causes->names) = names[i];
    }
}

static int by_count(const void *a, const void *b)
{
    const struct cause *const *left = a, *const *right = b;
    if ((*left)->count != (*right)->count)
        return (*left)->count > (*right)->count ? -1 : 1;
    return mg_str_cmp((*left)->subject, (*right)->subject);
}

/* The choice of the interpreter has named the module already, with who imports it, what that breaks and what repairs it. */
static bool is_told(const struct mg_run_context *run, const struct cause *cause)
{
    static const char begins[] = "ModuleNotFoundError: No module named '";
    if (cause->kind != MG_CAUSE_COLLECTION || cause->refused.len || !mg_str_starts(cause->text, begins))
        return false;
    struct mg_str name = mg_str_sub(cause->text, sizeof begins - 1, cause->text.len);
    name = mg_str_sub(name, 0, mg_str_find(name, '\'', 0));
    name = mg_str_sub(name, 0, mg_str_find(name, '.', 0));
    for (size_t i = 0; i < run->repo->missing.len; i++)
        if (mg_str_eq(run->repo->missing.at[i].name, name))
            return true;
    return false;
}

static struct mg_str cause_text(struct mg_arena *arena, const struct cause *cause)
{
    struct mg_str refused = cause->refused.len ? mg_arena_printf(arena, ": %.*s refused the connection", MG_FMT(cause->refused)) : MG_NO_STR;
    bool one = cause->count == 1;
    struct mg_str what =
        one ? MG_NO_STR : mg_arena_printf(arena, "%u %s ", cause->count, cause->kind == MG_CAUSE_COLLECTION ? "test files" : "tests");
    return mg_arena_printf(arena, "%.*s%s%.*s%s%.*s", MG_FMT(what), one ? words[cause->kind].one : words[cause->kind].many, MG_FMT(refused),
                           cause->text.len ? ": " : "", MG_FMT(cause->text));
}

static int by_name(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

/* In single quotes when it holds more than plain characters: the line is to be copied. */
static struct mg_str quoted(struct mg_arena *arena, struct mg_str word)
{
    struct mg_buf out = MG_BUF(1u << 16);
    bool plain = word.len > 0;
    for (size_t i = 0; i < word.len; i++) {
        unsigned char byte = (unsigned char)word.at[i];
        plain &= byte >= 0x80 || is_hex((char)byte) || (byte >= 'g' && byte <= 'z') || (byte >= 'G' && byte <= 'Z') || byte == '/' || byte == '.' ||
                 byte == '_' || byte == '-';
        mg_buf_adds(&out, byte == '\'' ? "'\\''" : (const char[]){ (char)byte, 0 });
    }
    struct mg_str inner = mg_buf_take(&out, arena);
    return plain ? inner : mg_arena_printf(arena, "'%.*s'", MG_FMT(inner));
}

/* One note on names, with the options that pass them on. `why`: behind "set here". */
static void tell_withheld(struct mg_run_context *run, struct mg_str *names, size_t count, const char *why)
{
    struct mg_buf shown = MG_BUF(1u << 16), options = MG_BUF(1u << 16), all = MG_BUF(1u << 16);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        mg_buf_addf(&all, "%s%.*s", i ? " " : "", MG_FMT(names[i]));
        if (i >= MOST_NAMES)
            continue;
        mg_buf_addf(&shown, "%s%.*s", i ? ", " : "", MG_FMT(names[i]));
        mg_buf_addf(&options, " --env %.*s", MG_FMT(names[i]));
    }
    struct mg_str list = mg_buf_take(&shown, run->arena), words_of = mg_buf_take(&options, run->arena);
    mg_note(run, MG_NOTE_WITHHELD, mg_buf_take(&all, run->arena),
            mg_arena_printf(run->arena, "set here, %s, and not passed on to them: %.*s%s; to pass them on: %s %s %.*s%.*s", why, MG_FMT(list),
                            count > MOST_NAMES ? ", …" : "", run->services->program ? run->services->program : "mutagen",
                            run->services->generator.ops || run->services->model.ops ? "run" : "score", MG_FMT(quoted(run->arena, run->request.repo)),
                            MG_FMT(words_of)));
}

static bool is_word_byte(char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_'; }

static bool has_word(struct mg_str text, struct mg_str word)
{
    for (size_t i = 0; i + word.len <= text.len; i++) {
        if (memcmp(text.at + i, word.at, word.len) != 0)
            continue;
        if ((i == 0 || !is_word_byte(text.at[i - 1])) && (i + word.len == text.len || !is_word_byte(text.at[i + word.len])))
            return true;
    }
    return false;
}

static bool files_have(const struct mg_source_file *files, size_t count, struct mg_str word)
{
    for (size_t i = 0; i < count; i++)
        if (has_word(files[i].text, word))
            return true;
    return false;
}

/* Its name stands in the repo; or as the field of a settings class that reads it, when it is long enough to mean it. */
static bool is_named(const struct mg_run_context *run, struct mg_str name)
{
    const struct mg_repo *repo = run->repo;
    struct mg_str lower = mg_arena_str(run->arena, name), words_of[] = { name, lower };
    for (char *at = (char *)(uintptr_t)lower.at; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    size_t count = mg_str_find(name, '_', 1) < name.len ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        if (files_have(repo->sources.at, repo->sources.len, words_of[i]) || files_have(repo->test_files.at, repo->test_files.len, words_of[i]) ||
            files_have(repo->conftests.at, repo->conftests.len, words_of[i]))
            return true;
    return false;
}

/* Those that were not asked for by name, but that the repo names. */
static void tell_copied(struct mg_run_context *run, struct mg_causes *causes)
{
    MG_LIST(struct mg_str) names = { 0 };
    for (size_t i = 0; i < run->services->withheld.len; i++) {
        struct mg_str name = run->services->withheld.at[i];
        if (name.len && !mg_map_get(&causes->asked, name) && is_named(run, name))
            *MG_PUSH(run->arena, &names) = name;
    }
    if (names.len)
        tell_withheld(run, names.at, names.len, "named in the repo, where tests that did not pass read the whole environment");
}

void mg_causes_tell(struct mg_run_context *run)
{
    struct mg_causes *causes = causes_of(run);
    if (causes->all.len)
        qsort(causes->all.at, causes->all.len, sizeof(struct cause *), by_count);
    for (size_t i = 0; i < causes->all.len; i++)
        if (!is_told(run, causes->all.at[i]))
            mg_note(run, MG_NOTE_CAUSE, causes->all.at[i]->subject, cause_text(run->arena, causes->all.at[i]));
    if (causes->names.len)
        tell_withheld(run, causes->names.at, causes->names.len, "asked for by tests that did not pass");
    if (causes->copied)
        tell_copied(run, causes);
}
