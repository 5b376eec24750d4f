#include "daemon/notify/parts.h"

#include "daemon/base/ascii.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

void text_value(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        buf_add(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        buf_add_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (value && !json_is_null(value)) {
        char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_add_string(out, dump ? dump : "");
        free(dump);
    }
}

/* The length of the character at TEXT and its CODE; one byte and 0xfffd where it is not valid UTF-8 (RFC 3629 §4). */
static size_t character_read(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)*text;
    size_t want = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    *code = 0xfffd;
    if (!want || want > length)
        return 1;
    uint32_t value = want == 1 ? first : first & (0x7fU >> want);
    for (size_t i = 1; i < want; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | ((unsigned char)text[i] & 0x3fU);
    }
    if (value < least[want] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 1;
    *code = value;
    return want;
}

static bool is_blank(uint32_t code)
{
    return code <= ' ' || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029;
}

/* Could CODE make a line read other than it is written? The marks that turn the direction (UAX #9), and what no font shows. */
static bool is_deceptive(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200e ||
           code == 0x200f || code == 0x061c || code == 0xfeff || code == 0x200b;
}

/* The scheme of a link at TEXT, of those that mail programs make clickable: its length, or 0. */
static size_t link_scheme(const char *text, size_t length)
{
    size_t scheme = 0;
    if (length > 4 && strncasecmp(text, "http", 4) == 0)
        scheme = text[4] == 's' || text[4] == 'S' ? 5 : 4;
    return scheme && length - scheme >= 3 && memcmp(text + scheme, "://", 3) == 0 ? scheme : 0;
}

bool text_is_clean(const char *text, size_t length, size_t limit)
{
    return length <= limit && ascii_run(text, length) == length && !memmem(text, length, "://", 3);
}

void text_clean(struct buf *out, const char *text, size_t length, size_t limit, bool defang)
{
    size_t begin = out->length, one;
    for (size_t i = 0; i < length; i += one) {
        uint32_t code;
        size_t scheme = defang && (text[i] | 0x20) == 'h' ? link_scheme(text + i, length - i) : 0;
        one = character_read(text + i, length - i, &code);
        if (out->length - begin + one > limit) {
            buf_add_string(out, ELLIPSIS);
            return;
        }
        if (scheme) {
            buf_add(out, scheme == 5 ? "hxxps" : "hxxp", scheme);
            one = scheme;
        } else if (is_blank(code)) {
            buf_add(out, " ", 1);
        } else if (code == 0xfffd || is_deceptive(code)) {
            buf_add_string(out, REPLACEMENT);
        } else {
            buf_add(out, text + i, one);
        }
    }
}
