/* What can be read: it agrees with what was done, and a submitter sees what is his own. */
#include "queue/reads.h"
#include "tests/unit/queue_bench.h"

#include <sys/stat.h>

/* A campaign in which everything has happened once. What each mail came to is in its target's name. */
static struct bench *eventful(void)
{
    struct bench *bench = bench_open_with((const char *[]){ "delivery.retry_for=1h", NULL });
    static const char *const ladder[] = { "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    bench->ladder = ladder;
    drop_file(bench, &(struct drop){ .name = "a.csv",
                                     .campaign = "bot",
                                     .who = "alice",
                                     .rejected = 1,
                                     .targets = { "accepted.test", "delivered.test", "answered.test", "session.test",
                                                  "later.test", "givenup.test", "optout.test", "complains.test",
                                                  "policy.test", "deferred.test" } });
    compose_all(bench);
    assert_int_equal(claim_due(bench, MANY), 10);
    for (size_t i = 0; i < 10; i++) {
        const struct notification *mail = bench->claimed[i];
        const char *target = mail->cases[0].target;
        int verdict = strstr(target, "session")                                   ? QUEUE_BOUNCED
                      : strstr(target, "policy")                                  ? QUEUE_ABOUT_US
                      : strstr(target, "givenup") || strstr(target, "deferred.t") ? QUEUE_DEFERRED
                                                                                  : QUEUE_ACCEPTED;
        attempt(bench, mail->id, verdict, verdict == QUEUE_BOUNCED ? "user_unknown" : NULL);
    }
    come_back(bench, to(bench, "abuse@delivered.test")->id, QUEUE_RETURNED_DELIVERED, NULL);
    come_back(bench, to(bench, "abuse@answered.test")->id, QUEUE_RETURNED_ANSWER, NULL);
    come_back(bench, to(bench, "abuse@later.test")->id, QUEUE_RETURNED_BOUNCE, "mailbox_full");
    come_back(bench, to(bench, "abuse@optout.test")->id, QUEUE_RETURNED_OPT_OUT, NULL);
    come_back(bench, to(bench, "abuse@complains.test")->id, QUEUE_RETURNED_COMPLAINT, NULL);
    int64_t given_up = to(bench, "abuse@givenup.test")->id;
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, MANY), 5); /* given up, deferred, policy, the hoster's, a receipt */
    attempt(bench, given_up, QUEUE_DEFERRED, "network");
    return bench;
}

