/* What every embedder promises (ports/embedder.h). */
#ifndef MG_EMBEDDER_CONTRACT_H
#define MG_EMBEDDER_CONTRACT_H

#include "ports/embedder.h"

/* Fails the running cmocka test where a promise is not kept. */
void mg_embedder_keeps_its_contract(struct mg_embedder embedder);

#endif
