/* LMTP: the conversation without a socket (daemon/bounce/lmtp_session.h), then with one (lmtp.h). */
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/lmtp.h"
#include "daemon/bounce/lmtp_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define GREETING "220 here LMTP Tocsin\r\n"
#define LHLO_REPLY "250-here\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n250 ENHANCEDSTATUSCODES\r\n"
#define OK_MAIL "250 2.1.0 Ok\r\n"
#define OK_RCPT "250 2.1.5 Ok\r\n"
#define OK "250 2.0.0 Ok\r\n"
#define GO "354 End data with <CR><LF>.<CR><LF>\r\n"
#define BYE "221 2.0.0 Bye\r\n"

/* What one conversation, all mails accepted at once, gave. */
struct outcome {
    struct buf output;
    struct buf mails; /* "sender>recipient,recipient:text|" for each */
    bool over;
};

static bool accepts(void *context, const char *recipient)
{
    (void)context;
    return strncmp(recipient, "no", 2) != 0;
}

static struct lmtp_session *new_session(size_t max_message)
{
    const struct lmtp_session_options options = { "here", max_message, accepts, NULL };
    return lmtp_session_new(&options);
}

static void collect(struct lmtp_session *session, struct outcome *outcome)
{
    struct lmtp_mail *mail = lmtp_session_take(session);
    if (!mail)
        return;
    buf_add_format(&outcome->mails, "%s>", mail->sender);
    for (size_t i = 0; i < mail->recipient_count; i++)
        buf_add_format(&outcome->mails, "%s%s", i ? "," : "", mail->recipients[i]);
    buf_add_char(&outcome->mails, ':');
    buf_add(&outcome->mails, mail->data.data, mail->data.length);
    buf_add_char(&outcome->mails, '|');
    for (size_t i = mail->recipient_count; i-- > 0;)
        lmtp_session_answer(session, i, 0, NULL);
    lmtp_mail_free(mail);
}

static struct outcome converse(const char *input, size_t length, size_t chunk, size_t max_message)
{
    struct outcome outcome = { BUF_EMPTY, BUF_EMPTY, false };
    struct lmtp_session *session = new_session(max_message);
    buf_add_string(&outcome.mails, "");
    for (size_t done = 0; done < length && !lmtp_session_over(session);) {
        size_t piece = length - done < chunk ? length - done : chunk;
        done += lmtp_session_feed(session, input + done, piece);
        collect(session, &outcome);
    }
    outcome.over = lmtp_session_over(session);
    buf_add(&outcome.output, lmtp_session_output(session)->data, lmtp_session_output(session)->length);
    lmtp_session_free(session);
    return outcome;
}

static void check_bytes(const char *input, size_t length, size_t max_message, const char *output, const char *mails)
{
    static const size_t chunks[] = { 1, 2, 3, 7, SIZE_MAX };
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct outcome outcome = converse(input, length, chunks[i], max_message);
        assert_string_equal(outcome.output.data, output);
        assert_string_equal(outcome.mails.data, mails);
        buf_free(&outcome.output);
        buf_free(&outcome.mails);
    }
}

static void check(const char *input, const char *output, const char *mails)
{
    check_bytes(input, strlen(input), 1000000, output, mails);
}

static void test_one_mail(void **state)
{
    (void)state;
    check("LHLO mx.example\r\nMAIL FROM:<>\r\nRCPT TO:<bounce+x@tocsin.example>\r\nDATA\r\nSubject: "
          "a\r\n\r\nb\r\n.\r\nQUIT\r\n",
          GREETING LHLO_REPLY OK_MAIL OK_RCPT GO OK BYE, ">bounce+x@tocsin.example:Subject: a\r\n\r\nb\r\n|");
    /* Two in one conversation, and what comes after QUIT is not read. */
    check("lhlo mx\r\nmail from:<a@b.example>\r\nrcpt to:<c@d>\r\ndata\r\n1\r\n.\r\nMAIL FROM:<e@f>\r\nRCPT "
          "TO:<g@h>\r\nRCPT "
          "TO:<i@j>\r\nDATA\r\n2\r\n.\r\nQUIT\r\nNOOP\r\n",
          GREETING LHLO_REPLY OK_MAIL OK_RCPT GO OK OK_MAIL OK_RCPT OK_RCPT GO OK OK BYE,
          "a@b.example>c@d:1\r\n|e@f>g@h,i@j:2\r\n|");
}

