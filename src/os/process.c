/* Questions about other processes, asked of /proc. */
#include "os/process.h"
#include <stdio.h>
#include <string.h>

#define MOST_GENERATIONS 64

pid_t mg_process_parent(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *behind_name = strrchr(text, ')'); /* the name may hold anything, also ')' and blanks */
    int parent;
    return behind_name && sscanf(behind_name, ") %*c %d", &parent) == 1 ? parent : 0;
}

bool mg_process_is_below(pid_t pid, pid_t ancestor)
{
    for (int i = 0; i < MOST_GENERATIONS && pid > 1 && ancestor > 1; i++) {
        pid = mg_process_parent(pid);
        if (pid == ancestor)
            return true;
    }
    return false;
}
