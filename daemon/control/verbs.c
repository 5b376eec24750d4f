/* What can be asked of the daemon: reads and orders go to the store as they are; a few verbs concern other rooms. */
#include "daemon/base/address.h"
#include "daemon/base/base64.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/control/control.h"
#include "daemon/daemon.h"
#include "daemon/intake.h"
#include "daemon/notify/notify.h"
#include "daemon/submission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char *text_of(const json_t *request, const char *name)
{
    return json_string_value(json_object_get(request, name));
}

/* ---- Reads and orders ------------------------------------------------------------------------------------------------------------------ */

static void on_read(void *context, int status, const char *message, json_t *result)
{
    struct control_call *call = context;
    if (status)
        control_fail_errno(call, status, message);
    else
        control_reply(call, json_incref(result));
}

/* A submitter sees what is his own; reads.c keeps to `owner` where it is given. */
static void read_then(struct control_call *call, const json_t *request,
                      void (*done)(void *context, int status, const char *message, json_t *result), void *context)
{
    json_t *arguments = json_deep_copy(request);
    if (control_is_admin(call))
        json_object_del(arguments, "owner");
    else
        json_object_set_new(arguments, "owner", json_string(control_who(call)));
    queue_read(control_daemon(call)->queue, text_of(request, "verb"), arguments, done, context);
    json_decref(arguments);
}

static void run_read(struct control_call *call, const json_t *request)
{
    read_then(call, request, on_read, call);
}

/* What the store does not know: how the daemon is. */
static void on_status(void *context, int status, const char *message, json_t *result)
{
    const struct daemon *daemon = control_daemon(context);
    if (!status) {
        json_object_set_new(result, "faults", faults_describe(daemon));
        json_object_set_new(result, "loop", health_describe(daemon));
        json_object_set_new(result, "refused_files",
                            intake_refused(daemon->intake, control_is_admin(context) ? NULL : control_who(context)));
        json_object_set_new(result, "stopped", json_boolean(daemon->stopping));
    }
    on_read(context, status, message, result);
}

static void run_status(struct control_call *call, const json_t *request)
{
    read_then(call, request, on_status, call);
}

static void on_order(void *context, int status, const char *message, json_t *result)
{
    pump_wake(control_daemon(context));
    on_read(context, status, message, result);
}

/* What was claimed before it may be what it forbids: whose final dot is not out yet is claimed anew. */
static void on_forbidden(void *context, int status, const char *message, json_t *result)
{
    if (!status)
        delivery_recall(control_daemon(context)->delivery);
    on_order(context, status, message, result);
}

