/* The Mustache renderer. Each row of the tables is a template, its data and what it must become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "templates/mustache.h"

#include "daemon/base/mem.h"
#include "tests/unit/json_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sample {
    const char *template, *data, *want;
    const char *partials[8]; /* name, text, name, text … */
};

struct library {
    const char *names[8];
    struct mustache *templates[8];
    size_t count;
};

static struct mustache *parse(const char *name, const char *text)
{
    struct mustache *template;
    struct error error = { "" };
    if (mustache_parse(name, text, strlen(text), &template, &error) != 0)
        fail_msg("%s", error.text);
    return template;
}

static const struct mustache *find(void *context, const char *name)
{
    struct library *library = context;
    for (size_t i = 0; i < library->count; i++)
        if (strcmp(library->names[i], name) == 0)
            return library->templates[i];
    return NULL;
}

static int render(const struct sample *sample, enum mustache_escape escape, struct buf *out, struct error *error)
{
    struct library library = { .count = 0 };
    for (size_t i = 0; i < 8 && sample->partials[i]; i += 2) {
        library.names[library.count] = sample->partials[i];
        library.templates[library.count++] = parse(sample->partials[i], sample->partials[i + 1]);
    }
    json_t *data = json_loads(sample->data, JSON_DECODE_ANY, NULL);
    assert_non_null(data);
    struct mustache *template = parse("t", sample->template);
    int result = json_render(template, data, escape, find, &library, out, error);
    mustache_free(template);
    json_decref(data);
    for (size_t i = 0; i < library.count; i++)
        mustache_free(library.templates[i]);
    return result;
}

static void check(const struct sample *samples, size_t count, enum mustache_escape escape)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_EMPTY;
        struct error error = { "" };
        buf_reserve(&out, 0);
        int result = render(&samples[i], escape, &out, &error);
        if (result != 0 || strcmp(out.data, samples[i].want) != 0)
            fail_msg("template: %s\nwant: [%s]\n got: [%s] (%d %s)", samples[i].template, samples[i].want, out.data,
                     result, error.text);
        buf_free(&out);
    }
}

#define CHECK(samples, escape) check(samples, sizeof samples / sizeof *samples, escape)

static void test_values(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "", "{}", "", { 0 } },
        { "no tags } here { at {all}", "{}", "no tags } here { at {all}", { 0 } },
        { "<{{a}}|{{ a }}|{{&a}}|{{{a}}}|{{{ a }}}|{{ & a}}>", "{\"a\":\"x\"}", "<x|x|x|x|x|x>", { 0 } },
        { "{{n}} {{z}} {{m}}", "{\"n\":100,\"z\":0,\"m\":-7}", "100 0 -7", { 0 } },
        { "{{a}} {{b}} {{c}} {{d}}",
          "{\"a\":1.21,\"b\":0.1,\"c\":100.0,\"d\":0.30000000000000004}",
          "1.21 0.1 100 0.30000000000000004",
          { 0 } },
        { "[{{t}}{{f}}{{n}}{{o}}{{l}}{{missing}}]",
          "{\"t\":true,\"f\":false,\"n\":null,\"o\":{},\"l\":[1]}",
          "[truefalse]",
          { 0 } },
        { "{{.}}", "85", "85", { 0 } },
        { "{{.}}", "\"word\"", "word", { 0 } },
        { "{{a.b.c}}|{{a.x.c}}|{{a.b.c.d}}", "{\"a\":{\"b\":{\"c\":1}},\"c\":2}", "1||", { 0 } },
        { "{{#s}}{{a.b}}{{/s}}", "{\"s\":{\"a\":{}},\"a\":{\"b\":\"outer\"}}", "", { 0 } },
        { "{{a}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", "{{b}}", { 0 } },
        { "{{\n  a\n}}", "{\"a\":\"x\"}", "x", { 0 } },
        { "{{{a}}}}", "{\"a\":\"x\"}", "x}", { 0 } },
        { "\xC3\xA4{{gr\xC3\xBC\xC3\x9F"
          "e}}",
          "{\"gr\xC3\xBC\xC3\x9F"
          "e\":\"\xE2\x82\xAC\"}",
          "\xC3\xA4\xE2\x82\xAC",
          { 0 } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_escaping(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "{{a}}",
          "{\"a\":\"<b class=\\\"x\\\">Tom & 'Jerry'</b>\"}",
          "&lt;b class=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;",
          { 0 } },
        { "{{{a}}}{{&a}}", "{\"a\":\"<&>\"}", "<&><&>", { 0 } },
        { "<i>{{#l}}{{.}},{{/l}}</i>", "{\"l\":[\"&\",\"a\",\"<\"]}", "<i>&amp;,a,&lt;,</i>", { 0 } },
    };
    CHECK(samples, MUSTACHE_HTML);
    static const struct sample plain[] = { { "{{a}}{{{a}}}", "{\"a\":\"<&\\\"'>\"}", "<&\"'><&\"'>", { 0 } } };
    CHECK(plain, MUSTACHE_TEXT);
}

