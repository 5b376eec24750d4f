/* Figures for people: on a terminal, or in a paper. */
#include "daemon/base/mem.h"
#include "daemon/report/report.h"
#include "daemon/report/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 32
#define SHARE_SIZE 32

static long long count(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* 1234567 as 1,234,567. */
static const char *number(long long value, char out[static NUMBER_SIZE])
{
    char digits[NUMBER_SIZE];
    int length = snprintf(digits, sizeof digits, "%lld", value < 0 ? 0 : value);
    char *at = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

/* A share as 57.3%, or a dash where there is nothing to have a share of. */
static const char *percent(const json_t *share, char out[static SHARE_SIZE])
{
    if (json_is_number(share))
        snprintf(out, SHARE_SIZE, "%.1f%%", json_number_value(share) * 100);
    else
        snprintf(out, SHARE_SIZE, "–");
    return out;
}

static const char *interval(const json_t *both, char out[static SHARE_SIZE])
{
    snprintf(out, SHARE_SIZE, "%.1f–%.1f", json_number_value(json_array_get(both, 0)) * 100,
             json_number_value(json_array_get(both, 1)) * 100);
    return out;
}

static void add_count(struct table *table, long long value)
{
    char text[NUMBER_SIZE];
    table_add(table, number(value, text));
}

static void render(struct table *table, const char *title, struct buf *out)
{
    buf_add_format(out, "\n%s\n", title);
    table_render(table, out);
    table_free(table);
}

static const json_t *find_kind(const json_t *figures, const char *name)
{
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(figures, "kinds"), i,
                       kind) if (strcmp(string(kind, "kind"), name) == 0) return kind;
    return NULL;
}

/* What this is all about: how many nobody would have told, and how many were. */
static void add_headline(const json_t *figures, struct buf *out)
{
    char share[SHARE_SIZE], range[SHARE_SIZE], many[NUMBER_SIZE];
    const json_t *abuse = find_kind(figures, "rfc2142-abuse");
    if (abuse && count(abuse, "known") > 0)
        buf_add_format(out, "abuse@ bounced: %s (95%% %s) of %s mails", percent(json_object_get(abuse, "rate"), share),
                       interval(json_object_get(abuse, "interval"), range), number(count(abuse, "known"), many));
    else
        buf_add_string(out, "abuse@ bounced: nothing known yet");
    /* Refusals are known at once, deliveries only when the window ends: a rate among many undecided ones is too high. */
    if (abuse && count(abuse, "pending") > 0)
        buf_add_format(out, "; %s more %s undecided", number(count(abuse, "pending"), many),
                       count(abuse, "pending") == 1 ? "is" : "are");
    buf_add_char(out, '\n');
    if (count(figures, "cases") > 0)
        buf_add_format(out, "told after all: %s of %s cases\n", percent(json_object_get(figures, "told_share"), share),
                       number(count(figures, "cases"), many));
    else
        buf_add_string(out, "told after all: there are no cases\n");
}

static void add_kind(struct table *table, const char *name, const json_t *kind)
{
    char share[SHARE_SIZE], range[SHARE_SIZE];
    bool known = count(kind, "known") > 0;
    table_add(table, name);
    add_count(table, count(kind, "mails"));
    add_count(table, count(kind, "bounced"));
    add_count(table, count(kind, "bounced_session"));
    add_count(table, count(kind, "bounced_later"));
    table_add(table, percent(json_object_get(kind, "rate"), share));
    table_add(table, known ? interval(json_object_get(kind, "interval"), range) : "–");
    add_count(table, count(kind, "given_up"));
    add_count(table, count(kind, "delivered"));
    add_count(table, count(kind, "answered"));
    add_count(table, count(kind, "pending"));
}

static void add_kinds(const json_t *figures, struct buf *out)
{
    static const char *const heads[] = { "contact", "mails",    "bounced",   "in session", "later",   "rate",
                                         "95%",     "given up", "delivered", "answered",   "pending", NULL };
    struct table *table = table_new(heads);
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(figures, "kinds"), i, kind) add_kind(table, string(kind, "kind"), kind);
    add_kind(table, "all", json_object_get(figures, "totals"));
    render(table, "Mails by kind of contact", out);
}

