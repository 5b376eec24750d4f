#include "queue/row_json.h"

#include "daemon/base/buf.h"
#include "daemon/base/ladder.h"
#include "daemon/base/timestamp.h"
#include "queue/store.h"

#include <string.h>

static json_t *text_json(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    struct buf utf8 = BUF_EMPTY;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < 0x80) {
            buf_add_char(&utf8, (char)*at);
        } else {
            buf_add_char(&utf8, (char)(0xc0 | (*at >> 6)));
            buf_add_char(&utf8, (char)(0x80 | (*at & 0x3f)));
        }
    }
    value = json_string(utf8.data);
    buf_free(&utf8);
    return value;
}

static json_t *time_json(int64_t ms)
{
    char text[TIMESTAMP_ISO_SIZE];
    if (ms <= 0 || ms == DUE_NEVER)
        return json_null();
    timestamp_iso(ms / 1000, text);
    return json_string(text);
}

static json_t *value_json(sqlite3_stmt *statement, int column, char kind)
{
    int64_t number = sqlite3_column_int64(statement, column);
    int state = sqlite3_column_int(statement, column);
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return json_null();
    switch (kind) {
    case '@':
        return time_json(number);
    case '?':
        return json_boolean(number != 0);
    case ':':
        return json_string(case_state_name((enum case_state)state));
    case ';':
        return json_string(notification_state_name((enum notification_state)state));
    case '%':
        return json_string(campaign_state_name((enum campaign_state)state));
    case '/':
        return json_string(rung_state_name((enum rung_state)state));
    case '&':
        return json_string(party_name((enum party)state));
    default:
        break;
    }
    if (sqlite3_column_type(statement, column) == SQLITE_INTEGER)
        return json_integer(number);
    if (sqlite3_column_type(statement, column) == SQLITE_FLOAT)
        return json_real(sqlite3_column_double(statement, column));
    return text_json(sql_text(statement, column));
}

json_t *row_json(sqlite3_stmt *statement)
{
    json_t *object = json_object();
    for (int column = 0; column < sqlite3_column_count(statement); column++) {
        const char *name = sqlite3_column_name(statement, column);
        char kind = strchr("@?:;%/&", name[0]) ? name[0] : '\0';
        json_object_set_new(object, kind ? name + 1 : name, value_json(statement, column, kind));
    }
    return object;
}

json_t *rows_json(struct sql *sql, sqlite3_stmt *statement)
{
    json_t *rows = json_array();
    while (sql_step(sql, statement))
        json_array_append_new(rows, row_json(statement));
    return rows;
}
