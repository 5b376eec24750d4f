/* Delivery status notifications: RFC 3464, its container RFC 6522, its international form RFC 6533, and what goes by that name. */
#include "daemon/base/mem.h"
#include "daemon/bounce/diagnosis.h"
#include "daemon/bounce/outcome.h"
#include "daemon/bounce/recognise.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The beginnings of all Action values that were seen. RFC 3464 has five; others send `failure`, `error`, `expired`, `failed (relay)`. */
static const struct {
    const char *beginning;
    enum outcome_action action;
} actions[] = {
    { "fail", OUTCOME_FAILED },       { "error", OUTCOME_FAILED },    { "expired", OUTCOME_FAILED },
    { "undeliver", OUTCOME_FAILED },  { "reject", OUTCOME_FAILED },   { "bounce", OUTCOME_FAILED },
    { "delay", OUTCOME_DELAYED },     { "defer", OUTCOME_DELAYED },   { "warn", OUTCOME_DELAYED },
    { "deliver", OUTCOME_DELIVERED }, { "relay", OUTCOME_DELIVERED }, { "expand", OUTCOME_DELIVERED },
    { "success", OUTCOME_DELIVERED },
};

static enum outcome_action read_action(const char *value)
{
    for (size_t i = 0; value && i < sizeof actions / sizeof *actions; i++)
        if (strncasecmp(value, actions[i].beginning, strlen(actions[i].beginning)) == 0)
            return actions[i].action;
    return OUTCOME_UNSAID;
}

/* `5.1.1 (comment)`, or `553 text`, or nothing of use. */
static void read_status(const char *value, struct outcome *outcome)
{
    struct diagnosis diagnosis;
    if (!value || diagnosis_enhanced(value, outcome->enhanced))
        return;
    diagnosis_read(value, &diagnosis);
    memcpy(outcome->enhanced, diagnosis.enhanced, sizeof outcome->enhanced);
    outcome->code = diagnosis.code;
}

/* An address as these fields hold it: `rfc822; a@b`, `rfc822;<a@b>`, `<a@b>` with no type, `system;<>`, `@host:a@b@ims_daemon`, a comment after it. A
 * new string, or NULL when no mailbox is in there. */
static char *read_address(const char *value)
{
    if (!value)
        return NULL;
    const char *semicolon = strchr(value, ';');
    const char *at = strchr(value, '@');
    if (semicolon && (!at || semicolon < at))
        value = semicolon + 1;
    const char *open = strchr(value, '<');
    const char *close = open ? strchr(open, '>') : NULL;
    size_t length;
    if (close) {
        value = open + 1;
        length = (size_t)(close - value);
    } else {
        value += strspn(value, " \t\"");
        length = strcspn(value, " \t\",;()<>");
    }
    if (length && *value == '@') { /* a source route */
        const char *colon = memchr(value, ':', length);
        if (colon) {
            length -= (size_t)(colon + 1 - value);
            value = colon + 1;
        }
    }
    const char *first = memchr(value, '@', length);
    const char *second = first ? memchr(first + 1, '@', length - (size_t)(first + 1 - value)) : NULL;
    if (second) /* what a gateway hung on behind the address */
        length = (size_t)(second - value);
    while (length && value[length - 1] == '.')
        length--;
    return first && first != value && first + 1 < value + length ? mem_string_n(value, length) : NULL;
}

/* The address to name: the last that the mail had (Final-Recipient), if it is one; `x400;` and the like are not. */
static char *choose_recipient(const char *group)
{
    static const char *const names[] = { "Final-Recipient", "X-Actual-Recipient", "Original-Recipient" };
    char *address = NULL;
    for (size_t i = 0; !address && i < sizeof names / sizeof *names; i++) {
        char *value = mail_field(group, names[i]);
        address = read_address(value);
        free(value);
    }
    return address;
}

