/* n6 (CERT Polska): the events of its REST API and streams, with the names and values of n6's data specification (n6sdk.data_spec). */
#include "daemon/feed/json_reader.h"

#include <string.h>

/* What IntelMQ calls n6's categories: the pairs of IntelMQ's own n6 collector and n6's documentation of each category. To know one more, add a row. */
static const struct category {
    const char *name, *type;
} categories[] = {
    { "amplifier", "vulnerable-system" },
    { "backdoor", "system-compromise" },
    { "bots", "infected-system" },
    { "cnc", "c2-server" },
    { "deface", "unauthorised-information-modification" },
    { "dns-query", "other" },
    { "dos-attacker", "ddos" },
    { "dos-victim", "ddos" },
    { "exposed", "potentially-unwanted-accessible" },
    { "flow", "other" },
    { "flow-anomaly", "other" },
    { "fraud", "fraud" },
    { "leak", "data-leak" },
    { "malurl", "malware-distribution" },
    { "malware-action", "malware-configuration" },
    { "other", "other" },
    { "phish", "phishing" },
    { "proxy", "proxy" },
    { "sandbox-url", "malware" },
    { "scam", "fraud" },
    { "scanning", "scanner" },
    { "server-exploit", "exploit" },
    { "spam", "spam" },
    { "spam-url", "spam" },
    { "tor", "tor" },
    { "vulnerable", "vulnerable-system" },
    { "webinject", "malware-configuration" },
    { "whitelist", "other" },
};

/* Without a host at the other end, the event is about what its own address serves. */
static const struct json_path served[] = {
    { "address", "" },
    { "category", "extra.n6_category" },
    { "dport", "source.port" },
    { "fqdn", "source.fqdn" },
    { "id", "extra.n6_id" },
    { "ip_network", "source.network" },
    { "md5", "malware.hash.md5" },
    { "name", "malware.name" },
    { "proto", "protocol.transport" },
    { "sha1", "malware.hash.sha1" },
    { "sha256", "malware.hash.sha256" },
    { "source", "extra.n6_source" },
    { "time", "time.source" },
    { "url", "source.url" },
    { NULL, NULL },
};

/* With one, the address is who called, and a bot's names are those of what it called (mostly a sinkhole), which nobody is to be told about. */
static const struct json_path called[] = {
    { "address", "" },
    { "category", "extra.n6_category" },
    { "dip", "destination.ip" },
    { "dport", "destination.port" },
    { "fqdn", "destination.fqdn" },
    { "id", "extra.n6_id" },
    { "md5", "malware.hash.md5" },
    { "name", "malware.name" },
    { "proto", "protocol.transport" },
    { "sha1", "malware.hash.sha1" },
    { "sha256", "malware.hash.sha256" },
    { "source", "extra.n6_source" },
    { "sport", "source.port" },
    { "time", "time.source" },
    { "url", "destination.url" },
    { NULL, NULL },
};

static const struct json_path address_paths[] = {
    { "ip", "source.ip" },
    { "ipv6", "source.ip" },
    { "asn", "source.asn" },
    { "cc", "source.geolocation.cc" },
    { "rdns", "source.reverse_dns" },
    { NULL, NULL },
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const char *type_of(const char *category)
{
    for (size_t i = 0; category && i < sizeof categories / sizeof *categories; i++)
        if (strcmp(categories[i].name, category) == 0)
            return categories[i].type;
    return category;
}

/* Every event has these (the specification requires them), and its addresses, if any, as a list of objects. */
static bool n6_probe(const json_t *object)
{
    const json_t *address = json_object_get(object, "address");
    if (!text_of(object, "category") || !text_of(object, "source") || !text_of(object, "time"))
        return false;
    return (!address && (text_of(object, "confidence") || text_of(object, "restriction"))) || json_is_array(address);
}

static void add_event(struct json_members *members, json_t *object)
{
    const char *category = text_of(object, "category");
    bool calls = text_of(object, "dip") && json_array_size(json_object_get(object, "address"));
    json_members_add(members, object, calls ? called : served);
    json_members_set(members, "classification.type", type_of(category));
}

/* An event is about all of its addresses (a name has several, in as many networks): each is an incident. */
static int n6_take(struct json_element *element, json_t *object)
{
    json_t *addresses = json_object_get(object, "address"), *address;
    size_t i;
    int code = 0;
    if (!json_array_size(addresses)) {
        add_event(element->members, object);
        return json_element_end(element);
    }
    if (!json_members_may_repeat(json_array_size(addresses), element->length))
        return json_element_refuse(element, "names more addresses than one row may");
    json_array_foreach(addresses, i, address)
    {
        json_members_clear(element->members);
        add_event(element->members, object);
        json_members_add(element->members, address, address_paths);
        code = json_element_end(element);
        if (code)
            break;
    }
    return code;
}

const struct json_kind json_n6 = { .name = "n6", .probe = n6_probe, .take = n6_take };
