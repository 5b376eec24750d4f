/* Front matter, the known variables, subject and body, and the templates that Tocsin comes with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "templates/frozen.h"
#include "templates/set.h"
#include "templates/wrap.h"

#include "daemon/base/mem.h"
#include "tests/unit/json_value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLITE "{{sender.name}} {{opt_out}}\n"

static void expect_error(const char *text, const char *want)
{
    struct template *template = (struct template *)&template;
    struct error error = { "" };
    int result = template_parse("f.txt", text, strlen(text), &template, &error);
    assert_string_equal(error.text, want);
    assert_int_equal(result, -EINVAL);
    assert_null(template);
}

static struct template *parse(const char *text)
{
    struct template *template;
    struct error error = { "" };
    if (template_parse("f.txt", text, strlen(text), &template, &error) != 0)
        fail_msg("%s", error.text);
    return template;
}

static void test_front_matter(void **state)
{
    (void)state;
    struct template *template = parse("---\nsubject: S\n---\n" POLITE);
    assert_string_equal(template_language(template), "en");
    template_free(template);
    template =
        parse("\xEF\xBB\xBF---\r\n# a note\r\n\r\nlanguage: de-AT\r\nabout: x: y\r\nsubject:S \r\n--- \r\n" POLITE);
    assert_string_equal(template_language(template), "de-AT");
    template_free(template);
    template_free(NULL);

    expect_error("Hello", "f.txt:1:1: a template begins with a line `---`, then `subject: …` and another `---`");
    expect_error("", "f.txt:1:1: a template begins with a line `---`, then `subject: …` and another `---`");
    expect_error("---\nsubject: S\n", "f.txt:3:1: the line `---` that ends the front matter is missing");
    expect_error("---\nlanguage: de\n---\n" POLITE, "f.txt:3:1: the subject is missing");
    expect_error("---\nsubject:  \n---\n" POLITE, "f.txt:2:9: the subject is empty");
    expect_error("---\nsubject: \"\"\n---\n" POLITE, "f.txt:2:11: the subject is empty");
    expect_error("---\nsubject S\n---\n", "f.txt:2:1: expected `key: value`, or `---` where the text begins");
    expect_error("---\nSubject: S\n---\n", "f.txt:2:1: unknown key; known are subject, language and about");
    expect_error("---\nsubject: S\nsubject: T\n---\n", "f.txt:3:1: this key has been set before");
    expect_error("---\nlanguage: d\xC3\xA4\n---\n", "f.txt:2:11: a language is a tag like en or de-AT (RFC 5646)");
    expect_error("---\nlanguage: de-\n---\n", "f.txt:2:11: a language is a tag like en or de-AT (RFC 5646)");
    expect_error("---\nlanguage: -de\n---\n", "f.txt:2:11: a language is a tag like en or de-AT (RFC 5646)");
    expect_error("---\nlanguage: de--AT\n---\n", "f.txt:2:11: a language is a tag like en or de-AT (RFC 5646)");
    expect_error("---\nlanguage: deutschland\n---\n", "f.txt:2:11: a language is a tag like en or de-AT (RFC 5646)");
    expect_error("---\nsubject: S\n---\n\xFF" POLITE, "f.txt:1:1: not a text file in UTF-8, or too large");
}

static void test_places(void **state)
{
    (void)state;
    expect_error("---\nsubject: \"[{{tick}}]\"\n---\n" POLITE,
                 "f.txt:2:12: unknown variable \"tick\"; did you mean \"ticket\"?");
    expect_error("---\nsubject: S {{#x\n---\n" POLITE, "f.txt:2:12: a tag begins here and does not end");
    expect_error("---\nsubject: S\n---\n\n\nHello,\n {{/x}}\n", "f.txt:7:2: nothing is open that this could close: x");
    expect_error("---\nsubject: S\n---\n\n\nHello {{sender.nmae}}\n" POLITE,
                 "f.txt:6:7: unknown variable \"sender.nmae\"; did you mean \"sender.name\"?");
    expect_error("---\nsubject: S\n---\n\n" POLITE "{{>x}}",
                 "f.txt:6:1: there is no x.mustache in the template's language");
    expect_error("---\nsubject: S\n---\n\n" POLITE "{{<x}}{{/x}}",
                 "f.txt:6:1: there is no x.mustache in the template's language");
}

static void test_variables(void **state)
{
    (void)state;
    static const struct {
        const char *body, *want;
    } wrong[] = {
        { "{{zzzzz}}", "unknown variable \"zzzzz\"" },
        { "{{.}}", "unknown variable \".\"" },
        { "{{recipeint}}", "unknown variable \"recipeint\"; did you mean \"recipient\"?" },
        { "{{target}}", "unknown variable \"target\"; it is known only inside {{#cases}}" },
        { "{{host}}", "unknown variable \"host\"; it is known only inside {{#incidents}}" },
        { "{{^hosst}}{{/hosst}}", "unknown variable \"hosst\"" },
        { "{{first.incident.hosst}}",
          "unknown variable \"first.incident.hosst\"; did you mean \"first.incident.host\"?" },
        { "{{cases.target}}", "unknown variable \"cases.target\"" },
        { "{{ticket.number}}", "unknown variable \"ticket.number\"" },
        { "{{sender.name.x}}", "unknown variable \"sender.name.x\"; did you mean \"sender.name\"?" },
        { "{{#cases}}{{targte}}{{/cases}}", "unknown variable \"targte\"; did you mean \"target\"?" },
        { "{{#cases}}{{evidence}}{{/cases}}", "unknown variable \"evidence\"" },
        { "{{#ticket}}{{target}}{{/ticket}}", "unknown variable \"target\"; it is known only inside {{#cases}}" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *text = mem_format("---\nsubject: S\n---\n%s" POLITE, wrong[i].body);
        struct template *template;
        struct error error = { "" };
        assert_int_equal(template_parse("f", text, strlen(text), &template, &error), -EINVAL);
        const char *message = strstr(error.text, ": ");
        assert_non_null(message);
        assert_string_equal(message + 2, wrong[i].want);
        free(text);
    }
    template_free(parse("---\nsubject: '{{#multiple}}{{case_count}}{{/multiple}}{{first.incident.type_text}}'\n---\n"
                        "{{#sender}}{{name}}{{#about}}{{.}}{{/about}}{{/sender}}{{#contact.is_owner}}{{contact.kind}}"
                        "{{/contact.is_owner}}{{#cases}}{{target}}{{ticket}}{{#incidents}}{{time}}{{target}}"
                        "{{#fields}}{{name}}={{value}}{{/fields}}{{/incidents}}{{^more}}{{/more}}{{/cases}}"
                        "{{#first}}{{#incident}}{{ip}}{{/incident}}{{/first}}" POLITE));
}

static void test_politeness(void **state)
{
    (void)state;
    expect_error("---\nsubject: S\n---\nHello {{opt_out}}\n",
                 "f.txt:4:1: the text must say who writes, always: {{sender.name}} is missing");
    expect_error("---\nsubject: S\n---\n\nHello {{sender.name}} {{! {{opt_out}}\n",
                 "f.txt:5:1: the text must say how to make it stop, always: {{opt_out}} is missing");
    expect_error("---\nsubject: S\n---\nHello {{sender.name}} {{#opt_out}}x{{/opt_out}}\n",
                 "f.txt:4:1: the text must say how to make it stop, always: {{opt_out}} is missing");
    template_free(parse("---\nsubject: S\n---\n{{&sender.name}}{{{opt_out}}}"));
}

static char *subject(const char *source, json_t *data)
{
    char *text = mem_format("---\nsubject: %s\n---\n" POLITE, source);
    struct template *template = parse(text);
    struct buf out = BUF_EMPTY;
    assert_int_equal(json_subject(template, data, &out, NULL), 0);
    template_free(template);
    free(text);
    json_decref(data);
    return buf_take(&out);
}

static void expect_subject(const char *source, json_t *data, const char *want)
{
    char *got = subject(source, data);
    assert_string_equal(got, want);
    free(got);
}

static void test_subject(void **state)
{
    (void)state;
    expect_subject("\"[{{ticket}}] a {{date}}\"", json_pack("{s:s,s:s}", "ticket", "T-1", "date", "<&>"),
                   "[T-1] a <&>");
    expect_subject("a {{date}} b", json_pack("{s:s}", "date", "x\r\nBcc: y@z.example\ty"), "a x Bcc: y@z.example y b");
    expect_subject("{{date}}",
                   json_pack("{s:s#}", "date",
                             "a\0b\x7F"
                             "c",
                             5),
                   "a b c");
    expect_subject("{{date}}", json_pack("{s:s}", "date", "\xC2\x85 x\xE2\x80\xA8y\xC2\xA0z\xE2\x82\xAC \n"),
                   "x y\xC2\xA0z\xE2\x82\xAC");
    expect_subject("{{date}}", json_pack("{s:s}", "date", "\r\n"), "Notification");
    expect_subject("'quoted'", json_object(), "quoted");
    expect_subject("\"half", json_object(), "\"half");
    char *longest = mem_alloc(1001);
    for (size_t i = 0; i < 1000; i += 2)
        memcpy(longest + i, "\xC3\xA4", 3);
    char *got = subject("{{date}}", json_pack("{s:s}", "date", longest));
    assert_int_equal(strlen(got), 2 * 200 + 3);
    assert_string_equal(got + 398, "\xC3\xA4\xE2\x80\xA6");
    free(got);
    free(longest);
}

static void expect_body(const char *source, json_t *data, const char *want)
{
    char *text = mem_format("---\nsubject: S\n---\n%s" POLITE, source);
    struct template *template = parse(text);
    struct buf out = BUF_EMPTY;
    assert_int_equal(json_body(template, data, &out, NULL), 0);
    assert_string_equal(out.data, want);
    buf_free(&out);
    template_free(template);
    free(text);
    json_decref(data);
}

static void test_body(void **state)
{
    (void)state;
    expect_body("\n\n{{date}}\r\n\n{{date}}\t.\n", json_pack("{s:s}", "date", "<&>"), "<&>\n\n<&>\t.\n \n");
    expect_body("{{date}}\n",
                json_pack("{s:s#}", "date",
                          "a\r\nb\rc\0d\x1B"
                          "e\xC2\x9Bm",
                          13),
                "a\nb c d e m\n \n");
    expect_body("{{#cases}}\n- {{target}}\n{{/cases}}\n",
                json_pack("{s:[{s:s},{s:s}]}", "cases", "target", "a.example", "target", "b.example"),
                "- a.example\n- b.example\n \n");
}

/* A rendering that fails leaves nothing behind. */
static void test_failure(void **state)
{
    (void)state;
    struct template *template = parse("---\nsubject: S\n---\n{{#cases}}{{#incidents}}{{#fields}}{{value}}{{/fields}}"
                                      "{{/incidents}}{{/cases}}" POLITE);
    char *value = mem_alloc(70001);
    memset(value, 'x', 70000);
    value[70000] = '\0';
    json_t *data = json_pack("{s:[]}", "cases"), *fields = json_array();
    for (int i = 0; i < 1000; i++)
        json_array_append_new(fields, json_pack("{s:s}", "value", value));
    json_array_append_new(json_object_get(data, "cases"), json_pack("{s:[{s:o}]}", "incidents", "fields", fields));
    struct buf out = BUF_EMPTY;
    struct error error = { "" };
    buf_add_string(&out, "before");
    assert_int_equal(json_body(template, data, &out, &error), -E2BIG);
    assert_string_equal(out.data, "before");
    assert_non_null(strstr(error.text, "f.txt:4:"));
    buf_free(&out);
    json_decref(data);
    template_free(template);
    free(value);
}

