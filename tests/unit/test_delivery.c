/* The delivery room against a scripted SMTP server (smtp_server.h). */
#include "tests/unit/delivery_fixture.h"

#include <dlfcn.h>
#include <netdb.h>

/* Under valgrind everything takes many times as long (tests/valgrind). */
static double slowdown(void)
{
    const char *said = getenv("TOCSIN_SLOWDOWN");
    return said ? atof(said) : 1;
}

static _Atomic int lookups_under_way;

/* The resolver, with one name that takes its time. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "slow.test") != 0)
        return real(name, service, hints, out);
    lookups_under_way++;
    usleep(800000);
    lookups_under_way--;
    return EAI_AGAIN;
}

static void test_accepted(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mails[] = { { .to = "one@test.example" }, { .to = "two@test.example", .from = "" } };
    send_all(f, mails, 2);
    assert_int_equal(f->server->mails_count, 2);
    assert_string_equal(f->server->helo, "sender.example");
    assert_string_equal(f->server->mails[0].from, "bounce@sender.example");
    assert_string_equal(f->server->mails[0].to, "one@test.example");
    assert_string_equal(f->server->mails[0].text.data, TEXT);
    assert_string_equal(f->server->mails[1].from, "");
    assert_int_equal(mails[0].job.verdict, VERDICT_ACCEPTED);
    assert_int_equal(mails[0].job.reply.stage, REPLY_END);
    assert_int_equal(mails[0].job.reply.code, 250);
    assert_int_equal(mails[0].job.reply.enhanced[0], 2);
    assert_string_equal(mails[0].job.reply_text, "queued");
    assert_true(mails[0].job.sent);
    free_mails(mails, 2);
    end(f);
}

/* Leading dots, line ends of all kinds, a lone dot: the server gets the same text, and no second mail is smuggled in. */
static void test_text_survives(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mail = { .to = "one@test.example",
                         .text = "From: a@x\nTo: b@x\nDate: Mon, 10 Aug 2026 14:10:59 +0000\nMessage-ID: "
                                 "<1@x>\n\n.\n..\r.dot\r\n\n.\r\nMAIL FROM:<evil@x>" };
    send_all(f, &mail, 1);
    assert_int_equal(f->server->mails_count, 1);
    assert_string_equal(f->server->mails[0].text.data,
                        "From: a@x\r\nTo: b@x\r\nDate: Mon, 10 Aug 2026 14:10:59 +0000\r\nMessage-ID: <1@x>\r\n\r\n"
                        ".\r\n..\r\n.dot\r\n\r\n.\r\nMAIL FROM:<evil@x>\r\n");
    free_mails(&mail, 1);
    end(f);
}

static void test_large_mail_is_not_slow(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mails[20];
    for (unsigned i = 0; i < 20; i++)
        mails[i] = (struct mail){ .to = "one@test.example", .filler = 10000 };
    send_all(f, mails, 20);
    assert_int_equal(f->server->mails_count, 20);
    assert_true(f->server->mails[19].text.length > 10000);
    /* With Nagle's algorithm each takes 44 ms. */
    assert_true(mails[19].seconds < 0.6 * slowdown());
    free_mails(mails, 20);
    end(f);
}

static void test_reply_of_many_lines(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mail = { .to = "rcpt-many.x@test.example" };
    send_all(f, &mail, 1);
    assert_string_equal(mail.job.reply_text, "The mailbox is not known here");
    assert_int_equal(mail.job.reply.enhanced[1] * 10 + mail.job.reply.enhanced[2], 11);
    assert_int_equal(mail.job.reason, REASON_USER_UNKNOWN);
    free_mails(&mail, 1);
    end(f);
}

