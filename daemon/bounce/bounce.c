#include "daemon/bounce/bounce.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/recognise.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

/* The first that knows the mail wins. Complaints and challenges may be dressed as delivery reports, delivery reports as automatic answers, automatic answers
 * as letters. To add one: a file, a line in recognise.h, a row here. */
static bool (*const recognisers[])(const struct mail *mail, struct bounce *out) = {
    arf_recognise,  challenge_recognise, dsn_recognise,    mdn_recognise,
    text_recognise, autoreply_recognise, optout_recognise, human_recognise,
};

static const char *const names[BOUNCE_CLASS_COUNT] = {
    [BOUNCE_UNKNOWN] = "unknown",   [BOUNCE_HARD] = "hard",           [BOUNCE_SOFT] = "soft",
    [BOUNCE_DELAYED] = "delayed",   [BOUNCE_DELIVERED] = "delivered", [BOUNCE_AUTOREPLY] = "autoreply",
    [BOUNCE_FEEDBACK] = "feedback", [BOUNCE_CHALLENGE] = "challenge", [BOUNCE_OPTOUT] = "optout",
    [BOUNCE_REPLY] = "reply",
};

const char *bounce_class_name(enum bounce_class class)
{
    return (unsigned)class < BOUNCE_CLASS_COUNT ? names[class] : names[BOUNCE_UNKNOWN];
}

void bounce_init(void)
{
    g_mime_init();
}

static void find_from(const struct mail *mail, struct bounce *out)
{
    const char *from = mail_header(mail, "From");
    char address[ADDRESS_MAX_LENGTH + 1];
    size_t at = 0, begin, end;
    while (from && !out->from && address_next(from, strlen(from), &at, &begin, &end))
        if (address_normalise(from + begin, end - begin, address) == 0)
            out->from = mem_string(address);
}

void bounce_parse(const char *data, size_t length, const char *envelope_sender, const char *envelope_recipient,
                  struct bounce *out)
{
    struct mail mail;
    bool known = false;
    *out = (struct bounce){ 0 };
    mail_open(&mail, data, length, envelope_sender, envelope_recipient);
    for (size_t i = 0; !known && i < sizeof recognisers / sizeof *recognisers; i++)
        known = recognisers[i](&mail, out);
    find_from(&mail, out);
    candidates_collect(&mail, out);
    mail_close(&mail);
}

static void free_strings(char **strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

void bounce_clear(struct bounce *bounce)
{
    free_strings(bounce->recipients, bounce->recipient_count);
    free_strings(bounce->candidates, bounce->candidate_count);
    free(bounce->diagnostic);
    free(bounce->from);
    *bounce = (struct bounce){ 0 };
}