#define TEN "123456789 "
#define TENS "1234567890"
#define IDEOGRAPHS                                                                                                     \
    "\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6" \
    "\xBC\xA2" /* ten, twenty columns */
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_wrap(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } samples[] = {
        { "", "" },
        { "a", "a\n" },
        { "a\n\n\nb\n", "a\n\n\nb\n" },
        { SIXTY TEN "123456\n", SIXTY TEN "123456\n" },
        { SIXTY "123456789 12 \n", SIXTY "123456789 12 \n" },
        /* What is too much goes to the next line of the paragraph, and only as far as it must. */
        { SIXTY TEN "over flow\nnext\nlast\n", SIXTY "123456789\nover flow next\nlast\n" },
        { SIXTY TEN "over flow\n\nlast\n", SIXTY "123456789\nover flow\n\nlast\n" },
        { SIXTY TEN "over flow\n" SIXTY "123456789\nc\n",
          SIXTY "123456789\nover flow " TEN TEN TEN TEN TEN "123456789\n123456789 c\n" },
        { SIXTY SIXTY SIXTY "\n", SIXTY "123456789\n" SIXTY "123456789\n" TEN TEN TEN TEN "\n" },
        /* Items of a list, and what is indented otherwise. */
        { "12. " SIXTY "123456 over\n    next\n13. b\n", "12. " SIXTY "123456 over\n    next\n13. b\n" },
        { "12. " SIXTY "12345678 over\n    next\n13. b\n", "12. " SIXTY "12345678\n    over next\n13. b\n" },
        { "  - " SIXTY "12345678 over\n  - next\n", "  - " SIXTY "12345678\n    over\n  - next\n" },
        { "  A: " SIXTY "1234567 over\n  B: b\n", "  A: " SIXTY "1234567\n    over\n  B: b\n" },
        { "  A: " SIXTY SIXTY "over\n", "  A: " TEN TEN TEN TEN TEN "123456789\n    " SIXTY "over\n" },
        /* Words are never broken, and columns are characters. */
        { "x " SIXTY "1234567890123456789012\nb\n", "x " TEN TEN TEN TEN TEN "123456789\n1234567890123456789012 b\n" },
        { "12345678901234567890123456789012345678901234567890123456789012345678901234567890 b\nc\n",
          "12345678901234567890123456789012345678901234567890123456789012345678901234567890\nb c\n" },
        { "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 " SIXTY "1234567\n",
          "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 " SIXTY "1234567\n" },
        /* Ideographs take two columns, accents on a letter before them none; a URL stays whole. */
        { IDEOGRAPHS " " IDEOGRAPHS " " IDEOGRAPHS " " IDEOGRAPHS "\n",
          IDEOGRAPHS " " IDEOGRAPHS " " IDEOGRAPHS "\n" IDEOGRAPHS "\n" },
        { SIXTY "12345 e\xCC\x81\xCC\x81 e\xCC\x81 o\xCC\x88 u\n",
          SIXTY "12345 e\xCC\x81\xCC\x81 e\xCC\x81 o\xCC\x88 u\n" },
        { "See https://bakery.example/" TENS TENS TENS TENS TENS TENS TENS TENS " for it\n",
          "See\nhttps://bakery.example/" TENS TENS TENS TENS TENS TENS TENS TENS "\nfor it\n" },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct buf out = BUF_EMPTY;
        buf_reserve(&out, 0);
        wrap_lines(&out, samples[i].text, strlen(samples[i].text));
        if (strcmp(out.data, samples[i].want) != 0)
            fail_msg("text: [%s]\nwant: [%s]\n got: [%s]", samples[i].text, samples[i].want, out.data);
        buf_free(&out);
    }
}

