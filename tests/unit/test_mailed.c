/* Feeds that come by mail. The archives in them are made here, by the library that reads them. */
#include "daemon/base/base64.h"
#include "daemon/base/mem.h"
#include "daemon/feed/mail/archive.h"
#include "daemon/feed/mail/attached.h"
#include "daemon/feed/mail/mailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                           \
    "From: a@reports.example\nTo: b@cert.example\nMessage-ID: <m.1@reports.example>\nSubject: s\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=x\n\n"
#define TEXT "--x\nContent-Type: text/plain\n\nDear all,\nplease find attached …\n"
#define CSV "domain\nbakery.example\n"

/* ---- Archives ---------------------------------------------------------------------------------------------------------------------------- */

struct entry {
    const char *name, *text;
    size_t zeros; /* instead of text: so many */
};

static struct archive *writer(bool zip, bool gzip)
{
    struct archive *archive = archive_write_new();
    if (zip)
        archive_write_set_format_zip(archive);
    else
        archive_write_set_format_ustar(archive);
    if (gzip)
        archive_write_add_filter_gzip(archive);
    return archive;
}

static struct buf make_archive(bool zip, bool gzip, const struct entry *entries)
{
    struct archive *archive = writer(zip, gzip);
    size_t room = (size_t)8 << 20, used = 0;
    char *space = mem_alloc(room);
    assert_int_equal(archive_write_open_memory(archive, space, room, &used), ARCHIVE_OK);
    for (; entries->name; entries++) {
        size_t length = entries->text ? strlen(entries->text) : entries->zeros;
        char *zeros = mem_zero(1, length + 1);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, entries->name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)length);
        archive_write_header(archive, entry);
        archive_write_data(archive, entries->text ? entries->text : zeros, length);
        archive_entry_free(entry);
        free(zeros);
    }
    archive_write_close(archive);
    archive_write_free(archive);
    struct buf made = BUF_EMPTY;
    buf_add(&made, space, used);
    free(space);
    return made;
}

static void add_base64(struct buf *out, const struct buf *data)
{
    char *text = base64_encode(data->data, data->length);
    for (size_t at = 0, length = strlen(text); at < length; at += 76)
        buf_add_format(out, "%.76s\n", text + at);
    free(text);
}

/* A mail with DATA attached as NAME. */
static struct buf mail_with(const char *name, const struct buf *data)
{
    struct buf mail = BUF_EMPTY;
    buf_add_format(&mail,
                   MIXED TEXT "--x\nContent-Type: application/octet-stream; name=\"%s\"\n"
                              "Content-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n",
                   name, name);
    add_base64(&mail, data);
    buf_add_string(&mail, "--x--\n");
    return mail;
}

/* ---- What comes out ---------------------------------------------------------------------------------------------------------------------- */

/* `NAME: BYTES|` for each file; `! ` and why there is none. A new string. */
static char *open_mail(const char *data, size_t length, const char *name)
{
    struct mailed mailed;
    struct error error = { "" };
    struct buf out = BUF_EMPTY;
    int code = mailed_open(data, length, name, &mailed, &error);
    buf_reserve(&out, 0);
    if (code) {
        assert_int_equal(code, -EINVAL);
        assert_int_equal(mailed.count, 0);
        buf_add_format(&out, "! %s", error.text);
    }
    for (size_t i = 0; i < mailed.count; i++) {
        buf_add_format(&out, "%s: ", mailed.files[i].name);
        buf_add(&out, mailed.files[i].bytes.data, mailed.files[i].bytes.length);
        buf_add_char(&out, '|');
    }
    mailed_free(&mailed);
    return buf_take(&out);
}

static void assert_mail(const char *mail, const char *expected)
{
    assert_true(mailed_is_mail(mail, strlen(mail)));
    char *got = open_mail(mail, strlen(mail), "the mail.eml");
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n   got: %s\nwanted: %s", mail, got, expected);
    free(got);
}

