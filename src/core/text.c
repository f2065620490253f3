/* Cleans text for showing. */
#include "core/text.h"

#include "base/str.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the well-formed sequence at `at`, and its code point; 0 when there is none. */
static size_t decode(struct mg_str text, size_t at, uint32_t *point)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *bytes = (const unsigned char *)text.at + at;
    size_t length = bytes[0] < 0x80                       ? 1
                    : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
                    : (bytes[0] & 0xf0) == 0xe0           ? 3
                    : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4
                                                          : 0;
    if (length == 0 || length > text.len - at)
        return 0;
    *point = length == 1 ? bytes[0] : bytes[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (bytes[i] & 0x3fu);
    }
    bool surrogate = *point >= 0xd800 && *point < 0xe000;
    return *point < smallest[length] || *point > 0x10ffff || surrogate ? 0 : length;
}

struct mg_str mg_text_utf8(struct mg_arena *arena, struct mg_str text)
{
    if (mg_str_is_utf8(text))
        return text;
    char *clean = mg_arena_alloc(arena, text.len, sizeof REPLACEMENT - 1);
    size_t length = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t point;
        size_t bytes = decode(text, at, &point);
        memcpy(clean + length, bytes ? text.at + at : REPLACEMENT, bytes ? bytes : sizeof REPLACEMENT - 1);
        length += bytes ? bytes : sizeof REPLACEMENT - 1;
        at += bytes ? bytes : 1;
    }
    return (struct mg_str){ clean, length };
}

/* Would move the cursor, start an escape sequence or turn the direction of what follows. */
static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0x200e || point == 0x200f || point == 0x061c;
}

struct mg_str mg_text_line(struct mg_arena *arena, struct mg_str text)
{
    text = mg_text_utf8(arena, text);
    if (text.len == 0)
        return text;
    char *line = mg_arena_alloc(arena, text.len, 1);
    size_t length = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t point;
        size_t bytes = decode(text, at, &point);
        MG_ASSERT(bytes > 0);
        if (is_control(point)) {
            line[length++] = ' ';
        } else {
            memcpy(line + length, text.at + at, bytes);
            length += bytes;
        }
        at += bytes;
    }
    return (struct mg_str){ line, length };
}

size_t mg_text_length(struct mg_str text)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.len; i++)
        characters += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return characters;
}

struct mg_str mg_text_cut(struct mg_arena *arena, struct mg_str text, size_t length)
{
    if (mg_text_length(text) <= length)
        return text;
    size_t kept = length > 3 ? length - 3 : 0, bytes = 0, characters = 0;
    while (bytes < text.len) {
        if (((unsigned char)text.at[bytes] & 0xc0) != 0x80 && characters++ == kept)
            break;
        bytes++;
    }
    return mg_arena_printf(arena, "%.*s...", (int)bytes, text.at);
}

unsigned mg_text_percent(const struct mg_tally *tally)
{
    unsigned percent = (unsigned)(mg_score(tally) * 100.0 + 0.5);
    if (percent >= 100 && mg_tally_detected(tally) < mg_tally_scorable(tally))
        return 99;
    return percent == 0 && mg_tally_detected(tally) > 0 ? 1 : percent;
}

struct mg_str mg_text_score(struct mg_arena *arena, const struct mg_tally *tally)
{
    return mg_tally_scorable(tally) == 0 ? MG_STR("n/a") : mg_arena_printf(arena, "%u%%", mg_text_percent(tally));
}

struct mg_str mg_text_level(struct mg_arena *arena, const struct mg_report *report)
{
    return report->level ? mg_arena_printf(arena, "level %u", report->level) : MG_NO_STR;
}

const char *mg_text_status(enum mg_target_state state)
{
    if (state == MG_TARGET_KEPT)
        return "kept";
    if (state == MG_TARGET_DISCARDED)
        return "discarded";
    return state == MG_TARGET_SATISFIED ? "satisfied" : "unfinished";
}

struct mg_str mg_text_interpreter(const struct mg_report *report)
{
    size_t bracket = mg_str_rfind(report->python, '(');
    return bracket < report->python.len ? mg_str_trim(mg_str_sub(report->python, 0, bracket)) : report->python;
}

#define PROVIDER_FAILED "provider_failed"
#define UNANSWERED "unanswered"

/* The name of the reason, without what stands behind "provider_failed: ". */
static bool stopped_by(const struct mg_report *report, const char *reason)
{
    struct mg_str name = mg_str_sub(report->stop_reason, 0, mg_str_find(report->stop_reason, ':', 0));
    return mg_str_is(name, reason);
}

