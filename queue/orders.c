/* What a person orders: each a row of orders[], each kept in the audit trail. */
#include "daemon/base/address.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "queue/outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct order {
    struct request request;
    json_t *order, *result;
    char *who;
    int64_t now;
    void (*done)(void *context, int status, const char *message, json_t *result);
    void *context;
};

static const char *argument(const struct order *order, const char *name)
{
    const char *text = json_string_value(json_object_get(order->order, name));
    return text ? text : "";
}

struct campaign_of {
    int64_t id;
    enum campaign_state state;
    bool redirected;
};

static int find_campaign(struct store *store, struct order *order, struct campaign_of *campaign)
{
    const char *name = argument(order, "campaign");
    sqlite3_stmt *row = sql_query(
        store->sql, "SELECT id, state, redirect_to IS NOT NULL FROM campaign WHERE name = ?1 AND id > 0", "t", name);
    if (!sql_step(store->sql, row))
        return error_set(&order->request.error, -ENOENT,
                         "there is no campaign called '%s': `tocsin campaign list` names them", name);
    campaign->id = sqlite3_column_int64(row, 0);
    campaign->state = (enum campaign_state)sqlite3_column_int(row, 1);
    campaign->redirected = sqlite3_column_int(row, 2) != 0;
    sqlite3_reset(row);
    return 0;
}

/* ---- Campaigns ----------------------------------------------------------------------------------------------------------------------- */

static int approve(struct store *store, struct order *order)
{
    struct campaign_of campaign;
    int status = find_campaign(store, order, &campaign);
    if (status)
        return status;
    if (campaign.state != CAMPAIGN_RUNNING && campaign.state != CAMPAIGN_PAUSED)
        return error_set(&order->request.error, -EINVAL, "campaign %s is %s: there is nothing to approve",
                         argument(order, "campaign"), campaign_state_name(campaign.state));
    bool unproved = json_is_true(json_object_get(order->order, "without_proof"));
    if (!campaign.redirected && !unproved && (status = store_ask_for_proof(store, order->now, &order->request.error)))
        return status;
    int files;
    int64_t released = store_approve(store, campaign.id, order->now, &files);
    if (!files)
        return error_set(&order->request.error, -EINVAL, "campaign %s has nothing that waits for approval",
                         argument(order, "campaign"));
    store_audit(store, order->now, order->who, "approve", argument(order, "campaign"), "%d files, %lld notifications%s",
                files, (long long)released, unproved ? ", without a proof of the bounce path" : "");
    json_object_set_new(order->result, "notifications", json_integer(released));
    return 0;
}

static int set_state(struct store *store, struct order *order, enum campaign_state from, enum campaign_state to)
{
    struct campaign_of campaign;
    const char *name = argument(order, "campaign"), *verb = argument(order, "verb"), *why = argument(order, "why");
    int status = find_campaign(store, order, &campaign);
    if (status)
        return status;
    if (campaign.state != from && !(to == CAMPAIGN_CANCELLED && campaign.state == CAMPAIGN_PAUSED))
        return error_set(&order->request.error, -EINVAL, "campaign %s is %s: cannot %s it", name,
                         campaign_state_name(campaign.state), verb);
    sql_run(store->sql, "UPDATE campaign SET state = ?2, paused_why = ?3, refusals = 0 WHERE id = ?1", "iit",
            campaign.id, (int64_t)to, to == CAMPAIGN_PAUSED ? (*why ? why : "by a person") : NULL);
    if (to == CAMPAIGN_RUNNING)
        store_release_held(store, campaign.id, 2, order->now);
    store_audit(store, order->now, order->who, verb, name, "%s", why);
    return 0;
}

static int pause_campaign(struct store *store, struct order *order)
{
    return set_state(store, order, CAMPAIGN_RUNNING, CAMPAIGN_PAUSED);
}

static int resume_campaign(struct store *store, struct order *order)
{
    return set_state(store, order, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING);
}

static int cancel_campaign(struct store *store, struct order *order)
{
    return set_state(store, order, CAMPAIGN_RUNNING, CAMPAIGN_CANCELLED);
}

/* ---- The queue ------------------------------------------------------------------------------------------------------------------------- */

static int64_t notification_of(const struct order *order)
{
    return json_integer_value(json_object_get(order->order, "notification"));
}

/* WHY it cannot be had, or that there is none. */
static int refuse_notification(struct store *store, struct order *order, const char *why)
{
    int64_t id = notification_of(order);
    bool there = sql_integer(store->sql, 0, "SELECT 1 FROM notification WHERE id = ?1", "i", id) != 0;
    if (there)
        return error_set(&order->request.error, -EINVAL, "T-%lld cannot be %s: `tocsin queue show %lld`", (long long)id,
                         why, (long long)id);
    return error_set(&order->request.error, -EINVAL, "there is no notification T-%lld", (long long)id);
}

