/* Where our token may stand in what came back, the surest place first: whoever sent it back decided none of the envelope, and all of the text. */
#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/recognise.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CANDIDATES_MAX 64
#define CANDIDATE_LENGTH_MAX 320
#define SCAN_MAX 262144 /* bytes of one header, and of the raw mail in the end, that are searched */

static void add(struct bounce *out, const char *text, size_t length)
{
    if (!length || length > CANDIDATE_LENGTH_MAX || out->candidate_count == CANDIDATES_MAX)
        return;
    for (size_t i = 0; i < out->candidate_count; i++)
        if (strlen(out->candidates[i]) == length && strncasecmp(out->candidates[i], text, length) == 0)
            return;
    if (!out->candidates)
        out->candidates = mem_zero(CANDIDATES_MAX, sizeof *out->candidates);
    out->candidates[out->candidate_count++] = mem_string_n(text, length);
}

static void add_addresses(struct bounce *out, const char *text)
{
    size_t at = 0, begin, end, length = text ? strnlen(text, SCAN_MAX) : 0;
    while (text && out->candidate_count < CANDIDATES_MAX && address_next(text, length, &at, &begin, &end))
        add(out, text + begin, end - begin);
}

static void add_returned(const struct mail *mail, struct bounce *out, const char *name)
{
    char *value = mail_field(mail->returned.data, name);
    add_addresses(out, value);
    free(value);
}

/* A letter of a token's alphabet, in either case. */
static bool is_token_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
}

/* Last: anything in the raw mail that looks like an address with a token. Lines may be quoted or broken, parts encoded: this finds what it finds. */
static void scan_raw(const struct mail *mail, struct bounce *out)
{
    const char *text = mail->raw, *limit = mail->raw + (mail->raw_length < SCAN_MAX ? mail->raw_length : SCAN_MAX);
    const char *plus;
    while (text < limit && (plus = memchr(text, '+', (size_t)(limit - text)))) {
        const char *end = plus + 1;
        while (end < limit && is_token_letter(*end))
            end++;
        if (end - plus > 20 && end < limit && *end == '@') {
            size_t from = (size_t)(plus - mail->raw), at = from > 64 ? from - 64 : 0, begin, stop;
            while (address_next(mail->raw, (size_t)(limit - mail->raw), &at, &begin, &stop))
                if (stop > from) {
                    add(out, mail->raw + begin, stop - begin);
                    break;
                }
        }
        text = end;
    }
}

void candidates_collect(const struct mail *mail, struct bounce *out)
{
    static const char *const first[] = { "Delivered-To", "X-Original-To", "Envelope-To", "To" };
    static const char *const returned[] = { "Return-Path", "From", "Message-ID" };
    static const char *const last[] = { "References", "In-Reply-To" };
    if (mail->envelope_recipient)
        add(out, mail->envelope_recipient, strlen(mail->envelope_recipient));
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        add_addresses(out, mail_header(mail, first[i]));
    for (size_t i = 0; i < sizeof returned / sizeof *returned; i++)
        add_returned(mail, out, returned[i]);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        add_addresses(out, mail_header(mail, last[i]));
    scan_raw(mail, out);
}
