/* The notes of the running program, as the dynamic linker has mapped them. */
#include "os/build_id.h"
#include "base/str.h"

#include <elf.h>
#include <link.h>
#include <string.h>

struct found {
    const unsigned char *at;
    size_t len;
};

/* Each entry: header, name and description, the two padded to 4 bytes (elf(5), "Notes"). */
static struct found in_notes(const unsigned char *at, size_t left)
{
    while (left >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, at, sizeof note);
        size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3, text = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name > left - sizeof note || text > left - sizeof note - name)
            break;
        const unsigned char *content = at + sizeof note;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(content, "GNU", 4) == 0)
            return (struct found){ content + name, note.n_descsz };
        at += sizeof note + name + text;
        left -= sizeof note + name + text;
    }
    return (struct found){ 0 };
}

/* The first object is the program itself. */
static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    struct found *found = data;
    (void)size;
    for (ElfW(Half) i = 0; i < info->dlpi_phnum && !found->at; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE)
            *found = in_notes((const unsigned char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), info->dlpi_phdr[i].p_memsz);
    return 1;
}

struct mg_str mg_build_id(struct mg_arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    struct found found = { 0 };
    dl_iterate_phdr(look, &found);
    char *hex = MG_NEW_ARRAY(arena, char, 2 * found.len + 1);
    for (size_t i = 0; i < found.len; i++) {
        hex[2 * i] = digits[found.at[i] >> 4];
        hex[2 * i + 1] = digits[found.at[i] & 15];
    }
    return (struct mg_str){ hex, 2 * found.len };
}
