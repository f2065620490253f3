/* Identity of a mutant and the names of its verdicts. */
#include "core/mutant.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"

#define NAME(name) #name,
static const char *const verdict_names[] = { MG_VERDICTS(NAME) };

/* Far above any function's text; a longer one would only make its id depend on the first bytes. */
#define ID_TEXT_LIMIT ((size_t)64 << 20)

const char *mg_verdict_name(enum mg_verdict verdict)
{
    MG_ASSERT((unsigned)verdict < MG_VERDICT_COUNT);
    return verdict_names[verdict];
}

enum mg_verdict mg_verdict_from(struct mg_str name)
{
    unsigned verdict = 0;
    while (verdict < MG_VERDICT_COUNT && !mg_str_is(name, verdict_names[verdict]))
        verdict++;
    return (enum mg_verdict)verdict;
}

struct mg_str mg_mutant_id(struct mg_arena *arena, struct mg_str module, struct mg_str qualified_name, const char *operator_name,
                           struct mg_str original, struct mg_str replacement, unsigned occurrence)
{
    struct mg_buf text = MG_BUF(ID_TEXT_LIMIT);
    const struct mg_str parts[] = { module, qualified_name, mg_str_from(operator_name), original, replacement };
    for (size_t i = 0; i < MG_COUNT(parts); i++) {
        mg_buf_add(&text, parts[i]);
        mg_buf_addc(&text, '\0');
    }
    mg_buf_addf(&text, "%u", occurrence);
    mg_buf_addc(&text, '\0');
    struct mg_str id = mg_sha256_hex(arena, mg_buf_view(&text), 12);
    mg_buf_free(&text);
    return id;
}
