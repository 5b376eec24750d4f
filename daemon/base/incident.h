/* An incident: one observed event about one target, as feed gives it and as the store keeps it. */
#ifndef TOCSIN_BASE_INCIDENT_H
#define TOCSIN_BASE_INCIDENT_H

#include <stddef.h>
#include <stdint.h>

/* Every string is NUL-terminated and normalised, or NULL where the row has none; all belong to whoever made the incident and live
 * for the length of the call that it is passed to. */
struct incident {
    unsigned long line; /* where the row begins in its file, from 1 */
    const char *target; /* the registrable domain of the row's name, or its IP where there is no name */
    const char *host; /* source.fqdn, or the host of source.url: A-labels, lower case; NULL for an IP alone */
    const char *ip; /* source.ip, canonical */
    const char *url; /* source.url */
    int port; /* source.port; 0: none */
    int64_t time; /* time.source, seconds since 1970 UTC; 0: none */
    const char *type; /* classification.type */
    const char *identifier; /* classification.identifier */
    const char
        *json; /* all fields of the row as one compact JSON object, harmonised names as flat keys ("source.fqdn") */
    size_t json_length;
};

#endif
