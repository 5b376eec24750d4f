/* The hand-written MIME, read back by GMime. */
#include "daemon/notify/mime.h"

#include "daemon/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNOWMAN "\xe2\x98\x83"
#define BELL "\xf0\x9f\x94\x94" /* U+1F514: four bytes */

static int start(void **state)
{
    (void)state;
    g_mime_init();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    g_mime_shutdown();
    return 0;
}

/* No bare CR or LF, no NUL, all ASCII, no line over LIMIT. */
static void assert_clean(const struct buf *text, size_t limit)
{
    size_t column = 0;
    for (size_t i = 0; i < text->length; i++) {
        unsigned char byte = (unsigned char)text->data[i];
        if (byte == '\r') {
            assert_true(i + 1 < text->length && text->data[i + 1] == '\n');
            i++;
            column = 0;
            continue;
        }
        assert_true((byte >= 0x20 && byte < 0x7f) || byte == '\t');
        if (++column > limit)
            fail_msg("a line of over %zu: %s", limit, text->data);
    }
    assert_int_equal(column, 0);
}

static GMimeMessage *parse(const struct buf *headers)
{
    struct buf whole = BUF_EMPTY;
    buf_add(&whole, headers->data, headers->length);
    buf_add_string(&whole, "\r\nbody\r\n");
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(whole.data, whole.length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    buf_free(&whole);
    assert_non_null(message);
    assert_int_equal(g_mime_header_list_get_count(g_mime_object_get_header_list(GMIME_OBJECT(message))), 1);
    return message;
}

/* TEXT as a Subject comes back as WANT. */
static void check_subject(const char *text, const char *want, size_t limit)
{
    struct buf out = BUF_EMPTY;
    mime_header_text(&out, "Subject", text, strlen(text));
    assert_clean(&out, limit);
    GMimeMessage *message = parse(&out);
    const char *subject = g_mime_message_get_subject(message);
    if (!subject || strcmp(subject, want) != 0)
        fail_msg("%s\nbecame\n%s\nwanted\n%s\n%s", text, subject ? subject : "nothing", want, out.data);
    g_object_unref(message);
    buf_free(&out);
}

static void test_subject_ascii(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    mime_header_text(&out, "Subject", "[T-1] Your shop", 15);
    assert_string_equal(out.data, "Subject: [T-1] Your shop\r\n");
    buf_free(&out);
    check_subject("a", "a", 78);
    check_subject("two  blanks and a \t tab ", "two blanks and a tab", 78);
    check_subject("injected\r\nBcc: all@x.example", "injected Bcc: all@x.example", 78);
    check_subject("injected\n.\nX: y\x01\x7f z", "injected . X: y z", 78);
}

static void test_subject_folds(void **state)
{
    (void)state;
    char text[600] = "", word[8];
    for (int i = 0; i < 100; i++) {
        snprintf(word, sizeof word, "%s%.*s", i ? " " : "", 1 + i % 5, "abcde");
        strcat(text, word);
    }
    check_subject(text, text, 78);
    /* 76 fit on a line of their own, 77 do not and are encoded; both come back whole */
    memset(text, 'x', 76);
    text[76] = '\0';
    check_subject(text, text, 78);
    memset(text, 'x', 500);
    text[500] = '\0';
    check_subject(text, text, 76);
}

static void test_subject_encoded(void **state)
{
    (void)state;
    check_subject("Gr\xc3\xbc\xc3\x9f"
                  "e aus M\xc3\xbcnchen",
                  "Gr\xc3\xbc\xc3\x9f"
                  "e aus M\xc3\xbcnchen",
                  76);
    check_subject("=?utf-8?q?not_encoded?=", "=?utf-8?q?not_encoded?=", 76);
    check_subject(SNOWMAN "\r\nBcc: x", SNOWMAN "  Bcc: x", 76);
    check_subject("Warnung \xe2\x80\x93 Ihre Domain", "Warnung \xe2\x80\x93 Ihre Domain", 76);
    char text[2000];
    for (size_t count = 1; count < 60; count++) { /* every position of a fold relative to a character */
        text[0] = '\0';
        for (size_t i = 0; i < count; i++)
            strcat(text, i % 7 ? BELL : "x" BELL);
        check_subject(text, text, 76);
        text[0] = '\0';
        for (size_t i = 0; i < count; i++)
            strcat(text, i % 3 ? "ab " : "\xc3\xa9q");
        strcat(text, ".");
        check_subject(text, text, 76);
    }
}

/* Bytes that are no UTF-8 must not break the framing, whatever they decode to. */
static void test_header_of_any_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        char text[200];
        size_t length = (size_t)round % sizeof text;
        for (size_t i = 0; i < length; i++)
            text[i] = (char)(rand_r(&seed) >> 7);
        struct buf out = BUF_EMPTY;
        mime_header_text(&out, "Subject", text, length);
        assert_clean(&out, 78);
        g_object_unref(parse(&out));
        buf_truncate(&out, 0);
        text[length] = '\0';
        mime_header(&out, "X-Any", text);
        assert_clean(&out, 300);
        g_object_unref(parse(&out));
        buf_truncate(&out, 0);
        mime_header_mailbox(&out, "From", text, "a@b.example");
        assert_clean(&out, 400);
        g_object_unref(parse(&out));
        buf_free(&out);
    }
}

