/* Feature hashing. */
#include "adapters/embed_hashing/embed_hashing.h"

#include <math.h>
#include <string.h>

#include "base/blake2b.h"
#include "base/buf.h"
#include "base/str.h"

struct hashing {
    size_t dimension;
};

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* As Python lowers it, as far as ASCII comes out: A to Z, the Kelvin sign (k), and the dotted capital I (i and a dot above). */
static void add_lower(struct mg_buf *out, struct mg_str text)
{
    static const char kelvin[] = "\xE2\x84\xAA", dotted_i[] = "\xC4\xB0";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (mg_str_starts(mg_str_sub(text, i, text.len), kelvin)) {
            mg_buf_addc(out, 'k');
            i += sizeof kelvin - 2;
        } else if (mg_str_starts(mg_str_sub(text, i, text.len), dotted_i)) {
            mg_buf_adds(out, "i\xCC\x87");
            i += sizeof dotted_i - 2;
        } else {
            mg_buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
        }
    }
}

static bool next_word(struct mg_str *rest, struct mg_str *word)
{
    size_t from = 0, to;
    while (from < rest->len && !is_letter(rest->at[from]) && !is_digit(rest->at[from]))
        from++;
    if (from == rest->len)
        return false;
    bool number = is_digit(rest->at[from]);
    for (to = from + 1; to < rest->len && (is_digit(rest->at[to]) || (!number && is_letter(rest->at[to])));)
        to++;
    *word = mg_str_sub(*rest, from, to);
    *rest = mg_str_sub(*rest, to, rest->len);
    return true;
}

static void count_feature(struct mg_str feature, double *sums, size_t dimension)
{
    uint8_t digest[8];
    mg_blake2b(feature, digest, sizeof digest);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof digest; i++)
        value = value << 8 | digest[i];
    sums[value % dimension] += value >> 63 ? 1.0 : -1.0;
}

static void embed_one(struct mg_str text, size_t dimension, double *sums, float *vector)
{
    struct mg_buf lower = MG_BUF(SIZE_MAX), pair = MG_BUF(SIZE_MAX);
    add_lower(&lower, text);
    struct mg_str rest = mg_buf_view(&lower), word, before = MG_NO_STR;
    memset(sums, 0, dimension * sizeof *sums);
    for (; next_word(&rest, &word); before = word) {
        count_feature(word, sums, dimension);
        if (before.len == 0)
            continue;
        mg_buf_clear(&pair);
        mg_buf_add(&pair, before);
        mg_buf_addc(&pair, '\0');
        mg_buf_add(&pair, word);
        count_feature(mg_buf_view(&pair), sums, dimension);
    }
    double square = 0;
    for (size_t i = 0; i < dimension; i++)
        square += sums[i] * sums[i];
    for (size_t i = 0; i < dimension; i++)
        vector[i] = square > 0 ? (float)(sums[i] / sqrt(square)) : 0.0f;
    mg_buf_free(&lower);
    mg_buf_free(&pair);
}

static enum mg_code embed(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel,
                          struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err)
{
    (void)seconds; /* it takes none worth counting */
    (void)end;
    const struct hashing *hashing = self;
    struct mg_arena *scratch = mg_arena_new();
    double *sums = MG_NEW_ARRAY(scratch, double, hashing->dimension);
    enum mg_code code = MG_OK;
    for (size_t i = 0; i < count && code == MG_OK; i++) {
        vectors[i] = MG_NEW_ARRAY(arena, float, hashing->dimension);
        embed_one(texts[i], hashing->dimension, sums, vectors[i]);
        if (mg_cancelled(cancel))
            code = MG_FAIL(err, MG_E_CANCELLED, "stopped while comparing texts");
    }
    *dimension = hashing->dimension;
    mg_arena_free(scratch);
    return code;
}

static void close_embedder(void *self) { (void)self; }

struct mg_embedder mg_embed_hashing_new(struct mg_arena *arena, size_t dimension)
{
    static const struct mg_embedder_ops ops = { .name = "hashing", .embed = embed, .close = close_embedder };
    MG_ASSERT(dimension > 0);
    struct hashing *hashing = MG_NEW(arena, struct hashing);
    hashing->dimension = dimension;
    return (struct mg_embedder){ .ops = &ops, .self = hashing };
}
