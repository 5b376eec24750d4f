#include "daemon/contact/securitytxt_read.h"

#include "daemon/base/address.h"
#include "daemon/base/buf.h"
#include "daemon/base/language.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 9116 §5.4. A longer line is not looked into. */
#define MAX_LINE 2048

struct span {
    const char *text;
    size_t length;
};

/* Where in a clear-signed message we are (RFC 4880 §7); in an unsigned file, always BEFORE. */
enum part { BEFORE, ARMOR_HEADERS, SIGNED, SIGNATURE, BEHIND };

struct reader {
    struct securitytxt *out;
    size_t line; /* of which it is spoken */
    int64_t now;
    enum part part;
    unsigned contact_fields, expires_fields, language_fields;
    bool fields; /* there was one */
};

static void complain(struct reader *reader, size_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void complain(struct reader *reader, size_t line, const char *format, ...)
{
    struct securitytxt *out = reader->out;
    char text[256];
    va_list args;
    if (out->error_count == SECURITYTXT_MAX_ERRORS)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out->errors = mem_resize(out->errors, out->error_count + 1, sizeof *out->errors);
    out->errors[out->error_count++] = (struct securitytxt_error){ line, mem_string(text) };
}

static struct span trim(struct span span)
{
    while (span.length && (*span.text == ' ' || *span.text == '\t')) {
        span.text++;
        span.length--;
    }
    while (span.length && (span.text[span.length - 1] == ' ' || span.text[span.length - 1] == '\t'))
        span.length--;
    return span;
}

static bool begins(struct span span, const char *prefix)
{
    size_t length = strlen(prefix);
    return span.length >= length && strncasecmp(span.text, prefix, length) == 0;
}

static bool is(struct span span, const char *word)
{
    return span.length == strlen(word) && begins(span, word);
}

static struct span skip(struct span span, size_t bytes)
{
    return (struct span){ span.text + bytes, span.length - bytes };
}

/* The length of the UTF-8 sequence (RFC 3629) at the beginning of SPAN, or 0 where it is none. */
static size_t utf8_length(struct span span)
{
    const unsigned char *byte = (const unsigned char *)span.text;
    size_t length = byte[0] < 0x80   ? 1
                    : byte[0] < 0xc2 ? 0
                    : byte[0] < 0xe0 ? 2
                    : byte[0] < 0xf0 ? 3
                    : byte[0] < 0xf5 ? 4
                                     : 0;
    if (length > span.length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xf0 && byte[1] < 0x90);
    bool outside = (byte[0] == 0xed && byte[1] > 0x9f) || (byte[0] == 0xf4 && byte[1] > 0x8f);
    return overlong || outside ? 0 : length;
}

/* Why SPAN cannot be a line of text, or NULL. */
static const char *odd_bytes(struct span span)
{
    while (span.length) {
        size_t length = utf8_length(span);
        if (!length)
            return "not UTF-8";
        if (length == 1 && (unsigned char)*span.text < ' ' && *span.text != '\t')
            return "a control character";
        span = skip(span, length);
    }
    return NULL;
}

/* ---- Contacts --------------------------------------------------------------------------------------------------------------------------- */

static void add_contact(struct securitytxt *out, const char *value, size_t length, bool mailbox)
{
    for (size_t i = 0; i < out->contact_count; i++)
        if (strlen(out->contacts[i].value) == length && memcmp(out->contacts[i].value, value, length) == 0)
            return;
    if (out->contact_count == SECURITYTXT_MAX_CONTACTS)
        return;
    out->contacts = mem_resize(out->contacts, out->contact_count + 1, sizeof *out->contacts);
    out->contacts[out->contact_count++] = (struct securitytxt_contact){ mem_string_n(value, length), mailbox };
}

static unsigned hex(char digit)
{
    return (unsigned)(isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10);
}

/* SPAN with its %XX undone (RFC 3986 §2.1), cut to SIZE; its length. A NUL that it makes is for address_normalise() to refuse, as is a lone %. */
static size_t percent_decode(struct span span, char *out, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < span.length && length < size; i++) {
        char byte = span.text[i];
        if (byte == '%' && span.length - i > 2 && isxdigit((unsigned char)span.text[i + 1]) &&
            isxdigit((unsigned char)span.text[i + 2])) {
            byte = (char)(hex(span.text[i + 1]) << 4 | hex(span.text[i + 2]));
            i += 2;
        }
        out[length++] = byte;
    }
    return length;
}

