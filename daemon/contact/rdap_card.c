#include "daemon/contact/rdap_card.h"

#include "daemon/base/buf.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PREF_NONE 101 /* RFC 6350 §5.3: 1 to 100; one without is preferred least */
#define PREF_URI 102 /* a form's address stands there as often as a mailbox */
#define NAME_MAX_BYTES 200 /* of an organisation, for people */

/* Where a jCard has its mailboxes, and where somebody may have written one besides. */
static const char *const email_properties[] = { "email", "contact-uri" };
static const char *const text_properties[] = { "note", "url", "fn", "org", "title", "role" };

/* What stands instead of a name that is kept back. */
static const char *const placeholders[] = { "redacted",  "query the rdds", "not disclosed", "withheld",
                                            "gdpr mask", "data protected", "not applicable" };

static bool has_text(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= length; i++)
        if (strncasecmp(text + i, word, size) == 0)
            return true;
    return false;
}

static void add(struct rdap_card *card, const char *text, size_t length, unsigned rank, bool abuse)
{
    size_t at = card->count;
    if (at == RDAP_CARD_MAX)
        return;
    for (; at && card->addresses[at - 1].rank > rank; at--)
        card->addresses[at] = card->addresses[at - 1];
    card->addresses[at] = (struct rdap_address){ .text = text, .length = length, .rank = rank, .abuse = abuse };
    card->count++;
}

static int digit(char byte)
{
    return byte >= '0' && byte <= '9' ? byte - '0' : isxdigit((unsigned char)byte) ? (byte | 0x20) - 'a' + 10 : -1;
}

/* RFC 6068: header fields behind a `?`, and percent-encoding. */
static void add_mailto(struct rdap_card *card, const char *text, size_t length, unsigned rank, bool abuse)
{
    const char *question = memchr(text, '?', length);
    char *plain = card->scratch + card->used;
    size_t size = 0;
    if (question)
        length = (size_t)(question - text);
    if (length > sizeof card->scratch - card->used)
        return;
    for (size_t i = 0; i < length; i++) {
        bool encoded = text[i] == '%' && length - i > 2 && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
        plain[size++] = encoded ? (char)(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        i += encoded ? 2 : 0;
    }
    if (memchr(plain, '*', size))
        return;
    card->used += size;
    add(card, plain, size, rank, abuse);
}

/* One value may hold several addresses, or a name and one in angle brackets. Masked ones (`a***@shop.example`) are none. */
static void add_words(struct rdap_card *card, const char *text, size_t length, unsigned rank, bool abuse)
{
    static const char between[] = " \t\r\n,;";
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && (!text[end] || !strchr(between, text[end])))
            end++;
        if (end - i > 7 && strncasecmp(text + i, "mailto:", 7) == 0)
            add_mailto(card, text + i + 7, end - i - 7, rank, abuse);
        else if (memchr(text + i, '@', end - i) && !memchr(text + i, '*', end - i))
            add(card, text + i, end - i, rank, abuse);
        i = end + 1;
    }
}

/* Every string in the value AT, however deep. */
static void add_value(struct rdap_card *card, const struct json_tape *tape, uint32_t at, unsigned rank, bool abuse)
{
    for (uint32_t end = at < tape->count ? tape->tokens[at].next : at; at < end; at++) {
        char *scratch = card->scratch + card->used;
        size_t length;
        if (!json_tape_is(tape, at, '"'))
            continue;
        const char *text = json_tape_text(tape, at, scratch, sizeof card->scratch - card->used, &length);
        if (!memchr(text, '@', length) && !has_text(text, length < 7 ? length : 7, "mailto:"))
            continue;
        if (text == scratch)
            card->used += length;
        add_words(card, text, length, rank, abuse);
    }
}

/* A number, or a string that is one; a list's first. */
static unsigned read_pref(const struct json_tape *tape, uint32_t at)
{
    char scratch[16];
    size_t length;
    if (json_tape_is(tape, at, '['))
        at = json_tape_first(tape, at);
    const char *text = json_tape_text(tape, at, scratch, sizeof scratch, &length);
    unsigned value = 0;
    if (!text || !length || length > 3)
        return PREF_NONE;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return PREF_NONE;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value && value < PREF_NONE ? value : PREF_NONE;
}