static void add_ends(const json_t *figures, struct buf *out)
{
    static const char *const heads[] = { "end", "cases", "share", NULL };
    struct table *table = table_new(heads);
    long long cases = count(figures, "cases");
    const char *end;
    json_t *value;
    json_object_foreach(json_object_get(figures, "ends"), end, value)
    {
        table_add(table, end);
        add_count(table, json_integer_value(value));
        if (cases > 0)
            table_add_format(table, "%.1f%%", 100 * (double)json_integer_value(value) / (double)cases);
        else
            table_add(table, "–");
    }
    render(table, "Cases by end", out);
}

static void add_funnel(const json_t *figures, struct buf *out)
{
    static const char *const heads[] = { "rung", "cases mailed", "bounced", "given up", "delivered", "skipped", NULL };
    static const char *const keys[] = { "cases", "bounced", "given_up", "delivered", "skipped" };
    json_t *funnel = json_object_get(figures, "funnel"), *rung;
    if (json_array_size(funnel) == 0)
        return;
    struct table *table = table_new(heads);
    size_t i;
    json_array_foreach(funnel, i, rung)
    {
        add_count(table, count(rung, "rung"));
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            add_count(table, count(rung, keys[k]));
    }
    render(table, "The ladder, from the first rung", out);
}

struct reason_count {
    const char *name;
    long long mails;
};

static int commonest_first(const void *left, const void *right)
{
    const struct reason_count *a = left, *b = right;
    if (a->mails != b->mails)
        return a->mails < b->mails ? 1 : -1;
    return strcmp(a->name, b->name);
}

static void add_reasons(const json_t *figures, struct buf *out)
{
    static const char *const heads[] = { "reason", "mails", NULL };
    json_t *reasons = json_object_get(figures, "reasons"), *value;
    size_t size = json_object_size(reasons), used = 0;
    const char *name;
    if (size == 0)
        return;
    struct reason_count *counts = mem_zero(size, sizeof *counts);
    json_object_foreach(reasons, name, value) counts[used++] = (struct reason_count){ name, json_integer_value(value) };
    qsort(counts, used, sizeof *counts, commonest_first);
    struct table *table = table_new(heads);
    for (size_t i = 0; i < used; i++) {
        table_add(table, counts[i].name);
        add_count(table, counts[i].mails);
    }
    render(table, "Why mails bounced", out);
    free(counts);
}

static void add_title(const json_t *figures, struct buf *out)
{
    struct buf line = BUF_EMPTY;
    buf_add_format(&line, "Campaign %s", string(figures, "campaign"));
    if (*string(figures, "state"))
        buf_add_format(&line, ", %s", string(figures, "state"));
    if (*string(figures, "started")) /* the days alone, of ISO times */
        buf_add_format(&line, ", %s %.10s", *string(figures, "ended") ? "from" : "since", string(figures, "started"));
    if (*string(figures, "ended"))
        buf_add_format(&line, " to %.10s", string(figures, "ended"));
    for (char *at = line.data; *at; at++) /* a name from outside cannot drive the terminal */
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    buf_add_format(out, "%s\n\n", line.data);
    buf_free(&line);
}

static void add_rest(const json_t *figures, struct buf *out)
{
    char a[NUMBER_SIZE], b[NUMBER_SIZE], c[NUMBER_SIZE];
    const json_t *per = json_object_get(figures, "mails_per_told");
    buf_add_string(out, "\nMails per case told: ");
    if (json_is_number(per))
        buf_add_format(out, "%.2f", json_number_value(per));
    else
        buf_add_string(out, "–");
    buf_add_format(out, " (%s mails in %s attempts, %s cases told)\n", number(count(figures, "mails"), a),
                   number(count(figures, "attempts"), b), number(count(figures, "told"), c));
    buf_add_format(out, "From the feeds: %s incidents, %s duplicates, ", number(count(figures, "incidents"), a),
                   number(count(figures, "duplicates"), b));
    buf_add_format(out, "%s row%s rejected\n", number(count(figures, "rejected"), a),
                   count(figures, "rejected") == 1 ? "" : "s");
    buf_add_format(out, "Complaints: %s; forged bounces: %s\n", number(count(figures, "complaints"), a),
                   number(count(figures, "forged_bounces"), b));
}

void report_text(const json_t *figures, struct buf *out)
{
    add_title(figures, out);
    add_headline(figures, out);
    add_kinds(figures, out);
    add_ends(figures, out);
    add_funnel(figures, out);
    add_reasons(figures, out);
    add_rest(figures, out);
}
