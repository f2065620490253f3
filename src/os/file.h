/* Small file helpers for the rooms that may touch files (adapters, cli). Errors name the path and the system's reason. */
#ifndef MG_FILE_H
#define MG_FILE_H

#include "base/arena.h"
#include "base/base.h"

/* Reads a regular file whole. MG_E_LIMIT when it is larger than `limit` bytes, MG_E_IO otherwise. */
MG_MUST_CHECK enum mg_code mg_file_read(struct mg_arena *arena, const char *path, size_t limit, struct mg_str *text, struct mg_err *err);
/* The same for a file that must be the user's own: MG_E_DENIED when the name is a symbolic link, or the file belongs to another user. */
MG_MUST_CHECK enum mg_code mg_file_read_own(struct mg_arena *arena, const char *path, size_t limit, struct mg_str *text, struct mg_err *err);
/* Writes by a temporary file and rename, so that a reader sees the old or the new text, never half. Mode 0644.
 * MG_E_IO when something else than a regular file stands there: a device, a link. */
MG_MUST_CHECK enum mg_code mg_file_write(const char *path, struct mg_str text, struct mg_err *err);
/* As mkdir -p, mode 0755. */
MG_MUST_CHECK enum mg_code mg_file_mkdirs(const char *path, struct mg_err *err);
/* Removes a tree; never follows symbolic links. A missing tree is no error. */
MG_MUST_CHECK enum mg_code mg_file_remove_tree(const char *path, struct mg_err *err);
bool mg_file_exists(const char *path);
bool mg_file_is_there(const char *path); /* the same, and a link that leads nowhere is there, too */
bool mg_file_is_dir(const char *path);
/* Absolute path without symbolic links, in the arena. MG_E_NOT_FOUND when it does not exist. */
MG_MUST_CHECK enum mg_code mg_file_resolve(struct mg_arena *arena, const char *path, struct mg_str *resolved, struct mg_err *err);
/* Relative, and no part of it leads up: for paths told by someone who is not trusted. */
bool mg_path_stays_inside(struct mg_str path);
struct mg_str mg_path_join(struct mg_arena *arena, struct mg_str directory, struct mg_str name);

#endif
