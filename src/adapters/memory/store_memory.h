/* The store in memory, for tests and --dry-run: the contract of ports/store.h without a file. It is seen by this process only. */
#ifndef MG_STORE_MEMORY_H
#define MG_STORE_MEMORY_H

#include "ports/store.h"

struct mg_store mg_store_memory_new(void); /* close with store.ops->close */

#endif
