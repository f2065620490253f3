/* The hashing embedder keeps the port's contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "adapters/embed_hashing/embed_hashing.h"
#include "contract/embedder_contract.h"

static void hashing_keeps_the_contract(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_embedder embedder = mg_embed_hashing_new(arena, MG_HASHING_DIMENSION);
    mg_embedder_keeps_its_contract(embedder);
    embedder.ops->close(embedder.self);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(hashing_keeps_the_contract) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
