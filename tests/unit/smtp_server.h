/* A scripted SMTP server for the tests of delivery: a thread that listens on 127.0.0.1, and one for each connection.
 *
 * What it says to greeting, EHLO and QUIT stands in the script. What it says to the rest stands in the mail's addresses: a local part
 * that begins with `STAGE-ACTION.` makes it do ACTION at STAGE (mail: in the sender; rcpt, data, end: in the recipient).
 * ACTION is a reply code, `drop` (hang up), `stall` (say nothing more), `garbage`, `many` (a reply of many lines), `half` (the first
 * line of two, then hang up) or `long` (a reply of 1 MB), `trickle` (a reply that never ends, some bytes at a time), `deaf`
 * (the usual reply, and then nothing is read any more), `twice` (the usual reply two times over), `early` (at data: 354 and, before the text has
 * come, what should follow it), `late` (the usual reply, and shortly after it a 421), `leave` (a 421, and no more than that to whatever is said next).
 *
 * It speaks TLS where the script has a context for it, and asks for a login where the script has a user. */
#ifndef TOCSIN_TESTS_SMTP_SERVER_H
#define TOCSIN_TESTS_SMTP_SERVER_H

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_SESSIONS 256
#define SERVER_MAILS 4096
#define SAY_NOTHING "stall"
#define HANG_UP "drop"

struct server_script {
    const char *greeting, *ehlo, *helo, *quit; /* a whole reply with CRLF, SAY_NOTHING, or HANG_UP; NULL: the usual */
    unsigned close_after; /* this many mails, the next MAIL gets a 421; 0: never */
    bool ipv6;
    SSL_CTX *tls; /* STARTTLS is offered */
    const char *starttls; /* the reply to it; what follows after `|` comes in place of the handshake */
    const char *ehlo_secure; /* the reply to EHLO under TLS; NULL: the usual */
    const char *auth; /* mechanisms, as EHLO names them; NULL: no AUTH */
    bool auth_after_tls; /* they are named only under TLS */
    const char *auth_reply; /* to whatever login; NULL: as it deserves */
    const char *user, *password; /* the right ones; MAIL is refused before them */
};

struct server_mail {
    char from[300], to[300];
    struct buf text; /* without dot-stuffing */
};

struct server {
    struct server_script script;
    int listener;
    char address[64]; /* HOST:PORT */
    pthread_t thread, sessions[SERVER_SESSIONS];
    pthread_mutex_t lock; /* of all below */
    int sockets[SERVER_SESSIONS];
    unsigned connections, quits, mails_count, rcpts, mail_commands, handshakes, logins, logins_tried;
    char server_name[300]; /* that the last ClientHello named */
    char mechanism[32]; /* of the last AUTH */
    bool password_in_plain; /* PLAIN or LOGIN outside of TLS */
    bool bdat;
    _Atomic bool stopping;
    struct server_mail mails[SERVER_MAILS]; /* accepted, in order */
    char helo[300];
};

struct server_session {
    struct server *server;
    int fd;
    SSL *ssl;
    bool logged_in;
    char bytes[4096];
    size_t filled, used;
    char from[300], to[300];
    unsigned mails;
};

static inline int server_byte(struct server_session *s)
{
    if (s->used == s->filled) {
        ssize_t got = s->ssl ? SSL_read(s->ssl, s->bytes, sizeof s->bytes) : recv(s->fd, s->bytes, sizeof s->bytes, 0);
        if (got <= 0)
            return -1;
        s->filled = (size_t)got;
        s->used = 0;
    }
    return (unsigned char)s->bytes[s->used++];
}

/* A line without its CRLF. */
static inline bool server_line(struct server_session *s, struct buf *line)
{
    buf_truncate(line, 0);
    for (int byte; (byte = server_byte(s)) >= 0;) {
        buf_add_char(line, (char)byte);
        if (line->length >= 2 && strcmp(line->data + line->length - 2, "\r\n") == 0) {
            buf_truncate(line, line->length - 2);
            return true;
        }
    }
    return false;
}

