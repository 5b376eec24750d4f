#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"
#include "daemon/notify/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct row_field row_fields[] = {
    { "time.source", "time" },
    { "classification.type", "type" },
    { "classification.identifier", "identifier" },
    { "source.fqdn", "host" },
    { "source.ip", "ip" },
    { "source.port", "port" },
    { "source.url", "url" },
    { "event_description.text", "description" },
};
const size_t row_field_count = sizeof row_fields / sizeof *row_fields;

_Static_assert(ROW_LEADING <= sizeof row_fields / sizeof *row_fields, "the leading ones are among them");

bool row_hides(const char *field)
{
    return strcmp(field, "raw") == 0;
}

bool row_time(const json_t *row, int64_t *out)
{
    const json_t *value = json_object_get(row, "time.source");
    return json_is_string(value) && timestamp_parse(json_string_value(value), json_string_length(value), out) == 0;
}

int rows_read(const struct notification *notification, struct rows *out, struct error *error)
{
    size_t total = 0;
    for (size_t i = 0; i < notification->case_count; i++)
        total += notification->cases[i].count;
    *out = (struct rows){ .items = mem_alloc((total ? total : 1) * sizeof *out->items), .count = 0 };
    for (size_t i = 0; i < notification->case_count; i++)
        for (size_t j = 0; j < notification->cases[i].count; j++) {
            const struct notification_incident *incident = &notification->cases[i].incidents[j];
            json_error_t where;
            json_t *row = json_loads(incident->json, JSON_ALLOW_NUL, &where);
            if (!json_is_object(row)) {
                json_decref(row);
                rows_clear(out);
                return error_set(error, -EINVAL, "incident %" PRId64 " holds no JSON object: %s", incident->id,
                                 row ? "another value" : where.text);
            }
            out->items[out->count++] = row;
        }
    return 0;
}

void rows_clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        json_decref(rows->items[i]);
    free(rows->items);
    *rows = (struct rows){ .items = NULL };
}