static void check_mailbox(const char *display, const char *want, const char *address)
{
    struct buf out = BUF_EMPTY;
    mime_header_mailbox(&out, "From", display, address);
    assert_clean(&out, 300);
    GMimeMessage *message = parse(&out);
    InternetAddressList *list = g_mime_message_get_from(message);
    assert_int_equal(internet_address_list_length(list), 1);
    InternetAddress *one = internet_address_list_get_address(list, 0);
    assert_true(INTERNET_ADDRESS_IS_MAILBOX(one));
    const char *name = internet_address_get_name(one);
    if (strcmp(name ? name : "", want) != 0)
        fail_msg("%s became %s\n%s", display, name ? name : "nothing", out.data);
    assert_string_equal(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)), address);
    g_object_unref(message);
    buf_free(&out);
}

static void test_mailbox(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Tocsin",
        "Abuse Team, University",
        "O'Neill \"the\" \\ back",
        "a@b.example",
        "x <evil@x.example>",
        "M\xc3\xbcnchner B\xc3\xa4"
        "cker",
        BELL,
        "Dr. J\xc3\xbcrgen \"X\" <y@z>, (c)",
        "=?utf-8?q?x?=",
        "A very long name of a research group at a university with a long name, department of computing and more",
        "Ein sehr langer Name einer Forschungsgruppe an einer Universit\xc3\xa4t mit einem noch viel l\xc3\xa4ngeren "
        "Namen",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_mailbox(names[i], names[i], "team@tocsin.example");
    check_mailbox("", "", "team@tocsin.example");
    check_mailbox("x\r\nBcc: evil@x.example", "x Bcc: evil@x.example", "team@tocsin.example");
    check_mailbox("\xc3\xbc\r\nBcc: evil@x.example", "\xc3\xbc  Bcc: evil@x.example", "team@tocsin.example");
    char address[300];
    snprintf(address, sizeof address, "%060d@%060d.%060d.example", 1, 2, 3);
    check_mailbox("Name", "Name", address);
    check_mailbox("N\xc3\xa4me", "N\xc3\xa4me", address);
    struct buf out = BUF_EMPTY;
    mime_header_mailbox(&out, "From", "Tocsin", "team@tocsin.example");
    assert_string_equal(out.data, "From: \"Tocsin\" <team@tocsin.example>\r\n");
    buf_free(&out);
}

/* A parameter comes back as WANT. */
static void check_parameter(const char *text, const char *want)
{
    struct buf out = BUF_EMPTY;
    mime_header_parameter(&out, "Content-Disposition", "attachment", "filename", text);
    assert_clean(&out, 78);
    GMimeContentDisposition *disposition =
        g_mime_content_disposition_parse(NULL, out.data + strlen("Content-Disposition: "));
    assert_string_equal(g_mime_content_disposition_get_disposition(disposition), "attachment");
    assert_int_equal(g_mime_param_list_length(g_mime_content_disposition_get_parameters(disposition)), 1);
    const char *got = g_mime_content_disposition_get_parameter(disposition, "filename");
    if (!got || strcmp(got, want) != 0)
        fail_msg("%s became %s\n%s", text, got ? got : "nothing", out.data);
    g_object_unref(disposition);
    buf_free(&out);
}