static inline bool server_say(struct server_session *s, const char *text)
{
    size_t length = strlen(text);
    while (length) {
        ssize_t sent = s->ssl ? SSL_write(s->ssl, text, (int)length) : send(s->fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* Say nothing until the client or the test's end closes the connection. */
static inline bool server_stall(struct server_session *s)
{
    while (server_byte(s) >= 0)
        ;
    return false;
}

static inline bool server_scripted(struct server_session *s, const char *reply, const char *usual)
{
    if (!reply)
        reply = usual;
    if (strcmp(reply, SAY_NOTHING) == 0)
        return server_stall(s);
    return strcmp(reply, HANG_UP) != 0 && server_say(s, reply);
}

static inline bool server_long_reply(struct server_session *s)
{
    struct buf reply = BUF_EMPTY;
    buf_add_string(&reply, "550 ");
    for (unsigned i = 0; i < 1024; i++)
        buf_add_format(&reply, "%01023d ", 5);
    buf_add_string(&reply, "\r\n");
    bool said = server_say(s, reply.data);
    buf_free(&reply);
    return said;
}

static inline bool server_trickle(struct server_session *s)
{
    while (server_say(s, "250-and so on\r\n"))
        usleep(200000);
    return false;
}

static inline bool server_deaf(struct server_session *s, const char *reply)
{
    char byte;
    /* Only a closed connection ends this, not what arrives. */
    while (server_say(s, reply) && recv(s->fd, &byte, 1, MSG_PEEK) > 0 && !s->server->stopping) {
        usleep(50000);
        reply = "";
    }
    return false;
}

static inline bool server_leave(struct server_session *s)
{
    struct buf line = BUF_EMPTY;
    bool said = server_say(s, "421 4.3.2 leaving\r\n") && server_line(s, &line);
    buf_free(&line);
    return said && false;
}

/* What ADDRESS asks for at STAGE, or GOOD. *AS_USUAL: it was GOOD. */
static inline bool server_act(struct server_session *s, const char *address, const char *stage, const char *good,
                              bool *as_usual)
{
    char prefix[16], action[32] = "", reply[128];
    snprintf(prefix, sizeof prefix, "%s-", stage);
    *as_usual = strncmp(address, prefix, strlen(prefix)) != 0;
    if (*as_usual)
        return server_say(s, good);
    snprintf(action, sizeof action, "%.*s", (int)strcspn(address + strlen(prefix), "."), address + strlen(prefix));
    if (strcmp(action, "drop") == 0)
        return false;
    if (strcmp(action, "stall") == 0)
        return server_stall(s);
    if (strcmp(action, "trickle") == 0)
        return server_trickle(s);
    if (strcmp(action, "leave") == 0)
        return server_leave(s);
    if (strcmp(action, "deaf") == 0)
        return server_deaf(s, good);
    if (strcmp(action, "garbage") == 0)
        return server_say(s, "250OK what is this\r\n");
    if (strcmp(action, "half") == 0)
        return server_say(s, "250-almost\r\n") && false;
    if (strcmp(action, "many") == 0)
        return server_say(s, "550-5.1.1 The mailbox\r\n550-5.1.1 is not\r\n550 5.1.1 known here\r\n");
    if (strcmp(action, "long") == 0)
        return server_long_reply(s);
    if (strcmp(action, "twice") == 0 || strcmp(action, "early") == 0) {
        /* In one segment, or libesmtp might come in between. */
        snprintf(reply, sizeof reply, "%s%s", good, strcmp(action, "early") == 0 ? "250 2.0.0 queued\r\n" : good);
        *as_usual = true;
        return server_say(s, reply);
    }
    if (strcmp(action, "late") == 0) {
        *as_usual = true;
        return server_say(s, good) && !usleep(50000) && server_say(s, "421 4.3.2 going down\r\n");
    }
    snprintf(reply, sizeof reply, "%s scripted\r\n", action);
    return server_say(s, reply) && strcmp(action, "421") != 0;
}

static inline void server_address(const char *command, char out[300])
{
    const char *open = strchr(command, '<'), *end = open ? strchr(open, '>') : NULL;
    snprintf(out, 300, "%.*s", end ? (int)(end - open - 1) : 0, open ? open + 1 : "");
}

static inline void server_keep(struct server_session *s, struct buf *text)
{
    struct server *server = s->server;
    pthread_mutex_lock(&server->lock);
    if (server->mails_count < SERVER_MAILS) {
        struct server_mail *mail = &server->mails[server->mails_count++];
        memcpy(mail->from, s->from, sizeof mail->from);
        memcpy(mail->to, s->to, sizeof mail->to);
        mail->text = *text;
        *text = (struct buf)BUF_EMPTY;
    }
    pthread_mutex_unlock(&server->lock);
}

static inline bool server_text(struct server_session *s)
{
    struct buf text = BUF_EMPTY, line = BUF_EMPTY;
    bool more, as_usual = false;
    while ((more = server_line(s, &line)) && strcmp(line.data, ".") != 0) {
        buf_add_string(&text, line.data + (line.data[0] == '.'));
        buf_add_string(&text, "\r\n");
    }
    if (more && !s->to[0])
        more = server_say(s, "554 no recipients\r\n");
    else if (more) {
        /* Kept before the reply is sent: who has read the reply finds it. */
        if (strncmp(s->to, "end-", 4) != 0)
            server_keep(s, &text);
        more = server_act(s, s->to, "end", "250 2.0.0 queued\r\n", &as_usual);
        s->mails++;
    }
    buf_free(&text);
    buf_free(&line);
    return more;
}

static inline bool server_mail_command(struct server_session *s, const char *line)
{
    bool as_usual;
    if (s->server->script.close_after && s->mails >= s->server->script.close_after)
        return server_say(s, "421 4.7.0 enough for one connection\r\n") && false;
    pthread_mutex_lock(&s->server->lock);
    s->server->mail_commands++;
    pthread_mutex_unlock(&s->server->lock);
    if (s->server->script.user && !s->logged_in)
        return server_say(s, "530 5.7.0 log in first\r\n");
    s->to[0] = '\0';
    server_address(line, s->from);
    return server_act(s, s->from, "mail", "250 2.1.0 ok\r\n", &as_usual);
}

static inline bool server_rcpt_command(struct server_session *s, const char *line)
{
    char to[300];
    bool as_usual;
    server_address(line, to);
    pthread_mutex_lock(&s->server->lock);
    s->server->rcpts++;
    pthread_mutex_unlock(&s->server->lock);
    if (!server_act(s, to, "rcpt", "250 2.1.5 ok\r\n", &as_usual))
        return false;
    memcpy(s->to, as_usual ? to : "", as_usual ? sizeof to : 1);
    return true;
}

static inline bool server_data_command(struct server_session *s)
{
    bool as_usual;
    if (!s->to[0])
        return server_say(s, "554 5.5.1 no valid recipients\r\n");
    if (!server_act(s, s->to, "data", "354 go ahead\r\n", &as_usual))
        return false;
    return as_usual ? server_text(s) : true;
}

static inline bool server_usual_ehlo(struct server_session *s)
{
    const struct server_script *script = &s->server->script;
    struct buf reply = BUF_EMPTY;
    buf_add_string(&reply, "250-test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n");
    if (script->tls && !s->ssl)
        buf_add_string(&reply, "250-STARTTLS\r\n");
    if (script->auth && (s->ssl || !script->auth_after_tls))
        buf_add_format(&reply, "250-AUTH %s\r\n", script->auth);
    buf_add_string(&reply, "250 8BITMIME\r\n");
    bool said = server_say(s, reply.data);
    buf_free(&reply);
    return said;
}

static inline bool server_starttls_command(struct server_session *s)
{
    struct server *server = s->server;
    const char *reply = server->script.starttls ? server->script.starttls : "220 2.0.0 go ahead\r\n";
    if (strcmp(reply, HANG_UP) == 0)
        return false;
    if (strcmp(reply, SAY_NOTHING) == 0)
        return server_stall(s);
    const char *lie = strchr(reply, '|');
    char first[200];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(reply, "|"), reply);
    if (lie)
        return server_say(s, first) && (!strcmp(lie, "|") ? server_stall(s) : server_say(s, lie + 1));
    if (!server_say(s, first) || reply[0] != '2')
        return reply[0] != '2';
    SSL *ssl = SSL_new(server->script.tls);
    SSL_set_fd(ssl, s->fd);
    if (SSL_accept(ssl) <= 0) {
        SSL_free(ssl);
        return false;
    }
    s->ssl = ssl;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    pthread_mutex_lock(&server->lock);
    server->handshakes++;
    snprintf(server->server_name, sizeof server->server_name, "%s", name ? name : "");
    pthread_mutex_unlock(&server->lock);
    return true;
}

/* Base64 to bytes with a NUL after them; -1: it is none. */
static inline int server_decode(const char *text, char out[600])
{
    size_t length = strlen(text);
    if (!length || length % 4 || length > 700)
        return -1;
    int size = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)length);
    if (size >= 0)
        out[size] = '\0';
    return size < 0 ? -1 : size - (text[length - 1] == '=') - (text[length - 2] == '=');
}

