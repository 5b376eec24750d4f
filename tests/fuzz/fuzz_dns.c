/* A packet that claims to answer a question. */
#include "daemon/base/address.h"
#include "daemon/contact/dns_packet.h"
#include "daemon/contact/mail_host.h"
#include "tests/fuzz/fuzz.h"

#define ASKED "shop.example"

void fuzz_start(void)
{
}

/* Of an SOA's mailbox, or of a text. */
static void check_text(const char *text, bool mailbox)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    if (mailbox && *text)
        FUZZ_MUST(address_normalise(text, strlen(text), normal) == 0 && strcmp(text, normal) == 0);
    for (; *text; text++)
        FUZZ_MUST(*text >= ' ' && *text < 0x7f);
}

static void check(const struct dns_answer *answer, enum dns_type type)
{
    char normal[NAME_MAX_LENGTH + 1];
    FUZZ_MUST(answer->status != DNS_RECORDS || answer->count > 0);
    FUZZ_MUST(answer->status == DNS_RECORDS || answer->count <= (type == DNS_SOA && answer->status != DNS_FAILED));
    FUZZ_MUST((answer->status == DNS_FAILED) == (answer->reason != NULL));
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        FUZZ_MUST((record->text != NULL) == (type == DNS_SOA || type == DNS_TXT));
        if (record->text)
            check_text(record->text, type == DNS_SOA);
        FUZZ_MUST(i == 0 || answer->records[i - 1].preference <= record->preference);
        for (const char *c = record->name; c && *c; c++)
            FUZZ_MUST((unsigned char)*c > ' ' && *c != 0x7f);
        FUZZ_MUST(!record->name || strlen(record->name) <= NAME_MAX_LENGTH);
        if (record->name && name_normalise(record->name, strlen(record->name), normal) == 0)
            FUZZ_MUST(strcmp(record->name, normal) == 0);
    }
}

void fuzz_one(const char *data, size_t length)
{
    const unsigned char *packet = (const unsigned char *)data;
    const struct dns_answer *mx = dns_packet_parse(packet, length, ASKED, DNS_MX),
                            *a = dns_packet_parse(packet, length, ASKED, DNS_A),
                            *aaaa = dns_packet_parse(packet, length, ASKED, DNS_AAAA),
                            *soa = dns_packet_parse(packet, length, ASKED, DNS_SOA),
                            *txt = dns_packet_parse(packet, length, ASKED, DNS_TXT);
    struct mail_host host;
    struct buf words = BUF_EMPTY;
    check(mx, DNS_MX);
    check(a, DNS_A);
    check(aaaa, DNS_AAAA);
    check(soa, DNS_SOA);
    check(txt, DNS_TXT);
    mail_host_judge(mx, a, aaaa, &host);
    mail_host_describe(&host, &words);
    buf_free(&words);
    dns_answer_drop(mx);
    dns_answer_drop(a);
    dns_answer_drop(aaaa);
    dns_answer_drop(soa);
    dns_answer_drop(txt);
}
