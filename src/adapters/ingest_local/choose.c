/* One look at each candidate, then a decision. Nothing of the repo is imported for it. */
#include "adapters/ingest_local/choose.h"

#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/said.h"
#include "adapters/ingest_local/user_env.h"
#include "base/buf.h"
#include "os/file.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/program.h"

#include <string.h>

#define CHECK_SECONDS 60.0
#define MOST_WORDS 12

/* Names on stdin; "major minor pytest" and the names that are not found on stdout. Any Python must be able to parse it. Of "a.b" only a
 * namespace `a` is asked (there b may belong to another distribution, and looking runs no code); else it is as good as there. "=name" is a
 * distribution, which may also lie in a "+folder". */
static const char script[] = "import sys\n"
                             "try:\n    from importlib.util import find_spec\n"
                             "    from importlib.machinery import PathFinder\n"
                             "except ImportError:\n    find_spec = __import__\n"
                             "def there(name):\n"
                             "    try:\n"
                             "        spec = find_spec(name.split('.')[0])\n"
                             "        if '.' not in name:\n            return spec is not None\n"
                             "        if spec is None or spec.origin is not None:\n            return True\n"
                             "        return PathFinder.find_spec(name, spec.submodule_search_locations) is not None\n"
                             "    except Exception:\n        return '.' in name or name in sys.modules\n"
                             "def installed(name):\n"
                             "    try:\n"
                             "        from importlib.metadata import distributions\n"
                             "        return any(True for _ in distributions(name=name, path=folders + sys.path))\n"
                             "    except Exception:\n        return True\n"
                             "lines = [line for line in sys.stdin.read().splitlines() if line]\n"
                             "folders = [line[1:] for line in lines if line[0] == '+']\n"
                             "names = [line for line in lines if line[0] not in '+=']\n"
                             "print('%d %d %s' % (sys.version_info[0], sys.version_info[1], there('pytest') and 'pytest' or '-'))\n"
                             "standard = getattr(sys, 'stdlib_module_names', ())\n" /* of any system: nobody can install msvcrt here */
                             "for name in names:\n    if not there(name) and name.split('.')[0] not in standard:\n        print(name)\n"
                             "for line in lines:\n    if line[0] == '=' and not installed(line[1:]):\n        print(line)\n";

static struct mg_need *need_of(struct mg_needs *needs, struct mg_str name)
{
    for (size_t i = 0; i < needs->len; i++)
        if (mg_str_eq(needs->at[i].name, name))
            return &needs->at[i];
    return NULL;
}

static void read_answer(struct mg_choice *choice, struct mg_str answer, struct mg_checked *checked)
{
    struct mg_str line, word[3] = { MG_NO_STR, MG_NO_STR, MG_NO_STR };
    if (!mg_str_next_line(&answer, &line))
        return;
    for (size_t i = 0; i < 3; i++)
        (void)mg_str_next_part(&line, ' ', &word[i]);
    checked->runs = mg_str_to_i64(word[0], &checked->major) && mg_str_to_i64(word[1], &checked->minor);
    checked->has_pytest = mg_str_is(mg_str_trim(word[2]), "pytest");
    while (mg_str_next_line(&answer, &line)) {
        struct mg_need *need = need_of(&choice->needs, mg_str_trim(line));
        checked->lacks_project |= mg_str_starts(line, "=");
        if (need)
            need->missing = true;
    }
}

static void mark_named(struct mg_choice *choice, int64_t minor)
{
    struct mg_said said;
    mg_said_read(choice->arena, choice->repo->copy, &said);
    mg_said_add_tox(&said, minor);
    for (size_t i = 0; i < choice->needs.len; i++)
        choice->needs.at[i].named = mg_said_has_part(&said, choice->needs.at[i].module);
}

