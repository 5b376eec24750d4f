#include "daemon/contact/dns_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct dns_table *table;

static int setup(void **state)
{
    (void)state;
    table = dns_table_new(3);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dns_table_free(table);
    return 0;
}

/* A question asked and answered at NOW. */
static void answer(const char *name, uint32_t ttl, uint64_t now)
{
    struct question *question = dns_table_add(table, name, DNS_MX);
    question->answer = dns_answer_make(DNS_NO_NAME, ttl, NULL);
    question->state = QUESTION_READY;
    dns_table_cache(table, question, now);
}

/* Asked for again at NOW: found, told, put back. */
static bool use(const char *name, uint64_t now)
{
    struct question *question = dns_table_find(table, name, DNS_MX, now);
    if (!question)
        return false;
    dns_table_uncache(table, question);
    dns_table_cache(table, question, now);
    return true;
}

static void test_found_by_name_and_type(void **state)
{
    (void)state;
    struct question *a = dns_table_add(table, "shop.example", DNS_A),
                    *mx = dns_table_add(table, "shop.example", DNS_MX);
    assert_ptr_equal(dns_table_find(table, "shop.example", DNS_A, 0), a);
    assert_ptr_equal(dns_table_find(table, "shop.example", DNS_MX, 0), mx);
    assert_null(dns_table_find(table, "shop.example", DNS_AAAA, 0));
    assert_null(dns_table_find(table, "hop.example", DNS_MX, 0));
    dns_table_forget(table, a);
    dns_table_forget(table, a); /* again: nothing */
    assert_null(dns_table_find(table, "shop.example", DNS_A, 0));
    assert_ptr_equal(dns_table_find(table, "shop.example", DNS_MX, 0), mx);
    question_free(a);
}

static void test_expires(void **state)
{
    (void)state;
    answer("shop.example", 10, 1000);
    assert_int_equal(dns_table_cached(table), 1);
    assert_non_null(dns_table_find(table, "shop.example", DNS_MX, 10999));
    assert_null(dns_table_find(table, "shop.example", DNS_MX, 11000));
    assert_int_equal(dns_table_cached(table), 0);
}

static void test_use_does_not_prolong(void **state)
{
    (void)state;
    answer("shop.example", 10, 1000);
    assert_true(use("shop.example", 10000));
    assert_false(use("shop.example", 11000));
}

static void test_no_ttl_is_not_kept(void **state)
{
    (void)state;
    answer("shop.example", 0, 1000);
    assert_int_equal(dns_table_cached(table), 0);
    assert_null(dns_table_find(table, "shop.example", DNS_MX, 1000));
}

static void test_the_longest_unused_makes_room(void **state)
{
    (void)state;
    answer("a.example", 60, 0);
    answer("b.example", 60, 0);
    answer("c.example", 60, 0);
    assert_true(use("a.example", 1));
    answer("d.example", 60, 2);
    assert_int_equal(dns_table_cached(table), 3);
    assert_false(use("b.example", 3));
    assert_true(use("a.example", 3));
    assert_true(use("c.example", 3));
    assert_true(use("d.example", 3));
}

static void test_many(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        answer(name, 60, 0);
    }
    assert_int_equal(dns_table_cached(table), 3);
    assert_true(use("n99999.example", 1));
}

static unsigned visited;

static void visit(struct question *question)
{
    assert_int_equal(question->type, DNS_MX);
    visited++;
}

static void test_each(void **state)
{
    (void)state;
    answer("a.example", 60, 0);
    dns_table_add(table, "b.example", DNS_MX);
    visited = 0;
    dns_table_each(table, visit);
    assert_int_equal(visited, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_by_name_and_type, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expires, setup, teardown),
        cmocka_unit_test_setup_teardown(test_use_does_not_prolong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_ttl_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_longest_unused_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
