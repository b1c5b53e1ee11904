/*
 * The program under test: prints the sum of two numbers that opensrf.math has added.  usage: add NUMBER NUMBER
 *
 * It speaks just enough of OpenSRF's protocol over a plain socket; OpenSRF's own C library (libopensrf) is in no distribution.
 * It logs in by what `opensrf-chopchop exec` leaves in the environment.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char input[65536];
static size_t length;
static int peer;

static void fail(const char *why) {
    fprintf(stderr, "add: %s\n", why);
    exit(1);
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "add: %s is not set\n", name);
        exit(2);
    }
    return value;
}

static void open_connection(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(variable("OSRF_HOST"), variable("OSRF_PORT"), &hints, &found) != 0) fail("no such host");
    peer = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (peer < 0 || connect(peer, found->ai_addr, found->ai_addrlen) != 0) fail("cannot connect");
    freeaddrinfo(found);
}

static void say(const char *xml) {
    for (size_t sent = 0, all = strlen(xml); sent < all;) {
        ssize_t count = write(peer, xml + sent, all - sent);
        if (count <= 0) fail("the connection is lost");
        sent += (size_t)count;
    }
}

/* Waits until the text has come. */
static const char *await(const char *text) {
    for (;;) {
        const char *found = strstr(input, text);
        if (found != NULL) return found;
        if (length + 1 >= sizeof input) fail("the answer is too long for this example");
        ssize_t count = read(peer, input + length, sizeof input - length - 1);
        if (count <= 0) fail("the server closed the connection");
        length += (size_t)count;
        input[length] = '\0';
    }
}

/* What the first `"name":"…"` or `"name":…` of the answer holds, up to a quote, comma or brace. */
static void member(const char *name, char *value, size_t size) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(strstr(input, "<message"), key);
    size_t count = 0;
    if (at != NULL) {
        at += strlen(key);
        if (*at == '"') at++;
        for (; count + 1 < size && strchr("\",}", at[count]) == NULL; count++) value[count] = at[count];
    }
    value[count] = '\0';
}

int main(int argc, char **argv) {
    char xml[2048], code[16], found[256];
    if (argc != 3) {
        fprintf(stderr, "usage: add NUMBER NUMBER\n");
        return 2;
    }
    double a = atof(argv[1]), b = atof(argv[2]);
    open_connection();
    snprintf(xml, sizeof xml, "<stream:stream to='%s' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", variable("OSRF_DOMAIN"));
    say(xml);
    await("<stream:stream");
    snprintf(xml, sizeof xml,
             "<iq id='123456789' type='set'><query xmlns='jabber:iq:auth'><username>%s</username><password>%s</password><resource>add_%d</resource></query></iq>",
             variable("OSRF_USERNAME"), variable("OSRF_PASSWORD"), (int)getpid());
    say(xml);
    if (strncmp(await("type='") + 6, "result", 6) != 0) fail("the login was refused");
    snprintf(xml, sizeof xml,
             "<message to='%s@%s/opensrf.math'><thread>add.%d</thread><body>[{\"__c\":\"osrfMessage\",\"__p\":{\"threadTrace\":\"1\",\"locale\":\"en-US\",\"api_level\":1,"
             "\"type\":\"REQUEST\",\"payload\":{\"__c\":\"osrfMethod\",\"__p\":{\"method\":\"add\",\"params\":[%g,%g]}}}}]</body></message>",
             variable("OSRF_ROUTER"), variable("OSRF_DOMAIN"), (int)getpid(), a, b);
    say(xml);
    await("</message>");
    say("</stream:stream>");
    close(peer);
    member("statusCode", code, sizeof code);
    if (strcmp(code, "200") != 0) {
        member("status", found, sizeof found);
        fprintf(stderr, "add: %s %s\n", code, found);
        return 1;
    }
    member("content", found, sizeof found);
    puts(found);
    return 0;
}
