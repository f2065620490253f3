/* SHA-256 and SHA-1 (FIPS 180-4). */
#include "base/hash.h"

#include <string.h>

static uint32_t rotr(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }
static uint32_t rotl(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

static uint32_t load_be(const uint8_t *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }

static void store_be(uint8_t *at, uint32_t word)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* Runs `step` over the padded message, 64 bytes at a time. */
static void blocks(struct mg_str data, uint32_t *state, void (*step)(uint32_t *state, const uint8_t *block))
{
    const uint8_t *at = (const uint8_t *)data.at;
    size_t left = data.len;
    for (; left >= 64; at += 64, left -= 64)
        step(state, at);
    uint8_t tail[128] = { 0 };
    if (left)
        memcpy(tail, at, left);
    tail[left] = 0x80;
    size_t size = left < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)data.len * 8;
    store_be(tail + size - 8, (uint32_t)(bits >> 32));
    store_be(tail + size - 4, (uint32_t)bits);
    for (size_t i = 0; i < size; i += 64)
        step(state, tail + i);
}

static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void step256(uint32_t *h, const uint8_t *block)
{
    uint32_t w[64], s[8];
    for (size_t i = 0; i < 16; i++)
        w[i] = load_be(block + 4 * i);
    for (size_t i = 16; i < 64; i++) {
        uint32_t s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    memcpy(s, h, sizeof s);
    for (size_t i = 0; i < 64; i++) {
        uint32_t s1 = rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25);
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t t1 = s[7] + s1 + choice + k256[i] + w[i];
        uint32_t s0 = rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + s0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        h[i] += s[i];
}

static void step1(uint32_t *h, const uint8_t *block)
{
    uint32_t w[80];
    for (size_t i = 0; i < 16; i++)
        w[i] = load_be(block + 4 * i);
    for (size_t i = 16; i < 80; i++)
        w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (size_t i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
        uint32_t t = rotl(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = rotl(b, 30);
        b = a;
        a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

void mg_sha256(struct mg_str data, uint8_t digest[32])
{
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    blocks(data, h, step256);
    for (size_t i = 0; i < 8; i++)
        store_be(digest + 4 * i, h[i]);
}

void mg_sha1(struct mg_str data, uint8_t digest[20])
{
    uint32_t h[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 };
    blocks(data, h, step1);
    for (size_t i = 0; i < 5; i++)
        store_be(digest + 4 * i, h[i]);
}

static struct mg_str hex(struct mg_arena *arena, const uint8_t *digest, size_t bytes, size_t digits)
{
    MG_ASSERT(digits <= bytes * 2);
    char text[65];
    for (size_t i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
    return mg_arena_str(arena, (struct mg_str){ text, digits });
}

struct mg_str mg_sha256_hex(struct mg_arena *arena, struct mg_str data, size_t hex_digits)
{
    uint8_t digest[32];
    mg_sha256(data, digest);
    return hex(arena, digest, sizeof digest, hex_digits);
}

struct mg_str mg_sha1_hex(struct mg_arena *arena, struct mg_str data, size_t hex_digits)
{
    uint8_t digest[20];
    mg_sha1(data, digest);
    return hex(arena, digest, sizeof digest, hex_digits);
}
