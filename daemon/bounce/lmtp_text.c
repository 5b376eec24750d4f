#include "daemon/bounce/lmtp_text.h"

#include <string.h>

static void keep(const struct lmtp_text *text, struct buf *out, const char *data, size_t length)
{
    size_t room = out->length < text->max ? text->max - out->length : 0;
    buf_add(out, data, length < room ? length : room);
}

/* A byte that ends no run of plain text: the few at line ends. */
static bool step(struct lmtp_text *text, char byte, struct buf *out)
{
    switch (text->state) {
    case LMTP_TEXT_LINE_START:
        if (byte == '.') {
            text->state = LMTP_TEXT_DOT;
            return false;
        }
        break;
    case LMTP_TEXT_DOT:
        if (byte == '\r') {
            text->state = LMTP_TEXT_DOT_CR;
            return false;
        }
        break;
    case LMTP_TEXT_DOT_CR:
        if (byte == '\n')
            return true;
        keep(text, out, "\r", 1);
        break;
    case LMTP_TEXT_CR:
        if (byte == '\n') {
            keep(text, out, &byte, 1);
            text->state = LMTP_TEXT_LINE_START;
            return false;
        }
        break;
    case LMTP_TEXT_INSIDE:
        break;
    }
    keep(text, out, &byte, 1);
    text->state = byte == '\r' ? LMTP_TEXT_CR : LMTP_TEXT_INSIDE;
    return false;
}

size_t lmtp_text_feed(struct lmtp_text *text, const char *data, size_t length, struct buf *out, bool *ended)
{
    size_t taken = 0;
    *ended = false;
    while (taken < length && !*ended) {
        if (text->state != LMTP_TEXT_INSIDE) {
            *ended = step(text, data[taken++], out);
            continue;
        }
        const char *cr = memchr(data + taken, '\r', length - taken);
        size_t run = cr ? (size_t)(cr - (data + taken)) : length - taken;
        keep(text, out, data + taken, run);
        taken += run;
        if (cr)
            *ended = step(text, data[taken++], out);
    }
    return taken;
}
