/* What only a store on disk must do: locks between processes, power cuts, damaged and foreign files, other people's folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "adapters/store_sqlite/store_sqlite.h"
#include "base/str.h"
#include "os/file.h"
#include "unit/sample_report.h"

#define RUN MG_STR("run-1")

static char top[64], root[80], database[100];
static struct mg_arena *arena;
static struct mg_err err;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(top, sizeof top, "/tmp/mg-sqlite-XXXXXX");
    if (!mkdtemp(top))
        return 1;
    (void)snprintf(root, sizeof root, "%s/root", top);
    (void)snprintf(database, sizeof database, "%s/mutagen.db", root);
    arena = mg_arena_new();
    err = (struct mg_err){ .code = MG_OK };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return mg_file_remove_tree(top, NULL) == MG_OK ? 0 : 1;
}

static struct mg_store must_open(void)
{
    struct mg_store store;
    if (mg_store_sqlite_open(root, true, &store, &err) != MG_OK)
        fail_msg("%s", err.text);
    return store;
}

static enum mg_code begin(struct mg_store store, struct mg_str run_id, struct mg_run_record *record)
{
    const struct mg_run_record wanted = { .run_id = run_id, .repo = MG_STR("/srv/repo"), .state = MG_RUN_PENDING, .started_at = 1 };
    bool existing;
    return store.ops->begin_run(store.self, &wanted, arena, record, &existing, &err);
}

static enum mg_code store_outcome(struct mg_store store, const struct mg_outcome *outcome)
{
    bool claimed;
    MG_TRY(store.ops->claim(store.self, RUN, outcome->target_id, MG_STR("f"), &claimed, &err));
    return store.ops->finish(store.self, RUN, MG_STR("f"), outcome, &err);
}

static const struct mg_llm_call open_call = { .target_id = MG_STR_INIT("t"),
                                              .purpose = MG_STR_INIT("generate"),
                                              .provider = MG_STR_INIT("openai"),
                                              .model = MG_STR_INIT("m"),
                                              .requests = 1,
                                              .worst_micro_usd = 1000,
                                              .worst_tokens = 10 };

static void make_ended_run(void)
{
    struct mg_store store = must_open();
    struct mg_run_record record;
    struct mg_report report = sample_report(arena);
    assert_int_equal(begin(store, RUN, &record), MG_OK);
    for (size_t i = 0; i < report.outcomes.len; i++)
        assert_int_equal(store_outcome(store, &report.outcomes.at[i]), MG_OK);
    const struct mg_spend_limits limits = { 0, 0 };
    int64_t id;
    assert_int_equal(store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err), MG_OK);
    assert_int_equal(store.ops->end_run(store.self, &report, MG_RUN_COMPLETED, &err), MG_OK);
    store.ops->close(store.self);
}

/* Runs `work` in a child that writes to the pipe; gives its pid and the pipe's reading end. */
static pid_t start_child(void (*work)(int out), int *in)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind */
        work(ends[1]);
        _exit(1);
    }
    (void)close(ends[1]);
    *in = ends[0];
    return child;
}

static void kill_child(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void hold_the_run(int out)
{
    struct mg_store store;
    struct mg_run_record record;
    bool claimed;
    if (mg_store_sqlite_open(root, true, &store, &err) != MG_OK || begin(store, RUN, &record) != MG_OK ||
        store.ops->claim(store.self, RUN, MG_STR("target"), MG_STR("f"), &claimed, &err) != MG_OK ||
        store.ops->set_run_state(store.self, RUN, MG_RUN_GATING, &err) != MG_OK || write(out, "1", 1) != 1)
        _exit(2);
    (void)pause();
}

static void a_run_belongs_to_one_living_process(void **state)
{
    (void)state;
    int in;
    char byte, pid[32];
    struct mg_run_record record;
    pid_t child = start_child(hold_the_run, &in);
    assert_int_equal(read(in, &byte, 1), 1);
    struct mg_store store = must_open();
    assert_int_equal(begin(store, RUN, &record), MG_E_DENIED);
    (void)snprintf(pid, sizeof pid, "process %ld;", (long)child);
    assert_non_null(strstr(err.text, pid));
    assert_int_equal(begin(store, MG_STR("run-2"), &record), MG_OK);
    kill_child(child);
    assert_int_equal(begin(store, RUN, &record), MG_OK);
    assert_int_equal(record.state, MG_RUN_FAILED); /* and not GATING, where it died */
    bool claimed;
    assert_int_equal(store.ops->claim(store.self, RUN, MG_STR("target"), MG_STR("f"), &claimed, &err), MG_OK);
    assert_true(claimed); /* the dead hold nothing */
    store.ops->close(store.self);
    (void)close(in);
}

/* Sets money aside and is killed before it can say what became of it. */
static void spend_and_hang(int out)
{
    struct mg_store store;
    struct mg_run_record record;
    const struct mg_spend_limits limits = { 5000, 0 };
    int64_t id;
    if (mg_store_sqlite_open(root, true, &store, &err) != MG_OK || begin(store, RUN, &record) != MG_OK ||
        store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err) != MG_OK ||
        store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err) != MG_OK || write(out, "1", 1) != 1)
        _exit(2);
    (void)pause();
}

