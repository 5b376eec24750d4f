/* Shadowserver's reports (https://www.shadowserver.org/what-we-do/network-reporting/): the file's name says what all of its rows are, the
 * columns are called alike in all of them. Pure; any thread. */
#ifndef TOCSIN_FEED_SHADOWSERVER_H
#define TOCSIN_FEED_SHADOWSERVER_H

#include "daemon/feed/csv_cells.h"
#include "daemon/feed/field.h"

#include <stdbool.h>
#include <stddef.h>

#define SHADOWSERVER_IDENTIFIER_SIZE 64

/* What a file is known to be. All zero: nothing. */
struct shadowserver_report {
    const char *type, *taxonomy; /* NULL: its name does not say */
    char identifier[SHADOWSERVER_IDENTIFIER_SIZE];
    bool by_infection; /* a row's own malware is a better identifier */
    bool web_sites; /* `http_host` is the victim, not where malware calls home */
    bool columns; /* its header is a report's */
};

/* What the file called NAME (`2026-08-10-scan_http-example-asn.csv.gz`: the date, and all after the report's name, may be missing; a path before it is
 * passed over) reports. All zero when that is no report's name. NAME may be NULL. */
struct shadowserver_report shadowserver_find(const char *name);

/* Are the COUNT columns of a header those of a report? NAMED: the file has a report's name, so that fewer signs will do. */
bool shadowserver_is_header(char *const *names, size_t count, bool named);

/* What the column NAME of REPORT is. What `domain` and the like are differs from report to report, and is mostly not the victim's: only
 * names that mean the same in all of them are fields. */
struct claim shadowserver_claim(const struct shadowserver_report *report, const char *name);

#endif
