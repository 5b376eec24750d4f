/* Templates in directories: which there are, which is taken, what is wrong with them, and how they are frozen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "templates/frozen.h"
#include "templates/set.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct place {
    char first[40], second[40];
    const char *directories[3];
};

static int begin(void **state)
{
    struct place *place = mem_zero(1, sizeof *place);
    strcpy(place->first, "/tmp/tocsin-templates-XXXXXX");
    strcpy(place->second, "/tmp/tocsin-templates-XXXXXX");
    assert_non_null(mkdtemp(place->first));
    assert_non_null(mkdtemp(place->second));
    place->directories[0] = place->first;
    place->directories[1] = "/nonexistent";
    place->directories[2] = place->second;
    *state = place;
    return 0;
}

static int end(void **state)
{
    struct place *place = *state;
    char *command = mem_format("rm -r %s %s", place->first, place->second);
    int status = system(command);
    free(command);
    free(place);
    return status;
}

static void put(const char *directory, const char *name, const char *text)
{
    char *path = mem_format("%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

#define POLITE "{{sender.name}} {{opt_out}}\n"
#define FRONT(language) "---\nsubject: S\nlanguage: " language "\n---\n"

static void add_line(void *context, const char *text)
{
    buf_add_format(context, "%s\n", text);
}

static void expect_frozen(struct template_set *set, int index, unsigned wanted, const char *want)
{
    struct error error = { "" };
    struct frozen frozen;
    struct buf said = BUF_EMPTY;
    char *text = template_set_freeze(set, index, wanted, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(frozen_parse(text, &frozen, &error), 0);
    const struct value nothing = { .kind = VALUE_NULL };
    for (size_t i = 0; i < frozen.count; i++) {
        buf_add_format(&said, "%s:", template_language(frozen.texts[i]));
        assert_int_equal(template_body(frozen.texts[i], &nothing, &said, &error), 0);
    }
    assert_string_equal(said.data, want);
    buf_free(&said);
    frozen_clear(&frozen);
    free(text);
}

static int find(struct template_set *set, const char *name, const char *language)
{
    size_t count;
    const struct template_name *names = template_set_names(set, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].name, name) == 0 && strcmp(names[i].language, language) == 0)
            return (int)i;
    return -1;
}

static void test_directories(void **state)
{
    struct place *place = *state;
    put(place->first, "both.en.txt", FRONT("en") "first " POLITE);
    put(place->second, "both.en.txt", FRONT("en") "second " POLITE);
    put(place->second, "both.de-at.txt", FRONT("de-AT") "{{>hello}}" POLITE);
    put(place->second, "both.fr.txt", "---\nsubject: S\n---\n{{>hello}}" POLITE); /* its name says the language */
    put(place->second, "hello.mustache", "?\n");
    put(place->second, "hello.de.mustache", "Servus\n");
    put(place->first, "hello.de.mustache", "Hallo\n");
    put(place->second, "de.relay-2.txt", FRONT("es") "uno " POLITE);
    put(place->second, "README", "not ours");
    put(place->second, "both.en.txt~", "an editor's");
    struct template_set *set = template_set_read(place->directories, 3);
    struct buf said = BUF_EMPTY;
    size_t count;
    template_set_names(set, &count);
    assert_int_equal(count, 4);
    assert_int_equal(template_set_complain(set, add_line, &said), 0);
    expect_frozen(set, find(set, "both", "en"), 0, "en:first  \n");
    expect_frozen(set, find(set, "both", "en"), TEMPLATE_SET_BILINGUAL, "en:first  \n");
    expect_frozen(set, find(set, "both", "de-AT"), 0, "de-AT:Hallo\n \n");
    expect_frozen(set, find(set, "both", "de-AT"), TEMPLATE_SET_BILINGUAL, "de-AT:Hallo\n \nen:first  \n");
    expect_frozen(set, find(set, "both", "fr"), 0, "fr:?\n \n");
    expect_frozen(set, find(set, "de.relay-2", "es"), TEMPLATE_SET_BILINGUAL,
                  "es:uno  \n"); /* nothing in English at all */
    struct error error = { "" };
    assert_int_equal(template_set_missing(set, "none", &error), -ENOENT);
    assert_non_null(strstr(error.text, "there is no template none.LANGUAGE.txt in /tmp/"));
    assert_non_null(strstr(error.text, ", /nonexistent and /tmp/"));
    template_set_free(set);
    buf_free(&said);
}