static void test_stalls(void **state)
{
    (void)state;
    struct mail mails[] = { { .to = "y@test.example", .from = "mail-stall.x@test.example" },
                            { .to = "rcpt-stall.x@test.example" },
                            { .to = "data-stall.x@test.example" },
                            { .to = "end-stall.x@test.example" },
                            { .to = "rcpt-trickle.x@test.example" },
                            { .to = "data-deaf.x@test.example", .filler = 16 << 20 },
                            { .to = "fine@test.example" } };
    enum { COUNT = sizeof mails / sizeof *mails };
    static const char *const words[] = { "no reply to MAIL in time",
                                         "no reply to RCPT in time",
                                         "the text was not taken in time",
                                         "no reply to the text in time",
                                         "no reply to RCPT in time",
                                         "the text was not taken in time",
                                         "queued" };
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = COUNT, .timeout_ms = 1000 });
    send_all(f, mails, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_string_equal(mails[i].job.reply_text, words[i]);
        assert_int_equal(mails[i].job.verdict, i < COUNT - 1 ? VERDICT_DEFERRED : VERDICT_ACCEPTED);
        assert_int_equal(mails[i].job.sent, i == 3 || i == COUNT - 1);
        assert_true(mails[i].seconds < 5 * slowdown());
    }
    free_mails(mails, COUNT);
    end(f);
}

static void test_extensions_we_do_not_want(void **state)
{
    (void)state;
    struct fixture *f =
        begin(&(struct server_script){ .ehlo = "250-test\r\n250-CHUNKING\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n"
                                               "250-SIZE 10\r\n250-DSN\r\n250-PIPELINING\r\n250 chunking\r\n" },
              NULL);
    expect_in(f, NULL, "y@test.example", VERDICT_ACCEPTED, REPLY_END, 250, true);
    expect_in(f, NULL, "rcpt-550.x@test.example", VERDICT_BOUNCED, REPLY_RCPT, 550, false);
    assert_int_equal(f->server->connections, 1);
    assert_false(f->server->bdat);
    end(f);
}

/* The whole of a mixed batch goes through one session, refusals and all. */
static void test_refusals_keep_the_session(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mails[] = {
        { .to = "rcpt-550.a@test.example" }, { .to = "b@test.example", .from = "mail-550.x@test.example" },
        { .to = "data-554.c@test.example" }, { .to = "end-554.d@test.example" },
        { .to = "rcpt-450.e@test.example" }, { .to = "f@test.example" }
    };
    send_all(f, mails, 6);
    static const enum verdict expected[] = { VERDICT_BOUNCED, VERDICT_ABOUT_US, VERDICT_BOUNCED,
                                             VERDICT_BOUNCED, VERDICT_DEFERRED, VERDICT_ACCEPTED };
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(mails[i].job.verdict, expected[i]);
    assert_int_equal(f->server->connections, 1);
    assert_int_equal(f->server->mails_count, 1);
    free_mails(mails, 6);
    end(f);
}

/* Jobs that were in hand when a session was lost go on in the next one, at once. */
static void test_lost_session_loses_no_job(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mails[9];
    for (unsigned i = 0; i < 9; i++)
        mails[i] = (struct mail){ .to = i % 3 == 2 ? "end-drop.x@test.example" : "fine@test.example" };
    send_all(f, mails, 9);
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(mails[i].job.verdict, i % 3 == 2 ? VERDICT_DEFERRED : VERDICT_ACCEPTED);
    assert_int_equal(f->server->mails_count, 6);
    /* What was in hand went to the end of the queue. */
    assert_int_equal(f->server->connections, 4);
    assert_true(mails[8].seconds < slowdown());
    free_mails(mails, 9);
    end(f);
}

/* A server that ends each connection after some mails says nothing about the next mail. */
static void test_server_with_a_limit(void **state)
{
    (void)state;
    struct fixture *f = begin(&(struct server_script){ .close_after = 3 }, NULL);
    struct mail mails[10];
    for (unsigned i = 0; i < 10; i++)
        mails[i] = (struct mail){ .to = "fine@test.example" };
    send_all(f, mails, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(mails[i].job.verdict, VERDICT_ACCEPTED);
    assert_int_equal(f->server->mails_count, 10);
    assert_int_equal(f->server->connections, 4);
    free_mails(mails, 10);
    end(f);
}

static void test_session_limit_and_quit(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, &(struct delivery_options){ .messages_per_session = 3 });
    struct mail mails[7];
    for (unsigned i = 0; i < 7; i++)
        mails[i] = (struct mail){ .to = "fine@test.example" };
    send_all(f, mails, 7);
    assert_int_equal(f->server->connections, 3);
    assert_int_equal(f->server->quits, 2);
    free_mails(mails, 7);
    end(f);
}