static void test_parameter(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "T-4711.csv",
        "",
        "a b; name=\"x\" \\ .csv",
        "=?utf-8?q?x?=.csv",
        "\xc3\x9c"
        "berwachung.csv",
        "\xc3\x9c"
        "berwachung des \"Netzes\"; filename*=utf-8''x%20y.csv",
        SNOWMAN SNOWMAN SNOWMAN SNOWMAN SNOWMAN SNOWMAN SNOWMAN SNOWMAN BELL BELL BELL BELL BELL BELL ".csv",
        "a-long-name-of-a-campaign-in-ascii-alone-that-does-not-fit-into-one-line-of-a-header-of-mail.csv",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_parameter(texts[i], texts[i]);
    check_parameter("x.csv\r\nBcc: evil@x.example", "x.csv  Bcc: evil@x.example");
    struct buf out = BUF_EMPTY;
    mime_header_parameter(&out, "Content-Disposition", "attachment", "filename", "T-4711.csv");
    mime_header_parameter(&out, "Content-Disposition", "attachment", "filename",
                          "\xc3\x9c"
                          "berwachung");
    assert_string_equal(out.data, "Content-Disposition: attachment; filename=\"T-4711.csv\"\r\n"
                                  "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%9Cberwachung\r\n");
    buf_free(&out);
    struct buf text = BUF_EMPTY; /* more than ten pieces */
    for (int i = 0; i < 200; i++)
        buf_add_string(&text, i % 3 ? SNOWMAN : "%");
    check_parameter(text.data, text.data);
    buf_free(&text);
}

static void test_header_folds_at_blanks(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    mime_header(&out, "List-Unsubscribe",
                "<mailto:optout+abcdefghijklmnopqrstuvwxyz234567@tocsin.example?subject=unsubscribe>");
    assert_string_equal(out.data, "List-Unsubscribe:\r\n <mailto:optout+abcdefghijklmnopqrstuvwxyz234567@tocsin.example"
                                  "?subject=unsubscribe>\r\n");
    buf_truncate(&out, 0);
    mime_header(&out, "X", "");
    assert_string_equal(out.data, "X:\r\n");
    buf_truncate(&out, 0);
    mime_header(&out, "X", " \r\n \r\n");
    assert_string_equal(out.data, "X:\r\n");
    buf_truncate(&out, 0);
    mime_header(&out, "X", "a\xc3\xbc");
    assert_string_equal(out.data, "X: a??\r\n");
    buf_free(&out);
}

static void decode(const struct buf *encoded, GMimeContentEncoding encoding, struct buf *out)
{
    GMimeEncoding state;
    g_mime_encoding_init_decode(&state, encoding);
    buf_reserve(out, encoded->length + 16);
    out->length = g_mime_encoding_flush(&state, encoded->data, encoded->length, out->data);
    out->data[out->length] = '\0';
}

/* TEXT comes back, with CRLF for each LF that stood alone. */
static void check_quoted_printable(const char *text, size_t length)
{
    struct buf out = BUF_EMPTY, back = BUF_EMPTY, want = BUF_EMPTY;
    mime_quoted_printable(&out, text, length);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            buf_add_char(&want, '\r');
        buf_add_char(&want, text[i]);
    }
    decode(&out, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, &back);
    assert_int_equal(back.length, want.length);
    if (want.length)
        assert_memory_equal(back.data, want.data, want.length);
    for (size_t i = 0, column = 0; i < out.length; i++) {
        unsigned char byte = (unsigned char)out.data[i];
        assert_true(byte == '\r' || byte == '\n' || byte == '\t' || (byte >= 0x20 && byte < 0x7f));
        if (byte == '\n') {
            assert_true(i && out.data[i - 1] == '\r');
            assert_true(i < 2 || (out.data[i - 2] != ' ' && out.data[i - 2] != '\t'));
            column = 0;
        } else if (byte == '\r') {
            assert_true(i + 1 < out.length && out.data[i + 1] == '\n');
        } else {
            assert_true(++column <= 76);
            assert_true(column > 1 || byte != '.');
            assert_true(column > 1 || strncmp(out.data + i, "From ", 5) != 0);
        }
    }
    buf_free(&out);
    buf_free(&back);
    buf_free(&want);
}

static void check_qp_string(const char *text)
{
    check_quoted_printable(text, strlen(text));
}