static inline bool server_ask(struct server_session *s, const char *challenge, char out[600])
{
    struct buf line = BUF_EMPTY;
    bool got = server_say(s, challenge) && server_line(s, &line) && server_decode(line.data, out) >= 0;
    buf_free(&line);
    return got;
}

static inline bool server_login_is_right(struct server_session *s, const char *mechanism, const char *initial)
{
    const struct server_script *script = &s->server->script;
    char said[600] = "", more[600] = "";
    if (strcmp(mechanism, "PLAIN") == 0)
        return server_decode(initial, said) >= 0 && strcmp(said + 1, script->user) == 0 &&
               strcmp(said + strlen(said + 1) + 2, script->password) == 0;
    if (strcmp(mechanism, "LOGIN") == 0) {
        bool asked = *initial ? server_decode(initial, said) >= 0 : server_ask(s, "334 VXNlcm5hbWU6\r\n", said);
        return asked && server_ask(s, "334 UGFzc3dvcmQ6\r\n", more) && strcmp(said, script->user) == 0 &&
               strcmp(more, script->password) == 0;
    }
    if (strcmp(mechanism, "CRAM-MD5") != 0 || !server_ask(s, "334 PDEyM0B0ZXN0Pg==\r\n", said)) /* <123@test> */
        return false;
    unsigned char digest[16];
    HMAC(EVP_md5(), script->password, (int)strlen(script->password), (const unsigned char *)"<123@test>", 10, digest,
         NULL);
    snprintf(more, sizeof more, "%s ", script->user);
    for (unsigned i = 0; i < 16; i++)
        snprintf(more + strlen(more), 3, "%02x", digest[i]);
    return strcmp(said, more) == 0;
}

