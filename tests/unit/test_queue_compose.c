/* Composition and approval: cases that wait for one contact become one mail, when its time has come and a person has said yes. */
#include "tests/unit/queue_bench.h"

static const char *const hoster_only[] = { "hoster:abuse@hoster.test", NULL };

/* ---- Aggregation -------------------------------------------------------------------------------------------------------------------- */

static void one_mail_to_a_hoster(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "many.csv" });
    for (unsigned long line = 1; line <= 300; line++) {
        char target[32];
        snprintf(target, sizeof target, "t%03lu.test", line);
        struct incident incident = incident_of(target, line);
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 300, 0);
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 300);
    assert_string_equal(bench->claimed[0]->cases[0].target, "t001.test");
    assert_string_equal(bench->claimed[0]->cases[299].target, "t300.test");
    /* When it bounces, each case climbs its own ladder. */
    attempt(bench, mail, QUEUE_BOUNCED, "user_unknown");
    assert_int_equal(look(bench, "SELECT count(*) FROM \"case\" WHERE state = 8 AND ?1 = ''", ""), 300);
    turn(bench);
    assert_campaign(bench, "default-many", "ended");
    bench_close(bench);
}

static void add_lines(struct bench *bench, int64_t file, const char *target, unsigned long from, unsigned long count)
{
    for (unsigned long line = from; line < from + count; line++) {
        struct incident incident = incident_of(target, line);
        char identifier[32];
        snprintf(identifier, sizeof identifier, "n%lu", line);
        incident.identifier = identifier;
        add_incident(bench, file, &incident);
    }
}

/* One mail carries so many incidents; each case has its share of them, and at least one. */
static void a_mail_has_an_end(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "much.csv" });
    add_lines(bench, dropped.file, "a.test", 1, NOTIFICATION_INCIDENTS);
    add_lines(bench, dropped.file, "b.test", NOTIFICATION_INCIDENTS + 1, 3);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, NOTIFICATION_INCIDENTS + 3, 0);
    compose_all(bench);
    claim_one(bench, "abuse@hoster.test");
    const struct notification *mail = bench->claimed[0];
    assert_int_equal(mail->case_count, 2);
    assert_int_equal(mail->cases[0].count, NOTIFICATION_INCIDENTS / 2);
    assert_int_equal(mail->cases[0].left_out, NOTIFICATION_INCIDENTS / 2);
    assert_int_equal(mail->cases[1].count, 3);
    assert_int_equal(mail->cases[1].left_out, 0);
    bench_close(bench);
}

/* ---- Templates ----------------------------------------------------------------------------------------------------------------------- */

static struct queue_template templates[] = {
    { (char *)"notification", (char *)"en", (char *)"generic, English" },
    { (char *)"notification", (char *)"de", (char *)"generic, German" },
    { (char *)"exposed-git", (char *)"en", (char *)"git, English" },
    { (char *)"exposed-service", (char *)"en", (char *)"service, English" },
    { (char *)"mine", (char *)"de", (char *)"mine, German" },
    { (char *)"mine", (char *)"en", (char *)"mine, English" },
};

struct told {
    const char *target, *contact, *languages, *settings;
    const char *incidents[3]; /* what was seen */
    const char *template; /* the mail is written from */
};

static void expect_template(const struct told *told)
{
    struct bench *bench = bench_open();
    const char *const ladder[] = { told->contact, NULL };
    bench->ladder = ladder;
    bench->languages = told->languages;
    struct dropped dropped =
        begin_file(bench, &(struct drop){ .name = "t.csv",
                                          .settings = told->settings,
                                          .templates = templates,
                                          .template_count = sizeof templates / sizeof *templates });
    for (unsigned long i = 0; i < 3 && told->incidents[i]; i++) {
        char *target = mem_format("%s%s", i ? "x" : "", told->target);
        struct incident incident = incident_of(target, i + 1);
        incident.json = told->incidents[i];
        incident.json_length = strlen(incident.json);
        add_incident(bench, dropped.file, &incident);
        free(target);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 3, 0);
    compose_all(bench);
    claim_one(bench, strchr(told->contact, ':') + 1);
    assert_string_equal(bench->claimed[0]->template_text, told->template);
    bench_close(bench);
}

