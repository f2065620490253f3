/* What every store must do (ports/store.h), as tests. Each adapter's test file runs them over a store of its own. */
#ifndef MG_TEST_STORE_CONTRACT_H
#define MG_TEST_STORE_CONTRACT_H

#include "ports/store.h"

struct CMUnitTest;

/* The adapter under test. `open` gives an empty store; `reopen` closes it and opens the same data again (NULL: it cannot). */
struct store_contract {
    struct mg_store (*open)(void);
    struct mg_store (*reopen)(struct mg_store store);
    void (*discard)(void); /* after close: removes what open made; may be NULL */
};
int run_store_contract(const char *name, const struct store_contract *contract);

#endif