/* Left idle by the first of these tests, looked at again by the last. */
static struct fixture *idle;

static void test_idle_session_is_kept(void **state)
{
    (void)state;
    struct fixture *f = idle = begin(NULL, NULL);
    struct mail first = { .to = "a@test.example" }, second = { .to = "b@test.example" };
    send_all(f, &first, 1);
    run_for(f, 500);
    send_all(f, &second, 1);
    assert_int_equal(f->server->connections, 1);
    assert_int_equal(f->server->quits, 0);
    free_mails(&first, 1);
    free_mails(&second, 1);
}

static void test_idle_session_has_ended(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60 && seconds_since(&idle->began) < 4.5; i++)
        run_for(idle, 100);
    assert_int_equal(idle->server->connections, 1);
    assert_int_equal(idle->server->quits, 1);
    end(idle);
}

static void test_quit_never_answered(void **state)
{
    (void)state;
    struct fixture *f =
        begin(&(struct server_script){ .quit = SAY_NOTHING }, &(struct delivery_options){ .messages_per_session = 1 });
    struct mail mails[] = { { .to = "a@test.example" }, { .to = "b@test.example" } };
    send_all(f, mails, 2);
    assert_int_equal(mails[1].job.verdict, VERDICT_ACCEPTED);
    assert_true(mails[1].seconds > 1 && mails[1].seconds < 4 * slowdown());
    free_mails(mails, 2);
    end(f);
}

static void test_many_sessions_each_mail_once(void **state)
{
    (void)state;
    enum { MAILS = 500 };
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 4, .messages_per_session = 30 });
    struct mail *mails = mem_zero(MAILS, sizeof *mails);
    char(*names)[40] = mem_zero(MAILS, sizeof *names);
    for (unsigned i = 0; i < MAILS; i++) {
        snprintf(names[i], sizeof names[i], "n%u@test.example", i);
        mails[i].to = names[i];
    }
    send_all(f, mails, MAILS);
    assert_int_equal(f->server->mails_count, MAILS);
    unsigned char seen[MAILS] = { 0 };
    for (unsigned i = 0; i < MAILS; i++)
        seen[atoi(f->server->mails[i].to + 1)]++;
    for (unsigned i = 0; i < MAILS; i++)
        assert_int_equal(seen[i], 1);
    free_mails(mails, MAILS);
    free(mails);
    free(names);
    end(f);
}

/* Sessions break all the time; what is deferred is submitted again, and in the end everything is there. */
static void test_storm(void **state)
{
    (void)state;
    enum { MAILS = 60 };
    struct fixture *f = begin(&(struct server_script){ .close_after = 5 }, &(struct delivery_options){ .sessions = 4 });
    struct mail mails[MAILS];
    for (unsigned i = 0; i < MAILS; i++)
        mails[i] = (struct mail){ .to = i % 7 == 3   ? "rcpt-550.x@test.example"
                                        : i % 7 == 5 ? "data-554.x@test.example"
                                                     : "fine@test.example" };
    f->resubmit = true;
    send_all(f, mails, MAILS);
    unsigned accepted = 0;
    for (unsigned i = 0; i < MAILS; i++)
        accepted += mails[i].job.verdict == VERDICT_ACCEPTED;
    assert_int_equal(accepted, f->server->mails_count);
    free_mails(mails, MAILS);
    end(f);
}

/* So many mails are out and no more until a result is on disk; a stop does not wait for one. */
static void test_results_on_disk_first(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 2 });
    struct mail mails[6] = { 0 };
    f->unsettled = true;
    for (size_t i = 0; i < 6; i++) {
        mails[i].to = "read@there.example";
        submit(f, &mails[i]);
    }
    run_for(f, 300);
    assert_int_equal(f->done, 2 * DELIVERY_PLACES);
    assert_int_equal(f->server->mails_count, 2 * DELIVERY_PLACES);
    for (size_t i = 0; i < 6; i++)
        if (mails[i].done) {
            delivery_settled(f->delivery, &mails[i].job);
            delivery_settled(f->delivery, &mails[i].job);
            break;
        }
    run_for(f, 300);
    assert_int_equal(f->done, 2 * DELIVERY_PLACES + 1);
    delivery_stop(f->delivery);
    finish(f);
    assert_int_equal(f->server->mails_count, 2 * DELIVERY_PLACES + 1);
    unsigned aborted = 0;
    for (size_t i = 0; i < 6; i++)
        aborted += mails[i].job.aborted;
    assert_int_equal(aborted, 6 - 2 * DELIVERY_PLACES - 1);
    end(f);
    free_mails(mails, 6);
}

