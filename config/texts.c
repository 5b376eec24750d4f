/* Words, names and paths. */
#include "config/values.h"
#include "daemon/base/language.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME_BYTES LOWER DIGITS "._-"
#define LOCAL_PART_LIMIT 32 /* of a role mailbox: RFC 2142's longest has 10 */
#define GROUP_LIMIT 32 /* useradd(8) */

static int store(void *field, const char *text)
{
    *(char **)field = mem_string(text);
    return 0;
}

static bool made_of(const char *text, const char *bytes, size_t limit)
{
    size_t length = strspn(text, bytes);
    return length && !text[length] && length <= limit;
}

int config_parse_text(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    int64_t length = (int64_t)strlen(text);
    if (key->max && (length < key->min || length > key->max))
        return -ERANGE;
    return store(field, text);
}

int config_parse_word(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    for (const char *const *word = key->words; *word; word++)
        if (strcmp(*word, text) == 0)
            return store(field, text);
    return -EINVAL;
}

/* It goes into mails, so nothing that a mail program would not take for part of a link. */
int config_parse_url(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    const char *host = strncasecmp(text, "https://", 8) == 0  ? text + 8
                       : strncasecmp(text, "http://", 7) == 0 ? text + 7
                                                              : NULL;
    if (*text && (!host || !*host || *host == '/' || strlen(text) > 500))
        return -EINVAL;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at == 0x7f || strchr("<>\"\\^`{|}", *at))
            return -EINVAL;
    return store(field, text);
}

/* The kinds that a source of contacts exists for. */
/* Kinds of contact besides those of RFC 2142; a source of daemon/contact/ proposes each of them. */
static const char *const kinds[] = { "override", "contactdb-domain", "contactdb-ip", "soa" };

int config_parse_kind(const struct config_key *key, const char *text, void *field, struct error *error)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(text, kinds[i]) == 0)
            return store(field, text);
    static const char prefix[] = "rfc2142-";
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return -EINVAL;
    char *mailbox = NULL;
    int code = config_parse_local_part(key, text + sizeof prefix - 1, &mailbox, error);
    free(mailbox);
    return code ? code : store(field, text);
}

int config_parse_local_part(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    size_t length = strlen(text);
    if (!made_of(text, NAME_BYTES, LOCAL_PART_LIMIT) || strstr(text, "..") || *text == '.' || text[length - 1] == '.')
        return -EINVAL;
    return store(field, text);
}

int config_parse_group(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    if (!made_of(text, NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZ$", GROUP_LIMIT) || *text == '-')
        return -EINVAL;
    return store(field, text);
}

int config_parse_name(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    if (!made_of(text, NAME_BYTES, (size_t)key->max) || *text == '.' || *text == '-')
        return -EINVAL;
    return store(field, text);
}

/* It stands in tables, and a person has to be able to type it again. */
int config_parse_title(const struct config_key *key, const char *text, void *field, struct error *error)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return -EINVAL;
    if (length && (text[0] == ' ' || text[length - 1] == ' '))
        return -EINVAL;
    return config_parse_text(key, text, field, error);
}

/* Its first part has two or three letters: `German` is none. */
int config_parse_language(const struct config_key *key, const char *text, void *field, struct error *error)
{
    char tag[LANGUAGE_SIZE];
    (void)key;
    (void)error;
    size_t first = strcspn(text, "-");
    if (first < 2 || first > 3 || !language_is_tag(text, strlen(text)))
        return -EINVAL;
    language_write(text, strlen(text), tag);
    return store(field, tag);
}

/* A key whose `min` is 0 may be empty. */
int config_parse_path(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    bool may_be_empty = !key->list && !key->min;
    if (!*text && may_be_empty)
        return store(field, text);
    if (*text != '/' || strlen(text) >= PATH_MAX)
        return -EINVAL;
    return store(field, text);
}

int config_parse_socket(const struct config_key *key, const char *text, void *field, struct error *error)
{
    if (strlen(text) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return error_set(error, -EINVAL, "the path is too long for a socket");
    return config_parse_path(key, text, field, error);
}

/* systemd's credentials (systemd.exec(5), LoadCredential=). A person's shell has no $CREDENTIALS_DIRECTORY: there the name stands for where the
 * service has it, so that `tocsin check` and the other commands can read the same file. */
int config_parse_secret(const struct config_key *key, const char *text, void *field, struct error *error)
{
    static const char prefix[] = "credential:";
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return config_parse_path(key, text, field, error);
    const char *name = text + sizeof prefix - 1;
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > NAME_MAX)
        return error_set(error, -EINVAL, "credential: wants a name without a slash");
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    *(char **)field = mem_format("%s/%s", directory && *directory ? directory : CONFIG_CREDENTIALS, name);
    return 0;
}
