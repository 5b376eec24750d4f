/* Opt-outs, complaints, suppressions, our own mailboxes: who is never written to again, and who still is. */
#include "tests/unit/queue_bench.h"

static int64_t suppressed(const struct bench *bench, const char *object)
{
    return look(bench, "SELECT count(*) FROM suppression WHERE object = ?1", object);
}

static int64_t opted_out(const struct bench *bench, const char *object)
{
    return look(bench, "SELECT opt_out FROM suppression WHERE object = ?1", object);
}

static int64_t receipts(const struct bench *bench, const char *address)
{
    return look(bench,
                "SELECT count(*) FROM notification n JOIN contact a ON a.id = n.contact_id WHERE n.kind = 1"
                " AND a.address = ?1",
                address);
}

/* A mail of campaign FILE to the first rung about TARGET, accepted. */
static int64_t accepted(struct bench *bench, const char *file, const char *target, const char *address)
{
    drop_targets(bench, file, target);
    compose_all(bench);
    claim_due(bench, MANY);
    int64_t mail = to(bench, address)->id;
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    return mail;
}

/* ---- By token -------------------------------------------------------------------------------------------------------------------- */

static void the_owner(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "a.test", "opted-out");
    assert_mail(bench, mail, "delivered");
    assert_int_equal(opted_out(bench, "abuse@a.test"), 1);
    assert_int_equal(opted_out(bench, "a.test"), 1);
    /* One receipt, from the null sender, and nothing to the hoster. */
    turn(bench);
    claim_one(bench, "abuse@a.test");
    const struct notification *receipt = bench->claimed[0];
    assert_int_equal(receipt->kind, NOTIFICATION_OPT_OUT_RECEIPT);
    assert_string_equal(receipt->campaign, "");
    assert_string_equal(receipt->envelope_to, "abuse@a.test");
    assert_string_equal(receipt->template_text, "You will hear no more from us.\n");
    assert_string_equal(receipt->settings, "{}");
    assert_int_equal(receipt->case_count, 0);
    attempt(bench, receipt->id, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    pass(bench, 8 * DAY);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_campaign(bench, "default-one", "ended");
    /* The next feed about him: nobody is asked, not even his hoster. */
    drop_file(bench, &(struct drop){ .name = "two.csv", .profile = "other", .targets = { "a.test" } });
    resolve_all(bench);
    assert_case(bench, "a.test", "opted-out");
    bench_close(bench);
}

/* His first contact bounced, so that the hoster's mail is on its way: it is taken back. */
static void the_owner_after_a_bounce(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "a.test", "opted-out");
    assert_mail(bench, mail + 1, "cancelled");
    turn(bench);
    claim_one(bench, "abuse@a.test"); /* the receipt */
    bench_close(bench);
}

static void the_owner_while_the_hosters_mail_is_deferred(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "abuse@hoster.test");
    attempt(bench, second, QUEUE_DEFERRED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "a.test", "opted-out");
    assert_mail(bench, second, "cancelled");
    bench_close(bench);
}

/* The same target in other campaigns: waiting, composed, new. */
static void the_owner_in_other_campaigns(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", NULL };
    drop_file(bench, &(struct drop){ .name = "composed.csv", .profile = "p2", .targets = { "a.test" } });
    resolve_all(bench);
    int64_t composed = case_of(bench, "a.test");
    pass(bench, HOUR);
    drop_file(bench, &(struct drop){ .name = "waiting.csv", .profile = "p3", .targets = { "a.test" } });
    resolve_all(bench);
    int64_t waiting = case_of(bench, "a.test");
    drop_file(bench, &(struct drop){ .name = "new.csv", .profile = "p4", .targets = { "a.test" } });
    int64_t new = case_of(bench, "a.test");
    assert_true(composed < waiting && waiting < new);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_int_equal(look(bench, "SELECT count(*) FROM \"case\" WHERE target = ?1 AND state = 9", "a.test"), 4);
    turn(bench);
    claim_one(bench, "abuse@a.test"); /* the receipt */
    pass(bench, HOUR);
    assert_campaign(bench, "p2-composed", "ended");
    assert_campaign(bench, "p3-waiting", "ended");
    assert_campaign(bench, "p4-new", "ended");
    bench_close(bench);
}