/* --- what templates take in --- */

static void expect_parts(const char *body, const char *want)
{
    static const struct template_partial partials[] = {
        { "layout", "layout.mustache", "{{#cases}}{{$each}}{{target}}{{/each}}{{/cases}}\n{{>end}}" },
        { "end", "end.mustache", POLITE },
        { "wrong", "wrong.mustache", "Hello\n {{zzzzz}}" },
        { "loop", "loop.mustache", "{{>loop}}" },
        { "open", "open.mustache", "{{#cases}}" },
    };
    char *text = mem_format("---\nsubject: S\n---\n%s", body);
    struct template_source source = {
        .file = "f.txt", .text = text, .length = strlen(text), .partials = partials, .partial_count = 5
    };
    struct template *template;
    struct error error = { "" };
    int result = template_parse_source(&source, &template, &error);
    assert_string_equal(error.text, want);
    assert_int_equal(result, *want ? -EINVAL : 0);
    template_free(template);
    free(text);
}

static void test_parts(void **state)
{
    (void)state;
    expect_parts("{{>layout}}", "");
    expect_parts("{{<layout}}{{$each}}{{incident_count}}{{/each}}{{/layout}}", "");
    expect_parts("{{>none}}", "f.txt:4:1: there is no none.mustache in the template's language");
    expect_parts("{{>*ticket}}", "f.txt:4:1: a mail's text is frozen whole: name the file that it takes in");
    expect_parts("{{>end}}{{>wrong}}", "wrong.mustache:2:2: unknown variable \"zzzzz\"");
    expect_parts("{{>end}}{{>loop}}",
                 "loop.mustache:1:1: files that take in others nest deeper than 8: is one inside itself?");
    expect_parts("{{>end}}{{>open}}", "open.mustache:1:1: opened here and never closed: cases");
    expect_parts("{{<layout}}{{$eech}}{{/eech}}{{/layout}}", "f.txt:4:12: layout.mustache has no block called eech");
    /* A name means what it means where the block comes to stand. */
    expect_parts("{{<layout}}{{$each}}{{zzzzz}}{{/each}}{{/layout}}", "f.txt:4:21: unknown variable \"zzzzz\"");
    expect_parts("{{#multiple}}{{>end}}{{/multiple}}",
                 "f.txt:4:1: the text must say who writes, always: {{sender.name}} is missing");
    expect_parts("{{^multiple}}{{>end}}{{/multiple}}{{sender.name}}",
                 "f.txt:4:1: the text must say how to make it stop, always: {{opt_out}} is missing");
    char long_line[1100];
    memset(long_line, 'x', sizeof long_line);
    long_line[998] = '\0';
    char *text = mem_format("%s\n" POLITE, long_line);
    expect_parts(text, "");
    free(text);
    long_line[998] = 'x';
    long_line[999] = '\0';
    text = mem_format(POLITE "\n%s", long_line);
    expect_parts(text, "f.txt:6:998: a line of more than 998 bytes: break it");
    free(text);
}

