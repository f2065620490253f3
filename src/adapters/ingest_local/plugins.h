/* What tests take from plugins of pytest without importing them: marks and fixtures that only the plugin knows. */
#ifndef MG_INGEST_PLUGINS_H
#define MG_INGEST_PLUGINS_H

#include "ports/ingest.h"

struct mg_plugin_signs {
    const struct mg_repo *repo;
    bool every_coroutine; /* asyncio_mode = auto: a coroutine is a test without a mark */
    bool runs_coroutines; /* a conftest does that itself */
};
struct mg_plugin_use {
    struct mg_str module; /* the plugin's */
    struct mg_str sign;   /* "pytest.mark.asyncio", "the fixture mocker": as it is told */
};

void mg_plugin_signs_read(const struct mg_repo *repo, struct mg_arena *arena, struct mg_plugin_signs *signs);
/* What `line` of the test file `text` needs; false: nothing. One answer a line is enough: the plugin of a file is told once. */
bool mg_plugin_use_of(const struct mg_plugin_signs *signs, struct mg_str text, struct mg_str line, struct mg_plugin_use *use);

#endif
