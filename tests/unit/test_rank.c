#include "daemon/contact/rank.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char *order[] = { "override", "securitytxt", "rfc2142-abuse", "rfc2142-security", "rdap-ip" };
static struct config config;
static struct candidates candidates;
static struct ladder ladder;

static int setup(void **state)
{
    (void)state;
    memset(&config, 0, sizeof config);
    config.contacts.order = (struct config_list){ order, sizeof order / sizeof order[0] };
    config.contacts.max_contacts = 10;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    candidates_clear(&candidates);
    ladder_clear(&ladder);
    return 0;
}

static void add(const char *address, const char *kind, enum party party, unsigned distance)
{
    candidates_add(&candidates, &(struct candidate){ .address = (char *)address,
                                                     .kind = (char *)kind,
                                                     .evidence = (char *)kind,
                                                     .party = party,
                                                     .distance = distance,
                                                     .accepts = 1 });
}

static void expect(const char *addresses)
{
    char text[1024] = "";
    rank(&config, &candidates, &ladder);
    for (size_t i = 0; i < ladder.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", ladder.rungs[i].address);
    assert_string_equal(text, addresses);
}

static void test_party_before_kind(void **state)
{
    (void)state;
    add("registrar@r.example", "override", PARTY_REGISTRAR, 0);
    add("hoster@h.example", "override", PARTY_HOSTER, 0);
    add("mail@m.example", "securitytxt", PARTY_MAIL_PROVIDER, 0);
    add("abuse@o.example", "rfc2142-abuse", PARTY_OWNER, 0);
    expect("abuse@o.example hoster@h.example mail@m.example registrar@r.example");
}

static void test_kinds_as_configured(void **state)
{
    (void)state;
    add("1@o.example", "rfc2142-webmaster", PARTY_OWNER, 0); /* not in the order: last, as proposed */
    add("2@o.example", "soa", PARTY_OWNER, 0);
    add("3@o.example", "rfc2142-security", PARTY_OWNER, 0);
    add("4@o.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("5@o.example", "securitytxt", PARTY_OWNER, 0);
    expect("5@o.example 4@o.example 3@o.example 1@o.example 2@o.example");
}

static void test_nearer_first_for_equal_kinds(void **state)
{
    (void)state;
    add("abuse@shop.example", "rfc2142-abuse", PARTY_OWNER, 1);
    add("security@shop.example", "rfc2142-security", PARTY_OWNER, 1);
    add("abuse@mail.shop.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("security@mail.shop.example", "rfc2142-security", PARTY_OWNER, 0);
    expect("abuse@mail.shop.example abuse@shop.example security@mail.shop.example security@shop.example");
}

static void test_override_for_the_domain_goes_first(void **state)
{
    (void)state;
    add("abuse@o.example", "securitytxt", PARTY_OWNER, 0);
    candidates_add(&candidates, &(struct candidate){ .address = (char *)"known@h.example",
                                                     .kind = (char *)"override",
                                                     .evidence = (char *)"a person",
                                                     .party = PARTY_HOSTER,
                                                     .first = true });
    expect("known@h.example abuse@o.example");
}

static void test_one_rung_an_address(void **state)
{
    (void)state;
    add("abuse@o.example", "rdap-ip", PARTY_HOSTER, 0);
    add("Abuse@O.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("abuse@o.example", "rfc2142-abuse", PARTY_OWNER, 1);
    add("abuse@o.example", "securitytxt", PARTY_OWNER, 0);
    expect("abuse@o.example");
    assert_string_equal(ladder.rungs[0].kinds, "securitytxt,rfc2142-abuse,rdap-ip");
    assert_string_equal(ladder.rungs[0].evidence, "securitytxt; rfc2142-abuse; rdap-ip");
    assert_int_equal(ladder.rungs[0].party, PARTY_OWNER);
}

static void test_cut(void **state)
{
    (void)state;
    config.contacts.max_contacts = 2;
    add("a@o.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("b@o.example", "rfc2142-abuse", PARTY_OWNER, 1);
    add("c@o.example", "rfc2142-abuse", PARTY_OWNER, 2);
    add("a@o.example", "rfc2142-security", PARTY_OWNER, 2); /* there already: still told of */
    expect("a@o.example b@o.example");
    assert_string_equal(ladder.rungs[0].kinds, "rfc2142-abuse,rfc2142-security");
    assert_string_equal(ladder.note, "1 further contact left out (contacts.max_contacts is 2)");
}

static void test_cut_leaves_one_of_each_party(void **state)
{
    (void)state;
    config.contacts.max_contacts = 4;
    for (int i = 1; i <= 6; i++) {
        char address[32];
        snprintf(address, sizeof address, "o%d@o.example", i);
        add(address, "rfc2142-abuse", PARTY_OWNER, (unsigned)i);
    }
    add("h1@h.example", "override", PARTY_HOSTER, 0);
    add("h2@h.example", "override", PARTY_HOSTER, 1);
    add("r@r.example", "rdap-ip", PARTY_REGISTRAR, 0);
    expect("o1@o.example o2@o.example h1@h.example r@r.example");
    assert_string_equal(ladder.note, "5 further contacts left out (contacts.max_contacts is 4)");
    ladder_clear(&ladder);
    config.contacts.max_contacts = 2;
    expect("o1@o.example h1@h.example");
}

static void test_never_ourselves(void **state)
{
    (void)state;
    struct config_profile profile = { .sender = { .address = (char *)"Lab@us.example" } };
    config.sender.address = (char *)"research@us.example";
    config.sender.reply_to = (char *)"";
    config.return_path.bounce = (char *)"bounce@us.example";
    config.return_path.opt_out = (char *)"stop@us.example";
    config.profiles = &profile;
    config.profile_count = 1;
    add("Research@us.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("bounce@us.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("stop@us.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("lab@us.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("abuse@us.example", "rfc2142-abuse", PARTY_OWNER, 0);
    expect("abuse@us.example");
    assert_non_null(strstr(ladder.note, "bounce@us.example is our own address: left out"));
}

static void test_what_is_no_mailbox_is_dropped(void **state)
{
    (void)state;
    add("abuse", "rfc2142-abuse", PARTY_OWNER, 0);
    add("abuse@o.example\r\nRCPT TO:<x@y.example>", "rfc2142-abuse", PARTY_OWNER, 0);
    add("two words@o.example", "rfc2142-abuse", PARTY_OWNER, 0);
    assert_int_equal(candidates.count, 0);
    expect("");
    assert_null(ladder.note);
}

static void test_scores_and_notes(void **state)
{
    (void)state;
    add("known@o.example", "override", PARTY_OWNER, 0);
    add("abuse@o.example", "rfc2142-abuse", PARTY_OWNER, 0);
    add("odd@o.example", "something-else", PARTY_OWNER, 0);
    candidates_note(&candidates, "%s does not exist", "gone.example");
    candidates_note(&candidates, "and more");
    expect("known@o.example abuse@o.example odd@o.example");
    for (size_t i = 0; i < ladder.count; i++)
        assert_true(ladder.rungs[i].score > 0 && ladder.rungs[i].score < 1);
    assert_true(ladder.rungs[0].score > ladder.rungs[1].score && ladder.rungs[1].score > ladder.rungs[2].score);
    assert_string_equal(ladder.note, "gone.example does not exist\nand more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_party_before_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds_as_configured, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nearer_first_for_equal_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_override_for_the_domain_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_rung_an_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_leaves_one_of_each_party, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_ourselves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_mailbox_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scores_and_notes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
