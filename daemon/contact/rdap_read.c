#include "daemon/contact/rdap_read.h"

#include "daemon/base/mem.h"
#include "daemon/contact/designation.h"
#include "daemon/contact/json_tape.h"
#include "daemon/contact/rdap_card.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OBJECTS_MAX 1024 /* entities that are looked at; a true answer has 60 */
#define TEXT_MAX 2048 /* of a handle or URL */
#define REMARK_MAX 8192 /* of what people wrote in one remark */

struct answer {
    struct json_tape tape;
    struct registration *out;
    uint32_t objects[OBJECTS_MAX]; /* the object asked about, then its entities, those nearest to it first */
    size_t count;
};

/* A copy of a string of printable ASCII that is fit for a log line or a URL, or NULL. */
static char *copy_plain(const struct json_tape *tape, uint32_t at)
{
    char scratch[TEXT_MAX];
    size_t length;
    const char *text = json_tape_is(tape, at, '"') ? json_tape_text(tape, at, scratch, sizeof scratch, &length) : NULL;
    if (!text || !length || length >= TEXT_MAX)
        return NULL;
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] == 0x7f)
            return NULL;
    return mem_string_n(text, length);
}

/* The object AT, or those of the list AT, are to be looked at. */
static void queue_objects(struct answer *answer, uint32_t at)
{
    const struct json_tape *tape = &answer->tape;
    if (json_tape_is(tape, at, '{') && answer->count < OBJECTS_MAX)
        answer->objects[answer->count++] = at;
    if (!json_tape_is(tape, at, '['))
        return;
    for (uint32_t item = json_tape_first(tape, at); item != JSON_TAPE_NONE && answer->count < OBJECTS_MAX;
         item = json_tape_after(tape, at, item))
        if (json_tape_is(tape, item, '{'))
            answer->objects[answer->count++] = item;
}

/* Level by level, so that the nearest come first. The network of a reverse domain, and the networks of an entity, have entities of their own. */
static void queue_all(struct answer *answer)
{
    static const char *const holders[] = { "entities", "network", "networks", "autnums" };
    queue_objects(answer, 0);
    for (size_t i = 0; i < answer->count; i++)
        for (size_t j = 0; j < sizeof holders / sizeof holders[0]; j++)
            queue_objects(answer, json_tape_member(&answer->tape, answer->objects[i], holders[j]));
}

static bool contains_abuse(const char *text, size_t length)
{
    for (size_t i = 0; i + 5 <= length; i++)
        if (strncasecmp(text + i, "abuse", 5) == 0)
            return true;
    return false;
}

/* What the object AT is there for: its first role, or "abuse" where that is one of them. */
static void read_role(const struct json_tape *tape, uint32_t at, char role[32])
{
    uint32_t roles = json_tape_member(tape, at, "roles");
    uint32_t end = roles < tape->count ? tape->tokens[roles].next : roles;
    bool first = true;
    strcpy(role, "unknown");
    for (; roles < end; roles++) {
        char scratch[64];
        size_t length;
        if (!json_tape_is(tape, roles, '"'))
            continue;
        const char *text = json_tape_text(tape, roles, scratch, sizeof scratch, &length);
        if (contains_abuse(text, length)) {
            strcpy(role, "abuse");
            return;
        }
        for (size_t i = 0; first && length && length < 32 && i <= length; i++)
            role[i] = (char)(i == length                       ? '\0'
                             : isalnum((unsigned char)text[i]) ? tolower((unsigned char)text[i])
                                                               : ' ');
        first = false;
    }
}

static void read_contacts(struct answer *answer)
{
    struct rdap_card card;
    char role[32];
    for (size_t i = 0; i < answer->count; i++) {
        rdap_card_read(&answer->tape, answer->objects[i], &card);
        if (!card.count)
            continue;
        read_role(&answer->tape, answer->objects[i], role);
        for (size_t j = 0; j < card.count; j++) {
            const struct rdap_address *address = &card.addresses[j];
            if (strcmp(role, "abuse") == 0)
                registration_add_abuse(answer->out, address->text, address->length, role);
            else
                registration_add_contact(answer->out, address->text, address->length, role);
        }
    }
}

