/* Version control by the git program, read only. Stateless: nothing to close. Threads: any. */
#ifndef MG_VCS_GIT_H
#define MG_VCS_GIT_H

#include "ports/vcs.h"

struct mg_vcs mg_vcs_git(void);

#endif
