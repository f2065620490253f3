/* The http port's contract on libcurl, against the fault server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "adapters/http_curl/http_curl.h"
#include "adapters/http_curl/library.h"
#include "base/str.h"
#include "contract/fault_server.h"
#include "os/fd.h"

#define REPLY "{\"text\": \"```python\\ndef test_sum():\\n    assert 1 + 1 == 2\\n```\\n\"}"
#define SECRET "sk-very-secret-0123456789"

static struct fault_server server;
static struct mg_http http;

struct call {
    struct mg_http_request request;
    struct mg_http_response response;
    struct mg_arena *arena;
    struct mg_err err;
};

static int set_up(void **state)
{
    static struct call call;
    call = (struct call){ .arena = mg_arena_new(), .err = { .code = MG_OK } };
    call.request = (struct mg_http_request){ .body = MG_STR("{\"model\": \"m\"}"), .connect_seconds = 30, .seconds = 60, .max_body = 1 << 20 };
    *MG_PUSH(call.arena, &call.request.headers) = (struct mg_http_header){ MG_STR("x-api-key"), MG_STR(SECRET) };
    *MG_PUSH(call.arena, &call.request.headers) = (struct mg_http_header){ MG_STR("content-type"), MG_STR("application/json") };
    *state = &call;
    return 0;
}

static int tear_down(void **state)
{
    struct call *call = *state;
    assert_null(strstr(call->err.text, SECRET));
    mg_arena_free(call->arena);
    return 0;
}

static enum mg_code post(struct call *call, const char *listener, const char *script)
{
    call->request.url = fault_server_url(&server, listener, script);
    return http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err);
}

/* Also that the text names the peer. */
static void assert_fails(struct call *call, const char *listener, const char *script, enum mg_code code, bool sent)
{
    enum mg_code got = post(call, listener, script);
    if (got != code || call->response.sent != sent)
        print_message("%s %s: %s, sent %d: %s\n", listener, script, mg_code_name(got), call->response.sent, call->err.text);
    assert_int_equal(got, code);
    assert_int_equal(call->err.code, code);
    assert_int_equal(call->response.sent, sent);
    assert_non_null(strstr(call->err.text, "127.0.0.1"));
}

#define assert_text(str, expected) assert_true(mg_str_is((str), (expected)))

static void one_request_one_response(void **state)
{
    struct call *call = *state;
    *MG_PUSH(call->arena, &call->request.headers) = (struct mg_http_header){ MG_STR("X-Empty"), MG_STR("") };
    assert_int_equal(post(call, "plain", "ok@one/x"), MG_OK);
    assert_int_equal(call->response.status, 200);
    assert_true(call->response.sent);
    assert_text(call->response.body, REPLY);
    assert_text(mg_http_header(&call->response, "content-type"), "application/json");
    assert_text(mg_http_header(&call->response, "x-request-id"), "req_1");
    assert_text(mg_http_header(&call->response, "absent"), "");
    assert_int_equal(fault_server_count(&server, "ok@one"), 1);
    struct mg_str log = fault_server_log(&server);
    assert_true(mg_str_contains(log, "\"body\": \"{\\\"model\\\": \\\"m\\\"}\""));
    assert_true(mg_str_contains(log, "\"x-api-key\": \"" SECRET "\""));
    assert_true(mg_str_contains(log, "\"content-type\": \"application/json\""));
    assert_true(mg_str_contains(log, "\"x-empty\": \"\""));
    assert_true(mg_str_contains(log, "\"user-agent\": \"mutagen/"));
}

/* So long that libcurl would ask first by "Expect: 100-continue". */
static void a_long_request_is_sent_at_once(void **state)
{
    struct call *call = *state;
    size_t len = (size_t)3 << 20;
    char *body = mg_arena_alloc(call->arena, len, 1);
    memset(body, 'x', len);
    call->request.body = (struct mg_str){ body, len };
    call->request.headers.len = 1; /* without a content type */
    *MG_PUSH(call->arena, &call->request.headers) = (struct mg_http_header){ MG_STR("User-Agent"), MG_STR("own/1") };
    assert_int_equal(post(call, "plain", "ok@long/x"), MG_OK);
    struct mg_str log = fault_server_log(&server);
    const char *entry = strstr(log.at, "\"script\": \"ok@long\"");
    assert_non_null(entry);
    assert_null(strstr(entry, "\"expect\""));
    assert_null(strstr(entry, "\"content-type\""));
    assert_non_null(strstr(entry, "\"user-agent\": \"own/1\""));
    assert_non_null(strstr(entry, "\"content-length\": \"3145728\""));
}

