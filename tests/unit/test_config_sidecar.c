/* config: what a submitter says about a feed. */
#include "config/parse.h"
#include "config/sidecar.h"
#include "daemon/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct config *config;

static bool has_template(const struct config *of, const char *name)
{
    assert_ptr_equal(of, config);
    return strcmp(name, "auto") == 0 || strcmp(name, "phishing") == 0;
}

static int set_up(void **state)
{
    (void)state;
    static const char text[] = "profiles:\n"
                               "  default: {type: scan, columns: {A: source.ip}}\n"
                               "  scans: {may_set: [note, campaign], group: cert}\n";
    struct config_errors errors;
    return config_parse("c", text, strlen(text), NULL, 0, &config, &errors);
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

/* All complaints about TEXT, a line each; "" where it is good and *OUT is set. A new string. */
static char *read_as(const char *file, const char *place, bool may_all, const char *text, struct config_sidecar **out)
{
    const struct config_sidecar_rules rules = { file, config, place, may_all, has_template };
    struct config_errors errors;
    struct buf lines = BUF_EMPTY;
    buf_reserve(&lines, 0);
    int code = config_sidecar_read(&rules, text, strlen(text), out, &errors);
    assert_int_equal(code, errors.count ? -EINVAL : 0);
    assert_int_equal(*out == NULL, code != 0);
    for (size_t i = 0; i < errors.count; i++)
        buf_add_format(&lines, "%s%s", i ? "\n" : "", errors.items[i]);
    config_errors_free(&errors);
    return buf_take(&lines);
}

static void assert_refused(const char *file, const char *place, bool may_all, const char *text, const char *expected)
{
    struct config_sidecar *sidecar;
    char *got = read_as(file, place, may_all, text, &sidecar);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n   got: %s\nwanted: %s", text, got, expected);
    config_sidecar_free(sidecar);
    free(got);
}

static struct config_sidecar *assert_good(const char *file, const char *text)
{
    struct config_sidecar *sidecar;
    char *got = read_as(file, "default", false, text, &sidecar);
    if (*got)
        fail_msg("%s\n%s", text, got);
    free(got);
    return sidecar;
}

static void test_all_keys(void **state)
{
    (void)state;
    struct config_sidecar *sidecar = assert_good("f", "campaign: open relays, May\n"
                                                      "template: phishing\n"
                                                      "language: pt-br\n"
                                                      "note: >\n"
                                                      "  We have told\n"
                                                      "  the police.\n"
                                                      "format: csv\n"
                                                      "header: false\n"
                                                      "columns: {1: source.fqdn, 2: \"\"}\n"
                                                      "type: spam\n"
                                                      "hold: true\n");
    assert_string_equal(sidecar->campaign, "open relays, May");
    assert_string_equal(sidecar->language, "pt-BR");
    assert_string_equal(sidecar->note, "We have told the police.");
    assert_true(sidecar->hold);
    struct config_profile made = config_sidecar_profile(sidecar, config_profile(config, "default"));
    assert_string_equal(made.name, "default");
    assert_string_equal(made.template_name, "phishing");
    assert_string_equal(made.format, "csv");
    assert_string_equal(made.type, "spam");
    assert_false(made.header);
    assert_int_equal(made.column_count, 2);
    assert_string_equal(made.columns[0].column, "1");
    config_sidecar_free(sidecar);
}

static void test_what_is_not_said_is_the_profile_s(void **state)
{
    (void)state;
    static const char *const empty[] = { "", "# nothing\n", "{}" };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct config_sidecar *sidecar = assert_good("f", empty[i]);
        struct config_profile made = config_sidecar_profile(sidecar, config_profile(config, "default"));
        assert_null(sidecar->campaign);
        assert_string_equal(made.type, "scan");
        assert_string_equal(made.template_name, "auto");
        assert_true(made.header);
        assert_int_equal(made.column_count, 1);
        config_sidecar_free(sidecar);
    }
    struct config_profile made = config_sidecar_profile(NULL, config_profile(config, "default"));
    assert_string_equal(made.type, "scan");
}

static void test_complaints_all_at_once(void **state)
{
    (void)state;
    assert_refused("a.csv.meta.yaml", "default", false,
                   "templte: x\n"
                   "language: German\n"
                   "template: phising\n"
                   "profile: scan\n"
                   "header: false\n"
                   "columns: {Domain: source.fqdn}\n"
                   "hold: perhaps\n"
                   "campaign: \"x \\n y\"\n",
                   "a.csv.meta.yaml:1:1: templte: no such key; did you mean template?\n"
                   "a.csv.meta.yaml:2:11: language: \"German\" is not valid; allowed: a language tag (de, pt-br)\n"
                   "a.csv.meta.yaml:3:11: template: there is no phising.LANGUAGE.txt in paths.templates; allowed: "
                   "auto, or the NAME "
                   "of one that is there\n"
                   "a.csv.meta.yaml:4:10: profile: no profile of the configuration is called \"scan\"; did you mean "
                   "scans?\n"
                   "a.csv.meta.yaml:6:10: columns: \"Domain\" names a column of a file without a header; allowed: "
                   "numbers from 1\n"
                   "a.csv.meta.yaml:7:7: hold: \"perhaps\" is not valid; allowed: true or false\n"
                   "a.csv.meta.yaml:8:11: campaign: more than one line; allowed: one line (> folds several into one)");
    assert_refused("f", "default", false, "note: \n",
                   "f:1:6: note: no value; allowed: one line of text, at most 500 bytes");
    assert_refused("f", "default", false, "- a\n",
                   "f:1:1: a list where a mapping should stand; allowed in it: campaign, profile, template, language, "
                   "note, format, encoding, header, columns, type, hold");
    assert_refused("f", "default", false, "a: [\n",
                   "f:2:1: not YAML: while parsing a flow node, did not find expected node content");
}

/* Options of the command line stand in no line of a file. */
static void test_options(void **state)
{
    (void)state;
    struct config_sidecar *sidecar = assert_good(
        NULL, "{\"note\": \"say \\\"no\\\": \\u2028 # not a comment\", \"columns\": {\"A: b\": \"source.ip\"}}");
    assert_string_equal(sidecar->note, "say \"no\": \xe2\x80\xa8 # not a comment");
    assert_string_equal(sidecar->own.columns[0].column, "A: b");
    config_sidecar_free(sidecar);
    assert_refused(NULL, "default", false, "{\"langage\": \"x\", \"type\": \"Spam\"}",
                   "langage: no such key; did you mean language?\n"
                   "type: \"Spam\" is not valid; allowed: a name of a-z, 0-9, ., _ and -");
}

static void test_rights(void **state)
{
    (void)state;
    static const char text[] = "profile: scans\nnote: x\ntemplate: phishing\nhold: true\n";
    assert_refused(
        "f", "default", false, text,
        "f:3:11: template: profile scans does not let its submitters set this (may_set); leave it out, or ask "
        "an administrator\n"
        "f:4:7: hold: profile scans does not let its submitters set this (may_set); leave it out, or ask an "
        "administrator");
    assert_refused("f", "default", true, text, "");
    assert_refused("f", "scans", false, "type: spam\n",
                   "f:1:7: type: profile scans does not let its submitters set this (may_set); leave it out, or ask an "
                   "administrator");
    assert_refused(
        "f", "scans", false, "profile: default\n",
        "f:1:10: profile: the feed was dropped in incoming/scans, which says another; allowed: scans here, any "
        "in incoming/ itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_what_is_not_said_is_the_profile_s),
        cmocka_unit_test(test_complaints_all_at_once),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_rights),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
