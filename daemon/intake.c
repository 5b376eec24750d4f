/* A claimed file's way: hashed, registered, parsed, finished, moved to done/ or failed/. Each step is durable before the next begins, and each may be
 * repeated after a crash. */
#include "daemon/intake.h"

#include "daemon/base/buf.h"
#include "daemon/base/crash.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"
#include "daemon/loader.h"
#include "daemon/notify/notify.h"
#include "daemon/spool/names.h"
#include "daemon/submission.h"
#include "templates/set.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* For `tocsin status`: the last ones, since the daemon began; failed/ and the log have them all. What the spool itself will not have (a link, a device) is
 * in those alone. */
#define REFUSALS 10
struct refusal {
    int64_t time;
    char *id, *name, *why, *who;
};

struct intake {
    struct refusal refusals[REFUSALS];
    unsigned refused;
    struct daemon *daemon;
    struct spool *spool;
    struct loader *loader;
    struct entry *entries; /* every file on its way */
    uv_timer_t retry; /* for those that wait */
};

/* One file on its way. */
struct entry {
    struct intake *intake;
    struct entry *next, **link;
    struct config *config; /* it keeps the one that it began with, whatever is reloaded meanwhile */
    struct config_sidecar *sidecar; /* NULL: nothing was said */
    struct config_profile profile; /* with what the sidecar says instead; points into config and sidecar */
    char *path, *id, *name, *owner, *rejected_path;
    json_t *options;
    struct queue_template *templates;
    size_t template_count;
    const char *usual_text, *reminder_text; /* of those */
    char *why; /* it failed */
    int64_t file;
    int64_t version; /* of its results */
    bool again; /* a later one has fallen due */
    void (*waits)(struct entry *entry); /* for a full disk or the like to pass: what is tried then */
};

static struct entry *entry_new(struct intake *intake)
{
    struct entry *entry = mem_zero(1, sizeof *entry);
    entry->intake = intake;
    entry->next = intake->entries;
    entry->link = &intake->entries;
    if (entry->next)
        entry->next->link = &entry->next;
    intake->entries = entry;
    return entry;
}

static void drop_templates(struct entry *entry)
{
    for (size_t i = 0; i < entry->template_count; i++) {
        free(entry->templates[i].name);
        free(entry->templates[i].language);
        free(entry->templates[i].text);
    }
    free(entry->templates);
    entry->templates = NULL;
    entry->template_count = 0;
}

static void entry_free(struct entry *entry)
{
    *entry->link = entry->next;
    if (entry->next)
        entry->next->link = entry->link;
    config_free(entry->config);
    config_sidecar_free(entry->sidecar);
    free(entry->why);
    free(entry->path);
    free(entry->id);
    free(entry->name);
    free(entry->owner);
    free(entry->rejected_path);
    drop_templates(entry);
    json_decref(entry->options);
    free(entry);
}

static void write_version(struct entry *entry);
static void begin(struct entry *entry);

/* ---- Waiting --------------------------------------------------------------------------------------------------------------------------- */

/* It is not the file's fault, and will pass. */
static bool will_pass(int status)
{
    return status == -ENOSPC || status == -EDQUOT || status == -EMFILE || status == -ENFILE || status == -ENOMEM ||
           status == -EAGAIN || status == -EROFS;
}

static void on_retry(uv_timer_t *timer)
{
    struct intake *intake = timer->data;
    for (struct entry *entry = intake->entries, *next; entry; entry = next) {
        void (*step)(struct entry * one) = entry->waits;
        next = entry->next;
        entry->waits = NULL;
        if (step)
            step(entry);
    }
}

/* Try STEP again after spool.rescan. */
static void wait_for(struct entry *entry, const char *why, void (*step)(struct entry *entry))
{
    struct intake *intake = entry->intake;
    char *told = mem_format("%s: %s", entry->name, why);
    faults_note(intake->daemon, FAULT_SPOOL, told);
    free(told);
    entry->waits = step;
    if (!uv_is_active((uv_handle_t *)&intake->retry))
        uv_timer_start(&intake->retry, on_retry, (uint64_t)intake->daemon->config->spool.rescan, 0);
}

/* A step on the disk has succeeded: where none waits any more, all is well. */
static void passed(struct intake *intake)
{
    for (const struct entry *entry = intake->entries; entry; entry = entry->next)
        if (entry->waits)
            return;
    faults_note(intake->daemon, FAULT_SPOOL, NULL);
}