static void every_status_is_an_answer(void **state)
{
    static const int all[] = { 302, 400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504, 529 };
    struct call *call = *state;
    for (size_t i = 0; i < MG_COUNT(all); i++) {
        char script[64];
        snprintf(script, sizeof script, "%d+retry-after=7@http/v1/messages", all[i]);
        assert_int_equal(post(call, "plain", script), MG_OK);
        assert_int_equal(call->response.status, all[i]);
        assert_true(call->response.sent);
        assert_text(mg_http_header(&call->response, "retry-after"), "7");
        assert_true(mg_str_contains(call->response.body, "on order"));
        *strchr(script, '/') = '\0';
        assert_int_equal(fault_server_count(&server, script), 1);
    }
}

static void redirects_are_not_followed(void **state)
{
    struct call *call = *state;
    assert_int_equal(post(call, "plain", "redirect/followed"), MG_OK);
    assert_int_equal(call->response.status, 302);
    assert_text(mg_http_header(&call->response, "location"), "/ok/followed");
    assert_int_equal(post(call, "plain", "redirect-away/x"), MG_OK);
    assert_false(mg_str_contains(fault_server_log(&server), "/ok/followed"));
}

static void bodies_are_decoded(void **state)
{
    static const char *const scripts[] = { "gzip/x", "deflate/x", "chunked/x", "early-hints/x" };
    struct call *call = *state;
    for (size_t i = 0; i < MG_COUNT(scripts); i++) {
        assert_int_equal(post(call, "plain", scripts[i]), MG_OK);
        assert_int_equal(call->response.status, 200);
        assert_text(call->response.body, REPLY);
    }
    assert_text(mg_http_header(&call->response, "x-early"), ""); /* of the 103, not of the answer */
    assert_int_equal(post(call, "plain", "latin1/x"), MG_OK);    /* what the bytes mean is not this port's business */
    assert_true(mg_str_contains(call->response.body, "caf\xe9"));
    assert_int_equal(post(call, "plain", "empty/x"), MG_OK);
    assert_int_equal(call->response.body.len, 0);
}

static void a_body_has_a_limit_decoded_too(void **state)
{
    struct call *call = *state;
    call->request.max_body = sizeof REPLY - 1;
    assert_int_equal(post(call, "plain", "ok/x"), MG_OK);
    assert_int_equal(post(call, "plain", "gzip/x"), MG_OK);
    call->request.max_body = sizeof REPLY - 2;
    assert_fails(call, "plain", "ok/x", MG_E_LIMIT, true);
    assert_fails(call, "plain", "gzip/x", MG_E_LIMIT, true);
    call->request.max_body = 1 << 20;
    assert_fails(call, "plain", "bomb/x", MG_E_LIMIT, true);
    assert_fails(call, "plain", "endless/x", MG_E_LIMIT, true);
    assert_non_null(strstr(call->err.text, " has a body of more than 1048576 bytes"));
    assert_int_equal(call->response.body.len, 0);
}

static void a_lost_connection_is_an_error(void **state)
{
    struct call *call = *state;
    assert_fails(call, "plain", "reset/x", MG_E_HTTP, true);
    assert_fails(call, "plain", "reset-first@lost/x", MG_E_HTTP, true);
    assert_fails(call, "plain", "short/x", MG_E_HTTP, true);
    assert_fails(call, "plain", "hang-up@lost/x", MG_E_HTTP, true);
    assert_fails(call, "plain", "garbage/x", MG_E_HTTP, true);
    assert_null(strstr(call->err.text, "Unsupported protocol"));          /* that is libcurl's word for an answer that is no HTTP */
    assert_int_equal(fault_server_count(&server, "reset-first@lost"), 1); /* nothing is sent twice */
    assert_int_equal(fault_server_count(&server, "hang-up@lost"), 1);
}

