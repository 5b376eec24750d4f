/* What follows from the counts: sums, shares, intervals. */
#include "daemon/report/report.h"

#include <string.h>

/* The counts that each contact kind has; they are summed. */
static const char *const kind_counts[] = { "mails",     "accepted", "bounced_session", "bounced_later", "given_up",
                                           "delivered", "answered", "pending",         "cancelled" };

static long count(const json_t *object, const char *key)
{
    return (long)json_integer_value(json_object_get(object, key));
}

/* HITS among N as two members: a number (null when N is 0, which says nothing) and its interval. */
static void set_share(json_t *object, const char *rate_key, const char *interval_key, long hits, long n)
{
    struct interval interval = report_wilson(hits, n);
    if (hits > n)
        hits = n;
    json_object_set_new(object, rate_key, n > 0 ? json_real((double)hits / (double)n) : json_null());
    json_object_set_new(object, interval_key, json_pack("[f,f]", interval.low, interval.high));
}

/* Mails that are still pending may yet bounce, and of cancelled ones nobody will know: a rate over them would be too low. */
static void add_rate(json_t *kind)
{
    long bounced = count(kind, "bounced_session") + count(kind, "bounced_later");
    long known = count(kind, "mails") - count(kind, "pending") - count(kind, "cancelled");
    json_object_set_new(kind, "bounced", json_integer(bounced));
    json_object_set_new(kind, "known", json_integer(known > 0 ? known : 0));
    set_share(kind, "rate", "interval", bounced, known);
}

static json_t *sum(const json_t *kinds)
{
    json_t *totals = json_object(), *kind;
    for (size_t i = 0; i < sizeof kind_counts / sizeof *kind_counts; i++) {
        long all = 0;
        size_t index;
        json_array_foreach(kinds, index, kind) all += count(kind, kind_counts[i]);
        json_object_set_new(totals, kind_counts[i], json_integer(all));
    }
    return totals;
}

json_t *report_figures(const json_t *counts)
{
    json_t *figures = json_deep_copy(counts), *kind;
    json_t *kinds = json_object_get(figures, "kinds");
    size_t index;
    json_array_foreach(kinds, index, kind) add_rate(kind);
    json_t *totals = sum(kinds);
    add_rate(totals);
    json_object_set_new(figures, "totals", totals);
    long told = count(figures, "told"), mails = count(figures, "mails");
    set_share(figures, "told_share", "told_interval", told, count(figures, "cases"));
    json_object_set_new(figures, "mails_per_told", told > 0 ? json_real((double)mails / (double)told) : json_null());
    return figures;
}