#define BEGIN "LHLO mx\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
#define BEGUN GREETING LHLO_REPLY OK_MAIL OK_RCPT GO

static void test_dots(void **state)
{
    (void)state;
    check(BEGIN ".\r\n", BEGUN OK, "a@b>c@d:|");
    check(BEGIN "..\r\n...\r\n.x\r\nx.\r\n.\r\n", BEGUN OK, "a@b>c@d:.\r\n..\r\nx\r\nx.\r\n|");
    check(BEGIN "x\r\n\r\n.\r\n", BEGUN OK, "a@b>c@d:x\r\n\r\n|");
}

/* What looks like an end to a careless server is text: nothing may be taken for commands after it. */
static void test_no_smuggling(void **state)
{
    (void)state;
    static const char *const fakes[] = { "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n\n.\r\n" };
    static const char *const kept[] = { "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n\n", "\r\n\r", "\n\n.\r\n" };
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        char *input = mem_format(BEGIN "x%sMAIL FROM:<evil@x>\r\nRCPT TO:<c@d>\r\nDATA\r\ny\r\n.\r\n", fakes[i]);
        char *mails = mem_format("a@b>c@d:x%sMAIL FROM:<evil@x>\r\nRCPT TO:<c@d>\r\nDATA\r\ny\r\n|", kept[i]);
        check(input, BEGUN OK, mails);
        free(input);
        free(mails);
    }
}

static void test_bare_lf_commands(void **state)
{
    (void)state;
    check("LHLO mx\nNOOP\nMAIL FROM:<>\nRCPT TO:<a@b>\nDATA\nx\r\n.\r\nQUIT\n",
          GREETING LHLO_REPLY OK OK_MAIL OK_RCPT GO OK BYE, ">a@b:x\r\n|");
}

static void test_cut(void **state)
{
    (void)state;
    static const char input[] = BEGIN "0123456789\r\n..abc\r\n.\r\nNOOP\r\n";
    check_bytes(input, sizeof input - 1, 5, BEGUN OK OK, "a@b>c@d:01234|");
    check_bytes(input, sizeof input - 1, 13, BEGUN OK OK, "a@b>c@d:0123456789\r\n.|");
    check_bytes(input, sizeof input - 1, 0, BEGUN OK OK, "a@b>c@d:|");
}

static void test_eight_bits_and_nul(void **state)
{
    (void)state;
    static const char input[] = BEGIN "a\0b\xff\r\n.\r\n";
    struct outcome outcome = converse(input, sizeof input - 1, 1, 1000);
    static const char expected[] = "a@b>c@d:a\0b\xff\r\n|";
    assert_int_equal(outcome.mails.length, sizeof expected - 1);
    assert_memory_equal(outcome.mails.data, expected, sizeof expected - 1);
    buf_free(&outcome.output);
    buf_free(&outcome.mails);
}

static void test_order_of_commands(void **state)
{
    (void)state;
    check("MAIL FROM:<>\r\n", GREETING "503 5.5.1 LHLO first\r\n", "");
    check("RCPT TO:<a@b>\r\n", GREETING "503 5.5.1 MAIL first\r\n", "");
    check("LHLO x\r\nDATA\r\n", GREETING LHLO_REPLY "503 5.5.1 No valid recipients\r\n", "");
    check("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@x>\r\nDATA\r\n",
          GREETING LHLO_REPLY OK_MAIL "550 5.1.1 No such mailbox here\r\n503 5.5.1 No valid recipients\r\n", "");
    check("LHLO x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\n",
          GREETING LHLO_REPLY OK_MAIL "503 5.5.1 MAIL was given already\r\n", "");
    check("LHLO x\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@b>\r\n",
          GREETING LHLO_REPLY OK_MAIL OK "503 5.5.1 MAIL first\r\n", "");
    check("LHLO x\r\nMAIL FROM:<>\r\nLHLO x\r\nRCPT TO:<a@b>\r\n",
          GREETING LHLO_REPLY OK_MAIL LHLO_REPLY "503 5.5.1 MAIL first\r\n", "");
}

