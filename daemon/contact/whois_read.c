#include "daemon/contact/whois_read.h"

#include "daemon/contact/whois_address.h"
#include "daemon/contact/whois_choose.h"
#include "daemon/contact/whois_range.h"
#include "daemon/contact/whois_sentence.h"
#include "daemon/contact/whois_status.h"
#include "daemon/contact/whois_words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define HEADING_MAX 48 /* a line without a colon that is longer is a sentence */
#define HANDLE_MAX 40
#define FIELDS_OF_AN_OBJECT 4 /* so many fields describe something, whatever they are called */

/* A heading, or a key without a value: what stands under it is about the same. */
struct section {
    unsigned words;
    unsigned indent;
    bool open;
    bool flat; /* what is under it need not be indented: a heading that is set off */
    bool used; /* something is under it already */
};

struct reader {
    struct whois_answer answer;
    struct section section;
    struct whois_line line;
    struct whois_story story;
    unsigned last_words, last_indent; /* of the last field: lines that go on with it have no key */
    bool last_open;
    bool object_begun;
    bool substance, named, free;
    size_t fields;
};

static struct whois_network *network(struct reader *reader)
{
    return &reader->answer.networks[reader->answer.network_count - 1];
}

static struct whois_object *object(struct reader *reader)
{
    return &reader->answer.objects[reader->answer.object_count - 1];
}

/* WORD is in lower case. */
static bool contains(struct slice text, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= text.length; i++)
        if ((text.text[i] | ' ') == word[0] && strncasecmp(text.text + i, word, length) == 0)
            return true;
    return false;
}

/* --- addresses --- */

static void mention(struct reader *reader, struct slice text, enum whois_rank rank, unsigned words, bool disguised)
{
    struct whois_answer *answer = &reader->answer;
    if (answer->mention_count == WHOIS_MAX_MENTIONS)
        return;
    answer->mentions[answer->mention_count++] = (struct whois_mention){
        .text = text,
        .rank = rank,
        .words = words,
        .object = (unsigned short)(answer->object_count - 1),
        .network = (unsigned short)(answer->network_count - 1),
        .disguised = disguised,
        .resource = words & WORD_RESOURCE,
    };
    reader->substance = true;
}

static void mention_all(struct reader *reader, struct slice text, enum whois_rank rank, unsigned words)
{
    struct slice found;
    size_t at = 0, count = 0;
    for (; mailbox_scan(text, &at, &found); count++)
        mention(reader, found, rank, words, false);
    if (!count && rank == RANK_FIELD && text.length && text.length < WHOIS_PLAIN_MAX)
        mention(reader, text, rank, words, true);
}

/* A field, or a line under a heading, whose words say whose address stands there. */
static void take_labelled(struct reader *reader, struct slice text, unsigned words)
{
    if ((words & WORD_REGISTRY) && !(words & (WORD_REGISTRAR | WORD_RESELLER)))
        return;
    if (words & WORD_ABUSE) {
        object(reader)->has_abuse_field |= memchr(text.text, '@', text.length) != NULL;
        mention_all(reader, text, RANK_FIELD, words);
    } else if (!(words & WORD_NOTIFY)) {
        mention_all(reader, text, RANK_NOT, words);
    }
}

static void mention_said(void *context, struct slice address)
{
    mention(context, address, RANK_SAID, WORD_ABUSE, false);
}

/* Sentences. ASKED: they stand in no remark, and must ask for reports to be taken for it. */
static void take_sentence(struct reader *reader, struct slice text, bool asked)
{
    whois_story_take(&reader->story, text, asked, mention_said, reader);
}

/* --- facts --- */

static void begin_network(struct reader *reader, struct ip first, struct ip last, struct slice handle)
{
    if (reader->answer.network_count == WHOIS_MAX_NETWORKS)
        return;
    reader->answer.networks[reader->answer.network_count++] =
        (struct whois_network){ .has_range = true, .first = first, .last = last, .handle = handle };
}

