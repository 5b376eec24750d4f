/* What a WHOIS server says instead of an object: that there is none, or that it will not say. Pure. */
#ifndef TOCSIN_CONTACT_WHOIS_STATUS_H
#define TOCSIN_CONTACT_WHOIS_STATUS_H

#include "daemon/contact/registration.h"
#include "daemon/contact/whois_line.h"

/* What an answer that describes no object means: NONE, REFUSED, or UNREADABLE where it says neither in words that are known. */
enum registration_status whois_status(struct slice answer);

/* Does the VALUE of a field `Status` say that the name is not registered: "AVAILABLE", "free", "No Object Found"? */
bool whois_status_is_free(struct slice value);

#endif