static void no_connection_means_not_sent(void **state)
{
    struct call *call = *state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound and not listening: refused for sure */
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof here;
    assert_int_equal(bind(fd, (struct sockaddr *)&here, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    call->request.url = mg_arena_printf(call->arena, "http://user:" SECRET "@127.0.0.1:%d/" SECRET, ntohs(here.sin_port));
    assert_int_equal(http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err), MG_E_HTTP);
    close(fd);
    assert_false(call->response.sent);
    assert_int_equal(call->response.status, 0);
    char peer[32];
    snprintf(peer, sizeof peer, "127.0.0.1:%d: ", ntohs(here.sin_port));
    assert_non_null(strstr(call->err.text, peer));
}

static void time_outs(void **state)
{
    struct call *call = *state;
    call->request.seconds = 0.3;
    assert_fails(call, "plain", "slow-headers/x", MG_E_TIMEOUT, true);
    assert_int_equal(call->response.status, 0);
    assert_fails(call, "plain", "slow-body/x", MG_E_TIMEOUT, true);
    assert_int_equal(call->response.status, 200);
    call->request.max_body = SIZE_MAX / 4;
    assert_fails(call, "plain", "endless/x", MG_E_TIMEOUT, true);

    /* A listener that nobody serves: the kernel takes the connection, TLS never starts. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof here;
    assert_int_equal(bind(fd, (struct sockaddr *)&here, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    call->request.seconds = 60;
    call->request.connect_seconds = 0.3;
    call->request.url = mg_arena_printf(call->arena, "https://127.0.0.1:%d/x", ntohs(here.sin_port));
    double before = mg_now();
    assert_int_equal(http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err), MG_E_TIMEOUT);
    assert_true(mg_now() - before < 50);
    assert_false(call->response.sent);
    assert_non_null(strstr(call->err.text, "no connection to 127.0.0.1:"));
    close(fd);
}

static void certificates_are_verified(void **state)
{
    struct call *call = *state;
    assert_fails(call, "good", "ok@tls/x", MG_E_CONFIG, false); /* the system does not know our authority */
    assert_non_null(strstr(call->err.text, "certificate"));
    assert_non_null(strstr(call->err.text, "llm.ca_file"));
    call->request.ca_file = server.ca_file;
    assert_int_equal(post(call, "good", "ok/x"), MG_OK);
    assert_int_equal(call->response.status, 200);
    assert_fails(call, "wrong-host", "ok@tls/x", MG_E_CONFIG, false);
    assert_fails(call, "unknown-ca", "ok@tls/x", MG_E_CONFIG, false);
    assert_fails(call, "expired", "ok@tls/x", MG_E_CONFIG, false);
    assert_int_equal(fault_server_count(&server, "ok@tls"), 0);
    call->request.ca_file = MG_STR("/nowhere/ca.pem");
    assert_int_equal(post(call, "good", "ok/x"), MG_E_CONFIG);
    assert_non_null(strstr(call->err.text, "/nowhere/ca.pem"));
}

static void what_cannot_be_a_request_is_refused(void **state)
{
    static const char *const bad[] = {
        "ftp://127.0.0.1/x", "file:///etc/passwd",      "127.0.0.1:80", "", "http://", "http:///x", "https://user@/x", "http://a b/x",
        "http://[::1/x",     "http://127.0.0.1:99999/x"
    };
    struct call *call = *state;
    for (size_t i = 0; i < MG_COUNT(bad); i++) {
        call->request.url = mg_str_from(bad[i]);
        assert_int_equal(http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err), MG_E_CONFIG);
        assert_false(call->response.sent);
    }
    call->request.headers.at[0].value = MG_STR(SECRET "\r\nX-Smuggled: yes");
    assert_int_equal(post(call, "plain", "ok@smuggled/x"), MG_E_CONFIG);
    call->request.headers.at[0].value = MG_STR("fine");
    call->request.headers.at[0].name = MG_STR("X: y");
    assert_int_equal(post(call, "plain", "ok@smuggled/x"), MG_E_CONFIG);
    assert_int_equal(fault_server_count(&server, "ok@smuggled"), 0);
}

/* --- cancel --- */

struct stopper {
    struct mg_cancel *cancel;
    int wake;
    const char *script;
};

static void *stop_when_it_came(void *data)
{
    struct stopper *stopper = data;
    while (fault_server_count(&server, stopper->script) == 0)
        usleep(2000);
    stopper->cancel->requested = SIGINT;
    if (stopper->wake >= 0)
        assert_int_equal(write(stopper->wake, "x", 1), 1);
    return NULL;
}

static void cancel_with(struct call *call, const char *path, const char *script, bool by_descriptor)
{
    int ends[2];
    pthread_t thread;
    assert_int_equal(mg_fd_pipe(ends, NULL), MG_OK);
    struct mg_cancel cancel = { .wake_fd = by_descriptor ? ends[0] : -1 };
    struct stopper stopper = { &cancel, by_descriptor ? ends[1] : -1, script };
    call->request.cancel = &cancel;
    call->request.url = fault_server_url(&server, "plain", path); /* before the thread, which uses the server's arena */
    assert_int_equal(pthread_create(&thread, NULL, stop_when_it_came, &stopper), 0);
    assert_int_equal(http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err), MG_E_CANCELLED);
    assert_true(call->response.sent);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
}

