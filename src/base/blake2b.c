/* BLAKE2b (RFC 7693). */
#include "base/blake2b.h"

#include <string.h>

static const uint64_t start[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                   0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };

/* Rounds 11 and 12 repeat the first two. */
static const uint8_t order[10][16] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
    { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 }, { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
    { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 }, { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
    { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 }, { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
    { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 }, { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t rotr(uint64_t x, unsigned n) { return x >> n | x << (64 - n); }

static void mix(uint64_t *v, size_t a, size_t b, size_t c, size_t d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotr(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 63);
}

static void compress(uint64_t *h, const uint8_t *block, uint64_t count, bool last)
{
    uint64_t m[16], v[16];
    for (size_t i = 0; i < 16; i++) {
        m[i] = 0;
        for (size_t byte = 0; byte < 8; byte++)
            m[i] |= (uint64_t)block[8 * i + byte] << (8 * byte);
    }
    memcpy(v, h, sizeof start);
    memcpy(v + 8, start, sizeof start);
    v[12] ^= count;
    v[14] = last ? ~v[14] : v[14];
    for (size_t round = 0; round < 12; round++) {
        const uint8_t *s = order[round % 10];
        for (size_t i = 0; i < 4; i++)
            mix(v, i, i + 4, i + 8, i + 12, m[s[2 * i]], m[s[2 * i + 1]]);
        for (size_t i = 0; i < 4; i++)
            mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, m[s[2 * i + 8]], m[s[2 * i + 9]]);
    }
    for (size_t i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

void mg_blake2b(struct mg_str data, uint8_t *digest, size_t size)
{
    MG_ASSERT(size >= 1 && size <= 64);
    uint64_t h[8];
    memcpy(h, start, sizeof start);
    h[0] ^= 0x01010000 ^ size;
    size_t at = 0;
    for (; data.len - at > 128; at += 128)
        compress(h, (const uint8_t *)data.at + at, at + 128, false);
    uint8_t tail[128] = { 0 };
    if (data.len > at)
        memcpy(tail, data.at + at, data.len - at);
    compress(h, tail, data.len, true);
    for (size_t i = 0; i < size; i++)
        digest[i] = (uint8_t)(h[i / 8] >> (8 * (i % 8)));
}
