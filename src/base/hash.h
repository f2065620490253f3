/* SHA-256 (FIPS 180-4) for content identity, SHA-1 (same standard) for the predecessor's target ids. Not for passwords. */
#ifndef MG_HASH_H
#define MG_HASH_H

#include "base/arena.h"
#include "base/base.h"

void mg_sha256(struct mg_str data, uint8_t digest[32]);
void mg_sha1(struct mg_str data, uint8_t digest[20]);
/* The first `hex_digits` digits of the digest as lower-case text in the arena; at most 64 (SHA-256) or 40 (SHA-1). */
struct mg_str mg_sha256_hex(struct mg_arena *arena, struct mg_str data, size_t hex_digits);
struct mg_str mg_sha1_hex(struct mg_arena *arena, struct mg_str data, size_t hex_digits);

#endif
