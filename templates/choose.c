#include "templates/choose.h"

#include <string.h>
#include <strings.h>

#define NAMES_MAX 6 /* in one chain */

#define BOTNET "botnet-drone"
#define EXPOSED "exposed-service"
#define LEAKED "leaked-credentials"
#define PHISHING "phishing-page"
#define PROBE "open-relay-probe"
#define SITE "compromised-site"

/* The kind of problem that IntelMQ's classification.type and identifier are, as the name of the template for it. The first row that fits counts; NULL fits anything,
 * so the rows with an identifier come first. What is in no row is for TEMPLATE_GENERIC. To add a kind, add rows, and a template. */
static const struct {
    const char *type, *identifier, *group;
} groups[] = {
    { NULL, "open-relay-probe", PROBE },

    { "brute-force", NULL, NULL }, /* who looks for what is exposed, exposes nothing */
    { "exploit", NULL, NULL },
    { "scanner", NULL, NULL },

    { NULL, "open-relay", EXPOSED },
    { NULL, "open-resolver", EXPOSED },
    { NULL, "dns-open-resolver", EXPOSED },
    { NULL, "open-dns", EXPOSED },
    { NULL, "open-ntp", EXPOSED },
    { NULL, "open-memcached", EXPOSED },
    { NULL, "open-mongodb", EXPOSED },
    { NULL, "open-redis", EXPOSED },
    { NULL, "open-elasticsearch", EXPOSED },
    { NULL, "open-rdp", EXPOSED },
    { NULL, "open-smb", EXPOSED },
    { NULL, "open-telnet", EXPOSED },
    { NULL, "exposed-git", EXPOSED },
    { NULL, "exposed-env", EXPOSED },
    { NULL, "exposed-backup", EXPOSED },
    { NULL, "leaked-credentials", LEAKED },
    { NULL, "leaked-password", LEAKED },

    { "application-compromise", NULL, SITE },
    { "backdoor", NULL, SITE },
    { "botnet drone", NULL, BOTNET },
    { "compromised", NULL, SITE },
    { "data-leak", NULL, LEAKED },
    { "ddos-amplifier", NULL, EXPOSED },
    { "defacement", NULL, SITE },
    { "infected-system", NULL, BOTNET },
    { "information-disclosure", NULL, EXPOSED },
    { "leak", NULL, LEAKED },
    { "malware-distribution", NULL, SITE },
    { "phishing", NULL, PHISHING },
    { "potentially-unwanted-accessible", NULL, EXPOSED },
    { "privileged-account-compromise", NULL, LEAKED },
    { "system-compromise", NULL, SITE },
    { "unprivileged-account-compromise", NULL, LEAKED },
};

static bool fits(const char *row, const char *value)
{
    return !row || (value && strcasecmp(row, value) == 0);
}

const char *template_group(const char *type, const char *identifier)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (fits(groups[i].type, type) && fits(groups[i].identifier, identifier))
            return groups[i].group;
    return NULL;
}

bool template_is_asked_for(const char *name)
{
    static const char *const ours[] = { TEMPLATE_GENERIC, TEMPLATE_REMINDER, TEMPLATE_RECEIPT };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], name) == 0)
            return true;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (groups[i].group && strcmp(groups[i].group, name) == 0)
            return true;
    return false;
}

struct chain {
    const char *names[NAMES_MAX];
    size_t count;
};

static void add(struct chain *chain, const char *name)
{
    if (name)
        chain->names[chain->count++] = name;
}

/* What a feed says. It cannot ask for what is no warning. */
static void add_given(struct chain *chain, const char *name)
{
    if (name && strcasecmp(name, TEMPLATE_REMINDER) != 0 && strcasecmp(name, TEMPLATE_RECEIPT) != 0)
        add(chain, name);
}

static struct chain chain_of(const struct template_subject_matter *matter)
{
    struct chain chain = { .count = 0 };
    bool named = matter->name && strcmp(matter->name, TEMPLATE_AUTO) != 0;
    if (matter->reminder)
        add(&chain, matter->reminder);
    if (named) {
        add(&chain, matter->name);
        return chain;
    }
    add_given(&chain, matter->identifier);
    add_given(&chain, matter->type);
    add(&chain, matter->group);
    add(&chain, TEMPLATE_GENERIC);
    return chain;
}

/* "botnet drone" is in botnet-drone.en.txt, and "C2_Server" in c2-server.en.txt. */
static bool is_called(const char *name, const char *wanted)
{
    size_t i = 0;
    for (; name[i] && wanted[i]; i++) {
        char one[] = { wanted[i] == ' ' || wanted[i] == '_' ? '-' : wanted[i], '\0' };
        if (strncasecmp(name + i, one, 1) != 0)
            return false;
    }
    return !name[i] && !wanted[i];
}

/* LANGUAGE NULL: any. */
static int find(const struct template_name *templates, size_t count, const char *name, const char *language)
{
    for (size_t i = 0; i < count; i++)
        if (is_called(templates[i].name, name) && (!language || strcasecmp(templates[i].language, language) == 0))
            return (int)i;
    return -1;
}

static int find_in_chain(const struct template_name *templates, size_t count, const struct chain *chain,
                         const char *language)
{
    int found = -1;
    for (size_t i = 0; i < chain->count && found < 0; i++)
        found = find(templates, count, chain->names[i], language);
    return found;
}

int template_choose(const struct template_name *templates, size_t count, const struct template_subject_matter *matter,
                    const struct language_clues *clues)
{
    const struct chain chain = chain_of(matter);
    char languages[LANGUAGES_MAX][LANGUAGE_SIZE];
    size_t tried = language_order(clues, languages);
    int found = -1;
    for (size_t i = 0; i < tried && found < 0; i++)
        found = find_in_chain(templates, count, &chain, languages[i]);
    return found >= 0 ? found : find_in_chain(templates, count, &chain, NULL);
}