static void test_other_commands(void **state)
{
    (void)state;
    check("HELO x\r\nEHLO x\r\n", GREETING "500 5.5.1 This is LMTP: say LHLO\r\n500 5.5.1 This is LMTP: say LHLO\r\n",
          "");
    check("LHLO\r\nLHLO  \r\n", GREETING "501 5.5.4 LHLO needs a name\r\n501 5.5.4 LHLO needs a name\r\n", "");
    check("VRFY a@b\r\nVRFY\r\n", GREETING "252 2.5.0 Send it and see\r\n501 5.5.4 VRFY needs an address\r\n", "");
    check("NOOP x\r\nNOOP\r\nFOO\r\n\r\n",
          GREETING OK OK "500 5.5.2 Command not known\r\n500 5.5.2 Command not known\r\n", "");
    check("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA now\r\n",
          GREETING LHLO_REPLY OK_MAIL OK_RCPT "501 5.5.4 DATA takes no argument\r\n", "");
    check("noop\tx \r\nNO\vOP\r\n", GREETING OK "500 5.5.2 Control characters in a command\r\n", "");
}

struct path_row {
    const char *argument, *reply;
};

static void test_paths(void **state)
{
    (void)state;
    static const struct path_row rows[] = {
        { "MAIL FROM:<a@b> SIZE=100 BODY=8BITMIME", OK_MAIL },
        { "MAIL FROM:<a@b> body=7bit", OK_MAIL },
        { "MAIL FROM: <a@b>", OK_MAIL },
        { "MAIL FROM:<\"a>b c\"@b>", OK_MAIL },
        { "MAIL FROM:<\"a\\\">b\"@b>", OK_MAIL },
        { "MAIL FROM:<@r,@s:a@b>", OK_MAIL },
        { "MAIL FROM:a@b", "501 5.1.7 The address must stand in < >\r\n" },
        { "MAIL FROM:<a@b", "501 5.1.7 The address must stand in < >\r\n" },
        { "MAIL FROM:<\"a@b>", "501 5.1.7 The address must stand in < >\r\n" },
        { "MAIL FROM:", "501 5.1.7 The address must stand in < >\r\n" },
        { "MAIL TO:<a@b>", "501 5.5.4 Syntax: MAIL FROM:<address>, RCPT TO:<address>\r\n" },
        { "MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>, RCPT TO:<address>\r\n" },
        { "MAIL FROM:<a@b>x", "501 5.5.4 A blank must follow the address\r\n" },
        { "MAIL FROM:<a@b> SMTPUTF8", "555 5.5.4 Parameter not known\r\n" },
        { "MAIL FROM:<a@b> SIZE=1 FOO=x", "555 5.5.4 Parameter not known\r\n" },
        { "MAIL FROM:<a@b> SIZE=", "555 5.5.4 Parameter not known\r\n" },
        { "MAIL FROM:<a@b> BODY=BINARYMIME", "555 5.5.4 Parameter not known\r\n" },
        { "MAIL FROM:<\xc3\xa4@b>", "553 5.6.7 SMTPUTF8 is not offered\r\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *input = mem_format("LHLO x\r\n%s\r\n", rows[i].argument);
        char *output = mem_format("%s%s", GREETING LHLO_REPLY, rows[i].reply);
        check(input, output, "");
        free(input);
        free(output);
    }
    check("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\n", GREETING LHLO_REPLY OK_MAIL "501 5.1.3 A recipient is needed\r\n",
          "");
    check("LHLO x\r\nMAIL FROM:<@r:a@b>\r\nRCPT TO:<@r,@q:c@d>\r\nDATA\r\n.\r\n", BEGUN OK, "a@b>c@d:|");
}

static void test_long_lines(void **state)
{
    (void)state;
    struct buf input = BUF_EMPTY;
    buf_add_string(&input, "NOOP ");
    while (input.length < LMTP_LINE_MAX - 2)
        buf_add_char(&input, 'x');
    buf_add_string(&input, "\r\n");
    check(input.data, GREETING OK, "");
    input.data[input.length - 2] = 'x';
    input.data[input.length - 1] = 'x';
    for (int i = 0; i < 20000; i++)
        buf_add_char(&input, 'x');
    buf_add_string(&input, "\r\nNOOP\r\n");
    check(input.data, GREETING "500 5.5.2 Line too long\r\n" OK, "");
    buf_truncate(&input, 0);
    buf_add_string(&input, "LHLO x\r\nMAIL FROM:<");
    for (int i = 0; i < 400; i++)
        buf_add_char(&input, 'x');
    buf_add_string(&input, "@b>\r\n");
    check(input.data, GREETING LHLO_REPLY "501 5.1.7 The address is too long\r\n", "");
    buf_free(&input);
}

static void test_too_many_recipients(void **state)
{
    (void)state;
    struct buf input = BUF_EMPTY, output = BUF_EMPTY, mails = BUF_EMPTY;
    buf_add_string(&input, "LHLO x\r\nMAIL FROM:<>\r\n");
    buf_add_string(&output, GREETING LHLO_REPLY OK_MAIL);
    buf_add_char(&mails, '>');
    for (int i = 0; i <= LMTP_RECIPIENTS_MAX; i++) {
        buf_add_format(&input, "RCPT TO:<%d@x>\r\n", i);
        buf_add_string(&output, i < LMTP_RECIPIENTS_MAX ? OK_RCPT : "452 4.5.3 Too many recipients\r\n");
        if (i < LMTP_RECIPIENTS_MAX)
            buf_add_format(&mails, "%s%d@x", i ? "," : "", i);
    }
    buf_add_string(&input, "DATA\r\n.\r\n");
    buf_add_string(&output, GO);
    buf_add_string(&mails, ":|");
    for (int i = 0; i < LMTP_RECIPIENTS_MAX; i++)
        buf_add_string(&output, OK);
    check(input.data, output.data, mails.data);
    buf_free(&input);
    buf_free(&output);
    buf_free(&mails);
}

static void test_too_many_errors(void **state)
{
    (void)state;
    struct buf input = BUF_EMPTY, output = BUF_EMPTY;
    buf_add_string(&output, GREETING);
    for (int i = 0; i < LMTP_ERRORS_MAX; i++) {
        buf_add_string(&input, "GET / HTTP/1.1\r\n");
        buf_add_string(&output, "500 5.5.2 Command not known\r\n");
    }
    buf_add_string(&input, "NOOP\r\n");
    buf_add_string(&output, "421 4.7.0 Too many errors\r\n");
    check(input.data, output.data, "");
    buf_free(&input);
    buf_free(&output);
}

static void test_answers_out_of_order(void **state)
{
    (void)state;
    static const char input[] =
        "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\nRCPT TO:<d@x>\r\n"
        "DATA\r\nx\r\n.\r\nNOOP\r\n";
    struct lmtp_session *session = new_session(100);
    struct buf *output = lmtp_session_output(session);
    size_t taken = lmtp_session_feed(session, input, sizeof input - 1);
    assert_int_equal(taken, sizeof input - 1 - 6);
    assert_true(lmtp_session_waits(session));
    assert_int_equal(lmtp_session_feed(session, input + taken, 6), 0);
    struct lmtp_mail *mail = lmtp_session_take(session);
    assert_non_null(mail);
    assert_null(lmtp_session_take(session));
    lmtp_mail_free(mail);
    buf_truncate(output, 0);
    lmtp_session_answer(session, 2, -ENOSPC, NULL);
    lmtp_session_answer(session, 1, -EAGAIN, NULL);
    lmtp_session_answer(session, 1, 0, NULL); /* the second answer for one recipient counts for nothing */
    lmtp_session_answer(session, 4, 0, NULL);
    assert_string_equal(output->data, "");
    lmtp_session_answer(session, 0, 0, NULL);
    assert_string_equal(output->data, OK "451 4.3.0 Come again later\r\n452 4.3.1 No space left\r\n");
    assert_true(lmtp_session_waits(session));
    lmtp_session_answer(session, 3, -EPERM, "Forged\r\n250 token");
    assert_false(lmtp_session_waits(session));
    buf_truncate(output, 0);
    assert_int_equal(lmtp_session_feed(session, input + taken, 6), 6);
    assert_string_equal(output->data, OK);
    lmtp_session_answer(session, 0, 0, NULL);
    assert_string_equal(output->data, OK);
    lmtp_session_free(session);
}

static void test_refusal_text(void **state)
{
    (void)state;
    struct lmtp_session *session = new_session(100);
    for (int i = 0; i < 2; i++) {
        lmtp_session_feed(session, BEGIN ".\r\n" + (i ? 9 : 0), strlen(BEGIN ".\r\n") - (i ? 9 : 0));
        lmtp_mail_free(lmtp_session_take(session));
        buf_truncate(lmtp_session_output(session), 0);
        lmtp_session_answer(session, 0, -EINVAL, i ? NULL : "Forged\r\n250 token");
        assert_string_equal(lmtp_session_output(session)->data,
                            i ? "550 5.7.1 Refused\r\n" : "550 5.7.1 Forged  250 token\r\n");
    }
    lmtp_session_free(session);
}

/* A mail that nobody took, and one that is only half there, are freed with the session. */
static void test_free_midway(void **state)
{
    (void)state;
    struct lmtp_session *session = new_session(100);
    lmtp_session_feed(session, BEGIN "x\r\n.\r\n", strlen(BEGIN "x\r\n.\r\n"));
    lmtp_session_free(session);
    session = new_session(100);
    lmtp_session_feed(session, BEGIN "x", strlen(BEGIN "x"));
    lmtp_session_free(session);
    lmtp_session_free(NULL);
}

/* With sockets. */

struct fixture {
    uv_loop_t loop;
    struct lmtp *lmtp;
    char directory[64], path[128];
    struct lmtp_message *messages[256];
    size_t message_count;
    struct buf seen;
    bool answer_at_once, close_at_once;
};

static void on_message(void *context, struct lmtp_message *message, const char *sender, const char *recipient,
                       const char *data, size_t length)
{
    struct fixture *fixture = context;
    buf_add_format(&fixture->seen, "%s>%s:%.*s|", sender, recipient, (int)length, data);
    if (fixture->close_at_once) {
        lmtp_close(fixture->lmtp);
        fixture->lmtp = NULL;
        fixture->close_at_once = false;
    }
    if (fixture->answer_at_once)
        lmtp_answer(message, 0, NULL);
    else
        fixture->messages[fixture->message_count++] = message;
}

static const struct lmtp_handler handler = { accepts, on_message };

static int set_up(void **state)
{
    struct fixture *fixture = mem_zero(1, sizeof *fixture);
    struct error error;
    uv_loop_init(&fixture->loop);
    strcpy(fixture->directory, "/tmp/test-lmtp-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/sock", fixture->directory);
    assert_int_equal(lmtp_open(&fixture->loop, fixture->path, NULL, 1000, &handler, fixture, &fixture->lmtp, &error),
                     0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->lmtp)
        lmtp_close(fixture->lmtp);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    int result = uv_loop_close(&fixture->loop);
    unlink(fixture->path);
    rmdir(fixture->directory);
    buf_free(&fixture->seen);
    free(fixture);
    return result;
}

static int dial(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Turn the loop until EXPECTED has come from FD, or, when it is NULL, until FD is closed. What came stands in GOT. */
static void expect(struct fixture *fixture, int fd, const char *expected)
{
    char got[65536];
    size_t length = 0;
    for (int turn = 0; turn < 2000; turn++) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        ssize_t n = read(fd, got + length, sizeof got - 1 - length);
        if (n == 0 && !expected)
            return;
        assert_int_not_equal(n, 0);
        length += n > 0 ? (size_t)n : 0;
        got[length] = '\0';
        if (expected && length >= strlen(expected)) {
            assert_string_equal(got, expected);
            return;
        }
        if (n < 0)
            usleep(1000);
    }
    fail_msg("timed out; got: %s", got);
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The greeting, with whatever this host is called. */
static void expect_greeting(struct fixture *fixture, int fd)
{
    char name[256], line[300];
    size_t size = sizeof name;
    assert_int_equal(uv_os_gethostname(name, &size), 0);
    snprintf(line, sizeof line, "220 %s LMTP Tocsin\r\n", name);
    expect(fixture, fd, line);
}

static void greet(struct fixture *fixture, int fd)
{
    char name[256], lines[600];
    size_t size = sizeof name;
    expect_greeting(fixture, fd);
    uv_os_gethostname(name, &size);
    snprintf(lines, sizeof lines, "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n250 ENHANCEDSTATUSCODES\r\n",
             name);
    send_text(fd, "LHLO x\r\n");
    expect(fixture, fd, lines);
}

static void turn(struct fixture *fixture)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        usleep(500);
    }
}

