#include "daemon/feed/type.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define WORD_SIZE 64

/* What others call IntelMQ's types: in lower case, `-` between words. Sorted. */
static const struct alias {
    const char *name, *type;
} aliases[] = {
    { "accessible", "potentially-unwanted-accessible" },
    { "accessible-service", "potentially-unwanted-accessible" },
    { "amplification", "ddos-amplifier" },
    { "amplifier", "ddos-amplifier" },
    { "black-list", "blacklist" },
    { "blacklisted", "blacklist" },
    { "block-list", "blacklist" },
    { "blocklist", "blacklist" },
    { "blocklisted", "blacklist" },
    { "bot", "infected-system" },
    { "bot-infection", "infected-system" },
    { "botnet", "infected-system" },
    { "botnet-c2", "c2-server" },
    { "botnet-cc", "c2-server" },
    { "botnet-drone", "infected-system" },
    { "botnet-infection", "infected-system" },
    { "botnet-member", "infected-system" },
    { "bots", "infected-system" },
    { "brute-force-attack", "brute-force" },
    { "brute-forcing", "brute-force" },
    { "bruteforce", "brute-force" },
    { "bruteforce-attack", "brute-force" },
    { "bruteforcing", "brute-force" },
    { "c-and-c", "c2-server" },
    { "c-c", "c2-server" },
    { "c2", "c2-server" },
    { "c2-domain", "c2-server" },
    { "c2-ip", "c2-server" },
    { "c2server", "c2-server" },
    { "cc", "c2-server" },
    { "cnc", "c2-server" },
    { "command-and-control", "c2-server" },
    { "command-and-control-server", "c2-server" },
    { "command-control", "c2-server" },
    { "compromise", "system-compromise" },
    { "compromised", "system-compromise" },
    { "compromised-host", "infected-system" },
    { "compromised-server", "system-compromise" },
    { "compromised-system", "system-compromise" },
    { "compromised-web-site", "system-compromise" },
    { "compromised-website", "system-compromise" },
    { "copyright-infringement", "copyright" },
    { "credential-leak", "data-leak" },
    { "data-breach", "data-leak" },
    { "data-exposure", "information-disclosure" },
    { "data-leakage", "data-leak" },
    { "dataleak", "data-leak" },
    { "ddos-amplification", "ddos-amplifier" },
    { "ddos-attack", "ddos" },
    { "ddos-bot", "ddos" },
    { "ddos-source", "ddos" },
    { "defaced", "unauthorised-information-modification" },
    { "defacement", "unauthorised-information-modification" },
    { "denial-of-service", "dos" },
    { "dga", "dga-domain" },
    { "distributed-denial-of-service", "ddos" },
    { "drone", "infected-system" },
    { "drones", "infected-system" },
    { "exploit-attempt", "exploit" },
    { "exploitation", "exploit" },
    { "exploits", "exploit" },
    { "exposed", "potentially-unwanted-accessible" },
    { "exposed-data", "information-disclosure" },
    { "exposed-file", "information-disclosure" },
    { "exposed-files", "information-disclosure" },
    { "exposed-service", "potentially-unwanted-accessible" },
    { "hacked", "system-compromise" },
    { "hacked-server", "system-compromise" },
    { "hacked-website", "system-compromise" },
    { "ids", "ids-alert" },
    { "infected", "infected-system" },
    { "infected-host", "infected-system" },
    { "infected-ip", "infected-system" },
    { "infected-machine", "infected-system" },
    { "infection", "infected-system" },
    { "intrusion", "system-compromise" },
    { "leak", "data-leak" },
    { "leaked", "data-leak" },
    { "leaked-credentials", "data-leak" },
    { "login-attack", "brute-force" },
    { "login-attempts", "brute-force" },
    { "malurl", "malware-distribution" },
    { "malware-config", "malware-configuration" },
    { "malware-delivery", "malware-distribution" },
    { "malware-distribution-site", "malware-distribution" },
    { "malware-download", "malware-distribution" },
    { "malware-hosting", "malware-distribution" },
    { "malware-infection", "infected-system" },
    { "malware-site", "malware-distribution" },
    { "malware-url", "malware-distribution" },
    { "malwareurl", "malware-distribution" },
    { "misconfigured", "misconfiguration" },
    { "network-scan", "scanner" },
    { "open-port", "potentially-unwanted-accessible" },
    { "open-proxy", "proxy" },
    { "open-service", "potentially-unwanted-accessible" },
    { "password-guessing", "brute-force" },
    { "phish", "phishing" },
    { "phishing-domain", "phishing" },
    { "phishing-page", "phishing" },
    { "phishing-site", "phishing" },
    { "phishing-url", "phishing" },
    { "phishing-website", "phishing" },
    { "port-scan", "scanner" },
    { "portscan", "scanner" },
    { "probe", "scanner" },
    { "probing", "scanner" },
    { "proxies", "proxy" },
    { "ransomware", "infected-system" },
    { "scam", "social-engineering" },
    { "scan", "scanner" },
    { "scanners", "scanner" },
    { "scanning", "scanner" },
    { "scanning-host", "scanner" },
    { "scans", "scanner" },
    { "spam-sender", "spam" },
    { "spam-source", "spam" },
    { "spammer", "spam" },
    { "spamming", "spam" },
    { "ssh-bruteforce", "brute-force" },
    { "tor-exit", "tor" },
    { "tor-exit-node", "tor" },
    { "tor-node", "tor" },
    { "unauthorized-information-access", "unauthorised-information-access" },
    { "unauthorized-information-modification", "unauthorised-information-modification" },
    { "unknown", "undetermined" },
    { "unsolicited-mail", "spam" },
    { "vulnerability", "vulnerable-system" },
    { "vulnerable", "vulnerable-system" },
    { "vulnerable-client", "vulnerable-system" },
    { "vulnerable-device", "vulnerable-system" },
    { "vulnerable-host", "vulnerable-system" },
    { "vulnerable-server", "vulnerable-system" },
    { "vulnerable-service", "vulnerable-system" },
    { "vulnerable-software", "vulnerable-system" },
    { "weak-cipher", "weak-crypto" },
    { "weak-cryptography", "weak-crypto" },
    { "weak-encryption", "weak-crypto" },
    { "web-defacement", "unauthorised-information-modification" },
    { "web-shell", "system-compromise" },
    { "webshell", "system-compromise" },
    { "website-defacement", "unauthorised-information-modification" },
    { "zombie", "infected-system" },
};

static int compare_aliases(const void *name, const void *row)
{
    return strcmp(name, ((const struct alias *)row)->name);
}

/* In lower case, each run of blanks, `_`, `-`, `&` and `/` one `-`. False for what is longer than any word, or has other characters. */
static bool plain_word(const char *text, size_t length, char out[WORD_SIZE])
{
    size_t n = 0;
    if (length >= WORD_SIZE)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80 && (isalnum(byte) || byte == '.'))
            out[n++] = (char)tolower(byte);
        else if (!byte || !strchr(" _-&/", byte))
            return false;
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    return n > 0;
}

void type_add_normal(struct buf *out, const char *text, size_t length)
{
    char word[WORD_SIZE];
    if (!plain_word(text, length, word)) {
        buf_add(out, text, length);
        return;
    }
    const struct alias *alias = bsearch(word, aliases, COUNT(aliases), sizeof *aliases, compare_aliases);
    buf_add_string(out, alias ? alias->type : word);
}
