#include "templates/template_parts.h"

#include "daemon/base/mem.h"
#include "daemon/base/spelling.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    VALUE,
    OBJECT, /* its names stand behind a dot, or in a section of it */
    LIST, /* its names stand in a section of it, once an entry */
};

/* All that daemon/notify/model.c fills in, by the section in which it is visible ("" is everywhere). To add one, add a row, and fill it in
 * there, always: a name without a value must be null there, or Mustache finds its namesake in a section around. */
static const struct variable {
    const char *section, *name;
    enum kind kind;
    const char *inside; /* an object's or list's own rows have this as their section */
} variables[] = {
    { "", "ticket", VALUE, NULL }, /* for people to quote: T-123 */
    { "", "date", VALUE, NULL }, /* of the mail: 23 November 2026 */
    { "", "campaign", VALUE, NULL },
    { "", "recipient", VALUE, NULL }, /* the address that the mail goes to */
    { "", "multiple", VALUE, NULL }, /* true: about more than one target */
    { "", "case_count", VALUE, NULL }, /* of targets */
    { "", "incident_count", VALUE, NULL }, /* of all targets together */
    { "", "more", VALUE, NULL }, /* how many targets `cases` leaves out */
    { "", "has_attachment", VALUE, NULL }, /* true: the facts as a table */
    { "", "attachment", VALUE, NULL }, /* its file name: the table's, or that of the zip archive with it */
    { "", "attachment_is_zip", VALUE, NULL },
    { "", "attachment_reports", VALUE, NULL }, /* the name of the file with X-ARF reports, where the mail has them */
    { "", "attachment_more", VALUE, NULL }, /* how many incidents it leaves out */
    { "", "opt_out", VALUE, NULL }, /* the address to write to for silence */
    { "", "domain_without_abuse", VALUE, NULL }, /* true: tell the owner how to set up abuse@ */
    { "", "reminder", VALUE, NULL }, /* how many reminders of this there have been, with this one; false: it is none */
    { "", "earlier", LIST, "earlier" }, /* of a reminder: the mails that told of it first */
    { "earlier", "ticket", VALUE, NULL }, /* T-12 */
    { "earlier", "date", VALUE, NULL }, /* 24 October 2026 */
    { "", "note", VALUE, NULL }, /* a sentence of whoever submitted the feed */
    { "", "contact", OBJECT, "contact" },
    { "contact", "kind", VALUE, NULL }, /* rfc2142-abuse, whois-ip … */
    { "contact", "evidence", VALUE, NULL }, /* where we had the address from, in words */
    { "contact", "party", VALUE, NULL }, /* owner, hoster … */
    { "contact", "is_owner", VALUE, NULL },
    { "contact", "is_hoster", VALUE, NULL },
    { "contact", "is_role", VALUE, NULL }, /* true: a mailbox of RFC 2142, which nobody named to us */
    { "contact", "is_override", VALUE,
      NULL }, /* true: the configuration names it; the evidence speaks of that, not to the recipient */
    { "", "sender", OBJECT, "sender" },
    { "sender", "name", VALUE, NULL },
    { "sender", "address", VALUE, NULL },
    { "sender", "reply_to", VALUE, NULL }, /* where a person reads answers */
    { "sender", "organisation", VALUE, NULL },
    { "sender", "about", VALUE, NULL }, /* a sentence or two */
    { "sender", "website", VALUE, NULL },
    { "sender", "phone", VALUE, NULL },
    { "", "first", OBJECT, "first" },
    { "first", "target", VALUE, NULL }, /* of the first case */
    { "first", "is_ip", VALUE, NULL }, /* true: it is an IP address, not a domain */
    { "first", "incident", OBJECT, "incident" }, /* its first one */
    { "", "summary", OBJECT, "summary" }, /* instead of `cases` in detail, where there are many incidents; else false */
    { "summary", "kinds", LIST, "kind" }, /* of incidents, most frequent first */
    { "kind", "type_text", VALUE, NULL }, /* a system with a known weakness */
    { "kind", "incident_count", VALUE, NULL },
    { "kind", "case_count", VALUE, NULL }, /* of targets */
    { "kind", "first_seen", VALUE, NULL },
    { "kind", "last_seen", VALUE, NULL },
    { "summary", "other_count", VALUE, NULL }, /* incidents of still other kinds */
    { "", "cases", LIST, "case" },
    { "case", "target", VALUE, NULL }, /* the domain or IP address */
    { "case", "incident_count", VALUE, NULL },
    { "case", "first_seen", VALUE, NULL },
    { "case", "last_seen", VALUE, NULL },
    { "case", "more", VALUE, NULL }, /* how many incidents `incidents` leaves out */
    { "case", "incidents", LIST, "incident" },
    { "incident", "time", VALUE, NULL }, /* 2026-08-10 14:10:59 UTC */
    { "incident", "type", VALUE, NULL }, /* classification.type: vulnerable-system … */
    { "incident", "type_text", VALUE, NULL }, /* the same in plain words: a system with a known weakness */
    { "incident", "identifier", VALUE, NULL }, /* classification.identifier: open-relay … */
    { "incident", "host", VALUE, NULL },
    { "incident", "ip", VALUE, NULL },
    { "incident", "port", VALUE, NULL },
    { "incident", "url", VALUE, NULL },
    { "incident", "description", VALUE, NULL },
    { "incident", "fields", LIST, "field" }, /* everything else of the row */
    { "field", "name", VALUE, NULL }, /* in words: "seen at" for extra.seen_at */
    { "field", "value", VALUE, NULL },
};
#define VARIABLES (sizeof variables / sizeof *variables)