static inline bool server_auth_command(struct server_session *s, const char *line)
{
    struct server *server = s->server;
    char mechanism[32] = "", initial[800] = "";
    sscanf(line, "AUTH %31s %799s", mechanism, initial);
    pthread_mutex_lock(&server->lock);
    server->logins_tried++;
    memcpy(server->mechanism, mechanism, sizeof mechanism);
    server->password_in_plain |= !s->ssl && strcmp(mechanism, "CRAM-MD5") != 0;
    pthread_mutex_unlock(&server->lock);
    /* `ECHO`: quote the client, as servers do that know no AUTH. */
    if (server->script.auth_reply && strcmp(server->script.auth_reply, "ECHO") == 0) {
        char reply[900];
        snprintf(reply, sizeof reply, "500 5.5.2 what is \"%.700s\"?\r\n", line);
        return server_say(s, reply);
    }
    if (server->script.auth_reply)
        return server_scripted(s, server->script.auth_reply, "");
    if (!server_login_is_right(s, mechanism, initial))
        return server_say(s, "535 5.7.8 authentication failed\r\n");
    s->logged_in = true;
    pthread_mutex_lock(&server->lock);
    server->logins++;
    pthread_mutex_unlock(&server->lock);
    return server_say(s, "235 2.7.0 welcome\r\n");
}

static inline bool server_ehlo_command(struct server_session *s, const char *line)
{
    const char *scripted = s->ssl ? s->server->script.ehlo_secure : s->server->script.ehlo;
    pthread_mutex_lock(&s->server->lock);
    snprintf(s->server->helo, sizeof s->server->helo, "%s", line + 5);
    pthread_mutex_unlock(&s->server->lock);
    if (line[0] == 'H')
        return server_scripted(s, s->server->script.helo, "250 test\r\n");
    return scripted ? server_scripted(s, scripted, "") : server_usual_ehlo(s);
}