/* What stands where something is not told. */
static bool withheld(struct slice value)
{
    static const char *const words[] = { "redacted",   "hidden", "withheld", "not disclosed",  "not available",
                                         "not public", "gdpr",   "privacy",  "data protected", "undisclosed" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (contains(value, words[i]))
            return true;
    return value.length < 2;
}

static void take_range(struct reader *reader, struct slice value, bool again)
{
    struct ip first, last;
    reader->substance = true;
    if ((again && network(reader)->has_range) || !whois_range(value, &first, &last))
        return;
    begin_network(reader, first, last, value);
}

static void take_holder(struct reader *reader, struct slice value, unsigned worth)
{
    struct whois_network *here = network(reader);
    if (reader->section.open && (reader->section.words & (WORD_ROLES & ~(unsigned)WORD_REGISTRANT)))
        return;
    if (worth <= here->holder_worth || memchr(value.text, '@', value.length) || withheld(value))
        return;
    here->holder = value;
    here->holder_worth = worth;
}

static void take_country(struct reader *reader, struct slice value)
{
    bool other = reader->section.open && (reader->section.words & (WORD_ROLES & ~(unsigned)WORD_REGISTRANT));
    if (other || network(reader)->country.length || value.length < 2 ||
        (value.length > 2 && isalnum((unsigned char)value.text[2])) || !isalpha((unsigned char)value.text[0]) ||
        !isalpha((unsigned char)value.text[1]) || strncasecmp(value.text, "zz", 2) == 0)
        return;
    network(reader)->country = (struct slice){ value.text, 2 };
}

static void take_handle(struct slice *place, struct slice value)
{
    if (value.length <= HANDLE_MAX && !memchr(value.text, ' ', value.length) && !withheld(value))
        *place = value;
}

static bool is_organisation_handle(struct slice value)
{
    return value.length > 4 && strncasecmp(value.text, "ORG-", 4) == 0;
}

static void take_fact(struct reader *reader, enum whois_fact fact, struct slice value)
{
    reader->substance |= fact != FACT_NONE && fact != FACT_DOMAIN && fact != FACT_STATUS && fact != FACT_DESCRIPTION;
    switch (fact) {
    case FACT_NONE:
    case FACT_SUBSTANCE:
        break;
    case FACT_DOMAIN:
        reader->named = true;
        break;
    case FACT_STATUS:
        reader->free |= whois_status_is_free(value);
        break;
    case FACT_RANGE:
    case FACT_PREFIX:
        take_range(reader, value, fact == FACT_PREFIX);
        break;
    case FACT_HANDLE:
        take_handle(&network(reader)->handle, value);
        break;
    case FACT_CONTACT_HANDLE:
        take_handle(&object(reader)->handle, value);
        break;
    case FACT_CONTACT_NAME:
        object(reader)->named_abuse |= contains(value, "abuse");
        break;
    case FACT_HOLDER:
        take_holder(reader, value, 3);
        break;
    case FACT_HOLDER_MAYBE:
        if (is_organisation_handle(value))
            take_handle(&object(reader)->handle, value);
        else
            take_holder(reader, value, 2);
        break;
    case FACT_DESCRIPTION:
        take_holder(reader, value, 1);
        break;
    case FACT_COUNTRY:
        take_country(reader, value);
        break;
    case FACT_REFERRAL:
        network(reader)->referral = value;
        break;
    }
}

/* --- lines --- */

static void open_section(struct reader *reader, unsigned words, bool flat)
{
    reader->section = (struct section){ .words = words, .indent = reader->line.indent, .open = true, .flat = flat };
}

/* Is the line under the section? Where it is not, the section ends. */
static bool under_section(struct reader *reader)
{
    struct section *section = &reader->section;
    section->open = section->open && (section->flat || reader->line.indent > section->indent);
    section->used |= section->open;
    return section->open;
}

/* The words that count for a key under a section: a role of its own goes before the section's. */
static unsigned words_under(const struct reader *reader, unsigned words)
{
    unsigned above = reader->section.open ? reader->section.words : 0;
    return words & (WORD_ROLES | WORD_NOTIFY) ? words : words | (above & (WORD_ROLES | WORD_NOTIFY));
}

static bool refers(struct slice key)
{
    return key.length > 2 && tolower((unsigned char)key.text[key.length - 1]) == 'c' &&
           (key.text[key.length - 2] == '-' || key.text[key.length - 2] == '_');
}

static void take_reference(struct reader *reader, struct slice handle, unsigned words)
{
    struct whois_answer *answer = &reader->answer;
    if (answer->reference_count == WHOIS_MAX_REFERENCES || handle.length > HANDLE_MAX ||
        memchr(handle.text, ' ', handle.length))
        return;
    answer->references[answer->reference_count++] = (struct whois_reference){
        .handle = handle, .words = words & WORD_ROLES, .network = (unsigned short)(answer->network_count - 1)
    };
}

/* Do WORDS say whose address stands in the field? */
static bool labelled(unsigned words, bool address)
{
    if (words & WORD_ABUSE)
        return address || words & WORD_MAIL || !(words & (WORD_OTHER | WORD_NAME));
    return address && !(words & (WORD_REMARK | WORD_OTHER)) && words & (WORD_MAIL | WORD_ROLES | WORD_NOTIFY);
}

static void take_words(struct reader *reader, struct slice key, struct slice value)
{
    unsigned words = words_under(reader, whois_words(key));
    bool address = memchr(value.text, '@', value.length) != NULL;
    reader->last_words = words;
    if (refers(key))
        take_reference(reader, value, words);
    if (words & WORD_TEAM)
        object(reader)->team = true;
    if (labelled(words, address))
        take_labelled(reader, value, words);
    else if (words & (WORD_REMARK | WORD_OTHER))
        take_sentence(reader, value, false);
    else if (address)
        take_sentence(reader, reader->line.whole, true);
}

static void read_field(struct reader *reader)
{
    struct slice key = reader->line.key, value = reader->line.value;
    under_section(reader);
    reader->last_open = true;
    reader->last_indent = reader->line.indent;
    reader->last_words = 0;
    reader->object_begun = true;
    if (!value.length) {
        reader->named |= whois_fact(key) == FACT_DOMAIN;
        open_section(reader, words_under(reader, whois_words(key)), false);
        return;
    }
    reader->fields++;
    take_fact(reader, whois_fact(key), value);
    take_words(reader, key, value);
}

static size_t count_words(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.text[i] != ' ' && (!i || text.text[i - 1] == ' ');
    return count;
}

/* ARIN's summary of nested networks: "Hoster Inc. HOSTER-1 (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255". */
static bool is_summary(struct reader *reader, struct slice text)
{
    const char *open = memmem(text.text, text.length, "(NET", 4), *end = text.text + text.length;
    const char *close = open ? memchr(open, ')', (size_t)(end - open)) : NULL;
    struct ip first, last;
    if (!close || !whois_range((struct slice){ close + 1, (size_t)(end - close - 1) }, &first, &last))
        return false;
    begin_network(reader, first, last, (struct slice){ open + 1, (size_t)(close - open - 1) });
    reader->substance = true;
    return true;
}

/* A line without a key: it goes on with the field before, or stands under a heading, or is one, or is a sentence. */
static void read_text(struct reader *reader)
{
    struct slice text = reader->line.value;
    bool address = memchr(text.text, '@', text.length) != NULL;
    bool right_below = reader->section.open && !reader->section.used && reader->object_begun;
    bool continues = reader->last_open && reader->line.indent > reader->last_indent;
    unsigned words;
    reader->object_begun = true;
    if (is_summary(reader, text))
        return;
    if (right_below || under_section(reader)) {
        reader->fields += right_below;
        reader->section.used = !right_below || reader->line.indent > reader->section.indent;
        if (reader->section.words & WORD_REMARK)
            take_sentence(reader, text, false);
        else if (address && reader->section.words & (WORD_ROLES | WORD_MAIL) && count_words(text) <= 4)
            take_labelled(reader, text, reader->section.words);
        else
            take_sentence(reader, text, true);
    } else if (continues && reader->last_words & (WORD_REMARK | WORD_OTHER)) {
        take_sentence(reader, text, false);
    } else if (continues && address && reader->last_words & WORD_ABUSE && count_words(text) <= 2) {
        take_labelled(reader, text, reader->last_words);
    } else if (!address && text.length <= HEADING_MAX && count_words(text) <= 4 &&
               (words = whois_words(text)) & WORD_ROLES) {
        open_section(reader, words, false);
    } else {
        take_sentence(reader, text, true);
    }
}

/* "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@hoster.example'" stands before the network that it is about. */
static void read_comment(struct reader *reader)
{
    struct slice text = reader->line.value, found;
    size_t at = 0;
    if (!memchr(text.text, '@', text.length)) {
        if (text.length && text.length <= HEADING_MAX && text.text[text.length - 1] == ':')
            open_section(reader, whois_words(text), true);
        return;
    }
    if (!contains(text, "abuse contact for"))
        return;
    size_t before = reader->answer.mention_count;
    while (mailbox_scan(text, &at, &found))
        mention(reader, found, RANK_STATED, WORD_ABUSE, false);
    for (; before < reader->answer.mention_count; before++)
        if (reader->answer.network_count < WHOIS_MAX_NETWORKS)
            reader->answer.mentions[before].network++;
}

static void read_blank(struct reader *reader)
{
    if (reader->object_begun && reader->answer.object_count < WHOIS_MAX_OBJECTS)
        reader->answer.objects[reader->answer.object_count++] = (struct whois_object){ 0 };
    reader->section.open = reader->section.open && !(reader->section.flat && reader->section.used);
    reader->object_begun = reader->last_open = false;
    whois_story_forget(&reader->story);
}

static void read_line(struct reader *reader)
{
    switch (reader->line.kind) {
    case WHOIS_BLANK:
        read_blank(reader);
        break;
    case WHOIS_COMMENT:
        read_comment(reader);
        break;
    case WHOIS_FIELD:
        read_field(reader);
        break;
    case WHOIS_HEADING:
        whois_story_forget(&reader->story);
        reader->last_open = false;
        open_section(reader, whois_words(reader->line.key), true);
        break;
    case WHOIS_TEXT:
        read_text(reader);
        break;
    }
}

int whois_read(const char *bytes, size_t length, struct registration *out)
{
    struct reader reader;
    memset(out, 0, sizeof *out);
    memset(&reader, 0, sizeof reader);
    reader.answer.object_count = reader.answer.network_count = 1;
    struct slice rest = { bytes, length };
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        rest = (struct slice){ bytes + 3, length - 3 };
    const struct slice answer = rest;
    while (whois_line_next(&rest, &reader.line))
        read_line(&reader);
    if (reader.free)
        out->status = REGISTRATION_NONE;
    else if (!reader.substance && reader.fields < FIELDS_OF_AN_OBJECT)
        out->status = whois_status(answer);
    if (out->status == REGISTRATION_UNREADABLE && reader.named)
        out->status = REGISTRATION_FOUND;
    if (out->status != REGISTRATION_FOUND)
        return -ENODATA;
    whois_choose(&reader.answer, out);
    return 0;
}