/* What is said in HTML of the template NAME in LANGUAGE, frozen as WANTED. */
static void expect_html(struct template_set *set, const char *name, const char *language, unsigned wanted,
                        const char *want)
{
    struct error error = { "" };
    struct frozen frozen;
    struct buf said = BUF_EMPTY;
    buf_reserve(&said, 0);
    char *text = template_set_freeze(set, find(set, name, language), wanted, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(frozen_parse(text, &frozen, &error), 0);
    const struct value nothing = { .kind = VALUE_NULL };
    for (size_t i = 0; i < frozen.count; i++)
        if (template_has_html(frozen.texts[i])) {
            buf_add_format(&said, "%s:", template_language(frozen.texts[i]));
            assert_int_equal(template_html(frozen.texts[i], &nothing, &said, &error), 0);
        }
    assert_string_equal(said.data, want);
    buf_free(&said);
    frozen_clear(&frozen);
    free(text);
}

static void test_html(void **state)
{
    struct place *place = *state;
    const unsigned html = TEMPLATE_SET_HTML, both = TEMPLATE_SET_HTML | TEMPLATE_SET_BILINGUAL;
    put(place->second, "x.en.txt", FRONT("en") POLITE);
    put(place->second, "x.de.txt", FRONT("de") POLITE);
    put(place->second, "x.de-AT.txt", FRONT("de-AT") POLITE);
    put(place->second, "x.fr.txt", FRONT("fr") POLITE);
    put(place->second, "x.en.html", "<p>{{>hello}}" POLITE "</p>");
    put(place->second, "x.de.html", "<p>{{>hello}}" POLITE "</p>");
    put(place->second, "hello.mustache", "Hello");
    put(place->second, "hello.de.mustache", "Hallo");
    put(place->second, "y.txt", FRONT("es") POLITE);
    put(place->second, "y.html", "<b>y</b>" POLITE);
    struct template_set *set = template_set_read(place->directories, 3);
    struct buf said = BUF_EMPTY;
    assert_int_equal(template_set_complain(set, add_line, &said), 0);
    expect_html(set, "x", "de", 0, "");
    expect_html(set, "x", "de", html, "de:<p>Hallo \n</p>");
    expect_html(set, "x", "de-AT", html, "de-AT:<p>Hallo \n</p>"); /* a variety of it */
    expect_html(set, "x", "fr", html, "");
    expect_html(set, "x", "fr", both, ""); /* all of the mail, or nothing */
    expect_html(set, "x", "de", both, "de:<p>Hallo \n</p>en:<p>Hello \n</p>");
    expect_html(set, "y", "es", html, "es:<b>y</b> \n");
    template_set_free(set);

    /* Words of the administrator's own, without the HTML for them. */
    put(place->first, "x.de.txt", FRONT("de") "Mein " POLITE);
    set = template_set_read(place->directories, 3);
    expect_html(set, "x", "de", html, "");
    expect_html(set, "x", "en", html, "en:<p>Hello \n</p>");
    template_set_free(set);

    put(place->second, "x.en.html", "<p>" POLITE "</b>");
    set = template_set_read(place->directories, 3);
    struct error error = { "" };
    assert_null(template_set_freeze(set, find(set, "x", "en"), html, &error));
    assert_non_null(strstr(error.text, "/x.en.html:2:1: this tag ends what was not begun"));
    expect_html(set, "x", "en", 0, ""); /* nobody asks for it */
    template_set_free(set);
}

static void expect_complaint(struct place *place, const char *name, const char *text, const char *want)
{
    struct buf said = BUF_EMPTY;
    buf_reserve(&said, 0);
    put(place->first, name, text);
    struct template_set *set = template_set_read(place->directories, 3);
    size_t told = template_set_complain(set, add_line, &said);
    if (told != 1 || !strstr(said.data, want) || !strstr(said.data, place->first))
        fail_msg("%s: want: %s\n got: %s", name, want, said.data);
    template_set_free(set);
    buf_free(&said);
    char *path = mem_format("%s/%s", place->first, name);
    remove(path);
    free(path);
}

static void test_complaints(void **state)
{
    struct place *place = *state;
    expect_complaint(place, "x.de.txt", FRONT("fr") POLITE, "/x.de.txt:3:1: the language is fr here, and de in");
    expect_complaint(place, "x.de.txt", "---\nlanguage: de\n---\n", "/x.de.txt:3:1: the subject is missing");
    expect_complaint(place, "x.de.txt", "Hello", "/x.de.txt:1:1: a template begins with");
    expect_complaint(place, "x.en.txt", FRONT("en") POLITE "{{tick}}", "/x.en.txt:6:1: unknown variable \"tick\"");
    expect_complaint(place, "x.en.txt", FRONT("en") "{{sender.name}}", "how to make it stop");
    expect_complaint(place, "x.en.txt", FRONT("en") POLITE "{{>y}}", "/x.en.txt:6:1: there is no y.mustache");
    expect_complaint(place, "X.en.txt", FRONT("en") POLITE, "/X.en.txt: a template's name is made of");
    expect_complaint(place, "x.de.html", POLITE, "/x.de.html:1:1: there is no x.LANGUAGE.txt beside it");
    expect_complaint(place, "X.de.html", POLITE, "/X.de.html: a template's name is made of");
    put(place->first, "y.txt", FRONT("de") POLITE);
    expect_complaint(place, "y.html", "{{sender.name}} <img>", "/y.html:1:17: not for mail");
    expect_complaint(place, "y.de.html", POLITE, "/y.de.html:1:1: there is no y.LANGUAGE.txt beside it");
    expect_complaint(place, "y.de.txt", FRONT("de") POLITE, "/y.txt:1:1: ");
    char *directory = mem_format("%s/dir.txt", place->first);
    assert_int_equal(mkdir(directory, 0700), 0);
    struct template_set *set = template_set_read(place->directories, 3);
    struct error error = { "" };
    assert_null(template_set_freeze(set, find(set, "dir", "en"), 0, &error));
    assert_non_null(strstr(error.text, "dir.txt: not a regular file"));
    template_set_free(set);
    free(directory);
}

static bool is_named(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "exposed-git") == 0;
}

