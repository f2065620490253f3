/* Reads the text of a .env file. */
#ifndef MG_DOTENV_H
#define MG_DOTENV_H

#include "base/arena.h"
#include "base/base.h"

struct mg_dotenv_entry {
    struct mg_str name, value;
};
struct mg_dotenv {
    MG_VEC(struct mg_dotenv_entry)
};

/* As python-dotenv reads it: NAME=value, an `export` before it, blanks around the `=`, # comments, 'as it is', "with \n \t \" \\" (quoted
 * values may span lines), CRLF, a byte order mark. A value without quotes ends at " #". Nothing is expanded: `$` is a character. What does
 * not have that form is passed over to the end of its line. Later entries of a name stand behind earlier ones. */
void mg_dotenv_read(struct mg_arena *arena, struct mg_str text, struct mg_dotenv *entries);

#endif
