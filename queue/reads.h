/* What can be read from the store, by name. Each read is a function and a row in reads[] of reads.c, and gives a JSON object; each runs
 * in one short transaction. */
#ifndef TOCSIN_QUEUE_READS_H
#define TOCSIN_QUEUE_READS_H

#include "daemon/base/error.h"

#include <jansson.h>

struct sql;

/* Run the read called NAME with ARGUMENTS (an object or NULL), "owner" among them: only what he submitted. 0 and a new *RESULT, or -errno:
 * -ENOSYS no such read, -ENOENT no such campaign or notification.
 *
 *   status                                     {"stopped","campaigns":[{"name","profile","state","paused_why","created","expires","cases","open","ends":{…},"files_loading",
 *                                              "files","rejected","waiting_for_approval","waiting_for_proof" (some of these),"doubtful" (likewise: too many rows rejected),
 *                                              "doubtful_rows","doubtful_rejected","doubtful_file","held","queued","deferred","redirect_to",
 *                                              "searching" (cases),"gathering" (cases that wait for others to go out in one mail with),"gathering_until" (the first of them)}], "forged_bounces","stale_bounces","suppressions","proofs":[the last that came back, the last],"standstill":{"since","why"} or null}
 *   campaign   {campaign, cases, limit, after} one of these, with "feed_files":[…] and, when asked, "cases_list":[{"target","state","note","rungs":[…]}]
 *   file       {claim}                         {"state" (loading, loaded, failed),"why","campaign","approved","unproved","rows","rejected","duplicates","targets"} of the feed file that the spool calls so
 *   queue      {campaign, all, state, limit, after}  {"notifications":[{"id","campaign","recipient","state","kind","party","attempts","due","accepted",
 *                                              "bounced","reason","cases","targets":[…]}]}: what is under way; `all`: what has ended too
 *   notification {notification}                one of these with "history":[…] and "returned":[…]
 *   report     {campaign}                      the counts that daemon/report/report.h renders
 *   outlook    {campaign}                      what would go out next: {"mails","contacts","largest":{"id","recipient","cases"} or null,"domain":{"name","mails"} (of the most recipients)
 *                                              or null,"suppressed","known_dead" (contacts that were passed over),"without_contact" (cases),"sending":{"send","send_at",
 *                                              "business_hours","time_zone"} (as the campaign keeps them) or null}
 *   suppressions {limit, after}                {"suppressions":[{"object","why","who","time","opt_out"}]}
 *   suppressed {objects:[addresses, domains]}  {"suppressed":[{"object","by" (itself, or a domain above it),"why","opt_out"}]}: those of them that are
 *   log        {campaign, target, address, limit}  {"events":[{"time","what","campaign","notification","recipient","detail"}]}, oldest first
 *   explain    {target}                        {"target","suppressed":[as of `suppressed`],"findings":[{"type","identifier","host","port","url","count","first_seen",
 *                                              "last_seen","case"}],"cases":[those of `campaign`, each with "campaign","file","reminder","reminds" and "notifications":[those of
 *                                              `notification`]],"rows":[{"file","line","campaign","case","known_in","reminder","reminds","why","incident"}]}: the last 1,000
 *   proof      {proof}                         {"id","time","who","recipient","answer","text","came_back","class","way"}, and in milliseconds "began","answered","returned"
 *   audit      {limit}                         {"audit":[{"time","who","action","object","detail"}]}, oldest first
 *
 * Those that take `after` give a page (500, or less by `limit`); where there may be more, "next" is the `after` of the next page, which has nothing but the
 * list. The others give the last 10,000 at most. */
int reads_run(struct sql *sql, const char *name, const json_t *arguments, json_t **result, struct error *error);

/* For queue/: what there is of a row of a file (`i` incident, `k` its case, `f` its file) beyond its case, and why no mail has gone out about it. */
#define ROW_COLUMNS                                                                                                    \
    "i.line, k.id AS \"case\", nullif(i.known_in, 0) AS known_in, nullif(k.reminder, 0) AS reminder, k.reminds"
#define ROW_WHY                                                                                                        \
    "CASE WHEN i.case_id = 0 THEN 'known already: case ' || i.known_in || ' tells of the same finding'"                \
    " || CASE WHEN i.spent THEN ', and there have been as many reminders as there may be (max_reminders)' ELSE '' END" \
    " WHEN k.state = 8 THEN coalesce(k.note, 'no contact is left to write to')"                                        \
    " WHEN k.state = 3 AND f.approved = 0 THEN 'waits for approval'"                                                   \
    " WHEN k.state = 9 THEN 'the owner asked for silence' END AS why"

/* For queue/: add to a case its "rungs"; to a notification its "history" and what "returned"; to LIST why OBJECT, or a domain above it, is suppressed. */
void reads_add_rungs(struct sql *sql, json_t *one);
void reads_add_history(struct sql *sql, json_t *notification);
void reads_add_suppression(struct sql *sql, const char *object, json_t *list);

/* The same straight from the file at PATH: for the command line while no daemon runs. -ENXIO: it cannot be opened. */
int reads_run_offline(const char *path, const char *name, const json_t *arguments, json_t **result,
                      struct error *error);

#endif
