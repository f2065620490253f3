/* BLAKE2b against the vector of RFC 7693 and against hashlib's digests of many lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/blake2b.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"

static void the_standards_vector(void **unused)
{
    (void)unused;
    static const uint8_t expected[64] = { /* RFC 7693, appendix A: "abc" */
                                          0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d, 0x6a, 0x27, 0x97, 0xb6, 0x9f, 0x12, 0xf6, 0xe9,
                                          0x4c, 0x21, 0x2f, 0x14, 0x68, 0x5a, 0xc4, 0xb7, 0x4b, 0x12, 0xbb, 0x6f, 0xdb, 0xff, 0xa2, 0xd1,
                                          0x7d, 0x87, 0xc5, 0x39, 0x2a, 0xab, 0x79, 0x2d, 0xc2, 0x52, 0xd5, 0xde, 0x45, 0x33, 0xcc, 0x95,
                                          0x18, 0xd3, 0x8a, 0xa8, 0xdb, 0xf1, 0x92, 0x5a, 0xb9, 0x23, 0x86, 0xed, 0xd4, 0x00, 0x99, 0x23
    };
    uint8_t digest[64];
    mg_blake2b(MG_STR("abc"), digest, sizeof digest);
    assert_memory_equal(digest, expected, sizeof digest);
}

/* Every digest length of interest over every text length around a block's edge; one SHA-256 over all of hashlib.blake2b's answers. */
static void many_lengths_agree_with_hashlib(void **unused)
{
    (void)unused;
    static const size_t lengths[] = { 0, 1, 63, 64, 127, 128, 129, 255, 256, 257, 384, 400 }, sizes[] = { 1, 8, 20, 32, 48, 63, 64 };
    char data[400];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(uint8_t)(i * 7 + 3);
    struct mg_arena *arena = mg_arena_new();
    struct mg_buf all = MG_BUF(100000);
    for (size_t n = 0; n < MG_COUNT(lengths); n++)
        for (size_t s = 0; s < MG_COUNT(sizes); s++) {
            uint8_t digest[64];
            mg_blake2b((struct mg_str){ data, lengths[n] }, digest, sizes[s]);
            mg_buf_add(&all, (struct mg_str){ (const char *)digest, sizes[s] });
        }
    assert_string_equal(mg_sha256_hex(arena, mg_buf_view(&all), 64).at, "510f580e39f3a185b1ddf5f999371debbf6d7c48af6d0c75a16e53c6fc251bd9");
    mg_buf_free(&all);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_standards_vector), cmocka_unit_test(many_lengths_agree_with_hashlib) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