static const char *option(const struct entry *entry, const char *name)
{
    return json_string_value(json_object_get(entry->options, name));
}

static const char *campaign_of(const struct entry *entry)
{
    const char *campaign = option(entry, "campaign");
    return !campaign && entry->sidecar ? entry->sidecar->campaign : campaign;
}

/* ---- The end of the way ---------------------------------------------------------------------------------------------------------------- */

static void on_moved(void *context, int status, const char *message)
{
    struct entry *entry = context;
    if (status)
        log_error("spool: %s: %s", entry->id, message);
    pump_wake(entry->intake->daemon);
    if (entry->again && !entry->intake->daemon->ending)
        write_version(entry);
    else
        entry_free(entry);
}

static void refusal_clear(struct refusal *refusal)
{
    free(refusal->id);
    free(refusal->name);
    free(refusal->why);
    free(refusal->who);
}

static void note_refusal(const struct entry *entry, const char *why)
{
    struct refusal *refusal = &entry->intake->refusals[entry->intake->refused++ % REFUSALS];
    const char *who = option(entry, "who");
    refusal_clear(refusal);
    *refusal = (struct refusal){ daemon_now(), mem_string(entry->id), names_presentable(entry->name), mem_string(why),
                                 mem_string(who ? who : entry->owner) };
}

/* NAME.error has a line for each complaint about a sidecar; the log has one for the file. */
static char *one_line(const char *why)
{
    struct buf line = BUF_EMPTY;
    buf_reserve(&line, 0);
    for (const char *at = why; *at; at++)
        buf_add(&line, *at == '\n' ? "; " : at, *at == '\n' ? 2 : 1);
    return buf_take(&line);
}

static void fail(struct entry *entry, const char *why)
{
    if (entry->intake->daemon->ending)
        return; /* offered again when the daemon starts again */
    char *line = one_line(why);
    note_refusal(entry, line);
    const struct log_about about = { .event = LOG_FILE_FAILED, .campaign = campaign_of(entry) };
    log_about(LOG_ERROR_LEVEL, &about, "feed: %s: %s", entry->name, line);
    free(line);
    spool_finish(entry->intake->spool, entry->id, false, why, on_moved, entry);
}

static void on_forgotten(void *context, int status, const char *message)
{
    struct entry *entry = context;
    if (status)
        log_error("feed: %s: %s", entry->name, message);
    fail(entry, entry->why);
}

/* Take back what was loaded, then move the file to failed/. */
static void fail_loaded(struct entry *entry, const char *why)
{
    entry->why = mem_string(why);
    queue_file_fail(entry->intake->daemon->queue, entry->file, why, on_forgotten, entry);
}

static void write_results(struct entry *entry);

static void on_results(void *context, int status, const char *message)
{
    struct entry *entry = context;
    if (entry->intake->daemon->ending)
        return;
    if (status && status != -ENOENT) {
        wait_for(entry, message, write_results);
        return;
    }
    if (status)
        log_error("feed: %s: cannot write its results: %s", entry->name, message);
    else
        passed(entry->intake);
    crash_point("spool-results");
    spool_finish(entry->intake->spool, entry->id, true, NULL, on_moved, entry);
}

static void write_results(struct entry *entry)
{
    char *path = spool_scratch(entry->intake->spool, entry->id, "result.jsonl");
    queue_file_results(entry->intake->daemon->queue, entry->file, path, on_results, entry);
    free(path);
}

static void on_finished(void *context, int status, const char *message, const struct queue_file_summary *summary)
{
    struct entry *entry = context;
    if (status) {
        fail(entry, message);
        return;
    }
    if (entry->intake->daemon->ending)
        return; /* moved when the daemon starts again */
    const struct log_about about = { .event = LOG_FILE_LOADED, .campaign = summary->campaign };
    log_about(LOG_NOTICE_LEVEL, &about, "feed: %s: campaign %s: incidents %lld, targets %lld, known already %lld%s",
              entry->name, summary->campaign, (long long)summary->incidents, (long long)summary->targets,
              (long long)summary->duplicates,
              summary->doubtful   ? "; too many of its rows could not be read (max_rejected): waits for approval "
                                    "(tocsin preview, tocsin campaign approve)"
              : summary->held     ? "; waits for approval (tocsin preview, tocsin campaign approve)"
              : summary->unproved ? "; waits until bounces have been seen to come back (tocsin check --send)"
                                  : "");
    pump_wake(entry->intake->daemon);
    write_results(entry);
}