/* By the reader's language, then by what all of a mail's cases have in common. */
static void a_mail_has_the_template_for_it(void **state)
{
    (void)state;
#define GIT "{\"classification.type\":\"information-disclosure\",\"classification.identifier\":\"exposed-git\"}"
#define REDIS "{\"classification.type\":\"information-disclosure\",\"classification.identifier\":\"open-redis\"}"
#define BOT "{\"classification.type\":\"infected-system\"}"
    static const struct told rows[] = {
        { "a.com", "owner:abuse@a.com", NULL, NULL, { GIT }, "git, English" },
        { "a.com", "hoster:abuse@b.com", NULL, NULL, { GIT, GIT }, "git, English" },
        { "a.com", "hoster:abuse@b.com", NULL, NULL, { GIT, REDIS }, "service, English" },
        { "a.com", "hoster:abuse@b.com", NULL, NULL, { GIT, BOT, GIT }, "generic, English" },
        { "a.com", "owner:abuse@a.com", NULL, NULL, { "{}" }, "generic, English" },
        /* An owner's own domain speaks for him, a hoster's address for the hoster; what is known of them before both, the profile's after both. */
        { "a.de", "owner:abuse@a.com", NULL, NULL, { GIT }, "generic, German" },
        { "a.de", "hoster:abuse@b.com", NULL, NULL, { GIT }, "git, English" },
        { "a.com", "hoster:abuse@b.at", NULL, NULL, { GIT }, "generic, German" },
        { "a.de", "owner:abuse@a.de", "en", NULL, { GIT }, "git, English" },
        { "a.com", "owner:abuse@a.com", "pl,de-CH", NULL, { GIT }, "generic, German" },
        { "a.com", "owner:abuse@a.com", NULL, "{\"language\":\"de\"}", { GIT }, "generic, German" },
        { "a.de", "owner:abuse@a.de", NULL, "{\"template\":\"mine\",\"language\":\"en\"}", { GIT }, "mine, German" },
        { "a.fr", "owner:abuse@a.fr", NULL, "{\"template\":\"mine\",\"language\":\"en\"}", { GIT }, "mine, English" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_template(&rows[i]);
}

/* Each waits for itself; the first whose time has come takes the others along. */
static void those_that_wait_go_along(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_targets(bench, "two.csv", "a.test", "b.test");
    assert_int_equal(claim_targets(bench, 1), 1);
    set_ladder(bench, bench->targets[0].id, "a.test", hoster_only);
    pass(bench, 50 * MINUTE);
    resolve_all(bench);
    pass(bench, 10 * MINUTE);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 2);
    bench_close(bench);
}

static void its_set_of_cases_never_changes(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test", "a.test" } });
    resolve_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 1);
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    pass(bench, HOUR);
    assert_int_equal(claim_one(bench, "abuse@hoster.test"), mail);
    assert_int_equal(bench->claimed[0]->case_count, 1);
    assert_int_equal(bench->claimed[0]->cases[0].count, 1);
    bench_close(bench);
}

/* A contact was told of one case, half of contact_interval ago. */
static struct bench *one_told(void)
{
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "c", .targets = { "a.test" } });
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_DELIVERED, NULL);
    assert_mail(bench, mail, "delivered");
    pass(bench, DAY / 2);
    return bench;
}

static void next_case(struct bench *bench)
{
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "c", .targets = { "b.test" } });
    compose_all(bench);
}

static void set_clock(struct bench *bench, int64_t jump)
{
    queue_clock_set(bench->queue, bench->now, jump);
    wait_for_all(bench);
    bench->now += jump;
}

/* The next mail to the contact goes out when the other half has passed: not half a day early, nor a year late. */
static void the_clock_is_set_between_two_mails_to_a_contact(void **state)
{
    (void)state;
    for (int back = 0; back < 2; back++) {
        struct bench *bench = one_told();
        if (back)
            next_case(bench); /* a file comes by the wall's clock, which cannot be set back here */
        set_clock(bench, back ? -400 * DAY : 5 * DAY);
        if (!back)
            next_case(bench);
        turn(bench);
        assert_int_equal(claim_due(bench, MANY), 0);
        pass(bench, DAY / 2);
        claim_one(bench, "abuse@hoster.test");
        bench_close(bench);
    }
}

