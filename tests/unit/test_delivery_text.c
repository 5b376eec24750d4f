/* The last look before libesmtp: daemon/delivery/text.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/mem.h"
#include "daemon/delivery/text.h"

#include <stdlib.h>
#include <string.h>

static void becomes_n(const char *text, size_t length, const char *expected)
{
    struct buf message = BUF_EMPTY;
    buf_add(&message, text, length);
    text_normalise(&message);
    assert_string_equal(message.data ? message.data : "", expected);
    assert_int_equal(message.length, strlen(expected));
    /* Once more changes nothing. */
    text_normalise(&message);
    assert_string_equal(message.data ? message.data : "", expected);
    buf_free(&message);
}

static void becomes(const char *text, const char *expected)
{
    becomes_n(text, strlen(text), expected);
}

static void test_line_ends(void **state)
{
    (void)state;
    becomes("A: b\r\n\r\ntext\r\n", "A: b\r\n\r\ntext\r\n");
    becomes("A: b\n\ntext\n", "A: b\r\n\r\ntext\r\n");
    becomes("A: b\r\rtext\r", "A: b\r\n\r\ntext\r\n");
    becomes("A: b\r\n\r\ntext", "A: b\r\n\r\ntext\r\n");
    becomes("A: b\r\n\r\na\r\r\nb\n\r\nc", "A: b\r\n\r\na\r\n\r\nb\r\n\r\nc\r\n");
    becomes("A: b\r\n\r\nx\n.\r\ny", "A: b\r\n\r\nx\r\n.\r\ny\r\n");
    becomes("A: b\r\n\r\nx\r.\ry\r\n", "A: b\r\n\r\nx\r\n.\r\ny\r\n");
    becomes("\n", "\r\n");
    becomes("\r", "\r\n");
    becomes("x", "x\r\n");
    becomes("", "");
    becomes_n("A: b\r\n\r\na\0b\r\n", 13, "A: b\r\n\r\na?b\r\n");
}

static void test_never_filled(void **state)
{
    (void)state;
    struct buf message = BUF_EMPTY;
    text_normalise(&message);
    assert_int_equal(message.length, 0);
    buf_free(&message);
}

static void test_clean_text_is_not_copied(void **state)
{
    (void)state;
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "A: b\r\n\r\ntext\r\n");
    const char *data = message.data;
    text_normalise(&message);
    assert_ptr_equal(message.data, data);
    buf_free(&message);
}

/* Check every line of MESSAGE; in the header none may look like a new one. */
static void check_lines(const struct buf *message, size_t header_lines)
{
    size_t number = 0;
    for (const char *line = message->data; *line; number++) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= TEXT_LINE_MAX);
        if (number > 0 && number < header_lines)
            assert_true(*line == ' ' || *line == '\t');
        line = end + 2;
    }
}

/* What is left when the line ends, and the blanks that folding put in, are taken out. */
static char *unfolded(const struct buf *message)
{
    char *out = mem_alloc(message->length + 1), *to = out;
    for (const char *from = message->data; *from; from++)
        if (*from != '\r' && *from != '\n' && *from != ' ')
            *to++ = *from;
    *to = '\0';
    return out;
}

static void fold(const char *start, const char *repeated, size_t length, size_t header_lines)
{
    struct buf message = BUF_EMPTY, original = BUF_EMPTY;
    buf_add_string(&message, start);
    while (message.length < length)
        buf_add_string(&message, repeated);
    buf_truncate(&message, length);
    buf_add(&original, message.data, message.length);
    text_normalise(&message);
    check_lines(&message, header_lines);
    char *before = unfolded(&original), *after = unfolded(&message);
    assert_string_equal(before, after);
    free(before);
    free(after);
    buf_free(&message);
    buf_free(&original);
}

static void test_long_lines(void **state)
{
    (void)state;
    for (size_t length = 990; length < 1010; length++) {
        fold("Subject: ", "x", length, length > TEXT_LINE_MAX ? 2 : 1);
        fold("Subject: ", "words ", length, length > TEXT_LINE_MAX ? 2 : 1);
        fold("\r\n", "x", length, 0);
    }
    fold("Subject: ", "x", 5000, 6);
    fold("Subject: ", "some words ", 50000, 51);
    fold("Subject: ", "                       ", 3000, 3);
    fold("Subject: a\r\n\r\n", "y", 100000, 0);
    fold("\r\n", "y", 100000, 0);
}

static void test_longest_line_stays_whole(void **state)
{
    (void)state;
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "\r\n");
    for (size_t i = 0; i < TEXT_LINE_MAX; i++)
        buf_add_char(&message, 'x');
    buf_add_string(&message, "\r\n");
    size_t length = message.length;
    text_normalise(&message);
    assert_int_equal(message.length, length);
    buf_free(&message);
}

/* Every text of a few critical bytes: afterwards no bare CR or LF is left, and no byte but those has gone. */
static void test_all_short_texts(void **state)
{
    (void)state;
    static const char letters[] = { '\r', '\n', '.', 'x' };
    for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 4 * 4; code++) {
        char text[7] = "";
        for (unsigned i = 0, rest = code; i < 6; i++, rest /= 4)
            text[i] = letters[rest % 4];
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, text);
        text_normalise(&message);
        size_t kept = 0, wanted = 0;
        for (size_t i = 0; i < message.length; i++) {
            if (message.data[i] == '\r')
                assert_int_equal(message.data[i + 1], '\n');
            else if (message.data[i] == '\n')
                assert_true(i > 0 && message.data[i - 1] == '\r');
            else
                kept++;
        }
        for (size_t i = 0; i < 6; i++)
            wanted += text[i] == '.' || text[i] == 'x';
        assert_int_equal(kept, wanted);
        buf_free(&message);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = { "a@b.example", "bounce+k7f2=x@sender.example", "postmaster" };
    static const char *const bad[] = { "a b@c", "a@b ", " a@b",  "a@b\r\nDATA", "a@b\n",
                                       "<a@b",  "a@b>", "a\t@b", "a@b\177",     "m\303\274ller@b" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_address_ok(good[i], false));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_address_ok(bad[i], true));
    assert_true(text_address_ok("", true));
    assert_false(text_address_ok("", false));
    assert_false(text_address_ok(NULL, true));
    char longest[400];
    memset(longest, 'a', sizeof longest);
    longest[320] = '\0';
    assert_true(text_address_ok(longest, false));
    longest[320] = 'a';
    longest[321] = '\0';
    assert_false(text_address_ok(longest, false));
}

static void test_helo(void **state)
{
    (void)state;
    assert_true(text_helo_ok("mail.sender.example"));
    assert_true(text_helo_ok("[192.0.2.1]"));
    assert_false(text_helo_ok(""));
    assert_false(text_helo_ok(NULL));
    assert_false(text_helo_ok("a b"));
    assert_false(text_helo_ok("a\r\nMAIL FROM:<>"));
    assert_false(text_helo_ok("me@sender.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),       cmocka_unit_test(test_never_filled),
        cmocka_unit_test(test_long_lines),      cmocka_unit_test(test_clean_text_is_not_copied),
        cmocka_unit_test(test_all_short_texts), cmocka_unit_test(test_longest_line_stays_whole),
        cmocka_unit_test(test_addresses),       cmocka_unit_test(test_helo),
    };
    return cmocka_run_group_tests_name("delivery text", tests, NULL, NULL);
}
