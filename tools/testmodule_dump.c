/* Takes a test module apart and puts it together again, for tests and measurements.
 *   testmodule_dump FILE…     the tests of all files as one composed module on stdout */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "os/file.h"
#include "python/testmodule.h"

int main(int argc, char **argv)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_err err = { .text = "" };
    struct mg_suite *suites = MG_NEW_ARRAY(arena, struct mg_suite, (size_t)argc);
    for (int i = 1; i < argc; i++) {
        struct mg_str text;
        if (mg_file_read(arena, argv[i], (size_t)16 << 20, &text, &err) != MG_OK || mg_testmodule_split(arena, text, &suites[i - 1], &err) != MG_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], err.text);
            return 1;
        }
    }
    struct mg_str module = mg_testmodule_compose(arena, MG_STR("module"), suites, (size_t)argc - 1);
    bool written = fwrite(module.at, 1, module.len, stdout) == module.len && fflush(stdout) == 0;
    mg_arena_free(arena);
    return written ? 0 : 1;
}
