/* Delivery by TLS and with a login, against the scripted server. */
#include "daemon/delivery/probe.h"
#include "tests/unit/certificates.h"
#include "tests/unit/delivery_fixture.h"

#include <dlfcn.h>
#include <fcntl.h>

static struct certificate authority, good, address_only, wrong_name, expired, future, self_made, stranger, by_stranger;
static char directory[] = "/tmp/tocsin-tls-XXXXXX", ca_file[64], own_file[64], leaf_file[64];

static bool far; /* the relay seems to be another machine */

/* The library asks for the peer's address to find out whether the relay is on this machine. */
int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
    int (*real)(int, struct sockaddr *, socklen_t *);
    *(void **)&real = dlsym(RTLD_NEXT, "getpeername");
    int status = real(fd, address, length);
    if (far && !status && address->sa_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    return status;
}

static int make_all(void **state)
{
    (void)state;
    const char *here = "DNS:localhost, IP:127.0.0.1";
    authority = certificate_make("Test Authority", NULL, -10, 10, NULL);
    stranger = certificate_make("Strange Authority", NULL, -10, 10, NULL);
    good = certificate_make("localhost", here, -1, 5, &authority);
    address_only = certificate_make("relay", "IP:127.0.0.1", -1, 5, &authority);
    wrong_name = certificate_make("elsewhere.example", "DNS:elsewhere.example, DNS:*.host.example", -1, 5, &authority);
    expired = certificate_make("localhost", here, -9, -1, &authority);
    future = certificate_make("localhost", here, 1, 5, &authority);
    self_made = certificate_make("localhost", here, -1, 5, NULL);
    by_stranger = certificate_make("localhost", here, -1, 5, &stranger);
    if (!mkdtemp(directory))
        return -1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
    snprintf(own_file, sizeof own_file, "%s/own.pem", directory);
    certificate_write(&authority, ca_file);
    snprintf(leaf_file, sizeof leaf_file, "%s/leaf.pem", directory);
    certificate_write(&self_made, own_file);
    certificate_write(&by_stranger, leaf_file);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    struct certificate *all[] = { &authority, &good,      &address_only, &wrong_name, &expired,
                                  &future,    &self_made, &stranger,     &by_stranger };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        certificate_free(all[i]);
    unlink(ca_file);
    unlink(own_file);
    unlink(leaf_file);
    return rmdir(directory);
}

/* One relay, one configuration, one mail. */
struct row {
    const char *name;
    const struct certificate *certificate; /* NULL: no TLS */
    struct server_script script;
    struct delivery_security security;
    bool by_address; /* the relay is 127.0.0.1, not localhost */
    enum verdict verdict;
    enum reply_stage stage;
    int code;
    const char *text; /* in reply_text */
    unsigned mails, handshakes, mail_commands;
};

/* The same, and how the login went. */
struct login {
    const char *name;
    struct row row;
    bool far; /* the relay is not on this machine */
    const char *mechanism; /* that was tried last; "": none */
    unsigned tried;
};

static void run_row(const struct row *row, const struct login *login)
{
    struct server_script script = row->script;
    if (row->certificate)
        script.tls = certificate_server(row->certificate);
    struct server *server = server_start(&script);
    char relay[64];
    snprintf(relay, sizeof relay, "%s%s", row->by_address ? "127.0.0.1" : "localhost", strrchr(server->address, ':'));
    struct fixture *f = begin_at(relay, &(struct delivery_options){ .security = row->security, .timeout_ms = 1000 });
    f->server = server;
    struct mail mail = { .to = "y@test.example" };
    send_all(f, &mail, 1);
    pthread_mutex_lock(&server->lock);
    if (mail.job.verdict != row->verdict || mail.job.reply.stage != row->stage || mail.job.reply.code != row->code ||
        !strstr(mail.job.reply_text, row->text) || mail.job.sent != (row->verdict == VERDICT_ACCEPTED) ||
        server->mails_count != row->mails || server->handshakes != row->handshakes ||
        server->mail_commands != row->mail_commands)
        fail_msg("%s: verdict %d stage %d code %d sent %d mails %u handshakes %u MAILs %u: %s", row->name,
                 mail.job.verdict, mail.job.reply.stage, mail.job.reply.code, mail.job.sent, server->mails_count,
                 server->handshakes, server->mail_commands, mail.job.reply_text);
    if (login && (strcmp(server->mechanism, login->mechanism) != 0 || server->logins_tried != login->tried ||
                  (server->password_in_plain && login->far)))
        fail_msg("%s: %u logins by %s, %s", row->name, server->logins_tried, server->mechanism,
                 server->password_in_plain ? "in plain text" : "nothing to listen to");
    pthread_mutex_unlock(&server->lock);
    assert_null(strstr(mail.job.reply_text, "sesame"));
    assert_null(strstr(mail.job.reply_text, "AHNlbmRlcg"));
    free_mails(&mail, 1);
    end(f);
    SSL_CTX_free(script.tls);
}

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        run_row(&rows[i], NULL);
}