/* No entity is there for abuse: is a mailbox? */
static void read_abuse_mailboxes(struct answer *answer)
{
    struct rdap_card card;
    for (size_t i = 0; i < answer->count; i++) {
        rdap_card_read(&answer->tape, answer->objects[i], &card);
        for (size_t j = 0; j < card.count; j++)
            if (card.addresses[j].abuse)
                registration_add_abuse(answer->out, card.addresses[j].text, card.addresses[j].length, "abuse");
    }
}

static void take_designated(void *context, const char *address, size_t length)
{
    registration_add_abuse(context, address, length, "abuse");
}

/* The lines of a remark are one text; its title stands in front like a label. */
static void read_remark(struct answer *answer, uint32_t remark)
{
    const struct json_tape *tape = &answer->tape;
    char text[REMARK_MAX], scratch[1024];
    uint32_t parts[] = { json_tape_member(tape, remark, "title"), json_tape_member(tape, remark, "description") };
    size_t used = 0, length;
    for (size_t i = 0; i < 2; i++) {
        uint32_t end = parts[i] < tape->count ? tape->tokens[parts[i]].next : parts[i];
        for (uint32_t at = parts[i]; at < end; at++) {
            const char *line = json_tape_text(tape, at, scratch, sizeof scratch, &length);
            if (!line || length + 2 > sizeof text - used)
                continue;
            memcpy(text + used, line, length);
            used += length;
            memcpy(text + used, i ? "\n" : ": ", 2);
            used += i ? 1 : 2;
        }
    }
    designation_find(text, used, take_designated, answer->out);
}

static void read_remarks(struct answer *answer)
{
    const struct json_tape *tape = &answer->tape;
    for (size_t i = 0; i < answer->count; i++) {
        uint32_t remarks = json_tape_member(tape, answer->objects[i], "remarks");
        for (uint32_t at = json_tape_first(tape, remarks); at != JSON_TAPE_NONE;
             at = json_tape_after(tape, remarks, at))
            read_remark(answer, at);
    }
}

/* Who holds it: the object itself where that is an entity, else its registrant. A registrant may be a maintainer's name or a person besides:
 * an organisation goes before. */
static void read_holder(struct answer *answer)
{
    struct registration *out = answer->out;
    bool found = false;
    for (size_t i = 0; i < answer->count && !found; i++) {
        char role[32];
        struct rdap_holder holder;
        read_role(&answer->tape, answer->objects[i], role);
        if (i && strcmp(role, "registrant") != 0)
            continue;
        rdap_card_holder(&answer->tape, answer->objects[i], &holder);
        if (holder.organisation && (holder.is_organisation || !out->organisation)) {
            free(out->organisation);
            out->organisation = holder.organisation;
            holder.organisation = NULL;
            found = holder.is_organisation;
        }
        if (*holder.country && !out->country)
            out->country = mem_string(holder.country);
        free(holder.organisation);
    }
}

/* Old answers of RIPE's have a prefix length behind the address. */
static bool read_ip(const struct json_tape *tape, uint32_t at, struct ip *out)
{
    char scratch[64];
    size_t length;
    const char *text = json_tape_is(tape, at, '"') ? json_tape_text(tape, at, scratch, sizeof scratch, &length) : NULL;
    const char *slash = text ? memchr(text, '/', length) : NULL;
    return text && ip_parse(text, slash ? (size_t)(slash - text) : length, out) == 0;
}

/* `cidr0_cidrs`: {"v4prefix": "192.0.2.0", "length": 24}. Where there are several, the first one is true as well. */
static bool read_cidr(const struct json_tape *tape, uint32_t cidr, struct ip *first, struct ip *last)
{
    char scratch[8];
    size_t length;
    unsigned bits = 0;
    const char *text = json_tape_text(tape, json_tape_member(tape, cidr, "length"), scratch, sizeof scratch, &length);
    if (!text || !length || length > 3)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    if (!read_ip(tape, json_tape_member(tape, cidr, "v4prefix"), first) &&
        !read_ip(tape, json_tape_member(tape, cidr, "v6prefix"), first))
        return false;
    unsigned size = first->v6 ? 16 : 4;
    if (bits > size * 8)
        return false;
    *last = *first;
    for (unsigned i = 0; i < size; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        unsigned char host = (unsigned char)(kept >= 8 ? 0 : 0xff >> kept);
        first->bytes[i] &= (unsigned char)~host;
        last->bytes[i] |= host;
    }
    return true;
}

