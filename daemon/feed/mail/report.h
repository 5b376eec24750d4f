/* Reports that are mails: their fields in, incidents as JSON Lines out. A part of mailed.c. Pure; any thread. */
#ifndef TOCSIN_FEED_MAIL_REPORT_H
#define TOCSIN_FEED_MAIL_REPORT_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"

#include <stdbool.h>

/* Append the incidents of TEXT, the message/feedback-report part of a report (RFC 5965, RFC 6591): one for each page that it names, else one. -EINVAL with ERROR where it reports nothing that anybody should be told. */
int report_arf(const char *text, struct buf *out, struct error *error);

/* Is TEXT an X-ARF v0.1 or v0.2 report: lines of `Key: value`, Report-Type and Source among them? */
bool report_is_xarf(const char *text);
/* Append its incident. */
int report_xarf(const char *text, struct buf *out, struct error *error);

#endif
