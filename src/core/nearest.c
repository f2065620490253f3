/* Optimal string alignment distance on short names. */
#include "core/nearest.h"

#define LONGEST 63u

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

unsigned mg_edit_distance(struct mg_str a, struct mg_str b)
{
    unsigned rows[3][LONGEST + 1]; /* of the table: row i % 3 */
    if (a.len > LONGEST || b.len > LONGEST)
        return UINT32_MAX;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned change = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

bool mg_near_enough(struct mg_str typed, unsigned distance) { return distance <= 1 || (distance <= 4 && distance * 3 <= typed.len); }