/* Is one of the strings in the value AT the word `abuse`? */
static bool says_abuse(const struct json_tape *tape, uint32_t at)
{
    for (uint32_t end = at < tape->count ? tape->tokens[at].next : at; at < end; at++)
        if (json_tape_is_word(tape, at, "abuse"))
            return true;
    return false;
}

static bool listed(const struct json_tape *tape, uint32_t name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (json_tape_is_word(tape, name, names[i]))
            return true;
    return false;
}

/* The properties of the entity AT's jCard: a list of lists. Some servers leave out the word `vcard` in front. */
static uint32_t find_properties(const struct json_tape *tape, uint32_t at)
{
    uint32_t card = json_tape_member(tape, at, "vcardArray"), first = json_tape_first(tape, card);
    if (!json_tape_is(tape, card, '['))
        return JSON_TAPE_NONE;
    if (json_tape_is(tape, first, '"'))
        return json_tape_after(tape, card, first);
    return card;
}

/* The parts of a property: its name, its parameters, and the first of its values. False where it is none. */
struct property {
    uint32_t self, name, parameters, value;
};

static bool read_property(const struct json_tape *tape, uint32_t at, struct property *out)
{
    out->self = at;
    out->name = json_tape_is(tape, at, '[') ? json_tape_first(tape, at) : JSON_TAPE_NONE;
    if (!json_tape_is(tape, out->name, '"'))
        return false;
    out->parameters = json_tape_after(tape, at, out->name);
    uint32_t type = out->parameters == JSON_TAPE_NONE ? JSON_TAPE_NONE : json_tape_after(tape, at, out->parameters);
    out->value = type == JSON_TAPE_NONE ? JSON_TAPE_NONE : json_tape_after(tape, at, type);
    return out->value != JSON_TAPE_NONE;
}

static void add_property(struct rdap_card *card, const struct json_tape *tape, const struct property *property)
{
    unsigned pref = json_tape_is_word(tape, property->name, "contact-uri")
                        ? PREF_URI
                        : read_pref(tape, json_tape_member(tape, property->parameters, "pref"));
    bool abuse = says_abuse(tape, json_tape_member(tape, property->parameters, "type"));
    for (uint32_t at = property->value; at != JSON_TAPE_NONE; at = json_tape_after(tape, property->self, at))
        add_value(card, tape, at, pref * 2 + !abuse, abuse);
}

static void add_properties(struct rdap_card *card, const struct json_tape *tape, uint32_t properties,
                           const char *const *names, size_t count)
{
    struct property property;
    uint32_t at = json_tape_is(tape, properties, '[') ? json_tape_first(tape, properties) : JSON_TAPE_NONE;
    for (; at != JSON_TAPE_NONE; at = json_tape_after(tape, properties, at))
        if (read_property(tape, at, &property) && listed(tape, property.name, names, count))
            add_property(card, tape, &property);
}

/* JSContact: `emails` and `links` are objects of objects. */
static void add_jscontact(struct rdap_card *card, const struct json_tape *tape, uint32_t contact)
{
    uint32_t emails = json_tape_member(tape, contact, "emails"), links = json_tape_member(tape, contact, "links");
    for (uint32_t at = json_tape_first(tape, emails); at != JSON_TAPE_NONE; at = json_tape_after(tape, emails, at)) {
        uint32_t email = json_tape_is(tape, emails, '{') ? at + 1 : at;
        add_value(card, tape, json_tape_member(tape, email, "address"),
                  read_pref(tape, json_tape_member(tape, email, "pref")) * 2 + 1, false);
    }
    for (uint32_t at = json_tape_first(tape, links); at != JSON_TAPE_NONE; at = json_tape_after(tape, links, at))
        if (json_tape_is(tape, links, '{'))
            add_value(card, tape, json_tape_member(tape, at + 1, "uri"), PREF_URI * 2 + 1, false);
}

