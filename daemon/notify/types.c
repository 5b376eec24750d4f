#include "daemon/base/mem.h"
#include "daemon/base/spelling.h"
#include "daemon/notify/parts.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The first row that fits counts: NULL fits anything, so the rows with an identifier come first. The words stand after "What was seen:", and must
 * not say who did it and who suffered it: in one feed the target is the scanner, in the next the scanned. To add a type, add a row. */
static const struct {
    const char *type, *identifier, *text;
} types[] = {
    { "scanner", "open-relay", "a check whether a mail server forwards mail for strangers (open relay probe)" },
    { "brute-force", "smtp-auth", "attempts to guess the passwords of mailboxes" },
    { "brute-force", "ssh", "attempts to guess passwords of an SSH server" },
    { NULL, "open-relay", "a mail server that forwards mail for strangers (open relay)" },
    { NULL, "open-resolver", "a name server that answers anyone (open DNS resolver)" },
    { NULL, "dns-open-resolver", "a name server that answers anyone (open DNS resolver)" },
    { NULL, "open-dns", "a name server that answers anyone (open DNS resolver)" },
    { NULL, "open-ntp", "a time server that can be abused to attack others (open NTP)" },
    { NULL, "open-memcached", "a memcached server that anyone can reach" },
    { NULL, "open-mongodb", "a database that anyone can reach (MongoDB)" },
    { NULL, "open-redis", "a database that anyone can reach (Redis)" },
    { NULL, "open-elasticsearch", "a database that anyone can reach (Elasticsearch)" },
    { NULL, "open-rdp", "a remote desktop that anyone can reach (RDP)" },
    { NULL, "open-smb", "a file server that anyone can reach (SMB)" },
    { NULL, "open-telnet", "a Telnet service that anyone can reach" },

    { "application-compromise", NULL, "an application that was broken into" },
    { "backdoor", NULL, "a hidden way in that an attacker left (backdoor)" },
    { "blacklist", NULL, "an entry in a blocklist" },
    { "blocklist", NULL, "an entry in a blocklist" },
    { "botnet drone", NULL, "a computer that is remotely controlled by criminals (botnet)" },
    { "brute-force", NULL, "attempts to guess passwords (brute force)" },
    { "burglary", NULL, "a break-in at the place where the equipment stands" },
    { "c&c", NULL, "a server that controls infected computers (botnet controller)" },
    { "c2-server", NULL, "a server that controls infected computers (botnet controller)" },
    { "c2server", NULL, "a server that controls infected computers (botnet controller)" },
    { "compromised", NULL, "a system that was broken into" },
    { "copyright", NULL, "a report of a copyright infringement" },
    { "data-leak", NULL, "confidential data that others could read (data leak)" },
    { "data-loss", NULL, "a loss of data" },
    { "ddos", NULL, "an attack that overloads a service from many places (DDoS)" },
    { "ddos-amplifier", NULL, "a service that can be abused to overload others (DDoS amplifier)" },
    { "defacement", NULL, "a web site whose pages were changed by an attacker (defacement)" },
    { "dga domain", NULL, "a domain name of the kind that malware generates" },
    { "dga-domain", NULL, "a domain name of the kind that malware generates" },
    { "dos", NULL, "an attack that overloads a service (denial of service)" },
    { "dropzone", NULL, "a place where stolen data is collected" },
    { "exploit", NULL, "an attack on a known weakness of a program" },
    { "fraud", NULL, "an attempt at fraud" },
    { "harmful-speech", NULL, "harmful speech" },
    { "ids-alert", NULL, "an attack that an intrusion detection system saw" },
    { "infected-system", NULL, "a system infected with malware" },
    { "information-disclosure", NULL, "information that others should not be able to read" },
    { "leak", NULL, "confidential data that others could read (data leak)" },
    { "malware", NULL, "malware" },
    { "malware-configuration", NULL, "a place from which malware takes its settings" },
    { "malware-distribution", NULL, "a web site or server that spreads malware" },
    { "masquerade", NULL, "somebody who passes himself off as somebody else" },
    { "misconfiguration", NULL, "a setting that puts a system at risk (misconfiguration)" },
    { "open-relay", NULL, "a mail server that forwards mail for strangers (open relay)" },
    { "outage", NULL, "a service that is not available" },
    { "phishing", NULL, "pages or mails that trick people into giving away passwords (phishing)" },
    { "potentially-unwanted-accessible", NULL, "a service that anyone can reach, perhaps without intent" },
    { "privileged-account-compromise", NULL, "an administrator's account in the hands of others" },
    { "proxy", NULL, "a server that forwards traffic for strangers (open proxy)" },
    { "ransomware", NULL, "malware that locks data and asks for ransom" },
    { "sabotage", NULL, "an act of sabotage" },
    { "scanner", NULL, "a search for weak points (scan)" },
    { "sniffing", NULL, "traffic that others listened to" },
    { "social-engineering", NULL, "an attempt to talk people into giving away secrets" },
    { "spam", NULL, "unsolicited mail (spam)" },
    { "system-compromise", NULL, "a system that was broken into" },
    { "test", NULL, "a test, which means nothing" },
    { "tor", NULL, "a node of the Tor network" },
    { "unauthorised-information-access", NULL, "data that was read without permission" },
    { "unauthorised-information-modification", NULL, "data that was changed without permission" },
    { "unauthorized-command", NULL, "a command that was given without permission" },
    { "unauthorized-login", NULL, "a login without permission" },
    { "unauthorized-use-of-resources", NULL, "a system that is used without permission" },
    { "unprivileged-account-compromise", NULL, "a user's account in the hands of others" },
    { "violence", NULL, "a threat or depiction of violence" },
    { "vulnerable client", NULL, "a program with a known weakness" },
    { "vulnerable service", NULL, "a service with a known weakness" },
    { "vulnerable-system", NULL, "a system with a known weakness" },
    { "weak-crypto", NULL, "encryption that is too weak" },
};