static void a_killed_process_has_spent_its_reservations(void **state)
{
    (void)state;
    int in;
    char byte;
    int64_t id;
    struct mg_run_record record;
    struct mg_spend spend;
    const struct mg_spend_limits limits = { 2999, 0 };
    pid_t child = start_child(spend_and_hang, &in);
    assert_int_equal(read(in, &byte, 1), 1);
    struct mg_store store = must_open();
    assert_int_equal(begin(store, RUN, &record), MG_E_DENIED); /* the run is one process's: nobody else can spend its money */
    assert_int_equal(store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err), MG_E_STATE);
    kill_child(child);
    (void)close(in);
    assert_int_equal(begin(store, RUN, &record), MG_OK);
    assert_int_equal(store.ops->spent(store.self, RUN, MG_NO_STR, &spend, &err), MG_OK);
    assert_int_equal(spend.micro_usd, 2000);
    assert_int_equal(store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err), MG_E_LIMIT);
    store.ops->close(store.self);
}

/* Two processes, two runs, one file: each takes all that its own limit allows, none waits in vain. */
static void spend_all(int out)
{
    struct mg_store store;
    struct mg_run_record record;
    const struct mg_spend_limits limits = { 40000, 0 };
    unsigned taken = 0;
    int64_t id;
    struct mg_str run_id = mg_arena_printf(arena, "run-%ld", (long)getpid());
    if (mg_store_sqlite_open(root, true, &store, &err) != MG_OK || begin(store, run_id, &record) != MG_OK)
        _exit(2);
    enum mg_code code;
    while ((code = store.ops->reserve(store.self, run_id, &limits, &open_call, &id, &err)) == MG_OK)
        taken++;
    store.ops->close(store.self);
    _exit(code == MG_E_LIMIT && write(out, &taken, sizeof taken) == (ssize_t)sizeof taken ? 0 : 3);
}