static bool forbids(const char *verb)
{
    static const char *const verbs[] = { "pause", "cancel", "cancel-notification", "suppress" };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

/* That it was asked for; whether it was done stands in the audit trail. */
static void log_order(const char *who, const json_t *request)
{
    json_int_t number = json_integer_value(json_object_get(request, "notification"));
    const char *object = text_of(request, "campaign") ? text_of(request, "campaign") : text_of(request, "object");
    struct log_about about = { .event = LOG_ORDER, .campaign = text_of(request, "campaign"), .notification = number };
    if (number)
        log_about(LOG_NOTICE_LEVEL, &about, "%s orders: %s T-%lld", who, text_of(request, "verb"), (long long)number);
    else
        log_about(LOG_NOTICE_LEVEL, &about, "%s orders: %s%s%s", who, text_of(request, "verb"), object ? " " : "",
                  object ? object : "");
}

static void run_order(struct control_call *call, const json_t *request)
{
    struct daemon *daemon = control_daemon(call);
    log_order(control_who(call), request);
    queue_order(daemon->queue, request, control_who(call), daemon_now(),
                forbids(text_of(request, "verb")) ? on_forbidden : on_order, call);
}

/* Only these two end or begin the sending. */
static void run_stop_or_start(struct control_call *call, const json_t *request)
{
    log_order(control_who(call), request);
    stopping_order(control_daemon(call), request, control_who(call), on_order, call);
}

/* ---- Submit ------------------------------------------------------------------------------------------------------------------------------ */

static void on_submitted(void *context, int status, const char *message)
{
    struct control_call *call = context;
    if (status)
        control_fail_errno(call, status, message);
    else
        control_reply(call, json_pack("{s:s}", "claim", message));
}

static int check_redirect(const json_t *request, char out[ADDRESS_MAX_LENGTH + 1])
{
    const char *address = text_of(request, "redirect_to");
    return address ? address_normalise(address, strlen(address), out) : 0;
}

/* May CALL's user say META about a file for the profile PLACE? If not, he is told why. */
static bool check_submission(struct control_call *call, const json_t *meta, const char *place)
{
    struct config_sidecar *sidecar = NULL;
    const struct config_profile *profile;
    char *said = json_dumps(meta, 0), *refusal = NULL;
    const struct submission submission = {
        .place = place, .text = said, .who = control_who(call), .is_admin = control_is_admin(call)
    };
    int code = submission_read(control_daemon(call)->config, &submission, &sidecar, &profile, &refusal);
    if (code)
        control_fail(call, code == -EACCES ? EX_NOPERM : EX_DATAERR, refusal);
    config_sidecar_free(sidecar);
    free(refusal);
    free(said);
    return !code;
}

static void submit_to_spool(struct control_call *call, const json_t *request, const char *profile, json_t *meta,
                            const char *redirect)
{
    json_t *options = json_pack("{s:s, s:b, s:b, s:O}", "who", control_who(call), "admin", control_is_admin(call),
                                "hold", json_is_true(json_object_get(request, "hold")), "meta", meta);
    if (redirect)
        json_object_set_new(options, "redirect_to", json_string(redirect));
    char *text = json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS);
    spool_submit(intake_spool(control_daemon(call)->intake), text_of(request, "hidden"), profile,
                 text_of(request, "name"), text, on_submitted, call);
    free(text);
    json_decref(options);
}

/* {"hidden","name","profile","campaign","redirect_to","hold","meta"}: the command line has put the file into incoming/ under a hidden name. META says what a sidecar may
 * say (config/sidecar.h). */
static void run_submit(struct control_call *call, const json_t *request)
{
    struct daemon *daemon = control_daemon(call);
    const char *profile = text_of(request, "profile") ? text_of(request, "profile") : "default";
    char redirect[ADDRESS_MAX_LENGTH + 1];
    if (faults_has(daemon, FAULT_STORE)) {
        control_fail(
            call, EX_TEMPFAIL,
            "the store cannot be written (`tocsin status`), so that nothing is taken in: try again later, or drop"
            " the file into incoming/, where it waits");
        return;
    }
    if (!text_of(request, "hidden") || !text_of(request, "name")) {
        control_fail(call, EX_USAGE, "submit wants a hidden name and a name");
        return;
    }
    if (check_redirect(request, redirect)) {
        control_fail(call, EX_DATAERR, "the address to redirect to is no e-mail address");
        return;
    }
    const json_t *given = json_object_get(request, "meta");
    json_t *meta = json_is_object(given) ? json_deep_copy(given) : json_object();
    if (text_of(request, "campaign"))
        json_object_set_new(meta, "campaign", json_string(text_of(request, "campaign")));
    if (check_submission(call, meta, profile))
        submit_to_spool(call, request, profile, meta, text_of(request, "redirect_to") ? redirect : NULL);
    json_decref(meta);
}

/* What the store has not heard of may not have come so far, or was refused before. */
struct file_call {
    struct control_call *call;
    char *claim;
};

static void on_file(void *context, int status, const char *message, json_t *result)
{
    struct file_call *asked = context;
    struct control_call *call = asked->call;
    const struct intake *intake = control_daemon(call)->intake;
    const char *who = control_is_admin(call) ? NULL : control_who(call);
    /* The store may be done with it before its results lie where they can be read. */
    json_t *known = !status || status == -ENOENT ? intake_claim(intake, asked->claim, who) : NULL;
    if (known)
        control_reply(call, known);
    else
        on_read(call, status, message, result);
    free(asked->claim);
    free(asked);
}

