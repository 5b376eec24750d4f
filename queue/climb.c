/* Escalation: a case leaves its rung for the next one that may be written to. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>
#include <string.h>

static const char *const rung_states[RUNG_STATES] = { "untried", "current", "sent", "bounced", "given-up", "skipped" };

const char *rung_state_name(enum rung_state state)
{
    return rung_states[state];
}

int64_t store_contact(struct store *store, const char *address)
{
    int64_t id = sql_integer(store->sql, 0, "SELECT id FROM contact WHERE address = ?1", "t", address);
    if (id)
        return id;
    sql_run(store->sql, "INSERT INTO contact (address) VALUES (?1)", "t", address);
    return sql_last_id(store->sql);
}

/* OURS, or OURS with a detail after "+" as our tokens stand there (RFC 5233). */
static bool is_mailbox(const char *ours, const char *address)
{
    if (!ours || strcmp(ours, address) == 0)
        return ours;
    const char *domain = strchr(ours, '@'), *rest = address + strcspn(address, "+@");
    return domain && rest - address == domain - ours && strncmp(ours, address, (size_t)(domain - ours)) == 0 &&
           strcmp(rest + strcspn(rest, "@"), domain) == 0;
}

/* Our own mailboxes: a mail to one would come back as work. */
static bool is_ours(const struct store *store, const char *address)
{
    const struct config *config = store->config;
    const char *const ours[] = { config->sender.address, config->sender.reply_to, config->return_path.bounce,
                                 config->return_path.opt_out };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (is_mailbox(ours[i], address))
            return true;
    for (size_t i = 0; i < config->profile_count; i++) {
        const struct config_sender *sender = &config->profiles[i].sender;
        if (is_mailbox(sender->address, address) || is_mailbox(sender->reply_to, address))
            return true;
    }
    return false;
}

static char *suppression_of(struct store *store, const char *object, bool *opt_out)
{
    char *why = NULL;
    sqlite3_stmt *found = sql_query(store->sql, "SELECT why, opt_out FROM suppression WHERE object = ?1", "t", object);
    if (sql_step(store->sql, found)) {
        why = sql_copy(found, 0);
        *opt_out = sqlite3_column_int(found, 1) != 0;
        sqlite3_reset(found);
    }
    return why;
}

char *store_suppressed(struct store *store, const char *address, bool *opt_out)
{
    *opt_out = false;
    char *why = suppression_of(store, address, opt_out);
    /* A suppressed domain covers every name below it. */
    for (const char *domain = address_domain(address); !why && strchr(domain, '.'); domain = strchr(domain, '.') + 1)
        why = suppression_of(store, domain, opt_out);
    return why;
}

struct next_rung {
    int64_t position, contact;
    char address[ADDRESS_MAX_LENGTH + 1];
    enum party party;
    char dead[32];
};

/* The rung after POSITION; false when there is none. */
static bool next_rung(struct store *store, int64_t id, int64_t position, struct next_rung *next)
{
    sqlite3_stmt *rungs = sql_query(store->sql,
                                    "SELECT r.position, r.contact_id, c.address, r.party, c.dead_reason FROM rung r"
                                    " JOIN contact c ON c.id = r.contact_id WHERE r.case_id = ?1 AND r.position > ?2"
                                    " ORDER BY r.position LIMIT 1",
                                    "ii", id, position);
    if (!sql_step(store->sql, rungs))
        return false;
    next->position = sqlite3_column_int64(rungs, 0);
    next->contact = sqlite3_column_int64(rungs, 1);
    strncpy(next->address, sql_text(rungs, 2), ADDRESS_MAX_LENGTH);
    next->address[ADDRESS_MAX_LENGTH] = '\0';
    next->party = (enum party)sqlite3_column_int(rungs, 3);
    strncpy(next->dead, sql_text(rungs, 4), sizeof next->dead - 1);
    next->dead[sizeof next->dead - 1] = '\0';
    sqlite3_reset(rungs);
    return true;
}

/* Why the rung is passed over, or NULL; a new string. *SILENCE: the owner asked for it, so nobody else is told either. */
static char *why_skip(struct store *store, const struct next_rung *rung, bool *silence)
{
    bool opt_out = false;
    *silence = false;
    if (is_ours(store, rung->address))
        return mem_string("our own address");
    char *why = store_suppressed(store, rung->address, &opt_out);
    if (why) {
        *silence = opt_out && rung->party == PARTY_OWNER;
        char *text = mem_format("suppressed: %s", why);
        free(why);
        return text;
    }
    return rung->dead[0] ? mem_format("known dead: %s", rung->dead) : NULL;
}

struct standing {
    int64_t campaign, position, file, expires;
    bool approved, redirected;
    char *target;
};