static void assert_attached(const char *name, struct buf data, const char *expected)
{
    struct buf mail = mail_with(name, &data);
    assert_mail(mail.data, expected);
    buf_free(&mail);
    buf_free(&data);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------------------------------- */

static void test_is_mail(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        { HEAD "\nx", true },
        { "From a@b.example Mon Sep 28 23:31:08 2015\r\nReturn-Path: <a@b.example>\r\nReceived: by x\r\n\tfor "
          "y\r\n\r\n",
          true },
        { "Received: by x\nX-Spam: no\nDate: today", true },
        { "", false },
        { "\n\n", false },
        { "date,subject\nFrom: x\n", false },
        { "domain\nbakery.example\n", false },
        { "date: 2026-11-20\nip: 192.0.2.1\n\n", false },
        { "Subject: x\n\nDate: y\n", false }, /* one field makes no header */
        { "{\"From\": 1}\n", false },
        { "http://a.example/\nhttp://b.example/\n", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mailed_is_mail(rows[i].text, strlen(rows[i].text)) != rows[i].is)
            fail_msg("row %zu", i);
}

static void test_attachments(void **state)
{
    (void)state;
    assert_mail(MIXED TEXT
                "--x\nContent-Type: text/csv; name=report.csv\n\n" CSV "--x\n"
                "Content-Type: image/png; name=logo.png\n\nPNG\n--x\n"
                "Content-Type: application/json\nContent-Disposition: attachment; filename*=utf-8''b%C3%A4r.json\n"
                "Content-Transfer-Encoding: base64\n\ne30K\n--x\nContent-Type: text/csv; name=report.csv\n\na\n--x--\n",
                "report.csv: domain\nbakery.example|b\xc3\xa4r.json: {}\n|report-2.csv: a|");
    /* Names are no paths, and not hidden. */
    assert_mail(MIXED TEXT "--x\nContent-Type: text/csv; name=\"../../etc/x.csv\"\n\na\n--x\n"
                           "Content-Type: text/csv; name=\"C:\\\\..\\\\.y.csv\"\n\nb\n--x--\n",
                "x.csv: a|y.csv: b|");
    /* The only part. */
    assert_mail(HEAD "Content-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\nx\n", "a.csv: x\n|");
    /* Forwarded. */
    assert_mail(
        MIXED TEXT
        "--x\nContent-Type: message/rfc822\n\nSubject: inner\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=y\n\n--y\nContent-Type: text/csv; name=a.csv\n\nx\n--y--\n--x--\n",
        "a.csv: x|");
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    assert_mail(HEAD "\nDear all,\nyour host 192.0.2.1 …\n",
                "! there is no feed in it: no attached .csv, .json, .txt or archive of such, no feedback report (ARF, "
                "RFC 5965), "
                "no X-ARF report; its parts: text/plain. If the text tells of incidents, make a CSV or a list of them");
    assert_mail(
        MIXED TEXT "--x\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--x--\n",
        "! there is no feed in it: no attached .csv, .json, .txt or archive of such, no feedback report (ARF, RFC "
        "5965), "
        "no X-ARF report; its parts: text/plain, application/pdf. If the text tells of incidents, make a CSV or a list "
        "of them");
}

static void test_archives(void **state)
{
    (void)state;
    static const struct entry two[] = {
        { "a/2026-11-20-scan_x.csv", CSV, 0 }, { "README.pdf", "x", 0 }, { "b.json", "{}", 0 }, { 0 }
    };
    static const char expected[] = "2026-11-20-scan_x.csv: " CSV "|b.json: {}|";
    assert_attached("report.csv.zip", make_archive(true, false, two), expected);
    assert_attached("report", make_archive(true, false, two), expected); /* by its content */
    assert_attached("report.tar", make_archive(false, false, two), expected);
    assert_attached("report.tgz", make_archive(false, true, two), expected);
    static const struct entry paths[] = {
        { "../../a.csv", "1", 0 }, { "/etc/a.csv", "2", 0 }, { "x/.a.csv", "3", 0 }, { 0 }
    };
    assert_attached("r.zip", make_archive(true, false, paths), "a.csv: 1|a-2.csv: 2|a-3.csv: 3|");
    static const struct entry none[] = { { "a.exe", "1", 0 }, { 0 } };
    assert_attached(
        "r.zip", make_archive(true, false, none),
        "! its attachment r.zip: this archive holds no file that is called like a feed (.csv, .json, .txt …)");
}

static void test_archives_that_do_harm(void **state)
{
    (void)state;
    static const struct entry bomb[] = { { "a.csv", NULL, (size_t)6 << 20 }, { 0 } };
    assert_attached(
        "r.zip", make_archive(true, false, bomb),
        "! its attachment r.zip: it unpacks to more than 200 times its size (at a.csv), as no honest one does");
    struct entry many[ARCHIVE_FILES_MAX + 2] = { { 0 } };
    char names[ARCHIVE_FILES_MAX + 1][16];
    for (int i = 0; i <= ARCHIVE_FILES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%d.pdf", i);
        many[i] = (struct entry){ names[i], "", 0 };
    }
    assert_attached("r.zip", make_archive(true, false, many), "! its attachment r.zip: it holds more than 1000 files");
    for (int i = 0; i <= MAILED_FILES_MAX; i++)
        snprintf(names[i], sizeof names[i], "%d.csv", i);
    assert_attached("r.zip", make_archive(true, false, many), "! it holds more than 100 feed files");
    static const struct entry good[] = { { "a.csv", CSV, 0 }, { 0 } };
    struct buf cut = make_archive(true, false, good);
    buf_truncate(&cut, 40);
    struct buf mail = mail_with("r.zip", &cut);
    char *got = open_mail(mail.data, mail.length, NULL);
    assert_non_null(strstr(got, "! its attachment r.zip: it is damaged"));
    free(got);
    buf_free(&mail);
    buf_free(&cut);
}

#define REPORT                                                                                                         \
    HEAD "Content-Type: multipart/report; report-type=feedback-report; boundary=x\n\n" TEXT                            \
         "--x\nContent-Type: message/feedback-report\n\n"
#define EVIDENCE                                                                                                       \
    "--x\nContent-Type: message/rfc822\n\nSubject: spam\nContent-Type: text/csv; "                                     \
    "name=evil.csv\n\ndomain\nnobody.example\n--x--\n"

static void test_feedback_report(void **state)
{
    (void)state;
    assert_mail(
        REPORT "Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\nOriginal-Rcpt-To: <victim@example.net>\n"
               "Arrival-Date: Tue, 19 Jan 2016 19:04:10 -0500 (EST)\nSource-IP: 192.0.2.1\n"
               "Reported-Domain:\n bakery.example\n\n" EVIDENCE,
        "the mail.arf.jsonl: {\"source.ip\":\"192.0.2.1\",\"time.source\":\"2016-01-20T00:04:10+00:00\","
        "\"classification.type\":\"spam\",\"classification.identifier\":\"abuse\",\"extra.feedback_type\":\"abuse\","
        "\"extra.user_agent\":\"X/1\",\"source.fqdn\":\"bakery.example\"}\n|");
    assert_mail(REPORT "Feedback-Type: fraud\nReported-URI: http://a.example/1\nReported-URI: https://b.example/2\n"
                       "Reported-URI: mailto:x@c.example\nReported-Domain: c.example\nArrival-Date: yesterday\n--x--\n",
                "the mail.arf.jsonl: {\"extra.reported_time\":\"yesterday\",\"classification.type\":\"phishing\","
                "\"classification.identifier\":\"fraud\",\"extra.feedback_type\":\"fraud\",\"source.url\":\"http://"
                "a.example/1\"}\n"
                "{\"extra.reported_time\":\"yesterday\",\"classification.type\":\"phishing\",\"classification."
                "identifier\":\"fraud\","
                "\"extra.feedback_type\":\"fraud\",\"source.url\":\"https://b.example/2\"}\n|");
    assert_mail(REPORT "Feedback-Type: not-spam\nSource-IP: 192.0.2.1\n--x--\n",
                "! it reports a mail that was no spam (not-spam): nobody has to be told");
    assert_mail(REPORT "Feedback-Type: abuse\n--x--\n",
                "! the feedback report in it names no Source-IP, Reported-Domain or "
                "Reported-URI: there is nobody to tell");
    assert_mail(REPORT "Version: 1\n--x--\n", "! the feedback report in it says no Feedback-Type");
    char *got = open_mail(REPORT "Feedback-Type: abuse\nSource-IP: 192.0.2.1\n--x--\n",
                          sizeof REPORT "Feedback-Type: abuse\nSource-IP: 192.0.2.1\n--x--\n" - 1, NULL);
    assert_true(strncmp(got, "m.1.arf.jsonl: ", 15) == 0); /* of the Message-ID */
    free(got);
}

static void test_xarf(void **state)
{
    (void)state;
    assert_mail(
        MIXED TEXT
        "--x\nContent-Type: text/plain; name=report.txt\n\n---\nReported-From: a@b.example\nCategory: abuse\n"
        "Report-Type: login-attack\nService: ssh\nVersion: 0.2\nUser-Agent: x\n"
        "Date: Fri, 31 Jan 2014 07:19:02 +0100\nSource-Type: ipv4\nSource: 192.0.2.9\nPort: 22\n"
        "--x\nContent-Type: text/plain; name=log.txt\n\nevidence 192.0.2.10\n--x--\n",
        "the mail.xarf.jsonl: {\"source.ip\":\"192.0.2.9\",\"time.source\":\"2014-01-31T06:19:02+00:00\","
        "\"classification.type\":\"brute-force\",\"classification.identifier\":\"login-attack\","
        "\"extra.xarf_category\":\"abuse\",\"extra.xarf_report_type\":\"login-attack\",\"extra.xarf_service\":\"ssh\","
        "\"extra.port\":22}\n|");
    assert_mail(
        MIXED
        "--x\n\nCategory: fraud\nReport-Type: phishing\nDate: 2026-11-20\nSource: http://bakery.example/x\n--x--\n",
        "the mail.xarf.jsonl: "
        "{\"source.url\":\"http://bakery.example/x\",\"time.source\":\"2026-11-20T00:00:00+00:00\","
        "\"classification.type\":\"phishing\",\"classification.identifier\":\"phishing\",\"extra.xarf_category\":"
        "\"fraud\","
        "\"extra.xarf_report_type\":\"phishing\"}\n|");
}

/* What GMime does not bear does not reach it. */
static void test_hostile(void **state)
{
    (void)state;
    struct buf mail = BUF_EMPTY;
    buf_add_string(&mail, "Subject: x\nFrom: ");
    for (int i = 0; i < 200000; i++)
        buf_add_string(&mail, "a:");
    buf_add_string(&mail, "\n\n");
    char *got = open_mail(mail.data, mail.length, NULL);
    assert_string_equal(got, "! this mail has thousands of parts or addresses, which no report has: it is not read");
    free(got);
    buf_truncate(&mail, 0);
    for (int i = 0; i < 30; i++)
        buf_add_format(&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    got = open_mail(mail.data, mail.length, NULL);
    assert_string_equal(got, "! it has more than 500 parts, or parts 20 deep in one another");
    free(got);
    buf_free(&mail);
    got = open_mail("", 0, NULL);
    assert_string_equal(got, "! nothing can be made of it as a mail");
    free(got);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const feeds[] = { "a.csv", "A.CSV.GZ", "b.jsonl", "c.txt" }, *const others[] = { ".csv", "csv",
                                                                                                        "a.log", "a.gz",
                                                                                                        "" };
    for (size_t i = 0; i < 4; i++)
        assert_true(attached_is_feed(feeds[i]));
    for (size_t i = 0; i < 5; i++)
        assert_false(attached_is_feed(others[i]));
    static const char *const rows[][2] = {
        { "a.csv", "a.csv" },
        { "x/y\\z.csv", "z.csv" },
        { "...a", "a" },
        { "a\n\x7f.csv", "a__.csv" },
        { "\xe4.csv", "_.csv" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaa.csv", "aaaaaaaaaaaaaaaa.csv" },
        { "\xc3\xa4xxxxxxxxxxxxxxx.csv", "xxxxxxxxxxxxxxx.csv" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *safe = attached_safe(rows[i][0], 20);
        assert_string_equal(safe, rows[i][1]);
        free(safe);
    }
    assert_null(attached_safe("a/", 20));
    assert_null(attached_safe("..", 20));
}

int main(void)
{
    mailed_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_mail),
        cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_nothing_in_it),
        cmocka_unit_test(test_archives),
        cmocka_unit_test(test_archives_that_do_harm),
        cmocka_unit_test(test_feedback_report),
        cmocka_unit_test(test_xarf),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
