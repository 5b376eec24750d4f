/* Figures as CSV (RFC 4180): one table, one fact a line, for a spreadsheet or a script. */
#include "daemon/report/report.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A campaign is named by whoever submits it: a spreadsheet must not take its name for a formula. */
static void add_text(struct buf *out, const char *text)
{
    bool formula = *text && strchr("=+-@\t\r", *text);
    if (!formula && !strpbrk(text, ",\"\r\n")) {
        buf_add_string(out, text);
        return;
    }
    buf_add_char(out, '"');
    if (formula)
        buf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

static void add_value(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        add_text(out, json_string_value(value));
    else if (json_is_integer(value))
        buf_add_format(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        buf_add_format(out, "%.6f", json_real_value(value));
}

static void add_row(struct buf *out, const char *section, const char *name, const char *measure, const json_t *value)
{
    add_text(out, section);
    buf_add_char(out, ',');
    add_text(out, name);
    buf_add_char(out, ',');
    add_text(out, measure);
    buf_add_char(out, ',');
    add_value(out, value);
    buf_add_string(out, "\r\n");
}

/* KEY's value; an interval is two rows. */
static void add_measure(struct buf *out, const char *section, const char *name, const char *key, const json_t *value)
{
    if (!json_is_array(value)) {
        add_row(out, section, name, key, value);
        return;
    }
    static const char *const ends[] = { "low", "high" };
    for (size_t i = 0; i < 2; i++) {
        char measure[64];
        snprintf(measure, sizeof measure, "%s_%s", key, ends[i]);
        add_row(out, section, name, measure, json_array_get(value, i));
    }
}

/* The members of OBJECT, but not SKIP, which is its name. */
static void add_object(struct buf *out, const char *section, const char *name, const char *skip, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) if (!skip || strcmp(key, skip) != 0)
        add_measure(out, section, name, key, value);
}

/* A plain map of counts: `ends,delivered,cases,931`. */
static void add_counts(struct buf *out, const char *section, const char *measure, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) add_row(out, section, key, measure, value);
}

void report_csv(const json_t *figures, struct buf *out)
{
    json_t *value, *row;
    const char *key;
    size_t i;
    buf_add_string(out, "section,name,measure,value\r\n");
    json_object_foreach((json_t *)figures, key, value)
    {
        bool interval = json_is_array(value) && json_is_number(json_array_get(value, 0));
        if ((!json_is_object(value) && !json_is_array(value)) || interval)
            add_measure(out, "campaign", "", key, value);
    }
    json_array_foreach(json_object_get(figures, "kinds"), i, row)
    {
        const char *kind = json_string_value(json_object_get(row, "kind"));
        add_object(out, "kinds", kind ? kind : "", "kind", row);
    }
    add_object(out, "totals", "", NULL, json_object_get(figures, "totals"));
    add_counts(out, "ends", "cases", json_object_get(figures, "ends"));
    add_counts(out, "reasons", "mails", json_object_get(figures, "reasons"));
    json_array_foreach(json_object_get(figures, "funnel"), i, row)
    {
        char rung[24];
        snprintf(rung, sizeof rung, "%lld", (long long)json_integer_value(json_object_get(row, "rung")));
        add_object(out, "funnel", rung, "rung", row);
    }
}