/* {"claim"}: what has become of a file that was submitted. */
static void run_file(struct control_call *call, const json_t *request)
{
    if (!text_of(request, "claim")) {
        control_fail(call, EX_USAGE, "file wants a claim");
        return;
    }
    struct file_call *asked = mem_zero(1, sizeof *asked);
    asked->call = call;
    asked->claim = mem_string(text_of(request, "claim"));
    read_then(call, request, on_file, asked);
}

/* ---- Preview ----------------------------------------------------------------------------------------------------------------------------- */

static json_t *preview_one(const struct daemon *daemon, struct notify_cache *cache, const struct notification *one)
{
    struct buf message = BUF_EMPTY;
    struct error error = { "" };
    char *sender = NULL;
    json_t *targets = json_array();
    for (size_t i = 0; i < one->case_count; i++)
        json_array_append_new(targets, json_string(one->cases[i].target));
    json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:s, s:o}", "id", (json_int_t)one->id, "recipient", one->recipient,
                               "envelope_to", one->envelope_to, "kinds", one->contact_kinds, "party", one->party,
                               "targets", targets);
    if (notify_render(one, daemon->keys, cache, &sender, &message, &error)) {
        json_object_set_new(object, "error", json_string(error.text));
    } else {
        char *unknown = notify_unknown_type(one);
        if (unknown)
            json_object_set_new(object, "unknown_type", json_string(unknown));
        free(unknown);
        json_object_set_new(object, "envelope_sender", json_string(sender));
        json_object_set_new(object, "message", json_stringn(message.data, message.length));
    }
    buf_free(&message);
    free(sender);
    return object;
}

static void on_preview(void *context, int status, const char *message, struct notification **notifications,
                       size_t count, size_t total)
{
    struct control_call *call = context;
    if (status) {
        control_fail_errno(call, status, message);
        return;
    }
    struct notify_cache *cache = notify_cache_new();
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, preview_one(control_daemon(call), cache, notifications[i]));
        notification_free(notifications[i]);
    }
    notify_cache_free(cache);
    control_reply(call, json_pack("{s:o, s:I}", "notifications", list, "total", (json_int_t)total));
}

/* {"campaign","offset","limit"} or {"notification"}: at most 50 mails a call, so that the loop is not held up. */
static void run_preview(struct control_call *call, const json_t *request)
{
    json_int_t offset = json_integer_value(json_object_get(request, "offset"));
    json_int_t limit = json_integer_value(json_object_get(request, "limit"));
    json_int_t one = json_integer_value(json_object_get(request, "notification"));
    if (limit < 1 || limit > 50)
        limit = 50;
    const char *campaign = text_of(request, "campaign");
    const char *owner = control_is_admin(call) ? NULL : control_who(call);
    queue_preview(control_daemon(call)->queue, campaign ? campaign : "", owner, one, offset > 0 ? (unsigned)offset : 0,
                  (unsigned)limit, on_preview, call);
}

/* ---- Bounce ------------------------------------------------------------------------------------------------------------------------------ */

static void on_recorded(void *context, int status, const char *message)
{
    struct control_call *call = context;
    if (status)
        control_fail(call, EX_TEMPFAIL, message);
    else
        control_reply(call, NULL);
}

/* {"sender","recipient","message"}: MESSAGE in base64, since a mail may hold any bytes. */
static void run_bounce(struct control_call *call, const json_t *request)
{
    const char *text = text_of(request, "message");
    size_t length = 0;
    char *message = text ? base64_decode(text, &length) : NULL;
    if (!message) {
        control_fail(call, EX_DATAERR, "bounce wants a message in base64");
        return;
    }
    returns_take(control_daemon(call), "tocsin bounce", text_of(request, "sender"), text_of(request, "recipient"),
                 message, length, on_recorded, call);
    free(message);
}

