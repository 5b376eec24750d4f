/* How many columns text takes on a screen. Pure; asks no locale. */
#ifndef TOCSIN_TEMPLATES_WIDTH_H
#define TOCSIN_TEMPLATES_WIDTH_H

#include <stddef.h>

/* The columns of the character at TEXT (LENGTH bytes of UTF-8, at least one), and its bytes in *BYTES: 0 for what stands on the character before it, 2 for
 * what East Asian scripts and pictures take (UAX #11: wide and full width), else 1. A byte that begins no character is one of its own. */
unsigned width_of(const char *text, size_t length, size_t *bytes);

#endif
