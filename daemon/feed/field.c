#include "daemon/feed/field.h"

#include "daemon/feed/common_name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* IntelMQ 3's data format. `raw` and `output` are not here: the first is the row itself, which we have, and the second is what some other
 * program made of it. The first rows stand as in enum field. */
#define FIELD(name, kind)                                                                                              \
    {                                                                                                                  \
        name, "extra." name, kind                                                                                      \
    }
static const struct field_row {
    const char *name;
    const char *demoted; /* where a value goes that is none of its kind */
    enum field_kind kind;
} fields[] = {
    FIELD("source.fqdn", KIND_TEXT),
    FIELD("source.ip", KIND_TEXT),
    FIELD("source.port", KIND_NUMBER),
    FIELD("source.url", KIND_TEXT),
    FIELD("source.network", KIND_TEXT),
    FIELD("time.source", KIND_TIME),
    FIELD("classification.type", KIND_TEXT),
    FIELD("classification.identifier", KIND_TEXT),
    FIELD("classification.taxonomy", KIND_TEXT),
    FIELD("comment", KIND_TEXT),
    FIELD("destination.abuse_contact", KIND_TEXT),
    FIELD("destination.account", KIND_TEXT),
    FIELD("destination.allocated", KIND_TIME),
    FIELD("destination.as_name", KIND_TEXT),
    FIELD("destination.asn", KIND_NUMBER),
    FIELD("destination.domain_suffix", KIND_TEXT),
    FIELD("destination.fqdn", KIND_TEXT),
    FIELD("destination.geolocation.cc", KIND_TEXT),
    FIELD("destination.geolocation.city", KIND_TEXT),
    FIELD("destination.geolocation.country", KIND_TEXT),
    FIELD("destination.geolocation.latitude", KIND_TEXT),
    FIELD("destination.geolocation.longitude", KIND_TEXT),
    FIELD("destination.geolocation.region", KIND_TEXT),
    FIELD("destination.geolocation.state", KIND_TEXT),
    FIELD("destination.ip", KIND_TEXT),
    FIELD("destination.local_hostname", KIND_TEXT),
    FIELD("destination.local_ip", KIND_TEXT),
    FIELD("destination.network", KIND_TEXT),
    FIELD("destination.port", KIND_NUMBER),
    FIELD("destination.registry", KIND_TEXT),
    FIELD("destination.reverse_dns", KIND_TEXT),
    FIELD("destination.tor_node", KIND_TEXT),
    FIELD("destination.url", KIND_TEXT),
    FIELD("destination.urlpath", KIND_TEXT),
    FIELD("event_description.target", KIND_TEXT),
    FIELD("event_description.text", KIND_TEXT),
    FIELD("event_description.url", KIND_TEXT),
    FIELD("event_hash", KIND_TEXT),
    FIELD("feed.accuracy", KIND_TEXT),
    FIELD("feed.code", KIND_TEXT),
    FIELD("feed.documentation", KIND_TEXT),
    FIELD("feed.name", KIND_TEXT),
    FIELD("feed.provider", KIND_TEXT),
    FIELD("feed.url", KIND_TEXT),
    FIELD("malware.hash.md5", KIND_TEXT),
    FIELD("malware.hash.sha1", KIND_TEXT),
    FIELD("malware.hash.sha256", KIND_TEXT),
    FIELD("malware.name", KIND_TEXT),
    FIELD("malware.version", KIND_TEXT),
    FIELD("misp.attribute_uuid", KIND_TEXT),
    FIELD("misp.event_uuid", KIND_TEXT),
    FIELD("product.full_name", KIND_TEXT),
    FIELD("product.name", KIND_TEXT),
    FIELD("product.vendor", KIND_TEXT),
    FIELD("product.version", KIND_TEXT),
    FIELD("product.vulnerabilities", KIND_TEXT),
    FIELD("protocol.application", KIND_TEXT),
    FIELD("protocol.transport", KIND_TEXT),
    FIELD("rtir_id", KIND_NUMBER),
    FIELD("screenshot_url", KIND_TEXT),
    FIELD("severity", KIND_TEXT),
    FIELD("source.abuse_contact", KIND_TEXT),
    FIELD("source.account", KIND_TEXT),
    FIELD("source.allocated", KIND_TIME),
    FIELD("source.as_name", KIND_TEXT),
    FIELD("source.asn", KIND_NUMBER),
    FIELD("source.domain_suffix", KIND_TEXT),
    FIELD("source.geolocation.cc", KIND_TEXT),
    FIELD("source.geolocation.city", KIND_TEXT),
    FIELD("source.geolocation.country", KIND_TEXT),
    FIELD("source.geolocation.cymru_cc", KIND_TEXT),
    FIELD("source.geolocation.geoip_cc", KIND_TEXT),
    FIELD("source.geolocation.latitude", KIND_TEXT),
    FIELD("source.geolocation.longitude", KIND_TEXT),
    FIELD("source.geolocation.region", KIND_TEXT),
    FIELD("source.geolocation.state", KIND_TEXT),
    FIELD("source.local_hostname", KIND_TEXT),
    FIELD("source.local_ip", KIND_TEXT),
    FIELD("source.registry", KIND_TEXT),
    FIELD("source.reverse_dns", KIND_TEXT),
    FIELD("source.tor_node", KIND_TEXT),
    FIELD("source.urlpath", KIND_TEXT),
    FIELD("status", KIND_TEXT),
    FIELD("time.observation", KIND_TIME),
    FIELD("tlp", KIND_TEXT),
};
#undef FIELD
_Static_assert(COUNT(fields) <= FIELD_COUNT_MAX, "rows keep a value for each field");

