/* What is told apart in the mails to one contact, and when they go out. */
#include "tests/unit/queue_bench.h"

#include <glib.h>

static const char *const hoster_only[] = { "hoster:abuse@hoster.test", NULL };

static struct bench *bench_by(const char *words, const char *more)
{
    char *by = mem_format("profiles.default.aggregate_by=%s", words);
    struct bench *bench = bench_open_with((const char *[]){ by, "campaigns.contact_interval=24h", more, NULL });
    free(by);
    bench->ladder = hoster_only;
    return bench;
}

/* ---- Groups ------------------------------------------------------------------------------------------------------------------------- */

struct seen {
    const char *target, *type;
    int asn, port;
};

static const struct seen seen[] = {
    { "a.test", "spam", 64500, 1 }, { "a.test", "scanner", 64500, 1 },  { "b.test", "spam", 64501, 1 },
    { "b.test", "spam", 64501, 2 }, { "c.test", "phishing", 64500, 1 }, { "c.test", "spam", 64500, 1 },
    { "a.test", "spam", 64501, 1 }, /* the first one's finding, from elsewhere */
};
#define SEEN (sizeof seen / sizeof *seen)

static struct dropped drop_seen(struct bench *bench, const char *name, const char *redirect_to, bool hold)
{
    struct dropped dropped =
        begin_file(bench, &(struct drop){ .name = name, .campaign = "c", .redirect_to = redirect_to, .hold = hold });
    for (unsigned long i = 0; i < SEEN; i++) {
        char *json = mem_format(i % 2 ? "{\"source.asn\":%d}" : "{\"source.asn\":\"%d\"}", seen[i].asn);
        struct incident incident = incident_of(seen[i].target, i + 1);
        incident.type = seen[i].type;
        incident.port = seen[i].port;
        incident.json = json;
        incident.json_length = strlen(json);
        add_incident(bench, dropped.file, &incident);
        free(json);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, SEEN, 0);
    return dropped;
}

static size_t incidents_of(const struct notification *mail)
{
    size_t count = 0;
    for (size_t i = 0; i < mail->case_count; i++)
        count += mail->cases[i].count;
    return count;
}

static const struct {
    const char *words;
    size_t mails;
} ways[] = { { "[]", 1 }, { "[type]", 3 }, { "[asn]", 2 }, { "[type, asn]", 4 }, { "[incident]", SEEN - 1 } };

/* Each incident is told of once, and those in one mail have the same of what is told apart. */
static void expect_mails(struct bench *bench, size_t mails)
{
    size_t incidents = 0;
    assert_int_equal(claim_due(bench, MANY), mails);
    for (size_t i = 0; i < mails; i++)
        incidents += incidents_of(bench->claimed[i]);
    assert_int_equal(incidents, SEEN);
}

static void told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct bench *bench = bench_by(ways[i].words, NULL);
        drop_seen(bench, "a.csv", NULL, false);
        compose_all(bench);
        expect_mails(bench, ways[i].mails);
        /* Known all the same: by whichever case. */
        assert_int_equal(drop_seen(bench, "b.csv", NULL, false).summary.duplicates, SEEN);
        bench_close(bench);
    }
}

static void told_apart_when_held_and_in_a_rehearsal(void **state)
{
    (void)state;
    struct bench *bench = bench_by("[type]", NULL);
    drop_seen(bench, "a.csv", NULL, true);
    compose_all(bench);
    assert_int_equal(order_about(bench, "approve", "campaign", "c"), 0);
    assert_number(bench, "notifications", 3);
    expect_mails(bench, 3);
    bench_close(bench);
    bench = bench_by("[incident]", NULL);
    drop_seen(bench, "a.csv", "me@test.test", false);
    resolve_all(bench);
    turn(bench);
    expect_mails(bench, SEEN - 1);
    bench_close(bench);
}

