/* When a mail may go out to a contact: by the `send` that its profile had when the campaign began, and campaigns.contact_interval. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/schedule.h"
#include "queue/store.h"
#include "queue/terms.h"
#include "queue/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sending {
    struct schedule schedule; /* its zone is the following */
    char zone[64];
    char country[3]; /* of whoever gets the mail; "": not known */
};

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

static void read_schedule(struct store *store, const char *settings, const char *profile, struct sending *out)
{
    struct terms terms;
    terms_read(settings, config_profile(store->config, profile), &terms);
    out->schedule = schedule_of(&terms.profile);
    snprintf(out->zone, sizeof out->zone, "%s", out->schedule.zone);
    out->schedule.zone = out->zone;
    terms_clear(&terms);
}

/* A rehearsal's mails go to whoever wants to see them now. */
static void read_sending(struct store *store, int64_t id, struct sending *out)
{
    *out = (struct sending){ .schedule = { .round = SCHEDULE_AT_ONCE, .zone = "UTC" } };
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT c.profile, c.redirect_to IS NOT NULL, r.kinds, r.languages, r.party, k.target,"
                  " a.address, c.settings FROM \"case\" k JOIN campaign c ON c.id = k.campaign_id"
                  " JOIN rung r ON r.case_id = k.id AND r.position = k.position"
                  " JOIN contact a ON a.id = r.contact_id WHERE k.id = ?1",
                  "i", id);
    if (!sql_step(store->sql, row))
        return;
    if (!sqlite3_column_int(row, 1)) {
        read_schedule(store, sql_text(row, 7), sql_text(row, 0), out);
        find_country(out->country, sql_text(row, 2), sql_text(row, 3), sqlite3_column_int(row, 4) == PARTY_OWNER,
                     sql_text(row, 5), sql_text(row, 6));
    }
    sqlite3_reset(row);
}

int64_t store_send_from(struct store *store, int64_t id, int64_t from)
{
    struct sending sending;
    read_sending(store, id, &sending);
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
    struct sending sending;
    read_sending(store, id, &sending);
    int64_t next = not_before(store, group, now);
    if (next > now)
        next = schedule_apart(&sending.schedule, sending.country, next);
    return next > now ? next : schedule_open(&sending.schedule, sending.country, now);
}
