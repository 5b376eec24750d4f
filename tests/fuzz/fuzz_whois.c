/* An answer of a WHOIS server, of whatever country. */
#include "daemon/contact/whois_read.h"
#include "daemon/feed/text.h"
#include "tests/fuzz/fuzz.h"

void fuzz_start(void)
{
}

static void check_contacts(const struct registration_contact *items, size_t count)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    FUZZ_MUST(count <= REGISTRATION_MAX_CONTACTS);
    for (size_t i = 0; i < count; i++) {
        FUZZ_MUST(address_normalise(items[i].address, strlen(items[i].address), normal) == 0);
        FUZZ_MUST(strcmp(items[i].address, normal) == 0);
        FUZZ_MUST(!registration_is_registry(normal));
        FUZZ_MUST(items[i].role && *items[i].role);
        for (size_t j = 0; j < i; j++)
            FUZZ_MUST(strcmp(items[i].address, items[j].address) != 0);
    }
}

static void check_text(const char *text)
{
    FUZZ_MUST(!text || (text_is_utf8(text, strlen(text)) && !text_has_control(text, strlen(text))));
}

void fuzz_one(const char *data, size_t length)
{
    struct registration registration;
    int code = whois_read(data, length, &registration);
    FUZZ_MUST((code == 0) == (registration.status == REGISTRATION_FOUND));
    FUZZ_MUST(code == 0 || (!registration.abuse_count && !registration.contact_count && !registration.has_range));
    check_contacts(registration.abuse, registration.abuse_count);
    check_contacts(registration.contacts, registration.contact_count);
    check_text(registration.handle);
    check_text(registration.organisation);
    check_text(registration.country);
    check_text(registration.referral);
    FUZZ_MUST(!registration.country || strlen(registration.country) == 2);
    if (registration.has_range) {
        FUZZ_MUST(registration.first.v6 == registration.last.v6);
        FUZZ_MUST(memcmp(registration.first.bytes, registration.last.bytes, registration.first.v6 ? 16 : 4) <= 0);
    }
    registration_clear(&registration);
}