#define REQUIRED                                                                                                       \
    {                                                                                                                  \
        .tls = TLS_REQUIRED, .tls_ca = ca_file                                                                         \
    }
#define WILLING                                                                                                        \
    {                                                                                                                  \
        .tls = TLS_OPPORTUNISTIC, .tls_ca = ca_file                                                                    \
    }
#define QUEUED VERDICT_ACCEPTED, REPLY_END, 250, "queued"
#define REFUSED(text) VERDICT_DEFERRED, REPLY_GREETING, 0, text

static const struct row required[] = {
    { "good", &good, {}, REQUIRED, false, QUEUED, 1, 1, 1 },
    { "address", &address_only, {}, REQUIRED, true, QUEUED, 1, 1, 1 },
    { "address for a name",
      &address_only,
      {},
      REQUIRED,
      false,
      REFUSED("is for IP Address:127.0.0.1, not for localhost"),
      0,
      1,
      0 },
    { "wrong name",
      &wrong_name,
      {},
      REQUIRED,
      false,
      REFUSED("is for DNS:elsewhere.example, DNS:*.host.example, not for localhost"),
      0,
      1,
      0 },
    { "said name",
      &wrong_name,
      {},
      { .tls = TLS_REQUIRED, .tls_ca = ca_file, .tls_name = "elsewhere.example" },
      false,
      QUEUED,
      1,
      1,
      1 },
    { "wildcard",
      &wrong_name,
      {},
      { .tls = TLS_REQUIRED, .tls_ca = ca_file, .tls_name = "mx1.host.example" },
      false,
      QUEUED,
      1,
      1,
      1 },
    { "expired", &expired, {}, REQUIRED, false, REFUSED("has expired"), 0, 1, 0 },
    { "not yet good", &future, {}, REQUIRED, false, REFUSED("is our clock right?"), 0, 1, 0 },
    { "self-made", &self_made, {}, REQUIRED, false, REFUSED("is signed by itself"), 0, 1, 0 },
    { "self-made and trusted", &self_made, {}, { .tls = TLS_REQUIRED, .tls_ca = own_file }, false, QUEUED, 1, 1, 1 },
    { "a leaf that is trusted itself",
      &by_stranger,
      {},
      { .tls = TLS_REQUIRED, .tls_ca = leaf_file },
      false,
      QUEUED,
      1,
      1,
      1 },
    { "unknown authority", &by_stranger, {}, REQUIRED, false, REFUSED("is vouched for by Strange Authority"), 0, 1, 0 },
    { "the system's authorities",
      &good,
      {},
      { .tls = TLS_REQUIRED },
      false,
      REFUSED("is vouched for by Test Authority"),
      0,
      1,
      0 },
    { "not offered", NULL, {}, REQUIRED, false, REFUSED("offers no TLS"), 0, 0, 0 },
    { "not offered by HELO", NULL, { .ehlo = "502 what\r\n" }, REQUIRED, false, REFUSED("offers no TLS"), 0, 0, 0 },
    { "refused for now",
      &good,
      { .starttls = "454 4.7.0 no entropy\r\n" },
      REQUIRED,
      false,
      VERDICT_DEFERRED,
      REPLY_GREETING,
      454,
      "no entropy",
      0,
      0,
      0 },
    { "lost", &good, { .starttls = HANG_UP }, REQUIRED, false, REFUSED("handshake failed"), 0, 0, 0 },
    { "stall", &good, { .starttls = SAY_NOTHING }, REQUIRED, false, REFUSED("in time"), 0, 0, 0 },
    { "a handshake that never comes",
      &good,
      { .starttls = "220 go\r\n|" },
      REQUIRED,
      false,
      REFUSED("in time"),
      0,
      0,
      0 },
    { "a lie", &good, { .starttls = "220 go\r\n|454 changed my mind\r\n" }, REQUIRED, false, REFUSED(""), 0, 0, 0 },
};