static void test_sections(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":true}", "yes", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":false}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":null}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":\"\"}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":0}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":0.0}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":[]}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{}", "no", { 0 } },
        { "{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":{}}", "yes", { 0 } },
        { "{{#a}}{{.}}{{/a}}", "{\"a\":\"it\"}", "it", { 0 } },
        { "{{#l}}{{n}}{{x}};{{/l}}", "{\"x\":\"o\",\"l\":[{\"n\":1},{\"n\":2,\"x\":\"i\"}]}", "1o;2i;", { 0 } },
        { "{{#l}}{{#.}}{{.}}{{/.}}|{{/l}}", "{\"l\":[[1,2],[],[3]]}", "12||3|", { 0 } },
        { "{{#a.b}}{{c}}{{/a.b}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep", { 0 } },
        { "{{#l}}{{^last}}{{v}}, {{/last}}{{#last}}{{v}}.{{/last}}{{/l}}",
          "{\"l\":[{\"v\":1,\"last\":false},{\"v\":2,\"last\":true}]}",
          "1, 2.",
          { 0 } },
        { "{{#a}}{{#a}}{{v}}{{/a}}{{/a}}", "{\"a\":{\"v\":1,\"a\":{\"v\":2}}}", "2", { 0 } },
        { "{{#.}}{{v}}{{/.}}", "[{\"v\":1},{\"v\":2}]", "12", { 0 } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_standalone(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "a\n{{#t}}\nb\n{{/t}}\nc\n", "{\"t\":1}", "a\nb\nc\n", { 0 } },
        { "a\n{{#t}}\nb\n{{/t}}\nc\n", "{\"t\":0}", "a\nc\n", { 0 } },
        { "a\r\n  {{#t}}  \r\n b\r\n\t{{/t}}\r\nc", "{\"t\":1}", "a\r\n b\r\nc", { 0 } },
        { "{{#t}}\nb\n{{/t}}", "{\"t\":1}", "b\n", { 0 } },
        { "a\n  {{! nothing }}", "{}", "a\n", { 0 } },
        { "a {{! not\nalone }}\nb", "{}", "a \nb", { 0 } },
        { "a\n{{! alone\n  on lines }}\nb", "{}", "a\nb", { 0 } },
        { " {{v}} \n", "{\"v\":1}", " 1 \n", { 0 } },
        { " {{#t}}x{{/t}}\n", "{\"t\":1}", " x\n", { 0 } },
        { "{{#t}} {{/t}}\n", "{\"t\":1}", " \n", { 0 } },
        { "{{#t}}x\n{{/t}}\ny\n", "{\"t\":[1,2]}", "x\nx\ny\n", { 0 } },
        { "\n\n{{^f}}\n\n{{/f}}\n\n", "{}", "\n\n\n\n", { 0 } },
        { "\xC2\xA0{{#t}}\n{{/t}}\n", "{\"t\":1}", "\xC2\xA0\n", { 0 } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_delimiters(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>{{a}}", "{\"a\":1}", "1{{a}}1", { 0 } },
        { "x\n  {{= | | =}}  \n|#a|\n|v|\n|/a|\ny", "{\"a\":{\"v\":2}}", "x\n2\ny", { 0 } },
        { "{{=[ ]=}}[{a}] [&a]", "{\"a\":\"<\"}", "< <", { 0 } },
        { "{{=@@@ $=}}@@@a$@@a$", "{\"a\":1}", "1@@a$", { 0 } },
        { "{{=\n<<\n>>\n=}}<<a>>", "{\"a\":1}", "1", { 0 } },
        { "{{={ }=}}{a}", "{\"a\":1}", "1", { 0 } },
        { "{{=| |=}}|>p| |a|", "{\"a\":1}", "1|a| 1", { "p", "{{a}}|a|" } },
        { "{{>p}}{{a}}", "{\"a\":1}", "x1", { "p", "{{=| |=}}x" } },
    };
    CHECK(samples, MUSTACHE_HTML);
    static const struct sample raw[] = { { "{{=[ ]=}}[a] [{a}]", "{\"a\":\"<\"}", "&lt; <", { 0 } } };
    CHECK(raw, MUSTACHE_HTML);
}

static void test_partials(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "[{{>p}}]", "{\"a\":1}", "[<1>]", { "p", "<{{a}}>" } },
        { "[{{>none}}]\n{{>none}}\nend", "{}", "[]\nend", { 0 } },
        { "{{#l}}{{>p}}{{/l}}", "{\"l\":[{\"a\":1},{\"a\":2}]}", "1,2,", { "p", "{{a}}," } },
        { "a:\n  {{>p}}\nb\n", "{}", "a:\n  x\n  y\nb\n", { "p", "x\ny\n" } },
        { "a:\n  {{>p}}\nb", "{}", "a:\n  x\n  yb", { "p", "x\ny" } },
        { "a: {{>p}}\n", "{}", "a: x\ny\n", { "p", "x\ny" } },
        { "  {{>p}}", "{\"v\":\"1\\n2\"}", "  [1\n2]\n", { "p", "[{{v}}]\n" } },
        { " {{>p}}", "{}", " p\n   q\n   r\n p\n", { "p", "p\n  {{>q}}\np\n", "q", "q\nr\n" } },
        { " {{>p}}", "{}", " p q\nr\n p\n", { "p", "p {{>q}}\np\n", "q", "q\nr" } },
        { " {{>p}}", "{\"l\":[1,2]}", " -1\n -2\n", { "p", "{{#l}}\n-{{.}}\n{{/l}}\n" } },
        { " {{>p}}", "{\"v\":7}", " 7\n ! 7\n", { "p", "{{v}}\n{{! x }}! {{v}}\n" } },
        { "\t{{>p}}\r\nz", "{}", "\ta\r\n\tb\r\nz", { "p", "a\r\nb\r\n" } },
        { "{{>p}} {{>p}}\n", "{}", "x x\n", { "p", "x" } },
        { "{{>node}}",
          "{\"v\":1,\"l\":[{\"v\":2,\"l\":[]},{\"v\":3,\"l\":[{\"v\":4,\"l\":[]}]}]}",
          "1(2()3(4()))",
          { "node", "{{v}}({{#l}}{{>node}}{{/l}})" } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_dynamic_names(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "{{>*which}}", "{\"which\":\"q\"}", "Q", { "p", "P", "q", "Q" } },
        { "{{#l}}{{> * kind }}{{/l}}",
          "{\"l\":[{\"kind\":\"p\"},{\"kind\":\"q\"},{\"kind\":\"r\"}]}",
          "PQ",
          { "p", "P", "q", "Q" } },
        { "{{>*a.b}}", "{\"a\":{\"b\":\"p\"}}", "P", { "p", "P" } },
        { "[{{>*n}}{{>*o}}{{>*m}}]", "{\"n\":7,\"o\":{}}", "[]", { "7", "no" } },
        { "{{<*which}}{{$b}}mine{{/b}}{{/*which}}", "{\"which\":\"p\"}", "(mine)", { "p", "({{$b}}own{{/b}})" } },
        { "{{<*which}}{{$b}}mine{{/b}}{{/ * which}}", "{\"which\":\"p\"}", "(mine)", { "p", "({{$b}}own{{/b}})" } },
        { "{{#*k}}x{{/*k}}", "{\"*k\":1}", "x", { 0 } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_inheritance(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "{{$b}}own {{v}}{{/b}}\n", "{\"v\":1,\"b\":\"no\"}", "own 1\n", { 0 } },
        { "{{<p}}{{/p}}", "{}", "<own>", { "p", "<{{$b}}own{{/b}}>" } },
        { "{{<none}}{{$b}}x{{/b}}{{/none}}|", "{}", "|", { 0 } },
        { "{{<p}} text {{v}} {{>q}}{{#s}}x{{/s}}{{$b}}new{{/b}}{{! c }}{{/p}}",
          "{\"v\":1,\"s\":1}",
          "<new>",
          { "p", "<{{$b}}own{{/b}}>", "q", "Q" } },
        { "{{<p}}{{$b}}{{v}}{{/b}}{{/p}}",
          "{\"v\":\"outer\",\"s\":{\"v\":\"inner\"}}",
          "inner",
          { "p", "{{#s}}{{$b}}{{/b}}{{/s}}" } },
        { "{{<p}}{{$b}}one{{/b}}{{$b}}two{{/b}}{{/p}}", "{}", "two", { "p", "{{$b}}{{/b}}" } },
        /* The outermost argument wins; a plain partial hands arguments on. */
        { "{{<p}}{{$b}}T{{/b}}{{/p}}", "{}", "T", { "p", "{{<q}}{{$b}}P{{/b}}{{/q}}", "q", "{{$b}}Q{{/b}}" } },
        { "{{<p}}{{$b}}T{{/b}}{{/p}}", "{}", "[T]", { "p", "[{{>q}}]", "q", "{{$b}}Q{{/b}}" } },
        { "{{<p}}{{/p}}", "{}", "P", { "p", "{{<q}}{{$b}}P{{/b}}{{/q}}", "q", "{{$b}}Q{{/b}}" } },
        /* An argument may be made of blocks, even of one with its own name, and of parents. */
        { "{{<p}}{{$b}}<{{$b}}inner{{/b}}>{{/b}}{{/p}}", "{}", "<inner>", { "p", "{{$b}}own{{/b}}" } },
        { "{{<p}}{{$c}}C{{/c}}{{/p}}",
          "{}",
          "[C]",
          { "p", "{{<q}}{{$b}}[{{$c}}own{{/c}}]{{/b}}{{/q}}", "q", "{{$b}}{{/b}}" } },
        { "{{<p}}{{$b}}{{<p}}{{$b}}x{{/b}}{{/p}}{{/b}}{{/p}}", "{}", "((x))", { "p", "({{$b}}{{/b}})" } },
        { "{{#l}}{{<p}}{{$b}}{{.}}{{/b}}{{/p}}{{/l}}", "{\"l\":[1,2]}", "(1)(2)", { "p", "({{$b}}{{/b}})" } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_inheritance_lines(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        /* Parents on lines of their own are indented like partials; others are not. */
        { "a\n  {{<p}}{{/p}}  \nb\n", "{}", "a\n  x\n  y\nb\n", { "p", "x\ny\n" } },
        { "a\n  {{<p}}\n{{/p}}\nb\n", "{}", "a\n  x\n  y\nb\n", { "p", "x\ny\n" } },
        { "a\n  {{<p}}{{$c}}text{{/c}}{{/p}}\nb\n", "{}", "a\n  x\n  y\nb\n", { "p", "x\ny\n" } },
        { "  {{<p}}{{/p}} b\n", "{}", "  x\ny\n b\n", { "p", "x\ny\n" } },
        { "{{<p}}{{/p}}{{<p}}{{/p}}\n", "{}", "xx\n", { "p", "x" } },
        { "a {{<p}}\n{{/p}} b\n", "{}", "a x b\n", { "p", "x" } },
        { "\t{{<p}}\r\n{{$b}}\r\nnew\r\n{{/b}}\r\n{{/p}}\r\nz",
          "{}",
          "\t[\r\n\tnew\r\n\t]\r\nz",
          { "p", "[\r\n{{$b}}\r\nold\r\n{{/b}}\r\n]\r\n" } },
        /* A block that is not replaced stays as it stands. */
        { "{{<p}}{{/p}}",
          "{}",
          "a\n    one\n\n      two\nb\n",
          { "p", "a\n  {{$b}}\n    one\n\n      two\n  {{/b}}\nb\n" } },
        { "{{<p}}{{/p}}", "{}", "a\n  \nb\n", { "p", "a\n  {{$b}}{{/b}}\nb\n" } },
        /* A replacement takes the indentation of what it replaces, and loses its own. */
        { "{{<p}}\n    {{$b}}\n      1\n\n       2\n    {{/b}}\n{{/p}}",
          "{}",
          "a\n  1\n  \n   2\nb\n",
          { "p", "a\n{{$b}}\n  one\n{{/b}}\nb\n" } },
        { "{{<p}}{{$b}}\n  1\n  2\n{{/b}}{{/p}}", "{}", "a\n - 1\n2\nb\n", { "p", "a\n - {{$b}}{{/b}}\nb\n" } },
        { "{{<p}}{{$b}}\n1\n2\n{{/b}}{{/p}}", "{}", "a\n  1\n  2\nb\n", { "p", "a\n  {{$b}}one{{/b}}\nb\n" } },
        { "{{<p}}{{$b}}x{{/b}}{{/p}}", "{}", "a\n  x\nb\n", { "p", "a\n{{$b}}\n  one\n  two\n{{/b}}\nb\n" } },
        { "{{<p}}{{$b}}{{/b}}{{/p}}", "{}", "a\nb\n", { "p", "a\n{{$b}}\n  one\n{{/b}}\nb\n" } },
        { " {{<p}}{{$b}}\n{{>q}}\n{{/b}}{{/p}}",
          "{}",
          " a\n   1\n   2\n b\n",
          { "p", "a\n{{$b}}\n  one\n{{/b}}\nb\n", "q", "1\n2\n" } },
        { "{{<p}}{{$b}}\n  {{>q}}\n{{/b}}{{/p}}",
          "{}",
          "a\n- 1\n2\nb\n",
          { "p", "a\n- {{$b}}{{/b}}\nb\n", "q", "1\n2\n" } },
        /* Tags of parents and blocks may share their lines. */
        { "x\n  {{$b}}{{<p}}\n  {{/p}}{{/b}}\ny\n", "{}", "x\n  1\n  2\ny\n", { "p", "1\n2\n" } },
        { "{{<p}}\n{{$a}}\nA\n{{/a}}{{$b}}\nB\n{{/b}}\n{{/p}}\n",
          "{}",
          "A\n-\nB\n",
          { "p", "{{$a}}\n{{/a}}\n-\n{{$b}}\n{{/b}}\n" } },
    };
    CHECK(samples, MUSTACHE_TEXT);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } samples[] = {
        { "a\n {{b", "t:2:2: a tag begins here and does not end" },
        { "{{{a}}", "t:1:1: a tag begins here and does not end" },
        { "{{#a}}x", "t:1:1: opened here and never closed: a" },
        { "x{{/a}}", "t:1:2: nothing is open that this could close: a" },
        { "{{#a}}\n{{#b}}\n\xC3\xA4{{/a}}", "t:3:2: this closes \"a\", but \"b\" of line 2 is open" },
        { "{{<a}}{{/b}}", "t:1:7: this closes \"b\", but \"a\" of line 1 is open" },
        { "{{}}", "t:1:1: a tag without a name" },
        { "{{{}}}", "t:1:1: a tag without a name" },
        { "{{>}}", "t:1:1: a tag without a name" },
        { "{{>*}}", "t:1:1: a tag without a name" },
        { "{{a b}}", "t:1:1: a name holds no blanks or control characters: a b" },
        { "{{a\nb}}", "t:1:1: a name holds no blanks or control characters: a" },
        { "{{a.}}", "t:1:1: a dot in a name stands between two words: a." },
        { "{{.a}}", "t:1:1: a dot in a name stands between two words: .a" },
        { "{{a..b}}", "t:1:1: a dot in a name stands between two words: a..b" },
        { "{{=<%=}}", "t:1:1: new delimiters must be two words without '=': <%" },
        { "{{=a b c=}}", "t:1:1: new delimiters must be two words without '=': a b c" },
        { "{{= =}}", "t:1:1: new delimiters must be two words without '='" },
        { "{{=a= =b=}}", "t:1:1: new delimiters must be two words without '=': a= =b" },
        { "{{= <% %>}}", "t:1:1: a tag begins here and does not end" },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct mustache *template = (struct mustache *)&template;
        struct error error = { "" };
        assert_int_equal(mustache_parse("t", samples[i].text, strlen(samples[i].text), &template, &error), -EINVAL);
        assert_string_equal(error.text, samples[i].want);
        assert_null(template);
    }
}

/* COUNT times BEFORE, then COUNT times AFTER. */
static char *nested(size_t count, const char *before, const char *after)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < 2 * count; i++)
        buf_add_string(&text, i < count ? before : after);
    return buf_take(&text);
}