static void two_processes_spend_in_one_file(void **state)
{
    (void)state;
    int in[2], status;
    unsigned taken;
    struct mg_store store = must_open();
    store.ops->close(store.self);
    for (int i = 0; i < 2; i++)
        (void)start_child(spend_all, &in[i]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read(in[i], &taken, sizeof taken), sizeof taken);
        assert_int_equal(taken, 40);
        (void)close(in[i]);
        assert_true(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* Stores outcomes of 300 mutants for ever; says each number after its finish has returned. */
static void store_for_ever(int out)
{
    struct mg_store store;
    struct mg_run_record record;
    if (mg_store_sqlite_open(root, true, &store, &err) != MG_OK || begin(store, RUN, &record) != MG_OK)
        _exit(2);
    for (unsigned number = 1;; number++) {
        struct mg_outcome outcome = sample_outcome(arena, number);
        for (unsigned i = 0; i < 297; i++) {
            struct mg_judged copy = outcome.mutants.at[0];
            copy.mutant.id = mg_arena_printf(arena, "m%u", i);
            *MG_PUSH(arena, &outcome.mutants) = copy;
        }
        if (store_outcome(store, &outcome) != MG_OK || write(out, &number, sizeof number) != (ssize_t)sizeof number)
            _exit(3);
    }
}

static void a_killed_process_loses_nothing_it_finished(void **state)
{
    (void)state;
    int in;
    pid_t child = start_child(store_for_ever, &in);
    unsigned last = 0, number;
    while (last < 4)
        assert_int_equal(read(in, &last, sizeof last), sizeof last);
    (void)usleep(1500); /* somewhere inside the fifth */
    kill_child(child);
    while (read(in, &number, sizeof number) == (ssize_t)sizeof number)
        last = number;
    (void)close(in);

    struct mg_store store = must_open();
    struct mg_run_record record;
    struct mg_outcome *found;
    size_t count;
    assert_int_equal(begin(store, RUN, &record), MG_OK);
    assert_int_equal(store.ops->outcomes(store.self, RUN, arena, &found, &count, &err), MG_OK);
    assert_true(count == last || count == last + 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].mutants.len, 300);
        assert_int_equal(found[i].tests.len, 2);
    }
    struct mg_outcome again = sample_outcome(arena, 1); /* done; the one it was working on is free */
    bool claimed;
    assert_int_equal(store.ops->claim(store.self, RUN, again.target_id, MG_STR("f"), &claimed, &err), MG_OK);
    assert_false(claimed);
    again = sample_outcome(arena, (unsigned)count + 1);
    assert_int_equal(store.ops->claim(store.self, RUN, again.target_id, MG_STR("f"), &claimed, &err), MG_OK);
    assert_true(claimed);
    store.ops->close(store.self);
}

static enum mg_code open_code(bool create)
{
    struct mg_store store;
    enum mg_code code = mg_store_sqlite_open(root, create, &store, &err);
    if (code == MG_OK)
        store.ops->close(store.self);
    else
        assert_null(strchr(err.text, '\n'));
    return code;
}

static void write_text(const char *path, struct mg_str text)
{
    if (mg_file_write(path, text, &err) != MG_OK)
        fail_msg("%s", err.text);
}

static void only_our_own_folder_is_used(void **state)
{
    (void)state;
    char path[140];
    struct stat st;
    assert_int_equal(open_code(false), MG_E_NOT_FOUND);
    assert_int_not_equal(stat(root, &st), 0); /* asking made nothing */
    assert_int_equal(mkdir(root, 0755), 0);
    assert_int_equal(open_code(true), MG_OK); /* an empty folder may be taken */
    static const char *const made[] = { "MUTAGEN", ".gitignore", "mutagen.db" };
    for (size_t i = 0; i < MG_COUNT(made); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, made[i]);
        assert_int_equal(stat(path, &st), 0);
    }
    assert_int_equal(open_code(false), MG_OK);
    (void)snprintf(path, sizeof path, "%s/MUTAGEN", root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(open_code(true), MG_E_DENIED);
    assert_non_null(strstr(err.text, root));
    write_text(path, MG_STR(""));
    (void)snprintf(path, sizeof path, "%s/locks", root); /* a repo may bring a storage root along: no link is followed out of it */
    assert_int_equal(mg_file_remove_tree(path, &err), MG_OK);
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(open_code(true), MG_E_DENIED);
}

static void a_root_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    write_text(root, MG_STR("a file"));
    assert_int_equal(open_code(true), MG_E_CONFIG);
    assert_non_null(strstr(err.text, root));
    (void)snprintf(root, sizeof root, "%s/root/below", top);
    assert_int_equal(open_code(true), MG_E_IO);
    assert_non_null(strstr(err.text, root));
}

