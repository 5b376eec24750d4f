/* Suppressions and the audit trail. */
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdarg.h>
#include <stdio.h>

bool store_suppress(struct store *store, const char *object, const char *why, const char *who, int64_t now,
                    bool opt_out)
{
    /* An opt-out is stronger than what stood there: it holds for ever, and an owner's silences his target. */
    return sql_run(store->sql,
                   "INSERT INTO suppression (object, why, who, time, opt_out) VALUES (?1, ?2, ?3, ?4, ?5)"
                   " ON CONFLICT (object) DO UPDATE SET why = ?2, who = ?3, time = ?4, opt_out = 1"
                   " WHERE opt_out = 0 AND ?5 = 1",
                   "tttii", object, why, who, now, (int64_t)opt_out) > 0;
}

void store_audit(struct store *store, int64_t now, const char *who, const char *action, const char *object,
                 const char *format, ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    sql_run(store->sql, "INSERT INTO audit (time, who, action, object, detail) VALUES (?1, ?2, ?3, ?4, ?5)", "itttt",
            now, who, action, object, detail);
}