static void test_limits(void **state)
{
    (void)state;
    struct mustache *template;
    struct error error = { "" };
    char *text = nested(64, "{{#a}}", "{{/a}}");
    assert_int_equal(mustache_parse("t", text, strlen(text), &template, &error), 0);
    mustache_free(template);
    free(text);
    text = nested(65, "{{#a}}", "{{/a}}");
    assert_int_equal(mustache_parse("t", text, strlen(text), &template, &error), -EINVAL);
    assert_string_equal(error.text, "t:1:385: sections nest too deep: a");
    free(text);
    text = nested((size_t)3 << 20, " ", " ");
    assert_int_equal(mustache_parse("t", text, strlen(text), &template, &error), -EINVAL);
    assert_non_null(strstr(error.text, "larger than"));
    free(text);
    static const char bytes[] = "a\0b{{v\0w}}";
    assert_int_equal(mustache_parse("t", bytes, sizeof bytes - 1, &template, &error), -EINVAL);
    assert_int_equal(mustache_parse("t", bytes, 3, &template, &error), 0);
    struct buf out = BUF_EMPTY;
    assert_int_equal(json_render(template, NULL, MUSTACHE_TEXT, NULL, NULL, &out, &error), 0);
    assert_int_equal(out.length, 3);
    assert_memory_equal(out.data, bytes, 3);
    buf_free(&out);
    mustache_free(template);
}

