/* Which RDAP server to ask: IANA's bootstrap files (RFC 9224). A file's bytes in, base URLs out. Pure, but for bootstrap_load(); lookups from any
 * thread while nobody reads a file in. */
#ifndef TOCSIN_CONTACT_BOOTSTRAP_H
#define TOCSIN_CONTACT_BOOTSTRAP_H

#include "daemon/base/error.h"
#include "daemon/base/ip.h"

#include <stddef.h>
#include <stdint.h>

#define BOOTSTRAP_BASES_MAX 4 /* URLs of one service that are kept */
#define BOOTSTRAP_FILE_MAX ((size_t)8 * 1024 * 1024) /* the largest, dns.json, has 60 KB */

enum bootstrap_kind { BOOTSTRAP_DNS, BOOTSTRAP_IPV4, BOOTSTRAP_IPV6, BOOTSTRAP_ASN, BOOTSTRAP_KINDS };

/* The name of a kind's file, such as "dns.json". */
const char *bootstrap_file_name(enum bootstrap_kind kind);

struct bootstrap_service {
    size_t count; /* at least 1 */
    char *bases[BOOTSTRAP_BASES_MAX]; /* each ends in a slash; https before http */
};

struct bootstrap;

/* Knows no server yet. */
struct bootstrap *bootstrap_new(void);
void bootstrap_free(struct bootstrap *bootstrap);

/* From now on the LENGTH bytes at BYTES say all that is known of KIND; NAME is the file's, for messages. A file that is not wholly valid is
 * refused (-EINVAL, and ERROR says where and why), and what was known stays. */
int bootstrap_parse(struct bootstrap *bootstrap, enum bootstrap_kind kind, const char *name, const char *bytes,
                    size_t length, struct error *error);
/* The same from the file PATH. -errno where it cannot be read. */
int bootstrap_load(struct bootstrap *bootstrap, enum bootstrap_kind kind, const char *path, struct error *error);

/* Whom to ask, or NULL. Valid until the next bootstrap_parse(). DOMAIN is normalised: its longest suffix that is listed counts; of networks, the
 * longest prefix. */
const struct bootstrap_service *bootstrap_domain(const struct bootstrap *bootstrap, const char *domain);
const struct bootstrap_service *bootstrap_ip(const struct bootstrap *bootstrap, const struct ip *ip);
const struct bootstrap_service *bootstrap_asn(const struct bootstrap *bootstrap, uint32_t asn);

#endif