#define TWO "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nhi\r\n.\r\n"
#define ONE "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\nhi\r\n.\r\n"

static void test_socket_later_answers(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    int fd = dial(fixture->path);
    greet(fixture, fd);
    send_text(fd, TWO "NOOP\r\nQUIT\r\n");
    expect(fixture, fd, OK_MAIL OK_RCPT OK_RCPT GO);
    assert_int_equal(fixture->message_count, 2);
    assert_string_equal(fixture->seen.data, ">a@x:hi\r\n|>b@x:hi\r\n|");
    lmtp_answer(fixture->messages[1], -EAGAIN, NULL);
    turn(fixture);
    char byte;
    assert_int_equal(read(fd, &byte, 1), -1); /* nothing yet: the first has not been answered */
    lmtp_answer(fixture->messages[0], 0, NULL);
    expect(fixture, fd, OK "451 4.3.0 Come again later\r\n" OK BYE);
    expect(fixture, fd, NULL);
    close(fd);
}

static void test_socket_answers_at_once(void **state)
{
    struct fixture *fixture = *state;
    fixture->answer_at_once = true;
    int fd = dial(fixture->path);
    greet(fixture, fd);
    send_text(fd, ONE TWO ONE "QUIT\r\n");
    expect(fixture, fd, OK_MAIL OK_RCPT GO OK OK_MAIL OK_RCPT OK_RCPT GO OK OK OK_MAIL OK_RCPT GO OK BYE);
    expect(fixture, fd, NULL);
    assert_string_equal(fixture->seen.data, ">a@x:hi\r\n|>a@x:hi\r\n|>b@x:hi\r\n|>a@x:hi\r\n|");
    close(fd);
}