struct mg_str mg_text_stop(struct mg_arena *arena, const struct mg_report *report)
{
    static const struct {
        const char *reason, *words;
    } known[] = { { "max_targets_reached", "--max-targets is reached" },
                  { "wallclock_exceeded", "the time limit is reached" },
                  { "cost_limit_reached", "the next call to the model might pass the cost limit" },
                  { "token_limit_reached", "the next call to the model might pass the token limit" },
                  { "cancelled", "interrupted" } };
    if (stopped_by(report, "wallclock_exceeded") && report->targets_selected == 0)
        return MG_STR("the time limit was reached before there was a function to look at");
    for (size_t i = 0; i < MG_COUNT(known); i++)
        if (stopped_by(report, known[i].reason))
            return mg_arena_printf(arena, "%s, %u of %u targets are left", known[i].words, report->targets_left, report->targets_selected);
    if (stopped_by(report, "tests_not_run"))
        return mg_arena_printf(arena, "%u of %u existing tests were not run within half of the time limit, %u of %u targets are left",
                               report->existing_not_run, report->existing_tests, report->targets_left, report->targets_selected);
    if (stopped_by(report, UNANSWERED))
        return mg_arena_printf(arena, "%.*s; %u of %u targets are left",
                               MG_FMT(mg_str_trim(mg_str_sub(report->stop_reason, sizeof UNANSWERED, report->stop_reason.len))), report->targets_left,
                               report->targets_selected);
    if (!stopped_by(report, PROVIDER_FAILED))
        return report->stop_reason;
    struct mg_str why = mg_str_trim(mg_str_sub(report->stop_reason, sizeof PROVIDER_FAILED, report->stop_reason.len));
    return mg_arena_printf(arena, "the model gives no answer any more%s%.*s; %u of %u targets are left", why.len ? ": " : "", MG_FMT(why),
                           report->targets_left, report->targets_selected);
}

struct mg_str mg_text_go_on(struct mg_arena *arena, const struct mg_report *report)
{
    struct mg_str again = mg_arena_printf(arena, "the same command with --run-id %.*s", MG_FMT(report->run_id));
    if (stopped_by(report, "cost_limit_reached"))
        return mg_arena_printf(arena, "%.*s and a higher --max-cost (spent so far: %.*s)", MG_FMT(again),
                               MG_FMT(mg_text_spend(arena, &report->spend)));
    if (stopped_by(report, "token_limit_reached"))
        return mg_arena_printf(arena, "%.*s and a higher --max-tokens (used so far: %.*s)", MG_FMT(again),
                               MG_FMT(mg_text_count(arena, mg_spend_tokens(&report->spend))));
    if (stopped_by(report, "max_targets_reached"))
        return mg_arena_printf(arena, "%.*s and a higher --max-targets", MG_FMT(again));
    if (stopped_by(report, "wallclock_exceeded") || stopped_by(report, "tests_not_run"))
        return mg_arena_printf(arena, "%.*s and a higher --max-time", MG_FMT(again));
    if (stopped_by(report, PROVIDER_FAILED) || stopped_by(report, UNANSWERED))
        return mg_arena_printf(arena, "%.*s, once the provider answers (mutagen doctor looks at key and model)", MG_FMT(again));
    return again;
}

struct mg_str mg_text_count(struct mg_arena *arena, int64_t count)
{
    if (count > -1000 && count < 1000)
        return mg_arena_printf(arena, "%lld", (long long)count);
    int64_t rest = count % 1000;
    return mg_arena_printf(arena, "%.*s,%03lld", MG_FMT(mg_text_count(arena, count / 1000)), (long long)(rest < 0 ? -rest : rest));
}

struct mg_str mg_text_usage(struct mg_arena *arena, const struct mg_spend *spend)
{
    if (spend->calls == 0)
        return MG_NO_STR;
    struct mg_str read = mg_text_count(arena, spend->input_tokens), written = mg_text_count(arena, spend->output_tokens);
    struct mg_str text = mg_arena_printf(arena, "%u request%s, %.*s tokens read and %.*s written", spend->requests, spend->requests == 1 ? "" : "s",
                                         MG_FMT(read), MG_FMT(written));
    if (spend->estimated_calls == 0)
        return text;
    return mg_arena_printf(arena, "%.*s (%u call%s estimated)", MG_FMT(text), spend->estimated_calls, spend->estimated_calls == 1 ? "" : "s");
}
