/* A file that a stranger's web server calls security.txt. */
#include "daemon/base/address.h"
#include "daemon/contact/securitytxt_read.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1790000000

void fuzz_start(void)
{
}

static void check_text(const char *text)
{
    for (const char *c = text; c && *c; c++)
        FUZZ_MUST((unsigned char)*c > ' ' && *c != 0x7f);
}

void fuzz_one(const char *data, size_t length)
{
    struct securitytxt file;
    char normal[ADDRESS_MAX_LENGTH + 1];
    securitytxt_read(data, length, NOW, &file);
    FUZZ_MUST(file.valid == (file.error_count == 0));
    FUZZ_MUST(!file.valid || (file.contact_count > 0 && file.has_expires && !file.expired && file.expires > NOW));
    FUZZ_MUST(file.contact_count <= SECURITYTXT_MAX_CONTACTS && file.error_count <= SECURITYTXT_MAX_ERRORS);
    for (size_t i = 0; i < file.contact_count; i++) {
        const char *value = file.contacts[i].value;
        check_text(value);
        if (file.contacts[i].mailbox)
            FUZZ_MUST(address_normalise(value, strlen(value), normal) == 0 && strcmp(value, normal) == 0);
        for (size_t j = 0; j < i; j++)
            FUZZ_MUST(strcmp(file.contacts[j].value, value) != 0);
    }
    check_text(file.languages);
    check_text(file.encryption);
    check_text(file.canonical);
    securitytxt_clear(&file);
}
