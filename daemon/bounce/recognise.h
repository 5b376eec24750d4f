/* The recognisers: one function a file, one row each in recognisers[] of bounce.c. Pure; any thread after bounce_init().
 *
 * Each looks at MAIL; when it knows what that is, it fills in OUT (zeroed before) and returns true. Else it returns false and leaves OUT alone. */
#ifndef TOCSIN_BOUNCE_RECOGNISE_H
#define TOCSIN_BOUNCE_RECOGNISE_H

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/mail.h"

#include <stdbool.h>

bool arf_recognise(const struct mail *mail, struct bounce *out); /* complaints, RFC 5965 */
bool challenge_recognise(const struct mail *mail, struct bounce *out); /* "prove that you are a person" */
bool dsn_recognise(const struct mail *mail, struct bounce *out); /* RFC 3464 and what resembles it */
bool mdn_recognise(const struct mail *mail, struct bounce *out); /* RFC 8098 */
bool text_recognise(const struct mail *mail, struct bounce *out); /* reports for people only */
bool autoreply_recognise(const struct mail *mail, struct bounce *out); /* RFC 3834, and who came before it */
bool optout_recognise(const struct mail *mail, struct bounce *out);
bool human_recognise(const struct mail *mail, struct bounce *out);

/* What the notice says about being final, for reports whose fields do not: DELAYED, FAILED, or UNSAID. In text.c. */
int text_finality(const struct mail *mail);

/* Is From one of those who write reports? In text.c. */
bool text_from_daemon(const struct mail *mail);

/* Collect OUT->candidates. In candidates.c. */
void candidates_collect(const struct mail *mail, struct bounce *out);

#endif
