/* CrowdSec: the alerts that its local API and `cscli alerts list -o json` give, and decisions (`cscli decisions list`), with the names of its API
 * (models.Alert, models.Decision). */
#include "daemon/feed/json_reader.h"

#include <string.h>
#include <strings.h>

/* A scenario's name says what was seen ("crowdsecurity/ssh-bf"): the words that the hub's scenarios use; the first that is there counts. To know one more, add
 * a row. */
static const struct word {
    const char *text, *type;
} words[] = {
    { "bruteforce", "brute-force" },
    { "brute-force", "brute-force" },
    { "user-enum", "brute-force" },
    { "-bf", "brute-force" },
    { "_bf", "brute-force" },
    { "ddos", "ddos" },
    { "-dos", "dos" },
    { "spam", "spam" },
    { "open-proxy", "scanner" },
    { "probing", "scanner" },
    { "scan", "scanner" },
    { "crawl", "scanner" },
    { "sensitive-files", "scanner" },
    { "bad-user-agent", "scanner" },
    { "backdoor", "exploit" },
    { "exploit", "exploit" },
    { "cve-", "exploit" },
    { "sqli", "exploit" },
    { "xss", "exploit" },
    { "traversal", "exploit" },
    { "log4j", "exploit" },
    { "shell", "exploit" },
    { "-rce", "exploit" },
    { "appsec", "exploit" },
    { "waf", "exploit" },
};

static const struct json_path alert_paths[] = {
    { "Events", "" }, /* log lines: what a notification says is in the alert itself */
    { "events", "" },
    { "decisions", "" }, /* what its own machine did about it */
    { "meta", "" },
    { "created_at", "time.observation" },
    { "id", "extra.crowdsec_id" },
    { "message", "event_description.text" },
    { "scenario", "classification.identifier" },
    { "source.as_name", "source.as_name" },
    { "source.as_number", "source.asn" },
    { "source.cn", "source.geolocation.cc" },
    { "source.ip", "source.ip" },
    { "source.latitude", "source.geolocation.latitude" },
    { "source.longitude", "source.geolocation.longitude" },
    { "source.range", "source.network" },
    { "source.scope", "" },
    { "source.value", "" },
    { "start_at", "time.source" },
    { NULL, NULL },
};

static const struct json_path decision_paths[] = {
    { "created_at", "time.source" },
    { "id", "extra.crowdsec_id" },
    { "scenario", "classification.identifier" },
    { "scope", "" },
    { "type", "extra.decision" },
    { "value", "" },
    { NULL, NULL },
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool is_decision(const json_t *object)
{
    return text_of(object, "scope") && text_of(object, "value") && text_of(object, "duration");
}

static bool crowdsec_probe(const json_t *object)
{
    if (!text_of(object, "scenario"))
        return false;
    const json_t *source = json_object_get(object, "source");
    return is_decision(object) || (json_is_object(source) && (text_of(source, "scope") || text_of(source, "ip")) &&
                                   (text_of(object, "start_at") || text_of(object, "scenario_hash")));
}

/* NULL where the name says nothing: then the profile's type holds. */
static const char *type_of(const char *scenario)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(scenario, words[i].text))
            return words[i].type;
    return NULL;
}

/* Scopes of one's own (a user, a session) name nobody on the Internet. */
static void set_source(struct json_members *members, const json_t *source)
{
    const char *scope = text_of(source, "scope"), *value = text_of(source, "value"), *ip = text_of(source, "ip");
    bool range = scope && strcasecmp(scope, "range") == 0;
    if ((!ip || !*ip) && value && (range || !scope || strcasecmp(scope, "ip") == 0))
        json_members_set(members, range ? "source.network" : "source.ip", value);
}

static int crowdsec_take(struct json_element *element, json_t *object)
{
    const json_t *source = json_object_get(object, "source");
    json_members_add(element->members, object, source ? alert_paths : decision_paths);
    json_members_set(element->members, "classification.type", type_of(text_of(object, "scenario")));
    set_source(element->members, json_is_object(source) ? source : object);
    return json_element_end(element);
}

const struct json_kind json_crowdsec = { .name = "crowdsec", .probe = crowdsec_probe, .take = crowdsec_take };