static void test_socket_goes_away(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture->path);
    greet(fixture, fd);
    send_text(fd, TWO);
    expect(fixture, fd, OK_MAIL OK_RCPT OK_RCPT GO);
    close(fd);
    turn(fixture);
    lmtp_answer(fixture->messages[0], 0, NULL); /* notices, or not: both are fine */
    turn(fixture);
    lmtp_answer(fixture->messages[1], 0, NULL);
    turn(fixture);
    fd = dial(fixture->path);
    greet(fixture, fd);
    close(fd);
}

static void test_close_with_waiting(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture->path), idle = dial(fixture->path);
    greet(fixture, fd);
    expect_greeting(fixture, idle);
    send_text(fd, TWO);
    expect(fixture, fd, OK_MAIL OK_RCPT OK_RCPT GO);
    lmtp_close(fixture->lmtp);
    fixture->lmtp = NULL;
    expect(fixture, fd, "421 4.3.2 Closing\r\n");
    expect(fixture, idle, "421 4.3.2 Closing\r\n");
    expect(fixture, idle, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    lmtp_answer(fixture->messages[0], 0, NULL);
    lmtp_answer(fixture->messages[1], -EAGAIN, NULL);
    assert_int_equal(access(fixture->path, F_OK), -1);
    close(fd);
    close(idle);
}

