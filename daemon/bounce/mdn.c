/* Disposition notifications (RFC 8098): what a mail reader, or a mail server in its place, did with a mail. */
#include "daemon/base/mem.h"
#include "daemon/bounce/outcome.h"
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/recognise.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Said by machines that turn mail away with this format, Exchange above all. */
static const char *const refusals[] = {
    "automatically rejected", "was rejected", "has been rejected", "refused", "blocked", NULL
};

static bool is_refusal(const struct mail *mail, const char *disposition)
{
    static const char *const types[] = { "rejected", "denied", "failed", "dispatched/error", NULL };
    const char *type = strchr(disposition, ';');
    type = type ? type + 1 + strspn(type + 1, " ") : disposition;
    for (size_t i = 0; types[i]; i++)
        if (strncasecmp(type, types[i], strlen(types[i])) == 0)
            return true;
    return strcasestr(disposition, "automatic-action") && phrase_any(mail->folded.data, refusals);
}

bool mdn_recognise(const struct mail *mail, struct bounce *out)
{
    const struct mail_part *part = mail_part(mail, MAIL_DISPOSITION);
    char *disposition = part ? mail_field(part->text.data, "Disposition") : NULL;
    if (!disposition)
        return false;
    char *recipient = mail_field(part->text.data, "Final-Recipient");
    const char *address = recipient ? strchr(recipient, ';') : NULL;
    struct outcomes outcomes = { .context = mail->notice.data };
    struct outcome *outcome = outcomes_add(&outcomes);
    outcome->recipient = mem_string(address ? address + 1 + strspn(address + 1, " \t") : recipient);
    outcome->action = is_refusal(mail, disposition) ? OUTCOME_FAILED : OUTCOME_DELIVERED;
    outcome->text = mem_string(disposition);
    outcomes_conclude(&outcomes, out);
    outcomes_free(&outcomes);
    free(recipient);
    free(disposition);
    return true;
}
