/* An RDAP server's answer. */
#include "daemon/base/ascii.h"
#include "daemon/contact/rdap_read.h"
#include "tests/fuzz/fuzz.h"

void fuzz_start(void)
{
}

static void check(const struct registration_contact *items, size_t count)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    FUZZ_MUST(count <= REGISTRATION_MAX_CONTACTS);
    for (size_t i = 0; i < count; i++) {
        FUZZ_MUST(address_normalise(items[i].address, strlen(items[i].address), normal) == 0);
        FUZZ_MUST(strcmp(items[i].address, normal) == 0);
        FUZZ_MUST(!registration_is_registry(normal) && !strchr(normal, '*'));
        FUZZ_MUST(*items[i].role && ascii_run(items[i].role, strlen(items[i].role)) == strlen(items[i].role));
    }
}

void fuzz_one(const char *data, size_t length)
{
    struct registration registration;
    int code = rdap_read(data, length, &registration);
    FUZZ_MUST((code != 0) == (registration.status == REGISTRATION_UNREADABLE));
    FUZZ_MUST(registration.status == REGISTRATION_FOUND || (!registration.abuse_count && !registration.contact_count));
    check(registration.abuse, registration.abuse_count);
    check(registration.contacts, registration.contact_count);
    FUZZ_MUST(!registration.country || strlen(registration.country) == 2);
    FUZZ_MUST(!registration.referral || strncasecmp(registration.referral, "http", 4) == 0);
    registration_clear(&registration);
}