size_t field_count(void)
{
    return COUNT(fields);
}

const char *field_name(int field)
{
    return fields[field].name;
}

const char *field_demoted(int field)
{
    return fields[field].demoted;
}

enum field_kind field_kind(int field)
{
    return fields[field].kind;
}

static int compare_fields(const void *name, const void *row)
{
    return strcmp(name, ((const struct field_row *)row)->name);
}

int field_find(const char *name)
{
    for (size_t i = 0; i < FIELD_FIRST_OTHER; i++)
        if (strcmp(name, fields[i].name) == 0)
            return (int)i;
    const struct field_row *row =
        bsearch(name, fields + FIELD_FIRST_OTHER, COUNT(fields) - FIELD_FIRST_OTHER, sizeof *fields, compare_fields);
    return row ? (int)(row - fields) : FIELD_EXTRA;
}

bool field_is_known(const char *field)
{
    return !*field || (strncmp(field, "extra.", 6) == 0 && field[6]) || field_find(field) != FIELD_EXTRA;
}

static bool is_target(int field)
{
    return field == FIELD_FQDN || field == FIELD_IP || field == FIELD_URL || field == FIELD_NETWORK;
}

const char *field_mapped(const struct feed_options *options, const char *name, size_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", number);
    for (size_t i = 0; i < options->column_count; i++)
        if (*name && strcasecmp(options->columns[i].column, name) == 0)
            return options->columns[i].field;
    for (size_t i = 0; number && i < options->column_count; i++)
        if (strcmp(options->columns[i].column, digits) == 0)
            return options->columns[i].field;
    return NULL;
}

static bool maps_target(const struct feed_options *options)
{
    for (size_t i = 0; i < options->column_count; i++)
        if (is_target(field_find(options->columns[i].field)))
            return true;
    return false;
}

struct claim field_claim(const struct feed_options *options, const char *name, size_t number)
{
    const char *mapped = options->column_count ? field_mapped(options, name, number) : NULL;
    if (mapped)
        return (struct claim){ *mapped ? field_find(mapped) : FIELD_DROP, RANK_MAPPED };
    if (strcmp(name, "raw") == 0 || strcmp(name, "output") == 0)
        return (struct claim){ FIELD_DROP, RANK_HARMONISED };
    int field = field_find(name);
    if (field != FIELD_EXTRA && strcmp(name, "comment") != 0)
        return (struct claim){ field, RANK_HARMONISED };
    if (maps_target(options))
        return (struct claim){ field, RANK_COMMON };
    return common_name_claim(name);
}

/* `hostname` beside an address is its reverse DNS (Shadowserver, Shodan): the provider's name for it, not the victim's. */
static void settle_last_resort(struct claim *claims, size_t count)
{
    bool better = false;
    for (size_t i = 0; i < count; i++)
        better |= claims[i].rank != RANK_LAST_RESORT && is_target(claims[i].field);
    for (size_t i = 0; better && i < count; i++)
        if (claims[i].rank == RANK_LAST_RESORT)
            claims[i].field = field_find("source.reverse_dns");
}

void field_settle(struct claim *claims, size_t count)
{
    size_t winner[FIELD_COUNT_MAX];
    memset(winner, 0xff, sizeof winner);
    settle_last_resort(claims, count);
    for (size_t i = 0; i < count; i++) {
        int field = claims[i].field;
        if (field < 0)
            continue;
        size_t *best = &winner[field];
        if (*best != SIZE_MAX && claims[*best].rank <= claims[i].rank) {
            claims[i].field = FIELD_EXTRA;
            continue;
        }
        if (*best != SIZE_MAX)
            claims[*best].field = FIELD_EXTRA;
        *best = i;
    }
}

bool field_has_target(const struct claim *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_target(claims[i].field))
            return true;
    return false;
}

void field_extra_key(const char *name, char out[FIELD_KEY_SIZE])
{
    size_t n = 6;
    memcpy(out, "extra.", 6);
    if (strncasecmp(name, "extra.", 6) == 0)
        name += 6;
    for (; *name && n < FIELD_KEY_SIZE - 1; name++) {
        unsigned char byte = (unsigned char)*name;
        bool plain = byte < 0x80 && (isalnum(byte) || byte == '_' || byte == '.' || byte == '-');
        if ((byte & 0xc0) != 0x80) /* one `_` a character, not a byte */
            out[n++] = plain ? (char)tolower(byte) : '_';
    }
    if (n == 6)
        out[n++] = '_';
    out[n] = '\0';
}