/* Whatever has no final dot yet comes back; the sessions go on. */
static void test_recall(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 1 });
    struct mail mails[6] = { 0 };
    f->unsettled = true;
    for (size_t i = 0; i < 5; i++) {
        mails[i].to = "read@there.example";
        submit(f, &mails[i]);
    }
    run_for(f, 300);
    assert_int_equal(f->done, DELIVERY_PLACES);
    delivery_recall(f->delivery);
    run_for(f, 300);
    unsigned aborted = 0;
    for (size_t i = 0; i < 5; i++)
        aborted += mails[i].job.aborted;
    /* The one that waited, ready but for its end, and the one in hand too. */
    assert_int_equal(aborted, 5 - DELIVERY_PLACES);
    assert_int_equal(f->server->mails_count, DELIVERY_PLACES);
    for (size_t i = 0; i < 5; i++)
        if (mails[i].done && !mails[i].job.aborted)
            delivery_settled(f->delivery, &mails[i].job);
    f->unsettled = false;
    mails[5].to = "later@there.example";
    submit(f, &mails[5]);
    finish(f);
    assert_false(mails[5].job.aborted);
    assert_int_equal(f->server->mails_count, 6 - aborted);
    end(f);
    free_mails(mails, 6);
}

static void test_not_rendered(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    struct mail mails[] = { { .to = NULL },
                            { .to = "a b@test.example" },
                            { .to = "a@test.example>\r\nRCPT TO:<b@test.example" },
                            { .to = "" },
                            { .to = "a@test.example", .from = "<x@test.example>" },
                            { .to = "fine@test.example" } };
    send_all(f, mails, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(mails[i].job.rendered, i == 5);
        assert_int_equal(mails[i].job.verdict, i == 5 ? VERDICT_ACCEPTED : VERDICT_ABOUT_US);
    }
    assert_string_equal(mails[0].job.reply_text, "no such template");
    assert_string_equal(mails[1].job.reply_text, "the recipient is no address");
    assert_string_equal(mails[4].job.reply_text, "the envelope sender is no address");
    assert_int_equal(f->server->rcpts, 1);
    free_mails(mails, 6);
    end(f);
}

/* A port where nobody listens. */
static void free_port(char address[64])
{
    unsigned port = 0;
    int fd = server_socket(false, 1, &port);
    assert_true(fd >= 0);
    close(fd);
    snprintf(address, 64, "127.0.0.1:%u", port);
}

static void test_relay_is_down(void **state)
{
    (void)state;
    char address[64];
    free_port(address);
    struct fixture *f = begin_at(address, NULL);
    struct mail mails[20];
    for (unsigned i = 0; i < 20; i++) {
        mails[i] = (struct mail){ .to = "fine@test.example" };
        submit(f, &mails[i]);
    }
    run_for(f, 2500);
    /* One at once, one after a second; the third would come two seconds after that. */
    assert_int_equal(f->done, 2);
    assert_int_equal(mails[0].job.verdict, VERDICT_DEFERRED);
    assert_int_equal(mails[0].job.reply.stage, REPLY_CONNECT);
    assert_non_null(strstr(mails[0].job.reply_text, "Connection refused"));
    delivery_stop(f->delivery);
    finish(f);
    assert_true(mails[19].job.aborted);
    free_mails(mails, 20);
    end(f);
}

