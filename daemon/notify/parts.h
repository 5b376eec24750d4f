/* What the files of this room share; nobody outside includes it. Pure; any thread. */
#ifndef TOCSIN_NOTIFY_PARTS_H
#define TOCSIN_NOTIFY_PARTS_H

#include "daemon/notify/notify.h"
#include "templates/frozen.h"

#include <jansson.h>

/* --- settings.c: the frozen configuration values --- */

struct settings {
    json_t *root; /* owns what the rest points into */
    struct value sender; /* as the template sees it */
    struct arena arena; /* for that */
    const char *name, *address, *reply_to; /* of the sender */
    char *headers; /* From and Reply-To, which all mails have in common */
    const char *bounce, *opt_out; /* mailboxes */
    const char *note; /* the submitter's; NULL: none */
    bool csv, xarf; /* attachments */
    size_t zip_above; /* bytes of them; 0: never */
    size_t rows_in_text; /* more incidents are summed up there */
    bool defang_urls; /* in the text */
};

/* Read what notify_settings() wrote. -EINVAL when a value is missing or no address where one must be. */
int settings_read(const char *text, struct settings *out, struct error *error);
void settings_clear(struct settings *settings);

/* --- rows.c: the incidents, parsed --- */

struct rows {
    json_t **items; /* one an incident, all cases' in their order: an object of flat fields */
    size_t count;
};

int rows_read(const struct notification *notification, struct rows *out, struct error *error);
void rows_clear(struct rows *rows);

/* The fields that have a place of their own in the text, in the order in which the attachment has them; KEY is the name in the template's
 * data. The first ROW_LEADING of them lead in the attachment. */
struct row_field {
    const char *field, *key;
};
extern const struct row_field row_fields[];
extern const size_t row_field_count;
#define ROW_LEADING 7

/* Has FIELD no place in the mail? (`raw`: the row once more, in base64.) */
bool row_hides(const char *field);

/* time.source of ROW, where it names one. */
bool row_time(const json_t *row, int64_t *out);

/* --- text.c: values for people --- */

/* Append VALUE as text: a string as it is, null as nothing, anything else as JSON. */
void text_value(struct buf *out, const json_t *value);

/* Append what a stranger wrote, fit for one line of a mail's text: at most LIMIT bytes (then an ellipsis), valid UTF-8, control characters and
 * line separators as blanks, marks that turn the direction of writing shown as U+FFFD, and where DEFANG says so no link that a click would follow
 * (`hxxp:`). */
void text_clean(struct buf *out, const char *text, size_t length, size_t limit, bool defang);

/* Would text_clean() leave TEXT as it is, whatever DEFANG says? May say no to some texts that it would: those are cleaned in vain. */
bool text_is_clean(const char *text, size_t length, size_t limit);

/* --- words.c: what the mail says that stands in no template --- */

/* The languages that there are words in; all others get the English ones. To add one, add it here, to words.c and to the table of types.c. */
enum words_language { WORDS_EN, WORDS_DE, WORDS_FR, WORDS_ES, WORDS_COUNT };

/* The one that TAG is, or is a variety of. */
enum words_language words_language(const char *tag);

#define WORDS_DATE_SIZE 40 /* "23 de septiembre de 2026" */
/* The day of TIME (seconds, UTC) as it is written in LANGUAGE. */
void words_date(enum words_language language, int64_t time, char out[static WORDS_DATE_SIZE]);

/* Words that say, in no language in particular, that the same stands below in English; and the lines that stand between the two. */
extern const char words_english_below[], words_between[];

/* --- types.c --- */

/* IntelMQ's classification.type (and identifier) in plain words of LANGUAGE: a noun phrase without a full stop. Either may be NULL. Never NULL. */
const char *type_text(enum words_language language, const char *type, const char *identifier);

/* --- csv.c --- */

/* Append the attachment: RFC 4180, a row an incident, the case's target in the first column; safe to open in a spreadsheet. */
void csv_write(struct buf *out, const struct notification *notification, const struct rows *rows);

/* --- xarf.c --- */

/* Append the incidents as X-ARF v4 reports (xarf.org, core schema 4.0.0), one an incident: an object where there is one, else an array of them. TOKEN, of the
 * mail's Message-ID, makes the reports' ids unique and the same in every retry. */
void xarf_write(struct buf *out, const struct notification *notification, const struct settings *settings,
                const struct rows *rows, const char *token);

/* --- zip.c --- */

struct zip_file {
    const char *name;
    const struct buf *bytes;
};

/* Append a zip archive of FILES, as if made at DATE (seconds). -EIO with ERROR. */
int zip_write(struct buf *out, const struct zip_file *files, size_t count, int64_t date, struct error *error);

/* --- summary.c --- */

#define SUMMARY_LINES 20

/* The incidents of one kind, of those that the mail carries. */
struct summary_line {
    const char *type_text;
    size_t incidents, targets;
    int64_t first, last; /* FIRST > LAST: no row names a time */
    size_t last_case; /* that was counted */
};

struct summary {
    struct summary_line lines[SUMMARY_LINES]; /* most incidents first */
    size_t count;
    size_t others; /* incidents of further kinds */
};

void summary_make(struct summary *summary, enum words_language language, const struct notification *notification,
                  const struct rows *rows);

/* --- attach.c --- */

#define ATTACHMENTS_MAX 2

struct attachment {
    char name[NOTIFY_TICKET_SIZE + 12];
    const char *type; /* Content-Type */
    const struct buf *bytes; /* in the scratch */
};

struct attachments {
    struct attachment files[ATTACHMENTS_MAX];
    size_t count;
    bool has_table, has_reports; /* CSV, X-ARF */
    bool zipped; /* both are in the one file */
};

struct scratch;

/* Make the attachments of NOTIFICATION in SCRATCH. An opt-out receipt has none. */
int attach(struct attachments *attachments, const struct notification *notification, const struct settings *settings,
           const struct rows *rows, const char *token, struct scratch *scratch, struct error *error);

/* --- model.c --- */

/* The data that a template in LANGUAGE is rendered for, made in ARENA; points into the arguments, too. OPT_OUT is the address with its token. */
struct value model_build(struct arena *arena, enum words_language language, const struct notification *notification,
                         const struct settings *settings, const struct rows *rows,
                         const struct attachments *attachments, const char *opt_out);

/* --- cache.c --- */

int cache_template(struct notify_cache *cache, const char *text, const struct frozen **out, struct error *error);
/* What each mail needs memory for, kept from one to the next: rendering clears it. */
struct scratch {
    struct arena arena; /* its values */
    struct buf subject, body, html, csv, xarf, zip;
};
struct scratch *cache_scratch(struct notify_cache *cache);

int cache_settings(struct notify_cache *cache, const char *text, const struct settings **out, struct error *error);

#endif
