/* Names, addresses, IPs and times, which come from everywhere: the normal spelling of a normal spelling is itself. */
#include "daemon/base/address.h"
#include "daemon/base/ip.h"
#include "daemon/base/name.h"
#include "daemon/base/timestamp.h"
#include "tests/fuzz/fuzz.h"

void fuzz_start(void)
{
}

static void check_name(const char *data, size_t length)
{
    char name[NAME_MAX_LENGTH + 1], again[NAME_MAX_LENGTH + 1];
    if (name_normalise(data, length, name))
        return;
    FUZZ_MUST(name_normalise(name, strlen(name), again) == 0 && strcmp(name, again) == 0);
    FUZZ_MUST(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == strlen(name));
    const char *target = name_registrable(name), *platform = name_platform(name);
    FUZZ_MUST(!target || name_within(name, target));
    FUZZ_MUST(!platform || name_within(name, platform));
    free(name_display(name));
}

static void check_address(const char *data, size_t length)
{
    char address[ADDRESS_MAX_LENGTH + 1], again[ADDRESS_MAX_LENGTH + 1];
    if (address_normalise(data, length, address))
        return;
    FUZZ_MUST(address_normalise(address, strlen(address), again) == 0 && strcmp(address, again) == 0);
    for (const char *c = address; *c; c++)
        FUZZ_MUST(*c > ' ' && *c < 0x7f && *c != '<' && *c != '>' && *c != '"');
    FUZZ_MUST(address_domain(address)[-1] == '@');
}

static void check_ip(const char *data, size_t length)
{
    struct ip ip, again;
    struct ip_network network;
    char text[IP_TEXT_SIZE], *string = strndup(data, length);
    if (ip_parse(data, length, &ip) == 0) {
        ip_format(&ip, text);
        FUZZ_MUST(ip_parse(text, strlen(text), &again) == 0 && again.v6 == ip.v6);
        FUZZ_MUST(memcmp(ip.bytes, again.bytes, ip.v6 ? 16 : 4) == 0);
        ip_is_public(&ip);
    }
    if (ip_network_parse(string, &network) == 0)
        FUZZ_MUST(ip_network_contains(&network, &network.address));
    free(string);
}

static void check_time(const char *data, size_t length)
{
    int64_t time, again;
    char iso[TIMESTAMP_ISO_SIZE], mail[TIMESTAMP_MAIL_SIZE];
    if (timestamp_parse(data, length, &time))
        return;
    timestamp_iso(time, iso);
    timestamp_mail(time, mail);
    FUZZ_MUST(timestamp_parse(iso, strlen(iso), &again) == 0 && again == time);
    FUZZ_MUST(timestamp_parse(mail, strlen(mail), &again) == 0 && again == time);
}

void fuzz_one(const char *data, size_t length)
{
    check_name(data, length);
    check_address(data, length);
    check_ip(data, length);
    check_time(data, length);
}