static void add_mailbox(struct reader *reader, struct span text)
{
    char decoded[4 * ADDRESS_MAX_LENGTH], address[ADDRESS_MAX_LENGTH + 1];
    size_t length = percent_decode(text, decoded, sizeof decoded);
    if (address_normalise(decoded, length, address) == 0)
        add_contact(reader->out, address, strlen(address), true);
    else
        complain(reader, reader->line, "Contact: not an address that can be written to");
}

/* RFC 6068: the mailboxes, with commas between them, in front of the header fields that a mail program would fill in. A comma that belongs to a mailbox
 * is percent-encoded there. */
static void add_mailto(struct reader *reader, struct span uri)
{
    struct span rest = skip(uri, strlen("mailto:"));
    if (begins(rest, "//")) {
        complain(reader, reader->line, "Contact: mailto:// instead of mailto:");
        rest = skip(rest, 2);
    }
    for (size_t i = 0; i < rest.length; i++)
        if (rest.text[i] == '?' || rest.text[i] == '#')
            rest.length = i;
    do {
        const char *comma = rest.length ? memchr(rest.text, ',', rest.length) : NULL;
        size_t length = comma ? (size_t)(comma - rest.text) : rest.length;
        add_mailbox(reader, (struct span){ rest.text, length });
        rest = skip(rest, length + (comma != NULL));
    } while (rest.length);
}

/* Does it begin with a scheme (RFC 3986 §3.1), and have no blanks? */
static bool is_uri(struct span value)
{
    size_t scheme = 0;
    while (scheme < value.length && (isalnum((unsigned char)value.text[scheme]) || strchr("+-.", value.text[scheme])))
        scheme++;
    if (!scheme || !isalpha((unsigned char)*value.text) || scheme + 1 >= value.length || value.text[scheme] != ':')
        return false;
    for (size_t i = 0; i < value.length; i++)
        if (value.text[i] == ' ' || value.text[i] == '\t' || value.text[i] == 0x7f)
            return false;
    return true;
}

static void check_https(struct reader *reader, const char *field, struct span value)
{
    if (begins(value, "http:"))
        complain(reader, reader->line, "%s: http: where https: has to be", field);
}

static void read_contact(struct reader *reader, const char *field, struct span value)
{
    reader->contact_fields++;
    if (begins(value, "mailto:")) {
        add_mailto(reader, value);
    } else if (is_uri(value)) {
        check_https(reader, field, value);
        add_contact(reader->out, value.text, value.length, false);
    } else {
        complain(reader, reader->line, "Contact: not a URI such as mailto:security@example.com");
        char address[ADDRESS_MAX_LENGTH + 1];
        if (address_normalise(value.text, value.length, address) ==
            0) /* its owner has only forgotten what stands before it */
            add_contact(reader->out, address, strlen(address), true);
    }
}

/* ---- The other fields --------------------------------------------------------------------------------------------------------------------- */

/* Is VALUE as RFC 3339 §5.6 has it? `2026-08-10T14:10:59Z`, or with a fraction, or an offset. */
static bool is_rfc3339(struct span value)
{
    static const char shape[] = "0000-00-00T00:00:00", offset[] = "+00:00";
    size_t i = 0;
    for (; shape[i]; i++)
        if (i >= value.length || (shape[i] == '0' ? !isdigit((unsigned char)value.text[i])
                                                  : toupper((unsigned char)value.text[i]) != shape[i]))
            return false;
    if (i < value.length && value.text[i] == '.')
        for (i++; i < value.length && isdigit((unsigned char)value.text[i]);)
            i++;
    struct span zone = skip(value, i);
    if (is(zone, "Z"))
        return true;
    if (zone.length != strlen(offset) || (*zone.text != '+' && *zone.text != '-'))
        return false;
    for (i = 1; i < zone.length; i++)
        if (offset[i] == '0' ? !isdigit((unsigned char)zone.text[i]) : zone.text[i] != offset[i])
            return false;
    return true;
}