/* A group of its own does not wait for contact_interval because of another; the same one does. */
static void each_has_its_own_interval(void **state)
{
    (void)state;
    struct bench *bench = bench_by("[type]", NULL);
    static const char *const types[] = { "spam", "phishing", "spam" };
    static const size_t mails[] = { 1, 1, 0 };
    for (unsigned long i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%lu.csv", i);
        struct dropped dropped = begin_file(bench, &(struct drop){ .name = name, .campaign = "c" });
        char target[16];
        snprintf(target, sizeof target, "t%lu.test", i);
        struct incident incident = incident_of(target, 1);
        incident.type = types[i];
        add_incident(bench, dropped.file, &incident);
        push_chunk(bench, dropped.file, 0);
        finish_file(bench, &dropped, 1, 0);
        compose_all(bench);
        assert_int_equal(claim_due(bench, MANY), mails[i]);
        if (mails[i])
            attempt(bench, bench->claimed[0]->id, QUEUE_ACCEPTED, NULL);
    }
    pass(bench, 22 * HOUR);
    assert_int_equal(claim_due(bench, MANY), 1);
    bench_close(bench);
}

/* They stay apart on the next rung as well. */
static void apart_on_every_rung(void **state)
{
    (void)state;
    struct bench *bench = bench_by("[type]", NULL);
    bench->ladder = (const char *[]){ "hoster:abuse@hoster.test", "registrar:abuse@registrar.test", NULL };
    drop_seen(bench, "a.csv", NULL, false);
    compose_all(bench);
    assert_int_equal(claim_due(bench, MANY), 3);
    int64_t mails[3];
    for (size_t i = 0; i < 3; i++)
        mails[i] = bench->claimed[i]->id;
    for (size_t i = 0; i < 3; i++)
        attempt(bench, mails[i], QUEUE_BOUNCED, "user_unknown");
    pass(bench, HOUR);
    expect_mails(bench, 3);
    assert_string_equal(bench->claimed[2]->recipient, "abuse@registrar.test");
    bench_close(bench);
}

/* A reminder of one of several things that are told apart is just of that. */
static void reminded_apart(void **state)
{
    (void)state;
    struct bench *bench = bench_by("[type]", "campaigns.dedup_window=10d");
    drop_seen(bench, "a.csv", NULL, false);
    compose_all(bench);
    expect_mails(bench, 3);
    int64_t mails[3];
    for (size_t i = 0; i < 3; i++)
        mails[i] = bench->claimed[i]->id;
    for (size_t i = 0; i < 3; i++)
        attempt(bench, mails[i], QUEUE_ACCEPTED, NULL);
    pass(bench, 11 * DAY);
    assert_int_equal(drop_seen(bench, "b.csv", NULL, false).summary.duplicates, 0);
    compose_all(bench);
    expect_mails(bench, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(bench->claimed[i]->reference_count, 1);
        assert_int_equal(bench->claimed[i]->cases[0].reminder, 1);
    }
    bench_close(bench);
}

/* The first chunk's cases are found again by the second, among all those of the target. */
static void one_target_with_many_groups(void **state)
{
    (void)state;
    enum { ROWS = 40000 };
    struct bench *bench = bench_by("[incident]", NULL);
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "a.csv" });
    for (unsigned long line = 1; line <= ROWS; line++) {
        struct incident incident = incident_of("a.test", line);
        incident.port = (int)((line - 1) % (ROWS / 2)) + 1;
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, ROWS, 0);
    assert_int_equal(dropped.summary.targets, ROWS / 2);
    bench_close(bench);
}

/* ---- Times -------------------------------------------------------------------------------------------------------------------------- */

/* The next HOUR o'clock in ZONE from TIME on; with OPEN, from Monday to Friday. */
static int64_t next_at(const char *zone_name, int hour, bool open, int64_t time)
{
    GTimeZone *zone = g_time_zone_new_identifier(zone_name);
    int64_t found = 0;
    for (int64_t at = time / HOUR * HOUR; !found; at += HOUR) {
        GDateTime *local = g_date_time_new_from_unix_utc(at / 1000), *there = g_date_time_to_timezone(local, zone);
        if (at >= time && g_date_time_get_hour(there) == hour && (!open || g_date_time_get_day_of_week(there) <= 5))
            found = at;
        g_date_time_unref(local);
        g_date_time_unref(there);
    }
    g_time_zone_unref(zone);
    return found;
}

