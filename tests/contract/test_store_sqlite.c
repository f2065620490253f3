/* The SQLite store keeps the contract, also over closing and opening again. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapters/store_sqlite/store_sqlite.h"
#include "contract/store_contract.h"
#include "os/file.h"

static char root[64];

static struct mg_store must_open(void)
{
    struct mg_store store;
    struct mg_err err;
    if (mg_store_sqlite_open(root, true, &store, &err) == MG_OK)
        return store;
    (void)fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static struct mg_store open_empty(void)
{
    (void)snprintf(root, sizeof root, "/tmp/mg-store-%ld/deep/root", (long)getpid());
    return must_open();
}

static struct mg_store reopen(struct mg_store store)
{
    store.ops->close(store.self);
    return must_open();
}

static void discard(void)
{
    char top[64];
    (void)snprintf(top, sizeof top, "/tmp/mg-store-%ld", (long)getpid());
    if (mg_file_remove_tree(top, NULL) != MG_OK)
        exit(1);
}

int main(void)
{
    const struct store_contract contract = { open_empty, reopen, discard };
    return run_store_contract("store: sqlite", &contract);
}
