/* Outcomes: what became of an attempt, and what came back later. */
#include "queue/outcome.h"
#include "daemon/base/mem.h"
#include "queue/retry.h"

#include <stdlib.h>
#include <string.h>

enum { HOLD_REFUSAL = 2 };
enum { BOUNCED_IN_SESSION = 1, BOUNCED_LATER = 2 };

struct standing {
    int64_t campaign, contact, first_attempt, attempts;
    bool redirected;
    char *address;
};

static bool standing_of(struct store *store, int64_t id, struct standing *at)
{
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT n.campaign_id, n.contact_id, coalesce(n.first_attempt, 0), n.attempts,"
                  " c.redirect_to IS NOT NULL, a.address FROM notification n JOIN campaign c ON c.id = n.campaign_id"
                  " JOIN contact a ON a.id = n.contact_id WHERE n.id = ?1",
                  "i", id);
    if (!sql_step(store->sql, row))
        return false;
    *at = (struct standing){
        .campaign = sqlite3_column_int64(row, 0),
        .contact = sqlite3_column_int64(row, 1),
        .first_attempt = sqlite3_column_int64(row, 2),
        .attempts = sqlite3_column_int64(row, 3),
        .redirected = sqlite3_column_int(row, 4) != 0,
        .address = sql_copy(row, 5),
    };
    sqlite3_reset(row);
    return true;
}

/* What a bounce says about a mailbox is remembered for every later campaign. A full mailbox is not dead: it may be emptied. */
static void learn_bounce(struct store *store, const struct standing *at, const char *reason, bool about_recipient,
                         int64_t now)
{
    if (at->redirected || !about_recipient)
        return;
    sql_run(store->sql,
            "UPDATE contact SET bounced = bounced + 1,"
            " dead_reason = CASE ?2 WHEN 'mailbox_full' THEN dead_reason ELSE ?2 END,"
            " dead_since = CASE ?2 WHEN 'mailbox_full' THEN dead_since ELSE ?3 END WHERE id = ?1",
            "iti", at->contact, reason, now);
}

/* What comes back proves that some server took the mail first, also where its answer is not recorded yet, never reached us, or was lost in a
 * crash. */
static void was_taken(struct store *store, int64_t id, int64_t now)
{
    if (!sql_run(store->sql,
                 "UPDATE notification SET accepted = ?2, attempts = attempts + (state = 3 OR attempts = 0)"
                 " WHERE id = ?1 AND accepted IS NULL AND state IN (1, 2, 3, 4, 8)",
                 "ii", id, now))
        return;
    /* A lease that was given back since has taken back that its cases were told of. */
    sql_run(store->sql,
            "UPDATE \"case\" SET notified = coalesce(notified, ?2)"
            " WHERE id IN (SELECT case_id FROM notification_case WHERE notification_id = ?1)",
            "ii", id, now);
    sql_run(store->sql,
            "UPDATE rung SET state = 2 WHERE state = 1 AND (case_id, position) IN"
            " (SELECT k.id, k.position FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
            " AND k.notification_id = n.notification_id WHERE n.notification_id = ?1)",
            "i", id);
}

/* An alias may bounce for one reader after another has answered: the answer counts. */
static bool is_answered(struct store *store, int64_t id)
{
    return sql_integer(store->sql, 0,
                       "SELECT 1 FROM returned WHERE notification_id = ?1 AND class IN ('reply', 'optout') LIMIT 1",
                       "i", id) != 0;
}

static void bounce(struct store *store, int64_t id, const struct standing *at, int how, const char *reason,
                   bool about_recipient, int64_t now)
{
    if (how == BOUNCED_LATER && is_answered(store, id))
        return;
    if (!store_move_notification(store, id, NOTIFICATION_BOUNCED, DUE_NEVER))
        return;
    sql_run(store->sql, "UPDATE notification SET bounced = ?2, reason = ?3 WHERE id = ?1", "iit", id, (int64_t)how,
            reason);
    learn_bounce(store, at, reason, about_recipient, now);
    store_escalate(store, id, RUNG_BOUNCED, now);
}

static void take(struct store *store, int64_t id, int64_t now)
{
    store_accept_notification(store, id, now, now + store->config->bounces.window);
    sql_run(store->sql,
            "UPDATE campaign SET refusals = 0 WHERE id = (SELECT campaign_id FROM notification WHERE id = ?1)"
            " AND refusals > 0",
            "i", id);
}

