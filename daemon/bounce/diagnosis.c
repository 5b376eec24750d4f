#include "daemon/bounce/diagnosis.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SUBJECT_MAX 7 /* the highest subject that RFC 3463 has: keeps most version numbers out */

#define GENERIC_CODE 554 /* what servers say who pass on what another said: the other's code says more */

/* Read up to three digits; the number of them. */
static size_t read_number(const char *text, int *out)
{
    size_t digits = 0;
    *out = 0;
    while (digits < 3 && isdigit((unsigned char)text[digits]))
        *out = *out * 10 + (text[digits++] - '0');
    return isdigit((unsigned char)text[digits]) ? 0 : digits;
}

/* The length of the enhanced code that TEXT begins with, or 0. An IP address is none, nor is a version such as 4.2.1.7. */
static size_t read_enhanced(const char *text, int code[3])
{
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t digits = read_number(text + at, &code[i]);
        if (!digits || (i < 2 && text[at + digits] != '.'))
            return 0;
        at += digits + (i < 2);
    }
    bool fits = (code[0] == 2 || code[0] == 4 || code[0] == 5) && code[1] <= SUBJECT_MAX;
    bool goes_on = isalnum((unsigned char)text[at]) || (text[at] == '.' && isdigit((unsigned char)text[at + 1]));
    return fits && !goes_on ? at : 0;
}

static size_t read_code(const char *text, int *code)
{
    bool digits = (text[0] == '2' || text[0] == '4' || text[0] == '5') && text[1] >= '0' && text[1] <= '7' &&
                  isdigit((unsigned char)text[2]);
    if (!digits || isalnum((unsigned char)text[3]) || text[3] == '/' || text[3] == '@' ||
        ((text[3] == '.' || text[3] == ',') && isdigit((unsigned char)text[4])))
        return 0;
    *code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    return 3;
}

/* Words after which a number is a reply, in their last letters. */
static bool introduces_code(const char *text, const char *at)
{
    static const char *const words[] = { "error",  "code",     "reply", "said", "smtp", "response",
                                         "status", "returned", "err",   "with", "was" };
    while (at > text && at[-1] == ' ')
        at--;
    if (at == text || strchr("\n\r:;>([\"'#,=-*|{<", at[-1]))
        return true;
    if (at - text >= 3 && memcmp(at - 3, "...", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(at - text) >= length && strncasecmp(at - length, words[i], length) == 0)
            return true;
    }
    return false;
}

static bool begins_token(const char *text, const char *at)
{
    return at == text || !(isalnum((unsigned char)at[-1]) || strchr("._@/$", at[-1]) ||
                           (at[-1] == '-' && at - 1 > text && isalnum((unsigned char)at[-2])));
}

/* "550 5.1.1", "550-5.1.1", "550 #5.1.1", "550 (5.1.1": what stands between the two. */
static const char *skip_between(const char *text)
{
    return text + strspn(text, " -#([\n\r:");
}

int diagnosis_weight(const int code[3])
{
    if (!code[0])
        return 0;
    if (!code[1] && !code[2])
        return 1;
    return !code[2] || (code[1] == 4 && code[2] == 7) ? 2 : 3;
}

static void take_enhanced(struct diagnosis *out, const int enhanced[3], int code)
{
    bool better = diagnosis_weight(enhanced) > diagnosis_weight(out->enhanced);
    if (!better)
        return;
    memcpy(out->enhanced, enhanced, sizeof out->enhanced);
    if (code)
        out->code = code;
}

void diagnosis_read(const char *text, struct diagnosis *out)
{
    *out = (struct diagnosis){ 0 };
    for (const char *at = text; *at;) {
        int code = 0, enhanced[3];
        if (!isdigit((unsigned char)*at) || !begins_token(text, at)) {
            at++;
            continue;
        }
        size_t length = read_enhanced(at, enhanced);
        if (length) {
            take_enhanced(out, enhanced, 0);
            at += length;
            continue;
        }
        length = read_code(at, &code);
        if (!length) {
            at += strspn(at, "0123456789.");
            continue;
        }
        const char *next = skip_between(at + length);
        size_t more = read_enhanced(next, enhanced);
        if (more && enhanced[0] == code / 100)
            take_enhanced(out, enhanced, code);
        if (code >= 400 && (!out->code || (out->code == GENERIC_CODE && !out->enhanced[0])) &&
            (more || introduces_code(text, at)))
            out->code = code;
        at += length;
    }
}

bool diagnosis_enhanced(const char *text, int code[3])
{
    text += strspn(text, " \t");
    if (read_enhanced(text, code))
        return true;
    memset(code, 0, 3 * sizeof *code);
    return false;
}
