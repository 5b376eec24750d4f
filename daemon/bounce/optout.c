/* A person asks for silence: "unsubscribe" in the subject, as List-Unsubscribe and our mails' last lines say. The mail's text is not searched: who writes
 * "please stop" may mean the attack. Mail to the opt-out address needs no words; whoever knows that address says so. */
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/recognise.h"

#include <stddef.h>
#include <string.h>

static const char *const requests[] = {
    "unsubscribe*",     "opt out",
    "optout",           "remove me",
    "remove us",        "remove my address",
    "remove my email",  "remove from list",
    "remove from your", "take me off",
    "stop mailing",     "stop emailing",
    "stop sending",     "do not contact",
    "dont contact",     "do not email",
    "abmelden",         "austragen",
    "abbestellen",      "désinscription",
    "désabonner",       "desinscription",
    "me désinscrire",   "darse de baja",
    "dar de baja",      "cancelar suscripci*",
    "cancella*",        "disiscrizione",
    "uitschrijven",     "afmelden",
    "descadastrar",     NULL,
};

static const char *skip_marks(const char *folded)
{
    static const char *const marks[] = { " re ",   " aw ", " fwd ", " fw ",     " sv ",
                                         " antw ", " tr ", " wg ",  " please ", " bitte " };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncmp(folded, marks[i], strlen(marks[i])) == 0)
            return skip_marks(folded + strlen(marks[i]) - 1);
    return folded;
}

/* At the subject's beginning only: "Re: your unsubscribe link is broken" asks for something else. */
bool optout_recognise(const struct mail *mail, struct bounce *out)
{
    struct buf folded = BUF_EMPTY;
    bool found = false;
    phrase_fold(&folded, mail->subject, strnlen(mail->subject, 1000));
    const char *subject = skip_marks(folded.data);
    for (size_t i = 0; !found && requests[i]; i++)
        found = phrase_find(subject, requests[i]) == subject + 1;
    buf_free(&folded);
    if (found)
        out->class = BOUNCE_OPTOUT;
    return found;
}
