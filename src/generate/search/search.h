/* The generator that needs no key: searches for calls whose observed outcome tells the original from its mutants, and writes the
 * smallest readable set of them as tests. Stateless: any number of threads may use one, each with its own request. */
#ifndef MG_SEARCH_H
#define MG_SEARCH_H

#include "ports/generator.h"

struct mg_generator mg_search_new(void);

#endif