static void read_range(struct answer *answer)
{
    const struct json_tape *tape = &answer->tape;
    struct registration *out = answer->out;
    if (!read_ip(tape, json_tape_member(tape, 0, "startAddress"), &out->first) ||
        !read_ip(tape, json_tape_member(tape, 0, "endAddress"), &out->last)) {
        uint32_t cidrs = json_tape_member(tape, 0, "cidr0_cidrs");
        if (!read_cidr(tape, json_tape_first(tape, cidrs), &out->first, &out->last))
            return;
    }
    out->has_range =
        out->first.v6 == out->last.v6 && memcmp(out->first.bytes, out->last.bytes, sizeof out->first.bytes) <= 0;
}

/* The registry's answer points to the registrar's, which knows more. */
static void read_referral(struct answer *answer)
{
    const struct json_tape *tape = &answer->tape;
    uint32_t links = json_tape_member(tape, 0, "links");
    for (uint32_t at = json_tape_first(tape, links); at != JSON_TAPE_NONE; at = json_tape_after(tape, links, at)) {
        if (!json_tape_is_word(tape, json_tape_member(tape, at, "rel"), "related") ||
            !json_tape_is_word(tape, json_tape_member(tape, at, "type"), "application/rdap+json"))
            continue;
        char *url = copy_plain(tape, json_tape_member(tape, at, "href"));
        if (url && !answer->out->referral &&
            (strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0) && !strchr(url, ' '))
            answer->out->referral = url;
        else
            free(url);
    }
}

/* RFC 9083 §6. What the server will say again when asked again is that there is nothing; the rest it does not say for now. */
static enum registration_status read_error(const struct json_tape *tape, uint32_t code)
{
    char scratch[8];
    size_t length;
    const char *text = json_tape_text(tape, code, scratch, sizeof scratch, &length);
    if (!text || length != 3)
        return REGISTRATION_UNREADABLE;
    static const char *const for_now[] = { "401", "403", "408", "429" };
    for (size_t i = 0; i < sizeof for_now / sizeof for_now[0]; i++)
        if (memcmp(text, for_now[i], 3) == 0)
            return REGISTRATION_REFUSED;
    return *text == '4' ? REGISTRATION_NONE : *text == '5' ? REGISTRATION_REFUSED : REGISTRATION_UNREADABLE;
}

/* `objectClassName` must stand there; where it does not, an object is told by what only objects have. */
static enum registration_status judge(const struct json_tape *tape)
{
    static const char *const signs[] = { "objectClassName", "entities",    "handle",     "ldhName",
                                         "startAddress",    "startAutnum", "vcardArray", "cidr0_cidrs" };
    uint32_t code = json_tape_member(tape, 0, "errorCode");
    if (code != JSON_TAPE_NONE)
        return read_error(tape, code);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (json_tape_member(tape, 0, signs[i]) != JSON_TAPE_NONE)
            return REGISTRATION_FOUND;
    return REGISTRATION_UNREADABLE;
}

static void read_object(struct answer *answer)
{
    const struct json_tape *tape = &answer->tape;
    char country[3];
    queue_all(answer);
    read_contacts(answer);
    if (!answer->out->abuse_count)
        read_abuse_mailboxes(answer);
    if (!answer->out->abuse_count)
        read_remarks(answer);
    if (rdap_country(tape, json_tape_member(tape, 0, "country"), country))
        answer->out->country = mem_string(country);
    answer->out->handle = copy_plain(tape, json_tape_member(tape, 0, "handle"));
    read_holder(answer);
    read_range(answer);
    read_referral(answer);
}

int rdap_read(const char *bytes, size_t length, struct registration *out)
{
    struct answer answer;
    *out = (struct registration){ .status = REGISTRATION_UNREADABLE };
    answer.out = out;
    answer.count = 0;
    if (json_tape_read(&answer.tape, bytes, length) == 0)
        out->status = judge(&answer.tape);
    if (out->status == REGISTRATION_FOUND)
        read_object(&answer);
    json_tape_free(&answer.tape);
    return out->status == REGISTRATION_UNREADABLE ? -EINVAL : 0;
}