static void test_close_from_handler(void **state)
{
    struct fixture *fixture = *state;
    fixture->answer_at_once = fixture->close_at_once = true;
    int fd = dial(fixture->path);
    greet(fixture, fd);
    send_text(fd, TWO);
    turn(fixture);
    assert_string_equal(fixture->seen.data, ">a@x:hi\r\n|");
    close(fd);
}

static void test_too_many_connections(void **state)
{
    struct fixture *fixture = *state;
    int fds[65];
    for (int i = 0; i < 64; i++) {
        fds[i] = dial(fixture->path);
        expect_greeting(fixture, fds[i]);
    }
    fds[64] = dial(fixture->path);
    expect(fixture, fds[64], "421 4.3.2 Too many connections\r\n");
    expect(fixture, fds[64], NULL);
    close(fds[0]);
    turn(fixture);
    close(fds[64]);
    fds[64] = dial(fixture->path);
    expect_greeting(fixture, fds[64]);
    for (int i = 1; i < 65; i++)
        close(fds[i]);
}

static int try_open(struct fixture *fixture, const char *path, const char *listen, struct lmtp **out,
                    struct error *error)
{
    *out = NULL;
    int code = lmtp_open(&fixture->loop, path, listen, 1000, &handler, fixture, out, error);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    return code;
}