/* --- the same in HTML --- */

static struct template *parse_html(const char *html, struct error *error)
{
    static const char text[] = "---\nsubject: S\n---\n" POLITE;
    static const struct template_partial partials[] = {
        { "layout", "layout.mustache", "<div>{{$inner}}x{{/inner}}</div>{{>end}}" },
        { "end", "end.mustache", "<p>" POLITE "</p>" },
        { "open", "open.mustache", "<p>\n<b>" },
    };
    struct template_source source = { .file = "f.txt",
                                      .text = text,
                                      .length = sizeof text - 1,
                                      .html_file = "f.html",
                                      .html = html,
                                      .partials = partials,
                                      .partial_count = 3 };
    struct template *template;
    int result = template_parse_source(&source, &template, error);
    assert_int_equal(result, *error->text ? -EINVAL : 0);
    return template;
}

static void expect_html(const char *html, const char *want)
{
    struct error error = { "" };
    char *text = mem_format("%s{{>end}}", html);
    struct template *template = parse_html(text, &error);
    if (*want ? !strstr(error.text, want) : *error.text)
        fail_msg("%s\nwant: %s\n got: %s", html, want, error.text);
    template_free(template);
    free(text);
}

static void test_html_that_is_fit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "a > b &lt; {{ticket}}",
        "{{<layout}}{{$inner}}<i>{{ticket}}</i>{{/inner}}{{/layout}}",
        "<p>\n <br/><br><hr /> </p >{{#cases}}<ul><li>{{target}}</li></ul>{{/cases}}",
        "<a href=\"mailto:{{opt_out}}?subject={{ticket}}\">x</a><a href='{{sender.website}}'>y</a><a "
        "href=\"https://x.example\">z</a>",
        "<div style='color: #333; margin: 1em'\n lang=\"en\"><table border=\"1\"><tr><td "
        "align=\"right\"></td></tr></table></div>",
        "<p title=\"a > b\">{{! <script> is only a remark }}</p>",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_html(good[i], "");
}

