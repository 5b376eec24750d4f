/* JSON (RFC 8259) read in place: one array of tokens, no object for each value. Pure; one tape, one thread.
 *
 * For answers of which little is wanted: an RDAP answer of 8 KB has some 700 values, and we want 20 of them. jansson, which builds them all,
 * takes 105 µs for it, the tape 15. What asks no speed uses jansson.
 *
 * Kinder than jansson, too, where strangers are careless: bytes that are no UTF-8, control characters in strings, numbers of any size and
 * members given twice (the first one counts) do not cost the whole answer. */
#ifndef TOCSIN_CONTACT_JSON_TAPE_H
#define TOCSIN_CONTACT_JSON_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_TAPE_DEPTH_MAX 256 /* brackets within brackets; a true answer has 20 */
#define JSON_TAPE_LENGTH_MAX ((size_t)64 * 1024 * 1024)

#define JSON_TAPE_NONE UINT32_MAX /* no such token; any function takes it, and finds nothing there */

struct json_token {
    uint32_t start; /* of its text; a string's without the quotes */
    uint32_t length;
    uint32_t next; /* the token behind all that is in it */
    char kind; /* `{`, `[`, `"`, or `0` for numbers, true, false and null */
    bool escaped; /* a string with a backslash in it */
};

struct json_tape {
    const char *text; /* the caller's, as long as the tape is used */
    struct json_token *tokens; /* token 0 is the document; a member is its key and then its value */
    uint32_t count, room;
};

/* Read LENGTH bytes at TEXT (a byte order mark is passed by). 0, or -EINVAL where they are no JSON document; json_tape_free() in either case. */
int json_tape_read(struct json_tape *tape, const char *text, size_t length);
void json_tape_free(struct json_tape *tape);

/* To go through an array or object: the first token in it, and the one behind `at` in it; JSON_TAPE_NONE at the end. In an object these are
 * keys, and a key's value is the token behind it. */
uint32_t json_tape_first(const struct json_tape *tape, uint32_t container);
uint32_t json_tape_after(const struct json_tape *tape, uint32_t container, uint32_t at);

/* The value of the member KEY of an object, in any case of its letters. */
uint32_t json_tape_member(const struct json_tape *tape, uint32_t object, const char *key);

bool json_tape_is(const struct json_tape *tape, uint32_t at, char kind);

/* Is it a string that is WORD, in any case of its letters? */
bool json_tape_is_word(const struct json_tape *tape, uint32_t at, const char *word);

/* The text of a string or a number in *LENGTH bytes: in the document's own bytes, or decoded into SCRATCH (of SIZE bytes, and cut there). No NUL
 * behind it; may hold NULs and any bytes. NULL where it is neither. */
const char *json_tape_text(const struct json_tape *tape, uint32_t at, char *scratch, size_t size, size_t *length);

#endif
