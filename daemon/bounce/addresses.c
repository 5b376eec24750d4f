#include "daemon/bounce/addresses.h"

#include <ctype.h>
#include <string.h>

#define LITERAL_MAX 64 /* [IPv6:…] */
#define LOCAL_MAX 256 /* RFC 5321 has 64; token addresses of others are longer */

static bool is_local(unsigned char byte)
{
    return byte >= 0x80 || isalnum(byte) || (byte && strchr("!#$%&*+-/=?^_`{|}~.", byte));
}

static bool is_domain(unsigned char byte)
{
    return byte >= 0x80 || isalnum(byte) || byte == '-' || byte == '.' || byte == '_';
}

/* Where the local part that ends before SIGN begins; a quoted one may hold anything. */
static size_t local_begin(const char *text, size_t from, size_t sign)
{
    size_t begin = sign;
    if (sign - from > LOCAL_MAX)
        from = sign - LOCAL_MAX;
    if (sign > from && text[sign - 1] == '"') {
        for (begin = sign - 1; begin > from; begin--)
            if (text[begin - 1] == '"' && (begin < 2 || text[begin - 2] != '\\'))
                return begin - 1;
        return sign;
    }
    while (begin > from && is_local((unsigned char)text[begin - 1]))
        begin--;
    while (begin < sign && strchr(".=/*&|`~{-", text[begin]))
        begin++;
    return begin;
}

static size_t domain_end(const char *text, size_t length, size_t sign)
{
    size_t end = sign + 1;
    if (end < length && text[end] == '[') { /* an address literal */
        while (end < length && end - sign < LITERAL_MAX && text[end] != ']')
            end++;
        return end < length && text[end] == ']' ? end + 1 : sign + 1;
    }
    while (end < length && is_domain((unsigned char)text[end]))
        end++;
    while (end > sign + 1 && strchr(".-_", text[end - 1]))
        end--;
    return end;
}

bool address_next(const char *text, size_t length, size_t *at, size_t *begin, size_t *end)
{
    size_t from = *at;
    for (size_t i = from; i < length; i++) {
        if (text[i] != '@')
            continue;
        *begin = local_begin(text, from, i);
        *end = domain_end(text, length, i);
        bool bracketed = *begin > 0 && text[*begin - 1] == '<' && *end < length && text[*end] == '>';
        bool dotted = memchr(text + i, '.', *end - i) != NULL;
        if (*begin<i && * end> i + 1 && (dotted || bracketed)) {
            *at = *end;
            return true;
        }
    }
    *at = length;
    return false;
}
