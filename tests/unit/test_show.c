#include "daemon/contact/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct ladder ladder;

static int setup(void **state)
{
    (void)state;
    ladder_add(&ladder, "known@shop.example", "override", PARTY_OWNER, 0.9, "a person wrote it");
    ladder_add(&ladder, "abuse@hoster.example", "rdap-ip", PARTY_HOSTER, 0.4, "RDAP of 192.0.2.0/24");
    ladder_add(&ladder, "abuse@hoster.example", "rfc2142-abuse", PARTY_HOSTER, 0.4, "a mailbox");
    ladder_note(&ladder, "shop.example takes no mail");
    ladder_note(&ladder, "and another thing");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ladder_clear(&ladder);
    return 0;
}

static void expect_json(const struct contact_target *target, const char *expected)
{
    json_t *object = contact_ladder_json(target, &ladder);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static void test_json(void **state)
{
    (void)state;
    expect_json(&(struct contact_target){ "shop.example", "www.shop.example", "192.0.2.7" },
                "{\"target\":\"shop.example\",\"host\":\"www.shop.example\",\"ip\":\"192.0.2.7\",\"contacts\":["
                "{\"address\":\"known@shop.example\",\"party\":\"owner\",\"kinds\":[\"override\"],\"score\":0.9,"
                "\"evidence\":\"a person wrote it\"},"
                "{\"address\":\"abuse@hoster.example\",\"party\":\"hoster\",\"kinds\":[\"rdap-ip\",\"rfc2142-abuse\"],"
                "\"score\":0.4,\"evidence\":\"RDAP of 192.0.2.0/24; a mailbox\"}],"
                "\"ruled_out\":[\"shop.example takes no mail\",\"and another thing\"],\"partial\":false}");
}

static void test_json_of_nobody(void **state)
{
    (void)state;
    ladder_clear(&ladder);
    ladder.partial = true;
    expect_json(&(struct contact_target){ "192.0.2.7", NULL, NULL },
                "{\"target\":\"192.0.2.7\",\"contacts\":[],\"ruled_out\":[],\"partial\":true}");
}

static void expect_text(const struct contact_target *target, const char *expected)
{
    struct buf text = BUF_EMPTY;
    contact_ladder_text(target, &ladder, &text);
    assert_string_equal(text.data, expected);
    buf_free(&text);
}

static void test_text(void **state)
{
    (void)state;
    expect_text(&(struct contact_target){ "xn--bcher-kva.example", "www.xn--bcher-kva.example", "192.0.2.7" },
                "xn--bcher-kva.example (bücher.example), host www.xn--bcher-kva.example, address 192.0.2.7\n"
                "   1. known@shop.example    owner          override               0.90\n"
                "      a person wrote it\n"
                "   2. abuse@hoster.example  hoster         rdap-ip,rfc2142-abuse  0.40\n"
                "      RDAP of 192.0.2.0/24; a mailbox\n"
                "    - shop.example takes no mail\n"
                "    - and another thing\n");
}

static void test_text_of_nobody(void **state)
{
    (void)state;
    ladder_clear(&ladder);
    ladder.partial = true;
    expect_text(&(struct contact_target){ "192.0.2.7", NULL, "192.0.2.7" },
                "192.0.2.7\n"
                "      nobody to tell\n"
                "    ! incomplete: DNS could not say everything; ask again later\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_of_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_of_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
