#include "daemon/contact/whois_choose.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/contact/whois_address.h"
#include "daemon/contact/whois_words.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PEOPLE_MAX 200 /* a name for people: more is an essay */

static bool within(const struct whois_network *inner, const struct whois_network *outer)
{
    size_t size = inner->first.v6 ? 16 : 4;
    return !outer->has_range || (inner->has_range && inner->first.v6 == outer->first.v6 &&
                                 memcmp(inner->first.bytes, outer->first.bytes, size) >= 0 &&
                                 memcmp(inner->last.bytes, outer->last.bytes, size) <= 0);
}

static const struct whois_network *narrowest(const struct whois_answer *answer)
{
    const struct whois_network *best = &answer->networks[0];
    for (size_t i = 1; i < answer->network_count; i++)
        if (answer->networks[i].has_range && within(&answer->networks[i], best))
            best = &answer->networks[i];
    return best;
}

/* An address after another: what the mention became is handed on, normalised there. */
static void add(struct registration *out, const struct whois_mention *mention, bool abuse, const char *role)
{
    char plain[WHOIS_PLAIN_MAX];
    struct slice text = mention->disguised ? whois_address_plain(mention->text, plain) : mention->text;
    if (abuse)
        registration_add_abuse(out, text.text, text.length, role);
    else
        registration_add_contact(out, text.text, text.length, role);
}

/* Does a reference lead to MENTION's object? Its words become the mention's, and an `abuse-c` ranks it as a field does. */
static void follow(const struct whois_answer *answer, struct whois_mention *mention)
{
    const struct whois_object *object = &answer->objects[mention->object];
    if (mention->rank != RANK_NOT)
        return;
    for (size_t i = 0; object->handle.length && i < answer->reference_count; i++) {
        const struct whois_reference *reference = &answer->references[i];
        if (!slice_equal(reference->handle, object->handle))
            continue;
        mention->words |= reference->words;
        if (!(reference->words & WORD_ABUSE) || object->has_abuse_field)
            continue;
        mention->rank = RANK_FIELD;
        mention->network = reference->network;
        return;
    }
    if (!object->has_abuse_field && (object->named_abuse || object->team))
        mention->rank = RANK_TEAM;
}

/* "Security incidents: cert@cert.example": a nation's team stands in sentences for everyone, and can act for no single host. */
static bool national_team(struct slice text)
{
    const char *at = memrchr(text.text, '@', text.length);
    char domain[NAME_MAX_LENGTH + 1];
    if (!at || name_normalise(at + 1, text.length - (size_t)(at + 1 - text.text), domain))
        return false;
    size_t label = strcspn(domain, ".");
    const char *registrable = name_registrable(domain);
    return registrable == domain && label >= 4 &&
           (strncmp(domain, "cert", 4) == 0 || strncmp(domain, "csirt", 5) == 0 ||
            strncmp(domain + label - 4, "cert", 4) == 0);
}

static bool telling(const struct whois_answer *answer, const struct whois_mention *mention)
{
    return answer->network_count > 1 && mention->text.length > 6 && strncasecmp(mention->text.text, "abuse", 5) == 0 &&
           !(mention->words & (WORD_REGISTRAR | WORD_REGISTRY));
}

static void judge(const struct whois_answer *answer, struct whois_mention *mention)
{
    if (mention->network >= answer->network_count) /* stated of one that did not come */
        mention->network = (unsigned short)(answer->network_count - 1);
    follow(answer, mention);
    if (mention->rank == RANK_SAID && national_team(mention->text))
        mention->rank = RANK_NOT;
    if (mention->rank == RANK_NOT && telling(answer, mention))
        mention->rank = RANK_TELLING;
}

