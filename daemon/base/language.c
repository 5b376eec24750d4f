#include "daemon/base/language.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool language_is_tag(const char *text, size_t length)
{
    size_t part = 0;
    bool good = length > 0 && length < LANGUAGE_SIZE;
    for (size_t i = 0; i < length && good; i++) {
        char lower = (char)(text[i] | 0x20);
        part = text[i] == '-' ? 0 : part + 1;
        good = (part > 0 && part <= 8 && ((lower >= 'a' && lower <= 'z') || (text[i] >= '0' && text[i] <= '9'))) ||
               (text[i] == '-' && i > 0 && text[i - 1] != '-');
    }
    return good && part > 0;
}

/* RFC 5646 §2.1.1: regions in capitals, scripts with a capital first, all else small. */
void language_write(const char *text, size_t length, char out[static LANGUAGE_SIZE])
{
    for (size_t i = 0, end; i < length; i = end + 1) {
        for (end = i; end < length && text[end] != '-';)
            end++;
        for (size_t at = i; at < end; at++) {
            bool capital = i > 0 && (end - i == 2 || (end - i == 4 && at == i));
            out[at] = (char)(capital ? toupper((unsigned char)text[at]) : tolower((unsigned char)text[at]));
        }
        out[end] = '-';
    }
    out[length] = '\0';
}

/* Countries where one language is clear: not Belgium, Canada, Switzerland or India. Each is a country-code domain too, unless the whole world has names
 * under it (`generic`: .co, .io, .me …). To add one, add a row. */
static const struct {
    const char *country, *language;
    bool generic;
} countries[] = {
    { "ar", "es-AR", false }, { "at", "de-AT", false }, { "au", "en-AU", false }, { "bg", "bg", false },
    { "bo", "es-BO", false }, { "br", "pt-BR", false }, { "cl", "es-CL", false }, { "cn", "zh-CN", false },
    { "co", "es-CO", true },  { "cr", "es-CR", false }, { "cu", "es-CU", false }, { "cz", "cs", false },
    { "de", "de", false },    { "dk", "da", false },    { "do", "es-DO", false }, { "ec", "es-EC", false },
    { "ee", "et", false },    { "es", "es", false },    { "fi", "fi", false },    { "fr", "fr", false },
    { "gb", "en-GB", false }, { "gf", "fr", false },    { "gp", "fr", false },    { "gr", "el", false },
    { "gt", "es-GT", false }, { "hn", "es-HN", false }, { "hr", "hr", false },    { "hu", "hu", false },
    { "id", "id", false },    { "ie", "en-IE", false }, { "il", "he", false },    { "ir", "fa", false },
    { "is", "is", false },    { "it", "it", false },    { "jp", "ja", false },    { "kr", "ko", false },
    { "li", "de-LI", false }, { "lt", "lt", false },    { "lv", "lv", false },    { "mc", "fr", false },
    { "me", "sr-ME", true },  { "mq", "fr", false },    { "mx", "es-MX", false }, { "nc", "fr", false },
    { "ni", "es-NI", false }, { "nl", "nl", false },    { "no", "nb", false },    { "nz", "en-NZ", false },
    { "pa", "es-PA", false }, { "pe", "es-PE", false }, { "pf", "fr", false },    { "pl", "pl", false },
    { "pt", "pt", false },    { "py", "es-PY", false }, { "re", "fr", false },    { "ro", "ro", false },
    { "rs", "sr", false },    { "ru", "ru", false },    { "se", "sv", false },    { "si", "sl", false },
    { "sk", "sk", false },    { "sm", "it", false },    { "sv", "es-SV", false }, { "th", "th", false },
    { "tr", "tr", false },    { "tw", "zh-TW", false }, { "ua", "uk", false },    { "uk", "en-GB", false },
    { "us", "en-US", false }, { "uy", "es-UY", false }, { "va", "it", false },    { "ve", "es-VE", false },
    { "vn", "vi", false },
};

/* Country-code domains in other letters, and the regions of one country that have a domain of their own. */
static const struct {
    const char *label, *language;
} labels[] = {
    { "bzh", "fr" },
    { "cat", "ca" },
    { "gal", "gl" },
    { "xn--fiqs8s", "zh-CN" },
    { "xn--fiqz9s", "zh-CN" },
    { "xn--j1amh", "uk" },
    { "xn--kprw13d", "zh-TW" },
    { "xn--p1ai", "ru" },
    { "xn--qxam", "el" },
    { "xn--90ae", "bg" },
    { "xn--90a3ac", "sr" },
};

static const char *find_country(const char *country, bool domain)
{
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (strcasecmp(countries[i].country, country) == 0)
            return domain && countries[i].generic ? NULL : countries[i].language;
    return NULL;
}

const char *language_of_country(const char *country)
{
    return find_country(country, false);
}

const char *language_of_domain(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof labels / sizeof *labels; i++)
        if (strcasecmp(labels[i].label, dot + 1) == 0)
            return labels[i].language;
    return dot ? find_country(dot + 1, true) : NULL;
}

struct order {
    char (*list)[LANGUAGE_SIZE];
    size_t count;
};

static bool is_in(const struct order *order, const char *tag)
{
    size_t i = 0;
    while (i < order->count && strcasecmp(order->list[i], tag) != 0)
        i++;
    return i < order->count;
}

/* Add a tag, and what it is a variety of: all that is left when its last part goes, and that of the rest. */
static void add(struct order *order, const char *text, size_t length)
{
    if (!language_is_tag(text, length))
        return;
    for (;;) {
        char tag[LANGUAGE_SIZE];
        language_write(text, length, tag);
        if (order->count < LANGUAGES_MAX && !is_in(order, tag))
            memcpy(order->list[order->count++], tag, sizeof tag);
        const char *dash = memrchr(text, '-', length);
        if (!dash)
            return;
        length = (size_t)(dash - text);
    }
}

static size_t base_length(const char *tag)
{
    return strcspn(tag, "-");
}

static bool same_base(const char *tag, size_t length, const char *other)
{
    size_t base = base_length(other);
    return length >= base && strncasecmp(tag, other, base) == 0 && (length == base || tag[base] == '-');
}

/* The tags of the list NAMED: those of the language LIKE, or all where that is NULL. */
static void add_named(struct order *order, const char *named, const char *like)
{
    for (const char *at = named; at && *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t");
        if (!like || same_base(at, length, like))
            add(order, at, length);
        at += length;
    }
}

size_t language_order(const struct language_clues *clues, char out[static LANGUAGES_MAX][LANGUAGE_SIZE])
{
    struct order order = { out, 0 };
    if (clues->ordered)
        add(&order, clues->ordered, strlen(clues->ordered));
    const char *guesses[] = { clues->domain ? language_of_domain(clues->domain) : NULL,
                              clues->country ? language_of_country(clues->country) : NULL, clues->usual };
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++)
        if (guesses[i])
            add_named(&order, clues->named, guesses[i]);
    add_named(&order, clues->named, NULL);
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++)
        if (guesses[i])
            add(&order, guesses[i], strlen(guesses[i]));
    if (order.count == LANGUAGES_MAX && !is_in(&order, "en"))
        order.count--;
    add(&order, "en", 2);
    return order.count;
}