static void on_parsed(void *context, const struct load_result *result)
{
    struct entry *entry = context;
    if (will_pass(result->status)) {
        wait_for(entry, result->message, begin); /* it goes on after the rows that are in */
        return;
    }
    passed(entry->intake);
    if (result->status)
        fail_loaded(entry, result->message);
    else
        queue_file_finish(entry->intake->daemon->queue, entry->file, result->rows, result->rejected, on_finished,
                          entry);
}

/* ---- The way ------------------------------------------------------------------------------------------------------------------------------ */

static void on_begun(void *context, const struct queue_file_begun *begun)
{
    struct entry *entry = context;
    if (entry->intake->daemon->ending)
        return;
    entry->file = begun->file;
    struct load load = {
        .path = entry->path,
        .name = entry->name,
        .profile = &entry->profile,
        .file = begun->file,
        .resume_after = begun->resume_after,
        .rejected_path = entry->rejected_path,
        .hash = begun->hash,
        .size = begun->size,
        .received = begun->received / 1000,
    };
    switch (begun->verdict) {
    case QUEUE_FILE_LOAD:
        loader_parse(entry->intake->loader, &load, on_parsed, entry);
        break;
    case QUEUE_FILE_LOADED:
        write_results(entry);
        break;
    case QUEUE_FILE_DUPLICATE: {
        char *why = mem_format("%s, in campaign %s: nothing was done; change the file, or cancel that campaign first",
                               begun->message, begun->campaign);
        fail(entry, why);
        free(why);
        break;
    }
    case QUEUE_FILE_REFUSED:
        fail(entry, begun->message);
        break;
    }
}

/* May a mail of this profile be written from the template called NAME? */
static bool is_for(const struct config_profile *profile, const char *name)
{
    if (strcmp(name, TEMPLATE_RECEIPT) == 0)
        return false;
    return strcmp(profile->template_name, TEMPLATE_AUTO) == 0 || strcmp(profile->template_name, name) == 0 ||
           strcmp(profile->reminder_template, name) == 0;
}

static int freeze_templates(struct entry *entry, const struct template_set *set, struct error *error)
{
    size_t count;
    const struct template_name *names = template_set_names(set, &count);
    entry->templates = mem_zero(count + 1, sizeof *entry->templates);
    for (size_t i = 0; i < count; i++) {
        if (!is_for(&entry->profile, names[i].name))
            continue;
        char *text = template_set_freeze(set, (int)i,
                                         (entry->profile.bilingual ? TEMPLATE_SET_BILINGUAL : 0) |
                                             (entry->profile.html ? TEMPLATE_SET_HTML : 0),
                                         error);
        if (!text)
            return -EINVAL;
        entry->templates[entry->template_count++] =
            (struct queue_template){ mem_string(names[i].name), mem_string(names[i].language), text };
    }
    return 0;
}

/* Which of them is the campaign's where nothing is known of the recipient or of what was seen: its text, or NULL. */
static const char *choose_usual(const struct entry *entry, const struct template_set *set, const char *wanted,
                                struct error *error)
{
    const struct template_subject_matter matter = { .name = wanted };
    const struct language_clues clues = { .ordered = entry->profile.only_language, .usual = entry->profile.language };
    struct template_name *names = mem_zero(entry->template_count + 1, sizeof *names);
    for (size_t i = 0; i < entry->template_count; i++)
        names[i] = (struct template_name){ entry->templates[i].name, entry->templates[i].language };
    int usual = template_choose(names, entry->template_count, &matter, &clues);
    free(names);
    if (usual < 0)
        template_set_missing(set, strcmp(wanted, TEMPLATE_AUTO) == 0 ? TEMPLATE_GENERIC : wanted, error);
    return usual < 0 ? NULL : entry->templates[usual].text;
}