/* Early drafts had RFC 5322's dates, and many files have them still: what is meant is clear, and it is wrong. */
static void read_expires(struct reader *reader, const char *field, struct span value)
{
    struct securitytxt *out = reader->out;
    int64_t time;
    (void)field;
    if (++reader->expires_fields == 2)
        complain(reader, reader->line, "Expires: a second one; there has to be exactly one");
    if (timestamp_parse(value.text, value.length, &time) != 0) {
        complain(reader, reader->line, "Expires: not a time such as 2026-12-31T23:00:00Z");
        return;
    }
    if (!is_rfc3339(value))
        complain(reader, reader->line, "Expires: not written as RFC 3339 has it, such as 2026-12-31T23:00:00Z");
    if (time <= reader->now) {
        out->expired = true;
        complain(reader, reader->line, "Expires: it has passed");
    }
    if (!out->has_expires || time < out->expires)
        out->expires = time;
    out->has_expires = true;
}

static void read_languages(struct reader *reader, const char *field, struct span value)
{
    struct buf tags = BUF_EMPTY;
    unsigned count = 0;
    (void)field;
    if (++reader->language_fields > 1) {
        complain(reader, reader->line, "Preferred-Languages: a second one; there may be one at most");
        return;
    }
    while (value.length && count < LANGUAGES_MAX) {
        const char *comma = memchr(value.text, ',', value.length);
        size_t length = comma ? (size_t)(comma - value.text) : value.length;
        struct span tag = trim((struct span){ value.text, length });
        char written[LANGUAGE_SIZE];
        if (language_is_tag(tag.text, tag.length)) {
            language_write(tag.text, tag.length, written);
            buf_add_format(&tags, "%s%s", count++ ? "," : "", written);
        } else
            complain(reader, reader->line, "Preferred-Languages: not language tags such as `en, pt-BR`");
        value = skip(value, length + (comma != NULL));
    }
    if (count)
        reader->out->languages = buf_take(&tags);
    buf_free(&tags);
}

static bool check_uri(struct reader *reader, const char *field, struct span value)
{
    if (!is_uri(value)) {
        complain(reader, reader->line, "%s: not a URI", field);
        return false;
    }
    check_https(reader, field, value);
    return true;
}

static void read_uri(struct reader *reader, const char *field, struct span value)
{
    check_uri(reader, field, value);
}

static void read_encryption(struct reader *reader, const char *field, struct span value)
{
    if (check_uri(reader, field, value) && !reader->out->encryption)
        reader->out->encryption = mem_string_n(value.text, value.length);
}

static void read_canonical(struct reader *reader, const char *field, struct span value)
{
    if (check_uri(reader, field, value) && !reader->out->canonical)
        reader->out->canonical = mem_string_n(value.text, value.length);
}

/* RFC 9116 §2.5, and what IANA's registry has besides. Other names are extensions, which are to be ignored (§2.4). */
static const struct {
    const char *name;
    void (*read)(struct reader *reader, const char *field, struct span value);
} fields[] = {
    { "Acknowledgments", read_uri },
    { "Canonical", read_canonical },
    { "Contact", read_contact },
    { "CSAF", read_uri },
    { "Encryption", read_encryption },
    { "Expires", read_expires },
    { "Hiring", read_uri },
    { "Policy", read_uri },
    { "Preferred-Languages", read_languages },
};

/* ---- Lines --------------------------------------------------------------------------------------------------------------------------------- */

static bool is_field_name(struct span name)
{
    for (size_t i = 0; i < name.length; i++)
        if (name.text[i] <= ' ' || name.text[i] >= 0x7f)
            return false;
    return name.length > 0;
}

static void read_field(struct reader *reader, struct span line)
{
    const char *colon = memchr(line.text, ':', line.length);
    struct span raw = { line.text, colon ? (size_t)(colon - line.text) : 0 }, name = trim(raw);
    if (!colon || !is_field_name(name)) {
        complain(reader, reader->line, "neither a comment nor a field");
        return;
    }
    struct span rest = skip(line, raw.length + 1), value = trim(rest);
    reader->fields = true;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!is(name, fields[i].name))
            continue;
        if (name.length != raw.length)
            complain(reader, reader->line, "%s: blanks around the field's name", fields[i].name);
        if (rest.length == 0 || *rest.text != ' ')
            complain(reader, reader->line, "%s: no blank behind the colon", fields[i].name);
        fields[i].read(reader, fields[i].name, value);
    }
}

static void read_line(struct reader *reader, struct span line)
{
    struct span text = trim(line);
    const char *odd = odd_bytes(line);
    if (line.length > MAX_LINE)
        complain(reader, reader->line, "longer than %d bytes: not read", MAX_LINE);
    else if (odd)
        complain(reader, reader->line, "%s: the line is not read", odd);
    else if (text.length && *text.text != '#')
        read_field(reader, line);
}