/* A rehearsal waits until all contacts are known, and for nothing else: neither for aggregate_wait nor for contact_interval. */
static void a_rehearsal_waits_for_nobody(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .campaign = "try", .redirect_to = "me@test.test" };
    bench->ladder = hoster_only;
    drop.targets[0] = "a.test";
    drop.targets[1] = "b.test";
    drop_file(bench, &drop);
    assert_int_equal(claim_targets(bench, 1), 1);
    set_ladder(bench, bench->targets[0].id, "a.test", hoster_only);
    turn(bench);
    assert_int_equal(claim_due(bench, MANY), 0);
    resolve_all(bench);
    turn(bench);
    attempt(bench, claim_one(bench, "abuse@hoster.test"), QUEUE_ACCEPTED, NULL);
    assert_int_equal(bench->claimed[0]->case_count, 2);
    drop = (struct drop){
        .name = "b.csv", .campaign = "try", .redirect_to = "me@test.test", .targets = { "c.test", "d.test" }
    };
    drop_file(bench, &drop);
    /* What DNS cannot say for now is not waited for. */
    assert_int_equal(claim_targets(bench, 1), 1);
    queue_resolve_later(bench->queue, bench->targets[0].id, bench->now, bench->now + 10 * MINUTE);
    resolve_all(bench);
    turn(bench);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 1);
    bench_close(bench);
}

/* And says until when it waits, where it is none. */
static void it_is_known_until_when_they_wait(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "two.csv", "a.test", "b.test");
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "campaigns.0.searching", 2);
    assert_number(bench, "campaigns.0.gathering", 0);
    resolve_all(bench);
    turn(bench);
    char until[32];
    time_t end = (time_t)((bench->now + HOUR) / 1000);
    strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%S+00:00", gmtime(&end));
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "campaigns.0.searching", 0);
    assert_number(bench, "campaigns.0.gathering", 2);
    assert_text(bench, "campaigns.0.gathering_until", until);
    pass(bench, HOUR);
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "campaigns.0.gathering", 0);
    bench_close(bench);
}

/* At most one a day. */
static void later_cases_gather(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    attempt(bench, claim_one(bench, "abuse@hoster.test"), QUEUE_ACCEPTED, NULL);
    pass(bench, HOUR);
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    compose_all(bench);
    drop_file(bench, &(struct drop){ .name = "c.csv", .campaign = "bot", .targets = { "c.test" } });
    compose_all(bench);
    assert_int_equal(bench->turn.next, bench->now + 21 * HOUR);
    pass(bench, 21 * HOUR - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, SECOND);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 2);
    bench_close(bench);
}

/* Counted from when it went out: a mail that was kept back for days is not followed by the next one at once. */
static void gathered_while_a_mail_could_not_go_out(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    resolve_all(bench);
    for (int day = 0; day < 3; day++) {
        pass(bench, 30 * HOUR);
        assert_int_equal(claim_one(bench, "abuse@hoster.test"), mail);
        attempt(bench, mail, day < 2 ? QUEUE_DEFERRED : QUEUE_ACCEPTED, NULL);
    }
    int64_t sent = bench->now;
    do
        pass(bench, HOUR);
    while (!claim_due(bench, 10) && bench->now < sent + 10 * DAY);
    assert_in_range(bench->now - sent, 24 * HOUR, 49 * HOUR);
    assert_string_equal(bench->claimed[0]->cases[0].target, "b.test");
    bench_close(bench);
}

static void gathered_while_the_campaign_was_paused(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    resolve_all(bench);
    order_about(bench, "pause", "campaign", "bot");
    pass(bench, 3 * DAY);
    order_about(bench, "resume", "campaign", "bot");
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 1);
    bench_close(bench);
}

/* What was taken back before it went out does not count. */
static void a_cancelled_mail_does_not_count(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    assert_int_equal(order(bench, json_pack("{s:s, s:i}", "verb", "cancel-notification", "notification", 1)), 0);
    assert_case(bench, "a.test", "cancelled");
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    compose_all(bench);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(order(bench, json_pack("{s:s, s:i}", "verb", "cancel-notification", "notification", 1)), -EINVAL);
    assert_int_equal(order(bench, json_pack("{s:s, s:i}", "verb", "cancel-notification", "notification", 99)), -EINVAL);
    bench_close(bench);
}

