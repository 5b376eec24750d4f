/* The addresses of names, from what DNS said. Pure. */
#ifndef TOCSIN_CONTACT_ADDRESSES_H
#define TOCSIN_CONTACT_ADDRESSES_H

#include "daemon/base/host_address.h"
#include "daemon/contact/evidence.h"

/* The addresses of the names in HOSTS, which have spaces between them; at most ADDRESSES_A_HOST of each: a name with more stands for no host that somebody could have seen
 * by its address. Complete once nothing is missing from EVIDENCE. What DNS will not say is left out. Returns a new list of *COUNT. */
#define ADDRESSES_A_HOST 8
struct host_address *addresses_of(struct evidence *evidence, const char *hosts, size_t *count);

#endif
