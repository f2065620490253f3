/* See the header. */
#include "unit/scripted_http.h"
#include "base/str.h"

static enum mg_code send(void *self, const struct mg_http_request *request, struct mg_arena *arena, struct mg_http_response *response,
                         struct mg_err *err)
{
    struct scripted_http *script = self;
    script->seen = *request;
    if (script->calls < MG_COUNT(script->sent))
        script->sent[script->calls] = request->body;
    response->sent = !script->unsent;
    if (script->code != MG_OK)
        return MG_FAIL(err, script->code, "%s", script->text ? script->text : "broken");
    response->status = script->status ? script->status : 200;
    response->body = script->bodies ? mg_str_from(script->bodies[script->calls]) : script->body;
    for (size_t i = 0; script->headers && script->headers[i]; i++) {
        struct mg_str line = mg_str_from(script->headers[i]);
        size_t colon = mg_str_find(line, ':', 0);
        *MG_PUSH(arena, &response->headers) =
            (struct mg_http_header){ mg_str_sub(line, 0, colon), mg_str_trim(mg_str_sub(line, colon + 1, line.len)) };
    }
    script->calls++;
    return MG_OK;
}

struct mg_http scripted_http(struct scripted_http *script)
{
    static const struct mg_http_ops ops = { .name = "scripted", .send = send };
    return (struct mg_http){ &ops, script };
}

struct mg_str scripted_http_header(const struct scripted_http *script, const char *name)
{
    for (size_t i = 0; i < script->seen.headers.len; i++)
        if (mg_str_is(script->seen.headers.at[i].name, name))
            return script->seen.headers.at[i].value;
    return MG_NO_STR;
}