/* ---- Prove ------------------------------------------------------------------------------------------------------------------------------- */

static void on_proof_begun(void *context, int status, const char *message, int64_t id)
{
    struct control_call *call = context;
    if (status)
        control_fail_errno(call, status, message);
    else
        control_reply(call, json_pack("{s:I}", "proof", (json_int_t)id));
}

/* {"recipient"}: an address that does not exist; without it, the mail goes to ourselves. The read `proof` says how it gets on. */
static void run_prove(struct control_call *call, const json_t *request)
{
    const char *recipient = text_of(request, "recipient");
    char normal[ADDRESS_MAX_LENGTH + 1];
    if (recipient && address_normalise(recipient, strlen(recipient), normal))
        control_fail(call, EX_DATAERR, "the address to provoke a bounce at is no e-mail address");
    else
        proof_begin(control_daemon(call), control_who(call), recipient ? normal : NULL, on_proof_begun, call);
}

/* ---- Reload ------------------------------------------------------------------------------------------------------------------------------ */

static void on_reloaded(void *context, const char *refused, const char *restart)
{
    if (refused)
        control_fail(context, EX_CONFIG, refused);
    else
        control_reply(context, json_pack("{s:s}", "restart", restart));
}

static void run_reload(struct control_call *call, const json_t *request)
{
    log_order(control_who(call), request);
    reload_config(control_daemon(call), on_reloaded, call);
}

static void run_version(struct control_call *call, const json_t *request)
{
    (void)request;
    control_reply(call, json_pack("{s:s, s:i}", "version", TOCSIN_VERSION, "pid", (int)getpid()));
}

/* ---- The table ----------------------------------------------------------------------------------------------------------------------------- */

enum access { SUBMITTER, ADMIN };

/* To add a verb: a row here, and a subcommand that asks it. */
static const struct {
    const char *verb;
    enum access access;
    void (*run)(struct control_call *call, const json_t *request);
} verbs[] = {
    { "version", SUBMITTER, run_version },
    { "submit", SUBMITTER, run_submit },
    { "file", SUBMITTER, run_file },
    { "preview", SUBMITTER, run_preview },
    { "status", SUBMITTER, run_status },
    { "campaign", SUBMITTER, run_read },
    { "queue", SUBMITTER, run_read },
    { "notification", SUBMITTER, run_read },
    { "report", SUBMITTER, run_read },
    { "outlook", SUBMITTER, run_read },
    { "log", SUBMITTER, run_read },
    { "explain", SUBMITTER, run_read },
    { "suppressions", ADMIN, run_read },
    { "suppressed", ADMIN, run_read },
    { "audit", ADMIN, run_read },
    { "bounce", ADMIN, run_bounce },
    { "prove", ADMIN, run_prove },
    { "proof", ADMIN, run_read },
    { "reload", ADMIN, run_reload },
    { "approve", ADMIN, run_order },
    { "pause", ADMIN, run_order },
    { "resume", ADMIN, run_order },
    { "cancel", ADMIN, run_order },
    { "retry", ADMIN, run_order },
    { "cancel-notification", ADMIN, run_order },
    { "suppress", ADMIN, run_order },
    { "unsuppress", ADMIN, run_order },
    { "stop", ADMIN, run_stop_or_start },
    { "start", ADMIN, run_stop_or_start },
};

void control_run(struct control_call *call, const json_t *request)
{
    const char *verb = text_of(request, "verb");
    for (size_t i = 0; verb && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        if (verbs[i].access == ADMIN && !control_is_admin(call))
            control_fail(call, EX_NOPERM, "only an administrator (access.admin_group) may do that");
        else
            verbs[i].run(call, request);
        return;
    }
    control_fail(call, EX_USAGE, "the daemon knows no such verb: is it older than this tocsin?");
}
