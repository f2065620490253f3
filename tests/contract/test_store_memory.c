/* The store in memory keeps the contract. */
#include "adapters/memory/store_memory.h"
#include "contract/store_contract.h"

int main(void)
{
    const struct store_contract contract = { .open = mg_store_memory_new };
    return run_store_contract("store: memory", &contract);
}
