#include "daemon/notify/parts.h"

#include "daemon/base/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char words_english_below[] = "[English below]";
const char words_between[] = "\n------------------------------------------------------------------------\n\n";

static const struct {
    const char *tag, *first; /* day of a month */
    const char *after_day, *after_month;
    const char *months[12];
} languages[WORDS_COUNT] = {
    [WORDS_EN] = { "en",
                   "1",
                   " ",
                   " ",
                   { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                     "November", "December" } },
    [WORDS_DE] = { "de",
                   "1",
                   ". ",
                   " ",
                   { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                     "November", "Dezember" } },
    [WORDS_FR] = { "fr",
                   "1er",
                   " ",
                   " ",
                   { "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                     "novembre", "décembre" } },
    [WORDS_ES] = { "es",
                   "1",
                   " de ",
                   " de ",
                   { "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
                     "noviembre", "diciembre" } },
};

enum words_language words_language(const char *tag)
{
    size_t base = strcspn(tag, "-");
    for (unsigned i = 0; i < WORDS_COUNT; i++)
        if (strlen(languages[i].tag) == base && strncasecmp(languages[i].tag, tag, base) == 0)
            return (enum words_language)i;
    return WORDS_EN;
}

void words_date(enum words_language language, int64_t time, char out[static WORDS_DATE_SIZE])
{
    char iso[TIMESTAMP_ISO_SIZE], year[5], day[3]; /* 2026-11-23T…, the year from 1 to 9999 */
    timestamp_iso(time, iso);
    size_t zeros = strspn(iso, "0"), tens = iso[8] == '0';
    snprintf(year, sizeof year, "%.*s", (int)(4 - zeros), iso + zeros);
    snprintf(day, sizeof day, "%.*s", (int)(2 - tens), iso + 8 + tens);
    const char *month = languages[language].months[(iso[5] - '0') * 10 + iso[6] - '0' - 1];
    const char *shown = strcmp(day, "1") == 0 ? languages[language].first : day;
    snprintf(out, WORDS_DATE_SIZE, "%s%s%s%s%s", shown, languages[language].after_day, month,
             languages[language].after_month, year);
}
