/* The system's clocks. */
#ifndef MG_CLOCK_POSIX_H
#define MG_CLOCK_POSIX_H

#include "ports/clock.h"

struct mg_clock mg_clock_posix(void); /* nothing to close */

#endif
