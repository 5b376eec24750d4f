/* When a mail may go out to a contact: by its profile's `send`, and campaigns.contact_interval. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/schedule.h"
#include "queue/store.h"
#include "queue/zones.h"

#include <stdlib.h>
#include <string.h>

struct sending {
    struct schedule schedule;
    char country[3]; /* of whoever gets the mail; "": not known */
};

/* Most configurations have nobody wait, and need no look at each case. */
static bool any_waits(const struct config *config)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        struct schedule schedule = schedule_of(&config->profiles[i]);
        if (schedule_waits(&schedule))
            return true;
    }
    return false;
}

/* The region of the tag that LANGUAGES begin with: AT of de-AT. */
static bool region_of(const char *languages, char out[static 3])
{
    size_t length = strcspn(languages, ", ");
    const char *dash = memrchr(languages, '-', length);
    if (!dash || languages + length - dash != 3)
        return false;
    memcpy(out, dash + 1, 2);
    out[2] = '\0';
    return zone_of_country(out) != NULL;
}

/* What an override says is a person's word; of an owner his own domain speaks, of others that of their address. */
static void find_country(char out[static 3], const char *kinds, const char *languages, bool owner, const char *target,
                         const char *address)
{
    bool known = strncmp(kinds, "override", 8) == 0 && region_of(languages, out);
    known = known || zone_country_of_domain(owner ? target : address_domain(address), out) ||
            zone_country_of_domain(target, out);
    if (!known)
        out[0] = '\0';
}

/* A rehearsal's mails go to whoever wants to see them now. */
static struct sending sending_of(struct store *store, int64_t id)
{
    struct sending sending = { .schedule = { .round = SCHEDULE_AT_ONCE } };
    if (!any_waits(store->config))
        return sending;
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT c.profile, c.redirect_to IS NOT NULL, r.kinds, r.languages, r.party, k.target,"
                  " a.address FROM \"case\" k JOIN campaign c ON c.id = k.campaign_id"
                  " JOIN rung r ON r.case_id = k.id AND r.position = k.position"
                  " JOIN contact a ON a.id = r.contact_id WHERE k.id = ?1",
                  "i", id);
    if (!sql_step(store->sql, row))
        return sending;
    if (!sqlite3_column_int(row, 1)) {
        sending.schedule = schedule_of(config_profile(store->config, sql_text(row, 0)));
        find_country(sending.country, sql_text(row, 2), sql_text(row, 3), sqlite3_column_int(row, 4) == PARTY_OWNER,
                     sql_text(row, 5), sql_text(row, 6));
    }
    sqlite3_reset(row);
    return sending;
}

int64_t store_send_from(struct store *store, int64_t id, int64_t from)
{
    struct sending sending = sending_of(store, id);
    return schedule_next(&sending.schedule, sending.country, from);
}

/* One that has not gone out yet, because its server or its campaign rests, counts as if it went out now, or when it is to; one that waits for approval may never
 * go out. Whom a rehearsal's mails really go to wants to see them all today. */
static int64_t not_before(struct store *store, const struct group *group, int64_t now)
{
    int64_t last =
        sql_integer(store->sql, 0,
                    "SELECT max(CASE WHEN state = 2 THEN max(due, ?4) WHEN state IN (1, 3, 4) THEN ?4"
                    " ELSE coalesce(accepted, created) END)"
                    " FROM notification WHERE contact_id = ?1 AND campaign_id = ?2 AND grouping = ?3 AND kind = 0"
                    " AND state <> 9 AND NOT (state = 1 AND hold = 1)"
                    " AND (SELECT redirect_to FROM campaign WHERE id = ?2) IS NULL",
                    "iiii", group->contact, group->campaign, group->grouping, now);
    int64_t next = last + store->config->campaigns.contact_interval;
    return last && next > now ? next : now;
}

int64_t store_mail_from(struct store *store, const struct group *group, int64_t id, int64_t now)
{
    struct sending sending = sending_of(store, id);
    int64_t next = not_before(store, group, now);
    if (next > now)
        next = schedule_apart(&sending.schedule, sending.country, next);
    return next > now ? next : schedule_open(&sending.schedule, sending.country, now);
}
