/* Runs of plain letters, eight at a time: nearly all of a mail is made of them, and each of its bytes is looked at in several places. Pure. */
#ifndef TOCSIN_BASE_ASCII_H
#define TOCSIN_BASE_ASCII_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ASCII_EACH (~UINT64_C(0) / 255) /* 1 in each of eight bytes */

/* How many bytes of TEXT, from its beginning, are printable ASCII (blank to `~`)? */
static inline size_t ascii_run(const char *text, size_t length)
{
    size_t i = 0;
    for (uint64_t eight; i + sizeof eight <= length; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        /* A byte's highest bit: it is set, or adding 1 sets it (DEL), or subtracting 32 borrows (a control character). */
        if ((eight | (eight + ASCII_EACH) | (eight - ASCII_EACH * ' ')) & ASCII_EACH * 0x80)
            break;
    }
    while (i < length && text[i] >= ' ' && text[i] < 0x7f)
        i++;
    return i;
}

#endif