static void test_required(void **state)
{
    (void)state;
    run_rows(required, sizeof required / sizeof *required);
}

/* What is said before the handshake must not pass for what the server says after it. */
static void test_injected(void **state)
{
    (void)state;
    static const char after[] = "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n";
    static const char before[] = "250-test\r\n250 STARTTLS\r\n220 go\r\n250 evil\r\n";
    struct delivery_security modes[] = { REQUIRED, WILLING };
    for (unsigned i = 0; i < 2; i++) {
        const struct row rows[] = {
            { "after STARTTLS",
              &good,
              { .starttls = after },
              modes[i],
              false,
              VERDICT_DEFERRED,
              REPLY_GREETING,
              0,
              "answered before it was asked",
              0,
              0,
              0 },
            { "before STARTTLS",
              &good,
              { .ehlo = before },
              modes[i],
              false,
              VERDICT_DEFERRED,
              REPLY_GREETING,
              0,
              "answered before it was asked",
              0,
              0,
              0 },
        };
        if (modes[i].tls == TLS_REQUIRED)
            run_rows(rows, 2);
        else
            run_rows(rows + 1, 1);
    }
}

static void test_opportunistic(void **state)
{
    (void)state;
    const struct row rows[] = {
        { "good", &good, {}, WILLING, false, QUEUED, 1, 1, 1 },
        { "wrong name", &wrong_name, {}, WILLING, false, QUEUED, 1, 1, 1 },
        { "self-made", &self_made, {}, WILLING, false, QUEUED, 1, 1, 1 },
        { "not offered", NULL, {}, WILLING, false, QUEUED, 1, 0, 1 },
        /* The next connection does without, and the mail has lost no attempt. */
        { "refused", &good, { .starttls = "454 4.7.0 no entropy\r\n" }, WILLING, false, QUEUED, 1, 0, 1 },
        { "a lie", &good, { .starttls = "220 go\r\n|454 changed my mind\r\n" }, WILLING, false, QUEUED, 1, 0, 1 },
        { "lost", &good, { .starttls = HANG_UP }, WILLING, false, QUEUED, 1, 0, 1 },
        { "never", &good, {}, { .tls = TLS_NEVER }, false, QUEUED, 1, 0, 1 },
    };
    run_rows(rows, sizeof rows / sizeof *rows);
}

#define USER "sender"
#define PASSWORD "open sesame: 12"
#define PASSWORD_ENCODED "b3BlbiBzZXNhbWU6IDEy" /* as LOGIN says it */
#define PLAIN_ENCODED "AHNlbmRlcgBvcGVuIHNlc2FtZTogMTI=" /* as PLAIN says it */

/* Nothing of the password stands in what the log got. */
static void read_log(const char *path)
{
    static char text[1 << 16];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    assert_true(got > 0);
    text[got] = '\0';
    assert_non_null(strstr(text, "delivery"));
    assert_null(strstr(text, PASSWORD));
    assert_null(strstr(text, "sesame"));
    assert_null(strstr(text, PASSWORD_ENCODED));
    assert_null(strstr(text, PLAIN_ENCODED));
}

static void run_login(const struct login *login)
{
    struct row row = login->row;
    row.name = login->name;
    row.script.user = USER;
    row.script.password = PASSWORD;
    far = login->far;
    run_row(&row, login);
    far = false;
}

#define LOGIN                                                                                                          \
    {                                                                                                                  \
        .tls = TLS_NEVER, .user = USER, .password = PASSWORD                                                           \
    }
#define LOGIN_TLS                                                                                                      \
    {                                                                                                                  \
        .tls = TLS_REQUIRED, .tls_ca = ca_file, .user = USER, .password = PASSWORD                                     \
    }
#define LOGIN_WILLING                                                                                                  \
    {                                                                                                                  \
        .tls = TLS_OPPORTUNISTIC, .user = USER, .password = PASSWORD                                                   \
    }
#define WRONG                                                                                                          \
    {                                                                                                                  \
        .tls = TLS_NEVER, .user = USER, .password = "wrong sesame"                                                     \
    }
