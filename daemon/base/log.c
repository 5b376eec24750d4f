#include "daemon/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic int threshold = LOG_INFO_LEVEL;

void log_set_level(enum log_level level)
{
    threshold = (int)level;
}

static int prefix(char *line, size_t size, enum log_level level)
{
    if (getenv("JOURNAL_STREAM"))
        return snprintf(line, size, "<%d>", (int)level);
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    int rest = snprintf(line + used, size - used, ".%03ldZ ", now.tv_nsec / 1000000L);
    return (int)used + rest;
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level > threshold)
        return;
    char line[2048];
    size_t start = (size_t)prefix(line, sizeof line, level);
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(line + start, sizeof line - start - 1, format, args);
    va_end(args);
    size_t end = start + (wanted < 0 ? 0 : (size_t)wanted);
    if (end > sizeof line - 2)
        end = sizeof line - 2;
    for (size_t i = start; i < end; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    line[end] = '\n';
    /* One write a line, so that lines of different threads never mix. Nobody can be told when stderr is gone. */
    ssize_t ignored = write(STDERR_FILENO, line, end + 1);
    (void)ignored;
}
