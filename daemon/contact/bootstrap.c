#include "daemon/contact/bootstrap.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define URL_MAX_BYTES 512

/* Where something stands, and who answers for it. */
struct entry {
    char *suffix; /* DNS */
    struct ip_network network; /* IPV4, IPV6 */
    uint32_t first, last; /* ASN */
    size_t service;
};

struct table {
    struct entry *entries; /* sorted by compare() */
    size_t entry_count;
    struct bootstrap_service *services;
    size_t service_count;
};

struct bootstrap {
    struct table tables[BOOTSTRAP_KINDS];
};

typedef int comparison(const void *a, const void *b);

static int compare_suffixes(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->suffix, ((const struct entry *)b)->suffix);
}

static int compare_networks(const void *a, const void *b)
{
    const struct ip_network *left = &((const struct entry *)a)->network, *right = &((const struct entry *)b)->network;
    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    return memcmp(left->address.bytes, right->address.bytes, sizeof left->address.bytes);
}

/* Ranges that overlap are equal. */
static int compare_ranges(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return left->last < right->first ? -1 : left->first > right->last ? 1 : 0;
}

static bool read_suffix(const char *text, struct entry *out)
{
    size_t length = strlen(text);
    if (!length || length > NAME_MAX_LENGTH || *text == '.' || text[length - 1] == '.' || strstr(text, ".."))
        return false;
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != length)
        return false;
    out->suffix = mem_string(text);
    for (char *c = out->suffix; *c; c++)
        *c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
    return true;
}

static bool read_v4(const char *text, struct entry *out)
{
    return ip_network_parse(text, &out->network) == 0 && !out->network.address.v6;
}

static bool read_v6(const char *text, struct entry *out)
{
    return ip_network_parse(text, &out->network) == 0 && out->network.address.v6;
}

static bool read_number(const char **text, uint32_t *out)
{
    uint64_t value = 0;
    const char *start = *text;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = value * 10 + (uint64_t)(**text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)value;
    return *text > start;
}

/* `64496-64511`, or one alone. */
static bool read_range(const char *text, struct entry *out)
{
    if (!read_number(&text, &out->first))
        return false;
    out->last = out->first;
    if (*text == '-' && (text++, !read_number(&text, &out->last)))
        return false;
    return !*text && out->first <= out->last;
}

static const struct kind {
    const char *file, *entry; /* what an entry should be, for messages */
    bool (*read)(const char *text, struct entry *out);
    comparison *compare;
} kinds[BOOTSTRAP_KINDS] = {
    [BOOTSTRAP_DNS] = { "dns.json", "domain", read_suffix, compare_suffixes },
    [BOOTSTRAP_IPV4] = { "ipv4.json", "IPv4 network", read_v4, compare_networks },
    [BOOTSTRAP_IPV6] = { "ipv6.json", "IPv6 network", read_v6, compare_networks },
    [BOOTSTRAP_ASN] = { "asn.json", "range of AS numbers", read_range, compare_ranges },
};

const char *bootstrap_file_name(enum bootstrap_kind kind)
{
    return kinds[kind].file;
}

static void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->entry_count; i++)
        free(table->entries[i].suffix);
    for (size_t i = 0; i < table->service_count; i++)
        for (size_t j = 0; j < table->services[i].count; j++)
            free(table->services[i].bases[j]);
    free(table->entries);
    free(table->services);
    *table = (struct table){ 0 };
}

struct bootstrap *bootstrap_new(void)
{
    return mem_zero(1, sizeof(struct bootstrap));
}

void bootstrap_free(struct bootstrap *bootstrap)
{
    for (size_t i = 0; bootstrap && i < BOOTSTRAP_KINDS; i++)
        table_clear(&bootstrap->tables[i]);
    free(bootstrap);
}

/* What a file is refused with: where, and why. */
static int refuse(struct error *error, const char *name, size_t service, const char *what)
{
    return error_set(error, -EINVAL, "%s: service %zu %s; the file is not used: fetch it again", name, service + 1,
                     what);
}

static bool is_url(const char *text)
{
    size_t scheme = strncasecmp(text, "https://", 8) == 0 ? 8 : strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
    if (!scheme || strlen(text) > URL_MAX_BYTES)
        return false;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return false;
    return text[scheme] != '\0';
}

static void add_base(struct bootstrap_service *service, const char *url)
{
    size_t at = service->count, length = strlen(url);
    if (at == BOOTSTRAP_BASES_MAX)
        return;
    for (bool https = strncasecmp(url, "https:", 6) == 0;
         https && at && strncasecmp(service->bases[at - 1], "https:", 6) != 0; at--)
        service->bases[at] = service->bases[at - 1];
    service->bases[at] = mem_format("%s%s", url, url[length - 1] == '/' ? "" : "/");
    service->count++;
}

static int read_service(struct table *table, const struct kind *kind, const char *name, const json_t *service,
                        struct error *error)
{
    const json_t *entries = json_array_get(service, 0), *urls = json_array_get(service, 1), *item;
    struct bootstrap_service *out = &table->services[table->service_count];
    size_t i, number = table->service_count++;
    *out = (struct bootstrap_service){ 0 };
    if (!json_is_array(entries) || !json_is_array(urls) || !json_array_size(urls))
        return refuse(error, name, number, "is no list of entries and a list of URLs");
    json_array_foreach(urls, i, item)
    {
        if (!json_is_string(item) || !is_url(json_string_value(item)))
            return refuse(error, name, number, "has a URL that is none for http or https");
        add_base(out, json_string_value(item));
    }
    table->entries =
        mem_resize(table->entries, table->entry_count + json_array_size(entries) + 1, sizeof *table->entries);
    json_array_foreach(entries, i, item)
    {
        struct entry entry = { .service = number };
        if (!json_is_string(item) || !kind->read(json_string_value(item), &entry))
            return error_set(error, -EINVAL, "%s: service %zu: '%.60s' is no %s; the file is not used: fetch it again",
                             name, number + 1, json_is_string(item) ? json_string_value(item) : "", kind->entry);
        table->entries[table->entry_count++] = entry;
    }
    return 0;
}