/* A hoster's mail about him and his neighbour has not gone out: the neighbour's is written again without him. */
static void the_owner_in_a_mail_about_two(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", NULL };
    drop_file(bench, &(struct drop){ .name = "two.csv", .profile = "p2", .targets = { "a.test", "b.test" } });
    compose_all(bench);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "a.test", "opted-out");
    assert_case(bench, "b.test", "waiting");
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_int_equal(to(bench, "abuse@hoster.test")->case_count, 1);
    assert_string_equal(to(bench, "abuse@hoster.test")->cases[0].target, "b.test");
    bench_close(bench);
}

/* The same where the mail waits for approval: what is previewed is what will go out. */
static void the_owner_in_a_held_mail(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", NULL };
    drop_file(bench,
              &(struct drop){ .name = "two.csv", .profile = "p2", .hold = true, .targets = { "a.test", "b.test" } });
    compose_all(bench);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    pass(bench, HOUR);
    assert_int_equal(read_as(bench, "queue", json_pack("{s:s}", "campaign", "p2-two")), 0);
    assert_length(bench, "notifications", 1);
    assert_text(bench, "notifications.0.state", "held");
    assert_number(bench, "notifications.0.cases", 1);
    bench_close(bench);
}

static void the_hoster(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", "registrar:abuse@registrar.test", NULL };
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@hoster.test");
    drop_file(bench, &(struct drop){ .name = "two.csv", .profile = "p2", .targets = { "b.test" } });
    compose_all(bench);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "a.test", "answered");
    assert_int_equal(opted_out(bench, "abuse@hoster.test"), 1);
    assert_int_equal(suppressed(bench, "a.test"), 0);
    assert_int_equal(suppressed(bench, "hoster.test"), 0);
    /* The other campaign's mail is taken back; its case climbs on. */
    assert_case(bench, "b.test", "waiting");
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_int_equal(to(bench, "abuse@hoster.test")->kind, NOTIFICATION_OPT_OUT_RECEIPT);
    to(bench, "abuse@registrar.test");
    bench_close(bench);
}

/* One mailbox, owner of one target and hoster of another, in one mail. */
static void the_hoster_who_owns_one(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "two.csv", "hoster.test", "shop.test");
    assert_int_equal(claim_targets(bench, 10), 2);
    for (size_t i = 0; i < 2; i++) {
        bool own = strcmp(bench->targets[i].target, "hoster.test") == 0;
        set_ladder(bench, bench->targets[i].id, bench->targets[i].target,
                   (const char *[]){ own ? "owner:abuse@hoster.test" : "hoster:abuse@hoster.test", NULL });
    }
    pass(bench, HOUR);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_case(bench, "hoster.test", "opted-out");
    assert_case(bench, "shop.test", "answered");
    assert_int_equal(suppressed(bench, "hoster.test"), 1);
    assert_int_equal(suppressed(bench, "shop.test"), 0);
    bench_close(bench);
}

static void a_redirected_campaign(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "one.csv", .redirect_to = "me@test.test", .targets = { "a.test" } });
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    assert_string_equal(bench->claimed[0]->envelope_to, "me@test.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    come_back(bench, mail, QUEUE_RETURNED_COMPLAINT, NULL);
    assert_int_equal(look(bench, "SELECT count(*) FROM suppression WHERE ?1 = ?1", ""), 0);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_int_equal(look(bench, "SELECT dead_since IS NULL FROM contact WHERE address = ?1", "abuse@a.test"), 1);
    bench_close(bench);
}

/* ---- Without a token ---------------------------------------------------------------------------------------------------------------- */

static void ask_as(struct bench *bench, const char *address)
{
    struct queue_returned returned = { .class = "optout",
                                       .meaning = QUEUE_RETURNED_OPT_OUT,
                                       .from = address,
                                       .opt_out_address = address,
                                       .receipt_settings = "{}",
                                       .receipt_template = "You will hear no more from us.\n" };
    come_back_as(bench, &returned);
}

static void a_stranger_gets_no_receipt(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    ask_as(bench, "nobody@x.test");
    assert_int_equal(opted_out(bench, "nobody@x.test"), 1);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 0);
    /* Known as a contact, but never written to. */
    drop_targets(bench, "one.csv", "a.test");
    resolve_all(bench);
    ask_as(bench, "postmaster@a.test");
    assert_int_equal(receipts(bench, "postmaster@a.test"), 0);
    bench_close(bench);
}