static void test_html_that_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "\n <script>x()</script>", "f.html:2:2: not for mail: allowed are tags of text" },
        { "<img src=\"https://x.example/1.png\">", "f.html:1:1: not for mail" },
        { "<!-- x -->", "comments are {{! … }}" },
        { "<P></P>", "in small letters" },
        { "<>", "f.html:1:1: not for mail" },
        { "<style>p { color: red }</style>", "not for mail" },
        { "<p onclick=\"x()\"></p>", "f.html:1:1: this tag has an attribute that is not for mail" },
        { "<p href=\"#a\"></p>", "an attribute that is not for mail" },
        { "<p/></p>", "an attribute that is not for mail" },
        { "<p title=\"a\"lang=\"b\"></p>", "an attribute that is not for mail" },
        { "<p title=x></p>", "stands behind `=`, in quotes" },
        { "<p title></p>", "stands behind `=`, in quotes" },
        { "<a href=\"javascript:x()\"></a>", "a link begins with mailto:" },
        { "<a href=\"&#106;avascript:x()\"></a>", "a link begins with mailto:" },
        { "<a href=\"{{opt_out}}\"></a>", "a link begins with mailto:" },
        { "<p style=\"background: url(x)\"></p>", "a style is made of plain words" },
        { "<p style=\"background: u&#114;l(x)\"></p>", "a style is made of plain words" },
        { "<p style=\"color: {{ticket}}\"></p>", "a style is made of plain words" },
        { "<p title=\"{{ticket}}\"></p>", "only links have values that are filled in" },
        { "<a href=\"{{first.incident.url}}\"></a>",
          "f.html:1:10: inside a tag, and only in a link, may stand {{opt_out}}" },
        { "<p {{ticket}}></p>", "f.html:1:4: inside a tag, and only in a link" },
        { "{{{ticket}}}", "f.html:1:1: a value must be escaped: {{x}}, not {{{x}}} or {{&x}}" },
        { "<p>{{&ticket}}</p>", "f.html:1:4: a value must be escaped" },
        { "<p{{#cases}}></p>{{/cases}}", "f.html:1:3: a tag of HTML stands whole" },
        { "<p title=\"{{>end}}\"></p>", "a tag of HTML stands whole" },
        { "{{#cases}}<b{{/cases}}", "f.html:1:11: this tag is not closed by `>` in the same section" },
        { "{{#cases}}\n<b>{{/cases}}</b>", "f.html:1:1: <b> is not ended in the same section, or file" },
        { "<b>{{#cases}}</b>{{/cases}}", "f.html:1:14: this tag ends what was not begun, or not in the same section" },
        { "<b><i></b></i>", "f.html:1:7: this tag ends what was not begun" },
        { "</p>", "f.html:1:1: this tag ends what was not begun" },
        { "<p></p x>", "f.html:1:4: this tag ends what was not begun" },
        { "<p>", "f.html:1:1: <p> is not ended in the same section, or file" },
        { "\n{{>open}}</b></p>", "open.mustache:1:1: <b> is not ended" },
        { "{{<layout}}{{$inner}}</div>{{/inner}}{{/layout}}", "f.html:1:22: this tag ends what was not begun" },
        { "{{tickets}}", "f.html:1:1: unknown variable \"tickets\"" },
        { "\xff", "f.html:1:1: not a text file in UTF-8" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_html(bad[i][0], bad[i][1]);
    struct error error = { "" };
    template_free(parse_html("{{#multiple}}{{>end}}{{/multiple}}", &error));
    assert_string_equal(error.text, "f.html:1:1: the text must say who writes, always: {{sender.name}} is missing");
    struct buf deep = BUF_EMPTY;
    for (int i = 0; i < 65; i++)
        buf_add_string(&deep, "<b>");
    expect_html(deep.data, "f.html:1:193: tags nest deeper than 64");
    buf_free(&deep);
}

