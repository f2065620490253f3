/* The gate's contract over our own engine. */
#include "contract/gate_contract.h"
#include <string.h>
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "engine/gate.h"
#include "ports/progress.h"

static struct mg_gate open_engine(struct mg_sandbox sandbox)
{
    (void)sandbox;
    return mg_engine_gate(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "__sandbox") == 0)
        return mg_sandbox_main(argc, argv);
    return run_gate_contract("engine", &(struct gate_contract){ .open = open_engine });
}