/* Campaigns do not share mails. */
static void another_campaign_writes_for_itself(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_targets(bench, "a.csv", "a.test");
    drop_targets(bench, "b.csv", "b.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    bench_close(bench);
}

/* Two dead ends that meet: cases of two ladders regroup under one contact. */
static void they_regroup(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    drop_targets(bench, "two.csv", "a.test", "b.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    attempt(bench, to(bench, "abuse@a.test")->id, QUEUE_BOUNCED, "user_unknown");
    bench->now += 30 * MINUTE;
    attempt(bench, to(bench, "abuse@b.test")->id, QUEUE_BOUNCED, "user_unknown");
    pass(bench, 30 * MINUTE);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 2);
    bench_close(bench);
}

/* While it waited, its contact turned out to be dead: it goes on without a mail. */
static void a_contact_that_died_meanwhile(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", "registrar:abuse@registrar.test", NULL };
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    drop_targets(bench, "b.csv", "b.test");
    resolve_all(bench);
    attempt(bench, claim_one(bench, "abuse@hoster.test"), QUEUE_BOUNCED, "user_unknown");
    pass(bench, HOUR);
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 2);
    to(bench, "abuse@registrar.test");
    assert_string_equal(bench->claimed[0]->recipient, bench->claimed[1]->recipient);
    bench_close(bench);
}

static void a_ladder_without_rungs(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 10), 1);
    struct ladder ladder = { 0 };
    ladder_note(&ladder, "no such domain");
    queue_set_ladder(bench->queue, bench->targets[0].id, &ladder, bench->now);
    ladder_clear(&ladder);
    wait_for_all(bench);
    assert_case(bench, "a.test", "exhausted");
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s, s:b}", "campaign", "default-a", "cases", 1)), 0);
    assert_text(bench, "cases_list.0.note", "no such domain");
    turn(bench);
    assert_campaign(bench, "default-a", "ended");
    bench_close(bench);
}

/* ---- The search ------------------------------------------------------------------------------------------------------------------------ */

static void asked_again_later(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 10), 1);
    assert_int_equal(bench->targets[0].since, 0);
    assert_int_equal(bench->targets[0].tries, 0);
    int64_t first = bench->now;
    queue_resolve_later(bench->queue, bench->targets[0].id, bench->now, bench->now + MINUTE);
    wait_for_all(bench);
    assert_case(bench, "a.test", "new");
    turn(bench);
    assert_int_equal(bench->turn.next, bench->now + MINUTE);
    assert_int_equal(claim_targets(bench, 10), 0);
    bench->now += MINUTE;
    assert_int_equal(claim_targets(bench, 10), 1);
    assert_int_equal(bench->targets[0].since, first);
    assert_int_equal(bench->targets[0].tries, 1);
    bench_close(bench);
}

/* Its campaign was cancelled while it was asked for. */
static void a_ladder_that_comes_too_late(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 10), 1);
    order_about(bench, "cancel", "campaign", "default-a");
    turn(bench);
    set_ladder(bench, bench->targets[0].id, "a.test", usual_ladder);
    queue_resolve_later(bench->queue, bench->targets[0].id, bench->now, bench->now);
    wait_for_all(bench);
    assert_case(bench, "a.test", "cancelled");
    bench_close(bench);
}

/* ---- Approval --------------------------------------------------------------------------------------------------------------------------- */

static void a_large_file_waits(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .approve_above = 1, .targets = { "a.test", "b.test" } };
    struct dropped dropped = drop_file(bench, &drop);
    assert_true(dropped.summary.held);
    compose_all(bench);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "campaigns.0.waiting_for_approval", 1);
    assert_number(bench, "campaigns.0.ready_for_approval", 1);
    assert_number(bench, "campaigns.0.held", 2);
    pass(bench, 3 * DAY);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    assert_number(bench, "notifications", 2);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_int_equal(bench->claimed[0]->date, bench->now / 1000);
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), -EINVAL);
    /* And its escalations. */
    attempt(bench, to(bench, "abuse@a.test")->id, QUEUE_BOUNCED, "user_unknown");
    pass(bench, HOUR);
    claim_one(bench, "postmaster@a.test");
    assert_int_equal(look(bench, "SELECT count(*) FROM audit WHERE action = 'approve' AND who = ?1", "root"), 1);
    bench_close(bench);
}

static void just_as_many_as_allowed(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .approve_above = 2, .targets = { "a.test", "b.test" } };
    assert_false(drop_file(bench, &drop).summary.held);
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    bench_close(bench);
}

