/* A source run on evidence made by hand, for the tests: what DNS says, and what the source makes of it. One evidence at a time. */
#ifndef TOCSIN_TESTS_EVIDENCE_CASE_H
#define TOCSIN_TESTS_EVIDENCE_CASE_H

#include "daemon/contact/source.h"

#include "tests/unit/dns_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config config;
static struct evidence evidence;
static struct candidates candidates;

static inline int teardown(void **state)
{
    (void)state;
    evidence_clear(&evidence);
    candidates_clear(&candidates);
    return 0;
}

static inline void about(const char *target, const char *host, const char *ip)
{
    evidence_clear(&evidence);
    evidence_init(&evidence, &(struct contact_target){ target, host, ip });
}

/* What DNS says of one name: RECORDS are the MX's exchange or an address, "-" nothing, "!" no such name, "?" no answer for now. */
static inline void known(const char *name, enum dns_type type, const char *record)
{
    struct dns_builder packet;
    evidence_dns(&evidence, name, type);
    const struct dns_answer *answer = dns_answer_make(DNS_FAILED, 0, "why");
    if (*record != '?') {
        dns_answer_drop(answer);
        dns_begin(&packet, 1, *record == '!' ? 3 : 0, name, type);
        if (type == DNS_MX && !strchr("-!", *record))
            dns_mx(&packet, name, 60, 10, record);
        else if (!strchr("-!", *record))
            dns_address(&packet, name, 60, record);
        answer = dns_packet_parse(packet.data, packet.length, name, type);
    }
    evidence_answer(&evidence, evidence.asked_count - 1, answer);
}

typedef void propose(const struct config *, struct evidence *, struct candidates *);

static inline void expect(propose *source, const char *addresses)
{
    char text[1024] = "";
    candidates_clear(&candidates);
    source(&config, &evidence, &candidates);
    for (size_t i = 0; i < candidates.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", candidates.items[i].address);
    assert_string_equal(text, addresses);
}

/* Which questions it would have answered next: "TYPE NAME" each. */
static inline void expect_missing(const char *questions)
{
    char text[1024] = "";
    for (size_t i = 0; i < evidence.asked_count; i++)
        if (!evidence.asked[i].answer)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %s", *text ? ", " : "",
                     dns_type_name(evidence.asked[i].type), evidence.asked[i].name);
    assert_string_equal(text, questions);
}

#endif