static void test_doubts(void **state)
{
    struct place *place = *state;
    put(place->first, "exposed-git.de.txt", FRONT("de") POLITE);
    put(place->first, "exposed-gti.de.txt", FRONT("de") POLITE);
    put(place->first, "leaked-credentials.de.txt", FRONT("de") POLITE);
    put(place->first, "reminder.de.txt", FRONT("de") POLITE);
    struct template_set *set = template_set_read(place->directories, 3);
    struct buf said = BUF_EMPTY;
    template_set_doubt(set, is_named, add_line, &said);
    assert_non_null(strstr(said.data, "/exposed-gti.de.txt:1:1: nothing that is known leads to this template"));
    assert_ptr_equal(strchr(said.data, '\n'), said.data + said.length - 1);
    template_set_free(set);
    buf_free(&said);
}

/* ---- Choosing ------------------------------------------------------------------------------------------------------------------------- */

static void test_groups(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        { "exploit", "open-relay-probe", "open-relay-probe" },
        { "scanner", "open-relay-probe", "open-relay-probe" },
        { "vulnerable-system", "open-relay", "exposed-service" },
        { "scanner", "open-relay", NULL }, /* this one looks for them */
        { "brute-force", "ssh", NULL },
        { "Defacement", NULL, "compromised-site" },
        { "botnet drone", "mirai", "botnet-drone" },
        { "infected-system", NULL, "botnet-drone" },
        { "phishing", NULL, "phishing-page" },
        { NULL, "exposed-git", "exposed-service" },
        { "data-leak", "", "leaked-credentials" },
        { "something", "new", NULL },
        { NULL, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *group = template_group(rows[i][0], rows[i][1]);
        if (rows[i][2])
            assert_string_equal(group, rows[i][2]);
        else
            assert_null(group);
    }
}

static void test_choice(void **state)
{
    (void)state;
    static const struct template_name all[] = {
        { "notification", "en" },    { "notification", "de" }, { "exposed-service", "en" },
        { "exposed-service", "de" }, { "exposed-git", "de" },  { "potentially-unwanted-accessible", "fr" },
        { "botnet-drone", "en" },    { "reminder", "en" },     { "reminder", "de" },
        { "opt-out-receipt", "en" }, { "mine", "es" },
    };
    static const struct {
        struct template_subject_matter matter;
        const char *language, *want;
    } rows[] = {
        /* identifier, type, group, generic */
        { { NULL, NULL, "exposed-git", "potentially-unwanted-accessible", "exposed-service" }, "de", "exposed-git.de" },
        { { NULL, "auto", "exposed-git", NULL, "exposed-service" }, "en", "exposed-service.en" },
        { { NULL, NULL, "exposed-git", "potentially-unwanted-accessible", "exposed-service" },
          "fr",
          "potentially-unwanted-accessible.fr" },
        { { NULL, NULL, NULL, "botnet drone", NULL }, "en", "botnet-drone.en" },
        { { NULL, NULL, "x", "y", "z" }, "de", "notification.de" },
        { { NULL, NULL, NULL, NULL, NULL }, "en", "notification.en" },
        /* The language comes before the kind of problem, and falls back to what it is a variety of, then to English. */
        { { NULL, NULL, NULL, "infected-system", "botnet-drone" }, "de", "notification.de" },
        { { NULL, NULL, "exposed-git", NULL, NULL }, "de-AT", "exposed-git.de" },
        { { NULL, NULL, NULL, "infected-system", "botnet-drone" }, "pl", "botnet-drone.en" },
        /* A profile's own template, in whichever language there is. */
        { { NULL, "mine", "exposed-git", NULL, NULL }, "de", "mine.es" },
        { { NULL, "none", NULL, NULL, NULL }, "de", NULL },
        /* Reminders; and a feed cannot ask for them, or for a receipt. */
        { { "reminder", NULL, "exposed-git", NULL, NULL }, "de", "reminder.de" },
        { { "reminder", "mine", NULL, NULL, NULL }, "fr", "reminder.en" },
        { { NULL, NULL, "Reminder", "opt-out-receipt", NULL }, "de", "notification.de" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct language_clues clues = { .usual = rows[i].language };
        int found = template_choose(all, sizeof all / sizeof *all, &rows[i].matter, &clues);
        char *got = found < 0 ? NULL : mem_format("%s.%s", all[found].name, all[found].language);
        if (rows[i].want)
            assert_string_equal(got, rows[i].want);
        else
            assert_null(got);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_directories, begin, end),
        cmocka_unit_test_setup_teardown(test_html, begin, end),
        cmocka_unit_test_setup_teardown(test_complaints, begin, end),
        cmocka_unit_test_setup_teardown(test_doubts, begin, end),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