static void test_html_escapes(void **state)
{
    (void)state;
    struct error error = { "" };
    struct template *template = parse_html("<p>{{ticket}}</p>\r\n<i>{{first.target}}</i>\n{{>end}}", &error);
    json_t *data = json_loads("{\"ticket\":\"<script>&\\\"'\\u0000\\r\\n\\u2028\",\"first\":{\"target\":\"</i>\"}}",
                              JSON_ALLOW_NUL, NULL);
    struct arena arena = ARENA_EMPTY;
    struct value value = value_from_json(&arena, data);
    struct buf out = BUF_EMPTY;
    assert_true(template_has_html(template));
    assert_int_equal(template_html(template, &value, &out, &error), 0);
    assert_string_equal(out.data, "<p>&lt;script&gt;&amp;&quot;&#39; \n </p>\n<i>&lt;/i&gt;</i>\n<p> \n</p>");
    buf_free(&out);
    arena_free(&arena);
    json_decref(data);
    template_free(template);
}

/* --- the templates that Tocsin comes with --- */

static struct template *shipped(const char *name)
{
    static const char *const directories[] = { "templates" };
    const struct template_subject_matter matter = { .name = name };
    const struct language_clues english = { .usual = "en" };
    struct template_set *set = template_set_read(directories, 1);
    struct error error = { "" };
    struct frozen frozen;
    size_t count;
    const struct template_name *names = template_set_names(set, &count);
    char *text = template_set_freeze(set, template_choose(names, count, &matter, &english), 0, &error);
    if (!text || frozen_parse(text, &frozen, &error) != 0)
        fail_msg("%s", error.text);
    free(text);
    template_set_free(set);
    return frozen.texts[0];
}

