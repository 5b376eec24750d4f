#include "daemon/contact/evidence.h"

#include "daemon/base/ip.h"
#include "daemon/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A target has its own questions and those of the overrides that match it. A configuration with more gets no answer to the rest: their
 * contacts stay on the ladder unchecked. */
#define MAX_ASKED 60

static const struct dns_answer too_many = {
    .status = DNS_FAILED,
    .reason = "too many questions about one target",
    .references = 1,
};

void evidence_init(struct evidence *evidence, const struct contact_target *target)
{
    struct ip ip;
    *evidence = (struct evidence){
        .target = mem_string(target->target),
        .ip = mem_string(target->ip),
        .is_ip = ip_parse(target->target, strlen(target->target), &ip) == 0,
    };
    if (!evidence->is_ip)
        evidence->host = mem_string(target->host ? target->host : target->target);
    else if (!target->ip)
        evidence->ip = mem_string(target->target);
}

void evidence_clear(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->asked_count; i++) {
        free(evidence->asked[i].name);
        dns_answer_drop(evidence->asked[i].answer);
    }
    free(evidence->asked);
    free(evidence->target);
    free(evidence->host);
    free(evidence->ip);
    *evidence = (struct evidence){ 0 };
}

const struct dns_answer *evidence_dns(struct evidence *evidence, const char *name, enum dns_type type)
{
    for (size_t i = 0; i < evidence->asked_count; i++)
        if (evidence->asked[i].type == type && strcmp(evidence->asked[i].name, name) == 0)
            return evidence->asked[i].answer;
    if (evidence->asked_count == MAX_ASKED)
        return &too_many;
    evidence->asked = mem_resize(evidence->asked, evidence->asked_count + 1, sizeof *evidence->asked);
    evidence->asked[evidence->asked_count++] = (struct question_asked){ .name = mem_string(name), .type = type };
    evidence->missing++;
    return NULL;
}

void evidence_mail_host(struct evidence *evidence, const char *domain, struct mail_host *out)
{
    const struct dns_answer *mx = evidence_dns(evidence, domain, DNS_MX), *a = NULL, *aaaa = NULL;
    if (mx && mx->status == DNS_NO_DATA) {
        a = evidence_dns(evidence, domain, DNS_A);
        aaaa = evidence_dns(evidence, domain, DNS_AAAA);
    }
    mail_host_judge(mx, a, aaaa, out);
}

void evidence_answer(struct evidence *evidence, size_t index, const struct dns_answer *answer)
{
    evidence->asked[index].answer = answer;
    evidence->missing--;
}
