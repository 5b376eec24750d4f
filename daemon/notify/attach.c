/* Which files a mail carries: what its frozen settings ask for, in one archive where that is too much. */
#include "daemon/notify/parts.h"

#include <stdio.h>

static struct attachment *add(struct attachments *attachments, const struct notification *notification,
                              const char *suffix, const char *type, const struct buf *bytes)
{
    struct attachment *new = &attachments->files[attachments->count++];
    char ticket[NOTIFY_TICKET_SIZE];
    notify_ticket(notification->id, ticket);
    snprintf(new->name, sizeof new->name, "%s%s", ticket, suffix);
    new->type = type;
    new->bytes = bytes;
    return new;
}

static int zip(struct attachments *attachments, const struct notification *notification, struct scratch *scratch,
               struct error *error)
{
    struct zip_file files[ATTACHMENTS_MAX];
    for (size_t i = 0; i < attachments->count; i++)
        files[i] = (struct zip_file){ attachments->files[i].name, attachments->files[i].bytes };
    int code = zip_write(&scratch->zip, files, attachments->count, notification->date, error);
    struct attachments whole = { .has_table = attachments->has_table,
                                 .has_reports = attachments->has_reports,
                                 .zipped = true };
    add(&whole, notification, ".zip", "application/zip", &scratch->zip);
    *attachments = whole;
    return code;
}

int attach(struct attachments *attachments, const struct notification *notification, const struct settings *settings,
           const struct rows *rows, const char *token, struct scratch *scratch, struct error *error)
{
    *attachments = (struct attachments){ .count = 0 };
    if (notification->kind != NOTIFICATION_WARNING)
        return 0;
    if (settings->csv) {
        csv_write(&scratch->csv, notification, rows);
        add(attachments, notification, ".csv", "text/csv; charset=utf-8; header=present", &scratch->csv);
        attachments->has_table = true;
    }
    if (settings->xarf && rows->count) {
        xarf_write(&scratch->xarf, notification, settings, rows, token);
        add(attachments, notification, ".xarf.json", "application/json", &scratch->xarf);
        attachments->has_reports = true;
    }
    if (settings->zip_above && scratch->csv.length + scratch->xarf.length > settings->zip_above)
        return zip(attachments, notification, scratch, error);
    return 0;
}