static void a_cancel_ends_the_wait(void **state)
{
    struct call *call = *state;
    call->request.seconds = call->request.connect_seconds = 3600; /* if the token did not end it, the test's own time-out would */
    cancel_with(call, "slow-headers@cancel/x", "slow-headers@cancel", true);
    cancel_with(call, "slow-headers@blind/x", "slow-headers@blind", false);
    struct mg_cancel cancel = { .requested = SIGINT, .wake_fd = -1 };
    call->request.cancel = &cancel;
    assert_int_equal(post(call, "plain", "ok@cancelled/x"), MG_E_CANCELLED);
    assert_false(call->response.sent);
    assert_int_equal(fault_server_count(&server, "ok@cancelled"), 0);
}

/* --- proxies, threads, the library --- */

static void proxies_come_from_the_environment(void **state)
{
    struct call *call = *state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", fault_server_port(&server, "plain"));
    setenv("http_proxy", proxy, 1);
    setenv("no_proxy", "127.0.0.1", 1);
    call->request.url = MG_STR("http://model.invalid/v1/x");
    enum mg_code code = http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err);
    assert_int_equal(code, MG_OK); /* the fault server reads "http:" as the script of "http://model.invalid/…" */
    assert_int_equal(call->response.status, 404);
    assert_true(mg_str_contains(fault_server_log(&server), "\"path\": \"http://model.invalid/v1/x\""));
    assert_int_equal(post(call, "plain", "ok@direct/x"), MG_OK);
    assert_int_equal(fault_server_count(&server, "ok@direct"), 1);

    setenv("https_proxy", proxy, 1); /* it does not know CONNECT: the tunnel is refused, nothing of ours was sent */
    call->request.url = MG_STR("https://model.invalid/v1/x");
    assert_int_equal(http.ops->send(http.self, &call->request, call->arena, &call->response, &call->err), MG_E_HTTP);
    assert_false(call->response.sent);
    assert_non_null(strstr(call->err.text, "model.invalid:443"));
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("no_proxy");
}

struct poster {
    struct mg_str url;
    bool good;
};

static void *post_often(void *data)
{
    struct poster *poster = data;
    struct mg_arena *arena = mg_arena_new();
    poster->good = true;
    for (int i = 0; i < 5; i++) {
        struct mg_http_request request = { .url = poster->url, .seconds = 60, .connect_seconds = 60, .max_body = 4096 };
        struct mg_http_response response;
        poster->good = poster->good && http.ops->send(http.self, &request, arena, &response, NULL) == MG_OK && mg_str_is(response.body, REPLY);
    }
    mg_arena_free(arena);
    return NULL;
}

static void threads_do_not_meet(void **unused)
{
    (void)unused;
    pthread_t threads[8];
    struct poster posters[8];
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        posters[i].url = fault_server_url(&server, "plain", "gzip@threads/x");
        assert_int_equal(pthread_create(&threads[i], NULL, post_often, &posters[i]), 0);
    }
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_true(posters[i].good);
    }
    assert_int_equal(fault_server_count(&server, "gzip@threads"), 40);
}

static void a_machine_without_libcurl_is_told_what_to_install(void **unused)
{
    (void)unused;
    struct mg_curl curl;
    struct mg_err err = { .code = MG_OK };
    static const char *const none[] = { "libcurl-that-is-not-there.so.4", NULL };
    assert_int_equal(mg_curl_open(none, &curl, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "apt install libcurl4"));
    static const char *const other[] = { "libcurl-that-is-not-there.so.4", "libm.so.6", NULL };
    assert_int_equal(mg_curl_open(other, &curl, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "curl_global_init"));
    struct mg_arena *arena = mg_arena_new();
    struct mg_str version;
    assert_int_equal(mg_http_curl_version(arena, &version, &err), MG_OK);
    assert_true(mg_str_starts(version, "libcurl 7.") || mg_str_starts(version, "libcurl 8."));
    mg_arena_free(arena);
}

int main(void)
{
    static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY" };
    for (size_t i = 0; i < MG_COUNT(proxies); i++)
        unsetenv(proxies[i]);
    signal(SIGPIPE, SIG_IGN); /* as main.c does */
    if (!fault_server_start(&server))
        return 1;
    http = mg_http_curl();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_request_one_response, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_status_is_an_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_are_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_has_a_limit_decoded_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_connection_means_not_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(time_outs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(certificates_are_verified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_a_request_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancel_ends_the_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proxies_come_from_the_environment, set_up, tear_down),
        cmocka_unit_test(threads_do_not_meet),
        cmocka_unit_test_setup_teardown(a_long_request_is_sent_at_once, set_up, tear_down), /* last: it makes the server's log long */
        cmocka_unit_test(a_machine_without_libcurl_is_told_what_to_install),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    http.ops->close(http.self);
    fault_server_stop(&server);
    return failed;
}
