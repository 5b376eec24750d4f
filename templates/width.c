#include "templates/width.h"

#include <stdint.h>

/* In the order of the codes. Blocks as a whole where nearly all of one is alike. */
static const struct {
    uint32_t first, last;
    unsigned columns;
} ranges[] = {
    { 0x300, 0x36f, 0 },     { 0x483, 0x489, 0 },     { 0x591, 0x5bd, 0 },     { 0x610, 0x61a, 0 },
    { 0x64b, 0x65f, 0 },     { 0xe31, 0xe31, 0 },     { 0xe34, 0xe3a, 0 },     { 0xe47, 0xe4e, 0 },
    { 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200f, 0 },
    { 0x20d0, 0x20ff, 0 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0x33ff, 2 },   { 0x3400, 0x4dbf, 2 },
    { 0x4e00, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },   { 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },
    { 0xfe20, 0xfe2f, 0 },   { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
    { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
};

static unsigned columns_of(uint32_t code)
{
    if (code < ranges[0].first)
        return 1;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && code >= ranges[i].first; i++)
        if (code <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

unsigned width_of(const char *text, size_t length, size_t *bytes)
{
    unsigned char first = (unsigned char)*text;
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, have = 1;
    uint32_t code = want == 1 ? first : first & (0x7fU >> want);
    for (; have < want && have < length && ((unsigned char)text[have] & 0xc0) == 0x80; have++)
        code = code << 6 | ((unsigned char)text[have] & 0x3fU);
    *bytes = have;
    return have < want ? 1 : columns_of(code);
}