static void test_names_and_addresses_of_relays(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "localhost", "localhost:", ":25", "localhost:0", "localhost:65536", "localhost:25x",
        "::1:25", "[::1]",     "[]:25"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct delivery *delivery;
        struct error error = { "" };
        struct delivery_options options = usual_options(NULL, bad[i]);
        assert_int_equal(delivery_open(&loop, &options, &delivery, &error), -EINVAL);
        assert_true(error.text[0]);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
    struct server *server = server_start(NULL);
    char name[64];
    snprintf(name, sizeof name, "localhost%s", strchr(server->address, ':'));
    struct fixture *f = begin_at(name, NULL);
    f->server = server;
    expect_in(f, NULL, "fine@test.example", VERDICT_ACCEPTED, REPLY_END, 250, true);
    end(f);
}

static void test_ipv6_relay(void **state)
{
    (void)state;
    struct fixture *f = begin(&(struct server_script){ .ipv6 = true }, NULL);
    if (!f)
        skip();
    expect_in(f, NULL, "fine@test.example", VERDICT_ACCEPTED, REPLY_END, 250, true);
    end(f);
}

static void test_relay_without_an_address(void **state)
{
    (void)state;
    struct fixture *f = begin_at("does-not-exist.invalid:25", &(struct delivery_options){ .connect_timeout_ms = 1000 });
    struct mail mail = { .to = "fine@test.example" };
    send_all(f, &mail, 1);
    assert_int_equal(mail.job.verdict, VERDICT_DEFERRED);
    assert_int_equal(mail.job.reply.stage, REPLY_CONNECT);
    assert_non_null(strstr(mail.job.reply_text, "does-not-exist.invalid"));
    free_mails(&mail, 1);
    end(f);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    struct delivery_options options[4];
    for (unsigned i = 0; i < 4; i++)
        options[i] = usual_options(NULL, "localhost:25");
    options[0].sessions = 0;
    options[1].timeout_ms = 0;
    options[2].helo = "a b";
    options[3].helo = "x\r\nMAIL FROM:<>";
    for (unsigned i = 0; i < 4; i++) {
        struct delivery *delivery;
        struct error error = { "" };
        assert_int_equal(delivery_open(NULL, &options[i], &delivery, &error), -EINVAL);
        assert_true(error.text[0]);
    }
}

/* Let two mails come to where the server stalls, stop, and see both back within a second. SENT: the first one's text was gone. */
static void stop_in(struct fixture *f, const char *from, const char *to, bool sent)
{
    struct mail mails[] = { { .from = from, .to = to },
                            { .to = "behind@test.example" },
                            { .to = "later@test.example" } };
    submit(f, &mails[0]);
    submit(f, &mails[1]);
    run_for(f, 150);
    assert_int_equal(f->done, 0);
    struct timespec stopped;
    clock_gettime(CLOCK_MONOTONIC, &stopped);
    delivery_stop(f->delivery);
    submit(f, &mails[2]);
    finish(f);
    assert_true(seconds_since(&stopped) < 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mails[i].job.aborted);
        assert_int_equal(mails[i].job.sent, i == 0 && sent);
    }
    free_mails(mails, 3);
    if (f->server) {
        struct mail again = { .to = "fine@test.example" };
        delivery_start(f->delivery);
        submit(f, &again);
        clock_gettime(CLOCK_MONOTONIC, &f->began);
        bool stalls = f->server->script.greeting || f->server->script.ehlo;
        run_for(f, stalls ? 150 : GUARD_MS);
        assert_int_equal(again.done, !stalls);
        delivery_stop(f->delivery);
        finish(f);
        free_mails(&again, 1);
    }
    end(f);
}

static void test_stop_in_each_state(void **state)
{
    (void)state;
    stop_in(begin(&(struct server_script){ .greeting = SAY_NOTHING }, NULL), NULL, "x@test.example", false);
    stop_in(begin(&(struct server_script){ .ehlo = SAY_NOTHING }, NULL), NULL, "x@test.example", false);
    stop_in(begin(NULL, NULL), "mail-stall.x@test.example", "y@test.example", false);
    stop_in(begin(NULL, NULL), NULL, "rcpt-stall.x@test.example", false);
    stop_in(begin(NULL, NULL), NULL, "data-stall.x@test.example", false);
    stop_in(begin(NULL, NULL), NULL, "end-stall.x@test.example", true);
}

/* Wait for the lookup that the fixture left behind. */
static void let_lookup_end(void)
{
    for (unsigned i = 0; i < 50 && lookups_under_way; i++)
        usleep(100000);
    usleep(100000);
    assert_int_equal(lookups_under_way, 0);
}