static json_t *model(bool hoster, bool many)
{
    static const char text[] =
        "{\"ticket\":\"T-12\",\"date\":\"23 November 2026\",\"campaign\":\"c\",\"recipient\":\"info@bakery.example\","
        "\"case_count\":300,\"incident_count\":900,\"has_attachment\":true,\"attachment_is_zip\":false,\"attachment_"
        "reports\":null,\"summary\":false,\"attachment\":\"T-12.csv\","
        "\"opt_out\":\"stop+token@cert.example\",\"domain_without_abuse\":true,\"contact\":{\"kind\":\"soa\","
        "\"evidence\":\"The zone of bakery.example names this mailbox.\"},"
        "\"sender\":{\"name\":\"Alice Weber\",\"reply_to\":\"alice@cert.example\",\"organisation\":\"CERT Example\","
        "\"about\":\"We look after the security of "
        "Exampleland.\",\"website\":\"https://cert.example/n\",\"phone\":\"\"},"
        "\"cases\":[{\"target\":\"bakery.example\",\"incident_count\":9,\"first_seen\":\"A\",\"last_seen\":\"B\","
        "\"more\":4,\"incidents\":[{\"time\":\"2026-08-10 14:10:59 UTC\",\"type_text\":\"a search for weak points\","
        "\"host\":\"mx.bakery.example\",\"ip\":\"192.0.2.7\",\"port\":25,\"url\":null,\"description\":null,"
        "\"fields\":[{\"name\":\"extra.bot\",\"value\":\"worm\"}]}]}]}";
    json_t *data = json_loads(text, 0, NULL), *contact = json_object_get(data, "contact");
    assert_non_null(data);
    json_object_set_new(contact, "is_hoster", json_boolean(hoster));
    json_object_set_new(contact, "is_owner", json_boolean(!hoster));
    json_object_set_new(data, "multiple", json_boolean(many));
    json_object_set_new(data, "more", many ? json_integer(299) : json_false());
    json_object_set_new(data, "first", json_pack("{s:s}", "target", "bakery.example"));
    return data;
}

static char *body(const struct template *template, json_t *data)
{
    struct buf out = BUF_EMPTY;
    assert_int_equal(json_body(template, data, &out, NULL), 0);
    return buf_take(&out);
}

static void expect_narrow(const char *text)
{
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        if (strcspn(at, "\n") > 76)
            fail_msg("too wide: %.100s", at);
    }
    assert_null(strstr(text, "\n\n\n"));
    assert_null(strstr(text, " \n"));
    assert_null(strstr(text, "{{"));
}

