/* Many incidents in a few lines: one for each kind of them. */
#include "daemon/notify/parts.h"

#include "daemon/base/timestamp.h"

#include <stdlib.h>
#include <string.h>

/* Kinds beyond the last line's are counted there. */
static struct summary_line *line_for(struct summary *summary, const char *type_text)
{
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->lines[i].type_text, type_text) == 0)
            return &summary->lines[i];
    if (summary->count == SUMMARY_LINES)
        return NULL;
    struct summary_line *line = &summary->lines[summary->count++];
    *line =
        (struct summary_line){ .type_text = type_text, .first = INT64_MAX, .last = INT64_MIN, .last_case = SIZE_MAX };
    return line;
}

static void add(struct summary *summary, enum words_language language, const json_t *row, size_t one)
{
    int64_t time;
    struct summary_line *line =
        line_for(summary, type_text(language, json_string_value(json_object_get(row, "classification.type")),
                                    json_string_value(json_object_get(row, "classification.identifier"))));
    if (!line) {
        summary->others++;
        return;
    }
    line->incidents++;
    line->targets += line->last_case != one;
    line->last_case = one;
    if (row_time(row, &time)) {
        line->first = time < line->first ? time : line->first;
        line->last = time > line->last ? time : line->last;
    }
}

static int compare(const void *left, const void *right)
{
    const struct summary_line *a = left, *b = right;
    return a->incidents != b->incidents ? (a->incidents > b->incidents ? -1 : 1) : strcmp(a->type_text, b->type_text);
}

void summary_make(struct summary *summary, enum words_language language, const struct notification *notification,
                  const struct rows *rows)
{
    *summary = (struct summary){ .count = 0 };
    for (size_t i = 0, at = 0; i < notification->case_count; i++)
        for (size_t j = 0; j < notification->cases[i].count; j++)
            add(summary, language, rows->items[at++], i);
    qsort(summary->lines, summary->count, sizeof *summary->lines, compare);
}
