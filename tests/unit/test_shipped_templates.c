/* The templates that Tocsin comes with: each, in each of its languages, for every combination of what a mail may have or lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "templates/frozen.h"
#include "templates/set.h"

#include "daemon/base/mem.h"
#include "tests/unit/json_value.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char model[] =
    "{\"ticket\":\"T-12\",\"date\":\"D\",\"campaign\":\"c\",\"recipient\":\"info@bakery.example\","
    "\"case_count\":300,\"incident_count\":900,\"attachment\":\"T-12.csv\",\"opt_out\":\"stop+token@cert.example\","
    "\"reminder\":false,\"first\":{\"target\":\"bakery.example\"},\"contact\":{\"evidence\":\"The zone names it.\"},"
    "\"sender\":{\"name\":\"Alice Weber\",\"reply_to\":\"alice@cert.example\"},"
    "\"cases\":[{\"target\":\"bakery.example\",\"last_seen\":\"2026-08-11 14:10:59 "
    "UTC\",\"incidents\":[{\"type_text\":\"a scan\"}]}]}";

/* A value that a mail may lack: where it stands in the model, and what it is. */
struct part {
    const char *inside, *name, *json;
};

static const struct part around[] = {
    { "contact", "is_hoster", "true" },
    { "contact", "is_role", "true" },
    { "contact", "is_override", "true" },
    { "", "multiple", "true" },
    { "first", "is_ip", "true" },
    { "", "domain_without_abuse", "true" },
    { "", "note", "\"A note.\"" },
    { "", "earlier", "[{\"ticket\":\"T-3\",\"date\":\"D\"},{\"ticket\":\"T-4\",\"date\":\"D\"}]" },
    { "sender", "organisation", "\"CERT Example\"" },
    { "sender", "about", "\"We look after Exampleland.\"" },
    { "sender", "phone", "\"+49 30 1\"" },
    { "sender", "website", "\"https://cert.example/\"" },
};

static const struct part facts[] = {
    { "", "has_attachment", "true" },
    { "", "attachment_more", "7" },
    { "", "more", "280" },
    { "case", "more", "4" },
    { "case", "first_seen", "\"2026-08-10 14:10:59 UTC\"" },
    { "incident", "time", "\"2026-08-10 14:10:59 UTC\"" },
    { "incident", "host", "\"mx.bakery.example\"" },
    { "incident", "ip", "\"192.0.2.7\"" },
    { "incident", "port", "25" },
    { "incident", "url", "\"hxxps://bakery.example/a\"" },
    { "incident", "description", "\"Something.\"" },
    { "incident", "fields", "[{\"name\":\"a\",\"value\":\"b\"}]" },
};
#define PARTS 12
_Static_assert(sizeof around / sizeof *around == PARTS && sizeof facts / sizeof *facts == PARTS, "as many");

static json_t *object_of(json_t *data, const char *inside)
{
    json_t *one = json_array_get(json_object_get(data, "cases"), 0);
    if (strcmp(inside, "case") == 0)
        return one;
    if (strcmp(inside, "incident") == 0)
        return json_array_get(json_object_get(one, "incidents"), 0);
    return *inside ? json_object_get(data, inside) : data;
}

static json_t *model_of(const struct part *parts, unsigned has)
{
    json_t *data = json_loads(model, 0, NULL);
    for (unsigned i = 0; i < PARTS; i++) {
        json_t *value = has & 1U << i ? json_loads(parts[i].json, JSON_DECODE_ANY, NULL) : json_null();
        json_object_set_new(object_of(data, parts[i].inside), parts[i].name, value);
    }
    return data;
}

/* A line in capitals. */
static bool is_heading(const char *line, size_t length)
{
    size_t capitals = 0;
    for (size_t i = 0; i < length; i++) {
        if (islower((unsigned char)line[i]) || strchr(".:@0123456789", line[i]))
            return false;
        capitals += isupper((unsigned char)line[i]) != 0;
    }
    return capitals > 4;
}

static const char *wrong_with(const char *text)
{
    const char *last = NULL; /* the heading before, where nothing has followed it */
    for (const char *at = text, *next; *at; at = next) {
        size_t length = strcspn(at, "\n"), width = 0;
        next = at + length + (at[length] == '\n');
        for (size_t i = 0; i < length; i++)
            width += ((unsigned char)at[i] & 0xC0) != 0x80;
        if (width > 76)
            return "a wide line";
        if (length && at[length - 1] == ' ')
            return "a blank at the end of a line";
        if (length && is_heading(at, length)) {
            if (last)
                return "a heading without a text";
            last = at;
        } else if (length) {
            last = NULL;
        }
    }
    return last                                                                 ? "a heading at the end"
           : strstr(text, "{{") || strstr(text, "}}")                           ? "a tag"
           : strstr(text, "\n\n\n")                                             ? "two blank lines"
           : *text == '\n'                                                      ? "a blank line at the beginning"
           : strstr(text, " ,") || strstr(text, " .\n") || strstr(text, "..\n") ? "a stray blank or full stop"
           : !strstr(text, "stop+token@cert.example")                           ? "no way to stop"
           : !strstr(text, "Alice Weber")                                       ? "no sender"
           : !strstr(text, "bakery.example")                                    ? "nothing that it is about"
                                                                                : NULL;
}

