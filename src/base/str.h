/* Operations on borrowed text (struct mg_str). Nothing here allocates. */
#ifndef MG_STR_H
#define MG_STR_H

#include "base/base.h"

struct mg_str mg_str_from(const char *text); /* NULL gives an empty view */
bool mg_str_eq(struct mg_str a, struct mg_str b);
bool mg_str_is(struct mg_str a, const char *text);
/* Whether it is one of `texts`, an array of them. */
bool mg_str_is_any(struct mg_str a, const char *const *texts, size_t count);
#define MG_STR_IN(a, texts) mg_str_is_any((a), (texts), MG_COUNT(texts))
int mg_str_cmp(struct mg_str a, struct mg_str b); /* byte order, as qsort wants it */
bool mg_str_starts(struct mg_str text, const char *prefix);
bool mg_str_ends(struct mg_str text, const char *suffix);
struct mg_str mg_str_trim(struct mg_str text);                        /* blanks, tabs, CR and LF at both ends */
struct mg_str mg_str_sub(struct mg_str text, size_t from, size_t to); /* [from, to), clamped to the text */
/* Index of the first `byte` at or after `from`; text.len when there is none. */
size_t mg_str_find(struct mg_str text, char byte, size_t from);
/* Index of the last `byte`; text.len when there is none. */
size_t mg_str_rfind(struct mg_str text, char byte);
bool mg_str_contains(struct mg_str text, const char *part);
/* Takes the next line (without its '\n', a '\r' before it stays) off *rest. False at the end. */
bool mg_str_next_line(struct mg_str *rest, struct mg_str *line);
/* Takes the next text in single or double quotes off the front of *rest, up to the end where they are not closed. False when there is none. Knows
 * nothing of escapes. */
bool mg_str_next_quoted(struct mg_str *rest, struct mg_str *text);
/* Takes the next part up to `separator` off *rest. False at the end; "a,,b" gives an empty part. */
bool mg_str_next_part(struct mg_str *rest, char separator, struct mg_str *part);

struct mg_str mg_path_folder(struct mg_str path); /* of "a/b.py": "a"; "" for a file in the root */
struct mg_str mg_path_base(struct mg_str path);   /* "b.py" */
bool mg_path_is_test(struct mg_str path);         /* test_*.py, *_test.py: what pytest looks for where its settings do not say more */
/* Shell-style match of the whole name: `*` any run (also of dots), `?` one byte, `[...]` a set; as fnmatch(3) without flags. */
bool mg_str_glob(struct mg_str pattern, struct mg_str name);
/* Whole decimal number, optional '-'. False on anything else or on overflow; *value is untouched then. */
bool mg_str_to_i64(struct mg_str text, int64_t *value);
bool mg_str_to_double(struct mg_str text, double *value);
/* The longest beginning of well-formed UTF-8 that has at most `bytes` bytes and no half character at its end. */
struct mg_str mg_str_fit(struct mg_str text, size_t bytes);
/* True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool mg_str_is_utf8(struct mg_str text);

#endif