#define ABOUT_US(code, text) VERDICT_ABOUT_US, REPLY_AUTH, code, text
#define WAIT(code, text) VERDICT_DEFERRED, REPLY_AUTH, code, text
#define OFFER(list)                                                                                                    \
    {                                                                                                                  \
        .auth = list                                                                                                   \
    }

static const struct login logins[] = {
    { "plain", { "", NULL, OFFER("PLAIN"), LOGIN, true, QUEUED, 1, 0, 1 }, false, "PLAIN", 1 },
    { "login", { "", NULL, OFFER("LOGIN"), LOGIN, true, QUEUED, 1, 0, 1 }, false, "LOGIN", 1 },
    { "cram", { "", NULL, OFFER("CRAM-MD5"), LOGIN, true, QUEUED, 1, 0, 1 }, false, "CRAM-MD5", 1 },
    { "old spelling",
      { "", NULL, { .ehlo = "250-test\r\n250 AUTH=LOGIN PLAIN\r\n", .auth = "" }, LOGIN, true, QUEUED, 1, 0, 1 },
      false,
      "LOGIN",
      1 },
    { "the first that is known",
      { "", NULL, OFFER("GSSAPI NTLM EXTERNAL DIGEST-MD5 ANONYMOUS PLAIN LOGIN"), LOGIN, true, QUEUED, 1, 0, 1 },
      false,
      "PLAIN",
      1 },
    { "case", { "", NULL, OFFER("ntlm plain"), LOGIN, true, QUEUED, 1, 0, 1 }, false, "PLAIN", 1 },
    { "none that is known",
      { "", NULL, OFFER("NTLM GSSAPI ../../../../tmp/x"), LOGIN, true, WAIT(0, "offers none of AUTH"), 0, 0, 0 },
      false,
      "",
      0 },
    { "no AUTH", { "", NULL, {}, LOGIN, true, WAIT(0, "offers none of AUTH"), 0, 0, 0 }, false, "", 0 },
    { "wrong password",
      { "", NULL, OFFER("PLAIN"), WRONG, true, ABOUT_US(535, "authentication failed"), 0, 0, 0 },
      false,
      "PLAIN",
      1 },
    { "wrong password thrice",
      { "", NULL, OFFER("CRAM-MD5 LOGIN PLAIN"), WRONG, true, ABOUT_US(535, "authentication failed"), 0, 0, 0 },
      false,
      "PLAIN",
      3 },
    { "not now",
      { "",
        NULL,
        { .auth = "PLAIN", .auth_reply = "454 4.7.0 try later\r\n" },
        LOGIN,
        true,
        WAIT(454, "try later"),
        0,
        0,
        0 },
      false,
      "PLAIN",
      1 },
    { "too weak",
      { "",
        NULL,
        { .auth = "PLAIN LOGIN", .auth_reply = "534 5.7.9 too weak\r\n" },
        LOGIN,
        true,
        ABOUT_US(534, "too weak"),
        0,
        0,
        0 },
      false,
      "PLAIN",
      1 },
    { "lost",
      { "",
        NULL,
        { .auth = "PLAIN", .auth_reply = HANG_UP },
        LOGIN,
        true,
        WAIT(0, "connection lost while logging in"),
        0,
        0,
        0 },
      false,
      "PLAIN",
      1 },
    { "silence",
      { "",
        NULL,
        { .auth = "PLAIN", .auth_reply = SAY_NOTHING },
        LOGIN,
        true,
        WAIT(0, "no reply to AUTH in time"),
        0,
        0,
        0 },
      false,
      "PLAIN",
      1 },
    { "421",
      { "", NULL, { .auth = "PLAIN", .auth_reply = "421 4.3.2 bye\r\n" }, LOGIN, true, WAIT(421, "bye"), 0, 0, 0 },
      false,
      "PLAIN",
      1 },
    { "quoted",
      { "",
        NULL,
        { .auth = "PLAIN", .auth_reply = "ECHO" },
        LOGIN,
        true,
        ABOUT_US(500, "what is \"AUTH PLAIN ****"),
        0,
        0,
        0 },
      false,
      "PLAIN",
      1 },
    { "far, plain text",
      { "", NULL, OFFER("PLAIN LOGIN"), LOGIN, true, WAIT(0, "without TLS the password is not given"), 0, 0, 0 },
      true,
      "",
      0 },
    { "far, plain text, cram",
      { "", NULL, OFFER("PLAIN LOGIN CRAM-MD5"), LOGIN, true, QUEUED, 1, 0, 1 },
      true,
      "CRAM-MD5",
      1 },
    { "far, TLS",
      { "", &good, { .auth = "PLAIN", .auth_after_tls = true }, LOGIN_TLS, true, QUEUED, 1, 1, 1 },
      true,
      "PLAIN",
      1 },
    { "far, TLS, named before", { "", &good, OFFER("LOGIN"), LOGIN_TLS, true, QUEUED, 1, 1, 1 }, true, "LOGIN", 1 },
    { "far, whatever TLS", { "", &self_made, OFFER("PLAIN"), LOGIN_WILLING, true, QUEUED, 1, 1, 1 }, true, "PLAIN", 1 },
    { "far, TLS that breaks",
      { "",
        &good,
        { .auth = "PLAIN", .starttls = HANG_UP },
        LOGIN_WILLING,
        true,
        WAIT(0, "without TLS the password is not given"),
        0,
        0,
        0 },
      true,
      "",
      0 },
    { "far, TLS with a stranger",
      { "", &by_stranger, OFFER("PLAIN"), LOGIN_TLS, true, REFUSED("Strange Authority"), 0, 1, 0 },
      true,
      "",
      0 },
    { "not asked for",
      { "", NULL, OFFER("PLAIN"), {}, true, VERDICT_ABOUT_US, REPLY_MAIL, 530, "log in first", 0, 0, 1 },
      false,
      "",
      0 },
};

