#include "daemon/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Where in our source a line was written helps nobody who runs it. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define LINE_MAX_LENGTH 2048
#define FIELD_MAX_LENGTH 160 /* a campaign's name has at most 100 bytes */
#define FIELDS 7

/* Never changed once released: people search by them. */
static const char *const event_ids[LOG_EVENTS] = {
    [LOG_READY] = "9b9d8efc8fd24da1aebd8825eb5ce246",       [LOG_ENDING] = "f3fce8539fa1433284e1649790246cd7",
    [LOG_RELOADED] = "dce3acc6c4a644e98a95409a07f50ff0",    [LOG_RELOAD_REFUSED] = "3ba86f465eeb43dfbd20a38d560e8e4c",
    [LOG_STUCK] = "ec94352a76954ab99f8ef33fce222be9",       [LOG_STORE_FAILS] = "bbcbfecd40824a85bc513669a768bacf",
    [LOG_STORE_WORKS] = "ee1fd560261a499fba1cae85d4c6b263", [LOG_FILE_LOADED] = "7f1a0fff1ac34d8eb9762bda129d8c15",
    [LOG_FILE_FAILED] = "56a035c1cc40435fb7039f1da8cad4b5", [LOG_ORDER] = "cd0edd41731649158702eee8b6a06103",
    [LOG_ATTEMPT] = "9512d016789d424799088d9b065a1e91",     [LOG_RETURNED] = "d4d8a0fe1858406cbc06f20d9901425c",
    [LOG_FORGED] = "8a1f85b043fd4d1c8ba475afadf8b6c5",      [LOG_MOVED] = "cfd3d9bc69084e26b2c2471865054e95",
};

static _Atomic int threshold = LOG_INFO_LEVEL;
static pthread_once_t asked = PTHREAD_ONCE_INIT;
static bool journal;

const char *log_event_id(enum log_event event)
{
    return event < LOG_EVENTS ? event_ids[event] : NULL;
}

void log_set_level(enum log_level level)
{
    threshold = (int)level;
}

void log_set_level_name(const char *name)
{
    static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
    for (int i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0)
            log_set_level((enum log_level)(LOG_ERROR_LEVEL + i));
}

/* The variable is inherited by whoever we start, whose standard error may be another file. */
static void ask_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;
    journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &status) &&
              status.st_dev == device && status.st_ino == inode;
}

static void clean(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
}

/* ---- The journal ---------------------------------------------------------------------------------------------------------------------- */

struct entry {
    struct iovec fields[FIELDS];
    char texts[FIELDS][FIELD_MAX_LENGTH];
    int count;
};

static void add_field(struct entry *entry, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_field(struct entry *entry, const char *format, ...)
{
    char *text = entry->texts[entry->count];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text, FIELD_MAX_LENGTH, format, args);
    va_end(args);
    size_t length = wanted < 0 ? 0 : wanted < FIELD_MAX_LENGTH ? (size_t)wanted : FIELD_MAX_LENGTH - 1;
    clean(text, length);
    entry->fields[entry->count++] = (struct iovec){ text, length };
}

/* MESSAGE= stands before TEXT. */
static void write_journal(enum log_level level, const struct log_about *about, char *message, size_t length)
{
    struct entry entry = { .count = 0 };
    entry.fields[entry.count++] = (struct iovec){ message, length };
    add_field(&entry, "PRIORITY=%d", (int)level);
    add_field(&entry, "SYSLOG_IDENTIFIER=%s", program_invocation_short_name);
    if (log_event_id(about->event))
        add_field(&entry, "MESSAGE_ID=%s", log_event_id(about->event));
    if (about->campaign)
        add_field(&entry, "CAMPAIGN=%s", about->campaign);
    if (about->case_id)
        add_field(&entry, "CASE=%lld", (long long)about->case_id);
    if (about->notification)
        add_field(&entry, "NOTIFICATION=T-%lld", (long long)about->notification);
    sd_journal_sendv(entry.fields, entry.count); /* nobody can be told when the journal is gone */
}

/* ---- Standard error --------------------------------------------------------------------------------------------------------------------- */

static size_t time_now(char *line, size_t size)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    return used + (size_t)snprintf(line + used, size - used, ".%03ldZ ", now.tv_nsec / 1000000L);
}

/* One write a line, so that lines of different threads never mix. Nobody can be told when stderr is gone. */
static void write_stderr(char *line, size_t length)
{
    line[length++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, length);
    (void)ignored;
}

__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const struct log_about *about,
                                                             const char *format, va_list args)
{
    if ((int)level > threshold)
        return;
    pthread_once(&asked, ask_journal);
    char line[LINE_MAX_LENGTH];
    size_t start = journal ? (size_t)snprintf(line, sizeof line, "MESSAGE=") : time_now(line, sizeof line);
    int wanted = vsnprintf(line + start, sizeof line - start - 1, format, args);
    size_t end = start + (wanted < 0 ? 0 : (size_t)wanted);
    if (end > sizeof line - 2)
        end = sizeof line - 2;
    clean(line + start, end - start);
    if (journal)
        write_journal(level, about, line, end);
    else
        write_stderr(line, end);
}

void log_line(enum log_level level, const char *format, ...)
{
    static const struct log_about nothing;
    va_list args;
    va_start(args, format);
    write_line(level, &nothing, format, args);
    va_end(args);
}

void log_about(enum log_level level, const struct log_about *about, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, about, format, args);
    va_end(args);
}
