/* Import roots and module names. */
#include "adapters/ingest_local/import_root.h"

#include "base/buf.h"

#include <string.h>

#define NAME_LIMIT 4096

bool mg_text_imports(struct mg_str text, struct mg_str name)
{
    static const char *const before[] = { "import ", "from " };
    for (size_t at = 0; name.len > 0 && at + name.len <= text.len;) {
        const char *hit = memmem(text.at + at, text.len - at, name.at, name.len);
        if (!hit)
            return false;
        size_t start = (size_t)(hit - text.at), end = start + name.len;
        bool whole = end == text.len || !mg_is_identifier(mg_str_sub(text, end, end + 1));
        bool digit = end < text.len && text.at[end] >= '0' && text.at[end] <= '9';
        for (size_t i = 0; i < MG_COUNT(before) && whole && !digit; i++) {
            size_t len = strlen(before[i]);
            if (start >= len && memcmp(hit - len, before[i], len) == 0)
                return true;
        }
        at = start + 1;
    }
    return false;
}

static bool is_imported(const struct mg_import_roots *roots, struct mg_str name)
{
    for (size_t i = 0; i < roots->text_count; i++)
        if (mg_text_imports(roots->texts[i], name))
            return true;
    return false;
}

/* "a/b" -> "a.b"; empty when a part is no identifier. */
static struct mg_str dotted(struct mg_arena *arena, struct mg_str path)
{
    struct mg_buf name = MG_BUF(NAME_LIMIT);
    struct mg_str part;
    bool valid = true;
    while (mg_str_next_part(&path, '/', &part)) {
        if (name.len > 0)
            mg_buf_addc(&name, '.');
        mg_buf_add(&name, part);
        valid &= mg_is_identifier(part);
    }
    valid &= !name.overflow;
    struct mg_str result = mg_buf_take(&name, arena);
    return valid ? result : MG_STR("");
}

/* The folder of the last part `src` that is no package; false when there is none. */
static bool source_folder(const struct mg_import_roots *roots, struct mg_str folder, struct mg_str *root)
{
    for (; folder.len > 0; folder = mg_path_folder(folder)) {
        if (mg_str_is(mg_path_base(folder), "src") && !mg_folders_is_package(roots->folders, folder)) {
            *root = folder;
            return true;
        }
    }
    return false;
}

/* `top` is no package but holds one, or modules. Is it itself imported by name? Then it is a namespace, and its root is further up. */
static bool namespace_root(const struct mg_import_roots *roots, struct mg_str top, struct mg_str *root)
{
    size_t from = 0;
    for (;;) {
        struct mg_str name = dotted(roots->arena, mg_str_sub(top, from, top.len));
        if (name.len > 0 && is_imported(roots, name)) {
            *root = from == 0 ? MG_STR("") : mg_str_sub(top, 0, from - 1);
            return true;
        }
        from = mg_str_find(top, '/', from);
        if (from == top.len)
            return false;
        from++;
    }
}

struct found {
    struct mg_str root;
    bool guess;
};

static struct mg_str find_root(struct mg_import_roots *roots, struct mg_str folder, struct mg_str base, bool *guess)
{
    struct mg_str root = MG_STR(""), top = folder;
    while (mg_folders_is_package(roots->folders, top))
        top = mg_path_folder(top);
    if (top.len == 0 || source_folder(roots, top, &root) || namespace_root(roots, top, &root))
        return root;
    if (top.len < folder.len)
        return top;
    /* Loose modules: importable by their bare name when somebody does so, else through the repo's root as a namespace. */
    *guess = !is_imported(roots, mg_str_sub(base, 0, base.len - 3));
    return *guess ? MG_STR("") : top;
}

static const struct found *look_up(struct mg_import_roots *roots, struct mg_str path)
{
    struct mg_str folder = mg_path_folder(path);
    bool loose = !mg_folders_is_package(roots->folders, folder);
    struct mg_str key = loose ? path : folder; /* packages share one answer */
    struct found *known = mg_map_get(&roots->known, key);
    if (!known) {
        known = MG_NEW(roots->arena, struct found);
        *known = (struct found){ .guess = false };
        known->root = find_root(roots, folder, mg_path_base(path), &known->guess);
        *mg_map_slot(&roots->known, key) = known;
    }
    return known;
}

struct mg_str mg_import_root_of(struct mg_import_roots *roots, struct mg_str path) { return look_up(roots, path)->root; }
bool mg_import_root_is_guess(struct mg_import_roots *roots, struct mg_str path) { return look_up(roots, path)->guess; }

bool mg_import_is_named(const struct mg_import_roots *roots, struct mg_str name) { return is_imported(roots, name); }

struct mg_str mg_module_name(struct mg_arena *arena, struct mg_str root, struct mg_str path)
{
    size_t from = root.len == 0 ? 0 : root.len + 1;
    struct mg_str name = mg_str_sub(path, from, path.len - strlen(".py"));
    if (mg_str_is(mg_path_base(name), "__init__"))
        name = mg_path_folder(name);
    return dotted(arena, name);
}
