/* BLAKE2b (RFC 7693), unkeyed, any digest length: the predecessor's feature hashes. No library that we link has the short digests. */
#ifndef MG_BLAKE2B_H
#define MG_BLAKE2B_H

#include "base/base.h"

/* `size` is 1 to 64 bytes; a short digest is not the beginning of a longer one. */
void mg_blake2b(struct mg_str data, uint8_t *digest, size_t size);

#endif