static void test_login(void **state)
{
    (void)state;
    char path[80];
    snprintf(path, sizeof path, "%s/log", directory);
    int old = dup(STDERR_FILENO), log = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    dup2(log, STDERR_FILENO);
    log_set_level(LOG_DEBUG_LEVEL);
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
        run_login(&logins[i]);
    log_set_level(LOG_ERROR_LEVEL);
    dup2(old, STDERR_FILENO);
    close(log);
    close(old);
    read_log(path);
    unlink(path);
}

static void test_options(void **state)
{
    (void)state;
    static char long_text[300];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct delivery_security bad[] = {
        { .user = "someone" },
        { .password = "secret" },
        { .user = "someone", .password = long_text },
        { .user = long_text, .password = "secret" },
        { .tls = TLS_REQUIRED, .tls_ca = "/does/not/exist" },
        { .tls = TLS_REQUIRED, .tls_ca = "/dev/null" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct delivery_options options = usual_options(NULL, "localhost:25");
        struct delivery *delivery;
        struct error error = { "" };
        options.security = bad[i];
        assert_int_equal(delivery_open(NULL, &options, &delivery, &error), -EINVAL);
        assert_true(error.text[0]);
        assert_null(strstr(error.text, "secret"));
    }
}

struct probe_row {
    const char *name;
    const struct certificate *certificate;
    struct server_script script;
    struct delivery_security security;
    int status;
    const char *found, *error; /* stand in what was found, and in the error */
};

/* What `tocsin check --relay` finds. No mail goes out, not even its recipient. */
static void test_probe(void **state)
{
    (void)state;
    const struct probe_row probes[] = {
        { "all is well",
          &good,
          { .auth = "PLAIN", .user = USER, .password = PASSWORD },
          LOGIN_TLS,
          0,
          "verified\nit accepts our login as sender\nit takes mail from us@here.example\n",
          "" },
        { "plain", NULL, {}, WILLING, 0, "in plain text: it offers no TLS", "" },
        { "whatever TLS",
          &self_made,
          {},
          WILLING,
          0,
          "not verified: its certificate (localhost) is signed by itself",
          "" },
        { "broken TLS",
          &good,
          { .starttls = "454 4.7.0 no\r\n" },
          WILLING,
          0,
          "does not work: it says to STARTTLS: 454 4.7.0 no\nrelay",
          "" },
        { "wrong name", &wrong_name, {}, REQUIRED, -EPROTO, "answers\n", "not for localhost" },
        { "wrong password",
          NULL,
          { .auth = "LOGIN", .user = USER, .password = "other" },
          LOGIN,
          -EPROTO,
          "answers\n",
          "to our login: 535 authentication failed" },
        { "login wanted",
          NULL,
          { .auth = "LOGIN", .user = USER, .password = "other" },
          WILLING,
          -EPROTO,
          "answers\n",
          "to MAIL: 530 log in first" },
        { "unwelcome",
          NULL,
          { .greeting = "554 5.7.1 go away\r\n" },
          WILLING,
          -EPROTO,
          "answers\n",
          "says 554 go away" },
        { "busy", NULL, { .greeting = "421 4.3.2 busy\r\n" }, WILLING, -EAGAIN, "answers\n", "says 421 busy" },
    };
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        const struct probe_row *row = &probes[i];
        struct server_script script = row->script;
        if (row->certificate)
            script.tls = certificate_server(row->certificate);
        struct server *server = server_start(&script);
        char relay[64];
        snprintf(relay, sizeof relay, "localhost%s", strrchr(server->address, ':'));
        struct delivery_options options = usual_options(NULL, relay);
        options.security = row->security;
        struct buf found = BUF_EMPTY;
        struct error error = { "" };
        int status = probe_relay(&options, "us@here.example", &found, &error);
        if (status != row->status || !strstr(found.data, row->found) || !strstr(error.text, row->error) ||
            strstr(found.data, "sesame") || strstr(error.text, "sesame"))
            fail_msg("%s: %d %s; %s", row->name, status, found.data, error.text);
        buf_free(&found);
        assert_int_equal(server->mails_count, 0);
        assert_int_equal(server->rcpts, 0);
        server_stop(server);
        SSL_CTX_free(script.tls);
    }
}

