/* libstrophe (C): logs in with the strongest mechanism it shares with the server, sends a message to an echo and one to an absent JID, prints the answers, and connects
 * again when it is cut off. usage: libstrophe-client PORT DOMAIN ECHO-JID ABSENT-JID FLAGS
 * FLAGS: of xmpp_conn_set_flags, in decimal. Built by: cc libstrophe-client.c -lstrophe */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <strophe.h>

static const char *echo, *absent;
static int times = 0, stopping = 0;

static void say(xmpp_conn_t *conn, const char *to, const char *text) {
    xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
    xmpp_stanza_t *message = xmpp_message_new(ctx, "chat", to, NULL);
    xmpp_message_set_body(message, text);
    xmpp_send(conn, message);
    xmpp_stanza_release(message);
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *userdata) {
    const char *type = xmpp_stanza_get_type(stanza);
    const char *from = xmpp_stanza_get_from(stanza);
    xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(stanza, "error");
    if (type != NULL && strcmp(type, "error") == 0) {
        printf("error from %s: %s\n", from, xmpp_stanza_get_name(xmpp_stanza_get_children(error)));
    } else {
        char *body = xmpp_message_get_body(stanza);
        printf("%s from %s: %s\n", type == NULL ? "normal" : type, from, body);
        if (body != NULL && strcmp(body, "stop") == 0) {
            stopping = 1;
            xmpp_disconnect(conn);
        }
        xmpp_free(xmpp_conn_get_context(conn), body);
    }
    return 1;
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t status, int error, xmpp_stream_error_t *stream_error, void *userdata) {
    if (status != XMPP_CONN_CONNECT) {
        xmpp_stop(xmpp_conn_get_context(conn));
        return;
    }
    printf("online as %s, %d\n", xmpp_conn_get_bound_jid(conn), ++times);
    printf("%s\n", xmpp_conn_is_secured(conn) ? "encrypted" : "not encrypted");
    xmpp_handler_add(conn, on_message, NULL, "message", NULL, NULL);
    if (times > 1) return;
    say(conn, echo, "gr\xc3\xbc\xc3\x9f" "e & <b>");
    say(conn, absent, "anybody there?");
}

static int trust(const xmpp_tlscert_t *cert, const char *message) { return 1; }

int main(int argc, char **argv) {
    char jid[256];
    if (argc != 6) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(jid, sizeof jid, "opensrf@%s/client", argv[2]);
    echo = argv[3];
    absent = argv[4];
    xmpp_initialize();
    for (int tries = 0; !stopping && tries < 100; tries++) {
        xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
        xmpp_conn_t *conn = xmpp_conn_new(ctx);
        xmpp_conn_set_flags(conn, atol(argv[5]));
        xmpp_conn_set_certfail_handler(conn, trust);
        xmpp_conn_set_jid(conn, jid);
        xmpp_conn_set_pass(conn, "password");
        if (xmpp_connect_client(conn, "127.0.0.1", (unsigned short)atoi(argv[1]), on_connection, NULL) == XMPP_EOK) xmpp_run(ctx);
        xmpp_conn_release(conn);
        xmpp_ctx_free(ctx);
        if (!stopping) usleep(50000);
    }
    xmpp_shutdown();
    return stopping ? 0 : 1;
}
