#include "daemon/bounce/envelope.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/mail.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 65536 /* bytes that are looked at: what a mail system adds stands at the top */

/* The header of DATA, lines ended by LF. */
static void copy_header(const char *data, size_t length, struct buf *out)
{
    size_t limit = length < HEADER_MAX ? length : HEADER_MAX;
    for (size_t i = 0; i < limit; i++) {
        if (data[i] == '\n' && out->length && out->data[out->length - 1] == '\n')
            return;
        if (data[i] != '\r' && data[i] != '\0')
            buf_add_char(out, data[i]);
    }
}

static char *find_in(const char *text, bool (*ours)(void *context, const char *address), void *context)
{
    size_t at = 0, begin, end, length = strlen(text);
    while (address_next(text, length, &at, &begin, &end)) {
        char *address = mem_string_n(text + begin, end - begin);
        if (ours(context, address))
            return address;
        free(address);
    }
    return NULL;
}

char *envelope_recipient(const char *data, size_t length, bool (*ours)(void *context, const char *address),
                         void *context)
{
    static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To", "To" };
    struct buf header = BUF_EMPTY;
    char *found = NULL;
    copy_header(data, length, &header);
    for (size_t i = 0; header.length && !found && i < sizeof names / sizeof *names; i++) {
        char *value = mail_field(header.data, names[i]);
        if (value)
            found = find_in(value, ours, context);
        free(value);
    }
    buf_free(&header);
    return found;
}