static void the_report(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    assert_int_equal(read_as(bench, "report", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_text(bench, "campaign", "bot");
    assert_text(bench, "state", "running");
    assert_number(bench, "rows", 11);
    assert_number(bench, "rejected", 1);
    assert_number(bench, "incidents", 10);
    assert_number(bench, "duplicates", 0);
    assert_number(bench, "cases", 10);
    assert_number(bench, "told", 2);
    assert_number(bench, "ends.delivered", 1);
    assert_number(bench, "ends.answered", 1);
    assert_number(bench, "ends.opted-out", 1);
    assert_number(bench, "ends.exhausted", 0);
    assert_number(bench, "ends.open", 7);
    /* The hoster's mail is leased: no session has been recorded, so it does not count yet. */
    assert_number(bench, "mails", 10);
    assert_number(bench, "attempts", 11);
    assert_length(bench, "kinds", 1);
    assert_text(bench, "kinds.0.kind", "rfc2142-abuse");
    assert_number(bench, "kinds.0.mails", 10);
    assert_number(bench, "kinds.0.accepted", 6);
    assert_number(bench, "kinds.0.bounced_session", 1);
    assert_number(bench, "kinds.0.bounced_later", 1);
    assert_number(bench, "kinds.0.given_up", 1);
    assert_number(bench, "kinds.0.delivered", 3);
    assert_number(bench, "kinds.0.answered", 1);
    assert_number(bench, "kinds.0.pending", 4);
    assert_number(bench, "kinds.0.cancelled", 0);
    assert_number(bench, "reasons.user_unknown", 1);
    assert_number(bench, "reasons.mailbox_full", 1);
    assert_number(bench, "complaints", 1);
    assert_number(bench, "funnel.0.rung", 1);
    assert_number(bench, "funnel.0.cases", 10);
    assert_number(bench, "funnel.0.bounced", 2);
    assert_number(bench, "funnel.0.given_up", 1);
    assert_number(bench, "funnel.0.delivered", 2);
    assert_number(bench, "funnel.1.cases", 2);
    assert_int_equal(read_as(bench, "report", json_pack("{s:s}", "campaign", "nonesuch")), -ENOENT);
    bench_close(bench);
}

/* And at the end each sum agrees: every case has ended, every mail has come to something. */
static void the_report_at_the_end(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    for (size_t i = 0; i < bench->claimed_count; i++)
        if (!strstr(bench->claimed[i]->recipient, "givenup"))
            attempt(bench, bench->claimed[i]->id, QUEUE_ACCEPTED, NULL);
    pass(bench, 2 * DAY);
    assert_int_equal(claim_due(bench, MANY), 1); /* the hoster's second */
    attempt(bench, bench->claimed[0]->id, QUEUE_BOUNCED, "policy");
    pass(bench, 7 * DAY);
    assert_campaign(bench, "bot", "ended");
    assert_int_equal(read_as(bench, "report", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_number(bench, "ends.open", 0);
    assert_number(bench, "ends.delivered", 7);
    assert_number(bench, "ends.answered", 1);
    assert_number(bench, "ends.opted-out", 1);
    assert_number(bench, "ends.exhausted", 1);
    assert_number(bench, "mails", 12);
    assert_number(bench, "kinds.0.mails", 12);
    assert_number(bench, "kinds.0.pending", 0);
    assert_number(bench, "kinds.0.delivered", 8);
    assert_number(bench, "kinds.0.bounced_session", 2);
    assert_number(bench, "kinds.0.bounced_later", 1);
    assert_number(bench, "kinds.0.given_up", 1);
    assert_number(bench, "funnel.1.cases", 3);
    assert_number(bench, "funnel.1.bounced", 1);
    bench_close(bench);
}

static void the_status(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_length(bench, "campaigns", 1);
    assert_text(bench, "campaigns.0.name", "bot");
    assert_text(bench, "campaigns.0.profile", "default");
    assert_number(bench, "campaigns.0.cases", 10);
    assert_number(bench, "campaigns.0.open", 7);
    assert_number(bench, "campaigns.0.ends.delivered", 1);
    assert_number(bench, "campaigns.0.files", 1);
    assert_number(bench, "campaigns.0.rejected", 1);
    assert_number(bench, "campaigns.0.files_loading", 0);
    assert_number(bench, "campaigns.0.waiting_for_approval", 0);
    assert_number(bench, "campaigns.0.leased", 3);
    assert_number(bench, "campaigns.0.accepted", 2);
    assert_number(bench, "campaigns.0.deferred", 0);
    assert_number(bench, "suppressions", 3);
    assert_true(json_is_false(got(bench, "stopped")));
    bench_close(bench);
}

static void the_cases(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    assert_int_equal(
        read_as(bench, "campaign", json_pack("{s:s, s:b, s:i}", "campaign", "bot", "cases", 1, "limit", 5)), 0);
    assert_length(bench, "cases_list", 5);
    assert_text(bench, "cases_list.4.target", "later.test");
    assert_text(bench, "cases_list.4.state", "notified");
    assert_number(bench, "cases_list.4.position", 2);
    assert_text(bench, "cases_list.4.rungs.0.address", "abuse@later.test");
    assert_text(bench, "cases_list.4.rungs.0.state", "bounced");
    assert_text(bench, "cases_list.4.rungs.0.party", "owner");
    assert_text(bench, "cases_list.4.rungs.1.state", "sent");
    assert_text(bench, "feed_files.0.state", "loaded");
    assert_true(json_is_true(got(bench, "feed_files.0.approved")));
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_null(json_object_get(bench->result, "cases_list"));
    bench_close(bench);
}

static void the_queue(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    /* Under way: the hoster's mail, deferred, policy; and a receipt of the house's. */
    assert_int_equal(read_as(bench, "queue", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_length(bench, "notifications", 3);
    assert_int_equal(read_as(bench, "queue", NULL), 0);
    assert_length(bench, "notifications", 4);
    assert_int_equal(read_as(bench, "queue", json_pack("{s:b}", "all", 1)), 0);
    assert_length(bench, "notifications", 12);
    assert_text(bench, "notifications.3.recipient", "abuse@session.test");
    assert_text(bench, "notifications.3.bounced", "session");
    assert_text(bench, "notifications.3.reason", "user_unknown");
    assert_text(bench, "notifications.3.targets.0", "session.test");
    assert_number(bench, "notifications.3.cases", 1);
    assert_true(json_is_false(got(bench, "notifications.3.accepted")));
    assert_int_equal(read_as(bench, "queue", json_pack("{s:s, s:i}", "state", "accepted", "limit", 1)), 0);
    assert_length(bench, "notifications", 1);
    assert_text(bench, "notifications.0.recipient", "abuse@accepted.test");
    assert_int_equal(read_as(bench, "queue", json_pack("{s:s}", "state", "lost")), -EINVAL);
    assert_int_equal(read_as(bench, "queue", json_pack("{s:s}", "campaign", "nonesuch")), -ENOENT);
    bench_close(bench);
}

/* Lists come in pages; each begins after the last row of the one before. */
static void pages(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    unsigned rows = 0;
    json_int_t after = 0;
    for (int page = 0; page < 3; page++) {
        assert_int_equal(read_as(bench, "queue", json_pack("{s:b, s:i, s:I}", "all", 1, "limit", 5, "after", after)),
                         0);
        json_t *list = got(bench, "notifications");
        for (size_t i = 0; i < json_array_size(list); i++, rows++) {
            json_int_t id = json_integer_value(json_object_get(json_array_get(list, i), "id"));
            assert_true(id > after);
            after = id;
        }
        if (page < 2)
            assert_number(bench, "next", after);
    }
    assert_int_equal(rows, 12);
    assert_null(json_object_get(bench->result, "next"));
    assert_int_equal(
        read_as(bench, "campaign", json_pack("{s:s, s:b, s:i}", "campaign", "bot", "cases", 1, "limit", 8)), 0);
    assert_number(bench, "next", 8);
    assert_int_equal(
        read_as(bench, "campaign", json_pack("{s:s, s:b, s:i}", "campaign", "bot", "cases", 1, "after", 8)), 0);
    assert_length(bench, "cases_list", 2);
    assert_length(bench, "cases_list.1.rungs", 2);
    assert_int_equal(json_object_size(bench->result), 1);
    assert_int_equal(read_as(bench, "suppressions", json_pack("{s:i}", "limit", 2)), 0);
    assert_text(bench, "next", "abuse@optout.test");
    assert_int_equal(read_as(bench, "suppressions", json_pack("{s:s}", "after", "abuse@optout.test")), 0);
    assert_length(bench, "suppressions", 1);
    assert_text(bench, "suppressions.0.object", "optout.test");
    bench_close(bench);
}

/* However much is asked for. */
static void a_page_has_a_limit(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    for (int i = 0; i < 501; i++) {
        char address[64];
        snprintf(address, sizeof address, "a%03d@x.test", i);
        json_t *one = json_pack("{s:s, s:s}", "verb", "suppress", "object", address);
        queue_order(bench->queue, one, "root", bench->now, on_result, bench);
        json_decref(one);
    }
    wait_for_all(bench);
    assert_int_equal(read_as(bench, "suppressions", json_pack("{s:i}", "limit", 1000000)), 0);
    assert_length(bench, "suppressions", 500);
    assert_text(bench, "next", "a499@x.test");
    assert_int_equal(read_as(bench, "suppressions", json_pack("{s:i}", "limit", -1)), 0);
    assert_length(bench, "suppressions", 500);
    bench_close(bench);
}

static void one_notification(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    assert_int_equal(read_as(bench, "notification", json_pack("{s:i}", "notification", 6)), 0);
    assert_text(bench, "recipient", "abuse@givenup.test");
    assert_text(bench, "state", "given-up");
    assert_number(bench, "attempts", 2);
    assert_length(bench, "history", 2);
    assert_text(bench, "history.1.verdict", "deferred");
    assert_text(bench, "history.1.stage", "rcpt");
    assert_number(bench, "history.1.code", 451);
    assert_text(bench, "history.1.text", "what the server said");
    assert_length(bench, "returned", 0);
    assert_int_equal(read_as(bench, "notification", json_pack("{s:i}", "notification", 99)), -ENOENT);
    assert_int_equal(read_as(bench, "notification", NULL), -ENOENT);
    bench_close(bench);
}

static void the_log(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    assert_int_equal(read_as(bench, "log", json_pack("{s:s}", "target", "later.test")), 0);
    assert_length(bench, "events", 4);
    assert_text(bench, "events.0.what", "composed");
    assert_text(bench, "events.1.what", "accepted");
    assert_text(bench, "events.2.what", "hard");
    assert_text(bench, "events.2.detail", "no such user");
    assert_text(bench, "events.3.recipient", "abuse@hoster.test");
    assert_int_equal(read_as(bench, "log", json_pack("{s:s, s:s}", "address", "abuse@policy.test", "campaign", "bot")),
                     0);
    assert_length(bench, "events", 2);
    assert_text(bench, "events.1.what", "refused");
    /* The last ones, oldest first. */
    assert_int_equal(read_as(bench, "log", json_pack("{s:i}", "limit", 1)), 0);
    assert_length(bench, "events", 1);
    assert_text(bench, "events.0.what", "deferred");
    assert_int_equal(read_as(bench, "log", json_pack("{s:s}", "campaign", "nonesuch")), -ENOENT);
    bench_close(bench);
}

/* What was not understood, or was forged, waits for a person. */
static void the_log_of_what_is_nobodys(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue_returned returned = { .class = "unknown", .diagnostic = "what?", .from = "someone@x.test" };
    come_back_as(bench, &returned);
    returned.token_fault = "forged";
    returned.from = "mallory@x.test";
    come_back_as(bench, &returned);
    assert_int_equal(read_as(bench, "log", NULL), 0);
    assert_length(bench, "events", 2);
    assert_text(bench, "events.0.what", "unknown");
    assert_text(bench, "events.0.recipient", "someone@x.test");
    assert_text(bench, "events.0.detail", "what?");
    assert_text(bench, "events.1.detail", "forged token");
    assert_int_equal(read_as(bench, "log", json_pack("{s:s}", "address", "mallory@x.test")), 0);
    assert_length(bench, "events", 1);
    assert_int_equal(read_as(bench, "log", json_pack("{s:s}", "owner", "alice")), 0);
    assert_length(bench, "events", 0);
    bench_close(bench);
}

static void the_audit(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    order(bench, json_pack("{s:s, s:s}", "verb", "stop", "why", "the dean called"));
    order_about(bench, "pause", "campaign", "bot");
    assert_int_equal(read_as(bench, "audit", NULL), 0);
    assert_text(bench, "audit.0.who", "alice");
    assert_text(bench, "audit.0.action", "submit");
    assert_text(bench, "audit.0.object", "bot");
    assert_int_equal(read_as(bench, "audit", json_pack("{s:i}", "limit", 2)), 0);
    assert_length(bench, "audit", 2);
    assert_text(bench, "audit.0.who", "root");
    assert_text(bench, "audit.0.action", "stop");
    assert_text(bench, "audit.0.detail", "the dean called");
    assert_text(bench, "audit.1.action", "pause");
    bench_close(bench);
}

/* ---- Whose ---------------------------------------------------------------------------------------------------------------------------- */

static json_t *as_bob(const char *key, const char *value)
{
    json_t *arguments = json_pack("{s:s}", "owner", "bob");
    if (key)
        json_object_set_new(arguments, key, json_string(value));
    return arguments;
}

static void his_own(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    drop_file(bench, &(struct drop){ .name = "bobs.csv", .who = "bob", .targets = { "bobs.test" } });
    compose_all(bench);
    assert_int_equal(read_as(bench, "status", as_bob(NULL, NULL)), 0);
    assert_length(bench, "campaigns", 1);
    assert_text(bench, "campaigns.0.name", "default-bobs");
    static const char *const of_a_campaign[] = { "campaign", "report", "queue", "log" };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(read_as(bench, of_a_campaign[i], as_bob("campaign", "default-bobs")), 0);
        assert_int_equal(read_as(bench, of_a_campaign[i], as_bob("campaign", "bot")), -ENOENT);
    }
    /* Without a campaign: all of his. */
    json_t *all = as_bob(NULL, NULL);
    json_object_set_new(all, "all", json_true());
    assert_int_equal(read_as(bench, "queue", all), 0);
    assert_length(bench, "notifications", 1);
    assert_text(bench, "notifications.0.recipient", "abuse@bobs.test");
    assert_int_equal(read_as(bench, "log", as_bob(NULL, NULL)), 0);
    assert_length(bench, "events", 1);
    assert_int_equal(read_as(bench, "log", as_bob("target", "later.test")), 0);
    assert_length(bench, "events", 0);
    json_t *one = as_bob(NULL, NULL);
    json_object_set_new(one, "notification", json_integer(1));
    assert_int_equal(read_as(bench, "notification", one), -ENOENT);
    bench_close(bench);
}

/* ---- What became of a file ---------------------------------------------------------------------------------------------------------------- */

static void one_file(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    drop_file(bench,
              &(struct drop){ .name = "b.csv", .who = "bob", .claim = "default/b", .targets = { "b.test", "c.test" } });
    assert_int_equal(read_as(bench, "file", as_bob("claim", "default/b")), 0);
    assert_text(bench, "state", "loaded");
    assert_text(bench, "campaign", "default-b");
    assert_number(bench, "rows", 2);
    assert_number(bench, "targets", 2);
    drop_file(bench,
              &(struct drop){
                  .name = "c.csv", .who = "carol", .claim = "default/c", .targets = { "d.test" }, .unfinished = true });
    assert_int_equal(read_as(bench, "file", json_pack("{s:s}", "claim", "default/c")), 0);
    assert_text(bench, "state", "loading");
    assert_int_equal(read_as(bench, "file", as_bob("claim", "default/c")), -ENOENT);
    assert_int_equal(read_as(bench, "file", NULL), -ENOENT);
    bench_close(bench);
}

/* ---- Reads as such ----------------------------------------------------------------------------------------------------------------------- */

static void no_such_read(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    assert_int_equal(read_as(bench, "everything", NULL), -ENOSYS);
    assert_null(bench->result);
    assert_int_equal(read_as(bench, "campaign", NULL), -ENOENT);
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "")), -ENOENT);
    assert_int_equal(read_as(bench, "report", json_pack("{s:i}", "campaign", 1)), -ENOENT);
    bench_close(bench);
}

/* What a stranger's server said is no UTF-8: it is shown all the same. */
static void words_of_strangers(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    struct queue_attempt one = { .notification = claim_one(bench, "abuse@a.test"),
                                 .time = bench->now,
                                 .verdict = QUEUE_BOUNCED,
                                 .stage = "rcpt",
                                 .reached = true,
                                 .code = 550,
                                 .enhanced = "5.1.1",
                                 .text = "Empf\xe4nger unbekannt" };
    queue_record_attempt(bench->queue, &one, NULL, NULL, NULL);
    wait_for_all(bench);
    assert_int_equal(read_as(bench, "notification", json_pack("{s:i}", "notification", 1)), 0);
    assert_text(bench, "history.0.text", "Empf\xc3\xa4nger unbekannt");
    assert_text(bench, "history.0.enhanced", "5.1.1");
    bench_close(bench);
}

/* With the daemon down, and without the right to write. */
static void offline(void **state)
{
    (void)state;
    struct bench *bench = eventful();
    stop_queue(bench);
    json_t *result = NULL;
    struct error error = { "" };
    assert_int_equal(reads_run_offline(bench->store, "status", NULL, &result, &error), 0);
    assert_int_equal(json_array_size(json_object_get(result, "campaigns")), 1);
    json_decref(result);
    assert_int_equal(reads_run_offline("/nonexistent/tocsin.db", "status", NULL, &result, &error), -ENXIO);
    assert_int_equal(reads_run_offline(bench->store, "everything", NULL, &result, &error), -ENOSYS);
    assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
    bench_close(bench);
}

/* Two contacts share a domain, a hoster has two of the cases, one address is suppressed, one target has nobody. */
static void the_outlook(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    static const char *const ladder[] = { "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    bench->ladder = ladder;
    assert_int_equal(order_about(bench, "suppress", "object", "abuse@one.test"), 0);
    assert_int_equal(order_about(bench, "suppress", "object", "abuse@two.test"), 0);
    drop_file(bench, &(struct drop){ .name = "a.csv",
                                     .campaign = "bot",
                                     .who = "alice",
                                     .targets = { "one.test", "two.test", "three.test" } });
    compose_all(bench);
    assert_int_equal(read_as(bench, "outlook", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_number(bench, "mails", 2);
    assert_number(bench, "contacts", 2);
    assert_text(bench, "largest.recipient", "abuse@hoster.test");
    assert_number(bench, "largest.cases", 2);
    assert_text(bench, "domain.name", "hoster.test");
    assert_number(bench, "domain.mails", 1);
    assert_number(bench, "suppressed", 2);
    assert_number(bench, "known_dead", 0);
    assert_number(bench, "without_contact", 0);
    assert_int_equal(read_as(bench, "outlook", json_pack("{s:s}", "campaign", "none")), -ENOENT);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report),
        cmocka_unit_test(the_outlook),
        cmocka_unit_test(the_report_at_the_end),
        cmocka_unit_test(the_status),
        cmocka_unit_test(the_cases),
        cmocka_unit_test(the_queue),
        cmocka_unit_test(pages),
        cmocka_unit_test(a_page_has_a_limit),
        cmocka_unit_test(one_notification),
        cmocka_unit_test(the_log),
        cmocka_unit_test(the_log_of_what_is_nobodys),
        cmocka_unit_test(the_audit),
        cmocka_unit_test(his_own),
        cmocka_unit_test(one_file),
        cmocka_unit_test(no_such_read),
        cmocka_unit_test(words_of_strangers),
        cmocka_unit_test(offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
