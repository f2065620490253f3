/* Every state × event pair of a target, against a table written out by hand: any edge added, lost or redirected is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/target_state.h"

#define GONE "DISCARDED"
#define LEFT "UNFINISHED"
static const char *const expected[MG_TARGET_STATE_COUNT][MG_TARGET_EVENT_COUNT] = {
    /*                 generated    ran    mutated    strengthen   kept    discard  satisfied    leave  resume */
    /* SELECTED   */ { "GENERATED", NULL, NULL, NULL, NULL, GONE, "SATISFIED", LEFT, NULL },
    /* GENERATED  */ { NULL, "RAN", NULL, NULL, NULL, GONE, NULL, LEFT, NULL },
    /* RAN        */ { NULL, NULL, "MUTATED", NULL, NULL, GONE, NULL, LEFT, NULL },
    /* MUTATED    */ { NULL, NULL, NULL, "GENERATED", "KEPT", GONE, NULL, LEFT, NULL },
    /* KEPT       */ { NULL },
    /* DISCARDED  */ { NULL },
    /* SATISFIED  */ { NULL },
    /* UNFINISHED */ { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "SELECTED" },
};

static void every_pair_is_as_drawn(void **unused)
{
    (void)unused;
    for (int s = 0; s < MG_TARGET_STATE_COUNT; s++)
        for (int e = 0; e < MG_TARGET_EVENT_COUNT; e++) {
            enum mg_target_state state = (enum mg_target_state)s;
            struct mg_err err = { .code = MG_OK };
            enum mg_code code = mg_target_step(&state, (enum mg_target_event)e, &err);
            if (expected[s][e]) {
                assert_int_equal(code, MG_OK);
                assert_string_equal(mg_target_state_name(state), expected[s][e]);
            } else {
                assert_int_equal(code, MG_E_STATE);
                assert_int_equal(state, s); /* a refused event changes nothing */
                assert_non_null(strstr(err.text, mg_target_state_name(state)));
                assert_non_null(strstr(err.text, mg_target_event_name((enum mg_target_event)e)));
            }
        }
}

static void states_are_found_by_name(void **unused)
{
    (void)unused;
    for (int s = 0; s < MG_TARGET_STATE_COUNT; s++)
        assert_int_equal(mg_target_state_from(mg_str_from(mg_target_state_name((enum mg_target_state)s))), s);
    assert_int_equal(mg_target_state_from(MG_STR("kept")), MG_TARGET_STATE_COUNT);
    assert_int_equal(mg_target_state_from(MG_NO_STR), MG_TARGET_STATE_COUNT);
}

static void only_three_states_are_final(void **unused)
{
    (void)unused;
    for (int s = 0; s < MG_TARGET_STATE_COUNT; s++)
        assert_int_equal(mg_target_state_is_final((enum mg_target_state)s),
                         s == MG_TARGET_KEPT || s == MG_TARGET_DISCARDED || s == MG_TARGET_SATISFIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_as_drawn),
        cmocka_unit_test(states_are_found_by_name),
        cmocka_unit_test(only_three_states_are_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
