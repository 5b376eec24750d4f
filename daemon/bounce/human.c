/* What no machine seems to have written: somebody who answers. Comes last. */
#include "daemon/bounce/recognise.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Headers that a letter to one person does not have. */
static bool is_bulk(const struct mail *mail)
{
    static const char *const names[] = { "List-Id",           "List-Unsubscribe", "List-Post",
                                         "X-Mailman-Version", "X-Campaign",       "Feedback-ID" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mail_header(mail, names[i]))
            return true;
    const char *precedence = mail_header(mail, "Precedence");
    return precedence &&
           (strcasestr(precedence, "bulk") || strcasestr(precedence, "list") || strcasestr(precedence, "junk"));
}

bool human_recognise(const struct mail *mail, struct bounce *out)
{
    bool answers = mail_header(mail, "In-Reply-To") || mail_header(mail, "References");
    if (mail_from_null(mail) || !mail_header(mail, "From") || (is_bulk(mail) && !answers))
        return false;
    out->class = BOUNCE_REPLY;
    return true;
}