static struct bench *bench_daily(const char *more)
{
    return bench_open_with((const char *[]){ "profiles.default.send=daily", "profiles.default.send_at=\"09:00\"",
                                             "profiles.default.time_zone=America/New_York", more, NULL });
}

/* Nothing before WHEN, one mail then. */
static int64_t expect_at(struct bench *bench, int64_t when, const char *address)
{
    assert_true(when > bench->now);
    pass(bench, when - SECOND - bench->now);
    assert_int_equal(claim_due(bench, MANY), 0);
    pass(bench, SECOND);
    return claim_one(bench, address);
}

/* A case that comes just before nine, with aggregate_wait still to go, is the next day's. */
static void daily_by_the_recipients_clock(void **state)
{
    (void)state;
    static const struct {
        const char *target, *contact, *languages, *zone;
    } rows[] = {
        { "a.jp", "owner:abuse@a.com", NULL, "Asia/Tokyo" },
        { "a.jp", "hoster:abuse@b.de", NULL, "Europe/Berlin" },
        { "a.jp", "hoster:abuse@b.com", NULL, "Asia/Tokyo" },
        { "a.com", "owner:abuse@a.com", NULL, "America/New_York" },
        { "a.com", "owner:abuse@a.com", "de-AT", "America/New_York" }, /* it is no override's */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench *bench = bench_daily(NULL);
        bench->ladder = (const char *[]){ rows[i].contact, NULL };
        bench->languages = rows[i].languages;
        drop_targets(bench, "a.csv", rows[i].target);
        resolve_all(bench);
        turn(bench);
        expect_at(bench, next_at(rows[i].zone, 9, false, bench->now + HOUR), strchr(rows[i].contact, ':') + 1);
        bench_close(bench);
    }
}

/* The region of the language that an override's people read. */
static void an_overrides_country(void **state)
{
    (void)state;
    struct bench *bench = bench_daily(NULL);
    drop_targets(bench, "a.csv", "a.jp");
    assert_int_equal(claim_targets(bench, 1), 1);
    struct ladder ladder = { 0 };
    ladder_add(&ladder, "abuse@b.jp", "override", PARTY_HOSTER, 1, "a person wrote it");
    ladder_set_languages(&ladder, "abuse@b.jp", "de-AT");
    queue_set_ladder(bench->queue, bench->targets[0].id, &ladder, bench->now);
    ladder_clear(&ladder);
    wait_for_all(bench);
    turn(bench);
    expect_at(bench, next_at("Europe/Vienna", 9, false, bench->now + HOUR), "abuse@b.jp");
    bench_close(bench);
}

/* One a day, though each is taken some seconds after nine. */
static void day_after_day(void **state)
{
    (void)state;
    struct bench *bench = bench_daily(NULL);
    bench->ladder = hoster_only;
    for (int day = 0; day < 5; day++) {
        char target[16], name[16];
        snprintf(target, sizeof target, "t%d.test", day);
        snprintf(name, sizeof name, "%d.csv", day);
        drop_file(bench, &(struct drop){ .name = name, .campaign = "c", .targets = { target } });
        resolve_all(bench);
        turn(bench);
        int64_t mail = expect_at(bench, next_at("America/New_York", 9, false, bench->now + HOUR), "abuse@hoster.test");
        bench->now += 9 * SECOND;
        attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    }
    bench_close(bench);
}

