/* Sources in other encodings than UTF-8, which a PEP 263 comment names: read as Python reads them. */
#ifndef MG_INGEST_ENCODING_H
#define MG_INGEST_ENCODING_H

#include "base/arena.h"
#include "base/str.h"

/* The text in UTF-8, its cookie saying so, with every line where it was. False when the encoding is unknown or the text is not in it. */
bool mg_text_recode(struct mg_arena *arena, struct mg_str text, struct mg_str encoding, struct mg_str *recoded);

#endif
