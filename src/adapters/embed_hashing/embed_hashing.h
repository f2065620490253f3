/* The embedder port without a model: words and pairs of words of a text, hashed into a vector. Needs no network; the predecessor's vectors.
 *
 * The text in lower case is cut into identifiers ([A-Za-z_][A-Za-z0-9_]*) and runs of digits. Each of them, and each pair of neighbours
 * joined by a NUL, is a feature: BLAKE2b of 8 bytes as a big-endian number v adds 1 (highest bit set) or -1 at v mod dimension. */
#ifndef MG_EMBED_HASHING_H
#define MG_EMBED_HASHING_H

#include "ports/embedder.h"

#define MG_HASHING_DIMENSION 256

/* `dimension` > 0. The embedder lives as long as the arena. Nothing it does can fail. Threads: any. */
struct mg_embedder mg_embed_hashing_new(struct mg_arena *arena, size_t dimension);

#endif
