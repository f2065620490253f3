/* What a reader needs to know around a target: its source, its class, its module and the module's imports. All texts are UTF-8 without a
 * final newline, bounded by `limit` bytes (whole lines; a last line says what is missing) and made in `arena`. */
#ifndef MG_OUTLINE_H
#define MG_OUTLINE_H

#include "python/files.h"
#include "python/syntax.h"

/* The lines of a function, decorators first, each with its number: `  9 | def f():`. */
struct mg_str mg_outline_source(struct mg_str text, const struct mg_function *function, size_t limit, struct mg_arena *arena);

/* The class around a method: decorators, header, first docstring line, attributes, `__init__` (whole when it has at most 15 lines), the
 * signatures of the other methods, the target's marked `# the target`; classes around it as headers. Empty for a function. */
struct mg_str mg_outline_class(const struct mg_module *module, const struct mg_function *function, size_t limit, struct mg_arena *arena);

/* The imports of the module's top level, those in `if` and `try` blocks too, each line once, relative ones made absolute:
 * `from .. import x` in pkg/sub/mod.py is `from pkg import x`. `file` says who imports. */
struct mg_str mg_outline_imports(const struct mg_module *module, const struct mg_python_file *file, size_t limit, struct mg_arena *arena);

/* The whole text when it has at most 400 lines and fits; else an outline: constants, signatures, first docstring lines. What does not fit goes in
 * this order: docstrings, private methods and long signatures, all methods, the end. *whole says which it is. */
struct mg_str mg_outline_module(const struct mg_module *module, struct mg_str text, size_t limit, struct mg_arena *arena, bool *whole);

#endif
