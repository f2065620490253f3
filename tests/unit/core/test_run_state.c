/* Every state × event pair of a run, against a table written out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/run_state.h"

#define F "FAILED"
#define C "CANCELLED"
#define I "INITIALIZING"
static const char *const expected[MG_RUN_STATE_COUNT][MG_RUN_EVENT_COUNT] = {
    /*                        start ready        ingested             selected            processed gated        reported     fail  cancel resume */
    /* PENDING           */ { I, NULL, NULL, NULL, NULL, NULL, NULL, F, C, NULL },
    /* INITIALIZING      */ { NULL, "INGESTING", NULL, NULL, NULL, NULL, NULL, F, C, NULL },
    /* INGESTING         */ { NULL, NULL, "SELECTING_TARGETS", NULL, NULL, NULL, NULL, F, C, NULL },
    /* SELECTING_TARGETS */ { NULL, NULL, NULL, "GENERATING_TESTS", NULL, NULL, NULL, F, C, NULL },
    /* GENERATING_TESTS  */ { NULL, NULL, NULL, NULL, "GATING", NULL, NULL, F, C, NULL },
    /* GATING            */ { NULL, NULL, NULL, NULL, NULL, "REPORTING", NULL, F, C, NULL },
    /* REPORTING         */ { NULL, NULL, NULL, NULL, NULL, NULL, "COMPLETED", F, C, NULL },
    /* COMPLETED         */ { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, I },
    /* FAILED            */ { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, I },
    /* CANCELLED         */ { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, I },
};

static void every_pair_is_as_drawn(void **unused)
{
    (void)unused;
    for (int s = 0; s < MG_RUN_STATE_COUNT; s++)
        for (int e = 0; e < MG_RUN_EVENT_COUNT; e++) {
            enum mg_run_state state = (enum mg_run_state)s;
            struct mg_err err = { .code = MG_OK };
            enum mg_code code = mg_run_step(&state, (enum mg_run_event)e, &err);
            if (expected[s][e]) {
                assert_int_equal(code, MG_OK);
                assert_string_equal(mg_run_state_name(state), expected[s][e]);
            } else {
                assert_int_equal(code, MG_E_STATE);
                assert_int_equal(state, s);
                assert_non_null(strstr(err.text, mg_run_state_name(state)));
                assert_non_null(strstr(err.text, mg_run_event_name((enum mg_run_event)e)));
            }
        }
}

static void states_have_names_and_three_are_final(void **unused)
{
    (void)unused;
    for (int s = 0; s < MG_RUN_STATE_COUNT; s++) {
        assert_int_equal(mg_run_state_from(mg_str_from(mg_run_state_name((enum mg_run_state)s))), s);
        assert_int_equal(mg_run_state_is_final((enum mg_run_state)s), s >= MG_RUN_COMPLETED);
    }
    assert_int_equal(mg_run_state_from(MG_STR("pending")), MG_RUN_STATE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_pair_is_as_drawn), cmocka_unit_test(states_have_names_and_three_are_final) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
