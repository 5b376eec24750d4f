/* The range of a network as registries write it. Pure. */
#ifndef TOCSIN_CONTACT_WHOIS_RANGE_H
#define TOCSIN_CONTACT_WHOIS_RANGE_H

#include "daemon/base/ip.h"
#include "daemon/contact/whois_line.h"

/* Read `192.0.2.0 - 192.0.2.255`, `192.0.2.0/24`, `192.0.2/24` (LACNIC), `2001:db8::/32`; what stands behind is not looked at. False where
 * TEXT begins with no range, or with that of the whole Internet. */
bool whois_range(struct slice text, struct ip *first, struct ip *last);

#endif
