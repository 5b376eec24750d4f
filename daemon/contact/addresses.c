#include "daemon/contact/addresses.h"

#include "daemon/base/mem.h"

#include <string.h>

static struct host_address *append(struct host_address *list, size_t *count, const char *host,
                                   const struct dns_answer *a, const struct dns_answer *aaaa)
{
    size_t found = (a ? a->count : 0) + (aaaa ? aaaa->count : 0);
    if (found == 0 || found > ADDRESSES_A_HOST)
        return list;
    list = mem_resize(list, *count + found, sizeof *list);
    for (size_t i = 0; i < found; i++) {
        struct host_address *one = &list[(*count)++];
        size_t fours = a ? a->count : 0;
        memcpy(one->host, host, strlen(host) + 1);
        ip_format(i < fours ? &a->records[i].ip : &aaaa->records[i - fours].ip, one->ip);
    }
    return list;
}

struct host_address *addresses_of(struct evidence *evidence, const char *hosts, size_t *count)
{
    struct host_address *list = mem_zero(1, sizeof *list);
    char host[NAME_MAX_LENGTH + 1];
    *count = 0;
    for (const char *at = hosts; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length < sizeof host) {
            memcpy(host, at, length);
            host[length] = '\0';
            const struct dns_answer *a = evidence_dns(evidence, host, DNS_A);
            list = append(list, count, host, a, evidence_dns(evidence, host, DNS_AAAA));
        }
        at += length;
    }
    return list;
}
