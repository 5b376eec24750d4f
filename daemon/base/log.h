/* The log: one line an event, on standard error, or with fields in the journal where standard error is the journal. Any thread. */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

#include <stdint.h>

enum log_level {
    LOG_ERROR_LEVEL = 3,
    LOG_WARNING_LEVEL = 4,
    LOG_NOTICE_LEVEL = 5,
    LOG_INFO_LEVEL = 6,
    LOG_DEBUG_LEVEL = 7
};

/* Kinds of event that somebody may want to find, or to be woken by: each has a MESSAGE_ID, in log.c's table and explained in
 * systemd/tocsin.catalog. To add one: a row in each. */
enum log_event {
    LOG_NO_EVENT,
    LOG_READY,
    LOG_ENDING,
    LOG_RELOADED,
    LOG_RELOAD_REFUSED,
    LOG_STUCK, /* a thread is not heard of, and the watchdog is not fed */
    LOG_STORE_FAILS,
    LOG_STORE_WORKS,
    LOG_FILE_LOADED,
    LOG_FILE_FAILED,
    LOG_ORDER, /* a person's */
    LOG_ATTEMPT, /* a mail was handed to the relay, or was not */
    LOG_RETURNED, /* a mail came back, or an answer did */
    LOG_FORGED, /* a token that does not verify */
    LOG_MOVED, /* a case or a notification, from one state to another */
    LOG_EVENTS
};

/* What a line is about: the journal's fields MESSAGE_ID, CAMPAIGN, CASE and NOTIFICATION ("T-" and its number). */
struct log_about {
    enum log_event event;
    const char *campaign; /* or NULL */
    int64_t case_id, notification; /* or 0 */
};

/* Lines less important than LEVEL are dropped. Starts at LOG_INFO_LEVEL. Any thread. */
void log_set_level(enum log_level level);
/* The same by name, as log.level has it: "error" … "debug". */
void log_set_level_name(const char *name);

/* Write a line. Where $JOURNAL_STREAM names standard error (systemd.exec(5)), it goes to the journal by its native protocol, elsewhere to standard error
 * with the time before it. Control characters are replaced: text from outside cannot forge a line, nor a field. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with fields. The line says by itself what it is about: the fields are for finding it. */
void log_about(enum log_level level, const struct log_about *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The MESSAGE_ID of EVENT, 32 hexadecimal digits; NULL for LOG_NO_EVENT. */
const char *log_event_id(enum log_event event);

#define log_error(...) log_line(LOG_ERROR_LEVEL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING_LEVEL, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE_LEVEL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG_LEVEL, __VA_ARGS__)

#endif