static void test_stop_while_resolving(void **state)
{
    (void)state;
    stop_in(begin_at("slow.test:25", NULL), NULL, "x@test.example", false);
    assert_int_equal(lookups_under_way, 1); /* delivery_close() did not wait for it */
    let_lookup_end();
    struct fixture *f = begin_at("slow.test:25", &(struct delivery_options){ .connect_timeout_ms = 200 });
    struct mail mail = { .to = "x@test.example" };
    send_all(f, &mail, 1);
    assert_true(mail.seconds < 0.7 * slowdown());
    assert_non_null(strstr(mail.job.reply_text, "no answer from the resolver"));
    free_mails(&mail, 1);
    end(f);
    let_lookup_end();
}

/* A listener whose queue is full does not answer SYN. */
static void test_stop_while_connecting(void **state)
{
    (void)state;
    unsigned port = 0;
    int listener = server_socket(false, 0, &port), fillers[4];
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((in_port_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (unsigned i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&at, sizeof at);
    }
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    stop_in(begin_at(address, NULL), NULL, "x@test.example", false);

    struct fixture *f = begin_at(address, &(struct delivery_options){ .connect_timeout_ms = 500 });
    struct mail mail = { .to = "x@test.example" };
    send_all(f, &mail, 1);
    assert_true(mail.seconds > 0.4 && mail.seconds < 2 * slowdown());
    assert_non_null(strstr(mail.job.reply_text, "timed out"));
    free_mails(&mail, 1);
    end(f);
    for (unsigned i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

static void test_stop_of_an_idle_session(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, NULL);
    expect_in(f, NULL, "a@test.example", VERDICT_ACCEPTED, REPLY_END, 250, true);
    delivery_stop(f->delivery);
    delivery_stop(f->delivery);
    delivery_start(f->delivery);
    delivery_start(f->delivery);
    /* The session that was cut is not used again. */
    expect_in(f, NULL, "b@test.example", VERDICT_ACCEPTED, REPLY_END, 250, true);
    assert_int_equal(f->server->connections, 2);
    end(f);
}

static void test_close_with_work_left(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 2 });
    struct mail mails[10];
    for (unsigned i = 0; i < 10; i++) {
        mails[i] = (struct mail){ .to = "end-stall.x@test.example" };
        submit(f, &mails[i]);
    }
    run_for(f, 200);
    struct timespec closing;
    clock_gettime(CLOCK_MONOTONIC, &closing);
    end(f);
    assert_true(seconds_since(&closing) < 1);
    for (unsigned i = 0; i < 10; i++)
        assert_true(mails[i].job.aborted);
    free_mails(mails, 10);
}

int main(void)
{
    log_set_level(LOG_ERROR_LEVEL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_session_is_kept),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_text_survives),
        cmocka_unit_test(test_large_mail_is_not_slow),
        cmocka_unit_test(test_reply_of_many_lines),
        cmocka_unit_test(test_stalls),
        cmocka_unit_test(test_extensions_we_do_not_want),
        cmocka_unit_test(test_refusals_keep_the_session),
        cmocka_unit_test(test_lost_session_loses_no_job),
        cmocka_unit_test(test_server_with_a_limit),
        cmocka_unit_test(test_session_limit_and_quit),
        cmocka_unit_test(test_quit_never_answered),
        cmocka_unit_test(test_many_sessions_each_mail_once),
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_results_on_disk_first),
        cmocka_unit_test(test_recall),
        cmocka_unit_test(test_not_rendered),
        cmocka_unit_test(test_relay_is_down),
        cmocka_unit_test(test_names_and_addresses_of_relays),
        cmocka_unit_test(test_ipv6_relay),
        cmocka_unit_test(test_relay_without_an_address),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_stop_in_each_state),
        cmocka_unit_test(test_stop_while_connecting),
        cmocka_unit_test(test_stop_while_resolving),
        cmocka_unit_test(test_stop_of_an_idle_session),
        cmocka_unit_test(test_close_with_work_left),
        cmocka_unit_test(test_idle_session_has_ended),
    };
    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
