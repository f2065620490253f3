/* Keys of Mutagen 0.1, and what became of them: a configuration written for it says where each of its wishes is met now. */
#include "base/str.h"
#include "core/config.h"

/* clang-format off */
static const struct mg_former formers[] = {
    { "operators", "mutation.operators", NULL },
    { "source_paths", NULL, "targets = [\"pkg.mod.*\"] chooses functions by their qualified names" },
    { "test_paths", NULL, "pytest's own testpaths says where the tests are; `mutagen score REPO --tests PATH` takes a part of them" },
    { "log_level", "logging.level", NULL },
    { "log_file", "logging.file", NULL },

    { "llm.enabled", NULL, "a model is asked when provider, at the top of the file, names who serves it; llm.strategy = \"search\" asks none" },
    { "llm.provider", "provider", NULL },
    { "llm.api_key_env", "llm.key_env", NULL },
    { "llm.max_tokens", "llm.max_output_tokens", NULL },
    { "llm.adaptive_thinking", "llm.thinking", NULL },
    { "llm.input_usd_per_mtok", "llm.price_input", NULL },
    { "llm.output_usd_per_mtok", "llm.price_output", NULL },
    { "llm.temperature", NULL, "models that think take none, so the provider's own is used; llm.effort says how hard to think" },

    { "generation.call_graph_max_depth", "generation.call_graph_depth", NULL },
    { "generation.call_graph_max_callees", "generation.call_graph_callees", NULL },
    { "generation.embedding_dim", NULL, "the hashing embedder has a fixed size; generation.embedder = \"http\" takes the size of its model" },

    { "sandbox.strategy", NULL, "tests always run on a private copy" },
    { "sandbox.max_parallel", "jobs", NULL },
    { "sandbox.cpu_time_limit_seconds", NULL, "each test's own time sets its limit under a mutant; sandbox.test_timeout_seconds is the one without" },
    { "sandbox.detect_flakiness", NULL, "it always is detected: a kept test passed in three new interpreters" },
    { "sandbox.max_output_chars", NULL, "output of tests is not kept whole; llm.max_prompt_tokens bounds what a model sees" },

    { "mutation.timeout_seconds", NULL, "each mutant has its own limit; orchestrator.max_wallclock_seconds bounds a run, `score --max-time` a score" },
    { "mutation.per_mutant_timeout_seconds", NULL, "each mutant's limit comes from the times of its tests" },
    { "mutation.max_survivors_in_feedback", NULL, "llm.max_prompt_tokens bounds what a model is told" },
    { "mutation.max_feedback_chars", NULL, "llm.max_prompt_tokens bounds what a model is told" },

    { "coverage.enabled", NULL, "coverage is always measured, by our own tracer" },
    { "coverage.use_per_test_coverage", NULL, "coverage always is per test" },
    { "selection.max_targets", "orchestrator.max_targets", NULL },

    { "ingest.workspace_root", NULL, "the private copy lies in $TMPDIR and is removed at the end" },
    { "ingest.create_venv", NULL, "ingest.install_deps decides, and python, or --python, names an interpreter" },
    { "ingest.pip_extra_args", NULL, "pip's own configuration holds" },
};
/* clang-format on */

const struct mg_former *mg_formers(size_t *count)
{
    *count = MG_COUNT(formers);
    return formers;
}

const struct mg_former *mg_former_find(struct mg_str key)
{
    for (size_t i = 0; i < MG_COUNT(formers); i++)
        if (mg_str_is(key, formers[i].key))
            return &formers[i];
    return NULL;
}