/* What `pip install -e` leaves in a folder of the repo counts, too. */
static void add_project(const struct mg_choice *choice, struct mg_buf *names)
{
    const struct mg_repo *repo = choice->repo;
    if (choice->distribution.name.len == 0)
        return;
    mg_buf_addf(names, "=%.*s\n", MG_FMT(choice->distribution.name));
    for (size_t i = 0; i < repo->import_roots.len; i++)
        mg_buf_addf(names, "+%.*s\n", MG_FMT(mg_path_join(choice->arena, repo->copy, repo->import_roots.at[i])));
}

enum mg_code mg_check_interpreter(struct mg_choice *choice, struct mg_str python, struct mg_checked *checked, struct mg_err *err)
{
    const char *argv[MOST_WORDS];
    size_t count = 0;
    struct mg_buf names = MG_BUF(1u << 20);
    *checked = (struct mg_checked){ .runs = false };
    for (const char *const *word = choice->settings->supervisor; word && *word; word++)
        argv[count++] = *word;
    argv[count++] = mg_arena_cstr(choice->arena, python);
    argv[count++] = "-IB"; /* -B: a user's environment stays as it is, without so much as a .pyc of ours */
    argv[count++] = "-c";
    argv[count++] = script;
    argv[count] = NULL;
    for (size_t i = 0; i < choice->needs.len; i++) {
        choice->needs.at[i].missing = false;
        mg_buf_addf(&names, "%.*s\n", MG_FMT(choice->needs.at[i].name));
    }
    add_project(choice, &names);
    struct mg_program program = { .argv = argv,
                                  .env = mg_build_environment(choice->arena, choice->repo->scratch, choice->repo->scratch),
                                  .directory = mg_arena_cstr(choice->arena, choice->repo->scratch),
                                  .input = mg_buf_view(&names),
                                  .deadline = mg_now() + CHECK_SECONDS,
                                  .max_output = 1 << 20,
                                  .cancel = choice->cancel,
                                  .lifeline = choice->settings->supervisor != NULL };
    struct mg_program_end end;
    struct mg_err why = { .code = MG_OK };
    enum mg_code code = mg_program_run(&program, choice->arena, &end, &why);
    mg_buf_free(&names);
    if (code == MG_E_CANCELLED) {
        if (err)
            *err = why;
        return code;
    }
    if (code == MG_OK && mg_program_succeeded(&end))
        read_answer(choice, end.output, checked);
    if (checked->runs)
        mark_named(choice, checked->minor);
    mg_needs_settle(&choice->needs, choice->arena);
    checked->broken_sources = choice->needs.broken_sources;
    checked->broken_tests = choice->needs.broken_tests;
    return MG_OK;
}

/* One that takes tests away, and that an environment of our own would have. */
static const struct mg_need *named_and_missing(const struct mg_choice *choice)
{
    for (size_t i = 0; i < choice->needs.len; i++)
        if (choice->needs.at[i].missing && choice->needs.at[i].named && choice->needs.at[i].lost)
            return &choice->needs.at[i];
    return NULL;
}

static bool is_too_old(const struct mg_choice *choice, const struct mg_checked *checked)
{
    return checked->major == 3 && checked->minor < choice->least_minor;
}

/* What merely is on PATH was not made for this repo: there the tests must find what they need, too; all that the project names where that can be
 * installed, and a Python that it allows. */
static bool is_usable(const struct mg_choice *choice, const struct mg_candidate *candidate, const struct mg_checked *checked)
{
    if (mg_str_is(candidate->origin, "PATH") && (2 * checked->broken_tests > choice->needs.tests ||
                                                 (choice->settings->install && (named_and_missing(choice) || is_too_old(choice, checked)))))
        return false;
    return checked->runs && checked->has_pytest && 2 * checked->broken_sources <= choice->needs.sources &&
           (checked->major > 3 || (checked->major == 3 && checked->minor >= 8));
}