static void test_render_limits(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct error error = { "" };
    static const struct sample loop = { "{{>p}}", "{}", "", { "p", "x\n {{>p}}\n" } };
    buf_add_string(&out, "before");
    assert_int_equal(render(&loop, MUSTACHE_TEXT, &out, &error), -ELOOP);
    assert_string_equal(error.text, "p:2:2: partials nest deeper than 64");
    assert_string_equal(out.data, "before");
    static const struct sample parents = {
        "{{<p}}{{/p}}", "{}", "", { "p", "{{<q}}{{$b}}{{<p}}{{/p}}{{/b}}{{/q}}", "q", "{{$b}}{{/b}}" }
    };
    assert_int_equal(render(&parents, MUSTACHE_TEXT, &out, &error), -ELOOP);
    /* 8 lists in each other, of 20 each: 20^8 times a kilobyte, stopped at 64 MiB. */
    struct buf text = BUF_EMPTY, data = BUF_EMPTY;
    char *open = nested(8, "{{#l}}", "");
    char *close = nested(8, "", "{{/l}}");
    buf_add_format(&text, "%s%1000s%s", open, "x", close);
    buf_add_string(&data, "{\"l\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}");
    struct sample big = { text.data, data.data, "", { 0 } };
    assert_int_equal(render(&big, MUSTACHE_TEXT, &out, &error), -E2BIG);
    assert_string_equal(out.data, "before");
    free(open);
    free(close);
    buf_free(&text);
    buf_free(&data);
    buf_free(&out);
}