static int read_services(struct table *table, const struct kind *kind, const char *name, const json_t *services,
                         struct error *error)
{
    size_t i;
    const json_t *service;
    table->services = mem_zero(json_array_size(services) + 1, sizeof *table->services);
    json_array_foreach(services, i, service)
    {
        int code = read_service(table, kind, name, service, error);
        if (code)
            return code;
    }
    if (!table->entry_count)
        return error_set(error, -EINVAL, "%s: it names no server for anything; it is not used: fetch it again", name);
    qsort(table->entries, table->entry_count, sizeof *table->entries, kind->compare);
    for (i = 1; i < table->entry_count; i++)
        if (kind->compare(&table->entries[i - 1], &table->entries[i]) == 0)
            return refuse(error, name, table->entries[i].service, "answers for something that another one answers for");
    return 0;
}

int bootstrap_parse(struct bootstrap *bootstrap, enum bootstrap_kind kind, const char *name, const char *bytes,
                    size_t length, struct error *error)
{
    struct table table = { 0 };
    json_error_t fault;
    if (length > BOOTSTRAP_FILE_MAX)
        return error_set(error, -EINVAL, "%s: it is too long to be a bootstrap file (RFC 9224)", name);
    json_t *file = json_loadb(bytes, length, 0, &fault);
    if (!file)
        return error_set(error, -EINVAL, "%s, line %d: it is no JSON: %s", name, fault.line, fault.text);
    const char *version = json_string_value(json_object_get(file, "version"));
    int code = 0;
    if (!version || strcmp(version, "1.0") != 0 || !json_is_array(json_object_get(file, "services")))
        code = error_set(error, -EINVAL, "%s: it is no bootstrap file of version 1.0 (RFC 9224)", name);
    else
        code = read_services(&table, &kinds[kind], name, json_object_get(file, "services"), error);
    json_decref(file);
    if (!code) {
        struct table old = bootstrap->tables[kind];
        bootstrap->tables[kind] = table;
        table = old;
    }
    table_clear(&table);
    return code;
}

int bootstrap_load(struct bootstrap *bootstrap, enum bootstrap_kind kind, const char *path, struct error *error)
{
    struct buf bytes = BUF_EMPTY;
    int fd = open(path, O_RDONLY | O_CLOEXEC), code = 0;
    if (fd < 0)
        return error_set(error, -errno, "%s cannot be read: %s", path, strerror(errno));
    for (ssize_t length = 1; length && !code && bytes.length <= BOOTSTRAP_FILE_MAX;) {
        buf_reserve(&bytes, 65536);
        length = read(fd, bytes.data + bytes.length, 65536);
        if (length > 0)
            bytes.length += (size_t)length;
        else if (length < 0 && errno != EINTR)
            code = error_set(error, -errno, "%s cannot be read: %s", path, strerror(errno));
    }
    close(fd);
    if (!code)
        code = bootstrap_parse(bootstrap, kind, path, bytes.data, bytes.length, error);
    buf_free(&bytes);
    return code;
}

static const struct bootstrap_service *find(const struct bootstrap *bootstrap, enum bootstrap_kind kind,
                                            const struct entry *key)
{
    const struct table *table = &bootstrap->tables[kind];
    const struct entry *entry =
        table->entry_count ? bsearch(key, table->entries, table->entry_count, sizeof *key, kinds[kind].compare) : NULL;
    return entry ? &table->services[entry->service] : NULL;
}

const struct bootstrap_service *bootstrap_domain(const struct bootstrap *bootstrap, const char *domain)
{
    struct entry key = { 0 };
    char suffix[NAME_MAX_LENGTH + 1];
    const struct bootstrap_service *service = NULL;
    if (strlen(domain) > NAME_MAX_LENGTH)
        return NULL;
    strcpy(suffix, domain);
    key.suffix = suffix;
    while (key.suffix && !service) {
        service = find(bootstrap, BOOTSTRAP_DNS, &key);
        key.suffix = strchr(key.suffix, '.');
        key.suffix = key.suffix ? key.suffix + 1 : NULL;
    }
    return service;
}

const struct bootstrap_service *bootstrap_ip(const struct bootstrap *bootstrap, const struct ip *ip)
{
    struct entry key = { .network = { .address = *ip, .prefix = ip->v6 ? 128 : 32 } };
    enum bootstrap_kind kind = ip->v6 ? BOOTSTRAP_IPV6 : BOOTSTRAP_IPV4;
    for (;;) {
        const struct bootstrap_service *service = find(bootstrap, kind, &key);
        if (service || !key.network.prefix)
            return service;
        unsigned bit = --key.network.prefix;
        key.network.address.bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
    }
}

const struct bootstrap_service *bootstrap_asn(const struct bootstrap *bootstrap, uint32_t asn)
{
    struct entry key = { .first = asn, .last = asn };
    return find(bootstrap, BOOTSTRAP_ASN, &key);
}
