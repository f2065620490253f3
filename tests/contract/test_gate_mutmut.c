/* The gate's contract over a real mutmut. MUTAGEN_TEST_MUTMUT names the site-packages folder that has it (make test makes one). */
#include "contract/gate_contract.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "adapters/gate_mutmut/gate_mutmut.h"
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"

static struct mg_gate open_mutmut(struct mg_sandbox sandbox)
{
    return mg_gate_mutmut_new(sandbox, MG_STR("/nonexistent"), mg_str_from(getenv("MUTAGEN_TEST_MUTMUT")));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "__sandbox") == 0)
        return mg_sandbox_main(argc, argv);
    if (!getenv("MUTAGEN_TEST_MUTMUT")) {
        (void)printf("SKIPPED: set MUTAGEN_TEST_MUTMUT to a folder with mutmut 3\n");
        return 0;
    }
    return run_gate_contract("mutmut", &(struct gate_contract){ .open = open_mutmut, .close = mg_gate_mutmut_free });
}
