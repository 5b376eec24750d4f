#include "daemon/base/error.h"

#include <stdarg.h>
#include <stdio.h>

#undef error_set
int error_set(struct error *error, int code, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return code;
}