static void test_notification(void **state)
{
    (void)state;
    static const char *const always[] = { "Alice Weber",
                                          "CERT Example",
                                          "info@bakery.example",
                                          "192.0.2.7, port 25",
                                          "2026-08-10 14:10:59 UTC",
                                          "a search for weak points",
                                          "extra.bot: worm",
                                          "4 more\n  All of them: from A to B\n",
                                          "T-12.csv",
                                          "alice@cert.example",
                                          "T-12 in the",
                                          "stop+token@cert.example",
                                          "RFC 2142",
                                          "The zone of",
                                          "3. " };
    struct template *template = shipped("notification");
    for (int variant = 0; variant < 4; variant++) {
        bool hoster = variant & 1, many = variant & 2;
        json_t *data = model(hoster, many);
        char *text = body(template, data);
        expect_narrow(text);
        for (size_t i = 0; i < sizeof always / sizeof *always; i++)
            if (!strstr(text, always[i]))
                fail_msg("\"%s\" is not in:\n%s", always[i], text);
        for (char *at = text; *at; at++)
            *at = *at == '\n' ? ' ' : *at;
        assert_int_equal(strstr(text, "customer") != NULL, hoster);
        assert_int_equal(strstr(text, "300 domains") != NULL, many);
        assert_int_equal(strstr(text, "299 more domains") != NULL, many);
        assert_null(strstr(text, "telephone"));
        struct buf line = BUF_EMPTY;
        assert_int_equal(json_subject(template, data, &line, NULL), 0);
        assert_string_equal(line.data, many ? "[T-12] Security notice about bakery.example and others (300 in all)"
                                            : "[T-12] Security notice about bakery.example");
        buf_free(&line);
        free(text);
        json_decref(data);
    }
    template_free(template);
}

/* Many incidents are summed up in every language, and what is attached is called what it is. */
static void test_notification_sums_up(void **state)
{
    (void)state;
    struct template *template = shipped("notification");
    json_t *data = model(true, true);
    json_object_set_new(data, "summary",
                        json_pack("{s:[{s:s, s:i, s:i, s:s, s:s}], s:i}", "kinds", "type_text", "a rare weakness",
                                  "incident_count", 890, "case_count", 300, "first_seen", "1 May", "last_seen", "2 May",
                                  "other_count", 10));
    json_object_set_new(data, "attachment_is_zip", json_true());
    json_object_set_new(data, "attachment_reports", json_string("T-12.xarf.json"));
    char *text = body(template, data);
    static const char *const wanted[] = {
        "900 observations in all",  "  890 x a rare weakness\n      from 1 May to 2 May\n",
        "  10 x something else\n",  "  bakery.example: 9\n",
        "  ... and 299 more\n",     "has all of them as a table",
        "The table in it is plain", "T-12.xarf.json has"
    };
    expect_narrow(text);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("\"%s\" is not in:\n%s", wanted[i], text);
    assert_null(strstr(text, "What was seen"));
    free(text);
    json_decref(data);
    template_free(template);
}

/* What a person reads about himself: never "domain or address", and of how we found him only what tells him something. */
static void test_notification_speaks_of_its_reader(void **state)
{
    (void)state;
    static const struct {
        const char *where, *flag, *says, *never;
    } rows[] = {
        { "first", "is_nothing", "come across your domain bakery.example", "address bakery.example" },
        { "first", "is_ip", "come across your address bakery.example", "domain bakery.example" },
        { "contact", "is_role", "In technical words: The zone of", "on record" },
        { "contact", "is_override", "We have it on record", "The zone of" },
    };
    struct template *template = shipped("notification");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *data = model(false, false);
        json_object_set_new(json_object_get(data, rows[i].where), rows[i].flag, json_true());
        char *text = body(template, data);
        expect_narrow(text);
        for (char *at = text; *at; at++)
            *at = *at == '\n' ? ' ' : *at;
        if (!strstr(text, rows[i].says) || strstr(text, rows[i].never) || strstr(text, "domain or address"))
            fail_msg("%s: %s", rows[i].flag, text);
        free(text);
        json_decref(data);
    }
    template_free(template);
}

static void test_receipt(void **state)
{
    (void)state;
    struct template *template = shipped("opt-out-receipt");
    json_t *data = model(false, false);
    json_object_del(data, "cases");
    json_object_del(data, "first");
    char *text = body(template, data);
    expect_narrow(text);
    assert_non_null(strstr(text, "info@bakery.example"));
    assert_null(strstr(text, "bakery.example\n  "));
    free(text);
    json_decref(data);
    template_free(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_matter),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_politeness),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_html_that_is_fit),
        cmocka_unit_test(test_html_that_is_refused),
        cmocka_unit_test(test_html_escapes),
        cmocka_unit_test(test_notification),
        cmocka_unit_test(test_notification_sums_up),
        cmocka_unit_test(test_notification_speaks_of_its_reader),
        cmocka_unit_test(test_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