static bool fits(const char *row, const char *value)
{
    return !row || (value && strcasecmp(row, value) == 0);
}

static const char *find_text(const char *type, const char *identifier)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fits(types[i].type, type) && fits(types[i].identifier, identifier))
            return types[i].text;
    return NULL;
}

const char *type_text(const char *type, const char *identifier)
{
    const char *text = find_text(type, identifier);
    return text ? text : "a security incident";
}

bool notify_knows_type(const char *type, const char *identifier)
{
    return find_text(type, identifier) != NULL;
}

char *notify_unknown_type(const struct notification *notification)
{
    struct rows rows;
    struct error error;
    char *unknown = NULL;
    if (rows_read(notification, &rows, &error))
        return NULL;
    for (size_t i = 0; !unknown && i < rows.count; i++) {
        const char *type = json_string_value(json_object_get(rows.items[i], "classification.type"));
        const char *identifier = json_string_value(json_object_get(rows.items[i], "classification.identifier"));
        if (!find_text(type, identifier))
            unknown = mem_string(type ? type : "");
    }
    rows_clear(&rows);
    return unknown;
}

/* "Open Relay", as a person writes it, is "open-relay". */
static void spell(const char *type, char out[static 64])
{
    size_t length = 0;
    for (; length < 63 && type[length]; length++)
        out[length] = strchr(" _", type[length]) ? '-' : (char)tolower((unsigned char)type[length]);
    out[length] = '\0';
}

void notify_suggest_type(const char *type, struct buf *out)
{
    char wrong[64];
    const char *best = NULL;
    spell(type, wrong);
    unsigned least = 2 + (unsigned)strlen(wrong) / 4;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        unsigned distance = types[i].type ? spelling_distance(wrong, types[i].type) : SPELLING_FAR;
        if (distance < least) {
            least = distance;
            best = types[i].type;
        }
    }
    if (best)
        buf_add_format(out, "did you mean `%s`? ", best);
    buf_add_string(out, "Known:");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type && !types[i].identifier)
            buf_add_format(out, " `%s`", types[i].type);
}