static void add_network(const struct whois_answer *answer, enum whois_rank rank, size_t network,
                        struct registration *out)
{
    for (int resource = 1; resource >= 0; resource--) {
        for (size_t i = 0; i < answer->mention_count; i++) {
            const struct whois_mention *mention = &answer->mentions[i];
            if (mention->rank == rank && mention->network == network && mention->resource == resource)
                add(out, mention, true, "abuse");
        }
    }
}

/* The narrowest network that has somebody of RANK, and any other as wide. */
static void add_rank(const struct whois_answer *answer, enum whois_rank rank, struct registration *out)
{
    bool tried[WHOIS_MAX_NETWORKS] = { false };
    const struct whois_network *found = NULL;
    for (size_t round = 0; round < answer->network_count; round++) {
        size_t best = answer->network_count;
        for (size_t i = 0; i < answer->network_count; i++)
            if (!tried[i] && (best == answer->network_count || within(&answer->networks[i], &answer->networks[best])))
                best = i;
        if (found && !within(&answer->networks[best], found))
            return;
        tried[best] = true;
        add_network(answer, rank, best, out);
        if (out->abuse_count)
            found = &answer->networks[best];
    }
}

/* VALUE for people, or NULL where it is none. */
static char *people(struct slice value)
{
    struct buf out = BUF_EMPTY;
    if (!value.length)
        return NULL;
    if (value.length > PEOPLE_MAX)
        value.length = PEOPLE_MAX;
    while (value.length && ((unsigned char)value.text[value.length - 1] & 0xc0) == 0x80 &&
           !text_is_utf8(value.text, value.length))
        value.length--;
    if (text_is_utf8(value.text, value.length))
        buf_add(&out, value.text, value.length);
    else
        text_add_latin1(&out, value.text, value.length);
    for (size_t i = 0; i < out.length; i++)
        if ((unsigned char)out.data[i] < ' ' || out.data[i] == 0x7f)
            out.data[i] = ' ';
    return buf_take(&out);
}

/* `whois://whois.registrar.example:43`, `whois.registrar.example`. */
static char *referral(struct slice value)
{
    char name[NAME_MAX_LENGTH + 1];
    if (value.length > 8 && strncasecmp(value.text, "whois://", 8) == 0) {
        value.text += 8;
        value.length -= 8;
    }
    size_t length = 0;
    while (length < value.length && !isspace((unsigned char)value.text[length]) && value.text[length] != '/' &&
           value.text[length] != ':')
        length++;
    if (length < value.length && value.text[length] == ':' && length + 1 < value.length &&
        value.text[length + 1] == '/')
        return NULL; /* another protocol */
    return name_normalise(value.text, length, name) == 0 ? mem_string(name) : NULL;
}

static void fill(const struct whois_answer *answer, struct registration *out)
{
    const struct whois_network *best = narrowest(answer);
    struct slice handle = best->handle, holder = best->holder, country = best->country, refer = best->referral;
    for (size_t i = answer->network_count; i-- > 0;) {
        const struct whois_network *other = &answer->networks[i];
        handle = handle.length ? handle : other->handle;
        holder = holder.length ? holder : other->holder;
        country = country.length ? country : other->country;
        refer = refer.length ? refer : other->referral;
    }
    out->has_range = best->has_range;
    out->first = best->first;
    out->last = best->last;
    out->handle = people(handle);
    out->organisation = people(holder);
    out->country = people(country);
    for (char *c = out->country; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    out->referral = referral(refer);
}

void whois_choose(struct whois_answer *answer, struct registration *out)
{
    fill(answer, out);
    for (size_t i = 0; i < answer->mention_count; i++)
        judge(answer, &answer->mentions[i]);
    for (enum whois_rank rank = RANK_STATED; rank < RANK_NOT && !out->abuse_count; rank++)
        add_rank(answer, rank, out);
    for (size_t i = 0; i < answer->mention_count; i++) {
        const struct whois_mention *mention = &answer->mentions[i];
        add(out, mention, false, mention->rank == RANK_NOT ? whois_role(mention->words) : "abuse");
    }
}