/* {"notification": N}: what is deferred or held after a refusal is tried now; {"campaign": NAME}: all that is deferred. */
static int retry(struct store *store, struct order *order)
{
    int changed;
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)notification_of(order));
    if (notification_of(order)) {
        changed = sql_run(store->sql,
                          "UPDATE notification SET due = ?2 WHERE id = ?1 AND (state = 4 OR (state = 1 AND hold = 2))",
                          "ii", notification_of(order), order->now);
    } else {
        struct campaign_of campaign;
        int status = find_campaign(store, order, &campaign);
        if (status)
            return status;
        changed = sql_run(store->sql, "UPDATE notification SET due = ?2 WHERE campaign_id = ?1 AND state = 4", "ii",
                          campaign.id, order->now);
    }
    if (!changed && notification_of(order))
        return refuse_notification(store, order, "tried again: it is not deferred, nor held after a refusal");
    if (!changed)
        return error_set(&order->request.error, -EINVAL, "nothing there is deferred");
    store_audit(store, order->now, order->who, "retry", notification_of(order) ? number : argument(order, "campaign"),
                "%d notifications", changed);
    json_object_set_new(order->result, "notifications", json_integer(changed));
    return 0;
}

/* {"notification": N}: never sent (again); its cases are cancelled. */
static int cancel_notification(struct store *store, struct order *order)
{
    int64_t id = notification_of(order);
    size_t count;
    int64_t *cases = store_cases_at(store, id, &count);
    bool moved = store_move_notification(store, id, NOTIFICATION_CANCELLED, DUE_NEVER);
    for (size_t i = 0; moved && i < count; i++)
        store_move_case(store, cases[i], CASE_CANCELLED, DUE_NEVER);
    free(cases);
    if (!moved)
        return refuse_notification(store, order, "cancelled: a server has it, or it has come to its end");
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)id);
    store_audit(store, order->now, order->who, "cancel", number, "%zu cases", count);
    return 0;
}

/* ---- Suppression ------------------------------------------------------------------------------------------------------------------------- */

/* {"object": ADDRESS or DOMAIN}: its normal spelling, or -EINVAL. */
static int object_of(struct order *order, char out[ADDRESS_MAX_LENGTH + 1])
{
    const char *text = argument(order, "object");
    size_t length = strlen(text);
    if (strchr(text, '@') ? address_normalise(text, length, out) : name_normalise(text, length, out))
        return error_set(&order->request.error, -EINVAL, "'%.100s' is neither an address nor a domain", text);
    return 0;
}

static int suppress(struct store *store, struct order *order)
{
    char object[ADDRESS_MAX_LENGTH + 1];
    int status = object_of(order, object);
    if (status)
        return status;
    const char *why = argument(order, "why");
    if (!store_suppress(store, object, *why ? why : "by a person", order->who, order->now, false))
        return error_set(&order->request.error, -EEXIST, "%s is suppressed already", object);
    store_withdraw(store, object, order->now);
    store_audit(store, order->now, order->who, "suppress", object, "%s", why);
    return 0;
}

/* What covers OBJECT (an address or a domain) besides itself: the nearest suppressed domain above it; a new string, or NULL. */
static char *covered_by(struct store *store, const char *object)
{
    const char *at = strpbrk(object, strchr(object, '@') ? "@" : ".");
    for (; at && strchr(at + 1, '.'); at = strchr(at + 1, '.'))
        if (sql_integer(store->sql, 0, "SELECT 1 FROM suppression WHERE object = ?1", "t", at + 1))
            return mem_string(at + 1);
    return NULL;
}

static int refuse_unsuppress(struct store *store, struct order *order, const char *object)
{
    char *domain = covered_by(store, object);
    if (domain)
        error_set(&order->request.error, -ENOENT, "%s is suppressed by its domain alone: `tocsin suppress remove %s`",
                  object, domain);
    else
        error_set(&order->request.error, -ENOENT, "%s is not suppressed", object);
    free(domain);
    return -ENOENT;
}

static int unsuppress(struct store *store, struct order *order)
{
    char object[ADDRESS_MAX_LENGTH + 1];
    int status = object_of(order, object);
    if (status)
        return status;
    if (sql_integer(store->sql, 0, "SELECT opt_out FROM suppression WHERE object = ?1", "t", object) &&
        !json_is_true(json_object_get(order->order, "force")))
        return error_set(&order->request.error, -EPERM,
                         "%s opted out, and that holds for ever; if its owner asks for mail again, say --force",
                         object);
    if (!sql_run(store->sql, "DELETE FROM suppression WHERE object = ?1", "t", object))
        return refuse_unsuppress(store, order, object);
    store_audit(store, order->now, order->who, "unsuppress", object, "%s", argument(order, "why"));
    char *domain = covered_by(store, object);
    if (domain) {
        bool opt_out = sql_integer(store->sql, 0, "SELECT opt_out FROM suppression WHERE object = ?1", "t", domain);
        json_object_set_new(order->result, "covered_by", json_string(domain));
        json_object_set_new(order->result, "opt_out", json_boolean(opt_out));
    }
    free(domain);
    return 0;
}