static void test_quoted_printable(void **state)
{
    (void)state;
    check_qp_string("");
    check_qp_string("\n");
    check_qp_string("a=b\n");
    check_qp_string("no end");
    check_qp_string("trailing blank \ntrailing tab\t\r\nboth \t");
    check_qp_string(".\n..\n.dot\nFrom me\nFrom: me\n>From\n");
    check_qp_string("\xc3\xbc" BELL "\n");
    check_qp_string("lone \r and \r\r\n and \n\r end");
    check_quoted_printable("nul \0 inside\n", 13);
    struct buf out = BUF_EMPTY;
    const char *text = "x=1 \xc3\xbc \n.\n";
    mime_quoted_printable(&out, text, strlen(text));
    assert_string_equal(out.data, "x=3D1 =C3=BC=20\r\n=2E\r\n");
    buf_free(&out);
}

/* Lines of every length around the soft breaks and the pieces, of bytes that cost one, three, and are special at either end. */
static void test_quoted_printable_lengths(void **state)
{
    (void)state;
    static const char *const kinds[] = { "x", "=", " ", ".", "From ", BELL, "ab\xc3\xbc", "\t.", "\r" };
    char *text = mem_alloc(8192);
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t length = 1; length < 2200;
             length += length < 320 || length % 1024 > 1000 || length % 1024 < 24 ? 1 : 37) {
            size_t one = strlen(kinds[kind]);
            for (size_t i = 0; i < length; i++)
                text[i] = kinds[kind][i % one];
            text[length] = '\n';
            check_quoted_printable(text, length + 1);
            check_quoted_printable(text, length);
        }
    free(text);
}

static void test_quoted_printable_of_any_bytes(void **state)
{
    (void)state;
    static const char common[] = "\r\n\n \t=.F";
    unsigned seed = 7;
    char text[700];
    for (int round = 0; round < 5000; round++) {
        size_t length = (size_t)rand_r(&seed) % sizeof text;
        for (size_t i = 0; i < length; i++) {
            unsigned byte = (unsigned)rand_r(&seed) >> 5;
            text[i] = byte & 0x100 ? common[byte % 8] : (char)byte;
        }
        check_quoted_printable(text, length);
    }
}

static void test_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain;
    } rows[] = {
        { "", true },
        { "Hello,\n\nworld.\n", true },
        { "CRLF\r\n\ttab\r\n-- \r\n", true },
        { "\xc3\xbc", false },
        { ".\n", false },
        { "x\n.y\n", false },
        { "a.b", true },
        { "From me\n", false },
        { "x\nFrom me\n", false },
        { "From: me\n", true },
        { "lone \r\n", true },
        { "lone \r cr\n", false },
        { "end\r", false },
        { "\x01", false },
        { "\x7f", false },
        { "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678\n", true },
        { "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789\n", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mime_is_plain(rows[i].text, strlen(rows[i].text)) != rows[i].plain)
            fail_msg("row %zu: %s", i, rows[i].text);
    assert_false(mime_is_plain("a\0b", 3));
    struct buf out = BUF_EMPTY;
    mime_plain(&out, "a\nb\r\n\nc", 7);
    assert_string_equal(out.data, "a\r\nb\r\n\r\nc");
    buf_free(&out);
}

static void test_base64(void **state)
{
    (void)state;
    static const size_t lengths[] = { 0, 1, 2, 3, 56, 57, 58, 114, 1000 };
    char data[1000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 ^ i >> 8);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf text = BUF_EMPTY;
        buf_add_string(&text, "");
        mime_base64(&text, data, lengths[i]);
        assert_clean(&text, 76);
        gsize length;
        guchar *back = g_base64_decode(text.data, &length);
        assert_int_equal(length, lengths[i]);
        assert_memory_equal(back, data, length);
        g_free(back);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subject_ascii),
        cmocka_unit_test(test_subject_folds),
        cmocka_unit_test(test_subject_encoded),
        cmocka_unit_test(test_header_of_any_bytes),
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_parameter),
        cmocka_unit_test(test_header_folds_at_blanks),
        cmocka_unit_test(test_quoted_printable),
        cmocka_unit_test(test_quoted_printable_lengths),
        cmocka_unit_test(test_quoted_printable_of_any_bytes),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
