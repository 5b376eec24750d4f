#include "daemon/base/notification.h"

#include <glib.h>
#include <stdlib.h>

void notification_free(struct notification *notification)
{
    if (!notification)
        return;
    for (size_t i = 0; i < notification->case_count; i++) {
        struct notification_case *one = &notification->cases[i];
        for (size_t j = 0; j < one->count; j++)
            free(one->incidents[j].json);
        free(one->incidents);
        free(one->target);
    }
    free(notification->cases);
    for (size_t i = 0; i < notification->reference_count; i++)
        free(notification->references[i].domain);
    free(notification->references);
    free(notification->campaign);
    free(notification->recipient);
    free(notification->envelope_to);
    free(notification->contact_kinds);
    free(notification->party);
    free(notification->evidence);
    if (notification->template_text)
        g_ref_string_release(notification->template_text);
    if (notification->settings)
        g_ref_string_release(notification->settings);
    free(notification);
}
