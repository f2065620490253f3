/* Prints what `make docs` writes: docs_dump example > mutagen.example.toml, docs_dump man > docs/mutagen.1. */
#include "cli/manual.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_str text = MG_NO_STR;
    if (argc == 2 && strcmp(argv[1], "example") == 0)
        text = mg_manual_example(arena);
    else if (argc == 2 && strcmp(argv[1], "man") == 0)
        text = mg_manual_page(arena);
    if (!text.at)
        fputs("usage: docs_dump example|man\n", stderr);
    bool written = text.at && fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    mg_arena_free(arena);
    return written ? 0 : 1;
}