static struct mg_str what_is_wrong(const struct mg_choice *choice, const struct mg_candidate *candidate, const struct mg_checked *checked)
{
    const char *at = mg_arena_printf(choice->arena, "%.*s (%.*s)", MG_FMT(candidate->python), MG_FMT(candidate->origin)).at;
    if (!checked->runs)
        return mg_arena_printf(choice->arena, "%s does not run", at);
    if (checked->major < 3 || (checked->major == 3 && checked->minor < 8))
        return mg_arena_printf(choice->arena, "%s is Python %d.%d", at, (int)checked->major, (int)checked->minor);
    if (is_too_old(choice, checked))
        return mg_arena_printf(choice->arena, "%s is Python 3.%d, the project asks for 3.%d or newer", at, (int)checked->minor,
                               (int)choice->least_minor);
    if (!checked->has_pytest)
        return mg_arena_printf(choice->arena, "%s has no pytest", at);
    if (2 * checked->broken_sources > choice->needs.sources)
        return mg_arena_printf(choice->arena, "%s lacks what %u of %u source files import", at, checked->broken_sources, choice->needs.sources);
    const struct mg_need *need = named_and_missing(choice);
    if (need)
        return mg_arena_printf(choice->arena, "%s lacks %.*s, which the project names and %u of %u test functions need", at, MG_FMT(need->name),
                               need->lost, choice->needs.tests);
    return mg_arena_printf(choice->arena, "%s lacks what %u of %u test functions need", at, checked->broken_tests, choice->needs.tests);
}

static struct mg_str joined(const struct mg_choice *choice)
{
    struct mg_buf out = MG_BUF(4096);
    for (size_t i = 0; i < choice->candidates.tried.len; i++)
        mg_buf_addf(&out, "%s%.*s", i ? "; " : "", MG_FMT(choice->candidates.tried.at[i]));
    return mg_buf_take(&out, choice->arena);
}

static void take(struct mg_choice *choice, struct mg_str python, struct mg_str origin, const struct mg_checked *checked)
{
    choice->chosen = *checked;
    choice->repo->python = python;
    choice->repo->python_origin = origin;
}

/* The first that fits, or that was named. *best: index of the one that lacks least among those with pytest; candidates.len = none has it. */
static enum mg_code try_candidates(struct mg_choice *choice, bool *chosen, size_t *best, struct mg_err *err)
{
    struct mg_candidates *candidates = &choice->candidates;
    uint32_t least = UINT32_MAX;
    *chosen = false;
    *best = candidates->found.len;
    for (size_t i = 0; i < candidates->found.len; i++) {
        const struct mg_candidate *candidate = &candidates->found.at[i];
        struct mg_checked checked;
        MG_TRY(mg_check_interpreter(choice, candidate->python, &checked, err));
        if (candidate->named || is_usable(choice, candidate, &checked)) {
            take(choice, candidate->python, candidate->origin, &checked);
            *chosen = true;
            return MG_OK;
        }
        *MG_PUSH(choice->arena, &candidates->tried) = what_is_wrong(choice, candidate, &checked);
        if (checked.runs && checked.has_pytest && checked.broken_sources + checked.broken_tests < least) {
            least = checked.broken_sources + checked.broken_tests;
            *best = i;
        }
    }
    return MG_OK;
}

static void say(const struct mg_choice *choice, struct mg_str text)
{
    if (choice->settings->progress.ops)
        choice->settings->progress.ops->line(choice->settings->progress.self, text);
}

/* *made is false, and *reason says why, when it cannot be. */
static enum mg_code make_own(struct mg_choice *choice, bool *made, struct mg_str *reason, struct mg_err *err)
{
    struct mg_environment environment = { .lock_fd = -1 };
    struct mg_err why = { .code = MG_OK };
    *made = false;
    enum mg_code code = mg_environment_make(choice, &environment, &why);
    choice->environment_fd = environment.lock_fd;
    if (code == MG_E_CANCELLED) {
        if (err)
            *err = why;
        return code;
    }
    *reason = mg_arena_str(choice->arena, mg_str_from(why.text));
    if (code != MG_OK)
        return MG_OK;
    struct mg_checked checked;
    MG_TRY(mg_check_interpreter(choice, environment.python, &checked, err));
    if (!checked.runs || !checked.has_pytest) {
        *reason = what_is_wrong(choice, &(struct mg_candidate){ .python = environment.python, .origin = MG_STR("mutagen") }, &checked);
        return MG_OK;
    }
    take(choice, environment.python, MG_STR("mutagen"), &checked);
    *made = true;
    return MG_OK;
}

