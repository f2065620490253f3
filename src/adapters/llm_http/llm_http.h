/* Language models behind HTTP interfaces: Anthropic Messages, OpenAI Chat Completions and Responses, Gemini, OpenRouter, and every server
 * that speaks Chat Completions (Ollama, vLLM, LM Studio, llama.cpp, LiteLLM). One attempt a call; see ports/llm.h. */
#ifndef MG_ADAPTERS_LLM_HTTP_H
#define MG_ADAPTERS_LLM_HTTP_H

#include "ports/http.h"
#include "ports/llm.h"

struct mg_llm_http_settings {
    struct mg_str provider; /* "anthropic" | "openai" | "gemini" | "openrouter" | "compatible" */
    struct mg_str model;    /* empty = mg_default_model */
    struct mg_str base_url; /* empty = the provider's own; with or without its version ("/v1") and a slash at the end */
    struct mg_str api;      /* "auto" | "chat" | "responses": for openai and compatible. auto = chat with a base_url, else responses */
    struct mg_str key;      /* empty only where a base_url is given */
    struct mg_str key_env;  /* where the key was looked for: for messages */
    struct mg_str effort;   /* "low" | "medium" | "high" | "xhigh" | "max"; lowered to the highest that the model takes */
    bool thinking;          /* false: off, or as little as the model allows */
    double connect_seconds;
    size_t max_body;
    struct mg_str ca_file;
    double price_input, price_output; /* USD per million tokens; negative = the table's */
};

/* The default variable of a provider's key: "ANTHROPIC_API_KEY". For "compatible" it may stay unset. NULL for a provider not served here. */
const char *mg_llm_http_key_env(struct mg_str provider);

/* Everything is copied. `http` stays the caller's and must outlive the model. MG_E_CONFIG with one clear line when the settings cannot work:
 * nothing is sent for that. */
MG_MUST_CHECK enum mg_code mg_llm_http_new(const struct mg_llm_http_settings *settings, struct mg_http http, struct mg_llm *llm, struct mg_err *err);

#endif
