/* The retriever port over any embedder: vectors of all documents in memory, the nearest by dot product. */
#ifndef MG_RETRIEVE_VECTORS_H
#define MG_RETRIEVE_VECTORS_H

#include "ports/embedder.h"
#include "ports/retriever.h"

/* `embedder` is borrowed until close, which frees what `index` kept (not the embedder). A second `index` replaces the first; one that fails
 * leaves the retriever empty. Errors of the embedder are handed on; MG_E_STATE when its vectors differ in length. */
struct mg_retriever mg_retrieve_vectors_new(struct mg_embedder embedder);

#endif