static void a_contact_gets_one(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    accepted(bench, "one.csv", "a.test", "abuse@a.test");
    ask_as(bench, "abuse@a.test");
    ask_as(bench, "abuse@a.test");
    assert_int_equal(receipts(bench, "abuse@a.test"), 1);
    /* The domain may still be told of through others. */
    assert_int_equal(suppressed(bench, "a.test"), 0);
    bench_close(bench);
}

/* He asked while his mail waited: it never goes out, nor does one to the hoster. */
static void an_owner_who_waits(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test", "b.test", "c.test");
    resolve_all(bench);
    ask_as(bench, "abuse@a.test");
    assert_case(bench, "a.test", "opted-out");
    pass(bench, HOUR);
    ask_as(bench, "abuse@b.test");
    assert_case(bench, "b.test", "opted-out");
    claim_one(bench, "abuse@c.test");
    bench_close(bench);
}

/* While his mail is in a session that ends in a deferral: it is not tried again. */
static void an_owner_whose_mail_is_leased(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    ask_as(bench, "abuse@a.test");
    assert_mail(bench, mail, "leased");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 1);
    assert_int_equal(bench->claimed[0]->kind, NOTIFICATION_OPT_OUT_RECEIPT);
    assert_mail(bench, mail, "cancelled");
    assert_case(bench, "a.test", "opted-out");
    bench_close(bench);
}

/* Who complained first and asks for silence later has opted out. */
static void a_complaint_then_an_opt_out(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_COMPLAINT, NULL);
    assert_int_equal(opted_out(bench, "abuse@a.test"), 0);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    assert_int_equal(opted_out(bench, "abuse@a.test"), 1);
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@a.test"), -EPERM);
    /* And the other way round nothing changes. */
    come_back(bench, mail, QUEUE_RETURNED_COMPLAINT, NULL);
    assert_int_equal(opted_out(bench, "abuse@a.test"), 1);
    bench_close(bench);
}

/* ---- Complaints --------------------------------------------------------------------------------------------------------------------- */

static void a_complaint(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", "registrar:abuse@registrar.test", NULL };
    int64_t mail = accepted(bench, "one.csv", "a.test", "abuse@hoster.test");
    drop_file(bench, &(struct drop){ .name = "two.csv", .profile = "p2", .targets = { "b.test" } });
    compose_all(bench);
    come_back(bench, mail, QUEUE_RETURNED_COMPLAINT, NULL);
    /* It does not undo the delivery. */
    assert_mail(bench, mail, "accepted");
    assert_int_equal(suppressed(bench, "abuse@hoster.test"), 1);
    /* And no mail goes there any more. */
    pass(bench, HOUR);
    claim_one(bench, "abuse@registrar.test");
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "delivered");
    assert_int_equal(read_as(bench, "report", json_pack("{s:s}", "campaign", "default-one")), 0);
    assert_number(bench, "complaints", 1);
    bench_close(bench);
}

/* ---- By order ------------------------------------------------------------------------------------------------------------------------ */

static void an_address(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test", "b.test");
    resolve_all(bench);
    assert_int_equal(order_about(bench, "suppress", "object", "<ABUSE@A.test>"), 0);
    assert_int_equal(order_about(bench, "suppress", "object", "abuse@a.test"), -EEXIST);
    /* Not his own wish: the next rung is asked. */
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 2);
    to(bench, "postmaster@a.test");
    to(bench, "abuse@b.test");
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s, s:b}", "campaign", "default-one", "cases", 1)), 0);
    assert_text(bench, "cases_list.0.rungs.0.state", "skipped");
    assert_text(bench, "cases_list.0.rungs.0.why", "suppressed: by a person");
    bench_close(bench);
}

