/* What every llm adapter must do (ports/llm.h), as tests. Each adapter's test file runs them over peers of its own making. */
#ifndef MG_TEST_LLM_CONTRACT_H
#define MG_TEST_LLM_CONTRACT_H

#include "ports/llm.h"

/* What the peer behind the adapter does. */
enum llm_peer {
    LLM_ANSWERS,   /* with LLM_CONTRACT_TEXT */
    LLM_HANGS,     /* takes the request and never answers */
    LLM_BUSY,      /* MG_LLM_TEMPORARY */
    LLM_REFUSES,   /* MG_LLM_REQUEST, and repeats LLM_CONTRACT_KEY in what it says where it can */
    LLM_DENIES,    /* MG_LLM_ACCOUNT, the same */
    LLM_BAD_BYTES, /* an answer that is no UTF-8 */
    LLM_FLOODS,    /* an answer without an end */
    LLM_PEERS
};
#define LLM_CONTRACT_TEXT "```python\ndef test_caf\xc3\xa9():\n    assert 1 + 1 == 2\n```\n"
#define LLM_CONTRACT_KEY "sk-contract-0123456789abcdef"

struct llm_contract {
    /* An adapter with that peer; its key, where it has one, is LLM_CONTRACT_KEY. False: it has no such peer, the test is skipped. */
    bool (*open)(enum llm_peer peer, struct mg_llm *llm);
    void (*discard)(void);                              /* after ops->close; may be NULL */
    bool (*came)(void);                                 /* LLM_HANGS: the request has reached the peer. From another thread */
    bool (*is_left)(void);                              /* after a cancelled or late attempt: something of it is still running; may be NULL */
    void (*prepare)(const struct mg_llm_request *next); /* before a request to LLM_ANSWERS that the peer must know first; may be NULL */
};
int run_llm_contract(const char *name, const struct llm_contract *contract);

/* A conversation of three messages, for other tests too. */
struct mg_llm_request llm_contract_request(struct mg_arena *arena);

#endif