static void defer(struct store *store, int64_t id, const struct standing *at, const char *reason, int64_t now)
{
    const struct config *config = store->config;
    if (at->first_attempt && now - at->first_attempt >= config->delivery.retry_for) {
        if (!store_move_notification(store, id, NOTIFICATION_GIVEN_UP, DUE_NEVER))
            return;
        sql_run(store->sql, "UPDATE notification SET reason = ?2 WHERE id = ?1", "it", id, reason);
        store_escalate(store, id, RUNG_GIVEN_UP, now);
        return;
    }
    int64_t wait =
        retry_wait(config->delivery.retry_first, config->delivery.retry_max, (unsigned)at->attempts, (uint64_t)id);
    store_move_notification(store, id, NOTIFICATION_DEFERRED, now + wait);
}

/* Refusals that count towards the brake. In the session: those in a row, since an acceptance shows that the relay takes our mail. Reports that
 * come later each follow an acceptance, which therefore shows nothing: they count together once they are a tenth of what was accepted (some
 * recipients' filters always refuse some mail). No more of that is counted than the comparison needs. */
static int64_t refusals_of(struct store *store, int64_t campaign, bool later)
{
    if (!later)
        return sql_integer(store->sql, 0, "SELECT refusals FROM campaign WHERE id = ?1", "i", campaign);
    int64_t held = sql_integer(store->sql, 0,
                               "SELECT count(*) FROM notification WHERE campaign_id = ?1 AND state = 1 AND hold = 2"
                               " AND accepted IS NOT NULL",
                               "i", campaign);
    int64_t taken = sql_integer(store->sql, 0,
                                "SELECT count(*) FROM (SELECT 1 FROM notification WHERE campaign_id = ?1"
                                " AND state IN (5, 6) LIMIT ?2)",
                                "ii", campaign, held * 9 + 1);
    return held * 9 >= taken ? held : 0;
}

static void brake(struct store *store, int64_t campaign, bool later, const char *said, int64_t now)
{
    int64_t most = store->config->campaigns.brake;
    if (!campaign || !most ||
        sql_integer(store->sql, 0, "SELECT state FROM campaign WHERE id = ?1", "i", campaign) != CAMPAIGN_RUNNING)
        return;
    int64_t refusals = refusals_of(store, campaign, later);
    if (refusals < most)
        return;
    char *why = mem_format("%lld refusals %s are about us, not about the recipients; the last: %s", (long long)refusals,
                           later ? "that came later, a tenth or more of what was accepted," : "in a row",
                           said && *said ? said : "(no words)");
    sql_run(store->sql, "UPDATE campaign SET state = 2, paused_why = ?2 WHERE id = ?1", "it", campaign, why);
    char *name = NULL;
    sqlite3_stmt *row = sql_query(store->sql, "SELECT name FROM campaign WHERE id = ?1", "i", campaign);
    if (sql_step(store->sql, row)) {
        name = sql_copy(row, 0);
        sqlite3_reset(row);
    }
    store_audit(store, now, "tocsind", "pause", name ? name : "", "brake: %s", why);
    free(name);
    free(why);
}

/* A refusal that is about us: touches neither ladder nor history, and enough of them in a row pull the brake. */
static void refuse(struct store *store, int64_t id, const struct standing *at, bool later, const char *reason,
                   const char *said, int64_t now)
{
    const struct config *config = store->config;
    int64_t wait =
        retry_wait(config->delivery.retry_first, config->delivery.retry_max, (unsigned)at->attempts, (uint64_t)id);
    /* What a server once took is not sent again by the clock, only by a person (resume, retry). Two copies of one report are one refusal. */
    if ((later && is_answered(store, id)) ||
        !store_move_notification(store, id, NOTIFICATION_HELD, later ? DUE_NEVER : now + wait))
        return;
    sql_run(store->sql, "UPDATE notification SET hold = ?2, reason = ?3 WHERE id = ?1", "iit", id,
            (int64_t)HOLD_REFUSAL, reason);
    /* The report came after the window: nobody was told after all. */
    size_t count;
    int64_t *cases = store_cases_at(store, id, &count);
    for (size_t i = 0; i < count; i++)
        store_move_case(store, cases[i], CASE_NOTIFIED, DUE_NEVER);
    free(cases);
    if (!later)
        sql_run(store->sql, "UPDATE campaign SET refusals = refusals + 1 WHERE id = ?1", "i", at->campaign);
    brake(store, at->campaign, later, said, now);
}

/* ---- Attempts ---------------------------------------------------------------------------------------------------------------------- */

struct record_attempt {
    struct request request;
    struct queue_attempt attempt;
    char *stage, *reason, *text;
    void (*committed)(void *context);
    queue_done *done;
    void *context;
};

