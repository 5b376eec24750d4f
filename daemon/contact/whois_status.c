#include "daemon/contact/whois_status.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SAYING_MAX 240 /* a paragraph on one line is terms of use */
#define LOOKED_AT 8192 /* an answer without an object is short; what stands beyond are terms of use */

/* To add a phrase: a row, in lower case. A refusal goes first: "quota exceeded; no data found" says nothing about the name. */
static const char *const refusals[] = {
    "%error:201",
    "%error:202",
    "%error:203",
    "%error:208",
    "%error:301",
    "%error:305",
    "limit exceeded",
    "limit has been exceeded",
    "limit reached",
    "quota exceeded",
    "query rate",
    "rate limit",
    "too many",
    "access denied",
    "permission denied",
    "access control",
    "blacklisted",
    "slow down",
    "connection refused",
    "excessive querying",
    "still in grace period",
    "превышен",
};

/* Terms of use, which stand in comments, have these words as well. */
static const char *const plain_refusals[] = {
    "exceeded",       "quota",       "not permitted", "not allowed",    "not authorized",
    "not authorised", "blocked",     "banned",        "denied",         "try again",
    "try later",      "temporarily", "temporalmente", "temporairement", "server is busy",
    "server busy",    "unavailable", "can't process", "cannot process", "unable to process",
    "internal error", "timeout",     "timed out",     "maintenance",    "limite de consultas",
    "зачекайте",
};

static const char *const absences[] = {
    "%error:101",
    "%error 230",
    "no match",
    "not match",
    "nomatch",
    "not found",
    "no found",
    "notfound",
    "object_not_found",
    "key not found",
    "no entries",
    "no entry",
    "not have an entry",
    "no record",
    "no matching",
    "no such",
    "no object",
    "0 objects",
    "no data",
    "nothing found",
    "no information",
    "does not exist",
    "doesn't exist",
    "not exist",
    "not registered",
    "not registred",
    "not been registered",
    "unregistered",
    "not in database",
    "not in our database",
    "not known",
    "unknown domain",
    "is available",
    "available",
    "is free",
    "status: free",
    "not delegated",
    "no whois",
    "invalid query",
    "invalid domain",
    "not valid",
    "reserved",
    "restricted",
    "prohibited",
    "forbidden",
    "unassignable",
    "not have any",
    "not supported",
    "no existe",
    "no se encontr",
    "no encontrad",
    "não existe",
    "nao existe",
    "inexistente",
    "no registrado",
    "disponible",
    "disponivel",
    "aucun",
    "n'existe pas",
    "non trouv",
    "introuvable",
    "nicht gefunden",
    "nicht registriert",
    "kein eintrag",
    "niet gevonden",
    "vrij",
    "ingen tr",
    "inte registrerad",
    "ikke",
    "nie znaleziono",
    "brak",
    "nincs tal",
    "nenalezen",
    "nije registriran",
    "ni zapisov",
    "bulunamad",
    "kayıt yok",
    "не найден",
    "не зарегистрирован",
    "не знайден",
    "свободен",
    "вільн",
    "該当するデータがありません",
    "查无",
    "未注册",
    "未找到",
    "無此",
    "找不到",
    "존재하지",
    "등록되어 있지",
};

static const char *const free_words[] = {
    "available",    "free",     "not registered", "no object found", "not found",
    "unassignable", "reserved", "avail",          "nonexistent",     "disponible",
    "disponivel",   "frei",     "vrij",           "libre",           "inactive-free",
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* LINE is in lower case. */
static bool says(struct slice line, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memmem(line.text, line.length, phrases[i], strlen(phrases[i])))
            return true;
    return false;
}

static bool is_hypertext(struct slice text)
{
    text = slice_trim(text);
    while (text.length && *text.text == '\n') {
        text.text++;
        text.length--;
    }
    return text.length > 5 && (strncasecmp(text.text, "<!doc", 5) == 0 || strncasecmp(text.text, "<html", 5) == 0);
}

/* The first line that says it: terms of use, which speak of quotas and of what is prohibited, stand behind. */
static enum registration_status first_word(struct slice answer, bool comments)
{
    struct whois_line line;
    char lower[SAYING_MAX];
    while (whois_line_next(&answer, &line)) {
        struct slice text = { lower, line.whole.length };
        if (line.kind == WHOIS_BLANK || (line.kind == WHOIS_COMMENT) != comments || text.length > SAYING_MAX)
            continue;
        for (size_t i = 0; i < text.length; i++)
            lower[i] = (char)tolower((unsigned char)line.whole.text[i]);
        if (says(text, refusals, COUNT(refusals)) || (!comments && says(text, plain_refusals, COUNT(plain_refusals))))
            return REGISTRATION_REFUSED;
        if (says(text, absences, COUNT(absences)))
            return REGISTRATION_NONE;
    }
    return REGISTRATION_UNREADABLE;
}

enum registration_status whois_status(struct slice answer)
{
    if (answer.length > LOOKED_AT)
        answer.length = LOOKED_AT;
    if (is_hypertext(answer))
        return REGISTRATION_UNREADABLE;
    enum registration_status status = first_word(answer, false);
    return status == REGISTRATION_UNREADABLE ? first_word(answer, true) : status;
}

bool whois_status_is_free(struct slice value)
{
    for (size_t i = 0; i < COUNT(free_words); i++)
        if (slice_equal(value, (struct slice){ free_words[i], strlen(free_words[i]) }))
            return true;
    return false;
}