static void test_path_in_the_way(void **state)
{
    struct fixture *fixture = *state;
    struct lmtp *lmtp;
    struct error error;
    char path[128], long_path[200];
    assert_int_equal(try_open(fixture, fixture->path, NULL, &lmtp, &error), -EADDRINUSE);
    assert_non_null(strstr(error.text, "another tocsind"));
    int fd = dial(fixture->path); /* the first is unharmed */
    expect_greeting(fixture, fd);
    close(fd);
    snprintf(path, sizeof path, "%s/file", fixture->directory);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(try_open(fixture, path, NULL, &lmtp, &error), -EEXIST);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    assert_int_equal(try_open(fixture, "/tmp/no/such/directory/sock", NULL, &lmtp, &error), -ENOENT);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(try_open(fixture, long_path, NULL, &lmtp, &error), -ENAMETOOLONG);
}

static void test_stale_socket(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct error error;
    struct lmtp *lmtp;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/stale", fixture->directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(try_open(fixture, address.sun_path, NULL, &lmtp, &error), 0);
    fd = dial(address.sun_path);
    expect_greeting(fixture, fd);
    close(fd);
    lmtp_close(lmtp);
}

static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    close(fd);
    return ntohs(address.sin_port);
}

/* Whoever listens at a socket of FAMILY in this process does so no more. */
static void close_doors(int family)
{
    for (int fd = 3; fd < 64; fd++) {
        struct sockaddr_storage address;
        int listens = 0;
        socklen_t size = sizeof address, length = sizeof listens;
        if (!getsockname(fd, (struct sockaddr *)&address, &size) && address.ss_family == family &&
            !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) && listens)
            shutdown(fd, SHUT_RDWR);
    }
}

static void test_tcp(void **state)
{
    struct fixture *fixture = *state;
    struct lmtp *lmtp;
    struct error error;
    static const char *const refused[] = { "192.0.2.1:24", "0.0.0.0:24",      "[::]:24",     "127.0.0.1:0",
                                           "127.0.0.1",    "127.0.0.1:",      "127.0.0.1:x", "127.0.0.1:2x",
                                           "localhost:24", "127.0.0.1:65536", ":24",         "127.0.0.1:-24",
                                           "[]:24" };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(try_open(fixture, NULL, refused[i], &lmtp, &error), -EINVAL);
    int port = free_port();
    char *listen = mem_format("127.0.0.1:%d", port);
    assert_int_equal(try_open(fixture, "", listen, &lmtp, &error), 0);
    struct lmtp *second;
    assert_int_equal(try_open(fixture, NULL, listen, &second, &error), -EADDRINUSE);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    fixture->answer_at_once = true;
    greet(fixture, fd);
    send_text(fd, ONE "QUIT\r\n");
    expect(fixture, fd, OK_MAIL OK_RCPT GO OK BYE);
    close(fd);
    assert_int_equal(lmtp_check(lmtp, &error), 0);
    close_doors(AF_INET);
    assert_int_equal(lmtp_check(lmtp, &error), -ECONNREFUSED);
    assert_non_null(strstr(error.text, listen));
    lmtp_close(lmtp);
    free(listen);
}

/* One who sends commands and never reads the answers is not read from either, and nothing breaks. */
static void test_deaf_client(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture->path);
    greet(fixture, fd);
    size_t sent = 0;
    for (int i = 0; i < 20000; i++) {
        ssize_t n = write(fd, "NOOP\r\n", 6);
        sent += n > 0 ? (size_t)n : 0;
        if (n < 0 && i % 16 == 0)
            uv_run(&fixture->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 200; i++)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    size_t got = 0;
    char bytes[4096];
    for (int i = 0; i < 5000 && got < sent / 6 * strlen(OK); i++) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        got += n > 0 ? (size_t)n : 0;
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(got, sent / 6 * strlen(OK));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_mail),
        cmocka_unit_test(test_dots),
        cmocka_unit_test(test_no_smuggling),
        cmocka_unit_test(test_bare_lf_commands),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_eight_bits_and_nul),
        cmocka_unit_test(test_order_of_commands),
        cmocka_unit_test(test_other_commands),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_too_many_recipients),
        cmocka_unit_test(test_too_many_errors),
        cmocka_unit_test(test_answers_out_of_order),
        cmocka_unit_test(test_refusal_text),
        cmocka_unit_test(test_free_midway),
        cmocka_unit_test_setup_teardown(test_socket_later_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_socket_answers_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_socket_goes_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_with_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_from_handler, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path_in_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stale_socket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tcp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deaf_client, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as lmtp.h asks */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