/* The extension was called `jscard` later on. */
static uint32_t find_jscontact(const struct json_tape *tape, uint32_t at)
{
    uint32_t contact = json_tape_member(tape, at, "jscontact_card");
    return contact != JSON_TAPE_NONE ? contact : json_tape_member(tape, at, "jscard");
}

void rdap_card_read(const struct json_tape *tape, uint32_t at, struct rdap_card *out)
{
    uint32_t properties = find_properties(tape, at);
    out->count = out->used = 0;
    add_properties(out, tape, properties, email_properties, sizeof email_properties / sizeof email_properties[0]);
    add_jscontact(out, tape, find_jscontact(tape, at));
    if (!out->count)
        add_value(out, tape, json_tape_member(tape, at, "contact_URI"), PREF_URI * 2 + 1, false);
    if (!out->count)
        add_properties(out, tape, properties, text_properties, sizeof text_properties / sizeof text_properties[0]);
}

bool rdap_country(const struct json_tape *tape, uint32_t at, char out[3])
{
    char scratch[16];
    size_t length;
    const char *text = json_tape_text(tape, at, scratch, sizeof scratch, &length);
    if (!text || length != 2 || !isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]))
        return false;
    out[0] = (char)toupper((unsigned char)text[0]);
    out[1] = (char)toupper((unsigned char)text[1]);
    out[2] = '\0';
    return true;
}

/* The first string in the value AT as a name for people, or NULL where that is a placeholder. */
static char *read_name(const struct json_tape *tape, uint32_t at)
{
    char scratch[1024];
    size_t length = 0;
    struct buf name = BUF_EMPTY;
    while (json_tape_is(tape, at, '['))
        at = json_tape_first(tape, at);
    const char *text = json_tape_is(tape, at, '"') ? json_tape_text(tape, at, scratch, sizeof scratch, &length) : NULL;
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    if (!length || length > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
        if (has_text(text, length, placeholders[i]))
            return NULL;
    if (text_is_utf8(text, length))
        buf_add(&name, text, length);
    else
        text_add_latin1(&name, text, length);
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f)
            name.data[i] = ' ';
    return buf_take(&name);
}

/* RFC 8605 has the code in the parameter `cc`; without it the last part of an address may be one. */
static void read_address(const struct json_tape *tape, const struct property *property, struct rdap_holder *out)
{
    uint32_t last = JSON_TAPE_NONE;
    if (rdap_country(tape, json_tape_member(tape, property->parameters, "cc"), out->country) ||
        !json_tape_is(tape, property->value, '['))
        return;
    for (uint32_t at = json_tape_first(tape, property->value); at != JSON_TAPE_NONE;
         at = json_tape_after(tape, property->value, at))
        last = at;
    rdap_country(tape, last, out->country);
}

void rdap_card_holder(const struct json_tape *tape, uint32_t at, struct rdap_holder *out)
{
    uint32_t properties = find_properties(tape, at), contact = find_jscontact(tape, at);
    char *person = NULL;
    struct property property;
    *out = (struct rdap_holder){ 0 };
    uint32_t item = json_tape_is(tape, properties, '[') ? json_tape_first(tape, properties) : JSON_TAPE_NONE;
    for (; item != JSON_TAPE_NONE; item = json_tape_after(tape, properties, item)) {
        if (!read_property(tape, item, &property))
            continue;
        if (json_tape_is_word(tape, property.name, "org") && !out->organisation)
            out->organisation = read_name(tape, property.value);
        else if (json_tape_is_word(tape, property.name, "fn") && !person)
            person = read_name(tape, property.value);
        else if (json_tape_is_word(tape, property.name, "kind"))
            out->is_organisation = json_tape_is_word(tape, property.value, "org");
        else if (json_tape_is_word(tape, property.name, "adr") && !*out->country)
            read_address(tape, &property, out);
    }
    out->is_organisation |= out->organisation != NULL;
    if (!person)
        person = read_name(tape, json_tape_member(tape, json_tape_member(tape, contact, "name"), "full"));
    if (!out->organisation) {
        out->organisation = person;
        person = NULL;
    }
    free(person);
}
