/* A bootstrap file: the first byte says which. */
#include "daemon/contact/bootstrap.h"
#include "tests/fuzz/fuzz.h"

static struct bootstrap *known;

void fuzz_start(void)
{
    known = bootstrap_new();
}

static void check(const struct bootstrap_service *service)
{
    if (!service)
        return;
    FUZZ_MUST(service->count && service->count <= BOOTSTRAP_BASES_MAX);
    for (size_t i = 0; i < service->count; i++) {
        size_t length = strlen(service->bases[i]);
        FUZZ_MUST(strncasecmp(service->bases[i], "http", 4) == 0 && service->bases[i][length - 1] == '/');
    }
}

void fuzz_one(const char *data, size_t length)
{
    static const char letters[] = "d46a";
    const char *letter = length && *data ? strchr(letters, *data) : NULL;
    struct error error = { "" };
    struct ip v4, v6;
    if (!letter)
        return;
    int code = bootstrap_parse(known, (enum bootstrap_kind)(letter - letters), "file", data + 1, length - 1, &error);
    FUZZ_MUST((code == 0) == (*error.text == '\0'));
    ip_parse("192.0.2.7", 9, &v4);
    ip_parse("2001:db8::7", 11, &v6);
    check(bootstrap_domain(known, "www.shop.example"));
    check(bootstrap_ip(known, &v4));
    check(bootstrap_ip(known, &v6));
    check(bootstrap_asn(known, 64500));
}