static int run_attempt(struct store *store, struct request *request)
{
    const struct record_attempt *record = (struct record_attempt *)request;
    const struct queue_attempt *attempt = &record->attempt;
    int64_t id = attempt->notification;
    struct standing at;
    sql_run(store->sql,
            "INSERT INTO attempt (notification_id, time, verdict, stage, code, enhanced, reason, text)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            "iiitittt", id, attempt->time, (int64_t)attempt->verdict, record->stage, (int64_t)attempt->code,
            attempt->enhanced[0] ? attempt->enhanced : NULL, record->reason, record->text);
    if (attempt->verdict == QUEUE_ACCEPTED) {
        take(store, id, attempt->time);
        return 0;
    }
    /* A relay that is down says nothing about a mail: the time for retries begins when a server has heard of it. What came back before this
     * commit (states 6 and 7) has counted the attempt. */
    sql_run(store->sql,
            "UPDATE notification SET attempts = attempts + (state NOT IN (6, 7)),"
            " first_attempt = CASE WHEN ?3 THEN coalesce(first_attempt, ?2) ELSE first_attempt END WHERE id = ?1",
            "iii", id, attempt->time, (int64_t)attempt->reached);
    if (!standing_of(store, id, &at))
        return 0;
    switch (attempt->verdict) {
    case QUEUE_ACCEPTED:
        break;
    case QUEUE_DEFERRED:
        defer(store, id, &at, record->reason, attempt->time);
        break;
    case QUEUE_BOUNCED:
        bounce(store, id, &at, BOUNCED_IN_SESSION, record->reason, attempt->about_recipient, attempt->time);
        break;
    case QUEUE_ABOUT_US:
        refuse(store, id, &at, false, record->reason, record->text, attempt->time);
        break;
    }
    free(at.address);
    return 0;
}

static void attempt_committed(struct request *request)
{
    struct record_attempt *record = (struct record_attempt *)request;
    record->committed(record->context);
}

static void finish_attempt(struct request *request)
{
    struct record_attempt *record = (struct record_attempt *)request;
    if (record->done)
        record->done(record->context, request->status, request->error.text);
    free(record->stage);
    free(record->reason);
    free(record->text);
    free(record);
}

void queue_record_attempt(struct queue *queue, const struct queue_attempt *attempt, void (*committed)(void *context),
                          queue_done *done, void *context)
{
    struct record_attempt *record = mem_zero(1, sizeof *record);
    record->request.run = run_attempt;
    record->request.finish = finish_attempt;
    record->request.committed = committed ? attempt_committed : NULL;
    record->committed = committed;
    record->attempt = *attempt;
    record->done = done;
    record->context = context;
    record->stage = mem_string(attempt->stage);
    record->reason = mem_string(attempt->reason);
    record->text = mem_string(attempt->text);
    store_submit(queue, &record->request);
}

/* ---- What comes back --------------------------------------------------------------------------------------------------------------- */

/* Somebody answered for the case: a mail that is about it alone and has not gone out yet never does. */
static void recall(struct store *store, int64_t id)
{
    int64_t mail = sql_integer(store->sql, 0,
                               "SELECT n.id FROM \"case\" k JOIN notification n ON n.id = k.notification_id"
                               " WHERE k.id = ?1 AND n.state IN (1, 2, 4) AND NOT EXISTS (SELECT 1 FROM"
                               " notification_case o JOIN \"case\" j ON j.id = o.case_id"
                               " WHERE o.notification_id = n.id AND j.notification_id = n.id AND j.state IN (3, 4))",
                               "i", id);
    if (mail)
        store_move_notification(store, mail, NOTIFICATION_CANCELLED, DUE_NEVER);
}

/* The cases of notification ID; with STANDING, those that still stand at it. To be freed. */
static int64_t *cases_about(struct store *store, int64_t id, bool standing, size_t *count)
{
    if (standing)
        return store_cases_at(store, id, count);
    return sql_integers(
        store->sql, sql_query(store->sql, "SELECT case_id FROM notification_case WHERE notification_id = ?1", "i", id),
        count);
}

void store_deliver(struct store *store, int64_t id, enum case_state end, int64_t now)
{
    struct standing at;
    if (!standing_of(store, id, &at))
        return;
    was_taken(store, id, now);
    bool moved = store_move_notification(store, id, NOTIFICATION_DELIVERED, DUE_NEVER);
    /* Whoever answers is not dead, whatever bounced before. */
    if ((moved || end == CASE_ANSWERED) && !at.redirected)
        sql_run(store->sql,
                "UPDATE contact SET accepted = accepted + ?2, dead_reason = NULL, dead_since = NULL WHERE id = ?1",
                "ii", at.contact, (int64_t)moved);
    free(at.address);
    /* An answer counts wherever the case has got to since; the window's end only where it still stands. */
    size_t count;
    int64_t *ids = cases_about(store, id, end != CASE_ANSWERED, &count);
    for (size_t i = 0; i < count; i++)
        store_move_case(store, ids[i], end, DUE_NEVER);
    for (size_t i = 0; i < count && end == CASE_ANSWERED; i++)
        recall(store, ids[i]);
    free(ids);
}