static int find_templates(struct entry *entry, struct error *error)
{
    const struct config_list *places = &entry->config->paths.templates;
    const struct config_profile *profile = &entry->profile;
    struct template_set *set = template_set_read((const char *const *)places->items, places->count);
    drop_templates(entry); /* of an earlier try */
    int status = freeze_templates(entry, set, error);
    entry->usual_text = status ? NULL : choose_usual(entry, set, profile->template_name, error);
    entry->reminder_text = entry->usual_text ? choose_usual(entry, set, profile->reminder_template, error) : NULL;
    if (!status && !entry->reminder_text)
        status = -ENOENT;
    template_set_free(set);
    return status;
}

static void on_hashed(void *context, const struct load_result *result)
{
    struct entry *entry = context;
    struct daemon *daemon = entry->intake->daemon;
    struct error error = { "" };
    int status = result->status;
    if (!status)
        status = find_templates(entry, &error);
    if (will_pass(status)) {
        wait_for(entry, result->status ? result->message : error.text, begin);
        return;
    }
    passed(entry->intake);
    if (status) {
        fail(entry, result->status ? result->message : error.text);
        return;
    }
    const struct config_profile *profile = &entry->profile;
    char *settings = notify_settings(entry->config, profile, entry->sidecar ? entry->sidecar->note : NULL);
    const char *who = option(entry, "who");
    struct queue_file file = {
        .claim = entry->id,
        .name = entry->name,
        .profile = profile->name,
        .campaign = campaign_of(entry),
        .hash = result->hash,
        .size = result->size,
        .settings = settings,
        .template_text = entry->usual_text,
        .reminder_text = entry->reminder_text,
        .template_name = entry->sidecar ? entry->sidecar->own.template_name : NULL,
        .templates = entry->templates,
        .template_count = entry->template_count,
        .now = daemon_now(),
        .redirect_to = option(entry, "redirect_to"),
        .hold = json_is_true(json_object_get(entry->options, "hold")) || (entry->sidecar && entry->sidecar->hold),
        .approve_above = profile->approve_above >= 0 ? profile->approve_above : entry->config->campaigns.approve_above,
        .who = who ? who : entry->owner,
    };
    queue_file_begin(daemon->queue, &file, on_begun, entry);
    free(settings);
}

static void begin(struct entry *entry)
{
    struct load load = { .path = entry->path, .profile = &entry->profile };
    loader_hash(entry->intake->loader, &load, on_hashed, entry);
}

/* What its submitter says about it: entry->sidecar and entry->profile. Or why he may not, a new string. */
static char *hear(struct entry *entry, const struct spool_claim *claim)
{
    const struct config_profile *profile = NULL;
    const char *who = option(entry, "who");
    json_t *said = json_object_get(entry->options, "meta");
    char *options = said ? json_dumps(said, 0) : NULL;
    char *file = claim->sidecar ? mem_format("%s" NAMES_SIDECAR, claim->name) : NULL;
    const struct submission submission = {
        .place = claim->profile,
        .file = file,
        .text = claim->sidecar ? claim->sidecar : options,
        .who = who ? who : entry->owner,
        .is_admin = json_is_true(json_object_get(entry->options, "admin")),
    };
    char *refusal = NULL;
    if (claim->sidecar_fault)
        refusal = mem_format("%s" NAMES_SIDECAR ": %s: mend it, or take it away, and drop both again", claim->name,
                             claim->sidecar_fault);
    else if (!submission_read(entry->config, &submission, &entry->sidecar, &profile, &refusal))
        entry->profile = config_sidecar_profile(entry->sidecar, profile);
    free(file);
    free(options);
    return refusal;
}

static void on_claimed(void *context, const struct spool_claim *claim)
{
    struct intake *intake = context;
    struct entry *entry = entry_new(intake);
    crash_point("spool-claim");
    entry->config = config_keep(intake->daemon->config);
    entry->path = mem_string(claim->path);
    entry->id = mem_string(claim->id);
    entry->name = mem_string(claim->name);
    entry->owner = mem_string(claim->owner ? claim->owner : "unknown");
    entry->rejected_path = spool_scratch(intake->spool, claim->id, "rejected");
    entry->options = claim->options ? json_loads(claim->options, 0, NULL) : NULL;
    char *refusal = hear(entry, claim);
    if (refusal)
        fail(entry, refusal);
    else
        begin(entry);
    free(refusal);
}

/* ---- Later versions of the results ----------------------------------------------------------------------------------------------------------- */