/* "550-5.1.1 first 550 5.1.1 second" as one text: the codes that begin the continued lines say nothing new. */
static char *read_diagnostic(const char *group)
{
    char *value = mail_field(group, "Diagnostic-Code");
    if (!value || !*value) {
        free(value);
        return mail_field(group, "X-Supplementary-Info");
    }
    const char *semicolon = strchr(value, ';');
    if (!semicolon || strcspn(value, " .@\"") < (size_t)(semicolon - value))
        return value;
    char *text = mem_string(semicolon + 1 + strspn(semicolon + 1, " \t"));
    free(value);
    return text;
}

static void read_group(const char *group, struct outcomes *outcomes)
{
    char *action = mail_field(group, "Action"), *status = mail_field(group, "Status");
    char *recipient = choose_recipient(group);
    struct outcome *outcome = action || status || recipient ? outcomes_add(outcomes) : NULL;
    if (outcome) {
        outcome->recipient = recipient;
        outcome->action = read_action(action);
        outcome->text = read_diagnostic(group);
        read_status(status, outcome);
        recipient = NULL;
    }
    free(recipient);
    free(action);
    free(status);
}

static bool field_begins(const char *line, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(line, name, length) == 0 && line[length] == ':';
}

/* Where the next group begins: after a blank line, or, where blank lines were lost, at a second Final-Recipient. */
static const char *group_end(const char *group)
{
    bool final = false, any = false;
    const char *line = group;
    while (*line) {
        const char *end = strchrnul(line, '\n');
        if (any && strspn(line, " \t") == (size_t)(end - line))
            break;
        if (field_begins(line, "Final-Recipient")) {
            if (final)
                break;
            final = true;
        }
        any = true;
        line = *end ? end + 1 : end;
    }
    return line;
}

static void read_groups(const char *text, struct outcomes *outcomes)
{
    while (*(text += strspn(text, "\n"))) {
        const char *end = group_end(text);
        char *group = mem_string_n(text, (size_t)(end - text));
        read_group(group, outcomes);
        free(group);
        text = end;
    }
}

/* The fields sometimes stand in a part of another type, or behind the notice. */
static const char *find_fields(const char *text)
{
    const char *line = text;
    while (*line) {
        if (field_begins(line, "Final-Recipient") || field_begins(line, "Original-Recipient"))
            return line;
        const char *end = strchrnul(line, '\n');
        line = *end ? end + 1 : end;
    }
    return NULL;
}

static void read_parts(const struct mail *mail, struct outcomes *outcomes)
{
    for (size_t i = 0; i < mail->part_count; i++)
        if (mail->parts[i].kind == MAIL_STATUS)
            read_groups(mail->parts[i].text.data, outcomes);
    if (outcomes->count)
        return;
    const char *fields = find_fields(mail->notice.data);
    for (size_t i = 0; !fields && i < mail->part_count && mail->parts[i].kind != MAIL_RETURNED; i++)
        if (mail->parts[i].kind == MAIL_PLAIN)
            fields = find_fields(mail->parts[i].text.data);
    if (fields)
        read_groups(fields, outcomes);
}

/* A report that names no recipient in its fields may do so in its header. */
static void add_failed_recipients(const struct mail *mail, struct bounce *out)
{
    const char *list = out->recipient_count ? NULL : mail_header(mail, "X-Failed-Recipients");
    while (list && *list) {
        size_t length = strcspn(list, ",");
        char *item = mem_string_n(list, length);
        char *address = read_address(item);
        if (address)
            outcome_recipient(out, address);
        free(address);
        free(item);
        list += length + (list[length] == ',');
    }
}

bool dsn_recognise(const struct mail *mail, struct bounce *out)
{
    struct outcomes outcomes = OUTCOMES_EMPTY;
    read_parts(mail, &outcomes);
    bool found = outcomes.count > 0;
    if (found) {
        outcomes.action = (enum outcome_action)text_finality(mail);
        outcomes.context = mail->notice.data;
        outcomes_conclude(&outcomes, out);
        add_failed_recipients(mail, out);
    }
    outcomes_free(&outcomes);
    return found;
}
