#include "daemon/contact/whois_range.h"

#include <ctype.h>
#include <string.h>

/* The address at the beginning of TEXT, cut off it; trailing octets that LACNIC leaves out are zero. */
static bool address(struct slice *text, struct ip *out)
{
    char full[IP_TEXT_SIZE + 8] = "";
    size_t length = 0, dots = 0;
    *text = slice_trim(*text);
    while (length < text->length && length < IP_TEXT_SIZE &&
           (isxdigit((unsigned char)text->text[length]) || text->text[length] == '.' || text->text[length] == ':')) {
        dots += text->text[length] == '.';
        full[length] = text->text[length];
        length++;
    }
    text->text += length;
    text->length -= length;
    for (; dots < 3 && text->length && text->text[0] == '/' && !memchr(full, ':', length); dots++) {
        full[length++] = '.';
        full[length++] = '0';
    }
    return length && ip_parse(full, length, out) == 0;
}

static bool prefix(struct slice text, struct ip *first, struct ip *last)
{
    unsigned bits = 0, size = first->v6 ? 128 : 32;
    size_t digits = 0;
    while (digits < text.length && digits < 3 && isdigit((unsigned char)text.text[digits]))
        bits = bits * 10 + (unsigned)(text.text[digits++] - '0');
    if (!digits || !bits || bits > size)
        return false;
    *last = *first;
    for (unsigned bit = bits; bit < size; bit++) {
        first->bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
        last->bytes[bit / 8] |= (unsigned char)(0x80u >> bit % 8);
    }
    return true;
}

static bool everything(const struct ip *first, const struct ip *last)
{
    size_t size = first->v6 ? 16 : 4;
    for (size_t i = 0; i < size; i++)
        if (first->bytes[i] != 0 || last->bytes[i] != 0xff)
            return false;
    return true;
}

bool whois_range(struct slice text, struct ip *first, struct ip *last)
{
    memset(first, 0, sizeof *first);
    memset(last, 0, sizeof *last);
    if (!address(&text, first))
        return false;
    text = slice_trim(text);
    char mark = text.length ? text.text[0] : '\0';
    if (mark != '/' && mark != '-')
        return false;
    text.text++;
    text.length--;
    bool read = mark == '/' ? prefix(text, first, last) : address(&text, last);
    return read && first->v6 == last->v6 && memcmp(first->bytes, last->bytes, first->v6 ? 16 : 4) <= 0 &&
           !everything(first, last);
}
