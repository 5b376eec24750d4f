#include "daemon/contact/mailbox_scan.h"

#include <ctype.h>
#include <string.h>

/* Fewer than RFC 5322 allows in a local part: the others are what sentences put around an address. */
static bool in_local(char byte)
{
    return isalnum((unsigned char)byte) || (byte && strchr("._+-&%", byte));
}

static bool in_domain(char byte)
{
    return isalnum((unsigned char)byte) || byte == '.' || byte == '-' || byte == '_';
}

bool mailbox_scan(struct slice text, size_t *at, struct slice *out)
{
    for (;;) {
        const char *sign = *at < text.length ? memchr(text.text + *at, '@', text.length - *at) : NULL;
        if (!sign)
            return false;
        size_t middle = (size_t)(sign - text.text), begin = middle, end = middle + 1;
        while (begin > *at && in_local(text.text[begin - 1]))
            begin--;
        while (end < text.length && in_domain(text.text[end]))
            end++;
        bool masked = (begin && text.text[begin - 1] == '*') || (end < text.length && text.text[end] == '*');
        size_t next = end;
        while (begin < middle && strchr(".-_", text.text[begin]))
            begin++;
        while (end > middle + 1 && strchr(".-_", text.text[end - 1]))
            end--;
        *at = next;
        if (masked || begin == middle || end == middle + 1)
            continue;
        *out = (struct slice){ text.text + begin, end - begin };
        return true;
    }
}
