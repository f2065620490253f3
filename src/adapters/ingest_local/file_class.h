/* What a Python file is, from its place in the repo and, where that is not enough, from its text. Pure. */
#ifndef MG_INGEST_FILE_CLASS_H
#define MG_INGEST_FILE_CLASS_H

#include "base/map.h"
#include "base/str.h"

enum mg_file_class {
    MG_FILE_SOURCE,  /* importable code */
    MG_FILE_TEST,    /* holds tests */
    MG_FILE_SUPPORT, /* conftest.py, helpers of tests, vendored code: verdicts depend on it */
    MG_FILE_OTHER    /* set-up, docs, examples, by-products, our own generated tests */
};

/* What must be known of all files before one can be judged. Keys are folder paths. */
struct mg_folders {
    struct mg_map packages;   /* with an __init__.py; the repo's root never counts */
    struct mg_map test_trees; /* a file named like a test is in it or below it */
};
void mg_folders_add(struct mg_folders *folders, struct mg_str path); /* every *.py path once */
bool mg_folders_is_package(const struct mg_folders *folders, struct mg_str folder);

enum mg_file_class mg_file_classify(const struct mg_folders *folders, struct mg_str path, struct mg_str text);

/* In a folder of scripts in the repo's root (tools, scripts, …) that is no package: the product only where there is no other. */
bool mg_is_helper_script(const struct mg_folders *folders, struct mg_str path);

/* The same, and folders of documentation and benchmarks, where it is a package in the repo's root: no product either, if nobody else imports it. */
bool mg_is_helper_package(const struct mg_folders *folders, struct mg_str top);

/* Other people's code, carried along: in a folder named vendor or the like, or in a submodule that `gitmodules` (its text) names. */
bool mg_is_vendored(struct mg_str gitmodules, struct mg_str path);

/* Written by a program that says so at the top, or by the protocol buffer compiler: nobody wants tests for it. */
bool mg_is_generated(struct mg_str path, struct mg_str text);

bool mg_is_identifier(struct mg_str name);

/* The encoding that a PEP 263 comment in the first two lines names; empty when there is none. */
struct mg_str mg_declared_encoding(struct mg_str text);

/* NULL when the text is UTF-8 that Python would read as such, else why not. */
const char *mg_text_problem(struct mg_str text);

#endif