/* A list of four in two files of one campaign is no smaller for that. */
static void many_in_short_files(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop first = { .name = "a.csv", .campaign = "day", .approve_above = 2, .targets = { "a.test", "b.test" } };
    struct drop second = { .name = "b.csv", .campaign = "day", .approve_above = 2, .targets = { "c.test", "d.test" } };
    assert_false(drop_file(bench, &first).summary.held);
    assert_true(drop_file(bench, &second).summary.held);
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_int_equal(order_about(bench, "approve", "campaign", "day"), 0);
    assert_int_equal(claim_due(bench, 10), 2);
    bench_close(bench);
}

/* Before a single contact was found: nothing is composed yet, and nothing needs to be held. */
static void approved_at_once(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test", "b.test" } });
    assert_int_equal(claim_targets(bench, 1), 1);
    set_ladder(bench, bench->targets[0].id, "a.test", usual_ladder);
    assert_case(bench, "a.test", "waiting");
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    assert_number(bench, "notifications", 0);
    turn(bench);
    claim_one(bench, "abuse@a.test");
    compose_all(bench);
    claim_one(bench, "abuse@b.test");
    bench_close(bench);
}

/* Held mails are composed once all contacts of the file are known, not before. */
static void composed_when_all_is_known(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test", "b.test" } });
    assert_int_equal(claim_targets(bench, 1), 1);
    set_ladder(bench, bench->targets[0].id, "a.test", hoster_only);
    pass(bench, DAY);
    assert_int_equal(look(bench, "SELECT count(*) FROM notification WHERE ?1 = ''", ""), 0);
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "campaigns.0.ready_for_approval", 0);
    resolve_all(bench);
    turn(bench);
    assert_int_equal(look(bench, "SELECT count(*) FROM notification WHERE ?1 = ''", ""), 1);
    order_about(bench, "approve", "campaign", "default-a");
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 2);
    bench_close(bench);
}

/* A later file needs its own approval, and does not slip into a mail of the first. */
static void a_later_file_needs_its_own(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .hold = true, .targets = { "a.test" } });
    compose_all(bench);
    order_about(bench, "approve", "campaign", "bot");
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .hold = true, .targets = { "b.test" } });
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 1);
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    pass(bench, 3 * DAY);
    assert_int_equal(claim_due(bench, 10), 0);
    order_about(bench, "approve", "campaign", "bot");
    claim_one(bench, "abuse@hoster.test");
    assert_string_equal(bench->claimed[0]->cases[0].target, "b.test");
    bench_close(bench);
}

/* A day's reports, approved together: what the first one's mail says grows until then, and the contact gets no other. */
static void held_files_share_their_mails(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "day", .hold = true, .targets = { "a.test" } });
    compose_all(bench);
    drop_file(bench,
              &(struct drop){ .name = "b.csv", .campaign = "day", .hold = true, .targets = { "b.test", "a.test" } });
    drop_file(bench, &(struct drop){ .name = "c.csv", .campaign = "day", .hold = true, .targets = { "c.test" } });
    drop_file(bench, &(struct drop){ .name = "d.csv", .campaign = "other", .hold = true, .targets = { "d.test" } });
    compose_all(bench);
    order_about(bench, "approve", "campaign", "day");
    assert_number(bench, "notifications", 1);
    assert_int_equal(claim_due(bench, 10), 1);
    assert_int_equal(bench->claimed[0]->case_count, 3);
    assert_string_equal(bench->claimed[0]->cases[0].target, "a.test");
    assert_string_equal(bench->claimed[0]->cases[2].target, "c.test");
    assert_int_equal(look(bench,
                          "SELECT count(*) FROM rung WHERE notification_id = (SELECT id FROM notification"
                          " WHERE state = 3 AND ?1 = '')",
                          ""),
                     3);
    attempt(bench, bench->claimed[0]->id, QUEUE_ACCEPTED, NULL);
    /* Nor does a later one slip into what has been approved; each has its own day's date. */
    drop_file(bench, &(struct drop){ .name = "e.csv", .campaign = "day", .hold = true, .targets = { "e.test" } });
    compose_all(bench);
    order_about(bench, "approve", "campaign", "day");
    pass(bench, 23 * HOUR - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, SECOND);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 1);
    assert_int_equal(bench->claimed[0]->date, bench->now / 1000);
    bench_close(bench);
}

