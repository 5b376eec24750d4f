/* The log: one line an event, on standard error. Any thread. */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

enum log_level {
    LOG_ERROR_LEVEL = 3,
    LOG_WARNING_LEVEL = 4,
    LOG_NOTICE_LEVEL = 5,
    LOG_INFO_LEVEL = 6,
    LOG_DEBUG_LEVEL = 7
};

/* Lines less important than LEVEL are dropped. Starts at LOG_INFO_LEVEL. Set it before threads start. */
void log_set_level(enum log_level level);

/* Write a line. The values are syslog's; under systemd (JOURNAL_STREAM) each line begins with its `<level>` so that the journal
 * files it rightly, elsewhere with the time. Control characters are replaced: text from outside cannot forge a line. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR_LEVEL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING_LEVEL, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE_LEVEL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG_LEVEL, __VA_ARGS__)

#endif
