/* Parts of a pytest node id. */
#include "core/suite.h"
#include "base/str.h"

struct mg_str mg_test_function(struct mg_str id)
{
    struct mg_str name = mg_str_sub(id, 0, mg_str_find(id, '[', 0));
    size_t colon = mg_str_rfind(name, ':');
    return colon < name.len ? mg_str_sub(name, colon + 1, name.len) : name;
}

struct mg_str mg_test_file(struct mg_str id)
{
    for (size_t i = 0; i + 1 < id.len; i++)
        if (id.at[i] == ':' && id.at[i + 1] == ':')
            return mg_str_sub(id, 0, i);
    return id;
}