/* ---- Everything ---------------------------------------------------------------------------------------------------------------------------- */

static int set_stopped(struct store *store, struct order *order, const char *value)
{
    sql_run(store->sql,
            "INSERT INTO setting (name, value) VALUES ('stopped', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1", "t",
            value);
    store_audit(store, order->now, order->who, argument(order, "verb"), "all sending", "%s", argument(order, "why"));
    return 0;
}

static int stop(struct store *store, struct order *order)
{
    return set_stopped(store, order, order->who);
}

static int start(struct store *store, struct order *order)
{
    return set_stopped(store, order, "");
}

/* To add an order: a function above and a row here; command/ and control/ name it by its verb. */
static const struct {
    const char *verb;
    int (*run)(struct store *store, struct order *order);
} orders[] = {
    { "approve", approve },
    { "pause", pause_campaign },
    { "resume", resume_campaign },
    { "cancel", cancel_campaign },
    { "retry", retry },
    { "cancel-notification", cancel_notification },
    { "suppress", suppress },
    { "unsuppress", unsuppress },
    { "stop", stop },
    { "start", start },
};

static int run_order(struct store *store, struct request *request)
{
    struct order *order = (struct order *)request;
    json_decref(order->result);
    order->result = json_object();
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(orders[i].verb, argument(order, "verb")) == 0)
            return orders[i].run(store, order);
    return error_set(&request->error, -ENOSYS, "there is no order '%s'", argument(order, "verb"));
}

static int order_into(struct sql *sql, const char *path, struct order *order, struct error *error)
{
    struct store store = { .sql = sql };
    int status = schema_check(sql, path, error);
    if (status)
        return status;
    sql_run(sql, "BEGIN IMMEDIATE", "");
    status = run_order(&store, &order->request);
    sql_run(sql, "COMMIT", "");
    if (sql_failed(sql))
        return error_set(error, sql_status(sql), "%s: %s", path, sql_message(sql));
    return status ? error_set(error, status, "%s", order->request.error.text) : 0;
}

/* What root makes is to be the daemon's as well. */
static int lock_beside(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status))
        return error_set(error, -errno, "%s: %s", path, strerror(errno));
    if (access(path, W_OK))
        return error_set(error, -errno, "%s: %s", path, strerror(errno));
    int fd = queue_lock_file(path, error);
    if (fd >= 0 && geteuid() == 0 && fchown(fd, status.st_uid, status.st_gid))
        log_warning("%s.lock: %s", path, strerror(errno));
    return fd;
}

int queue_order_offline(const char *path, const json_t *given, const char *who, int64_t now, struct error *error)
{
    struct order order = { .order = (json_t *)(uintptr_t)given, .who = (char *)(uintptr_t)who, .now = now };
    struct sql *sql = NULL;
    int lock = lock_beside(path, error);
    if (lock < 0)
        return lock;
    /* A log that the last daemon could not take in any more tells the next one to look for damage, and stays. */
    bool cut_short = store_has_log(path);
    int status = sql_open(path, SQL_WRITE, &sql, error);
    if (!status && cut_short)
        sql_keep_log(sql);
    if (!status)
        status = order_into(sql, path, &order, error);
    sql_close(sql);
    close(lock);
    json_decref(order.result);
    return status;
}

static void finish_order(struct request *request)
{
    struct order *order = (struct order *)request;
    const char *verb = argument(order, "verb");
    if (!request->status && (strcmp(verb, "stop") == 0 || strcmp(verb, "start") == 0))
        store_set_stopped(request->queue, strcmp(verb, "stop") == 0);
    order->done(order->context, request->status, request->error.text, request->status ? NULL : order->result);
    json_decref(order->order);
    json_decref(order->result);
    free(order->who);
    free(order);
}

void queue_order(struct queue *queue, const json_t *order, const char *who, int64_t now,
                 void (*done)(void *context, int status, const char *message, json_t *result), void *context)
{
    struct order *one = mem_zero(1, sizeof *one);
    one->request.run = run_order;
    one->request.finish = finish_order;
    one->request.repeatable = true;
    one->order = json_deep_copy(order);
    one->who = mem_string(who);
    one->now = now;
    one->done = done;
    one->context = context;
    store_submit(queue, &one->request);
}
