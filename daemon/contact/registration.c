#include "daemon/contact/registration.h"

#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <stdlib.h>
#include <string.h>

/* The five regional registries and the national ones below them that answer for networks; what they write of themselves stands in
 * nearly every answer. */
static const char *const registries[] = {
    "afrinic.net", "apnic.net",  "arin.net",     "iana.org", "icann.org", "idnic.id",     "irinn.in",   "jpnic.net",
    "krnic.kr",    "lacnic.net", "nic.ad.jp",    "nic.br",   "nic.or.kr", "nic.mx",       "nida.or.kr", "registro.br",
    "ripe.net",    "twnic.net",  "twnic.net.tw", "twnic.tw", "vnnic.vn",  "vnnic.net.vn",
};

bool registration_is_registry(const char *address)
{
    const char *domain = address_domain(address);
    for (size_t i = 0; i < sizeof registries / sizeof registries[0]; i++)
        if (name_within(domain, registries[i]))
            return true;
    return false;
}

static bool listed(const struct registration_contact *items, size_t count, const char *address)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].address, address) == 0)
            return true;
    return false;
}

static void append(struct registration_contact **items, size_t *count, const char *address, const char *role)
{
    if (*count == REGISTRATION_MAX_CONTACTS)
        return;
    *items = mem_resize(*items, *count + 1, sizeof **items);
    (*items)[(*count)++] = (struct registration_contact){ .address = mem_string(address), .role = mem_string(role) };
}

static void drop(struct registration_contact *items, size_t *count, const char *address)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(items[i].address, address) != 0)
            continue;
        free(items[i].address);
        free(items[i].role);
        --*count;
        memmove(&items[i], &items[i + 1], (*count - i) * sizeof *items);
        return;
    }
}

void registration_add_abuse(struct registration *registration, const char *address, size_t length, const char *role)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    if (address_normalise(address, length, normal) != 0 || registration_is_registry(normal) ||
        listed(registration->abuse, registration->abuse_count, normal))
        return;
    append(&registration->abuse, &registration->abuse_count, normal, role);
    drop(registration->contacts, &registration->contact_count, normal);
}

void registration_add_contact(struct registration *registration, const char *address, size_t length, const char *role)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    if (address_normalise(address, length, normal) != 0 || registration_is_registry(normal) ||
        listed(registration->abuse, registration->abuse_count, normal) ||
        listed(registration->contacts, registration->contact_count, normal))
        return;
    append(&registration->contacts, &registration->contact_count, normal, role);
}

static void clear(struct registration_contact *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].address);
        free(items[i].role);
    }
    free(items);
}

void registration_clear(struct registration *registration)
{
    clear(registration->abuse, registration->abuse_count);
    clear(registration->contacts, registration->contact_count);
    free(registration->handle);
    free(registration->organisation);
    free(registration->country);
    free(registration->referral);
    *registration = (struct registration){ 0 };
}
