#include "daemon/base/mail_limit.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Fields that GMime parses as lists of addresses, in the mail's own header and in that of each mail inside it. */
static const char *const address_fields[] = { "From", "Sender", "Reply-To", "To", "Cc", "Bcc" };

static bool begins_address_field(const char *line, size_t length)
{
    for (size_t i = 0; i < sizeof address_fields / sizeof *address_fields; i++) {
        size_t at = strlen(address_fields[i]);
        if (length <= at || strncasecmp(line, address_fields[i], at) != 0)
            continue;
        while (at < length && (line[at] == ' ' || line[at] == '\t'))
            at++;
        if (at < length && line[at] == ':')
            return true;
    }
    return false;
}

/* Where the line at AT ends; END where it is the last. */
static const char *next_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline + 1 : end;
}

size_t mail_limit(const char *data, size_t length)
{
    const char *end = data + length, *next;
    size_t boundaries = 0, addresses = 0;
    bool in_addresses = false;
    for (const char *at = data; at < end; at = next) {
        next = next_line(at, end);
        bool folded = *at == ' ' || *at == '\t';
        in_addresses = (folded && in_addresses) || begins_address_field(at, (size_t)(next - at));
        if (in_addresses)
            addresses += (size_t)(next - at);
        if (next - at > 2 && at[0] == '-' && at[1] == '-')
            boundaries++;
        if (addresses > MAIL_ADDRESSES_MAX || boundaries == MAIL_BOUNDARIES_MAX)
            return (size_t)(at - data);
    }
    return length;
}