static void on_replaced(void *context, int status, const char *message)
{
    struct entry *entry = context;
    if (status && !entry->intake->daemon->ending) {
        wait_for(entry, message, write_version);
        return;
    }
    passed(entry->intake);
    if (!entry->again && !entry->intake->daemon->ending)
        queue_results_in_place(entry->intake->daemon->queue, entry->file, entry->version);
    if (entry->again && !entry->intake->daemon->ending)
        write_version(entry);
    else
        entry_free(entry);
}

static void on_result_version(void *context, int status, const char *message)
{
    struct entry *entry = context;
    if (entry->intake->daemon->ending)
        entry_free(entry); /* written when the daemon starts again */
    else if (status)
        on_replaced(entry, status, message);
    else
        spool_replace_result(entry->intake->spool, entry->id, on_replaced, entry);
}

static void write_version(struct entry *entry)
{
    struct intake *intake = entry->intake;
    char *path = spool_scratch(intake->spool, entry->id, "result.jsonl");
    entry->again = false;
    queue_file_results(intake->daemon->queue, entry->file, path, on_result_version, entry);
    free(path);
}

/* One version at a time: they share a scratch file. */
void intake_write_result(struct intake *intake, const struct queue_result_due *due)
{
    struct entry *entry = intake->entries;
    while (entry && strcmp(entry->id, due->claim) != 0)
        entry = entry->next;
    if (entry) {
        entry->again = true;
        entry->version = due->version;
        return;
    }
    entry = entry_new(intake);
    entry->id = mem_string(due->claim);
    entry->name = mem_string(due->name);
    entry->file = due->file;
    entry->version = due->version;
    write_version(entry);
}

/* ---- Opening ------------------------------------------------------------------------------------------------------------------------------------ */

int intake_open(struct daemon *daemon, struct error *error)
{
    struct intake *intake = mem_zero(1, sizeof *intake);
    intake->daemon = daemon;
    int status = loader_open(daemon->loop, daemon->queue, &intake->loader, error);
    if (!status)
        status = spool_open(daemon->loop, daemon->config, on_claimed, intake, &intake->spool, error);
    if (status && intake->loader)
        loader_close(intake->loader);
    if (status) {
        free(intake);
        return status;
    }
    uv_timer_init(daemon->loop, &intake->retry);
    intake->retry.data = intake;
    daemon->intake = intake;
    return 0;
}

void intake_stop(struct intake *intake)
{
    uv_close((uv_handle_t *)&intake->retry, NULL);
    spool_close(intake->spool);
    loader_close(intake->loader);
}

void intake_free(struct intake *intake)
{
    while (intake->entries)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list, by its `link` */
        entry_free(intake->entries);
    for (size_t i = 0; i < REFUSALS; i++)
        refusal_clear(&intake->refusals[i]);
    free(intake);
}

void intake_pause(struct intake *intake, bool paused)
{
    spool_pause(intake->spool, paused);
}

struct spool *intake_spool(struct intake *intake)
{
    return intake->spool;
}

json_t *intake_refused(const struct intake *intake, const char *who)
{
    json_t *list = json_array();
    int64_t since = daemon_now() - INT64_C(24) * 3600 * 1000;
    unsigned first = intake->refused > REFUSALS ? intake->refused - REFUSALS : 0;
    for (unsigned i = first; i < intake->refused; i++) {
        const struct refusal *one = &intake->refusals[i % REFUSALS];
        char time[TIMESTAMP_ISO_SIZE];
        timestamp_iso(one->time / 1000, time);
        if (one->time > since && (!who || strcmp(who, one->who) == 0))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "time", time, "name", one->name, "why",
                                                  one->why, "who", one->who));
    }
    return list;
}

json_t *intake_claim(const struct intake *intake, const char *claim, const char *who)
{
    for (const struct entry *entry = intake->entries; entry; entry = entry->next) {
        const char *owner = option(entry, "who") ? option(entry, "who") : entry->owner;
        if (strcmp(entry->id, claim) == 0 && (!who || (owner && strcmp(who, owner) == 0)))
            return json_pack("{s:s}", "state", "waiting");
    }
    for (unsigned i = 0; i < REFUSALS && i < intake->refused; i++) {
        const struct refusal *one = &intake->refusals[i];
        if (strcmp(one->id, claim) == 0 && (!who || strcmp(who, one->who) == 0))
            return json_pack("{s:s, s:s}", "state", "refused", "why", one->why);
    }
    return NULL;
}
