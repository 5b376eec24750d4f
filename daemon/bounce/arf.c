/* Complaints: the abuse reporting format, RFC 5965. */
#include "daemon/bounce/outcome.h"
#include "daemon/bounce/recognise.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_recipients(const char *block, const char *name, struct bounce *out)
{
    char *value = mail_field(block, name);
    if (value) {
        char *text = value + strspn(value, " <");
        text[strcspn(text, " >,")] = '\0';
        if (strchr(text, '@'))
            outcome_recipient(out, text);
    }
    free(value);
}

bool arf_recognise(const struct mail *mail, struct bounce *out)
{
    static const char *const names[] = { "Original-Rcpt-To", "Removal-Recipient", "X-HmXmrOriginalRecipient" };
    const struct mail_part *part = mail_part(mail, MAIL_FEEDBACK);
    char *type = part ? mail_field(part->text.data, "Feedback-Type") : NULL;
    /* "not-spam" takes a complaint back: nobody is to be silenced for it. */
    bool complaint = type && strncasecmp(type, "not-spam", 8) != 0;
    if (complaint) {
        out->class = BOUNCE_FEEDBACK;
        outcome_diagnostic(out, type);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            add_recipients(part->text.data, names[i], out);
        if (!out->recipient_count)
            add_recipients(mail->returned.data, "To", out);
    }
    free(type);
    return complaint;
}
