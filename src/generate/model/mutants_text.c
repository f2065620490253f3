/* Choosing which mutants to show, and showing them. */
#include "generate/model/mutants_text.h"
#include "base/buf.h"
#include "base/str.h"
#include "generate/model/prompt.h"
#include "python/mutate.h"

#define MOST_BYTES (1u << 20)

void mg_mutant_notes_init(struct mg_mutant_notes *notes, struct mg_arena *arena)
{
    *notes = (struct mg_mutant_notes){ .arena = arena };
    mg_map_init(&notes->by_id, arena);
}

static struct mg_mutant_note *note_of(struct mg_mutant_notes *notes, const struct mg_mutant *mutant)
{
    void **slot = mg_map_slot(&notes->by_id, mutant->id);
    if (!*slot) {
        struct mg_mutant_note *note = MG_NEW(notes->arena, struct mg_mutant_note);
        *note = (struct mg_mutant_note){ .id = mutant->id, .line = mutant->line };
        *slot = note;
    }
    return *slot;
}

/* Lower is better: rarely shown, then of the level that the score is of, then another line than the chosen ones, then another operator. */
static unsigned rank(struct mg_mutant_notes *notes, const struct mg_generate_request *request, uint32_t index, const uint32_t *chosen, size_t count)
{
    const struct mg_mutant *mutant = &request->mutants[index];
    unsigned rank = 1000 * note_of(notes, mutant)->shown + (mutant->level > request->config->mutation.level ? 500 : 0);
    for (size_t i = 0; i < count; i++) {
        const struct mg_mutant *other = &request->mutants[chosen[i]];
        rank += other->line == mutant->line ? 10 : 0;
        rank += other->operator_name == mutant->operator_name ? 1 : 0;
    }
    return rank;
}

size_t mg_mutants_choose(struct mg_mutant_notes *notes, const struct mg_generate_request *request, size_t limit, uint32_t *chosen)
{
    size_t count = 0;
    while (count < limit) {
        uint32_t best = UINT32_MAX;
        unsigned best_rank = 0;
        for (uint32_t i = 0; i < request->mutant_count; i++) {
            bool taken = note_of(notes, &request->mutants[i])->claimed;
            for (size_t k = 0; k < count; k++)
                taken = taken || chosen[k] == i;
            unsigned its = taken ? 0 : rank(notes, request, i, chosen, count);
            if (!taken && (best == UINT32_MAX || its < best_rank)) {
                best = i;
                best_rank = its;
            }
        }
        if (best == UINT32_MAX)
            break;
        chosen[count++] = best;
    }
    return count;
}

bool mg_mutants_are_left(struct mg_mutant_notes *notes, const struct mg_generate_request *request)
{
    for (size_t i = 0; i < request->mutant_count; i++)
        if (!note_of(notes, &request->mutants[i])->claimed)
            return true;
    return false;
}

/* A diff without the two lines that name the file. */
static struct mg_str hunk(const struct mg_generate_request *request, const struct mg_mutant *mutant, struct mg_arena *arena)
{
    struct mg_str rest = mg_mutant_diff(request->source->path, request->source->text, mutant, arena), line;
    for (int i = 0; i < 2; i++)
        (void)mg_str_next_line(&rest, &line);
    return rest;
}

struct mg_str mg_mutants_text(struct mg_mutant_notes *notes, const struct mg_generate_request *request, const uint32_t *chosen, size_t count)
{
    struct mg_buf out = MG_BUF(MOST_BYTES);
    for (size_t i = 0; i < count; i++) {
        const struct mg_mutant *mutant = &request->mutants[chosen[i]];
        const struct mg_live_mutant *live = request->live ? &request->live[chosen[i]] : NULL;
        struct mg_mutant_note *note = note_of(notes, mutant);
        note->shown++;
        if (note->number == 0) {
            *MG_PUSH(notes->arena, &notes->numbered) = note;
            note->number = (unsigned)notes->numbered.len;
        }
        mg_buf_addf(&out, "%sM%u  %s (%s)  line %u  ", i ? "\n" : "", note->number, mutant->operator_name, mutant->description, mutant->line);
        if (live && live->reached)
            mg_buf_addf(&out, "reached by %.*s, which sees no difference\n", MG_FMT(live->by.len ? live->by : MG_STR("a test")));
        else
            mg_buf_adds(&out, "no test reaches it\n");
        mg_buf_add(&out, mg_fenced(notes->arena, "diff", hunk(request, mutant, notes->arena)));
        mg_buf_addc(&out, '\n');
    }
    return mg_str_trim(mg_buf_take(&out, notes->arena));
}

struct mg_mutant_note *mg_mutant_by_label(const struct mg_mutant_notes *notes, struct mg_str label)
{
    int64_t number = 0;
    if (label.len < 2 || label.at[0] != 'M' || !mg_str_to_i64(mg_str_sub(label, 1, label.len), &number))
        return NULL;
    return number >= 1 && (size_t)number <= notes->numbered.len ? notes->numbered.at[number - 1] : NULL;
}