/* A domain covers its mailboxes and those below it, and no other. */
static void a_domain(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    static const char *const ladders[][3] = { { "hoster:abuse@h_o.host.test", "registrar:x@registrar.test", NULL },
                                              { "hoster:abuse@eu.h_o.host.test", "registrar:x@registrar.test", NULL },
                                              { "hoster:abuse@hxo.host.test", "registrar:x@registrar.test", NULL },
                                              { "hoster:abuse@myh_o.host.test", "registrar:x@registrar.test", NULL } };
    drop_targets(bench, "composed.csv", "a.test", "b.test", "c.test", "d.test");
    assert_int_equal(claim_targets(bench, 10), 4);
    for (size_t i = 0; i < 4; i++)
        set_ladder(bench, bench->targets[i].id, bench->targets[i].target, ladders[i]);
    pass(bench, HOUR);
    drop_targets(bench, "waiting.csv", "e.test", "f.test", "g.test", "h.test");
    assert_int_equal(claim_targets(bench, 10), 4);
    for (size_t i = 0; i < 4; i++)
        set_ladder(bench, bench->targets[i].id, bench->targets[i].target, ladders[i]);
    assert_int_equal(order_about(bench, "suppress", "object", "H_o.host.test"), 0);
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 6);
    unsigned cases = 0;
    for (size_t i = 0; i < 6; i++) {
        assert_null(strstr(bench->claimed[i]->recipient, "@h_o"));
        assert_null(strstr(bench->claimed[i]->recipient, ".h_o"));
        if (strcmp(bench->claimed[i]->recipient, "x@registrar.test") == 0)
            cases += (unsigned)bench->claimed[i]->case_count;
    }
    assert_int_equal(cases, 4);
    /* Neighbours in name keep the mail that was composed. */
    assert_int_equal(look(bench,
                          "SELECT count(*) FROM notification n JOIN contact a ON a.id = n.contact_id"
                          " WHERE n.state = 9 AND a.address IN ('abuse@hxo.host.test', 'abuse@myh_o.host.test', ?1)",
                          ""),
                     0);
    bench_close(bench);
}

static void taken_back(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@a.test"), -ENOENT);
    assert_int_equal(order_about(bench, "suppress", "object", "no such thing"), -EINVAL);
    assert_int_equal(order_about(bench, "suppress", "object", "abuse@a.test"), 0);
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@a.test"), 0);
    ask_as(bench, "abuse@a.test");
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@a.test"), -EPERM);
    assert_int_equal(
        order(bench, json_pack("{s:s, s:s, s:b}", "verb", "unsuppress", "object", "abuse@a.test", "force", 1)), 0);
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    claim_one(bench, "abuse@a.test");
    assert_int_equal(read_as(bench, "suppressions", NULL), 0);
    assert_length(bench, "suppressions", 0);
    bench_close(bench);
}

/* ---- Ourselves ------------------------------------------------------------------------------------------------------------------------ */

static void our_own_mailboxes(void **state)
{
    (void)state;
    struct bench *bench =
        bench_open_with((const char *[]){ "sender.reply_to=people+reply@tocsin.test",
                                          "profiles.other={ sender: { address: other@tocsin.test } }", NULL });
    static const char *const ours[] = { "owner:team@tocsin.test",    "owner:people+reply@tocsin.test",
                                        "owner:bounce@tocsin.test",  "owner:bounce+token@tocsin.test",
                                        "owner:optout@tocsin.test",  "owner:other@tocsin.test",
                                        "owner:bouncer@tocsin.test", NULL };
    bench->ladder = ours;
    drop_targets(bench, "one.csv", "tocsin.test");
    compose_all(bench);
    claim_one(bench, "bouncer@tocsin.test");
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner),
        cmocka_unit_test(the_owner_after_a_bounce),
        cmocka_unit_test(the_owner_while_the_hosters_mail_is_deferred),
        cmocka_unit_test(the_owner_in_other_campaigns),
        cmocka_unit_test(the_owner_in_a_mail_about_two),
        cmocka_unit_test(the_owner_in_a_held_mail),
        cmocka_unit_test(the_hoster),
        cmocka_unit_test(the_hoster_who_owns_one),
        cmocka_unit_test(a_redirected_campaign),
        cmocka_unit_test(a_stranger_gets_no_receipt),
        cmocka_unit_test(a_contact_gets_one),
        cmocka_unit_test(an_owner_who_waits),
        cmocka_unit_test(an_owner_whose_mail_is_leased),
        cmocka_unit_test(a_complaint_then_an_opt_out),
        cmocka_unit_test(a_complaint),
        cmocka_unit_test(an_address),
        cmocka_unit_test(a_domain),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(our_own_mailboxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
