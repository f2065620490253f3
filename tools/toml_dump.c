/* For tests only: reads a TOML document from stdin and prints it as toml-test's tagged JSON; exit 1 with the error when it is invalid. */
#include "base/arena.h"
#include "base/buf.h"
#include "core/toml.h"
#include <stdio.h>
#include <stdlib.h>

#define LIMIT (8u << 20)

static void print_string(struct mg_str text)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void print_leaf(const char *type, struct mg_str text)
{
    printf("{\"type\": \"%s\", \"value\": ", type);
    print_string(text);
    putchar('}');
}

static void print_number(const struct mg_toml *value)
{
    char text[64];
    bool integer = value->kind == MG_TOML_INTEGER;
    int len = integer ? snprintf(text, sizeof text, "%lld", (long long)value->integer) : snprintf(text, sizeof text, "%.17g", value->number);
    print_leaf(integer ? "integer" : "float", (struct mg_str){ text, (size_t)len });
}

static void print_value(const struct mg_toml *value);

static void print_table(const struct mg_toml *table)
{
    putchar('{');
    for (size_t i = 0; i < table->entries.len; i++) {
        if (i > 0)
            putchar(',');
        print_string(table->entries.at[i].key);
        putchar(':');
        print_value(table->entries.at[i].value);
    }
    putchar('}');
}

static void print_value(const struct mg_toml *value)
{
    switch (value->kind) {
    case MG_TOML_TABLE:
        print_table(value);
        break;
    case MG_TOML_ARRAY:
        putchar('[');
        for (size_t i = 0; i < value->items.len; i++) {
            if (i > 0)
                putchar(',');
            print_value(value->items.at[i]);
        }
        putchar(']');
        break;
    case MG_TOML_STRING:
        print_leaf("string", value->text);
        break;
    case MG_TOML_INTEGER:
    case MG_TOML_FLOAT:
        print_number(value);
        break;
    case MG_TOML_BOOL:
        print_leaf("bool", value->text);
        break;
    case MG_TOML_DATETIME:
        print_leaf("datetime", value->text);
        break;
    case MG_TOML_LOCAL_DATETIME:
        print_leaf("datetime-local", value->text);
        break;
    case MG_TOML_LOCAL_DATE:
        print_leaf("date-local", value->text);
        break;
    case MG_TOML_LOCAL_TIME:
        print_leaf("time-local", value->text);
        break;
    }
}

int main(void)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_err err = { .code = MG_OK };
    struct mg_toml *root;
    char *text = malloc(LIMIT);
    if (!text)
        return 2;
    size_t len = fread(text, 1, LIMIT, stdin);
    int status = 0;
    if (mg_toml_read(arena, (struct mg_str){ text, len }, &root, &err) == MG_OK) {
        print_table(root);
        putchar('\n');
    } else {
        fprintf(stderr, "%s\n", err.text);
        status = 1;
    }
    free(text);
    mg_arena_free(arena);
    return status;
}