/* Approval, the next contact and a daemon that was down: the hours hold for all. */
static void in_business_hours(void **state)
{
    (void)state;
    struct bench *bench =
        bench_open_with((const char *[]){ "profiles.default.business_hours=9-10",
                                          "profiles.default.time_zone=Asia/Tokyo", "campaigns.expire=90d", NULL });
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test" } });
    compose_all(bench);
    bench->now = next_at("Asia/Tokyo", 10, true, bench->now);
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    turn(bench);
    int64_t mail = expect_at(bench, next_at("Asia/Tokyo", 9, true, bench->now), "abuse@a.test");
    assert_int_equal(bench->claimed[0]->date, bench->now / 1000);
    attempt(bench, mail, QUEUE_BOUNCED, "user_unknown");
    turn(bench);
    /* It was waiting for nine; the daemon comes back at ten. */
    bench->now = next_at("Asia/Tokyo", 10, true, bench->now + 2 * HOUR);
    turn(bench);
    assert_int_equal(claim_due(bench, MANY), 0);
    expect_at(bench, next_at("Asia/Tokyo", 9, true, bench->now), "postmaster@a.test");
    bench_close(bench);
}

static void approved_before_it_is_composed(void **state)
{
    (void)state;
    struct bench *bench = bench_daily(NULL);
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test", "b.test" } });
    assert_int_equal(claim_targets(bench, 1), 1);
    set_ladder(bench, bench->targets[0].id, "a.test", hoster_only);
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    resolve_all(bench);
    turn(bench);
    expect_at(bench, next_at("America/New_York", 9, false, bench->now), "abuse@hoster.test");
    bench_close(bench);
}

static void a_rehearsal_does_not_wait(void **state)
{
    (void)state;
    struct bench *bench = bench_daily("profiles.default.business_hours=9-10");
    bench->ladder = hoster_only;
    bench->now = next_at("America/New_York", 12, false, bench->now);
    drop_file(bench, &(struct drop){ .name = "a.csv", .redirect_to = "me@test.test", .targets = { "a.test" } });
    resolve_all(bench);
    turn(bench);
    claim_one(bench, "abuse@hoster.test");
    bench_close(bench);
}

/* ---- What is kept -------------------------------------------------------------------------------------------------------------------- */

/* The campaign keeps what its profile said when it began, whatever that says since. */
static void the_campaign_keeps_its_terms(void **state)
{
    (void)state;
#define SENDER "\"sender\":{\"address\":\"team@tocsin.test\"}"
    static const char daily[] = "{" SENDER ",\"aggregate_by\":[\"incident\"],\"send\":\"daily\",\"send_at\":\"09:00\","
                                "\"time_zone\":\"Asia/Tokyo\"}",
                      at_once[] =
                          "{" SENDER
                          ",\"aggregate_by\":[],\"send\":\"at-once\",\"send_at\":\"09:00\",\"time_zone\":\"UTC\"}";
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_file(bench, &(struct drop){ .name = "a.csv", .settings = daily, .targets = { "a.test", "b.test" } });
    resolve_all(bench);
    bench->now = next_at("Asia/Tokyo", 9, false, bench->now + HOUR) - SECOND;
    turn(bench);
    assert_int_equal(claim_due(bench, MANY), 0);
    bench->now += SECOND;
    turn(bench);
    assert_int_equal(claim_due(bench, MANY), 2);
    bench_close(bench);
    bench = bench_by("[incident]", "profiles.default.send=daily");
    drop_file(bench, &(struct drop){ .name = "a.csv", .settings = at_once, .targets = { "a.test", "b.test" } });
    compose_all(bench);
    assert_int_equal(claim_due(bench, MANY), 1);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_campaign_keeps_its_terms),
        cmocka_unit_test(told_apart),
        cmocka_unit_test(told_apart_when_held_and_in_a_rehearsal),
        cmocka_unit_test(each_has_its_own_interval),
        cmocka_unit_test(apart_on_every_rung),
        cmocka_unit_test(reminded_apart),
        cmocka_unit_test(one_target_with_many_groups),
        cmocka_unit_test(daily_by_the_recipients_clock),
        cmocka_unit_test(an_overrides_country),
        cmocka_unit_test(day_after_day),
        cmocka_unit_test(in_business_hours),
        cmocka_unit_test(approved_before_it_is_composed),
        cmocka_unit_test(a_rehearsal_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