/* A small file is not taken along by a large one that waits, nor the other way round. */
static void a_small_file_beside_a_held_one(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .hold = true, .targets = { "a.test" } });
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    compose_all(bench);
    pass(bench, DAY);
    claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 1);
    assert_string_equal(bench->claimed[0]->cases[0].target, "b.test");
    bench_close(bench);
}

static void a_paused_campaign_may_be_approved(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test" } });
    compose_all(bench);
    order_about(bench, "pause", "campaign", "default-a");
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 0);
    order_about(bench, "resume", "campaign", "default-a");
    claim_one(bench, "abuse@a.test");
    assert_int_equal(order_about(bench, "approve", "campaign", "nonesuch"), -ENOENT);
    bench_close(bench);
}

/* ---- Previews ---------------------------------------------------------------------------------------------------------------------------- */

static void on_preview(void *context, int status, const char *message, struct notification **notifications,
                       size_t count, size_t total)
{
    struct bench *bench = context;
    on_done(bench, status, message);
    on_claimed(bench, notifications, count);
    bench->total = total;
}

static int preview(struct bench *bench, const char *campaign, const char *owner, int64_t one, unsigned offset)
{
    clear_claimed(bench);
    queue_preview(bench->queue, campaign, owner, one, offset, 2, on_preview, bench);
    wait_for_all(bench);
    return bench->status;
}

static void a_preview(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test", "b.test", "c.test" } });
    compose_all(bench);
    assert_int_equal(preview(bench, "default-a", NULL, 0, 0), 0);
    assert_int_equal(bench->total, 3);
    assert_int_equal(bench->claimed_count, 2);
    assert_string_equal(bench->claimed[0]->recipient, "abuse@a.test");
    assert_int_equal(preview(bench, "default-a", "alice", 0, 2), 0);
    assert_int_equal(bench->claimed_count, 1);
    assert_string_equal(bench->claimed[0]->recipient, "abuse@c.test");
    assert_int_equal(preview(bench, "default-a", "mallory", 0, 0), -ENOENT);
    assert_int_equal(preview(bench, "nonesuch", NULL, 0, 0), -ENOENT);
    assert_int_equal(preview(bench, NULL, NULL, 2, 0), 0);
    assert_string_equal(bench->claimed[0]->recipient, "abuse@b.test");
    assert_int_equal(preview(bench, NULL, "alice", 2, 0), 0);
    assert_int_equal(preview(bench, NULL, "mallory", 2, 0), -EACCES);
    assert_int_equal(preview(bench, NULL, NULL, 77, 0), -ENOENT);
    /* It leases nothing. */
    assert_mail(bench, 1, "held");
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mail_to_a_hoster),
        cmocka_unit_test(a_mail_has_an_end),
        cmocka_unit_test(a_mail_has_the_template_for_it),
        cmocka_unit_test(those_that_wait_go_along),
        cmocka_unit_test(its_set_of_cases_never_changes),
        cmocka_unit_test(the_clock_is_set_between_two_mails_to_a_contact),
        cmocka_unit_test(a_rehearsal_waits_for_nobody),
        cmocka_unit_test(it_is_known_until_when_they_wait),
        cmocka_unit_test(later_cases_gather),
        cmocka_unit_test(gathered_while_a_mail_could_not_go_out),
        cmocka_unit_test(gathered_while_the_campaign_was_paused),
        cmocka_unit_test(a_cancelled_mail_does_not_count),
        cmocka_unit_test(another_campaign_writes_for_itself),
        cmocka_unit_test(they_regroup),
        cmocka_unit_test(a_contact_that_died_meanwhile),
        cmocka_unit_test(a_ladder_without_rungs),
        cmocka_unit_test(asked_again_later),
        cmocka_unit_test(a_ladder_that_comes_too_late),
        cmocka_unit_test(a_large_file_waits),
        cmocka_unit_test(just_as_many_as_allowed),
        cmocka_unit_test(many_in_short_files),
        cmocka_unit_test(approved_at_once),
        cmocka_unit_test(composed_when_all_is_known),
        cmocka_unit_test(a_later_file_needs_its_own),
        cmocka_unit_test(held_files_share_their_mails),
        cmocka_unit_test(a_small_file_beside_a_held_one),
        cmocka_unit_test(a_paused_campaign_may_be_approved),
        cmocka_unit_test(a_preview),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