static enum mg_code nothing_fits(struct mg_choice *choice, struct mg_str reason, struct mg_err *err)
{
    const struct mg_candidate *first = &choice->candidates.found.at[0];
    struct mg_str command = mg_repair_command(choice, first->python, first->origin, MG_STR("pytest"));
    if (reason.len)
        return MG_FAIL(err, MG_E_CONFIG, "no interpreter has pytest, and none could be made: %.*s. Repair: %.*s, or --python PATH", MG_FMT(reason),
                       MG_FMT(command));
    return MG_FAIL(err, MG_E_CONFIG, "no interpreter has pytest. Repair: %.*s, or --python PATH%s. Tried: %.*s", MG_FMT(command),
                   choice->settings->install ? "" : ", or leave out what forbids to make one (--no-install, ingest.install_deps)",
                   MG_FMT(mg_str_fit(joined(choice), 240)));
}

enum mg_code mg_choose_interpreter(struct mg_choice *choice, struct mg_err *err)
{
    struct mg_asking asking = { .supervisor = choice->settings->supervisor, .cancel = choice->cancel };
    bool chosen, made = false;
    size_t best;
    struct mg_str reason = MG_NO_STR;
    MG_TRY(mg_interpreter_list(choice->arena, choice->repo->original, choice->asked, &asking, &choice->candidates, err));
    mg_needs_scan(choice->repo, choice->arena, &choice->needs);
    mg_distribution_read(choice->arena, choice->repo, &choice->distribution);
    struct mg_dependencies dependencies;
    mg_dependencies_list(choice->arena, choice->repo->copy, &dependencies);
    choice->least_minor = dependencies.least_minor;
    MG_TRY(try_candidates(choice, &chosen, &best, err));
    if (!chosen && choice->home.len) {
        say(choice, mg_arena_printf(choice->arena, "no interpreter fits (%.*s): using an environment of our own (--no-install: never)",
                                    MG_FMT(joined(choice))));
        MG_TRY(make_own(choice, &made, &reason, err));
    }
    if (!chosen && !made) {
        if (best == choice->candidates.found.len)
            return nothing_fits(choice, reason, err);
        struct mg_checked checked;
        const struct mg_candidate *candidate = &choice->candidates.found.at[best];
        MG_TRY(mg_check_interpreter(choice, candidate->python, &checked, err));
        take(choice, candidate->python, candidate->origin, &checked);
        if (choice->settings->look_only && choice->settings->install)
            *MG_PUSH(choice->arena, &choice->repo->notes) =
                mg_arena_printf(choice->arena, "a run makes an environment of its own below the storage root (--no-install: never): %.*s",
                                MG_FMT(what_is_wrong(choice, candidate, &checked)));
        if (reason.len)
            *MG_PUSH(choice->arena, &choice->repo->notes) =
                mg_arena_printf(choice->arena, "an environment with the repo's dependencies could not be made, so %.*s is used: %.*s",
                                MG_FMT(candidate->python), MG_FMT(reason));
    }
    if (is_too_old(choice, &choice->chosen))
        *MG_PUSH(choice->arena, &choice->repo->notes) =
            mg_arena_printf(choice->arena, "the project asks for Python 3.%d or newer (requires-python), and %.*s is 3.%d", (int)choice->least_minor,
                            MG_FMT(choice->repo->python), (int)choice->chosen.minor);
    mg_explain_missing(choice);
    return MG_OK;
}
