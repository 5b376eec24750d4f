#include "daemon/base/address.h"

#include "daemon/base/name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define LOCAL_PART_MAX 64 /* RFC 5321 §4.5.3.1.1 */

/* RFC 5322 §3.2.3. */
static bool is_atext(unsigned char byte)
{
    return byte < 0x80 && (isalnum(byte) || (byte && strchr("!#$%&'*+-/=?^_`{|}~", byte)));
}

static bool is_dot_atom(const char *text, size_t length)
{
    bool after_dot = true;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            if (after_dot)
                return false;
            after_dot = true;
        } else if (is_atext((unsigned char)text[i])) {
            after_dot = false;
        } else {
            return false;
        }
    }
    return length && !after_dot;
}

static void strip(const char **text, size_t *length)
{
    while (*length && isspace((unsigned char)**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length && isspace((unsigned char)(*text)[*length - 1]))
        (*length)--;
}

int address_normalise(const char *text, size_t length, char out[ADDRESS_MAX_LENGTH + 1])
{
    strip(&text, &length);
    if (length > 7 && strncasecmp(text, "mailto:", 7) == 0) {
        text += 7;
        length -= 7;
    }
    if (length > 2 && text[0] == '<' && text[length - 1] == '>') {
        text++;
        length -= 2;
    }
    const char *at = memrchr(text, '@', length);
    if (!at)
        return -EINVAL;
    size_t local = (size_t)(at - text);
    char domain[NAME_MAX_LENGTH + 1];
    if (local > LOCAL_PART_MAX || !is_dot_atom(text, local))
        return -EINVAL;
    if (memchr(at + 1, '[', length - local - 1) || name_normalise(at + 1, length - local - 1, domain))
        return -EINVAL;
    if (local + 1 + strlen(domain) > ADDRESS_MAX_LENGTH)
        return -EINVAL;
    for (size_t i = 0; i < local; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[local] = '@';
    strcpy(out + local + 1, domain);
    return 0;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? at + 1 : "";
}