static void run_sql(const char *text)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void foreign_and_newer_databases_are_refused_untouched(void **state)
{
    (void)state;
    struct mg_str before, after;
    assert_int_equal(open_code(true), MG_OK);
    run_sql("PRAGMA user_version=99");
    assert_int_equal(open_code(true), MG_E_STORE);
    assert_non_null(strstr(err.text, "newer version"));
    assert_non_null(strstr(err.text, database));

    assert_int_equal(unlink(database), 0);
    run_sql("CREATE TABLE songs (name TEXT)");
    assert_int_equal(mg_file_read(arena, database, 1 << 20, &before, &err), MG_OK);
    assert_int_equal(open_code(true), MG_E_STORE);
    assert_non_null(strstr(err.text, "not a database of this program"));
    assert_int_equal(mg_file_read(arena, database, 1 << 20, &after, &err), MG_OK);
    assert_true(mg_str_eq(before, after));

    write_text(database,
               MG_STR("this is no database, but it is long enough to be looked at as if it were one; really it is, with a header of 100 bytes"));
    assert_int_equal(open_code(true), MG_E_STORE);
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < MG_COUNT(suffixes); i++) {
        char elsewhere[100], link[120];
        assert_true(unlink(database) == 0 || i > 0);
        (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", top);
        (void)snprintf(link, sizeof link, "%s%s", database, suffixes[i]);
        assert_int_equal(symlink(elsewhere, link), 0);
        assert_int_equal(open_code(true), MG_E_DENIED);
        assert_false(mg_file_exists(elsewhere));
        assert_int_equal(unlink(link), 0);
    }
    write_text(database, MG_STR("")); /* killed before the first byte was written */
    assert_int_equal(open_code(true), MG_OK);
}

static enum mg_code load(void)
{
    struct mg_store store;
    struct mg_report report;
    MG_TRY(mg_store_sqlite_open(root, true, &store, &err));
    enum mg_code code = store.ops->load_report(store.self, MG_NO_STR, arena, &report, &err);
    struct mg_outcome *found;
    size_t count;
    enum mg_code second = store.ops->outcomes(store.self, RUN, arena, &found, &count, &err);
    store.ops->close(store.self);
    return code != MG_OK ? code : second;
}

static void stored_values_are_checked(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE targets SET state = 'NOPE' WHERE qualified_name = 'pkg.m.f2'",
        "UPDATE targets SET line = -1",
        "UPDATE targets SET end_line = 5000000000",
        "UPDATE targets SET coverage = 9e999",
        "UPDATE targets SET reason = x'00ff'",
        "UPDATE targets SET attempts = 'many'",
        "UPDATE tests SET kept = 2",
        "UPDATE test_kills SET test = test + 70",
        "UPDATE mutants SET before_verdict = 'alive'",
        "UPDATE mutants SET after_kill = 'murder'",
        "UPDATE mutants SET start_byte = 9999",
        "UPDATE mutants SET level = -4",
        "UPDATE target_tallies SET phase = 'during' WHERE phase = 'after' AND verdict = 'killed'",
        "UPDATE report_tallies SET count = -1",
        "UPDATE notes SET kind = 'loud'",
        "UPDATE reports SET kept = 1.5",
        "UPDATE reports SET tests_dir = 'tests/../../elsewhere'",
        "UPDATE reports SET tests_dir = '/etc'",
        "UPDATE runs SET state = 'SLEEPING'",
        "UPDATE llm_calls SET micro_usd = -2",
        "UPDATE llm_calls SET worst_tokens = -1",
        "UPDATE llm_calls SET settled = 7",
        "UPDATE llm_calls SET output_tokens = 'many'",
        "DROP TABLE target_notes",
        "DROP TABLE suspected_bugs",
        "ALTER TABLE reports RENAME COLUMN next_step TO last_step",
    };
    make_ended_run();
    assert_int_equal(load(), MG_OK);
    struct mg_str good;
    assert_int_equal(mg_file_read(arena, database, 1 << 20, &good, &err), MG_OK);
    for (size_t i = 0; i < MG_COUNT(damages); i++) {
        write_text(database, good);
        char text[200];
        (void)snprintf(text, sizeof text, "PRAGMA foreign_keys=OFF; %s", damages[i]);
        run_sql(text);
        err.text[0] = '\0';
        if (load() != MG_E_STORE)
            fail_msg("accepted: %s", damages[i]);
        assert_non_null(strstr(err.text, database));
    }
}

