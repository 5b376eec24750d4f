#include "config/values.h"

#include <string.h>

/* To add a type: a name in keys.h, a row here, its parser in the file of its kind. */
static const struct config_value values[CONFIG_TYPE_COUNT] = {
    [CONFIG_TEXT] = { "one line of text", NULL, CONFIG_STORE_STRING, config_parse_text, NULL },
    [CONFIG_WORD] = { "a word", NULL, CONFIG_STORE_STRING, config_parse_word, NULL },
    [CONFIG_INTEGER] = { "a whole number", NULL, CONFIG_STORE_NUMBER, config_parse_integer, config_format_integer },
    [CONFIG_PERCENT] = { "a percentage", "20%", CONFIG_STORE_NUMBER, config_parse_percent, config_format_percent },
    [CONFIG_DURATION] = { "a duration", "500ms, 30s, 5m, 2h, 5d", CONFIG_STORE_NUMBER, config_parse_duration,
                          config_format_duration },
    [CONFIG_SIZE] = { "a size", "64k, 10M, 1G", CONFIG_STORE_NUMBER, config_parse_size, config_format_size },
    [CONFIG_RATE] = { "a rate", "600/h, 10/min, 1/s, 0", CONFIG_STORE_NUMBER, config_parse_rate, config_format_rate },
    [CONFIG_BOOLEAN] = { "true or false", NULL, CONFIG_STORE_BOOL, config_parse_boolean, NULL },
    [CONFIG_PATH] = { "a path that begins with /", NULL, CONFIG_STORE_STRING, config_parse_path, NULL },
    [CONFIG_SOCKET] = { "a path that begins with /, at most 107 bytes", NULL, CONFIG_STORE_STRING, config_parse_socket,
                        NULL },
    [CONFIG_SECRET] = { "a path that begins with /, or credential:NAME", NULL, CONFIG_STORE_STRING, config_parse_secret,
                        NULL },
    [CONFIG_ADDRESS] = { "an e-mail address", NULL, CONFIG_STORE_STRING, config_parse_address, NULL },
    [CONFIG_MAILBOX] = { "an e-mail address with at most 24 letters and no + before the @", NULL, CONFIG_STORE_STRING,
                         config_parse_mailbox, NULL },
    [CONFIG_HOST] = { "a host's name", "mail.example.org", CONFIG_STORE_STRING, config_parse_host, NULL },
    [CONFIG_ENDPOINT] = { "HOST:PORT", "127.0.0.1:25", CONFIG_STORE_STRING, config_parse_endpoint, NULL },
    [CONFIG_LOOPBACK] = { "ADDRESS:PORT on loopback", "127.0.0.1:2424, [::1]:2424", CONFIG_STORE_STRING,
                          config_parse_loopback, NULL },
    [CONFIG_SERVER] = { "ADDRESS or ADDRESS:PORT", "127.0.0.1, 192.0.2.53:5353, [2001:db8::53]:5353",
                        CONFIG_STORE_STRING, config_parse_server, NULL },
    [CONFIG_URL] = { "a URL that begins with https:// or http://", NULL, CONFIG_STORE_STRING, config_parse_url, NULL },
    [CONFIG_KIND] = { "override, contactdb-domain, contactdb-ip, soa, or rfc2142- and a mailbox", NULL,
                      CONFIG_STORE_STRING, config_parse_kind, NULL },
    [CONFIG_LOCAL_PART] = { "the part of an address before the @", NULL, CONFIG_STORE_STRING, config_parse_local_part,
                            NULL },
    [CONFIG_GROUP] = { "a group's name", NULL, CONFIG_STORE_STRING, config_parse_group, NULL },
    [CONFIG_NAME] = { "a name of a-z, 0-9, ., _ and -", NULL, CONFIG_STORE_STRING, config_parse_name, NULL },
    [CONFIG_TITLE] = { "one line of text, with no blank at either end", NULL, CONFIG_STORE_STRING, config_parse_title,
                       NULL },
    [CONFIG_LANGUAGE] = { "a language tag", "de, pt-br", CONFIG_STORE_STRING, config_parse_language, NULL },
    [CONFIG_TIME_OF_DAY] = { "a time of day", "09:00, 14:30", CONFIG_STORE_STRING, config_parse_time_of_day, NULL },
    [CONFIG_HOURS] = { "two full hours", "9-17, 8-18", CONFIG_STORE_STRING, config_parse_hours, NULL },
    [CONFIG_ZONE] = { "a time zone of tzdata's", "UTC, Europe/Berlin", CONFIG_STORE_STRING, config_parse_zone, NULL },
    [CONFIG_DOMAIN] = { "a domain", NULL, CONFIG_STORE_STRING, config_parse_domain, NULL },
    [CONFIG_SUFFIX] = { "the end of domains' names", NULL, CONFIG_STORE_STRING, config_parse_suffix, NULL },
    [CONFIG_NETWORK] = { "an address or a network", "192.0.2.0/24, 2001:db8::/32", CONFIG_STORE_NETWORK,
                         config_parse_network, NULL },
    [CONFIG_PARTY] = { "one of owner, hoster, mail-provider or registrar", NULL, CONFIG_STORE_PARTY, config_parse_party,
                       NULL },
    [CONFIG_COLUMNS] = { "a mapping of COLUMN: FIELD", NULL, CONFIG_STORE_STRUCTURE, NULL, NULL },
    [CONFIG_OVERRIDES] = { "a list of overrides", NULL, CONFIG_STORE_STRUCTURE, NULL, NULL },
    [CONFIG_PROFILES] = { "a mapping of NAME: SETTINGS", NULL, CONFIG_STORE_STRUCTURE, NULL, NULL },
};

const struct config_value *config_value(enum config_type type)
{
    return &values[type];
}

static void add_words(const char *const *words, struct buf *out)
{
    buf_add_string(out, "one of ");
    for (size_t i = 0; words[i]; i++)
        buf_add_format(out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

static void add_range(const struct config_key *key, const struct config_value *value, struct buf *out)
{
    if (!key->max)
        return;
    buf_add_string(out, " from ");
    value->format(key->min, out);
    buf_add_string(out, " to ");
    value->format(key->max, out);
}

void config_value_item(const struct config_key *key, bool examples, struct buf *out)
{
    const struct config_value *value = config_value(key->type);
    if (key->words)
        add_words(key->words, out);
    else
        buf_add_string(out, value->what);
    if (value->examples && examples)
        buf_add_format(out, " (%s)", value->examples);
    if (value->storage == CONFIG_STORE_NUMBER)
        add_range(key, value, out);
    else if ((key->type == CONFIG_TEXT || key->type == CONFIG_TITLE) && key->max)
        buf_add_format(out, ", at most %lld bytes", (long long)key->max);
}

void config_value_allowed(const struct config_key *key, bool examples, struct buf *out)
{
    if (key->list && config_value(key->type)->storage != CONFIG_STORE_STRUCTURE)
        buf_add_format(out, "a list of %s%lld, each ", key->min ? "1 to " : "up to ", (long long)key->max);
    config_value_item(key, examples, out);
}
