/* Keeps the helper library non-empty. */
typedef int mg_test_helpers_exist;