/* A whole batch, refusals and all, goes through one encrypted session; the certificate's name was asked for. */
static void test_batch(void **state)
{
    (void)state;
    struct server_script script = { .tls = certificate_server(&good) };
    struct server *server = server_start(&script);
    char relay[64];
    snprintf(relay, sizeof relay, "localhost%s", strrchr(server->address, ':'));
    struct fixture *f = begin_at(relay, &(struct delivery_options){ .security = REQUIRED, .sessions = 2 });
    f->server = server;
    struct mail mails[60];
    for (unsigned i = 0; i < 60; i++)
        mails[i] = (struct mail){ .to = i % 6 == 1   ? "rcpt-550.x@test.example"
                                        : i % 6 == 3 ? "end-554.x@test.example"
                                                     : "fine@test.example",
                                  .filler = i % 4 ? 0 : 50000 };
    send_all(f, mails, 60);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(mails[i].job.verdict, i % 6 == 1 || i % 6 == 3 ? VERDICT_BOUNCED : VERDICT_ACCEPTED);
    assert_int_equal(server->mails_count, 40);
    assert_string_equal(server->server_name, "localhost");
    assert_int_equal(server->handshakes, server->connections);
    assert_in_range(server->connections, 1, 2);
    free_mails(mails, 60);
    end(f);
    SSL_CTX_free(script.tls);
}

/* What libesmtp does not bear: many sessions one after the other with one context, tickets of TLS 1.3. */
static void test_session_after_session(void **state)
{
    (void)state;
    struct server_script script = { .tls = certificate_server(&good) };
    struct server *server = server_start(&script);
    char relay[64];
    snprintf(relay, sizeof relay, "localhost%s", strrchr(server->address, ':'));
    struct fixture *f =
        begin_at(relay, &(struct delivery_options){ .security = REQUIRED, .sessions = 3, .messages_per_session = 1 });
    f->server = server;
    struct mail mails[40];
    for (unsigned i = 0; i < 40; i++)
        mails[i] = (struct mail){ .to = "fine@test.example" };
    send_all(f, mails, 40);
    assert_int_equal(server->mails_count, 40);
    assert_int_equal(server->handshakes, 40);
    free_mails(mails, 40);
    end(f);
    SSL_CTX_free(script.tls);
}

int main(void)
{
    log_set_level(LOG_ERROR_LEVEL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_required),      cmocka_unit_test(test_injected),
        cmocka_unit_test(test_opportunistic), cmocka_unit_test(test_login),
        cmocka_unit_test(test_options),       cmocka_unit_test(test_probe),
        cmocka_unit_test(test_batch),         cmocka_unit_test(test_session_after_session),
    };
    return cmocka_run_group_tests_name("delivery by TLS", tests, make_all, free_all);
}