#define MAX_SCOPES 66 /* one a section (mustache's limit is 64), and the outermost */
#define MAX_WORD 48 /* longer names are like nothing that is known */

/* The sections whose names are visible, outermost first. */
struct scopes {
    const char *list[MAX_SCOPES];
    size_t count;
};

static const struct variable *find_in(const char *section, const char *name, size_t length)
{
    for (size_t i = 0; i < VARIABLES; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): objects and lists have an `inside`, and nothing else gets here */
        if (strcmp(variables[i].section, section) == 0 && strlen(variables[i].name) == length &&
            memcmp(variables[i].name, name, length) == 0)
            return &variables[i];
    return NULL;
}

/* What NAME, perhaps dotted, means in SCOPES; as mustache.c looks it up. */
static const struct variable *find(const struct scopes *scopes, const char *name)
{
    const struct variable *found = NULL;
    size_t length = strcspn(name, ".");
    for (size_t i = scopes->count; i-- > 0 && !found;)
        found = find_in(scopes->list[i], name, length);
    while (found && name[length] == '.') {
        name += length + 1;
        length = strcspn(name, ".");
        found = found->kind == OBJECT ? find_in(found->inside, name, length) : NULL;
    }
    return found;
}

struct nearest {
    const char *wanted;
    char name[2 * MAX_WORD];
    unsigned distance;
};

/* Hold all names of SECTION, and of objects in it, with PREFIX before them, against the wanted one. */
static void search(struct nearest *nearest, const char *section, const char *prefix)
{
    char name[sizeof nearest->name];
    for (size_t i = 0; i < VARIABLES; i++) {
        if (strcmp(variables[i].section, section) != 0)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, variables[i].name);
        unsigned found = spelling_distance(nearest->wanted, name);
        if (found < nearest->distance) {
            nearest->distance = found;
            memcpy(nearest->name, name, sizeof name);
        }
        if (variables[i].kind == OBJECT) {
            snprintf(name, sizeof name, "%s%s.", prefix, variables[i].name);
            search(nearest, variables[i].inside, name);
        }
    }
}

/* The list that has an entry with the plain name NAME, or NULL. */
static const struct variable *list_with(const char *name)
{
    for (size_t i = 0; i < VARIABLES; i++)
        if (variables[i].kind == LIST && find_in(variables[i].inside, name, strlen(name)))
            return &variables[i];
    return NULL;
}

/* What the writer may have meant by NAME; a new string, perhaps empty. */
static char *suggest(const struct scopes *scopes, const char *name)
{
    struct nearest nearest = { .wanted = name, .distance = MAX_WORD };
    for (size_t i = scopes->count; i-- > 0;)
        search(&nearest, scopes->list[i], "");
    const struct variable *list = list_with(name);
    if (list && nearest.distance > 1)
        return mem_format("; it is known only inside {{#%s}}", list->name);
    if (nearest.distance <= 2 || nearest.distance <= strlen(name) / 3)
        return mem_format("; did you mean \"%s\"?", nearest.name);
    return mem_string("");
}

struct check {
    const struct template *template;
    struct error *error;
};

static int check_name(void *context, const struct mustache_use *use)
{
    const struct check *check = context;
    struct scopes scopes = { { "" }, 1 };
    for (size_t i = 0; i < use->depth; i++) {
        const struct variable *section = find(&scopes, use->sections[i]);
        if (section && section->inside)
            scopes.list[scopes.count++] = section->inside;
    }
    if (find(&scopes, use->name) || (use->depth > 0 && strcmp(use->name, ".") == 0))
        return 0;
    char *hint = suggest(&scopes, use->name);
    int result = error_set(check->error, -EINVAL, "%s:%d:%d: unknown variable \"%.100s\"%s", use->file, use->line,
                           use->column, use->name, hint);
    free(hint);
    return result;
}

static const struct mustache *find_of_check(void *context, const char *name)
{
    return template_find_partial((void *)((struct check *)context)->template, name);
}

int template_check_variables(const struct template *template, const struct mustache *part, struct error *error)
{
    struct check check = { template, error };
    return mustache_names(part, find_of_check, check_name, &check);
}
