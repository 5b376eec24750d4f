#include "daemon/bounce/outcome.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/diagnosis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAGNOSTIC_MAX 500 /* bytes that are kept for people to read */
#define RECIPIENT_MAX 320

struct outcome *outcomes_add(struct outcomes *outcomes)
{
    if (outcomes->count == OUTCOMES_MAX)
        return NULL;
    if (outcomes->count % 16 == 0)
        outcomes->items = mem_resize(outcomes->items, outcomes->count + 16, sizeof *outcomes->items);
    struct outcome *outcome = &outcomes->items[outcomes->count++];
    *outcome = (struct outcome){ 0 };
    return outcome;
}

void outcomes_free(struct outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->count; i++) {
        free(outcomes->items[i].recipient);
        free(outcomes->items[i].text);
    }
    free(outcomes->items);
    *outcomes = (struct outcomes)OUTCOMES_EMPTY;
}

void outcome_recipient(struct bounce *bounce, const char *text)
{
    char address[RECIPIENT_MAX + 1];
    size_t length = strlen(text);
    if (!length || length > RECIPIENT_MAX || bounce->recipient_count == OUTCOMES_MAX)
        return;
    for (size_t i = 0; i <= length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80 && iscntrl(byte) && i < length)
            return; /* it stands in no address */
        address[i] = byte < 0x80 ? (char)tolower(byte) : text[i];
    }
    for (size_t i = 0; i < bounce->recipient_count; i++)
        if (strcmp(bounce->recipients[i], address) == 0)
            return;
    bounce->recipients = mem_resize(bounce->recipients, bounce->recipient_count + 1, sizeof *bounce->recipients);
    bounce->recipients[bounce->recipient_count++] = mem_string(address);
}

/* What one outcome comes to. */
struct finding {
    enum bounce_class class;
    struct diagnosis codes;
    enum reason reason;
};

/* The better of the Status field's code and the diagnostic's: 5.0.0 often hides a better one. */
static void choose_codes(const struct outcome *outcome, const char *context, struct diagnosis *codes)
{
    struct diagnosis said = { 0 };
    if (outcome->text)
        diagnosis_read(outcome->text, &said);
    if (!said.code && !said.enhanced[0] && diagnosis_weight(outcome->enhanced) < 2 && context)
        diagnosis_read(context, &said);
    bool field = diagnosis_weight(outcome->enhanced) >= diagnosis_weight(said.enhanced);
    memcpy(codes->enhanced, field ? outcome->enhanced : said.enhanced, sizeof codes->enhanced);
    codes->code = said.code ? said.code : outcome->code;
}

static enum reason find_reason(const struct outcome *outcome, const char *context, const struct diagnosis *codes)
{
    static const int none[3];
    enum reason reason = reply_reason(codes->code, codes->enhanced, outcome->text);
    if (!reason && context)
        reason = reply_reason(0, none, context);
    return reason;
}

static enum outcome_action action_of(const struct outcomes *outcomes, const struct outcome *outcome)
{
    if (outcome->action)
        return outcome->action;
    if (outcomes->action)
        return outcomes->action;
    return outcome->enhanced[0] == 2 ? OUTCOME_DELIVERED : OUTCOME_FAILED;
}

/* A failure is final for this mail whatever its code says; it is hard when the address is bad, and bad for good. */
static enum bounce_class class_of_failure(const struct diagnosis *codes, enum reason reason)
{
    int class = codes->enhanced[0] ? codes->enhanced[0] : codes->code / 100;
    bool bad = reason == REASON_USER_UNKNOWN || reason == REASON_MOVED || reason == REASON_DOMAIN_UNKNOWN ||
               reason == REASON_DISABLED;
    return bad && class != 4 ? BOUNCE_HARD : BOUNCE_SOFT;
}

static void examine(const struct outcomes *outcomes, const struct outcome *outcome, struct finding *finding)
{
    enum outcome_action action = action_of(outcomes, outcome);
    *finding = (struct finding){ 0 };
    if (action == OUTCOME_DELIVERED) {
        finding->class = BOUNCE_DELIVERED;
        memcpy(finding->codes.enhanced, outcome->enhanced, sizeof outcome->enhanced);
        return;
    }
    choose_codes(outcome, outcomes->context, &finding->codes);
    finding->reason = find_reason(outcome, outcomes->context, &finding->codes);
    if (!finding->reason && action == OUTCOME_DELAYED) /* not there yet, and nobody says why */
        finding->reason = REASON_NETWORK;
    finding->class = action == OUTCOME_DELAYED ? BOUNCE_DELAYED : class_of_failure(&finding->codes, finding->reason);
}

static int badness(enum bounce_class class)
{
    static const int ranks[BOUNCE_CLASS_COUNT] = {
        [BOUNCE_HARD] = 4, [BOUNCE_SOFT] = 3, [BOUNCE_DELAYED] = 2, [BOUNCE_DELIVERED] = 1
    };
    return ranks[class];
}

void outcome_diagnostic(struct bounce *bounce, const char *text)
{
    char *line = mem_alloc(DIAGNOSTIC_MAX + 1);
    size_t length = 0;
    for (; *text && length < DIAGNOSTIC_MAX; text++) {
        bool blank = (unsigned char)*text <= ' ' || *text == 0x7f;
        if (!blank)
            line[length++] = *text;
        else if (length && line[length - 1] != ' ')
            line[length++] = ' ';
    }
    line[length] = '\0';
    free(bounce->diagnostic);
    bounce->diagnostic = line;
}

static void report(const struct finding *finding, const struct outcome *outcome, struct bounce *bounce)
{
    const int *enhanced = finding->codes.enhanced;
    bounce->class = finding->class;
    bounce->reason = finding->reason;
    if (enhanced[0])
        snprintf(bounce->status, sizeof bounce->status, "%d.%d.%d", enhanced[0], enhanced[1], enhanced[2]);
    if (finding->codes.code)
        snprintf(bounce->reply, sizeof bounce->reply, "%d", finding->codes.code);
    if (outcome->text && *outcome->text)
        outcome_diagnostic(bounce, outcome->text);
}

void outcomes_conclude(const struct outcomes *outcomes, struct bounce *bounce)
{
    struct finding worst = { 0 };
    const struct outcome *blamed = NULL;
    for (size_t i = 0; i < outcomes->count; i++) {
        const struct outcome *outcome = &outcomes->items[i];
        struct finding finding;
        examine(outcomes, outcome, &finding);
        if (!blamed || badness(finding.class) > badness(worst.class)) {
            worst = finding;
            blamed = outcome;
        }
        if (outcome->recipient)
            outcome_recipient(bounce, outcome->recipient);
    }
    if (blamed)
        report(&worst, blamed, bounce);
}
