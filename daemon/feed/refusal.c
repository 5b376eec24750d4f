/* Files that are no feed in any of our formats, and what to do with them: said once for the file instead of once for each of its lines. */
#include "daemon/feed/format.h"
#include "daemon/feed/json_shape.h"
#include "daemon/feed/mail/mailed.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What a file of a kind begins with. To know one more, add a row. */
static const struct magic {
    const char *bytes;
    size_t length;
    const char *refusal;
} magics[] = {
    { "\x1f\x8b", 2, "it is a gzip inside a gzip: unpack it once (gunzip FILE)" },
    { "BZh", 3, "it is compressed (bzip2): unpack it first (bunzip2 FILE)" },
    { "\xfd"
      "7zXZ",
      5, "it is compressed (xz): unpack it first (unxz FILE)" },
    { "\x28\xb5\x2f\xfd", 4, "it is compressed (zstd): unpack it first (unzstd FILE)" },
    { "PK\x03\x04", 4, "it is a zip archive or an office document: unpack it, or save it as CSV" },
    { "\xd0\xcf\x11\xe0", 4, "it is an office document: save it as CSV" },
    { "%PDF-", 5, "it is a PDF document: convert it to CSV" },
    { "SQLite format 3", 15, "it is a database: export its table as CSV" },
    { "\xff\xfe", 2, "it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)" },
    { "\xfe\xff", 2, "it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8 FILE)" },
};

static const char *by_magic(const struct feed_sample *sample)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (sample->length >= magics[i].length && memcmp(sample->text, magics[i].bytes, magics[i].length) == 0)
            return magics[i].refusal;
    return NULL;
}

/* A NUL here and there is a damaged line, which is refused alone; one in every other line is no text. */
static const char *by_nuls(const struct feed_sample *sample)
{
    size_t at = 0, length, lines = 0, damaged = 0, odd = 0, even = 0;
    const char *line;
    while (feed_sample_line(sample, &at, &line, &length)) {
        lines++;
        damaged += memchr(line, '\0', length) != NULL;
    }
    if (2 * damaged <= lines)
        return NULL;
    for (size_t i = 0; i < sample->length; i++)
        if (!sample->text[i])
            *(i % 2 ? &odd : &even) += 1;
    if (3 * (odd > even ? odd : even) > sample->length)
        return "it is UTF-16: convert it first (iconv -f UTF-16LE -t UTF-8 FILE)";
    return "it is binary, not text";
}

static bool begins(const char *text, size_t length, const char *word)
{
    return length >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static const char *by_markup(const char *text, size_t length)
{
    if (begins(text, length, "<!doctype html") || begins(text, length, "<html"))
        return "it is a web page (HTML): convert its table to CSV, or its list to one domain a line";
    if (memmem(text, length, "stix", 4) || memmem(text, length, "STIX", 4))
        return "it is STIX: convert it to CSV or JSON Lines: one line for each domain, address or URL";
    if (memmem(text, length, "IODEF", 5) || memmem(text, length, "iodef", 5))
        return "it is IODEF: convert it to CSV or JSON Lines: one line for each domain, address or URL";
    return "it is XML: convert it to CSV or JSON Lines: one line for each domain, address or URL";
}

/* Lines of words with nothing between them that could divide columns. Asked only when no format knows the file. */
const char *feed_refusal_of_unknown(const struct feed_sample *sample)
{
    size_t at = 0, length, lines = 0, sentences = 0;
    const char *line;
    while (feed_sample_line(sample, &at, &line, &length)) {
        size_t words = 0, letters = 0, marks = 0;
        for (size_t i = 0; i < length; i++) {
            letters += isalpha((unsigned char)line[i]) || (unsigned char)line[i] >= 0x80;
            words += line[i] == ' ' && i && isalpha((unsigned char)line[i - 1]);
            marks += line[i] == ';' || line[i] == '\t' || line[i] == '|';
        }
        lines += letters > 0;
        sentences += words >= 3 && !marks && 10 * letters > 7 * (length - words);
    }
    if (!lines || 2 * sentences < lines)
        return NULL;
    return "it is prose: make a list of it: one domain, address or URL a line, or CSV with a header";
}

/* An address in brackets begins a list, not a JSON array. */
static bool is_bracketed_address(const char *text, size_t length)
{
    size_t i = 1;
    while (i < length && (isxdigit((unsigned char)text[i]) || text[i] == ':'))
        i++;
    return i > 2 && i < length && text[i] == ']' && memchr(text, ':', i);
}

/* The submitter's own program takes a mail apart: the daemon reads nothing that it need not. */
static const char *by_header(const struct feed_sample *sample)
{
    return mailed_is_mail(sample->text, sample->length)
               ? "it is a mail: `tocsin submit FILE` takes the feeds out of it (`tocsin inspect feed FILE` shows them)"
               : NULL;
}

const char *feed_refusal(const struct feed_sample *sample)
{
    const char *text = sample->text;
    size_t length = sample->length;
    const char *refusal = by_magic(sample);
    if (!refusal)
        refusal = by_nuls(sample);
    if (!refusal)
        refusal = by_header(sample);
    if (refusal)
        return refusal;
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    if (length && *text == '<')
        return by_markup(text, length);
    if (length && (*text == '{' || (*text == '[' && !is_bracketed_address(text, length))))
        return json_refusal(sample);
    return NULL;
}
