/* Challenges: "click here, and your mail will be delivered". Nobody has read the mail, and nobody will unless we prove that we are a person. Some
 * look like a DSN, so this comes before them. */
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/recognise.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Headers of the systems that send challenges, and what their values hold (NULL: anything). */
static const struct {
    const char *name, *value;
} headers[] = {
    { "From", "@boxbe.com" },       { "From", "@spamarrest.com" },     { "X-TMDA-Confirm-Done", NULL },
    { "X-Delivery-Agent", "TMDA" }, { "X-AskVersion", NULL },          { "X-ASK-Auth", NULL },
    { "X-Qconfirm", NULL },         { "X-Challenge-Response", NULL },  { "X-Spamblocker-Challenge", NULL },
    { "X-Mailblocks", NULL },       { "X-MailInBlack-Version", NULL }, { "X-Bluebottle-Request", NULL },
    { "From", "antispamuol" },      { "From", "AntiSpam UOL" },        { "X-UOL-AntiSpam", NULL },
};

static const char *const phrases[] = {
    "confirm that you are a human",
    "confirm that you are human",
    "confirm you are human",
    "prove that you are human",
    "prove you are human",
    "verify that you are a human",
    "verify that you are human",
    "verify that you are a real person",
    "verify you are a real person",
    "confirm your message",
    "confirm delivery of your message",
    "confirm the delivery of your",
    "please confirm .. email by",
    "requires confirmation of your",
    "requires verification of your",
    "requires that you verify",
    "verify your email address .. message .. delivered",
    "verification .. required .. sender",
    "sender verification required",
    "message .. held .. until .. confirm*",
    "message .. held .. until .. verif*",
    "message .. being held",
    "message .. not be delivered until",
    "protecting myself from .. junk mail",
    "protecting myself from .. spam",
    "to have your message delivered click",
    "click .. link .. to .. deliver your message",
    "click .. link .. to .. release your message",
    "add yourself to .. guest list",
    "not on .. guest list",
    "not yet on .. approved sender*",
    "challenge response",
    "confirmez .. que vous .. humain",
    "pour que votre message soit remis cliquez",
    NULL,
};

bool challenge_recognise(const struct mail *mail, struct bounce *out)
{
    bool found = phrase_any(mail->folded.data, phrases);
    for (size_t i = 0; !found && i < sizeof headers / sizeof *headers; i++) {
        const char *value = mail_header(mail, headers[i].name);
        found = value && (!headers[i].value || strcasestr(value, headers[i].value));
    }
    if (found)
        out->class = BOUNCE_CHALLENGE;
    return found;
}