static void check(const struct template *template, const struct template_name *name, const struct part *parts,
                  unsigned has)
{
    json_t *data = model_of(parts, has);
    struct buf text = BUF_EMPTY, subject = BUF_EMPTY;
    assert_int_equal(json_body(template, data, &text, NULL), 0);
    assert_int_equal(json_subject(template, data, &subject, NULL), 0);
    const char *wrong = wrong_with(text.data);
    if (wrong)
        fail_msg("%s.%s, %x of the parts that begin with %s: %s:\n%s", name->name, name->language, has, parts[0].name,
                 wrong, text.data);
    assert_non_null(strstr(subject.data, "[T-12] "));
    if (strcmp(name->name, TEMPLATE_RECEIPT) != 0)
        assert_non_null(strstr(subject.data, "bakery.example"));
    buf_free(&text);
    buf_free(&subject);
    json_decref(data);
}

/* Is an element begun and ended with nothing in it, where that would look like a mistake? */
static const char *empty_element(const char *html)
{
    static const char *const elements[] = { "<p></p>",       "<ol>\n</ol>",  "<li></li>",
                                            "</h2>\n</div>", "</h2>\n\n<h2", "<h3>\n" };
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strstr(html, elements[i]))
            return elements[i];
    return NULL;
}

/* What the HTML of a mail lacks; its tags are the template's affair, which has been held to them. */
static void check_html(const struct template *template, const struct part *parts, unsigned has)
{
    json_t *data = model_of(parts, has);
    struct arena arena = ARENA_EMPTY;
    struct value value = value_from_json(&arena, data);
    struct buf html = BUF_EMPTY;
    assert_int_equal(template_html(template, &value, &html, NULL), 0);
    const char *empty = empty_element(html.data);
    if (empty || strstr(html.data, "{{") || strstr(html.data, " ,") || strstr(html.data, "..\n") ||
        !strstr(html.data, "<a href=\"mailto:stop+token@cert.example\">stop+token@cert.example</a>") ||
        !strstr(html.data, "Alice Weber") || !strstr(html.data, "bakery.example"))
        fail_msg("%x of the parts that begin with %s: %s:\n%s", has, parts[0].name, empty ? empty : "", html.data);
    buf_free(&html);
    arena_free(&arena);
    json_decref(data);
}

static struct template_set *shipped(void)
{
    static const char *const directories[] = { "templates" };
    return template_set_read(directories, 1);
}

static void test_every_combination(void **state)
{
    (void)state;
    size_t count;
    size_t with_html = 0;
    struct template_set *set = shipped();
    const struct template_name *names = template_set_names(set, &count);
    for (size_t i = 0; i < count; i++) {
        struct error error = { "" };
        struct frozen frozen;
        char *text = template_set_freeze(set, (int)i, TEMPLATE_SET_HTML, &error);
        if (!text)
            fail_msg("%s", error.text);
        assert_int_equal(frozen_parse(text, &frozen, &error), 0);
        bool html = template_has_html(frozen.texts[0]);
        with_html += html;
        for (unsigned has = 0; has < 1U << PARTS; has++) {
            if (html) {
                check_html(frozen.texts[0], around, has);
                check_html(frozen.texts[0], facts, has);
            }
            check(frozen.texts[0], &names[i], around, has);
            check(frozen.texts[0], &names[i], facts, has);
        }
        frozen_clear(&frozen);
        free(text);
    }
    template_set_free(set);
    assert_true(with_html >= 2);
}

static void count_line(void *context, const char *text)
{
    (void)context;
    fail_msg("%s", text);
}

static bool nothing_is_named(void *context, const char *name)
{
    (void)context;
    (void)name;
    return false;
}

/* All that the table of groups leads to is there in English, and nothing that nobody asks for. */
static void test_there_is_one_for_each_group(void **state)
{
    (void)state;
    static const char *const wanted[] = { "notification",       "reminder",         "opt-out-receipt",
                                          "open-relay-probe",   "compromised-site", "exposed-service",
                                          "leaked-credentials", "botnet-drone",     "phishing-page" };
    size_t count;
    struct template_set *set = shipped();
    const struct template_name *names = template_set_names(set, &count);
    template_set_complain(set, count_line, NULL);
    template_set_doubt(set, nothing_is_named, count_line, NULL);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct template_subject_matter matter = { .name = wanted[i] };
        const struct language_clues english = { NULL };
        int found = template_choose(names, count, &matter, &english);
        assert_true(found >= 0 && template_is_asked_for(wanted[i]));
        assert_string_equal(names[found].name, wanted[i]);
        assert_string_equal(names[found].language, "en");
    }
    for (unsigned language = 0; language < 3; language++) {
        static const char *const others[] = { "de", "fr", "es" };
        const struct template_subject_matter matter = { .type = "x" };
        const struct language_clues clues = { .usual = others[language] };
        int found = template_choose(names, count, &matter, &clues);
        assert_string_equal(names[found].language, others[language]);
    }
    template_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_there_is_one_for_each_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