static bool standing_of(struct store *store, int64_t id, struct standing *at)
{
    sqlite3_stmt *found = sql_query(store->sql,
                                    "SELECT k.campaign_id, k.position, k.file_id, c.expires, f.approved,"
                                    " c.redirect_to IS NOT NULL, k.target FROM \"case\" k"
                                    " JOIN campaign c ON c.id = k.campaign_id JOIN feed_file f ON f.id = k.file_id"
                                    " WHERE k.id = ?1",
                                    "i", id);
    if (!sql_step(store->sql, found))
        return false;
    *at = (struct standing){ .campaign = sqlite3_column_int64(found, 0),
                             .position = sqlite3_column_int64(found, 1),
                             .file = sqlite3_column_int64(found, 2),
                             .expires = sqlite3_column_int64(found, 3),
                             .approved = sqlite3_column_int(found, 4) != 0,
                             .redirected = sqlite3_column_int(found, 5) != 0,
                             .target = sql_copy(found, 6) };
    sqlite3_reset(found);
    return true;
}

/* The owner may have asked for silence about the target itself, whatever addresses its ladder has. */
static bool target_is_silent(struct store *store, const char *target)
{
    bool opt_out = false;
    char *why = suppression_of(store, target, &opt_out);
    free(why);
    return why && opt_out;
}

static void stand_on(struct store *store, int64_t id, const struct next_rung *next, const struct standing *at,
                     int64_t now)
{
    if (!at->approved)
        sql_run(store->sql, "UPDATE feed_file SET composed = 0 WHERE id = ?1 AND composed = 1", "i", at->file);
    sql_run(store->sql, "UPDATE \"case\" SET position = ?2, contact_id = ?3, notification_id = NULL WHERE id = ?1",
            "iii", id, next->position, next->contact);
    sql_run(store->sql, "UPDATE rung SET state = 1 WHERE case_id = ?1 AND position = ?2", "ii", id, next->position);
    /* What waits for approval is composed when all of its file is resolved: not by the clock. */
    int64_t due = at->approved ? store_send_from(store, id, now + store->config->campaigns.aggregate_wait) : DUE_NEVER;
    store_move_case(store, id, CASE_WAITING, due);
}

static void leave(struct store *store, int64_t id, enum case_state end)
{
    sql_run(store->sql, "UPDATE \"case\" SET contact_id = NULL, notification_id = NULL WHERE id = ?1", "i", id);
    store_move_case(store, id, end, DUE_NEVER);
}

void store_climb(struct store *store, int64_t id, int64_t now)
{
    struct standing at;
    if (!standing_of(store, id, &at))
        return;
    bool silence = target_is_silent(store, at.target);
    struct next_rung next;
    bool found = false;
    int64_t position = at.position;
    while (!silence && !found && next_rung(store, id, position, &next)) {
        char *why = why_skip(store, &next, &silence);
        if (why)
            sql_run(store->sql, "UPDATE rung SET state = 5, why = ?3 WHERE case_id = ?1 AND position = ?2", "iit", id,
                    next.position, why);
        free(why);
        found = !why;
        position = next.position;
    }
    if (silence)
        leave(store, id, CASE_OPTED_OUT);
    else if (now >= at.expires)
        leave(store, id, CASE_EXPIRED);
    else if (found)
        stand_on(store, id, &next, &at, now);
    else
        leave(store, id, CASE_EXHAUSTED);
    free(at.target);
}

void store_climb_again(struct store *store, int64_t id, int64_t now)
{
    if (!store_move_case(store, id, CASE_ESCALATED, DUE_NEVER))
        return;
    sql_run(store->sql, "UPDATE \"case\" SET position = position - 1 WHERE id = ?1", "i", id);
    store_climb(store, id, now);
}

int64_t *store_cases_at(struct store *store, int64_t notification, size_t *count)
{
    return sql_integers(store->sql,
                        sql_query(store->sql,
                                  "SELECT k.id FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
                                  " WHERE n.notification_id = ?1 AND k.notification_id = ?1 ORDER BY k.id",
                                  "i", notification),
                        count);
}

void store_escalate(struct store *store, int64_t notification, enum rung_state state, int64_t now)
{
    size_t count;
    int64_t *ids = store_cases_at(store, notification, &count);
    for (size_t i = 0; i < count; i++) {
        sql_run(store->sql,
                "UPDATE rung SET state = ?2 WHERE case_id = ?1 AND position = (SELECT position FROM \"case\" WHERE id "
                "= ?1)",
                "ii", ids[i], (int64_t)state);
        if (store_move_case(store, ids[i], CASE_ESCALATED, DUE_NEVER))
            store_climb(store, ids[i], now);
    }
    free(ids);
}
