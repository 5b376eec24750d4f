#include "daemon/bounce/charset.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80 || text[i] == 0x1b)
            return false;
    return true;
}

/* ISO-2022-JP is often sent with no charset, or a wrong one; its escape sequences give it away. */
static bool is_iso_2022_jp(const char *text, size_t length)
{
    return memmem(text, length, "\x1b$B", 3) || memmem(text, length, "\x1b$@", 3);
}

static void convert(iconv_t converter, struct buf *out, const char *text, size_t length)
{
    char *in = (char *)text; /* iconv does not write to it */
    while (length) {
        buf_reserve(out, length * 2 + 16);
        char *to = out->data + out->length;
        size_t room = out->capacity - out->length - 1;
        size_t before = room;
        size_t result = iconv(converter, &in, &length, &to, &room);
        out->length += before - room;
        out->data[out->length] = '\0';
        if (result == (size_t)-1 && length && room > 16) { /* a bad sequence, or half of one at the end */
            buf_add_char(out, *in++);
            length--;
            iconv(converter, NULL, NULL, NULL, NULL);
        }
    }
}

void charset_to_utf8(struct buf *out, const char *text, size_t length, const char *charset)
{
    if (is_plain(text, length)) {
        buf_add(out, text, length);
        return;
    }
    if (is_iso_2022_jp(text, length))
        charset = "iso-2022-jp";
    else if (g_utf8_validate(text, (gssize)length, NULL))
        charset = NULL;
    iconv_t converter = charset ? g_mime_iconv_open("UTF-8", charset) : (iconv_t)-1;
    if (converter == (iconv_t)-1) {
        buf_add(out, text, length);
        return;
    }
    convert(converter, out, text, length);
    g_mime_iconv_close(converter);
}