/* A line in what the clear-sign wrapper says of itself; false where it belongs to the text already. */
static bool is_armor_header(struct span text)
{
    static const char *const names[] = { "Hash:", "Charset:", "Comment:", "Version:", "MessageID:" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(text, names[i]))
            return true;
    return false;
}

/* Of a line of a signed message, what belongs to the text goes to read_line(). */
static void read_wrapped(struct reader *reader, struct span line)
{
    struct span text = trim(line);
    switch (reader->part) {
    case BEFORE:
        if (!is(text, "-----BEGIN PGP SIGNED MESSAGE-----"))
            break;
        if (reader->fields)
            complain(reader, reader->line, "there are fields before the signed text");
        reader->part = ARMOR_HEADERS;
        return;
    case ARMOR_HEADERS:
        if (is_armor_header(text))
            return;
        reader->part = SIGNED;
        if (!text.length)
            return;
        complain(reader, reader->line, "no empty line behind the headers of the signed text");
        break;
    case SIGNED:
        if (is(text, "-----BEGIN PGP SIGNATURE-----")) {
            reader->part = SIGNATURE;
            return;
        }
        break;
    case SIGNATURE:
        if (is(text, "-----END PGP SIGNATURE-----"))
            reader->part = BEHIND;
        return;
    case BEHIND:
        if (text.length)
            complain(reader, reader->line, "there is something behind the signature: not read");
        return;
    }
    if (reader->part == SIGNED && begins(line, "- "))
        line = skip(line, 2);
    read_line(reader, line);
}

/* The next line of *REST, without its end (CRLF, LF, or an old Macintosh's CR). */
static struct span take_line(struct span *rest)
{
    size_t length = 0;
    while (length < rest->length && rest->text[length] != '\n' && rest->text[length] != '\r')
        length++;
    struct span line = { rest->text, length };
    bool both = rest->length - length > 1 && rest->text[length] == '\r' && rest->text[length + 1] == '\n';
    *rest = skip(*rest, length + (length < rest->length) + both);
    return line;
}

/* A web server that has no such file often answers with a page. What begins with a tag is one, whatever its name. */
static bool is_markup(struct span file)
{
    static const char *const tags[] = { "<!doctype", "<html", "<head", "<body" };
    bool first = true;
    while (file.length) {
        struct span text = trim(take_line(&file));
        if (!text.length)
            continue;
        if (first && *text.text == '<')
            return true;
        first = false;
        for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
            if (begins(text, tags[i]))
                return true;
    }
    return false;
}

static void check_whole(struct reader *reader)
{
    if (reader->part == ARMOR_HEADERS || reader->part == SIGNED)
        complain(reader, 0, "the signed text has no signature: it may be cut");
    else if (reader->part == SIGNATURE)
        complain(reader, 0, "the signature has no end: it may be cut");
    if (!reader->contact_fields)
        complain(reader, 0, "no Contact; there has to be one at least");
    if (!reader->expires_fields)
        complain(reader, 0, "no Expires; there has to be exactly one");
}

void securitytxt_read(const char *data, size_t length, int64_t now, struct securitytxt *out)
{
    *out = (struct securitytxt){ 0 };
    struct reader reader = { .out = out, .now = now };
    struct span rest = { data, length < SECURITYTXT_MAX_SIZE ? length : SECURITYTXT_MAX_SIZE };
    if (begins(rest, "\xef\xbb\xbf"))
        rest = skip(rest, 3);
    if (is_markup(rest)) {
        complain(&reader, 0, "a web page, not a security.txt");
        return;
    }
    if (rest.length && memchr(rest.text, '\0', rest.length)) {
        complain(&reader, 0, "not a text");
        return;
    }
    while (rest.length) {
        reader.line++;
        read_wrapped(&reader, take_line(&rest));
    }
    if (length > SECURITYTXT_MAX_SIZE)
        complain(&reader, 0, "larger than %zu bytes: the rest is not read", SECURITYTXT_MAX_SIZE);
    check_whole(&reader);
    out->valid = out->error_count == 0;
}

void securitytxt_clear(struct securitytxt *file)
{
    for (size_t i = 0; i < file->contact_count; i++)
        free(file->contacts[i].value);
    for (size_t i = 0; i < file->error_count; i++)
        free(file->errors[i].text);
    free(file->contacts);
    free(file->errors);
    free(file->languages);
    free(file->encryption);
    free(file->canonical);
    *file = (struct securitytxt){ 0 };
}