static inline bool server_quit_command(struct server_session *s)
{
    pthread_mutex_lock(&s->server->lock);
    s->server->quits++;
    pthread_mutex_unlock(&s->server->lock);
    server_scripted(s, s->server->script.quit, "221 2.0.0 bye\r\n");
    return false;
}

static inline bool server_command(struct server_session *s, const char *line)
{
    if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "HELO ", 5) == 0)
        return server_ehlo_command(s, line);
    if (strncmp(line, "MAIL FROM:", 10) == 0)
        return server_mail_command(s, line);
    if (strncmp(line, "RCPT TO:", 8) == 0)
        return server_rcpt_command(s, line);
    if (strcmp(line, "DATA") == 0)
        return server_data_command(s);
    if (strcmp(line, "STARTTLS") == 0 && s->server->script.tls && !s->ssl)
        return server_starttls_command(s);
    if (strncmp(line, "AUTH ", 5) == 0 && s->server->script.auth)
        return server_auth_command(s, line);
    if (strcmp(line, "RSET") == 0)
        return server_say(s, "250 2.0.0 ok\r\n");
    if (strcmp(line, "QUIT") == 0)
        return server_quit_command(s);
    if (strncmp(line, "BDAT ", 5) == 0)
        s->server->bdat = true;
    return server_say(s, "502 5.5.2 what?\r\n");
}

static inline void *server_session(void *argument)
{
    struct server_session *s = argument;
    struct buf line = BUF_EMPTY;
    if (server_scripted(s, s->server->script.greeting, "220 test ESMTP\r\n"))
        while (server_line(s, &line) && server_command(s, line.data))
            ;
    buf_free(&line);
    if (s->ssl)
        SSL_shutdown(s->ssl);
    SSL_free(s->ssl);
    /* The descriptor stays open until server_stop(), which may be about to shut it down. */
    shutdown(s->fd, SHUT_RDWR);
    free(s);
    return NULL;
}

static inline void *server_listen(void *argument)
{
    struct server *server = argument;
    for (int fd; (fd = accept(server->listener, NULL, NULL)) >= 0;) {
        struct server_session *s = mem_zero(1, sizeof *s);
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        s->server = server;
        s->fd = fd;
        pthread_mutex_lock(&server->lock);
        unsigned number = server->connections++;
        if (number >= SERVER_SESSIONS)
            abort();
        server->sockets[number] = fd;
        pthread_create(&server->sessions[number], NULL, server_session, s);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

/* A socket that listens on loopback; *PORT is its port. */
static inline int server_socket(bool ipv6, int backlog, unsigned *port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr_storage bound;
    socklen_t size = ipv6 ? sizeof v6 : sizeof v4;
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, ipv6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4, size) || listen(fd, backlog)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    size = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &size);
    *port = ntohs(ipv6 ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
    return fd;
}

/* NULL when this machine has no IPv6 and the script wants it. */
static inline struct server *server_start(const struct server_script *script)
{
    struct server *server = mem_zero(1, sizeof *server);
    unsigned port = 0;
    if (script)
        server->script = *script;
    /* OpenSSL writes to a connection that the client has closed without MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&server->lock, NULL);
    server->listener = server_socket(server->script.ipv6, 64, &port);
    if (server->listener < 0) {
        free(server);
        return NULL;
    }
    snprintf(server->address, sizeof server->address, "%s:%u", server->script.ipv6 ? "[::1]" : "127.0.0.1", port);
    pthread_create(&server->thread, NULL, server_listen, server);
    return server;
}

static inline void server_stop(struct server *server)
{
    server->stopping = true;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (unsigned i = 0; i < server->connections; i++)
        shutdown(server->sockets[i], SHUT_RDWR);
    for (unsigned i = 0; i < server->connections; i++) {
        pthread_join(server->sessions[i], NULL);
        close(server->sockets[i]);
    }
    for (unsigned i = 0; i < server->mails_count; i++)
        buf_free(&server->mails[i].text);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

#endif