struct visits {
    struct buf text;
    int stop_at, count;
    const struct mustache *partial;
};

static const struct mustache *find_visited(void *context, const char *name)
{
    const struct visits *visits = context;
    return visits->partial && strcmp(name, "r") == 0 ? visits->partial : NULL;
}

static int visit(void *context, const struct mustache_use *use)
{
    struct visits *visits = context;
    buf_add_format(&visits->text, "%s%d:%d%s", strcmp(use->file, "t") == 0 ? "" : use->file, use->line, use->column,
                   use->inverted ? "!" : "");
    for (size_t i = 0; i < use->depth; i++)
        buf_add_format(&visits->text, "/%s", use->sections[i]);
    buf_add_format(&visits->text, " %s\n", use->name);
    return ++visits->count == visits->stop_at ? 7 : 0;
}

static void test_names(void **state)
{
    (void)state;
    struct mustache *template =
        parse("t", "{{a.b}} {{{c}}}\n{{#s}}\n  {{d}}{{^e}}{{f}}{{/e}}\n{{#g}}{{.}}{{/g}}{{/s}}{{>p}}"
                   "{{>*q}}{{! no }}{{<r}}{{$h}}{{i}}{{/h}}{{/r}}{{&j}}");
    struct visits visits = { BUF_EMPTY, 0, 0, NULL };
    assert_int_equal(mustache_names(template, find_visited, visit, &visits), 0);
    assert_string_equal(visits.text.data, "1:1 a.b\n1:9 c\n2:1 s\n3:3/s d\n3:8/s e\n3:14!/s f\n4:1/s g\n4:7/s/g .\n"
                                          "4:30 q\n4:75 j\n");
    buf_free(&visits.text);
    visits = (struct visits){ BUF_EMPTY, 4, 0, NULL };
    assert_int_equal(mustache_names(template, find_visited, visit, &visits), 7);
    assert_int_equal(visits.count, 4);
    buf_free(&visits.text);

    /* A partial's names, and a block's where it comes to stand. */
    struct mustache *partial = parse("r", "{{#s}}{{$h}}{{x}}{{/h}}{{$k}}{{y}}{{/k}}{{/s}}");
    visits = (struct visits){ BUF_EMPTY, 0, 0, partial };
    assert_int_equal(mustache_names(template, find_visited, visit, &visits), 0);
    assert_non_null(strstr(visits.text.data, "4:30 q\nr1:1 s\n4:58/s i\nr1:30/s y\n4:75 j\n"));
    buf_free(&visits.text);
    mustache_free(partial);
    mustache_free(template);
}

/* Threads may share a parsed template: rendering leaves no trace in it. */
static void test_again(void **state)
{
    (void)state;
    struct mustache *template = parse("t", "{{#l}}\n- {{v}}\n{{/l}}\n");
    json_t *data = json_loads("{\"l\":[{\"v\":1},{\"v\":2}]}", 0, NULL);
    for (int i = 0; i < 3; i++) {
        struct buf out = BUF_EMPTY;
        assert_int_equal(json_render(template, data, MUSTACHE_HTML, NULL, NULL, &out, NULL), 0);
        assert_string_equal(out.data, "- 1\n- 2\n");
        buf_free(&out);
    }
    json_decref(data);
    mustache_free(template);
    mustache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_standalone),
        cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_dynamic_names),
        cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_inheritance_lines),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_render_limits),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