struct record_returned {
    struct request request;
    struct queue_returned returned;
    char *class, *reason, *status, *reply, *diagnostic, *from, *token_fault, *address, *settings, *template_text;
    char *campaign;
    queue_returned_done *done;
    void *context;
};

/* Of a redirected campaign only we have had the mail. */
static void complain(struct store *store, int64_t id, const struct standing *at, int64_t now)
{
    if (at->redirected || !store_suppress(store, at->address, "complained", "tocsind", now, false))
        return;
    store_audit(store, now, "tocsind", "suppress", at->address, "complaint about notification %lld", (long long)id);
    store_withdraw(store, at->address, now);
}

static void act(struct store *store, const struct record_returned *record)
{
    const struct queue_returned *returned = &record->returned;
    struct standing at;
    was_taken(store, returned->notification, returned->time);
    if (returned->meaning == QUEUE_RETURNED_OPT_OUT) {
        store_opt_out(store, returned->notification, record->address, record->settings, record->template_text,
                      returned->time);
        return;
    }
    if (!returned->notification || !standing_of(store, returned->notification, &at))
        return;
    switch (returned->meaning) {
    case QUEUE_RETURNED_BOUNCE:
        bounce(store, returned->notification, &at, BOUNCED_LATER, record->reason, returned->about_recipient,
               returned->time);
        break;
    case QUEUE_RETURNED_ABOUT_US:
        refuse(store, returned->notification, &at, true, record->reason, record->diagnostic, returned->time);
        break;
    case QUEUE_RETURNED_DELIVERED:
        store_deliver(store, returned->notification, CASE_DELIVERED, returned->time);
        break;
    case QUEUE_RETURNED_ANSWER:
        store_deliver(store, returned->notification, CASE_ANSWERED, returned->time);
        break;
    case QUEUE_RETURNED_COMPLAINT:
        complain(store, returned->notification, &at, returned->time);
        break;
    default:
        break;
    }
    free(at.address);
}

static char *campaign_of(struct store *store, int64_t notification)
{
    sqlite3_stmt *row = sql_query(
        store->sql,
        "SELECT c.name FROM notification n JOIN campaign c ON c.id = n.campaign_id WHERE n.id = ?1 AND c.id > 0", "i",
        notification);
    if (!sql_step(store->sql, row))
        return NULL;
    char *name = sql_copy(row, 0);
    sqlite3_reset(row);
    return name;
}

static int run_returned(struct store *store, struct request *request)
{
    struct record_returned *record = (struct record_returned *)request;
    const struct queue_returned *returned = &record->returned;
    sql_run(
        store->sql,
        "INSERT INTO returned (notification_id, time, class, reason, status, reply, diagnostic, sender, token_fault)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        "iittttttt", returned->notification, returned->time, record->class, record->reason, record->status,
        record->reply, record->diagnostic, record->from, record->token_fault);
    act(store, record);
    free(record->campaign); /* of a try before this one */
    record->campaign = returned->notification ? campaign_of(store, returned->notification) : NULL;
    return 0;
}

static void finish_returned(struct request *request)
{
    struct record_returned *record = (struct record_returned *)request;
    record->done(record->context, request->status, request->error.text, record->campaign);
    char *const strings[] = { record->class,      record->reason,        record->status,      record->reply,
                              record->diagnostic, record->from,          record->token_fault, record->address,
                              record->settings,   record->template_text, record->campaign };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free(strings[i]);
    free(record);
}

void queue_record_returned(struct queue *queue, const struct queue_returned *returned, queue_returned_done *done,
                           void *context)
{
    struct record_returned *record = mem_zero(1, sizeof *record);
    record->request.run = run_returned;
    record->request.finish = finish_returned;
    record->request.repeatable = true;
    record->returned = *returned;
    record->class = mem_string(returned->class);
    record->reason = mem_string(returned->reason);
    record->status = mem_string(returned->status);
    record->reply = mem_string(returned->reply);
    record->diagnostic = mem_string(returned->diagnostic);
    record->from = mem_string(returned->from);
    record->token_fault = mem_string(returned->token_fault);
    record->address = mem_string(returned->opt_out_address);
    record->settings = mem_string(returned->receipt_settings);
    record->template_text = mem_string(returned->receipt_template);
    record->done = done;
    record->context = context;
    store_submit(queue, &record->request);
}