/* What a version before model calls wrote: the same file without the tables that came later. */
static void an_older_database_is_brought_up_to_date(void **state)
{
    (void)state;
    make_ended_run();
    run_sql("DROP TABLE sessions; DROP TABLE admitted; DROP TABLE llm_calls; DROP TABLE target_notes; ALTER TABLE reports DROP COLUMN model;"
            "ALTER TABLE reports DROP COLUMN level; ALTER TABLE reports DROP COLUMN existing_not_run;"
            "ALTER TABLE targets DROP COLUMN tests_not_run; ALTER TABLE reports DROP COLUMN existing_skipped;"
            "ALTER TABLE reports DROP COLUMN existing_xfailed;"
            "PRAGMA user_version=1");
    struct mg_store store = must_open();
    struct mg_report report;
    struct mg_run_record record;
    assert_int_equal(store.ops->load_report(store.self, RUN, arena, &report, &err), MG_OK);
    assert_int_equal(report.outcomes.len, 3);
    assert_int_equal(report.model.len, 0);
    assert_int_equal(report.level, 0);
    assert_int_equal(report.spend.calls, 0);
    const struct mg_spend_limits limits = { 0, 0 };
    int64_t id;
    assert_int_equal(begin(store, RUN, &record), MG_OK);
    assert_int_equal(store.ops->reserve(store.self, RUN, &limits, &open_call, &id, &err), MG_OK);
    double seconds;
    bool admitted;
    assert_int_equal(store.ops->worked_seconds(store.self, RUN, &seconds, &err), MG_OK);
    assert_true(report.duration_seconds > 0 && seconds == report.duration_seconds);
    assert_int_equal(store.ops->admit(store.self, RUN, MG_STR("a fourth"), RUN, 3, &admitted, &err), MG_OK);
    assert_false(admitted);
    assert_int_equal(store.ops->admit(store.self, RUN, report.outcomes.at[0].target_id, RUN, 3, &admitted, &err), MG_OK);
    assert_true(admitted);
    store.ops->close(store.self);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Bytes changed at random: an answer or MG_E_STORE, never a crash (run under the sanitizers too). */
static void a_damaged_file_is_an_error(void **state)
{
    (void)state;
    make_ended_run();
    struct mg_str good;
    assert_int_equal(mg_file_read(arena, database, 1 << 20, &good, &err), MG_OK);
    uint32_t seed = 2463534242u;
    unsigned refused = 0;
    for (unsigned round = 0; round < 400; round++) {
        char *bad = mg_arena_alloc(arena, good.len, 1);
        memcpy(bad, good.at, good.len);
        size_t length = round % 4 == 0 ? next_random(&seed) % good.len : good.len;
        for (unsigned i = 0; i < 1 + round % 60; i++)
            bad[next_random(&seed) % good.len] = (char)next_random(&seed);
        write_text(database, (struct mg_str){ bad, length });
        enum mg_code code = load();
        assert_true(code == MG_OK || code == MG_E_STORE || code == MG_E_NOT_FOUND || code == MG_E_STATE);
        refused += code == MG_E_STORE;
    }
    assert_true(refused > 100);
}

static void a_run_id_never_leaves_the_folder(void **state)
{
    (void)state;
    struct mg_store store = must_open();
    struct mg_run_record record;
    const struct mg_str bad[] = { MG_STR(""),
                                  MG_STR("../x"),
                                  MG_STR("a/b"),
                                  MG_STR("a b"),
                                  MG_STR("x\0y"),
                                  MG_STR("caf\xc3\xa9"),
                                  MG_STR("0123456789012345678901234567890123456789012345678901234567890123x") };
    for (size_t i = 0; i < MG_COUNT(bad); i++)
        assert_int_equal(begin(store, bad[i], &record), MG_E_USAGE);
    const struct mg_str good[] = { MG_STR("."), MG_STR(".."), MG_STR("-"),
                                   MG_STR("0123456789012345678901234567890123456789012345678901234567890123") };
    for (size_t i = 0; i < MG_COUNT(good); i++)
        assert_int_equal(begin(store, good[i], &record), MG_OK);
    store.ops->close(store.self);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_run_belongs_to_one_living_process),
        CASE(a_killed_process_loses_nothing_it_finished),
        CASE(a_killed_process_has_spent_its_reservations),
        CASE(two_processes_spend_in_one_file),
        CASE(an_older_database_is_brought_up_to_date),
        CASE(only_our_own_folder_is_used),
        CASE(a_root_that_cannot_be_made_is_named),
        CASE(foreign_and_newer_databases_are_refused_untouched),
        CASE(stored_values_are_checked),
        CASE(a_damaged_file_is_an_error),
        CASE(a_run_id_never_leaves_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
