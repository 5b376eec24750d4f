/* How a campaign's mails are gathered and sent: as its profile said when the campaign began, which its settings keep (notify_settings). */
#ifndef TOCSIN_QUEUE_TERMS_H
#define TOCSIN_QUEUE_TERMS_H

#include "config/config.h"

#include <jansson.h>

struct terms {
    struct config_profile profile; /* of it send, send_at, business_hours, time_zone and aggregate_by alone */
    json_t *settings; /* what they point into */
    char **words;
};

/* Read SETTINGS. Those that an older Tocsin froze say nothing of it: then as LIVE does, which must outlive OUT; NULL: at once, all in one mail. */
void terms_read(const char *settings, const struct config_profile *live, struct terms *out);
void terms_clear(struct terms *terms);

#endif
